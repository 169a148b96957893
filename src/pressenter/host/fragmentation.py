"""Fragmentation and reassembly (RFC 791 §3.2, RFC 815; reassembly for IPv6 too, RFC 8200 §4.5).

A packet that is larger than the next link's MTU, and allows it, is cut into
fragments at multiples of eight bytes; each travels as a packet of its own, and
only the destination puts them together again.  Reassembly is a way to be
attacked, so its memory and its time are bounded.
"""

from __future__ import annotations

from pressenter.wire.ipv4 import HEADER_LENGTH, IPv4Header, build_ipv4

__all__ = ["MAXIMUM_DATAGRAMS", "REASSEMBLY_TIME_NS", "Reassembler", "fragment"]

REASSEMBLY_TIME_NS = 30 * 1_000_000_000  # Linux's ipfrag_time; RFC 1122 §3.3.2 asks for 60 to 120 s
MAXIMUM_DATAGRAMS = 64
MAXIMUM_PIECES = 1024


def fragment(header: IPv4Header, packet: bytes, mtu: int) -> list[bytes]:
    """Cut a packet into packets of at most ``mtu`` bytes.  Options are not carried along."""
    payload = packet[header.header_length : header.total_length]
    room = (mtu - HEADER_LENGTH) & ~7
    pieces = []
    for start in range(0, len(payload), room):
        piece = payload[start : start + room]
        last = start + len(piece) == len(payload)
        pieces.append(
            build_ipv4(
                header.source,
                header.destination,
                header.protocol,
                piece,
                identification=header.identification,
                ttl=header.ttl,
                tos=header.tos,
                more_fragments=header.more_fragments or not last,
                fragment_offset=header.fragment_offset + start,
            )
        )
    return pieces


class _Datagram:
    __slots__ = ("first_ns", "length", "pieces")

    def __init__(self, first_ns: int) -> None:
        self.first_ns = first_ns
        self.pieces: dict[int, bytes] = {}
        self.length: int | None = None

    def add(self, offset: int, more: bool, payload: bytes) -> None:
        self.pieces.setdefault(offset, payload)
        if not more:
            self.length = offset + len(payload)

    def whole(self) -> bytes | None:
        if self.length is None:
            return None
        data = bytearray()
        for offset in sorted(self.pieces):
            if offset > len(data):
                return None  # a hole
            piece = self.pieces[offset]
            data += piece[len(data) - offset :]
        return bytes(data[: self.length]) if len(data) >= self.length else None


class Reassembler:
    """Datagrams of which some fragments have arrived."""

    def __init__(self) -> None:
        self._datagrams: dict[tuple[bytes, bytes, int, int], _Datagram] = {}

    def __len__(self) -> int:
        return len(self._datagrams)

    def add(
        self, now_ns: int, key: tuple[bytes, bytes, int, int], offset: int, more: bool, payload: bytes
    ) -> bytes | None:
        """Take a fragment; return the datagram's payload if that completes it.

        ``key`` is source, destination, protocol and identification, ``offset`` in bytes.
        """
        self._forget_old(now_ns)
        datagram = self._datagrams.get(key)
        if datagram is None:
            if len(self._datagrams) >= MAXIMUM_DATAGRAMS:
                del self._datagrams[next(iter(self._datagrams))]
            datagram = self._datagrams[key] = _Datagram(now_ns)
        if offset + len(payload) > 65_535 or len(datagram.pieces) >= MAXIMUM_PIECES:
            del self._datagrams[key]  # the "ping of death", or crumbs to eat up our time
            return None
        datagram.add(offset, more, payload)
        whole = datagram.whole()
        if whole is not None:
            del self._datagrams[key]
        return whole

    def _forget_old(self, now_ns: int) -> None:
        for key, datagram in list(self._datagrams.items()):
            if now_ns - datagram.first_ns > REASSEMBLY_TIME_NS:
                del self._datagrams[key]
