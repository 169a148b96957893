"""Network address and port translation (RFC 3022, RFC 4787, RFC 5508).

A private network shares one public address.  The first packet of a flow from
inside makes a *mapping*: inside address and port (for ICMP, the echo identifier)
to a port of the public address.  Packets out get the public source, packets back
the inside destination; checksums follow (RFC 3022 §4.1).  What comes from outside
without a mapping is dropped.  Mappings that nobody uses are forgotten.

ICMP errors carry the header of a packet that was already translated, so the
quoted header is translated back too (RFC 5508 §4.2).
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pressenter.host.interface import Interface
from pressenter.sim import Agenda
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_text
from pressenter.wire.checksum import internet_checksum, update_checksum
from pressenter.wire.icmp import IcmpType, is_error
from pressenter.wire.ipv4 import Protocol

__all__ = ["TIMEOUTS_NS", "AddressTranslator", "Flow"]

_SECOND = 1_000_000_000

#: How long an unused mapping lives.  RFC 5382 §5, RFC 4787 §4.3, RFC 5508 §3.2.
TIMEOUTS_NS: Mapping[int, int] = {
    Protocol.TCP: 7_440 * _SECOND,
    Protocol.UDP: 300 * _SECOND,
    Protocol.ICMP: 60 * _SECOND,
}

#: Where the port (or ICMP identifier) of the sender and of the receiver, and the
#: checksum, stand in the transport header.
_SOURCE_PORT = {Protocol.TCP: 0, Protocol.UDP: 0, Protocol.ICMP: 4}
_DESTINATION_PORT = {Protocol.TCP: 2, Protocol.UDP: 2, Protocol.ICMP: 4}
_CHECKSUM = {Protocol.TCP: 16, Protocol.UDP: 6, Protocol.ICMP: 2}


class Flow(NamedTuple):
    """One inside endpoint, as its packets name it."""

    protocol: int
    address: bytes
    port: int


class AddressTranslator:
    """Translates between the inside and one outside interface.

    Attributes:
        mappings: inside flow to (public port, time last used in ns).
    """

    def __init__(
        self,
        node: str,
        outside: Interface,
        agenda: Agenda,
        recorder: Recorder,
        randomness: random.Random,
        port_range: range = range(1024, 65_536),
    ) -> None:
        self.node = node
        self.outside = outside
        self.agenda = agenda
        self.recorder = recorder
        self.port_range = port_range
        self.mappings: dict[Flow, tuple[int, int]] = {}
        #: Whether a program on the router itself holds a port.
        self.is_taken: Callable[[int, int], bool] = lambda protocol, port: False
        self._inside: dict[tuple[int, int], Flow] = {}
        #: Each protocol's flows, the one that was used longest ago first.
        self._by_use: dict[int, OrderedDict[Flow, None]] = {protocol: OrderedDict() for protocol in TIMEOUTS_NS}
        self._randomness = randomness

    # ---- hooks of the Internet layer ---------------------------------------------------

    def postrouting(self, interface: Interface, packet: bytes) -> bytes | None:
        """A packet is about to leave: if to the outside, give it the public source."""
        if interface is not self.outside:
            return packet
        protocol, source = packet[9], packet[12:16]
        if source == self.outside.address:
            return packet  # the router's own
        header_length = (packet[0] & 0x0F) * 4
        if not self._is_translatable(packet, header_length, protocol):
            self._drop("protocol or fragment without a port")
            return None
        offset = header_length + _SOURCE_PORT[protocol]
        flow = Flow(protocol, source, packet[offset] << 8 | packet[offset + 1])
        public_port = self._map(flow)
        if public_port is None:
            self._drop("every port is in use")
            return None
        return _rewrite(packet, 12, self.outside.address, offset, public_port)

    def prerouting(self, interface: Interface, packet: bytes) -> bytes | None:
        """A packet has arrived: if from outside for the public address, find who is meant."""
        if interface is not self.outside or packet[16:20] != self.outside.address:
            return packet
        protocol = packet[9]
        header_length = (packet[0] & 0x0F) * 4
        if len(packet) < header_length + 8:
            return packet
        if protocol == Protocol.ICMP and is_error(packet[header_length]):
            return self._translate_error(packet, header_length)
        if not self._is_translatable(packet, header_length, protocol):
            return packet
        offset = header_length + _DESTINATION_PORT[protocol]
        public_port = packet[offset] << 8 | packet[offset + 1]
        flow = None if self.is_taken(protocol, public_port) else self._lookup(protocol, public_port)
        if flow is None:
            return packet  # for the router itself, which will refuse what it does not know
        self._use(flow, public_port)
        return _rewrite(packet, 16, flow.address, offset, flow.port)

    def restore(self, packet: bytes) -> bytes:
        """A packet that `postrouting` has translated, as its sender knows it."""
        protocol, header_length = packet[9], (packet[0] & 0x0F) * 4
        if packet[12:16] != self.outside.address or not self._is_translatable(packet, header_length, protocol):
            return packet
        offset = header_length + _SOURCE_PORT[protocol]
        flow = self._inside.get((protocol, packet[offset] << 8 | packet[offset + 1]))
        return packet if flow is None else _rewrite(packet, 12, flow.address, offset, flow.port)

    # ---- inside ------------------------------------------------------------------------

    def _is_translatable(self, packet: bytes, header_length: int, protocol: int) -> bool:
        if protocol not in _CHECKSUM or (packet[6] << 8 | packet[7]) & 0x1FFF:
            return False
        if len(packet) < header_length + 8:
            return False
        if protocol == Protocol.ICMP:
            return packet[header_length] in (IcmpType.ECHO_REQUEST, IcmpType.ECHO_REPLY)
        return True

    def _map(self, flow: Flow) -> int | None:
        known = self.mappings.get(flow)
        if known is not None:
            public_port = known[0]
        else:
            self._forget_unused()
            chosen = self._choose_port(flow)
            if chosen is None:
                return None
            public_port = chosen
            self._inside[flow.protocol, public_port] = flow
            self.recorder.record(
                self.node, "nat.map", inside=f"{ipv4_text(flow.address)}:{flow.port}",
                outside=f"{ipv4_text(self.outside.address)}:{public_port}", protocol=flow.protocol,
            )  # fmt: skip
        self._use(flow, public_port)
        return public_port

    def _use(self, flow: Flow, public_port: int) -> None:
        self.mappings[flow] = (public_port, self.agenda.now_ns)
        order = self._by_use[flow.protocol]
        order[flow] = None
        order.move_to_end(flow)

    def _choose_port(self, flow: Flow) -> int | None:
        """A free public port: at random (RFC 6056 §3.3.1)."""
        first = self._randomness.randrange(len(self.port_range))
        for step in range(len(self.port_range)):
            port = self.port_range[(first + step) % len(self.port_range)]
            if (flow.protocol, port) not in self._inside and not self.is_taken(flow.protocol, port):
                return port
        return None

    def _lookup(self, protocol: int, public_port: int) -> Flow | None:
        flow = self._inside.get((protocol, public_port))
        if flow is None:
            return None
        if self.agenda.now_ns - self.mappings[flow][1] > TIMEOUTS_NS[protocol]:
            self._forget(flow)
            return None
        return flow

    def _forget_unused(self) -> None:
        """However many flows there are, only those are looked at that go."""
        for protocol, order in self._by_use.items():
            while order:
                oldest = next(iter(order))
                if self.agenda.now_ns - self.mappings[oldest][1] <= TIMEOUTS_NS[protocol]:
                    break
                self._forget(oldest)

    def _forget(self, flow: Flow) -> None:
        public_port, _ = self.mappings.pop(flow)
        del self._inside[flow.protocol, public_port]
        del self._by_use[flow.protocol][flow]
        self.recorder.record(
            self.node, "nat.forget", inside=f"{ipv4_text(flow.address)}:{flow.port}", protocol=flow.protocol
        )

    def _translate_error(self, packet: bytes, header_length: int) -> bytes | None:
        """RFC 5508 §4.2: the quoted packet is one that went out, under its public name."""
        quoted = header_length + 8
        if len(packet) < quoted + 28:
            return packet
        protocol = packet[quoted + 9]
        if protocol not in _CHECKSUM:
            return packet
        transport = quoted + (packet[quoted] & 0x0F) * 4
        offset = transport + _SOURCE_PORT[protocol]
        if len(packet) < offset + 2:
            return packet
        flow = self._lookup(protocol, packet[offset] << 8 | packet[offset + 1])
        if flow is None or packet[quoted + 12 : quoted + 16] != self.outside.address:
            return packet
        inner = _rewrite(packet[quoted:], 12, flow.address, offset - quoted, flow.port)
        body = packet[header_length : header_length + 2] + b"\0\0" + packet[header_length + 4 : quoted] + inner
        body = body[:2] + internet_checksum(body).to_bytes(2, "big") + body[4:]
        checksum = update_checksum(packet[10] << 8 | packet[11], packet[16:20], flow.address)
        head = packet[:10] + checksum.to_bytes(2, "big") + packet[12:16] + flow.address
        return head + packet[20:header_length] + body

    def _drop(self, reason: str) -> None:
        self.recorder.record(self.node, "nat.drop", reason=reason)


def _rewrite(packet: bytes, address_at: int, address: bytes, port_at: int, port: int) -> bytes:
    """Replace an address and a port in a packet, and update both checksums.

    The transport checksum is left alone where the packet (a quoted one) ends before it.
    """
    protocol = packet[9]
    header_length = (packet[0] & 0x0F) * 4
    old_address, old_port = packet[address_at : address_at + 4], packet[port_at : port_at + 2]
    new_port = port.to_bytes(2, "big")
    out = bytearray(packet)
    out[address_at : address_at + 4] = address
    out[port_at : port_at + 2] = new_port
    checksum = update_checksum(packet[10] << 8 | packet[11], old_address, address)
    out[10:12] = checksum.to_bytes(2, "big")
    at = header_length + _CHECKSUM[protocol]
    if at + 2 > len(packet):
        return bytes(out)
    transport = packet[at] << 8 | packet[at + 1]
    if protocol == Protocol.UDP and transport == 0:
        return bytes(out)  # RFC 768: no checksum was made
    # ICMP has no pseudo header: its checksum does not cover the addresses.
    if protocol == Protocol.ICMP:
        transport = update_checksum(transport, old_port, new_port)
    else:
        transport = update_checksum(transport, old_address + old_port, address + new_port)
        if protocol == Protocol.UDP:
            transport = transport or 0xFFFF
    out[at : at + 2] = transport.to_bytes(2, "big")
    return bytes(out)
