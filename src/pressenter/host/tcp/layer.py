"""TCP on a host: finds the connection for a segment, drives timers, listens.

The connections decide; this layer carries out: it sends what they leave, sets
one agenda entry for the earliest of a connection's timers, records what they
notice, and tells their owners.

A timer that moves into the future (and with every acknowledgment it does) leaves its
agenda entry where it is: when that comes too early, it is only set anew.
"""

from __future__ import annotations

import errno
import random
from collections import Counter
from typing import Any

from pressenter.host.internet import InternetLayer
from pressenter.host.ports import choose_ephemeral_port
from pressenter.host.received import ReceivedPacket
from pressenter.host.tcp.accepting import Acceptor
from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.encapsulation import Encapsulation
from pressenter.host.tcp.endpoint import Endpoint, Listener, Quadruple, TcpOwner
from pressenter.host.tcp.fast_open import FastOpenCookies
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.sequence import add, distance
from pressenter.host.tcp.states import State
from pressenter.host.transport_errors import TransportError
from pressenter.host.unreachable import NetworkUnreachable
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.malformed import MalformedPacket
from pressenter.wire.tcp import ACK, FIN, NO_OPTIONS, RST, SYN, Options, Segment, build_tcp, flags_text, parse_tcp

__all__ = ["Endpoint", "Listener", "Quadruple", "TcpLayer", "TcpOwner"]

_TCP_HEADER = 20
_IP_HEADERS = {4: 20, 16: 40}  # by the length of an address
_LARGEST_MSS = 65_495


class TcpLayer:
    """TCP for one host.

    Attributes:
        parameters: the host's settings; connections made from now on take them.
        endpoints: every connection that is not closed.
        acceptor: the listening ports.
        counters: how often what happened, with the names of ``nstat``.
    """

    def __init__(self, internet: InternetLayer, randomness: random.Random) -> None:
        self.internet = internet
        self.parameters = TcpParameters()
        self.endpoints: dict[Quadruple, Endpoint] = {}
        self.counters: Counter[str] = Counter()
        self.fast_open = FastOpenCookies()
        self.encapsulation: Encapsulation | None = None
        self._randomness = randomness
        self.acceptor = Acceptor(self, randomness)
        internet.protocols[Protocol.TCP] = self.receive

    @property
    def now_ns(self) -> int:
        """Virtual time."""
        return self.internet.agenda.now_ns

    @property
    def listeners(self) -> dict[int, list[Listener]]:
        """Listening ports; those of one port differ in their address."""
        return self.acceptor.listeners

    # ---- opening ----------------------------------------------------------------------------

    def listen(
        self, address: bytes, port: int, backlog: int = 128, parameters: TcpParameters | None = None
    ) -> Listener:
        """Listen on a port; 0 means any that is free.  Raises OSError if it is taken."""
        return self.acceptor.listen(address, port, backlog, parameters)

    def connect(self, destination: bytes, port: int, owner: TcpOwner) -> Endpoint:
        """Begin a connection from a port at random.  Raises OSError if there is no route."""
        endpoint = self.prepare(destination, port, owner)
        self.open(endpoint)
        return endpoint

    def prepare(
        self, destination: bytes, port: int, owner: TcpOwner,
        local: tuple[bytes, int] | None = None, parameters: TcpParameters | None = None,
    ) -> Endpoint:  # fmt: skip
        """A connection that is not opened yet.  Raises OSError if there is no route, or its port is taken."""
        address, local_port = local or (b"", 0)
        source = address if any(address) else self.internet.source_for(destination)
        if not local_port:
            taken = {q.local_port for q in self.endpoints if q.remote_address == destination and q.remote_port == port}
            local_port = choose_ephemeral_port(self._randomness, taken)
        quadruple = Quadruple(source, local_port, destination, port)
        there = self.endpoints.get(quadruple)
        if there is not None and not self._may_reuse(there):
            raise OSError(errno.EADDRINUSE, f"{quadruple} is in use on {self.internet.node}")
        endpoint = self.new_endpoint(quadruple, parameters or self.parameters)
        endpoint.owner = owner
        return endpoint

    def open(self, endpoint: Endpoint, early_data: bytes = b"", fast_open: bool = False) -> int:
        """Send the SYN; returns how many bytes of data were taken to go with or after it."""
        connection, quadruple = endpoint.connection, endpoint.quadruple
        cookie = None
        if fast_open:
            cookie = self.fast_open.offer((quadruple.remote_address, quadruple.remote_port))
        taken = connection.open_active(self.now_ns, early_data, cookie)
        self.counters["TcpActiveOpens"] += 1
        self.carry_out(endpoint)
        return taken

    def _may_reuse(self, endpoint: Endpoint) -> bool:
        """A client may take a pair of ports from TIME-WAIT after a second, if timestamps tell old from new
        (RFC 6191; Linux's tcp_tw_reuse)."""
        connection = endpoint.connection
        if connection.state is not State.TIME_WAIT or not connection.negotiation.timestamps:
            return False
        until_ns = connection.lifetime.time_wait_until_ns or 0
        return self.now_ns - (until_ns - connection.parameters.time_wait_ns) >= 1_000_000_000

    # ---- a segment arrives --------------------------------------------------------------------

    def receive(self, received: ReceivedPacket) -> None:
        """A packet with a segment arrives."""
        if received.broadcast:
            return  # RFC 9293 §3.10.7, MUST-57
        self.receive_segment(received.source, received.destination, received.payload, received.tos, None)

    def receive_segment(self, source: bytes, destination: bytes, data: bytes, tos: int, udp_port: int | None) -> None:
        """A segment arrives, straight in a packet or in a datagram from ``udp_port``."""
        self.counters["TcpInSegs"] += 1
        try:
            segment = parse_tcp(source, destination, data)
        except MalformedPacket as malformed:
            self.counters["TcpInErrs"] += 1
            self.record("ip.drop", reason=str(malformed))
            return
        if tos & 3:
            segment = segment._replace(ecn=tos & 3)
        quadruple = Quadruple(destination, segment.destination_port, source, segment.source_port)
        endpoint = self.endpoints.get(quadruple)
        if endpoint is None or endpoint.encapsulation != udp_port:
            self._receive_unexpected(quadruple, segment, udp_port, endpoint)
            return
        self._record_segment("tcp.receive", endpoint.name, segment)
        waiting = endpoint.connection.state is State.TIME_WAIT
        if self.parameters.drop_syn_fin and segment.flags & SYN and segment.flags & FIN and not waiting:
            self.record("ip.drop", reason="SYN and FIN together")
            return
        if waiting and self._reopens(endpoint, segment):
            self.acceptor.accept(quadruple, segment, udp_port)
            return
        endpoint.connection.receive(self.now_ns, segment)
        self._reset_if_nobody_reads(endpoint)
        self.carry_out(endpoint)

    def _receive_unexpected(
        self, quadruple: Quadruple, segment: Segment, udp_port: int | None, other: Endpoint | None
    ) -> None:
        """RFC 9293 §3.10.7.1 and §3.10.7.2: for a listener, or for nobody.

        ``other`` has the same addresses and ports, but not in these UDP datagrams.
        """
        self._record_segment("tcp.receive", str(quadruple), segment)
        flags = segment.flags
        if self.parameters.drop_syn_fin and flags & SYN and flags & FIN:
            self.record("ip.drop", reason="SYN and FIN together")
        elif flags & RST:
            return
        elif other is not None and other.connection.state is State.TIME_WAIT and self._reopens(other, segment):
            self.acceptor.accept(quadruple, segment, udp_port)
        elif other is not None:
            self.refuse(quadruple, segment, udp_port, other.tos, other.hop_limit)
        elif flags & ACK:
            if not self.acceptor.accept_cookie(quadruple, segment, udp_port):
                self.refuse(quadruple, segment, udp_port)
        elif flags & SYN:
            self.acceptor.accept(quadruple, segment, udp_port)
        elif self.acceptor.listener_for(quadruple) is None:
            self.refuse(quadruple, segment, udp_port)

    # ---- carrying out -------------------------------------------------------------------------

    def carry_out(self, endpoint: Endpoint) -> None:
        """Do what a connection has left to be done."""
        connection = endpoint.connection
        agenda = self.internet.agenda
        if connection.has_notices:
            cause = agenda.cause
            for notice in connection.take_notices():
                agenda.cause = cause
                self._notice(endpoint, notice)
        if connection.has_segments:
            cause = agenda.cause
            for segment in connection.take_segments():
                agenda.cause = cause
                self._send(endpoint, segment)
            agenda.cause = cause
        self._set_timer(endpoint)

    def on_icmp_error(self, error: TransportError) -> None:
        """An ICMP error about one of our segments (RFC 9293 §3.9.2.2)."""
        payload = error.payload
        quadruple = Quadruple(
            error.source, payload[0] << 8 | payload[1], error.destination, payload[2] << 8 | payload[3]
        )
        endpoint = self.endpoints.get(quadruple)
        if endpoint is None or len(payload) < 8 or endpoint.encapsulation != error.udp_port:
            return
        connection = endpoint.connection
        sequence = int.from_bytes(payload[4:8], "big")
        if not 0 <= distance(connection.snd_una, sequence) < max(1, connection.in_flight):
            return  # RFC 5927 §4.1: not about anything under way
        if error.mtu is not None:
            connection.on_path_mtu(self.now_ns, error.mtu)
        elif error.error is not None:
            connection.on_unreachable(error.error, error.hard)
        self.carry_out(endpoint)

    # ---- inside -----------------------------------------------------------------------

    def segment_size(self, quadruple: Quadruple) -> int:
        """RFC 9293 §3.7.1: the MTU less the headers of IP and TCP, and of UDP if that carries it."""
        mtu = self.internet.link_mtu_for(quadruple.remote_address)
        return min(mtu - _IP_HEADERS[len(quadruple.remote_address)] - _TCP_HEADER, _LARGEST_MSS)

    def new_endpoint(self, quadruple: Quadruple, parameters: TcpParameters) -> Endpoint:
        connection = TcpConnection(
            quadruple.local_port,
            quadruple.remote_port,
            self._randomness.getrandbits(32),
            self.segment_size(quadruple),
            parameters,
            headers=_IP_HEADERS[len(quadruple.remote_address)] + _TCP_HEADER,
            clock_offset=self._randomness.getrandbits(32),
        )
        connection.negotiation.large_segments = self.internet.takes_large_segments(quadruple.remote_address)
        endpoint = self.endpoints[quadruple] = Endpoint(self, quadruple, connection)
        return endpoint

    def refuse(
        self, quadruple: Quadruple, segment: Segment, udp_port: int | None, tos: int = 0, hop_limit: int | None = None
    ) -> None:
        """RFC 9293 §3.10.7.1: nobody there; say so with a RST."""
        local, remote = quadruple.local_port, quadruple.remote_port
        if segment.flags & ACK:
            reset = Segment(local, remote, segment.acknowledgment, 0, RST, 0)
        else:
            reset = Segment(local, remote, 0, add(segment.sequence, segment.length), RST | ACK, 0)
        self.counters["TcpOutRsts"] += 1
        self.send_segment(quadruple, reset, "", tos, hop_limit, udp_port)

    def _reopens(self, endpoint: Endpoint, segment: Segment) -> bool:
        """RFC 9293 §3.6.1: a new SYN beyond the old sequence numbers ends TIME-WAIT."""
        if not segment.flags & SYN or segment.flags & (ACK | RST | FIN):
            return False
        connection = endpoint.connection
        if self.acceptor.listener_for(endpoint.quadruple) is None:
            return False
        if not self._is_newer(connection, segment):
            return False
        if endpoint.timer is not None:
            endpoint.timer.cancel()
        del self.endpoints[endpoint.quadruple]
        return True

    def _is_newer(self, connection: TcpConnection, segment: Segment) -> bool:
        """By the timestamp if there is one (RFC 6191 §2), or else by the sequence number."""
        recent, stamp = connection.receiver.timestamp, segment.options.timestamp
        if recent is not None and stamp is not None:
            return distance(recent, stamp[0]) > 0
        return distance(connection.rcv_nxt, segment.sequence) > 0

    def _reset_if_nobody_reads(self, endpoint: Endpoint) -> None:
        """Data for a connection that the application has let go of (RFC 9293 §3.6)."""
        if endpoint.owner is None and endpoint.listener is None:
            connection = endpoint.connection
            if connection.receive_buffer.readable and connection.state is not State.CLOSED:
                connection.abort()

    def _notice(self, endpoint: Endpoint, notice: Notice) -> None:
        kind = notice.kind
        if kind == "state":
            self.record("tcp.state", connection=endpoint.name, **notice.facts)
        elif kind == "retransmit":
            self.counters["TcpRetransSegs"] += 1
            self.record("tcp.retransmit", connection=endpoint.name, **notice.facts)
        elif kind == "window":
            self.record("tcp.window", connection=endpoint.name, **notice.facts)
        elif kind == "fast_open":
            server = (endpoint.quadruple.remote_address, endpoint.quadruple.remote_port)
            self.fast_open.learn(server, notice.facts["cookie"], notice.facts["refused"])
        else:
            self._tell(endpoint, notice)

    def _tell(self, endpoint: Endpoint, notice: Notice) -> None:
        kind = notice.kind
        if kind == "closed":
            # Its place may have been taken by a new connection (from TIME-WAIT).
            if self.endpoints.get(endpoint.quadruple) is endpoint:
                del self.endpoints[endpoint.quadruple]
        listener = endpoint.listener
        if listener is not None and kind in ("connected", "closed"):
            self.acceptor.leave_queue(endpoint, listener, kind == "connected")
        if endpoint.owner is not None:
            endpoint.owner.on_notice(notice)

    def _send(self, endpoint: Endpoint, segment: Segment) -> None:
        known = _path_recorded(endpoint.connection) if self.internet.recorder.enabled else None
        self.send_segment(
            endpoint.quadruple, segment, endpoint.name, endpoint.tos, endpoint.hop_limit, endpoint.encapsulation, known
        )

    def send_segment(
        self, quadruple: Quadruple, segment: Segment, name: str = "", tos: int = 0, hop_limit: int | None = None,
        udp_port: int | None = None, known: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self._record_segment("tcp.send", name or str(quadruple), segment, known)
        self.counters["TcpOutSegs"] += 1
        source, destination = quadruple.local_address, quadruple.remote_address
        data = build_tcp(source, destination, segment)
        if udp_port is not None and self.encapsulation is not None:
            self.encapsulation.send(source, destination, udp_port, data, tos | segment.ecn, hop_limit)
            return
        try:
            self.internet.send(
                source, destination, Protocol.TCP, data, dont_fragment=True, tos=tos | segment.ecn, ttl=hop_limit
            )
        except NetworkUnreachable as error:
            self.record("ip.drop", reason=str(error))

    def _set_timer(self, endpoint: Endpoint) -> None:
        deadline_ns = endpoint.connection.deadline_ns
        timer = endpoint.timer
        if deadline_ns is None:
            if timer is not None:
                timer.cancel()
                endpoint.timer = None
            return
        if timer is not None:
            if timer.callback is not None and timer.time_ns <= deadline_ns:
                return
            timer.cancel()
        endpoint.timer = self.internet.agenda.at(deadline_ns, self._timer_strikes, endpoint)

    def _timer_strikes(self, endpoint: Endpoint) -> None:
        endpoint.timer = None
        deadline_ns = endpoint.connection.deadline_ns
        if deadline_ns is not None and deadline_ns <= self.now_ns:
            endpoint.connection.on_timer(self.now_ns)
            self.carry_out(endpoint)
        else:
            self._set_timer(endpoint)

    def _record_segment(
        self, name: str, connection: str, segment: Segment, known: dict[str, Any] | None = None
    ) -> None:
        if self.internet.recorder.enabled:
            self.record(
                name,
                connection=connection,
                flags=flags_text(segment.flags),
                sequence=segment.sequence,
                acknowledgment=segment.acknowledgment,
                window=segment.window,
                length=len(segment.payload),
                **_options_recorded(segment.options),
                **(known or {}),
            )

    def record(self, name: str, /, **fields: Any) -> None:
        self.internet.recorder.record(self.internet.node, name, **fields)


def _path_recorded(connection: TcpConnection) -> dict[str, Any]:
    """What a connection knows of its path when it sends: bytes in flight, its window for them, the round-trip time."""
    sender = connection.sender
    facts = {"in_flight": sender.in_flight, "congestion_window": sender.congestion.window}
    if sender.round_trip.smoothed_ns is not None:
        facts["rtt_ns"] = sender.round_trip.smoothed_ns
    return facts


def _options_recorded(options: Options) -> dict[str, Any]:
    """The options that a segment has, for the recording."""
    if options is NO_OPTIONS:
        return {}
    facts: dict[str, Any] = {}
    if options.sack_blocks:
        facts["sack"] = options.sack_blocks
    if options.timestamp is not None:
        facts["timestamp"] = options.timestamp
    return facts
