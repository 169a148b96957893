"""Loss recovery: from an acknowledgment, or its absence, to what is sent again.

The sender is always in one of five states (the names are Linux's)::

              SACK or duplicate            a loss is found
      OPEN ----------------------> DISORDER ----------------> RECOVERY --.
      ^  ^  \\                                                 |          | everything that was
      |  |   \\ ECN mark                                       | timeout  | under way is
      |  |    `------> CWR ------------------------------.     v          | acknowledged,
      |  `--------------/  one round trip                 `-> LOSS       | or the loss was none
      '-------------------------------------------------------/----------'

- **What is lost** says RACK, by time (``rack.py``), or RFC 6675's count of what arrived behind;
  without SACK, the third duplicate acknowledgment and every partial one (RFC 6582).
- **How much may be sent meanwhile** says proportional rate reduction (RFC 9937): the window
  comes down to the threshold in step with what arrives, instead of all at once.
- **A tail that is lost** brings no later segment by which to notice.  A *loss probe* sends the
  last segment again after two round trips, so that its acknowledgment shows the gap
  (RFC 8985 §7).
- **A timeout that was none**: if the first acknowledgments after it are for segments that were
  not sent again, they were only late (F-RTO, RFC 5682); so they were if the timestamps say so
  (RFC 4015), or if every retransmission is reported as a duplicate.  Then it is all undone.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from pressenter.host.tcp.congestion import AckSample, CongestionControl
from pressenter.host.tcp.delivery_rate import DeliveryRate
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.rack import DUPLICATE_THRESHOLD, Rack
from pressenter.host.tcp.round_trip import RoundTripTime
from pressenter.host.tcp.scoreboard import Scoreboard, SentSegment
from pressenter.host.tcp.timer_wheel import strikes_at

__all__ = ["LossRecovery", "Mood"]


class Mood(enum.Enum):
    """The sender's state of mind about the path."""

    OPEN = "open"
    DISORDER = "disorder"
    REDUCED = "congestion window reduced"
    RECOVERY = "recovery"
    LOSS = "loss"


_REDUCING = frozenset({Mood.REDUCED, Mood.RECOVERY})
_MENDING = frozenset({Mood.RECOVERY, Mood.LOSS})
_CAREFUL = _REDUCING | _MENDING  # until what was under way has arrived


class LossRecovery:
    """Decides what is lost and how far the window comes down.

    Attributes:
        mood: see `Mood`.
        sack: the peer sends selective acknowledgments.
        reorder_at_ns: when segments that are late will count as lost, or None.
        retransmitted: segments sent again, in all.
        reductions: how often the window was brought down for a loss or a mark.
        prefer_new_data: F-RTO wants to see whether new data gets through.
    """

    __slots__ = (
        "_frto", "_high", "_note", "_prior_window", "_probe_again", "_probe_end", "_reduced_delivered", "_reduced_out",
        "_stamp", "_undo_copies", "_undo_from", "congestion", "delivery", "duplicates", "mood", "parameters",
        "prefer_new_data", "rack", "reductions", "reorder_at_ns", "retransmitted", "round_trip", "sack", "sample",
        "scoreboard", "segment_size",
    )  # fmt: skip

    def __init__(
        self,
        parameters: TcpParameters,
        congestion: CongestionControl,
        round_trip: RoundTripTime,
        segment_size: int,
        note: Callable[[str], None],
    ) -> None:
        self.parameters = parameters
        self.congestion = congestion
        self.round_trip = round_trip
        self.segment_size = segment_size
        self.scoreboard = Scoreboard()
        self.delivery = DeliveryRate()
        self.rack = Rack()
        self.sample = AckSample()
        self.mood = Mood.OPEN
        self.sack = False
        self.duplicates = 0
        self.reorder_at_ns: int | None = None
        self.prefer_new_data = False
        self.retransmitted = 0
        self.reductions = 0
        self._note = note
        self._high = 0  # recovery ends when this is acknowledged
        self._prior_window = 0
        self._reduced_delivered = 0
        self._reduced_out = 0
        self._undo_from: int | None = None
        self._undo_copies = 0
        self._stamp: int | None = None  # our timestamp at the first retransmission
        self._frto = False
        self._probe_end: int | None = None
        self._probe_again = False

    @property
    def in_flight(self) -> int:
        """The pipe; without SACK each duplicate stands for one segment that has left it."""
        pipe = self.scoreboard.pipe
        if self.duplicates and not self.sack:
            return max(0, pipe - self.duplicates * self.segment_size)
        return pipe

    @property
    def is_reducing(self) -> bool:
        """Whether the window is being brought down."""
        return self.mood in _REDUCING

    @property
    def is_mending(self) -> bool:
        """Whether what was lost is being sent again."""
        return self.mood in _MENDING

    # ---- an acknowledgment ------------------------------------------------------------------------

    def on_acknowledgment(
        self, now_ns: int, una_before: int, una: int, nxt: int,
        acked: list[SentSegment], sacked: list[SentSegment], *,
        duplicate_report: bool, is_duplicate: bool, congestion_echo: bool, echoed_stamp: int | None,
        window_used: bool,
    ) -> None:  # fmt: skip
        """Work through what an acknowledgment told; the scoreboard has taken it in already."""
        sample, congestion = self.sample, self.congestion
        advanced = una > una_before
        originals = False
        for segment in acked:
            if not segment.sacked:
                self._delivered(now_ns, segment)
                originals |= segment.transmissions == 1 and segment.end <= self._high
        for segment in sacked:
            self._delivered(now_ns, segment)
            originals |= segment.transmissions == 1 and segment.end <= self._high
        lost_before = self.scoreboard.lost_bytes
        delivered = self.delivery.delivered - sample.total_delivered
        if not self.sack:
            delivered = self._count_duplicates(una - una_before, is_duplicate)
        sample.now_ns, sample.position, sample.next_position = now_ns, una, nxt
        sample.delivered = delivered
        sample.total_delivered = self.delivery.delivered
        sample.smoothed_ns = self.round_trip.smoothed_ns
        sample.rate = self.delivery.sample(now_ns, self.round_trip.minimum_ns)
        if sample.round_trip_ns is not None:
            congestion.on_measured(sample)
        if duplicate_report:
            self._undo_copies = max(0, self._undo_copies - 1)
            self.rack.on_duplicate_report(una, nxt)
        self._check_probe(una, duplicate_report, is_duplicate)
        self._judge(now_ns, una, nxt, advanced, originals, bool(sacked) or is_duplicate, echoed_stamp, congestion_echo)
        sample.lost = max(0, self.scoreboard.lost_bytes - lost_before)
        sample.in_flight = self.in_flight
        sample.recovering = self.mood is Mood.RECOVERY
        sample.timed_out = self.mood is Mood.LOSS
        if congestion.steers:
            congestion.on_acknowledged(sample)
            if congestion.holds_back:
                self.delivery.application_pauses(self.scoreboard.pipe)
        elif self.mood in _REDUCING:
            self._reduce(sample.delivered, sample.lost, advanced)
        elif advanced and window_used:
            congestion.on_acknowledged(sample)

    def _delivered(self, now_ns: int, segment: SentSegment) -> None:
        self.delivery.on_delivered(now_ns, segment)
        self.rack.on_delivered(now_ns, segment, self.round_trip)

    def _count_duplicates(self, acknowledged: int, is_duplicate: bool) -> int:
        """Without SACK each duplicate stands for a segment that has arrived; returns how many bytes have now."""
        segment_size = self.segment_size
        if is_duplicate:
            self.duplicates += 1
            return segment_size
        if not acknowledged:
            return 0
        told = self.duplicates * segment_size
        gone = acknowledged // segment_size if self.mood is Mood.RECOVERY else self.duplicates
        self.duplicates = max(0, self.duplicates - gone)
        return max(acknowledged - told, min(acknowledged, segment_size))

    def _judge(
        self, now_ns: int, una: int, nxt: int, advanced: bool, originals: bool, gap: bool, echoed_stamp: int | None,
        congestion_echo: bool,
    ) -> None:  # fmt: skip
        """Move between the moods, and mark what is lost."""
        beyond = una > self._high or (una == self._high and self.mood is not Mood.REDUCED)
        if self.mood in _CAREFUL and beyond:
            self._everything_arrived(una, echoed_stamp)
        elif self.mood is Mood.LOSS:
            self._go_on_after_timeout(nxt, advanced, originals, gap, echoed_stamp)
        elif self.mood is Mood.RECOVERY and advanced and self._was_unnecessary(echoed_stamp):
            self.rack.reordering_seen = True  # the hole was filled by the original, which had only been late
            self._undo("the retransmission was unnecessary")
        if self.mood is Mood.LOSS and self.prefer_new_data:
            return
        lost_again = self._find_losses(now_ns, advanced)
        if self.mood is Mood.RECOVERY or (self.mood is Mood.LOSS and not lost_again):
            return
        # What was lost behind the recovery that ends here is another loss, even if it was sent again in it.
        if self.scoreboard.lost_bytes or self.scoreboard.mending:
            self._enter_recovery(una, nxt)
        elif congestion_echo and self.mood is not Mood.REDUCED:
            self._begin_reduction(nxt)
            self.mood = Mood.REDUCED
            self._note("the path has marked a packet")
        elif self.mood is not Mood.REDUCED:
            disorder = self.scoreboard.sacked_bytes or self.duplicates
            self.mood = Mood.DISORDER if disorder else Mood.OPEN
            if self._undo_from is not None and self._undo_copies == 0:
                self._undo_from = None

    # ---- what is lost? --------------------------------------------------------------------------------

    def _find_losses(self, now_ns: int, advanced: bool) -> bool:
        """Mark what is lost; returns whether a retransmission is."""
        scoreboard = self.scoreboard
        self.reorder_at_ns = None
        if not scoreboard:
            return False
        if not self.sack:
            # RFC 5681 §3.2, and RFC 6582 §3.2, step 3: a partial acknowledgment shows the next hole
            first = not self.is_mending and self.duplicates >= DUPLICATE_THRESHOLD
            if first or (self.mood is Mood.RECOVERY and advanced):
                scoreboard.mark_lost(scoreboard.head)
        elif self.parameters.rack:
            window_ns = self.rack.reordering_window_ns(
                self.round_trip, self.is_mending, scoreboard.sacked_bytes // self.segment_size
            )
            lost, wait_until_ns = self.rack.find_lost(now_ns, scoreboard, window_ns)
            if wait_until_ns is not None:
                wait_ns = wait_until_ns - now_ns + self.parameters.timer_margin_ns
                self.reorder_at_ns = strikes_at(self.parameters, now_ns, wait_ns)
            for segment in lost:
                scoreboard.mark_lost(segment)
            return any(segment.transmissions > 1 for segment in lost)
        else:
            self._find_losses_by_count()
        return False

    def _find_losses_by_count(self) -> None:
        """RFC 6675 §4, IsLost: enough has arrived behind it."""
        scoreboard = self.scoreboard
        if not scoreboard.sacked_ranges:
            return
        ranges = scoreboard.sacked_ranges.ranges()
        enough = DUPLICATE_THRESHOLD - 1
        for segment in scoreboard.segments():
            if segment.end > scoreboard.sacked_ranges.end:
                break
            if segment.sacked or segment.transmissions > 1:
                continue
            behind = [end - max(start, segment.end) for start, end in ranges if end > segment.end]
            if len(behind) > enough or sum(behind) > enough * self.segment_size:
                scoreboard.mark_lost(segment)

    def on_reordering_timer(self, now_ns: int, una: int, nxt: int) -> None:
        """What was late is now lost (RFC 8985 §6.3)."""
        lost_before = self.scoreboard.lost_bytes
        self._find_losses(now_ns, False)
        if self.scoreboard.lost_bytes > lost_before and self.mood is not Mood.RECOVERY:
            self._enter_recovery(una, nxt)
            if not self.congestion.steers:
                self._reduce(0, self.scoreboard.lost_bytes, False)

    # ---- fast recovery --------------------------------------------------------------------------------

    def _enter_recovery(self, una: int, nxt: int) -> None:
        if self.mood is not Mood.REDUCED:
            self._begin_reduction(nxt)
        self._high = nxt
        self.mood = Mood.RECOVERY
        self._watch_for_undo(una)
        self._note("a loss was found")

    def _begin_reduction(self, nxt: int) -> None:
        self._high = nxt
        self._probe_end = None
        self.reductions += 1
        self._prior_window = max(self.congestion.window, 1)
        self._reduced_delivered = self._reduced_out = 0
        self._update_sample()
        self.congestion.begin_reduction(self.sample)

    def _reduce(self, delivered: int, lost: int, advanced: bool) -> None:
        """Proportional rate reduction (RFC 9937 §6.2): the window follows what arrives."""
        congestion, pipe, segment = self.congestion, self.in_flight, self.segment_size
        self._reduced_delivered += delivered
        above = pipe > congestion.threshold
        if above:
            allowed = -(-self._reduced_delivered * congestion.threshold // self._prior_window) - self._reduced_out
        else:
            allowed = max(self._reduced_delivered - self._reduced_out, delivered)
            if advanced and not lost:
                allowed += segment
            allowed = min(congestion.threshold - pipe, allowed)
        if not self._reduced_out:
            allowed = max(allowed, segment)  # the first retransmission goes out at once
        congestion.window = pipe + max(0, allowed)

    def on_transmitted(self, size: int) -> None:
        """Something was sent while the window is being brought down."""
        self._reduced_out += size

    def on_sent_again(self, stamp: int) -> None:
        """A segment was sent again; ``stamp`` is our timestamp clock."""
        self._undo_copies += 1
        self.retransmitted += 1
        if self._stamp is None:
            self._stamp = stamp

    # ---- the end of recovery, or its undoing ---------------------------------------------------------

    def _everything_arrived(self, una: int, echoed_stamp: int | None) -> None:
        was = self.mood
        if was in _MENDING and self._was_unnecessary(echoed_stamp):
            self._undo("the retransmission was unnecessary")
            return
        if was is Mood.RECOVERY and not self.sack and una == self._high:
            return  # RFC 6582 §4: hold, lest late duplicates begin another recovery
        if was in _REDUCING and not self.congestion.steers:
            self.congestion.window = self.congestion.threshold
        self.rack.on_recovered()
        self._leave()
        self._note("recovered")

    def _leave(self) -> None:
        self.mood = Mood.OPEN
        self.duplicates = 0
        self._frto = self.prefer_new_data = False
        self._forget_stamp()

    def _forget_stamp(self) -> None:
        """The first retransmission's timestamp counts as long as any copy is under way."""
        if not any(segment.transmissions > 1 for segment in self.scoreboard.segments()):
            self._stamp = None

    def _watch_for_undo(self, una: int) -> None:
        if self._undo_from is None or self.mood is Mood.RECOVERY:
            self._undo_from = una
            self._undo_copies = 0
            self._forget_stamp()

    def _was_unnecessary(self, echoed_stamp: int | None) -> bool:
        """RFC 4015's Eifel detection by timestamps, or a duplicate report for every copy."""
        if self._undo_from is None or self._stamp is None:
            return False
        if echoed_stamp is not None and (echoed_stamp - self._stamp) & 0x80000000:
            return True  # the original was acknowledged, not the copy
        return self._undo_copies == 0

    def _undo(self, reason: str) -> None:
        self.scoreboard.believe_nothing_lost()
        self.congestion.undo()
        self._undo_from = None
        self._leave()
        self._note(reason)

    # ---- timeouts ------------------------------------------------------------------------------------------

    def on_timeout(self, now_ns: int, una: int, nxt: int, again: bool) -> None:
        """The retransmission timer struck; ``again`` if it did before for the same segment."""
        scoreboard, congestion = self.scoreboard, self.congestion
        if scoreboard.head.sacked:
            scoreboard.forget_sacks()  # RFC 2018 §8: the peer has thrown away what it had
        fresh = self.mood is not Mood.LOSS or una >= self._high
        self._update_sample()
        if fresh:
            if self.mood is not Mood.RECOVERY:
                congestion.begin_reduction(self.sample)
            self._undo_from = None
            self._watch_for_undo(una)
        head = scoreboard.head
        window_ns = self.rack.reordering_window_ns(self.round_trip, True, 0)
        for segment in scoreboard.segments():
            recent = (
                self.sack and self.parameters.rack and segment is not head
                and segment.sent_ns + self.rack.round_trip_ns + window_ns > now_ns
            )  # fmt: skip
            if not recent:
                scoreboard.mark_lost(segment)
        self.duplicates = 0
        self._probe_end = None
        self.mood = Mood.LOSS
        self._high = nxt
        # RFC 5682 §2.1: not if it strikes again for the same segment
        self._frto = self.parameters.frto and fresh and not again
        self.prefer_new_data = False
        self.reorder_at_ns = None
        self.sample.in_flight = self.in_flight
        congestion.on_timeout(self.sample)
        self._note("timeout")

    def _go_on_after_timeout(
        self, nxt: int, advanced: bool, originals: bool, gap: bool, echoed_stamp: int | None
    ) -> None:
        if advanced and self._stamp is not None and echoed_stamp is not None:
            if (echoed_stamp - self._stamp) & 0x80000000:
                self._undo("the timeout was unnecessary")
                return
        if not self._frto:
            return
        if originals:
            self._undo("the timeout was unnecessary")  # RFC 5682 §2.1 and §3.1, step 3b: it was only late
        elif self.prefer_new_data:
            if gap or not advanced:
                self._frto = self.prefer_new_data = False  # step 3a: something is missing indeed
        elif advanced:
            self.prefer_new_data = True  # RFC 5682 §2.1, step 2b: send two new segments
            self._high = nxt
        elif not self.sack:
            self._frto = False

    # ---- the loss probe (RFC 8985 §7) -----------------------------------------------------------------------

    def may_probe(self) -> bool:
        """Whether a probe may be scheduled: nothing is known to be missing."""
        return (
            self.sack and self.parameters.rack and self.mood in (Mood.OPEN, Mood.REDUCED)
            and not self.scoreboard.sacked_bytes and self._probe_end is None
        )  # fmt: skip

    def probe_was_sent(self, nxt: int, was_sent_before: bool) -> None:
        """The probe is on its way; an acknowledgment up to ``nxt`` tells how it ended."""
        self._probe_end = nxt
        self._probe_again = was_sent_before

    def _check_probe(self, una: int, duplicate_report: bool, is_duplicate: bool) -> None:
        """RFC 8985 §7.4: a probe that mended a loss without anybody noticing is a loss all the same."""
        if self._probe_end is None or una < self._probe_end:
            return
        if not self._probe_again or duplicate_report or (is_duplicate and una == self._probe_end):
            self._probe_end = None  # both the original and the probe have arrived
        elif una > self._probe_end:
            self._probe_end = None
            if self.mood in (Mood.OPEN, Mood.DISORDER):
                self._begin_reduction(una)
                if not self.congestion.steers:
                    self.congestion.window = self.congestion.threshold
                self._note("the loss probe mended a loss")

    # ---- inside -------------------------------------------------------------------------------------------

    def _update_sample(self) -> None:
        self.sample.in_flight = self.in_flight
        self.sample.total_delivered = self.delivery.delivered
        self.sample.smoothed_ns = self.round_trip.smoothed_ns
