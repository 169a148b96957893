"""Taffy's layout fixtures: trees of boxes with the positions that Chromium gave them.

Each tree is written as a page and goes through our parser, cascade and layout.  What Taffy
takes as given (every box a border-box flex container in relative position, a font of
squares, 10 pixels) stands in the style sheet.

Fixed beforehand: with ``use-rounding`` the edges of each box are rounded, half up, where they
stand in the page, and x, y, width and height must then be equal; without, they may differ by 0.1.
"""

from __future__ import annotations

import html
import math
import xml.etree.ElementTree as ElementTree
from functools import lru_cache
from typing import Any

from pressenter.browser.layout.rectangles import Rectangle
from tests.conformance.pages import Renderer

__all__ = ["run", "run_null"]

STYLE = """
html, body { margin: 0; padding: 0; border: 0; display: block }
.viewport { display: flex; align-items: flex-start; justify-content: flex-start; width: max-content;
            height: max-content; font: 10px/1 ahem }
.box { display: flex; box-sizing: border-box; position: relative; margin: 0; padding: 0; border-style: solid;
       border-width: 0; font: 10px/1 ahem; overflow-wrap: normal }
.text { display: block }
"""

_CHILDREN = ("div", "text")


def _css(element: ElementTree.Element) -> str:
    declarations = []
    for name, value in element.attrib.items():
        if name.startswith("border-") and name != "border-collapse":
            name = f"{name}-width"
        elif name == "scrollbar-width":
            value = "none" if float(value) == 0 else "auto"
        declarations.append(f"{name}: {value}")
    return "; ".join(declarations)


def _page(element: ElementTree.Element, numbers: list[ElementTree.Element]) -> str:
    numbers.append(element)
    number = len(numbers) - 1
    kind = "box text" if element.tag == "text" else "box"
    inside = "".join(_page(child, numbers) for child in element if child.tag in _CHILDREN)
    if element.tag == "text":
        inside = html.escape((element.text or "").strip())
    return f'<div class="{kind}" id="n{number}" style="{html.escape(_css(element))}">{inside}</div>'


def _expected(node: ElementTree.Element) -> list[tuple[float, ...]]:
    found = [tuple(float(node.get(name, "nan")) for name in ("x", "y", "width", "height"))]
    for child in node:
        found += _expected(child)
    return found


def _parents(element: ElementTree.Element, parent: int, found: list[int]) -> None:
    own = len(found)
    found.append(parent)
    for child in element:
        if child.tag in _CHILDREN:
            _parents(child, own, found)


def _round(value: float) -> float:
    return math.floor(value + 0.5 + 1e-9)


@lru_cache(maxsize=1)
def _renderer() -> Renderer:
    return Renderer()


def run(case: dict[str, Any]) -> tuple[str, str]:
    """Lay out one fixture: its outcome and the first disagreement."""
    try:
        reason = _disagreement(case, null=False)
    except Exception as error:  # a bug of ours is a failure, too
        return "fail", f"{type(error).__name__}: {error}"
    return ("fail", reason) if reason else ("pass", "")


def run_null(case: dict[str, Any]) -> bool:
    """Whether a layout passes that gives no box a place or a size."""
    return not _disagreement(case, null=True)


def _disagreement(case: dict[str, Any], null: bool) -> str:
    test = ElementTree.fromstring(case["xml"])
    root = next(iter(_child(test, "input")))
    elements: list[ElementTree.Element] = []
    body = _page(root, elements)
    viewport = _child(test, "viewport")
    size = f"width: {viewport.get('width')}; height: {viewport.get('height')}"
    expected = _expected(next(iter(_child(test, "expectations"))))
    parents: list[int] = []
    _parents(root, -1, parents)
    found: dict[str, Rectangle] = {}
    if not null:
        page = f'<!DOCTYPE html><body><div class="viewport" style="{size}">{body}</div>'
        laid_out = _renderer().lay_out(page, [STYLE], lambda name: None)
        found = {element.get("id"): rectangle for element, rectangle in laid_out.rectangles.items()}
    nothing = Rectangle(0.0, 0.0, 0.0, 0.0)
    rounds = test.get("use-rounding") == "true"
    for index, wanted in enumerate(expected):
        rectangle = found.get(f"n{index}", nothing)
        around = found.get(f"n{parents[index]}", nothing) if f"n{index}" in found else nothing
        actual = _relative(rectangle, around, rounds)
        if any(abs(a - e) > (1e-9 if rounds else 0.1) for a, e in zip(actual, wanted, strict=True)):
            return f"box {index}: {tuple(round(value, 2) for value in actual)} instead of {wanted}"
    return ""


def _relative(rectangle: Rectangle, around: Rectangle, rounds: bool) -> tuple[float, ...]:
    x, y = rectangle.x - around.x, rectangle.y - around.y
    if not rounds:
        return x, y, rectangle.width, rectangle.height
    return (
        _round(x), _round(y),
        _round(rectangle.x + rectangle.width) - _round(rectangle.x),
        _round(rectangle.y + rectangle.height) - _round(rectangle.y),
    )  # fmt: skip


def _child(element: ElementTree.Element, tag: str) -> ElementTree.Element:
    found = element.find(tag)
    assert found is not None, f"no {tag}"
    return found
