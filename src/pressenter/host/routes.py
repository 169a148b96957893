"""The routing table: which way a packet goes (RFC 1812 §5.2.4.3, RFC 1122 §3.3.1).

The row with the longest prefix that contains the destination wins; among equal
prefixes, the one with the lower metric.  A row without a gateway means that the
destination is on the interface's own link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pressenter.wire.address import address_text, network_of

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
        via = f" via {address_text(self.gateway)}" if self.gateway else ""
        return (
            f"{address_text(self.network)}/{self.prefix_length}{via}"
            f" dev {self.interface.name} src {address_text(self.source)}"
        )


class RoutingTable:
    """The rows of one family, IPv4 or IPv6, in order of falling prefix length.

    Lookups and texts are remembered until a row changes.
    """

    def __init__(self) -> None:
        self.rows: list[Route] = []
        self._found: dict[bytes, Route | None] = {}
        self._texts: dict[Route, str] = {}

    def add(self, route: Route) -> None:
        """Add a row.  Host bits in its network are cleared."""
        self.rows.append(route._replace(network=network_of(route.network, route.prefix_length)))
        self.rows.sort(key=lambda row: (-row.prefix_length, row.metric))
        self._forget()

    def remove(
        self, interface: Interface, network: bytes, prefix_length: int, gateway: bytes | None,
        source: bytes | None = None,
    ) -> None:  # fmt: skip
        """Remove an interface's row, if it is there; with ``source`` only the one that prefers it."""
        network = network_of(network, prefix_length)
        unwanted = (network, prefix_length, gateway, interface)
        self.rows = [
            row for row in self.rows
            if row[:4] != unwanted or (source is not None and row.source != source)
        ]  # fmt: skip
        self._forget()

    def clear(self) -> None:
        """Remove every row."""
        self.rows.clear()
        self._forget()

    def lookup(self, destination: bytes) -> Route | None:
        """The row for a destination, or None: the network is unreachable."""
        try:
            return self._found[destination]
        except KeyError:
            pass
        found = None
        for row in self.rows:
            if network_of(destination, row.prefix_length) == row.network:
                found = row
                break
        if len(self._found) > 4096:
            self._found.clear()
        self._found[destination] = found
        return found

    def text(self, route: Route) -> str:
        """A row in words, for the recording of every packet that takes it."""
        text = self._texts.get(route)
        if text is None:
            text = self._texts[route] = str(route)
        return text

    def _forget(self) -> None:
        self._found.clear()
        self._texts.clear()
