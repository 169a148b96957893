"""The routing table: which way a packet goes (RFC 1812 §5.2.4.3, RFC 1122 §3.3.1).

The row with the longest prefix that contains the destination wins; among equal
prefixes, the one with the lower metric.  A row without a gateway means that the
destination is on the interface's own link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pressenter.wire.address import ipv4_text, mask_of

if TYPE_CHECKING:
    from pressenter.host.interface import Interface

__all__ = ["Route", "RoutingTable"]


class Route(NamedTuple):
    """One row: destination prefix, gateway (or None), interface, preferred source."""

    network: bytes
    prefix_length: int
    gateway: bytes | None
    interface: Interface
    source: bytes
    metric: int = 0

    def __str__(self) -> str:
        via = f" via {ipv4_text(self.gateway)}" if self.gateway else ""
        return (
            f"{ipv4_text(self.network)}/{self.prefix_length}{via}"
            f" dev {self.interface.name} src {ipv4_text(self.source)}"
        )


class RoutingTable:
    """Rows in order of falling prefix length; lookups are remembered until a row changes."""

    def __init__(self) -> None:
        self.rows: list[Route] = []
        self._found: dict[bytes, Route | None] = {}

    def add(self, route: Route) -> None:
        """Add a row.  Host bits in its network are cleared."""
        network = int.from_bytes(route.network, "big") & mask_of(route.prefix_length)
        self.rows.append(route._replace(network=network.to_bytes(4, "big")))
        self.rows.sort(key=lambda row: (-row.prefix_length, row.metric))
        self._found.clear()

    def clear(self) -> None:
        """Remove every row."""
        self.rows.clear()
        self._found.clear()

    def lookup(self, destination: bytes) -> Route | None:
        """The row for a destination, or None: the network is unreachable."""
        try:
            return self._found[destination]
        except KeyError:
            pass
        number = int.from_bytes(destination, "big")
        found = None
        for row in self.rows:
            if number & mask_of(row.prefix_length) == int.from_bytes(row.network, "big"):
                found = row
                break
        if len(self._found) > 4096:
            self._found.clear()
        self._found[destination] = found
        return found
