"""Putting tables together: parts find their places, and missing parts are added (CSS 2.2 §17.2.1).

A table's rows are collected from wherever they stand; what is no row becomes one, what is no
cell goes into one, and parts of a table that stand outside of any get a table around them.
"""

from __future__ import annotations

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import (
    BlockBox,
    Box,
    TableBox,
    TableCell,
    TablePart,
    TableTrack,
    TextBox,
    anonymous_style,
)
from pressenter.browser.layout.collapsed_borders import collapse_borders

__all__ = ["PART_DISPLAYS", "TableLimits", "table_box", "wrap_table_parts"]

_GROUPS = ("table-row-group", "table-header-group", "table-footer-group")
PART_DISPLAYS = frozenset((*_GROUPS, "table-row", "table-cell", "table-caption", "table-column", "table-column-group"))
MAXIMUM_COLUMNS = 5_000  # of one table


class TableLimits:
    """Whether a table had more columns than are laid out."""

    def __init__(self) -> None:
        self.reached = False


def _is_blank(box: Box) -> bool:
    return isinstance(box, TextBox) and not box.text.strip(" \t\n\r\f")


def _display(box: Box) -> str:
    return str(box.style["display"]) if isinstance(box, TablePart) else ""


def _without_blanks(children: list[Box]) -> list[Box]:
    """White space between parts of a table makes nothing."""
    kept = []
    for index, child in enumerate(children):
        if _is_blank(child):
            before = _display(children[index - 1]) if index else "edge"
            after = _display(children[index + 1]) if index + 1 < len(children) else "edge"
            if before and after:
                continue
        kept.append(child)
    return kept


def wrap_table_parts(children: list[Box], style: ComputedStyle, limits: TableLimits) -> list[Box]:
    """Give parts of tables that stand among other boxes a table of their own."""
    if not any(isinstance(child, TablePart) for child in children):
        return children
    wrapped: list[Box] = []
    run: list[Box] = []

    def flush() -> None:
        while run and _is_blank(run[-1]):
            wrapped.append(run.pop())
        if run:
            kind = "inline-table" if style["display"] == "inline" else "table"
            wrapped.append(table_box(anonymous_style(style, kind), None, list(run), limits))
            run.clear()

    for child in children:
        if isinstance(child, TablePart) or (run and _is_blank(child)):
            run.append(child)
        else:
            flush()
            wrapped.append(child)
    flush()
    return wrapped


class _Row:
    def __init__(self, part: Box, cells: list[BlockBox]) -> None:
        self.part = part
        self.cells = cells


def table_box(style: ComputedStyle, element: Element | None, children: list[Box], limits: TableLimits) -> TableBox:
    """Put a table together from the boxes in it."""
    captions: list[BlockBox] = []
    columns: list[TablePart] = []
    groups: dict[str, list[tuple[Box, list[_Row]]]] = {"head": [], "body": [], "foot": []}
    improper: list[Box] = []

    def flush() -> None:
        if improper:
            row = _Row(TablePart(anonymous_style(style, "table-row"), None, []), _cells(improper, style))
            groups["body"].append((TablePart(anonymous_style(style, "table-row-group"), None, []), [row]))
            improper.clear()

    for child in _without_blanks(children):
        display = _display(child)
        if display == "table-caption":
            assert isinstance(child, TablePart)
            captions.append(BlockBox(child.style, child.element, wrap_table_parts(child.children, child.style, limits)))
        elif display in ("table-column", "table-column-group"):
            assert isinstance(child, TablePart)
            columns.append(child)
        elif display in _GROUPS:
            flush()
            assert isinstance(child, TablePart)
            where = {"table-header-group": "head", "table-footer-group": "foot"}.get(display, "body")
            # Of several headers the first stands at the top (CSS 2.2 §17.2).
            where = "body" if where != "body" and groups[where] else where
            groups[where].append((child, _rows(child, limits)))
        elif display == "table-row":
            flush()
            assert isinstance(child, TablePart)
            row = _Row(child, _cells(child.children, child.style, limits))
            if groups["body"] and groups["body"][-1][0].element is None:
                groups["body"][-1][1].append(row)
            else:
                groups["body"].append((TablePart(anonymous_style(style, "table-row-group"), None, []), [row]))
        elif not _is_blank(child) or improper:
            improper.append(child)
    flush()
    return _assembled(style, element, captions, columns, [*groups["head"], *groups["body"], *groups["foot"]], limits)


def _rows(group: TablePart, limits: TableLimits) -> list[_Row]:
    rows: list[_Row] = []
    improper: list[Box] = []

    def flush() -> None:
        if improper:
            row_style = anonymous_style(group.style, "table-row")
            rows.append(_Row(TablePart(row_style, None, []), _cells(improper, row_style, limits)))
            improper.clear()

    for child in _without_blanks(group.children):
        if _display(child) == "table-row":
            flush()
            assert isinstance(child, TablePart)
            rows.append(_Row(child, _cells(child.children, child.style, limits)))
        elif not _is_blank(child) or improper:
            improper.append(child)
    flush()
    return rows


def _cells(children: list[Box], style: ComputedStyle, limits: TableLimits | None = None) -> list[BlockBox]:
    """Cells, and around other content cells without an element."""
    limits = limits or TableLimits()
    cells: list[BlockBox] = []
    run: list[Box] = []

    def flush() -> None:
        if any(not _is_blank(box) for box in run):
            cell_style = anonymous_style(style, "table-cell")
            cells.append(BlockBox(cell_style, None, wrap_table_parts(list(run), cell_style, limits)))
        run.clear()

    for child in _without_blanks(children):
        if _display(child) == "table-cell":
            flush()
            assert isinstance(child, TablePart)
            cells.append(BlockBox(child.style, child.element, wrap_table_parts(child.children, child.style, limits)))
        elif child.is_out_of_flow and not run and cells:
            cells[-1].children = [*cells[-1].children, child]  # it makes no cell of its own
        else:
            run.append(child)
    flush()
    return cells


def _span(element: Element | None, name: str, most: int = 1000) -> int:
    return whole_number(element.get(name), 1, 1, most) if element is not None else 1  # HTML Standard §4.9.11


def _assembled(
    style: ComputedStyle, element: Element | None, captions: list[BlockBox], columns: list[TablePart],
    groups: list[tuple[Box, list[_Row]]], limits: TableLimits,
) -> TableBox:  # fmt: skip
    """The algorithm for forming a table (HTML Standard §4.9.12)."""
    cells: list[TableCell] = []
    rows: list[TableTrack] = []
    row_groups: list[TableTrack] = []
    occupied_until: list[int] = []  # by column: the first row that is free again
    for group, members in groups:
        first = len(rows)
        for row in members:
            number = len(rows)
            _place_cells(row.cells, number, first + len(members), cells, occupied_until, limits)
            rows.append(TableTrack(row.part, number, number + 1))
        row_groups.append(TableTrack(group, first, len(rows)))
    column_tracks, column_groups = _columns(columns)
    count = max([len(occupied_until), *(track.end for track in column_tracks)])
    table = TableBox(style, element, captions, cells, rows, row_groups, column_tracks, column_groups, count)
    return collapse_borders(table) if style["border-collapse"] == "collapse" else table


def _place_cells(
    boxes: list[BlockBox], row: int, group_end: int, cells: list[TableCell], occupied_until: list[int],
    limits: TableLimits,
) -> None:  # fmt: skip
    column = 0
    for box in boxes:
        rows_wanted = 1 if box.element is None else whole_number(box.element.get("rowspan"), 1, 0, 65534)
        row_span = min(rows_wanted or group_end - row, group_end - row)
        column_span = _span(box.element, "colspan")
        while column < len(occupied_until) and occupied_until[column] > row:
            column += 1
        if column + column_span > MAXIMUM_COLUMNS:
            limits.reached = True
            break
        cells.append(TableCell(box, row, column, row_span, column_span))
        occupied_until.extend([0] * (column + column_span - len(occupied_until)))
        occupied_until[column : column + column_span] = [row + row_span] * column_span
        column += column_span


def _columns(parts: list[TablePart]) -> tuple[list[TableTrack], list[TableTrack]]:
    columns: list[TableTrack] = []
    groups: list[TableTrack] = []
    number = 0

    def add(part: TablePart) -> None:
        nonlocal number
        end = min(MAXIMUM_COLUMNS, number + _span(part.element, "span"))
        columns.append(TableTrack(part, number, end))
        number = end

    for part in parts:
        if part.style["display"] == "table-column":
            add(part)
            continue
        start = number
        inner = [child for child in part.children if _display(child) == "table-column"]
        for child in inner:
            assert isinstance(child, TablePart)
            add(child)
        if not inner:
            number = min(MAXIMUM_COLUMNS, number + _span(part.element, "span"))
            columns.append(TableTrack(Box(part.style, None), start, number))
        groups.append(TableTrack(part, start, number))
    return columns, groups
