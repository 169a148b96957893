"""The programs that run on a world's hosts: name servers, resolvers, web servers."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable, Coroutine
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import dns.exception

from pressenter.dns.authoritative import AuthoritativeServer, load_zone
from pressenter.dns.exchange import Exchange
from pressenter.dns.forwarder import Forwarder
from pressenter.dns.recursive import RecursiveResolver
from pressenter.dns.server import Answerer, DnsServer
from pressenter.dns.stub import StubResolver
from pressenter.host.dhcp.client import DhcpClient, Lease
from pressenter.host.dhcp.server import DhcpServer
from pressenter.http.server import WebServer
from pressenter.http.site import FolderSite, RedirectSite, Site
from pressenter.wire.address import ipv4_bytes, ipv4_text, is_link_local, network_of
from pressenter.worlds import units
from pressenter.worlds.schema import DHCP, DhcpTable, HostTable, SiteTable, WorldFileError
from pressenter.worlds.zones import zone_text

if TYPE_CHECKING:
    from pressenter.worlds.world import World

__all__ = ["start"]

_STUB_TIMEOUT, _STUB_ATTEMPTS = 5.0, 2  # resolv.conf(5): timeout, attempts
_RESOLVER_TIMEOUT, _RESOLVER_ATTEMPTS = 1.5, 2

#: A folder of a site that comes with pressenter is written ``builtin:NAME``.
_BUILT_IN = "builtin:"


class _Program(NamedTuple):
    """A program that is ready to run on a host."""

    host: str
    title: str
    main: Callable[[], Coroutine[Any, Any, Any]]


def start(world: World) -> None:
    """Start every program that the world file asks for, once all of them are in order."""
    programs = _authoritative(world)
    clients = []
    for name, table in world.file.hosts.items():
        stub = _give_resolver(world, name, table.name_server, table.hosts)
        clients += _dhcp_clients(world, name, table, stub)
        if table.root_hints:
            randomness = world.randomness.stream(f"{name}/resolver")
            exchange = _exchange(world, name, _RESOLVER_TIMEOUT, _RESOLVER_ATTEMPTS)
            programs.append(_name_server(world, name, RecursiveResolver(table.root_hints, exchange, randomness)))
        if table.sites:
            programs += _web_server(world, name, table)
    for name, router in world.file.routers.items():
        _give_resolver(world, name, router.forward_names_to, {})
        if router.forward_names_to is not None:
            exchange = _exchange(world, name, _STUB_TIMEOUT, _STUB_ATTEMPTS)
            programs.append(_name_server(world, name, Forwarder(router.forward_names_to, exchange)))
        if router.dhcp is not None:
            _serve_dhcp(world, name, router.dhcp)
    for client in clients:
        client.start()
    for program in programs:
        world.hosts[program.host].start(program.main(), name=f"{program.host}: {program.title}")


def _exchange(world: World, name: str, timeout: float, attempts: int) -> Exchange:
    randomness = world.randomness.stream(f"{name}/dns")
    return Exchange(name, world.recorder, randomness, timeout=timeout, attempts=attempts)


def _give_resolver(world: World, name: str, server: str | None, hosts: dict[str, str]) -> StubResolver:
    internet = world.hosts[name].internet

    def speaks_ipv6() -> bool:
        interfaces = internet.ipv6.interfaces
        return any(not is_link_local(entry.address) for each in interfaces for entry in each.usable())

    stub = StubResolver(server, hosts, _exchange(world, name, _STUB_TIMEOUT, _STUB_ATTEMPTS), speaks_ipv6)
    world.hosts[name].resolve = stub.resolve
    return stub


def _dhcp_clients(world: World, name: str, table: HostTable, stub: StubResolver) -> list[DhcpClient]:
    """A client for each interface that asks for its address; the first lease tells the name server, too."""
    host = world.hosts[name]
    asking = [card for card, text in table.interfaces.items() if text.split()[0] == DHCP]
    if len(asking) > 1:
        raise WorldFileError(f"hosts.{name}.interfaces: only one card can ask by dhcp, not {' and '.join(asking)}")
    clients = []
    for interface in host.interfaces:
        if table.interfaces[interface.name].split()[0] != DHCP:
            continue
        client = DhcpClient(host, interface, world.randomness.stream(f"{name}/dhcp"))

        def on_bound(lease: Lease) -> None:
            if table.name_server is None and lease.name_servers:
                stub.server = ipv4_text(lease.name_servers[0])

        client.on_bound = on_bound
        clients.append(client)
    return clients


def _serve_dhcp(world: World, name: str, table: DhcpTable) -> None:
    where = f"routers.{name}.dhcp"
    router = world.hosts[name]
    interface = next((each for each in router.interfaces if each.name == table.interface), None)
    if interface is None:
        names = ", ".join(each.name for each in router.interfaces)
        raise WorldFileError(f"{where}.interface: {table.interface!r} is no interface; there are {names}")
    addresses = []
    for key in ("first", "last"):
        text = getattr(table, key)
        try:
            addresses.append(ipv4_bytes(text))
        except ValueError as error:
            raise WorldFileError(f"{where}.{key}: {error}") from error
        if router.internet.routes.lookup(addresses[-1]) is None or network_of(
            addresses[-1], interface.prefix_length
        ) != network_of(interface.address, interface.prefix_length):
            raise WorldFileError(f"{where}.{key}: {text} is not on the network of {interface}")
    try:
        seconds = units.parse_duration_ns(table.lease) // 1_000_000_000
        server = ipv4_bytes(table.name_server) if table.name_server else interface.address
    except (ValueError, OverflowError) as error:
        raise WorldFileError(f"{where}: {error}") from error
    if not 60 <= seconds < 1 << 32:
        raise WorldFileError(f"{where}.lease: {table.lease} is too short or too long; give 60s to 1000000h")
    if addresses[0] > addresses[1]:
        raise WorldFileError(f"{where}: {table.first} comes after {table.last}")
    DhcpServer(router, interface, addresses[0], addresses[1], seconds, [server])


def _name_server(world: World, name: str, answerer: Answerer) -> _Program:
    thinking = world.file.costs.request / 1e9
    server = DnsServer(name, world.recorder, answerer, thinking)
    return _Program(name, "name server", server.start)


def _authoritative(world: World) -> list[_Program]:
    addresses = {name: ipv4_text(host.interfaces[0].address) for name, host in world.hosts.items() if host.interfaces}
    zones_of: dict[str, list[str]] = {}
    for zone, table in world.file.zones.items():
        for host in table.servers.values():
            zones_of.setdefault(host, []).append(zone)
    loaded = {}
    for zone in world.file.zones:
        text = zone_text(zone, world.file.zones, addresses)
        try:
            loaded[zone] = load_zone("." if zone == "." else f"{zone}.", text)
        except dns.exception.DNSException as error:
            raise WorldFileError(f"zone {zone!r}: its records are wrong: {error}") from error
    return [
        _name_server(world, host, AuthoritativeServer([loaded[zone] for zone in zones]))
        for host, zones in zones_of.items()
    ]


def _web_server(world: World, name: str, table: HostTable) -> list[_Program]:
    sites: dict[str, Site] = {}
    secure_sites: dict[str, Site] = {}
    for host, site in table.sites.items():
        built = _build_site(world, f"hosts.{name}.sites.{host}", site)
        if site.http:
            sites[host] = RedirectSite(f"https://{host}") if site.upgrade else built
        if site.https:
            secure_sites[host] = built
    server = WebServer(name, world.recorder, sites, secure_sites, world.wall_clock, world.file.costs.request / 1e9)
    programs = [_Program(name, "web server", partial(server.start, port=80))]
    if secure_sites:
        context = _context_by_name(world, table)
        programs.append(_Program(name, "web server, TLS", partial(server.start, port=443, context=context)))
    return programs


def _build_site(world: World, where: str, site: SiteTable) -> Site:
    if (site.folder is None) == (site.redirect is None):
        raise WorldFileError(f"{where}: give either a folder or a redirect")
    if site.redirect is not None:
        return RedirectSite(site.redirect, site.status)
    assert site.folder is not None
    folder = world.folder / site.folder
    if site.folder.startswith(_BUILT_IN):
        folder = Path(str(resources.files("pressenter.worlds") / "sites")) / site.folder.removeprefix(_BUILT_IN)
    if not folder.is_dir():
        raise WorldFileError(f"{where}.folder: {folder} is not a folder")
    modified = _moment(where, site.modified)
    return FolderSite(
        folder,
        modified.timestamp() if modified else None,
        site.max_age,
        tuple(site.headers.items()),
        latest=world.epoch_seconds,
    )


def _context_by_name(world: World, table: HostTable) -> ssl.SSLContext:
    """A server context that gets its certificate when a client says the name (RFC 6066 §3).

    Certificates are made on first use: a world that nobody visits over https pays nothing.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    made: dict[str, ssl.SSLContext] = {}

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        host = name if name in table.sites else next(iter(table.sites))
        assert host is not None
        if host not in made:
            made[host] = _certified(world, host, table.sites[host])
        connection.context = made[host]
        return None

    context.sni_callback = choose
    return context


def _certified(world: World, host: str, site: SiteTable) -> ssl.SSLContext:
    from pressenter.tls.contexts import server_context

    where = f"sites.{host}"
    dates = {
        "not_before": _moment(where, site.certificate_from),
        "not_after": _moment(where, site.certificate_until),
    }
    given = {key: value for key, value in dates.items() if value is not None}
    return server_context(world.authority.issue(host, **given))


def _moment(where: str, text: str | None) -> datetime.datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise WorldFileError(f"{where}: {text!r} is not a time such as 2026-01-01T08:00:00+00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
