"""ICMP on a host: answers echoes, reports errors, and passes errors on (RFC 1122 §3.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pressenter.host.internet import InternetLayer, NetworkUnreachable, ReceivedPacket
from pressenter.wire import ipv4
from pressenter.wire.address import ipv4_text
from pressenter.wire.icmp import IcmpMessage, IcmpType, build_icmp, describe, is_error, parse_icmp
from pressenter.wire.ipv4 import IPv4Header, parse_ipv4
from pressenter.wire.malformed import MalformedPacket

__all__ = ["IcmpLayer", "IcmpListener"]

#: A router's errors carry as much of the packet as fits 576 bytes (RFC 1812 §4.3.2.3).
QUOTED_BYTES = 576 - 20 - 8


class IcmpListener(Protocol):
    """A transport protocol that wants to hear of errors about its packets."""

    def __call__(self, message: IcmpMessage, quoted: IPv4Header, payload: bytes) -> None:
        """``quoted`` and ``payload`` are of the packet that the error is about."""


class IcmpLayer:
    """ICMP for one host.

    Attributes:
        listeners: by IP protocol number, who hears of errors.
    """

    def __init__(self, internet: InternetLayer) -> None:
        self.internet = internet
        self.listeners: dict[int, IcmpListener] = {}
        self._echoes: dict[tuple[int, int], Callable[[IPv4Header, IcmpMessage], None]] = {}
        internet.icmp = self
        internet.protocols[ipv4.Protocol.ICMP] = self.receive

    def echo(
        self,
        destination: bytes,
        identifier: int,
        sequence: int,
        on_reply: Callable[[IPv4Header, IcmpMessage], None],
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
        self._send(self.internet.source_for(header.source), header.source, message)

    def receive(self, received: ReceivedPacket) -> None:
        """A message arrives."""
        try:
            message = parse_icmp(received.payload)
        except MalformedPacket as malformed:
            self.internet.recorder.record(self.internet.node, "ip.drop", reason=str(malformed))
            return
        header = received.header
        if message.type == IcmpType.ECHO_REQUEST:
            if self.internet.is_broadcast(header.destination):
                return  # RFC 1122 §3.2.2.6 lets us be silent, lest everybody answer at once
            self._record("icmp.receive", message, header.source)
            reply = message._replace(type=IcmpType.ECHO_REPLY)
            self._send(header.destination, header.source, reply)
        elif message.type == IcmpType.ECHO_REPLY:
            self._record("icmp.receive", message, header.source)
            self._answer_echo(message.rest, header, message)
        elif is_error(message.type):
            self._error(header.source, message)

    def _error(self, reporter: bytes, message: IcmpMessage) -> None:
        self._record("icmp.receive", message, reporter)
        try:
            quoted = parse_ipv4(message.data + bytes(max(0, _total_length(message.data) - len(message.data))))
        except MalformedPacket:
            return
        payload = message.data[quoted.header_length :]
        if quoted.protocol == ipv4.Protocol.ICMP and len(payload) >= 8:
            self._answer_echo(payload[4:8], quoted._replace(source=reporter), message)
            return
        listener = self.listeners.get(quoted.protocol)
        if listener is not None and len(payload) >= 8:
            listener(message, quoted, payload)

    def _answer_echo(self, rest: bytes, header: IPv4Header, message: IcmpMessage) -> None:
        key = (int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:], "big"))
        on_reply = self._echoes.pop(key, None)
        if on_reply is not None:
            on_reply(header, message)

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
