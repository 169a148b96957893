"""Routes by shortest paths, as a link-state protocol computes them (RFC 2328 §16.1).

Every router knows the whole graph of routers and networks, with a cost for each
interface, and computes the cheapest way to everywhere with Dijkstra's algorithm.
A network (all that can hear each other without a router) is a node of the graph
too: leaving a router for a network costs the interface's cost, coming from the
network into a router costs nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pressenter.host.interface import Interface
from pressenter.host.routes import Route
from pressenter.network.router import Router
from pressenter.wire.address import network_of

__all__ = ["Attachment", "compute_routes"]

Network = tuple[bytes, int]


class Attachment(NamedTuple):
    """A router's interface, what it costs to send through it, and its address there, IPv4 or IPv6."""

    router: Router
    interface: Interface
    cost: int
    address: bytes
    prefix_length: int

    @property
    def network(self) -> Network:
        """The network on the interface's link: prefix and length."""
        return network_of(self.address, self.prefix_length), self.prefix_length


def compute_routes(attachments: Sequence[Attachment], hidden: frozenset[Network]) -> None:
    """Give each router a route to each network that it is not on itself; of one family at a time.

    ``hidden`` networks (private ones behind a translator) are announced to nobody.
    """
    by_router: dict[str, list[Attachment]] = {}
    by_network: dict[Network, list[Attachment]] = {}
    for attachment in attachments:
        by_router.setdefault(attachment.router.name, []).append(attachment)
        network = attachment.network
        if network not in hidden:
            by_network.setdefault(network, []).append(attachment)
    for own in by_router.values():
        router = own[0].router
        for network, (cost, first, gateway) in _tree(own, by_router, by_network).items():
            if gateway is not None:
                source = next(each.address for each in own if each.interface is first)
                routes = router.internet.routes if len(source) == 4 else router.internet.ipv6.routes
                routes.add(Route(*network, gateway, first, source, metric=cost))


def _tree(
    own: Sequence[Attachment],
    by_router: Mapping[str, Sequence[Attachment]],
    by_network: Mapping[Network, Sequence[Attachment]],
) -> dict[Network, tuple[int, Interface, bytes | None]]:
    """Dijkstra from one router: for each network its cost, first interface and gateway."""
    found: dict[Network, tuple[int, Interface, bytes | None]] = {}
    visited = {own[0].router.name}
    # (cost, order of discovery, network, first interface, first gateway)
    heap: list[tuple[int, int, Network, Interface, bytes | None]] = []
    order = 0

    def leave(attachments: Sequence[Attachment], cost: int, via: Interface | None, gateway: bytes | None) -> None:
        nonlocal order
        for attachment in attachments:
            network = attachment.network
            if network in by_network and network not in found:
                order += 1
                first = via or attachment.interface
                heapq.heappush(heap, (cost + attachment.cost, order, network, first, gateway))

    leave(own, 0, None, None)
    while heap:
        cost, _, network, first, gateway = heapq.heappop(heap)
        if network in found:
            continue
        found[network] = (cost, first, gateway)
        for neighbour in by_network[network]:
            if neighbour.router.name not in visited:
                visited.add(neighbour.router.name)
                step = gateway if gateway is not None else neighbour.address
                leave(by_router[neighbour.router.name], cost, first, step)
    return found
