"""The TCP header (RFC 9293 §3.1) and the options of a SYN.

::

     0                   1                   2                   3
    |          source port          |       destination port        |
    |                        sequence number                        |
    |                    acknowledgment number                      |
    |offset |  reserved  | flags    |            window             |
    |           checksum            |        urgent pointer         |
    |                 options, padded to 32 bits                    |
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pressenter.wire.checksum import internet_checksum, pseudo_header_sum
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.malformed import MalformedPacket

__all__ = ["ACK", "FIN", "HEADER_LENGTH", "PSH", "RST", "SYN", "Segment", "build_tcp", "flags_text", "parse_tcp"]

HEADER_LENGTH = 20

FIN = 0x01
SYN = 0x02
RST = 0x04
PSH = 0x08
ACK = 0x10
URG = 0x20

_LAYOUT = struct.Struct("!HHIIBBHHH")

# RFC 9293 §3.2, RFC 7323 §2.2
_END_OF_OPTIONS = 0
_NO_OPERATION = 1
_MAXIMUM_SEGMENT_SIZE = 2
_WINDOW_SCALE = 3


class Segment(NamedTuple):
    """A parsed segment.  ``window`` is as in the header, not scaled."""

    source_port: int
    destination_port: int
    sequence: int
    acknowledgment: int
    flags: int
    window: int
    payload: bytes = b""
    maximum_segment_size: int | None = None
    window_scale: int | None = None

    @property
    def length(self) -> int:
        """SEG.LEN: the sequence numbers that it takes (RFC 9293 §3.4)."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)


def build_tcp(source: bytes, destination: bytes, segment: Segment) -> bytes:
    """The bytes of a segment; the addresses are covered by its checksum."""
    options = b""
    if segment.maximum_segment_size is not None:
        options += struct.pack("!BBH", _MAXIMUM_SEGMENT_SIZE, 4, segment.maximum_segment_size)
    if segment.window_scale is not None:
        options += struct.pack("!BBBB", _NO_OPERATION, _WINDOW_SCALE, 3, segment.window_scale)
    offset = (HEADER_LENGTH + len(options)) // 4
    body = (
        _LAYOUT.pack(
            segment.source_port,
            segment.destination_port,
            segment.sequence,
            segment.acknowledgment,
            offset << 4,
            segment.flags,
            segment.window,
            0,
            0,
        )
        + options
        + segment.payload
    )
    checksum = internet_checksum(body, pseudo_header_sum(source, destination, Protocol.TCP, len(body)))
    return body[:16] + checksum.to_bytes(2, "big") + body[18:]


def parse_tcp(source: bytes, destination: bytes, data: bytes) -> Segment:
    """Parse and verify a segment.  Raises MalformedPacket."""
    if len(data) < HEADER_LENGTH:
        raise MalformedPacket("TCP", f"{len(data)} bytes, 20 needed")
    source_port, destination_port, sequence, acknowledgment, offset, flags, window, _, _ = _LAYOUT.unpack_from(data)
    header_length = (offset >> 4) * 4
    if header_length < HEADER_LENGTH or header_length > len(data):
        raise MalformedPacket("TCP", f"data offset {header_length}")
    if internet_checksum(data, pseudo_header_sum(source, destination, Protocol.TCP, len(data))) != 0:
        raise MalformedPacket("TCP", "checksum is wrong")
    mss = scale = None
    if header_length > HEADER_LENGTH:
        mss, scale = _parse_options(data[HEADER_LENGTH:header_length])
    return Segment(
        source_port, destination_port, sequence, acknowledgment, flags, window,
        data[header_length:], mss, scale,
    )  # fmt: skip


def _parse_options(options: bytes) -> tuple[int | None, int | None]:
    """Maximum segment size and window scale; other options are skipped by their length."""
    mss = scale = None
    position = 0
    while position < len(options):
        kind = options[position]
        if kind == _END_OF_OPTIONS:
            break
        if kind == _NO_OPERATION:
            position += 1
            continue
        if position + 1 >= len(options):
            raise MalformedPacket("TCP", "option without a length")
        length = options[position + 1]
        if length < 2 or position + length > len(options):
            # RFC 9293 §3.1, MUST-7: be prepared to handle an illegal option length.
            raise MalformedPacket("TCP", f"option {kind} has length {length}")
        value = options[position + 2 : position + length]
        if kind == _MAXIMUM_SEGMENT_SIZE and length == 4:
            mss = int.from_bytes(value, "big")
        elif kind == _WINDOW_SCALE and length == 3:
            scale = value[0]
        position += length
    return mss, scale


def flags_text(flags: int) -> str:
    """The flags as people write them: ``SYN,ACK``."""
    names = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"), (URG, "URG"))
    return ",".join(name for bit, name in names if flags & bit)
