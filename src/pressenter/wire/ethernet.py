"""Ethernet II frames (IEEE 802.3 §3.2), with their frame check sequence.

::

    0              6              12     14                        n      n+4
    +--------------+--------------+------+---------- ... ----------+-------+
    | destination  | source       | type | payload, 46 bytes least | FCS   |
    +--------------+--------------+------+---------- ... ----------+-------+

On a link of ours a frame is all of these bytes.  Preamble and gap are not
bytes; they only take time (`OVERHEAD_ON_WIRE`).
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from pressenter.wire.malformed import MalformedPacket

__all__ = [
    "FCS_LENGTH",
    "HEADER_LENGTH",
    "MINIMUM_FRAME",
    "MTU",
    "OVERHEAD_ON_WIRE",
    "EtherType",
    "add_fcs",
    "build_frame",
    "fcs_is_right",
    "parse_frame",
]

HEADER_LENGTH = 14
FCS_LENGTH = 4
MINIMUM_FRAME = 64  # IEEE 802.3 §4.2.3.3: minFrameSize, FCS included
MTU = 1500
OVERHEAD_ON_WIRE = 20  # 7 bytes preamble, 1 start delimiter, 12 interpacket gap


class EtherType:
    """Numbers from IANA's IEEE 802 registry."""

    IPV4: Final = 0x0800
    ARP: Final = 0x0806
    IPV6: Final = 0x86DD


def build_frame(destination: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """A frame without its FCS, padded so that the whole reaches the minimum."""
    frame = destination + source + ethertype.to_bytes(2, "big") + payload
    return frame.ljust(MINIMUM_FRAME - FCS_LENGTH, b"\0")


def add_fcs(frame: bytes) -> bytes:
    """The frame followed by its CRC-32, least significant byte first."""
    return frame + struct.pack("<I", zlib.crc32(frame))


def fcs_is_right(frame: bytes) -> bool:
    """Whether the last four bytes are the CRC-32 of the rest."""
    # The CRC over data and its own CRC leaves a constant residue; sparing a copy of the frame.
    return zlib.crc32(frame) == 0x2144DF1C


def parse_frame(frame: bytes) -> tuple[bytes, bytes, int]:
    """Destination, source and EtherType.  Raises MalformedPacket for a runt."""
    if len(frame) < HEADER_LENGTH + FCS_LENGTH:
        raise MalformedPacket("Ethernet", f"{len(frame)} bytes are too few for a frame")
    return frame[0:6], frame[6:12], frame[12] << 8 | frame[13]
