"""The receiver's buffer: what has arrived in order, and what waits for a gap to close.

A segment that arrives before its predecessor is kept; when the gap closes,
everything behind it becomes readable at once (head-of-line blocking is the time
that it had to wait).  Stream positions here are plain integers from 0, the first
byte after the SYN.
"""

from __future__ import annotations

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """Reassembles a byte stream.

    Attributes:
        capacity: bytes that may be held, the unread and the waiting together.
        next: position of the next byte that is missing.
    """

    __slots__ = ("_readable", "_waiting", "capacity", "next")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.next = 0
        self._readable = bytearray()
        self._waiting: list[tuple[int, bytes]] = []

    @property
    def readable(self) -> int:
        """Bytes that can be read now."""
        return len(self._readable)

    @property
    def window(self) -> int:
        """Bytes that may still arrive in order (RCV.WND)."""
        return self.capacity - len(self._readable)

    @property
    def has_gap(self) -> bool:
        """Whether bytes wait for earlier ones."""
        return bool(self._waiting)

    def add(self, position: int, data: bytes) -> int:
        """Take data at a stream position; what is outside the window is cut off.

        Returns how many bytes became readable.
        """
        limit = self.next + self.window
        if position < self.next:
            data = data[self.next - position :]
            position = self.next
        data = data[: max(0, limit - position)]
        if not data:
            return 0
        before = self.next
        if position > self.next:
            self._keep(position, data)
        else:
            self._readable += data
            self.next += len(data)
            self._close_gaps()
        return self.next - before

    def read(self, maximum: int) -> bytes:
        """Take up to ``maximum`` readable bytes out of the buffer."""
        data = bytes(self._readable[:maximum])
        del self._readable[:maximum]
        return data

    def _keep(self, position: int, data: bytes) -> None:
        self._waiting.append((position, data))
        self._waiting.sort(key=lambda piece: piece[0])
        merged: list[tuple[int, bytes]] = []
        for start, piece in self._waiting:
            if merged and start <= merged[-1][0] + len(merged[-1][1]):
                first, previous = merged[-1]
                merged[-1] = (first, previous + piece[first + len(previous) - start :])
            else:
                merged.append((start, piece))
        self._waiting = merged

    def _close_gaps(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.next:
            start, piece = self._waiting.pop(0)
            fresh = piece[self.next - start :]
            self._readable += fresh
            self.next += len(fresh)
