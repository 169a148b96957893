"""The layout engine: what every formatting context shares, and the entry point.

Layout goes down with widths and comes up with heights: a container tells its children
how wide they may be, and learns how high they have become.

Boxes are values, and what comes out depends on the box and on what its container says alone.
So a result is remembered by these two: a flex container that asks for the same thing
twice gets it at once, and after a change only what has changed is laid out again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import Box, ReplacedBox, TableBox, boxes_below
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.fonts import FontFace, FontLibrary, ShapedText
from pressenter.browser.layout.fragments import BoxFragment, LayoutResult, Tally, Totals

if TYPE_CHECKING:
    from pressenter.browser.layout.block import BlockResult
    from pressenter.browser.layout.inline import InlineResult
    from pressenter.browser.layout.inline_items import Item

#: Glyphs, width in pixels, and whether other fonts than the style's own stand in for some characters.
ShapedWord = tuple[tuple[ShapedText, ...], float, bool]

__all__ = ["LayoutEngine", "ShapedWord", "layout_page"]


class LayoutEngine:
    """What layout needs beside boxes, and what it has worked out already.

    Attributes:
        tally: adds up what the page has in it.
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
        self._words: dict[tuple[FontFace, float, float], dict[tuple[str, bool], ShapedWord]] = {}
        self.tally = Tally()
        self.flows: dict[tuple[Box, Constraints, bool], BlockResult] | None = None
        self._natural_heights: dict[tuple[Box, Constraints], float] = {}
        self._fragments: dict[tuple[Box, Constraints], BoxFragment] = {}

    def keep_only(self, root: Box) -> None:
        """Forget what was worked out for boxes that are no longer in the tree."""
        alive = set(boxes_below(root))
        self.tally = Tally()
        self._fragments = {key: value for key, value in self._fragments.items() if key[0] in alive}
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

    def words_of(self, face: FontFace, size: float, spacing: float) -> dict[tuple[str, bool], ShapedWord]:
        """The words that were shaped at a size already, by their text and direction."""
        return self._words.setdefault((face, size, spacing), {})

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
        key = (box, constraints)
        known = self._fragments.get(key)
        if known is None:
            known = self._fragments[key] = self._layout(box, constraints)
        return known

    def natural_height(self, box: Box, constraints: Constraints) -> float:
        """The height of the border box as its contents make it: height: auto, without limits."""
        from pressenter.browser.layout.block import natural_height

        if isinstance(box, (ReplacedBox, TableBox)):
            return self.layout(box, constraints).height
        if constraints.used_width is not None:  # with the width decided, the height around matters to nothing
            constraints = constraints._replace(height=None)
        key = (box, constraints)
        known = self._natural_heights.get(key)
        if known is None:
            known = self._natural_heights[key] = natural_height(self, box, constraints)
        return known

    def _layout(self, box: Box, constraints: Constraints) -> BoxFragment:
        from pressenter.browser.layout.block import layout_block
        from pressenter.browser.layout.replaced import layout_replaced
        from pressenter.browser.layout.table import layout_table

        if isinstance(box, ReplacedBox):
            return layout_replaced(self, box, constraints)
        if isinstance(box, TableBox):
            return layout_table(self, box, constraints)
        return layout_block(self, box, constraints).fragment

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
        from pressenter.browser.layout.edges import edges_of
        from pressenter.browser.layout.positioned import layout_positioned
        from pressenter.browser.layout.sticky import stick

        with deep_nesting():
            fragment = self.layout(root, Constraints(self.viewport_width, self.viewport_height))
            edges = edges_of(root.style, self.viewport_width)
            fragment = fragment._replace(x=edges.margin_left, y=edges.margin_top)
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


def layout_page(
    root: Box, fonts: FontLibrary, width: float, height: float, in_quirks: bool = False,
    scroll: tuple[float, float] = (0.0, 0.0), offsets: Mapping[Element, tuple[float, float]] | None = None,
) -> LayoutResult:  # fmt: skip
    """Lay out a page for a viewport (see `LayoutEngine.page`)."""
    return LayoutEngine(fonts, width, height, 0.0, in_quirks).page(root, scroll, offsets)
