"""Alignment: where a box stands in the room it has, and how boxes share free room (CSS Box Alignment 3)."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Distribution", "distribute", "self_position"]


class Distribution(NamedTuple):
    """Where the first of several boxes stands, and the room between two of them."""

    offset: float
    between: float


def _parts(value: str, free: float) -> str:
    """The alignment without ``safe``; a safe one that would overflow is ``start``."""
    if value.startswith("safe "):
        return "start" if free < 0 else value.removeprefix("safe ")
    return value


def distribute(value: str, free: float, count: int, *, reverse: bool = False, mirrored: bool = False) -> Distribution:
    """Share ``free`` pixels among ``count`` boxes in a row (CSS Box Alignment 3 §5.1).

    Args:
        reverse: the boxes run from the end (row-reverse, wrap-reverse): flex-start is that end.
        mirrored: the axis's start is at the right.  Offsets are counted from the side at which the boxes begin.
    """
    value = _parts(value, free)
    if value == "space-between":
        return Distribution(0.0, free / (count - 1)) if count > 1 and free > 0 else Distribution(0.0, 0.0)
    if value in ("space-around", "space-evenly"):
        if free < 0 or not count:
            # They fall back to safe center, so to the start of the axis.
            return Distribution(free if reverse else 0.0, 0.0)
        share = free / count if value == "space-around" else free / (count + 1)
        return Distribution(share / 2 if value == "space-around" else share, share)
    if value == "center":
        return Distribution(free / 2, 0.0)
    at_end = {
        "flex-end": True, "end": not reverse, "start": reverse, "left": mirrored != reverse,
        "right": mirrored == reverse, "last baseline": not reverse,
    }.get(value, False)  # fmt: skip
    return Distribution(free if at_end else 0.0, 0.0)


def self_position(value: str, free: float, *, reverse: bool = False, mirrored: bool = False) -> float:
    """Where a box stands in room that is ``free`` pixels larger, from the side at which the axis starts.

    Args:
        reverse: flex-start is the far side (wrap-reverse).
        mirrored: whether the axis starts at the right.
    """
    value = _parts(value, free)
    if value == "center":
        return free / 2
    at_end = {
        "end": True, "self-end": True, "flex-end": not reverse, "flex-start": reverse, "left": mirrored,
        "right": not mirrored, "last baseline": True,
    }.get(value, False)  # fmt: skip
    return free if at_end else 0.0
