"""The receiving half of a connection: what is acceptable, and when it is acknowledged.

The receiver's view of sequence numbers (RFC 9293 §3.3.1, figure 4)::

            received       the window: may arrive       not yet
          -------------|------------------------------|---------
                   RCV.NXT                     RCV.NXT + RCV.WND

The window is as large as the buffer has room; its right edge, once told, never moves
back (§3.8.6.2.2).  What comes in order may be acknowledged later (``delayed_ack.py``), but
what is out of order, or closes a gap, at once, so that the sender learns of losses (RFC 5681
§4.2), with a list of what has arrived behind the gap (SACK, RFC 2018) and of what has arrived
twice (D-SACK, RFC 2883); only when the sender knows, several are gathered (``gathered_ack.py``).
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.host.tcp.delayed_ack import DelayedAcknowledgment
from pressenter.host.tcp.gathered_ack import GatheredAcknowledgments
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.receive_buffer import ReceiveBuffer
from pressenter.host.tcp.right_sizing import RightSizing
from pressenter.host.tcp.sequence import add, unwrap
from pressenter.wire.tcp import ACK, FIN, PSH, RST, SYN, Segment

__all__ = ["Arrived", "Receiver"]

MAXIMUM_SCALE = 14  # RFC 7323 §2.3
_MAXIMUM_BLOCKS = 4  # as fit 40 bytes of options; three beside timestamps
_PAWS_IDLE_NS = 24 * 24 * 3600 * 1_000_000_000  # RFC 7323 §5.5


class Arrived(NamedTuple):
    """What a segment brought: bytes that became readable, and whether the stream has ended."""

    readable: int
    finished: bool


class Receiver:
    """Receive sequence space, buffer, and what is to be acknowledged.  Positions begin with 0, the SYN.

    Attributes:
        irs: the sequence number of the peer's SYN.
        nxt: RCV.NXT as a position.
        ack_now: an acknowledgment is due with the next segment, or on its own.
        right_sizing: how large the buffer is to be.
        delayed_ack, gathered_ack: which of them wait, and until when, in order and behind a gap.
        timestamp: TS.Recent, what is echoed (RFC 7323 §4.3), or None without timestamps.
        round_trip_ns, timeout_ns: what the other half has measured, or None.
        generous: whatever there is room for is acceptable, which without scaling may be more than
            could be told.
        congestion_seen: a packet came with the mark "congestion experienced" (RFC 3168 §6.1.3).
    """

    __slots__ = (
        "_advertised_edge", "_duplicate", "_finished", "_last_acknowledged",
        "_parameters", "_timestamp_at_ns", "_waiting_fin",
        "ack_now", "buffer", "congestion_seen", "delayed_ack", "gathered_ack", "generous", "irs",
        "mss", "nxt", "right_sizing", "round_trip_ns", "sack", "scale", "timeout_ns", "timestamp",
    )  # fmt: skip

    def __init__(self, parameters: TcpParameters, mss: int) -> None:
        self._parameters = parameters
        self.mss = mss
        self.buffer = ReceiveBuffer(parameters.receive_buffer, 1)
        self.right_sizing = RightSizing(parameters.receive_buffer_maximum)
        self.irs = 0
        self.nxt = 0
        self.ack_now = False
        self.delayed_ack = DelayedAcknowledgment(parameters)
        self.gathered_ack = GatheredAcknowledgments(parameters)
        self.scale = 0
        self.sack = False
        self.timestamp: int | None = None
        self.generous = True
        self.congestion_seen = False
        self._timestamp_at_ns = 0
        self._advertised_edge = 0
        self._last_acknowledged = 0
        self.round_trip_ns: int | None = None
        self.timeout_ns = parameters.initial_timeout_ns
        self._duplicate: tuple[int, int] | None = None  # what has arrived twice
        self._finished = False
        self._waiting_fin: int | None = None

    @property
    def scale_to_offer(self) -> int:
        """The smallest shift with which the largest buffer can be told."""
        grows = self.right_sizing.enabled
        largest = max(self.buffer.capacity, self._parameters.receive_buffer_maximum if grows else 0)
        scale = 0
        while scale < MAXIMUM_SCALE and 0xFFFF << scale < largest:
            scale += 1
        return scale

    def begin(self, syn_sequence: int) -> None:
        """The peer's SYN has come."""
        self.irs = syn_sequence
        self.nxt = 1
        self._advertised_edge = 1 + min(self.buffer.window, 0xFFFF)  # if our SYN has told it already

    def align_buffer(self, mss: int) -> None:
        """Round the buffer up to whole segments, so that none is cut at the edge of the window."""
        self.buffer.capacity = -(-self.buffer.capacity // mss) * mss

    @property
    def window(self) -> int:
        """RCV.WND: what was told, or more if there is room for more and `generous` allows it."""
        return max(self._advertised_edge - self.nxt, self.buffer.window if self.generous else 0, 0)

    @property
    def has_gap(self) -> bool:
        """Whether bytes wait for earlier ones."""
        return self.buffer.has_gap

    def position_of(self, segment: Segment) -> int:
        """SEG.SEQ as a position."""
        return unwrap(self.irs, self.nxt, segment.sequence)

    # ---- is it acceptable? ---------------------------------------------------------------------

    def is_acceptable(self, position: int, length: int, flags: int) -> bool:
        """RFC 9293 §3.10.7.4, first: does any of it lie in the window?"""
        window = self.window
        start = position - self.nxt
        if length == 0:
            return start == 0 if window <= 0 else 0 <= start < window
        if window <= 0:
            return start == 0 and bool(flags & (ACK | RST))
        return 0 <= start < window or 0 <= start + length - 1 < window

    def is_old(self, now_ns: int, segment: Segment) -> bool:
        """RFC 7323 §5.3, R1: a timestamp before the last one tells of a segment from long ago (PAWS)."""
        recent, stamp = self.timestamp, segment.options.timestamp
        if recent is None or stamp is None or segment.flags & RST:
            return False
        if (stamp[0] - recent) & 0x80000000 == 0:
            return False
        return now_ns - self._timestamp_at_ns < _PAWS_IDLE_NS

    def take_timestamp(self, now_ns: int, position: int, segment: Segment) -> None:
        """RFC 7323 §4.3: echo the timestamp of the segment that the last acknowledgment was for."""
        stamp = segment.options.timestamp
        if stamp is not None and self.timestamp is not None and position <= self._last_acknowledged:
            self.timestamp, self._timestamp_at_ns = stamp[0], now_ns

    # ---- what it brings ------------------------------------------------------------------------------

    def take(self, now_ns: int, position: int, segment: Segment) -> Arrived:
        """RFC 9293 §3.10.7.4, seventh and eighth: data and FIN."""
        flags = segment.flags
        if flags & SYN:
            position += 1
        arrived = self._take_data(now_ns, position, segment) if segment.payload else 0
        if flags & FIN:
            fin = position + len(segment.payload)
            if fin < max(self._advertised_edge, self.nxt + 1):
                self._waiting_fin = fin
            self.ack_now = True
        if self._waiting_fin != self.nxt or self._finished:
            return Arrived(arrived, False)
        self._finished = self.ack_now = True
        self.nxt += 1
        return Arrived(arrived, True)

    def _take_data(self, now_ns: int, position: int, segment: Segment) -> int:
        buffer, payload = self.buffer, segment.payload
        end = position + len(payload)
        had_gap = buffer.has_gap
        if position < self.nxt or had_gap:
            self._note_duplicate(position, end)
        arrived = buffer.add(position, payload, max(self._advertised_edge, self.nxt))
        self.nxt += arrived
        if arrived:
            self.gathered_ack.gap_moved()
            soon = self.delayed_ack.takes(
                now_ns, arrived, segment_size=min(len(payload), self.mss), pushed=bool(segment.flags & PSH),
                window=self._advertised_edge - self.nxt, pause_ns=self.timeout_ns,
            )  # fmt: skip
            soon = soon or had_gap  # RFC 5681 §4.2: what fills a gap is acknowledged at once
        elif position > self.nxt:
            soon = self.delayed_ack.waits_behind_gap() or not self.sack
            soon = soon or self._duplicate is not None or self.gathered_ack.takes(now_ns, self._shortest_round_trip_ns)
        else:
            soon = True  # in order, but there is no room: a window probe
        if soon or self._duplicate is not None:
            self.ack_now = True
        return arrived

    @property
    def _shortest_round_trip_ns(self) -> int | None:
        """Of what the two halves have measured."""
        measured = [each for each in (self.round_trip_ns, self.right_sizing.round_trip_ns) if each is not None]
        return min(measured, default=None)

    def note_old_segment(self, position: int, length: int) -> None:
        """A segment of which nothing is new: its range is told (RFC 2883 §4)."""
        if length:
            self.delayed_ack.came_again(self._advertised_edge - self.nxt)
        if self.sack and length and position + length <= self.nxt:
            self._duplicate = (position, position + length)

    def _note_duplicate(self, position: int, end: int) -> None:
        """RFC 2883 §4: the first range of a segment that was there already."""
        if not self.sack:
            return
        if position < self.nxt:
            self._duplicate = (position, min(end, self.nxt))
            return
        overlaps = [
            (max(position, left), min(end, right))
            for left, right in self.buffer.waiting
            if left < end and position < right
        ]
        self._duplicate = min(overlaps, default=None)

    def read(self, now_ns: int, maximum: int) -> tuple[bytes, bool]:
        """Readable bytes, and whether the peer is told now: there is room again, or nothing more comes for a while.

        RFC 9293 §3.8.6.2.2: the receiver's silly window avoidance.
        """
        data = self.buffer.read(maximum)
        self.right_sizing.taken(now_ns, len(data), self.round_trip_ns, self.buffer, self.mss)
        gained = self.nxt + self.buffer.window - self._advertised_edge
        left = self._advertised_edge - self.nxt
        enough = gained >= min(2 * self.mss, self.buffer.capacity // 2)
        if self.delayed_ack.read(emptied=bool(data) and self.buffer.is_empty):
            return data, True
        return data, enough and left < max(2 * self.mss, self.buffer.capacity // 4)

    def set_quick(self, quickly: bool) -> bool:
        """TCP_QUICKACK; returns whether something is acknowledged now."""
        return self.delayed_ack.set_quick(quickly, emptied=self.buffer.is_empty)

    # ---- acknowledging ---------------------------------------------------------------------------------

    def advertise(self) -> int:
        """The window for a header that carries an acknowledgment now."""
        scale = self.scale
        window = min(self.buffer.window >> scale, 0xFFFF)
        edge = self.nxt + (window << scale)
        if edge < self._advertised_edge:
            kept = self._advertised_edge - self.nxt
            window = min(0xFFFF, -(-kept >> scale) if kept > 0 else 0)
            edge = max(edge, self.nxt + (window << scale))
        self._advertised_edge = edge
        self._last_acknowledged = self.nxt
        self.ack_now = False
        self.delayed_ack.acknowledged()
        self.gathered_ack.acknowledged()
        return window

    def stop_timers(self) -> None:
        """No timer is left behind."""
        self.delayed_ack.due_at_ns = self.gathered_ack.due_at_ns = None

    def advertise_in_syn(self) -> int:
        """The window for a SYN, which is never scaled (RFC 7323 §2.2)."""
        window = min(self.buffer.window, 0xFFFF)
        self._advertised_edge = self.nxt + window
        self._last_acknowledged = self.nxt
        self.ack_now = False
        return window

    def sack_blocks(self, room: int = _MAXIMUM_BLOCKS) -> tuple[tuple[int, int], ...]:
        """What to tell besides the acknowledgment number: duplicates first (RFC 2883 §4), then what waits."""
        if not self.sack or (self._duplicate is None and not self.buffer.waiting):
            return ()
        blocks = self.buffer.waiting
        if self._duplicate is not None:
            # RFC 2883 §4: a duplicate behind the gap is followed by the block that holds it.
            left, right = self._duplicate
            holding = [block for block in blocks if block[0] <= left and right <= block[1]]
            blocks = [self._duplicate, *holding, *(block for block in blocks if block not in holding)]
            self._duplicate = None
        irs, fin = self.irs, self._waiting_fin if self._parameters.sack_covers_fin else None
        return tuple((add(irs, left), add(irs, right + (right == fin))) for left, right in blocks[:room])
