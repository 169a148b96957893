"""Captures of other programs: pcapng (draft-ietf-opsawg-pcapng) and pcap (draft-ietf-opsawg-pcap) files.

Only what the viewer shows is taken: Ethernet frames, with the names of their interfaces and their times.
Whatever a file claims is checked against its length before it is believed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pressenter.trace.events import CapturedFrame

__all__ = ["BadCapture", "Capture", "read_capture"]

_PCAPNG = 0x0A0D0D0A
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_INTERFACE_DESCRIPTION, _SIMPLE_PACKET, _ENHANCED_PACKET = 1, 3, 6
_IF_NAME, _IF_TIMESTAMP_RESOLUTION, _IF_FCS_LENGTH, _IF_TIMESTAMP_OFFSET, _EPB_FLAGS = 2, 9, 13, 14, 2
_ETHERNET = 1
#: First four bytes of a pcap file, in both orders: nanoseconds in a unit of its fractions of a second.
_PCAP = {0xA1B2C3D4: 1_000, 0xA1B23C4D: 1}


class BadCapture(ValueError):
    """Not a capture that can be read; the message says why."""


class Capture(NamedTuple):
    """The frames of a file, times counted from the first; whether each ends with its frame check sequence."""

    frames: list[CapturedFrame]
    has_fcs: bool


class _Interface(NamedTuple):
    """``units`` of its time stamps are in a second; ``offset`` seconds are added to each."""

    name: str
    link_type: int
    units: int
    has_fcs: bool
    offset: int = 0

    def nanoseconds(self, stamp: int) -> int:
        return self.offset * 1_000_000_000 + stamp * 1_000_000_000 // self.units


def read_capture(data: bytes) -> Capture:
    """Read a file.  Raises BadCapture."""
    if len(data) < 24:
        raise BadCapture("shorter than the header of a capture")
    for order in "<>":
        (magic,) = struct.unpack_from(f"{order}I", data)
        if magic in _PCAP:
            return _from_start(list(_pcap(data, order, _PCAP[magic])))
    if struct.unpack_from("<I", data)[0] == _PCAPNG:
        return _from_start(list(_pcapng(data)))
    raise BadCapture("neither pcapng nor pcap: it begins with " + data[:4].hex(" "))


def _from_start(found: list[tuple[int, str, bool, bytes, bool]]) -> Capture:
    origin_ns = min((row[0] for row in found), default=0)
    frames = [CapturedFrame(at_ns - origin_ns, port, outbound, frame, 0) for at_ns, port, outbound, frame, _ in found]
    return Capture(frames, bool(found) and all(row[4] for row in found))


def _pcap(data: bytes, order: str, unit_ns: int) -> Iterator[tuple[int, str, bool, bytes, bool]]:
    (network,) = struct.unpack_from(f"{order}I", data, 20)
    if network & 0x0FFFFFFF != _ETHERNET:
        raise BadCapture(f"its frames are of link type {network & 0x0FFFFFFF}; only Ethernet (1) can be shown")
    place = 24
    while place + 16 <= len(data):
        seconds, fraction, length, _ = struct.unpack_from(f"{order}IIII", data, place)
        place += 16
        if length > len(data) - place:
            return  # the last one is cut off
        yield seconds * 1_000_000_000 + fraction * unit_ns, "capture", False, data[place : place + length], False
        place += length


def _pcapng(data: bytes) -> Iterator[tuple[int, str, bool, bytes, bool]]:
    order, place = "<", 0
    interfaces: list[_Interface] = []
    others: set[int] = set()  # link types that cannot be shown
    found, last_ns = False, 0
    while place + 12 <= len(data):
        (kind,) = struct.unpack_from(f"{order}I", data, place)
        if kind == _PCAPNG:  # a section begins: its byte order, and interfaces of its own
            order = "<" if struct.unpack_from("<I", data, place + 8)[0] == _BYTE_ORDER_MAGIC else ">"
            interfaces = []
        (length,) = struct.unpack_from(f"{order}I", data, place + 4)
        if length < 12 or length % 4 or length > len(data) - place:
            return
        body = data[place + 8 : place + length - 4]
        place += length
        if kind == _INTERFACE_DESCRIPTION and len(body) >= 8:
            interfaces.append(_interface(body, order, len(interfaces)))
            others |= {interfaces[-1].link_type} - {_ETHERNET}
        elif kind == _ENHANCED_PACKET and len(body) >= 20:
            for row in _enhanced(body, order, interfaces):
                found, last_ns = True, row[0]
                yield row
        elif kind == _SIMPLE_PACKET and len(body) >= 4 and interfaces and interfaces[0].link_type == _ETHERNET:
            (size,) = struct.unpack_from(f"{order}I", body)
            found = True  # such a packet has no time of its own
            yield last_ns, interfaces[0].name, False, body[4 : 4 + size], interfaces[0].has_fcs
    if others and not found:
        kinds = ", ".join(map(str, sorted(others)))
        raise BadCapture(f"its frames are of link type {kinds}; only Ethernet (1) can be shown")


def _interface(body: bytes, order: str, number: int) -> _Interface:
    (link_type,) = struct.unpack_from(f"{order}H", body)
    options = dict(_options(body[8:], order))
    resolution = options.get(_IF_TIMESTAMP_RESOLUTION, b"\x06")[:1] or b"\x06"
    power = resolution[0] & 0x7F
    units = 2**power if resolution[0] & 0x80 else 10**power
    offset = options.get(_IF_TIMESTAMP_OFFSET, b"").ljust(8, b"\0")[:8]
    (seconds,) = struct.unpack(f"{order}q", offset)
    name = options.get(_IF_NAME, b"").decode("utf-8", "replace") or f"interface {number}"
    has_fcs = options.get(_IF_FCS_LENGTH, b"\x00")[:1] == b"\x04"
    return _Interface(name, link_type, units, has_fcs, seconds)


def _enhanced(body: bytes, order: str, interfaces: list[_Interface]) -> Iterator[tuple[int, str, bool, bytes, bool]]:
    number, high, low, length, _ = struct.unpack_from(f"{order}IIIII", body)
    if number >= len(interfaces) or interfaces[number].link_type != _ETHERNET or length > len(body) - 20:
        return
    interface = interfaces[number]
    options = dict(_options(body[20 + length + -length % 4 :], order))
    flags = options.get(_EPB_FLAGS, b"")
    outbound = len(flags) >= 4 and struct.unpack(f"{order}I", flags[:4])[0] & 3 == 2
    yield interface.nanoseconds(high << 32 | low), interface.name, outbound, body[20 : 20 + length], interface.has_fcs


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(data):
        code, length = struct.unpack_from(f"{order}HH", data, place)
        if code == 0:
            return
        yield code, data[place + 4 : place + 4 + length]
        place += 4 + length + -length % 4
