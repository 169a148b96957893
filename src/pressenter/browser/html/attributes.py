"""Numbers in attributes (HTML Standard §2.3.4)."""

from __future__ import annotations

import re

__all__ = ["whole_number"]

_INTEGER = re.compile(r"[ \t\n\f\r]*([+-]?[0-9]+)")
_MOST_DIGITS = 9


def whole_number(text: str, default: int, least: int = -(10**9), most: int = 10**9) -> int:
    """The integer that a text begins with, within limits; ``default`` if it begins with none."""
    match = _INTEGER.match(text)
    if match is None:
        return default
    digits = match[1]
    if len(digits.lstrip("+-0")) > _MOST_DIGITS:
        return least if digits.startswith("-") else most
    return max(least, min(most, int(digits)))
