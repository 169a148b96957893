"""The retransmission timeout, from measured round trips (RFC 6298).

The timeout must be longer than a round trip, and how much longer depends on how
much round trips vary: RTO = SRTT + 4 RTTVAR, both smoothed.  A segment that was
sent twice is never measured, since nobody knows which copy was acknowledged
(Karn's algorithm), unless the peer echoes our timestamps (RFC 7323 §4).  A timeout
that strikes doubles the next one.

RFC 6298 was written for one sample in a round trip.  Where each acknowledgment is one, the
variation would be forgotten long before the round trip is over (RFC 7323 appendix G).  So
what it adds to the timeout falls only once in a round trip, and not below the largest
variation in it; and round trips that become shorter count less.  This is Linux's rule.

The smallest of the last round trips is kept too: it is the path without its queues.
"""

from __future__ import annotations

from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.scoreboard import SentSegment

__all__ = ["RoundTripTime", "when_sent"]

_CLOCK_GRANULARITY_NS = 1_000_000
_MINIMUM_WINDOW_NS = 300_000_000_000  # Linux's tcp_min_rtt_wlen


class RoundTripTime:
    """Smoothed round-trip time and the timeout that follows from it.

    Attributes:
        smoothed_ns: SRTT, or None before the first measurement.
        variation_ns: RTTVAR.  What the timeout has of it falls more slowly.
        timeout_ns: RTO, with its back-off.
        minimum_ns: the smallest sample of the last five minutes, or None.
    """

    __slots__ = (
        "_base_ns", "_flight_end", "_flight_margin_ns", "_highest_ns", "_initial_ns", "_lowest_ns", "_margin_ns",
        "_minimum_at_ns", "_slop_ns", "minimum_ns", "smoothed_ns", "timeout_ns", "variation_ns",
    )  # fmt: skip

    def __init__(self, parameters: TcpParameters) -> None:
        self._initial_ns = self._base_ns = self.timeout_ns = parameters.initial_timeout_ns
        self._slop_ns = parameters.timeout_slop_ns
        self._lowest_ns = parameters.minimum_timeout_ns
        self._highest_ns = parameters.maximum_timeout_ns
        self.smoothed_ns: int | None = None
        self.variation_ns = 0
        self.minimum_ns: int | None = None
        self._minimum_at_ns = 0
        self._margin_ns = 0  # what the timeout has on top of SRTT
        self._flight_margin_ns = 0  # the largest that this round trip would have asked for
        self._flight_end = 0

    def measure(self, now_ns: int, sample_ns: int, least_ns: int, una: int, nxt: int) -> None:
        """Segments have been acknowledged: the first of them after ``sample_ns``, the last after ``least_ns``.

        ``una`` and ``nxt`` are SND.UNA, after it, and SND.NXT.
        """
        if self.minimum_ns is None or least_ns <= self.minimum_ns or now_ns - self._minimum_at_ns > _MINIMUM_WINDOW_NS:
            self.minimum_ns, self._minimum_at_ns = least_ns, now_ns
        if self.smoothed_ns is None:  # RFC 6298 §2.2
            self.smoothed_ns = sample_ns
            self.variation_ns = sample_ns // 2
            # Deviation: Linux does not let the variation's share fall below the minimum, so that a
            # delayed acknowledgment never looks like a loss.
            self._margin_ns = self._flight_margin_ns = max(4 * self.variation_ns, self._lowest_ns)
            self._flight_end = nxt
        else:  # RFC 6298 §2.3: alpha = 1/8, beta = 1/4
            error = sample_ns - self.smoothed_ns
            more = abs(error) - self.variation_ns
            self.variation_ns += more // 32 if error < 0 < more else more // 4
            self.smoothed_ns += error // 8
            self._allow_for_variation(una, nxt)
        self.end_back_off()

    def _allow_for_variation(self, una: int, nxt: int) -> None:
        """What the variation adds to the timeout grows at once, and falls once in a round trip."""
        if 4 * self.variation_ns > self._flight_margin_ns:
            self._flight_margin_ns = 4 * self.variation_ns
            self._margin_ns = max(self._margin_ns, self._flight_margin_ns)
        if una > self._flight_end:
            if self._flight_margin_ns < self._margin_ns:
                self._margin_ns -= (self._margin_ns - self._flight_margin_ns) // 4
            self._flight_end, self._flight_margin_ns = nxt, self._lowest_ns

    def end_back_off(self) -> None:
        """The timeout as it was before it struck: nothing was wrong with the path."""
        if self.smoothed_ns is None:
            self._base_ns = self.timeout_ns = self._initial_ns
            return
        self._set(self.smoothed_ns + max(_CLOCK_GRANULARITY_NS, self._margin_ns))

    def syn_was_lost(self) -> None:
        """RFC 6298 §5.7: the SYN had to be sent again, so be careful with the first data."""
        if self.smoothed_ns is None:
            self._set(max(self._base_ns, 3_000_000_000))

    def back_off(self) -> None:
        """The timeout has struck (RFC 6298 §5.5)."""
        self._set(self._base_ns * 2)

    def _set(self, timeout_ns: int) -> None:
        self._base_ns = min(timeout_ns, self._highest_ns)
        self.timeout_ns = min(timeout_ns + self._slop_ns, self._highest_ns)


def when_sent(acked: list[SentSegment], sacked: list[SentSegment]) -> list[int]:
    """When those segments left whose round trip an acknowledgment tells, in order (RFC 6298 §3, Karn).

    Args:
        acked, sacked: what it covers by its number, and what by its blocks, of which nothing was known.
    """
    sent_ns: list[int] = []
    if all(segment.transmissions == 1 for segment in acked):
        sent_ns = [segment.sent_ns for segment in acked if not segment.sacked]
    return sent_ns or [segment.sent_ns for segment in sacked if segment.transmissions == 1]
