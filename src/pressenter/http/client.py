"""The HTTP/1.1 client: connections that are kept, at most six for a host (RFC 9112 §9).

A request takes an idle connection to its host if there is one, opens a new one if
fewer than six are open, and else waits for its turn.  A kept connection that the
server has closed in the meantime is noticed on use; the request then goes out
again on a new one, once, if its method is idempotent (RFC 9112 §9.3.1).

A client opens a connection in the steps that a person wants to see apart: name,
TCP, TLS.  The loop's resolver and transports do the work.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import ada_url
import h11

from pressenter.http.errors import FetchError
from pressenter.http.happy_eyeballs import ATTEMPT_DELAY, connect_to_first, interleave
from pressenter.http.messages import Headers, Request, Response, Timings
from pressenter.tls.contexts import check_dates
from pressenter.trace import Recorder

__all__ = ["CONNECTIONS_PER_HOST", "BodyListener", "FetchError", "HttpClient"]

CONNECTIONS_PER_HOST = 6
MAXIMUM_HEADER_BYTES = 256 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class BodyListener(Protocol):
    """Who wants a response before it is whole."""

    def head(self, status: int, headers: Headers) -> None:
        """Status line and fields have come."""

    def data(self, data: bytes) -> None:
        """A piece of the body, with its content coding."""


class _ClosedUnanswered(Exception):
    """The connection ended before any byte of a response came.

    ``reused`` says that it had been kept from an earlier request, so that another may do better.
    """

    def __init__(self, reused: bool) -> None:
        super().__init__()
        self.reused = reused


class _Connection:
    """One connection and h11's view of it."""

    def __init__(self, origin: _Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self.origin = origin
        self.reader = reader
        self.writer = writer
        self.name = name
        self.h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAXIMUM_HEADER_BYTES)
        self.used = False

    @property
    def is_dead(self) -> bool:
        """Closed, or with bytes that nobody asked for (RFC 9112 §9.2 forbids to take them as an answer)."""
        unasked = bool(self.h11.trailing_data[0]) or bool(getattr(self.reader, "_buffer", b""))
        return self.reader.at_eof() or self.writer.is_closing() or unasked

    def close(self) -> None:
        self.writer.close()


class _Origin:
    """Scheme, host and port, with their connections (RFC 6454 §4)."""

    def __init__(self, scheme: str, host: str, port: int) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.idle: list[_Connection] = []
        self.open: set[_Connection] = set()
        self.opening = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class HttpClient:
    """Sends requests and keeps connections.

    Args:
        node: the host's name, for the recording.
        context: makes the TLS context, on first use of https.
        wall_clock: seconds since 1970, for the dates of certificates.
        timeout: seconds to wait for the next bytes of a response.
    """

    def __init__(
        self,
        node: str,
        recorder: Recorder,
        context: Callable[[], ssl.SSLContext],
        wall_clock: Callable[[], float],
        timeout: float = 60.0,
    ) -> None:
        self.node = node
        self.timeout = timeout
        self._recorder = recorder
        self._make_context = context
        self._context: ssl.SSLContext | None = None
        self._wall_clock = wall_clock
        self._origins: dict[tuple[str, str, int], _Origin] = {}

    @property
    def open_connections(self) -> int:
        """Connections that are open now."""
        return sum(len(origin.open) for origin in self._origins.values())

    async def send(self, request: Request, listener: BodyListener | None = None) -> Response:
        """The response to a request, redirects not followed.  Raises FetchError.

        Args:
            listener: hears of the head and of each piece of the body as they come.
        """
        origin = self._origin(request.url)
        timings = Timings(_now_ns())
        for attempt in (1, 2):
            connection, timings = await self._connection(origin, timings)
            try:
                return await self._exchange(connection, request, timings, listener)
            except _ClosedUnanswered as closed:
                self._discard(connection)
                if attempt == 2 or not closed.reused or request.method not in _IDEMPOTENT:
                    raise self._failure(
                        request.url, "http", "the server closed the connection without an answer"
                    ) from None
            except TimeoutError:
                self._discard(connection)
                raise self._failure(request.url, "timeout", f"no answer for {self.timeout:g} s") from None
            except h11.RemoteProtocolError as error:
                self._discard(connection)
                raise self._failure(request.url, "http", f"the server's fault: {error}") from error
            except OSError as error:
                self._discard(connection)
                reason = error.strerror or str(error)
                raise self._failure(request.url, "http", f"the connection broke: {reason}") from error
            except BaseException:
                self._discard(connection)
                raise
        raise AssertionError("unreachable")

    async def close(self) -> int:
        """Close every connection in good order; returns how many there were."""
        connections = [c for origin in self._origins.values() for c in sorted(origin.open, key=lambda c: c.name)]
        for connection in connections:
            self._discard(connection)
        for connection in connections:
            try:
                await connection.writer.wait_closed()
            except OSError:
                pass
        return len(connections)

    # ---- connections -------------------------------------------------------------------

    def _origin(self, url: str) -> _Origin:
        parsed = ada_url.URL(url)
        scheme = parsed.protocol.rstrip(":")
        if scheme not in _DEFAULT_PORTS:
            raise self._failure(url, "http", f"{scheme} is not a scheme that can be fetched")
        port = int(parsed.port) if parsed.port else _DEFAULT_PORTS[scheme]
        key = (scheme, parsed.hostname, port)
        if key not in self._origins:
            self._origins[key] = _Origin(*key)
        return self._origins[key]

    async def _connection(self, origin: _Origin, timings: Timings) -> tuple[_Connection, Timings]:
        """An idle connection, a new one, or one's turn."""
        while True:
            while origin.idle:
                connection = origin.idle.pop()
                if connection.is_dead:
                    self._discard(connection)
                    continue
                self._record("http.reuse", connection=connection.name, host=origin.host)
                return connection, timings._replace(assigned=_now_ns())
            if len(origin.open) + origin.opening < CONNECTIONS_PER_HOST:
                return await self._open(origin, timings._replace(assigned=_now_ns()))
            turn = asyncio.get_running_loop().create_future()
            origin.waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next_turn(origin)  # the turn was given and will not be used
                raise

    async def _open(self, origin: _Origin, timings: Timings) -> tuple[_Connection, Timings]:
        origin.opening += 1
        try:
            addresses = await self._resolve(origin)
            timings = timings._replace(name_resolved=_now_ns())
            reader, writer = await self._connect(origin, addresses)
            timings = timings._replace(connected=_now_ns())
            if origin.scheme == "https":
                await self._secure(origin, writer)
                timings = timings._replace(secured=_now_ns())
        finally:
            origin.opening -= 1
            self._next_turn(origin)
        local = writer.get_extra_info("sockname")
        connection = _Connection(origin, reader, writer, f"{local[0]}:{local[1]}")
        origin.open.add(connection)
        return connection, timings

    async def _resolve(self, origin: _Origin) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise self._failure(origin.host, "name", str(error.strerror)) from error
        return list(dict.fromkeys(str(row[4][0]) for row in found))

    async def _connect(
        self, origin: _Origin, addresses: list[str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async def connect(address: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            self._record(
                "http.connect", host=origin.host, address=address[0], port=origin.port,
                number=len(origin.open) + origin.opening, limit=CONNECTIONS_PER_HOST,
            )  # fmt: skip
            return await asyncio.open_connection(*address)

        ways = interleave([(address, origin.port) for address in addresses])
        made, errors = await connect_to_first(ways, connect, ATTEMPT_DELAY, asyncio.get_running_loop())
        if made is not None:
            return made
        reason = errors[-1].strerror or str(errors[-1])
        raise self._failure(f"{origin.host} port {origin.port}", "connect", reason) from errors[-1]

    async def _secure(self, origin: _Origin, writer: asyncio.StreamWriter) -> None:
        if self._context is None:
            self._context = self._make_context()
        begin = self._recorder.begin(self.node, "tls.handshake", host=origin.host, version="TLS",
                                     cipher="?", subject="?", issuer="?")  # fmt: skip
        try:
            await writer.start_tls(self._context, server_hostname=origin.host)
            session = writer.get_extra_info("ssl_object")
            peer = session.getpeercert()
            check_dates(peer, self._wall_clock())
        except (ssl.SSLError, ssl.CertificateError, OSError) as error:
            writer.close()
            reason = getattr(error, "verify_message", "") or error.strerror or str(error)
            if isinstance(error, ssl.SSLCertVerificationError) or "certificate" in reason:
                reason = f"the certificate of {origin.host} is not trusted: {reason}"
            self._record("tls.failed", host=origin.host, reason=reason)
            raise FetchError("tls", reason) from error
        self._recorder.end(
            begin, host=origin.host, version=session.version(), cipher=session.cipher()[0],
            subject=_common_name(peer, "subject"), issuer=_common_name(peer, "issuer"),
        )  # fmt: skip

    def _discard(self, connection: _Connection) -> None:
        connection.close()
        origin = connection.origin
        origin.open.discard(connection)
        if connection in origin.idle:
            origin.idle.remove(connection)
        self._next_turn(origin)

    def _next_turn(self, origin: _Origin) -> None:
        while origin.waiting:
            turn = origin.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    # ---- one exchange ----------------------------------------------------------------------

    async def _exchange(
        self, connection: _Connection, request: Request, timings: Timings, listener: BodyListener | None
    ) -> Response:
        reused, connection.used = connection.used, True
        await self._send_request(connection, request, reused)
        timings = timings._replace(sent=_now_ns())
        head: h11.Response | None = None
        body = bytearray()
        received = 0
        while True:
            event = connection.h11.next_event()
            if event is h11.NEED_DATA:
                data = await self._read(connection, reused, received)
                if received == 0:
                    timings = timings._replace(first_byte=_now_ns())
                received += len(data)
                connection.h11.receive_data(data)
            elif isinstance(event, h11.Response):
                head = event
                self._record_head(request, event)
                if listener is not None:
                    listener.head(event.status_code, _headers(event))
            elif isinstance(event, h11.Data):
                body += event.data
                if listener is not None:
                    listener.data(bytes(event.data))
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                break
        if head is None:
            raise _ClosedUnanswered(reused)
        timings = timings._replace(finished=_now_ns())
        self._record("http.body", url=request.url, length=len(body))
        response = Response(
            request.url, head.status_code, _reason(head), _headers(head), bytes(body), timings,
            f"HTTP/{head.http_version.decode()}", received,
            str(connection.writer.get_extra_info("peername")[0]), connection.name,
        )  # fmt: skip
        self._release(connection)
        return response

    async def _send_request(self, connection: _Connection, request: Request, reused: bool) -> None:
        parsed = ada_url.URL(request.url)
        fields = [("Host", parsed.host), *request.headers.fields]
        if request.body or request.method == "POST":  # RFC 9110 §8.6: an empty body has a length too
            fields.append(("Content-Length", str(len(request.body))))
        head = h11.Request(
            method=request.method, target=parsed.pathname + parsed.search,
            headers=[(name.encode(), value.encode("latin-1", "replace")) for name, value in fields],
        )  # fmt: skip
        self._record(
            "http.request", method=request.method, url=request.url, connection=connection.name,
            headers=fields, reused=reused,
        )  # fmt: skip
        data = connection.h11.send(head) or b""
        if request.body:
            data += connection.h11.send(h11.Data(data=request.body)) or b""
        data += connection.h11.send(h11.EndOfMessage()) or b""
        try:
            connection.writer.write(data)
            await asyncio.wait_for(connection.writer.drain(), self.timeout)
        except OSError:
            if reused:
                raise _ClosedUnanswered(reused) from None
            raise

    async def _read(self, connection: _Connection, reused: bool, received: int) -> bytes:
        try:
            data = await asyncio.wait_for(connection.reader.read(65_536), self.timeout)
        except OSError:
            if reused and not received:
                raise _ClosedUnanswered(reused) from None
            raise
        if not data and not received:
            raise _ClosedUnanswered(reused)
        return data

    def _release(self, connection: _Connection) -> None:
        """Keep the connection for the next request if both sides let us (RFC 9112 §9.3)."""
        if connection.h11.our_state is h11.DONE and connection.h11.their_state is h11.DONE:
            if connection.is_dead:
                self._discard(connection)
                return
            connection.h11.start_next_cycle()
            connection.origin.idle.append(connection)
            self._next_turn(connection.origin)
        else:
            self._discard(connection)

    def _record_head(self, request: Request, head: h11.Response) -> None:
        headers = _headers(head)
        self._record(
            "http.response", url=request.url, status=head.status_code, reason=_reason(head),
            type=headers.get("content-type", "no type"), headers=headers.fields,
        )  # fmt: skip

    def _record(self, name: str, /, **fields: Any) -> int:
        return self._recorder.record(self.node, name, **fields)

    def _failure(self, url: str, step: str, reason: str) -> FetchError:
        self._record("http.failed", url=url, step=step, reason=reason)
        return FetchError(step, f"{url}: {reason}")


def _headers(head: h11.Response) -> Headers:
    return Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()])


def _reason(head: h11.Response) -> str:
    return bytes(head.reason).decode("latin-1")


def _common_name(peer: dict[str, Any], field: str) -> str:
    for relative in peer.get(field, ()):
        for key, value in relative:
            if key == "commonName":
                return str(value)
    return "?"


def _now_ns() -> int:
    return round(asyncio.get_running_loop().time() * 1e9)
