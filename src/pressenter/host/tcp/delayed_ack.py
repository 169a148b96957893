"""When what has arrived in order is acknowledged: now, or with something else, or a little later.

An acknowledgment costs a segment, so RFC 9293 §3.8.6.3 lets it wait for a second full segment,
for data of ours that it can ride on, or for a while.  Waiting is wrong in two cases, and there
Linux does not wait, nor do we:

* A sender that has just begun (again) has a window of few segments, and opens it by one for each
  acknowledgment.  So the first 16 segments of a connection, and those after a pause or after
  something was received twice, are acknowledged one by one ("quick acknowledgments").
* A sender that marks a segment with PSH, or sends a small one, has no more for now.  When the
  application has read all of that, nothing is left to wait for.

Where the application answers each message at once, as in a terminal, all this would only add
segments: the answer carries the acknowledgment.  Whoever sends within 40 ms of what it has
received is taken to be *interactive*, until an acknowledgment had to go out on its own after
all.

The BSDs do nothing of the kind, but acknowledge every second segment, be it full or not:
``TcpParameters.quick_acknowledgments`` chooses.
"""

from __future__ import annotations

from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.timer_wheel import strikes_at

__all__ = ["DelayedAcknowledgment"]

_MOST_QUICK = 16  # Linux's TCP_MAX_QUICKACKS
_ANSWERS_WITHIN_NS = 40_000_000  # Linux's TCP_ATO_MIN
_SMALLEST_SEGMENT_GUESS = 536  # RFC 9293 §3.7.1


class DelayedAcknowledgment:
    """What waits to be acknowledged, and how patiently.

    Attributes:
        due_at_ns: when the acknowledgment that waits goes at the latest, or None.
        last_data_ns: when data came last, or 0.
        quick: how many acknowledgments still go one by one.
        interactive: the application answers what it gets.
        segment_size: the largest segment so far, which is what the peer takes for a full one.
    """

    __slots__ = ("_eager", "_parameters", "_pushed", "_smalls", "_unacknowledged", "_waiting",
                 "due_at_ns", "interactive", "last_data_ns", "quick", "segment_size")  # fmt: skip

    def __init__(self, parameters: TcpParameters) -> None:
        self._parameters = parameters
        self._eager = parameters.quick_acknowledgments
        self.due_at_ns: int | None = None
        self.last_data_ns = 0
        self.quick = 0
        self.interactive = False
        self.segment_size = _SMALLEST_SEGMENT_GUESS
        self._unacknowledged = 0
        self._waiting = False
        self._pushed = False
        self._smalls = 0

    def takes(
        self, now_ns: int, size: int, *, segment_size: int, pushed: bool, window: int, pause_ns: int
    ) -> bool:  # fmt: skip
        """Data has come in order; whether that is acknowledged at once.

        Args:
            size: how many bytes became readable.
            segment_size: how many the segment had, or each of those that came together.
            pushed: it had PSH.
            window: what the peer may send.
            pause_ns: a silence after which the peer begins anew with a small window.
        """
        first, silence_ns = not self.last_data_ns, now_ns - self.last_data_ns
        self.last_data_ns = now_ns
        if segment_size >= self.segment_size:
            self.segment_size = segment_size
            self._pushed |= pushed
        else:
            self._pushed = True
            self._smalls += 1
        self._waiting = True
        self._unacknowledged += size
        if self._eager and (first or silence_ns > pause_ns):
            self.acknowledge_quickly(window)
        if self._unacknowledged > self.segment_size or self._is_quick:
            return True
        if self.due_at_ns is not None:
            return not self._eager  # the BSDs acknowledge every second segment, be it full or not
        self.due_at_ns = strikes_at(self._parameters, now_ns, self._parameters.delayed_ack_ns)
        return False

    def waits_behind_gap(self) -> bool:
        """Data has come that is not in order; whether quickness alone has it acknowledged at once."""
        self._waiting = True
        return self._is_quick

    @property
    def _is_quick(self) -> bool:
        return self.quick > 0 and not self.interactive

    def acknowledge_quickly(self, window: int) -> None:
        """One by one for a while, but not for longer than half a window lasts."""
        if self._eager:
            self.quick = max(self.quick, min(_MOST_QUICK, max(2, window // (2 * self.segment_size))))

    def came_again(self, window: int) -> None:
        """What we had already: the peer has lost our acknowledgments, or begins anew."""
        self.interactive = False
        self.acknowledge_quickly(window)

    def read(self, emptied: bool) -> bool:
        """The application has read; whether what waits is acknowledged now."""
        if not (self._waiting and self._eager and emptied):
            return False
        return self._smalls > 1 or (self._pushed and not self.interactive)

    def set_quick(self, quickly: bool, emptied: bool) -> bool:
        """TCP_QUICKACK: without it, the application counts as interactive.  Returns whether what waits goes now."""
        self.interactive = not quickly
        if not quickly:
            return False
        self._pushed |= self._waiting
        return self.read(emptied)

    def sent_data(self, now_ns: int) -> None:
        """Data of ours goes out: is it an answer?"""
        if self._eager and self.last_data_ns and now_ns - self.last_data_ns < _ANSWERS_WITHIN_NS:
            self.interactive = True

    def has_waited(self) -> None:
        """The time is up: nothing of ours has carried it."""
        self.due_at_ns = None
        self.interactive = False

    def acknowledged(self) -> None:
        """An acknowledgment goes out, alone or with data."""
        if self._waiting and self.quick:
            self.quick -= 1
        self.due_at_ns = None
        self._unacknowledged = self._smalls = 0
        self._waiting = self._pushed = False
