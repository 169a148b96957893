"""Sticky boxes: in the flow, but moved to stay in view (CSS Positioned Layout 3 §3.4).

Where such a box would leave the visible part of its scroll container, it is moved back in, as far as its
containing block reaches.  It is done after layout, since what is around does not move with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pressenter.browser.html.dom import Element
from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder, TextFragment
from pressenter.browser.layout.sizing import scrolls

__all__ = ["stick"]


class _View(NamedTuple):
    """A rectangle on the page."""

    left: float
    top: float
    right: float
    bottom: float


def stick(
    root: BoxFragment, size: tuple[float, float], scroll: tuple[float, float],
    offsets: Mapping[Element, tuple[float, float]],
) -> BoxFragment:  # fmt: skip
    """Move the sticky boxes of a page; the same fragment if there are none.

    Args:
        size: of the viewport.
        scroll, offsets: how far the page, and boxes in it, are scrolled.
    """
    view = _View(scroll[0], scroll[1], scroll[0] + size[0], scroll[1] + size[1])
    return _stuck(root, 0.0, 0.0, view, offsets)


def _stuck(
    fragment: BoxFragment, x: float, y: float, view: _View, offsets: Mapping[Element, tuple[float, float]]
) -> BoxFragment:
    """A fragment with the sticky boxes in it moved; (x, y) is its parent's corner."""
    x, y = x + fragment.x, y + fragment.y
    style = fragment.box.style
    if scrolls(style) and fragment.box.element is not None and fragment.box.element.parent_element is not None:
        across, down = offsets.get(fragment.box.element, (0.0, 0.0))
        view = _View(
            x + style["border-left-width"] + across, y + style["border-top-width"] + down,
            x + fragment.width - style["border-right-width"] + across,
            y + fragment.height - style["border-bottom-width"] + down,
        )  # fmt: skip
    children: list[Fragment] = []
    changed = False
    for child in fragment.children:
        if isinstance(child, (TextFragment, Placeholder)):
            children.append(child)
            continue
        moved = child
        if child.box.style["position"] == "sticky":
            moved = _moved(child, x, y, view, fragment)
        moved = _stuck(moved, x, y, view, offsets)
        changed = changed or moved is not child
        children.append(moved)
    return fragment._replace(children=tuple(children)) if changed else fragment


def _moved(child: BoxFragment, x: float, y: float, view: _View, parent: BoxFragment) -> BoxFragment:
    style = child.box.style
    edges, outer = child.edges, parent.edges
    around = (outer.left, outer.top, outer.right, outer.bottom) if outer is not None else (0.0,) * 4
    margins = (edges.margin_left, edges.margin_top, edges.margin_right, edges.margin_bottom) if edges else (0.0,) * 4
    across = _offset(
        x + child.x, child.width, (view.left, view.right), (style["left"], style["right"]),
        (x + around[0] + margins[0], x + parent.width - around[2] - margins[2]),
    )  # fmt: skip
    down = _offset(
        y + child.y, child.height, (view.top, view.bottom), (style["top"], style["bottom"]),
        (y + around[1] + margins[1], y + parent.height - around[3] - margins[3]),
    )  # fmt: skip
    return child._replace(x=child.x + across, y=child.y + down) if across or down else child


def _offset(
    start: float, size: float, view: tuple[float, float], insets: tuple[object, object], limits: tuple[float, float]
) -> float:
    """How far a box is moved in one axis: into view, but not out of its containing block."""
    room = view[1] - view[0]
    offset = 0.0
    if insets[1] != "auto":
        offset = min(0.0, view[1] - resolve(insets[1], room) - size - start)
        offset = max(offset, min(0.0, limits[0] - start))
    if insets[0] != "auto":
        wanted = view[0] + resolve(insets[0], room) - (start + offset)
        if wanted > 0:
            offset += min(wanted, max(0.0, limits[1] - size - start - offset))
    return offset
