"""HostLoop: one asyncio event loop for each simulated host, on virtual time.

This is the seam between programs and the world.  A program written for asyncio
(a name server, a browser, uvicorn, httpx) runs on it unchanged: its time is the
world's agenda, its sockets are on the host's own TCP/IP stack, and its names are
resolved by the host's resolver.

All loops of a world take turns in one thread.  Each agenda entry that belongs to
a host runs with that host's loop set as the running loop, so
``asyncio.get_running_loop()`` gives every program its own.

What the standard loop offers and this one does not raises NotImplementedError
with the name of the call.  ``run_in_executor`` runs the function at once, in no
virtual time: there is no thread inside the world.
"""

from __future__ import annotations

import asyncio
import asyncio.sslproto
import contextvars
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any

from pressenter.host.name_calls import NameCalls
from pressenter.host.not_offered import refuse
from pressenter.host.socket_calls import SocketCalls
from pressenter.host.tcp.endpoint import Endpoint, Listener
from pressenter.host.transports import DatagramTransport, HostServer, StreamTransport
from pressenter.http.happy_eyeballs import connect_to_first
from pressenter.http.happy_eyeballs import interleave as in_turn
from pressenter.sim import Entry, NothingLeftToHappen
from pressenter.wire.address import address_bytes, endpoint_text

if TYPE_CHECKING:
    from pressenter.host.host import Host

__all__ = ["HostLoop"]

_logger = logging.getLogger("pressenter.host")
_FOREVER_SECONDS = 1e9  # thirty years


class _Timer(asyncio.TimerHandle):
    """A timer handle that leaves the agenda when it is cancelled."""

    __slots__ = ("entry",)
    entry: Entry

    def cancel(self) -> None:
        super().cancel()
        self.entry.cancel()


class HostLoop(SocketCalls, NameCalls):
    """The event loop of one host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.agenda = host.agenda
        self._exception_handler: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None = None
        self._task_factory: Any = None
        self._closed = False
        self._debug = False

    def __repr__(self) -> str:
        return f"<HostLoop {self.host.name} at {self.agenda.now_ns} ns>"

    # ---- time and callbacks --------------------------------------------------------------

    def time(self) -> float:
        """Virtual time in seconds since the world began."""
        return self.agenda.now_ns / 1e9

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.agenda.at(self.agenda.now_ns, self._run_handle, handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:  # fmt: skip
        return self._timer(self.agenda.now_ns + _nanoseconds(delay), callback, args, context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:  # fmt: skip
        return self._timer(_nanoseconds(when), callback, args, context)

    def wake(self, callback: Callable[..., object], *args: Any) -> None:
        """Call soon, after the time that a blocked process takes to wake up."""
        handle = asyncio.Handle(callback, args, self, None)
        self.agenda.after(self.host.wake_up_ns, self._run_handle, handle)

    def _timer(
        self, time_ns: int, callback: Callable[..., object], args: tuple[Any, ...],
        context: contextvars.Context | None,
    ) -> _Timer:  # fmt: skip
        timer = _Timer(time_ns / 1e9, callback, args, self, context)
        timer.entry = self.agenda.at(time_ns, self._run_handle, timer)
        return timer

    def _run_handle(self, handle: asyncio.Handle) -> None:
        if handle.cancelled():
            return
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            handle._run()
        finally:
            asyncio._set_running_loop(outer)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """asyncio's hook; `_Timer.cancel` has done it."""

    # ---- running ----------------------------------------------------------------------------

    def run_until_complete(self, future: Generator[Any, None, Any] | Awaitable[Any]) -> Any:
        """Run the whole world until this future is done; return its result.

        Raises NothingLeftToHappen if the agenda runs empty first.
        """
        task: asyncio.Future[Any] = asyncio.ensure_future(future, loop=self)  # type: ignore[arg-type]
        if task.done():
            return task.result()

        def stop(_: asyncio.Future[Any]) -> None:
            self.agenda.stop()

        task.add_done_callback(stop)
        try:
            stopped = self.agenda.run()
        finally:
            task.remove_done_callback(stop)
        if not task.done():
            if stopped:
                raise RuntimeError("the world was stopped before the future was done")
            raise NothingLeftToHappen(f"{self.host.name} waits for something that can no longer happen: {task!r}")
        return task.result()

    def run_forever(self) -> None:
        """Run the whole world until nothing is left to happen, or `stop`."""
        self.agenda.run()

    def stop(self) -> None:
        self.agenda.stop()

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True

    async def shutdown_asyncgens(self) -> None:
        """Nothing is kept that would have to be shut down."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """There is no executor."""

    # ---- futures and tasks -------------------------------------------------------------------

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:  # type: ignore[override]
        if self._task_factory is not None:
            return self._task_factory(self, coro, **options)  # type: ignore[no-any-return]
        return asyncio.Task(coro, loop=self, **options)

    def set_task_factory(self, factory: Any) -> None:
        self._task_factory = factory

    def get_task_factory(self) -> Any:
        return self._task_factory

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Run ``func`` at once and return its result as a finished future."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    # ---- errors and debugging --------------------------------------------------------------------

    def get_debug(self) -> bool:
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        self._debug = enabled

    def get_exception_handler(self) -> Any:
        return self._exception_handler

    def set_exception_handler(self, handler: Any) -> None:
        self._exception_handler = handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Log, and record that a program on this host failed without being caught."""
        error = context.get("exception")
        # asyncio's message names objects by their addresses, which no two runs share.
        message = str(context.get("message")).partition("(")[0].strip()
        self.host.recorder.record(
            self.host.name, "host.exception", message=message, error=f"{type(error).__name__}: {error}"
        )
        _logger.error(
            "%s: %s", self.host.name, context.get("message"),
            exc_info=error if isinstance(error, BaseException) else None,
        )  # fmt: skip

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self._exception_handler is not None:
            self._exception_handler(self, context)
        else:
            self.default_exception_handler(context)

    # ---- streams -------------------------------------------------------------------------------------

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], host: str | None = None,
        port: int | None = None, *, ssl: ssl.SSLContext | bool | None = None, family: int = 0,
        proto: int = 0, flags: int = 0, sock: Any = None, local_addr: Any = None,
        server_hostname: str | None = None, ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None, happy_eyeballs_delay: float | None = None,
        interleave: int | None = None, all_errors: bool = False,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:  # fmt: skip
        """Connect to the first of a name's addresses that answers."""
        if local_addr is not None:
            refuse("create_connection(local_addr=...)")
        if ssl and server_hostname is None:
            server_hostname = host
        if sock is not None:
            return await self._start(
                self._transport_of(sock), protocol_factory(), ssl, server_hostname, False,
                ssl_handshake_timeout, ssl_shutdown_timeout,
            )  # fmt: skip
        ways = await self._addresses(host, port, flags, family)
        if happy_eyeballs_delay is not None or interleave is not None:
            ways = in_turn(ways, interleave or 1)
        transport, failures = await connect_to_first(ways, self._connect, happy_eyeballs_delay, self)
        if transport is None:
            if all_errors:
                raise ExceptionGroup("create_connection failed", failures)
            raise failures[0]
        try:
            protocol = protocol_factory()
        except BaseException:
            transport.abort()
            raise
        return await self._start(
            transport, protocol, ssl, server_hostname, False,
            ssl_handshake_timeout, ssl_shutdown_timeout,
        )  # fmt: skip

    def _transport_of(self, sock: Any) -> StreamTransport:
        """A transport for a connection that a program has opened with a socket of its own."""
        transport = StreamTransport(self, asyncio.Protocol())
        endpoint = self._own(sock).hand_over()
        transport.attach(endpoint, None, endpoint.connection.peer_has_finished)
        return transport

    async def connect_accepted_socket(  # type: ignore[override]
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], sock: Any, *,
        ssl: ssl.SSLContext | None = None, ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:  # fmt: skip
        """A transport for a connection that `sock_accept` has given."""
        return await self._start(
            self._transport_of(sock), protocol_factory(), ssl, None, True,
            ssl_handshake_timeout, ssl_shutdown_timeout,
        )  # fmt: skip

    async def _connect(self, address: tuple[Any, ...]) -> StreamTransport:
        transport = StreamTransport(self, asyncio.Protocol())
        opened = self.create_future()

        def on_connected(error: OSError | None) -> None:
            if opened.done():
                return
            if error is None:
                self.wake(_set_result, opened)
            else:
                where = endpoint_text(address_bytes(address[0]), address[1])
                named = OSError(error.errno, f"{where}: {error.strerror}")
                self.wake(_set_exception, opened, named)

        endpoint = self.host.tcp.connect(address_bytes(address[0]), address[1], transport)
        transport.attach(endpoint, on_connected)
        try:
            await opened
        except asyncio.CancelledError:
            transport.abort()
            raise
        return transport

    async def _start(
        self, transport: StreamTransport, protocol: asyncio.BaseProtocol,
        context: ssl.SSLContext | bool | None, server_hostname: str | None, server_side: bool,
        handshake_timeout: float | None, shutdown_timeout: float | None,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:  # fmt: skip
        """Give a connected transport its protocol, through TLS if there is a context."""
        if not context:
            transport.start(protocol)
            return transport, protocol
        waiter = self.create_future()
        tls = self._tls_protocol(
            protocol, context, waiter, server_side, server_hostname, handshake_timeout,
            shutdown_timeout, call_connection_made=True,
        )  # fmt: skip
        transport.start(tls)
        try:
            await waiter
        except BaseException:
            transport.close()
            raise
        return tls._app_transport, protocol

    def _tls_protocol(
        self, protocol: asyncio.BaseProtocol, context: ssl.SSLContext | bool,
        waiter: asyncio.Future[Any] | None, server_side: bool, server_hostname: str | None,
        handshake_timeout: float | None, shutdown_timeout: float | None, *, call_connection_made: bool,
    ) -> Any:  # fmt: skip
        if context is True:
            context = ssl.create_default_context()
        make: Any = asyncio.sslproto.SSLProtocol
        return make(
            self, protocol, context, waiter, server_side, server_hostname,
            call_connection_made=call_connection_made,
            ssl_handshake_timeout=handshake_timeout, ssl_shutdown_timeout=shutdown_timeout,
        )  # fmt: skip

    async def start_tls(
        self, transport: Any, protocol: asyncio.BaseProtocol, sslcontext: ssl.SSLContext, *,
        server_side: bool = False, server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None, ssl_shutdown_timeout: float | None = None,
    ) -> Any:  # fmt: skip
        """Put TLS onto an open connection."""
        waiter = self.create_future()
        tls = self._tls_protocol(
            protocol, sslcontext, waiter, server_side, server_hostname,
            ssl_handshake_timeout, ssl_shutdown_timeout, call_connection_made=False,
        )  # fmt: skip
        transport.pause_reading()
        transport.set_protocol(tls)
        self.call_soon(tls.connection_made, transport)
        self.call_soon(transport.resume_reading)
        try:
            await waiter
        except BaseException:
            transport.close()
            raise
        return tls._app_transport

    async def create_server(  # type: ignore[override]
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], host: Any = None,
        port: int | None = None, *, family: int = 0, flags: int = 0, sock: Any = None,
        backlog: int = 100, ssl: ssl.SSLContext | None = None, reuse_address: bool | None = None,
        reuse_port: bool | None = None, keep_alive: bool | None = None,
        ssl_handshake_timeout: float | None = None, ssl_shutdown_timeout: float | None = None,
        start_serving: bool = True,
    ) -> HostServer:  # fmt: skip
        """Listen on a port of this host."""
        if sock is None:
            listeners = await self._listen(host, port, family, backlog)
        else:
            listeners = [self._own(sock).hand_over_listener(backlog)]

        def accept(endpoint: Endpoint) -> None:
            transport = StreamTransport(self, asyncio.Protocol())
            transport.attach(endpoint, None, endpoint.connection.peer_has_finished)
            self.wake(begin, transport)

        def begin(transport: StreamTransport) -> None:
            try:
                protocol = protocol_factory()
            except BaseException:
                transport.abort()
                raise
            if ssl:
                protocol = self._tls_protocol(
                    protocol, ssl, None, True, None, ssl_handshake_timeout, ssl_shutdown_timeout,
                    call_connection_made=True,
                )  # fmt: skip
            transport.start(protocol)

        server = HostServer(self, listeners, accept)
        if start_serving:
            await server.start_serving()
        return server

    async def _listen(self, host: Any, port: int | None, family: int, backlog: int) -> list[Listener]:
        """Listen on each address that a host's name stands for, or each of several hosts'; on all or on none."""
        listeners: list[Listener] = []
        for place in host if isinstance(host, (list, tuple)) else [host]:
            for address in await self._addresses(place, port, socket.AI_PASSIVE, family):
                number = listeners[0].port if listeners and not port else address[1]
                try:
                    listener = self.host.tcp.listen(address_bytes(address[0]), number, backlog)
                except OSError:
                    for opened in listeners:
                        opened.close()
                    raise
                listener.family_only = len(listener.address) == 16  # as asyncio sets it
                listeners.append(listener)
        return listeners

    # ---- datagrams ------------------------------------------------------------------------------------

    async def create_datagram_endpoint(  # type: ignore[override]
        self, protocol_factory: Callable[[], asyncio.DatagramProtocol],
        local_addr: tuple[str, int] | None = None, remote_addr: tuple[str, int] | None = None,
        **options: Any,
    ) -> tuple[DatagramTransport, asyncio.DatagramProtocol]:  # fmt: skip
        """Open a UDP socket."""
        if options.get("sock") is not None:
            refuse("create_datagram_endpoint(sock=...)")
        if remote_addr is not None:
            remote_addr = (await self._addresses(*remote_addr))[0][:2]
        anywhere = "::" if remote_addr is not None and ":" in remote_addr[0] else "0.0.0.0"
        address, port = local_addr or (anywhere, 0)
        udp = self.host.udp.open(address_bytes(address), port)
        try:
            protocol = protocol_factory()
        except BaseException:
            udp.close()
            raise
        transport = DatagramTransport(self, udp, protocol, remote_addr)
        protocol.connection_made(transport)
        return transport, protocol


def _nanoseconds(seconds: float) -> int:
    """Seconds of asyncio as nanoseconds of the agenda; ``inf`` is later than any journey."""
    return round(min(seconds, _FOREVER_SECONDS) * 1e9)


def _set_result(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)


def _set_exception(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
