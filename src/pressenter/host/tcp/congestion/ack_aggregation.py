"""Acknowledgments that come in bunches: how much more than the path's rate they report at once.

Receivers gather acknowledgments, Wi-Fi and cable modems send them in bursts.  Between two bursts
nothing frees the window, so a sender whose window is just what fits the path stands still, though
the path has room.  So it is measured how far what is acknowledged runs ahead of what the bandwidth
would have delivered since the counting began; the most of the last five to ten round trips is
allowed on top (draft-ietf-ccwg-bbr §5.5.9, as Linux's BBR version 1 has it).
"""

from __future__ import annotations

__all__ = ["AckAggregation"]

_WINDOW_ROUNDS = 5
_LONGEST_NS = 100_000_000  # no more than the bandwidth delivers in that time


class AckAggregation:
    """The excess of acknowledgments over the bandwidth, in bytes."""

    __slots__ = ("_acknowledged", "_current", "_from_ns", "_largest", "_rounds")

    def __init__(self) -> None:
        self._from_ns: int | None = None
        self._acknowledged = 0
        self._largest = [0, 0]  # of this window of rounds, and of the one before
        self._current = 0
        self._rounds = 0

    def restart(self, now_ns: int) -> None:
        """Nothing was under way: count anew."""
        self._from_ns, self._acknowledged = now_ns, 0

    def update(self, now_ns: int, delivered: int, bandwidth: int, window: int, round_started: bool) -> None:
        """An acknowledgment has told of so many bytes; ``window`` is the congestion window."""
        if round_started:
            self._rounds += 1
            if self._rounds >= _WINDOW_ROUNDS:
                self._rounds = 0
                self._current ^= 1
                self._largest[self._current] = 0
        if self._from_ns is None:
            self._from_ns = now_ns
        expected = bandwidth * (now_ns - self._from_ns) // 1_000_000_000
        if self._acknowledged <= expected:
            self._from_ns, self._acknowledged, expected = now_ns, 0, 0  # no bunch any more: count anew
        self._acknowledged += delivered
        excess = min(self._acknowledged - expected, window)
        self._largest[self._current] = max(self._largest[self._current], excess)

    def excess(self, bandwidth: int) -> int:
        """What the window needs on top."""
        return min(max(self._largest), bandwidth * _LONGEST_NS // 1_000_000_000)
