"""The scoreboard: every segment that was sent and is not acknowledged, and what became of it.

An acknowledgment number says only how far the stream arrived whole.  Selective
acknowledgments (RFC 2018) say what arrived behind a gap; from the two, and from time, the
sender works out for each segment whether it is still under way::

                      sent --------- SACK ---------> sacked --.
                     ^    |                                    `-- ACK --> gone
        sent again   |    `--- found to be lost --> lost
                     +-------------------------------'

The sum of what is believed to be under way is called the *pipe* (RFC 6675 §2): sent, less
what was sacked, less what is lost and was not sent again.  The congestion window limits
the pipe, not the distance from the first unacknowledged byte.

Segments are kept in two orders: by position, to be acknowledged, and by the time at which
they were last sent, since that is what losses are found by (RFC 8985).
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import OrderedDict
from operator import attrgetter

from pressenter.host.tcp.ranges import RangeSet
from pressenter.wire.tcp import FIN, PSH, SYN

__all__ = ["Scoreboard", "SentSegment"]

_start_of = attrgetter("start")


class SentSegment:
    """One segment as it was sent.

    Attributes:
        start, end: positions; a SYN and a FIN take one each.
        flags: of the header, to be sent again with.
        sent_ns: when it was sent last.
        transmissions: how often it was sent.
        sacked, lost: what is known of it.  A segment that was sent again is lost no more.
        mending: it was lost, was sent again, and nothing has been heard of it since.
        delivered, delivered_ns, first_sent_ns, limited: the connection's counters at the time
            of sending, from which the delivery rate is worked out (see ``delivery_rate.py``).
    """

    __slots__ = (
        "delivered", "delivered_ns", "end", "first_sent_ns", "flags", "limited", "lost", "mending", "payload", "sacked",
        "sent_ns", "start", "transmissions",
    )  # fmt: skip

    def __init__(self, start: int, end: int, flags: int, payload: bytes) -> None:
        self.start = start
        self.end = end
        self.flags = flags
        self.payload = payload
        self.sent_ns = 0
        self.transmissions = 0
        self.sacked = False
        self.lost = self.mending = False
        self.delivered = 0
        self.delivered_ns = 0
        self.first_sent_ns = 0
        self.limited = False

    def cut(self, size: int) -> list[SentSegment]:
        """The same positions in segments of at most ``size`` bytes."""
        if len(self.payload) <= size:
            return [self]
        pieces = []
        position = self.start + bool(self.flags & SYN)
        for offset in range(0, len(self.payload), size):
            data = self.payload[offset : offset + size]
            last = offset + len(data) == len(self.payload)
            start = position + offset
            flags = self.flags if last else self.flags & ~(FIN | PSH)
            piece = SentSegment(start, self.end if last else start + len(data), flags, data)
            piece.sent_ns, piece.transmissions = self.sent_ns, self.transmissions
            pieces.append(piece)
        return pieces


class Scoreboard:
    """Segments sent and not acknowledged.

    Attributes:
        by_time: those under way, the one that was sent longest ago first.
        sacked_ranges: what the peer has told to have arrived behind a gap.
        pipe, sacked_bytes, lost_bytes: sums, in sequence numbers.
        mending: how many segments were lost, were sent again, and have not been heard of since.
    """

    __slots__ = ("_first", "_lost", "_order", "_segments", "by_time", "lost_bytes", "mending", "pipe",
                 "sacked_bytes", "sacked_ranges")  # fmt: skip

    def __init__(self) -> None:
        self.by_time: OrderedDict[SentSegment, None] = OrderedDict()
        self.sacked_ranges = RangeSet()
        self.pipe = 0
        self.sacked_bytes = 0
        self.lost_bytes = 0
        self.mending = 0
        self._segments: list[SentSegment] = []
        self._first = 0  # those before are acknowledged and wait to be taken out in one go
        self._lost: list[tuple[int, int, SentSegment]] = []
        self._order = 0

    def __bool__(self) -> bool:
        return self._first < len(self._segments)

    def __len__(self) -> int:
        return len(self._segments) - self._first

    @property
    def head(self) -> SentSegment:
        """The first unacknowledged segment."""
        return self._segments[self._first]

    @property
    def tail(self) -> SentSegment:
        """The last segment that was sent."""
        return self._segments[-1]

    def segments(self) -> list[SentSegment]:
        """All of them, in order."""
        return self._segments[self._first :]

    # ---- sending ---------------------------------------------------------------------------

    def sent(self, segment: SentSegment, now_ns: int) -> None:
        """A new segment goes out, behind all others."""
        segment.sent_ns = now_ns
        segment.transmissions = 1
        self._segments.append(segment)
        self.by_time[segment] = None
        self.pipe += segment.end - segment.start

    def sent_again(self, segment: SentSegment, now_ns: int) -> None:
        """A segment goes out once more."""
        size = segment.end - segment.start
        if segment.lost:
            segment.lost = False
            segment.mending = True
            self.mending += 1
            self.lost_bytes -= size
            self.pipe += size
        segment.sent_ns = now_ns
        segment.transmissions += 1
        self.by_time[segment] = None
        self.by_time.move_to_end(segment)

    def next_lost(self) -> SentSegment | None:
        """The first segment that is lost and was not sent again."""
        lost = self._lost
        while lost:
            segment = lost[0][2]
            if segment.lost:
                return segment
            heapq.heappop(lost)
        return None

    # ---- news ---------------------------------------------------------------------------------

    def take_acknowledged(self, position: int) -> list[SentSegment]:
        """Take out what lies before ``position``.  A segment that is covered in part is cut."""
        segments, index = self._segments, self._first
        taken = []
        while index < len(segments):
            segment = segments[index]
            if segment.end > position:
                if segment.start < position:
                    self._cut(segment, position)
                break
            self._forget(segment)
            taken.append(segment)
            index += 1
        self._first = index
        if index > 64 and index * 2 > len(segments):
            del segments[:index]
            self._first = 0
        if self.sacked_ranges:
            self.sacked_ranges.remove_below(position)
        return taken

    def mark_sacked(self, start: int, end: int) -> list[SentSegment]:
        """Mark what lies wholly in a range that the peer has; returns the segments that are new in it."""
        marked = []
        for left, right in self.sacked_ranges.add(start, end):
            segments = self._segments
            index = max(self._first, bisect_right(segments, left, key=_start_of) - 1)
            while index < len(segments) and segments[index].start < right:
                segment = segments[index]
                index += 1
                # The BSDs leave the FIN out of their blocks, though it has come with the data.
                told_end = segment.end - bool(segment.payload and segment.flags & FIN)
                if segment.sacked or not self.sacked_ranges.covers(segment.start, told_end):
                    continue
                self._leave_pipe(segment)
                segment.sacked = True
                self.sacked_bytes += segment.end - segment.start
                marked.append(segment)
        return marked

    def mark_lost(self, segment: SentSegment) -> None:
        """Believe a segment to be lost; it waits to be sent again."""
        if segment.lost or segment.sacked:
            return
        size = segment.end - segment.start
        self._mending_ends(segment)
        segment.lost = True
        self.pipe -= size
        self.lost_bytes += size
        del self.by_time[segment]
        self._order += 1
        heapq.heappush(self._lost, (segment.start, self._order, segment))

    def forget_sacks(self) -> None:
        """The peer has gone back on its word (RFC 2018 §8): nothing counts as arrived."""
        self.sacked_ranges.clear()
        for segment in self.segments():
            if segment.sacked:
                segment.sacked = False
                self.pipe += segment.end - segment.start
                self.by_time[segment] = None
        self.sacked_bytes = 0

    def believe_nothing_lost(self) -> None:
        """What was believed to be lost is under way after all (undo)."""
        for segment in self.segments():
            self._mending_ends(segment)
            if segment.lost:
                size = segment.end - segment.start
                segment.lost = False
                self.lost_bytes -= size
                self.pipe += size
                self.by_time[segment] = None
        self._lost.clear()

    def replace(self, segments: list[SentSegment]) -> None:
        """Other segments in place of these (the path's MTU has shrunk); all of them count as lost."""
        self.__init__()  # type: ignore[misc]
        for segment in segments:
            segment.lost = segment.sacked = segment.mending = False
            self._segments.append(segment)
            self.by_time[segment] = None
            self.pipe += segment.end - segment.start
            self.mark_lost(segment)

    # ---- inside ----------------------------------------------------------------------------------

    def _mending_ends(self, segment: SentSegment) -> None:
        if segment.mending:
            segment.mending = False
            self.mending -= 1

    def _leave_pipe(self, segment: SentSegment) -> None:
        size = segment.end - segment.start
        self._mending_ends(segment)
        if segment.lost:
            segment.lost = False
            self.lost_bytes -= size
        else:
            self.pipe -= size
            del self.by_time[segment]

    def _forget(self, segment: SentSegment) -> None:
        if segment.sacked:
            self.sacked_bytes -= segment.end - segment.start
        else:
            self._leave_pipe(segment)

    def _cut(self, segment: SentSegment, position: int) -> None:
        """Take the acknowledged front off a segment."""
        size = position - segment.start
        segment.payload = segment.payload[size - (segment.start == 0) :] if segment.payload else b""
        segment.start = position
        if segment.sacked:
            self.sacked_bytes -= size
        elif segment.lost:
            self.lost_bytes -= size
        else:
            self.pipe -= size
