"""Updating the rendering: from a document to a display list, stage by stage (HTML Standard §8.1.7.3).

The stages (css, layout, paint) know neither a network nor each other's successors; this
file calls them in order, lets each take its virtual time, and records it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pressenter.browser.css.cascade import StyledDocument, style_document
from pressenter.browser.css.style_sheet import StyleSheet
from pressenter.browser.html.dom import Document, Element
from pressenter.browser.layout.box_tree import build_box_tree, count_boxes
from pressenter.browser.layout.boxes import Box
from pressenter.browser.layout.engine import layout_page
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import LayoutResult, TextFragment, walk
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.browser.paint.display_list import build_display_list
from pressenter.browser.paint.painting_order import ScrollOffsets
from pressenter.browser.pictures import PictureFile

__all__ = ["Rendering"]


class Rendering:
    """Renders one document, again and again as it changes.  Each stage keeps what it has made."""

    def __init__(self, services: Services, document: Document) -> None:
        self.styled: StyledDocument | None = None
        self._services = services
        self._document = document
        self._sheets: list[StyleSheet] = []
        self._boxes: Box | None = None
        self._layout: LayoutResult | None = None

    async def style(self, sheets: list[StyleSheet], fonts: FontLibrary) -> StyledDocument:
        """The styles of all elements."""
        rules = sum(len(sheet.rules) for sheet in sheets)
        begin = self._begin("css.cascade", elements="?", rules=rules)
        self._sheets = sheets
        self.styled = style_document(self._document, sheets, self._services.medium, fonts.measure)
        await self._services.spend("style_element", len(self.styled.styles))
        self._end(begin, elements=len(self.styled.styles), rules=rules)
        return self.styled

    async def lay_out(
        self, pictures: Mapping[Element, PictureFile | None], tiles: Mapping[str, PictureFile], fonts: FontLibrary,
        scroll: tuple[float, float], offsets: ScrollOffsets,
    ) -> None:  # fmt: skip
        """Boxes and fragments.

        Args:
            pictures: by the element that shows them; None for those on their way.
            tiles: pictures that styles name, by their addresses.
            scroll, offsets: how far the page and what is in it are scrolled, for what sticks.
        """
        assert self.styled is not None
        begin = self._begin("layout.box_tree", boxes="?")
        shown = {element: file and file.picture for element, file in pictures.items()}
        named = {name: file.picture for name, file in tiles.items()}
        tree = build_box_tree(self._document, self.styled, shown, named, fonts)
        self._boxes, boxes = tree.root, count_boxes(tree.root)
        await self._services.spend("layout_box", boxes)
        self._end(begin, boxes=boxes)
        if tree.truncated:
            self._services.recorder.record(self._services.node, "layout.limit", what="boxes", limit=boxes)
        begin = self._begin("layout.fragments", fragments="?", lines="?", height="?")
        medium, in_quirks = self._services.medium, self._document.quirks != "no-quirks"
        layout = layout_page(tree.root, fonts, medium.width, medium.height, in_quirks, scroll, offsets)
        parts = [part for part, _, _ in walk(layout.root)]
        glyphs = sum(len(run.glyphs) for part in parts if isinstance(part, TextFragment) for run in part.runs)
        lines = sum(getattr(part, "lines", 0) for part in parts)
        await self._services.spend("layout_glyph", glyphs)
        self._end(begin, fragments=len(parts), lines=lines, height=round(layout.height), glyphs=glyphs)
        self._layout = layout

    async def paint(
        self, pictures: Mapping[Element, PictureFile | None], tiles: Mapping[str, PictureFile], fonts: FontLibrary,
        offsets: ScrollOffsets,
    ) -> Page:  # fmt: skip
        """The display list of what was laid out."""
        assert self.styled is not None and self._boxes is not None and self._layout is not None
        begin = self._begin("paint.display_list", items="?")
        files = {file.picture.key: file for file in (*pictures.values(), *tiles.values()) if file} | dict(tiles)
        sizes = {key: (file.picture.size.width, file.picture.size.height) for key, file in files.items()}
        display_list = build_display_list(self._layout, fonts, sizes, offsets)
        await self._services.spend("paint_item", len(display_list))
        self._end(begin, items=len(display_list))
        data = {key: file.data for key, file in files.items()}
        return Page(
            self._document.url, self._document, self._sheets, self.styled, self._boxes, self._layout, display_list, data
        )

    def _begin(self, name: str, /, **fields: Any) -> int:
        return self._services.recorder.begin(self._services.node, name, **fields)

    def _end(self, begin: int, /, **fields: Any) -> None:
        self._services.recorder.end(begin, **fields)
