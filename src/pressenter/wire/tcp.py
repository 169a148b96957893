"""The TCP header (RFC 9293 §3.1) and its options.

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

import functools
import struct
from typing import NamedTuple

from pressenter.wire.checksum import internet_checksum, pseudo_header_sum
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.malformed import MalformedPacket

__all__ = [
    "ACK",
    "CWR",
    "ECE",
    "FIN",
    "HEADER_LENGTH",
    "MAXIMUM_OPTIONS_LENGTH",
    "NO_OPTIONS",
    "Options",
    "PSH",
    "RST",
    "SYN",
    "Segment",
    "build_options",
    "build_tcp",
    "flags_text",
    "parse_tcp",
]

HEADER_LENGTH = 20
MAXIMUM_OPTIONS_LENGTH = 40  # the data offset has four bits, counts words and includes the header

FIN = 0x01
SYN = 0x02
RST = 0x04
PSH = 0x08
ACK = 0x10
URG = 0x20
ECE = 0x40  # RFC 3168 §6.1
CWR = 0x80

_LAYOUT = struct.Struct("!HHIIBBHHH")
_TIMESTAMPS_ALONE = struct.Struct("!III")

# Option kinds, from IANA's registry
_END_OF_OPTIONS = 0
_NO_OPERATION = 1
_MAXIMUM_SEGMENT_SIZE = 2  # RFC 9293 §3.2
_WINDOW_SCALE = 3  # RFC 7323 §2.2
_SACK_PERMITTED = 4  # RFC 2018 §2
_SACK = 5  # RFC 2018 §3
_TIMESTAMPS = 8  # RFC 7323 §3.2
_FAST_OPEN = 34  # RFC 7413 §4.1.1

#: Two NOPs and the head of the option, as RFC 7323 appendix A recommends and everybody sends it.
_TIMESTAMPS_HEAD = 0x0101080A


class Options(NamedTuple):
    """The options of a segment; None or empty for what is not there.

    Attributes:
        maximum_segment_size: in bytes of payload.
        window_scale: the shift for every later window of the sender's.
        sack_permitted: the sender understands selective acknowledgments.
        sack_blocks: pairs (left edge, right edge) of sequence numbers.
        timestamp: the sender's clock (TSval) and the echo of the receiver's (TSecr).
        fast_open: a cookie; ``b""`` asks for one.
    """

    maximum_segment_size: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    sack_blocks: tuple[tuple[int, int], ...] = ()
    timestamp: tuple[int, int] | None = None
    fast_open: bytes | None = None


NO_OPTIONS = Options()


class Segment(NamedTuple):
    """A parsed segment.

    Attributes:
        window: as in the header, not scaled.
        ecn: the mark in the header of the IP packet that carries it (RFC 3168 §5), 0 to 3.
    """

    source_port: int
    destination_port: int
    sequence: int
    acknowledgment: int
    flags: int
    window: int
    payload: bytes = b""
    options: Options = NO_OPTIONS
    ecn: int = 0

    @property
    def length(self) -> int:
        """SEG.LEN: the sequence numbers that it takes (RFC 9293 §3.4)."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)


def build_options(options: Options) -> bytes:
    """The options as they stand in a header, aligned to 32 bits.  Raises ValueError beyond 40 bytes."""
    if options is NO_OPTIONS:
        return b""
    mss, scale, sack_permitted, blocks, timestamp, cookie = options
    data = b""
    if mss is not None:
        data = struct.pack("!BBH", _MAXIMUM_SEGMENT_SIZE, 4, mss)
    if scale is not None:
        data += struct.pack("!BBBB", _NO_OPERATION, _WINDOW_SCALE, 3, scale)
    if sack_permitted:
        data += struct.pack("!BB", _SACK_PERMITTED, 2)
    if timestamp is not None:
        data += struct.pack("!BBII", _TIMESTAMPS, 10, *timestamp) if sack_permitted else _TIMESTAMPS_ALONE.pack(
            _TIMESTAMPS_HEAD, *timestamp
        )  # fmt: skip
    if blocks:
        data += struct.pack("!BBBB", _NO_OPERATION, _NO_OPERATION, _SACK, 2 + 8 * len(blocks))
        data += b"".join(struct.pack("!II", left, right) for left, right in blocks)
    if cookie is not None:
        data += bytes((_FAST_OPEN, 2 + len(cookie))) + cookie
    data += bytes((_NO_OPERATION,)) * (-len(data) % 4)
    if len(data) > MAXIMUM_OPTIONS_LENGTH:
        raise ValueError(f"{len(data)} bytes of options, but a header has room for {MAXIMUM_OPTIONS_LENGTH}")
    return data


def build_tcp(source: bytes, destination: bytes, segment: Segment) -> bytes:
    """The bytes of a segment; the addresses are covered by its checksum."""
    source_port, destination_port, sequence, acknowledgment, flags, window, payload, options, _ = segment
    header_options = build_options(options)
    offset = HEADER_LENGTH + len(header_options)
    body = (
        _LAYOUT.pack(source_port, destination_port, sequence, acknowledgment, offset << 2, flags, window, 0, 0)
        + header_options
        + payload
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
    options = NO_OPTIONS
    if header_length == HEADER_LENGTH + 12 and data[20:24] == b"\x01\x01\x08\x0a":
        # Nearly every segment of a connection with timestamps looks like this.
        _, value, echo = _TIMESTAMPS_ALONE.unpack_from(data, HEADER_LENGTH)
        options = Options(None, None, False, (), (value, echo))
    elif header_length > HEADER_LENGTH:
        options = _parse_options(data[HEADER_LENGTH:header_length])
    return Segment(
        source_port, destination_port, sequence, acknowledgment, flags, window, data[header_length:], options
    )


def _parse_options(data: bytes) -> Options:
    """Options that this stack knows; others are skipped by their length."""
    found: dict[str, object] = {}
    position = 0
    while position < len(data):
        kind = data[position]
        if kind == _END_OF_OPTIONS:
            break
        if kind == _NO_OPERATION:
            position += 1
            continue
        if position + 1 >= len(data):
            raise MalformedPacket("TCP", "option without a length")
        length = data[position + 1]
        if length < 2 or position + length > len(data):
            # RFC 9293 §3.1, MUST-7: be prepared to handle an illegal option length.
            raise MalformedPacket("TCP", f"option {kind} has length {length}")
        _take_option(found, kind, data[position + 2 : position + length])
        position += length
    return Options(**found) if found else NO_OPTIONS  # type: ignore[arg-type]


def _take_option(found: dict[str, object], kind: int, value: bytes) -> None:
    """Note one option; one whose value has the wrong length counts as not there."""
    if kind == _MAXIMUM_SEGMENT_SIZE and len(value) == 2:
        found["maximum_segment_size"] = int.from_bytes(value, "big")
    elif kind == _WINDOW_SCALE and len(value) == 1:
        found["window_scale"] = value[0]
    elif kind == _SACK_PERMITTED and not value:
        found["sack_permitted"] = True
    elif kind == _SACK and value and len(value) % 8 == 0:
        numbers = struct.unpack(f"!{len(value) // 4}I", value)
        found["sack_blocks"] = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    elif kind == _TIMESTAMPS and len(value) == 8:
        found["timestamp"] = struct.unpack("!II", value)
    elif kind == _FAST_OPEN:
        found["fast_open"] = value


@functools.lru_cache(maxsize=256)
def flags_text(flags: int) -> str:
    """The flags as people write them: ``SYN,ACK``."""
    names = (
        (SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"), (URG, "URG"), (ECE, "ECE"), (CWR, "CWR"),
    )  # fmt: skip
    return ",".join(name for bit, name in names if flags & bit)
