"""The box tree: what is to be laid out (CSS Display 3, CSS 2.2 §9.2).

An element makes no box, one, or several.  A block inside an inline element splits that
element in two, with the block between.  Rows and cells of a table are collected from
wherever they stand and get their places in a grid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle, StyledDocument
from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.html.dom import HTML, Document, Element, Node, Text
from pressenter.browser.layout.boxes import (
    BlockBox,
    Box,
    FlexBox,
    GridBox,
    InlineBox,
    IntrinsicSize,
    LineBreakBox,
    ReplacedBox,
    TableBox,
    TableCell,
    TextBox,
    anonymous_style,
)
from pressenter.browser.layout.list_markers import marker_text, ordinals

__all__ = ["BoxTree", "build_box_tree", "count_boxes", "dump_boxes"]

MAXIMUM_BOXES = 200_000
MAXIMUM_COLUMNS = 5_000  # of one table
MAXIMUM_CHARACTERS = 3_000_000  # of one page


class BoxTree(NamedTuple):
    """The root box; ``truncated`` if the page had more boxes than are laid out."""

    root: BlockBox
    truncated: bool


_Row = tuple[ComputedStyle, "Element | None", "list[Element | Text]"]


class _Builder:
    def __init__(self, styled: StyledDocument, pictures: Mapping[Element, tuple[str, IntrinsicSize]]) -> None:
        self.styled = styled
        self.pictures = pictures
        self.count = 0
        self.characters = 0
        self.truncated = False
        self._ordinals: dict[Node, dict[Element, int]] = {}

    def children_of(self, element: Element, style: ComputedStyle) -> list[Box]:
        boxes: list[Box] = []
        boxes += self._pseudo(element, "before")
        closed = element.tag == "details" and "open" not in element.attributes
        for node in element.children:
            if not closed or (isinstance(node, Element) and node.tag == "summary"):
                boxes += self.boxes_for(node, style)
        boxes += self._pseudo(element, "after")
        return boxes

    def boxes_for(self, node: Node, parent_style: ComputedStyle) -> list[Box]:
        if self.count >= MAXIMUM_BOXES:
            self.truncated = True
            return []
        self.count += 1
        if isinstance(node, Text):
            self.characters += len(node.data)
            if self.characters > MAXIMUM_CHARACTERS:
                self.truncated = True
                return []
            return [TextBox(parent_style, node.data)] if node.data else []
        if not isinstance(node, Element):
            return []
        style = self.styled.styles[node]
        display = style["display"]
        if display == "none":
            return []
        if display == "contents":
            return self.children_of(node, style)
        special = _SPECIAL_ELEMENTS.get(node.tag) if node.namespace == HTML else None
        if special is not None:
            made = special(self, node, style)
            if made is not None:
                return made
        if node.namespace != HTML and node.tag == "svg":
            return _picture(self, node, style) or []
        if display in ("table", "inline-table"):
            return [self._table(node, style)]
        if display == "inline":
            return self._inline(node, style)
        children = self.children_of(node, style)
        marker = self._marker(node, style) if display == "list-item" else ""
        if marker and style["list-style-position"] == "inside":
            children.insert(0, TextBox(anonymous_style(style, "inline"), marker + "\u00a0"))
            marker = ""
        if display in ("flex", "inline-flex", "-webkit-box"):
            return [FlexBox(style, node, children)]
        if display in ("grid", "inline-grid"):
            return [GridBox(style, node, children)]
        return [BlockBox(style, node, children, marker)]

    def _marker(self, item: Element, style: ComputedStyle) -> str:
        parent = item.parent_element
        if parent is None:
            return marker_text(item, style, 1)
        if parent not in self._ordinals:
            self._ordinals[parent] = ordinals(parent)
        return marker_text(item, style, self._ordinals[parent].get(item, 1))

    def _inline(self, node: Element, style: ComputedStyle) -> list[Box]:
        """An inline element, split around blocks (CSS 2.2 §9.2.1.1)."""
        parts: list[Box] = []
        run: list[Box] = []
        for child in self.children_of(node, style):
            if child.is_block_level and child.is_in_flow:
                if run:
                    parts.append(InlineBox(style, node, run))
                    run = []
                parts.append(child)
            else:
                run.append(child)
        if run or not parts:
            parts.append(InlineBox(style, node, run))
        return parts

    def _pseudo(self, element: Element, name: str) -> list[Box]:
        style = self.styled.pseudo_styles.get((element, name))
        if style is None or style["display"] == "none":
            return []
        text = "".join(value if kind == "string" else element.get(value) for kind, value in style["content"])
        content: list[Box] = [TextBox(style, text)] if text else []
        if style["display"] == "inline":
            return [InlineBox(style, None, content)]
        if style["display"] in ("flex", "inline-flex"):
            return [FlexBox(style, None, content)]
        return [BlockBox(style, None, content)]

    # ---- tables ------------------------------------------------------------------------------

    def _table(self, table: Element, style: ComputedStyle) -> TableBox:
        """CSS 2.2 §17.2: rows from wherever they stand; what is no row becomes one."""
        captions: list[BlockBox] = []
        rows: list[_Row] = []
        widths: list[Any] = []
        head: list[_Row] = []
        foot: list[_Row] = []
        for child in _cell_contents(table):
            if isinstance(child, Text):
                rows.append((anonymous_style(style, "table-row"), None, [child]))
                continue
            child_style = self.styled.styles[child]
            display = child_style["display"]
            if display == "table-caption":
                captions.append(BlockBox(child_style, child, self.children_of(child, child_style)))
            elif display in ("table-row-group", "table-header-group", "table-footer-group"):
                target = {"table-header-group": head, "table-footer-group": foot}.get(display, rows)
                target += self._rows_of(child)
            elif display == "table-row":
                rows.append((child_style, child, _cell_contents(child)))
            elif display in ("table-column", "table-column-group"):
                widths += self._column_widths(child)
                del widths[MAXIMUM_COLUMNS:]
            elif display != "none":
                rows.append((anonymous_style(style, "table-row"), None, [child]))
        rows = [*head, *rows, *foot]
        cells = self._place_cells(rows)
        return TableBox(style, table, captions, cells, [(s, e) for s, e, _ in rows], widths)

    def _rows_of(self, group: Element) -> list[_Row]:
        rows: list[_Row] = []
        for row in _element_children(group):
            style = self.styled.styles[row]
            if style["display"] == "table-row":
                rows.append((style, row, _cell_contents(row)))
            elif style["display"] != "none":
                rows.append((anonymous_style(style, "table-row"), None, [row]))
        return rows

    def _column_widths(self, column: Element) -> list[Any]:
        columns = _element_children(column) if column.tag == "colgroup" else [column]
        return [self.styled.styles[c]["width"] for c in columns or [column] for _ in range(_span(c, "span"))]

    def _place_cells(self, rows: list[_Row]) -> list[TableCell]:
        """HTML Standard §4.9.12: the algorithm for forming a table."""
        cells: list[TableCell] = []
        occupied_until: list[int] = []  # by column: the first row that is free again
        for row, (row_style, _, contents) in enumerate(rows):
            column = 0
            for content in contents:
                if isinstance(content, Text):
                    style = anonymous_style(row_style, "table-cell")
                    box = BlockBox(style, None, [TextBox(anonymous_style(style, "inline"), content.data)])
                    row_span = column_span = 1
                else:
                    style = self.styled.styles[content]
                    if style["display"] == "none":
                        continue
                    box = BlockBox(style, content, self.children_of(content, style))
                    row_span = min(_span(content, "rowspan"), len(rows) - row)
                    column_span = _span(content, "colspan")
                while column < len(occupied_until) and occupied_until[column] > row:
                    column += 1
                if column + column_span > MAXIMUM_COLUMNS:
                    self.truncated = True
                    break
                self.count += 1
                cells.append(TableCell(box, row, column, row_span, column_span))
                missing = column + column_span - len(occupied_until)
                occupied_until.extend([0] * missing)
                occupied_until[column : column + column_span] = [row + row_span] * column_span
                column += column_span
        return cells


def _cell_contents(row: Element) -> list[Element | Text]:
    """What makes cells: elements, and text that is more than white space (CSS 2.2 §17.2.1)."""
    return [
        child
        for child in row.children
        if isinstance(child, Element) or (isinstance(child, Text) and child.data.strip())
    ]


def _element_children(element: Element) -> list[Element]:
    return [child for child in element.children if isinstance(child, Element)]


def _span(element: Element, name: str) -> int:
    return whole_number(element.get(name), 1, 1, 1000)  # HTML Standard §4.9.11


# ---- elements that are drawn as more than their content -------------------------------------


def _line_break(builder: _Builder, node: Element, style: ComputedStyle) -> list[Box] | None:
    return [LineBreakBox(style, node)]


def _word_break(builder: _Builder, node: Element, style: ComputedStyle) -> list[Box] | None:
    return [TextBox(style, "\u200b")]


def _picture(builder: _Builder, node: Element, style: ComputedStyle) -> list[Box] | None:
    found = builder.pictures.get(node)
    if found is not None:
        return [_picture_box(style, node, *found)]
    alternative = node.get("alt")
    if not node.get("src") or "alt" in node.attributes:
        # HTML Standard §15.4.2: a picture that is not there is its alternative text
        return [InlineBox(style, node, [TextBox(style, alternative)])] if alternative else []
    return [ReplacedBox(style, node, IntrinsicSize(16, 16), label="\u25a1")]


def _picture_box(style: ComputedStyle, node: Element, key: str, size: IntrinsicSize) -> ReplacedBox:
    ratio = size.width / size.height if size.width and size.height else None
    return ReplacedBox(style, node, size, picture=key, ratio=ratio)


def _attribute_size(node: Element, width: float, height: float) -> IntrinsicSize:
    values = []
    for name, default in (("width", width), ("height", height)):
        text = node.get(name).strip().removesuffix("px")
        values.append(float(text) if text.replace(".", "", 1).isdecimal() else default)
    return IntrinsicSize(*values)


def _frame(builder: _Builder, node: Element, style: ComputedStyle) -> list[Box] | None:
    return [ReplacedBox(style, node, _attribute_size(node, 300, 150))]


def _input(builder: _Builder, node: Element, style: ComputedStyle) -> list[Box] | None:
    kind = node.get("type").lower()
    if kind == "hidden":
        return []
    if kind in ("submit", "reset", "button"):
        label = node.get("value") or {"submit": "Submit", "reset": "Reset"}.get(kind, "")
        return [BlockBox(style, node, [TextBox(anonymous_style(style, "inline"), label)])]
    if kind in ("checkbox", "radio"):
        mark = "\u2713" if "checked" in node.attributes else ""
        return [ReplacedBox(style, node, IntrinsicSize(11, 11), label=mark)]
    columns = whole_number(node.get("size"), 20, 1, 500)
    label = node.get("value") or node.get("placeholder")
    if kind == "password":
        label = "\u2022" * len(node.get("value")) or node.get("placeholder")
    return [
        ReplacedBox(
            style, node, IntrinsicSize(columns * style["font-size"] * 0.55, style["font-size"] * 1.25), label=label
        )
    ]


def _text_area(builder: _Builder, node: Element, style: ComputedStyle) -> list[Box] | None:
    height = whole_number(node.get("rows"), 2, 1, 200) * style["font-size"] * 1.25
    width = whole_number(node.get("cols"), 20, 1, 500) * style["font-size"] * 0.6
    return [ReplacedBox(style, node, IntrinsicSize(width, height), label=node.text_content())]


def _select(builder: _Builder, node: Element, style: ComputedStyle) -> list[Box] | None:
    options = [item for item in node.elements() if item.tag == "option"]
    chosen = next((item for item in options if "selected" in item.attributes), options[0] if options else None)
    widest = max((len(item.text_content().strip()) for item in options), default=4)
    label = " ".join(chosen.text_content().split()) if chosen is not None else ""
    size = IntrinsicSize(widest * style["font-size"] * 0.55 + 18, style["font-size"] * 1.25)
    return [ReplacedBox(style, node, size, label=label)]


_SPECIAL_ELEMENTS: dict[str, Callable[[_Builder, Element, ComputedStyle], list[Box] | None]] = {
    "br": _line_break,
    "wbr": _word_break,
    "img": _picture,
    "iframe": _frame,
    "video": _frame,
    "canvas": _frame,
    "embed": _frame,
    "input": _input,
    "textarea": _text_area,
    "select": _select,
}


def build_box_tree(
    document: Document, styled: StyledDocument, pictures: Mapping[Element, tuple[str, IntrinsicSize]]
) -> BoxTree:
    """Make the boxes of a document.

    Args:
        pictures: for each img or svg element whose picture was decoded, its key and its size.
    """
    root = document.root
    if root is None or styled.styles[root]["display"] == "none":
        return BoxTree(BlockBox(styled.root_style, root, []), False)
    builder = _Builder(styled, pictures)
    style = styled.styles[root]
    with deep_nesting():
        children = builder.children_of(root, style)
    return BoxTree(BlockBox(style, root, children), builder.truncated)


def _inner(box: Box) -> Iterable[Box]:
    if isinstance(box, TableBox):
        return [*box.captions, *(cell.box for cell in box.cells)]
    return getattr(box, "children", ())


def count_boxes(box: Box) -> int:
    """How many boxes a tree has."""
    total, stack = 0, [box]
    while stack:
        item = stack.pop()
        total += 1
        stack.extend(_inner(item))
    return total


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
        stack.extend((child, depth + 1) for child in reversed(list(_inner(item))))
    return "\n".join(lines)
