"""IPv6 on one host: sends, receives and forwards packets (RFC 8200, RFC 8504).

What differs from IPv4 is that an interface has several addresses (a link-local one, always,
and those that routers' prefixes give it), that neighbours are found by ICMPv6 to a group
instead of a broadcast, and that only the source fragments: a packet that is too big for a
link comes back as an error, and the path's MTU is remembered (RFC 8201).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressenter.host.fragmentation import Reassembler
from pressenter.host.ipv6.interface import IPv6Interface
from pressenter.host.ipv6.source_address import choose_source
from pressenter.host.path_mtu import PathMtus
from pressenter.host.received import ReceivedPacket
from pressenter.host.routes import Route, RoutingTable
from pressenter.wire.address import address_text, is_link_local, is_multicast, multicast_mac
from pressenter.wire.ethernet import EtherType
from pressenter.wire.icmpv6 import Icmpv6Type
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.ipv6 import (
    DEFAULT_HOP_LIMIT,
    FRAGMENT,
    HEADER_LENGTH,
    MINIMUM_MTU,
    Extended,
    Fragment,
    IPv6Header,
    build_fragment,
    build_ipv6,
    decrement_hop_limit,
    parse_ipv6,
    skip_extensions,
)
from pressenter.wire.malformed import MalformedPacket

if TYPE_CHECKING:
    from pressenter.host.interface import Interface
    from pressenter.host.internet import InternetLayer
    from pressenter.host.ipv6.icmpv6 import Icmpv6Layer

__all__ = ["IPv6Layer"]

LOOPBACK = bytes(15) + b"\x01"
_FRAGMENT_HEADER = 8


class IPv6Layer:
    """IPv6 on one host.

    Attributes:
        interfaces: those that speak IPv6.
        routes: the routing table.
        path_mtus: what ICMPv6 has told.
    """

    def __init__(self, internet: InternetLayer) -> None:
        self.internet = internet
        self.interfaces: list[IPv6Interface] = []
        self.routes = RoutingTable()
        self.path_mtus = PathMtus()
        self.icmp: Icmpv6Layer
        self._identification = 0
        self._reassembler = Reassembler()

    def enable(self, interface: Interface) -> IPv6Interface:
        """Speak IPv6 on an interface: it gets its link-local address and looks for routers."""
        mine = IPv6Interface(self, interface)
        self.interfaces.append(mine)
        interface.ipv6 = mine
        self.routes.add(Route(b"\xfe\x80" + bytes(14), 64, None, interface, mine.link_local, 256))
        mine.begin()
        return mine

    def is_own(self, address: bytes) -> bool:
        """Whether this is an address of this host, loopback included."""
        if address == LOOPBACK:
            return bool(self.interfaces)
        return any(interface.has(address) for interface in self.interfaces)

    def route(self, destination: bytes) -> Route | None:
        """The row for a destination.

        Link-local ones exist on every link.  Where the caller names no interface (there is no zone, RFC 4007 §11,
        in our socket addresses), it is the one that has heard of the neighbour, or else the first.
        """
        if is_multicast(destination) or is_link_local(destination):
            if not self.interfaces:
                return None
            heard = (interface for interface in self.interfaces if destination in interface.neighbours.entries)
            interface = next(heard, self.interfaces[0])
            return Route(destination, 128, None, interface.interface, interface.link_local)
        return self.routes.lookup(destination)

    def source_for(self, destination: bytes) -> bytes | None:
        """The source address of packets to a destination (RFC 6724 §5); None if there is no route."""
        if self.is_own(destination):
            return destination
        route = self.route(destination)
        if route is None:
            return None
        candidates = [address for interface in self.interfaces for address in interface.usable()
                      if interface.interface is route.interface]  # fmt: skip
        return choose_source(destination, candidates)

    def mtu_for(self, destination: bytes) -> int:
        """What the path to a destination is known to bear."""
        route = self.route(destination)
        mtu = 65_535 if route is None or self.is_own(destination) else self.link_mtu(route)
        return self.path_mtus.bound(self.internet.agenda.now_ns, destination, mtu)

    def link_mtu(self, route: Route) -> int:
        """What the first link bears of IPv6: its MTU, or less if a router has said so."""
        interface = route.interface
        return interface.mtu if interface.ipv6 is None else min(interface.mtu, interface.ipv6.mtu)

    # ---- sending --------------------------------------------------------------------------

    def send(
        self, source: bytes, destination: bytes, protocol: int, payload: bytes, *,
        hop_limit: int | None = None, traffic_class: int = 0, interface: IPv6Interface | None = None,
    ) -> bool:  # fmt: skip
        """Send a payload; False if there is no route."""
        limit = DEFAULT_HOP_LIMIT if hop_limit is None else hop_limit
        if self.is_own(destination):
            packet = build_ipv6(source, destination, protocol, payload, hop_limit=limit, traffic_class=traffic_class)
            self.internet.agenda.after(0, self._loop_back, packet)
            return True
        route = self.route(destination)
        if interface is not None and (is_multicast(destination) or is_link_local(destination)):
            route = Route(destination, 128, None, interface.interface, interface.link_local)
        if route is None:
            return False
        self._record_route(route, source, destination)
        mtu = self.path_mtus.bound(self.internet.agenda.now_ns, destination, self.link_mtu(route))
        if HEADER_LENGTH + len(payload) <= mtu:
            packet = build_ipv6(source, destination, protocol, payload, hop_limit=limit, traffic_class=traffic_class)
            self._to_neighbour(route, packet)
            return True
        for piece in self._fragments(protocol, payload, mtu):
            packet = build_ipv6(source, destination, FRAGMENT, piece, hop_limit=limit, traffic_class=traffic_class)
            self._to_neighbour(route, packet)
        return True

    def _fragments(self, protocol: int, payload: bytes, mtu: int) -> list[bytes]:
        """RFC 8200 §4.5: the source cuts, nobody else."""
        self._identification = (self._identification + 1) & 0xFFFFFFFF
        room = (mtu - HEADER_LENGTH - _FRAGMENT_HEADER) & ~7
        starts = range(0, len(payload), room)
        self.internet.recorder.record(self.internet.node, "ip.fragment", length=len(payload), pieces=len(starts))
        return [
            build_fragment(Fragment(protocol, start, start + room < len(payload), self._identification))
            + payload[start : start + room]
            for start in starts
        ]

    def _to_neighbour(self, route: Route, packet: bytes) -> None:
        destination = packet[24:40]
        interface = route.interface
        if is_multicast(destination):
            interface.send_frame(multicast_mac(destination), EtherType.IPV6, packet)
        elif interface.ipv6 is not None:
            interface.ipv6.neighbours.send(route.gateway or destination, packet)

    def _record_route(self, route: Route, source: bytes, destination: bytes) -> None:
        recorder = self.internet.recorder
        if recorder.enabled:
            recorder.record(
                self.internet.node, "ip.route", destination=address_text(destination), route=self.routes.text(route),
                source=address_text(source),
            )  # fmt: skip

    # ---- receiving -----------------------------------------------------------------------------

    def receive(self, interface: IPv6Interface, packet: bytes) -> None:
        """A packet arrives on an interface."""
        try:
            header = parse_ipv6(packet)
            packet = packet[: HEADER_LENGTH + header.payload_length]
            if LOOPBACK in (header.source, header.destination):
                raise MalformedPacket("IPv6", "a loopback address came over a wire")  # RFC 4291 §2.5.3
            if is_multicast(header.source):
                raise MalformedPacket("IPv6", "the source is a group")  # RFC 4291 §2.7
            if self.is_own(header.source):
                raise MalformedPacket("IPv6", "our own address as a source from outside")
            if header.destination in interface.groups or self.is_own(header.destination):
                self._deliver(interface.interface, header, skip_extensions(packet, header), packet)
            elif not is_multicast(header.destination) and self.internet.forwarding:
                self._forward(interface.interface, header, packet)
            else:
                self._drop(f"{address_text(header.destination)} is not our address")
        except MalformedPacket as malformed:
            self._drop(str(malformed))

    def _loop_back(self, packet: bytes) -> None:
        header = parse_ipv6(packet)
        self._deliver(self.interfaces[0].interface, header, skip_extensions(packet, header), packet)

    def _deliver(self, interface: Interface, header: IPv6Header, extended: Extended, packet: bytes) -> None:
        payload = packet[extended.offset :]
        fragment = extended.fragment
        if fragment is not None and (fragment.offset or fragment.more):
            whole = self._reassembler.add(
                self.internet.agenda.now_ns,
                (header.source, header.destination, fragment.next_header, fragment.identification),
                fragment.offset, fragment.more, payload,
            )  # fmt: skip
            if whole is None:
                return
            payload = whole
            self.internet.recorder.record(
                self.internet.node, "ip.reassemble", length=len(payload), source=address_text(header.source)
            )
        handler = self.internet.protocols.get(extended.next_header)
        if handler is not None and extended.next_header != Protocol.ICMP:
            handler(
                ReceivedPacket(
                    interface,
                    header.source,
                    header.destination,
                    payload,
                    packet,
                    header.traffic_class,
                    header.hop_limit,
                    is_multicast(header.destination),
                )
            )
        else:
            pointer = extended.pointer.to_bytes(4, "big")
            self.icmp.send_error(packet, Icmpv6Type.PARAMETER_PROBLEM, 1, pointer)

    def _forward(self, arrived_on: Interface, header: IPv6Header, packet: bytes) -> None:
        """RFC 8200 §3 and RFC 4443 §3: what a router does with a packet for somebody else."""
        if is_link_local(header.source) or is_link_local(header.destination):
            self._drop("a link-local address leaves its link")  # RFC 4291 §2.5.6
            return
        if header.hop_limit <= 1:
            self._drop("the hop limit has run out")
            self.icmp.send_error(packet, Icmpv6Type.TIME_EXCEEDED, 0)
            return
        route = self.routes.lookup(header.destination)
        if route is None:
            self._drop(f"no route to {address_text(header.destination)}")
            self.icmp.send_error(packet, Icmpv6Type.DESTINATION_UNREACHABLE, 0)
            return
        mtu = self.link_mtu(route)
        if len(packet) > mtu:
            self._drop(f"{len(packet)} bytes do not fit the MTU {mtu}")
            self.icmp.send_error(packet, Icmpv6Type.PACKET_TOO_BIG, 0, mtu.to_bytes(4, "big"))
            return
        recorder = self.internet.recorder
        if recorder.enabled:
            recorder.record(
                self.internet.node, self.internet.forward_event, source=address_text(header.source),
                destination=address_text(header.destination), route=self.routes.text(route), ttl=header.hop_limit - 1,
            )  # fmt: skip
        self._to_neighbour(route, decrement_hop_limit(packet))

    def learn_path_mtu(self, destination: bytes, mtu: int) -> None:
        """A router says what its next link bears (RFC 8201 §4)."""
        smaller = max(MINIMUM_MTU, min(mtu, self.mtu_for(destination)))
        self.path_mtus.learn(self.internet.agenda.now_ns, destination, smaller)

    def unreachable(self, packet: bytes) -> None:
        """A neighbour does not answer."""
        self.icmp.send_error(packet, Icmpv6Type.DESTINATION_UNREACHABLE, 3)

    def _drop(self, reason: str) -> None:
        self.internet.recorder.record(self.internet.node, "ip.drop", reason=reason)
