"""How large the receive buffer has to be: as large as what the path holds, which nobody knows beforehand.

The window that a receiver tells must not be what limits the sender; but memory that nobody needs
is not to be promised either.  So the buffer grows ("dynamic right-sizing", Fisk and Feng 2001, as
Linux does it): what the application takes in a round trip is what the path has carried in it, and
in slow start the sender may double that in each of the next two.

For this the receiver needs a round trip of its own: it sends no data that would be acknowledged.
But what its sender sends bears an echo of our timestamp, and was let go by the acknowledgment
that bore the timestamp: from the one to the other is a round trip, with the queue that there is
now (RFC 7323 §4.1).  Without timestamps the sending half's is taken, which is that of the handshake
where this end sends no data.

A queue that grows makes round trips longer, so that more is carried in each, so that the window
grows, so that the queue grows.  The receiver cannot tell this from a longer path, nor does
Linux's: the queue is the affair of the sender's congestion control.
"""

from __future__ import annotations

from pressenter.host.tcp.receive_buffer import ReceiveBuffer

__all__ = ["RightSizing"]

_SPARE_SEGMENTS = 16


class RightSizing:
    """Makes a receive buffer grow.

    Attributes:
        enabled: the application has not chosen a size (SO_RCVBUF).
        last_echo: the last timestamp of ours that came back.
        round_trip_ns: a round trip from timestamps, or None.
    """

    __slots__ = ("_from_ns", "_maximum", "_taken", "enabled", "last_echo", "round_trip_ns")

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._from_ns = 0
        self._taken = 0
        self.enabled = True
        self.last_echo = 0
        self.round_trip_ns: int | None = None

    def measure(self, now_ns: int, echo: int, sent_ns: int | None) -> None:
        """Data has come with an echo of a timestamp that we sent at this time; each is measured once.

        A shorter round trip counts at once, a longer one little by little.
        """
        self.last_echo = echo
        if sent_ns is None:
            return
        sample_ns = now_ns - sent_ns
        if self.round_trip_ns is None or sample_ns < self.round_trip_ns:
            self.round_trip_ns = sample_ns
        else:
            self.round_trip_ns += (sample_ns - self.round_trip_ns) // 8

    def taken(self, now_ns: int, size: int, sender_ns: int | None, buffer: ReceiveBuffer, segment_size: int) -> None:
        """The application has taken so many bytes; ``sender_ns`` is SRTT of the other half."""
        self._taken += size
        round_trip_ns = sender_ns if self.round_trip_ns is None else self.round_trip_ns
        if round_trip_ns is None or now_ns - self._from_ns < round_trip_ns:
            return
        # The sender may double what it sends in the next round trip, and in the one that it takes to be told.
        wanted = 2 * (2 * self._taken + _SPARE_SEGMENTS * segment_size)
        self._taken, self._from_ns = 0, now_ns
        if self.enabled:
            buffer.capacity = max(buffer.capacity, min(wanted, self._maximum))
