"""A USB keyboard and the host controller that polls it.

A USB device never speaks first.  The host controller asks the keyboard's
interrupt endpoint for news every 8 ms; the keyboard answers with an eight-byte
report if a key has moved, else with NAK.  The report is the boot protocol's (USB
HID 1.11, appendix B.1)::

    | modifiers | reserved | up to six keys that are down, by HID usage |

The controller copies a report into memory and raises its interrupt line.  A poll
that meets NAK changes nothing, so such polls take no agenda entries; they are
counted by the time that has passed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pressenter.machine.interrupts import InterruptController
from pressenter.machine.keymap import KEY_BY_CHARACTER, Key
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["POLL_INTERVAL_NS", "Keyboard", "NoSuchKey", "UsbHostController"]

POLL_INTERVAL_NS = 8_000_000
_SHIFT_BIT = 0x02  # left shift, HID 1.11 §8.3
_KEY_HELD_NS = 60_000_000
_KEY_INTERVAL_NS = 120_000_000


class NoSuchKey(ValueError):
    """The keyboard has no key for a character."""


class UsbHostController:
    """Polls one device and delivers its reports by interrupt.

    Attributes:
        on_report: the driver's bottom half: called with each report.
    """

    irq = 16
    device = "xhci_hcd"

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, interrupts: InterruptController) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.interrupts = interrupts
        self.on_report: Callable[[bytes], None] = lambda report: None
        self._pending: deque[tuple[bytes, int]] = deque()
        self._completed: deque[bytes] = deque()
        self._queued: deque[bytes] = deque()
        self._polling = False
        interrupts.connect(self.irq, self.device, "PCI-MSI", self._top_half)

    @property
    def polls(self) -> int:
        """How often the endpoint has been asked, NAKs included."""
        return self.agenda.now_ns // POLL_INTERVAL_NS

    def device_has(self, report: bytes) -> None:
        """The device has a report ready; it goes out at the next polls, one at each."""
        self._pending.append((report, self.agenda.cause))
        self._poll_next()

    def _poll_next(self) -> None:
        if not self._polling and self._pending:
            self._polling = True
            next_poll = (self.agenda.now_ns // POLL_INTERVAL_NS + 1) * POLL_INTERVAL_NS
            self.agenda.at(next_poll, self._poll)

    def _poll(self) -> None:
        self._polling = False
        report, self.agenda.cause = self._pending.popleft()
        self.recorder.record(self.node, "usb.report", report=report.hex(" "), poll=self.polls)
        self._completed.append(report)
        self.interrupts.raise_line(self.irq)
        self._poll_next()

    def _top_half(self) -> None:
        self.recorder.record(self.node, "irq.top_half", irq=self.irq, device=self.device)
        self._queued.append(self._completed.popleft())
        self.interrupts.bottom_half(self._bottom_half)

    def _bottom_half(self) -> None:
        self.recorder.record(self.node, "irq.bottom_half", irq=self.irq, device=self.device)
        self.on_report(self._queued.popleft())


class Keyboard:
    """A keyboard whose keys somebody presses."""

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, controller: UsbHostController) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.controller = controller
        self._down: list[Key] = []
        self._shift = False

    def type_text(self, text: str, when_done: Callable[[], None] | None = None) -> None:
        """Press and release the keys for a text, one after the other; ``\\n`` is Enter.

        Raises NoSuchKey, before any key moves, for a character that has no key.
        """
        for character in text:
            if character not in KEY_BY_CHARACTER:
                raise NoSuchKey(
                    f"the keyboard (US layout) has no key for {character!r}; "
                    "write host names in punycode (xn--...) and other characters percent-encoded"
                )
        self._type_next(text, 0, when_done)

    def _type_next(self, text: str, index: int, when_done: Callable[[], None] | None) -> None:
        if index == len(text):
            if when_done is not None:
                when_done()
            return
        character = text[index]
        self._press(character)
        # The next key goes down because this one did: a person types on.
        self.agenda.after(_KEY_INTERVAL_NS, self._type_next, text, index + 1, when_done)
        self.agenda.after(_KEY_HELD_NS, self._release, character)

    def _press(self, character: str) -> None:
        key, shift = KEY_BY_CHARACTER[character]
        self.recorder.record(
            self.node, "keyboard.press", character=character, key=key.name, direction="down",
            direction_zh="按下",
        )  # fmt: skip
        self._shift = shift
        if key not in self._down:
            self._down.append(key)
        self.controller.device_has(self._report())

    def _release(self, character: str) -> None:
        key, _ = KEY_BY_CHARACTER[character]
        cause = self.agenda.cause
        self.recorder.record(
            self.node, "keyboard.press", character=character, key=key.name, direction="up",
            direction_zh="松开",
        )  # fmt: skip
        self._shift = False
        self._down.remove(key)
        self.controller.device_has(self._report())
        self.agenda.cause = cause

    def _report(self) -> bytes:
        usages = bytes(key.usage for key in self._down[:6])
        return bytes((_SHIFT_BIT if self._shift else 0, 0)) + usages.ljust(6, b"\0")
