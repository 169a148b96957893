"""A page at one moment: a document with what each stage has made of it, up to a display list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from pressenter.browser.css.cascade import StyledDocument, dump_styles
from pressenter.browser.css.style_sheet import StyleSheet, dump_style_sheet
from pressenter.browser.html.dom import Document, dump
from pressenter.browser.layout.box_tree import dump_boxes
from pressenter.browser.layout.boxes import Box
from pressenter.browser.layout.fragments import LayoutResult, TextFragment, dump_fragments, walk
from pressenter.browser.paint.items import DisplayItem, dump_display_list

__all__ = ["STAGES", "Page", "PerPage"]

#: The stages of a page that can be dumped as text.
STAGES = ("dom", "cssom", "styles", "boxes", "fragments", "display-list")


Found = TypeVar("Found")


class PerPage(Generic[Found]):
    """What is worked out from a page when it is first asked for, and kept until there is another page."""

    def __init__(self, work_out: Callable[[Page], Found]) -> None:
        self._work_out = work_out
        self._known: tuple[Page, Found] | None = None

    def of(self, page: Page) -> Found:
        """For this page."""
        if self._known is None or self._known[0] is not page:
            self._known = (page, self._work_out(page))
        return self._known[1]


class Page(NamedTuple):
    """A page, laid out."""

    url: str
    document: Document
    style_sheets: list[StyleSheet]
    styled: StyledDocument
    boxes: Box
    layout: LayoutResult
    display_list: list[DisplayItem]
    pictures: dict[str, bytes]

    def __repr__(self) -> str:
        """Short: asyncio prints what its tasks return, and a page is a forest."""
        return f"<Page {self.url}>"

    @property
    def title(self) -> str:
        """The document's title, or its address."""
        return self.document.title or self.url

    @property
    def text(self) -> str:
        """The text that is laid out, in reading order, a space between pieces."""
        pieces = (part.text for part, _, _ in walk(self.layout.root) if isinstance(part, TextFragment))
        return " ".join(" ".join(pieces).split())

    def dump(self, stage: str) -> str:
        """A stage as text, by its name in `STAGES`."""
        return {
            "dom": lambda: dump(self.document),
            "cssom": lambda: "\n".join(dump_style_sheet(sheet) for sheet in self.style_sheets),
            "styles": lambda: dump_styles(self.document, self.styled),
            "boxes": lambda: dump_boxes(self.boxes),
            "fragments": lambda: dump_fragments(self.layout.root),
            "display-list": lambda: dump_display_list(self.display_list),
        }[stage]()
