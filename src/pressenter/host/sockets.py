"""Sockets: the calls that programs make of the stack (POSIX, RFC 9293 §3.9.1).

A `Socket` never blocks.  A call that cannot be done at once raises BlockingIOError, and
`Socket.on_change` is called when trying again may help; an event loop, or a thread that waits
its turn, makes waiting out of that.

::

    socket() --bind--> bound --listen--> listening --accept--> a new, connected socket
        |                |
        +----connect-----+--> connecting --> connected --shutdown--> half-closed --> closed
"""

from __future__ import annotations

import dataclasses
import errno
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pressenter.host.socket_options import TCP_REMOTE_UDP_ENCAPS_PORT, SocketOptions
from pressenter.host.tcp.endpoint import Endpoint, Listener
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.states import State
from pressenter.host.udp import UdpSocket
from pressenter.wire.address import address_bytes, socket_address

if TYPE_CHECKING:
    from pressenter.host.host import Host

__all__ = ["Socket"]

Address = tuple[Any, ...]
_LENGTHS: dict[int, int] = {socket.AF_INET: 4, socket.AF_INET6: 16}
_MAPPED = bytes(10) + b"\xff\xff"  # IPv4 addresses in IPv6 sockets (RFC 4291 §2.5.5.2)
_MAXIMUM_DATAGRAMS = 256


class Socket:
    """A socket of the simulated host, with the methods of Python's ``socket.socket``.

    Attributes:
        on_change: called when it may have become readable, writable or acceptable.
        options: what was set by `setsockopt`.
    """

    def __init__(
        self, host: Host, family: int = socket.AF_INET, type: int = socket.SOCK_STREAM, proto: int = 0
    ) -> None:
        if family not in _LENGTHS:
            raise OSError(errno.EAFNOSUPPORT, f"address family {family} is not supported")
        if type not in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            raise OSError(errno.ESOCKTNOSUPPORT, f"socket type {type} is not supported")
        self.host = host
        self.family = socket.AddressFamily(family)
        self.type = socket.SocketKind(type)
        self.proto = proto
        self.options = SocketOptions()
        self.on_change: Callable[[], None] = lambda: None
        self._any = bytes(_LENGTHS[family])
        self._local: tuple[bytes, int] | None = None
        self._remote: tuple[bytes, int] | None = None
        self._endpoint: Endpoint | None = None
        self._listener: Listener | None = None
        self._udp: UdpSocket | None = None
        self._datagrams: deque[tuple[bytes, bytes, int]] = deque()
        self._error: OSError | None = None
        self._connecting = False
        self._connected = False
        self._peer_finished = False
        self._cannot_send = False
        self._closed = False

    def __repr__(self) -> str:
        return f"<Socket {self.type.name} on {self.host.name}>"

    # ---- addresses ------------------------------------------------------------------------------

    def bind(self, address: Address) -> None:
        """Take a local address and port; port 0 means any that is free."""
        self._check_open()
        if self._local is not None:
            raise OSError(errno.EINVAL, "the socket is bound already")
        host, port = self._packed(address)
        if any(host) and not self.host.internet.is_own(host):
            raise OSError(errno.EADDRNOTAVAIL, f"{address[0]} is not an address of {self.host.name}")
        self._local = (host, port)
        if self.type == socket.SOCK_DGRAM:
            try:
                self._open_udp()
            except OSError:
                self._local = None
                raise

    def getsockname(self) -> Address:
        """Local address and port."""
        if self._endpoint is not None:
            here = self._endpoint.quadruple
            return self._text(here.local_address, here.local_port)
        if self._listener is not None:
            return self._text(self._listener.address, self._listener.port)
        if self._udp is not None:
            return self._text(self._udp.address, self._udp.port)
        return self._text(*(self._local or (self._any, 0)))

    def getpeername(self) -> Address:
        """Remote address and port.  Raises OSError on a socket that has no peer."""
        if self._remote is None:
            raise OSError(errno.ENOTCONN, "the socket has no peer")
        return self._text(*self._remote)

    # ---- opening -----------------------------------------------------------------------------------

    def listen(self, backlog: int = 128) -> None:
        """Wait for connections."""
        self._check_open()
        if self._connecting or self._connected:
            raise OSError(errno.EINVAL, "the socket is connected")
        if self._listener is not None:
            self._listener.backlog = backlog
            return
        address, port = self._local or (self._any, 0)
        tcp = self.host.tcp
        self._listener = tcp.listen(address, port, backlog, self.options.parameters(tcp.parameters))
        self._listener.family_only = self.options.ipv6_only
        self._listener.configure = self.options.configure
        self._listener.fast_open = self.options.fast_open
        self._listener.on_waiting = self._changed

    def accept(self) -> tuple[Socket, Address]:
        """The next connection that has been established, and who it is from."""
        self._check_open()
        if self._listener is None:
            raise OSError(errno.EINVAL, "the socket does not listen")
        if not self._listener.waiting:
            raise BlockingIOError(errno.EAGAIN, "no connection waits")
        endpoint = self._listener.take_waiting()
        accepted = Socket(self.host, self.family, self.type, self.proto)
        accepted.options = dataclasses.replace(self.options, quick_ack=None)
        accepted._take(endpoint)
        return accepted, accepted.getpeername()

    def connect(self, address: Address) -> None:
        """Begin to connect; a stream raises BlockingIOError (EINPROGRESS), since that takes a round trip."""
        self._begin(address, b"", self.options.fast_open_connect)
        if self.type == socket.SOCK_DGRAM:
            return
        raise BlockingIOError(errno.EINPROGRESS, "Operation now in progress")

    def connect_ex(self, address: Address) -> int:
        """As `connect`, with the error's number for a result."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or 0
        return 0

    def _begin(self, address: Address, early_data: bytes, fast_open: bool) -> int:
        self._check_open()
        if self._connecting:
            raise OSError(errno.EALREADY, "a connection is being made")
        if self._connected:
            raise OSError(errno.EISCONN, "the socket is connected")
        host, port = self._packed(address)
        if self.type == socket.SOCK_DGRAM:
            self._remote = (host, port)
            self._open_udp()
            return 0
        tcp = self.host.tcp
        endpoint = tcp.prepare(host, port, self, self._local, self.options.parameters(tcp.parameters))
        self.options.configure(endpoint)
        self.options.quick_ack = None
        self._endpoint, self._remote, self._connecting = endpoint, (host, port), True
        return tcp.open(endpoint, early_data, fast_open)

    def _take(self, endpoint: Endpoint) -> None:
        """An accepted connection is ours."""
        self._endpoint = endpoint
        endpoint.owner = self
        self._connected = True
        self._remote = (endpoint.quadruple.remote_address, endpoint.quadruple.remote_port)
        self._peer_finished = endpoint.connection.peer_has_finished

    # ---- data ---------------------------------------------------------------------------------------

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0) -> int:
        """Send what there is room for; returns how much."""
        if self.type == socket.SOCK_DGRAM:
            return self._send_datagram(bytes(data), self._remote)
        endpoint = self._established()
        if self._cannot_send or endpoint.connection.state is State.CLOSED:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        taken = endpoint.write(bytes(data))
        if not taken and data:
            raise BlockingIOError(errno.EAGAIN, "the send buffer is full")
        return taken

    def sendto(self, data: bytes | bytearray | memoryview, *arguments: Any) -> int:
        """Send a datagram; or, on a stream with fast open, connect with data in the SYN (RFC 7413)."""
        address = arguments[-1]
        if self.type == socket.SOCK_DGRAM:
            return self._send_datagram(bytes(data), self._packed(address))
        if self._connected or self._connecting:
            return self.send(data)
        taken = self._begin(address, bytes(data), self.options.fast_open)
        if not taken:
            raise BlockingIOError(errno.EINPROGRESS, "Operation now in progress")
        return taken

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Receive what is there, up to ``bufsize`` bytes; ``b""`` at the end of the stream."""
        if self.type == socket.SOCK_DGRAM:
            return self.recvfrom(bufsize, flags)[0]
        endpoint = self._established()
        buffer = endpoint.connection.receive_buffer
        if buffer.readable:
            return buffer.peek(bufsize) if flags & socket.MSG_PEEK else endpoint.read(bufsize)
        self.raise_error()
        if self._peer_finished or endpoint.connection.state is State.CLOSED:
            return b""
        raise BlockingIOError(errno.EAGAIN, "nothing has arrived")

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As `recv`, into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Address]:
        """The next datagram, and who sent it."""
        if self.type == socket.SOCK_STREAM:
            return self.recv(bufsize, flags), self._text(*(self._remote or (self._any, 0)))
        self._check_open()
        self.raise_error()
        if not self._datagrams:
            raise BlockingIOError(errno.EAGAIN, "nothing has arrived")
        payload, address, port = self._datagrams[0] if flags & socket.MSG_PEEK else self._datagrams.popleft()
        return payload[:bufsize], self._text(address, port)

    # ---- ending ---------------------------------------------------------------------------------------

    def shutdown(self, how: int) -> None:
        """End one direction, or both."""
        endpoint = self._established()
        if how in (socket.SHUT_WR, socket.SHUT_RDWR) and not self._cannot_send:
            self._cannot_send = True
            endpoint.shut_down()
        if how in (socket.SHUT_RD, socket.SHUT_RDWR):
            self._peer_finished = True

    def close(self) -> None:
        """Let go of the socket; a connection ends in good order without it."""
        if self._closed:
            return
        self._closed = True
        if self._listener is not None:
            self._listener.close()
        if self._udp is not None:
            self._udp.close()
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            if self.options.linger == 0:
                endpoint.abort()
            else:
                endpoint.close()

    def hand_over(self) -> Endpoint:
        """Give an open connection away, as ``detach`` gives a descriptor away; the socket is closed."""
        endpoint = self._established()
        self._closed, self._endpoint = True, None
        return endpoint

    def hand_over_listener(self, backlog: int) -> Listener:
        """Listen, and give the listener away with the options that were set here; the socket is closed."""
        self.listen(backlog)
        assert self._listener is not None
        listener, self._listener = self._listener, None
        listener.on_waiting = lambda: None
        self._closed, self._local = True, (listener.address, listener.port)
        return listener

    # ---- options, and what event loops ask -----------------------------------------------------------

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        """Set an option (see `pressenter.host.socket_options`)."""
        self._check_open()
        if (level, option) == (socket.IPPROTO_TCP, TCP_REMOTE_UDP_ENCAPS_PORT) and value:
            if self.host.tcp.encapsulation is None or self._endpoint is not None or self._listener is not None:
                raise OSError(errno.EINVAL, "the host takes no segments in datagrams, or it is too late for it")
        self.options.set(level, option, value)
        if self._endpoint is not None:
            self.options.change(self._endpoint)
        elif self._listener is not None:
            self._listener.fast_open = self.options.fast_open

    def getsockopt(self, level: int, option: int, buflen: int = 0) -> Any:
        """An option's value."""
        self._check_open()
        if (level, option) == (socket.SOL_SOCKET, socket.SO_ERROR):
            error, self._error = self._error, None
            return 0 if error is None else error.errno
        if (level, option) == (socket.SOL_SOCKET, socket.SO_TYPE):
            return int(self.type)
        return self.options.get(level, option, self.host.tcp, self._listener or self._endpoint, buflen)

    @property
    def connection_state(self) -> State:
        """The state of the connection, as ``netstat`` shows it."""
        if self._listener is not None:
            return State.LISTEN
        return State.CLOSED if self._endpoint is None else self._endpoint.connection.state

    @property
    def endpoint(self) -> Endpoint | None:
        """The connection, if there is one."""
        return self._endpoint

    @property
    def is_readable(self) -> bool:
        """Whether `recv` or `accept` would not block."""
        if self._listener is not None:
            return bool(self._listener.waiting)
        if self._error is not None or self._datagrams:
            return True
        endpoint = self._endpoint
        return endpoint is not None and (
            self._peer_finished or bool(endpoint.connection.receive_buffer.readable)
            or (endpoint.connection.state is State.CLOSED and not self._connecting)
        )  # fmt: skip

    @property
    def is_writable(self) -> bool:
        """Whether `send` would not block, or a connection attempt has ended."""
        if self.type == socket.SOCK_DGRAM or self._error is not None:
            return True
        endpoint = self._endpoint
        return endpoint is not None and not self._connecting and endpoint.connection.sender.room > 0

    @property
    def is_connecting(self) -> bool:
        """Whether the handshake is still under way."""
        return self._connecting

    def setblocking(self, flag: bool) -> None:
        """A socket here never blocks; who wants to wait asks an event loop.  Raises NotImplementedError."""
        if flag:
            raise NotImplementedError("blocking sockets: use an event loop's sock_* calls")

    def gettimeout(self) -> float:
        """0: it never blocks."""
        return 0.0

    def fileno(self) -> int:
        """There is no descriptor of the operating system behind it; -1."""
        return -1

    # ---- the owner of a connection -----------------------------------------------------------------------

    def on_notice(self, notice: Notice) -> None:
        """The connection has news; see `pressenter.host.tcp.endpoint.TcpOwner`."""
        if notice.kind == "connected":
            self._connecting, self._connected = False, True
        elif notice.kind == "end_of_stream":
            self._peer_finished = True
        elif notice.kind == "closed":
            self._connecting = False
            if notice.error is not None:
                self._error = notice.error
        self._changed()

    # ---- inside --------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self.on_change()

    def _check_open(self) -> None:
        if self._closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def _established(self) -> Endpoint:
        self._check_open()
        endpoint = self._endpoint
        if endpoint is None or self._connecting:
            self.raise_error()
            if self._connecting:
                raise BlockingIOError(errno.EAGAIN, "the connection is being made")
            raise OSError(errno.ENOTCONN, "the socket is not connected")
        return endpoint

    def finish_connecting(self) -> None:
        """Nothing, once `connect` is done; its error; BlockingIOError while the handshake is under way."""
        if self._connecting:
            raise BlockingIOError(errno.EAGAIN, "the connection is being made")
        self.raise_error()

    def raise_error(self) -> None:
        """What has gone wrong with the socket, once."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _open_udp(self) -> UdpSocket:
        if self._udp is None:
            address, port = self._local or (self._any, 0)
            self._udp = self.host.udp.open(address, port)
            self._udp.on_datagram = self._datagram_arrives
            self._udp.on_error = self._datagram_failed
        return self._udp

    def _send_datagram(self, data: bytes, destination: tuple[bytes, int] | None) -> int:
        self._check_open()
        if destination is None:
            raise OSError(errno.EDESTADDRREQ, "no destination")
        self._open_udp().send(data, *destination)
        return len(data)

    def _datagram_arrives(self, payload: bytes, address: bytes, port: int) -> None:
        if self._remote is not None and self._remote != (address, port):
            return
        if len(self._datagrams) < _MAXIMUM_DATAGRAMS:
            self._datagrams.append((payload, address, port))
        self._changed()

    def _datagram_failed(self, error: OSError) -> None:
        if self._remote is not None:
            self._error = error
        self._changed()

    def _packed(self, address: Address) -> tuple[bytes, int]:
        """An address as programs write it, as bytes of the socket's family, or IPv4's in an IPv6 socket."""
        text, port = address[0], address[1]
        if text in ("", None):
            return self._any, port
        packed = address_bytes(text.partition("%")[0])
        if packed[:12] == _MAPPED:
            packed = packed[12:]
        if len(packed) == 16 and self.family == socket.AF_INET:
            raise OSError(errno.EAFNOSUPPORT, f"{text} in an IPv4 socket")
        return packed, port

    def _text(self, address: bytes, port: int) -> Address:
        mapped = self.family == socket.AF_INET6 and len(address) == 4
        return socket_address(_MAPPED + address if mapped else address, port)
