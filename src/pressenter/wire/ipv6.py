"""The IPv6 header and its extensions (RFC 8200 §3, §4).

::

    |version| traffic class |             flow label                |
    |        payload length         |  next header  |   hop limit   |
    |                      source address, 16 bytes                 |
    |                   destination address, 16 bytes               |

The header has no checksum and no fragmentation: what IPv4 has in its header and options
follows as a chain of extension headers, each of which names the next.  Only the source
fragments (§4.5), and only the destination looks into most of the chain.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pressenter.wire.malformed import MalformedPacket

__all__ = [
    "DEFAULT_HOP_LIMIT",
    "FRAGMENT",
    "Fragment",
    "HEADER_LENGTH",
    "ICMPV6",
    "IPv6Header",
    "MINIMUM_MTU",
    "NO_NEXT_HEADER",
    "build_fragment",
    "build_ipv6",
    "decrement_hop_limit",
    "parse_ipv6",
    "skip_extensions",
]

HEADER_LENGTH = 40
DEFAULT_HOP_LIMIT = 64
MINIMUM_MTU = 1280  # RFC 8200 §5
ICMPV6 = 58
NO_NEXT_HEADER = 59
FRAGMENT = 44
_HOP_BY_HOP = 0
_ROUTING = 43
_DESTINATION_OPTIONS = 60
_SKIPPED = frozenset({_HOP_BY_HOP, _ROUTING, _DESTINATION_OPTIONS})

_LAYOUT = struct.Struct("!IHBB16s16s")
_FRAGMENT_LAYOUT = struct.Struct("!BBHI")


class IPv6Header(NamedTuple):
    """The named view of the fixed header."""

    traffic_class: int
    flow_label: int
    payload_length: int
    next_header: int
    hop_limit: int
    source: bytes
    destination: bytes


class Fragment(NamedTuple):
    """A fragment header (RFC 8200 §4.5).  ``offset`` is in bytes."""

    next_header: int
    offset: int
    more: bool
    identification: int


class Extended(NamedTuple):
    """What stands behind the extension headers.

    Attributes:
        next_header: the protocol of the payload.
        offset: where the payload begins in the packet.
        pointer: where the field lies that names the protocol (for ICMPv6's parameter problem).
        fragment: the fragment header on the way, if there is one; then the payload is a piece.
    """

    next_header: int
    offset: int
    pointer: int
    fragment: Fragment | None


def build_ipv6(
    source: bytes, destination: bytes, next_header: int, payload: bytes, *,
    hop_limit: int = DEFAULT_HOP_LIMIT, traffic_class: int = 0, flow_label: int = 0,
) -> bytes:  # fmt: skip
    """A whole packet."""
    first = 6 << 28 | traffic_class << 20 | flow_label
    return _LAYOUT.pack(first, len(payload), next_header, hop_limit, source, destination) + payload


def parse_ipv6(packet: bytes) -> IPv6Header:
    """The fixed header of a packet.  Raises MalformedPacket."""
    if len(packet) < HEADER_LENGTH:
        raise MalformedPacket("IPv6", f"{len(packet)} bytes are too few for a header")
    first, length, next_header, hop_limit, source, destination = _LAYOUT.unpack_from(packet)
    if first >> 28 != 6:
        raise MalformedPacket("IPv6", f"version {first >> 28}")
    if HEADER_LENGTH + length > len(packet):
        raise MalformedPacket("IPv6", f"payload length {length} of {len(packet) - HEADER_LENGTH} bytes")
    return IPv6Header(first >> 20 & 0xFF, first & 0xFFFFF, length, next_header, hop_limit, source, destination)


def skip_extensions(packet: bytes, header: IPv6Header) -> Extended:
    """Walk the chain of extension headers to the payload.  Raises MalformedPacket."""
    next_header, offset, pointer = header.next_header, HEADER_LENGTH, 6
    end = HEADER_LENGTH + header.payload_length
    fragment = None
    while next_header in _SKIPPED or next_header == FRAGMENT:
        if offset + 8 > end:
            raise MalformedPacket("IPv6", f"extension header {next_header} is cut off")
        pointer = offset
        if next_header == FRAGMENT:
            following, _, place, identification = _FRAGMENT_LAYOUT.unpack_from(packet, offset)
            fragment = Fragment(following, place & 0xFFF8, bool(place & 1), identification)
            next_header, offset = following, offset + 8
            if fragment.offset or fragment.more:
                break  # what follows is a piece
        else:
            next_header, offset = packet[offset], offset + 8 * (packet[offset + 1] + 1)
            if offset > end:
                raise MalformedPacket("IPv6", f"extension header is longer than the packet, {offset} of {end} bytes")
    return Extended(next_header, offset, pointer, fragment)


def build_fragment(fragment: Fragment) -> bytes:
    """The bytes of a fragment header."""
    return _FRAGMENT_LAYOUT.pack(fragment.next_header, 0, fragment.offset | fragment.more, fragment.identification)


def decrement_hop_limit(packet: bytes) -> bytes:
    """The packet as a router sends it on (RFC 8200 §3)."""
    return packet[:7] + bytes((packet[7] - 1,)) + packet[8:]
