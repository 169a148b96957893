"""The schema of a world file, and errors that say where a file is wrong.

A world file is TOML.  The tables below are its whole vocabulary; a key that is
not in them is an error, with the nearest one that is.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pressenter.machine.costs import Costs
from pressenter.nearest import did_you_mean

__all__ = [
    "DHCP",
    "BrowserTable",
    "DhcpTable",
    "HostTable",
    "LinkTable",
    "RouterTable",
    "SiteTable",
    "SitesTable",
    "SwitchTable",
    "TcpTable",
    "WorldFile",
    "WorldFileError",
    "ZoneTable",
    "parse_world",
    "read_world",
]


#: In place of an address: the card asks for one.
DHCP = "dhcp"

#: A probability.
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
#: A side of the browser's window.
Pixels = Annotated[int, msgspec.Meta(ge=100, le=8192)]


class WorldFileError(ValueError):
    """A world file is wrong; the message says the file, the line, the key, and what to do."""


class _Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A table that knows its keys."""


class SiteTable(_Table, kw_only=True):
    """A website on a host: a folder, or a redirection."""

    folder: str | None = None
    redirect: str | None = None
    status: int = 301
    #: Serve over http (port 80) and over https (port 443).
    http: bool = True
    https: bool = False
    #: Over http, send everybody to https.
    upgrade: bool = False
    max_age: int | None = None
    #: Last-Modified of every file; without it each file's own.
    modified: str | None = None
    headers: dict[str, str] = {}
    #: Dates of the certificate, for worlds with a broken one.
    certificate_from: str | None = None
    certificate_until: str | None = None


class TcpTable(_Table, kw_only=True):
    """Settings of TCP on a host; what is not given is as Linux has it."""

    congestion_control: str | None = None
    sack: bool | None = None
    timestamps: bool | None = None
    window_scaling: bool | None = None
    rack: bool | None = None
    #: 0 off, 1 ask and answer, 2 answer.
    ecn: Annotated[int, msgspec.Meta(ge=0, le=2)] | None = None
    #: Bytes where the buffers begin, and how far they may grow.
    receive_buffer: Annotated[int, msgspec.Meta(ge=2048)] | None = None
    receive_buffer_maximum: Annotated[int, msgspec.Meta(ge=2048)] | None = None
    #: Data in the SYN, for servers that have been visited before.
    fast_open_server: bool | None = None


class HostTable(_Table, kw_only=True):
    """A computer with network cards."""

    group: str = ""
    #: By card: address and prefix length, or "dhcp"; after a space IPv6 addresses, or "auto".
    interfaces: dict[str, str]
    gateway: str | None = None
    name_server: str | None = None
    tcp: TcpTable = msgspec.field(default_factory=TcpTable)
    #: Lines of /etc/hosts: name to address.
    hosts: dict[str, str] = {}
    #: Runs a recursive resolver that knows these root servers.
    root_hints: list[str] = []
    #: Websites by host name; "*" answers for every name.
    sites: dict[str, SiteTable] = {}
    #: Switched off: its cables are plugged in, and nothing answers.
    off: bool = False


class DhcpTable(_Table, kw_only=True):
    """A DHCP server on a router's interface: addresses from a range."""

    interface: str
    first: str
    last: str
    lease: str = "24h"
    #: What clients are told; without it the router itself.
    name_server: str | None = None


class RouterTable(_Table, kw_only=True):
    """A router.  One with a gateway takes no part in shortest-path routing."""

    group: str = ""
    interfaces: dict[str, str]
    gateway: str | None = None
    #: Interfaces whose IPv6 prefixes hosts may make addresses of.
    advertise: list[str] = []
    #: The outside interface, if the router translates addresses (NAT).
    translate: str | None = None
    #: The public ports that translation may use, as ``first-last``; without it, all from 1024 on.
    translate_ports: str | None = None
    #: Runs a DNS forwarder that asks this resolver.
    forward_names_to: str | None = None
    dhcp: DhcpTable | None = None
    latency: str = "20us"


class SwitchTable(_Table, kw_only=True):
    """A learning switch."""

    group: str = ""
    latency: str = "4us"


class LinkTable(_Table, kw_only=True):
    """A cable between two ports, written as ``node:port``."""

    between: tuple[str, str]
    rate: str = "1Gbit/s"
    #: Either a delay or a length of fibre.
    delay: str | None = None
    length: str | None = None
    queue: str = "512KiB"
    cost: int = 10
    #: At least what every host must take (RFC 791), or what IPv6 needs (RFC 8200 §5).
    mtu: Annotated[int, msgspec.Meta(ge=576, le=65_535)] | None = None
    loss: Share = 0.0
    duplicate: Share = 0.0
    reorder: Share = 0.0
    corrupt: Share = 0.0
    #: When it is cut: spans of virtual time such as ``2.9s-3.5s``, or ``3s-`` for ever.
    cut: list[str] = []


class ZoneTable(_Table, kw_only=True):
    """A zone of the name system.  SOA, NS, glue and delegation are made from ``servers``."""

    #: Name of each server to the host that runs it.
    servers: dict[str, str]
    #: Further records in master-file format.
    records: str = ""
    ttl: int = 172_800
    negative_ttl: int = 900


class BrowserTable(_Table, kw_only=True):
    """Where the person sits."""

    host: str
    search: str = "http://search.example.com/?q="
    blocklist: list[str] = []
    window: tuple[Pixels, Pixels] = (1280, 900)
    #: Addresses visited before, with how often.
    history: dict[str, int] = {}


class SitesTable(_Table, kw_only=True):
    """Where sites that are put in from outside (``--site``) go."""

    switch: str
    network: str
    gateway: str
    name_server: str
    link: str = "10Gbit/s"


class WorldFile(_Table, kw_only=True):
    """The whole file."""

    title: str
    epoch: str
    browser: BrowserTable
    added_sites: SitesTable | None = None
    costs: Costs = Costs()
    hosts: dict[str, HostTable] = {}
    routers: dict[str, RouterTable] = {}
    switches: dict[str, SwitchTable] = {}
    links: list[LinkTable] = []
    zones: dict[str, ZoneTable] = {}


def read_world(path: Path) -> WorldFile:
    """Read a world file.  Raises WorldFileError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorldFileError(f"{path}: cannot be read: {error}") from error
    return parse_world(text, str(path))


def parse_world(text: str, name: str) -> WorldFile:
    """Parse the text of a world file.  Raises WorldFileError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WorldFileError(f"{name}: not TOML: {error}") from error
    try:
        return msgspec.convert(data, WorldFile)
    except msgspec.ValidationError as error:
        raise WorldFileError(_explain(str(error), text, name, data)) from error


def _explain(message: str, text: str, name: str, data: dict[str, Any]) -> str:
    """Turn msgspec's message into file, line, key, what was expected, and the nearest name."""
    problem, _, path_text = message.partition(" - at `$")
    path = [index or part for index, part in re.findall(r"\[(\.\.\.|\d+)\]|\.([\w-]+)", path_text)]
    unknown = re.search(r"unknown field `([^`]+)`", problem)
    key = unknown[1] if unknown else (path[-1] if path and not path[-1].isdecimal() else "")
    where = _resolve(path, data, key if unknown else "")
    line = _line_of(text, [*where, *([key] if unknown else [])])
    shown = ".".join([*where, *([key] if unknown else [])]) or "the file"
    if unknown:
        known = _known_keys(where)
        hint = did_you_mean(key, known) or f"known here: {', '.join(known)}"
        return f"{name}:{line}: {shown}: there is no key {key!r}; {hint}"
    return f"{name}:{line}: {shown}: {problem[0].lower()}{problem[1:]}"


def _resolve(path: list[str], data: Any, wanted: str) -> list[str]:
    """Replace msgspec's ``...`` (any key of a dict) by the key that is meant."""
    found: list[str] = []
    for index, part in enumerate(path):
        if part != "...":
            found.append(part)
            data = data[int(part)] if isinstance(data, list) else data.get(part, {})
            continue
        rest = path[index + 1 :]
        for key, value in data.items():
            if _is_culprit(value, rest, wanted, found):
                found.append(key)
                data = value
                break
        else:
            break
    return found


def _is_culprit(value: Any, rest: list[str], wanted: str, above: list[str]) -> bool:
    """Whether this entry of a table is the one that fails: tried alone, it fails too."""
    if wanted and not rest:
        return isinstance(value, dict) and wanted in value
    kinds = {
        "hosts": HostTable,
        "routers": RouterTable,
        "switches": SwitchTable,
        "zones": ZoneTable,
        "sites": SiteTable,
    }
    kind = kinds.get(above[-1] if above else "")
    try:
        msgspec.convert(value, kind if kind is not None and not isinstance(value, str) else str)
    except msgspec.ValidationError:
        return True
    return False


def _known_keys(path: list[str]) -> list[str]:
    """The keys of the table at a path."""
    table: Any = WorldFile
    for part in path:
        fields = {field.name: field.type for field in msgspec.structs.fields(table)} if isinstance(table, type) else {}
        table = fields.get(part, table)
        arguments = [argument for argument in getattr(table, "__args__", ()) if isinstance(argument, type)]
        structs = [argument for argument in arguments if issubclass(argument, msgspec.Struct)]
        if structs:
            table = structs[-1]
    if isinstance(table, type) and issubclass(table, msgspec.Struct):
        return [field.name for field in msgspec.structs.fields(table)]
    return []


def _line_of(text: str, path: list[str]) -> int:
    """The line on which the last part of a path stands, or its table begins (from 1)."""
    tables: list[str] = []
    arrays: dict[str, int] = {}
    best, best_depth = 1, 0
    plain = [part.strip('"') for part in path]
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        header = re.fullmatch(r"(\[\[?)([^\]]+)\]\]?\s*(?:#.*)?", stripped)
        if header:
            tables = [part.strip().strip('"') for part in re.findall(r'"[^"]*"|[^.]+', header[2])]
            if header[1] == "[[":
                index = arrays.get(header[2], -1) + 1
                arrays[header[2]] = index
                tables = [*tables, str(index)]
            here = tables
        else:
            key = re.match(r'("[^"]*"|[\w.-]+)\s*=', stripped)
            if not key:
                continue
            here = [*tables, *[part.strip('"') for part in re.findall(r'"[^"]*"|[^.]+', key[1])]]
        depth = len(here)
        if plain[:depth] == here and depth > best_depth:
            best, best_depth = number, depth
    return best
