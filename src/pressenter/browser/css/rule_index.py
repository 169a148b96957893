"""Rules, found by what an element must have for them to match, and what a change of an element may reach.

Most selectors begin at the right with an id, a class or a tag: an element is only compared
with those that name something that it has.

The other way round, a change reaches only the elements for which some selector looks at what
has changed.  How far that can be is the change's `Scope`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pressenter.browser.css.selectors import (
    INTERACTIVE_STATES,
    STRUCTURAL,
    ComplexSelector,
    Compound,
    matches,
    names,
)
from pressenter.browser.css.style_sheet import Declaration, Layer, Medium, StyleSheet, parse_style_sheet
from pressenter.browser.html.dom import Element

__all__ = ["AUTHOR", "USER_AGENT", "RuleEntry", "RuleIndex", "Scope", "user_agent_style_sheet"]

USER_AGENT, AUTHOR = 0, 2


class Scope(IntEnum):
    """How far a change of an element may be seen in styles."""

    NOTHING = 0
    ELEMENT = 1
    SUBTREE = 2
    SIBLINGS = 3
    DOCUMENT = 4


class RuleEntry(NamedTuple):
    """A selector of a rule, with what decides its place in the cascade."""

    order: tuple[int, tuple[float, ...], tuple[int, int, int], int]
    selector: ComplexSelector
    declarations: list[Declaration]


#: By a combinator, where the elements behind it are, seen from those before it.
_REACH = {"": Scope.ELEMENT, " ": Scope.SUBTREE, ">": Scope.SUBTREE, "~": Scope.SIBLINGS, "+": Scope.SIBLINGS}


class RuleIndex:
    """Rules by the one thing that an element must have for them to match at all."""

    def __init__(self, sheets: Iterable[tuple[int, StyleSheet]]) -> None:
        self._by_id: dict[str, list[RuleEntry]] = {}
        self._by_class: dict[str, list[RuleEntry]] = {}
        self._by_tag: dict[str, list[RuleEntry]] = {}
        self._rest: list[RuleEntry] = []
        #: For each state the compounds that ask for it, and how far the answer reaches.
        self._watched: dict[str, list[tuple[Compound, Scope]]] = {state: [] for state in INTERACTIVE_STATES}
        self._structural = Scope.NOTHING
        self._uses_has = False
        position = 0
        sheets = list(sheets)
        ranks = _layer_ranks(layer for _, sheet in sheets for layer in sheet.layers)
        for origin, sheet in sheets:
            for rule in sheet.rules:
                position += 1
                for selector in rule.selectors:
                    order = (origin, ranks[rule.layer], selector.specificity, position)
                    self._add(RuleEntry(order, selector, rule.declarations))

    def scope_of_states(self, element: Element, states: Iterable[str]) -> Scope:
        """How far it may be seen that an element has begun or ended to be in some states."""
        found = Scope.NOTHING
        for state in states:
            for compound, scope in self._watched.get(state, ()):
                if scope > found and (scope is Scope.DOCUMENT or names(compound, element)):
                    found = scope
        return found

    @property
    def scope_of_children(self) -> Scope:
        """How far it may be seen, beside new elements themselves, that an element has other children."""
        return self._structural

    @property
    def scope_of_attributes(self) -> Scope:
        """How far it may be seen that an element has other attributes or another value: any selector may look."""
        return Scope.DOCUMENT if self._uses_has else Scope.SIBLINGS

    def _watch(self, selector: ComplexSelector) -> None:
        """Remember what a selector looks at beside tags and attributes."""
        reach = Scope.ELEMENT
        for combinator, compound in (("", selector.subject), *selector.context):
            reach = max(reach, _REACH[combinator])
            looks_around = compound.looks_around or "has" in compound.mentions
            scope = Scope.DOCUMENT if looks_around else reach
            self._uses_has = self._uses_has or "has" in compound.mentions
            if compound.mentions & STRUCTURAL:
                # Its children may match otherwise, or, as :empty, it may itself.
                least = reach if "empty" in compound.mentions else Scope.SUBTREE
                self._structural = max(self._structural, Scope.SUBTREE, Scope.DOCUMENT if looks_around else least)
            for state in compound.mentions.intersection(INTERACTIVE_STATES):
                self._watched[state].append((compound, scope))

    def _add(self, entry: RuleEntry) -> None:
        self._watch(entry.selector)
        subject = entry.selector.subject
        if subject.identifier:
            self._by_id.setdefault(subject.identifier, []).append(entry)
        elif subject.classes:
            self._by_class.setdefault(min(subject.classes), []).append(entry)
        elif subject.tag:
            self._by_tag.setdefault(subject.tag, []).append(entry)
        else:
            self._rest.append(entry)

    def matching(self, element: Element) -> Iterator[RuleEntry]:
        """Entries whose selector matches, in no order."""
        groups = [self._by_tag.get(element.tag, ()), self._rest]
        if "id" in element.attributes:
            groups.append(self._by_id.get(element.attributes["id"], ()))
        groups += [self._by_class.get(name, ()) for name in set(element.classes)]
        for group in groups:
            for entry in group:
                if matches(entry.selector, element):
                    yield entry


_LAST = float("inf")


def _layer_ranks(layers: Iterable[Layer]) -> dict[Layer | None, tuple[float, ...]]:
    """What orders cascade layers: later ones win, and what is in none wins over all (CSS Cascade 5 §6.1)."""
    ranks: dict[Layer | None, tuple[float, ...]] = {None: (_LAST,)}
    numbers: dict[Layer, int] = {}
    for layer in layers:
        numbers.setdefault(layer, len(numbers))
        ranks[layer] = (*(numbers[layer[: depth + 1]] for depth in range(len(layer))), _LAST)
    return ranks


@lru_cache(maxsize=1)
def user_agent_style_sheet() -> StyleSheet:
    """The browser's own style sheet (HTML Standard §15.3)."""
    source = Path(__file__).with_name("user_agent.css")
    return parse_style_sheet(source.read_text(encoding="utf-8"), Medium())
