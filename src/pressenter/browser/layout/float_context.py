"""Floats: boxes at the left and right edge that lines flow around (CSS 2.2 §9.5).

All coordinates are those of the block formatting context's root content box.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FloatContext"]


class _Float(NamedTuple):
    top: float
    bottom: float
    edge: float  # right edge of a left float, left edge of a right float


class FloatContext:
    """The floats of one block formatting context."""

    def __init__(self) -> None:
        self._left: list[_Float] = []
        self._right: list[_Float] = []

    @property
    def bottom(self) -> float:
        """Below every float."""
        return max((item.bottom for item in [*self._left, *self._right]), default=0.0)

    def edges(self, top: float, height: float, left: float, right: float) -> tuple[float, float]:
        """What floats leave of the span from ``left`` to ``right`` at a height."""
        bottom = top + max(height, 0.01)
        for item in self._left:
            if item.top < bottom and item.bottom > top:
                left = max(left, item.edge)
        for item in self._right:
            if item.top < bottom and item.bottom > top:
                right = min(right, item.edge)
        return left, right

    def next_drop(self, top: float) -> float | None:
        """The next height below ``top`` at which a float ends, so that there is more room."""
        return min((f.bottom for f in [*self._left, *self._right] if f.bottom > top), default=None)

    def clearance(self, top: float, clear: str) -> float:
        """The height at or below ``top`` that is past the floats of a side (CSS 2.2 §9.5.2)."""
        sides = (self._left if clear in ("left", "both") else []) + (self._right if clear in ("right", "both") else [])
        return max([top, *(item.bottom for item in sides)])

    def place(
        self, side: str, top: float, width: float, height: float, left: float, right: float
    ) -> tuple[float, float]:
        """Find the place of a float's margin box and keep it (CSS 2.2 §9.5.1); returns (x, y)."""
        # Rule 5: not above an earlier float
        top = max([top, *(item.top for item in [*self._left, *self._right])])
        while True:
            from_left, from_right = self.edges(top, height, left, right)
            if from_right - from_left >= width:
                break
            lower = self.next_drop(top)
            if lower is None or lower <= top:
                break
            top = lower
        if side == "left":
            self._left.append(_Float(top, top + height, from_left + width))
            return from_left, top
        self._right.append(_Float(top, top + height, from_right - width))
        return from_right - width, top
