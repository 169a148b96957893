"""asyncio transports, servers and datagram endpoints on our TCP and UDP.

They behave as those of the standard loop do: the protocol's methods are called
from the loop, one at a time, never from within a call of the transport's.
Between a packet's arrival and the call lies the time that a process takes to
wake up.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pressenter.host.socket_options import SocketOptions
from pressenter.host.tcp.endpoint import Endpoint, Listener
from pressenter.host.tcp.notices import Notice
from pressenter.host.udp import UdpSocket
from pressenter.wire.address import address_bytes, socket_address

if TYPE_CHECKING:
    from pressenter.host.event_loop import HostLoop
    from pressenter.host.tcp.layer import TcpLayer

__all__ = ["DatagramTransport", "HostServer", "HostSocket", "StreamTransport"]

ADDRESS = tuple[Any, ...]
HIGH_WATER = 64 * 1024  # as asyncio.transports has it


class HostSocket:
    """What ``transport.get_extra_info("socket")`` gives: options can be set and asked, but it does no I/O."""

    def __init__(
        self, tcp: TcpLayer, kind: socket.SocketKind, local: ADDRESS, remote: ADDRESS | None,
        owner: Endpoint | Listener | None = None,
    ) -> None:  # fmt: skip
        self.family = socket.AF_INET6 if len(local) == 4 else socket.AF_INET
        self.type = kind
        self.proto = socket.IPPROTO_TCP if kind == socket.SOCK_STREAM else socket.IPPROTO_UDP
        self._tcp = tcp
        self._local = local
        self._remote = remote
        self._owner = owner
        self._options = SocketOptions(no_delay=True)  # as asyncio sets it on the standard loop

    def fileno(self) -> int:
        """There is no descriptor of the operating system behind it."""
        return -1

    def getsockname(self) -> ADDRESS:
        """Local address and port."""
        return self._local

    def getpeername(self) -> ADDRESS:
        """Remote address and port.  Raises OSError on a socket that has no peer."""
        if self._remote is None:
            raise OSError(errno.ENOTCONN, "the socket has no peer")
        return self._remote

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        """Set an option (see `pressenter.host.socket_options`); a connection follows it at once."""
        self._options.set(level, option, value)
        if isinstance(self._owner, Endpoint):
            self._options.change(self._owner)

    def getsockopt(self, level: int, option: int, buflen: int = 0) -> Any:
        """An option's value."""
        if (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR):
            return 0
        return self._options.get(level, option, self._tcp, self._owner, buflen)


class StreamTransport(asyncio.Transport):
    """One TCP connection as an asyncio transport."""

    def __init__(self, loop: HostLoop, protocol: asyncio.BaseProtocol) -> None:
        self._loop = loop
        self._protocol = protocol
        self._endpoint: Endpoint | None = None
        self._unsent = bytearray()
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4
        self._writing_paused = False
        self._reading_paused = False
        self._delivery_due = False
        self._peer_finished = False
        self._eof_told = False
        self._closing = False
        self._finishing = False
        self._lost = False
        self._started = False
        self._early_loss: tuple[BaseException | None] | None = None
        self._connected: Callable[[OSError | None], None] | None = None
        self._about: dict[str, Any] = {}
        super().__init__()

    def attach(
        self, endpoint: Endpoint, on_connected: Callable[[OSError | None], None] | None, peer_finished: bool = False
    ) -> None:
        """Take over a connection; ``on_connected`` hears how its opening ends.

        Args:
            peer_finished: whether the other end has sent its last byte already.
        """
        self._endpoint = endpoint
        self._peer_finished = peer_finished
        endpoint.connection.sender.no_delay = True  # as asyncio sets it on the standard loop
        self._connected = on_connected
        endpoint.owner = self
        here = endpoint.quadruple
        local = socket_address(here.local_address, here.local_port)
        remote = socket_address(here.remote_address, here.remote_port)
        self._about = {
            "socket": HostSocket(endpoint.layer, socket.SOCK_STREAM, local, remote, endpoint),
            "sockname": local, "peername": remote,
        }  # fmt: skip

    def start(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the open connection its protocol; what happened meanwhile is told afterwards."""
        self._protocol = protocol
        self._started = True
        try:
            protocol.connection_made(self)
        except BaseException:
            self._force_close(None)
            raise
        if self._early_loss is not None:
            self._loop.call_soon(protocol.connection_lost, self._early_loss[0])
            return
        endpoint = self._endpoint
        if endpoint is not None and (endpoint.connection.receive_buffer.readable or self._peer_finished):
            self._deliver_soon()

    # ---- the owner of a connection -------------------------------------------------------

    def on_notice(self, notice: Notice) -> None:
        """The connection has news; see `pressenter.host.tcp.layer.TcpOwner`."""
        kind = notice.kind
        if kind == "connected":
            self._opened(None)
        elif kind == "readable":
            self._deliver_soon()
        elif kind == "writable":
            self._write_on()
        elif kind == "end_of_stream":
            self._peer_finished = True
            self._deliver_soon()
        elif kind == "closed":
            if self._connected is not None:
                self._opened(notice.error)
            elif notice.error is not None:
                self._lose(notice.error)

    def _opened(self, error: OSError | None) -> None:
        told, self._connected = self._connected, None
        if told is not None:
            told(error)

    def _deliver_soon(self) -> None:
        if not self._delivery_due and not self._reading_paused and self._started:
            self._delivery_due = True
            self._loop.wake(self._deliver)

    def _deliver(self) -> None:
        self._delivery_due = False
        if self._reading_paused or self._closing or self._endpoint is None:
            return
        try:
            self._hand_over_what_is_there()
        except Exception as error:  # as on the standard loop: the protocol's bug ends its connection
            self._loop.call_exception_handler(
                {"message": "Fatal error: a protocol failed", "exception": error, "transport": self}
            )
            self._force_close(error)

    def _hand_over_what_is_there(self) -> None:
        assert self._endpoint is not None
        data = self._endpoint.read()
        if data:
            _hand_over(self._protocol, data)
        if self._endpoint is None:
            return  # the protocol has closed meanwhile
        if self._peer_finished and not self._eof_told and not self._reading_paused:
            if self._endpoint.connection.receive_buffer.readable:
                self._deliver_soon()
                return
            self._eof_told = True
            assert isinstance(self._protocol, asyncio.Protocol | asyncio.BufferedProtocol)
            if not self._protocol.eof_received():
                self.close()

    def _write_on(self) -> None:
        if self._unsent and self._endpoint is not None:
            room = self._endpoint.connection.sender.room
            if room:
                taken = self._endpoint.write(bytes(self._unsent[:room]))
                del self._unsent[:taken]
        if self._writing_paused and len(self._unsent) <= self._low and not self._closing:
            self._writing_paused = False
            self._loop.call_soon(self._protocol.resume_writing)
        if not self._unsent:
            self._finish_writing()

    def _finish_writing(self) -> None:
        if self._endpoint is None:
            return
        if self._closing:
            endpoint, self._endpoint = self._endpoint, None
            endpoint.close()
            self._lose(None)
        elif self._finishing:
            self._endpoint.shut_down()

    def _lose(self, error: BaseException | None) -> None:
        """Tell the protocol, once, that the connection is gone."""
        if self._lost:
            return
        self._lost = True
        self._closing = True
        self._endpoint = None
        self._unsent.clear()
        if self._started:
            self._loop.call_soon(self._protocol.connection_lost, error)
        else:
            self._early_loss = (error,)

    # ---- asyncio.Transport ----------------------------------------------------------------

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._about.get(name, default)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Send what is left, then end the connection; connection_lost comes when that is done."""
        if self._closing:
            return
        self._closing = True
        if self._endpoint is None:
            self._lose(None)
        elif not self._unsent:
            self._finish_writing()

    def abort(self) -> None:
        self._force_close(None)

    def _force_close(self, error: BaseException | None) -> None:
        """What asyncio's TLS calls when a handshake or a record fails."""
        endpoint, self._endpoint = self._endpoint, None
        self._unsent.clear()
        if endpoint is not None:
            endpoint.abort()
        self._lose(error)

    def is_reading(self) -> bool:
        return not self._reading_paused and not self._closing

    def pause_reading(self) -> None:
        self._reading_paused = True

    def resume_reading(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            endpoint = self._endpoint
            if endpoint is not None and (endpoint.connection.receive_buffer.readable or self._peer_finished):
                self._deliver_soon()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._finishing:
            raise RuntimeError("Cannot call write() after write_eof()")
        if self._closing or self._endpoint is None or not data:
            return
        data = bytes(data)
        if not self._unsent:
            try:
                taken = self._endpoint.write(data)
            except OSError as error:
                self._lose(error)
                return
            data = data[taken:]
        self._unsent += data
        if len(self._unsent) > self._high and not self._writing_paused:
            self._writing_paused = True
            self._protocol.pause_writing()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        if self._finishing or self._closing:
            return
        self._finishing = True
        if not self._unsent:
            self._finish_writing()

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low


def _hand_over(protocol: asyncio.BaseProtocol, data: bytes) -> None:
    """Give bytes to a protocol of either kind."""
    if isinstance(protocol, asyncio.BufferedProtocol):
        view = memoryview(data)
        while view:
            room = memoryview(protocol.get_buffer(len(view)))
            if not room:
                raise RuntimeError("get_buffer() returned an empty buffer")
            size = min(len(room), len(view))
            room[:size] = view[:size]
            protocol.buffer_updated(size)
            view = view[size:]
    else:
        assert isinstance(protocol, asyncio.Protocol)
        protocol.data_received(data)


class HostServer(asyncio.AbstractServer):
    """Listening ports as an asyncio server."""

    def __init__(self, loop: HostLoop, listeners: list[Listener], accept: Callable[[Endpoint], None]) -> None:
        self._loop = loop
        self._listeners = listeners
        self._accept = accept
        self._forever: asyncio.Future[None] | None = None
        self._sockets = tuple(
            HostSocket(
                listener.layer, socket.SOCK_STREAM, socket_address(listener.address, listener.port), None, listener
            )
            for listener in listeners
        )
        self._serving = False

    @property
    def sockets(self) -> tuple[HostSocket, ...]:
        """The listening sockets, or nothing after `close`."""
        return self._sockets if self._listeners else ()

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def is_serving(self) -> bool:
        return self._serving

    async def start_serving(self) -> None:
        for listener in self._listeners:
            listener.on_accept = self._accept
            self._serving = True
            while listener.waiting:  # those that came before
                self._accept(listener.take_waiting())

    async def serve_forever(self) -> None:
        await self.start_serving()
        self._forever = self._loop.create_future()
        try:
            await self._forever
        finally:
            self.close()

    def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        self._listeners = []
        self._serving = False
        if self._forever is not None and not self._forever.done():
            self._forever.cancel()

    async def wait_closed(self) -> None:
        """Connections that were accepted live on their own; there is nothing to wait for."""


class DatagramTransport(asyncio.DatagramTransport):
    """A UDP socket as an asyncio transport."""

    def __init__(
        self,
        loop: HostLoop,
        udp: UdpSocket,
        protocol: asyncio.DatagramProtocol,
        remote: ADDRESS | None,
    ) -> None:
        local = socket_address(udp.address, udp.port)
        super().__init__(
            {
                "socket": HostSocket(loop.host.tcp, socket.SOCK_DGRAM, local, remote),
                "sockname": local,
                "peername": remote,
            }
        )
        self._loop = loop
        self._udp = udp
        self._protocol = protocol
        self._remote = remote
        self._closing = False
        udp.on_datagram = self._datagram_arrives
        udp.on_error = self._error_arrives

    def _datagram_arrives(self, payload: bytes, address: bytes, port: int) -> None:
        source = socket_address(address, port)
        if self._remote is None or self._remote == source[:2]:
            self._loop.wake(self._tell, self._protocol.datagram_received, payload, source)

    def _error_arrives(self, error: OSError) -> None:
        self._loop.wake(self._tell, self._protocol.error_received, error)

    def _tell(self, method: Callable[..., None], *arguments: Any) -> None:
        if not self._closing:
            method(*arguments)

    def sendto(self, data: bytes | bytearray | memoryview, addr: Any = None) -> None:
        """Send a datagram; errors that come at once are told to the protocol."""
        target = self._remote or addr
        if target is None:
            raise ValueError("sendto() needs an address on a socket that is not connected")
        if self._closing:
            return
        try:
            self._udp.send(bytes(data), address_bytes(target[0]), target[1])
        except OSError as error:
            self._loop.call_soon(self._tell, self._protocol.error_received, error)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._udp.close()
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.DatagramProtocol)
        self._protocol = protocol
