"""Collapsed borders: of all that meet on an edge of the grid one wins (CSS 2.2 §17.6.2).

The winner is worked out before layout, since it needs styles alone.  Each cell then gets half of the
widths around it as its borders, and the table draws the lines.
"""

from __future__ import annotations

from typing import Any

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import BlockBox, CollapsedBorders, TableBox, TableCell

__all__ = ["collapse_borders"]

Border = tuple[float, str, Any]

#: Among borders of one width the style decides (§17.6.2.1).
_STYLE_RANK = {"double": 8, "solid": 7, "dashed": 6, "dotted": 5, "ridge": 4, "outset": 3, "groove": 2, "inset": 1}


def _border(style: ComputedStyle, side: str) -> Border:
    return (style[f"border-{side}-width"], style[f"border-{side}-style"], style[f"border-{side}-color"])


def _winner(borders: list[Border]) -> Border | None:
    """The first of the widest, ``hidden`` before all; the list begins with cells and ends with the table."""
    if any(border[1] == "hidden" for border in borders):
        return None
    best: Border | None = None
    for border in borders:
        if border[1] == "none" or not border[0]:
            continue
        if best is None or (border[0], _STYLE_RANK.get(border[1], 0)) > (best[0], _STYLE_RANK.get(best[1], 0)):
            best = border
    return best


class _Edges:
    """The borders that meet on each edge, as they are found."""

    def __init__(self, rows: int, columns: int) -> None:
        self.horizontal: list[list[list[Border]]] = [[[] for _ in range(columns)] for _ in range(rows + 1)]
        self.vertical: list[list[list[Border]]] = [[[] for _ in range(columns + 1)] for _ in range(rows)]

    def add(self, style: ComputedStyle, rows: tuple[int, int], columns: tuple[int, int]) -> None:
        """The four sides of a box that covers some rows and columns."""
        top, bottom = _border(style, "top"), _border(style, "bottom")
        left, right = _border(style, "left"), _border(style, "right")
        for column in range(*columns):
            self.horizontal[rows[0]][column].append(top)
            self.horizontal[rows[1]][column].append(bottom)
        for row in range(*rows):
            self.vertical[row][columns[0]].append(left)
            self.vertical[row][columns[1]].append(right)


def collapse_borders(table: TableBox) -> TableBox:
    """The same table with the lines that won, and with cells that have half of them as borders."""
    rows, columns = len(table.rows), table.column_count
    if not rows or not columns:
        return table
    edges = _Edges(rows, columns)
    for cell in table.cells:
        edges.add(cell.box.style, (cell.row, cell.row + cell.row_span), (cell.column, cell.column + cell.column_span))
    for track in (*table.rows, *table.row_groups):
        if track.end > track.start:
            edges.add(track.box.style, (track.start, track.end), (0, columns))
    for track in (*table.columns, *table.column_groups):
        if track.end > track.start:
            edges.add(track.box.style, (0, rows), (track.start, min(track.end, columns)))
    edges.add(table.style, (0, rows), (0, columns))
    won = CollapsedBorders(
        [[_winner(borders) for borders in line] for line in edges.horizontal],
        [[_winner(borders) for borders in line] for line in edges.vertical],
    )
    _clear_inside_spans(won, table.cells)
    cells = [cell._replace(box=_with_borders(cell, won)) for cell in table.cells]
    collapsed = TableBox(
        _table_style(table.style, won), table.element, table.captions, cells, table.rows, table.row_groups,
        table.columns, table.column_groups, columns,
    )  # fmt: skip
    collapsed.collapsed = won
    return collapsed


def _clear_inside_spans(won: CollapsedBorders, cells: list[TableCell]) -> None:
    """No line goes through a cell."""
    for cell in cells:
        for row in range(cell.row + 1, cell.row + cell.row_span):
            for column in range(cell.column, cell.column + cell.column_span):
                won.horizontal[row][column] = None
        for row in range(cell.row, cell.row + cell.row_span):
            for column in range(cell.column + 1, cell.column + cell.column_span):
                won.vertical[row][column] = None


def _width(borders: list[Border | None]) -> float:
    return max((border[0] for border in borders if border is not None), default=0.0)


def _with_borders(cell: TableCell, won: CollapsedBorders) -> BlockBox:
    row_range = range(cell.row, cell.row + cell.row_span)
    column_range = range(cell.column, cell.column + cell.column_span)
    widths = {
        "top": _width([won.horizontal[cell.row][column] for column in column_range]),
        "bottom": _width([won.horizontal[cell.row + cell.row_span][column] for column in column_range]),
        "left": _width([won.vertical[row][cell.column] for row in row_range]),
        "right": _width([won.vertical[row][cell.column + cell.column_span] for row in row_range]),
    }
    style = {**cell.box.style, **{f"border-{side}-width": width / 2 for side, width in widths.items()}}
    return cell.box.with_style(style)


def _table_style(style: ComputedStyle, won: CollapsedBorders) -> ComputedStyle:
    """The table's borders are half of the widest lines at its edges; it has no padding and no spacing."""
    widths = {
        "top": _width(won.horizontal[0]), "bottom": _width(won.horizontal[-1]),
        "left": _width([line[0] for line in won.vertical]), "right": _width([line[-1] for line in won.vertical]),
    }  # fmt: skip
    changed: dict[str, Any] = {f"border-{side}-width": width / 2 for side, width in widths.items()}
    changed |= {f"padding-{side}": 0.0 for side in widths}
    return {**style, **changed, "border-spacing": (0.0, 0.0)}
