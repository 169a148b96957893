"""A USB mouse: it reports how far it was moved, never where it is.

The report is the boot protocol's (USB HID 1.11, appendix B.2), with a wheel behind it::

    | buttons | x | y | wheel |        one signed byte each but the buttons

Where the pointer is, only the window system knows: it adds up.
"""

from __future__ import annotations

from collections.abc import Callable

from pressenter.machine.input_device import (
    BTN_LEFT,
    EV_KEY,
    EV_REL,
    REL_WHEEL,
    REL_X,
    REL_Y,
    InputDevice,
)
from pressenter.machine.usb import POLL_INTERVAL_NS, UsbEndpoint
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["Mouse", "MouseInput"]

_LEFT = 0x01
_FARTHEST = 127  # counts in one report
_CLICK_NS = 80_000_000
_WHEEL_STEP_NS = 40_000_000
#: Half of the way that is left, at each report: a hand is fast first, then careful.
_STRIDE = 0.4


class Mouse:
    """A mouse that somebody's hand moves."""

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, endpoint: UsbEndpoint) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.endpoint = endpoint
        self._buttons = 0

    def move(self, x: int, y: int, when_done: Callable[[], None]) -> None:
        """Move by counts (pixels here), in as many reports as it takes."""
        if x == y == 0:
            when_done()
            return
        step_x, step_y = _stride(x), _stride(y)
        self.recorder.record(self.node, "mouse.move", x=step_x, y=step_y)
        self._report(step_x, step_y)
        self.agenda.after(POLL_INTERVAL_NS, self.move, x - step_x, y - step_y, when_done)

    def click(self, when_done: Callable[[], None]) -> None:
        """Press the left button and let it go."""
        self._press(True)
        self.agenda.after(_CLICK_NS, self._press, False)
        self.agenda.after(_CLICK_NS, when_done)

    def turn_wheel(self, steps: int, when_done: Callable[[], None]) -> None:
        """Turn the wheel by notches, towards the hand if negative (the page goes on)."""
        if steps == 0:
            when_done()
            return
        notch = 1 if steps > 0 else -1
        self.recorder.record(self.node, "mouse.wheel", steps=notch)
        self._report(0, 0, notch)
        self.agenda.after(_WHEEL_STEP_NS, self.turn_wheel, steps - notch, when_done)

    def _press(self, down: bool) -> None:
        self._buttons = _LEFT if down else 0
        self.recorder.record(
            self.node, "mouse.button", direction="down" if down else "up", direction_zh="按下" if down else "松开"
        )
        self._report(0, 0)

    def _report(self, x: int, y: int, wheel: int = 0) -> None:
        self.endpoint.device_has(bytes((self._buttons, x & 0xFF, y & 0xFF, wheel & 0xFF)))


def _stride(left: int) -> int:
    size = max(1, round(abs(left) * _STRIDE)) if left else 0
    return min(size, _FARTHEST) * (1 if left > 0 else -1)


class MouseInput(InputDevice):
    """The mouse driver's device file: reports become relative events."""

    _buttons = 0

    def take_report(self, report: bytes) -> None:
        """The driver: decode a boot-protocol report."""
        buttons = report[0]
        moved = [(code, _signed(byte)) for code, byte in zip((REL_X, REL_Y, REL_WHEEL), report[1:], strict=True)]
        changes = [(EV_REL, code, value) for code, value in moved if value]
        if (buttons ^ self._buttons) & _LEFT:
            changes.append((EV_KEY, BTN_LEFT, buttons & _LEFT))
        self._buttons = buttons
        self.emit(changes)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
