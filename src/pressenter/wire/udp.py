"""User Datagram Protocol (RFC 768): source port, destination port, length, checksum."""

from __future__ import annotations

import struct
from typing import NamedTuple

from pressenter.wire.checksum import internet_checksum, pseudo_header_sum
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.malformed import MalformedPacket

__all__ = ["HEADER_LENGTH", "Datagram", "build_udp", "parse_udp"]

HEADER_LENGTH = 8
_LAYOUT = struct.Struct("!HHHH")


class Datagram(NamedTuple):
    """A parsed datagram."""

    source_port: int
    destination_port: int
    payload: bytes


def build_udp(source: bytes, destination: bytes, datagram: Datagram) -> bytes:
    """The bytes of a datagram; the addresses are covered by its checksum."""
    length = HEADER_LENGTH + len(datagram.payload)
    header = _LAYOUT.pack(datagram.source_port, datagram.destination_port, length, 0)
    pseudo = pseudo_header_sum(source, destination, Protocol.UDP, length)
    # RFC 768: a computed checksum of zero is sent as all ones, since zero says "none".
    checksum = internet_checksum(header + datagram.payload, pseudo) or 0xFFFF
    return header[:6] + checksum.to_bytes(2, "big") + datagram.payload


def parse_udp(source: bytes, destination: bytes, data: bytes) -> Datagram:
    """Parse and verify a datagram.  Raises MalformedPacket."""
    if len(data) < HEADER_LENGTH:
        raise MalformedPacket("UDP", f"{len(data)} bytes, 8 needed")
    source_port, destination_port, length, checksum = _LAYOUT.unpack_from(data)
    if length < HEADER_LENGTH or length > len(data):
        raise MalformedPacket("UDP", f"length {length} of {len(data)} bytes")
    if checksum:
        pseudo = pseudo_header_sum(source, destination, Protocol.UDP, length)
        if internet_checksum(data[:length], pseudo) != 0:
            raise MalformedPacket("UDP", "checksum is wrong")
    return Datagram(source_port, destination_port, data[HEADER_LENGTH:length])
