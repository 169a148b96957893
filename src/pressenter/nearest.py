"""The nearest known name to one that is misspelt, for error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"did you mean 'rate'?"``, or an empty string if nothing is near."""
    cutoff = 0.6 if len(name) > 4 else 0.5  # two letters swapped in a short name are half of it
    near = difflib.get_close_matches(name, list(known), 1, cutoff)
    return f"did you mean {near[0]!r}?" if near else ""
