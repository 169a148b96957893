"""Where elements are: the rectangles of a page, as getBoundingClientRect gives them (CSSOM View 1 §6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pressenter.browser.html.dom import SVG, Element
from pressenter.browser.layout.boxes import InlineBox, ReplacedBox
from pressenter.browser.layout.fragments import BoxFragment, Fragment, LayoutResult, Placeholder, TextFragment
from pressenter.browser.layout.svg_geometry import svg_rectangles
from pressenter.browser.layout.transforms import Matrix, mapped_bounds, multiplied, transformation

__all__ = ["PlacedFragment", "Rectangle", "element_rectangles", "page_fragments"]


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

    def mapped(self, matrix: Matrix) -> Rectangle:
        """The rectangle around what a matrix makes of this one."""
        left, top, right, bottom = mapped_bounds(matrix, self.x, self.y, self.x + self.width, self.y + self.height)
        return Rectangle(left, top, right - left, bottom - top)


class PlacedFragment(NamedTuple):
    """A fragment with the page coordinates of its corner, and the transforms of the boxes around it.

    ``block`` is the element of the innermost box around it that is no inline one, or its own.
    """

    fragment: BoxFragment | TextFragment
    x: float
    y: float
    matrix: Matrix | None
    block: Element | None

    @property
    def rectangle(self) -> Rectangle:
        """Where it is seen."""
        rectangle = Rectangle(self.x, self.y, self.fragment.width, self.fragment.height)
        return rectangle if self.matrix is None else rectangle.mapped(self.matrix)


def page_fragments(layout: LayoutResult) -> Iterator[PlacedFragment]:
    """Every fragment of a page, what is positioned where its placeholder stands in the tree."""
    positioned = {fragment.box: fragment for fragment in layout.positioned}
    stack: list[tuple[Fragment, float, float, Matrix | None, Element | None]] = [(layout.root, 0.0, 0.0, None, None)]
    while stack:
        item, x, y, matrix, block = stack.pop()
        if isinstance(item, Placeholder):
            placed = positioned.get(item.box)
            if placed is not None:
                stack.append((placed, 0.0, 0.0, matrix, block))
            continue
        x, y = x + item.x, y + item.y
        if isinstance(item, BoxFragment):
            own = transformation(item.box.style, x, y, item.width, item.height)
            if own is not None and not isinstance(item.box, InlineBox):
                matrix = own if matrix is None else multiplied(matrix, own)
            if item.box.element is not None and not isinstance(item.box, InlineBox):
                block = item.box.element
            stack.extend((child, x, y, matrix, block) for child in reversed(item.children))
        yield PlacedFragment(item, x, y, matrix, block)


def element_rectangles(layout: LayoutResult) -> dict[Element, Rectangle]:
    """The border box of each element that has one; of several fragments the rectangle around them."""
    found: dict[Element, Rectangle] = {}
    for placed in page_fragments(layout):
        fragment = placed.fragment
        if isinstance(fragment, TextFragment):
            continue
        element = fragment.box.element or getattr(fragment.box, "continues", None)
        if element is None:
            continue
        rectangle = placed.rectangle
        known = found.get(element)
        found[element] = rectangle if known is None else known.joined(rectangle)
        if element.namespace == SVG and isinstance(fragment.box, ReplacedBox):
            found |= _drawing_rectangles(element, placed)
    return found


def _drawing_rectangles(svg: Element, placed: PlacedFragment) -> dict[Element, Rectangle]:
    """The shapes in an inline drawing."""
    fragment = placed.fragment
    assert isinstance(fragment, BoxFragment) and isinstance(fragment.box, ReplacedBox)
    x, y, right, bottom = placed.x, placed.y, placed.x + fragment.width, placed.y + fragment.height
    if fragment.edges is not None:
        x, y = x + fragment.edges.left, y + fragment.edges.top
        right, bottom = right - fragment.edges.right, bottom - fragment.edges.bottom
    found = {}
    for element, (left, top, far, low) in svg_rectangles(svg, (x, y, right, bottom), fragment.box.texts):
        rectangle = Rectangle(left, top, far - left, low - top)
        found[element] = rectangle if placed.matrix is None else rectangle.mapped(placed.matrix)
    return found
