"""How much of the congestion window was used: one that was not needed says nothing of the path.

The window grows because the path has borne it.  An application that sends less than the window
allows has not tried it, so its acknowledgments are no reason to grow (congestion window
validation, RFC 7661); and after a pause the path may be another one, so the window shrinks
again (RFC 2861).  In slow start, Linux is generous: there the window may be twice what was used.
"""

from __future__ import annotations

from pressenter.host.tcp.congestion import CongestionControl
from pressenter.host.tcp.round_trip import RoundTripTime

__all__ = ["WindowUse"]


class WindowUse:
    """What was under way in this round trip, beside what might have been.

    Attributes:
        held_back: in the last go, the window held something back.
        peak: the most that was under way in this round trip, in sequence numbers.
    """

    __slots__ = ("_until", "held_back", "peak")

    def __init__(self) -> None:
        self.held_back = False
        self.peak = 0
        self._until = 0  # the position with whose acknowledgment the round trip ends

    def watch(self, una: int, nxt: int, pipe: int) -> None:
        """Something was sent: SND.UNA, SND.NXT and what is under way now."""
        if una >= self._until:
            self.peak, self._until = 0, nxt
        self.peak = max(self.peak, pipe)

    def was_full(self, congestion: CongestionControl, segment_size: int) -> bool:
        """Whether an acknowledgment may open the window further."""
        if congestion.in_slow_start:
            return congestion.window < 2 * self.peak
        return self.held_back or self.peak + segment_size > congestion.window

    def end_pause(self, idle_ns: int, congestion: CongestionControl, round_trip: RoundTripTime) -> None:
        """There is something to send after a pause: halve the window for each timeout that has passed (RFC 2861)."""
        if idle_ns > round_trip.timeout_ns:
            congestion.restart_after_idle(idle_ns // round_trip.timeout_ns)
