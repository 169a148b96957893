"""The IPv4 header (RFC 791 §3.1).

::

     0                   1                   2                   3
    |version| IHL |DSCP  |ECN|          total length               |
    |        identification        |0|DF|MF|    fragment offset     |
    |  time to live |   protocol   |        header checksum         |
    |                        source address                         |
    |                     destination address                       |
    |                     options, padding                          |

The hot path reads by offset; `parse_ipv4` makes the named view.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from pressenter.wire.checksum import internet_checksum
from pressenter.wire.malformed import MalformedPacket

__all__ = [
    "DEFAULT_TTL",
    "HEADER_LENGTH",
    "IPv4Header",
    "Protocol",
    "build_ipv4",
    "decrement_ttl",
    "is_plain_ipv4",
    "parse_ipv4",
]

HEADER_LENGTH = 20
DEFAULT_TTL = 64  # RFC 1700's recommendation, as Linux has it

_LAYOUT = struct.Struct("!BBHHHBBH4s4s")
_DONT_FRAGMENT = 0x4000
_MORE_FRAGMENTS = 0x2000
_OFFSET_MASK = 0x1FFF


class Protocol:
    """Numbers from IANA's protocol registry."""

    ICMP: Final = 1
    TCP: Final = 6
    UDP: Final = 17


class IPv4Header(NamedTuple):
    """The named view of a header.  ``fragment_offset`` is in bytes."""

    header_length: int
    tos: int
    total_length: int
    identification: int
    dont_fragment: bool
    more_fragments: bool
    fragment_offset: int
    ttl: int
    protocol: int
    source: bytes
    destination: bytes


def build_ipv4(
    source: bytes,
    destination: bytes,
    protocol: int,
    payload: bytes,
    *,
    identification: int = 0,
    ttl: int = DEFAULT_TTL,
    tos: int = 0,
    dont_fragment: bool = False,
    more_fragments: bool = False,
    fragment_offset: int = 0,
) -> bytes:
    """A whole packet with a header of 20 bytes and its checksum."""
    flags = fragment_offset >> 3
    if dont_fragment:
        flags |= _DONT_FRAGMENT
    if more_fragments:
        flags |= _MORE_FRAGMENTS
    length = HEADER_LENGTH + len(payload)
    header = _LAYOUT.pack(0x45, tos, length, identification, flags, ttl, protocol, 0, source, destination)
    checksum = internet_checksum(header)
    return header[:10] + checksum.to_bytes(2, "big") + header[12:] + payload


def parse_ipv4(packet: bytes) -> IPv4Header:
    """The header of a packet, verified as RFC 1122 §3.2.1 demands.  Raises MalformedPacket."""
    if len(packet) < HEADER_LENGTH:
        raise MalformedPacket("IPv4", f"{len(packet)} bytes are too few for a header")
    first, tos, total, identification, flags, ttl, protocol, _, source, destination = _LAYOUT.unpack_from(packet)
    header_length = (first & 0x0F) * 4
    if first >> 4 != 4:
        raise MalformedPacket("IPv4", f"version {first >> 4}")
    if header_length < HEADER_LENGTH or header_length > len(packet):
        raise MalformedPacket("IPv4", f"header length {header_length}")
    if total < header_length or total > len(packet):
        raise MalformedPacket("IPv4", f"total length {total} of {len(packet)} bytes")
    if internet_checksum(packet[:header_length]) != 0:
        raise MalformedPacket("IPv4", "header checksum is wrong")
    return IPv4Header(
        header_length,
        tos,
        total,
        identification,
        bool(flags & _DONT_FRAGMENT),
        bool(flags & _MORE_FRAGMENTS),
        (flags & _OFFSET_MASK) << 3,
        ttl,
        protocol,
        source,
        destination,
    )


def decrement_ttl(packet: bytes) -> bytes:
    """The packet as a router sends it on: TTL one less, checksum updated (RFC 1812 §5.3.1)."""
    # RFC 1624, equation 3, for a word that becomes smaller by 0x0100.
    inverse = 0xFFFF - (packet[10] << 8 | packet[11])
    checksum = 0xFFFF - (inverse - 0x100 if inverse > 0x100 else inverse + 0xFEFF)
    return packet[:8] + bytes((packet[8] - 1, packet[9], checksum >> 8, checksum & 0xFF)) + packet[12:]


def is_plain_ipv4(packet: bytes) -> bool:
    """Whether the header has no options, is whole, and its checksum is right; then it may be read by offset."""
    return (
        len(packet) >= HEADER_LENGTH
        and packet[0] == 0x45
        and HEADER_LENGTH <= packet[2] << 8 | packet[3] <= len(packet)
        and int.from_bytes(packet[:HEADER_LENGTH], "big") % 0xFFFF == 0
    )
