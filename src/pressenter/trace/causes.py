"""Causes: the chain from an event back to the first, and an event's nearest explanation."""

from __future__ import annotations

from collections.abc import Sequence

from pressenter.trace.catalogue import CATALOGUE, sentence
from pressenter.trace.events import TraceEvent

__all__ = ["Explainer", "chain"]


def chain(events: Sequence[TraceEvent], number: int) -> list[TraceEvent]:
    """The event with this id, its cause, that one's cause, …, to the first of all."""
    found = []
    while number:
        event = events[number - 1]
        found.append(event)
        number = event.cause
    return found


class Explainer:
    """Says in a sentence what an event is for: the nearest event of its chain that tells a story."""

    def __init__(self, events: Sequence[TraceEvent], language: str = "en") -> None:
        self._events = events
        self._language = language
        self._known: dict[int, str] = {0: ""}

    def explain(self, number: int) -> str:
        """The sentence for an event; an empty string if nothing explains it."""
        passed = []
        while number not in self._known:
            event = self._events[number - 1]
            if CATALOGUE[event.name].told == "always":
                text = f"{event.node}: {sentence(event.name, event.fields, self._language)}"
                self._known[number] = text
                break
            passed.append(number)
            number = event.cause
        text = self._known[number]
        for item in passed:
            self._known[item] = text
        return text
