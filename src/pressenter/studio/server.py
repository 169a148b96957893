"""The studio's server: the viewer's files, and a world for each tab behind a WebSocket.

It listens on 127.0.0.1 alone, and asks everybody for the token that stands in the address which
``pressenter studio`` prints.  The Host header must name this server (else a page elsewhere could reach
it by a name of its own that leads here: DNS rebinding), and a WebSocket must come from its own pages.
"""

from __future__ import annotations

import asyncio
import hmac
import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from pressenter.studio.session import Session
from pressenter.viewer.report import page, static_file, static_names

__all__ = ["studio_application"]

_MOST_SESSIONS = 4  # worlds at a time
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _OnlyThisServer:
    """Turns away requests whose Host or Origin is somebody else's."""

    def __init__(self, application: ASGIApp, hosts: frozenset[str]) -> None:
        self._application = application
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
            origin = headers.get(b"origin", "")
            foreign = origin and origin not in {f"http://{host}" for host in self._hosts}
            if headers.get(b"host", "") not in self._hosts or foreign:
                if scope["type"] == "http":
                    refusal = PlainTextResponse("this server answers to its own pages alone", status_code=421)
                    await refusal(scope, receive, send)
                else:
                    await send({"type": "websocket.close", "code": 1008})
                return
        await self._application(scope, receive, send)


class _Tabs:
    """The worlds that run, each in a thread of its own."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self.open = 0

    async def serve(self, socket: WebSocket) -> None:
        """Run a world for one tab, until the tab is closed."""
        loop = asyncio.get_running_loop()
        outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        commands: queue.Queue[dict[str, Any] | None] = queue.Queue()

        def tell(message: dict[str, Any]) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(outgoing.put_nowait, message)

        thread = threading.Thread(target=_run, args=(commands, tell, self.source), name="world", daemon=True)
        self.open += 1
        thread.start()
        sender = loop.create_task(_send_all(socket, outgoing))
        try:
            while True:
                commands.put(msgspec.json.decode(await socket.receive_text(), type=dict))
        except (WebSocketDisconnect, msgspec.DecodeError, msgspec.ValidationError):
            pass
        finally:
            commands.put(None)
            sender.cancel()
            self.open -= 1


def _run(commands: queue.Queue[dict[str, Any] | None], tell: Any, source: Mapping[str, Any]) -> None:
    """A world's thread: commands in, messages out."""
    session = Session(tell, **source)
    try:
        session.begin()
        while (command := commands.get()) is not None:
            session.take(command)
    finally:
        session.close()


async def _send_all(socket: WebSocket, outgoing: asyncio.Queue[dict[str, Any]]) -> None:
    encoder = msgspec.json.Encoder()
    while True:
        await socket.send_text(encoder.encode(await outgoing.get()).decode())


def studio_application(
    token: str, port: int, *, world: str | Path | None = None, sites: Mapping[str, str | Path] | None = None,
    seed: int = 1, language: str = "en",
) -> Starlette:  # fmt: skip
    """The web application.

    Args:
        token: what the address must hold.
        port: on which it will listen.
        world, sites, seed, language: of the worlds that are made in it, as for `Session`.
    """
    tabs = _Tabs({"world": world, "sites": sites, "seed": seed, "language": language})

    def may_enter(given: str | None) -> bool:
        return given is not None and hmac.compare_digest(given, token)

    async def home(request: Request) -> Response:
        if not may_enter(request.query_params.get("token")):
            return PlainTextResponse("the address needs its token, as pressenter prints it", status_code=403)
        modules = {f"viewer/{name}": f"/viewer/{name}" for name in static_names() if name.endswith(".js")}
        text = page("pressenter studio", '<link rel="stylesheet" href="/viewer/viewer.css">', modules, nonce=token)
        return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY.format(nonce=token)})

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        try:
            text = static_file(name)
        except KeyError:
            return PlainTextResponse("there is no such file", status_code=404)
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        return Response(
            text, media_type=kind, headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        )

    async def run_world(socket: WebSocket) -> None:
        if not may_enter(socket.query_params.get("token")) or tabs.open >= _MOST_SESSIONS:
            await socket.close(1008)
            return
        await socket.accept()
        await tabs.serve(socket)

    hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
    return Starlette(
        routes=[Route("/", home), Route("/viewer/{name}", file), WebSocketRoute("/world", run_world)],
        middleware=[Middleware(partial(_OnlyThisServer, hosts=hosts))],
    )
