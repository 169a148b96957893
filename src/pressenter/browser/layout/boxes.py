"""The kinds of boxes, and what goes into a block container (CSS Display 3, CSS 2.2 §9.2).

A block container holds either blocks alone or inline content alone; where a page mixes
them, the inline content gets a block of its own without an element (an *anonymous*
block).

Boxes are values: layout reads them and writes its results elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.properties import INHERITED, INITIAL_COMPUTED
from pressenter.browser.html.dom import Element

__all__ = [
    "BlockBox", "Box", "CollapsedBorders", "DrawnText", "FlexBox", "GridBox", "InlineBox", "IntrinsicSize",
    "LineBreakBox", "ReplacedBox", "TableBox", "TableCell", "TablePart", "TableTrack", "TextBox", "anonymous_style",
    "boxes_below", "inner_boxes",
]  # fmt: skip


class IntrinsicSize(NamedTuple):
    """Width and height of a picture in CSS pixels."""

    width: float
    height: float


_INLINE_LEVEL = frozenset(("inline", "inline-block", "inline-flex", "inline-grid", "inline-table", "ruby", "ruby-text"))


class Box:
    """What every box has: a style, and the element that it is for (None if anonymous)."""

    __slots__ = ("element", "style")

    def __init__(self, style: ComputedStyle, element: Element | None) -> None:
        self.style = style
        self.element = element

    @property
    def is_float(self) -> bool:
        """Whether the box floats."""
        return self.style["float"] != "none" and not isinstance(self, (TextBox, LineBreakBox))

    @property
    def is_out_of_flow(self) -> bool:
        """Whether the box is positioned absolutely."""
        return self.style["position"] in ("absolute", "fixed") and not isinstance(self, TextBox)

    @property
    def is_in_flow(self) -> bool:
        """Whether the box takes its place after the one before it (CSS 2.2 §9.3)."""
        return not (self.is_float or self.is_out_of_flow)

    @property
    def is_block_level(self) -> bool:
        """Whether the box stands below the one before it, not beside it (CSS 2.2 §9.2.1)."""
        if isinstance(self, (InlineBox, TextBox, LineBreakBox)):
            return False
        return self.style["display"] not in _INLINE_LEVEL


class BlockBox(Box):
    """A block container, at block level or as an inline block.

    Attributes:
        children: blocks alone, or inline-level boxes alone.
        holds_inlines: which of the two.
        marker: the text of a list item's marker, or an empty string.
        marker_picture: the key of a picture that stands in the marker's place, or an empty string.
        continues: the inline element that the blocks in an anonymous box stand in, or None.
    """

    __slots__ = ("children", "continues", "holds_inlines", "marker", "marker_picture")

    def __init__(
        self, style: ComputedStyle, element: Element | None, children: list[Box], marker: str = "",
        marker_picture: str = "", continues: Element | None = None,
    ) -> None:  # fmt: skip
        super().__init__(style, element)
        self.continues = continues
        self.marker = marker
        self.marker_picture = marker_picture
        in_flow = [child for child in children if child.is_in_flow]
        if any(child.is_block_level for child in in_flow):
            self.children = _wrap_inlines(children, style)
            self.holds_inlines = False
        else:
            self.holds_inlines = any(not child.is_block_level for child in in_flow)
            self.children = children

    def with_style(self, style: ComputedStyle) -> BlockBox:
        """The same box with the same contents, in another style."""
        other = BlockBox(style, self.element, [], self.marker, self.marker_picture, self.continues)
        other.children, other.holds_inlines = self.children, self.holds_inlines
        return other


class FlexBox(Box):
    """A flex container; its children are the items, and boxes out of the flow (CSS Flexbox 1 §4)."""

    __slots__ = ("children",)

    def __init__(self, style: ComputedStyle, element: Element | None, children: list[Box]) -> None:
        super().__init__(style, element)
        self.children = _items(children, style)


class GridBox(FlexBox):
    """A grid container; its children are the items, and boxes out of the flow (CSS Grid 2 §6)."""

    __slots__ = ()


class InlineBox(Box):
    """An inline element: its content flows into lines."""

    __slots__ = ("children",)

    def __init__(self, style: ComputedStyle, element: Element | None, children: list[Box]) -> None:
        super().__init__(style, element)
        self.children = children


class TextBox(Box):
    """Characters, as they stand in the document.

    The style is that of the element around: what it says of boxes does not apply.
    """

    __slots__ = ("text",)

    def __init__(self, style: ComputedStyle, text: str) -> None:
        super().__init__(style, None)
        self.text = text


class LineBreakBox(Box):
    """``<br>``."""

    __slots__ = ()


class DrawnText(NamedTuple):
    """A line of text in a drawing, in the drawing's units.

    Attributes:
        anchor: which part of it stands at its place: start, middle or end.
        ascent, descent: above and below the baseline.
        before, behind: how far its glyphs reach beyond the width of their advances.
    """

    size: float
    width: float
    anchor: str
    ascent: float
    descent: float
    before: float = 0.0
    behind: float = 0.0


class ReplacedBox(Box):
    """A picture, or a control: something with a size of its own.

    Attributes:
        intrinsic: its own size.
        ratio: width by height, or None if it has no ratio to keep.
        has_only_ratio: it has a ratio and no size (some drawings).
        texts: of an inline drawing, the text elements in it.
        picture: key of the decoded picture, or an empty string.
        label: text that is drawn in it, in ``label_style``.
        baseline: below the content box's top edge, or None for the bottom margin edge.
    """

    __slots__ = ("baseline", "has_only_ratio", "intrinsic", "label", "label_style", "picture", "ratio", "texts")

    def __init__(
        self, style: ComputedStyle, element: Element | None, intrinsic: IntrinsicSize, picture: str = "",
        label: str = "", ratio: float | None = None, baseline: float | None = None, has_only_ratio: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(style, element)
        self.intrinsic = intrinsic
        self.picture = picture
        self.label = label
        self.label_style = style
        self.ratio = ratio
        self.baseline = baseline
        self.has_only_ratio = has_only_ratio
        self.texts: dict[Element, DrawnText] = {}


class TablePart(Box):
    """A row group, row, cell, caption, column or column group, before its table is put together."""

    __slots__ = ("children",)

    def __init__(self, style: ComputedStyle, element: Element | None, children: list[Box]) -> None:
        super().__init__(style, element)
        self.children = children


class TableCell(NamedTuple):
    """A cell's box and its place in the grid."""

    box: BlockBox
    row: int
    column: int
    row_span: int
    column_span: int


class TableTrack(NamedTuple):
    """A row, a group of rows, a column or a group of columns: its box, and the tracks from ``start`` to ``end``."""

    box: Box
    start: int
    end: int


class TableBox(Box):
    """A table as a grid (CSS 2.2 §17).

    Attributes:
        captions, cells: what has contents.
        rows: one for each row of the grid.
        row_groups, columns, column_groups: what else has a place, and may have a background.
        column_count: of the grid.
        collapsed: the lines between cells, if borders are collapsed.
    """

    __slots__ = ("captions", "cells", "collapsed", "column_count", "column_groups", "columns", "row_groups", "rows")

    def __init__(
        self, style: ComputedStyle, element: Element | None, captions: list[BlockBox], cells: list[TableCell],
        rows: list[TableTrack], row_groups: list[TableTrack], columns: list[TableTrack],
        column_groups: list[TableTrack], column_count: int,
    ) -> None:  # fmt: skip
        super().__init__(style, element)
        self.captions = captions
        self.cells = cells
        self.rows = rows
        self.row_groups = row_groups
        self.columns = columns
        self.column_groups = column_groups
        self.column_count = column_count
        self.collapsed: CollapsedBorders | None = None


class CollapsedBorders(NamedTuple):
    """The winning border on each edge of the grid, as (width, style, colour).

    ``horizontal[row][column]`` is above a cell, ``vertical[row][column]`` at its left.
    """

    horizontal: list[list[tuple[float, str, Any] | None]]
    vertical: list[list[tuple[float, str, Any] | None]]


def anonymous_style(parent: ComputedStyle, display: str = "block") -> ComputedStyle:
    """The style of a box without an element: inherited and initial values (CSS 2.2 §9.2.1.1)."""
    style = dict(INITIAL_COMPUTED)
    for name in INHERITED:
        style[name] = parent[name]
    style["--language"] = parent.get("--language", "")  # fonts depend on it
    style["display"] = display
    return style


def _is_blank(box: Box) -> bool:
    if isinstance(box, TextBox):
        return not box.text.strip(" \t\n\r\f") and not box.style["white-space"].startswith("pre")
    return isinstance(box, InlineBox) and all(_is_blank(child) for child in box.children) and not _has_edges(box.style)


def _has_edges(style: ComputedStyle) -> bool:
    return any(style[f"{kind}-{side}{suffix}"] not in (0.0, "auto")
               for side in ("left", "right")
               for kind, suffix in (("padding", ""), ("border", "-width"), ("margin", "")))  # fmt: skip


def _items(children: list[Box], style: ComputedStyle) -> list[Box]:
    """Each run of text becomes an item; white space alone makes none (CSS Flexbox 1 §4)."""
    items: list[Box] = []
    run: list[Box] = []

    def flush() -> None:
        if any(not _is_blank(box) for box in run):
            items.append(BlockBox(anonymous_style(style), None, list(run)))
        run.clear()

    for child in children:
        if isinstance(child, (TextBox, LineBreakBox, InlineBox)):
            run.append(child)
        else:
            flush()
            items.append(child)
    flush()
    return items


def _wrap_inlines(children: list[Box], style: ComputedStyle) -> list[Box]:
    """Put each run of inline-level boxes into an anonymous block; blank runs vanish."""
    wrapped: list[Box] = []
    run: list[Box] = []

    def flush() -> None:
        # Out-of-flow boxes and floats in a run of nothing but white space stand on their own.
        if any(not _is_blank(box) and box.is_in_flow for box in run):
            wrapped.append(BlockBox(anonymous_style(style), None, list(run)))
        else:
            wrapped.extend(box for box in run if not box.is_in_flow)
        run.clear()

    for child in children:
        if child.is_block_level and child.is_in_flow:
            flush()
            wrapped.append(child)
        else:
            run.append(child)
    flush()
    return wrapped


def inner_boxes(box: Box) -> Iterable[Box]:
    """The boxes directly in a box."""
    if isinstance(box, TableBox):
        return [*box.captions, *(cell.box for cell in box.cells)]
    children: Iterable[Box] = getattr(box, "children", ())
    return children


def boxes_below(root: Box) -> Iterator[Box]:
    """A box and all that are in it, in no order."""
    stack = [root]
    while stack:
        box = stack.pop()
        yield box
        stack.extend(inner_boxes(box))
