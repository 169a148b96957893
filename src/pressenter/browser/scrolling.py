"""Scrolling: the page in its window, and boxes whose contents are larger than they are (CSSOM View 1 §4, §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from pressenter.browser.css.selectors import ancestors
from pressenter.browser.html.dom import Element
from pressenter.browser.layout.fragments import BoxFragment, walk
from pressenter.browser.layout.overflow import scrollable_overflow

if TYPE_CHECKING:
    from pressenter.browser.live_page import LivePage

__all__ = ["LINE", "NOTCH", "PAGE_SHARE", "Scrolling"]

# As far as Chromium goes, in CSS pixels: for an arrow key, for a notch of the wheel, and for Page Down
# the share of the window's height.
LINE, NOTCH, PAGE_SHARE = 40.0, 100.0, 0.875


class Scrolling:
    """Scrolls one page."""

    def __init__(self, live: LivePage) -> None:
        self._live = live
        self._target: Element | None = None

    def by(self, element: Element | None, x: float, y: float) -> bool:
        """Scroll what is around an element: the nearest box that can, or the page; whether it did."""
        around = [element, *ancestors(element)] if element is not None else []
        for container in around:
            if self._scroll_container(container, x, y):
                return True
        before = self._live.scroll
        self._live.scroll_to((before[0] + x, before[1] + y))
        return self._live.scroll != before

    def into_view(self, element: Element) -> None:
        """Scroll the page so far that an element is in the window."""
        rectangle = self._live.rectangle_of(element)
        if rectangle is None:
            return
        top, height = rectangle.y + self._live.moved_by(element)[1], self._live.window_height
        if top < 0 or top + rectangle.height > height:
            left, scrolled = self._live.scroll
            self._live.scroll_to((left, scrolled + top - max(0.0, (height - rectangle.height) / 2)))

    def to_fragment(self, fragment: str) -> None:
        """Scroll to the element that the end of an address names; it becomes the target (HTML Standard §7.4.6.4)."""
        name, live = unquote(fragment), self._live
        if self._target is not None:
            self._target.set_state("target", False)
            self._target = None
            live.changed()
        if not name:
            return
        for element in live.document.elements():
            if element.get("id") == name or (element.tag == "a" and element.get("name") == name):
                element.set_state("target", True)
                self._target = element
                live.changed()
                rectangle = live.rectangle_of(element)
                if rectangle is not None:
                    live.scroll_to((live.scroll[0], rectangle.y))
                return
        if name.lower() == "top":
            live.scroll_to((live.scroll[0], 0.0))

    def _scroll_container(self, element: Element, x: float, y: float) -> bool:
        """Scroll a box; False if it is none that scrolls, or is at its end."""
        page = self._live.page
        style = page.styled.styles.get(element) if page is not None else None
        if page is None or style is None or element.parent_element is None or element.is_html(("body",)):
            return False
        x = x if style["overflow-x"] in ("auto", "scroll") else 0.0
        y = y if style["overflow-y"] in ("auto", "scroll") else 0.0
        if not (x or y):
            return False
        fragment = next(
            (part for root in (page.layout.root, *page.layout.positioned) for part, _, _ in walk(root)
             if isinstance(part, BoxFragment) and part.box.element is element), None,
        )  # fmt: skip
        if fragment is None:
            return False
        width, height = scrollable_overflow(fragment)
        inside = (
            fragment.width - style["border-left-width"] - style["border-right-width"],
            fragment.height - style["border-top-width"] - style["border-bottom-width"],
        )
        old = self._live.offsets.get(element, (0.0, 0.0))
        new = (
            min(max(0.0, old[0] + x), max(0.0, width - inside[0])),
            min(max(0.0, old[1] + y), max(0.0, height - inside[1])),
        )
        if new == old:
            return False
        self._live.scroll_container(element, new)
        return True
