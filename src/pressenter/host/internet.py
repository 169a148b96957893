"""The Internet layer: sends, receives and forwards IP packets (RFC 1122 §3, RFC 1812 §5).

IPv4 is here, IPv6 in ``ipv6.py``; those above give addresses of 4 or 16 bytes and need not
care.  An IPv4 packet's way through it, with the places where an address translator may
change it (the names are netfilter's)::

    arriving --> verify --> prerouting --> for us? --yes--> reassemble --> TCP, UDP, ICMP
                                              |
                                              no, and forwarding
                                              v
                              TTL - 1 --> route --> postrouting --> MTU --> neighbour
                                            ^
    TCP, UDP, ICMP ---- build header -------+
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from pressenter.host.fragmentation import Reassembler, fragment
from pressenter.host.interface import Interface
from pressenter.host.ipv6.layer import IPv6Layer
from pressenter.host.path_mtu import PathMtus
from pressenter.host.received import ReceivedPacket
from pressenter.host.routes import Route, RoutingTable
from pressenter.host.unreachable import NetworkUnreachable
from pressenter.sim import Agenda
from pressenter.trace import Recorder
from pressenter.wire import ipv4
from pressenter.wire.address import BROADCAST_IPV4, BROADCAST_MAC, ipv4_text, network_of
from pressenter.wire.ethernet import EtherType
from pressenter.wire.icmp import IcmpType, Unreachable
from pressenter.wire.ipv4 import IPv4Header, build_ipv4, decrement_ttl, is_plain_ipv4, parse_ipv4
from pressenter.wire.ipv6 import ICMPV6
from pressenter.wire.large_segment import split_packet
from pressenter.wire.malformed import MalformedPacket

__all__ = ["InternetLayer"]

SMALLEST_MTU = 552  # Linux's min_pmtu; RFC 1191 §3 allows 68
_REDIRECT_FOR_HOST = 1


class IcmpSender(Protocol):
    """What the Internet layer needs of ICMP."""

    def send_error(self, packet: bytes, icmp_type: int, code: int, rest: bytes = b"\0\0\0\0") -> None:
        """Tell the sender of ``packet`` what became of it."""


class InternetLayer:
    """IP on one host.

    Attributes:
        forwarding: whether packets for others are sent on, as a router does.
        forward_event: what is recorded then; routers on different parts of the way differ.
        protocols: the handler of each IP protocol number.
        prerouting, postrouting: translators; each returns the packet, changed or not, or
            None if it has dropped it.
        ipv6: the other half.
        path_mtus: what ICMP has told.
        restore: turns a packet that postrouting has changed back, for errors about it.
    """

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, randomness: random.Random) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.interfaces: list[Interface] = []
        self.routes = RoutingTable()
        self.forwarding = False
        self.forward_event = "ip.forward"
        self.protocols: dict[int, Callable[[ReceivedPacket], None]] = {}
        self.icmp: IcmpSender
        self.prerouting: Callable[[Interface, bytes], bytes | None] | None = None
        self.postrouting: Callable[[Interface, bytes], bytes | None] | None = None
        self.restore: Callable[[bytes], bytes] | None = None
        self.ipv6 = IPv6Layer(self)
        self.path_mtus = PathMtus()
        self._identification = randomness.randrange(0x10000)
        self._reassembler = Reassembler()
        self._own: set[bytes] = set()
        self._broadcasts: set[bytes] = {BROADCAST_IPV4}

    def add_interface(self, interface: Interface) -> None:
        """Attach an interface; if it has an address, with the route to the network on its link."""
        self.interfaces.append(interface)
        interface.on_packet = self.receive
        interface.neighbours.undeliverable = self._host_unreachable
        if any(interface.address):
            self.configure(interface, interface.address, interface.prefix_length)

    def configure(self, interface: Interface, address: bytes, prefix_length: int) -> None:
        """Give an interface its address, in place of the one that it may have."""
        self.unconfigure(interface)
        interface.address, interface.prefix_length = address, prefix_length
        self._own.add(address)
        if prefix_length < 31:
            self._broadcasts.add(interface.broadcast)
        self.routes.add(Route(address, prefix_length, None, interface, address))

    def unconfigure(self, interface: Interface) -> None:
        """Take an interface's address away, and the routes that go out of it."""
        self._own.discard(interface.address)
        for route in list(self.routes.rows):
            if route.interface is interface:
                self.routes.remove(interface, route.network, route.prefix_length, route.gateway)
        interface.address, interface.prefix_length = bytes(4), 0
        others = [each for each in self.interfaces if any(each.address) and each.prefix_length < 31]
        self._broadcasts = {BROADCAST_IPV4, *(each.broadcast for each in others)}

    def is_own(self, address: bytes) -> bool:
        """Whether this is an address of this host, loopback included."""
        if len(address) == 16:
            return self.ipv6.is_own(address)
        return address in self._own or address[0] == 127

    def is_broadcast(self, address: bytes) -> bool:
        """Whether this is the address of everybody on a link of ours."""
        return address in self._broadcasts

    def source_for(self, destination: bytes) -> bytes:
        """The source address of packets to a destination.  Raises NetworkUnreachable."""
        if len(destination) == 16:
            source = self.ipv6.source_for(destination)
            if source is None:
                raise NetworkUnreachable(destination)
            return source
        if self.is_own(destination):
            return destination
        return self._route(destination).source

    def link_mtu_for(self, destination: bytes) -> int:
        """The MTU of the first link towards a destination.  Raises NetworkUnreachable."""
        if self.is_own(destination):
            return 65_535
        if len(destination) == 16:
            route = self.ipv6.route(destination)
            if route is None:
                raise NetworkUnreachable(destination)
            return self.ipv6.link_mtu(route)
        return self._route(destination).interface.mtu

    def takes_large_segments(self, destination: bytes) -> bool:
        """Whether TCP may give large segments for a destination to its interface (IPv4 only)."""
        route = self.routes.lookup(destination) if len(destination) == 4 else None
        return route is not None and route.interface.large_segments

    def mtu_for(self, destination: bytes) -> int:
        """What the path to a destination is known to bear.  Raises NetworkUnreachable."""
        path_mtus = self.path_mtus if len(destination) == 4 else self.ipv6.path_mtus
        return path_mtus.bound(self.agenda.now_ns, destination, self.link_mtu_for(destination))

    def learn_path_mtu(self, destination: bytes, mtu: int) -> None:
        """A router says what its next link bears (RFC 1191 §3); never less than any link must."""
        self.path_mtus.learn(self.agenda.now_ns, destination, max(mtu, SMALLEST_MTU))

    def send(
        self,
        source: bytes,
        destination: bytes,
        protocol: int,
        payload: bytes,
        *,
        ttl: int | None = None,
        tos: int = 0,
        dont_fragment: bool = False,
    ) -> None:
        """Send a payload.  Raises NetworkUnreachable."""
        if len(destination) == 16:
            if not self.ipv6.send(source, destination, protocol, payload, hop_limit=ttl, traffic_class=tos):
                raise NetworkUnreachable(destination)
            return
        self._identification = (self._identification + 1) & 0xFFFF
        packet = build_ipv4(
            source, destination, protocol, payload,
            identification=self._identification, ttl=ipv4.DEFAULT_TTL if ttl is None else ttl, tos=tos,
            dont_fragment=dont_fragment,
        )  # fmt: skip
        if self.is_own(destination):
            self.agenda.after(0, self._loop_back, packet)
            return
        route = self._route(destination)
        if self.recorder.enabled:
            self.recorder.record(
                self.node, "ip.route", destination=ipv4_text(destination), route=self.routes.text(route),
                source=ipv4_text(source),
            )  # fmt: skip
        self._send_packet(route, packet, large=protocol == ipv4.Protocol.TCP)

    def receive(self, interface: Interface, packet: bytes) -> None:
        """A packet arrives on an interface."""
        if self.forwarding and self.prerouting is None and is_plain_ipv4(packet):
            # Most of what a router sees: it reads a few bytes of the header, and no more.
            destination = packet[16:20]
            if packet[12] != 127 and destination[0] != 127:
                if destination not in self._own and destination not in self._broadcasts:
                    self._forward(interface, packet[: packet[2] << 8 | packet[3]])
                    return
        try:
            header = parse_ipv4(packet)
        except MalformedPacket as malformed:
            self._drop(interface, str(malformed))
            return
        packet = packet[: header.total_length]  # cut off Ethernet's padding
        if self.prerouting is not None:
            translated = self.prerouting(interface, packet)
            if translated is None:
                return
            if translated is not packet:
                packet = translated
                header = parse_ipv4(packet)
        if header.destination[0] == 127 or header.source[0] == 127:
            self._drop(interface, "a loopback address came over a wire")  # RFC 1122 §3.2.1.3
        elif header.destination in self._own or header.destination in self._broadcasts:
            self._deliver(interface, header, packet)
        elif self.forwarding:
            self._forward(interface, packet)
        else:
            self._drop(interface, f"{ipv4_text(header.destination)} is not our address")

    def _loop_back(self, packet: bytes) -> None:
        self._deliver(self.interfaces[0], parse_ipv4(packet), packet)

    def _deliver(self, interface: Interface, header: IPv4Header, packet: bytes) -> None:
        payload = packet[header.header_length :]
        if header.more_fragments or header.fragment_offset:
            whole = self._reassembler.add(
                self.agenda.now_ns, (header.source, header.destination, header.protocol, header.identification),
                header.fragment_offset, header.more_fragments, payload,
            )  # fmt: skip
            if whole is None:
                return
            payload = whole
            self.recorder.record(self.node, "ip.reassemble", length=len(payload),
                                 source=ipv4_text(header.source))  # fmt: skip
        handler = self.protocols.get(header.protocol)
        if handler is not None and header.protocol != ICMPV6:
            handler(
                ReceivedPacket(
                    interface,
                    header.source,
                    header.destination,
                    payload,
                    packet,
                    header.tos,
                    header.ttl,
                    header.destination in self._broadcasts,
                )
            )
        else:
            self.icmp.send_error(packet, IcmpType.DESTINATION_UNREACHABLE, Unreachable.PROTOCOL)

    def _forward(self, arrived_on: Interface, packet: bytes) -> None:
        """RFC 1812 §5.2.1: what a router does with a packet for somebody else."""
        destination, ttl = packet[16:20], packet[8]
        if ttl <= 1:
            self._drop(arrived_on, "TTL has run out")
            self.icmp.send_error(packet, IcmpType.TIME_EXCEEDED, 0)
            return
        route = self.routes.lookup(destination)
        if route is None:
            self._drop(arrived_on, f"no route to {ipv4_text(destination)}")
            self.icmp.send_error(packet, IcmpType.DESTINATION_UNREACHABLE, Unreachable.NETWORK)
            return
        if self.recorder.enabled:
            self.recorder.record(
                self.node, self.forward_event, source=ipv4_text(packet[12:16]),
                destination=ipv4_text(destination), route=self.routes.text(route), ttl=ttl - 1,
            )  # fmt: skip
        if route.interface is arrived_on and route.gateway is not None:
            self._redirect(arrived_on, route.gateway, packet)
        packet = decrement_ttl(packet)
        if len(packet) <= arrived_on.mtu:
            self._send_packet(route, packet)
        elif arrived_on.mtu == route.interface.mtu:
            self._send_packet(route, packet, large=True)
        else:
            for piece in split_packet(packet, arrived_on.mtu):  # the next link's MTU would say other pieces
                self._send_packet(route, piece)

    def _redirect(self, interface: Interface, gateway: bytes, packet: bytes) -> None:
        """RFC 1812 §5.2.7.2: the sender is on the same link as the next router, and could ask it straight."""
        if network_of(packet[12:16], interface.prefix_length) == network_of(interface.address, interface.prefix_length):
            self.icmp.send_error(packet, IcmpType.REDIRECT, _REDIRECT_FOR_HOST, gateway)

    def _send_packet(self, route: Route, packet: bytes, large: bool = False) -> None:
        """Translate, fragment if need be and allowed, and give to the neighbour; ``large`` segments go whole."""
        interface = route.interface
        if self.postrouting is not None:
            translated = self.postrouting(interface, packet)
            if translated is None:
                return
            packet = translated
        if packet[16:20] in self._broadcasts:
            interface.send_frame(BROADCAST_MAC, EtherType.IPV4, packet)  # RFC 919 §7
            return
        next_hop = route.gateway or packet[16:20]
        if len(packet) <= interface.mtu or (large and interface.large_segments):
            interface.neighbours.send(next_hop, packet)
            return
        header = parse_ipv4(packet)
        if header.dont_fragment:
            self._too_big(interface, packet)
            return
        pieces = fragment(header, packet, interface.mtu)
        self.recorder.record(self.node, "ip.fragment", length=len(packet), pieces=len(pieces))
        for piece in pieces:
            interface.neighbours.send(next_hop, piece)

    def _too_big(self, interface: Interface, packet: bytes) -> None:
        self._drop(interface, f"{len(packet)} bytes do not fit the MTU {interface.mtu}, and DF is set")
        rest = interface.mtu.to_bytes(4, "big")  # RFC 1191 §4
        self.icmp.send_error(
            self._original(packet), IcmpType.DESTINATION_UNREACHABLE, Unreachable.FRAGMENTATION_NEEDED, rest
        )

    def _route(self, destination: bytes) -> Route:
        route = self.routes.lookup(destination)
        if route is None:
            raise NetworkUnreachable(destination)
        return route

    def _host_unreachable(self, packet: bytes) -> None:
        self.icmp.send_error(self._original(packet), IcmpType.DESTINATION_UNREACHABLE, Unreachable.HOST)

    def _original(self, packet: bytes) -> bytes:
        """The packet as its sender knows it, if a translator has changed it."""
        return self.restore(packet) if self.restore is not None else packet

    def _drop(self, interface: Interface, reason: str) -> None:
        self.recorder.record(self.node, "ip.drop", interface=interface.name, reason=reason)
