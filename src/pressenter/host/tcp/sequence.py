"""Arithmetic on sequence numbers, which wrap at 2^32 (RFC 9293 §3.4)."""

from __future__ import annotations

__all__ = ["add", "distance", "less", "less_or_equal"]

_MODULUS = 1 << 32
_HALF = 1 << 31


def add(number: int, amount: int) -> int:
    """``number + amount``, wrapped."""
    return (number + amount) % _MODULUS


def distance(start: int, end: int) -> int:
    """How far ``end`` is after ``start``; negative if it is before, from -2^31 to 2^31 - 1."""
    return (end - start + _HALF) % _MODULUS - _HALF


def less(a: int, b: int) -> bool:
    """``a`` comes before ``b``."""
    return distance(a, b) > 0


def less_or_equal(a: int, b: int) -> bool:
    """``a`` comes before ``b`` or is the same."""
    return distance(a, b) >= 0
