"""The stack of open elements and the list of active formatting elements.

HTML Standard §13.2.4.2 and §13.2.4.3.  The stack is what the tree builder is inside
of; the list remembers formatting (``<b>``, ``<a>``, …) that has to be opened again
where tags overlap, as in ``<b>one<p>two</b>three``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import SupportsIndex

from pressenter.browser.html.dom import HTML, Element
from pressenter.browser.html.element_kinds import DEFAULT_SCOPE, FOREIGN_SCOPE, IMPLIED_END_TAGS, TABLE_SCOPE

__all__ = ["FormattingList", "OpenElements"]


class OpenElements(list[Element]):
    """The stack; the current node is its last.

    It counts its tags, so that what is not open is known without a look at a stack that may be deep.
    """

    def __init__(self) -> None:
        super().__init__()
        self._counts: Counter[str] = Counter()

    def append(self, element: Element) -> None:
        """Add an element at the bottom."""
        super().append(element)
        self._counts[element.tag] += 1

    def pop(self, index: SupportsIndex = -1) -> Element:
        """Take the bottommost element, or another one."""
        element = super().pop(index)
        self._counts[element.tag] -= 1
        return element

    def insert(self, index: SupportsIndex, element: Element) -> None:
        """Add an element somewhere."""
        super().insert(index, element)
        self._counts[element.tag] += 1

    def cut(self, index: int) -> None:
        """Take out everything from an index on."""
        del self[index:]
        self._counts = Counter(item.tag for item in self)

    def holds(self, tags: str | Container[str]) -> bool:
        """Whether an element of one of the tags may be open."""
        if isinstance(tags, str):
            return self._counts[tags] > 0
        return any(count > 0 and tag in tags for tag, count in self._counts.items())

    @property
    def current(self) -> Element:
        """The bottommost element."""
        return self[-1]

    def has(self, element: Element) -> bool:
        """Whether this very element is open."""
        return any(item is element for item in self)

    def find(self, tag: str) -> Element | None:
        """The innermost open element of a tag."""
        index = self.last(tag)
        return None if index < 0 else self[index]

    def last(self, tag: str) -> int:
        """Index of the innermost open element of a tag, or -1."""
        if not self.holds(tag):
            return -1
        return next((index for index in range(len(self) - 1, -1, -1) if self[index].is_html((tag,))), -1)

    def position(self, element: Element) -> int:
        """Index of this very element, which is open."""
        return next(index for index, item in enumerate(self) if item is element)

    def in_scope(self, tags: str | Container[str], limits: frozenset[str] = DEFAULT_SCOPE) -> bool:
        """Whether one of the tags is open with no limit in between (§13.2.4.2)."""
        if not self.holds(tags):
            return False
        wanted = {tags} if isinstance(tags, str) else tags
        for item in reversed(self):
            if item.is_html(wanted):
                return True
            if _ends_scope(item, limits):
                return False
        return False

    def has_in_scope(self, element: Element) -> bool:
        """Whether this very element is open with no limit in between."""
        for item in reversed(self):
            if item is element:
                return True
            if _ends_scope(item, DEFAULT_SCOPE):
                return False
        return False

    def in_list_item_scope(self, tag: str) -> bool:
        """As `in_scope`, with lists as further limits."""
        return self.in_scope(tag, DEFAULT_SCOPE | {"ol", "ul"})

    def in_button_scope(self, tag: str) -> bool:
        """As `in_scope`, with button as a further limit."""
        return self.in_scope(tag, DEFAULT_SCOPE | {"button"})

    def pop_through(self, tags: str | Container[str]) -> None:
        """Pop until one of the tags has been popped."""
        wanted = {tags} if isinstance(tags, str) else tags
        while self:
            item = self.pop()
            if item.is_html(wanted):
                return

    def pop_to(self, tags: Container[str]) -> None:
        """Pop until one of the tags is current (clear back to a context, §13.2.6.4.9)."""
        while not self.current.is_html(tags):
            self.pop()

    def drop(self, element: Element) -> None:
        """Take an element out, wherever it stands."""
        self[:] = [item for item in self if item is not element]
        self._counts = Counter(item.tag for item in self)

    def generate_implied_end_tags(self, besides: str = "") -> None:
        """§13.2.6.3."""
        while self.current.is_html(IMPLIED_END_TAGS) and self.current.tag != besides:
            self.pop()


def _ends_scope(element: Element, limits: frozenset[str]) -> bool:
    """Whether one looks no further than this element (§13.2.4.2)."""
    if element.namespace == HTML:
        return element.tag in limits
    return limits is not TABLE_SCOPE and (element.namespace, element.tag) in FOREIGN_SCOPE


class FormattingList(list[Element | None]):
    """The list of active formatting elements; None is a marker."""

    def push(self, element: Element) -> None:
        """Add an element; of four that are alike the earliest goes (the Noah's Ark clause)."""
        alike = []
        for item in reversed(self):
            if item is None:
                break
            if item.tag == element.tag and item.attributes == element.attributes:
                alike.append(item)
        if len(alike) >= 3:
            self.drop(alike[-1])
        self.append(element)

    def clear_to_marker(self) -> None:
        """Forget everything since the last marker, and the marker."""
        while self and self.pop() is not None:
            pass

    def find(self, tag: str) -> Element | None:
        """The latest element of a tag since the last marker."""
        for item in reversed(self):
            if item is None:
                return None
            if item.tag == tag:
                return item
        return None

    def position(self, element: Element) -> int:
        """Index of this very element, or -1."""
        return next((index for index, item in enumerate(self) if item is element), -1)

    def drop(self, element: Element) -> None:
        """Take an element out."""
        self[:] = [item for item in self if item is not element]
