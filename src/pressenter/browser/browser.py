"""The browser: its window, from keys in the address bar to frames for the screen."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Protocol

from pressenter.browser.address_bar import AddressBar, InvalidAddress, interpret
from pressenter.browser.css.style_sheet import Medium
from pressenter.browser.fetch import Fetcher
from pressenter.browser.history import History
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.page import Page, PerPage
from pressenter.browser.page_resources import Services
from pressenter.browser.paint.compositor import BrowserFrame, Compositor, Layer, page_layers
from pressenter.browser.paint.items import Rect
from pressenter.browser.paint.skia_library import RasterUnavailable
from pressenter.browser.paint_timing import Paint
from pressenter.browser.tab import Failure, Tab
from pressenter.browser.window import (
    BACK_BUTTON,
    FORWARD_BUTTON,
    RELOAD_BUTTON,
    TOOLBAR_HEIGHT,
    WindowState,
    address_field,
    scroll_bar_items,
    window_items,
)
from pressenter.http.client import HttpClient
from pressenter.trace import Recorder

__all__ = ["Browser", "BrowserFrame", "Failure"]

_logger = logging.getLogger("pressenter.browser")


class Stroke(Protocol):
    """A key as the window system gives it."""

    @property
    def character(self) -> str:
        """What the key types."""

    @property
    def shift(self) -> bool:
        """Whether Shift was down."""


class Present(Protocol):
    """Who shows frames on the screen."""

    def __call__(self, title: str, frame: BrowserFrame, when_shown: Callable[[], None]) -> None:
        """Show a frame; ``when_shown`` is to be called when it is on the screen."""


class Browser:
    """One browser with one tab.

    Args:
        spend: lets work take virtual time: kind of work and its amount.
        present: shows a frame on the screen.
        context: makes the TLS context on first use.

    Attributes:
        tab: navigations, and the page that is shown.
        history: what was visited, for suggestions.
        raster_failure: why there is no picture, if there is none.
    """

    title = "browser"

    def __init__(
        self,
        node: str,
        recorder: Recorder,
        *,
        spend: Callable[[str, float], Awaitable[None]],
        present: Present,
        context: Callable[[], ssl.SSLContext],
        wall_clock: Callable[[], float],
        size: tuple[int, int] = (1280, 900),
        history: Mapping[str, int] | None = None,
        blocklist: Iterable[str] = (),
        search: str = "",
        language: str = "en",
    ) -> None:
        self.node = node
        self.size = size
        self.address_bar = AddressBar()
        self.history = History(history)
        self.search = search
        self.fonts = FontLibrary()
        self.client = HttpClient(node, recorder, context, wall_clock)
        self.fetcher = Fetcher(node, recorder, self.client, wall_clock, blocklist)
        self.raster_failure = ""
        self._recorder = recorder
        self._spend = spend
        self._present = present
        self._compositor = Compositor()
        self._page_layers = PerPage(lambda page: page_layers(page.display_list))
        self._drawing = asyncio.Lock()
        self._began_in_toolbar = False  # the press or touch that is under way
        self._drawings: set[asyncio.Task[None]] = set()
        self._navigation: asyncio.Task[None] | None = None
        medium = Medium(size[0], max(1, size[1] - TOOLBAR_HEIGHT))
        self.tab = Tab(
            Services(node, recorder, self.fetcher, spend, medium), self.fetcher, self.fonts, language,
            start=self._start, draw=self.draw, visited=self.history.add, on_bug=self.fail_by_bug,
        )  # fmt: skip

    @property
    def page(self) -> Page | None:
        """The page that is shown, or None."""
        return self.tab.page

    @property
    def failure(self) -> Failure | None:
        """Why the last navigation brought no page of a server's, or None."""
        return self.tab.failure

    # ---- the focused window -----------------------------------------------------------------

    def key_pressed(self, stroke: Stroke) -> None:
        """A key for the address bar, or for the page."""
        if not self.address_bar.has_focus:
            self.tab.timing.input()
            if self.tab.input is not None:
                self.tab.input.key(stroke.character, stroke.shift)
            return
        if self.address_bar.key(stroke.character):
            self.enter()
            return
        text = self.address_bar.text
        self._record("address_bar.edit", text=text)
        suggestion = self.history.suggest(text)
        if suggestion is not None and len(text) > 1:
            self._record("address_bar.suggest", url=suggestion.url, share=f"{suggestion.share:.0%}")

    def pointer_moved(self, x: int, y: int) -> None:
        """The pointer is somewhere else."""
        if self.tab.input is None:
            return
        if y >= TOOLBAR_HEIGHT:
            self.tab.input.pointer_moved(x, y - TOOLBAR_HEIGHT)
        else:
            self.tab.input.pointer_left()

    def pointer_button(self, x: int, y: int, down: bool) -> None:
        """The button went down or up: what began on the page ends there, wherever the pointer is by then."""
        if down:
            self._began_in_toolbar = y < TOOLBAR_HEIGHT
        if not self._began_in_toolbar:
            self.tab.timing.input()
            if down:
                self.address_bar.has_focus = False
            if self.tab.input is not None:
                self.tab.input.button(x, y - TOOLBAR_HEIGHT, down)
        elif not down:
            self._press_toolbar(x, y)

    def wheel_turned(self, x: int, y: int, steps: int) -> None:
        """The wheel was turned."""
        self.tab.timing.input()
        if self.tab.input is not None:
            self.tab.input.wheel(x, y - TOOLBAR_HEIGHT, steps)

    def touched(self, x: int, y: int, phase: str) -> None:
        """A finger on the screen."""
        if phase == "start":
            self._began_in_toolbar = y < TOOLBAR_HEIGHT
        if self._began_in_toolbar:
            if phase == "end":
                self._press_toolbar(x, y)
            return
        self.tab.timing.input()
        self.address_bar.has_focus = False
        if self.tab.input is not None:
            self.tab.input.touch(x, y - TOOLBAR_HEIGHT, phase)

    def _press_toolbar(self, x: int, y: int) -> None:
        """Something in the toolbar was clicked."""
        buttons: list[tuple[Rect, Callable[[], None]]] = [
            (BACK_BUTTON, lambda: self.tab.traverse(-1)), (FORWARD_BUTTON, lambda: self.tab.traverse(1)),
            (RELOAD_BUTTON, self.stop if self.tab.is_loading else self.tab.reload),
            (address_field(self.size[0]), self._focus_address_bar),
        ]  # fmt: skip
        for place, press in buttons:
            if place.holds(x, y):
                press()
                return

    def _focus_address_bar(self) -> None:
        self.address_bar.show(self.tab.url)
        self.address_bar.has_focus = True
        if self.tab.input is not None:
            self.tab.input.focus(None, by_keyboard=False)
        self._redraw()

    def stop(self) -> None:
        """Give up the navigation that is under way; what has come of the page stays."""
        if self._navigation is not None:
            self._navigation.cancel()
        self.tab.stop_loading()
        self._redraw()

    def enter(self) -> None:
        """Enter: what was typed becomes a navigation."""
        text = self.address_bar.text
        self.address_bar.has_focus = False
        try:
            intent = interpret(text, self.history, self.search)
        except InvalidAddress as error:
            self._record("address_bar.enter", text=text, kind="no valid address", kind_zh="无效的地址", url="nowhere")
            self._start(self.tab.fail(text, Failure("address", str(error))))
            return
        kinds = {
            "url": ("a URL", "完整的网址"),
            "completed": ("an incomplete URL", "不完整的网址"),
            "search": ("no address: a search", "不是地址：进行搜索"),
        }
        kind, kind_zh = kinds[intent.kind]
        self._record("address_bar.enter", text=text, kind=kind, kind_zh=kind_zh, url=intent.url)
        self._start(self.tab.navigate(intent.url))

    def _start(self, navigation: Coroutine[Any, Any, None]) -> None:
        if self._navigation is not None:
            self._navigation.cancel()
        self._navigation = asyncio.get_running_loop().create_task(self._guarded(navigation), name="navigation")

    async def _guarded(self, navigation: Coroutine[Any, Any, None]) -> None:
        """A bug of ours ends the navigation with a message, and the trace goes on."""
        try:
            await navigation
        except Exception as error:
            self.fail_by_bug(error)
            self.tab.stop_loading()
            self.tab.navigations += 1
            self._present("", BrowserFrame(*self.size), lambda: None)

    def fail_by_bug(self, error: Exception) -> None:
        """Note that pressenter itself has failed."""
        _logger.error("a page's work failed", exc_info=error)
        self.tab.failure = Failure("bug", f"this is a bug in pressenter: {type(error).__name__}: {error}")
        self._record("host.exception", message="the journey failed", error=f"{type(error).__name__}: {error}")

    def fail_by_person(self, message: str) -> None:
        """Note that the person could not do what was asked for."""
        self.tab.failure = Failure("person", message)
        self._record("person.failed", message=message)

    async def close_tab(self) -> None:
        """Close the tab: every connection that was kept is closed in good order."""
        self._record("tab.close", connections=self.client.open_connections)
        under_way = [*self._drawings, *([self._navigation] if self._navigation is not None else [])]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        self.tab.close()
        await self.client.close()

    # ---- frames ---------------------------------------------------------------------------------

    def _redraw(self) -> None:
        self._drawings.add(task := asyncio.get_running_loop().create_task(self.draw(), name="window"))
        task.add_done_callback(self._drawn)

    def _drawn(self, task: asyncio.Task[None]) -> None:
        self._drawings.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.fail_by_bug(error)

    async def draw(self) -> None:
        """Put the window together as it is now, and give it to the screen."""
        async with self._drawing:
            page, view = self.tab.page, Rect(0, TOOLBAR_HEIGHT, self.size[0], self.size[1] - TOOLBAR_HEIGHT)
            if self.tab.url != self.address_bar.shown and not self.address_bar.has_focus:
                self.address_bar.show(self.tab.url)
            begin = self._recorder.begin(
                self.node, "paint.raster", tiles="?", rastered="?", layers="?", pixels="?"
            )  # fmt: skip
            frame, layers = BrowserFrame(*self.size), self._layers(page, view)
            try:
                frame, cost = self._compositor.frame(layers, *self.size)
                await self._spend("raster_pixel", cost.pixels)
                self._recorder.end(begin, **cost._asdict())
            except RasterUnavailable as error:
                self._recorder.end(begin, layers=len(layers), tiles=0, rastered=0, pixels=0)
                self.raster_failure = str(error)
                self._record("paint.unavailable", reason=str(error))
            paints: list[Paint] = []
            if page is not None and self.tab.shown is not None:
                paints = self.tab.timing.of(page, self.tab.shown.fonts, Rect(*self._scroll, view.width, view.height))
            title = page.title if page is not None else ""
            self._present(title, frame, lambda: self._shown(page, paints))

    @property
    def _scroll(self) -> tuple[float, float]:
        return self.tab.shown.scroll if self.tab.shown is not None else (0.0, 0.0)

    def _layers(self, page: Page | None, view: Rect) -> list[Layer]:
        tab = self.tab
        layers: list[Layer] = []
        for number, (is_fixed, items) in enumerate(self._page_layers.of(page) if page is not None else ()):
            assert page is not None
            scroll = (0.0, 0.0) if is_fixed else self._scroll
            layers.append(Layer(f"page {number}", items, page.pictures, view, scroll))
        state = WindowState(
            page.title if page is not None else "", tab.url, self.address_bar.text, tab.is_loading,
            tab.history.ahead(-1) is not None, tab.history.ahead(1) is not None, self.address_bar.has_focus,
        )  # fmt: skip
        toolbar = window_items(self.fonts, self.size[0], state)
        if page is not None:
            bars = scroll_bar_items(view, self._scroll, (page.layout.width, page.layout.height))
            window = view._replace(x=0, y=0, height=self.size[1])
            layers.append(Layer("scroll bars", bars, {}, window))
            opened = tab.input.open_list() if tab.input is not None else None
            if opened is not None and opened.input.list is not None:
                items = opened.input.list.items(opened.x, opened.y + view.y)
                layers.append(Layer("list", items, {}, window))
        return [*layers, Layer("window", toolbar, {}, Rect(0, 0, self.size[0], TOOLBAR_HEIGHT))]

    def _shown(self, page: Page | None, paints: list[Paint]) -> None:
        """A frame is on the screen (Paint Timing 1 §4)."""
        tab = self.tab
        if page is None or tab.live is None or page.document is not tab.live.document:
            return
        first, contentful = not tab.timing.painted, not tab.timing.contentful
        shown = tab.timing.shown(paints)
        after = round((self._recorder.agenda.now_ns - tab.origin_ns) / 1e6, 3)
        if first:
            self._record("page.first_paint", url=page.url, after_ms=after)
        if contentful and shown.content:
            self._record("page.first_contentful_paint", url=page.url, after_ms=after)
        if shown.largest is not None:
            element, picture, area = shown.largest
            self._record(
                "page.largest_contentful_paint", url=page.url, after_ms=after, element=element.tag,
                picture=picture, area=round(area),
            )  # fmt: skip

    def _record(self, name: str, /, **fields: Any) -> int:
        return self._recorder.record(self.node, name, **fields)
