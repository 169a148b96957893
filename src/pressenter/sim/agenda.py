"""The agenda: what is to happen, in the order of virtual time.

A world has one agenda and no other clock.  Everything that happens in it, from
a bit arriving at a port to a step of an asyncio task, is an *entry*: a callback
with the virtual time at which it is due.  Running the world means taking the
earliest entry, setting the clock to its time, and calling it, until nothing is
left or somebody says stop.

Two entries due at the same nanosecond run in the order in which they were
scheduled, so a run is a pure function of its input: there is no thread, no
operating-system clock and no tie that is broken by chance.

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
    """A heap of ``(time_ns, sequence, entry)`` and the virtual clock.

    Attributes:
        now_ns: virtual time in nanoseconds since the world began.
        cause: number of the trace event being acted upon; 0 means none.
        executed: how many entries have run.
    """

    __slots__ = ("_chores", "_heap", "_sequence", "_stopping", "cause", "executed", "now_ns")

    def __init__(self) -> None:
        self.now_ns = 0
        self.cause = 0
        self.executed = 0
        self._heap: list[tuple[int, int, Entry]] = []
        self._chores: list[tuple[int, int, Entry]] = []
        self._sequence = 0
        self._stopping = False

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next_ns(self) -> int | None:
        """When the next entry is due, or None if there is none."""
        times = []
        for heap in (self._heap, self._chores):
            while heap and heap[0][2].callback is None:
                heapq.heappop(heap)
            if heap:
                times.append(heap[0][0])
        return min(times, default=None)

    def at(self, time_ns: int, callback: Callable[..., object], *args: Any) -> Entry:
        """Schedule ``callback(*args)`` at a virtual time; a time in the past means now."""
        if time_ns < self.now_ns:
            time_ns = self.now_ns
        entry = Entry(time_ns, callback, args, self.cause)
        self._sequence += 1
        heapq.heappush(self._heap, (time_ns, self._sequence, entry))
        return entry

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
        heap, chores = self._heap, self._chores
        pop = heapq.heappop
        self._stopping = False
        while True:
            while heap and heap[0][2].callback is None:
                pop(heap)  # a run does not go on for the sake of what was cancelled
            if not heap and (until_ns is None or not chores):
                break
            turn = chores if chores and (not heap or chores[0] < heap[0]) else heap
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
