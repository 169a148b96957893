"""What is inside of a page, as plain values that can be shown and searched.

Source, DOM, computed styles, boxes, fragments and layers are lists whose entries point at one another
by number, so that a viewer can light up the same thing in each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.properties import INITIAL_COMPUTED
from pressenter.browser.hit_testing import elements_in_order
from pressenter.browser.html.dom import Comment, Doctype, Element, Node, Text
from pressenter.browser.layout.boxes import Box, TextBox, inner_boxes
from pressenter.browser.layout.fragments import BoxFragment
from pressenter.browser.layout.rectangles import page_fragments
from pressenter.browser.page import Page
from pressenter.browser.paint.compositor import page_layers
from pressenter.browser.paint.items import dump_display_list

__all__ = ["inspect_page"]

_MOST = 20_000  # nodes, boxes and lines of the display list that are told


def inspect_page(page: Page) -> dict[str, Any]:
    """A page as values.

    ``nodes`` and ``boxes`` are in tree order, each with the number of its parent (-1: none); a node has the number
    of its style and where its start tag stands in ``source``; a box has the number of its node.  ``rectangles`` are
    border boxes in page coordinates, by node; ``layers`` have their display lists as text.
    """
    nodes, numbers = _nodes(page)
    styles, style_numbers = _styles(page)
    for node, element in zip(nodes, numbers, strict=True):
        style = page.styled.found(element) if isinstance(element, Element) else None
        node["style"] = style_numbers.get(id(style), -1)
    by_node = {id(node): number for number, node in enumerate(numbers)}
    return {
        "url": page.url, "title": page.title, "encoding": page.document.encoding, "quirks": page.document.quirks,
        "source": "".join(page.document.source),
        "nodes": nodes, "styles": styles, "boxes": _boxes(page.boxes, by_node),
        "rectangles": _rectangles(page, by_node),
        "layers": _layers(page, by_node),
        "size": [page.layout.width, page.layout.height],
    }  # fmt: skip


def _layers(page: Page, by_node: dict[int, int]) -> list[dict[str, Any]]:
    """From below: whether it stands fixed, its display list, and the numbers of the nodes that are drawn in it."""
    drawn = page_layers(page.display_list)
    walked = page_layers(elements_in_order(page, {}))
    told = [
        {"fixed": fixed, "items": len(items), "display_list": dump_display_list(items[:_MOST]), "nodes": []}
        for fixed, items in drawn
    ]
    if [fixed for fixed, _ in walked] == [fixed for fixed, _ in drawn]:
        for layer, (_, elements) in zip(told, walked, strict=True):
            numbers = {by_node[id(element)] for element in elements if id(element) in by_node}
            layer["nodes"] = sorted(numbers)
    return told


def _nodes(page: Page) -> tuple[list[dict[str, Any]], list[Node]]:
    found: list[dict[str, Any]] = []
    nodes: list[Node] = []
    stack: list[tuple[Node, int]] = [(child, -1) for child in reversed(page.document.children)]
    while stack and len(nodes) < _MOST:
        node, parent = stack.pop()
        number = len(nodes)
        nodes.append(node)
        found.append({"parent": parent, **_node(node)})
        stack.extend((child, number) for child in reversed(node.children))
    return found, nodes


def _node(node: Node) -> dict[str, Any]:
    if isinstance(node, Element):
        attributes = list(node.attributes.items())
        return {"kind": "element", "name": node.tag, "attributes": attributes, "source": node.source}
    if isinstance(node, Doctype):
        return {"kind": "doctype", "name": node.name}
    kind = "text" if isinstance(node, Text) else "comment"
    return {"kind": kind, "text": node.data if isinstance(node, (Text, Comment)) else ""}


def _styles(page: Page) -> tuple[list[dict[str, str]], dict[int, int]]:
    """Each different style once, with the properties that differ from their initial values."""
    found: list[dict[str, str]] = []
    numbers: dict[int, int] = {}
    for style in page.styled.styles.values():
        if id(style) not in numbers:
            numbers[id(style)] = len(found)
            found.append(_style(style))
    return found, numbers


def _style(style: ComputedStyle) -> dict[str, str]:
    return {
        name: _value(style[name]) for name in sorted(INITIAL_COMPUTED) if style[name] != INITIAL_COMPUTED[name]
    }  # fmt: skip


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple) and len(value) == 4 and all(isinstance(part, float) for part in value):
        return "rgb({:.0f} {:.0f} {:.0f} / {:g})".format(*(255 * part for part in value[:3]), value[3])
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return str(value)


def _boxes(root: Box, by_node: dict[int, int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    stack = [(root, -1)]
    while stack and len(found) < _MOST:
        box, parent = stack.pop()
        number = len(found)
        entry = {
            "parent": parent, "kind": type(box).__name__.removesuffix("Box").lower(),
            "node": by_node.get(id(box.element), -1) if box.element is not None else -1,
        }  # fmt: skip
        if isinstance(box, TextBox):
            entry["text"] = box.text[:200]
        found.append(entry)
        stack.extend((child, number) for child in reversed(list(inner_boxes(box))))
    return found


def _rectangles(page: Page, by_node: dict[int, int]) -> list[list[float]]:
    """Number of the node, x, y, width, height of each fragment of a box, in painting order of the tree."""
    return [row for row, _ in zip(_fragment_rows(page, by_node), range(_MOST), strict=False)]


def _fragment_rows(page: Page, by_node: dict[int, int]) -> Iterator[list[float]]:
    for placed in page_fragments(page.layout):
        fragment = placed.fragment
        element = fragment.box.element if isinstance(fragment, BoxFragment) else None
        if element is not None and id(element) in by_node:
            yield [by_node[id(element)], *(round(value, 2) for value in placed.rectangle)]
