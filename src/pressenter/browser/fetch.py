"""Fetching: what the browser does about a URL before, around and after the request.

Before: is the host blocked, does it want https (HSTS), is a fresh copy in the cache?
Around: headers, and validators for a stale copy.  After: keep it if it may be kept, follow
redirections, remove the content coding (Fetch Standard §4, RFC 9111).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import ada_url

from pressenter.browser.html.addresses import resolved
from pressenter.http.cache import HttpCache, Lookup
from pressenter.http.client import FetchError, HttpClient
from pressenter.http.content_coding import ACCEPT_ENCODING, BadEncoding, ContentDecoder
from pressenter.http.messages import Fetched, Headers, Request, Response
from pressenter.http.strict_transport import StrictTransport
from pressenter.trace import Recorder

__all__ = ["MAXIMUM_REDIRECTS", "DocumentListener", "Fetcher", "Form"]

MAXIMUM_REDIRECTS = 20  # Fetch Standard §4.4
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ACCEPT = {
    "document": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "style": "text/css,*/*;q=0.1",
    "font": "*/*",
    "image": "image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
}


class DocumentListener(Protocol):
    """Who wants a document before it is whole."""

    def begin(self, url: str, status: int, headers: Headers) -> None:
        """The response at the end of all redirections begins."""

    def data(self, data: bytes) -> None:
        """A piece of it, without content coding."""


class Form(NamedTuple):
    """What a form sends: the media type of its encoding, and its entries in it (HTML Standard §4.10.21.3)."""

    type: str
    body: bytes


class _Body:
    """A body whose content coding is removed while it comes.  Heads that lead elsewhere (3xx) are let pass."""

    def __init__(self, url: str, listener: DocumentListener | None) -> None:
        self._url = url
        self._listener = listener
        self._decoder: ContentDecoder | None = None
        self._decoded = bytearray()

    @property
    def has_come(self) -> bool:
        """Whether a head has come with which the way ends."""
        return self._decoder is not None

    def take(self, status: int, headers: Headers, data: bytes) -> None:
        """A response that is there as a whole."""
        self.head(status, headers)
        self.data(data)

    def head(self, status: int, headers: Headers) -> None:
        if status == 304 or (status in _REDIRECTS and headers.get("location")):
            return
        self._decoder = self._checked(ContentDecoder, headers.get("content-encoding"))
        if self._listener is not None:
            self._listener.begin(self._url, status, headers)

    def data(self, data: bytes) -> None:
        if self._decoder is not None:
            self._give(self._checked(self._decoder.feed, data))

    def finish(self) -> bytes:
        """The whole, decoded.  Raises FetchError."""
        if self._decoder is not None:
            self._give(self._checked(self._decoder.close))
        return bytes(self._decoded)

    def _give(self, data: bytes) -> None:
        self._decoded += data
        if data and self._listener is not None:
            self._listener.data(data)

    def _checked(self, step: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return step(*arguments)
        except BadEncoding as error:
            raise FetchError("content", f"{self._url}: {error}") from error


class Fetcher:
    """Fetches for one browser.

    Attributes:
        cache, strict_transport: what the browser remembers from visit to visit.
    """

    def __init__(
        self,
        node: str,
        recorder: Recorder,
        client: HttpClient,
        wall_clock: Callable[[], float],
        blocklist: Iterable[str] = (),
    ) -> None:
        self.node = node
        self.client = client
        self.cache = HttpCache()
        self.strict_transport = StrictTransport()
        self.blocklist = frozenset(blocklist)
        self._recorder = recorder
        self._wall_clock = wall_clock

    async def fetch(
        self,
        url: str,
        kind: str,
        referrer: str = "",
        listener: DocumentListener | None = None,
        form: Form | None = None,
        revalidates: bool = False,
    ) -> Fetched:
        """Fetch a document, style sheet or image.  Raises FetchError.

        Args:
            listener: hears of the last response, after redirections, as it comes; the content coding is removed.
            form: what a form sends with POST.
            revalidates: whether a stored response is to be asked about, however fresh it is (a reload).
        """
        seen: set[str] = set()
        for _ in range(MAXIMUM_REDIRECTS + 1):
            url = self._checked(url)
            body = _Body(url, listener)
            response = await self._response(url, kind, referrer, body, form, revalidates)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or not location:
                return Fetched(url, response, self._decoded(response, body))
            if form is not None and response.status not in (307, 308):
                form = None  # Fetch Standard §4.4: the redirection is followed with GET
            target = resolved(location, url)
            if target is None:
                raise FetchError("redirect", f"{url} redirects to {location!r}, which is no URL")
            self._record("response.redirect", status=response.status, url=target, origin=url)
            if target in seen:
                raise FetchError("redirect", f"{target} redirects back to itself")
            seen.add(url)
            url = target
        raise FetchError("redirect", f"more than {MAXIMUM_REDIRECTS} redirections, the last to {url}")

    def _checked(self, url: str) -> str:
        """The checks that need no network; returns the URL, made https where HSTS asks."""
        parsed = ada_url.URL(url)
        host = str(parsed.hostname)
        blocked = any(host == entry or host.endswith("." + entry) for entry in self.blocklist)
        self._record("check.blocklist", host=host, verdict="blocked" if blocked else "not listed",
                     verdict_zh="已列入" if blocked else "未列入")  # fmt: skip
        if blocked:
            raise FetchError("blocked", f"{host} is on the blocklist of dangerous sites")
        if parsed.protocol == "http:":
            upgrade = self.strict_transport.applies(host, self._wall_clock())
            self._record("check.upgrade" if upgrade else "check.hsts", host=host)
            if upgrade:
                parsed.protocol = "https:"
                if parsed.port == "80":
                    parsed.port = "443"
        return str(parsed.href)

    async def _response(
        self, url: str, kind: str, referrer: str, body: _Body, form: Form | None, revalidates: bool
    ) -> Response:
        """From the cache, revalidated, or from the network."""
        fields = [
            ("User-Agent", "pressenter/0.1"),
            ("Accept", _ACCEPT[kind]),
            ("Accept-Language", "en, zh;q=0.8"),
            ("Accept-Encoding", ACCEPT_ENCODING),
        ]
        told = _referrer(referrer, url)
        if told:
            fields.append(("Referer", told))
        if revalidates:
            fields.append(("Cache-Control", "max-age=0"))  # RFC 9111 §5.2.1.1
        if form is not None:
            fields.append(("Content-Type", form.type))
            request = Request("POST", url.partition("#")[0], Headers(fields), form.body)
            return await self._from_network(kind, request, Lookup("miss"), body)
        request = Request("GET", url.partition("#")[0], Headers(fields))
        known = self.cache.lookup(request, self._wall_clock())
        words = {
            "fresh": "a fresh copy: steps 4 to 13 are skipped",
            "stale": "a stale copy, ask whether it is still good",
            "miss": "nothing",
        }
        words_zh = {"fresh": "有新鲜副本：跳过第 4 至 13 步", "stale": "副本已过期，需验证", "miss": "没有"}
        self._record("cache.lookup", url=url, verdict=words[known.verdict], verdict_zh=words_zh[known.verdict])
        if known.verdict == "fresh":
            assert known.response is not None
            self._record_exchange(kind, request, known.response)
            return known.response
        return await self._from_network(kind, request, known, body)

    async def _from_network(self, kind: str, request: Request, known: Lookup, body: _Body) -> Response:
        sent = request
        if known.conditional is not None:
            sent = request._replace(headers=Headers([*request.headers.fields, *known.conditional.fields]))
        asked_at = self._wall_clock()
        response = await self.client.send(sent, body)
        now = self._wall_clock()
        parsed = ada_url.URL(request.url)
        if parsed.protocol == "https:" and "strict-transport-security" in response.headers:
            self.strict_transport.note(str(parsed.hostname), response.headers.get("strict-transport-security"), now)
        if response.status == 304 and known.response is not None:
            freshened = self.cache.freshen(request, response, asked_at, now)
            if freshened is not None:
                self._record("response.not_modified", url=request.url)
                self._record_exchange(kind, sent, response)
                return freshened
        lifetime = self.cache.store(request, response, asked_at, now)
        if lifetime is not None:
            self._record("response.store", url=request.url, seconds=round(lifetime))
        self._record_exchange(kind, sent, response)
        return response

    def _decoded(self, response: Response, body: _Body) -> bytes:
        if not body.has_come:  # from the cache
            body.take(response.status, response.headers, response.body)
        encoding = response.headers.get("content-encoding")
        decoded = body.finish()
        if encoding and response.body:
            self._record(
                "response.decode", url=response.url, encoding=encoding, encoded=len(response.body), decoded=len(decoded)
            )
        return decoded

    def _record_exchange(self, kind: str, request: Request, response: Response) -> None:
        """Everything that the HAR file says of an exchange."""
        cached = response.from_cache
        now_ns = round(asyncio.get_running_loop().time() * 1e9)
        timings = {"started": now_ns, "finished": now_ns} if cached else response.timings._asdict()
        self._record(
            "http.exchange", kind=kind, method=request.method, url=request.url,
            request_headers=request.headers.fields, status=response.status, reason=response.reason,
            version=response.version, response_headers=response.headers.fields,
            body_length=len(response.body), transferred=response.transferred, from_cache=cached,
            server=response.server_address, connection=response.connection, timings=timings,
        )  # fmt: skip

    def _record(self, name: str, **fields: Any) -> int:
        return self._recorder.record(self.node, name, **fields)


def _referrer(page: str, target: str) -> str:
    """strict-origin-when-cross-origin (Referrer Policy §8.3); an empty string for none."""
    if not page.startswith("http"):
        return ""
    own, other = ada_url.URL(page), ada_url.URL(target)
    if own.protocol == "https:" and other.protocol != "https:":
        return ""
    if own.origin != other.origin:
        return str(own.origin) + "/"
    own.username = own.password = own.hash = ""
    return str(own.href)
