"""Numbers in header fields: ages in seconds, positions in a body."""

from __future__ import annotations

__all__ = ["DELTA_SECONDS_LIMIT", "number_of_digits"]

DELTA_SECONDS_LIMIT = 2**31  # RFC 9111 §1.2.2: what is greater counts as this, 68 years


def number_of_digits(text: str, most: int = DELTA_SECONDS_LIMIT) -> int | None:
    """The number that a text of digits alone stands for, ``most`` at the most; None for other texts.

    A peer may send thousands of digits, more than ``int`` takes.
    """
    if not (text.isascii() and text.isdecimal()):
        return None
    digits = text.lstrip("0")
    return most if len(digits) > len(str(most)) else min(most, int(digits or "0"))
