"""Two recordings side by side: where the second begins to differ from the first, and how each step fares.

Both are looked at from the last time that somebody pressed Enter.  As long as the same things happen at
the same time after that, the events of both stand in the same order; the first place where they do not is
the first difference, and its chain of causes says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from pressenter.trace.catalogue import CATALOGUE, sentence
from pressenter.trace.causes import chain
from pressenter.trace.events import BEGIN, TraceEvent
from pressenter.trace.steps import STEPS

__all__ = ["Comparison", "StepPair", "compare"]

_MOST_CAUSES = 8
_IDS = frozenset(("begin",))  # fields that hold numbers of events


class StepPair(NamedTuple):
    """A step in both: when it was over, in nanoseconds after Enter (None: it did not happen), and its events."""

    step: int
    before_ns: int | None
    after_ns: int | None
    before_events: int
    after_events: int


class Comparison(NamedTuple):
    """What is different.

    Attributes:
        steps: every step that happens in one of them.
        before, after: the first event of each that is not as in the other; None where one is at its end.
        causes: the chain of ``after`` (or of ``before``, if there is none), the events that tell something.
        loaded_ns: of both: from Enter to the whole picture on the screen; None if it never came.
    """

    steps: list[StepPair]
    before: TraceEvent | None
    after: TraceEvent | None
    causes: list[TraceEvent]
    loaded_ns: tuple[int | None, int | None]

    @property
    def is_same(self) -> bool:
        """Whether nothing is different."""
        return self.before is None and self.after is None

    def in_words(self, language: str = "en") -> list[str]:
        """The first difference and its causes, a line each; none if there is no difference."""
        words = {"en": ("before", "after", "because"), "zh": ("之前", "之后", "因为")}[language]
        lines = [
            f"{word}: {_line(event, language)}"
            for word, event in zip(words[:2], (self.before, self.after), strict=True)
            if event is not None
        ]
        return lines + [f"{words[2]}: {_line(event, language)}" for event in self.causes]


def _line(event: TraceEvent, language: str) -> str:
    return f"{event.at_ns / 1e6:,.3f} ms {event.node}: {sentence(event.name, event.fields, language)}"


def compare(before: Sequence[TraceEvent], after: Sequence[TraceEvent]) -> Comparison:
    """Compare two recordings of one journey."""
    first, second = _from_enter(before), _from_enter(after)
    pairs = zip_longest(first, second)
    origins = (first[0].at_ns if first else 0, second[0].at_ns if second else 0)
    different = next(
        ((a, b) for a, b in pairs if a is None or b is None or _key(a, origins[0]) != _key(b, origins[1])), (None, None)
    )
    culprit, events = (different[1], after) if different[1] is not None else (different[0], before)
    causes = chain(events, culprit.id)[1:] if culprit is not None else []
    told = [event for event in causes if CATALOGUE[event.name].told == "always"][:_MOST_CAUSES]
    return Comparison(_steps(first, second), different[0], different[1], told, (_loaded(first), _loaded(second)))


def _from_enter(events: Sequence[TraceEvent]) -> list[TraceEvent]:
    """The events from the last Enter on, until the tab is closed."""
    begin = next((n for n in range(len(events) - 1, -1, -1) if events[n].name == "address_bar.enter"), 0)
    end = next((n for n in range(begin, len(events)) if events[n].name == "tab.close"), len(events))
    return list(events[begin:end])


def _key(event: TraceEvent, origin_ns: int) -> tuple[Any, ...]:
    fields = {name: value for name, value in event.fields.items() if name not in _IDS}
    return event.at_ns - origin_ns, event.node, event.name, event.phase, fields


def _steps(first: list[TraceEvent], second: list[TraceEvent]) -> list[StepPair]:
    found = []
    for step in STEPS:
        mine = [[e for e in events if CATALOGUE[e.name].step == step.number] for events in (first, second)]
        if any(mine):
            spans = [
                max((e.at_ns - events[0].at_ns for e in of_step if e.phase != BEGIN), default=None)
                for of_step, events in zip(mine, (first, second), strict=True)
            ]  # fmt: skip
            found.append(StepPair(step.number, spans[0], spans[1], len(mine[0]), len(mine[1])))
    return found


def _loaded(events: list[TraceEvent]) -> int | None:
    loaded = next((n for n, event in enumerate(events) if event.name == "page.loaded"), None)
    if loaded is None:
        return None
    shown = next((event for event in events[loaded:] if event.name == "display.scanout"), None)
    return shown.at_ns - events[0].at_ns if shown is not None else None
