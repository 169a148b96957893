"""A world paced by the real clock: virtual time goes as fast as the time outside.

Between two entries of the agenda it waits for frames from outside.  When the world cannot keep
up with the clock, virtual time falls behind; how far it ever did is counted.
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
_PR_SET_TIMERSLACK = 29


class RealTime:
    """Runs an agenda beside the real clock.

    Args:
        stays_awake: wait for the next frame without sleep, for a while after each: quicker, and it takes a processor.

    Attributes:
        latest_ns: how late the latest entry has run.
        behind: how many entries ran more than a millisecond late.
    """

    def __init__(self, agenda: Agenda, taps: list[Tap], *, stays_awake: bool = False) -> None:
        self.agenda = agenda
        self.taps = taps
        self.latest_ns = 0
        self.behind = 0
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
                self._count_delay(due_ns, now_ns)
                agenda.run(now_ns)
                for key, _ in ready:
                    key.data.take_frames()
                    awake_until_ns = now_ns + self._awake_ns
                self._follow()

    def _follow(self) -> None:
        """A frame makes its way in steps of microseconds: go with it, without a look outside between them."""
        agenda = self.agenda
        for _ in range(_STEPS_WITHOUT_A_LOOK):
            due_ns, now_ns = agenda.next_ns, self.now_ns()
            if due_ns is None or due_ns > now_ns + _SPIN_NS:
                return
            agenda.run(now_ns)

    def _count_delay(self, due_ns: int | None, now_ns: int) -> None:
        if due_ns is not None and now_ns > due_ns:
            late_ns = now_ns - due_ns
            self.latest_ns = max(self.latest_ns, late_ns)
            self.behind += late_ns > 1_000_000
