"""TCP on a host: finds the connection for a segment, drives timers, listens.

The connections decide; this layer carries out: it sends what they leave, sets
one agenda entry for the earliest of a connection's timers, records what they
notice, and tells their owners.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from pressenter.host.internet import InternetLayer, NetworkUnreachable, ReceivedPacket
from pressenter.host.ports import choose_ephemeral_port
from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.sequence import add, distance
from pressenter.host.tcp.states import State
from pressenter.sim import Entry
from pressenter.wire import ipv4
from pressenter.wire.address import ipv4_text
from pressenter.wire.icmp import IcmpMessage, IcmpType, Unreachable, describe
from pressenter.wire.ipv4 import IPv4Header
from pressenter.wire.malformed import MalformedPacket
from pressenter.wire.tcp import ACK, RST, SYN, Segment, build_tcp, flags_text, parse_tcp

__all__ = ["Endpoint", "Listener", "Quadruple", "TcpLayer", "TcpOwner"]

_HEADERS = 40  # IPv4 and TCP without options: MSS = MTU - 40 (RFC 9293 §3.7.1)


class Quadruple(NamedTuple):
    """What identifies a connection."""

    local_address: bytes
    local_port: int
    remote_address: bytes
    remote_port: int

    def __str__(self) -> str:
        return (
            f"{ipv4_text(self.local_address)}:{self.local_port} > {ipv4_text(self.remote_address)}:{self.remote_port}"
        )


class TcpOwner(Protocol):
    """Who uses a connection: gets its notices except those for the recording."""

    def on_notice(self, notice: Notice) -> None:
        """``kind`` is connected, readable, writable, end_of_stream or closed."""


class Endpoint:
    """A connection and its place in the host.

    Attributes:
        owner: who is told what happens; None once the application has let go.
    """

    __slots__ = ("connection", "layer", "listener", "owner", "quadruple", "timer")

    def __init__(self, layer: TcpLayer, quadruple: Quadruple, connection: TcpConnection) -> None:
        self.layer = layer
        self.quadruple = quadruple
        self.connection = connection
        self.owner: TcpOwner | None = None
        self.listener: Listener | None = None
        self.timer: Entry | None = None

    def write(self, data: bytes) -> int:
        """Take bytes to send; returns how many there was room for."""
        taken = self.connection.write(self.layer.now_ns, data)
        self.layer.carry_out(self)
        return taken

    def read(self, maximum: int = 1 << 30) -> bytes:
        """Take bytes that have arrived in order."""
        data = self.connection.read(self.layer.now_ns, maximum)
        self.layer.carry_out(self)
        return data

    def shut_down(self) -> None:
        """No more to send; reading goes on (half-close)."""
        self.connection.close(self.layer.now_ns)
        self.layer.carry_out(self)

    def close(self) -> None:
        """The application lets go: the connection ends in good order without it."""
        self.owner = None
        self.connection.orphaned = True
        if self.connection.receive_buffer.readable:
            # RFC 1122 §4.2.2.13: unread data is lost, and the peer must hear of it
            self.connection.abort()
        else:
            self.connection.close(self.layer.now_ns)
        self.layer.carry_out(self)

    def abort(self) -> None:
        """End the connection at once, with a RST."""
        self.owner = None
        self.connection.abort()
        self.layer.carry_out(self)


class Listener:
    """A listening port.

    Attributes:
        on_accept: called with each connection that has been established.
        backlog: connections that may be half open at a time; a SYN beyond is dropped.
    """

    def __init__(self, layer: TcpLayer, address: bytes, port: int, backlog: int) -> None:
        self.layer = layer
        self.address = address
        self.port = port
        self.backlog = backlog
        self.half_open = 0
        self.is_open = True
        self.on_accept: Callable[[Endpoint], None] = lambda endpoint: endpoint.abort()

    def close(self) -> None:
        """Stop listening; established connections go on, half-open ones end."""
        self.is_open = False
        self.layer.listeners.pop(self.port, None)


class TcpLayer:
    """TCP for one host."""

    def __init__(self, internet: InternetLayer, randomness: random.Random) -> None:
        self.internet = internet
        self.endpoints: dict[Quadruple, Endpoint] = {}
        self.listeners: dict[int, Listener] = {}
        self._randomness = randomness
        internet.protocols[ipv4.Protocol.TCP] = self.receive

    @property
    def now_ns(self) -> int:
        """Virtual time."""
        return self.internet.agenda.now_ns

    def listen(self, address: bytes, port: int, backlog: int = 128) -> Listener:
        """Listen on a port.  Raises OSError if it is taken."""
        if port == 0:
            port = choose_ephemeral_port(self._randomness, self.listeners)
        elif port in self.listeners:
            raise OSError(errno.EADDRINUSE, f"TCP port {port} is in use on {self.internet.node}")
        listener = self.listeners[port] = Listener(self, address, port, backlog)
        return listener

    def connect(self, destination: bytes, port: int, owner: TcpOwner) -> Endpoint:
        """Begin a connection from a port at random.  Raises OSError if there is no route."""
        source = self.internet.source_for(destination)
        taken = {
            quadruple.local_port
            for quadruple in self.endpoints
            if quadruple.remote_address == destination and quadruple.remote_port == port
        }
        local_port = choose_ephemeral_port(self._randomness, taken)
        endpoint = self._endpoint(Quadruple(source, local_port, destination, port))
        endpoint.owner = owner
        endpoint.connection.open_active(self.now_ns)
        self.carry_out(endpoint)
        return endpoint

    def receive(self, received: ReceivedPacket) -> None:
        """A segment arrives."""
        header = received.header
        if self.internet.is_broadcast(header.destination):
            return  # RFC 9293 §3.10.7, MUST-57
        try:
            segment = parse_tcp(header.source, header.destination, received.payload)
        except MalformedPacket as malformed:
            self._record("ip.drop", reason=str(malformed))
            return
        quadruple = Quadruple(header.destination, segment.destination_port, header.source, segment.source_port)
        self._record_segment("tcp.receive", quadruple, segment)
        endpoint = self.endpoints.get(quadruple)
        if endpoint is not None:
            if endpoint.connection.state is State.TIME_WAIT and self._reopens(endpoint, segment):
                self._accept(quadruple, segment)
                return
            endpoint.connection.receive(self.now_ns, segment)
            self._reset_if_nobody_reads(endpoint)
            self.carry_out(endpoint)
        elif segment.flags & SYN and not segment.flags & (ACK | RST):
            self._accept(quadruple, segment)
        elif not segment.flags & RST:
            self._refuse(quadruple, segment)

    def carry_out(self, endpoint: Endpoint) -> None:
        """Do what a connection has left to be done."""
        connection = endpoint.connection
        cause = self.internet.agenda.cause
        for notice in connection.take_notices():
            self.internet.agenda.cause = cause
            self._notice(endpoint, notice)
        segments = connection.take_segments()
        cause = self.internet.agenda.cause
        for segment in segments:
            self.internet.agenda.cause = cause
            self._send(endpoint.quadruple, segment)
        self.internet.agenda.cause = cause
        self._set_timer(endpoint)

    def on_icmp_error(self, message: IcmpMessage, quoted: IPv4Header, payload: bytes) -> None:
        """An ICMP error about one of our segments (RFC 9293 §3.9.2.2)."""
        quadruple = Quadruple(
            quoted.source, payload[0] << 8 | payload[1],
            quoted.destination, payload[2] << 8 | payload[3],
        )  # fmt: skip
        endpoint = self.endpoints.get(quadruple)
        if endpoint is None:
            return
        connection = endpoint.connection
        sequence = int.from_bytes(payload[4:8], "big")
        if not 0 <= distance(connection.sender.snd_una, sequence) <= connection.in_flight:
            return  # RFC 5927 §4.1: not about anything under way
        if (message.type, message.code) == (
            IcmpType.DESTINATION_UNREACHABLE,
            Unreachable.FRAGMENTATION_NEEDED,
        ):
            connection.on_path_mtu(self.now_ns, int.from_bytes(message.rest[2:], "big") or 576)
        elif message.type == IcmpType.DESTINATION_UNREACHABLE:
            number = {
                Unreachable.NETWORK: errno.ENETUNREACH,
                Unreachable.PORT: errno.ECONNREFUSED,
            }.get(message.code, errno.EHOSTUNREACH)
            connection.on_unreachable(OSError(number, describe(message.type, message.code)))
        self.carry_out(endpoint)

    # ---- inside -----------------------------------------------------------------------

    def _endpoint(self, quadruple: Quadruple) -> Endpoint:
        mtu = self.internet.mtu_for(quadruple.remote_address)
        connection = TcpConnection(
            quadruple.local_port,
            quadruple.remote_port,
            self._randomness.getrandbits(32),
            min(mtu, 65_535) - _HEADERS,
        )
        endpoint = self.endpoints[quadruple] = Endpoint(self, quadruple, connection)
        return endpoint

    def _accept(self, quadruple: Quadruple, syn: Segment) -> None:
        listener = self.listeners.get(quadruple.local_port)
        if listener is None or listener.address not in (bytes(4), quadruple.local_address):
            self._refuse(quadruple, syn)
            return
        if listener.half_open >= listener.backlog:
            self._record("tcp.backlog_full", port=listener.port, backlog=listener.backlog)
            return
        try:
            endpoint = self._endpoint(quadruple)
        except NetworkUnreachable as error:
            self._record("ip.drop", reason=str(error))
            return
        endpoint.listener = listener
        listener.half_open += 1
        endpoint.connection.open_passive(self.now_ns, syn)
        self.carry_out(endpoint)

    def _refuse(self, quadruple: Quadruple, segment: Segment) -> None:
        """RFC 9293 §3.10.7.1: nobody there; say so with a RST."""
        local, remote = quadruple.local_port, quadruple.remote_port
        if segment.flags & ACK:
            reset = Segment(local, remote, segment.acknowledgment, 0, RST, 0)
        else:
            reset = Segment(local, remote, 0, add(segment.sequence, segment.length), RST | ACK, 0)
        self._send(quadruple, reset)

    def _reopens(self, endpoint: Endpoint, segment: Segment) -> bool:
        """RFC 9293 §3.6.1: a new SYN beyond the old sequence numbers ends TIME-WAIT."""
        if not segment.flags & SYN or segment.flags & (ACK | RST):
            return False
        if distance(endpoint.connection.receiver.rcv_nxt, segment.sequence) <= 0:
            return False
        if endpoint.timer is not None:
            endpoint.timer.cancel()
        del self.endpoints[endpoint.quadruple]
        return True

    def _reset_if_nobody_reads(self, endpoint: Endpoint) -> None:
        """Data for a connection that the application has let go of (RFC 9293 §3.6)."""
        if endpoint.owner is None and endpoint.listener is None:
            connection = endpoint.connection
            if connection.receive_buffer.readable and connection.state is not State.CLOSED:
                connection.abort()

    def _notice(self, endpoint: Endpoint, notice: Notice) -> None:
        kind = notice.kind
        if kind == "state":
            self._record("tcp.state", connection=str(endpoint.quadruple), **notice.facts)
        elif kind == "retransmit":
            self._record("tcp.retransmit", connection=str(endpoint.quadruple), **notice.facts)
        elif kind == "window":
            self._record("tcp.window", connection=str(endpoint.quadruple), **notice.facts)
        else:
            if kind == "closed":
                # Its place may have been taken by a new connection (from TIME-WAIT).
                if self.endpoints.get(endpoint.quadruple) is endpoint:
                    del self.endpoints[endpoint.quadruple]
            listener = endpoint.listener
            if listener is not None and kind in ("connected", "closed"):
                endpoint.listener = None
                listener.half_open -= 1
                if kind == "connected" and listener.is_open:
                    listener.on_accept(endpoint)
                elif kind == "connected":
                    endpoint.abort()
            if endpoint.owner is not None:
                endpoint.owner.on_notice(notice)

    def _send(self, quadruple: Quadruple, segment: Segment) -> None:
        self._record_segment("tcp.send", quadruple, segment)
        source, destination = quadruple.local_address, quadruple.remote_address
        data = build_tcp(source, destination, segment)
        try:
            self.internet.send(source, destination, ipv4.Protocol.TCP, data, dont_fragment=True)
        except NetworkUnreachable as error:
            self._record("ip.drop", reason=str(error))

    def _set_timer(self, endpoint: Endpoint) -> None:
        deadline_ns = endpoint.connection.deadline_ns
        timer = endpoint.timer
        if timer is not None:
            if timer.callback is not None and timer.time_ns == deadline_ns:
                return
            timer.cancel()
        endpoint.timer = None
        if deadline_ns is not None:
            endpoint.timer = self.internet.agenda.at(deadline_ns, self._timer_strikes, endpoint)

    def _timer_strikes(self, endpoint: Endpoint) -> None:
        endpoint.timer = None
        endpoint.connection.on_timer(self.now_ns)
        self.carry_out(endpoint)

    def _record_segment(self, name: str, quadruple: Quadruple, segment: Segment) -> None:
        if self.internet.recorder.enabled:
            self._record(
                name,
                connection=str(quadruple),
                flags=flags_text(segment.flags),
                sequence=segment.sequence,
                acknowledgment=segment.acknowledgment,
                window=segment.window,
                length=len(segment.payload),
            )

    def _record(self, name: str, /, **fields: Any) -> None:
        self.internet.recorder.record(self.internet.node, name, **fields)
