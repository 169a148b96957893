"""Pacing: segments leave at a rate, not as fast as the window opens (Aggarwal, Savage, Anderson 2000).

A burst fills the first queue that it meets, and what does not fit is lost, though the path could
have borne it.  So a paced sender lets a millisecond's worth go, and then waits until that would
have left at the rate.

As in Linux, the first segments of a connection are not paced, since most connections have no
more; and after a burst that left late the wait is shorter, by the delay, but by half at most.
"""

from __future__ import annotations

__all__ = ["LARGEST_BURST", "SMALLEST_BURST", "Pacer"]

_BURST_NS = 1_000_000  # as long as Linux's segments for one go of the card
LARGEST_BURST = 65_536
SMALLEST_BURST = 2  # segments: Linux's tcp_min_tso_segs
_UNPACED = 9  # segments; the tenth is the first that has to be waited for


class Pacer:
    """When the next burst may leave.

    Attributes:
        wait_until_ns: what `allows` said no for, or None.
        free_ns: when the next burst may leave.
    """

    __slots__ = ("_burst_left", "_late_ns", "_unpaced_left", "free_ns", "wait_until_ns")

    def __init__(self) -> None:
        self.wait_until_ns: int | None = None
        self.free_ns = 0
        self._burst_left = 0
        self._late_ns = 0  # what the burst that leaves may still catch up
        self._unpaced_left = _UNPACED

    def allows(self, now_ns: int, size: int, rate: int | None, segment_size: int) -> bool:
        """Whether ``size`` bytes may leave now at ``rate`` bytes a second; if so, they count as gone."""
        if rate is None or self._unpaced_left > 0:
            self._unpaced_left -= max(1, size // segment_size)
            self.free_ns = max(self.free_ns, now_ns)
            return True
        if self._burst_left <= 0:
            if now_ns < self.free_ns:
                self.wait_until_ns = self.free_ns
                return False
            self._burst_left = max(SMALLEST_BURST * segment_size, min(rate * _BURST_NS // 1_000_000_000, LARGEST_BURST))
            self._late_ns = 0
        if now_ns > self.free_ns:
            self._late_ns, self.free_ns = now_ns - self.free_ns, now_ns
        takes_ns = size * 1_000_000_000 // rate
        caught_up_ns = min(takes_ns // 2, self._late_ns)
        self._late_ns -= caught_up_ns
        self.free_ns += takes_ns - caught_up_ns
        self._burst_left -= size
        return True
