"""Placement: which cells of the grid each item covers (CSS Grid 2 §8).

Lines are counted from 0, the first line of the explicit grid; lines before it are
negative.  Items that name their lines are placed first, then those fixed in the axis
across the flow, then the others fill what is free.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import Box

__all__ = ["Area", "AxisLines", "absolute_lines", "place_items"]

_FARTHEST = 10_000


class Area(NamedTuple):
    """The cells of an item: from line to line in each axis."""

    row_start: int
    row_end: int
    column_start: int
    column_end: int


class AxisLines(NamedTuple):
    """What names and numbers of lines refer to in one axis."""

    names: dict[str, list[int]]
    areas: dict[str, tuple[int, int]]
    explicit: int  # how many explicit tracks there are

    def named(self, name: str, side: str) -> list[int]:
        """Lines of a name; an area's edges bear ``name-start`` and ``name-end`` (§7.3.2)."""
        found = []
        area = self.areas.get(name)
        if area is not None:
            found.append(area[0] if side == "start" else area[1])
        for suffix, index in (("-start", 0), ("-end", 1)):
            if name.endswith(suffix) and name.removesuffix(suffix) in self.areas:
                found.append(self.areas[name.removesuffix(suffix)][index])
        own = self.names.get(name)
        if own is None and not found:
            own = self.names.get(f"{name}-{side}", [])
        return sorted({*found, *(own or [])})


def _line(value: Any, side: str, lines: AxisLines) -> int | None:
    """The number of a line that is no span; None for auto."""
    if value == "auto" or value[0] == "span":
        return None
    number: int | None = value[1]
    name: str = value[2]
    if not name:
        assert number is not None
        position = number - 1 if number > 0 else lines.explicit + number + 1
        return max(-_FARTHEST, min(_FARTHEST, position))
    found = lines.named(name, side)
    number = 1 if number is None else number
    if number > 0:
        if len(found) >= number:
            return found[number - 1]
        return max(-_FARTHEST, min(_FARTHEST, lines.explicit + number - len(found)))  # implicit lines bear all names
    if len(found) >= -number:
        return found[number]
    return max(-_FARTHEST, -(-number - len(found)))


def _span_to_name(start: int, value: Any, lines: AxisLines, forwards: bool) -> int:
    """The line that a named span reaches from another line (§8.3)."""
    count: int = value[1]
    name: str = value[2]
    side = "end" if forwards else "start"
    found = lines.named(name, side)
    after = [line for line in found if line > start] if forwards else [line for line in reversed(found) if line < start]
    if len(after) >= count:
        return after[count - 1]
    edge = max(lines.explicit, start) if forwards else min(0, start)
    return edge + (count - len(after)) * (1 if forwards else -1)


def _range(style: ComputedStyle, axis: str, lines: AxisLines) -> tuple[int | None, int | None, int]:
    """(start, end, span); start and end are None where auto-placement decides."""
    first, second = style[f"grid-{axis}-start"], style[f"grid-{axis}-end"]
    start, end = _line(first, "start", lines), _line(second, "end", lines)
    if start is not None and end is not None:
        if start > end:
            start, end = end, start
        return start, end if end > start else start + 1, max(1, end - start)
    span = next((value for value in (first, second) if value != "auto" and value[0] == "span"), None)
    count = min(span[1], _FARTHEST) if span is not None and not span[2] else 1
    if start is not None:
        stop = _span_to_name(start, second, lines, True) if span is not None and span[2] else start + count
        return start, stop, stop - start
    if end is not None:
        begin = _span_to_name(end, first, lines, False) if span is not None and span[2] else end - count
        return begin, end, end - begin
    return None, None, count


_LARGE_AREA = 1000  # cells


def _overlap(one: Area, other: Area) -> bool:
    return (
        one.row_start < other.row_end
        and other.row_start < one.row_end
        and one.column_start < other.column_end
        and other.column_start < one.column_end
    )


class _Cells:
    """Which cells are taken; the grid grows as items need it."""

    def __init__(self) -> None:
        self.taken: set[tuple[int, int]] = set()
        self.large: list[Area] = []  # areas of too many cells to list

    def is_free(self, area: Area) -> bool:
        if any(_overlap(area, other) for other in self.large):
            return False
        if (area.row_end - area.row_start) * (area.column_end - area.column_start) > len(self.taken):
            return not any(
                area.row_start <= row < area.row_end and area.column_start <= column < area.column_end
                for row, column in self.taken
            )
        return not any(
            (row, column) in self.taken
            for row in range(area.row_start, area.row_end)
            for column in range(area.column_start, area.column_end)
        )

    def take(self, area: Area) -> None:
        if (area.row_end - area.row_start) * (area.column_end - area.column_start) > _LARGE_AREA:
            self.large.append(area)
            return
        self.taken.update(
            (row, column)
            for row in range(area.row_start, area.row_end)
            for column in range(area.column_start, area.column_end)
        )


def place_items(items: list[Box], flow: str, rows: AxisLines, columns: AxisLines) -> list[Area]:
    """The area of each item (§8.5).  The major axis is the one that the flow goes along."""
    by_row = flow.startswith("row")
    dense = flow.endswith("dense")
    axes = [("row", rows), ("column", columns)] if by_row else [("column", columns), ("row", rows)]
    (cross_name, cross_lines), (main_name, main_lines) = axes
    wanted = [
        (_range(item.style, cross_name, cross_lines), _range(item.style, main_name, main_lines)) for item in items
    ]
    cells = _Cells()
    found: dict[int, Area] = {}

    def area(cross: tuple[int, int], main: tuple[int, int]) -> Area:
        return Area(*cross, *main) if by_row else Area(*main, *cross)

    def settle(index: int, cross: tuple[int, int], main: tuple[int, int]) -> None:
        found[index] = area(cross, main)
        cells.take(found[index])

    for index, (cross, main) in enumerate(wanted):
        if cross[0] is not None and main[0] is not None:
            settle(index, (cross[0], cross[1] or 0), (main[0], main[1] or 0))
    starts = [main[0] for _, main in wanted if main[0] is not None]
    first = min([0, *starts])
    ends = [main[1] for _, main in wanted if main[1] is not None]
    last = max([main_lines.explicit, first + 1, *ends, *(first + main[2] for _, main in wanted if main[0] is None)])
    cursors: dict[int, int] = {}
    for index, (cross, main) in enumerate(wanted):  # step 2: fixed to a row (of a row flow)
        if cross[0] is not None and main[0] is None:
            fixed = (cross[0], cross[1] or 0)
            position = first if dense else cursors.get(fixed[0], first)
            while not cells.is_free(area(fixed, (position, position + main[2]))):
                position += 1
            settle(index, fixed, (position, position + main[2]))
            cursors[fixed[0]] = position + main[2]
            last = max(last, position + main[2])
    _auto_place(wanted, found, settle, cells, area, (first, last), dense)
    return [found[index] for index in range(len(items))]


def _auto_place(
    wanted: Any, found: dict[int, Area], settle: Any, cells: _Cells, area: Any, bounds: tuple[int, int], dense: bool
) -> None:
    """Step 4: the rest, along the flow."""
    first, last = bounds
    cross_first = min([0, *(cross[0] for cross, _ in wanted if cross[0] is not None)])
    cross_cursor, main_cursor = cross_first, first
    for index, (cross, main) in enumerate(wanted):
        if index in found:
            continue
        span, cross_span = main[2], cross[2]
        if dense:
            cross_cursor, main_cursor = cross_first, first
        if main[0] is not None:
            if not dense and main[0] < main_cursor:
                cross_cursor += 1
            main_cursor = main[0]
            while not cells.is_free(area((cross_cursor, cross_cursor + cross_span), (main[0], main[1] or 0))):
                cross_cursor += 1
            settle(index, (cross_cursor, cross_cursor + cross_span), (main[0], main[1] or 0))
            continue
        while True:
            if main_cursor + span > last:
                cross_cursor, main_cursor = cross_cursor + 1, first
            place = (cross_cursor, cross_cursor + cross_span), (main_cursor, main_cursor + span)
            if cells.is_free(area(*place)):
                break
            main_cursor += 1
        settle(index, *place)
        main_cursor += span if not dense else 0


def absolute_lines(style: ComputedStyle, axis: str, lines: AxisLines) -> tuple[int | None, int | None]:
    """The lines of an absolutely positioned child; None is the padding edge (§9)."""
    first, second = style[f"grid-{axis}-start"], style[f"grid-{axis}-end"]
    start, end = _line(first, "start", lines), _line(second, "end", lines)
    if start is not None and end is not None:
        if start > end:
            start, end = end, start
        elif start == end:
            end = None if second == "auto" else start + 1
    elif start is not None and second != "auto":
        end = _span_to_name(start, second, lines, True) if second[2] else start + second[1]
    elif end is not None and first != "auto":
        start = _span_to_name(end, first, lines, False) if first[2] else end - first[1]
    return start, end
