"""The receiver's buffer: what has arrived in order, and what waits for a gap to close.

A segment that arrives before its predecessor is kept; when the gap closes,
everything behind it becomes readable at once (head-of-line blocking is the time
that it had to wait).  The sender is told which ranges wait, the one that changed
last first (RFC 2018 §4), so that it need not send them again.
"""

from __future__ import annotations

from bisect import insort
from operator import itemgetter

__all__ = ["ReceiveBuffer"]

_by_start = itemgetter(0)


class ReceiveBuffer:
    """Reassembles a byte stream.

    Attributes:
        capacity: bytes that may be held, the unread and the waiting together.
        next: position of the next byte that is missing.
        waiting: ranges that lie behind a gap, the one that changed last first.
    """

    __slots__ = ("_pieces", "_readable", "capacity", "next", "waiting")

    def __init__(self, capacity: int, first: int = 0) -> None:
        self.capacity = capacity
        self.next = first
        self.waiting: list[tuple[int, int]] = []
        self._readable = bytearray()
        self._pieces: list[tuple[int, bytes]] = []  # in order, without overlap

    @property
    def readable(self) -> int:
        """Bytes that can be read now."""
        return len(self._readable)

    @property
    def window(self) -> int:
        """Bytes that may still arrive in order (RCV.WND)."""
        return max(0, self.capacity - len(self._readable))

    @property
    def has_gap(self) -> bool:
        """Whether bytes wait for earlier ones."""
        return bool(self._pieces)

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits, neither to be read nor for earlier bytes."""
        return not self._readable and not self._pieces

    def add(self, position: int, data: bytes, limit: int) -> int:
        """Take data at a position; what is not in ``[next, limit)`` is cut off.

        Returns how many bytes became readable.
        """
        if position == self.next and not self._pieces and position + len(data) <= limit:
            self._readable += data
            self.next += len(data)
            return len(data)
        if position < self.next:
            data = data[self.next - position :]
            position = self.next
        data = data[: max(0, limit - position)]
        if not data:
            return 0
        before = self.next
        self._keep(position, data)
        self._close_gap()
        return self.next - before

    def read(self, maximum: int) -> bytes:
        """Take up to ``maximum`` readable bytes out of the buffer."""
        data = bytes(self._readable[:maximum])
        del self._readable[:maximum]
        return data

    def peek(self, maximum: int) -> bytes:
        """Look at up to ``maximum`` readable bytes."""
        return bytes(self._readable[:maximum])

    def _keep(self, position: int, data: bytes) -> None:
        """Keep those parts of the data that are not there yet, and note the range."""
        end = position + len(data)
        start = position
        for there, piece in self._pieces[:]:
            if there >= end:
                break
            if start < there:
                insort(self._pieces, (start, data[start - position : there - position]), key=_by_start)
            start = max(start, there + len(piece))
        if start < end:
            insort(self._pieces, (start, data[start - position :]), key=_by_start)
        others = []
        for left, right in self.waiting:
            if left <= end and position <= right:
                position, end = min(position, left), max(end, right)
            else:
                others.append((left, right))
        self.waiting = [(position, end), *others]

    def _close_gap(self) -> None:
        taken = 0
        for start, piece in self._pieces:
            if start != self.next:
                break
            self._readable += piece
            self.next += len(piece)
            taken += 1
        if taken:
            del self._pieces[:taken]
            self.waiting = [block for block in self.waiting if block[0] > self.next]
