"""web-platform-tests that check a layout by attributes: ``data-expected-width`` and its like.

The page is loaded, and for each element that bears such an attribute the number is compared with
what a browser's offsetWidth, offsetLeft, clientWidth and scrollWidth would say.  As in the tests'
own ``check-layout-th.js`` a difference below 1 pixel passes.  A file passes if all its
numbers do, and if it holds any.

The style sheets that the files refer to are not in the suite; what stands in them is written down
again in ``wpt_support.css``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import IntrinsicSize
from tests.conformance.pages import LaidOutPage, Renderer

__all__ = ["run", "run_null"]

#: The suite's pictures bear their sizes in their names; one does not.
_SIZED = re.compile(r"(\d+)x(\d+)-\w+\.png")


def _picture_size(name: str) -> IntrinsicSize | None:
    match = _SIZED.fullmatch(name)
    if match is not None:
        return IntrinsicSize(float(match[1]), float(match[2]))
    return IntrinsicSize(16.0, 16.0) if name == "solidblue.png" else None


@lru_cache(maxsize=1)
def _renderer() -> Renderer:
    return Renderer()


@lru_cache(maxsize=1)
def _support() -> str:
    return (Path(__file__).parent / "wpt_support.css").read_text(encoding="utf-8")


def run(case: dict[str, Any]) -> tuple[str, str]:
    """Load one page: its outcome and the first numbers that differ."""
    try:
        page = _renderer().lay_out(case["html"], [_support()], _picture_size)
        problems, count = _problems(page)
    except Exception as error:  # a bug of ours is a failure, too
        return "fail", f"{type(error).__name__}: {error}"
    if not count:
        return "fail", "no number was checked"
    return ("fail", f"{len(problems)} of {count}: {'; '.join(problems[:3])}") if problems else ("pass", "")


def run_null(case: dict[str, Any]) -> bool:
    """Whether a browser passes that gives no element a box."""
    page = _renderer().lay_out(case["html"], [_support()], _picture_size)
    page.rectangles.clear()
    page.fragments.clear()
    problems, count = _problems(page)
    return bool(count) and not problems


def _problems(page: LaidOutPage) -> tuple[list[str], int]:
    problems = []
    count = 0
    for element in page.document.elements():
        for name, value in element.attributes.items():
            actual = _actual(page, element, name)
            if actual is None:
                continue
            count += 1
            if isinstance(actual, str):
                agrees = actual == value
            else:
                agrees = abs(actual - float(value)) < 1
                actual = f"{actual:g}"
            if not agrees:
                where = " ".join([element.tag, element.get("id") or element.get("class")]).strip()
                problems.append(f"{where} {name.removeprefix('data-')} {actual} instead of {value}")
    return problems, count


def _actual(page: LaidOutPage, element: Element, name: str) -> float | str | None:
    """What a browser's script would read, by the attribute's name."""
    kind = name.removeprefix("data-").removeprefix("expected-")
    if not name.startswith("data-"):
        return None
    readers = {
        "width": lambda: page.rectangle(element).width, "height": lambda: page.rectangle(element).height,
        "offset-x": lambda: page.offset(element)[0], "offset-y": lambda: page.offset(element)[1],
        "client-width": lambda: page.client_size(element)[0], "client-height": lambda: page.client_size(element)[1],
        "scroll-width": lambda: page.scroll_size(element)[0], "scroll-height": lambda: page.scroll_size(element)[1],
        "display": lambda: page.styled.styles[element]["display"],
    }  # fmt: skip
    return readers[kind]() if kind in readers else None
