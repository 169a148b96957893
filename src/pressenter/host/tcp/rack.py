"""RACK: a segment is lost if one that was sent later has arrived, and some time has passed (RFC 8985).

Counting three duplicate acknowledgments finds a loss only if three later segments arrive, and
mistakes reordering for loss.  Time does better.  The *RACK segment* is, of all that have
arrived, the one that was sent last.  Whatever was sent before it and has not arrived is late;
if it is later than a round trip and the *reordering window*, it is lost::

    sent:     1   2   3   4   5                    3 and 5 arrive, 5 was sent last
    arrived:          x       x                    1, 2, 4 were sent before 5: lost, once
    lost:     ?   ?       ?                        the reordering window has passed

The window begins with nothing as long as no reordering was ever seen, is a quarter of a round
trip once it was, and grows when a duplicate report (D-SACK) says that a retransmission was
for nothing.  The same rule finds retransmissions that were lost again.
"""

from __future__ import annotations

from pressenter.host.tcp.round_trip import RoundTripTime
from pressenter.host.tcp.scoreboard import Scoreboard, SentSegment

__all__ = ["DUPLICATE_THRESHOLD", "Rack"]

DUPLICATE_THRESHOLD = 3  # RFC 5681 §3.2
_WINDOW_PERSISTS = 16  # recoveries; RFC 8985 §6.2, step 4


class Rack:
    """The state of RFC 8985 §5.2.

    Attributes:
        sent_ns, end: when the RACK segment was sent, and where it ends.
        round_trip_ns: its round trip.
        reordering_seen: whether an older segment ever arrived after a younger.
    """

    __slots__ = ("_highest", "_multiplier", "_persists", "_widened_at", "end", "reordering_seen", "round_trip_ns",
                 "sent_ns")  # fmt: skip

    def __init__(self) -> None:
        self.sent_ns = -1
        self.end = 0
        self.round_trip_ns = 0
        self.reordering_seen = False
        self._highest = 0  # RACK.fack: the highest position that has arrived
        self._multiplier = 1
        self._persists = 0
        self._widened_at = 0

    def on_delivered(self, now_ns: int, segment: SentSegment, round_trip: RoundTripTime) -> None:
        """A segment has arrived (RFC 8985 §6.2, steps 2 and 3)."""
        if segment.end > self._highest:
            self._highest = segment.end
        elif segment.end < self._highest and segment.transmissions == 1:
            self.reordering_seen = True
        took_ns = now_ns - segment.sent_ns
        if segment.transmissions > 1 and round_trip.minimum_ns is not None and took_ns < round_trip.minimum_ns:
            return  # too soon for the copy: it was the original that arrived
        self.round_trip_ns = took_ns
        if (segment.sent_ns, segment.end) > (self.sent_ns, self.end):
            self.sent_ns, self.end = segment.sent_ns, segment.end

    def on_duplicate_report(self, una: int, nxt: int) -> None:
        """A retransmission was for nothing: wait longer, once each round trip (step 4)."""
        if una >= self._widened_at:
            self._multiplier += 1
            self._widened_at = nxt
            self._persists = _WINDOW_PERSISTS

    def on_recovered(self) -> None:
        """A recovery has ended."""
        if self._persists > 0:
            self._persists -= 1
            if self._persists == 0:
                self._multiplier = 1

    def reordering_window_ns(self, round_trip: RoundTripTime, mending: bool, sacked_segments: int) -> int:
        """How much later than a round trip a segment may be (step 4)."""
        if not self.reordering_seen and (mending or sacked_segments >= DUPLICATE_THRESHOLD):
            return 0
        if round_trip.minimum_ns is None or round_trip.smoothed_ns is None:
            return 0
        return min(self._multiplier * round_trip.minimum_ns // 4, round_trip.smoothed_ns)

    def find_lost(self, now_ns: int, scoreboard: Scoreboard, window_ns: int) -> tuple[list[SentSegment], int | None]:
        """What is lost now, and when the next would be (step 5)."""
        lost: list[SentSegment] = []
        if self.sent_ns < 0:
            return lost, None
        patience_ns = self.round_trip_ns + window_ns
        wait_until_ns = None
        for segment in scoreboard.by_time:
            if (segment.sent_ns, segment.end) >= (self.sent_ns, self.end):
                break
            due_ns = segment.sent_ns + patience_ns
            if due_ns <= now_ns:
                lost.append(segment)
            else:
                wait_until_ns = due_ns if wait_until_ns is None else max(wait_until_ns, due_ns)
        return lost, wait_until_ns
