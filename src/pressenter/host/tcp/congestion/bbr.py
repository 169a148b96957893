"""BBR: send at the rate that the path delivers, with one round trip's worth under way.

Loss is a late sign of congestion, and on some paths none at all.  BBR (Cardwell et al.,
"BBR: Congestion-Based Congestion Control", 2016; version 1, as Linux has it, but without its
detection of policers) models the path by two numbers instead: the *bottleneck bandwidth*, the
highest delivery rate of the last ten round trips, and the *minimum round trip* of the last ten
seconds.  Their product is what fits the path without a queue.  Both cannot be seen at once: the
rate shows only when the path is full, the round trip only when it is not.  So it goes through states::

                  full pipe           in flight <= product
    STARTUP ------------------> DRAIN --------------------> PROBE_BW
       2.9 x, each round trip      1/2.9 x                     1.25, 0.75, 1, 1, 1, 1, 1, 1 x
       ^                                                       |   ^
       |                      no lower round trip for 10 s     v   | 200 ms with four segments
       +---------------------------- not full ---------------- PROBE_RTT

Every packet is paced: sent at a rate, not in bursts.  The window is only a second line of defence,
twice the product, and some more where acknowledgments come in bunches (``ack_aggregation.py``).
"""

from __future__ import annotations

import enum
from collections import deque
from typing import ClassVar

from pressenter.host.tcp.congestion.ack_aggregation import AckAggregation
from pressenter.host.tcp.congestion.interface import UNLIMITED, AckSample, CongestionControl
from pressenter.host.tcp.pacer import LARGEST_BURST, SMALLEST_BURST

__all__ = ["Bbr"]

_HIGH_GAIN = 2885 / 1000  # 2 / ln 2: doubles the rate each round trip
_DRAIN_GAIN = 1 / _HIGH_GAIN
_CYCLE = (1.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
_WINDOW_GAIN = 2.0
_BANDWIDTH_ROUNDS = 10
_MINIMUM_RTT_WINDOW_NS = 10_000_000_000
_PROBE_RTT_NS = 200_000_000
_SMALLEST_WINDOW = 4  # segments
_FULL_GROWTH = 1.25
_FULL_ROUNDS = 3
_PACING_MARGIN = 0.99


class Mode(enum.Enum):
    """BBR's states."""

    STARTUP = "startup"
    DRAIN = "drain"
    PROBE_BW = "probe bandwidth"
    PROBE_RTT = "probe round trip"


class Bbr(CongestionControl):
    """BBR version 1."""

    name: ClassVar[str] = "bbr"
    steers: ClassVar[bool] = True
    send_buffer_windows: ClassVar[int] = 3  # it may be in slow start while losses are mended

    def __init__(self, segment_size: int) -> None:
        super().__init__(segment_size)
        self.mode = Mode.STARTUP
        self.bandwidth = 0  # bytes per second
        self.minimum_ns: int | None = None
        self._rates: deque[tuple[int, int]] = deque()  # (round, rate), falling rates
        self._round = 0
        self._round_end = 0  # delivered count that ends the round
        self._round_started = False
        self._full_bandwidth = 0
        self._full_rounds = 0
        self._full = False
        self._minimum_at_ns = 0
        self._probe_done_ns: int | None = None
        self._probe_round_done = False
        self._prior_window = 0
        self._cycle = 0
        self._cycle_ns = 0
        self._pacing_gain = self._window_gain = _HIGH_GAIN
        self._conserving = False
        self._was_mending = False
        self._aggregation = AckAggregation()
        self._idle_restart = False

    @property
    def holds_back(self) -> bool:
        return self.mode is Mode.PROBE_RTT

    # ---- what the sender calls -------------------------------------------------------------------

    def on_acknowledged(self, sample: AckSample) -> None:
        self._update_round(sample)
        self._update_bandwidth(sample)
        if sample.delivered and sample.rate.interval_ns:
            self._aggregation.update(sample.now_ns, sample.delivered, self.bandwidth, self.window, self._round_started)
        self._update_cycle(sample)
        self._check_full(sample)
        self._check_drain(sample)
        self._update_minimum(sample)
        self._set_pacing_rate(sample)
        self._set_window(sample)

    def threshold_after_loss(self, sample: AckSample) -> int:
        self._save_window()
        return UNLIMITED  # losses do not steer it

    def on_timeout(self, sample: AckSample) -> None:
        self._save_window()
        self._full_bandwidth = 0
        self._round_started = True
        super().on_timeout(sample)

    def undo(self) -> None:
        self._full_bandwidth = 0
        self._full_rounds = 0
        self.window = max(self.window, self._prior_window)

    def restart_after_idle(self, timeouts: int) -> None:
        """Pacing bounds what goes out after a pause; the window stays."""

    def on_start_after_pause(self, now_ns: int) -> None:
        # What leaves now finds an empty path: no need for PROBE_RTT, nor to go faster than the bottleneck.
        self._idle_restart = True
        self._aggregation.restart(now_ns)
        if self.mode is Mode.PROBE_BW and self.bandwidth:
            self.pacing_rate = int(self.bandwidth * _PACING_MARGIN)

    # ---- the model -----------------------------------------------------------------------------------

    def _update_round(self, sample: AckSample) -> None:
        self._round_started = False
        rate = sample.rate
        if rate.interval_ns and rate.prior_delivered >= self._round_end:
            self._round_end = sample.total_delivered
            self._round += 1
            self._round_started = True
            self._conserving = False

    def _update_bandwidth(self, sample: AckSample) -> None:
        rate = sample.rate
        if not rate.delivered or not rate.interval_ns:
            return
        measured = rate.delivered * 1_000_000_000 // rate.interval_ns
        if rate.limited and measured < self.bandwidth:
            return  # the application was slower than the path
        rates = self._rates
        while rates and rates[-1][1] <= measured:
            rates.pop()
        rates.append((self._round, measured))
        while rates[0][0] < self._round - _BANDWIDTH_ROUNDS + 1:
            rates.popleft()
        self.bandwidth = rates[0][1]

    def _product(self, gain: float) -> int:
        """What fits the path, times ``gain``."""
        if self.minimum_ns is None or not self.bandwidth:
            return int(self._initial_product() * gain)
        return int(self.bandwidth * self.minimum_ns * gain / 1e9)

    def _group_segments(self) -> int:
        """How many segments leave at a time: a millisecond's worth, as the pacer lets them go."""
        rate = self.pacing_rate or 0
        return max(min(rate >> 10, LARGEST_BURST) // self.segment_size, SMALLEST_BURST)

    def _initial_product(self) -> int:
        return 10 * self.segment_size

    def _in_flight_at(self, gain: float, more: int = 0) -> int:
        """The window for a gain: with a group at the sender, one under way and one at the receiver."""
        segments = -(-(self._product(gain) + more) // self.segment_size) + 3 * self._group_segments()
        segments += segments % 2  # a receiver acknowledges pairs
        if self.mode is Mode.PROBE_BW and self._cycle == 0:
            segments += 2
        return segments * self.segment_size

    def _in_flight_at_departure(self, sample: AckSample, in_flight: int) -> int:
        """What will be under way when pacing lets the next group go."""
        if self._pacing_gain > 1.0:
            in_flight += self._group_segments() * self.segment_size
        wait_ns = max(0, sample.departure_ns - sample.now_ns)
        return max(0, in_flight - self.bandwidth * wait_ns // 1_000_000_000)

    # ---- states ----------------------------------------------------------------------------------------

    def _check_full(self, sample: AckSample) -> None:
        """STARTUP ends when three round trips brought no quarter more."""
        if self._full or not self._round_started or sample.rate.limited:
            return
        if self.bandwidth >= self._full_bandwidth * _FULL_GROWTH:
            self._full_bandwidth, self._full_rounds = self.bandwidth, 0
            return
        self._full_rounds += 1
        self._full = self._full_rounds >= _FULL_ROUNDS

    def _check_drain(self, sample: AckSample) -> None:
        if self.mode is Mode.STARTUP and self._full:
            self.mode = Mode.DRAIN
            self._pacing_gain, self._window_gain = _DRAIN_GAIN, _HIGH_GAIN
            self.threshold = self._in_flight_at(1.0)
        if self.mode is Mode.DRAIN:
            in_flight = self._in_flight_at_departure(sample, sample.in_flight)
            if in_flight <= self._in_flight_at(1.0):
                self._probe_bandwidth(sample)

    def _probe_bandwidth(self, sample: AckSample) -> None:
        self.mode = Mode.PROBE_BW
        # Deviation: the first phase is drawn by chance elsewhere; flows of one world differ enough.
        self._cycle, self._cycle_ns = 2, sample.now_ns
        self._pacing_gain, self._window_gain = _CYCLE[2], _WINDOW_GAIN

    def _update_cycle(self, sample: AckSample) -> None:
        if self.mode is not Mode.PROBE_BW:
            return
        full_length = self.minimum_ns is not None and sample.now_ns - self._cycle_ns > self.minimum_ns
        gain = self._pacing_gain
        in_flight = self._in_flight_at_departure(sample, sample.prior_in_flight)
        if gain == 1.0:
            over = full_length
        elif gain > 1.0:
            # The probe must have filled the path.
            over = full_length and (bool(sample.lost) or in_flight >= self._in_flight_at(gain))
        else:
            over = full_length or in_flight <= self._in_flight_at(1.0)
        if over:
            self._cycle = (self._cycle + 1) % len(_CYCLE)
            self._cycle_ns = sample.now_ns
            self._pacing_gain = _CYCLE[self._cycle]

    def _update_minimum(self, sample: AckSample) -> None:
        now_ns, measured_ns = sample.now_ns, sample.round_trip_ns
        expired = self.minimum_ns is not None and now_ns - self._minimum_at_ns > _MINIMUM_RTT_WINDOW_NS
        if measured_ns is not None and (self.minimum_ns is None or measured_ns < self.minimum_ns or expired):
            self.minimum_ns, self._minimum_at_ns = measured_ns, now_ns
        if expired and not self._idle_restart and self.mode is not Mode.PROBE_RTT:
            self.mode = Mode.PROBE_RTT
            self._pacing_gain = self._window_gain = 1.0
            self._save_window()
            self._probe_done_ns = None
        if self.mode is Mode.PROBE_RTT:
            self._leave_probe_when_done(sample)
        if sample.rate.delivered:
            self._idle_restart = False

    def _leave_probe_when_done(self, sample: AckSample) -> None:
        if self._probe_done_ns is None:
            if sample.in_flight <= _SMALLEST_WINDOW * self.segment_size:
                self._probe_done_ns = sample.now_ns + _PROBE_RTT_NS
                self._probe_round_done = False
                self._round_end = sample.total_delivered
            return
        self._probe_round_done |= self._round_started
        if self._probe_round_done and sample.now_ns >= self._probe_done_ns:
            self._minimum_at_ns = sample.now_ns
            self.window = max(self.window, self._prior_window)
            if self._full:
                self._probe_bandwidth(sample)
            else:
                self.mode = Mode.STARTUP
                self._pacing_gain = self._window_gain = _HIGH_GAIN

    # ---- what follows ------------------------------------------------------------------------------------

    def _set_pacing_rate(self, sample: AckSample) -> None:
        if self.pacing_rate is None and sample.smoothed_ns is not None:
            initial = self._initial_product() * 1_000_000_000 // max(sample.smoothed_ns, 1_000)
            self.pacing_rate = max(1, int(initial * _HIGH_GAIN * _PACING_MARGIN))
        rate = int(self.bandwidth * self._pacing_gain * _PACING_MARGIN)
        if rate and (self._full or self.pacing_rate is None or rate > self.pacing_rate):
            self.pacing_rate = rate

    def _save_window(self) -> None:
        if not self._was_mending and self.mode is not Mode.PROBE_RTT:
            self._prior_window = self.window
        else:
            self._prior_window = max(self._prior_window, self.window)

    def _set_window(self, sample: AckSample) -> None:
        segment = self.segment_size
        if sample.lost:
            self.window = max(self.window - sample.lost, segment)
        mending = sample.recovering or sample.timed_out
        if sample.recovering and not self._was_mending:
            # The first round trip of recovery sends as much as arrives.
            self._conserving = True
            self._round_end = sample.total_delivered
            self.window = sample.in_flight + sample.delivered
        elif not mending and self._was_mending:
            self.window = max(self.window, self._prior_window)
            self._conserving = False
        self._was_mending = mending
        if self._conserving:
            self.window = max(self.window, sample.in_flight + sample.delivered)
        else:
            excess = self._aggregation.excess(self.bandwidth) if self._full else 0
            target = self._in_flight_at(self._window_gain, excess)
            if self._full:
                self.window = min(self.window + sample.delivered, target)
            elif self.window < target or sample.total_delivered < self._initial_product():
                self.window += sample.delivered
        self.window = max(self.window, _SMALLEST_WINDOW * segment)
        if self.mode is Mode.PROBE_RTT:
            self.window = min(self.window, _SMALLEST_WINDOW * segment)
