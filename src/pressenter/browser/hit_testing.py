"""Hit testing: which element is at a point of the page (CSSOM View 1 §5, Pointer Events 3).

Things are tried in the order in which they are painted, so the last that contains the
point is the one that is seen there.  The order, the clips and the transforms are those of
painting: the walk is the painter's own, with another pen.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from pressenter.browser.html.dom import Element
from pressenter.browser.layout.fragments import BoxFragment, TextFragment
from pressenter.browser.layout.transforms import Matrix, inverted
from pressenter.browser.page import Page
from pressenter.browser.paint.items import Clip, FixedToViewport, Group, PopState, Rect
from pressenter.browser.paint.painting_order import PaintingOrder, ScrollOffsets

__all__ = ["HitTest", "elements_in_order"]


class _Region(NamedTuple):
    """Where an element takes the pointer."""

    rect: Rect
    element: Element


class _Regions(PaintingOrder):
    """Walks in painting order and notes regions where the painter would draw."""

    def decorate(self, fragment: BoxFragment, x: float, y: float) -> None:
        element = fragment.box.element
        style = fragment.box.style
        if element is not None and style["visibility"] == "visible" and style["pointer-events"] != "none":
            self.items.append(_Region(Rect(x, y, fragment.width, fragment.height), element))

    def text(self, text: TextFragment, x: float, y: float) -> None:
        element = text.box.element if text.box is not None else None
        if element is not None and text.style["visibility"] == "visible" and text.style["pointer-events"] != "none":
            self.items.append(_Region(Rect(x, y, text.width, text.height), element))


def elements_in_order(page: Page, offsets: ScrollOffsets) -> list[Any]:
    """What a page draws as the painter walks it: clips, groups, and in the place of each item its element."""
    walk = _Regions(page.layout, offsets)
    walk.paint_page()
    return [item.element if isinstance(item, _Region) else item for item in walk.items]


class HitTest:
    """Answers for one page as it was laid out."""

    def __init__(self, page: Page, offsets: ScrollOffsets) -> None:
        walk = _Regions(page.layout, offsets)
        walk.paint_page()
        self._items = walk.items

    def element_at(self, x: float, y: float, scroll: tuple[float, float]) -> Element | None:
        """The element at a point of the window, or None if there is none.

        Args:
            scroll: which point of the page is at the window's corner.
        """
        found: Element | None = None
        point: tuple[float, float] | None = (x + scroll[0], y + scroll[1])
        around: list[tuple[float, float] | None] = []  # the point as seen outside; None where it is clipped away
        for item in self._items:
            if isinstance(item, _Region):
                if point is not None and item.rect.holds(*point):
                    found = item.element
            elif isinstance(item, PopState):
                point = around.pop()
            elif isinstance(item, (Clip, Group, FixedToViewport)):
                around.append(point)
                if point is not None:
                    point = _inside(item, point, scroll)
        return found


def _inside(
    item: Clip | Group | FixedToViewport, point: tuple[float, float], scroll: tuple[float, float]
) -> tuple[float, float] | None:
    """The point in the coordinates of what an item holds together; None if nothing of it is seen there."""
    x, y = point
    if isinstance(item, FixedToViewport):
        return x - scroll[0], y - scroll[1]
    if isinstance(item, Clip):
        if item.rect is not None and not item.rect.holds(*point):
            return None
        return x - item.x, y - item.y
    if item.matrix is None:
        return point
    inverse: Matrix | None = inverted(item.matrix)
    if inverse is None:
        return None  # flattened to a line
    a, b, c, d, e, f = inverse
    mapped = (a * x + c * y + e, b * x + d * y + f)
    return mapped if all(map(math.isfinite, mapped)) else None
