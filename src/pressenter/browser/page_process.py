"""A page in a process of its own: bytes in, requests and display lists out.

Browsers do this for safety (a page that breaks takes nothing else with it) and for speed (each
page has a processor).  What crosses the border are values alone: a display list with the pictures
that it names can be drawn by whoever gets it.

Messages to the page are ``("feed", bytes)``, ``("end",)`` and ``("answer", number, resource)`` or
``("refusal", number, step, message)``; from the page ``("request", number, url, kind, referrer, form)``,
``("frame", Frame)``, and at the end ``("loaded", Frame)`` or ``("failed", text)``.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

from pressenter.browser.css.style_sheet import Medium
from pressenter.browser.fetch import Form
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.live_page import LivePage
from pressenter.browser.page import Page
from pressenter.browser.page_resources import ResourceFetcher, Services
from pressenter.browser.paint.items import DisplayItem
from pressenter.http.errors import FetchError
from pressenter.http.messages import Fetched
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["Frame", "PageProcess", "PageProcessFailed"]


class PageProcessFailed(RuntimeError):
    """The page's process has ended before the page was loaded; the message says what it said."""


class Frame(NamedTuple):
    """A page as it is to be drawn: its title, its size, what to draw, and the pictures' files by their keys."""

    title: str
    width: float
    height: float
    display_list: list[DisplayItem]
    pictures: dict[str, bytes]


class PageProcess:
    """One page in a process of its own.

    Args:
        fetcher: fetches what the page asks for; it stays on this side.
        on_frame: called with each frame.
        system_fonts: whether the computer's own fonts are taken.
    """

    def __init__(
        self, url: str, charset: str, medium: Medium, fetcher: ResourceFetcher, on_frame: Callable[[Frame], None],
        system_fonts: bool = False,
    ) -> None:  # fmt: skip
        self._fetcher = fetcher
        self._on_frame = on_frame
        self._loop = asyncio.get_running_loop()
        self._loaded: asyncio.Future[Frame] = self._loop.create_future()
        self._fetches: set[asyncio.Task[None]] = set()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, url, charset, medium, system_fonts), daemon=True)
        self._process.start()
        theirs.close()
        self._reader = self._loop.create_task(self._read())

    def feed(self, data: bytes) -> None:
        """Some more of the document has arrived."""
        self._pipe.send(("feed", data))

    async def finish(self) -> Frame:
        """The document has arrived as a whole: returns the loaded page.  Raises PageProcessFailed."""
        self._pipe.send(("end",))
        return await self._loaded

    def stop(self) -> None:
        """End the process."""
        self._reader.cancel()
        for fetch in self._fetches:
            fetch.cancel()
        self._process.terminate()
        self._process.join()

    async def _read(self) -> None:
        while not self._loaded.done():
            try:
                kind, *values = await self._loop.run_in_executor(None, self._pipe.recv)
            except (EOFError, OSError):
                self._loaded.set_exception(PageProcessFailed("the page's process has ended"))
                return
            except Exception as error:  # whatever unpickling raises
                self._loaded.set_exception(PageProcessFailed(f"the page's process sends what cannot be read: {error}"))
                return
            if kind == "request":
                self._fetches.add(task := self._loop.create_task(self._fetch(*values)))
                task.add_done_callback(self._fetches.discard)
            elif kind == "frame":
                self._on_frame(*values)
            elif kind == "loaded":
                self._loaded.set_result(*values)
            else:
                self._loaded.set_exception(PageProcessFailed(*values))

    async def _fetch(self, number: int, url: str, kind: str, referrer: str, form: Form | None) -> None:
        try:
            found = await self._fetcher.fetch(url, kind, referrer, form=form)
            self._pipe.send(("answer", number, found))
        except FetchError as error:
            self._pipe.send(("refusal", number, error.step, str(error)))


# ---- on the other side -----------------------------------------------------------------------------------


class _Asking:
    """Fetches by asking the other side."""

    def __init__(self, pipe: multiprocessing.connection.Connection) -> None:
        self._pipe = pipe
        self._asked: dict[int, asyncio.Future[Fetched]] = {}

    async def fetch(self, url: str, kind: str, referrer: str = "", *, form: Form | None = None) -> Fetched:
        number = len(self._asked) + 1
        answer: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._pipe.send(("request", number, url, kind, referrer, form))
        return await answer

    def answer(self, number: int, found: Fetched) -> None:
        self._asked[number].set_result(found)

    def refusal(self, number: int, step: str, message: str) -> None:
        self._asked[number].set_exception(FetchError(step, message))


def _run(
    pipe: multiprocessing.connection.Connection, url: str, charset: str, medium: Medium, system_fonts: bool
) -> None:
    asyncio.run(_live_or_say_why_not(pipe, url, charset, medium, system_fonts))


async def _live_or_say_why_not(
    pipe: multiprocessing.connection.Connection, url: str, charset: str, medium: Medium, system_fonts: bool
) -> None:
    try:
        await _live(pipe, url, charset, medium, system_fonts)
    except Exception:  # said before the loop ends, which waits for the thread that listens
        pipe.send(("failed", traceback.format_exc()))


async def _live(
    pipe: multiprocessing.connection.Connection, url: str, charset: str, medium: Medium, system_fonts: bool
) -> None:
    asking = _Asking(pipe)
    bugs: list[Exception] = []

    async def spend(kind: str, amount: float) -> None:
        """Real time is spent anyway."""

    async def present(page: Page) -> None:
        pipe.send(("frame", _frame(page)))

    services = Services("page", Recorder(Agenda()), asking, spend, medium)
    live = LivePage(services, url, charset, FontLibrary(system=system_fonts), present, bugs.append)
    loop = asyncio.get_running_loop()
    loading: asyncio.Task[Page] | None = None
    while loading is None or not loading.done():
        arriving: asyncio.Future[Any] = loop.run_in_executor(None, pipe.recv)
        await asyncio.wait({arriving, *([loading] if loading else [])}, return_when=asyncio.FIRST_COMPLETED)
        if not arriving.done():
            break
        kind, *values = arriving.result()
        if kind == "feed":
            live.feed(*values)
        elif kind == "answer":
            asking.answer(*values)
        elif kind == "refusal":
            asking.refusal(*values)
        else:
            loading = loop.create_task(live.finish())
    page = await loading if loading is not None else None
    for bug in bugs:
        raise bug
    assert page is not None
    pipe.send(("loaded", _frame(page)))


def _frame(page: Page) -> Frame:
    return Frame(page.title, page.layout.width, page.layout.height, page.display_list, page.pictures)
