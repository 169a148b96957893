"""The window system: one process that reads every input device and owns the screen.

It turns key codes into characters, adds up the mouse's motions to the place of the
pointer, gives both to the window that they are for, and composites windows into frames
for the display.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from pressenter.machine.display import Display, Frame
from pressenter.machine.input_device import (
    ABS_MT_POSITION_X,
    ABS_MT_POSITION_Y,
    ABS_MT_TRACKING_ID,
    BTN_LEFT,
    EV_ABS,
    EV_KEY,
    EV_REL,
    EV_SYN,
    REL_WHEEL,
    REL_X,
    REL_Y,
    InputDevice,
    InputEvent,
)
from pressenter.machine.keymap import KEY_BY_CODE, LEFT_SHIFT
from pressenter.trace import Recorder

__all__ = ["KeyStroke", "Window", "WindowSystem"]


def _raise(error: Exception) -> None:
    raise error


class KeyStroke(NamedTuple):
    """A key that went down, the character that the layout gives it, and whether Shift was down."""

    key: str
    character: str
    shift: bool = False


class Window(Protocol):
    """What can have the focus.  Points are in pixels from the window's upper left corner."""

    title: str

    def key_pressed(self, stroke: KeyStroke) -> None:
        """A key went down while the window had the focus."""

    def pointer_moved(self, x: int, y: int) -> None:
        """The pointer is somewhere else."""

    def pointer_button(self, x: int, y: int, down: bool) -> None:
        """The left button went down or up."""

    def wheel_turned(self, x: int, y: int, steps: int) -> None:
        """The wheel was turned by notches; towards the person is negative."""

    def touched(self, x: int, y: int, phase: str) -> None:
        """A finger: ``phase`` is start, move or end."""


class WindowSystem:
    """One display, its input devices, one focused window.

    Attributes:
        focused: the window that gets the input, or None.
        pointer: where the pointer is.
        size: of the screen, which the pointer cannot leave.
        on_exception: called where a window has failed to take an event.
    """

    def __init__(self, node: str, recorder: Recorder, devices: Sequence[InputDevice], display: Display) -> None:
        self.node = node
        self.recorder = recorder
        self.devices = devices
        self.display = display
        self.focused: Window | None = None
        self.pointer = (0, 0)
        self.size = (1280, 900)
        self.on_exception: Callable[[Exception], None] = _raise
        self._shift = False
        self._contact = (0, 0)

    async def run(self) -> None:
        """Read all devices for ever."""
        await asyncio.gather(*(self._read(device) for device in self.devices))

    async def _read(self, device: InputDevice) -> None:
        while True:
            batch: list[InputEvent] = []
            for event in await device.read("window system"):
                if event.type != EV_SYN:
                    batch.append(event)
                    continue
                if self.focused is not None:
                    try:
                        self._dispatch(self.focused, batch)
                    except Exception as error:  # a program's fault: the keyboard works on
                        self.on_exception(error)
                batch = []

    def _dispatch(self, window: Window, batch: list[InputEvent]) -> None:
        """Events that belong together, up to a SYN_REPORT."""
        kinds = {event.type for event in batch}
        if EV_ABS in kinds:
            self._touch(window, {event.code: event.value for event in batch})
            return
        if EV_REL in kinds:
            self._move(window, {event.code: event.value for event in batch if event.type == EV_REL})
        for event in batch:
            if event.type == EV_KEY and event.code == BTN_LEFT:
                self._record_pointer("window.button", window, direction="down" if event.value else "up")
                window.pointer_button(*self.pointer, bool(event.value))
            elif event.type == EV_KEY:
                self._key(window, event)

    def _key(self, window: Window, event: InputEvent) -> None:
        key = KEY_BY_CODE[event.code]
        if key is LEFT_SHIFT:
            self._shift = bool(event.value)
        elif event.value:
            character = key.shifted if self._shift else key.plain
            self.recorder.record(self.node, "window.key", key=character, window=window.title)
            window.key_pressed(KeyStroke(key.name, character, self._shift))

    def _move(self, window: Window, motion: dict[int, int]) -> None:
        x, y = self.pointer[0] + motion.get(REL_X, 0), self.pointer[1] + motion.get(REL_Y, 0)
        moved = (min(max(0, x), self.size[0] - 1), min(max(0, y), self.size[1] - 1))
        if moved != self.pointer:
            self.pointer = moved
            self._record_pointer("window.pointer", window)
            window.pointer_moved(*moved)
        if motion.get(REL_WHEEL):
            self._record_pointer("window.wheel", window, steps=motion[REL_WHEEL])
            window.wheel_turned(*self.pointer, motion[REL_WHEEL])

    def _touch(self, window: Window, values: dict[int, int]) -> None:
        if values.get(ABS_MT_TRACKING_ID) == -1:
            phase = "end"
        else:
            phase = "start" if ABS_MT_TRACKING_ID in values else "move"
            self._contact = (values[ABS_MT_POSITION_X], values[ABS_MT_POSITION_Y])
        self.recorder.record(
            self.node, "window.touch", x=self._contact[0], y=self._contact[1], contact=phase, window=window.title
        )
        window.touched(*self._contact, phase)

    def _record_pointer(self, name: str, window: Window, **fields: Any) -> None:
        x, y = self.pointer
        self.recorder.record(self.node, name, x=x, y=y, window=window.title, **fields)

    def present(self, title: str, frame: Frame, when_shown: Callable[[], None] | None = None) -> None:
        """Show a window's contents: composited now, on the screen at the next refresh."""
        self.recorder.record(self.node, "window.composite", title=title, width=frame.width, height=frame.height)
        self.display.present(frame, when_shown)
