"""Acknowledgments of what came out of order: three at once, the further ones gathered.

Each segment behind a gap is news: its acknowledgment repeats the number of the missing byte and
lists what has arrived (RFC 5681 §4.2, RFC 2018).  After the third the sender knows that something
is missing, and from then on one acknowledgment tells as much as ten, as long as there are no more
gaps than fit the list.  So Linux gathers them for a twentieth of a round trip, at most 1 ms, or
until 44 have come ("SACK compression").

The timer is another one than that of the delayed acknowledgment (``delayed_ack.py``): that it
strikes says nothing about the application.
"""

from __future__ import annotations

from pressenter.host.tcp.parameters import TcpParameters

__all__ = ["GatheredAcknowledgments"]

_AT_ONCE = 3  # RFC 5681 §3.2: so many duplicates start the fast retransmit
_MOST_GATHERED = 44  # Linux's tcp_comp_sack_nr
_PART_OF_ROUND_TRIP = 20


class GatheredAcknowledgments:
    """What waits behind a gap to be acknowledged.

    Attributes:
        due_at_ns: when the acknowledgment for those gathered goes, or None.
    """

    __slots__ = ("_gathered", "_longest_ns", "_told", "due_at_ns")

    def __init__(self, parameters: TcpParameters) -> None:
        self._longest_ns = parameters.sack_delay_ns
        self._told = 0  # acknowledgments for this gap so far, up to three
        self._gathered = 0
        self.due_at_ns: int | None = None

    def takes(self, now_ns: int, round_trip_ns: int | None) -> bool:
        """Another segment behind the gap; whether that is acknowledged at once."""
        delay_ns = min(self._longest_ns, (round_trip_ns or 0) // _PART_OF_ROUND_TRIP)
        if not delay_ns or self._gathered >= _MOST_GATHERED:
            return True
        if self._told < _AT_ONCE:
            self._told += 1
            return True
        self._gathered += 1
        if self.due_at_ns is None:
            self.due_at_ns = now_ns + delay_ns
        return False

    def gap_moved(self) -> None:
        """Something came in order: what is missing now is another byte."""
        self._told = 0

    def acknowledged(self) -> None:
        """An acknowledgment goes out."""
        self._gathered = 0
        self.due_at_ns = None
