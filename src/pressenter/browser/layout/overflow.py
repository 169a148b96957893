"""Scrollable overflow: how far a box's contents reach beyond it (CSS Overflow 3 §2.2)."""

from __future__ import annotations

from pressenter.browser.layout.boxes import InlineBox
from pressenter.browser.layout.fragments import BoxFragment, Placeholder

__all__ = ["scrollable_overflow"]


def scrollable_overflow(fragment: BoxFragment) -> tuple[float, float]:
    """How far the contents reach to the right and down, from the corner of the padding box.

    Boxes without any size do not count, nor does what a box inside clips.
    """
    style = fragment.box.style
    left, top = style["border-left-width"], style["border-top-width"]
    right = bottom = 0.0
    edges = fragment.edges
    stack = [(child, -left, -top, True) for child in fragment.children]
    while stack:
        item, x, y, direct = stack.pop()
        if isinstance(item, Placeholder):
            continue
        x, y = x + item.x, y + item.y
        if item.width or item.height:
            after_x = after_y = 0.0
            if direct and edges is not None and isinstance(item, BoxFragment) and not isinstance(item.box, InlineBox):
                # The padding after the contents belongs to what can be scrolled to.
                own = item.edges
                after_y = edges.bottom - style["border-bottom-width"] + (own.margin_bottom if own else 0.0)
            right, bottom = max(right, x + item.width + after_x), max(bottom, y + item.height + after_y)
        if isinstance(item, BoxFragment) and item.box.style["overflow-x"] == "visible":
            stack.extend((child, x, y, False) for child in item.children)
    return right, bottom
