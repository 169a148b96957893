"""The layout engine: what every formatting context shares, and the entry point.

Layout goes down with widths and comes up with heights: a container tells its children
how wide they may be, and learns how high they have become.

Formatting contexts do not know one another: what is in a box, they ask the engine, and it asks the
context that the box's kind calls for (`LayoutEngine.contents`, `LayoutEngine.measure`).

Boxes are values, and what comes out depends on the box and on what its container says alone.
So a result is remembered by these two: a flex container that asks for the same thing
twice gets it at once, and after a change only what has changed is laid out again.
"""

from __future__ import annotations

from collections.abc import Mapping

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.html.dom import Element
from pressenter.browser.layout.block import BlockResult, layout_block, layout_flow, natural_height
from pressenter.browser.layout.boxes import BlockBox, Box, FlexBox, GridBox, ReplacedBox, TableBox, TextBox, boxes_below
from pressenter.browser.layout.constraints import NO_MARGIN, Constraints, Contents, Inside
from pressenter.browser.layout.edges import Edges, edges_of
from pressenter.browser.layout.flex import flex_widths, layout_flex
from pressenter.browser.layout.fonts import FontFace, FontLibrary
from pressenter.browser.layout.formatting_context import is_multicol
from pressenter.browser.layout.fragments import BoxFragment, LayoutResult, Tally, Totals, moved_to, walk
from pressenter.browser.layout.grid.layout import grid_widths, layout_grid
from pressenter.browser.layout.inline import InlineResult, inline_widths, layout_inline
from pressenter.browser.layout.inline_items import Item
from pressenter.browser.layout.intrinsic import block_widths
from pressenter.browser.layout.multicol import column_widths, layout_columns
from pressenter.browser.layout.percentage_heights import PercentageHeights
from pressenter.browser.layout.positioned import layout_positioned
from pressenter.browser.layout.replaced import layout_replaced
from pressenter.browser.layout.shaped_text import Shaped
from pressenter.browser.layout.sizing import contained_size
from pressenter.browser.layout.sticky import stick
from pressenter.browser.layout.table import layout_table, table_widths

#: Glyphs, width in pixels, and whether other fonts than the style's own stand in for some characters.
ShapedWord = tuple[tuple[Shaped, ...], float, bool]

__all__ = ["LayoutEngine", "ShapedWord", "layout_page"]

_SHORT_TEXT = 40  # characters


class LayoutEngine:
    """What layout needs beside boxes, and what it has worked out already.

    Attributes:
        skipped: elements with ``content-visibility: auto`` that are far from what is seen.
        tally: adds up what the page has in it.
        percentage_heights: to which boxes the height around matters.
        flows: the results of blocks in the flow without floats, where the engine is to lay out one page again and
            again; None where it would be of no use.

    Args:
        width, height: the viewport, in CSS pixels.
        scroll_bar: the thickness of scroll bars that take room; 0 for those that lie over the page.
        in_quirks: whether the document is in quirks or limited-quirks mode.
    """

    def __init__(
        self, fonts: FontLibrary, width: float, height: float, scroll_bar: float = 0.0, in_quirks: bool = False
    ) -> None:
        self.fonts = fonts
        self.viewport_width = width
        self.viewport_height = height
        self.scroll_bar = scroll_bar
        self.in_quirks = in_quirks
        self.intrinsic_widths: dict[tuple[Box, float | None], tuple[float, float]] = {}
        self.content_widths: dict[Box, tuple[float, float]] = {}
        self.cell_depth = 0  # how many table cells around are being measured
        self.empty_boxes: dict[Box, bool] = {}
        self.top_margins: dict[tuple[Box, float, bool], tuple[float, float]] = {}
        self.inline_items: dict[Box, list[Item]] = {}
        self.lines: dict[tuple[Box, float], InlineResult] = {}
        self._words: dict[tuple[FontFace, float, float], tuple[dict[str, ShapedWord], dict[str, ShapedWord]]] = {}
        self.tally = Tally()
        self.skipped: frozenset[Element] = frozenset()
        self._shown: set[Element | None] = {None}
        self.flows: dict[tuple[Box, Constraints, bool], BlockResult] | None = None
        self.percentage_heights = PercentageHeights()
        self._edges: dict[tuple[Box, float], Edges] = {}
        self._natural_heights: dict[tuple[Box, Constraints], float] = {}
        self._fragments: dict[tuple[Box, Constraints], BoxFragment] = {}

    def contains_size(self, box: Box) -> bool:
        """Whether a box's size does not depend on its contents (CSS Contain 2 §3.2, §4.3)."""
        return "size" in box.style["contain"] or box.element in self.skipped

    def _forget_sizes(self) -> None:
        """Forget all that depends on sizes; words and lines stay."""
        self.intrinsic_widths, self.content_widths, self._natural_heights, self._fragments = {}, {}, {}, {}
        self.empty_boxes, self.top_margins = {}, {}
        self.flows = {} if self.flows is not None else None

    def keep_only(self, root: Box) -> None:
        """Forget what was worked out for boxes that are no longer in the tree."""
        alive = set(boxes_below(root))
        self.tally = Tally()
        self.percentage_heights.keep_only(alive)
        self._fragments = {key: value for key, value in self._fragments.items() if key[0] in alive}
        self._edges = {key: value for key, value in self._edges.items() if key[0] in alive}
        self._natural_heights = {key: value for key, value in self._natural_heights.items() if key[0] in alive}
        self.lines = {key: value for key, value in self.lines.items() if key[0] in alive}
        self.intrinsic_widths = {key: value for key, value in self.intrinsic_widths.items() if key[0] in alive}
        self.top_margins = {key: value for key, value in self.top_margins.items() if key[0] in alive}
        self.content_widths = {box: value for box, value in self.content_widths.items() if box in alive}
        self.empty_boxes = {box: value for box, value in self.empty_boxes.items() if box in alive}
        self.inline_items = {box: value for box, value in self.inline_items.items() if box in alive}
        if self.flows is not None:
            self.flows = {key: value for key, value in self.flows.items() if key[0] in alive}

    def face(self, style: ComputedStyle) -> FontFace:
        """The face of a style."""
        return self.fonts.face_of(style)

    def words_of(
        self, face: FontFace, size: float, spacing: float
    ) -> tuple[dict[str, ShapedWord], dict[str, ShapedWord]]:
        """The words that were shaped at a size already, by their text: from left to right, and mirrored."""
        return self._words.setdefault((face, size, spacing), ({}, {}))

    def edges(self, box: Box, containing_width: float) -> Edges:
        """The edges of a box in a containing block of this width."""
        key = (box, containing_width)
        known = self._edges.get(key)
        if known is None:
            known = self._edges[key] = edges_of(box.style, containing_width)
        return known

    def gutters(self, style: ComputedStyle) -> tuple[float, float]:
        """The room that the scroll bars which are always there take: at the right, at the bottom."""
        if not self.scroll_bar or style["scrollbar-width"] == "none":
            return (0.0, 0.0)
        stable = "stable" in style["scrollbar-gutter"] and style["overflow-y"] in ("hidden", "auto")
        return (
            self.scroll_bar if style["overflow-y"] == "scroll" or stable else 0.0,
            self.scroll_bar if style["overflow-x"] == "scroll" else 0.0,
        )

    def layout(self, box: Box, constraints: Constraints) -> BoxFragment:
        """Lay out a box that starts a formatting context of its own; it stands at (0, 0)."""
        constraints = self.percentage_heights.relevant(box, constraints)
        key = (box, constraints)
        known = self._fragments.get(key)
        if known is None:
            known = self._fragments[key] = self._layout(box, constraints)
        return known

    def natural_height(self, box: Box, constraints: Constraints) -> float:
        """The height of the border box as its contents make it: height: auto, without limits."""
        if isinstance(box, (ReplacedBox, TableBox)):
            return self.layout(box, constraints).height
        if constraints.used_width is not None:  # with the width decided, the height around matters to nothing
            constraints = Constraints(constraints.width, None, constraints.used_width)
        key = (box, constraints)
        known = self._natural_heights.get(key)
        if known is None:
            known = self._natural_heights[key] = natural_height(self, box, constraints)
        return known

    def _layout(self, box: Box, constraints: Constraints) -> BoxFragment:
        if isinstance(box, ReplacedBox):
            return layout_replaced(self, box, constraints)
        if isinstance(box, TableBox):
            return layout_table(self, box, constraints)
        return layout_block(self, box, constraints).fragment

    def contents(self, box: Box, inside: Inside) -> Contents:
        """Lay out what is in a container, by the formatting context that it establishes or takes part in."""
        if isinstance(box, GridBox):
            return layout_grid(self, box, inside)
        if isinstance(box, FlexBox):
            return layout_flex(self, box, inside)
        assert isinstance(box, BlockBox)
        if is_multicol(box):
            return layout_columns(self, box, inside)
        if box.holds_inlines:
            lines = layout_inline(self, box, inside)
            return Contents(
                lines.fragments, lines.height, NO_MARGIN, lines.first_baseline, lines.last_baseline, lines.line_count
            )
        return layout_flow(self, box, inside)

    def measure(self, box: Box) -> tuple[float, float]:
        """Min-content and max-content width of what is in a box (see `content_widths`)."""
        gutter = self.gutters(box.style)[0]
        if self.contains_size(box) and not isinstance(box, TableBox):
            if isinstance(box, BlockBox) and is_multicol(box):
                return column_widths(box, (0.0, 0.0))
            width = gutter + contained_size(box.style["contain-intrinsic-width"])
            return width, width
        if isinstance(box, TableBox):
            return table_widths(self, box)
        if isinstance(box, ReplacedBox):
            return box.intrinsic.width, box.intrinsic.width
        if isinstance(box, GridBox):
            smallest, largest = grid_widths(self, box)
        elif isinstance(box, FlexBox):
            smallest, largest = flex_widths(self, box)
        elif isinstance(box, BlockBox) and box.holds_inlines:
            smallest, largest = inline_widths(self, box)
        else:
            smallest, largest = block_widths(self, box)
        if isinstance(box, BlockBox) and is_multicol(box):
            smallest, largest = column_widths(box, (smallest, largest))
        return smallest + gutter, max(smallest, largest) + gutter

    def page(
        self,
        root: Box,
        scroll: tuple[float, float] = (0.0, 0.0),
        offsets: Mapping[Element, tuple[float, float]] | None = None,
    ) -> LayoutResult:
        """Lay out a page.  The root's containing block is the viewport (CSS 2.2 §10.1).

        Args:
            scroll, offsets: how far the page, and boxes in it, are scrolled: sticky boxes follow.
        """
        far = {box.element for box in boxes_below(root) if box.style["content-visibility"] == "auto"} - self._shown
        while True:
            if far != self.skipped:
                self._forget_sizes()
                self.skipped = frozenset(element for element in far if element is not None)
            layout = self._page(root, scroll, offsets)
            near = self._near(layout, scroll[1]) if far else set()
            if not near:
                return layout
            # What is near has its contents laid out, and from now on keeps them; it may bring others near.
            self._shown |= near
            far -= near

    def _near(self, layout: LayoutResult, top: float) -> set[Element | None]:
        """The skipped elements that are seen, or that are not far from it."""
        first, last = top - self._reach, top + self.viewport_height + self._reach
        return {
            part.box.element
            for item in (layout.root, *layout.positioned)
            for part, _, y in walk(item)
            if isinstance(part, BoxFragment)
            and part.box.element in self.skipped
            and first < y + part.height
            and y < last
        }

    @property
    def _reach(self) -> float:
        """How far from what is seen contents are laid out: browsers take one and a half of its height."""
        return 1.5 * self.viewport_height

    def _page(
        self, root: Box, scroll: tuple[float, float], offsets: Mapping[Element, tuple[float, float]] | None
    ) -> LayoutResult:
        with deep_nesting():
            if not self._fragments:
                self._measure_short_texts(root)
            fragment = self.layout(root, Constraints(self.viewport_width, self.viewport_height))
            edges = self.edges(root, self.viewport_width)
            fragment = moved_to(fragment, edges.margin_left, edges.margin_top)
            if any(box.style["position"] == "sticky" for box in boxes_below(root)):
                fragment = stick(fragment, (self.viewport_width, self.viewport_height), scroll, offsets or {})
            positioned = layout_positioned(self, fragment)
            totals = Totals()
            self.tally.begin()
            for item in (fragment, *positioned):
                found, x, y = self.tally.of(item), item.x, item.y
                if item.box.style["position"] == "fixed":  # it is never scrolled to
                    found, x, y = found._replace(right=0.0, bottom=0.0), 0.0, 0.0
                totals = totals.with_child(found, x, y)
        width, height = max(self.viewport_width, totals.right), max(self.viewport_height, totals.bottom)
        return LayoutResult(fragment, tuple(positioned), width, height, totals)

    def _measure_short_texts(self, root: Box) -> None:
        """Paragraphs measure their words together; boxes with a word or two do it with one another."""
        words: dict[FontFace, list[str]] = {}
        for box in boxes_below(root):
            if isinstance(box, TextBox) and len(box.text) < _SHORT_TEXT:
                words.setdefault(self.face(box.style), []).extend(box.text.split())
        for face, texts in words.items():
            face.measure_words(texts)


def layout_page(
    root: Box, fonts: FontLibrary, width: float, height: float, in_quirks: bool = False,
    scroll: tuple[float, float] = (0.0, 0.0), offsets: Mapping[Element, tuple[float, float]] | None = None,
) -> LayoutResult:  # fmt: skip
    """Lay out a page for a viewport (see `LayoutEngine.page`)."""
    return LayoutEngine(fonts, width, height, 0.0, in_quirks).page(root, scroll, offsets)
