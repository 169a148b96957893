"""The retransmission timeout, from measured round trips (RFC 6298).

The timeout must be longer than a round trip, and how much longer depends on how
much round trips vary: RTO = SRTT + 4 RTTVAR, both smoothed.  A segment that was
sent twice is never measured, since nobody knows which copy was acknowledged
(Karn's algorithm).  A timeout that strikes doubles the next one.
"""

from __future__ import annotations

__all__ = ["INITIAL_RTO_NS", "MAXIMUM_RTO_NS", "MINIMUM_RTO_NS", "RoundTripTime"]

INITIAL_RTO_NS = 1_000_000_000  # RFC 6298 §2.1
MINIMUM_RTO_NS = 200_000_000  # deviation: RFC 6298 §2.4 says 1 s; Linux has 200 ms
MAXIMUM_RTO_NS = 120_000_000_000  # RFC 6298 §2.5 allows 60 s and more; Linux has 120 s
_CLOCK_GRANULARITY_NS = 1_000_000


class RoundTripTime:
    """Smoothed round-trip time and the timeout that follows from it.

    Attributes:
        smoothed_ns: SRTT, or None before the first measurement.
        variation_ns: RTTVAR.
        timeout_ns: RTO, with its back-off.
    """

    __slots__ = ("smoothed_ns", "timeout_ns", "variation_ns")

    def __init__(self, initial_ns: int = INITIAL_RTO_NS) -> None:
        self.smoothed_ns: int | None = None
        self.variation_ns = 0
        self.timeout_ns = initial_ns

    def measure(self, sample_ns: int) -> None:
        """A segment that was sent once has been acknowledged after ``sample_ns``."""
        if self.smoothed_ns is None:  # RFC 6298 §2.2
            self.smoothed_ns = sample_ns
            self.variation_ns = sample_ns // 2
        else:  # RFC 6298 §2.3: alpha = 1/8, beta = 1/4
            difference = abs(self.smoothed_ns - sample_ns)
            self.variation_ns += (difference - self.variation_ns) // 4
            self.smoothed_ns += (sample_ns - self.smoothed_ns) // 8
        timeout = self.smoothed_ns + max(_CLOCK_GRANULARITY_NS, 4 * self.variation_ns)
        self.timeout_ns = min(max(timeout, MINIMUM_RTO_NS), MAXIMUM_RTO_NS)

    def end_back_off(self) -> None:
        """The timeout as it was before it struck: nothing was wrong with the path."""
        if self.smoothed_ns is not None:
            timeout = self.smoothed_ns + max(_CLOCK_GRANULARITY_NS, 4 * self.variation_ns)
            self.timeout_ns = min(max(timeout, MINIMUM_RTO_NS), MAXIMUM_RTO_NS)
        else:
            self.timeout_ns = INITIAL_RTO_NS

    def syn_was_lost(self) -> None:
        """RFC 6298 §5.7: the SYN had to be sent again, so be careful with the first data."""
        self.timeout_ns = max(self.timeout_ns, 3_000_000_000)

    def back_off(self) -> None:
        """The timeout has struck (RFC 6298 §5.5)."""
        self.timeout_ns = min(self.timeout_ns * 2, MAXIMUM_RTO_NS)
