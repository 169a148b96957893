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

__all__ = ["LARGEST_PACKET", "bytes_on_wire", "is_large", "segment_bytes", "split", "split_packet"]

LARGEST_PACKET = 65_535  # IPv4's total length has 16 bits
_AROUND = HEADER_LENGTH + FCS_LENGTH
_FLAGS = 13
_CHECKSUM = 16


def is_large(frame: bytes, mtu: int = MTU) -> bool:
    """Whether this frame (with FCS) stands for several on a link with this MTU."""
    return len(frame) > mtu + _AROUND


class _Place(NamedTuple):
    """Where in an IPv4 packet the TCP header and its data begin."""

    tcp: int
    data: int


def _place(packet: bytes, ip: int = 0) -> _Place:
    tcp = ip + (packet[ip] & 0x0F) * 4
    return _Place(tcp - ip, tcp - ip + (packet[tcp + 12] >> 4) * 4)


def segment_bytes(frame: bytes, mtu: int = MTU) -> int:
    """How much data each frame of the train carries, the last one perhaps less (Linux's gso_size)."""
    return mtu - _place(frame, HEADER_LENGTH).data


def bytes_on_wire(frame: bytes, mtu: int = MTU) -> int:
    """What the train's frames take on a link together, preambles and gaps included."""
    header = HEADER_LENGTH + _place(frame, HEADER_LENGTH).data
    count = -(-(len(frame) - FCS_LENGTH - header) // segment_bytes(frame, mtu))
    return len(frame) + OVERHEAD_ON_WIRE + (count - 1) * (header + FCS_LENGTH + OVERHEAD_ON_WIRE)


def split(frame: bytes, size: int) -> list[bytes]:
    """The frames of the train, as the network card would send them; ``size`` bytes of data in each.

    All are with FCS.
    """
    packets = _split(frame[HEADER_LENGTH:-FCS_LENGTH], size)
    return [add_fcs(frame[:HEADER_LENGTH] + packet) for packet in packets]


def split_packet(packet: bytes, mtu: int) -> list[bytes]:
    """The IPv4 packets of a train that came over a link with this MTU."""
    return _split(packet, mtu - _place(packet).data)


def _split(packet: bytes, size: int) -> list[bytes]:
    """PSH and FIN are the last one's, CWR the first one's, and the identifications follow one another.

    So it is after Linux's ``tcp_gso_segment``.
    """
    tcp, begin = _place(packet)
    end = len(packet)
    identification = int.from_bytes(packet[4:6], "big")
    sequence = int.from_bytes(packet[tcp + 4 : tcp + 8], "big")
    packets = []
    for number, offset in enumerate(range(begin, end, size)):
        piece = packet[offset : min(offset + size, end)]
        header = bytearray(packet[:begin])
        header[2:4] = (begin + len(piece)).to_bytes(2, "big")
        header[4:6] = ((identification + number) & 0xFFFF).to_bytes(2, "big")
        header[10:12] = b"\0\0"
        header[10:12] = internet_checksum(header[:tcp]).to_bytes(2, "big")
        header[tcp + 4 : tcp + 8] = ((sequence + offset - begin) & 0xFFFFFFFF).to_bytes(4, "big")
        if offset + size < end:
            header[tcp + _FLAGS] &= ~(PSH | FIN) & 0xFF
        if number:
            header[tcp + _FLAGS] &= ~CWR & 0xFF
        header[tcp + _CHECKSUM : tcp + _CHECKSUM + 2] = b"\0\0"
        pseudo = pseudo_header_sum(bytes(header[12:16]), bytes(header[16:20]), Protocol.TCP, begin - tcp + len(piece))
        checksum = internet_checksum(bytes(header[tcp:]) + piece, pseudo)
        header[tcp + _CHECKSUM : tcp + _CHECKSUM + 2] = checksum.to_bytes(2, "big")
        packets.append(bytes(header) + piece)
    return packets
