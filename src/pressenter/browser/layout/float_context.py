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
        self._lowest_top = 0.0
        self._bottoms = {"left": 0.0, "right": 0.0}

    @property
    def is_empty(self) -> bool:
        """Whether nothing floats here."""
        return not (self._left or self._right)

    @property
    def bottom(self) -> float:
        """Below every float."""
        return max(self._bottoms.values())

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
        if clear in ("left", "right"):
            return max(top, self._bottoms[clear])
        return max(top, self.bottom) if clear == "both" else top

    def place(
        self, side: str, top: float, width: float, height: float, left: float, right: float
    ) -> tuple[float, float]:
        """Find the place of a float's margin box and keep it (CSS 2.2 §9.5.1); returns (x, y)."""
        # Rule 5: not above an earlier float
        top = max(top, self._lowest_top)
        # Nothing will be placed above an earlier float again, so those that end there are done with.
        self._left = [item for item in self._left if item.bottom > top]
        self._right = [item for item in self._right if item.bottom > top]
        while True:
            from_left, from_right = self.edges(top, height, left, right)
            if from_right - from_left >= width:
                break
            lower = self.next_drop(top)
            if lower is None or lower <= top:
                break
            top = lower
        self._lowest_top = top
        self._bottoms[side] = max(self._bottoms[side], top + height)
        if side == "left":
            self._left.append(_Float(top, top + height, from_left + width))
            return from_left, top
        self._right.append(_Float(top, top + height, from_right - width))
        return from_right - width, top
