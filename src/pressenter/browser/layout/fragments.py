"""Fragments: the results of layout, with places and sizes.

A fragment stands at (x, y) relative to the upper left corner of its parent's border
box, in CSS pixels.  Fragments are values and refer to their boxes; boxes know nothing
of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Union

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import Box
from pressenter.browser.layout.edges import Edges
from pressenter.browser.layout.fonts import ShapedText

__all__ = [
    "BoxFragment",
    "Fragment",
    "LayoutResult",
    "Placeholder",
    "TextFragment",
    "dump_fragments",
    "walk",
]


class TextFragment(NamedTuple):
    """Glyphs on a line.  ``baseline`` is below ``y``; ``spacing`` is added to each glyph."""

    x: float
    y: float
    width: float
    height: float
    baseline: float
    runs: tuple[ShapedText, ...]
    style: ComputedStyle
    text: str
    spacing: float = 0.0
    #: Lines through, over and under the text, from the inline elements around it.
    decorations: tuple[tuple[str, ComputedStyle], ...] = ()
    #: The box whose element the text belongs to.
    box: Box | None = None


class BoxFragment(NamedTuple):
    """A box's border box; ``first_baseline`` is below ``y``, or None without text."""

    x: float
    y: float
    width: float
    height: float
    box: Box
    children: tuple[Fragment, ...] = ()
    first_baseline: float | None = None
    last_baseline: float | None = None
    #: How many lines of text stand directly in it.
    lines: int = 0
    #: For an inline box: whether its left and right edges are in this fragment.
    has_left: bool = True
    has_right: bool = True
    #: Margins, borders and padding in pixels; None for what has none of its own.
    edges: Edges | None = None
    #: The room that scroll bars take at the right and at the bottom.
    gutters: tuple[float, float] = (0.0, 0.0)
    #: For tables and cells whose borders are collapsed: the lines that this fragment draws, if any.
    collapsed_borders: tuple[BorderLine, ...] | None = None


class BorderLine(NamedTuple):
    """A piece of a collapsed border, relative to the fragment's corner."""

    x: float
    y: float
    width: float
    height: float
    color: tuple[float, ...]
    style: str


class Placeholder(NamedTuple):
    """Where an absolutely positioned box would stand if it were in the flow.

    Attributes:
        static: the rectangle in which it would be aligned: it stands at its corner, unless
            `align_x` and `align_y` say otherwise (CSS Flexbox 1 §4.1).
        area: the containing block, where the parent says it (grid areas): relative to the parent's
            border box, as `x` and `y` are.
    """

    x: float
    y: float
    box: Box
    static: tuple[float, float] = (0.0, 0.0)
    align_x: str = "start"
    align_y: str = "start"
    area: tuple[float, float, float, float] | None = None


Fragment = Union[TextFragment, BoxFragment, Placeholder]


class LayoutResult(NamedTuple):
    """The page: its fragments, those out of flow (in page coordinates), and its size."""

    root: BoxFragment
    positioned: tuple[BoxFragment, ...]
    width: float
    height: float


def walk(fragment: Fragment, x: float = 0.0, y: float = 0.0) -> Iterator[tuple[Fragment, float, float]]:
    """Every fragment with the page coordinates of its corner, parents first."""
    stack: list[tuple[Fragment, float, float]] = [(fragment, x, y)]
    while stack:
        item, left, top = stack.pop()
        left, top = left + item.x, top + item.y
        yield item, left, top
        if isinstance(item, BoxFragment):
            stack.extend((child, left, top) for child in reversed(item.children))


def dump_fragments(fragment: Fragment) -> str:
    """The tree as text, each with its place and size."""
    lines: list[str] = []
    stack: list[tuple[Fragment, int]] = [(fragment, 0)]
    while stack:
        item, depth = stack.pop()
        place = f"({item.x:.2f}, {item.y:.2f})"
        if isinstance(item, Placeholder):
            lines.append("  " * depth + f"placeholder {place}")
            continue
        size = f"{item.width:.2f} x {item.height:.2f}"
        if isinstance(item, TextFragment):
            lines.append("  " * depth + f"text {place} {size} {item.text!r}")
            continue
        element = item.box.element
        name = f"<{element.tag}>" if element is not None else "(anonymous)"
        lines.append("  " * depth + f"{name} {place} {size}")
        stack.extend((child, depth + 1) for child in reversed(item.children))
    return "\n".join(lines)
