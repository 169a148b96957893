"""The language of packetdrill scripts, parsed (Cardwell et al., "packetdrill", USENIX ATC 2013).

A script is a list of events, each with a time: system calls that the program makes, with their
results; packets that the network delivers (``<``); packets that the stack must send (``>``);
shell commands; assertions about TCP_INFO.
"""

from __future__ import annotations

import dataclasses
import re

__all__ = [
    "Assertion",
    "Call",
    "Event",
    "IcmpPacket",
    "OutOfScope",
    "Script",
    "ScriptError",
    "Shell",
    "TcpPacket",
    "parse",
]


class ScriptError(Exception):
    """A line that this parser does not understand."""


class OutOfScope(Exception):
    """The script is about something that only FreeBSD has."""


@dataclasses.dataclass
class TcpPacket:
    """A segment in a script.  ``None`` stands for what the script does not say."""

    inbound: bool
    flags: str
    start: int | None
    length: int
    absolute: bool
    ack: int | None
    window: int | None
    options: list[str] | None
    udp: tuple[int, int] | None
    tos: int | None = None
    hop_limit: int | None = None
    ecn: str | None = None


@dataclasses.dataclass
class IcmpPacket:
    """An ICMP error that the network delivers, about a segment that was sent."""

    kind: str
    code: str
    start: int
    length: int
    udp: tuple[int, int] | None
    mtu: int | None = None


@dataclasses.dataclass
class Call:
    """A system call: name, arguments as text, the result and the error's name."""

    name: str
    arguments: list[str]
    result: int
    error: str | None


@dataclasses.dataclass
class Shell:
    """A shell command."""

    command: str


@dataclasses.dataclass
class Assertion:
    """``assert field == VALUE``."""

    field: str
    value: str


@dataclasses.dataclass
class Event:
    """One event: ``at`` in nanoseconds after the one before if ``relative``; None for any time."""

    at_ns: int | None
    relative: bool
    what: TcpPacket | IcmpPacket | Call | Shell | Assertion
    line: str


@dataclasses.dataclass
class Script:
    """A whole script."""

    settings: dict[str, str]
    events: list[Event]


_TIME = re.compile(r"^(\*|\+?\s*\d+(?:\.\d+)?)\s+(.*)$", re.S)
_PACKET = re.compile(
    r"""^(?P<direction>[<>])\s*
        (?:\((?P<header>[^)]*)\)\s*)?
        (?:\[(?P<ecn>\w+)\]\s*)?
        (?P<flags>[SFRPEWAU.]+)\s+
        (?:(?P<start>\d+):(?P<end>\d+)|\.\.\.)\((?P<length>\d+)\)(?P<absolute>!)?
        (?:\s+ack\s+(?P<ack>\d+))?
        (?:\s+win\s+(?P<window>\d+))?
        (?:\s*<(?P<options>[^>]*)>)?
        (?:\s*/udp\((?P<from>\d+)\s*>\s*(?P<to>\d+)\))?\s*$""",
    re.X,
)
_ICMP = re.compile(
    r"^<\s*icmp\s+(?P<kind>\w+)\s+(?P<code>\w+)(?:\s+mtu\s+(?P<mtu>\d+))?\s*"
    r"\[(?P<start>\d+):(?P<end>\d+)\((?P<length>\d+)\)(?:/udp\((?P<from>\d+)\s*>\s*(?P<to>\d+)\))?\]"
    r"(?:\s+mtu\s+(?P<mtu2>\d+))?\s*$"
)
_CALL = re.compile(r"^(\w+)\s*\((.*)\)\s*=\s*(-?(?:0x)?[0-9a-fA-F]+)\s*(?:(E[A-Z]+)\b.*|\(.*\))?$", re.S)
_ASSERT = re.compile(r"^%\{\s*assert\s+(\w+)\s*==\s*(\w+)\s*\}%$")


def parse(lines: list[str], defined: frozenset[str] = frozenset({"STANDARD"})) -> Script:
    """Parse a script; ``#ifdef`` blocks count if their name is in ``defined``.  Raises ScriptError."""
    settings: dict[str, str] = {}
    events: list[Event] = []
    active = [True]
    for line in _joined(lines):
        text = line.strip()
        if not text:
            continue
        if text.startswith("#ifdef"):
            active.append(text.split()[1] in defined)
        elif text.startswith("#else"):
            active[-1] = not active[-1]
        elif text.startswith("#endif"):
            active.pop()
        elif not all(active) or text.startswith("#"):
            continue
        elif text.startswith("--"):
            name, _, value = text[2:].partition("=")
            settings[name] = value
        else:
            events.append(_event(text))
    return Script(settings, events)


def _joined(lines: list[str]) -> list[str]:
    """Lines that belong together: a command in backquotes may go over several."""
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1].count("`") % 2:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def _event(text: str) -> Event:
    if text.startswith("`"):
        text = "+0 " + text
    match = _TIME.match(text)
    if match is None:
        raise ScriptError(f"no time: {text}")
    time, rest = match.groups()
    at_ns = None if time == "*" else round(float(time.lstrip("+ ")) * 1e9)
    return Event(at_ns, time.startswith("+"), _what(rest.strip()), text)


def _what(text: str) -> TcpPacket | IcmpPacket | Call | Shell | Assertion:
    if text.startswith("`"):
        return Shell(text.strip("`").strip())
    if match := _ASSERT.match(text):
        return Assertion(match[1], match[2])
    if match := _ICMP.match(text):
        mtu = match["mtu"] or match["mtu2"]
        return IcmpPacket(
            match["kind"], match["code"], int(match["start"]), int(match["length"]), _ports(match),
            int(mtu) if mtu else None,
        )  # fmt: skip
    if match := _PACKET.match(text):
        return _packet(match)
    if match := _CALL.match(text):
        return Call(match[1], _arguments(match[2]), int(match[3], 0), match[4])
    raise ScriptError(f"not understood: {text}")


def _packet(match: re.Match[str]) -> TcpPacket:
    number = {name: None if match[name] is None else int(match[name]) for name in ("start", "ack", "window")}
    options = None if match["options"] is None else [option.strip() for option in match["options"].split(",")]
    packet = TcpPacket(
        match["direction"] == "<", match["flags"], number["start"], int(match["length"]), bool(match["absolute"]),
        number["ack"], number["window"], options, _ports(match), ecn=match["ecn"],
    )  # fmt: skip
    if match["header"]:
        for item in match["header"].split(","):
            name, _, value = item.strip().partition(" ")
            if name in ("tos", "class"):
                packet.tos = int(value, 16)
            elif name in ("hlim", "ttl"):
                packet.hop_limit = int(value)
            else:
                raise ScriptError(f"header field {name}")
    return packet


def _ports(match: re.Match[str]) -> tuple[int, int] | None:
    return None if match["from"] is None else (int(match["from"]), int(match["to"]))


def _arguments(text: str) -> list[str]:
    """Split at commas that are not inside braces or brackets."""
    arguments, depth, current = [], 0, ""
    for character in text:
        depth += (character in "[{(") - (character in "]})")
        if character == "," and depth == 0:
            arguments.append(current.strip())
            current = ""
        else:
            current += character
    return [*arguments, current.strip()]
