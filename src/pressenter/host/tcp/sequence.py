"""Arithmetic on sequence numbers, which wrap at 2^32 (RFC 9293 §3.4).

Inside a connection nothing wraps: its two halves count *positions*, plain integers that
begin with 0 for the SYN, so that the first byte of data has position 1.  Only the header
of a segment holds the wrapped number; `unwrap` finds the position that it means.
"""

from __future__ import annotations

__all__ = ["add", "distance", "less", "unwrap"]

_MASK = (1 << 32) - 1
_HALF = 1 << 31


def add(number: int, amount: int) -> int:
    """``number + amount``, wrapped."""
    return (number + amount) & _MASK


def distance(start: int, end: int) -> int:
    """How far ``end`` is after ``start``; negative if it is before, from -2^31 to 2^31 - 1."""
    return ((end - start + _HALF) & _MASK) - _HALF


def less(a: int, b: int) -> bool:
    """``a`` comes before ``b``."""
    return distance(a, b) > 0


def unwrap(first: int, near: int, number: int) -> int:
    """The position of sequence number ``number``: of all that it may mean, the closest to ``near``.

    ``first`` is the sequence number of position 0.
    """
    return near + ((number - first - near + _HALF) & _MASK) - _HALF
