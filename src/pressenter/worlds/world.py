"""A world: everything that a world file describes, built, wired and switched on."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import itertools
import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pressenter.host.host import Host
from pressenter.host.interface import Interface
from pressenter.host.routes import Route
from pressenter.host.tcp.congestion import CONGESTION_CONTROLS
from pressenter.host.tcp.parameters import Ecn, TcpParameters
from pressenter.machine.computer import Computer
from pressenter.machine.interrupts import InterruptController
from pressenter.machine.network_card import NetworkCard
from pressenter.nearest import did_you_mean
from pressenter.network.link import Faults, Link, fibre_delay_ns
from pressenter.network.router import Router
from pressenter.network.shortest_paths import Attachment, compute_routes
from pressenter.network.switch import Switch
from pressenter.network.translator import AddressTranslator
from pressenter.sim import Agenda, Randomness
from pressenter.tls.trust import Trust
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_bytes, is_link_local, network_of, parse_prefix
from pressenter.wire.ethernet import MTU
from pressenter.wire.icmpv6 import PrefixInformation
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.port import Port
from pressenter.worlds import services, units
from pressenter.worlds.schema import (
    DHCP,
    HostTable,
    LinkTable,
    RouterTable,
    SiteTable,
    TcpTable,
    WorldFile,
    WorldFileError,
    ZoneTable,
    parse_world,
    read_world,
)

if TYPE_CHECKING:
    from pressenter.tls.authority import CertificateAuthority

__all__ = ["World", "add_site", "read_built_in"]

Quantity = TypeVar("Quantity", int, float, tuple[int, int | None])

_FIRST_NETWORK_IRQ = 24
_TIME_TO_JOIN_NS = 500_000_000  # for DHCP, before anybody types
_PREFIX_SECONDS = 86_400

#: By the group of a router: which step of the journey its work belongs to.
_FORWARD_EVENTS = {
    "home": "home.forward", "provider": "backbone.forward", "exchange": "backbone.forward",
    "backbone": "backbone.forward", "data centre": "centre.forward",
}  # fmt: skip


def read_built_in() -> tuple[WorldFile, Path]:
    """The built-in world's file, and the folder that its paths are relative to."""
    source = resources.files("pressenter.worlds") / "internet.toml"
    folder = Path(str(source)).parent
    return parse_world(source.read_text(encoding="utf-8"), "the built-in world"), folder


class World:
    """One deterministic internet.

    Attributes:
        agenda: virtual time and what is to happen.
        recorder: what has happened.
        hosts: every host and router by name.
        switches: every switch by name.
        links: every link, in the file's order.
        computer: keyboard and screen of the host at which the person sits.
        translators: the address translators of routers that have one.
    """

    def __init__(self, file: WorldFile, folder: Path, *, seed: int = 1, record: bool = True) -> None:
        self.file = file
        self.folder = folder
        self.seed = seed
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda, record)
        self.randomness = Randomness(seed)
        self.hosts: dict[str, Host] = {}
        self.switches: dict[str, Switch] = {}
        self.links: list[Link] = []
        self.interrupts: dict[str, InterruptController] = {}
        self.translators: dict[str, AddressTranslator] = {}
        self.epoch_seconds = _parse_epoch(file.epoch)
        self._ports: dict[str, Port] = {}
        self._trust = Trust(self.randomness)
        self.recorder.key_log = self._trust.key_log
        self._mtus = _mtus(file)
        host = file.browser.host
        if host not in file.hosts:
            raise WorldFileError(f"browser.host: {host!r} is no host{_nearest(host, file.hosts)}")
        self._build()
        self.computer = Computer(host, self.agenda, self.recorder, self.interrupts[host], file.costs)

    # ---- making one ----------------------------------------------------------------------

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        *,
        seed: int = 1,
        sites: Mapping[str, str | Path] | None = None,
        settings: Mapping[str, str] | None = None,
        record: bool = True,
    ) -> World:
        """Build the world of a file (without one, the built-in world).

        Args:
            path: the world file.
            seed: of every random draw.
            sites: host name to folder, of websites to put into the world.
            settings: keys of the file to set otherwise, such as ``links.laptop:eth0--home-switch:1.loss`` to
                ``0.05`` (see `pressenter.worlds.settings`).
            record: False to record nothing.

        Raises WorldFileError.
        """
        if path is None:
            file, folder = read_built_in()
        else:
            file, folder = read_world(Path(path)), Path(path).parent
        for name, site_folder in (sites or {}).items():
            add_site(file, name, Path(site_folder))
        if settings:
            from pressenter.worlds.settings import with_settings

            file = with_settings(file, settings)
        return cls(file, folder, seed=seed, record=record)

    def host(self, name: str) -> Host:
        """A host or router.  Raises KeyError with the nearest name."""
        try:
            return self.hosts[name]
        except KeyError:
            raise KeyError(f"there is no host {name!r}{_nearest(name, self.hosts)}") from None

    def run(self, until: str | None = None) -> None:
        """Let things happen: for a time such as ``"5min"`` from now, or until nothing is left."""
        until_ns = None
        if until is not None:
            until_ns = self.agenda.now_ns + units.parse_duration_ns(until)
        self.agenda.run(until_ns)

    # ---- what programs in the world need -----------------------------------------------------

    def wall_clock(self) -> float:
        """Seconds since 1970, in the world."""
        return self.epoch_seconds + self.agenda.now_ns / 1e9

    @property
    def authority(self) -> CertificateAuthority:
        """The lab's certificate authority; made on first use."""
        return self._trust.authority

    def client_context(self) -> ssl.SSLContext:
        """A TLS context that trusts the lab's authority; its secrets go into the capture."""
        return self._trust.client_context()

    def abandon(self) -> None:
        """Nothing more will happen here: programs that are still waiting end without a word, and nobody is told."""
        self.recorder.forget_listeners()
        for host in self.hosts.values():
            host.loop.set_exception_handler(lambda loop, context: None)

    def close(self) -> None:
        """Remove temporary files.  The recording stays."""
        self._trust.close()

    # ---- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        file = self.file
        taken: set[str] = set()
        for name in [*file.hosts, *file.routers, *file.switches]:
            if name in taken:
                raise WorldFileError(f"{name!r} is used for two nodes")
            taken.add(name)
        for name, switch in file.switches.items():
            latency_ns = _units(f"switches.{name}.latency", units.parse_duration_ns, switch.latency)
            self.switches[name] = Switch(name, self.agenda, self.recorder, latency_ns=latency_ns)
        for name, host in file.hosts.items():
            self._build_host(name, host)
        for name, router in file.routers.items():
            self._build_router(name, router)
        for index, link in enumerate(file.links):
            self._build_link(index, link)
        self._build_routes()
        services.start(self)
        for node in self.hosts.values():
            for interface in node.interfaces:
                self.agenda.cause = 0
                if any(interface.address):
                    interface.neighbours.announce()
        self.agenda.cause = 0
        self.agenda.run(0)  # the servers open their ports
        if any(DHCP in text for host in file.hosts.values() for text in host.interfaces.values()):
            self.agenda.run(_TIME_TO_JOIN_NS)  # the hosts get their addresses

    def _build_host(self, name: str, table: HostTable) -> None:
        host = Host(name, self.agenda, self.recorder, self.randomness, self.file.costs.wake_up)
        interrupts = InterruptController(name, self.agenda, self.recorder, self.file.costs)
        for index, (port, text) in enumerate(table.interfaces.items()):
            where = f"hosts.{name}.interfaces.{port}"
            address, length, sixes, speaks_ipv6 = _addresses(where, text)
            card = NetworkCard(
                name, port, _mac_for(name, port), _FIRST_NETWORK_IRQ + index, self.agenda,
                self.recorder, interrupts, self.file.costs,
            )  # fmt: skip
            self._ports[f"{name}:{port}"] = card.port
            mtu = self._mtus.get(f"{name}:{port}", MTU)
            interface = Interface(name, port, card, address, length, self.agenda, self.recorder, mtu)
            host.internet.add_interface(interface)
            if speaks_ipv6:
                _enable_ipv6(host, interface, sixes)
        self.hosts[name] = host
        self.interrupts[name] = interrupts
        host.tcp.parameters = _tcp_parameters(f"hosts.{name}.tcp", table.tcp)
        self._add_default_route(f"hosts.{name}", host, table.gateway)

    def _build_router(self, name: str, table: RouterTable) -> None:
        latency_ns = _units(f"routers.{name}.latency", units.parse_duration_ns, table.latency)
        router = Router(
            name, self.agenda, self.recorder, self.randomness, self.file.costs.wake_up, latency_ns,
            _FORWARD_EVENTS.get(table.group, "ip.forward"),
        )  # fmt: skip
        for port in table.advertise:
            if port not in table.interfaces:
                raise WorldFileError(
                    f"routers.{name}.advertise: {port!r} is no interface{_nearest(port, table.interfaces)}"
                )
        for port, text in table.interfaces.items():
            if text.split()[:1] == [DHCP]:
                raise WorldFileError(f"routers.{name}.interfaces.{port}: a router's address is not given by dhcp")
            address, length, sixes, speaks_ipv6 = _addresses(f"routers.{name}.interfaces.{port}", text)
            mtu = self._mtus.get(f"{name}:{port}", MTU)
            interface = router.add_port(port, _mac_for(name, port), address, length, mtu)
            if speaks_ipv6:
                _enable_ipv6(router, interface, sixes)
                if port in table.advertise:
                    _advertise(interface, sixes)
            self._ports[f"{name}:{port}"] = router.ports[port]
        self.hosts[name] = router
        self._add_default_route(f"routers.{name}", router, table.gateway)
        if table.translate is not None:
            self._build_translator(name, router, table.translate, table.translate_ports)

    def _build_translator(self, name: str, router: Router, outside_name: str, ports: str | None) -> None:
        outside = next((i for i in router.interfaces if i.name == outside_name), None)
        if outside is None:
            names = [interface.name for interface in router.interfaces]
            raise WorldFileError(
                f"routers.{name}.translate: {outside_name!r} is no interface{_nearest(outside_name, names)}"
            )
        translator = AddressTranslator(name, outside, self.agenda, self.recorder, self.randomness.stream(f"{name}/nat"))
        if ports is not None:
            translator.port_range = _port_range(f"routers.{name}.translate_ports", ports)
        router.internet.prerouting = translator.prerouting
        router.internet.postrouting = translator.postrouting
        router.internet.restore = translator.restore

        def is_taken(protocol: int, port: int) -> bool:
            if protocol == Protocol.UDP:
                return router.udp.is_taken(port)
            used = port in router.tcp.listeners
            return protocol == Protocol.TCP and (used or any(q.local_port == port for q in router.tcp.endpoints))

        translator.is_taken = is_taken
        self.translators[name] = translator

    def _add_default_route(self, where: str, host: Host, gateway: str | None) -> None:
        if gateway is None:
            return
        address = _address(f"{where}.gateway", gateway)
        route = host.internet.routes.lookup(address)
        if route is None:
            raise WorldFileError(f"{where}.gateway: {gateway} is on no network of {host.name}")
        host.internet.routes.add(Route(bytes(4), 0, address, route.interface, route.source))

    def _build_link(self, index: int, table: LinkTable) -> None:
        where = f"links[{index}]"
        first, second = (self._port(where, text) for text in table.between)
        if table.delay is not None and table.length is not None:
            raise WorldFileError(f"{where}: give a delay or a length, not both")
        delay_ns = 500
        if table.delay is not None:
            delay_ns = _units(f"{where}.delay", units.parse_duration_ns, table.delay)
        elif table.length is not None:
            delay_ns = fibre_delay_ns(_units(f"{where}.length", units.parse_length_m, table.length) / 1000)
        try:
            link = Link(
                f"{first}--{second}", first, second, self.agenda, self.recorder, self.randomness,
                rate_bps=_units(f"{where}.rate", units.parse_rate_bps, table.rate),
                delay_ns=delay_ns,
                queue_bytes=_units(f"{where}.queue", units.parse_size_bytes, table.queue),
                faults=Faults(table.loss, table.duplicate, table.reorder, table.corrupt),
                mtu=table.mtu or MTU,
            )  # fmt: skip
        except ValueError as error:
            raise WorldFileError(f"{where}: {error}") from error
        self.links.append(link)
        for text in table.cut:
            begin_ns, end_ns = _units(f"{where}.cut", units.parse_span_ns, text)
            self.agenda.at(begin_ns, link.cut)
            if end_ns is not None:
                self.agenda.at(end_ns, link.repair)
        nodes = [end.partition(":")[0] for end in table.between]
        link.up = not any(self.file.hosts[node].off for node in nodes if node in self.file.hosts)

    def _port(self, where: str, text: str) -> Port:
        """The port of ``node:port``; a switch's port is made when it is named."""
        node, colon, name = text.partition(":")
        if not colon or not name:
            raise WorldFileError(f"{where}: {text!r} is not node:port, such as laptop:eth0")
        if node in self.switches:
            switch = self.switches[node]
            return switch.ports[name] if name in switch.ports else switch.add_port(name)
        if text not in self._ports:
            raise WorldFileError(f"{where}: there is no port {text!r}{_nearest(text, self._ports)}")
        return self._ports[text]

    def _build_routes(self) -> None:
        costs = {port: link.cost for link in self.file.links for port in link.between}
        four: list[Attachment] = []
        six: list[Attachment] = []
        hidden = set()
        for name, table in self.file.routers.items():
            router = self.hosts[name]
            assert isinstance(router, Router)
            for interface in router.interfaces:
                cost = costs.get(f"{name}:{interface.name}", 1)
                here = Attachment(router, interface, cost, interface.address, interface.prefix_length)
                if table.translate is not None and interface.name != table.translate:
                    hidden.add(here.network)
                if table.gateway is None:
                    four.append(here)
                if interface.ipv6 is not None:
                    six += [
                        Attachment(router, interface, cost, entry.address, entry.prefix_length)
                        for entry in interface.ipv6.addresses.values() if not is_link_local(entry.address)
                    ]  # fmt: skip
        compute_routes(four, frozenset(hidden))
        compute_routes(six, frozenset())


def _addresses(where: str, text: str) -> tuple[bytes, int, list[tuple[bytes, int]], bool]:
    """An interface's addresses: IPv4 or ``dhcp``, then IPv6 ones, or ``auto`` for what routers announce."""
    first, *others = text.split() or [""]
    address, length = (bytes(4), 0) if first == DHCP else _prefix(where, first)
    if len(address) != 4:
        raise WorldFileError(f"{where}: {first} is IPv6; an IPv4 address, or dhcp, goes before it")
    sixes = [_prefix(where, other) for other in others if other != "auto"]
    for six, _ in sixes:
        if len(six) != 16:
            raise WorldFileError(f"{where}: only one IPv4 address for each interface")
    return address, length, sixes, bool(others)


def _port_range(where: str, text: str) -> range:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= 65_535):
        raise WorldFileError(f"{where}: {text!r} is no range of ports such as 1024-65535")
    return range(int(first), int(last) + 1)


def _enable_ipv6(host: Host, interface: Interface, addresses: list[tuple[bytes, int]]) -> None:
    mine = host.internet.ipv6.enable(interface)
    for address, length in addresses:
        mine.add_address(address, length)


def _advertise(interface: Interface, addresses: list[tuple[bytes, int]]) -> None:
    """A router's prefixes, for its hosts to make addresses of."""
    assert interface.ipv6 is not None
    lifetimes = (_PREFIX_SECONDS, _PREFIX_SECONDS // 6)
    interface.ipv6.announce(
        [
            PrefixInformation(network_of(address, length), length, True, length == 64, *lifetimes)
            for address, length in addresses
        ]
    )


def _tcp_parameters(where: str, table: TcpTable) -> TcpParameters:
    """What a host's table says of TCP, on top of the defaults."""
    given = {key: value for key, value in msgspec.structs.asdict(table).items() if value is not None}
    control = given.get("congestion_control")
    if control is not None and control not in CONGESTION_CONTROLS:
        raise WorldFileError(
            f"{where}.congestion_control: there is no {control!r}{_nearest(control, CONGESTION_CONTROLS)}"
        )
    if "ecn" in given:
        given["ecn"] = Ecn(given["ecn"])
    return TcpParameters(**given)


def add_site(file: WorldFile, name: str, folder: Path) -> None:
    """Put a website into a world: a server, its cable, its zone.  Raises WorldFileError."""
    if not folder.is_dir():
        raise WorldFileError(f"--site {name}: {folder} is not a folder")
    name = _ascii_name(name)
    for host, table in file.hosts.items():
        if name in table.sites:
            raise WorldFileError(f"--site {name}: this world has that site already, on {host}; choose another name")
    place = file.added_sites
    if place is None:
        raise WorldFileError(f"--site {name}: this world has no [added_sites] table that says where sites go")
    host = "site-" + name.replace(".", "-")
    address = _free_address(file, place.network)
    length = place.network.partition("/")[2]
    file.hosts[host] = HostTable(
        group="data centre",
        interfaces={"eth0": f"{address}/{length}"},
        gateway=place.gateway,
        sites={name: SiteTable(folder=str(folder.resolve()), https=True)},
    )
    file.links.append(LinkTable(between=(f"{host}:eth0", f"{place.switch}:{host}"), rate=place.link))
    _add_name(file, name, address, place.name_server)


def _ascii_name(name: str) -> str:
    """A host name as it stands in zones, punycode where need be."""
    import ada_url

    try:
        ascii_name = str(ada_url.URL(f"http://{name}/").hostname)
    except ValueError:
        ascii_name = ""
    if not re.fullmatch(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.(?!\d)[a-z0-9-]{2,63}", ascii_name):
        raise WorldFileError(f"--site {name}: not a host name with a domain, such as www.mysite.test")
    return ascii_name


def _add_name(file: WorldFile, name: str, address: str, name_server: str) -> None:
    """An address record for a name; zones that are missing on the way are made."""
    labels = name.split(".")
    domain = ".".join(labels[-2:])
    top = labels[-1]
    if top not in file.zones:
        file.zones[top] = ZoneTable(servers={f"ns.nic.{top}": name_server})
    if name in file.zones or domain not in file.zones:
        zone = domain if domain not in file.zones else name
        file.zones[zone] = ZoneTable(servers={f"ns1.{zone}": name_server})
    owner = max((zone for zone in file.zones if name == zone or name.endswith("." + zone)), key=len)
    file.zones[owner].records += f"\n{name}. 3600 IN A {address}\n"


def _free_address(file: WorldFile, network: str) -> str:
    used = {
        text.partition("/")[0]
        for interfaces in [node.interfaces for node in file.hosts.values()]
        + [node.interfaces for node in file.routers.values()]
        for text in interfaces.values()
    }
    try:
        hosts = ipaddress.IPv4Network(network).hosts()
    except ValueError as error:
        raise WorldFileError(f"added_sites.network: {error}") from error
    for address in itertools.islice(hosts, 99, 65_536):
        if str(address) not in used:
            return str(address)
    raise WorldFileError(f"added_sites.network: no address is free in {network}")


def _mac_for(node: str, port: str) -> bytes:
    """A locally administered address that depends on the port's name alone."""
    return b"\x02" + hashlib.sha256(f"{node}:{port}".encode()).digest()[:5]


def _mtus(file: WorldFile) -> dict[str, int]:
    return {port: link.mtu for link in file.links if link.mtu for port in link.between}


def _parse_epoch(text: str) -> float:
    try:
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    except ValueError as error:
        raise WorldFileError(f"epoch: {text!r} is not a time such as 2026-01-01T08:00:00+00:00") from error


def _prefix(where: str, text: str) -> tuple[bytes, int]:
    try:
        return parse_prefix(text)
    except ValueError as error:
        raise WorldFileError(f"{where}: {error}") from error


def _address(where: str, text: str) -> bytes:
    try:
        return ipv4_bytes(text)
    except ValueError as error:
        raise WorldFileError(f"{where}: {error}") from error


def _units(where: str, parse: Callable[[str], Quantity], text: str) -> Quantity:
    try:
        return parse(text)
    except (ValueError, OverflowError) as error:
        raise WorldFileError(f"{where}: {error}") from error


def _nearest(name: str, known: Iterable[str]) -> str:
    hint = did_you_mean(name, known)
    return f"; {hint}" if hint else ""
