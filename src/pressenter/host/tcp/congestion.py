"""Congestion control: how much may be under way without flooding the path (RFC 5681).

A connection begins with a small window and doubles it each round trip (*slow
start*) until it reaches a threshold; from there on it adds one segment each round
trip (*congestion avoidance*).  A loss is taken as a sign of congestion: the
threshold falls to half of what was under way.  Three duplicate acknowledgments
say that a segment is missing but later ones arrive, so the window only halves
(*fast recovery*, RFC 6582); a timeout says that nothing arrives any more, so the
window starts again from one segment.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["CongestionControl", "NewReno"]


class CongestionControl(Protocol):
    """What a connection asks of a congestion control.  All sizes are in bytes."""

    name: str
    window: int
    threshold: int

    def on_acknowledged(self, now_ns: int, acknowledged: int) -> None:
        """New data was acknowledged outside of recovery."""

    def on_enter_recovery(self, now_ns: int, in_flight: int) -> None:
        """A loss was found by duplicate acknowledgments."""

    def on_duplicate_in_recovery(self) -> None:
        """Another duplicate says that another segment has left the network."""

    def on_partial_acknowledgment(self, acknowledged: int) -> None:
        """In recovery, some but not all of what was under way is acknowledged."""

    def on_leave_recovery(self, in_flight: int) -> None:
        """Everything that was under way at the loss is acknowledged."""

    def on_timeout(self, now_ns: int, in_flight: int) -> None:
        """The retransmission timer struck."""


class NewReno:
    """RFC 5681 with RFC 6582's recovery, and RFC 6928's initial window."""

    name = "newreno"

    def __init__(self, segment_size: int) -> None:
        self.segment_size = segment_size
        self.window = initial_window(segment_size)
        self.threshold = 1 << 30  # RFC 5681 §3.1: arbitrarily high at first
        self._avoidance_bytes = 0

    def on_acknowledged(self, now_ns: int, acknowledged: int) -> None:
        if self.window < self.threshold:
            self.window += min(acknowledged, self.segment_size)  # RFC 5681 §3.1, equation 2
            return
        # RFC 5681 §3.1 with RFC 3465's counting: one segment for each window of data
        self._avoidance_bytes += acknowledged
        if self._avoidance_bytes >= self.window:
            self._avoidance_bytes -= self.window
            self.window += self.segment_size

    def on_enter_recovery(self, now_ns: int, in_flight: int) -> None:
        self._halve_threshold(in_flight)
        self.window = self.threshold + 3 * self.segment_size  # RFC 5681 §3.2, step 3

    def on_duplicate_in_recovery(self) -> None:
        self.window += self.segment_size  # RFC 5681 §3.2, step 4

    def on_partial_acknowledgment(self, acknowledged: int) -> None:
        # RFC 6582 §3.2, step 3: deflate by what was acknowledged, add back one segment
        self.window = max(self.window - acknowledged + self.segment_size, self.segment_size)

    def on_leave_recovery(self, in_flight: int) -> None:
        # RFC 6582 §3.2, step 3, full acknowledgments, option 1
        self.window = min(self.threshold, max(in_flight, self.segment_size) + self.segment_size)

    def on_timeout(self, now_ns: int, in_flight: int) -> None:
        self._halve_threshold(in_flight)
        self.window = self.segment_size  # RFC 5681 §3.1: the loss window
        self._avoidance_bytes = 0

    def _halve_threshold(self, in_flight: int) -> None:
        self.threshold = max(in_flight // 2, 2 * self.segment_size)  # RFC 5681, equation 4


def initial_window(segment_size: int) -> int:
    """RFC 6928 §2: ten segments, within limits."""
    return min(10 * segment_size, max(2 * segment_size, 14_600))
