"""A page: a document and what it needs, through all stages to a display list.

The stages (html, css, layout, paint) know neither a network nor each other's successors;
this file fetches, calls them in order, lets each take its virtual time, and records it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import ada_url

from pressenter.browser.css.cascade import StyledDocument, dump_styles, style_document
from pressenter.browser.css.style_sheet import (
    FontFace,
    Medium,
    StyleSheet,
    dump_style_sheet,
    in_layer,
    parse_style_sheet,
)
from pressenter.browser.html.decoder import decode
from pressenter.browser.html.dom import Document, Element, dump
from pressenter.browser.html.html_parser import HtmlParser
from pressenter.browser.layout.box_tree import build_box_tree, count_boxes, dump_boxes
from pressenter.browser.layout.boxes import Box
from pressenter.browser.layout.engine import layout_page
from pressenter.browser.layout.fonts import FontLibrary, font_file
from pressenter.browser.layout.fragments import LayoutResult, TextFragment, dump_fragments, walk
from pressenter.browser.paint.display_list import build_display_list
from pressenter.browser.paint.items import DisplayItem, dump_display_list
from pressenter.browser.pictures import (
    PictureFile,
    UnknownPicture,
    inline_drawings,
    picture_elements,
    picture_file,
    picture_source,
)
from pressenter.http.errors import FetchError
from pressenter.trace import Recorder

if TYPE_CHECKING:
    from pressenter.http.messages import Response

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


class FetchedResource(Protocol):
    """What a fetch came to."""

    @property
    def url(self) -> str:
        """The address in the end."""

    @property
    def response(self) -> Response:
        """Status and fields."""

    @property
    def body(self) -> bytes:
        """The contents, without content coding."""


class ResourceFetcher(Protocol):
    """Who brings what a page needs: from the network, or from files."""

    async def fetch(self, url: str, kind: str, referrer: str = "") -> FetchedResource:
        """Fetch a document, style sheet, image or font.  Raises FetchError."""


class PageLoader:
    """Loads pages for one browser.

    Args:
        spend: lets work take virtual time: kind of work and its amount.
    """

    def __init__(
        self, node: str, recorder: Recorder, fetcher: ResourceFetcher, fonts: FontLibrary, spend: Spend, medium: Medium
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
        elements = picture_elements(document)
        sources = [picture_source(element, self.medium) for element in elements]
        picture_loads = self._start(cause, [self._picture(source, base, url) for source in sources])
        sheet_lists = await asyncio.gather(*sheet_loads)
        sheets = [sheet for found in sheet_lists for sheet in found]
        styled = await self._style(document, sheets)
        background_urls = sorted(_background_urls(styled))
        cause = self._recorder.agenda.cause
        background_loads = self._start(cause, [self._picture(source, base, url) for source in background_urls])
        fonts = await self._fonts(cause, sheets, styled, base, url)
        found = dict(zip(elements, await asyncio.gather(*picture_loads), strict=True))
        pictures = {element: picture for element, picture in found.items() if picture is not None}
        pictures |= inline_drawings(document, styled)
        tiles = dict(zip(background_urls, await asyncio.gather(*background_loads), strict=True))
        by_address = {address: tile for address, tile in tiles.items() if tile is not None}
        return await self._render(url, document, sheets, styled, pictures, by_address, fonts)

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
            if fetched is None:
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
        styled = style_document(document, sheets, self.medium, self.fonts.measure)
        await self._spend("style_element", len(styled.styles))
        self._recorder.end(begin, elements=len(styled.styles), rules=rules)
        return styled

    # ---- pictures ------------------------------------------------------------------------------

    async def _picture(self, reference: str, base: str, referrer: str) -> PictureFile | None:
        if not reference.strip():
            return None
        fetched = await self._subresource(reference, base, "image", referrer)
        if fetched is None:
            return None
        try:
            file = picture_file(fetched.url, fetched.body)
        except UnknownPicture as error:
            self._record("image.broken", url=fetched.url, reason=str(error))
            return None
        width, height = file.picture.size
        await self._spend("image_pixel", width * height)
        self._record("image.decode", url=fetched.url, width=round(width), height=round(height))
        return file

    # ---- fonts -----------------------------------------------------------------------------------

    async def _fonts(
        self, cause: int, sheets: list[StyleSheet], styled: StyledDocument, base: str, referrer: str
    ) -> FontLibrary:
        """The fonts that the page brings, as far as its styles name them (CSS Fonts 4 §4.6)."""
        used = {family.lower() for style in styled.styles.values() for family in style["font-family"]}
        used |= {family.lower() for style in styled.pseudo_styles.values() for family in style["font-family"]}
        faces = [face for sheet in sheets for face in sheet.font_faces if face.family.lower() in used]
        if not faces:
            return self.fonts
        library = self.fonts.without_added()
        files = await asyncio.gather(*self._start(cause, [self._font(face, base, referrer) for face in faces]))
        for face, data in zip(faces, files, strict=True):
            if data is None:
                continue
            try:
                library.add(face.family, data, face.weights, face.italic, face.ranges)
            except ValueError as error:
                self._record("font.broken", family=face.family, reason=str(error))
        return library

    async def _font(self, face: FontFace, base: str, referrer: str) -> bytes | None:
        """The first source that can be had and read."""
        for address, kind in face.sources:
            if kind.lower() in ("embedded-opentype", "svg", "eot"):
                continue
            fetched = await self._subresource(address, base, "font", referrer)
            if fetched is None:
                continue
            try:
                return font_file(fetched.body)
            except ValueError as error:
                self._record("font.broken", family=face.family, reason=str(error))
        return None

    async def _subresource(self, reference: str, base: str, kind: str, referrer: str) -> Any:
        try:
            url = str(ada_url.URL(reference.strip(), base).href)
        except ValueError:
            self._record("html.subresource", url=reference, kind=f"{kind}, which is no URL")
            return None
        if not url.startswith(("http:", "https:", "file:", "data:")):
            return None
        self._record("html.subresource", url=url, kind=kind)
        try:
            fetched = await self.fetcher.fetch(url, kind, referrer)
        except FetchError as error:
            self._record("page.without", url=url, reason=str(error))
            return None
        if fetched.response.status >= 400:
            status = f"{fetched.response.status} {fetched.response.reason}".strip()
            self._record("page.without", url=fetched.url, reason=f"the server answers {status}")
            return None
        return fetched

    # ---- layout and paint ------------------------------------------------------------------------

    async def _render(
        self, url: str, document: Document, sheets: list[StyleSheet], styled: StyledDocument,
        pictures: dict[Element, PictureFile], tiles: dict[str, PictureFile], fonts: FontLibrary,
    ) -> Page:  # fmt: skip
        begin = self._begin("layout.box_tree", boxes="?")
        shown = {element: file.picture for element, file in pictures.items()}
        tree = build_box_tree(document, styled, shown, {name: file.picture for name, file in tiles.items()}, fonts)
        boxes = count_boxes(tree.root)
        await self._spend("layout_box", boxes)
        self._recorder.end(begin, boxes=boxes)
        if tree.truncated:
            self._record("layout.limit", what="boxes", limit=boxes)
        begin = self._begin("layout.fragments", fragments="?", lines="?", height="?")
        layout = layout_page(tree.root, fonts, self.medium.width, self.medium.height, document.quirks != "no-quirks")
        parts = [part for part, _, _ in walk(layout.root)]
        glyphs = sum(len(run.glyphs) for part in parts if isinstance(part, TextFragment) for run in part.runs)
        lines = sum(getattr(part, "lines", 0) for part in parts)
        await self._spend("layout_glyph", glyphs)
        self._recorder.end(begin, fragments=len(parts), lines=lines, height=round(layout.height), glyphs=glyphs)
        begin = self._begin("paint.display_list", items="?")
        files = {file.picture.key: file for file in pictures.values()}
        files |= {file.picture.key: file for file in tiles.values()} | tiles
        sizes = {key: (file.picture.size.width, file.picture.size.height) for key, file in files.items()}
        display_list = build_display_list(layout, fonts, sizes)
        await self._spend("paint_item", len(display_list))
        self._recorder.end(begin, items=len(display_list))
        data = {key: file.data for key, file in files.items()}
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
            if "disabled" in element.attributes:
                continue
            if "stylesheet" in relations and "alternate" not in relations and "print" not in media:
                sources.append(element)
    return sources


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
    """The same for values that are parsed when custom properties are known: the tokens are this sheet's own."""
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
