"""A page: a document and what it needs, through all stages to a display list.

The stages (html, css, layout, paint) know neither a network nor each other's successors;
this file fetches, calls them in order, lets each take its virtual time, and records it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import ada_url

from pressenter.browser.css.cascade import StyledDocument, dump_styles, style_document
from pressenter.browser.css.style_sheet import Medium, StyleSheet, dump_style_sheet, in_layer, parse_style_sheet
from pressenter.browser.fetch import Fetcher
from pressenter.browser.html.decoder import decode
from pressenter.browser.html.dom import SVG, Document, Element, dump
from pressenter.browser.html.html_parser import HtmlParser
from pressenter.browser.html.svg_source import svg_size, svg_source
from pressenter.browser.layout.box_tree import build_box_tree, count_boxes, dump_boxes
from pressenter.browser.layout.boxes import BlockBox, IntrinsicSize
from pressenter.browser.layout.engine import layout_page
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import LayoutResult, TextFragment, dump_fragments, walk
from pressenter.browser.paint.display_list import build_display_list
from pressenter.browser.paint.items import DisplayItem, dump_display_list
from pressenter.http.client import FetchError
from pressenter.trace import Recorder

__all__ = ["STAGES", "Page", "PageLoader"]

#: The stages of a page that can be dumped as text.
STAGES = ("dom", "cssom", "styles", "boxes", "fragments", "display-list")

Spend = Callable[[str, float], Awaitable[None]]

_MAXIMUM_IMPORTS = 100  # of one page


class Page(NamedTuple):
    """A page that has been loaded and laid out."""

    url: str
    document: Document
    style_sheets: list[StyleSheet]
    styled: StyledDocument
    boxes: BlockBox
    layout: LayoutResult
    display_list: list[DisplayItem]
    pictures: dict[str, bytes]

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


class _Picture(NamedTuple):
    key: str
    size: IntrinsicSize
    data: bytes


class PageLoader:
    """Loads pages for one browser.

    Args:
        spend: lets work take virtual time: kind of work and its amount.
    """

    def __init__(
        self, node: str, recorder: Recorder, fetcher: Fetcher, fonts: FontLibrary, spend: Spend, medium: Medium
    ) -> None:
        self.node = node
        self.fetcher = fetcher
        self.fonts = fonts
        self.medium = medium
        self._recorder = recorder
        self._spend = spend
        self._imports_left = 0

    async def load(self, url: str, data: bytes, charset: str) -> Page:
        """From the bytes of a document to its display list."""
        self._imports_left = _MAXIMUM_IMPORTS
        document = await self._parse(url, data, charset)
        base = _base_url(document, url)
        cause = self._recorder.agenda.cause
        sheet_loads = self._start(cause, [self._sheet(source, base, url) for source in _style_sources(document)])
        picture_loads = self._start(cause, [self._picture(_source(i), base, url) for i in _images(document)])
        sheet_lists = await asyncio.gather(*sheet_loads)
        sheets = [sheet for found in sheet_lists for sheet in found]
        styled = await self._style(document, sheets)
        background_urls = sorted(_background_urls(styled))
        background_loads = self._start(
            self._recorder.agenda.cause, [self._picture(source, base, url) for source in background_urls]
        )
        found = dict(zip(_images(document), await asyncio.gather(*picture_loads), strict=True))
        pictures = {element: picture for element, picture in found.items() if picture is not None}
        pictures |= _inline_drawings(document)
        tiles = dict(zip(background_urls, await asyncio.gather(*background_loads), strict=True))
        return await self._render(url, document, sheets, styled, pictures, tiles)

    def _start(self, cause: int, jobs: list[Any]) -> list[asyncio.Task[Any]]:
        """Start jobs side by side; all of them are caused by the same event."""
        tasks = []
        for job in jobs:
            self._recorder.agenda.cause = cause
            tasks.append(asyncio.get_running_loop().create_task(job))
        self._recorder.agenda.cause = cause
        return tasks

    async def _parse(self, url: str, data: bytes, charset: str) -> Document:
        begin = self._begin("html.parse", bytes=len(data), encoding="?", nodes="?")
        decoded = decode(data, charset)
        parser = HtmlParser()
        parser.feed(decoded.text)
        document = parser.close()
        document.url, document.encoding = url, decoded.encoding
        await self._spend("html_byte", len(data))
        nodes = sum(1 for _ in document.descendants())
        self._recorder.end(begin, bytes=len(data), encoding=decoded.encoding, nodes=nodes)
        return document

    # ---- style ---------------------------------------------------------------------------------

    async def _sheet(
        self, source: Element | str, base: str, referrer: str, chain: tuple[str, ...] = ()
    ) -> list[StyleSheet]:
        """A style sheet, after those that it imports.  One that cannot be had counts as empty.

        ``chain`` are the style sheets that import this one: none imports itself.
        """
        if isinstance(source, Element) and source.tag == "style":
            text, where, sheet_url = source.text_content(), "<style>", base
        else:
            reference = source.get("href") if isinstance(source, Element) else source
            fetched = await self._subresource(reference, base, "style", referrer)
            if fetched is None or fetched.response.status >= 400:
                return []
            essence = fetched.response.headers.get("content-type").partition(";")[0].strip().lower()
            if essence not in ("text/css", ""):
                self._record("html.subresource", url=fetched.url, kind=f"refused: {essence} is no style sheet")
                return []
            text = decode(fetched.body, "utf-8").text
            where = sheet_url = fetched.url
        begin = self._begin("css.parse", source=where, rules="?")
        sheet = parse_style_sheet(text, self.medium)
        await self._spend("css_byte", len(text))
        self._recorder.end(begin, source=where, rules=len(sheet.rules))
        imported: list[StyleSheet] = []
        for wanted in sheet.imports:
            url = _absolute(wanted.url, sheet_url)
            if url in (sheet_url, *chain) or self._imports_left <= 0:
                continue
            self._imports_left -= 1
            found = await self._sheet(wanted.url, sheet_url, referrer, (*chain, sheet_url))
            imported += [in_layer(each, wanted.layer) for each in found]
        return [*imported, _with_absolute_urls(sheet, sheet_url)]

    async def _style(self, document: Document, sheets: list[StyleSheet]) -> StyledDocument:
        rules = sum(len(sheet.rules) for sheet in sheets)
        begin = self._begin("css.cascade", elements="?", rules=rules)
        styled = style_document(document, sheets, self.medium)
        await self._spend("style_element", len(styled.styles))
        self._recorder.end(begin, elements=len(styled.styles), rules=rules)
        return styled

    # ---- pictures ------------------------------------------------------------------------------

    async def _picture(self, reference: str, base: str, referrer: str) -> _Picture | None:
        if not reference:
            return None
        fetched = await self._subresource(reference, base, "image", referrer)
        if fetched is None:
            return None
        if fetched.response.status >= 400:
            self._record("image.broken", url=fetched.url, reason=f"status {fetched.response.status}")
            return None
        size = _picture_size(fetched.body)
        if size is None:
            self._record("image.broken", url=fetched.url, reason="no known format")
            return None
        await self._spend("image_pixel", size.width * size.height)
        self._record("image.decode", url=fetched.url, width=round(size.width), height=round(size.height))
        return _Picture(fetched.url, size, fetched.body)

    async def _subresource(self, reference: str, base: str, kind: str, referrer: str) -> Any:
        try:
            url = str(ada_url.URL(reference.strip(), base).href)
        except ValueError:
            self._record("html.subresource", url=reference, kind=f"{kind}, which is no URL")
            return None
        if not url.startswith(("http:", "https:")):
            return None
        self._record("html.subresource", url=url, kind=kind)
        try:
            return await self.fetcher.fetch(url, kind, referrer)
        except FetchError:
            return None  # recorded by whoever failed; the page goes on without it

    # ---- layout and paint ------------------------------------------------------------------------

    async def _render(
        self, url: str, document: Document, sheets: list[StyleSheet], styled: StyledDocument,
        pictures: dict[Element, _Picture], tiles: dict[str, _Picture | None],
    ) -> Page:  # fmt: skip
        begin = self._begin("layout.box_tree", boxes="?")
        sizes = {element: (picture.key, picture.size) for element, picture in pictures.items()}
        tree = build_box_tree(document, styled, sizes)
        boxes = count_boxes(tree.root)
        await self._spend("layout_box", boxes)
        self._recorder.end(begin, boxes=boxes)
        if tree.truncated:
            self._record("layout.limit", what="boxes", limit=boxes)
        begin = self._begin("layout.fragments", fragments="?", lines="?", height="?")
        layout = layout_page(tree.root, self.fonts, self.medium.width, self.medium.height)
        parts = [part for part, _, _ in walk(layout.root)]
        glyphs = sum(len(run.glyphs) for part in parts if isinstance(part, TextFragment) for run in part.runs)
        lines = sum(getattr(part, "lines", 0) for part in parts)
        await self._spend("layout_glyph", glyphs)
        self._recorder.end(begin, fragments=len(parts), lines=lines, height=round(layout.height), glyphs=glyphs)
        begin = self._begin("paint.display_list", items="?")
        all_pictures = [*pictures.values(), *(tile for tile in tiles.values() if tile is not None)]
        by_key = {picture.key: (picture.size.width, picture.size.height) for picture in all_pictures}
        by_key |= {name: (tile.size.width, tile.size.height) for name, tile in tiles.items() if tile is not None}
        display_list = build_display_list(layout, self.fonts, by_key)
        await self._spend("paint_item", len(display_list))
        self._recorder.end(begin, items=len(display_list))
        data = {picture.key: picture.data for picture in all_pictures}
        data |= {name: tile.data for name, tile in tiles.items() if tile is not None}
        return Page(url, document, sheets, styled, tree.root, layout, display_list, data)

    def _begin(self, name: str, /, **fields: Any) -> int:
        return self._recorder.begin(self.node, name, **fields)

    def _record(self, name: str, /, **fields: Any) -> int:
        return self._recorder.record(self.node, name, **fields)


def _base_url(document: Document, url: str) -> str:
    """The first base element's href counts (HTML Standard §4.2.3)."""
    for element in document.elements():
        if element.tag == "base" and "href" in element.attributes:
            try:
                return str(ada_url.URL(element.get("href"), url).href)
            except ValueError:
                return url
    return url


def _style_sources(document: Document) -> list[Element]:
    """Style elements and links to style sheets, in tree order (CSSOM §6.2)."""
    sources = []
    for element in document.elements():
        if element.tag == "style":
            sources.append(element)
        elif element.tag == "link" and element.get("href"):
            relations = element.get("rel").lower().split()
            media = element.get("media", "all").lower()
            if "stylesheet" in relations and "alternate" not in relations and "print" not in media:
                sources.append(element)
    return sources


def _images(document: Document) -> list[Element]:
    return [element for element in document.elements() if element.tag == "img"]


def _source(image: Element) -> str:
    """The picture to load; of a srcset the first candidate where there is no src."""
    return image.get("src") or image.get("srcset").strip().partition(" ")[0].rstrip(",")


def _inline_drawings(document: Document) -> dict[Element, _Picture]:
    """Outermost svg elements, each as a picture."""
    found: dict[Element, _Picture] = {}
    for element in document.elements():
        parent = element.parent_element
        if element.tag == "svg" and element.namespace == SVG and (parent is None or parent.namespace != SVG):
            size = IntrinsicSize(*svg_size(element))
            found[element] = _Picture(f"inline svg {len(found) + 1}", size, svg_source(element))
    return found


def _background_urls(styled: StyledDocument) -> set[str]:
    """The addresses of all pictures that styles name."""
    found = set()
    for style in [*styled.styles.values(), *styled.pseudo_styles.values()]:
        for image in (*style["background-image"], style["list-style-image"]):
            if isinstance(image, tuple) and image[0] == "url":
                found.add(image[1])
        if isinstance(style["content"], tuple):
            found.update(part[1] for part in style["content"] if part[0] == "url")
    return found


_URL_PROPERTIES = frozenset(("background-image", "list-style-image", "content", "mask-image"))


def _with_absolute_urls(sheet: StyleSheet, base: str) -> StyleSheet:
    """url() in a style sheet refers to the style sheet's own address (CSS Values 4 §4.5)."""
    rules = []
    for rule in sheet.rules:
        declarations = [
            declaration._replace(value=_absolute_value(declaration.value, base))
            if declaration.name in _URL_PROPERTIES
            else declaration
            for declaration in rule.declarations
        ]
        for declaration in rule.declarations:
            _make_urls_absolute(declaration.tokens or (), base)
        rules.append(rule._replace(declarations=declarations))
    faces = [
        face._replace(sources=tuple((_absolute(address, base), kind) for address, kind in face.sources))
        for face in sheet.font_faces
    ]
    return sheet._replace(rules=rules, font_faces=faces)


def _absolute_value(value: Any, base: str) -> Any:
    if not isinstance(value, tuple):
        return value
    if len(value) == 2 and value[0] == "url":
        return ("url", _absolute(value[1], base))
    if type(value) is tuple:
        return tuple(_absolute_value(part, base) for part in value)
    return value


def _make_urls_absolute(tokens: Any, base: str) -> None:
    """The same for values that are parsed later, when custom properties are known: their tokens are this sheet's own."""
    for token in tokens:
        if token.type == "url":
            token.value = _absolute(token.value, base)
            token.representation = f'url("{token.value}")'
        elif token.type == "function" and token.lower_name == "url":
            for argument in token.arguments:
                if argument.type == "string":
                    argument.value = _absolute(argument.value, base)
                    argument.representation = f'"{argument.value}"'
        elif token.type == "function":
            _make_urls_absolute(token.arguments, base)
        elif token.type.endswith("block"):
            _make_urls_absolute(token.content, base)


def _absolute(reference: str, base: str) -> str:
    try:
        return str(ada_url.URL(reference, base).href)
    except ValueError:
        return reference


def _picture_size(data: bytes) -> IntrinsicSize | None:
    """Width and height from the file's header; None for what is no picture."""
    import io

    import imagesize

    try:
        width, height = imagesize.get(io.BytesIO(data))
    except Exception:  # imagesize raises what it happens upon in damaged files
        return None
    return IntrinsicSize(float(width), float(height)) if width > 0 and height > 0 else None
