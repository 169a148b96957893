"""The history of visits, and what it suggests while somebody types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["History", "Suggestion"]


class Suggestion(NamedTuple):
    """An address that begins as what was typed, and its share of such visits, 0 to 1."""

    url: str
    share: float


def _bare(url: str) -> str:
    """An address as people type it: without scheme and ``www.``."""
    for prefix in ("https://", "http://"):
        url = url.removeprefix(prefix)
    return url.removeprefix("www.")


class History:
    """Visited addresses, with how often each was visited."""

    def __init__(self, visits: Mapping[str, int] | None = None) -> None:
        self.visits = dict(visits or {})

    def add(self, url: str) -> None:
        """Note a visit."""
        self.visits[url] = self.visits.get(url, 0) + 1

    def suggest(self, typed: str) -> Suggestion | None:
        """The most visited address that begins as ``typed``, with or without scheme and www."""
        if not typed:
            return None
        found = {
            url: count
            for url, count in self.visits.items()
            if url.startswith(typed) or _bare(url).startswith(_bare(typed))
        }
        if not found:
            return None
        url = max(found, key=lambda candidate: (found[candidate], candidate))
        return Suggestion(url, found[url] / sum(found.values()))

    def completes(self, word: str) -> bool:
        """Whether ``www.<word>.com`` has been visited."""
        return any(_bare(url).startswith(f"{word}.com") for url in self.visits)
