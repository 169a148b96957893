"""Intrinsic widths: how narrow content can be, and how wide it would like to be.

Min-content is the width of the widest thing that cannot be broken; max-content is the
width with no break but forced ones (CSS Sizing 3 §2.1).  Floats, inline blocks, table
cells and absolutely positioned boxes are sized by them ("shrink to fit", CSS 2.2
§10.3.5).
"""

from __future__ import annotations

from pressenter.browser.layout.boxes import BlockBox, Box, ReplacedBox, TableBox
from pressenter.browser.layout.edges import clamp_width, edges_of, resolve_width
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.replaced import replaced_size

__all__ = ["intrinsic_widths", "shrink_to_fit"]


def intrinsic_widths(engine: LayoutEngine, box: Box) -> tuple[float, float]:
    """Min-content and max-content width of a box's margin box."""
    known = engine.intrinsic_widths.get(box)
    if known is None:
        known = engine.intrinsic_widths[box] = _measure(engine, box)
    return known


def shrink_to_fit(engine: LayoutEngine, box: Box, available: float) -> float:
    """The content width of a box that is as wide as its content needs."""
    edges = edges_of(box.style, available)
    outer = edges.horizontal + edges.margin_left + edges.margin_right
    smallest, largest = intrinsic_widths(engine, box)
    return max(0.0, min(max(smallest, available), largest) - outer)


def _measure(engine: LayoutEngine, box: Box) -> tuple[float, float]:
    from pressenter.browser.layout.inline import inline_widths
    from pressenter.browser.layout.table import table_widths

    edges = edges_of(box.style, 0.0)
    outer = edges.horizontal + edges.margin_left + edges.margin_right
    if isinstance(box, ReplacedBox):
        width = replaced_size(box, 0.0)[0]
        return width + outer, width + outer
    asked = resolve_width(box.style, "width", 0.0, edges) if isinstance(box.style["width"], float) else None
    if isinstance(box, TableBox):
        smallest, largest = table_widths(engine, box)
    elif asked is not None:
        smallest = largest = asked
    elif isinstance(box, BlockBox) and box.holds_inlines:
        smallest, largest = inline_widths(engine, box)
    else:
        smallest = largest = 0.0
        floats = 0.0
        for child in getattr(box, "children", ()):
            if child.is_out_of_flow:
                continue
            narrow, wide = intrinsic_widths(engine, child)
            smallest = max(smallest, narrow)
            if child.is_float:
                floats += wide
            else:
                largest = max(largest, wide, floats)
                floats = 0.0
        largest = max(largest, floats)
    if asked is not None and isinstance(box, TableBox):
        smallest = largest = max(asked, smallest)
    smallest = clamp_width(box.style, smallest, 0.0, edges) if _is_fixed(box) else smallest
    largest = clamp_width(box.style, largest, 0.0, edges) if _is_fixed(box) else largest
    return smallest + outer, max(smallest, largest) + outer


def _is_fixed(box: Box) -> bool:
    """Whether the limits of the width are lengths: percentages mean nothing yet."""
    return isinstance(box.style["max-width"], float) or isinstance(box.style["min-width"], float)
