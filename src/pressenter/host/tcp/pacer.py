"""Pacing: segments leave at a rate, not as fast as the window opens (Aggarwal, Savage, Anderson 2000).

A burst fills the first queue that it meets, and what does not fit is lost, though the path could
have borne it.  So a paced sender lets a millisecond's worth go, and then waits until that would
have left at the rate.
"""

from __future__ import annotations

__all__ = ["Pacer"]

_BURST_NS = 1_000_000  # as long as Linux's segments for one go of the card
_LARGEST_BURST = 65_536


class Pacer:
    """When the next burst may leave.

    Attributes:
        wait_until_ns: what `allows` said no for, or None.
    """

    __slots__ = ("_burst_left", "_free_ns", "wait_until_ns")

    def __init__(self) -> None:
        self.wait_until_ns: int | None = None
        self._free_ns = 0
        self._burst_left = 0

    def allows(self, now_ns: int, size: int, rate: int | None, segment_size: int) -> bool:
        """Whether ``size`` bytes may leave now at ``rate`` bytes a second; if so, they count as gone."""
        if rate is None:
            return True
        if self._burst_left <= 0:
            if now_ns < self._free_ns:
                self.wait_until_ns = self._free_ns
                return False
            self._burst_left = max(2 * segment_size, min(rate * _BURST_NS // 1_000_000_000, _LARGEST_BURST))
        self._burst_left -= size
        self._free_ns = max(now_ns, self._free_ns) + size * 1_000_000_000 // rate
        return True
