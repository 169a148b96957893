"""NewReno: double in slow start, add a segment each round trip, halve at a loss (RFC 5681, RFC 6582).

The window's size over time is a saw tooth.  Its mean is about 1.2 / sqrt(loss) segments, so
on a long and fast path with a little loss it never fills the path; that is what CUBIC and
BBR mend.
"""

from __future__ import annotations

from typing import ClassVar

from pressenter.host.tcp.congestion.interface import AckSample, CongestionControl

__all__ = ["NewReno"]


class NewReno(CongestionControl):
    """RFC 5681 §3.1; recovery itself is the sender's."""

    name: ClassVar[str] = "reno"

    def __init__(self, segment_size: int) -> None:
        super().__init__(segment_size)
        self._counted = 0

    def on_acknowledged(self, sample: AckSample) -> None:
        left = sample.delivered
        if self.in_slow_start:
            left = self.slow_start(left)
        # RFC 5681 §3.1, equation 3, by RFC 3465's counting of bytes
        if self._counted >= self.window:
            self._counted = 0
            self.window += self.segment_size
        self._counted += left
        if self._counted >= self.window:
            self._counted -= self.window
            self.window += self.segment_size

    def threshold_after_loss(self, sample: AckSample) -> int:
        self._counted = 0
        # RFC 5681 §3.1, equation 4, with the window for the flight size, in whole segments, as Linux has it
        return max(self.window // self.segment_size // 2, 2) * self.segment_size
