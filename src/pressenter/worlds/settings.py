"""Settings: single keys of a world file, changed from outside (``--set``, the studio's knobs).

A setting is a path and a value, ``links.laptop:eth0--home-switch:1.loss`` and ``0.05``.  What can be
set follows from the schema: a key that is added there is a knob here, without a word in this file.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from pressenter.host.tcp.congestion import CONGESTION_CONTROLS
from pressenter.machine.costs import Costs
from pressenter.nearest import did_you_mean
from pressenter.worlds.schema import (
    HostTable,
    LinkTable,
    RouterTable,
    SiteTable,
    SwitchTable,
    TcpTable,
    WorldFile,
    WorldFileError,
)

__all__ = ["Knob", "knobs", "with_settings"]

#: Keys that say how a world is put together: to change one alone breaks it.
_STRUCTURE = frozenset(
    "between group interfaces gateway dhcp advertise translate sites hosts root_hints folder headers tcp cost".split()
)
_CHOICES = {"congestion_control": tuple(CONGESTION_CONTROLS)}


class Knob(NamedTuple):
    """Something that can be set.

    Attributes:
        path: what to set it by.
        group: which part of the world it belongs to.
        label: the key.
        value: as it is now, as text; empty if it is not given.
        help: what may stand there.
        choices: all that may stand there, if they are few.
    """

    path: str
    group: str
    label: str
    value: str
    help: str
    choices: tuple[str, ...]


def knobs(file: WorldFile) -> list[Knob]:
    """Everything that can be set in a world, in the order of its file."""
    found: list[Knob] = []
    for link in file.links:
        name = "--".join(link.between)
        found += _of(LinkTable, link, f"links.{name}", f"link {name}")
    for name, host in file.hosts.items():
        found += _of(HostTable, host, f"hosts.{name}", f"host {name}")
        found += _of(TcpTable, host.tcp, f"hosts.{name}.tcp", f"TCP of {name}")
        for site, table in host.sites.items():
            found += _of(SiteTable, table, f"hosts.{name}.sites.{site}", f"site {site}")
    for name, router in file.routers.items():
        found += _of(RouterTable, router, f"routers.{name}", f"router {name}")
    for name, switch in file.switches.items():
        found += _of(SwitchTable, switch, f"switches.{name}", f"switch {name}")
    return [*found, *_of(Costs, file.costs, "costs", "work of the computer")]


def _of(table: type[msgspec.Struct], values: Any, path: str, group: str) -> Iterator[Knob]:
    hints = typing.get_type_hints(table)
    for field in msgspec.structs.fields(table):
        if field.name in _STRUCTURE:
            continue
        kind = _kind(hints[field.name])
        choices = ("true", "false") if kind is bool else _CHOICES.get(field.name, ())
        value = _as_text(getattr(values, field.name))
        yield Knob(f"{path}.{field.name}", group, field.name, value, _help(field.name, kind), choices)


def _kind(hint: Any) -> type:
    """The type inside of ``X | None``."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return next(_kind(part) for part in typing.get_args(hint) if part is not type(None))
    return typing.get_origin(hint) or hint  # type: ignore[no-any-return]


_EXAMPLES = {
    "delay": "a time, such as 20ms", "latency": "a time, such as 20us", "length": "a length, such as 1967km",
    "rate": "such as 5Mbit/s", "queue": "a size, such as 64KiB", "cut": "a span of time, such as 2.9s-3.5s, or 3s-",
    "translate_ports": "such as 1024-1030",
}  # fmt: skip


def _help(name: str, kind: type) -> str:
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    if name in ("loss", "duplicate", "reorder", "corrupt"):
        return "a share of the frames, from 0 to 1"
    return {bool: "", int: "a whole number", float: "nanoseconds", str: ""}.get(kind, "")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def with_settings(file: WorldFile, settings: Mapping[str, str]) -> WorldFile:
    """A world file with some keys set.  Raises WorldFileError, with the nearest name."""
    data = msgspec.to_builtins(file)
    for path, text in settings.items():
        _set(data, path, text)
    try:
        return msgspec.convert(data, WorldFile)
    except msgspec.ValidationError as error:
        raise WorldFileError(f"{', '.join(settings)}: {error}") from error


def _set(data: dict[str, Any], path: str, text: str) -> None:
    here: Any = data
    rest = path
    while True:
        names = _names(here)
        # Names may have dots in them (www.example.com): the longest that fits is meant.
        name = max((n for n in names if rest == n or rest.startswith(f"{n}.")), key=len, default=None)
        if name is None:
            known = ", ".join(sorted(names)[:12])
            hint = did_you_mean(rest, names) or did_you_mean(rest.partition(".")[0], names) or f"known here: {known}"
            raise WorldFileError(f"{path}: there is no {rest!r} to set; {hint}")
        if rest == name:
            break
        here, rest = names[name], rest[len(name) + 1 :]
    if not isinstance(here, dict) or isinstance(here.get(name), (dict, tuple)):
        raise WorldFileError(f"{path}: this is a table; set one of its keys")
    if name in ("delay", "length") and "between" in here and text:
        here["delay"] = here["length"] = None  # one takes the place of the other
    here[name] = _parsed(here.get(name), name, text)


def _names(here: Any) -> dict[str, Any]:
    """What a path may go on with: keys, or the links by their names."""
    if isinstance(here, dict):
        return here
    if isinstance(here, list):
        return {"--".join(item["between"]): item for item in here if isinstance(item, dict) and "between" in item}
    return {}


def _parsed(before: Any, name: str, text: str) -> Any:
    """A value from its text: a truth, a number, a list at commas, or the text itself."""
    if isinstance(before, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    if text == "":
        return None
    if text in ("true", "false"):
        return text == "true"
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return text
