"""A capacitive touch screen on an I²C bus.

Its controller measures the grid of electrodes some hundred times a second and works out
where fingers are.  When there is news it pulls its interrupt line.  The driver's bottom
half then reads the packet over I²C (400 kHz, nine bits for each byte) and reports one
*contact* by the multi-touch protocol: a tracking id while the finger is down, -1 when it is
lifted (Linux ``Documentation/input/multi-touch-protocol.rst``, type B).  So a tap takes
two interrupts, and a swipe as many as it has samples.

Packet::

    | state: 1 down, 0 up | x, 16 bits | y, 16 bits | pressure | size |
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable

from pressenter.machine.input_device import (
    ABS_MT_POSITION_X,
    ABS_MT_POSITION_Y,
    ABS_MT_PRESSURE,
    ABS_MT_TOUCH_MAJOR,
    ABS_MT_TRACKING_ID,
    EV_ABS,
    InputDevice,
)
from pressenter.machine.interrupts import InterruptController
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["TouchInput", "TouchScreen"]

_PACKET = struct.Struct(">BHHBB")
_SAMPLE_NS = 8_333_333  # 120 samples a second
_I2C_BIT_NS = 2_500  # fast mode, 400 kbit/s
_TAP_NS = 90_000_000
_PRESSURE, _SIZE = 46, 5


class TouchScreen:
    """The screen's controller, and the finger on it."""

    irq = 294
    device = "elan-ktf3k"

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, interrupts: InterruptController) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.interrupts = interrupts
        self.on_report: Callable[[bytes], None] = lambda report: None
        self._ready: deque[bytes] = deque()
        interrupts.connect(self.irq, self.device, "msmgpio", self._top_half)

    def tap(self, x: int, y: int, when_done: Callable[[], None]) -> None:
        """Touch a point and lift the finger."""
        self._sample(x, y, True)
        self.agenda.after(_TAP_NS, self._lift, x, y, when_done)

    def swipe(self, start: tuple[int, int], end: tuple[int, int], samples: int, when_done: Callable[[], None]) -> None:
        """Drag a finger from one point to another."""
        self._drag(start, end, 0, max(1, samples), when_done)

    def _drag(
        self, start: tuple[int, int], end: tuple[int, int], index: int, samples: int, when_done: Callable[[], None]
    ) -> None:
        x, y = (round(a + (b - a) * index / samples) for a, b in zip(start, end, strict=True))
        if index == samples:
            self._lift(x, y, when_done)
            return
        self._sample(x, y, True)
        self.agenda.after(_SAMPLE_NS, self._drag, start, end, index + 1, samples, when_done)

    def _lift(self, x: int, y: int, when_done: Callable[[], None]) -> None:
        self._sample(x, y, False)
        self.agenda.after(_SAMPLE_NS, when_done)

    def _sample(self, x: int, y: int, down: bool) -> None:
        self.recorder.record(
            self.node, "touch.contact", x=x, y=y, state="down" if down else "lifted",
            state_zh="按住" if down else "抬起",
        )  # fmt: skip
        pressed = (_PRESSURE, _SIZE) if down else (0, 0)
        self._ready.append(_PACKET.pack(down, max(0, x), max(0, y), *pressed))
        self.interrupts.raise_line(self.irq)

    def _top_half(self) -> None:
        self.recorder.record(self.node, "irq.top_half", irq=self.irq, device=self.device)
        self.interrupts.bottom_half(self._bottom_half)

    def _bottom_half(self) -> None:
        self.recorder.record(self.node, "irq.bottom_half", irq=self.irq, device=self.device)
        packet = self._ready.popleft()
        self.agenda.after((len(packet) + 1) * 9 * _I2C_BIT_NS, self._transferred, packet)  # the address goes first

    def _transferred(self, packet: bytes) -> None:
        self.recorder.record(self.node, "i2c.read", device=self.device, packet=packet.hex(" "))
        self.on_report(packet)


class TouchInput(InputDevice):
    """The touch screen driver's device file: packets become contacts."""

    _contact = 0x835B
    _is_down = False

    def take_report(self, report: bytes) -> None:
        """The driver: decode the controller's packet (``input_report_abs`` for each value)."""
        down, x, y, pressure, size = _PACKET.unpack(report)
        changes: list[tuple[int, int, int]] = []
        if down and not self._is_down:
            self._contact = (self._contact + 1) & 0xFFFF
            changes.append((EV_ABS, ABS_MT_TRACKING_ID, self._contact))
        if down:
            changes += [
                (EV_ABS, ABS_MT_TOUCH_MAJOR, size), (EV_ABS, ABS_MT_PRESSURE, pressure),
                (EV_ABS, ABS_MT_POSITION_X, x), (EV_ABS, ABS_MT_POSITION_Y, y),
            ]  # fmt: skip
        else:
            changes.append((EV_ABS, ABS_MT_TRACKING_ID, -1))
        self._is_down = bool(down)
        self.emit(changes)
