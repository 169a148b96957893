"""What a connection asks of a congestion control.

The sender finds losses and decides what is sent again; the congestion control only says how
much may be under way (`CongestionControl.window`) and, if it paces, how fast it may leave
(`CongestionControl.pacing_rate`).  After a loss the sender itself brings the window down to
the new threshold, a little with each acknowledgment (proportional rate reduction, RFC 9937),
and asks no growth meanwhile.  A control that steers by measured rates instead (BBR) sets
`CongestionControl.steers` and is asked after every acknowledgment.

All sizes are bytes, all times nanoseconds, rates bytes per second.
"""

from __future__ import annotations

from typing import ClassVar

from pressenter.host.tcp.delivery_rate import NO_SAMPLE, RateSample

__all__ = ["UNLIMITED", "AckSample", "CongestionControl", "initial_window"]

UNLIMITED = 1 << 30  # RFC 5681 §3.1: the slow start threshold is arbitrarily high at first


class AckSample:
    """What one acknowledgment told; one object for each sender, written anew each time.

    Attributes:
        now_ns: when it came.
        delivered: bytes of which it tells for the first time, by number or by SACK.
        in_flight, prior_in_flight: the pipe after it, and before it.
        round_trip_ns: measured by it, or None.
        rate: the delivery rate sample.
        total_delivered: bytes delivered since the connection began.
        next_position: SND.NXT.
        position: SND.UNA.
        lost: bytes newly found to be lost.
        recovering: losses are being mended by fast recovery.
        timed_out: losses are being mended after a timeout.
        smoothed_ns: SRTT, or None.
        departure_ns: when pacing lets the next segment leave, or a time that has passed.
    """

    __slots__ = (
        "delivered", "departure_ns", "in_flight", "lost", "next_position", "now_ns", "position", "prior_in_flight",
        "rate", "recovering", "round_trip_ns", "smoothed_ns", "timed_out", "total_delivered",
    )  # fmt: skip

    def __init__(self) -> None:
        self.now_ns = 0
        self.delivered = 0
        self.in_flight = 0
        self.prior_in_flight = 0
        self.round_trip_ns: int | None = None
        self.rate: RateSample = NO_SAMPLE
        self.total_delivered = 0
        self.next_position = 0
        self.position = 0
        self.lost = 0
        self.recovering = False
        self.timed_out = False
        self.smoothed_ns: int | None = None
        self.departure_ns = 0


class CongestionControl:
    """Base of all congestion controls.

    Attributes:
        name: as in Linux's tcp_congestion_control.
        steers: it sets the window itself after every acknowledgment, also in recovery.
        send_buffer_windows: so many windows must fit the send buffer, lest the sender run dry.
        window: how much may be under way.
        threshold: where slow start ends.
        pacing_rate: at most this fast, or None for as fast as the window allows.
    """

    name: ClassVar[str] = ""
    steers: ClassVar[bool] = False
    send_buffer_windows: ClassVar[int] = 2

    def __init__(self, segment_size: int) -> None:
        self.segment_size = segment_size
        self.window = initial_window(segment_size)
        self.threshold = UNLIMITED
        self.pacing_rate: int | None = None
        self._before_reduction: tuple[int, int] | None = None

    @property
    def holds_back(self) -> bool:
        """Whether it sends little on purpose, so that rates measured now say nothing of the path."""
        return False

    @property
    def in_slow_start(self) -> bool:
        """Whether the window still doubles each round trip."""
        return self.window < self.threshold

    def on_acknowledged(self, sample: AckSample) -> None:
        """Grow: new data was acknowledged, the window was in use, and no loss is being mended.

        What counts is what was *delivered*: when a gap closes, the acknowledgment number leaps
        over all that SACK has told of before, and that has been counted then.
        """
        raise NotImplementedError

    def threshold_after_loss(self, sample: AckSample) -> int:
        """How far the window is to come down."""
        raise NotImplementedError

    def on_measured(self, sample: AckSample) -> None:
        """A round trip was measured (in every state)."""

    def begin_reduction(self, sample: AckSample) -> None:
        """A loss was found, or the path has marked a packet (ECN)."""
        self._before_reduction = (self.window, self.threshold)
        self.threshold = self.threshold_after_loss(sample)

    def on_timeout(self, sample: AckSample) -> None:
        """The retransmission timer struck: one segment at a time, to begin with (RFC 5681 §3.1)."""
        self.window = sample.in_flight + self.segment_size

    def on_start_after_pause(self, now_ns: int) -> None:
        """The application has something to send again, and nothing is under way."""

    def undo(self) -> None:
        """The loss was none: take the reduction back (RFC 4015 §3.2)."""
        if self._before_reduction is not None:
            window, self.threshold = self._before_reduction
            self.window = max(self.window, window)

    def restart_after_idle(self, timeouts: int) -> None:
        """Nothing was sent for so many timeouts: the path may have changed (RFC 2861 §3.1)."""
        self.threshold = max(self.threshold, self.window * 3 // 4)
        restart = min(initial_window(self.segment_size), self.window)
        self.window = max(self.window >> min(timeouts, 20), restart)

    def slow_start(self, delivered: int) -> int:
        """Grow by what was delivered, up to the threshold; returns what is left of it.

        RFC 9438 §4.10 and RFC 3465 with no limit, since pacing or the receiver's second-segment
        rule bounds the burst.
        """
        grown = min(self.window + delivered, self.threshold)
        left = delivered - (grown - self.window)
        self.window = grown
        return left


def initial_window(segment_size: int) -> int:
    """RFC 6928 §2: ten segments, within limits."""
    return min(10 * segment_size, max(2 * segment_size, 14_600))
