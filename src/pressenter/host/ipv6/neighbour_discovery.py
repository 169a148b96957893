"""Neighbour discovery: which MAC address an IPv6 neighbour has, and whether it still answers (RFC 4861 §7).

The question goes to the *solicited-node* group of the address, which few but its owner listen to,
so nobody else is disturbed, unlike with ARP.  An entry goes through the states of §7.3.2::

    (none) --packet--> INCOMPLETE --answer--> REACHABLE --30 s--> STALE --packet--> DELAY
                          | no answer            ^                   ^                | 5 s
                          v                      |   answer          | news           v
                       (none), error             '-------------------'---------- PROBE --> (none)

An entry that was not confirmed for a while is used all the same, but watched: if no answer
comes to three questions to the neighbour itself, it is gone (neighbour unreachability
detection).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from pressenter.sim import Entry
from pressenter.wire.address import UNSPECIFIED_IPV6, address_text, mac_text, solicited_node
from pressenter.wire.ethernet import EtherType
from pressenter.wire.icmp import IcmpMessage
from pressenter.wire.icmpv6 import DiscoveryOptions, Icmpv6Type, build_options, parse_options

if TYPE_CHECKING:
    from pressenter.host.ipv6.interface import IPv6Interface

__all__ = ["Neighbour", "NeighbourDiscovery", "Reachability"]

_SECOND = 1_000_000_000
REACHABLE_TIME_NS = 30 * _SECOND  # RFC 4861 §10
DELAY_NS = 5 * _SECOND
RETRANSMIT_NS = _SECOND
MAXIMUM_SOLICITATIONS = 3
MAXIMUM_WAITING = 64
_ROUTER, _SOLICITED, _OVERRIDE = 0x80, 0x40, 0x20


class Reachability(enum.Enum):
    """RFC 4861 §7.3.2, with the names that ``ip neigh`` prints."""

    INCOMPLETE = "INCOMPLETE"
    REACHABLE = "REACHABLE"
    STALE = "STALE"
    DELAY = "DELAY"
    PROBE = "PROBE"


class Neighbour:
    """One entry of the cache."""

    __slots__ = ("confirmed_ns", "is_router", "mac", "solicitations", "state", "timer", "waiting")

    def __init__(self) -> None:
        self.state = Reachability.INCOMPLETE
        self.mac = b""
        self.is_router = False
        self.confirmed_ns = 0
        self.solicitations = 0
        self.waiting: list[bytes] = []
        self.timer: Entry | None = None


class NeighbourDiscovery:
    """The neighbour cache of one interface."""

    def __init__(self, interface: IPv6Interface) -> None:
        self.interface = interface
        self.entries: dict[bytes, Neighbour] = {}

    # ---- packets to neighbours ----------------------------------------------------------------

    def send(self, next_hop: bytes, packet: bytes) -> None:
        """Send a packet to a neighbour, after asking for its address if need be."""
        entry = self.entries.get(next_hop)
        if entry is None:
            entry = self.entries[next_hop] = Neighbour()
            self._ask(next_hop, entry)
        if entry.state is Reachability.INCOMPLETE:
            if len(entry.waiting) < MAXIMUM_WAITING:
                entry.waiting.append(packet)
            return
        now_ns = self.interface.agenda.now_ns
        if entry.state is Reachability.REACHABLE and now_ns - entry.confirmed_ns > REACHABLE_TIME_NS:
            entry.state = Reachability.STALE
        if entry.state is Reachability.STALE:
            entry.state = Reachability.DELAY
            entry.timer = self.interface.agenda.after(DELAY_NS, self._probe, next_hop, entry)
        self.interface.interface.send_frame(entry.mac, EtherType.IPV6, packet)

    def solicit(self, target: bytes, source: bytes | None = None, destination: bytes | None = None) -> None:
        """Ask who has an address (RFC 4861 §4.3)."""
        interface = self.interface
        if source is None:
            source = interface.link_local
        options = DiscoveryOptions(source_mac=interface.interface.mac if source != UNSPECIFIED_IPV6 else None)
        message = IcmpMessage(Icmpv6Type.NEIGHBOUR_SOLICITATION, 0, bytes(4), target + build_options(options))
        self._record("nd.solicit", address=address_text(target))
        interface.layer.icmp.send(
            source, destination or solicited_node(target), message, hop_limit=255, interface=interface
        )

    def learn(self, address: bytes, mac: bytes, is_router: bool = False) -> None:
        """Something else told an address: it is known, but not confirmed."""
        entry = self.entries.get(address)
        if entry is None:
            entry = self.entries[address] = Neighbour()
        entry.is_router |= is_router
        if entry.mac != mac:
            entry.mac = mac
            self._record("nd.learn", address=address_text(address), mac=mac_text(mac))
            self._set(entry, Reachability.STALE)
            self._flush(entry)

    # ---- messages ---------------------------------------------------------------------------------

    def on_solicitation(self, source: bytes, message: IcmpMessage) -> None:
        """RFC 4861 §7.2.3 and §7.2.4.  Raises MalformedPacket."""
        target = message.data[:16]
        options = parse_options(message.data[16:])
        interface = self.interface
        if source == UNSPECIFIED_IPV6:
            interface.is_duplicate(target)  # somebody else wants the same address
            if interface.has(target):
                self._advertise(target, b"\xff\x02" + bytes(13) + b"\x01", solicited=False)
            return
        if not interface.has(target):
            return
        if options.source_mac is not None:
            self.learn(source, options.source_mac)
        self._advertise(target, source, solicited=True)

    def on_advertisement(self, message: IcmpMessage) -> None:
        """RFC 4861 §7.2.5.  Raises MalformedPacket."""
        target = message.data[:16]
        flags = message.rest[0]
        options = parse_options(message.data[16:])
        self.interface.is_duplicate(target)
        entry = self.entries.get(target)
        mac = options.target_mac
        if entry is None or (mac is None and entry.state is Reachability.INCOMPLETE):
            return
        entry.is_router = bool(flags & _ROUTER)
        before = entry.mac
        if mac is not None and mac != entry.mac:
            if entry.state is not Reachability.INCOMPLETE and not flags & _OVERRIDE:
                if entry.state is Reachability.REACHABLE:
                    self._set(entry, Reachability.STALE)
                return
            entry.mac = mac
            self._record("nd.learn", address=address_text(target), mac=mac_text(mac))
        known = entry.state is not Reachability.INCOMPLETE and (mac is None or mac == before)
        if flags & _SOLICITED:
            entry.confirmed_ns = self.interface.agenda.now_ns
        elif known:
            return  # RFC 4861 §7.2.5: nothing new, and nothing confirmed
        self._set(entry, Reachability.REACHABLE if flags & _SOLICITED else Reachability.STALE)
        self._flush(entry)

    def _advertise(self, target: bytes, destination: bytes, solicited: bool) -> None:
        interface = self.interface
        flags = _OVERRIDE | (_SOLICITED if solicited else 0)
        if interface.layer.internet.forwarding:
            flags |= _ROUTER
        options = build_options(DiscoveryOptions(target_mac=interface.interface.mac))
        message = IcmpMessage(Icmpv6Type.NEIGHBOUR_ADVERTISEMENT, 0, bytes((flags, 0, 0, 0)), target + options)
        self._record("nd.advertise", address=address_text(target), mac=mac_text(interface.interface.mac))
        interface.layer.icmp.send(target, destination, message, hop_limit=255, interface=interface)

    # ---- inside --------------------------------------------------------------------------------------

    def _ask(self, address: bytes, entry: Neighbour) -> None:
        if entry.solicitations == MAXIMUM_SOLICITATIONS:
            self._give_up(address, entry)
            return
        entry.solicitations += 1
        self.solicit(address)
        entry.timer = self.interface.agenda.after(RETRANSMIT_NS, self._ask, address, entry)

    def _probe(self, address: bytes, entry: Neighbour) -> None:
        """RFC 4861 §7.3.3: ask the neighbour itself."""
        if entry.state is Reachability.DELAY:
            entry.solicitations = 0
            entry.state = Reachability.PROBE
        if entry.solicitations == MAXIMUM_SOLICITATIONS:
            self._give_up(address, entry)
            return
        entry.solicitations += 1
        self.solicit(address, destination=address)
        entry.timer = self.interface.agenda.after(RETRANSMIT_NS, self._probe, address, entry)

    def _set(self, entry: Neighbour, state: Reachability) -> None:
        entry.state = state
        entry.solicitations = 0
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None

    def _flush(self, entry: Neighbour) -> None:
        agenda = self.interface.agenda
        cause = agenda.cause
        waiting, entry.waiting = entry.waiting, []
        for packet in waiting:
            agenda.cause = cause
            self.interface.interface.send_frame(entry.mac, EtherType.IPV6, packet)

    def _give_up(self, address: bytes, entry: Neighbour) -> None:
        self.entries.pop(address, None)
        self._record("nd.fail", address=address_text(address), solicitations=entry.solicitations)
        for packet in entry.waiting:
            self.interface.layer.unreachable(packet)

    def _record(self, name: str, /, **fields: Any) -> None:
        interface = self.interface.interface
        interface.recorder.record(interface.node, name, interface=interface.name, **fields)
