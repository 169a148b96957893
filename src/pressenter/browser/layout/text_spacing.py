"""Full-width marks that stand side by side are closed up (CSS Text 4 §8.3, text-spacing-trim).

A full-width bracket or comma is drawn in one half of its square.  Where two such halves without
ink meet, one of them is left out: of a closing mark its end, of an opening mark its beginning.
"""

from __future__ import annotations

__all__ = ["halved_marks"]

_OPENING = frozenset("「『（［｛〈《【〔〖〘〝｟")
_CLOSING = frozenset("」』）］｝〉》】〕〗〙〟｠、。，．")
_MIDDLE = frozenset("・：；\u3000")


def _closes_up(before: str, after: str) -> bool:
    """Whether the first of two marks loses its end."""
    return before in _CLOSING and (after in _CLOSING or after in _OPENING or after in _MIDDLE or after in ")]}")


def _opens_up(before: str, after: str) -> bool:
    """Whether the second of two marks loses its beginning."""
    return after in _OPENING and (before in _OPENING or before in _MIDDLE or before in "([{")


def halved_marks(text: str) -> list[int]:
    """The places of the marks in a text that are set half as wide as they are."""
    found = []
    for place, character in enumerate(text):
        if (place + 1 < len(text) and _closes_up(character, text[place + 1])) or (
            place and _opens_up(text[place - 1], character)
        ):
            found.append(place)
    return found
