"""The studio's server: the viewer's files, and a world for each tab behind a WebSocket.

It listens on 127.0.0.1 alone, and asks everybody for the token that stands in the address which
``pressenter studio`` prints.  The Host header must name this server (else a page elsewhere could reach
it by a name of its own that leads here: DNS rebinding), and a WebSocket must come from its own pages.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
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

_logger = logging.getLogger("pressenter.studio")

_MOST_SESSIONS = 4  # worlds at a time
_MOST_COMMANDS, _MOST_MESSAGES = 100, 100  # that wait
_LOOK_SECONDS = 0.2  # how soon a world's thread sees that its tab is closed
_HTTP = 80  # browsers leave this port out of the addresses that they tell
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
        self._source = source
        self._places = threading.BoundedSemaphore(_MOST_SESSIONS)

    def take_place(self) -> bool:
        """Whether there is room for another world; the place is given back when that has ended."""
        return self._places.acquire(blocking=False)

    async def serve(self, socket: WebSocket) -> None:
        """Run a world for one tab, until the tab is closed.  A place has been taken for it."""
        loop = asyncio.get_running_loop()
        line = _Line(loop)
        threading.Thread(target=self._run, args=(line,), name="world", daemon=True).start()
        sender = loop.create_task(_send_all(socket, line))
        try:
            while True:
                line.commands.put_nowait(msgspec.json.decode(await socket.receive_text(), type=dict))
        except (WebSocketDisconnect, msgspec.DecodeError, queue.Full):
            pass
        finally:
            line.is_over.set()
            sender.cancel()
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close()

    def _run(self, line: _Line) -> None:
        """A world's thread."""
        try:
            _run_world(line, self._source)
        finally:
            self._places.release()


class _Line:
    """Between a tab and the thread of its world.  Both directions are bounded: who is too slow is waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.commands: queue.Queue[dict[str, Any]] = queue.Queue(_MOST_COMMANDS)
        self.messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_MOST_MESSAGES)
        self.is_over = threading.Event()
        self._loop = loop

    def tell(self, message: dict[str, Any] | None) -> None:
        """Give a message to the tab; called in the world's thread.  None is the last."""
        putting = self.messages.put(message)
        try:
            sent = asyncio.run_coroutine_threadsafe(putting, self._loop)
        except RuntimeError:  # the server has ended
            putting.close()
            self.is_over.set()
            return
        while not self.is_over.is_set():
            with suppress(TimeoutError):
                sent.result(_LOOK_SECONDS)
                return
        sent.cancel()


def _run_world(line: _Line, source: Mapping[str, Any]) -> None:
    """Commands in, messages out, until nobody looks on."""
    session: Session | None = None
    try:
        session = Session(line.tell, is_over=line.is_over.is_set, **source)
        session.begin()
        while not line.is_over.is_set():
            try:
                command = line.commands.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            session.take(command)
    except Exception as error:
        _logger.exception("a world could not be made")
        line.tell({"kind": "problem", "text": f"the world could not be made: {error}"})
    finally:
        if session is not None:
            session.close()
        line.tell(None)


async def _send_all(socket: WebSocket, line: _Line) -> None:
    encoder = msgspec.json.Encoder()
    while (message := await line.messages.get()) is not None:
        await socket.send_text(encoder.encode(message).decode())
    await socket.close()


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
        return given is not None and hmac.compare_digest(given.encode(), token.encode())

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
        if not may_enter(socket.query_params.get("token")):
            await socket.close(1008)
            return
        await socket.accept()
        if not tabs.take_place():
            await socket.send_json({"kind": "problem", "text": f"{_MOST_SESSIONS} worlds run already: close a tab"})
            await socket.close(1013)
            return
        await tabs.serve(socket)

    names = ("127.0.0.1", "localhost")
    hosts = frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == _HTTP else frozenset())
    return Starlette(
        routes=[Route("/", home), Route("/viewer/{name}", file), WebSocketRoute("/world", run_world)],
        middleware=[Middleware(partial(_OnlyThisServer, hosts=hosts))],
    )
