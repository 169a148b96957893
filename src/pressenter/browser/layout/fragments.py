"""Fragments: the results of layout, with places and sizes.

A fragment stands at (x, y) relative to the upper left corner of its parent's border
box, in CSS pixels.  Fragments are values and refer to their boxes; boxes know nothing
of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar, Union

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import Box
from pressenter.browser.layout.edges import Edges, relative_offset
from pressenter.browser.layout.shaped_text import Shaped

__all__ = [
    "BoxFragment",
    "Fragment",
    "LayoutResult",
    "Placeholder",
    "Tally",
    "TextFragment",
    "Totals",
    "dump_fragments",
    "moved_to",
    "offset_relative",
    "walk",
]


class TextFragment(NamedTuple):
    """Glyphs on a line.  ``baseline`` is below ``y``; ``spacing`` is added to each glyph."""

    x: float
    y: float
    width: float
    height: float
    baseline: float
    runs: tuple[Shaped, ...]
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
AnyFragment = TypeVar("AnyFragment", TextFragment, BoxFragment, Placeholder, Fragment)


def moved_to(fragment: AnyFragment, x: float, y: float) -> AnyFragment:
    """The same fragment at another place: as ``_replace``, which is slow for what is done to each of them."""
    moved: AnyFragment = tuple.__new__(type(fragment), (x, y, *fragment[2:]))
    return moved


def offset_relative(fragment: BoxFragment, box: Box, width: float, height: float | None) -> BoxFragment:
    """position: relative moves the box, and nothing else (CSS 2.2 §9.4.3)."""
    if box.style["position"] != "relative":
        return fragment
    x, y = relative_offset(box.style, width, height)
    return moved_to(fragment, fragment.x + x, fragment.y + y) if x or y else fragment


class LayoutResult(NamedTuple):
    """The page: its fragments, those out of flow (in page coordinates), its size, and what is in it."""

    root: BoxFragment
    positioned: tuple[BoxFragment, ...]
    width: float
    height: float
    totals: Totals


class Totals(NamedTuple):
    """How much is in some fragments, and how far they reach to the right and down."""

    fragments: int = 0
    lines: int = 0
    glyphs: int = 0
    right: float = 0.0
    bottom: float = 0.0

    def with_child(self, other: Totals, x: float, y: float) -> Totals:
        """With what is in a child that stands at (x, y)."""
        return Totals(
            self.fragments + other.fragments, self.lines + other.lines, self.glyphs + other.glyphs,
            max(self.right, x + other.right), max(self.bottom, y + other.bottom),
        )  # fmt: skip


class Tally:
    """Adds up fragments.  What was added up before is known by the tuple of children that it is in.

    Attributes:
        new_glyphs: how many glyphs were not among what is known.
    """

    def __init__(self) -> None:
        self.new_glyphs = 0
        self._known: dict[int, tuple[tuple[Fragment, ...], Totals]] = {}

    def begin(self) -> None:
        """Count new glyphs from here on."""
        self.new_glyphs = 0
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()

    def of(self, fragment: BoxFragment) -> Totals:
        """What is in a fragment, itself included, seen from its own corner."""
        inside = self._inside(fragment.children)
        style = fragment.box.style
        width, height = fragment.width, fragment.height
        clips = "paint" in style["contain"]  # what is clipped cannot be scrolled to (CSS Overflow 3 §2.2)
        if not clips and style["overflow-x"] == "visible":
            width = max(width, inside.right)
        if not clips and style["overflow-y"] == "visible":
            height = max(height, inside.bottom)
        return Totals(inside.fragments + 1, inside.lines + fragment.lines, inside.glyphs, width, height)

    def _inside(self, children: tuple[Fragment, ...]) -> Totals:
        if not children:
            return _NOTHING
        known = self._known.get(id(children))
        if known is None:
            known = self._known[id(children)] = (children, self._added_up(children))
        return known[1]  # the children are kept, so that nothing else gets their id

    def _added_up(self, children: tuple[Fragment, ...]) -> Totals:
        lines = glyphs = 0
        fragments = len(children)
        right = bottom = 0.0
        for child in children:
            x, y = child.x, child.y
            if isinstance(child, TextFragment):
                for run in child.runs:
                    glyphs += run.glyph_count
                    self.new_glyphs += run.glyph_count
                right, bottom = max(right, x + child.width), max(bottom, y + child.height)
            elif isinstance(child, BoxFragment):
                inside = self.of(child)
                fragments += inside.fragments - 1
                lines += inside.lines
                glyphs += inside.glyphs
                right, bottom = max(right, x + inside.right), max(bottom, y + inside.bottom)
            else:
                right, bottom = max(right, x), max(bottom, y)
        return Totals(fragments, lines, glyphs, right, bottom)


_NOTHING = Totals()
_MOST_KNOWN = 200_000  # tuples


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
