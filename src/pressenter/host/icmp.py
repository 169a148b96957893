"""ICMP on a host: answers echoes, reports errors, and passes errors on (RFC 1122 §3.2.2)."""

from __future__ import annotations

from collections.abc import Callable

from pressenter.host.error_rate import ErrorRate
from pressenter.host.internet import InternetLayer
from pressenter.host.received import ReceivedPacket
from pressenter.host.routes import Route
from pressenter.host.transport_errors import TransportError, error_of_icmp
from pressenter.host.unreachable import NetworkUnreachable
from pressenter.wire import ipv4
from pressenter.wire.address import ipv4_text
from pressenter.wire.icmp import IcmpMessage, IcmpType, Unreachable, build_icmp, describe, is_error, parse_icmp
from pressenter.wire.ipv4 import parse_ipv4
from pressenter.wire.malformed import MalformedPacket

__all__ = ["IcmpLayer"]

_NEXT_LOWER_MTU = 576
#: A router's errors carry as much of the packet as fits 576 bytes (RFC 1812 §4.3.2.3).
QUOTED_BYTES = 576 - 20 - 8


#: Called with the source of the answer, and the message.
OnReply = Callable[[bytes, IcmpMessage], None]


class IcmpLayer:
    """ICMP for one host.

    Attributes:
        listeners: by IP protocol number, who hears of errors.
    """

    def __init__(self, internet: InternetLayer) -> None:
        self.internet = internet
        self.listeners: dict[int, Callable[[TransportError], None]] = {}
        self._echoes: dict[tuple[int, int], OnReply] = {}
        self._rate = ErrorRate()
        self.received_ttl = 0  # of the message that is being answered or told of
        internet.icmp = self
        internet.protocols[ipv4.Protocol.ICMP] = self.receive

    def echo(
        self,
        destination: bytes,
        identifier: int,
        sequence: int,
        on_reply: OnReply,
        data: bytes = b"pressenter",
        ttl: int = ipv4.DEFAULT_TTL,
    ) -> None:
        """Send an echo request.  ``on_reply`` gets the reply, or the error that came instead."""
        self._echoes[identifier, sequence] = on_reply
        rest = identifier.to_bytes(2, "big") + sequence.to_bytes(2, "big")
        message = IcmpMessage(IcmpType.ECHO_REQUEST, 0, rest, data)
        source = self.internet.source_for(destination)
        self._send(source, destination, message, ttl)

    def send_error(self, packet: bytes, icmp_type: int, code: int, rest: bytes = b"\0\0\0\0") -> None:
        """Tell the sender of ``packet`` what became of it, unless RFC 1122 §3.2.2 forbids it."""
        header = parse_ipv4(packet)
        if header.fragment_offset or header.destination[0] >= 224 or header.source == bytes(4):
            return
        if self.internet.is_broadcast(header.destination) or self.internet.is_broadcast(header.source):
            return
        if header.protocol == ipv4.Protocol.ICMP and (
            len(packet) <= header.header_length or is_error(packet[header.header_length])
        ):
            return
        message = IcmpMessage(icmp_type, code, rest, packet[:QUOTED_BYTES])
        if self.internet.is_own(header.source):
            # The packet was our own: the error need not travel.
            self._error(header.source, message)
            return
        if self.internet.routes.lookup(header.source) is None:
            return
        if not self._rate.allows(self.internet.agenda.now_ns, header.source):
            return
        self._send(self.internet.source_for(header.source), header.source, message)

    def receive(self, received: ReceivedPacket) -> None:
        """A message arrives."""
        try:
            message = parse_icmp(received.payload)
        except MalformedPacket as malformed:
            self.internet.recorder.record(self.internet.node, "ip.drop", reason=str(malformed))
            return
        self.received_ttl = received.ttl
        if message.type == IcmpType.ECHO_REQUEST:
            if received.broadcast:
                return  # RFC 1122 §3.2.2.6 lets us be silent, lest everybody answer at once
            self._record("icmp.receive", message, received.source)
            reply = message._replace(type=IcmpType.ECHO_REPLY)
            self._send(received.destination, received.source, reply)
        elif message.type == IcmpType.ECHO_REPLY:
            self._record("icmp.receive", message, received.source)
            self._answer_echo(message.rest, received.source, message)
        elif message.type == IcmpType.REDIRECT:
            self._take_redirect(received, message)
        elif is_error(message.type):
            self._error(received.source, message)

    def _take_redirect(self, received: ReceivedPacket, message: IcmpMessage) -> None:
        """RFC 1122 §3.2.2.2: believed only from the router that we use now, about a neighbour."""
        self._record("icmp.receive", message, received.source)
        internet, gateway = self.internet, message.rest
        if internet.forwarding or len(message.data) < 20:
            return
        destination = message.data[16:20]
        route = internet.routes.lookup(destination)
        better = internet.routes.lookup(gateway)
        if route is None or route.gateway != received.source or better is None or better.gateway is not None:
            return
        if better.interface is not route.interface or internet.is_own(gateway):
            return
        if route.prefix_length == 32:
            internet.routes.remove(route.interface, destination, 32, route.gateway)
        internet.routes.add(Route(destination, 32, gateway, route.interface, route.source))

    def _error(self, reporter: bytes, message: IcmpMessage) -> None:
        self._record("icmp.receive", message, reporter)
        try:
            quoted = parse_ipv4(message.data + bytes(max(0, _total_length(message.data) - len(message.data))))
        except MalformedPacket:
            return
        payload = message.data[quoted.header_length :]
        if quoted.protocol == ipv4.Protocol.ICMP and len(payload) >= 8:
            self._answer_echo(payload[4:8], reporter, message)
            return
        listener = self.listeners.get(quoted.protocol)
        if listener is None or len(payload) < 8:
            return
        error, hard = error_of_icmp(message.type, message.code)
        mtu = None
        if (message.type, message.code) == (IcmpType.DESTINATION_UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED):
            # RFC 1191 §3: an old router does not say how much; then a common MTU is tried.
            mtu = int.from_bytes(message.rest[2:], "big") or _NEXT_LOWER_MTU
            self.internet.learn_path_mtu(quoted.destination, mtu)
        listener(TransportError(quoted.source, quoted.destination, payload, error, hard, mtu))

    def _answer_echo(self, rest: bytes, source: bytes, message: IcmpMessage) -> None:
        key = (int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:], "big"))
        on_reply = self._echoes.pop(key, None)
        if on_reply is not None:
            on_reply(source, message)

    def _send(self, source: bytes, destination: bytes, message: IcmpMessage, ttl: int = ipv4.DEFAULT_TTL) -> None:
        self._record("icmp.send", message, destination)
        try:
            self.internet.send(source, destination, ipv4.Protocol.ICMP, build_icmp(message), ttl=ttl)
        except NetworkUnreachable as error:
            self.internet.recorder.record(self.internet.node, "ip.drop", reason=str(error))

    def _record(self, name: str, message: IcmpMessage, peer: bytes) -> None:
        self.internet.recorder.record(
            self.internet.node, name, message=describe(message.type, message.code), peer=ipv4_text(peer)
        )


def _total_length(packet: bytes) -> int:
    """The total length field of a packet of which only the beginning is quoted."""
    return packet[2] << 8 | packet[3] if len(packet) >= 4 else 0
