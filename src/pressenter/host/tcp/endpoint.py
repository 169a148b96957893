"""A connection's place on its host, and the ports that listen for new ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.sim import Entry
from pressenter.wire.address import endpoint_text

if TYPE_CHECKING:
    from pressenter.host.tcp.layer import TcpLayer

__all__ = ["Endpoint", "Listener", "Quadruple", "TcpOwner"]


class Quadruple(NamedTuple):
    """What identifies a connection."""

    local_address: bytes
    local_port: int
    remote_address: bytes
    remote_port: int

    def __str__(self) -> str:
        return (
            f"{endpoint_text(self.local_address, self.local_port)} > "
            f"{endpoint_text(self.remote_address, self.remote_port)}"
        )


class TcpOwner(Protocol):
    """Who uses a connection: gets its notices except those for the recording."""

    def on_notice(self, notice: Notice) -> None:
        """``kind`` is connected, readable, writable, end_of_stream or closed."""


class Endpoint:
    """A connection and its place in the host.

    Attributes:
        owner: who is told what happens; None once the application has let go.
        listener: who will accept it, while it is not yet accepted.
        tos, hop_limit: of the packets that carry it.
        encapsulation: the peer's UDP port if the segments travel in UDP datagrams, else None.
    """

    __slots__ = ("connection", "encapsulation", "hop_limit", "layer", "listener", "name", "owner", "quadruple", "timer",
                 "tos")  # fmt: skip

    def __init__(self, layer: TcpLayer, quadruple: Quadruple, connection: TcpConnection) -> None:
        self.layer = layer
        self.quadruple = quadruple
        self.name = str(quadruple)
        self.connection = connection
        self.owner: TcpOwner | None = None
        self.listener: Listener | None = None
        self.timer: Entry | None = None
        self.tos = 0
        self.hop_limit: int | None = None
        self.encapsulation: int | None = None

    def write(self, data: bytes) -> int:
        """Take bytes to send; returns how many there was room for."""
        taken = self.connection.write(self.layer.now_ns, data)
        self.layer.carry_out(self)
        return taken

    def read(self, maximum: int = 1 << 30) -> bytes:
        """Take bytes that have arrived in order."""
        connection = self.connection
        data = connection.read(self.layer.now_ns, maximum)
        if connection.has_segments:
            self.layer.carry_out(self)
        return data

    def shut_down(self) -> None:
        """No more to send; reading goes on (half-close)."""
        self.connection.close(self.layer.now_ns)
        self.layer.carry_out(self)

    def close(self) -> None:
        """The application lets go: the connection ends in good order without it."""
        self.owner = None
        if self.connection.receive_buffer.readable:
            # RFC 1122 §4.2.2.13: unread data is lost, and the peer must hear of it
            self.connection.abort()
        else:
            self.connection.close(self.layer.now_ns)
            self.connection.orphan(self.layer.now_ns)
        self.layer.carry_out(self)

    def abort(self) -> None:
        """End the connection at once, with a RST."""
        self.owner = None
        self.connection.abort()
        self.layer.carry_out(self)


class Listener:
    """A listening port, with its two queues: connections half open, and those that wait to be accepted.

    Attributes:
        address: the local address, or all zeros for any.
        family_only: an IPv6 listener that takes no IPv4 (IPV6_V6ONLY).
        backlog: connections that may wait to be accepted; while that many do, none is completed.
        on_accept: called with each connection that is established; without it they wait in `waiting`.
        configure: called with each new connection before it answers the SYN.
        parameters: for its connections.
    """

    def __init__(self, layer: TcpLayer, address: bytes, port: int, backlog: int, parameters: TcpParameters) -> None:
        self.layer = layer
        self.address = address
        self.port = port
        self.backlog = backlog
        self.parameters = parameters
        self.family_only = False
        self.half_open = 0
        self.is_open = True
        self.waiting: list[Endpoint] = []
        self.on_accept: Callable[[Endpoint], None] | None = None
        self.on_waiting: Callable[[], None] = lambda: None
        self.configure: Callable[[Endpoint], None] = lambda endpoint: None
        self.fast_open = False

    @property
    def is_full(self) -> bool:
        """Whether no further connection may wait."""
        return len(self.waiting) > self.backlog

    def take_waiting(self) -> Endpoint:
        """The connection that has waited longest; whoever takes it is to be its owner."""
        endpoint = self.waiting.pop(0)
        endpoint.listener = None
        return endpoint

    def takes(self, address: bytes) -> bool:
        """Whether segments to a local address are for it."""
        if not any(self.address):
            return len(self.address) == len(address) or (len(self.address) == 16 and not self.family_only)
        return self.address == address

    def close(self) -> None:
        """Stop listening; accepted connections go on, others end."""
        self.is_open = False
        self.layer.acceptor.forget_listener(self)
        for endpoint in list(self.waiting):
            endpoint.abort()
        self.waiting.clear()
