"""Where elements are: the rectangles of a page, as getBoundingClientRect gives them (CSSOM View 1 §6)."""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import Box
from pressenter.browser.layout.fragments import BoxFragment, Fragment, LayoutResult, Placeholder, TextFragment, walk

__all__ = ["Rectangle", "element_rectangles", "page_fragments"]


class Rectangle(NamedTuple):
    """A rectangle in page coordinates, in CSS pixels."""

    x: float
    y: float
    width: float
    height: float

    def joined(self, other: Rectangle) -> Rectangle:
        """The smallest rectangle around both; those without any size do not count beside others."""
        if not (other.width or other.height):
            return self
        if not (self.width or self.height):
            return other
        left, top = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Rectangle(left, top, right - left, bottom - top)


def page_fragments(layout: LayoutResult) -> list[tuple[Fragment, float, float]]:
    """Every fragment of a page with the page coordinates of its corner, placeholders left out."""
    return [
        entry
        for root in (layout.root, *layout.positioned)
        for entry in walk(root)
        if not isinstance(entry[0], Placeholder)
    ]


def element_rectangles(layout: LayoutResult) -> dict[Element, Rectangle]:
    """The border box of each element that has one; of several fragments the rectangle around them."""
    found: dict[Element, Rectangle] = {}
    for fragment, x, y in page_fragments(layout):
        if isinstance(fragment, TextFragment):
            continue
        assert isinstance(fragment, BoxFragment)
        box: Box = fragment.box
        if box.element is None:
            continue
        rectangle = Rectangle(x, y, fragment.width, fragment.height)
        known = found.get(box.element)
        found[box.element] = rectangle if known is None else known.joined(rectangle)
    return found
