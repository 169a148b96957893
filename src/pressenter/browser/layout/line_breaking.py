"""Where a line may break: the Unicode line breaking algorithm (UAX #14), by ICU."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["break_offsets"]


@lru_cache(maxsize=4096)
def _breaks_of_simple_text(text: str) -> frozenset[int]:
    """For letters, digits and spaces alone: after each run of spaces."""
    offsets = set()
    for index in range(1, len(text)):
        if text[index - 1] == " " and text[index] != " ":
            offsets.add(index)
    return frozenset(offsets)


def break_offsets(text: str) -> set[int]:
    """Offsets into ``text`` before which a line may begin; its end is one of them."""
    if not text:
        return set()
    if text.isascii() and text.replace(" ", "").isalnum():
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
