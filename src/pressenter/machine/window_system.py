"""The window system: gives keys to the focused window, and puts windows on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pressenter.machine.display import Display, Frame
from pressenter.machine.input_device import EV_KEY, InputDevice
from pressenter.machine.keymap import KEY_BY_CODE, LEFT_SHIFT
from pressenter.trace import Recorder

__all__ = ["KeyStroke", "Window", "WindowSystem"]


class KeyStroke(NamedTuple):
    """A key that went down, and the character that the layout gives it."""

    key: str
    character: str


class Window(Protocol):
    """What can have the focus."""

    title: str

    def key_pressed(self, stroke: KeyStroke) -> None:
        """A key went down while the window had the focus."""


class WindowSystem:
    """One display, one keyboard, one focused window.

    Attributes:
        focused: the window that gets the keys, or None.
    """

    def __init__(self, node: str, recorder: Recorder, device: InputDevice, display: Display) -> None:
        self.node = node
        self.recorder = recorder
        self.device = device
        self.display = display
        self.focused: Window | None = None
        self._shift = False

    async def run(self) -> None:
        """Read the keyboard for ever."""
        while True:
            for event in await self.device.read("window system"):
                if event.type != EV_KEY:
                    continue
                key = KEY_BY_CODE[event.code]
                if key is LEFT_SHIFT:
                    self._shift = bool(event.value)
                elif event.value and self.focused is not None:
                    character = key.shifted if self._shift else key.plain
                    self.recorder.record(self.node, "window.key", key=character, window=self.focused.title)
                    self.focused.key_pressed(KeyStroke(key.name, character))

    def present(self, title: str, frame: Frame, when_shown: Callable[[], None] | None = None) -> None:
        """Show a window's contents: composited now, on the screen at the next refresh."""
        self.recorder.record(self.node, "window.composite", title=title, width=frame.width, height=frame.height)
        self.display.present(frame, when_shown)
