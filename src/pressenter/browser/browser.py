"""The browser: from keys in the address bar to frames for the screen."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import ada_url

from pressenter.browser.address_bar import AddressBar, InvalidAddress, interpret
from pressenter.browser.content_type import content_type, filename_of
from pressenter.browser.css.style_sheet import Medium
from pressenter.browser.error_page import download_page, error_page, picture_page, text_page
from pressenter.browser.fetch import Fetched, Fetcher
from pressenter.browser.history import History
from pressenter.browser.html.decoder import decode
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.page import Page, PageLoader
from pressenter.browser.paint.raster import RasterUnavailable, rasterize
from pressenter.browser.window import CHROME_HEIGHT, window_items
from pressenter.http.client import FetchError, HttpClient
from pressenter.trace import Recorder

__all__ = ["Browser", "BrowserFrame", "Failure"]


_logger = logging.getLogger("pressenter.browser")


class Failure(NamedTuple):
    """Why no page came: the step that failed (see `FetchError.step`), and the message."""

    step: str
    message: str


class BrowserFrame(NamedTuple):
    """What the window looks like: size, and a PNG file (empty where it cannot be drawn)."""

    width: int
    height: int
    png: bytes


class Stroke(Protocol):
    """A key as the window system gives it."""

    @property
    def character(self) -> str:
        """What the key types."""


class Browser:
    """One browser with one tab.

    Args:
        spend: lets work take virtual time: kind of work and its amount.
        present: shows a frame on the screen: title and frame.
        context: makes the TLS context on first use.

    Attributes:
        page: the page that is shown, or None.
        failure: why the last navigation brought no page of a server's, or None.
        navigations: how many navigations have ended.
    """

    title = "browser"

    def __init__(
        self,
        node: str,
        recorder: Recorder,
        *,
        spend: Callable[[str, float], Any],
        present: Callable[[str, BrowserFrame], None],
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
        self.language = language
        self.address_bar = AddressBar()
        self.history = History(history)
        self.search = search
        self.fonts = FontLibrary()
        self.client = HttpClient(node, recorder, context, wall_clock)
        self.fetcher = Fetcher(node, recorder, self.client, wall_clock, blocklist)
        medium = Medium(size[0], max(1, size[1] - CHROME_HEIGHT))
        self.loader = PageLoader(node, recorder, self.fetcher, self.fonts, spend, medium)
        self.page: Page | None = None
        self.failure: Failure | None = None
        self.download: tuple[str, bytes] | None = None
        #: Status of the document that is shown, and its reason; None if it came from no server.
        self.status: tuple[int, str] | None = None
        self.navigations = 0
        #: Why there is no picture, if there is none.
        self.raster_failure = ""
        self._recorder = recorder
        self._spend = spend
        self._present = present
        self._navigation: asyncio.Task[None] | None = None

    # ---- the focused window -----------------------------------------------------------------

    def key_pressed(self, stroke: Stroke) -> None:
        """A key for the address bar."""
        if self.address_bar.key(stroke.character):
            self.enter()
            return
        text = self.address_bar.text
        self._record("address_bar.edit", text=text)
        suggestion = self.history.suggest(text)
        if suggestion is not None and len(text) > 1:
            self._record("address_bar.suggest", url=suggestion.url, share=f"{suggestion.share:.0%}")

    def enter(self) -> None:
        """Enter: what was typed becomes a navigation."""
        text = self.address_bar.text
        try:
            intent = interpret(text, self.history, self.search)
        except InvalidAddress as error:
            self._record("address_bar.enter", text=text, kind="no valid address", kind_zh="无效的地址", url="nowhere")
            self._start(self._fail(text, Failure("address", str(error))))
            return
        kinds = {
            "url": ("a URL", "完整的网址"),
            "completed": ("an incomplete URL", "不完整的网址"),
            "search": ("no address: a search", "不是地址：进行搜索"),
        }
        kind, kind_zh = kinds[intent.kind]
        self._record("address_bar.enter", text=text, kind=kind, kind_zh=kind_zh, url=intent.url)
        self._start(self.navigate(intent.url))

    def _start(self, navigation: Any) -> None:
        if self._navigation is not None:
            self._navigation.cancel()
        self._navigation = asyncio.get_running_loop().create_task(self._guarded(navigation), name="navigation")

    async def _guarded(self, navigation: Any) -> None:
        """A bug of ours ends the navigation with a message, and the trace goes on."""
        try:
            await navigation
        except Exception as error:
            _logger.exception("the navigation failed")
            self.fail_by_bug(error)
            self.navigations += 1
            self._present("", BrowserFrame(*self.size, b""))

    def fail_by_bug(self, error: Exception) -> None:
        """Note that pressenter itself has failed."""
        self.failure = Failure("bug", f"this is a bug in pressenter: {type(error).__name__}: {error}")
        self._record("host.exception", message="the journey failed", error=f"{type(error).__name__}: {error}")

    async def close_tab(self) -> None:
        """Close the tab: every connection that was kept is closed in good order."""
        self._record("tab.close", connections=self.client.open_connections)
        await self.client.close()

    # ---- navigation -----------------------------------------------------------------------------

    async def navigate(self, url: str) -> None:
        """Go to a URL and show what comes: a page, a file, or an error (HTML Standard §7.4)."""
        self.failure, self.download, self.status = None, None, None
        self._record("navigate.start", url=url)
        try:
            fetched = await self.fetcher.fetch(url, "document")
        except FetchError as error:
            await self._fail(url, Failure(error.step, str(error)))
            return
        await self._show_fetched(fetched)

    async def _show_fetched(self, fetched: Fetched) -> None:
        headers = fetched.response.headers
        self.status = (fetched.response.status, fetched.response.reason)
        disposition = headers.get("content-disposition")
        kind = content_type(headers.get("content-type"), fetched.body, disposition)
        words = {
            "page": ("shown as a page", "作为页面显示"),
            "text": ("shown as text", "作为文本显示"),
            "picture": ("shown as a picture", "作为图片显示"),
            "download": ("offered as a download", "提供下载"),
        }
        treatment, treatment_zh = words[kind.treatment]
        self._record(
            "response.type", url=fetched.url, type=kind.essence, treatment=treatment, treatment_zh=treatment_zh
        )
        data, charset = fetched.body, kind.charset
        if kind.treatment == "download":
            filename = filename_of(str(ada_url.URL(fetched.url).pathname), disposition)
            self.download = (filename, fetched.body)
            self._record("page.download", url=fetched.url, filename=filename, length=len(fetched.body))
            data, charset = download_page(filename, kind.essence, len(fetched.body), self.language).encode(), "utf-8"
        elif kind.treatment == "text":
            data, charset = text_page(decode(data, charset or "utf-8").text, fetched.url).encode(), "utf-8"
        elif kind.treatment == "picture":
            data, charset = picture_page(fetched.url).encode(), "utf-8"
        await self._show(fetched.url, data, charset)
        if kind.treatment != "download":
            self.history.add(fetched.url)

    async def _fail(self, url: str, failure: Failure) -> None:
        self.failure = failure
        self._record("page.error", step=failure.step, message=failure.message)
        await self._show(url, error_page(failure.step, failure.message, self.language).encode(), "utf-8")

    async def _show(self, url: str, data: bytes, charset: str) -> None:
        """Load, lay out, raster, and give the frame to the screen."""
        self.page = await self.loader.load(url, data, charset)
        self.address_bar.show(url)
        resources = len(self.page.pictures)
        size = sum(len(picture) for picture in self.page.pictures.values()) + len(data)
        self._record("page.loaded", url=url, title=self.page.title, resources=resources, bytes=size)
        self._present(self.page.title, await self._frame(self.page))
        self.navigations += 1

    async def _frame(self, page: Page) -> BrowserFrame:
        width, height = self.size
        items = window_items(self.fonts, width, height, page.title, page.url, page)
        begin = self._recorder.begin(self.node, "paint.raster", width=width, height=height)
        png = b""
        try:
            png = rasterize(items, page.pictures, width, height)
        except RasterUnavailable as error:
            self.raster_failure = str(error)
            self._record("paint.unavailable", reason=str(error))
        await self._spend("raster_pixel", width * height)
        self._recorder.end(begin, width=width, height=height)
        return BrowserFrame(width, height, png)

    def _record(self, name: str, /, **fields: Any) -> int:
        return self._recorder.record(self.node, name, **fields)
