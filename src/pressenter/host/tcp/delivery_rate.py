"""How fast the path delivers: one sample for each acknowledgment.

Between sending a segment and hearing that it arrived, so and so many bytes were delivered:
that is a rate.  Both the sending and the acknowledging of those bytes took time, and the
longer of the two counts, since acknowledgments often come in bursts that say nothing of
the path (draft-ietf-ccwg-bbr §4.1, "Delivery Rate Samples").  A sample that was taken while the application had nothing
to send shows what the application did, not what the path can; it is marked.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.host.tcp.scoreboard import SentSegment

__all__ = ["DeliveryRate", "RateSample"]


class RateSample(NamedTuple):
    """What one acknowledgment told.

    Attributes:
        delivered: bytes delivered during ``interval_ns``; 0 if there is no valid sample.
        prior_delivered: the connection's count when the newest of them was sent.
        limited: the application, not the path, set the pace.
    """

    delivered: int
    interval_ns: int
    prior_delivered: int
    limited: bool


NO_SAMPLE = RateSample(0, 0, 0, False)


class DeliveryRate:
    """Counters of what was delivered.

    Attributes:
        delivered: bytes in all.
        limited_until: the count at which the application's pause has left the path; 0 if none.
    """

    __slots__ = ("_first_sent_ns", "_newest", "delivered", "delivered_ns", "limited_until")

    def __init__(self) -> None:
        self.delivered = 0
        self.delivered_ns = 0
        self.limited_until = 0
        self._first_sent_ns = 0
        self._newest: SentSegment | None = None

    def application_pauses(self, pipe: int) -> None:
        """The path had room, and the application nothing to send; ``pipe`` is what is under way."""
        self.limited_until = self.delivered + pipe or 1

    def on_send(self, now_ns: int, segment: SentSegment, alone: bool) -> None:
        """A segment goes out; ``alone``: nothing is outstanding, so nothing was delivered meanwhile.

        What is only believed to be lost is outstanding, too: after a timeout that was none, the
        interval would be too short.
        """
        if alone:
            self._first_sent_ns = self.delivered_ns = now_ns
        segment.first_sent_ns = self._first_sent_ns
        segment.delivered_ns = self.delivered_ns
        segment.delivered = self.delivered
        segment.limited = self.limited_until > 0

    def on_delivered(self, now_ns: int, segment: SentSegment) -> None:
        """A segment has arrived, as this acknowledgment tells for the first time."""
        self.delivered += segment.end - segment.start
        self.delivered_ns = now_ns
        newest = self._newest
        if newest is None or (segment.sent_ns, segment.end) > (newest.sent_ns, newest.end):
            self._newest = segment

    def sample(self, now_ns: int, minimum_rtt_ns: int | None) -> RateSample:
        """The sample of the acknowledgment that has been worked through."""
        newest, self._newest = self._newest, None
        if self.limited_until and self.delivered > self.limited_until:
            self.limited_until = 0
        if newest is None:
            return NO_SAMPLE
        self._first_sent_ns = newest.sent_ns
        sending_ns = newest.sent_ns - newest.first_sent_ns
        acknowledging_ns = now_ns - newest.delivered_ns
        interval_ns = max(sending_ns, acknowledging_ns)
        if minimum_rtt_ns is not None and interval_ns < minimum_rtt_ns:
            return RateSample(0, 0, newest.delivered, newest.limited)
        return RateSample(self.delivered - newest.delivered, interval_ns, newest.delivered, newest.limited)
