"""A USB keyboard and its driver.

The keyboard reports which keys are down, all of them each time, in the eight bytes of
the boot protocol (USB HID 1.11, appendix B.1)::

    | modifiers | reserved | up to six keys that are down, by HID usage |

The driver compares each report with the one before: a usage that is new is a key going
down, one that is missing a key coming up.
"""

from __future__ import annotations

from collections.abc import Callable

from pressenter.machine.input_device import EV_KEY, InputDevice
from pressenter.machine.keymap import KEY_BY_CHARACTER, KEY_BY_USAGE, LEFT_SHIFT, Key
from pressenter.machine.usb import UsbEndpoint
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["Keyboard", "KeyboardInput", "NoSuchKey", "check_keys"]

_SHIFT_BIT = 0x02  # left shift, HID 1.11 §8.3
_KEY_HELD_NS = 60_000_000
_KEY_INTERVAL_NS = 120_000_000


class NoSuchKey(ValueError):
    """The keyboard has no key for a character."""


class Keyboard:
    """A keyboard whose keys somebody presses."""

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, endpoint: UsbEndpoint) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.endpoint = endpoint
        self._down: list[Key] = []
        self._shift = False

    def type_text(self, text: str, when_done: Callable[[], None] | None = None) -> None:
        """Press and release the keys for a text, one after the other; ``\\n`` is Enter.

        Raises NoSuchKey, before any key moves, for a character that has no key.
        """
        check_keys(text)
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
        self.endpoint.device_has(self._report())

    def _release(self, character: str) -> None:
        key, _ = KEY_BY_CHARACTER[character]
        cause = self.agenda.cause
        self.recorder.record(
            self.node, "keyboard.press", character=character, key=key.name, direction="up",
            direction_zh="松开",
        )  # fmt: skip
        self._shift = False
        self._down.remove(key)
        self.endpoint.device_has(self._report())
        self.agenda.cause = cause

    def _report(self) -> bytes:
        usages = bytes(key.usage for key in self._down[:6])
        return bytes((_SHIFT_BIT if self._shift else 0, 0)) + usages.ljust(6, b"\0")


def check_keys(text: str) -> None:
    """Raises NoSuchKey for a character that has no key."""
    for character in text:
        if character not in KEY_BY_CHARACTER:
            raise NoSuchKey(
                f"the keyboard (US layout) has no key for {character!r}; "
                "write host names in punycode (xn--...) and other characters percent-encoded"
            )


class KeyboardInput(InputDevice):
    """The keyboard driver's device file: reports become key events."""

    _report = bytes(8)

    def take_report(self, report: bytes) -> None:
        """The driver: decode a boot-protocol report against the one before."""
        before, self._report = self._report, report
        changes: list[tuple[Key, int]] = []
        if (before[0] ^ report[0]) & _SHIFT_BIT:
            changes.append((LEFT_SHIFT, int(bool(report[0] & _SHIFT_BIT))))
        changes += [(KEY_BY_USAGE[u], 0) for u in before[2:] if u and u not in report[2:]]
        changes += [(KEY_BY_USAGE[u], 1) for u in report[2:] if u and u not in before[2:]]
        self.emit([(EV_KEY, key.code, value) for key, value in changes])
