"""Counters: numbers that styles count up and generated content shows (CSS Lists 3 §4)."""

from __future__ import annotations

from collections.abc import Sequence

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.html.dom import Node
from pressenter.browser.layout.list_markers import counter_text

__all__ = ["Counters"]

_ENGLISH_QUOTES = (("\u201c", "\u201d"), ("\u2018", "\u2019"))


class _Counter:
    def __init__(self, scope: Node | None, value: int) -> None:
        self.scope = scope  # the parent of the element that made it: it lasts for its siblings and what is in them
        self.value = value


class Counters:
    """The counters at one place of the document, while it is walked in order."""

    def __init__(self) -> None:
        self._counters: dict[str, list[_Counter]] = {}
        self._quotation_depth = 0

    def enter(self, parent: Node | None, style: ComputedStyle) -> None:
        """An element or pseudo-element begins: counter-reset, counter-increment, counter-set."""
        if style["counter-reset"] != "none":
            for name, value in style["counter-reset"]:
                self._reset(name, parent, value or 0)
        if style["counter-increment"] != "none":
            for name, value in style["counter-increment"]:
                self._innermost(name, parent).value += 1 if value is None else value
        if style["counter-set"] != "none":
            for name, value in style["counter-set"]:
                self._innermost(name, parent).value = value or 0

    def leave(self, element: Node) -> None:
        """The content of an element ends, and with it the counters that were made in it."""
        for stack in self._counters.values():
            while stack and stack[-1].scope is element:
                stack.pop()

    def _reset(self, name: str, parent: Node | None, value: int) -> None:
        stack = self._counters.setdefault(name, [])
        if stack and stack[-1].scope is parent:
            stack[-1].value = value
        else:
            stack.append(_Counter(parent, value))

    def _innermost(self, name: str, parent: Node | None) -> _Counter:
        stack = self._counters.setdefault(name, [])
        if not stack:
            stack.append(_Counter(parent, 0))
        return stack[-1]

    def text(self, kind: str, arguments: Sequence[str]) -> str:
        """``counter(name, style)`` or ``counters(name, separator, style)``."""
        stack = self._counters.get(arguments[0]) or [_Counter(None, 0)]
        if kind == "counter":
            return counter_text(stack[-1].value, arguments[1] if len(arguments) > 1 else "decimal")
        separator = arguments[1] if len(arguments) > 1 else "."
        style = arguments[2] if len(arguments) > 2 else "decimal"
        return separator.join(counter_text(counter.value, style) for counter in stack)

    def quote(self, kind: str, quotes: str | tuple[tuple[str, str], ...]) -> str:
        """``open-quote`` and its kin: the mark for this depth (CSS Generated Content 3 §3.2)."""
        pairs = _ENGLISH_QUOTES if quotes == "auto" else quotes
        if kind.endswith("open-quote"):
            self._quotation_depth += 1
        elif self._quotation_depth == 0:
            return ""
        depth = self._quotation_depth
        if kind.endswith("close-quote"):
            self._quotation_depth -= 1
        if isinstance(pairs, str) or kind.startswith("no-"):
            return ""
        opening, closing = pairs[min(depth, len(pairs)) - 1]
        return opening if kind == "open-quote" else closing
