"""The map of a world, as plain values: nodes with their groups, addresses and routes, and the links between.

The viewer draws it; nothing in it changes while the world runs, but for routes that DHCP and router
advertisements bring, which stand here as they are when the map is made.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from pressenter.network.router import Router
from pressenter.wire.address import address_text, ipv4_text, mac_text

if TYPE_CHECKING:
    from pressenter.host.host import Host
    from pressenter.network.link import Link
    from pressenter.worlds.world import World

__all__ = ["topology"]


def topology(world: World) -> dict[str, Any]:
    """Nodes and links of a world; times in nanoseconds, rates in bit/s, queues in bytes, ``depth`` in links.

    ``depth`` counts the links from the computer at which the person sits.
    """
    depths = _depths(world)
    file = world.file
    groups = {
        name: table.group for tables in (file.hosts, file.routers, file.switches) for name, table in tables.items()
    }
    nodes = [
        {
            "name": name, "kind": _kind(world, name), "group": groups[name], "depth": depths.get(name, 0),
            **(_host(world, world.hosts[name]) if name in world.hosts else {"interfaces": [], "routes": []}),
        }
        for name in groups
    ]  # fmt: skip
    return {"person": world.file.browser.host, "nodes": nodes, "links": [_link(link) for link in world.links]}


def _kind(world: World, name: str) -> str:
    if name in world.switches:
        return "switch"
    if isinstance(world.hosts[name], Router):
        return "router"
    table = world.file.hosts[name]
    serves = table.sites or any(name in zone.servers.values() for zone in world.file.zones.values()) or table.root_hints
    return "server" if serves else "host"


def _host(world: World, host: Host) -> dict[str, Any]:
    table = world.file.hosts.get(host.name)
    interfaces = [
        {
            "name": interface.name,
            "mac": mac_text(interface.mac),
            "address": f"{ipv4_text(interface.address)}/{interface.prefix_length}",
            "ipv6": [f"{address_text(a)}" for a in interface.ipv6.addresses] if interface.ipv6 is not None else [],
        }
        for interface in host.interfaces
    ]
    return {
        "interfaces": interfaces,
        "routes": [str(route) for route in host.internet.routes.rows],
        "listening": sorted(host.tcp.listeners),
        "sites": sorted(table.sites) if table is not None else [],
        "translates": host.name in world.translators,
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "name": link.name, "ends": [str(port) for port in link.ends], "rate_bps": link.rate_bps,
        "delay_ns": link.delay_ns, "queue_bytes": link.queue_bytes, "faults": link.faults._asdict(),
    }  # fmt: skip


def _depths(world: World) -> dict[str, int]:
    """How many links each node is away from the person's computer."""
    beside: dict[str, list[str]] = {}
    for link in world.links:
        one, other = (port.node for port in link.ends)
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    found = {world.file.browser.host: 0}
    waiting = deque(found)
    while waiting:
        name = waiting.popleft()
        for other in beside.get(name, ()):
            if other not in found:
                found[other] = found[name] + 1
                waiting.append(other)
    return found
