"""A world paced by the real clock: virtual time goes as fast as the time outside.

Between two entries of the agenda it waits for frames from outside.  When the world cannot keep
up with the clock, virtual time falls behind; how far it ever did is counted.

Being late must not add up.  The kernel answers a segment within the call that hands it over, so
the answer waits to be read as soon as that call returns.  It gets the virtual time of what it
answers, not that of the clock, which shows by then how long the call took and how late it was.
So a round trip through the world and the kernel takes, on the average, what the links take,
and not what this program takes::

    virtual    | arrival, answer        | next arrival
    clock      |    | written   | read  |  | written
"""

from __future__ import annotations

import ctypes
import os
import selectors
import time
from collections.abc import Callable

from pressenter.bridge.tap import Tap
from pressenter.sim import Agenda

__all__ = ["RealTime"]

_LONGEST_WAIT_SECONDS = 0.1
_SPIN_NS = 200_000  # being woken takes about as long as waiting would
_AWAKE_NS = 20_000_000  # after a frame, another one may soon come: so long nobody has to wake us
_STEPS_WITHOUT_A_LOOK = 50
_ANSWERS_WITHIN_NS = 30_000  # where virtual time stands still meanwhile
_PR_SET_TIMERSLACK = 29


class RealTime:
    """Runs an agenda beside the real clock.

    Args:
        stays_awake: wait for the next frame without sleep, for a while after each: quicker, and it takes a processor.
        stands_still: do not make up for being late, but let virtual time stand still for so long.  Then what
            is measured in virtual time holds no delay of this program's, and the clock outside runs ahead.

    Attributes:
        latest_ns: how late the latest entry has run.
        behind: how many entries ran more than a millisecond late.
    """

    def __init__(
        self, agenda: Agenda, taps: list[Tap], *, stays_awake: bool = False, stands_still: bool = False
    ) -> None:
        self.agenda = agenda
        self.taps = taps
        self.latest_ns = 0
        self.behind = 0
        self._stands_still = stands_still
        self._start_ns = time.monotonic_ns() - agenda.now_ns
        #: Where there is one processor alone, whoever sends the next frame needs it.
        self._awake_ns = _AWAKE_NS if stays_awake and (os.cpu_count() or 1) > 1 else 0

    def now_ns(self) -> int:
        """The real clock, as virtual time."""
        return time.monotonic_ns() - self._start_ns

    def run(self, is_over: Callable[[], bool]) -> None:
        """Run until ``is_over`` says so; it is asked at least ten times a second."""
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1000)  # waits end within a microsecond, not fifty
        agenda = self.agenda
        with selectors.SelectSelector() as selector:  # epoll would wait in whole milliseconds
            for tap in self.taps:
                selector.register(tap, selectors.EVENT_READ, tap)
            awake_until_ns = 0
            while not is_over():
                due_ns = agenda.next_ns
                wait = _LONGEST_WAIT_SECONDS if self.now_ns() > awake_until_ns else 0.0
                if due_ns is not None:
                    wait = min(wait, (due_ns - self.now_ns()) / 1e9)
                    if wait < _SPIN_NS / 1e9:
                        wait = 0.0
                ready = selector.select(wait)
                now_ns = self.now_ns()
                # Nothing is due before that: only the clock goes on, to the time at which frames have come.
                agenda.run(now_ns if due_ns is None else min(now_ns, due_ns - 1))
                for key, _ in ready:
                    key.data.take_frames()
                    awake_until_ns = now_ns + self._awake_ns
                self._catch_up()

    def _catch_up(self) -> None:
        """Run what is due, each entry at its own time, and give what is sent in answer that time, too."""
        agenda, taps = self.agenda, self.taps
        for _ in range(_STEPS_WITHOUT_A_LOOK):
            due_ns, now_ns = agenda.next_ns, self.now_ns()
            if due_ns is None or due_ns > now_ns:
                return
            self._count_delay(now_ns - due_ns)
            if self._stands_still:
                self._start_ns += now_ns - due_ns
            written = [tap.written for tap in taps]
            agenda.run(due_ns)
            for tap, before in zip(taps, written, strict=True):
                if tap.written != before:
                    self._take_answers(tap)

    def _take_answers(self, tap: Tap) -> None:
        if not self._stands_still:
            tap.take_frames()
            return
        began_ns = time.monotonic_ns()
        while not tap.take_frames() and time.monotonic_ns() - began_ns < _ANSWERS_WITHIN_NS:
            pass  # a program that waits without sleep reads, and only then the kernel acknowledges
        self._start_ns += time.monotonic_ns() - began_ns

    def _count_delay(self, late_ns: int) -> None:
        self.latest_ns = max(self.latest_ns, late_ns)
        self.behind += late_ns > 1_000_000
