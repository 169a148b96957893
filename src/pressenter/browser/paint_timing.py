"""When a person sees something: first, first contentful and largest contentful paint (Paint Timing 1, LCP 1).

A paint counts when its frame is on the screen, not when it was drawn.  *Contentful* is text,
a picture, or a background picture.  The largest is that block of text or that picture whose
part in the window has the largest area when it is first painted.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import ReplacedBox
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import TextFragment
from pressenter.browser.layout.rectangles import page_fragments
from pressenter.browser.page import Page
from pressenter.browser.paint.items import Rect

__all__ = ["Paint", "PaintTiming", "Paints"]


class Paint(NamedTuple):
    """A block of text or a picture: its element, the picture's key (empty for text), and the area that is seen."""

    element: Element
    picture: str
    area: float


class Paints(NamedTuple):
    """What a frame shows for the first time, once it is on the screen."""

    content: list[Paint]
    largest: Paint | None


class PaintTiming:
    """Watches the frames of one page until somebody touches it.

    Attributes:
        painted, contentful: whether there has been a first paint, and a first contentful one.
    """

    def __init__(self) -> None:
        self.painted = False
        self.contentful = False
        self._known: set[tuple[Element, str]] = set()
        self._largest = 0.0
        self._is_over = False

    def input(self) -> None:
        """Somebody has clicked, typed or scrolled: what comes later is no candidate any more (LCP 1 §2.2)."""
        self._is_over = True

    def of(self, page: Page, fonts: FontLibrary, window: Rect) -> list[Paint]:
        """What is new in a frame that shows a window of the page."""
        if self._is_over and self.contentful:
            return []
        texts: dict[Element, Rect] = {}
        found: list[Paint] = []
        for placed in page_fragments(page.layout):
            fragment, block = placed.fragment, placed.block
            seen = Rect(*placed.rectangle).common(window)
            if seen is None or block is None:
                continue
            if isinstance(fragment, TextFragment):
                if fragment.text.strip() and not fonts.is_awaited(fragment.style):
                    texts[block] = texts[block].joined(seen) if block in texts else seen
            elif isinstance(fragment.box, ReplacedBox) and fragment.box.picture:
                natural = fragment.box.intrinsic.width * fragment.box.intrinsic.height
                found.append(Paint(block, fragment.box.picture, min(seen.width * seen.height, natural)))
            elif any(
                isinstance(image, tuple) and image[0] == "url" for image in fragment.box.style["background-image"]
            ):
                found.append(Paint(block, "background", seen.width * seen.height))
        found += [Paint(element, "", rect.width * rect.height) for element, rect in texts.items()]
        return [paint for paint in found if (paint.element, paint.picture) not in self._known]

    def shown(self, paints: list[Paint]) -> Paints:
        """A frame is on the screen: which of its paints count?"""
        self.painted = True
        self.contentful = self.contentful or bool(paints)
        self._known.update((paint.element, paint.picture) for paint in paints)
        largest = max(paints, key=lambda paint: paint.area, default=None)
        if self._is_over or largest is None or largest.area <= self._largest:
            return Paints(paints, None)
        self._largest = largest.area
        return Paints(paints, largest)
