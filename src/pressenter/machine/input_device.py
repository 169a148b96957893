"""The kernel's input layer: a driver turns reports into events; a reader waits for them.

The keyboard driver compares each report with the one before: a usage that is new
is a key going down, one that is missing a key coming up.  Each change becomes an
event (type, code, value) in the buffer of the device file, closed by a SYN_REPORT,
and a process that is blocked in ``read()`` on that file is woken.

`getevent_line` prints an event as Android's ``getevent -lt`` does.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from pressenter.machine.costs import Costs
from pressenter.machine.keymap import KEY_BY_CODE, KEY_BY_USAGE, LEFT_SHIFT, Key
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["EV_KEY", "EV_SYN", "InputDevice", "InputEvent", "getevent_line"]

EV_SYN = 0
EV_KEY = 1
_SHIFT_BIT = 0x02


class InputEvent(NamedTuple):
    """``struct input_event``: a time, a type, a code and a value."""

    at_ns: int
    type: int
    code: int
    value: int


def getevent_line(event: InputEvent) -> str:
    """The event as ``getevent -lt`` prints it."""
    seconds, rest = divmod(event.at_ns, 1_000_000_000)
    if event.type == EV_KEY:
        kind, code, value = "EV_KEY", KEY_BY_CODE[event.code].name, "DOWN" if event.value else "UP"
    else:
        kind, code, value = "EV_SYN", "SYN_REPORT", f"{event.value:08x}"
    return f"[{seconds:>8}.{rest // 1000:06}] {kind:<12} {code:<20} {value}"


class InputDevice:
    """A device file such as ``/dev/input/event0`` and the driver behind it."""

    def __init__(self, node: str, path: str, agenda: Agenda, recorder: Recorder, costs: Costs) -> None:
        self.node = node
        self.path = path
        self.agenda = agenda
        self.recorder = recorder
        self.costs = costs
        self._report = bytes(8)
        self._buffer: list[InputEvent] = []
        self._reader: asyncio.Future[None] | None = None

    def take_report(self, report: bytes) -> None:
        """The driver: decode a boot-protocol report against the one before."""
        before, self._report = self._report, report
        changes: list[tuple[Key, int]] = []
        if (before[0] ^ report[0]) & _SHIFT_BIT:
            changes.append((LEFT_SHIFT, int(bool(report[0] & _SHIFT_BIT))))
        changes += [(KEY_BY_USAGE[u], 0) for u in before[2:] if u and u not in report[2:]]
        changes += [(KEY_BY_USAGE[u], 1) for u in report[2:] if u and u not in before[2:]]
        for key, value in changes:
            self._emit(InputEvent(self.agenda.now_ns, EV_KEY, key.code, value))
        if changes:
            self._emit(InputEvent(self.agenda.now_ns, EV_SYN, 0, 0))
            if self._reader is not None:
                self.agenda.after(self.costs.wake_up, self._wake, self._reader)
                self._reader = None

    async def read(self, reader: str) -> list[InputEvent]:
        """Events that have come; blocks until there are some.  One reader at a time."""
        if not self._buffer:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        events, self._buffer = self._buffer, []
        self.recorder.record(self.node, "input.wake", reader=reader, path=self.path, events=len(events))
        return events

    def _emit(self, event: InputEvent) -> None:
        self.recorder.record(
            self.node, "input.event", path=self.path, type=event.type, code=event.code,
            value=event.value, line=getevent_line(event),
        )  # fmt: skip
        self._buffer.append(event)

    @staticmethod
    def _wake(reader: asyncio.Future[None]) -> None:
        if not reader.done():
            reader.set_result(None)
