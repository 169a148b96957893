"""The web server: takes connections, finds the site by its name, keeps connections alive."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping

import h11

from pressenter.http.dates import format_date
from pressenter.http.messages import Headers, Request, Response
from pressenter.http.site import REASONS, Site
from pressenter.trace import Recorder

__all__ = ["WebServer"]

_IDLE_SECONDS = 75.0  # nginx's keepalive_timeout
_MAXIMUM_BODY = 16 * 1024 * 1024


class WebServer:
    """Serves sites by host name (RFC 9110 §7.2) on the host that it runs on.

    Args:
        sites: the site of each name over http, and over https.
        wall_clock: seconds since 1970, for the Date header.
        thinking_time: seconds that a request takes to be worked on.
    """

    def __init__(
        self,
        node: str,
        recorder: Recorder,
        sites: Mapping[str, Site],
        secure_sites: Mapping[str, Site],
        wall_clock: Callable[[], float],
        thinking_time: float = 0.0,
        name: str = "pressenter",
    ) -> None:
        self.node = node
        self.sites = sites
        self.secure_sites = secure_sites
        self.name = name
        self._recorder = recorder
        self._wall_clock = wall_clock
        self._thinking_time = thinking_time

    async def start(
        self, address: str | None = None, port: int = 80, context: ssl.SSLContext | None = None
    ) -> asyncio.AbstractServer:
        """Listen; with a context, over TLS and with the secure sites."""
        sites = self.secure_sites if context is not None else self.sites

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(reader, writer, sites)

        return await asyncio.start_server(serve, address, port, ssl=context)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sites: Mapping[str, Site]
    ) -> None:
        """One connection, for as many requests as the client likes."""
        connection = h11.Connection(h11.SERVER)
        try:
            while True:
                request = await self._read_request(connection, reader, writer)
                if request is None:
                    break
                response = await self._respond(request, sites)
                await self._send(connection, writer, response)
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    break
                connection.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._refuse(connection, writer, error)
        except (OSError, TimeoutError):
            pass  # the client is gone or silent: nobody is left to be told
        finally:
            writer.close()

    async def _read_request(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                if connection.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    writer.write(connection.send(go_on) or b"")
                data = await asyncio.wait_for(reader.read(65_536), _IDLE_SECONDS)
                connection.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _MAXIMUM_BODY:
                    raise h11.RemoteProtocolError("the request's body is too large", 413)
            elif isinstance(event, h11.EndOfMessage):
                assert head is not None
                fields = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in head.headers.raw_items()]
                target = head.target.decode("latin-1")
                if target.lower().startswith("http://"):  # RFC 9112 §3.2.2: the absolute form
                    authority, slash, path = target[7:].partition("/")
                    fields = [field for field in fields if field[0].lower() != "host"] + [("Host", authority)]
                    target = slash + path or "/"
                return Request(head.method.decode("ascii"), target, Headers(fields), bytes(body))
            else:
                return None

    async def _respond(self, request: Request, sites: Mapping[str, Site]) -> Response:
        if self._thinking_time:
            await asyncio.sleep(self._thinking_time)
        host = request.headers.get("host").lower()
        if not host.startswith("["):
            host = host.partition(":")[0].rstrip(".")
        site = sites.get(host) or sites.get("*")
        if site is None:
            page = f"<!DOCTYPE html><title>421 {REASONS[421]}</title><h1>421 {REASONS[421]}</h1><p>No such site here.\n"
            fields = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
            response = Response(request.url, 421, REASONS[421], Headers(fields), page.encode())
        else:
            response = await site.respond(request)
        self._recorder.record(
            self.node, "server.request", method=request.method, target=request.url, host=host,
            status=response.status, reason=response.reason, length=len(response.body),
        )  # fmt: skip
        return response

    async def _send(self, connection: h11.Connection, writer: asyncio.StreamWriter, response: Response) -> None:
        fields = [("Date", format_date(self._wall_clock())), ("Server", self.name), *response.headers.fields]
        head = h11.Response(
            status_code=response.status,
            reason=response.reason.encode(),
            headers=[(name.encode(), value.encode("latin-1")) for name, value in fields],
        )
        data = connection.send(head) or b""
        if response.body:
            data += connection.send(h11.Data(data=response.body)) or b""
        data += connection.send(h11.EndOfMessage()) or b""
        writer.write(data)
        await writer.drain()

    async def _refuse(
        self, connection: h11.Connection, writer: asyncio.StreamWriter, error: h11.RemoteProtocolError
    ) -> None:
        """RFC 9112 §2.2: a message that cannot be parsed is answered with 400, and that is all."""
        status = error.error_status_hint or 400
        if connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = Headers([("Content-Length", "0"), ("Connection", "close")])
            await self._send(connection, writer, Response("", status, REASONS.get(status, ""), headers, b""))
