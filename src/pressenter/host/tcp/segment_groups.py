"""Segments leave in groups: a sender may wait for a little more window, and then use it at once.

Building, routing and sending costs the same for one segment as for a group that the card cuts up
(see ``wire/large_segment.py``).  When each acknowledgment frees a segment or two, a sender that
used them at once would send groups of one or two for ever.  So Linux's waits, whether the card
cuts up or not, until a third of the window is free; this shapes its traffic into bursts, and its
round trips grow by the time that a burst takes to leave.  It waits only where that is harmless:

* an acknowledgment is likely to come within a millisecond (and half a round trip),
* something was sent less than a millisecond ago, so the path is not idle,
* no loss is being mended, where every segment tells the sender something.

A group is about as large as what leaves in a millisecond; at short round trips it may be larger,
since there a burst meets hardly a queue ("TSO autosizing").  The last segment of each bears PSH,
so that the receiver's card does not wait for more before it hands them up.

The BSDs do not wait: ``TcpParameters.grouped_segments`` turns it off.
"""

from __future__ import annotations

from pressenter.host.tcp.pacer import LARGEST_BURST, SMALLEST_BURST
from pressenter.host.tcp.recovery import LossRecovery

__all__ = ["group_size", "waits_for_more_window"]

_DIVISOR = 3  # Linux's tcp_tso_win_divisor
_SOON_NS = 1_000_000
_SHORT_ROUND_TRIP_NS = 512_000  # for each of them, half as much comes on top (Linux's tcp_tso_rtt_log)


def group_size(recovery: LossRecovery, mss: int) -> int:
    """How many bytes may leave in one group, a multiple of the MSS."""
    congestion, round_trip = recovery.congestion, recovery.round_trip
    rate = congestion.pacing_rate
    if rate is None:
        # What the window makes in a round trip, and a fifth more, or twice that: it is about to grow.
        soon_doubled = 2 * congestion.window < congestion.threshold
        smoothed_ns = round_trip.smoothed_ns or _SOON_NS
        rate = congestion.window * (200 if soon_doubled else 120) * 10_000_000 // smoothed_ns
    size = rate >> 10
    if round_trip.minimum_ns is not None:
        size += LARGEST_BURST >> min(round_trip.minimum_ns // _SHORT_ROUND_TRIP_NS, 17)
    return max(min(size, LARGEST_BURST) // mss, SMALLEST_BURST) * mss


def waits_for_more_window(
    now_ns: int, recovery: LossRecovery, sendable: int, group: int, window: int, last_sent_ns: int
) -> bool:
    """Whether it is better to send nothing until the next acknowledgment (Linux's tcp_tso_should_defer).

    Args:
        sendable: bytes that both windows allow.
        group: as `group_size` has it.
        window: bytes that both windows would allow if nothing were under way.
        last_sent_ns: when something was sent last.
    """
    if recovery.is_mending or now_ns - last_sent_ns > _SOON_NS:
        return False
    if sendable >= min(group, window // _DIVISOR):
        return False
    smoothed_ns = recovery.round_trip.smoothed_ns
    if not recovery.scoreboard or smoothed_ns is None:
        return False
    acknowledged_in_ns = recovery.scoreboard.head.sent_ns + smoothed_ns - now_ns
    return acknowledged_in_ns <= min(smoothed_ns // 2, _SOON_NS)
