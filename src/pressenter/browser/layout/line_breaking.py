"""Where a line may break: the Unicode line breaking algorithm (UAX #14), by ICU."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["break_offsets"]


#: Words of letters and digits, perhaps with a mark at the end, and spaces between them.  A mark at a word's beginning
#: would stay with the word before (LB13).
_SIMPLE_TEXT = re.compile(r" *(?:[A-Za-z0-9]+(?:'[A-Za-z]+)?[.,;:]?(?: +|$))*")


@lru_cache(maxsize=4096)
def _breaks_of_simple_text(text: str) -> frozenset[int]:
    """After each run of spaces."""
    offsets = []
    position = 0
    for word in text.split(" "):
        if word and position:
            offsets.append(position)
        position += len(word) + 1
    return frozenset(offsets)


def break_offsets(text: str) -> set[int]:
    """Offsets into ``text`` before which a line may begin; its end is one of them."""
    if not text:
        return set()
    if _SIMPLE_TEXT.fullmatch(text):
        return {*_breaks_of_simple_text(text), len(text)}
    from icu4py.breakers import LineBreaker

    offsets = set()
    position = 0
    for piece in LineBreaker(text, "en"):
        position += len(piece)
        if position == len(text) or _breaks_in_browsers(text, position):
            offsets.add(position)
    return offsets


def _breaks_in_browsers(text: str, position: int) -> bool:
    """Between ASCII characters browsers break less often than UAX #14: not after a slash, for one.

    A hyphen and a question mark can be broken after, and what opens a bracket before; a hyphen that
    may be a minus sign stays with its number.
    """
    before, after = text[position - 1], text[position]
    if before in " \n\t" or not (before.isascii() and after.isascii()):
        return True
    if before == "-":
        return not after.isdigit() or (position >= 2 and text[position - 2].isascii() and text[position - 2].isalnum())
    return before == "?" or after in "(<[{"
