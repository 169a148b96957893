"""CUBIC: the window follows a cubic curve of the time since the last loss (RFC 9438).

::

    window
      |            W_max ...................___-------'''          /
      |                            ___--'''                       /  probing: convex
      |   loss                _--''    steady: flat at W_max     /
      |     |             _-''
      |     v         _-''
      |    | \\     _-'  concave: back quickly to where it was
      |    |  `---'
      +------------------------------------------------------------ time
                   |<------------- K ------------->|

    W_cubic(t) = C (t - K)^3 + W_max,   K = cbrt((W_max - cwnd) / C)

Growth depends on time, not on the round trip, so that flows over long and short paths share
alike, and a fast long path fills in seconds instead of minutes.  Where NewReno would be
faster (short paths), it follows NewReno's window (§4.3).

Slow start ends before the queue overflows: HyStart watches for acknowledgments that come in
one long train and for round trips that grow (Ha and Rhee, "Taming the elephants", 2011; it
is Linux's, and RFC 9406 is its successor).
"""

from __future__ import annotations

from typing import ClassVar

from pressenter.host.tcp.congestion.interface import AckSample, CongestionControl

__all__ = ["Cubic"]

_C = 0.4  # RFC 9438 §5
_BETA = 717 / 1024  # RFC 9438 §4.6 says 0.7; the nearest that Linux can hold
_RENO_EIGHTHS = int(8 * (1 + _BETA) / (3 * (1 - _BETA)))  # RFC 9438 §4.3: 1 / alpha_cubic, as Linux rounds it
_TICK_NS = 4_000_000  # a jiffy of Linux with HZ=250
_UPDATE_TICKS = 7  # 1/32 s: for so long the growth stays as it is, if the window does

_HYSTART_LOWEST_WINDOW = 16  # segments
_HYSTART_SAMPLES = 8
_HYSTART_TRAIN_GAP_NS = 2_000_000
_HYSTART_DELAY_RANGE_NS = (4_000_000, 16_000_000)


class Cubic(CongestionControl):
    """RFC 9438 with HyStart."""

    name: ClassVar[str] = "cubic"

    def __init__(self, segment_size: int) -> None:
        super().__init__(segment_size)
        self._last_maximum = 0  # W_max, segments; 0 before the first loss
        self._epoch_tick: int | None = None  # when the present stage of congestion avoidance began
        self._origin = 0
        self._k_seconds = 0.0
        self._delivered = 0.0  # segments in this epoch that NewReno has not yet turned into growth
        self._reno_window = 0  # W_est
        self._segments_for_growth = 0
        self._updated_tick = 0
        self._updated_window = 0
        self._counted = 0.0
        self._delay_minimum_ns: int | None = None
        self._round_end = 0
        self._round_start_ns = 0
        self._last_ack_ns = 0
        self._round_minimum_ns: int | None = None
        self._round_samples = 0
        self._hystart_found = False

    # ---- growth ------------------------------------------------------------------------------

    def on_acknowledged(self, sample: AckSample) -> None:
        left = sample.delivered
        if self.in_slow_start:
            left = self.slow_start(left)
            if not left:
                return
        delivered = left / self.segment_size
        self._update(sample.now_ns, delivered)
        self._grow(delivered)

    def _update(self, now_ns: int, delivered: float) -> None:
        """How many segments must be acknowledged for the window to grow by one (§4.2, §4.4, §4.5).

        Windows here are whole segments and times whole ticks, as in Linux: with few segments the
        steps differ from the curves themselves, and a flow that shares a path with Linux's should
        be neither greedier nor shyer.  Within a tick only NewReno's window is followed.
        """
        self._delivered += delivered
        tick, window = now_ns // _TICK_NS, self.window // self.segment_size
        if self._updated_window == window and tick - self._updated_tick <= _UPDATE_TICKS:
            return
        if self._epoch_tick is None or tick != self._updated_tick:
            self._updated_window, self._updated_tick = window, tick
            if self._epoch_tick is None:
                self._begin_epoch(tick, window, delivered)
            self._segments_for_growth = self._by_curve(tick, window)
        self._segments_for_growth = max(2, min(self._segments_for_growth, self._by_reno(window)))

    def _begin_epoch(self, tick: int, window: int, delivered: float) -> None:
        self._epoch_tick = tick
        self._delivered = delivered
        self._reno_window = window
        if self._last_maximum <= window:
            self._k_seconds, self._origin = 0.0, window
        else:
            self._k_seconds = ((self._last_maximum - window) / _C) ** (1 / 3)
            self._origin = self._last_maximum

    def _by_curve(self, tick: int, window: int) -> int:
        assert self._epoch_tick is not None
        elapsed = tick - self._epoch_tick - (-(self._delay_minimum_ns or 0) // _TICK_NS)
        offset = elapsed * _TICK_NS / 1e9 - self._k_seconds
        distance = int(_C * abs(offset) ** 3)
        target = self._origin + (distance if offset > 0 else -distance)
        needed = window // (target - window) if target > window else 100 * window
        if self._last_maximum == 0:
            needed = min(needed, 20)  # without a W_max, at least 5 % a round trip
        return needed

    def _by_reno(self, window: int) -> int:
        """§4.3: never slower than NewReno with CUBIC's gentler reduction would be."""
        for_one = window * _RENO_EIGHTHS // 8
        while self._delivered > for_one:
            self._delivered -= for_one
            self._reno_window += 1
        ahead = self._reno_window - window
        return window // ahead if ahead > 0 else 1 << 30

    def _grow(self, delivered: float) -> None:
        needed = self._segments_for_growth
        if self._counted >= needed:
            # Counted while more was needed: that is worth one segment now, not a burst.
            self._counted = 0.0
            self.window += self.segment_size
        self._counted += delivered
        steps = int(self._counted / needed)
        if steps:
            self._counted -= steps * needed
            self.window += steps * self.segment_size

    # ---- losses --------------------------------------------------------------------------------

    def threshold_after_loss(self, sample: AckSample) -> int:
        window = self.window // self.segment_size
        self._epoch_tick = None
        self._counted = 0.0
        # §4.7, fast convergence: a window that is smaller than the last time leaves room for others
        self._last_maximum = int(window * (1 + _BETA) / 2) if window < self._last_maximum else window
        return max(int(window * _BETA), 2) * self.segment_size

    def on_timeout(self, sample: AckSample) -> None:
        super().on_timeout(sample)
        # §4.8: begin anew
        self._last_maximum = self._updated_window = 0
        self._epoch_tick = None
        self._delay_minimum_ns = None
        self._hystart_found = False

    # ---- HyStart -------------------------------------------------------------------------------

    def on_measured(self, sample: AckSample) -> None:
        delay_ns = sample.round_trip_ns
        if delay_ns is None:
            return
        if self._epoch_tick is not None and sample.now_ns - self._epoch_tick * _TICK_NS < 1_000_000_000:
            return  # just after recovery, a delay tells of the queue that caused the loss
        if self._delay_minimum_ns is None or delay_ns < self._delay_minimum_ns:
            self._delay_minimum_ns = delay_ns
        if not self._hystart_found and self.in_slow_start and self.window >= _HYSTART_LOWEST_WINDOW * self.segment_size:
            self._hystart(sample, delay_ns, self._delay_minimum_ns)

    def _hystart(self, sample: AckSample, delay_ns: int, minimum_ns: int) -> None:
        now_ns = sample.now_ns
        if sample.position > self._round_end:
            self._round_start_ns = self._last_ack_ns = now_ns
            self._round_end = sample.next_position
            self._round_minimum_ns = None
            self._round_samples = 0
        if now_ns - self._last_ack_ns <= _HYSTART_TRAIN_GAP_NS:
            self._last_ack_ns = now_ns
            if now_ns - self._round_start_ns > minimum_ns // 2:
                self._hystart_found = True  # the train is half a round trip long: the path is full
        if self._round_minimum_ns is None or delay_ns < self._round_minimum_ns:
            self._round_minimum_ns = delay_ns
        if self._round_samples < _HYSTART_SAMPLES:
            self._round_samples += 1
        else:
            lowest, highest = _HYSTART_DELAY_RANGE_NS
            if self._round_minimum_ns > minimum_ns + min(max(minimum_ns // 8, lowest), highest):
                self._hystart_found = True  # the round trip grows: a queue forms
        if self._hystart_found:
            self.threshold = self.window
