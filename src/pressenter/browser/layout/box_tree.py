"""The box tree: what is to be laid out (CSS Display 3, CSS 2.2 §9.2).

An element makes no box, one, or several.  A block inside an inline element splits that
element in two, with the block between.  Parts of tables that stand outside of a table
get one around them (`table_boxes`), and some elements are drawn as more than their
content (`element_boxes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle, StyledDocument
from pressenter.browser.css.selectors import ancestors
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.html.dom import HTML, Document, Element, Node, Text
from pressenter.browser.layout.boxes import (
    BlockBox,
    Box,
    FlexBox,
    GridBox,
    InlineBox,
    IntrinsicSize,
    ReplacedBox,
    TablePart,
    TextBox,
    anonymous_style,
    inner_boxes,
)
from pressenter.browser.layout.counters import Counters
from pressenter.browser.layout.element_boxes import SPECIAL_ELEMENTS, picture_box
from pressenter.browser.layout.first_letter import with_first_letter
from pressenter.browser.layout.list_markers import marker_text, ordinals
from pressenter.browser.layout.table_boxes import PART_DISPLAYS, TableLimits, table_box, wrap_table_parts

__all__ = ["BoxMemory", "BoxTree", "BoxTreeBuilder", "Picture", "build_box_tree", "dump_boxes"]

MAXIMUM_BOXES = 200_000
MAXIMUM_CHARACTERS = 3_000_000  # of one page


class Picture(NamedTuple):
    """A decoded picture: its key, its size, and whether it has a ratio but no size of its own."""

    key: str
    size: IntrinsicSize
    ratio: float | None = None
    has_only_ratio: bool = False


class BoxTree(NamedTuple):
    """The root box; ``truncated`` if the page had more boxes than are laid out.

    ``made`` is how many nodes of the document boxes were made for this time.
    """

    root: Box
    truncated: bool
    made: int = 0


class _Made(NamedTuple):
    """The boxes of an element, and what they count for."""

    boxes: list[Box]
    nodes: int
    characters: int


class BoxMemory:
    """The boxes that a document's elements had, for a page that is drawn again after a change.

    Boxes are values: those of an element in which nothing has changed can stand in the new tree.
    """

    def __init__(self) -> None:
        self._made: dict[Node, _Made] = {}

    def drop(self, nodes: Iterable[Node]) -> None:
        """The boxes of these nodes alone are to be made anew."""
        for node in nodes:
            self._made.pop(node, None)

    def forget(self, elements: Iterable[Element]) -> None:
        """The boxes of these elements, and of those around them, are to be made anew."""
        for element in elements:
            self.drop((element, *ancestors(element)))

    def clear(self) -> None:
        """All boxes are to be made anew."""
        self._made.clear()

    def get(self, element: Element) -> _Made | None:
        """What an element had, if it may be used again."""
        return self._made.get(element)

    def keep(self, element: Element, made: _Made) -> None:
        """Remember what was made."""
        self._made[element] = made


class BoxTreeBuilder:
    """Makes the boxes of one document."""

    def __init__(
        self, styled: StyledDocument, pictures: Mapping[Element, Picture | None], by_address: Mapping[str, Picture],
        fonts: Any, memory: BoxMemory | None = None,
    ) -> None:  # fmt: skip
        self._memory = memory
        self.styled = styled
        self.pictures = pictures
        self.by_address = by_address
        self.fonts = fonts
        self.counters = Counters()
        self.limits = TableLimits()
        self.count = 0
        self.made = 0
        self.characters = 0
        self.is_full = False
        self._ordinals: dict[Node, dict[Element, int]] = {}

    @property
    def truncated(self) -> bool:
        """Whether something was left out."""
        return self.is_full or self.limits.reached

    def children_of(self, element: Element, style: ComputedStyle) -> list[Box]:
        """The boxes of an element's content, its pseudo-elements included."""
        boxes = self._pseudo(element, "before")
        if element.is_html(("details",)):
            boxes += self._details(element, style)
        else:
            for node in element.children:
                boxes += self.boxes_for(node, style)
        boxes += self._pseudo(element, "after")
        self.counters.leave(element)
        return boxes

    def _details(self, element: Element, style: ComputedStyle) -> list[Box]:
        """The summary first; what is closed is laid out, but takes no room and is not drawn (HTML Standard §15.5.4)."""
        summary = next((c for c in element.children if isinstance(c, Element) and c.is_html(("summary",))), None)
        boxes = self.boxes_for(summary, style) if summary is not None else []
        rest: list[Box] = []
        for node in element.children:
            if node is not summary:
                rest += self.boxes_for(node, style)
        if "open" in element.attributes:
            return boxes + rest
        hidden = {**anonymous_style(style), "contain": ("layout", "paint", "size", "style")}
        return [*boxes, BlockBox(hidden, None, rest)] if rest else boxes

    def boxes_for(self, node: Node, parent_style: ComputedStyle) -> list[Box]:
        """The boxes of a node."""
        if self.count >= MAXIMUM_BOXES:
            self.is_full = True
            return []
        self.count += 1
        self.made += 1
        if isinstance(node, Text):
            self.characters += len(node.data)
            if self.characters > MAXIMUM_CHARACTERS:
                self.is_full = True
                return []
            return [TextBox(parent_style, node.data)] if node.data else []
        if not isinstance(node, Element):
            return []
        if self._memory is None:
            return self._element(node)
        made = self._memory.get(node)
        if made is None:
            count, characters = self.count, self.characters
            boxes = self._element(node)
            self._memory.keep(node, _Made(boxes, self.count - count, self.characters - characters))
            return boxes
        self.made -= 1
        self.count += made.nodes
        self.characters += made.characters
        return made.boxes

    def _element(self, node: Element) -> list[Box]:
        style = self.styled.styles[node]
        if node.tag == "body" and node.parent_element is not None and node.parent_element.parent_element is None:
            style = self._without_viewport_overflow(style)
        display = style["display"]
        if display == "none":
            return []
        self.counters.enter(node.parent, style)
        if display == "contents":
            return self.children_of(node, style)
        special = SPECIAL_ELEMENTS.get(node.tag) if node.namespace == HTML else None
        if special is not None:
            made = special(self, node, style)
            if made is not None:
                return made
        if node.namespace != HTML and node.tag == "svg":
            return picture_box(self, node, style) or []
        if display == "inline":
            return self._inline(node, style)
        children = self.children_of(node, style)
        letter = self.styled.pseudo_styles.get((node, "first-letter"))
        if letter is not None:
            children = with_first_letter(children, letter)
        marker, picture = self._marker(node, style)
        if (marker or picture) and style["list-style-position"] == "inside":
            children = [TextBox(anonymous_style(style, "inline"), marker.rstrip() + "\u00a0"), *children]
            marker = picture = ""
        return [self.box(style, node, children, marker, picture)]

    def _without_viewport_overflow(self, style: ComputedStyle) -> ComputedStyle:
        """The body's overflow is the viewport's where the root has none (CSS Overflow 3 §3.3)."""
        if self.styled.root_style["overflow-x"] != "visible" or style["overflow-x"] == "visible":
            return style
        return {**style, "overflow-x": "visible", "overflow-y": "visible"}

    def box(
        self, style: ComputedStyle, element: Element | None, children: list[Box], marker: str = "", picture: str = ""
    ) -> Box:
        """The box of a display type that is not inline."""
        display = style["display"]
        if display in ("table", "inline-table"):
            return table_box(style, element, children, self.limits)
        if display in PART_DISPLAYS:
            return TablePart(style, element, children)
        children = wrap_table_parts(children, style, self.limits)
        if display in ("flex", "inline-flex", "-webkit-box"):
            return FlexBox(style, element, children)
        if display in ("grid", "inline-grid"):
            return GridBox(style, element, children)
        return BlockBox(style, element, children, marker, picture)

    def _marker(self, item: Element, style: ComputedStyle) -> tuple[str, str]:
        """A list item's marker, as text or as a picture."""
        if style["display"] != "list-item":
            return "", ""
        image = style["list-style-image"]
        if isinstance(image, tuple) and image[0] == "url" and image[1] in self.by_address:
            return "", image[1]
        parent = item.parent_element
        number = 1
        if parent is not None:
            if parent not in self._ordinals:
                self._ordinals[parent] = ordinals(parent, self.styled.styles)
            number = self._ordinals[parent].get(item, 1)
        return marker_text(item, style, number), ""

    def _inline(self, node: Element, style: ComputedStyle) -> list[Box]:
        """An inline element, split around blocks (CSS 2.2 §9.2.1.1)."""
        parts: list[Box] = []
        run: list[Box] = []
        blocks: list[Box] = []
        for child in wrap_table_parts(self.children_of(node, style), style, self.limits):
            if child.is_block_level and child.is_in_flow:
                if run:
                    parts.append(InlineBox(style, node, run))
                    run = []
                blocks.append(child)
            else:
                if blocks and (not isinstance(child, TextBox) or child.text.strip()):
                    parts.append(BlockBox(anonymous_style(style), None, blocks, continues=node))
                    blocks = []
                run.append(child)
        if blocks:
            parts.append(BlockBox(anonymous_style(style), None, blocks, continues=node))
            run = [] if all(isinstance(child, TextBox) and not child.text.strip() for child in run) else run
        if run or not parts:
            parts.append(InlineBox(style, node, run))
        return parts

    def _pseudo(self, element: Element, name: str) -> list[Box]:
        """::before and ::after (CSS Pseudo-elements 4 §4)."""
        style = self.styled.pseudo_styles.get((element, name))
        if style is None or style["display"] == "none":
            return []
        self.counters.enter(element, style)
        content = self._generated(element, style)
        if style["display"] == "contents":
            return content
        if style["display"] == "inline":
            return [InlineBox(style, None, content)]
        return [self.box(style, None, content)]

    def _generated(self, element: Element, style: ComputedStyle) -> list[Box]:
        """What ``content`` says: text, attributes, counters, pictures."""
        boxes: list[Box] = []
        text = ""
        plain = anonymous_style(style, "inline")
        for kind, *values in style["content"]:
            if kind == "url":
                picture = self.by_address.get(values[0])
                if picture is not None:
                    if text:
                        boxes.append(TextBox(style, text))
                        text = ""
                    boxes.append(ReplacedBox(plain, None, picture.size, picture.key, ratio=picture.ratio))
            elif kind == "attr":
                text += element.get(values[0])
            elif kind in ("counter", "counters"):
                text += self.counters.text(kind, values)
            elif kind == "quote":
                text += self.counters.quote(values[0], style["quotes"])
            elif kind == "string":
                text += values[0]
        if text:
            boxes.append(TextBox(style, text))
        return boxes


def build_box_tree(
    document: Document, styled: StyledDocument, pictures: Mapping[Element, Picture | None],
    by_address: Mapping[str, Picture] | None = None, fonts: Any = None, memory: BoxMemory | None = None,
) -> BoxTree:  # fmt: skip
    """Make the boxes of a document.

    Args:
        pictures: for each element that shows a picture which was decoded, that picture; None if it is on its way.
        by_address: the pictures that styles name.
        fonts: the font library, which the sizes of some controls depend on.
        memory: what was made before and has not changed; it takes what is made now.
    """
    root = document.root
    if root is None or styled.styles[root]["display"] == "none":
        return BoxTree(BlockBox(styled.root_style, root, []), False)
    builder = BoxTreeBuilder(styled, pictures, by_address or {}, fonts, memory)
    style = styled.styles[root]
    with deep_nesting():
        builder.counters.enter(document, style)
        box = builder.box(style, root, builder.children_of(root, style))
    return BoxTree(box, builder.truncated, builder.made)


def dump_boxes(box: Box) -> str:
    """The tree as text: kind, element, and text."""
    lines: list[str] = []
    stack = [(box, 0)]
    while stack:
        item, depth = stack.pop()
        name = type(item).__name__.removesuffix("Box").lower()
        element = (
            f" <{item.element.tag}>" if item.element is not None else " (anonymous)" * (name in ("block", "inline"))
        )
        extra = f" {item.text!r}" if isinstance(item, TextBox) else ""
        lines.append("  " * depth + name + element + extra)
        stack.extend((child, depth + 1) for child in reversed(list(inner_boxes(item))))
    return "\n".join(lines)
