"""A tab: navigations, and the page that they have led to (HTML Standard §7.4, "navigable").

A navigation fetches a document.  With its first bytes, if they are a page's, the tab *commits* to
it: the page before is left, and the new one grows as it arrives.  What is no page (a
picture, a text, an error) gets a page around it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple

import ada_url

from pressenter.browser.content_type import content_type, filename_of
from pressenter.browser.error_page import document_around, download_page, error_page
from pressenter.browser.fetch import Fetcher, Form
from pressenter.browser.form_submission import Submission
from pressenter.browser.html.addresses import resolved
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.live_page import LivePage
from pressenter.browser.page import Page
from pressenter.browser.page_input import PageInput
from pressenter.browser.page_resources import Services
from pressenter.browser.paint_timing import PaintTiming
from pressenter.browser.session_history import SessionEntry, SessionHistory
from pressenter.http.errors import FetchError
from pressenter.http.messages import Fetched, Headers

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
        start: begins a navigation in the place of one that is under way.
        draw: shows the tab as it is now.
        visited: called with the address of each page that a server has given.
        on_bug: called where a part of a page's work has failed with an exception.

    Attributes:
        live: the page that the tab has committed to, or None.
        shown: the page that is seen: this one, or until it can be drawn the one before; None if there is none.
        input: what a person does to the page.
        failure: why the last navigation brought no page of a server's, or None.
        download: name and contents of the file that was offered last, or None.
        status: of the document that is shown, and its reason; None if it came from no server.
        navigations: how many navigations have ended.
        is_loading: whether one is under way.
        timing: of the page's paints; ``origin_ns`` is when the navigation to it began.
    """

    def __init__(
        self, services: Services, fetcher: Fetcher, fonts: FontLibrary, language: str, *,
        start: Callable[[Coroutine[Any, Any, None]], None],
        draw: Callable[[], Awaitable[None]],
        visited: Callable[[str], None], on_bug: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        self.history = SessionHistory()
        self.live: LivePage | None = None
        self.shown: LivePage | None = None
        self.input: PageInput | None = None
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
        self._start = start
        self._draw = draw
        self._visited = visited
        self._on_bug = on_bug

    @property
    def page(self) -> Page | None:
        """What is seen, or None."""
        return self.shown.page if self.shown is not None else None

    @property
    def url(self) -> str:
        """The address of the page that the tab has committed to."""
        return self.live.document.url if self.live is not None else ""

    async def navigate(
        self, url: str, referrer: str = "", form: Form | None = None, entry: SessionEntry | None = None,
        reloads: bool = False,
    ) -> None:  # fmt: skip
        """Go to an address and show what comes: a page, a file, or an error.

        Args:
            form: what is sent to it with POST.
            entry: the place in the session history, where the way leads back or forward.
            reloads: whether a stored document is to be asked about.
        """
        self._begin(url)
        arrival = _Arrival(self, entry)
        try:
            fetched = await self._fetcher.fetch(url, "document", referrer, arrival, form, reloads)
        except FetchError as error:
            await self.fail(url, Failure(error.step, str(error)), entry)
            return
        self.status = (fetched.response.status, fetched.response.reason)
        live = arrival.live
        if live is None:  # only the whole tells what it is
            data, charset = self._as_page(fetched)
            live = self.commit(fetched.url, charset, entry)
            live.feed(data)
        if self.history.current is not None:
            self.history.current.form = form if fetched.url == url else None  # after a redirection it is a GET
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
        self._leave_place()
        if entry is None:
            entry = self.history.push(url)
        self.history.go_to(entry)
        self.timing, self.origin_ns = PaintTiming(), self._began_ns
        live = self.live = LivePage(self._services, url, charset, self._fonts, self._present, self._on_bug)
        live.scroll = entry.scroll
        self.input = PageInput(live, self, self._record)
        return live

    def _leave_place(self) -> None:
        if self.history.current is not None and self.live is not None:
            self.history.current.scroll = self.live.scroll

    def close(self) -> None:
        """Stop all work on the page."""
        if self.live is not None:
            self.live.stop()

    def stop_loading(self) -> None:
        """The navigation has been given up; what has come of the page stays."""
        self.is_loading = False
        if self.live is not None:
            self.live.stop_loading()

    def _begin(self, url: str) -> None:
        self.failure, self.download, self.status, self.is_loading = None, None, None, True
        self._began_ns = round(asyncio.get_running_loop().time() * 1e9)
        if url:
            self._record("navigate.start", url=url)

    async def _finish(self, live: LivePage, size: int) -> None:
        """The document has arrived: wait for all that it needs, and show it."""
        page = await live.finish()
        self.shown = live
        assert self.history.current is not None
        self.history.current.title = page.title
        if self.history.current.scroll == (0.0, 0.0):
            self._to_fragment(live)
        self.is_loading = False
        self.navigations += 1
        size += sum(len(picture) for picture in page.pictures.values())
        self._record("page.loaded", url=page.url, title=page.title, resources=len(page.pictures), bytes=size)
        await self._draw()

    async def _present(self, page: Page) -> None:
        if self.live is not None and page is self.live.page:
            self.shown = self.live
            await self._draw()

    # ---- what the page and the toolbar ask for ------------------------------------------------------

    def follow(self, url: str, target: str = "") -> None:
        """Follow a link (HTML Standard §4.6.5)."""
        if self.live is None:
            return
        address, frame = resolved(url, self.live.base), self.live.frames.named(target)
        if address is None or not self._leads_somewhere(url, address):
            return
        if frame is not None:
            self.live.frames.navigate(frame, address)
            return
        self._record("page.follow", url=address)
        if "#" in address and address.partition("#")[0] == self.url.partition("#")[0]:
            self._leave_place()
            self.history.push(address)
            self.live.document.url = address
            self._to_fragment(self.live)
        else:
            self._start(self.navigate(address, self.url))

    def submit(self, sent: Submission, target: str = "") -> None:
        """Send a form (HTML Standard §4.10.22.3)."""
        frame = self.live.frames.named(target) if self.live is not None else None
        if not self._leads_somewhere(sent.url, sent.url):
            return
        if frame is not None and self.live is not None:
            self.live.frames.navigate(frame, sent.url, sent.form)
        else:
            self._start(self.navigate(sent.url, self.url, sent.form))

    def _leads_somewhere(self, reference: str, target: str) -> bool:
        if target.startswith(("http:", "https:")):
            return True
        self._record("page.no_link", reference=reference, reason=f"{target.partition(':')[0]} is not followed here")
        return False

    def traverse(self, steps: int) -> None:
        """Back or forward in the session history (HTML Standard §7.4.3)."""
        entry = self.history.ahead(steps)
        if entry is None or self.live is None:
            return
        self._record("history.traverse", url=entry.url, steps=steps)
        if entry.url.partition("#")[0] == self.url.partition("#")[0]:
            self._leave_place()
            self.history.go_to(entry)
            self.live.document.url = entry.url
            self._to_fragment(self.live)
            self.live.scroll_to(entry.scroll)
        else:
            self._start(self.navigate(entry.url, form=entry.form, entry=entry))

    def reload(self) -> None:
        """Fetch the page again."""
        entry = self.history.current
        if entry is not None:
            self._leave_place()
            self._start(self.navigate(entry.url, form=entry.form, entry=entry, reloads=True))

    def _to_fragment(self, live: LivePage) -> None:
        if self.input is not None:
            self.input.scrolling.to_fragment(live.document.url.partition("#")[2])

    def _as_page(self, fetched: Fetched) -> tuple[bytes, str]:
        """A response that is whole, as a page: its bytes and their charset."""
        headers = fetched.response.headers
        disposition = headers.get("content-disposition")
        kind = content_type(headers.get("content-type"), fetched.body, disposition)
        self.record_type(fetched.url, kind.essence, kind.treatment)
        found = document_around(kind, fetched.url, fetched.body)
        if found is None:
            filename = filename_of(str(ada_url.URL(fetched.url).pathname), disposition)
            self.download = (filename, fetched.body)
            self._record("page.download", url=fetched.url, filename=filename, length=len(fetched.body))
            return download_page(filename, kind.essence, len(fetched.body), self._language).encode(), "utf-8"
        return found

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
