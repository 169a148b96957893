"""The layout engine: what every formatting context shares, and the entry point.

Layout goes down with widths and comes up with heights: a container tells its children
how wide they may be, and learns how high they have become.
"""

from __future__ import annotations

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.layout.boxes import BlockBox, Box, ReplacedBox, TableBox
from pressenter.browser.layout.fonts import FontFace, FontLibrary
from pressenter.browser.layout.fragments import BoxFragment, LayoutResult, TextFragment, walk

__all__ = ["LayoutEngine", "layout_page"]


class LayoutEngine:
    """State of one layout: fonts, viewport, and what has been worked out of boxes already."""

    def __init__(self, fonts: FontLibrary, width: float, height: float) -> None:
        self.fonts = fonts
        self.viewport_width = width
        self.viewport_height = height
        self.intrinsic_widths: dict[Box, tuple[float, float]] = {}
        self.empty_boxes: dict[Box, bool] = {}
        self.top_margins: dict[tuple[Box, float], tuple[float, float]] = {}

    def face(self, style: ComputedStyle) -> FontFace:
        """The face of a style."""
        return self.fonts.face(style["font-family"], style["font-weight"], style["font-style"] != "normal")

    def layout(self, box: Box, containing_width: float) -> BoxFragment:
        """Lay out a box that starts a formatting context of its own; it stands at (0, 0)."""
        from pressenter.browser.layout.block import layout_block
        from pressenter.browser.layout.replaced import layout_replaced
        from pressenter.browser.layout.table import layout_table

        if isinstance(box, ReplacedBox):
            return layout_replaced(self, box, containing_width)
        if isinstance(box, TableBox):
            return layout_table(self, box, containing_width)
        assert isinstance(box, BlockBox)
        return layout_block(self, box, containing_width).fragment

    def layout_shrunk(self, box: Box, containing_width: float) -> BoxFragment:
        """Lay out a float or an inline block: as wide as asked, else as its content needs."""
        from pressenter.browser.layout.block import layout_block
        from pressenter.browser.layout.edges import clamp_width, edges_of, resolve_width
        from pressenter.browser.layout.intrinsic import shrink_to_fit

        if not isinstance(box, BlockBox):
            return self.layout(box, containing_width)
        edges = edges_of(box.style, containing_width)
        content = resolve_width(box.style, "width", containing_width, edges)
        if content is None:
            content = shrink_to_fit(self, box, containing_width)
        content = clamp_width(box.style, content, containing_width, edges)
        return layout_block(self, box, containing_width, content_width=content).fragment


def layout_page(root: BlockBox, fonts: FontLibrary, width: float, height: float) -> LayoutResult:
    """Lay out a page for a viewport."""
    from pressenter.browser.layout.block import layout_block
    from pressenter.browser.layout.edges import edges_of
    from pressenter.browser.layout.positioned import layout_positioned

    with deep_nesting():
        engine = LayoutEngine(fonts, width, height)
        fragment = layout_block(engine, root, width).fragment
        edges = edges_of(root.style, width)
        fragment = fragment._replace(x=edges.margin_left, y=edges.margin_top)
        positioned = layout_positioned(engine, fragment)
    right = bottom = 0.0
    for item in (fragment, *positioned):
        for part, left, top in walk(item):
            if isinstance(part, (BoxFragment, TextFragment)):
                right = max(right, left + part.width)
                bottom = max(bottom, top + part.height)
    return LayoutResult(fragment, positioned, max(width, right), max(height, bottom))
