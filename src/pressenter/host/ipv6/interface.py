"""IPv6 on one interface: its addresses, and how it gets them without anybody's help (RFC 4862).

::

    link comes up --> tentative link-local address --> is it taken? (DAD) --> preferred
                                                                               |
         router solicitation --> router advertisement (RFC 4861) <-------------'
                                    |  a default route, the link's MTU
                                    '-> for each prefix: an address, tentative --> DAD --> preferred

An address is first *tentative*: the host asks whether somebody has it already (duplicate
address detection, §5.4) and uses it only if nobody answers within a second.  Prefixes come with
lifetimes; an address whose time is up is *deprecated*, used no more for what is new.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from pressenter.host.ipv6.neighbour_discovery import NeighbourDiscovery
from pressenter.host.routes import Route
from pressenter.sim import Entry
from pressenter.wire.address import (
    UNSPECIFIED_IPV6,
    address_text,
    is_link_local,
    is_multicast,
    multicast_mac,
    solicited_node,
)
from pressenter.wire.icmp import IcmpMessage
from pressenter.wire.icmpv6 import DiscoveryOptions, Icmpv6Type, PrefixInformation, build_options, parse_options

if TYPE_CHECKING:
    from pressenter.host.interface import Interface
    from pressenter.host.ipv6.layer import IPv6Layer

__all__ = ["ALL_NODES", "ALL_ROUTERS", "AddressState", "InterfaceAddress", "IPv6Interface"]

ALL_NODES = b"\xff\x02" + bytes(13) + b"\x01"
ALL_ROUTERS = b"\xff\x02" + bytes(13) + b"\x02"
_REPORTS_GROUP = b"\xff\x02" + bytes(13) + b"\x16"  # RFC 3810 §5.2.14
_SECOND = 1_000_000_000
_DETECTION_NS = _SECOND  # RFC 4861 §10: RETRANS_TIMER, once (RFC 4862 §5.1)
_SOLICITATION_INTERVAL_NS = 4 * _SECOND  # RFC 4861 §10
_SOLICITATIONS = 3
_FOREVER = 0xFFFFFFFF
_TWO_HOURS_NS = 7200 * _SECOND
_ADVERTISED_HOP_LIMIT = 64
_ROUTER_LIFETIME_SECONDS = 1800
_ADVERTISEMENT_INTERVAL_NS = 600 * _SECOND  # RFC 4861 §6.2.1: MaxRtrAdvInterval


class AddressState(enum.Enum):
    """RFC 4862 §2."""

    TENTATIVE = "tentative"
    PREFERRED = "preferred"
    DEPRECATED = "deprecated"
    DUPLICATE = "duplicate"


class InterfaceAddress:
    """One address of an interface.

    Attributes:
        preferred_until_ns, valid_until_ns: None for ever.
    """

    __slots__ = ("address", "preferred_until_ns", "prefix_length", "state", "timer", "valid_until_ns")

    def __init__(self, address: bytes, prefix_length: int, state: AddressState) -> None:
        self.address = address
        self.prefix_length = prefix_length
        self.state = state
        self.preferred_until_ns: int | None = None
        self.valid_until_ns: int | None = None
        self.timer: Entry | None = None


class IPv6Interface:
    """Addresses, groups and routers of one interface.

    Attributes:
        addresses: by address, in the order in which they came.
        groups: multicast groups that it listens to.
        announced: prefixes that this interface announces, if it is a router's.
        dns_servers: what routers have told (RFC 8106).
        mtu: what the link bears of IPv6; IPv4 does not listen to routers on that.
    """

    def __init__(self, layer: IPv6Layer, interface: Interface) -> None:
        self.layer = layer
        self.interface = interface
        self.agenda = interface.agenda
        self.addresses: dict[bytes, InterfaceAddress] = {}
        self.groups: set[bytes] = set()
        self.neighbours = NeighbourDiscovery(self)
        self.announced: list[PrefixInformation] = []
        self.dns_servers: list[bytes] = []
        self.link_local = b"\xfe\x80" + bytes(6) + _interface_identifier(interface.mac)
        self.mtu = interface.mtu
        self._routers: dict[bytes, Entry] = {}
        self._on_link: dict[tuple[bytes, int], Entry | None] = {}  # prefixes that routers say are here
        self._solicitations = 0

    # ---- addresses ---------------------------------------------------------------------------

    def begin(self) -> None:
        """The link is up (RFC 4862 §5.3, §5.4)."""
        self.join(ALL_NODES)
        self.add_address(self.link_local, 64, AddressState.TENTATIVE)
        if self.layer.internet.forwarding:
            self.join(ALL_ROUTERS)
        else:
            self.agenda.after(_DETECTION_NS, self._solicit_routers)

    def add_address(
        self, address: bytes, prefix_length: int, state: AddressState = AddressState.PREFERRED, on_link: bool = True
    ) -> None:
        """Take an address: at once, or (tentative) after asking whether it is free.

        Args:
            address: the address.
            prefix_length: of its prefix.
            state: how it begins.
            on_link: whether whoever has this prefix is a neighbour.
        """
        entry = self.addresses[address] = InterfaceAddress(address, prefix_length, state)
        self.join(solicited_node(address))
        if address != self.link_local and on_link:
            self.layer.routes.add(Route(address, prefix_length, None, self.interface, address, 256))
        if state is AddressState.TENTATIVE:
            self._record("ipv6.tentative", address=address_text(address))
            self.neighbours.solicit(address, source=UNSPECIFIED_IPV6)
            entry.timer = self.agenda.after(_DETECTION_NS, self._is_ours, entry)

    def _is_ours(self, entry: InterfaceAddress) -> None:
        """Nobody has objected (RFC 4862 §5.4)."""
        if entry.state is AddressState.TENTATIVE:
            entry.state = AddressState.PREFERRED
            self._record("ipv6.address", address=f"{address_text(entry.address)}/{entry.prefix_length}")

    def is_duplicate(self, address: bytes) -> None:
        """Somebody has this address already: it is not used (RFC 4862 §5.4.5)."""
        entry = self.addresses.get(address)
        if entry is not None and entry.state is AddressState.TENTATIVE:
            entry.state = AddressState.DUPLICATE
            self._record("ipv6.duplicate", address=address_text(address))

    def has(self, address: bytes) -> bool:
        """Whether an address is ours and may be answered for."""
        entry = self.addresses.get(address)
        if entry is None or entry.state not in (AddressState.PREFERRED, AddressState.DEPRECATED):
            return False
        return entry.valid_until_ns is None or entry.valid_until_ns > self.agenda.now_ns

    def usable(self) -> list[InterfaceAddress]:
        """Addresses that may be a source."""
        now_ns = self.agenda.now_ns
        found = []
        for entry in list(self.addresses.values()):
            if entry.valid_until_ns is not None and entry.valid_until_ns <= now_ns:
                del self.addresses[entry.address]
                self.layer.routes.remove(self.interface, entry.address, entry.prefix_length, None, entry.address)
                continue
            over = entry.preferred_until_ns is not None and entry.preferred_until_ns <= now_ns
            if over and entry.state is AddressState.PREFERRED:
                entry.state = AddressState.DEPRECATED
            if self.has(entry.address):
                found.append(entry)
        return found

    def join(self, group: bytes) -> None:
        """Listen to a group, and tell the link so (RFC 3810 §5.2)."""
        if group in self.groups:
            return
        self.groups.add(group)
        self.interface.device.groups.add(multicast_mac(group))
        if group == ALL_NODES:
            return  # RFC 3810 §6: never reported
        record = b"\x04\0\0\0" + group  # CHANGE_TO_EXCLUDE_MODE of nobody: a join
        report = IcmpMessage(Icmpv6Type.LISTENER_REPORT_V2, 0, b"\0\0\0\x01", record)
        source = self.link_local if self.has(self.link_local) else UNSPECIFIED_IPV6
        self.layer.icmp.send(source, _REPORTS_GROUP, report, hop_limit=1, interface=self)

    # ---- routers: asking ------------------------------------------------------------------------

    def _solicit_routers(self) -> None:
        """RFC 4861 §6.3.7."""
        if self._routers or self._solicitations >= _SOLICITATIONS:
            return
        self._solicitations += 1
        source = self.link_local if self.has(self.link_local) else UNSPECIFIED_IPV6
        options = DiscoveryOptions(source_mac=self.interface.mac if source == self.link_local else None)
        message = IcmpMessage(Icmpv6Type.ROUTER_SOLICITATION, 0, bytes(4), build_options(options))
        self.layer.icmp.send(source, ALL_ROUTERS, message, hop_limit=255, interface=self)
        self.agenda.after(_SOLICITATION_INTERVAL_NS, self._solicit_routers)

    def on_router_advertisement(self, router: bytes, message: IcmpMessage) -> None:
        """RFC 4861 §6.3.4 and RFC 4862 §5.5.3.  Raises MalformedPacket."""
        options = parse_options(message.data[8:])
        lifetime = int.from_bytes(message.rest[2:4], "big")
        self._use_router(router, lifetime)
        if options.source_mac is not None:
            self.neighbours.learn(router, options.source_mac, is_router=True)
        if options.mtu is not None and 1280 <= options.mtu <= self.interface.mtu:
            self.mtu = options.mtu
        for server in options.dns_servers:
            if server not in self.dns_servers:
                self.dns_servers.append(server)
        for prefix in options.prefixes:
            if prefix.on_link:
                self._use_prefix(prefix)
            if prefix.autonomous and prefix.length == 64 and prefix.preferred <= prefix.valid:
                self._configure(prefix)

    def _use_router(self, router: bytes, lifetime: int) -> None:
        timer = self._routers.pop(router, None)
        if timer is not None:
            timer.cancel()
        known = timer is not None
        if lifetime == 0:
            self._forget_router(router)
            return
        if not known:
            self.layer.routes.add(Route(bytes(16), 0, router, self.interface, self.link_local, 1024))
            self._record("ipv6.router", router=address_text(router), lifetime=lifetime)
        self._routers[router] = self.agenda.chore(lifetime * _SECOND, self._forget_router, router)

    def _forget_router(self, router: bytes) -> None:
        self._routers.pop(router, None)
        self.layer.routes.remove(self.interface, bytes(16), 0, router)

    def _use_prefix(self, prefix: PrefixInformation) -> None:
        """Who has this prefix is a neighbour, for as long as the router says (RFC 4861 §6.3.4)."""
        if is_link_local(prefix.prefix) or is_multicast(prefix.prefix):
            return
        key = (prefix.prefix, prefix.length)
        timer = self._on_link.get(key)
        if timer is not None:
            timer.cancel()
        if prefix.valid == 0:
            if key in self._on_link:
                self._forget_prefix(key)
            return
        if key not in self._on_link:
            self.layer.routes.add(Route(*key, None, self.interface, self.link_local, 256))
        lifetime_ns = prefix.valid * _SECOND
        self._on_link[key] = (
            None if prefix.valid == _FOREVER else self.agenda.chore(lifetime_ns, self._forget_prefix, key)
        )

    def _forget_prefix(self, key: tuple[bytes, int]) -> None:
        del self._on_link[key]
        self.layer.routes.remove(self.interface, *key, None, self.link_local)

    def _configure(self, prefix: PrefixInformation) -> None:
        if is_link_local(prefix.prefix) or is_multicast(prefix.prefix):
            return  # RFC 4862 §5.5.3 b
        address = prefix.prefix[:8] + _interface_identifier(self.interface.mac)
        entry = self.addresses.get(address)
        if entry is None:
            if prefix.valid == 0:
                return
            self.add_address(address, 64, AddressState.TENTATIVE, on_link=False)
            entry = self.addresses[address]
            entry.valid_until_ns = self.agenda.now_ns
        now_ns = self.agenda.now_ns
        # RFC 4862 §5.5.3 e: a forged advertisement must not take an address away within two hours
        remaining_ns = _TWO_HOURS_NS if entry.valid_until_ns is None else entry.valid_until_ns - now_ns
        if prefix.valid == _FOREVER:
            entry.valid_until_ns = None
        elif prefix.valid * _SECOND > min(remaining_ns, _TWO_HOURS_NS):
            entry.valid_until_ns = now_ns + prefix.valid * _SECOND
        elif remaining_ns >= _TWO_HOURS_NS:
            entry.valid_until_ns = now_ns + _TWO_HOURS_NS
        entry.preferred_until_ns = None if prefix.preferred == _FOREVER else now_ns + prefix.preferred * _SECOND
        if entry.state is AddressState.DEPRECATED and prefix.preferred:
            entry.state = AddressState.PREFERRED

    # ---- routers: telling ------------------------------------------------------------------------

    def announce(self, prefixes: list[PrefixInformation], dns_servers: list[bytes] | None = None) -> None:
        """Be a router that tells these prefixes, now, when asked, and every ten minutes (RFC 4861 §6.2)."""
        self.announced = prefixes
        self.dns_servers = dns_servers or []
        self._advertise_again()

    def _advertise_again(self) -> None:
        self.advertise()
        self.agenda.chore(_ADVERTISEMENT_INTERVAL_NS, self._advertise_again)

    def advertise(self) -> None:
        """Send a router advertisement to everybody on the link."""
        options = DiscoveryOptions(
            source_mac=self.interface.mac, prefixes=tuple(self.announced), mtu=self.interface.mtu,
            dns_servers=tuple(self.dns_servers),
        )  # fmt: skip
        rest = bytes((_ADVERTISED_HOP_LIMIT, 0)) + _ROUTER_LIFETIME_SECONDS.to_bytes(2, "big")
        message = IcmpMessage(Icmpv6Type.ROUTER_ADVERTISEMENT, 0, rest, bytes(8) + build_options(options))
        self.layer.icmp.send(self.link_local, ALL_NODES, message, hop_limit=255, interface=self)

    def _record(self, name: str, /, **fields: Any) -> None:
        interface = self.interface
        interface.recorder.record(interface.node, name, interface=interface.name, **fields)


def _interface_identifier(mac: bytes) -> bytes:
    """A modified EUI-64 (RFC 4291 appendix A)."""
    return bytes((mac[0] ^ 0x02,)) + mac[1:3] + b"\xff\xfe" + mac[3:]
