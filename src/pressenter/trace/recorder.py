"""The recorder: keeps what happened, and why.

Recording an event makes it the cause of whatever is done or scheduled next in
the same agenda entry; the agenda hands causes on from entry to entry.  Where
several things follow from one event side by side (a switch that floods a
frame), the caller puts the cause back between them::

    cause = agenda.cause
    for port in ports:
        agenda.cause = cause
        ...

A recorder that is off returns at once from every call; hot paths ask
``recorder.enabled`` first, and then pay one attribute look-up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pressenter.sim import Agenda
from pressenter.trace.catalogue import CATALOGUE
from pressenter.trace.events import BEGIN, END, POINT, CapturedFrame, Phase, TraceEvent

__all__ = ["Recorder"]


class Recorder:
    """Events and frames of one world, in the order in which they were recorded."""

    def __init__(self, agenda: Agenda, enabled: bool = True) -> None:
        self.agenda = agenda
        self.enabled = enabled
        self.events: list[TraceEvent] = []
        self.frames: list[CapturedFrame] = []
        #: Real time that a stage took on this computer, by the id of its begin event.  Kept
        #: apart from the events: it differs from run to run and must never enter virtual time.
        self.measured_ns: dict[int, int] = {}
        #: TLS secrets in SSLKEYLOGFILE format, so that readers of the capture can decrypt it.
        self.key_log: Callable[[], str] = lambda: ""
        self._listeners: list[Callable[[TraceEvent], None]] = []
        self._started_ns: dict[int, int] = {}

    def subscribe(self, listener: Callable[[TraceEvent], None]) -> None:
        """Call ``listener`` with each event as it is recorded."""
        self._listeners.append(listener)

    def forget_listeners(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()

    # The parameters have long names because the compiler (mypyc) refuses a keyword that has the name of a
    # positional-only parameter, which Python allows; and events have fields called ``name`` and ``node``.

    def record(self, event_node: str, event_name: str, /, phase: Phase = POINT, **fields: Any) -> int:
        """Record an event now; it becomes the current cause.  Returns its id (0 if off)."""
        if not self.enabled:
            return 0
        meaning = CATALOGUE[event_name]
        agenda = self.agenda
        number = len(self.events) + 1
        event = TraceEvent(number, agenda.now_ns, event_node, meaning.layer, event_name, phase, agenda.cause, fields)
        self.events.append(event)
        agenda.cause = number
        for listener in self._listeners:
            listener(event)
        return number

    def begin(self, event_node: str, event_name: str, /, **fields: Any) -> int:
        """Record the begin of something that takes time.  Returns the id for `end`."""
        number = self.record(event_node, event_name, BEGIN, **fields)
        self._started_ns[number] = time.perf_counter_ns()
        return number

    def end(self, begin_event: int, /, **fields: Any) -> int:
        """Record the end of what began with the event of that id."""
        if not self.enabled or not begin_event:
            return 0
        self.measured_ns[begin_event] = time.perf_counter_ns() - self._started_ns.pop(begin_event)
        event = self.events[begin_event - 1]
        return self.record(event.node, event.name, END, begin=begin_event, **fields)

    def capture(self, at_ns: int, port: str, outbound: bool, frame: bytes, comment: str = "") -> None:
        """Keep a frame that passes a port, with the current cause as its event."""
        self.frames.append(CapturedFrame(at_ns, port, outbound, frame, self.agenda.cause, comment))
