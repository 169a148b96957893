"""What a page needs beside its document: style sheets, pictures, fonts.

Each address is asked for once, however often it stands in the page and whoever comes
upon it first: the preload scanner, the parser, a style sheet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pressenter.browser.css.style_sheet import FontFace, Medium, StyleSheet, in_layer, parse_style_sheet
from pressenter.browser.css.url_references import absolute, with_absolute_urls
from pressenter.browser.html.addresses import resolved
from pressenter.browser.html.decoder import decode
from pressenter.browser.layout.fonts import font_file
from pressenter.browser.pictures import PictureFile, UnknownPicture, picture_file
from pressenter.http.errors import FetchError
from pressenter.http.messages import Fetched
from pressenter.trace import Recorder

if TYPE_CHECKING:
    from pressenter.browser.fetch import Form
    from pressenter.browser.html.dom import Element

__all__ = ["PageResources", "ResourceFetcher", "Services", "Spend"]

_MAXIMUM_IMPORTS = 100  # of one page

_FETCHABLE = ("http:", "https:", "file:", "data:")

#: Lets work take virtual time: kind of work and its amount.
Spend = Callable[[str, float], Awaitable[None]]


class ResourceFetcher(Protocol):
    """Who brings what a page needs: from the network, or from files."""

    async def fetch(self, url: str, kind: str, referrer: str = "", *, form: Form | None = None) -> Fetched:
        """Fetch a document (with what a form sends to it), style sheet, image or font.  Raises FetchError."""


class Services(NamedTuple):
    """What the pages of one browser share."""

    node: str
    recorder: Recorder
    fetcher: ResourceFetcher
    spend: Spend
    medium: Medium


class PageResources:
    """The resources of one page.

    Args:
        url: the page's own address, which servers are told as the referrer.
        main_thread: held while style sheets are parsed: a page does one thing at a time.
    """

    def __init__(self, services: Services, url: str, main_thread: AbstractAsyncContextManager[Any]) -> None:
        self._services = services
        self._url = url
        self._main_thread = main_thread
        self._imports_left = _MAXIMUM_IMPORTS
        self._fetches: dict[tuple[str, str], asyncio.Task[Fetched | None]] = {}

    def preload(self, reference: str, base: str, kind: str) -> None:
        """Ask for something before the page has come upon it."""
        url = resolved(reference, base)
        if url is not None and url.startswith(_FETCHABLE) and (url, kind) not in self._fetches:
            cause = self._services.recorder.agenda.cause
            self._record("html.preload", url=url, kind=kind)
            self._task(url, kind)
            self._services.recorder.agenda.cause = cause

    def stop(self) -> None:
        """Ask for nothing more, and wait for nothing."""
        for task in self._fetches.values():
            task.cancel()

    # ---- style sheets --------------------------------------------------------------------------

    async def style_sheet(self, source: Element | str, base: str, chain: tuple[str, ...] = ()) -> list[StyleSheet]:
        """A style sheet, after those that it imports.  One that cannot be had counts as empty.

        Args:
            source: a style or link element, or an address.
            chain: the style sheets that import this one: none imports itself.
        """
        if not isinstance(source, str) and source.tag == "style":
            text, where, sheet_url = source.text_content(), "<style>", base
        else:
            reference = source if isinstance(source, str) else source.get("href")
            fetched = await self._get(reference, base, "style")
            if fetched is None:
                return []
            essence = fetched.response.headers.get("content-type").partition(";")[0].strip().lower()
            if essence not in ("text/css", ""):
                self._record("html.subresource", url=fetched.url, kind=f"refused: {essence} is no style sheet")
                return []
            text = decode(fetched.body, "utf-8").text
            where = sheet_url = fetched.url
        sheet = await self._parsed(text, where)
        imported: list[StyleSheet] = []
        for wanted in sheet.imports:
            url = absolute(wanted.url, sheet_url)
            if url in (sheet_url, *chain) or self._imports_left <= 0:
                continue
            self._imports_left -= 1
            found = await self.style_sheet(wanted.url, sheet_url, (*chain, sheet_url))
            imported += [in_layer(each, wanted.layer) for each in found]
        return [*imported, with_absolute_urls(sheet, sheet_url)]

    async def _parsed(self, text: str, where: str) -> StyleSheet:
        async with self._main_thread:
            begin = self._services.recorder.begin(self._services.node, "css.parse", source=where, rules="?")
            sheet = parse_style_sheet(text, self._services.medium)
            await self._services.spend("css_byte", len(text))
            self._services.recorder.end(begin, source=where, rules=len(sheet.rules))
        return sheet

    async def document(self, reference: str, base: str, form: Form | None = None) -> Fetched | None:
        """The document of a frame, perhaps what answers to a form; None if it cannot be had."""
        if form is None:
            return await self._get(reference, base, "document")
        return await self._fetch(reference, "document", form)

    # ---- pictures and fonts ----------------------------------------------------------------------

    async def picture(self, reference: str, base: str) -> PictureFile | None:
        """A picture, decoded; None if it cannot be had."""
        if not reference.strip():
            return None
        fetched = await self._get(reference, base, "image")
        if fetched is None:
            return None
        try:
            file = picture_file(fetched.url, fetched.body)
        except UnknownPicture as error:
            self._record("image.broken", url=fetched.url, reason=str(error))
            return None
        width, height = file.picture.size
        await self._services.spend("image_pixel", width * height)
        self._record("image.decode", url=fetched.url, width=round(width), height=round(height))
        return file

    async def font(self, face: FontFace, base: str) -> bytes | None:
        """The first source of a face that can be had and read."""
        for address, kind in face.sources:
            if kind.lower() in ("embedded-opentype", "svg", "eot"):
                continue
            fetched = await self._get(address, base, "font")
            if fetched is None:
                continue
            try:
                return font_file(fetched.body)
            except ValueError as error:
                self._record("font.broken", family=face.family, reason=str(error))
        return None

    # ---- fetching --------------------------------------------------------------------------------

    async def _get(self, reference: str, base: str, kind: str) -> Fetched | None:
        url = resolved(reference, base)
        if url is None:
            self._record("html.subresource", url=reference, kind=f"{kind}, which is no URL")
            return None
        if not url.startswith(_FETCHABLE):
            return None
        self._record("html.subresource", url=url, kind=kind)
        # Shielded: others may wait for the same address.
        return await asyncio.shield(self._task(url, kind))

    def _task(self, url: str, kind: str) -> asyncio.Task[Fetched | None]:
        task = self._fetches.get((url, kind))
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fetch(url, kind), name=f"fetch {kind}")
            self._fetches[url, kind] = task
        return task

    async def _fetch(self, url: str, kind: str, form: Form | None = None) -> Fetched | None:
        try:
            fetched = await self._services.fetcher.fetch(url, kind, self._url, form=form)
        except FetchError as error:
            self._record("page.without", url=url, reason=str(error))
            return None
        if fetched.response.status >= 400 and kind != "document":  # what a server says to a frame is shown
            status = f"{fetched.response.status} {fetched.response.reason}".strip()
            self._record("page.without", url=fetched.url, reason=f"the server answers {status}")
            return None
        return fetched

    def _record(self, name: str, /, **fields: Any) -> int:
        return self._services.recorder.record(self._services.node, name, **fields)
