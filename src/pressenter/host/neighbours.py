"""The neighbour cache: which MAC address an IP address on our link has (RFC 826).

A packet for a neighbour whose address is not known waits here while a request
goes to everybody on the link.  The one who is meant answers to us alone, and the
waiting packets leave.  No answer after three requests, and they are given back as
undeliverable (RFC 1122 §2.3.2.2 lets at least one packet wait).

An entry goes through these states::

    (none) --packet--> INCOMPLETE --reply--> REACHABLE --age--> (none)
                          | no reply
                          +--> (none), packets undeliverable

Entries age, since cards are changed and addresses move (RFC 1122 §2.3.2.1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pressenter.sim import Entry
from pressenter.wire.address import BROADCAST_MAC, UNSPECIFIED_IPV4, ipv4_text, mac_text
from pressenter.wire.arp import REPLY, REQUEST, ArpPacket, build_arp, parse_arp
from pressenter.wire.ethernet import EtherType
from pressenter.wire.malformed import MalformedPacket

if TYPE_CHECKING:
    from pressenter.host.interface import Interface

__all__ = ["MAXIMUM_REQUESTS", "NeighbourCache", "REACHABLE_TIME_NS", "RETRANSMIT_TIME_NS"]

REACHABLE_TIME_NS = 240 * 1_000_000_000
RETRANSMIT_TIME_NS = 1_000_000_000  # RFC 1122 §2.3.2.1: at most one request a second
MAXIMUM_REQUESTS = 3
MAXIMUM_WAITING = 64


class _Waiting:
    """A resolution in progress: state INCOMPLETE."""

    __slots__ = ("packets", "requests", "timer")

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.requests = 0
        self.timer: Entry | None = None


class NeighbourCache:
    """ARP for one interface.

    Attributes:
        entries: IP address to (MAC address, time last confirmed in ns).
        undeliverable: called with each packet whose next hop does not answer.
    """

    def __init__(self, interface: Interface) -> None:
        self.interface = interface
        self.entries: dict[bytes, tuple[bytes, int]] = {}
        self.undeliverable: Callable[[bytes], None] = lambda packet: None
        self._waiting: dict[bytes, _Waiting] = {}

    def lookup(self, address: bytes) -> bytes | None:
        """The MAC address of a neighbour, if known and not too old."""
        known = self.entries.get(address)
        if known is None:
            return None
        mac, confirmed_ns = known
        if self.interface.agenda.now_ns - confirmed_ns > REACHABLE_TIME_NS:
            del self.entries[address]
            self._record("arp.expire", address=ipv4_text(address))
            return None
        return mac

    def send(self, next_hop: bytes, packet: bytes) -> None:
        """Send an IP packet to a neighbour, after asking for its address if need be."""
        mac = self.lookup(next_hop)
        if mac is not None:
            self.interface.send_frame(mac, EtherType.IPV4, packet)
            return
        waiting = self._waiting.get(next_hop)
        if waiting is None:
            waiting = self._waiting[next_hop] = _Waiting()
            self._request(next_hop, waiting)
        if len(waiting.packets) < MAXIMUM_WAITING:
            waiting.packets.append(packet)

    def announce(self) -> None:
        """Tell the link our address: a gratuitous request (RFC 5227 §2.3)."""
        own = self.interface.address
        self._record("arp.announce", address=ipv4_text(own), mac=mac_text(self.interface.mac))
        packet = ArpPacket(REQUEST, self.interface.mac, own, bytes(6), own)
        self.interface.send_frame(BROADCAST_MAC, EtherType.ARP, build_arp(packet))

    def receive(self, data: bytes) -> None:
        """An ARP packet arrives.  The order of steps is RFC 826's, "Packet Reception"."""
        try:
            packet = parse_arp(data)
        except MalformedPacket as malformed:
            self._record("ip.drop", reason=str(malformed))
            return
        known = packet.sender_ip in self.entries
        if known and packet.sender_ip != UNSPECIFIED_IPV4:
            self._learn(packet.sender_ip, packet.sender_mac)
        if packet.target_ip != self.interface.address:
            return
        if not known and packet.sender_ip not in (UNSPECIFIED_IPV4, self.interface.address):
            self._learn(packet.sender_ip, packet.sender_mac)
        if packet.operation == REQUEST:
            self._reply(packet)

    def _request(self, address: bytes, waiting: _Waiting) -> None:
        if waiting.requests == MAXIMUM_REQUESTS:
            self._give_up(address, waiting)
            return
        waiting.requests += 1
        interface = self.interface
        self._record("arp.request", address=ipv4_text(address), attempt=waiting.requests)
        packet = ArpPacket(REQUEST, interface.mac, interface.address, bytes(6), address)
        interface.send_frame(BROADCAST_MAC, EtherType.ARP, build_arp(packet))
        waiting.timer = interface.agenda.after(RETRANSMIT_TIME_NS, self._request, address, waiting)

    def _reply(self, request: ArpPacket) -> None:
        interface = self.interface
        self._record("arp.reply", address=ipv4_text(interface.address), mac=mac_text(interface.mac),
                     asker=ipv4_text(request.sender_ip))  # fmt: skip
        packet = ArpPacket(REPLY, interface.mac, interface.address, request.sender_mac, request.sender_ip)
        interface.send_frame(request.sender_mac, EtherType.ARP, build_arp(packet))

    def _learn(self, address: bytes, mac: bytes) -> None:
        before = self.entries.get(address)
        self.entries[address] = (mac, self.interface.agenda.now_ns)
        if before is None or before[0] != mac:
            self._record("arp.learn", address=ipv4_text(address), mac=mac_text(mac))
        waiting = self._waiting.pop(address, None)
        if waiting is None:
            return
        if waiting.timer is not None:
            waiting.timer.cancel()
        agenda = self.interface.agenda
        learnt = agenda.cause
        for packet in waiting.packets:
            agenda.cause = learnt
            self.interface.send_frame(mac, EtherType.IPV4, packet)

    def _give_up(self, address: bytes, waiting: _Waiting) -> None:
        del self._waiting[address]
        self._record("arp.fail", address=ipv4_text(address), requests=waiting.requests)
        cause = self.interface.agenda.cause
        for packet in waiting.packets:
            self.interface.agenda.cause = cause
            self.undeliverable(packet)

    def _record(self, name: str, /, **fields: Any) -> None:
        interface = self.interface
        interface.recorder.record(interface.node, name, interface=interface.name, **fields)
