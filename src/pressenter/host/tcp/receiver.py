"""The receiving half of a connection: what is acceptable, and when it is acknowledged.

The receiver's view of sequence numbers (RFC 9293 §3.3.1, figure 4)::

            received       the window: may arrive       not yet
          -------------|------------------------------|---------
                   RCV.NXT                     RCV.NXT + RCV.WND

The window is as large as the buffer has room; its right edge, once told, never moves
back (§3.8.6.2.2).  An acknowledgment costs a segment, so it waits for a second full
segment or a short while (§3.8.6.3), but what is out of order, or closes a gap, is
acknowledged at once, so that the sender learns of losses (RFC 5681 §4.2).
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.host.tcp.receive_buffer import ReceiveBuffer
from pressenter.host.tcp.sequence import add, distance, less
from pressenter.wire.tcp import ACK, FIN, RST, SYN, Segment

__all__ = ["DELAYED_ACK_NS", "RECEIVE_CAPACITY", "Arrived", "Receiver"]

DELAYED_ACK_NS = 40_000_000  # RFC 9293 §3.8.6.3 allows 500 ms; Linux has 40 ms
RECEIVE_CAPACITY = 256 * 1024


class Arrived(NamedTuple):
    """What a segment brought: bytes that became readable, and whether the stream has ended."""

    readable: int
    finished: bool


class Receiver:
    """Receive sequence space, buffer, and what is to be acknowledged.

    Attributes:
        ack_now: an acknowledgment is due with the next segment, or on its own.
        delayed_ack_at_ns: when one is due at the latest, or None.
        scale: by how much the window in a header is shifted (RFC 7323 §2).
    """

    def __init__(self, mss: int, capacity: int) -> None:
        self.mss = mss
        self.buffer = ReceiveBuffer(capacity)
        self.irs = 0
        self.rcv_nxt = 0
        self.ack_now = False
        self.delayed_ack_at_ns: int | None = None
        self.scale = 0
        self._advertised_edge = 0
        self._unacknowledged_segments = 0
        self._finished = False
        self._waiting_fin: int | None = None

    @property
    def scale_to_offer(self) -> int:
        """The smallest shift with which the whole buffer can be told."""
        return max(0, (self.buffer.capacity - 1).bit_length() - 16)

    def begin(self, syn_sequence: int) -> None:
        """The peer's SYN has come."""
        self.irs = syn_sequence
        self.rcv_nxt = self._advertised_edge = add(syn_sequence, 1)

    def is_acceptable(self, segment: Segment) -> bool:
        """RFC 9293 §3.10.7.4, first: does any of it lie in the window?"""
        window = max(0, distance(self.rcv_nxt, self._advertised_edge))
        start = distance(self.rcv_nxt, segment.sequence)
        if segment.length == 0:
            return start == 0 if window == 0 else 0 <= start < window
        if window == 0:
            return start == 0 and bool(segment.flags & (ACK | RST))
        return 0 <= start < window or 0 <= start + segment.length - 1 < window

    def take(self, now_ns: int, segment: Segment) -> Arrived:
        """RFC 9293 §3.10.7.4, seventh and eighth: data and FIN."""
        arrived = 0
        if segment.payload:
            sequence = add(segment.sequence, 1) if segment.flags & SYN else segment.sequence
            position = self.buffer.next + distance(self.rcv_nxt, sequence)
            had_gap = self.buffer.has_gap
            arrived = self.buffer.add(position, segment.payload)
            self.rcv_nxt = add(self.rcv_nxt, arrived)
            if not arrived or had_gap or self.buffer.has_gap:
                self.ack_now = True
            else:
                self._acknowledge_soon(now_ns)
        if segment.flags & FIN:
            self._waiting_fin = add(segment.sequence, segment.length - 1)
            self.ack_now = True
        if self._waiting_fin != self.rcv_nxt or self._finished:
            return Arrived(arrived, False)
        self._finished = self.ack_now = True
        self.rcv_nxt = add(self.rcv_nxt, 1)
        return Arrived(arrived, True)

    def read(self, maximum: int) -> tuple[bytes, bool]:
        """Readable bytes, and whether that makes enough room to tell the peer of.

        RFC 9293 §3.8.6.2.2: the receiver's silly window avoidance.
        """
        data = self.buffer.read(maximum)
        gained = distance(self._advertised_edge, add(self.rcv_nxt, self.buffer.window))
        left = distance(self.rcv_nxt, self._advertised_edge)
        enough = gained >= min(2 * self.mss, self.buffer.capacity // 2)
        return data, enough and left < 2 * self.mss

    def advertise(self) -> int:
        """The window for a header that carries an acknowledgment now."""
        window = min(self.buffer.window >> self.scale, 0xFFFF)
        edge = add(self.rcv_nxt, window << self.scale)
        if less(edge, self._advertised_edge):
            kept = distance(self.rcv_nxt, self._advertised_edge)
            window = min(0xFFFF, -(-kept >> self.scale) if kept > 0 else 0)
            edge = add(self.rcv_nxt, window << self.scale)
        self._advertised_edge = edge
        self.ack_now = False
        self._unacknowledged_segments = 0
        self.delayed_ack_at_ns = None
        return window

    def advertise_in_syn(self) -> int:
        """The window for a SYN, which is never scaled (RFC 7323 §2.2)."""
        window = min(self.buffer.window, 0xFFFF)
        self._advertised_edge = add(self.rcv_nxt, window)
        self.ack_now = False
        return window

    def _acknowledge_soon(self, now_ns: int) -> None:
        """RFC 9293 §3.8.6.3: delay, but acknowledge at least every second segment."""
        self._unacknowledged_segments += 1
        if self._unacknowledged_segments >= 2:
            self.ack_now = True
        elif self.delayed_ack_at_ns is None:
            self.delayed_ack_at_ns = now_ns + DELAYED_ACK_NS
