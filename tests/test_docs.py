"""The examples in the documentation run, and what it names exists."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import pressenter.journey
from pressenter.trace.catalogue import CATALOGUE

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    (page.name, number, code)
    for page in PAGES
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL), 1)
]


@pytest.mark.parametrize(("page", "number", "code"), EXAMPLES, ids=[f"{page}-{number}" for page, number, _ in EXAMPLES])
def test_examples_run(page: str, number: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, f"{page}, example {number}", "exec"), {})


def test_the_docstring_of_the_journey_runs() -> None:
    assert doctest.testmod(pressenter.journey).failed == 0


def test_links_and_tests_that_are_named_exist() -> None:
    for page in PAGES:
        text = page.read_text()
        for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", text):
            assert (page.parent / target).exists(), (page.name, target)
        for path in re.findall(r"`(tests/[\w/.]+|benchmarks/[\w/.]+)`", text):
            assert (ROOT / path).exists(), (page.name, path)


def test_the_architecture_names_modules_and_events_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == 17
    layers = {name.partition(".")[0] for name in CATALOGUE}
    for row in rows:
        for event in re.findall(r"`([a-z_]+)\.(\*|[a-z_]+)`", row[5]):
            assert event[0] in layers if event[1] == "*" else ".".join(event) in CATALOGUE, event
    for path in re.findall(
        r"`((?:sim|trace|wire|machine|host|network|dns|http|tls|worlds|browser|cli)/[\w/]+\.py)`", text
    ):
        assert (ROOT / "src/pressenter" / path).exists(), path


def test_the_world_of_the_docs_is_a_world(tmp_path: Path) -> None:
    from pressenter.worlds.world import World

    (code,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/world-files.md").read_text(), re.DOTALL)
    (tmp_path / "site").mkdir()
    (tmp_path / "my.toml").write_text(code)
    assert World.load(tmp_path / "my.toml").host("pc")
