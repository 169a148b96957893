"""SYN cookies: answer a SYN without keeping anything of it (RFC 4987 §3.6; Bernstein 1996).

A flood of SYNs from addresses that do not exist fills the queue of half-open connections, and
then honest clients are turned away.  So when the queue is full, the listener keeps nothing:
what it would have to remember is put into its own initial sequence number, which the
client's acknowledgment brings back::

    | 5 bits: time, 64 s | 3 bits: MSS | 24 bits: a keyed hash of the addresses, ports, time, client's ISN |

What does not fit there, window scale and SACK, travels in the low bits of our timestamp, if
the client uses timestamps; otherwise these options are lost, which is the price.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right

from pressenter.wire.tcp import Options

__all__ = ["SynCookies"]

_SEGMENT_SIZES = (216, 536, 1220, 1300, 1440, 1460, 4312, 8960)
_SLOT_NS = 64_000_000_000
_SLOTS_VALID = 2
_NO_SCALE = 15


class SynCookies:
    """Makes and checks cookies with a key of the host's own."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, now_ns: int, identity: bytes, client_sequence: int, mss: int) -> int:
        """An initial sequence number that holds the MSS.  ``identity``: both addresses and ports."""
        slot = now_ns // _SLOT_NS
        index = max(0, bisect_right(_SEGMENT_SIZES, mss) - 1)
        return (slot & 31) << 27 | index << 24 | self._hash(identity, client_sequence, slot, index)

    def check(self, now_ns: int, identity: bytes, client_sequence: int, cookie: int) -> int | None:
        """The MSS that a cookie holds, or None if it is not ours or too old."""
        now = now_ns // _SLOT_NS
        index = cookie >> 24 & 7
        for slot in range(now, max(-1, now - _SLOTS_VALID), -1):
            if slot & 31 == cookie >> 27 and cookie & 0xFFFFFF == self._hash(identity, client_sequence, slot, index):
                return _SEGMENT_SIZES[index]
        return None

    def pack_options(self, options: Options) -> int:
        """Window scale and SACK as the low six bits of a timestamp."""
        scale = _NO_SCALE if options.window_scale is None else min(options.window_scale, 14)
        return scale | options.sack_permitted << 4

    def unpack_options(self, echo: int, mss: int, timestamp: tuple[int, int]) -> Options:
        """The client's SYN options, from our timestamp that it echoes."""
        scale = echo & 15
        return Options(mss, None if scale == _NO_SCALE else scale, bool(echo >> 4 & 1), (), timestamp)

    def _hash(self, identity: bytes, client_sequence: int, slot: int, index: int) -> int:
        text = identity + client_sequence.to_bytes(4, "big") + slot.to_bytes(8, "big") + bytes((index,))
        return int.from_bytes(hashlib.blake2b(text, key=self._key, digest_size=3).digest(), "big")
