"""Zone data made from a world file: SOA, NS, glue and delegations follow from the servers.

A person writes which hosts serve a zone and its own records; the loader adds what
must agree between a zone and its parent, so that it cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping

from pressenter.worlds.schema import WorldFileError, ZoneTable

__all__ = ["parent_of", "zone_text"]


def parent_of(zone: str, zones: Mapping[str, ZoneTable]) -> str | None:
    """The zone that delegates ``zone``: the longest other zone that it lies below."""
    above = [other for other in zones if other != zone and is_below(zone, other)]
    return max(above, key=len, default=None)


def is_below(name: str, zone: str) -> bool:
    """Whether a name lies in a zone."""
    return zone == "." or name == zone or name.endswith("." + zone)


def zone_text(zone: str, zones: Mapping[str, ZoneTable], address_of: Mapping[str, str]) -> str:
    """The master file of a zone (RFC 1035 §5)."""
    table = zones[zone]
    if not table.servers:
        raise WorldFileError(f"zone {zone!r}: no server is named")
    first = next(iter(table.servers))
    lines = [
        f"$TTL {table.ttl}",
        f"@ IN SOA {first}. hostmaster.{'' if zone == '.' else zone + '.'} 1 7200 900 1209600 {table.negative_ttl}",
    ]
    written: set[str] = set()
    lines += _servers("@", zone, table, address_of, written)
    for child, child_table in zones.items():
        if child != zone and parent_of(child, zones) == zone:
            lines += _servers(f"{child}.", zone, child_table, address_of, written)
    return "\n".join([*lines, table.records.strip("\n")]) + "\n"


def _servers(owner: str, zone: str, table: ZoneTable, address_of: Mapping[str, str], written: set[str]) -> list[str]:
    """NS records, and addresses of those servers whose names lie in this zone."""
    lines = []
    for server, host in table.servers.items():
        if host not in address_of:
            raise WorldFileError(f"zone {zone!r}: its server {server} is on {host!r}, which is no host")
        lines.append(f"{owner} IN NS {server}.")
        if is_below(server, zone) and server not in written:
            written.add(server)
            lines.append(f"{server}. IN A {address_of[host]}")
    return lines
