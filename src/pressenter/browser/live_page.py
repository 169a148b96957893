"""A page that is alive: its document grows as bytes arrive, and it is drawn as it grows.

Four things go on side by side, and a page does one of them at a time (its *main
thread*, here a lock):

- the parser takes what has arrived; the preload scanner runs ahead of it;
- resources that the parser comes upon are fetched, and taken in when they are there;
- at each refresh of the screen the rendering is updated if something has changed, and not
  held back: a style sheet that is on its way blocks painting, a picture does not;
- when everything has come, the page is *loaded*.

The moments that engineers measure a page by are recorded: DOMContentLoaded and load (HTML
Standard §13.2.7), first and largest contentful paint (`paint_timing`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from pressenter.browser.css.cascade import ComputedStyle, StyledDocument, different_styles
from pressenter.browser.css.selectors import ancestors
from pressenter.browser.css.style_sheet import FontFace, StyleSheet
from pressenter.browser.css.url_references import named_pictures
from pressenter.browser.frames import Frames, FramesAround, has_frame
from pressenter.browser.hit_testing import HitTest
from pressenter.browser.html.addresses import resolved
from pressenter.browser.html.decoder import DocumentDecoder
from pressenter.browser.html.dom import SHOWN, Document, Element
from pressenter.browser.html.html_parser import HtmlParser
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.positioned import contains_positioned
from pressenter.browser.layout.rectangles import Rectangle, element_rectangles
from pressenter.browser.page import Page, PerPage
from pressenter.browser.page_resources import PageResources, Services
from pressenter.browser.pictures import PictureFile, inline_drawings, picture_source, shows_picture
from pressenter.browser.preload_scanner import PreloadScanner, is_for, style_sheet_address
from pressenter.browser.rendering import Rendering

__all__ = ["LivePage"]

FRAMES_PER_SECOND = 60
#: How long text waits for its font before another one is shown (CSS Fonts 4 §4.9.1, the block period).
FONT_BLOCK_SECONDS = 3.0
_PIECE = 1 << 16  # bytes that are parsed at once

Present = Callable[[Page], Awaitable[None]]


class LivePage:
    """One document, from its first byte until somebody leaves it.

    Args:
        url: the document's address.
        charset: what the transport says.
        fonts: the fonts that are there without the page's own.
        present: shows a frame; without it only the loaded page is drawn.
        on_bug: called where a part of the page's work has failed with an exception.
        around: where it stands, if it is the page of a frame.

    Attributes:
        document: as far as it has come.
        frames: the pages within this one.
        page: what was drawn last, or None.
        scroll: which point of the page is at the window's upper left corner.
        offsets: how far boxes in the page are scrolled.
    """

    def __init__(
        self, services: Services, url: str, charset: str, fonts: FontLibrary, present: Present | None = None,
        on_bug: Callable[[Exception], None] | None = None, around: FramesAround | None = None,
    ) -> None:  # fmt: skip
        self.page: Page | None = None
        self._services = services
        self._base = url
        self._present = present
        self._on_bug = on_bug
        self._main_thread = asyncio.Lock()
        self._decoder = DocumentDecoder(charset)
        self._scanner = PreloadScanner(services.medium)
        self._parser = HtmlParser()
        self._parser.builder.inserted = []
        self._open_styles: list[Element] = []
        self.document: Document = self._parser.builder.document
        self.document.url = url
        self._resources = PageResources(services, url, self._main_thread)
        self._rendering = Rendering(services, self.document, lasts=present is not None)
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._loads: set[asyncio.Task[None]] = set()
        self._sheets: dict[Element, list[StyleSheet] | None] = {}  # None: on its way
        self._pictures: dict[Element, PictureFile | None] = {}
        self._tiles: dict[str, PictureFile | None] = {}
        self._system_fonts = fonts
        self._fonts = fonts
        self._faces: dict[FontFace, bytes | None] = {}
        self._awaited_faces: set[FontFace] = set()
        self._font_timers: list[asyncio.TimerHandle] = []
        self._needs_style = self._needs_layout = self._needs_paint = True
        self._follows_scrolling = False
        self._wants_frame = asyncio.Event()
        self._hit_test = PerPage(lambda page: HitTest(page, self.offsets))
        self._rectangles = PerPage(lambda page: element_rectangles(page.layout))
        self.frames = Frames(
            self, services, self._resources, around, open_page=self._framed_page, start=self._start,
            repaint=self.repaint,
        )  # fmt: skip
        self.scroll = (0.0, 0.0)
        self.offsets: dict[Element, tuple[float, float]] = {}
        self._parsed = asyncio.get_running_loop().create_task(self._parse(), name="parser")
        self._frames: asyncio.Task[None] | None = None
        if present is not None:
            self._frames = asyncio.get_running_loop().create_task(self._render_frames(), name="frames")
            self._frames.add_done_callback(self._report_bug)

    # ---- bytes in ------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Some more of the document has arrived."""
        for begin in range(0, len(data), _PIECE):
            self._arrived.put_nowait(data[begin : begin + _PIECE])

    async def finish(self) -> Page:
        """The document has arrived as a whole: returns when all that it needs is there, and it is drawn."""
        self._arrived.put_nowait(None)
        await self._parsed
        while True:
            await self._everything_loaded()
            async with self._main_thread:
                await self._style()
                if self._loads:
                    continue
                self._wants_frame.clear()
                page = await self._drawn()
                if not self._loads:  # frames are opened when they are laid out
                    return page

    async def finish_drawing(self) -> Page:
        """The page as it is now, drawn without waiting for the screen's next refresh."""
        async with self._main_thread:
            return await self._drawn()

    def stop(self) -> None:
        """The page is left: nothing more is parsed, fetched or drawn."""
        if self._frames is not None:
            self._frames.cancel()
        self.frames.stop()
        self.stop_loading()

    def stop_loading(self) -> None:
        """Nothing more is parsed or fetched; what has come stays, and can be used."""
        self._parsed.cancel()
        for task in self._loads:
            task.cancel()
        for timer in self._font_timers:
            timer.cancel()
        self._resources.stop()
        self.frames.stop(loading_only=True)

    # ---- parsing ---------------------------------------------------------------------------------

    async def _parse(self) -> None:
        begin, size = 0, 0
        while True:
            data = await self._arrived.get()
            begin = begin or self._begin("html.parse", bytes="?", encoding="?", nodes="?")
            size += len(data or b"")
            async with self._main_thread:
                text = self._decoder.feed(data or b"", final=data is None)
                self.document.source.append(text)
                self._preload(text)
                self._parser.feed(text)
                if data is None:
                    self._parser.close()
                await self._services.spend("html_byte", len(data or b""))
                self.document.encoding = self._decoder.encoding
                self._take_inserted()
            self.changed()
            if data is None:
                break
        nodes = sum(1 for _ in self.document.descendants())
        self._services.recorder.end(begin, bytes=size, encoding=self._decoder.encoding, nodes=nodes)
        self._record("page.dom_content_loaded", url=self.document.url)

    def _preload(self, text: str) -> None:
        for preload in self._scanner.feed(text):
            base = resolved(self._scanner.base, self._base) or self._base
            self._resources.preload(preload.reference, base, preload.kind)

    def _take_inserted(self) -> None:
        """Look at the elements that are new: which of them need something?"""
        builder = self._parser.builder
        assert builder.inserted is not None
        new, builder.inserted = [*self._open_styles, *builder.inserted], []
        self._open_styles = []
        for element in new:
            if element.tag == "base" and "href" in element.attributes and self._base == self.document.url:
                self._base = resolved(element.get("href"), self.document.url) or self._base  # HTML Standard §4.2.3
            elif element.tag == "style":
                if builder.open.has(element):
                    self._open_styles.append(element)  # its text is not whole
                elif is_for(element, self._services.medium):
                    self._load_sheet(element)
            elif element.tag == "link" and style_sheet_address(element, self._services.medium):
                self._load_sheet(element)
            elif has_frame(element):
                self.frames.load(element)
            elif shows_picture(element):
                self._start(self._load_picture(element), "picture")

    # ---- resources -------------------------------------------------------------------------------

    def _load_sheet(self, element: Element) -> None:
        self._sheets[element] = None

        async def load() -> None:
            self._sheets[element] = await self._resources.style_sheet(element, self._base)
            self.changed()

        self._start(load(), "style sheet")

    async def _load_picture(self, element: Element) -> None:
        source = picture_source(element, self._services.medium)
        self._pictures[element] = None
        file = await self._resources.picture(source, self._base)
        if file is not None:
            self._pictures[element] = file
        else:
            del self._pictures[element]
        element.mark_changed(SHOWN)
        self.changed()

    async def _load_tile(self, address: str) -> None:
        self._tiles[address] = await self._resources.picture(address, self._base)
        self._needs_layout = True
        self._wants_frame.set()

    async def _load_font(self, face: FontFace) -> None:
        data = await self._resources.font(face, self._base)
        if data is not None:
            self._faces[face] = data
            self._use_fonts()
            self.changed()  # lengths may be in its units
        self._awaited_faces.discard(face)
        family = face.family.lower()
        if not any(other.family.lower() == family for other in self._awaited_faces):
            self._stop_waiting(family)

    def _use_fonts(self) -> None:
        """The library with the fonts of the page that have come."""
        library = self._system_fonts.without_added()
        for face, data in list(self._faces.items()):
            if data is None:
                continue
            try:
                library.add(face.family, data, face.weights, face.italic, face.ranges)
            except ValueError as error:
                self._record("font.broken", family=face.family, reason=str(error))
                self._faces[face] = None
        library.awaited = self._fonts.awaited - {face.family.lower() for face, data in self._faces.items() if data}
        self._fonts = library

    def _start(self, job: Any, name: str) -> None:
        task = asyncio.get_running_loop().create_task(job, name=name)
        self._loads.add(task)
        task.add_done_callback(self._loads.discard)
        task.add_done_callback(self._report_bug)

    def _report_bug(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception) and self._on_bug is not None:
            self._on_bug(error)

    async def _everything_loaded(self) -> None:
        while self._loads:
            await asyncio.wait(set(self._loads))

    # ---- what a person sees and does ---------------------------------------------------------------

    @property
    def fonts(self) -> FontLibrary:
        """The fonts of the page as they are now."""
        return self._fonts

    @property
    def base(self) -> str:
        """What relative addresses are seen from."""
        return self._base

    @property
    def window_width(self) -> float:
        """Of the window that the page is seen through, in CSS pixels."""
        return self._services.medium.width

    @property
    def window_height(self) -> float:
        """Of the window that the page is seen through, in CSS pixels."""
        return self._services.medium.height

    def element_at(self, x: float, y: float) -> Element | None:
        """The element at a point of the window, as the page was drawn last."""
        return self._hit_test.of(self.page).element_at(x, y, self.scroll) if self.page is not None else None

    def rectangle_of(self, element: Element) -> Rectangle | None:
        """Where an element is on the page, as it was drawn last; None if it has no box."""
        return self._rectangles.of(self.page).get(element) if self.page is not None else None

    def is_seen(self, element: Element) -> bool:
        """Whether an element is drawn somewhere: it has a box, is visible, and in no closed details."""
        styles = self.page.styled.styles if self.page is not None else {}
        if self.rectangle_of(element) is None or styles[element]["visibility"] != "visible":
            return False
        inner: Element = element
        for around in ancestors(element):
            if around.is_html(("details",)) and "open" not in around.attributes and inner.tag != "summary":
                return False
            inner = around
        return True

    def moved_by(self, element: Element) -> tuple[float, float]:
        """How far scrolling has moved an element from its place on the page."""
        x = y = 0.0
        styles = self.page.styled.styles if self.page is not None else {}
        for around in (element, *ancestors(element)):
            if around is not element and around in self.offsets:
                x, y = x - self.offsets[around][0], y - self.offsets[around][1]
            if around in styles and styles[around]["position"] == "fixed":
                if not any(contains_positioned(styles[outer]) for outer in ancestors(around)):
                    return x, y
        return x - self.scroll[0], y - self.scroll[1]

    def changed(self) -> None:
        """The document, its style sheets or its fonts are others now: what that comes to is found at the next frame."""
        self._needs_style = True
        self._wants_frame.set()

    def repaint(self) -> None:
        """Something is to be drawn otherwise, in the same place: a frame's page, a list over the page."""
        self._needs_paint = True
        self._wants_frame.set()

    def _framed_page(self, services: Services, url: str, charset: str, around: FramesAround) -> LivePage:
        """The page of a frame in this one; what it draws is drawn with this page."""

        async def present(page: Page) -> None:
            self.repaint()

        alive = present if self._present is not None else None
        return LivePage(services, url, charset, self._system_fonts, alive, self._on_bug, around)

    def _within(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point of the page, or the nearest that can be at the window's corner."""
        width, height = self._rendering.size
        farthest_x, farthest_y = max(0.0, width - self.window_width), max(0.0, height - self.window_height)
        return min(max(0.0, point[0]), farthest_x), min(max(0.0, point[1]), farthest_y)

    def scroll_to(self, point: tuple[float, float]) -> None:
        """Show another part of the page, as far as it goes."""
        point = self._within(point)
        if point != self.scroll:
            self.scroll = point
            self._record("page.scroll", x=round(point[0]), y=round(point[1]))
            self._needs_layout |= self._follows_scrolling
            self._wants_frame.set()

    def scroll_container(self, element: Element, offset: tuple[float, float]) -> None:
        """Show another part of what is in a box."""
        self.offsets[element] = offset
        self._record("page.scroll_box", element=element.tag, x=round(offset[0]), y=round(offset[1]))
        self._needs_layout |= self._follows_scrolling
        self.repaint()

    # ---- rendering -------------------------------------------------------------------------------

    @property
    def _is_renderable(self) -> bool:
        """Nothing blocks painting: there is a body, and no style sheet is on its way (HTML Standard §4.2.4)."""
        root = self.document.root
        has_body = root is not None and any(
            isinstance(child, Element) and child.is_html(("body", "frameset")) for child in root.children
        )
        return has_body and all(sheets is not None for sheets in self._sheets.values())

    async def _render_frames(self) -> None:
        """Draw what has changed, once at each refresh of the screen at most."""
        assert self._present is not None
        presented: tuple[Page, tuple[float, float]] | None = None
        while True:
            await self._wants_frame.wait()
            await self._next_refresh()
            wanted = self._wants_frame.is_set()
            self._wants_frame.clear()
            if wanted and self._is_renderable:  # else what blocks painting will say when it no longer does
                try:
                    async with self._main_thread:
                        page = await self._drawn()
                    if presented is None or page is not presented[0] or self.scroll != presented[1]:
                        presented = (page, self.scroll)
                        await self._present(page)
                except Exception as error:  # a bug of ours: what can be drawn later still is
                    if self._on_bug is None:
                        raise
                    self._on_bug(error)

    @staticmethod
    async def _next_refresh() -> None:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep((int(now * FRAMES_PER_SECOND) + 1) / FRAMES_PER_SECOND - now)

    def _known_sheets(self) -> list[StyleSheet]:
        """In the order in which the parser has come upon them (CSSOM 1 §6.2)."""
        return [sheet for sheets in self._sheets.values() for sheet in sheets or ()]

    async def _style(self) -> StyledDocument:
        """Styles, and what they in turn ask for."""
        before = styled = self._rendering.styled
        if styled is None or self._needs_style:
            self._needs_style = False
            sheets = self._known_sheets()
            now = asyncio.get_running_loop().time()
            styled = await self._rendering.style(sheets, self._fonts, now)
            self._needs_layout = self._needs_layout or self._rendering.boxes_are_stale
            if self._rendering.is_moving:  # the next frame will be another
                self.changed()
            if styled is not before:
                self._ask_for(sheets, different_styles(styled))
        return styled

    def _ask_for(self, sheets: list[StyleSheet], styles: Collection[ComputedStyle]) -> None:
        """The pictures and fonts that styles name and nobody has asked for."""
        self._follows_scrolling = any(map(_follows_scrolling, styles))
        for address in sorted(named_pictures(styles) - self._tiles.keys()):
            self._tiles[address] = None
            self._start(self._load_tile(address), "picture")
        for face in self._wanted_faces(sheets, styles):
            self._faces[face] = None
            self._await_font(face)
            self._start(self._load_font(face), "font")

    def _wanted_faces(self, sheets: list[StyleSheet], styles: Collection[ComputedStyle]) -> list[FontFace]:
        """The fonts that the page brings and its styles name, as far as they were not asked for (CSS Fonts 4 §4.6)."""
        used = {family.lower() for style in styles for family in style["font-family"]}
        faces = [face for sheet in sheets for face in sheet.font_faces if face.family.lower() in used]
        return [face for face in dict.fromkeys(faces) if face not in self._faces]

    def _await_font(self, face: FontFace) -> None:
        """Text in the font is not shown until it has come, or has taken too long."""
        if self._present is None or face.display in ("swap", "fallback", "optional"):
            return
        family = face.family.lower()
        self._awaited_faces.add(face)
        self._fonts = self._fonts.awaiting(self._fonts.awaited | {family})
        timer = asyncio.get_running_loop().call_later(FONT_BLOCK_SECONDS, self._stop_waiting, family)
        self._font_timers.append(timer)

    def _stop_waiting(self, family: str) -> None:
        """Show text in the font that there is: the font has come, cannot be had, or has taken too long."""
        if family in self._fonts.awaited:
            self._fonts = self._fonts.awaiting(self._fonts.awaited - {family})
            self.changed()

    async def _drawn(self) -> Page:
        """The page as it is now; only the stages run that have something to do."""
        styled = await self._style()
        if self.page is not None and not (self._needs_layout or self._needs_paint):
            return self.page
        pictures = {**self._pictures, **inline_drawings(self.document, styled)}
        tiles = {address: file for address, file in self._tiles.items() if file is not None}
        if self._needs_layout:
            self._needs_layout = False
            layout = await self._rendering.lay_out(pictures, tiles, self._fonts, self.scroll, self.offsets)
            self.frames.fit(layout)
            within = self._within(self.scroll)
            if within != self.scroll and self._parsed.done():  # the page has become shorter
                self.scroll = within
                if self._follows_scrolling:
                    await self._rendering.lay_out(pictures, tiles, self._fonts, within, self.offsets)
        self._needs_paint = False
        frames = self.frames.pictures()
        self.page = await self._rendering.paint(pictures, tiles, self._fonts, self.offsets, frames)
        return self.page

    def _begin(self, name: str, /, **fields: Any) -> int:
        return self._services.recorder.begin(self._services.node, name, **fields)

    def _record(self, name: str, /, **fields: Any) -> int:
        return self._services.recorder.record(self._services.node, name, **fields)


def _follows_scrolling(style: ComputedStyle) -> bool:
    """Whether a box is laid out otherwise where the page is scrolled."""
    return bool(style["position"] == "sticky" or style["content-visibility"] == "auto")
