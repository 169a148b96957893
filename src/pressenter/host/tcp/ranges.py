"""A set of ranges of positions, such as what has been acknowledged selectively."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

__all__ = ["RangeSet"]


class RangeSet:
    """Half-open ranges ``[start, end)``, merged where they touch, in order."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._starts)

    @property
    def end(self) -> int:
        """The end of the last range; 0 if there is none."""
        return self._ends[-1] if self._ends else 0

    def ranges(self) -> list[tuple[int, int]]:
        """All ranges, in order."""
        return list(zip(self._starts, self._ends, strict=True))

    def covers(self, start: int, end: int) -> bool:
        """Whether the whole of a range is in the set."""
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and end <= self._ends[index]

    def add(self, start: int, end: int) -> list[tuple[int, int]]:
        """Put a range in; returns those parts of it that were not in the set before."""
        if start >= end:
            return []
        starts, ends = self._starts, self._ends
        first = bisect_left(ends, start)  # the first range that touches or lies behind
        last = bisect_right(starts, end)  # the first range that lies wholly behind
        fresh = []
        position = start
        for index in range(first, last):
            if position < starts[index]:
                fresh.append((position, starts[index]))
            position = max(position, ends[index])
        if position < end:
            fresh.append((position, end))
        if first < last:
            start, end = min(start, starts[first]), max(end, ends[last - 1])
        starts[first:last] = [start]
        ends[first:last] = [end]
        return fresh

    def remove_below(self, position: int) -> None:
        """Take out everything before a position."""
        keep = bisect_right(self._ends, position)
        del self._starts[:keep], self._ends[:keep]
        if self._starts and self._starts[0] < position:
            self._starts[0] = position

    def clear(self) -> None:
        """Take out everything."""
        self._starts.clear()
        self._ends.clear()
