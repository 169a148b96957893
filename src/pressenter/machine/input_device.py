"""The kernel's input layer: a driver turns reports into events; a reader waits for them.

Each change that a driver finds in a report becomes an event (type, code, value) in the
buffer of the device file, closed by a SYN_REPORT, and a process that is blocked in
``read()`` on that file is woken.  The drivers are beside their devices: `keyboard`,
`mouse`, `touch_screen`.

`getevent_line` prints an event as Android's ``getevent -lt`` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from pressenter.machine.costs import Costs
from pressenter.machine.keymap import KEY_BY_CODE
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = [
    "ABS_MT_POSITION_X", "ABS_MT_POSITION_Y", "ABS_MT_PRESSURE", "ABS_MT_TOUCH_MAJOR", "ABS_MT_TRACKING_ID",
    "BTN_LEFT", "EV_ABS", "EV_KEY", "EV_REL", "EV_SYN", "REL_WHEEL", "REL_X", "REL_Y", "InputDevice", "InputEvent",
    "getevent_line",
]  # fmt: skip

# Linux, include/uapi/linux/input-event-codes.h
EV_SYN, EV_KEY, EV_REL, EV_ABS = 0, 1, 2, 3
REL_X, REL_Y, REL_WHEEL = 0, 1, 8
BTN_LEFT = 0x110
ABS_MT_TOUCH_MAJOR, ABS_MT_POSITION_X, ABS_MT_POSITION_Y = 0x30, 0x35, 0x36
ABS_MT_TRACKING_ID, ABS_MT_PRESSURE = 0x39, 0x3A

_TYPES = {EV_REL: "EV_REL", EV_ABS: "EV_ABS"}
_CODES = {
    (EV_REL, REL_X): "REL_X", (EV_REL, REL_Y): "REL_Y", (EV_REL, REL_WHEEL): "REL_WHEEL",
    (EV_ABS, ABS_MT_TOUCH_MAJOR): "ABS_MT_TOUCH_MAJOR", (EV_ABS, ABS_MT_POSITION_X): "ABS_MT_POSITION_X",
    (EV_ABS, ABS_MT_POSITION_Y): "ABS_MT_POSITION_Y", (EV_ABS, ABS_MT_TRACKING_ID): "ABS_MT_TRACKING_ID",
    (EV_ABS, ABS_MT_PRESSURE): "ABS_MT_PRESSURE",
}  # fmt: skip


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
        name = "BTN_LEFT" if event.code == BTN_LEFT else KEY_BY_CODE[event.code].name
        kind, code, value = "EV_KEY", name, "DOWN" if event.value else "UP"
    elif event.type in _TYPES:
        kind, code, value = _TYPES[event.type], _CODES[event.type, event.code], f"{event.value & 0xFFFFFFFF:08x}"
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
        self._buffer: list[InputEvent] = []
        self._reader: asyncio.Future[None] | None = None

    def take_report(self, report: bytes) -> None:
        """The driver: decode what the device has reported."""
        raise NotImplementedError

    def emit(self, changes: Sequence[tuple[int, int, int]]) -> None:
        """Events that belong together: type, code and value of each."""
        if not changes:
            return
        for change in changes:
            self._emit(InputEvent(self.agenda.now_ns, *change))
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
