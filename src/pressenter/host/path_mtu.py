"""What is known of paths: how large a packet may be all the way (RFC 1191, RFC 8201).

A router that cannot forward a packet for its size says what its next link bears.  That is believed for
ten minutes; then the path may have changed, and larger packets try it again.
"""

from __future__ import annotations

__all__ = ["PathMtus"]

_AGE_NS = 600 * 1_000_000_000  # RFC 1191 §6.3, RFC 8201 §5.3


class PathMtus:
    """The MTUs that were learnt, by destination."""

    def __init__(self) -> None:
        self._learnt: dict[bytes, tuple[int, int]] = {}  # what it bears, and when that was told

    def learn(self, now_ns: int, destination: bytes, mtu: int) -> None:
        """A router has told."""
        self._learnt[destination] = (mtu, now_ns)

    def bound(self, now_ns: int, destination: bytes, mtu: int) -> int:
        """The first link bears ``mtu``: what the whole path does, as far as that is known."""
        learnt = self._learnt.get(destination)
        if learnt is None:
            return mtu
        if now_ns - learnt[1] > _AGE_NS:
            del self._learnt[destination]
            return mtu
        return min(mtu, learnt[0])
