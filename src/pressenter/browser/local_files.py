"""Fetching for a page on disk: files, data: addresses, and what a live server says.

It stands where `pressenter.browser.fetch.Fetcher` does, without a network of its own.
"""

from __future__ import annotations

import mimetypes
import os
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

from pressenter.http.errors import FetchError
from pressenter.http.messages import Fetched, Headers, Response
from pressenter.trace import Recorder

if TYPE_CHECKING:
    from pressenter.browser.fetch import Fetcher, Form

__all__ = ["LocalFetcher"]

_LARGEST_FILE = 256 << 20  # bytes


class LocalFetcher:
    """Answers file: and data: addresses itself, and asks servers for http: and https:."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._network: Fetcher | None = None

    async def fetch(self, url: str, kind: str, referrer: str = "", *, form: Form | None = None) -> Fetched:
        """Fetch a document, style sheet, image or font.  Raises FetchError."""
        if url.startswith("data:"):
            return _answer(url, *_data(url))
        if not url.startswith("file:"):
            return await self._from_network(url, kind, referrer if referrer.startswith("http") else "", form)
        path = _path(url)
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise FetchError("file", f"{path} is larger than {_LARGEST_FILE >> 20} MiB")
            body = path.read_bytes()
        except OSError as error:
            raise FetchError("file", f"{path} cannot be read: {error.strerror}") from error
        return _answer(url, mimetypes.guess_type(path.name)[0] or "", body)

    async def _from_network(self, url: str, kind: str, referrer: str, form: Form | None) -> Fetched:
        if self._network is None:  # imported late: a page on disk needs none of it
            import ssl

            from pressenter.browser.fetch import Fetcher
            from pressenter.http.client import HttpClient

            client = HttpClient("render", self._recorder, ssl.create_default_context, time.time)
            self._network = Fetcher("render", self._recorder, client, time.time)
        return await self._network.fetch(url, kind, referrer, form=form)


def _path(url: str) -> Path:
    """The file of a file: address (RFC 8089); urllib.request has this too, beside an HTTP client."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
    return Path(path.removeprefix("/") if os.name == "nt" else path)  # /C:/page.html


def _answer(url: str, content_type: str, body: bytes) -> Fetched:
    fields = [("Content-Type", content_type)] if content_type else []
    return Fetched(url, Response(url, 200, "OK", Headers(fields), body), body)


def _data(url: str) -> tuple[str, bytes]:
    """Media type and contents (RFC 2397)."""
    head, comma, rest = url.removeprefix("data:").partition(",")
    if not comma:
        raise FetchError("file", "a data: address without a comma")
    body = urllib.parse.unquote_to_bytes(rest)
    if head.rstrip().lower().endswith(";base64"):
        import base64
        import binascii

        head = head.rstrip()[: -len(";base64")]
        try:
            body = base64.b64decode(body + b"=" * (-len(body) % 4))
        except binascii.Error as error:
            raise FetchError("file", f"a data: address that is no base64 ({error})") from error
    return head or "text/plain", body
