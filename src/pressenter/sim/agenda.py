"""The agenda: what is to happen, in the order of virtual time.

A world has one agenda and no other clock.  Everything that happens in it, from
a bit arriving at a port to a step of an asyncio task, is an *entry*: a callback
with the virtual time at which it is due.  Running the world means taking the
earliest entry, setting the clock to its time, and calling it, until nothing is
left or somebody says stop.

Two entries due at the same nanosecond run in the order in which they were
scheduled, so a run is a pure function of its input: there is no thread, no
operating-system clock and no tie that is broken by chance.

Most of what a large world has on its agenda is far off: timers of connections
that will be cancelled, frames on long links.  A heap's every operation takes the
longer the more it holds, and finds what it compares ever farther from the
processor.  So only the entries of the current *period*, about a millisecond, are
in a heap.  Those of later periods wait unsorted, each period's in a list of its
own; when the heap is empty the next list becomes the heap, without what was
cancelled meanwhile.

Causality comes free here.  The agenda carries one number, ``cause``: the trace
event that is being acted upon.  An entry remembers the cause that stood when it
was scheduled, and gets it back when it runs.  So whoever records an event needs
only to look at ``agenda.cause`` to know why it happens, and no protocol passes
causes along.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

__all__ = ["Agenda", "Entry"]


#: Time, number in the order of scheduling, entry: tuples are compared in C.
_Due = tuple[int, int, "Entry"]

#: A period takes 2**20 ns.
_PERIOD_BITS = 20


class Entry:
    """One thing that is due.  Keep it only to cancel it."""

    __slots__ = ("args", "callback", "cause", "time_ns")

    def __init__(self, time_ns: int, callback: Callable[..., object], args: tuple[Any, ...], cause: int) -> None:
        self.time_ns = time_ns
        self.callback: Callable[..., object] | None = callback
        self.args = args
        self.cause = cause

    def cancel(self) -> None:
        """Take the entry off the agenda.  Cancelling twice, or too late, does nothing."""
        self.callback = None
        self.args = ()


class Agenda:
    """What is due, in order, and the virtual clock.

    Attributes:
        now_ns: virtual time in nanoseconds since the world began.
        cause: number of the trace event being acted upon; 0 means none.
        executed: how many entries have run.
    """

    __slots__ = ("_chores", "_far", "_near", "_near_end_ns", "_periods", "_sequence", "_stopping",
                 "cause", "executed", "now_ns")  # fmt: skip

    def __init__(self) -> None:
        self.now_ns = 0
        self.cause = 0
        self.executed = 0
        #: A heap of what is due before ``_near_end_ns``.
        self._near: list[_Due] = []
        self._near_end_ns = 0
        #: The rest: by period, each in the order of scheduling, and a heap of those periods.
        self._far: dict[int, list[_Due]] = {}
        self._periods: list[int] = []
        self._chores: list[_Due] = []
        self._sequence = 0
        self._stopping = False

    def __len__(self) -> int:
        return len(self._near) + sum(map(len, self._far.values()))

    @property
    def next_ns(self) -> int | None:
        """When the next entry is due, or None if there is none."""
        times = []
        chores = self._chores
        while chores and chores[0][2].callback is None:
            heapq.heappop(chores)
        if chores:
            times.append(chores[0][0])
        if self._next_is_near():
            times.append(self._near[0][0])
        return min(times, default=None)

    def at(self, time_ns: int, callback: Callable[..., object], *args: Any) -> Entry:
        """Schedule ``callback(*args)`` at a virtual time; a time in the past means now."""
        if time_ns < self.now_ns:
            time_ns = self.now_ns
        entry = Entry(time_ns, callback, args, self.cause)
        self._sequence += 1
        due = (time_ns, self._sequence, entry)
        if time_ns < self._near_end_ns:
            heapq.heappush(self._near, due)
            return entry
        period = time_ns >> _PERIOD_BITS
        later = self._far.get(period)
        if later is None:
            self._far[period] = [due]
            heapq.heappush(self._periods, period)
        else:
            later.append(due)
        return entry

    def _next_is_near(self) -> bool:
        """Bring the earliest entry that is not cancelled to the top of the heap; False if there is none."""
        near = self._near
        while True:
            while near and near[0][2].callback is None:
                heapq.heappop(near)
            if near:
                return True
            if not self._periods:
                return False
            period = heapq.heappop(self._periods)
            near += [due for due in self._far.pop(period) if due[2].callback is not None]
            heapq.heapify(near)
            self._near_end_ns = (period + 1) << _PERIOD_BITS

    def after(self, delay_ns: int, callback: Callable[..., object], *args: Any) -> Entry:
        """Schedule ``callback(*args)`` a number of nanoseconds from now."""
        return self.at(self.now_ns + delay_ns, callback, *args)

    def chore(self, delay_ns: int, callback: Callable[..., object], *args: Any) -> Entry:
        """Schedule upkeep that goes on for ever, such as the renewal of a lease.

        It runs in its turn, but a `run` without an end does not go on for its sake alone.
        """
        entry = Entry(self.now_ns + delay_ns, callback, args, 0)
        self._sequence += 1
        heapq.heappush(self._chores, (entry.time_ns, self._sequence, entry))
        return entry

    def stop(self) -> None:
        """End the `run` in progress after the current entry."""
        self._stopping = True

    def run(self, until_ns: int | None = None) -> bool:
        """Run entries in order; return True if `stop` ended the run.

        With ``until_ns`` the run ends before the first entry that is due later,
        and the clock is then set to ``until_ns``.
        """
        near, chores = self._near, self._chores
        pop = heapq.heappop
        self._stopping = False
        while True:
            # A run does not go on for the sake of what was cancelled.
            due = near and near[0][2].callback is not None
            if not (due or self._next_is_near()) and (until_ns is None or not chores):
                break
            turn = chores if chores and (not near or chores[0] < near[0]) else near
            time_ns, _, entry = turn[0]
            if until_ns is not None and time_ns > until_ns:
                break
            pop(turn)
            callback = entry.callback
            if callback is None:
                continue
            self.now_ns = time_ns
            self.cause = entry.cause
            self.executed += 1
            callback(*entry.args)
            if self._stopping:
                self._stopping = False
                self.cause = 0
                return True
        self.cause = 0
        if until_ns is not None and until_ns > self.now_ns:
            self.now_ns = until_ns
        return False
