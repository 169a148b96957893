"""Text that runs in both directions: the Unicode bidirectional algorithm (UAX #9).

Every character gets an *embedding level*: even for left to right, odd for right to left.
Within a line what has a level is turned round, from the highest level down (rule L2).
Explicit embeddings (X1 to X8) are left out: pages say directions by elements.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["embedding_levels", "visual_order"]

_STRONG = frozenset(("L", "R", "AL"))
_NEUTRAL = frozenset(("B", "S", "WS", "ON", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"))
_RIGHT_TO_LEFT = frozenset(("R", "AL", "AN"))


def embedding_levels(text: str, mirrored: bool) -> list[int] | None:
    """The level of each character; None where all of them run from left to right.

    Args:
        mirrored: whether the paragraph's direction is from right to left.
    """
    if not mirrored and (text.isascii() or not any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text)):
        return None
    types = [unicodedata.bidirectional(character) or "L" for character in text]
    base = "R" if mirrored else "L"
    _resolve_weak(types, base)
    _resolve_neutral(types, base)
    level = 1 if mirrored else 0
    levels = []
    for kind in types:  # I1, I2
        if level % 2 == 0:
            levels.append(level + (1 if kind == "R" else 2 if kind in ("AN", "EN") else 0))
        else:
            levels.append(level + (1 if kind in ("L", "AN", "EN") else 0))
    return levels


def _resolve_weak(types: list[str], base: str) -> None:
    """W1 to W7."""
    previous, strong = base, base
    for index, kind in enumerate(types):
        if kind == "NSM":  # W1
            types[index] = kind = previous
        if kind == "EN" and strong == "AL":  # W2
            types[index] = kind = "AN"
        if kind in _STRONG:
            strong = kind
        previous = kind
    for index, kind in enumerate(types):
        if kind == "AL":  # W3
            types[index] = "R"
    for index in range(1, len(types) - 1):  # W4
        before, after = types[index - 1], types[index + 1]
        if before == after and (
            (types[index] == "ES" and before == "EN") or (types[index] == "CS" and before in ("EN", "AN"))
        ):
            types[index] = before
    _numbers_take_terminators(types)
    strong = base
    for index, kind in enumerate(types):
        if kind in ("ES", "ET", "CS"):  # W6
            types[index] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            types[index] = "L"


def _numbers_take_terminators(types: list[str]) -> None:
    """W5."""
    index = 0
    while index < len(types):
        if types[index] != "ET":
            index += 1
            continue
        end = index
        while end < len(types) and types[end] == "ET":
            end += 1
        if (end < len(types) and types[end] == "EN") or (index > 0 and types[index - 1] == "EN"):
            types[index:end] = ["EN"] * (end - index)
        index = end


def _resolve_neutral(types: list[str], base: str) -> None:
    """N1 and N2: what is between two of one direction takes it, the rest takes the paragraph's."""
    index, before = 0, base
    while index < len(types):
        if types[index] not in _NEUTRAL:
            before = "L" if types[index] == "L" else "R"
            index += 1
            continue
        end = index
        while end < len(types) and types[end] in _NEUTRAL:
            end += 1
        after = base if end == len(types) else "L" if types[end] == "L" else "R"
        types[index:end] = [before if before == after else base] * (end - index)
        index = end


def visual_order(levels: Sequence[int]) -> list[int]:
    """The order from left to right of pieces with these levels (L2)."""
    order = list(range(len(levels)))
    if not levels:
        return order
    odd = [level for level in levels if level % 2]
    if not odd:
        return order
    for level in range(max(levels), min(odd) - 1, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < level:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return order
