"""The sending half of a connection: what may be sent, and when.

The sender's view of sequence numbers (RFC 9293 §3.3.1, figure 3)::

            acknowledged   sent, not acknowledged   may be sent    may not yet
          --------------|-------------------------|-------------|-------------
                    SND.UNA                   SND.NXT     SND.UNA + SND.WND

Three things hold data back: the receiver's room (SND.WND), the congestion window, which
limits what is under way (see ``recovery.py``), and, if the congestion control paces, the
clock.  A fourth is courtesy: a small segment waits while another small one is under way, so
that many small writes make few large segments (Nagle, RFC 9293 §3.7.4, as Minshall changed it
and Linux has it: draft-minshall-nagle-01).

A receiver that has no room closes its window.  Its later word that there is room again
could get lost, so a closed window is probed with one byte beyond it; as long as the
probes are answered, the connection waits (RFC 9293 §3.8.6.1).

Names in capitals are RFC 9293's variables; here they are in lower case, and count positions
(see ``sequence.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pressenter.host.tcp.congestion import CONGESTION_CONTROLS, CongestionControl
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.pacer import Pacer
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.recovery import LossRecovery, Mood
from pressenter.host.tcp.round_trip import RoundTripTime, when_sent
from pressenter.host.tcp.scoreboard import SentSegment
from pressenter.host.tcp.segment_groups import group_size, waits_for_more_window
from pressenter.host.tcp.send_buffer import SendBuffer
from pressenter.host.tcp.send_window import SendWindow
from pressenter.host.tcp.timer_wheel import strikes_at
from pressenter.host.tcp.window_use import WindowUse
from pressenter.wire.tcp import ACK, CWR, FIN, PSH

__all__ = ["Freed", "Sender"]


class Freed(NamedTuple):
    """What an acknowledgment covers: bytes of data, our FIN."""

    data: int
    fin: bool


class Sender:
    """Send sequence space, buffer, windows and the timers for sending again.

    Args:
        mss: the largest payload that this end would send.
        emit: sends a segment: its flags, position, payload, whether it is sent again.
        note: queues a notice.

    Attributes:
        una, nxt: SND.UNA and SND.NXT.
        window: SND.WND, what the peer has room for.
        buffer: what is to be sent.
        window_use: how much of the congestion window is used.
        retries: how often the timer has struck for the same byte.
        largest: the most that one segment may hold: several times the MSS where the device cuts
            it up (see ``wire/large_segment.py``).
        last_sent_ns: when data went out last, or 0.
        no_delay: send small segments at once (TCP_NODELAY).
        retransmit_at_ns, probe_at_ns, persist_at_ns: deadlines, None if the timer is off.
    """

    __slots__ = (
        "_emit", "_fin_position", "_note", "_small_end", "buffer", "congestion_name",
        "congestion_reduced", "ecn", "fin_wanted", "iss", "largest", "last_sent_ns", "mss",
        "no_delay", "nxt", "pacer", "parameters", "persist_at_ns", "probe_at_ns", "recovery", "retransmit_at_ns",
        "retries", "round_trip", "stalled_since_ns", "una", "window", "window_use",
    )  # fmt: skip

    def __init__(
        self,
        initial_sequence: int,
        mss: int,
        parameters: TcpParameters,
        emit: Callable[[int, int, bytes, bool], None],
        note: Callable[[Notice], None],
    ) -> None:
        self.iss = initial_sequence
        self.mss = self.largest = mss
        self.parameters = parameters
        self.una = 0
        self.nxt = 0
        self.window = SendWindow()
        self.buffer = SendBuffer(parameters.send_buffer, parameters.send_buffer_maximum)
        self.window_use = WindowUse()
        self.round_trip = RoundTripTime(parameters)
        self.retries = 0
        self.no_delay = False
        self.fin_wanted = False
        self.ecn = False
        self.congestion_reduced = False  # the next data carries CWR (RFC 3168 §6.1.2)
        self.congestion_name = parameters.congestion_control
        self.retransmit_at_ns: int | None = None
        self.probe_at_ns: int | None = None
        self.persist_at_ns: int | None = None
        self.pacer = Pacer()
        self.stalled_since_ns: int | None = None
        self._fin_position: int | None = None
        self.last_sent_ns = 0
        self._small_end = 0  # of the last segment that was not full
        self._emit = emit
        self._note = note
        self.recovery = self._new_recovery(mss)

    def _new_recovery(self, segment_size: int) -> LossRecovery:
        congestion = CONGESTION_CONTROLS[self.congestion_name](segment_size)
        return LossRecovery(self.parameters, congestion, self.round_trip, segment_size, self._note_window)

    def agree_on_segment_size(self, mss: int, largest: int = 0) -> None:
        """The peer's SYN has told how large a segment may be; the congestion control begins with it.

        ``largest`` is how much data the device takes at a time, to cut it up into such segments.
        """
        self.mss = mss
        self.largest = max(largest // mss, 1) * mss
        before = self.recovery
        self.recovery = self._new_recovery(mss)
        self.recovery.scoreboard = before.scoreboard
        self.recovery.delivery = before.delivery

    def use_congestion_control(self, name: str) -> None:
        """Another congestion control from now on, with the window of the one before."""
        self.congestion_name = name
        congestion = CONGESTION_CONTROLS[name](self.mss)
        congestion.window = self.congestion.window
        congestion.threshold = self.congestion.threshold
        self.recovery.congestion = congestion

    @property
    def congestion(self) -> CongestionControl:
        """The congestion control."""
        return self.recovery.congestion

    @property
    def in_flight(self) -> int:
        """Sequence numbers sent and not acknowledged."""
        return self.nxt - self.una

    @property
    def unacknowledged(self) -> int:
        """Bytes taken by `write` and not yet acknowledged."""
        return len(self.buffer.unsent) + sum(len(segment.payload) for segment in self.recovery.scoreboard.segments())

    @property
    def acknowledging_position(self) -> int:
        """What a segment without data says of our position: nothing beyond the peer's window.

        A window probe lies beyond it, and a receiver without room refuses what comes from there.
        """
        return min(self.nxt, self.una + self.window.size) if self.una else self.nxt

    @property
    def only_fin_is_missing(self) -> bool:
        """Whether everything is acknowledged except our FIN."""
        return self._fin_position is not None and self._fin_position == self.una == self.nxt - 1

    @property
    def room(self) -> int:
        """Bytes that `write` would take."""
        congestion = self.congestion
        return self.buffer.room(self.in_flight, congestion.window * congestion.send_buffer_windows)

    # ---- sending --------------------------------------------------------------------------

    def write(self, data: bytes) -> int:
        """Take bytes into the buffer; returns how many there was room for."""
        self._note_pause()
        return self.buffer.write(data, self.room)

    def _note_pause(self) -> None:
        """Has the application kept the path waiting?  Asked, as in Linux, when it sends again.

        One that was told to wait for room has not: Linux's blocking ``send`` asks only once.
        """
        recovery, scoreboard = self.recovery, self.recovery.scoreboard
        if len(self.buffer.unsent) < self.mss and not self.buffer.was_full and not scoreboard.lost_bytes:
            if recovery.in_flight < recovery.congestion.window:
                recovery.delivery.application_pauses(scoreboard.pipe)

    def syn_goes_out(self, now_ns: int, flags: int, early: int = 0) -> SentSegment:
        """Our SYN, for the first time, with up to ``early`` bytes of data (RFC 7413); the connection emits it."""
        payload = self.buffer.take(early)
        segment = SentSegment(0, 1 + len(payload), flags, payload)
        self._went_out(now_ns, segment)
        return segment

    def syn_again(self, now_ns: int) -> SentSegment:
        """Our SYN, once more."""
        head = self.recovery.scoreboard.head
        self.recovery.scoreboard.sent_again(head, now_ns)
        self._start_timer(now_ns)
        return head

    def take_back_early_data(self, acknowledged: int) -> None:
        """The peer has not taken the data in our SYN: it is to be sent again, after the handshake."""
        head = self.recovery.scoreboard.head
        if acknowledged > 1:
            head.flags = ACK | PSH  # a part was taken: the rest is data like any other
            return
        self.buffer.put_back(head.payload)
        self.nxt -= len(head.payload)
        self.recovery.scoreboard.pipe -= len(head.payload)
        head.payload = b""
        head.end = head.start + 1

    def transmit(self, now_ns: int) -> None:
        """Send what must be sent again, then what is new, as far as the windows allow."""
        recovery, unsent = self.recovery, self.buffer.unsent
        if unsent and self.nxt == self.una > 1:
            self.window_use.end_pause(now_ns - self.last_sent_ns, recovery.congestion, self.round_trip)
        before = self.nxt
        self.window_use.held_back = False
        if not recovery.prefer_new_data:
            self._send_lost(now_ns)
        if unsent or self.fin_wanted:
            self._send_new(now_ns)
        if recovery.prefer_new_data and self.nxt == before:
            recovery.prefer_new_data = False  # F-RTO has nothing new to try with
            self._send_lost(now_ns)
        if self.nxt != before:
            self._schedule_probe(now_ns)
            self.window_use.watch(self.una, self.nxt, recovery.scoreboard.pipe)
        waits = unsent or (self.fin_wanted and self._fin_position is None)
        if waits and self.window.size == 0 and self.nxt == self.una and self.persist_at_ns is None:
            self.persist_at_ns = now_ns + self.round_trip.timeout_ns

    def _send_lost(self, now_ns: int) -> None:
        recovery = self.recovery
        scoreboard, congestion = recovery.scoreboard, recovery.congestion
        while scoreboard.lost_bytes:
            segment = scoreboard.next_lost()
            if segment is None:
                return
            size = segment.end - segment.start
            if recovery.in_flight + size > congestion.window and recovery.in_flight:
                self.window_use.held_back = True
                return
            if not self._clock_allows(now_ns, size):
                return
            self._send_again(now_ns, segment, "timeout" if recovery.mood is Mood.LOSS else "fast recovery")

    def _send_new(self, now_ns: int) -> None:
        """RFC 9293 §3.8.6.2.1, with the congestion window."""
        recovery = self.recovery
        mss, edge = self.mss, self.una + self.window.size
        group = together = 0  # what may still leave with the group that is leaving, and its size
        while True:
            unsent = len(self.buffer.unsent)
            room = edge - self.nxt
            allowed = recovery.congestion.window - recovery.in_flight
            if group < mss < unsent and self.parameters.grouped_segments:
                group = together = self._next_group(now_ns, min(allowed, room))
                if not group:
                    self.window_use.held_back |= allowed < room and allowed <= unsent
                    return
            size = min(self.largest, unsent, room)
            if size > mss:
                size = max(min(size, allowed) // mss, 1) * mss
            if size > allowed:
                self.window_use.held_back = True
                # Whole segments only, unless the window is smaller than one.
                size = allowed if recovery.in_flight == 0 else 0
            fin = self.fin_wanted and size == unsent and room > size and self._fin_position is None
            if size <= 0 and not fin:
                return
            if size < mss and not fin and not self._may_be_small(size, unsent):
                return
            if not self._clock_allows(now_ns, size):
                return
            group -= size
            self._send_next(now_ns, size, size == unsent or (group < mss < together), fin)

    def _next_group(self, now_ns: int, sendable: int) -> int:
        """How many bytes leave together now; 0: it is better to wait for more window."""
        recovery, mss = self.recovery, self.mss
        if sendable < mss:
            return mss  # what is too little is decided elsewhere
        group = group_size(recovery, mss)
        window = min(self.window.size, recovery.congestion.window)
        if waits_for_more_window(now_ns, recovery, sendable, group, window, self.last_sent_ns):
            return 0
        return min(group, sendable // mss * mss)

    def _may_be_small(self, size: int, unsent: int) -> bool:
        """Silly window avoidance, and Nagle's algorithm (RFC 9293 §3.8.6.2.1, §3.7.4)."""
        idle = self.nxt == self.una
        if size == unsent and (self.no_delay or self._small_end <= self.una):
            return True
        return self.window.is_large_enough(size, idle and self.persist_at_ns is None)

    def _clock_allows(self, now_ns: int, size: int) -> bool:
        return self.pacer.allows(now_ns, size, self.recovery.congestion.pacing_rate, self.mss)

    def _send_next(self, now_ns: int, size: int, last: bool, fin: bool) -> None:
        flags = ACK
        if last and size:
            flags |= PSH
        if fin:
            flags |= FIN
        if self.congestion_reduced and size:
            flags |= CWR
            self.congestion_reduced = False
        payload = self.buffer.take(size)
        segment = SentSegment(self.nxt, self.nxt + size + fin, flags, payload)
        if fin:
            self._fin_position = segment.end - 1
        if size < self.mss:
            self._small_end = segment.end
        self._went_out(now_ns, segment)
        self._emit(flags, segment.start, payload, False)

    def _went_out(self, now_ns: int, segment: SentSegment) -> None:
        recovery, alone = self.recovery, not self.recovery.scoreboard
        if alone and recovery.delivery.limited_until:
            recovery.congestion.on_start_after_pause(now_ns)
        recovery.delivery.on_send(now_ns, segment, alone)
        recovery.scoreboard.sent(segment, now_ns)
        self.nxt = segment.end
        self.last_sent_ns = now_ns
        if recovery.is_reducing:
            recovery.on_transmitted(segment.end - segment.start)
        if self.retransmit_at_ns is None:
            self._start_timer(now_ns)  # RFC 6298 §5.1

    def _send_again(self, now_ns: int, segment: SentSegment, reason: str) -> None:
        recovery = self.recovery
        recovery.on_sent_again(now_ns // 1_000_000 & 0xFFFFFFFF)
        recovery.delivery.on_send(now_ns, segment, False)
        recovery.scoreboard.sent_again(segment, now_ns)
        if recovery.is_reducing:
            recovery.on_transmitted(segment.end - segment.start)
        self._note_retransmission(reason, segment)
        self._emit(segment.flags & ~CWR, segment.start, segment.payload, True)
        if self.retransmit_at_ns is None or segment.start == self.una:
            self._start_timer(now_ns)

    # ---- acknowledgments ----------------------------------------------------------------------

    def acknowledge(
        self, now_ns: int, position: int, *, blocks: list[tuple[int, int]], is_duplicate: bool, echo: int | None,
        sent_stamp_ns: int | None, congestion_echo: bool,
    ) -> Freed:  # fmt: skip
        """SEG.ACK is acceptable: free what it covers, measure, find losses, adjust the window.

        ``blocks`` are the SACK blocks as positions; ``echo`` is our timestamp that the peer echoes,
        ``sent_stamp_ns`` the time that it stands for.
        """
        recovery = self.recovery
        scoreboard = recovery.scoreboard
        recovery.sample.departure_ns = self.pacer.free_ns
        recovery.sample.prior_in_flight = recovery.in_flight
        una_before = self.una
        used = self.window_use.was_full(self.congestion, self.mss)
        reductions = recovery.reductions
        duplicate_report, sacked = self._take_blocks(position, blocks) if blocks else (False, [])
        acked = scoreboard.take_acknowledged(position) if position > una_before else []
        self.una = position
        freed = self._freed(una_before, position)
        self._measure(now_ns, acked, sacked, position > una_before, sent_stamp_ns)
        if position > una_before:
            self.retries = 0
            self.stalled_since_ns = now_ns if scoreboard else None
        if una_before == 0 and not freed.data:
            if self.round_trip.smoothed_ns is None:
                self.round_trip.syn_was_lost()
            recovery.sample.round_trip_ns = None  # RFC 5681 §3.1: the SYN's acknowledgment opens no window
            for segment in acked:
                recovery.delivery.on_delivered(now_ns, segment)
            recovery.delivery.sample(now_ns, None)
            recovery.sample.total_delivered = recovery.delivery.delivered
        else:
            recovery.on_acknowledgment(
                now_ns, una_before, position, self.nxt, acked, sacked, duplicate_report=duplicate_report,
                is_duplicate=is_duplicate, congestion_echo=congestion_echo and self.ecn, echoed_stamp=echo,
                window_used=used,
            )  # fmt: skip
        if self.ecn and recovery.reductions != reductions:
            self.congestion_reduced = True  # told once for each reduction (RFC 3168 §6.1.2)
        if not scoreboard:
            self._stop_retransmission_timer()  # RFC 6298 §5.2
        elif position > una_before:
            self._start_timer(now_ns)  # RFC 6298 §5.3
            self._schedule_probe(now_ns)
        elif sacked:
            self._schedule_probe(now_ns)
        return freed

    def _freed(self, before: int, position: int) -> Freed:
        syn = before == 0 and position > 0
        fin = self._fin_position is not None and position > self._fin_position >= before
        return Freed(position - before - syn - fin, fin)

    def _take_blocks(self, position: int, blocks: list[tuple[int, int]]) -> tuple[bool, list[SentSegment]]:
        """SACK blocks into the scoreboard; the first may report a duplicate (RFC 2883 §4)."""
        first = blocks[0]
        duplicate = first[1] <= position or (len(blocks) > 1 and blocks[1][0] <= first[0] and first[1] <= blocks[1][1])
        sacked: list[SentSegment] = []
        for start, end in blocks[1:] if duplicate else blocks:
            if position < start < end <= self.nxt:
                sacked += self.recovery.scoreboard.mark_sacked(start, end)
        return duplicate, sacked

    def _measure(
        self, now_ns: int, acked: list[SentSegment], sacked: list[SentSegment], advanced: bool,
        sent_stamp_ns: int | None,
    ) -> None:  # fmt: skip
        sent_ns = when_sent(acked, sacked)
        if not sent_ns and advanced and sent_stamp_ns is not None:
            sent_ns = [sent_stamp_ns]  # RFC 7323 §4.1: a timestamp tells, also of what was sent twice
        self.recovery.sample.round_trip_ns = now_ns - sent_ns[-1] if sent_ns else None
        if sent_ns:
            # What waited longest tells what the timer has to allow for, what waited least how long the path is.
            self.round_trip.measure(now_ns, now_ns - sent_ns[0], now_ns - sent_ns[-1], self.una, self.nxt)
        elif advanced and not self.retries:
            self.round_trip.end_back_off()

    def learn_window(self, position: int, acknowledgment: int, window: int) -> None:
        """Take over the peer's window, unless the segment is older than the last that told one."""
        if not self.window.is_news(position, acknowledgment):
            return
        opened = window > 0 and self.window.size == 0
        self.window.set(position, acknowledgment, window)
        if opened:
            self.persist_at_ns = None
            self._send_refused_again()
        elif window == 0:
            self.retries = 0  # RFC 9293 §3.8.6.1, MUST-36: as long as the probes are answered, wait

    def _send_refused_again(self) -> None:
        """A probe was refused for want of room, not lost: it goes out again at once."""
        scoreboard = self.recovery.scoreboard
        if scoreboard and self.persist_probed:
            scoreboard.mark_lost(scoreboard.head)
            self.round_trip.end_back_off()

    @property
    def persist_probed(self) -> bool:
        """Whether all that is under way is one byte, or our FIN, that was sent beyond a closed window."""
        scoreboard = self.recovery.scoreboard
        return len(scoreboard) == 1 and scoreboard.head.end - scoreboard.head.start == 1

    # ---- timers ----------------------------------------------------------------------------------

    def on_retransmission_timer(self, now_ns: int) -> None:
        """RFC 6298 §5.4 to §5.7: nothing arrives any more, so begin again, slowly."""
        recovery = self.recovery
        self.retries += 1
        self.round_trip.back_off()
        self._stop_retransmission_timer()
        if self.window.size == 0 and self.persist_probed:
            # A probe that was lost or refused: no congestion.
            self._send_again(now_ns, recovery.scoreboard.head, "window probe")
        else:
            recovery.on_timeout(now_ns, self.una, self.nxt, self.retries > 1)
            self.transmit(now_ns)
        if self.retransmit_at_ns is None:
            self._start_timer(now_ns)

    def on_syn_timer(self) -> None:
        """The SYN was not answered."""
        self.retries += 1
        self.round_trip.back_off()
        self._note_retransmission("timeout", self.recovery.scoreboard.head)

    def on_probe_timer(self, now_ns: int) -> None:
        """RFC 8985 §7.3: send something, so that its acknowledgment shows what is missing."""
        self.probe_at_ns = None
        recovery = self.recovery
        if not recovery.scoreboard:
            return
        before, unsent = self.nxt, len(self.buffer.unsent)
        size = min(self.mss, unsent, self.una + self.window.size - self.nxt)
        if size > 0:
            self._send_next(now_ns, size, size == unsent, False)
        else:
            self._send_again(now_ns, recovery.scoreboard.tail, "loss probe")
        recovery.probe_was_sent(self.nxt, self.nxt == before)
        self._start_timer(now_ns)

    def on_reordering_timer(self, now_ns: int) -> None:
        """RFC 8985 §6.3: what was late is lost."""
        self.recovery.reorder_at_ns = None
        self.recovery.on_reordering_timer(now_ns, self.una, self.nxt)
        self.transmit(now_ns)

    def on_persist_timer(self, now_ns: int) -> None:
        """RFC 9293 §3.8.6.1: one byte beyond a closed window, lest its opening get lost."""
        self.persist_at_ns = None
        if self.window.size > 0 or self.nxt != self.una:
            return
        if self.buffer.unsent:
            self._send_next(now_ns, 1, True, False)
        elif self.fin_wanted and self._fin_position is None:
            self._send_next(now_ns, 0, True, True)

    def _schedule_probe(self, now_ns: int) -> None:
        recovery, smoothed_ns = self.recovery, self.round_trip.smoothed_ns
        if smoothed_ns is None or not recovery.may_probe() or self.retransmit_at_ns is None:
            self.probe_at_ns = None
            return
        # RFC 8985 §7.2: the receiver may delay its acknowledgment if only one segment is under way
        alone = len(recovery.scoreboard) == 1
        margin_ns = self.parameters.minimum_timeout_ns if alone else self.parameters.timer_margin_ns
        probe_at_ns = strikes_at(self.parameters, now_ns, 2 * smoothed_ns + margin_ns)
        self.probe_at_ns = min(probe_at_ns, self.retransmit_at_ns)

    def _start_timer(self, now_ns: int) -> None:
        self.retransmit_at_ns = strikes_at(self.parameters, now_ns, self.round_trip.timeout_ns)
        if self.stalled_since_ns is None:
            self.stalled_since_ns = now_ns

    def _stop_retransmission_timer(self) -> None:
        self.retransmit_at_ns = self.probe_at_ns = None

    def stop_timers(self) -> None:
        """No timer is left behind."""
        self._stop_retransmission_timer()
        self.persist_at_ns = None
        self.pacer.wait_until_ns = None
        self.recovery.reorder_at_ns = None

    # ---- the path bears less -----------------------------------------------------------------------

    def shrink_segments(self, now_ns: int, mss: int) -> None:
        """Send what is under way again, in smaller pieces (RFC 1191 §6.4)."""
        self.mss = self.largest = mss
        recovery = self.recovery
        recovery.segment_size = recovery.congestion.segment_size = mss
        pieces: list[SentSegment] = []
        for segment in recovery.scoreboard.segments():
            self._note_retransmission("smaller path MTU", segment)
            pieces += segment.cut(mss)
        recovery.scoreboard.replace(pieces)
        self.transmit(now_ns)

    # ---- notices --------------------------------------------------------------------------------

    def _note_retransmission(self, reason: str, segment: SentSegment) -> None:
        facts: dict[str, Any] = {
            "reason": reason,
            "sequence": segment.start,
            "length": len(segment.payload),
            "attempt": segment.transmissions,
            "timeout_ns": self.round_trip.timeout_ns,
        }
        self._note(Notice("retransmit", facts))

    def _note_window(self, reason: str) -> None:
        facts: dict[str, Any] = {
            "reason": reason,
            "window": self.congestion.window,
            "threshold": self.congestion.threshold,
        }
        self._note(Notice("window", facts))
