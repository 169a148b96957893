"""Scrollable overflow: how far a box's contents reach beyond it (CSS Overflow 3 §2.2)."""

from __future__ import annotations

from collections.abc import Iterable

from pressenter.browser.layout.boxes import InlineBox
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder

__all__ = ["overflow_of", "scrollable_overflow"]


def overflow_of(fragments: Iterable[Fragment]) -> tuple[float, float]:
    """How far fragments reach to the right and down.

    Boxes without any size do not count, nor does what a box inside clips.
    """
    right = bottom = 0.0
    stack: list[tuple[Fragment, float, float]] = [(fragment, 0.0, 0.0) for fragment in fragments]
    while stack:
        item, x, y = stack.pop()
        if isinstance(item, Placeholder):
            continue
        x, y = x + item.x, y + item.y
        if item.width or item.height:
            right, bottom = max(right, x + item.width), max(bottom, y + item.height)
        if isinstance(item, BoxFragment) and item.box.style["overflow-x"] == "visible":
            stack.extend((child, x, y) for child in item.children)
    return right, bottom


def scrollable_overflow(fragment: BoxFragment) -> tuple[float, float]:
    """How far a box's contents reach to the right and down, from the corner of its padding box."""
    style = fragment.box.style
    left, top = style["border-left-width"], style["border-top-width"]
    right, bottom = overflow_of(fragment.children)
    edges = fragment.edges
    if edges is not None:
        # Margins and padding at the end belong to what can be scrolled to.
        for child in fragment.children:
            if (
                isinstance(child, BoxFragment)
                and not isinstance(child.box, InlineBox)
                and (child.width or child.height)
            ):
                own = child.edges.margin_bottom if child.edges is not None else 0.0
                after = max(0.0, own) + edges.bottom - style["border-bottom-width"]
                bottom = max(bottom, child.y + child.height + after)
    return right - left, bottom - top
