"""Easing functions: how far a change has come when a share of its time has passed (CSS Easing 2)."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["ease"]

_CURVES = {
    "ease": (0.25, 0.1, 0.25, 1.0), "ease-in": (0.42, 0.0, 1.0, 1.0), "ease-out": (0.0, 0.0, 0.58, 1.0),
    "ease-in-out": (0.42, 0.0, 0.58, 1.0),
}  # fmt: skip
_STEPS = {"step-start": (1, "start"), "step-end": (1, "end")}


def ease(function: Any, share: float) -> float:
    """The progress, usually 0 to 1, after a share of the time.

    Args:
        function: the computed value: a keyword, ``("cubic-bezier", …)`` or ``("steps", count, where)``.
    """
    if function in _CURVES:
        return _bezier(*_CURVES[function], share)
    if function in _STEPS:
        return _step(*_STEPS[function], share)
    if isinstance(function, tuple) and function[0] == "cubic-bezier" and len(function) == 5:
        return _bezier(*function[1:], share)
    if isinstance(function, tuple) and function[0] == "steps":
        return _step(max(1, int(function[1])), str(function[2]) if len(function) > 2 else "end", share)
    return share


def _bezier(x1: float, y1: float, x2: float, y2: float, x: float) -> float:
    """The curve from (0, 0) to (1, 1) with two control points: y for an x (§2.2).  Halving finds t: x grows with it."""
    if x <= 0.0 or x >= 1.0:
        return min(1.0, max(0.0, x))
    low, high = 0.0, 1.0
    for _ in range(40):
        t = (low + high) / 2
        if _cubic(x1, x2, t) < x:
            low = t
        else:
            high = t
    return _cubic(y1, y2, (low + high) / 2)


def _cubic(one: float, two: float, t: float) -> float:
    return 3 * (1 - t) ** 2 * t * one + 3 * (1 - t) * t**2 * two + t**3


def _step(count: int, where: str, share: float) -> float:
    """§2.3: a staircase; ``where`` says at which end of each step it jumps."""
    jumps = {"start": count, "end": count, "jump-start": count, "jump-end": count, "jump-none": count - 1,
             "jump-both": count + 1}.get(where, count)  # fmt: skip
    step = math.floor(share * count) + (where in ("start", "jump-start", "jump-both"))
    return min(max(step, 0), jumps) / (jumps or 1)
