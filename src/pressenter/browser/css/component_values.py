"""Lists of component values, as tinycss2 gives them (CSS Syntax 3 §5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

__all__ = ["split_commas"]


def split_commas(tokens: Iterable[Any], dropped: Collection[str] = ("whitespace", "comment")) -> list[list[Any]]:
    """The parts between commas, without the tokens of the types that are dropped."""
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        elif token.type not in dropped:
            parts[-1].append(token)
    return parts
