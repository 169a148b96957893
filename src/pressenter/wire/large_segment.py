"""Large segments: one frame that stands for a train of them (segmentation offload).

A sender that has 64 KB to send need not go through its stack 45 times: it builds one segment
with all the bytes, and the network card cuts it up (TCP segmentation offload); if the next
device is no card but another piece of software, such as a virtual cable to a guest, the segment
goes through whole, and nobody ever cuts it.  That is what Linux does on its own virtual cables
(Documentation/networking/segmentation-offloads.rst), and what ours do where a world is bridged
to the kernel.  On the wire it takes the time of the frames that it stands for.

The invariant: a frame with more payload than its link's MTU holds one TCP segment, and each frame
of the train but the last would fill the MTU.  So the frame and the MTU say what it stands for.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.wire.checksum import internet_checksum, pseudo_header_sum
from pressenter.wire.ethernet import FCS_LENGTH, HEADER_LENGTH, MTU, OVERHEAD_ON_WIRE, add_fcs
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.tcp import CWR, FIN, PSH

__all__ = ["LARGEST_PACKET", "bytes_on_wire", "is_large", "segment_bytes", "split"]

LARGEST_PACKET = 65_535  # IPv4's total length has 16 bits
_AROUND = HEADER_LENGTH + FCS_LENGTH
_FLAGS = 13
_CHECKSUM = 16


class _Place(NamedTuple):
    """Where in a frame without FCS the TCP header and its data begin."""

    tcp: int
    data: int


def is_large(frame: bytes, mtu: int = MTU) -> bool:
    """Whether this frame (with FCS) stands for several on a link with this MTU."""
    return len(frame) > mtu + _AROUND


def _place(frame: bytes) -> _Place:
    tcp = HEADER_LENGTH + (frame[HEADER_LENGTH] & 0x0F) * 4
    return _Place(tcp, tcp + (frame[tcp + 12] >> 4) * 4)


def segment_bytes(frame: bytes, mtu: int = MTU) -> int:
    """How much data each frame of the train carries, the last one perhaps less (Linux's gso_size)."""
    return HEADER_LENGTH + mtu - _place(frame).data


def bytes_on_wire(frame: bytes, mtu: int = MTU) -> int:
    """What the train's frames take on a link together, preambles and gaps included."""
    header = _place(frame).data
    count = -(-(len(frame) - FCS_LENGTH - header) // segment_bytes(frame, mtu))
    return len(frame) + OVERHEAD_ON_WIRE + (count - 1) * (header + FCS_LENGTH + OVERHEAD_ON_WIRE)


def split(frame: bytes, size: int) -> list[bytes]:
    """The frames of the train, as the network card would send them; ``size`` bytes of data in each.

    Both are with FCS.  PSH and FIN are the last one's, CWR the first one's, and the
    identifications follow one another, as after Linux's ``tcp_gso_segment``.
    """
    tcp, begin = _place(frame)
    end = len(frame) - FCS_LENGTH
    identification = int.from_bytes(frame[18:20], "big")
    sequence = int.from_bytes(frame[tcp + 4 : tcp + 8], "big")
    frames = []
    for number, offset in enumerate(range(begin, end, size)):
        piece = frame[offset : min(offset + size, end)]
        header = bytearray(frame[:begin])
        header[16:18] = (begin - HEADER_LENGTH + len(piece)).to_bytes(2, "big")
        header[18:20] = ((identification + number) & 0xFFFF).to_bytes(2, "big")
        header[24:26] = b"\0\0"
        header[24:26] = internet_checksum(header[HEADER_LENGTH:tcp]).to_bytes(2, "big")
        header[tcp + 4 : tcp + 8] = ((sequence + offset - begin) & 0xFFFFFFFF).to_bytes(4, "big")
        if offset + size < end:
            header[tcp + _FLAGS] &= ~(PSH | FIN) & 0xFF
        if number:
            header[tcp + _FLAGS] &= ~CWR & 0xFF
        header[tcp + _CHECKSUM : tcp + _CHECKSUM + 2] = b"\0\0"
        pseudo = pseudo_header_sum(bytes(header[26:30]), bytes(header[30:34]), Protocol.TCP, begin - tcp + len(piece))
        checksum = internet_checksum(bytes(header[tcp:]) + piece, pseudo)
        header[tcp + _CHECKSUM : tcp + _CHECKSUM + 2] = checksum.to_bytes(2, "big")
        frames.append(add_fcs(bytes(header) + piece))
    return frames
