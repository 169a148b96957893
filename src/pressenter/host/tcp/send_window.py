"""The send window: how much the peer has room for, as its segments tell it.

Each segment tells the room behind the byte that it acknowledges.  Segments overtake one another,
so an old one must not undo what a newer one has told: SND.WL1 and SND.WL2 are the sequence and
acknowledgment number of the segment that told last (RFC 9293 §3.10.7.4).

A receiver that reads slowly opens its window by a few bytes at a time.  A sender that filled
each opening at once would go on with such segments for ever, most of them header ("silly window
syndrome", RFC 813).  So a segment that is not full leaves only if it fills half of the largest
window that was ever told, or if it is all that the receiver takes and nothing is under way that
would make it take more (RFC 9293 §3.8.6.2.1).
"""

from __future__ import annotations

__all__ = ["SendWindow"]


class SendWindow:
    """What the peer takes.

    Attributes:
        size: SND.WND in bytes, already scaled.
        largest: the largest that it ever was.
    """

    __slots__ = ("_wl1", "_wl2", "largest", "size")

    def __init__(self) -> None:
        self.size = 0
        self.largest = 0
        self._wl1 = 0
        self._wl2 = 0

    def is_news(self, position: int, acknowledgment: int) -> bool:
        """Whether a segment is not older than the one that told last."""
        return self._wl1 < position or (self._wl1 == position and self._wl2 <= acknowledgment)

    def set(self, position: int, acknowledgment: int, size: int) -> None:
        """The segment at this position, with this acknowledgment, tells the window."""
        self.size = size
        self._wl1, self._wl2 = position, acknowledgment
        if size > self.largest:
            self.largest = size

    def is_large_enough(self, size: int, idle: bool) -> bool:
        """Whether a segment that is not full is large enough for this receiver.

        ``idle``: nothing is under way, nor is a probe of the window about to be sent.
        """
        return 2 * size >= self.largest > 0 or (idle and size == self.size > 0)
