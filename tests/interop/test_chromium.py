"""Chromium lays pages out as we do, element by element."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.chromium import compare

pytestmark = pytest.mark.interop

HERE = Path(__file__).parent / "pages"


@pytest.mark.parametrize("name", ["cards.html", "letter.html"])
def test_a_page_of_ours(name: str, program: Callable[[str], str]) -> None:
    program("chromium")
    found = compare(HERE / name, pixels=True)
    assert found.share >= 0.95, found.differences[:5]
    assert found.pixels is not None
    assert found.pixels >= 0.95
    assert compare(HERE / name, null=True).agreeing == 0


@pytest.mark.parametrize(
    "name", ["library/bisect.html", "library/cmath.html", "library/json.html", "tutorial/whatnow.html"]
)
def test_the_python_documentation(name: str, program: Callable[[str], str], folder: Callable[..., Path]) -> None:
    program("chromium")
    found = compare(folder("/usr/share/doc/python3/html", "/usr/share/doc/python3-doc/html") / name)
    assert found.share >= 0.95, found.differences[:5]


@pytest.mark.parametrize("name", ["about.html", "pragma.html", "whentouse.html"])
def test_the_sqlite_documentation(name: str, program: Callable[[str], str], folder: Callable[..., Path]) -> None:
    program("chromium")
    found = compare(folder("/usr/share/doc/sqlite3") / name)
    assert found.share >= 0.95, found.differences[:5]
