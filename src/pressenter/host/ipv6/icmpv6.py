"""ICMPv6 on a host: echoes, errors, and the messages of neighbour discovery (RFC 4443, RFC 4861)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pressenter.host.error_rate import ErrorRate
from pressenter.host.internet import InternetLayer
from pressenter.host.received import ReceivedPacket
from pressenter.host.transport_errors import TransportError, error_of_icmpv6
from pressenter.wire.address import UNSPECIFIED_IPV6, address_text, is_link_local, is_multicast
from pressenter.wire.icmp import IcmpMessage, describe
from pressenter.wire.icmpv6 import Icmpv6Type, build_icmpv6, is_error, parse_icmpv6
from pressenter.wire.ipv6 import HEADER_LENGTH, ICMPV6, MINIMUM_MTU, parse_ipv6, skip_extensions
from pressenter.wire.malformed import MalformedPacket

if TYPE_CHECKING:
    from pressenter.host.ipv6.interface import IPv6Interface

__all__ = ["Icmpv6Layer"]

_DISCOVERY = range(Icmpv6Type.ROUTER_SOLICITATION, Icmpv6Type.REDIRECT + 1)
_DISCOVERY_HOP_LIMIT = 255  # RFC 4861 §11.2: what comes from another link has less

#: Called with the source of the answer, and the message.
OnReply = Callable[[bytes, IcmpMessage], None]


class Icmpv6Layer:
    """ICMPv6 for one host.

    Attributes:
        listeners: by protocol number, who hears of errors.
    """

    def __init__(self, internet: InternetLayer) -> None:
        self.internet = internet
        self.listeners: dict[int, Callable[[TransportError], None]] = {}
        self._echoes: dict[tuple[int, int], OnReply] = {}
        self._rate = ErrorRate()
        internet.ipv6.icmp = self
        internet.protocols[ICMPV6] = self.receive

    def send(
        self, source: bytes, destination: bytes, message: IcmpMessage, *,
        hop_limit: int | None = None, interface: IPv6Interface | None = None,
    ) -> None:  # fmt: skip
        """Send a message."""
        self._record("icmp.send", message, destination)
        data = build_icmpv6(source, destination, message)
        self.internet.ipv6.send(source, destination, ICMPV6, data, hop_limit=hop_limit, interface=interface)

    def echo(
        self, destination: bytes, identifier: int, sequence: int, on_reply: OnReply,
        data: bytes = b"pressenter", hop_limit: int | None = None,
    ) -> None:  # fmt: skip
        """Send an echo request.  ``on_reply`` gets the reply, or the error that came instead."""
        self._echoes[identifier, sequence] = on_reply
        rest = identifier.to_bytes(2, "big") + sequence.to_bytes(2, "big")
        source = self.internet.source_for(destination)
        self.send(source, destination, IcmpMessage(Icmpv6Type.ECHO_REQUEST, 0, rest, data), hop_limit=hop_limit)

    def send_error(self, packet: bytes, icmp_type: int, code: int, rest: bytes = b"\0\0\0\0") -> None:
        """Tell the sender of ``packet`` what became of it, unless RFC 4443 §2.4 (e) forbids it."""
        header = parse_ipv6(packet)
        if header.source == UNSPECIFIED_IPV6 or is_multicast(header.source):
            return
        if is_multicast(header.destination) and icmp_type != Icmpv6Type.PACKET_TOO_BIG:
            return
        if header.next_header == ICMPV6 and (len(packet) <= HEADER_LENGTH or is_error(packet[HEADER_LENGTH])):
            return
        message = IcmpMessage(icmp_type, code, rest, packet[: MINIMUM_MTU - HEADER_LENGTH - 8])
        if self.internet.is_own(header.source):
            self._error(header.source, message)
            return
        source = self.internet.ipv6.source_for(header.source)
        if source is None or not self._rate.allows(self.internet.agenda.now_ns, header.source):
            return
        self.send(source, header.source, message)

    def receive(self, received: ReceivedPacket) -> None:
        """A message arrives."""
        try:
            message = parse_icmpv6(received.source, received.destination, received.payload)
            self._record("icmp.receive", message, received.source)
            if message.type in _DISCOVERY:
                self._discover(received, message)
            elif message.type == Icmpv6Type.ECHO_REQUEST:
                self._answer(received, message)
            elif message.type == Icmpv6Type.ECHO_REPLY:
                self._answer_echo(message.rest, received.source, message)
            elif is_error(message.type):
                self._error(received.source, message)
        except MalformedPacket as malformed:
            self.internet.recorder.record(self.internet.node, "ip.drop", reason=str(malformed))

    def _answer(self, received: ReceivedPacket, message: IcmpMessage) -> None:
        source = received.destination
        if is_multicast(source):
            source = self.internet.ipv6.source_for(received.source) or source
        interface = received.interface.ipv6 if is_link_local(received.source) else None
        self.send(source, received.source, message._replace(type=Icmpv6Type.ECHO_REPLY), interface=interface)

    def _discover(self, received: ReceivedPacket, message: IcmpMessage) -> None:
        """RFC 4861 §6.1, §7.1: only from this link, and long enough."""
        interface = received.interface.ipv6
        if interface is None or received.ttl != _DISCOVERY_HOP_LIMIT or message.code != 0:
            raise MalformedPacket("ICMPv6", "neighbour discovery from beyond the link")
        kind, source = message.type, received.source
        if kind == Icmpv6Type.ROUTER_SOLICITATION:
            if interface.announced:
                interface.advertise()
        elif kind == Icmpv6Type.ROUTER_ADVERTISEMENT:
            if len(message.data) < 8 or not is_link_local(source):
                raise MalformedPacket("ICMPv6", "a router advertisement that is none")
            if not self.internet.forwarding:
                interface.on_router_advertisement(source, message)
        elif len(message.data) < 16 or is_multicast(message.data[:16]):
            raise MalformedPacket("ICMPv6", "neighbour discovery without a target")
        elif kind == Icmpv6Type.NEIGHBOUR_SOLICITATION:
            interface.neighbours.on_solicitation(source, message)
        elif kind == Icmpv6Type.NEIGHBOUR_ADVERTISEMENT:
            interface.neighbours.on_advertisement(message)

    def _error(self, reporter: bytes, message: IcmpMessage) -> None:
        quoted = message.data
        if len(quoted) < HEADER_LENGTH:
            return
        # Only the beginning is quoted: make the length right for the parser.
        padded = quoted + bytes(max(0, HEADER_LENGTH + int.from_bytes(quoted[4:6], "big") - len(quoted)))
        try:
            header = parse_ipv6(padded)
            extended = skip_extensions(padded, header)
        except MalformedPacket:
            return
        if not self.internet.is_own(header.source):
            return
        payload = quoted[extended.offset :]
        mtu = int.from_bytes(message.rest, "big") if message.type == Icmpv6Type.PACKET_TOO_BIG else None
        if mtu is not None:
            self.internet.ipv6.learn_path_mtu(header.destination, mtu)
            mtu = self.internet.ipv6.mtu_for(header.destination)
        if extended.next_header == ICMPV6 and len(payload) >= 8:
            self._answer_echo(payload[4:8], reporter, message)
            return
        listener = self.listeners.get(extended.next_header)
        if listener is not None and len(payload) >= 8:
            error, hard = error_of_icmpv6(message.type, message.code)
            listener(TransportError(header.source, header.destination, payload, error, hard, mtu))

    def _answer_echo(self, rest: bytes, source: bytes, message: IcmpMessage) -> None:
        key = (int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:], "big"))
        on_reply = self._echoes.pop(key, None)
        if on_reply is not None:
            on_reply(source, message)

    def _record(self, name: str, message: IcmpMessage, peer: bytes) -> None:
        self.internet.recorder.record(
            self.internet.node, name, message=describe(message.type, message.code, 6), peer=address_text(peer)
        )
