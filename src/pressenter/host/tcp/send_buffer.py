"""The sender's buffer: what the application has handed over and what has not been sent.

What was sent stays in memory until it is acknowledged (see ``scoreboard.py``), and counts
against the same capacity.  An application that writes more than there is room for has to wait:
so the network's pace reaches it (back pressure).

The buffer must hold a window that is under way, and what follows it, else the sender runs dry
between an acknowledgment and the application's next write.  So it grows with the window, unless
the application has chosen a size.
"""

from __future__ import annotations

__all__ = ["SendBuffer"]


class SendBuffer:
    """Bytes to be sent, in order.

    Attributes:
        unsent: the bytes.
        capacity: how many may wait here and be under way, together.
        was_full: the application was told to wait for room, or is about to be: it has more to send.
        fixed: the application has chosen the capacity (SO_SNDBUF), so it does not grow.
    """

    __slots__ = ("_maximum", "capacity", "fixed", "unsent", "was_full")

    def __init__(self, capacity: int, maximum: int) -> None:
        self.capacity = capacity
        self.fixed = False
        self.was_full = False
        self.unsent = bytearray()
        self._maximum = maximum

    def room(self, in_flight: int, wanted: int) -> int:
        """How many bytes `write` would take, with so many under way and such a capacity that would be good."""
        if not self.fixed:
            self.capacity = max(self.capacity, min(wanted, self._maximum))  # Linux's tcp_sndbuf_expand
        return max(0, self.capacity - len(self.unsent) - in_flight)

    def write(self, data: bytes, room: int) -> int:
        """Take bytes as far as there is room; returns how many."""
        self.was_full = len(data) >= room
        if len(data) > room:
            data = data[:room]
        self.unsent += data
        return len(data)

    def take(self, size: int) -> bytes:
        """The next bytes, to be sent now."""
        with memoryview(self.unsent) as view:
            data = bytes(view[:size])
        del self.unsent[:size]
        return data

    def put_back(self, data: bytes) -> None:
        """These were sent too early, and are to be sent first."""
        self.unsent[:0] = data
