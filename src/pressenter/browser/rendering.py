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
from pressenter.browser.layout.engine import layout_page
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import TextFragment, walk
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.browser.paint.display_list import build_display_list
from pressenter.browser.pictures import PictureFile

__all__ = ["Rendering"]


class Rendering:
    """Renders one document, again and again as it changes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def style(self, document: Document, sheets: list[StyleSheet], fonts: FontLibrary) -> StyledDocument:
        """The styles of all elements."""
        rules = sum(len(sheet.rules) for sheet in sheets)
        begin = self._begin("css.cascade", elements="?", rules=rules)
        styled = style_document(document, sheets, self._services.medium, fonts.measure)
        await self._services.spend("style_element", len(styled.styles))
        self._end(begin, elements=len(styled.styles), rules=rules)
        return styled

    async def draw(
        self, document: Document, sheets: list[StyleSheet], styled: StyledDocument,
        pictures: Mapping[Element, PictureFile | None], tiles: Mapping[str, PictureFile], fonts: FontLibrary,
    ) -> Page:  # fmt: skip
        """Boxes, fragments and the display list.

        Args:
            pictures: by the element that shows them; None for those on their way.
            tiles: pictures that styles name, by their addresses.
        """
        begin = self._begin("layout.box_tree", boxes="?")
        shown = {element: file and file.picture for element, file in pictures.items()}
        tree = build_box_tree(document, styled, shown, {name: file.picture for name, file in tiles.items()}, fonts)
        boxes = count_boxes(tree.root)
        await self._services.spend("layout_box", boxes)
        self._end(begin, boxes=boxes)
        if tree.truncated:
            self._services.recorder.record(self._services.node, "layout.limit", what="boxes", limit=boxes)
        begin = self._begin("layout.fragments", fragments="?", lines="?", height="?")
        medium = self._services.medium
        layout = layout_page(tree.root, fonts, medium.width, medium.height, document.quirks != "no-quirks")
        parts = [part for part, _, _ in walk(layout.root)]
        glyphs = sum(len(run.glyphs) for part in parts if isinstance(part, TextFragment) for run in part.runs)
        lines = sum(getattr(part, "lines", 0) for part in parts)
        await self._services.spend("layout_glyph", glyphs)
        self._end(begin, fragments=len(parts), lines=lines, height=round(layout.height), glyphs=glyphs)
        begin = self._begin("paint.display_list", items="?")
        files = {file.picture.key: file for file in (*pictures.values(), *tiles.values()) if file} | dict(tiles)
        sizes = {key: (file.picture.size.width, file.picture.size.height) for key, file in files.items()}
        display_list = build_display_list(layout, fonts, sizes)
        await self._services.spend("paint_item", len(display_list))
        self._end(begin, items=len(display_list))
        data = {key: file.data for key, file in files.items()}
        return Page(document.url, document, sheets, styled, tree.root, layout, display_list, data)

    def _begin(self, name: str, /, **fields: Any) -> int:
        return self._services.recorder.begin(self._services.node, name, **fields)

    def _end(self, begin: int, /, **fields: Any) -> None:
        self._services.recorder.end(begin, **fields)
