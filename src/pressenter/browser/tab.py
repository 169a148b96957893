"""A tab: navigations, and the page that they have led to (HTML Standard §7.4, "navigable").

A navigation fetches a document.  With its first bytes, if they are a page's, the tab *commits* to
it: the page before is left, and the new one grows as it arrives.  What is no page (a
picture, a text, an error) gets a page around it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import ada_url

from pressenter.browser.content_type import content_type, filename_of
from pressenter.browser.error_page import download_page, error_page, picture_page, text_page
from pressenter.browser.fetch import Fetched, Fetcher, Form
from pressenter.browser.html.decoder import decode
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.live_page import LivePage
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.browser.paint_timing import PaintTiming
from pressenter.browser.session_history import SessionEntry, SessionHistory
from pressenter.http.errors import FetchError
from pressenter.http.messages import Headers

__all__ = ["Failure", "Tab"]

_TREATMENTS = {
    "page": ("shown as a page", "作为页面显示"), "text": ("shown as text", "作为文本显示"),
    "picture": ("shown as a picture", "作为图片显示"), "download": ("offered as a download", "提供下载"),
}  # fmt: skip


class Failure(NamedTuple):
    """Why no page came: the step that failed (see `FetchError.step`), and the message."""

    step: str
    message: str


class Tab:
    """One tab.

    Args:
        fonts: those that are there without a page's own.
        draw: shows the tab as it is now.
        visited: called with the address of each page that a server has given.
        on_bug: called where a part of a page's work has failed with an exception.

    Attributes:
        live: the page that the tab has committed to, or None.
        page: what is shown of it, or of the page before it; None if nothing is.
        scroll: which point of the page is at the window's upper left corner.
        failure: why the last navigation brought no page of a server's, or None.
        download: name and contents of the file that was offered last, or None.
        status: of the document that is shown, and its reason; None if it came from no server.
        navigations: how many navigations have ended.
        is_loading: whether one is under way.
        timing: of the page's paints; ``origin_ns`` is when the navigation to it began.
    """

    def __init__(
        self, services: Services, fetcher: Fetcher, fonts: FontLibrary, language: str, *,
        draw: Callable[[], Awaitable[None]], visited: Callable[[str], None], on_bug: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        self.history = SessionHistory()
        self.live: LivePage | None = None
        self.page: Page | None = None
        self.scroll = (0.0, 0.0)
        self.failure: Failure | None = None
        self.download: tuple[str, bytes] | None = None
        self.status: tuple[int, str] | None = None
        self.navigations = 0
        self.is_loading = False
        self.timing = PaintTiming()
        self.origin_ns = 0
        self._began_ns = 0
        self._services = services
        self._fetcher = fetcher
        self._fonts = fonts
        self._language = language
        self._draw = draw
        self._visited = visited
        self._on_bug = on_bug

    @property
    def url(self) -> str:
        """The address of the page that the tab has committed to."""
        return self.live.document.url if self.live is not None else ""

    async def navigate(
        self, url: str, referrer: str = "", form: Form | None = None, entry: SessionEntry | None = None
    ) -> None:
        """Go to an address and show what comes: a page, a file, or an error.

        Args:
            form: what is sent to it with POST.
            entry: the place in the session history, where the way leads back or forward.
        """
        self._begin(url)
        arrival = _Arrival(self, entry)
        try:
            fetched = await self._fetcher.fetch(url, "document", referrer, arrival, form)
        except FetchError as error:
            await self.fail(url, Failure(error.step, str(error)), entry)
            return
        self.status = (fetched.response.status, fetched.response.reason)
        live = arrival.live
        if live is None:  # only the whole tells what it is
            data, charset = self._as_page(fetched)
            live = self.commit(fetched.url, charset, entry)
            live.feed(data)
        await self._finish(live, len(fetched.body))
        if self.download is None:
            self._visited(fetched.url)

    async def fail(self, url: str, failure: Failure, entry: SessionEntry | None = None) -> None:
        """Show why there is no page."""
        if not self.is_loading:
            self._begin("")
        self.failure = failure
        self._record("page.error", step=failure.step, message=failure.message)
        live = self.commit(url, "utf-8", entry)
        text = error_page(failure.step, failure.message, self._language).encode()
        live.feed(text)
        await self._finish(live, len(text))

    def commit(self, url: str, charset: str, entry: SessionEntry | None) -> LivePage:
        """Leave the page before, and begin with a new one."""
        self.close()
        if self.history.current is not None:
            self.history.current.scroll = self.scroll
        if entry is None:
            entry = self.history.push(url)
        self.history.go_to(entry)
        self.timing, self.origin_ns = PaintTiming(), self._began_ns
        live = self.live = LivePage(self._services, url, charset, self._fonts, self._present, self._on_bug)
        return live

    def close(self) -> None:
        """Stop all work on the page."""
        if self.live is not None:
            self.live.stop()

    def stop_loading(self) -> None:
        """The navigation has been given up; what has come of the page stays."""
        self.is_loading = False

    def _begin(self, url: str) -> None:
        self.failure, self.download, self.status, self.is_loading = None, None, None, True
        self._began_ns = round(asyncio.get_running_loop().time() * 1e9)
        if url:
            self._record("navigate.start", url=url)

    async def _finish(self, live: LivePage, size: int) -> None:
        """The document has arrived: wait for all that it needs, and show it."""
        self.page = page = await live.finish()
        assert self.history.current is not None
        self.history.current.title = page.title
        self.is_loading = False
        self.navigations += 1
        size += sum(len(picture) for picture in page.pictures.values())
        self._record("page.loaded", url=page.url, title=page.title, resources=len(page.pictures), bytes=size)
        await self._draw()

    async def _present(self, page: Page) -> None:
        if self.live is not None and page.document is self.live.document:
            if self.page is None or self.page.document is not page.document:
                assert self.history.current is not None
                self.scroll = self.history.current.scroll
            self.page = page
            await self._draw()

    def _as_page(self, fetched: Fetched) -> tuple[bytes, str]:
        """A response that is whole, as a page: its bytes and their charset."""
        headers = fetched.response.headers
        disposition = headers.get("content-disposition")
        kind = content_type(headers.get("content-type"), fetched.body, disposition)
        self.record_type(fetched.url, kind.essence, kind.treatment)
        if kind.treatment == "download":
            filename = filename_of(str(ada_url.URL(fetched.url).pathname), disposition)
            self.download = (filename, fetched.body)
            self._record("page.download", url=fetched.url, filename=filename, length=len(fetched.body))
            return download_page(filename, kind.essence, len(fetched.body), self._language).encode(), "utf-8"
        if kind.treatment == "text":
            return text_page(decode(fetched.body, kind.charset or "utf-8").text, fetched.url).encode(), "utf-8"
        if kind.treatment == "picture":
            return picture_page(fetched.url).encode(), "utf-8"
        return fetched.body, kind.charset

    def record_type(self, url: str, essence: str, treatment: str) -> None:
        """Note what a response is taken for."""
        words, words_zh = _TREATMENTS[treatment]
        self._record("response.type", url=url, type=essence, treatment=words, treatment_zh=words_zh)

    def _record(self, name: str, /, **fields: Any) -> int:
        return self._services.recorder.record(self._services.node, name, **fields)


class _Arrival:
    """Gives a document to its page as it arrives, if its header says that it is one."""

    def __init__(self, tab: Tab, entry: SessionEntry | None) -> None:
        self.live: LivePage | None = None
        self._tab = tab
        self._entry = entry

    def begin(self, url: str, status: int, headers: Headers) -> None:
        declared = headers.get("content-type")
        kind = content_type(declared, b"", headers.get("content-disposition"))
        if "/" in declared and kind.treatment == "page":
            self._tab.record_type(url, kind.essence, kind.treatment)
            self.live = self._tab.commit(url, kind.charset, self._entry)

    def data(self, data: bytes) -> None:
        if self.live is not None:
            self.live.feed(data)
