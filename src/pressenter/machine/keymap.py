"""Keys: HID usages, Linux key codes, and the characters of a US keyboard.

Three numberings meet in a computer: the keyboard speaks HID usages (USB HID Usage
Tables 1.4, page 0x07), the kernel's drivers speak Linux key codes
(``input-event-codes.h``), and the window system turns these into characters by a
layout, here the US one.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["KEYS", "KEY_BY_CHARACTER", "KEY_BY_CODE", "KEY_BY_NAME", "KEY_BY_USAGE", "LEFT_SHIFT", "Key"]


class Key(NamedTuple):
    """One key: HID usage, Linux code and name, and what it types without and with Shift."""

    usage: int
    code: int
    name: str
    plain: str
    shifted: str


def _keys() -> list[Key]:
    keys = []
    letter_codes = dict(zip("qwertyuiop", range(16, 26), strict=True))
    letter_codes |= dict(zip("asdfghjkl", range(30, 39), strict=True))
    letter_codes |= dict(zip("zxcvbnm", range(44, 51), strict=True))
    for offset, letter in enumerate("abcdefghijklmnopqrstuvwxyz"):
        name = f"KEY_{letter.upper()}"
        keys.append(Key(0x04 + offset, letter_codes[letter], name, letter, letter.upper()))
    for offset, (digit, symbol) in enumerate(zip("1234567890", "!@#$%^&*()", strict=True)):
        keys.append(Key(0x1E + offset, 2 + offset, f"KEY_{digit}", digit, symbol))
    rows = (
        (0x28, 28, "KEY_ENTER", "\n", "\n"),
        (0x29, 1, "KEY_ESC", "\x1b", "\x1b"),
        (0x2A, 14, "KEY_BACKSPACE", "\b", "\b"),
        (0x2B, 15, "KEY_TAB", "\t", "\t"),
        (0x2C, 57, "KEY_SPACE", " ", " "),
        (0x2D, 12, "KEY_MINUS", "-", "_"),
        (0x2E, 13, "KEY_EQUAL", "=", "+"),
        (0x2F, 26, "KEY_LEFTBRACE", "[", "{"),
        (0x30, 27, "KEY_RIGHTBRACE", "]", "}"),
        (0x31, 43, "KEY_BACKSLASH", "\\", "|"),
        (0x33, 39, "KEY_SEMICOLON", ";", ":"),
        (0x34, 40, "KEY_APOSTROPHE", "'", '"'),
        (0x35, 41, "KEY_GRAVE", "`", "~"),
        (0x36, 51, "KEY_COMMA", ",", "<"),
        (0x37, 52, "KEY_DOT", ".", ">"),
        (0x38, 53, "KEY_SLASH", "/", "?"),
    )
    # Keys that type nothing stand for characters that no keyboard has (as WebDriver §17.4.2 names them).
    silent = (
        (0x4A, 102, "KEY_HOME", "\ue011"), (0x4B, 104, "KEY_PAGEUP", "\ue00e"), (0x4C, 111, "KEY_DELETE", "\ue017"),
        (0x4D, 107, "KEY_END", "\ue010"), (0x4E, 109, "KEY_PAGEDOWN", "\ue00f"), (0x4F, 106, "KEY_RIGHT", "\ue014"),
        (0x50, 105, "KEY_LEFT", "\ue012"), (0x51, 108, "KEY_DOWN", "\ue015"), (0x52, 103, "KEY_UP", "\ue013"),
    )  # fmt: skip
    keys += [Key(*row) for row in rows]
    return keys + [Key(usage, code, name, character, character) for usage, code, name, character in silent]


KEYS: tuple[Key, ...] = tuple(_keys())
#: A modifier has a bit in the report's first byte, not a usage among the keys (HID 1.11, B.1).
LEFT_SHIFT = Key(0xE1, 42, "KEY_LEFTSHIFT", "", "")

KEY_BY_NAME = {key.name.removeprefix("KEY_").lower(): key for key in KEYS}
KEY_BY_USAGE = {key.usage: key for key in KEYS}
KEY_BY_CODE = {key.code: key for key in (*KEYS, LEFT_SHIFT)}
#: The key for a character, and whether Shift is needed.
KEY_BY_CHARACTER = {key.shifted: (key, True) for key in KEYS} | {key.plain: (key, False) for key in KEYS}
