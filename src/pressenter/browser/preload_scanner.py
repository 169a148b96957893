"""The preload scanner: looks ahead for what the page will need, before the tree is built.

The parser has to stop where a script must run first, and it takes time for what it
builds.  The scanner runs ahead over the same characters and looks at tags alone, so it
may be wrong: what it asks for in vain was fetched in vain (HTML Standard §13.2.6.4.8
allows such speculation, "speculative HTML parsing").
"""

from __future__ import annotations

from typing import NamedTuple

import tinycss2

from pressenter.browser.css.conditions import Medium, media_match
from pressenter.browser.html.dom import Element
from pressenter.browser.html.tokens import Tokenizer, TokenType
from pressenter.browser.pictures import picture_source

__all__ = ["Preload", "PreloadScanner", "is_for", "style_sheet_address"]

_WATCHED = frozenset(("base", "img", "link", "picture", "source", "template"))
#: What ``as`` may ask for ahead of time (HTML Standard §4.6.7.14), by our names for it.
_PRELOAD_KINDS = {"style": "style", "image": "image", "font": "font"}


class Preload(NamedTuple):
    """An address as it stands in the document, and what is expected there: style, image or font."""

    reference: str
    kind: str


def style_sheet_address(link: Element, medium: Medium) -> str:
    """The address of the style sheet that a link element asks for; empty if it asks for none."""
    relations = link.get("rel").lower().split()
    if "disabled" in link.attributes or "stylesheet" not in relations or "alternate" in relations:
        return ""
    return link.get("href") if is_for(link, medium) else ""


def is_for(element: Element, medium: Medium) -> bool:
    """Whether the media attribute of a link or style element is met (HTML Standard §4.2.4)."""
    queries = element.get("media")
    return not queries.strip() or media_match(tinycss2.parse_component_value_list(queries), medium)


class PreloadScanner:
    """Scans one document.

    Attributes:
        base: the href of the first base element, if there is one.
    """

    def __init__(self, medium: Medium) -> None:
        self.base = ""
        self._medium = medium
        self._tokenizer = Tokenizer()
        self._templates = 0
        self._picture: Element | None = None

    def feed(self, text: str) -> list[Preload]:
        """What some more characters ask for."""
        found: list[Preload] = []
        for token in self._tokenizer.feed(text):
            if token.tag not in _WATCHED:
                continue
            if token.type is TokenType.START_TAG:
                found += self._start_tag(Element(token.tag, dict(token.attrs or ())))
            elif token.type is TokenType.END_TAG:
                self._end_tag(token.tag)
        return [preload for preload in found if preload.reference.strip()]

    def _start_tag(self, element: Element) -> list[Preload]:
        tag = element.tag
        if tag == "template":
            self._templates += 1
        if self._templates:
            return []
        if tag == "base":
            self.base = self.base or element.get("href")
        elif tag == "picture":
            self._picture = element
        elif tag == "source" and self._picture is not None:
            self._picture.append(element)
        elif tag == "link":
            return self._link(element)
        elif tag == "img" and element.get("loading").lower() != "lazy":
            if self._picture is not None:
                self._picture.append(element)
            return [Preload(picture_source(element, self._medium), "image")]
        return []

    def _link(self, element: Element) -> list[Preload]:
        sheet = style_sheet_address(element, self._medium)
        if sheet:
            return [Preload(sheet, "style")]
        kind = _PRELOAD_KINDS.get(element.get("as").lower(), "")
        if kind and "preload" in element.get("rel").lower().split():
            return [Preload(element.get("href"), kind)]
        return []

    def _end_tag(self, tag: str) -> None:
        if tag == "template":
            self._templates = max(0, self._templates - 1)
        elif tag == "picture":
            self._picture = None
