"""The sending half of a connection: what may be sent, what must be sent again, and when.

The sender's view of sequence numbers (RFC 9293 §3.3.1, figure 3)::

            acknowledged   sent, not acknowledged   may be sent    may not yet
          --------------|-------------------------|-------------|-------------
                    SND.UNA                   SND.NXT     SND.UNA + window

``window`` is the smaller of what the receiver has room for (SND.WND) and what the
path is believed to bear (the congestion window).  Bytes from SND.UNA on are kept,
since they may have to be sent again: when the timer strikes, all of them (SND.NXT
falls back to SND.UNA, and SND.MAX remembers how far it had been); when three
acknowledgments for the same byte say that one segment is missing, only that one.

A receiver that has no room closes its window.  Its later word that there is room again
could get lost, so a closed window is probed with one byte beyond it; as long as the
probes are answered, the connection waits (RFC 9293 §3.8.6.1).

Names in capitals are RFC 9293's variables; here they are in lower case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pressenter.host.tcp.congestion import CongestionControl, NewReno
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.round_trip import RoundTripTime
from pressenter.host.tcp.sequence import add, distance, less, less_or_equal
from pressenter.wire.tcp import ACK, FIN, PSH

__all__ = ["DUPLICATE_THRESHOLD", "SEND_CAPACITY", "Freed", "Sender"]

SEND_CAPACITY = 256 * 1024
DUPLICATE_THRESHOLD = 3  # RFC 5681 §3.2


class Freed(NamedTuple):
    """What an acknowledgment covers: our SYN, bytes of data, our FIN."""

    syn: bool
    data: int
    fin: bool


class Sender:
    """Send sequence space, buffer, windows and the timers for sending again.

    Args:
        initial_sequence: ISS, the number of the SYN.
        mss: the largest segment that this end would send.
        emit: queues a segment: flags, sequence number, payload.
        note: queues a notice.

    Attributes:
        retries: how often the timer has struck for the same byte.
        retransmit_at_ns, persist_at_ns: deadlines, None if the timer is off.
    """

    def __init__(
        self,
        initial_sequence: int,
        mss: int,
        congestion: CongestionControl | None,
        emit: Callable[[int, int, bytes], None],
        note: Callable[[Notice], None],
    ) -> None:
        self.iss = initial_sequence
        self.snd_una = initial_sequence
        self.snd_nxt = initial_sequence
        self.snd_max = initial_sequence
        self.snd_wnd = 0
        self.snd_wl1 = 0
        self.snd_wl2 = 0
        self.mss = mss
        self.round_trip = RoundTripTime()
        self.retries = 0
        self.fin_wanted = False
        self.retransmit_at_ns: int | None = None
        self.persist_at_ns: int | None = None
        self._congestion = congestion
        self._buffer = bytearray()  # from the first byte after SND.UNA on
        self._fin_sequence: int | None = None
        self._duplicates = 0
        self._recovery_point: int | None = None
        self._timed: tuple[int, int] | None = None  # (sequence that ends it, time sent)
        self._emit = emit
        self._note = note

    @property
    def congestion(self) -> CongestionControl:
        """The congestion control; made when the segment size is known."""
        if self._congestion is None:
            self._congestion = NewReno(self.mss)
        return self._congestion

    @property
    def in_flight(self) -> int:
        """Sequence numbers sent and not acknowledged."""
        return distance(self.snd_una, self.snd_max)

    @property
    def room(self) -> int:
        """Bytes that `write` would take."""
        return max(0, SEND_CAPACITY - len(self._buffer))

    @property
    def unacknowledged(self) -> int:
        """Bytes taken by `write` and not yet acknowledged."""
        return len(self._buffer)

    # ---- sending --------------------------------------------------------------------------

    def write(self, data: bytes) -> int:
        """Take bytes into the buffer; returns how many there was room for."""
        taken = data[: self.room]
        self._buffer += taken
        return len(taken)

    def syn_goes_out(self, now_ns: int) -> None:
        """The connection sends our SYN, for the first time or again."""
        if self.snd_nxt == self.iss:
            self.snd_nxt = self.snd_max = add(self.iss, 1)
        if self.retries == 0:
            self._timed = (self.snd_nxt, now_ns)
        self._start_timer(now_ns)

    def transmit(self, now_ns: int) -> None:
        """Send as much as both windows allow (RFC 9293 §3.8.6.2.1)."""
        buffered = len(self._buffer)
        window = min(self.snd_wnd, self.congestion.window)
        while True:
            offset = distance(self.snd_una, self.snd_nxt)
            unsent = buffered - offset
            room = window - offset
            size = min(self.mss, unsent, room)
            if size <= 0:
                break
            if size < min(self.mss, unsent) and offset > 0:
                break  # silly window avoidance: wait until a whole segment fits
            last = size == unsent
            self._send(now_ns, offset, size, PSH if last else 0, last and self.fin_wanted and room > size)
        fin_is_next = self._fin_sequence is None or self.snd_nxt == self._fin_sequence
        if self.fin_wanted and fin_is_next and distance(self.snd_una, self.snd_nxt) == buffered:
            self._send(now_ns, buffered, 0, 0, True)
        if buffered and self.snd_wnd == 0 and not self.in_flight and self.persist_at_ns is None:
            self.persist_at_ns = now_ns + self.round_trip.timeout_ns

    def _send(self, now_ns: int, offset: int, size: int, push: int, fin: bool) -> None:
        sequence = add(self.snd_una, offset)
        flags = ACK | push
        if fin:
            flags |= FIN
            self._fin_sequence = add(sequence, size)
        self._emit(flags, sequence, bytes(self._buffer[offset : offset + size]))
        self.snd_nxt = add(sequence, size + fin)
        if less(self.snd_max, self.snd_nxt):
            self.snd_max = self.snd_nxt
            if self._timed is None:
                self._timed = (self.snd_nxt, now_ns)
        if self.retransmit_at_ns is None:
            self._start_timer(now_ns)  # RFC 6298 §5.1

    # ---- acknowledgments ----------------------------------------------------------------------

    def acknowledge(self, now_ns: int, acknowledgment: int) -> Freed:
        """SEG.ACK is new: free what it covers, measure, grow the window, or go on recovering."""
        covered = distance(self.snd_una, acknowledgment)
        syn = self.snd_una == self.iss
        fin = self._fin_sequence is not None and less(self._fin_sequence, acknowledgment)
        freed = Freed(syn, covered - syn - fin, fin)
        del self._buffer[: freed.data]
        self.snd_una = acknowledgment
        if less(self.snd_nxt, acknowledgment):
            self.snd_nxt = acknowledgment
        if syn and self.retries:
            self.round_trip.syn_was_lost()
        self.retries = 0
        if self._timed is not None and less_or_equal(self._timed[0], acknowledgment):
            self.round_trip.measure(now_ns - self._timed[1])
            self._timed = None
        if freed.data or not syn:  # RFC 5681 §3.1: the SYN's acknowledgment opens no window
            self._adjust_window(now_ns, acknowledgment, covered)
        if self.in_flight:
            self._start_timer(now_ns)  # RFC 6298 §5.3
        else:
            self.retransmit_at_ns = None  # RFC 6298 §5.2
        return freed

    def _adjust_window(self, now_ns: int, acknowledgment: int, covered: int) -> None:
        congestion = self.congestion
        if self._recovery_point is None:
            self._duplicates = 0
            congestion.on_acknowledged(now_ns, covered)
        elif less_or_equal(self._recovery_point, acknowledgment):
            self._recovery_point = None
            self._duplicates = 0
            congestion.on_leave_recovery(self.in_flight)
            self._note_window("recovered")
        else:
            congestion.on_partial_acknowledgment(covered)
            self._send_first_again(now_ns, "partial acknowledgment")

    def count_duplicate(self, now_ns: int) -> None:
        """The same acknowledgment once more: something arrived, but not what is missing."""
        self._duplicates += 1
        if self._recovery_point is not None:
            self.congestion.on_duplicate_in_recovery()
        elif self._duplicates == DUPLICATE_THRESHOLD:
            self._recovery_point = self.snd_max
            self.congestion.on_enter_recovery(now_ns, self.in_flight)
            self._note_window("three duplicate acknowledgments")
            self._send_first_again(now_ns, "three duplicate acknowledgments")

    def learn_window(self, sequence: int, acknowledgment: int, window: int) -> None:
        """Take over the peer's window, unless the segment is older than the last that told one."""
        newer = less(self.snd_wl1, sequence) or (
            self.snd_wl1 == sequence and less_or_equal(self.snd_wl2, acknowledgment)
        )
        if not newer:
            return
        opened = window > 0 and self.snd_wnd == 0
        self.set_window(sequence, acknowledgment, window)
        if opened:
            # Begin again from the first unacknowledged byte, which may be a probe that was refused.
            self.persist_at_ns = self.retransmit_at_ns = None
            self.snd_nxt = self.snd_una
            self.round_trip.end_back_off()
        elif window == 0:
            self.retries = 0  # RFC 9293 §3.8.6.1, MUST-36: as long as the probes are answered, wait

    def set_window(self, sequence: int, acknowledgment: int, window: int) -> None:
        """SND.WND, and which segment told it (SND.WL1, SND.WL2)."""
        self.snd_wnd = window
        self.snd_wl1, self.snd_wl2 = sequence, acknowledgment

    # ---- sending again -------------------------------------------------------------------------

    def _send_first_again(self, now_ns: int, reason: str) -> None:
        """Send the first unacknowledged segment again."""
        self._timed = None  # Karn
        size = min(self.mss, len(self._buffer))
        flags = ACK
        if self._fin_sequence is not None and add(self.snd_una, size) == self._fin_sequence:
            flags |= FIN
        self._note_retransmission(reason, size)
        self._emit(flags, self.snd_una, bytes(self._buffer[:size]))
        self._start_timer(now_ns)

    def timer_struck(self) -> None:
        """RFC 6298 §5.5, for a SYN as for data."""
        self.retries += 1
        self._timed = None
        self.round_trip.back_off()
        self._note_retransmission("timeout", min(self.mss, len(self._buffer)))

    def send_all_again(self, now_ns: int) -> None:
        """After a timeout: nothing seems to arrive, so begin again from SND.UNA, slowly."""
        self._recovery_point = None
        self._duplicates = 0
        self.retransmit_at_ns = None
        self.snd_nxt = self.snd_una
        if self.snd_wnd == 0 and self._buffer:
            self._send(now_ns, 0, 1, 0, False)  # a probe that was lost or refused: no congestion
            return
        self.congestion.on_timeout(now_ns, self.in_flight)
        self._note_window("timeout")
        self.transmit(now_ns)

    def probe(self, now_ns: int) -> None:
        """RFC 9293 §3.8.6.1: one byte beyond a closed window, lest its opening get lost."""
        self.persist_at_ns = None
        if self.snd_wnd == 0 and self._buffer and not self.in_flight:
            self._send(now_ns, 0, 1, PSH, False)

    def shrink_segments(self, now_ns: int, mss: int) -> None:
        """The path bears less (RFC 1191 §6.4): send what is under way again, in smaller pieces."""
        self.mss = mss
        self._note_retransmission("smaller path MTU", mss)
        self._timed = None
        self.snd_nxt = self.snd_una
        self.transmit(now_ns)

    def stop_timers(self) -> None:
        """No timer is left behind."""
        self.retransmit_at_ns = self.persist_at_ns = None

    def _start_timer(self, now_ns: int) -> None:
        self.retransmit_at_ns = now_ns + self.round_trip.timeout_ns

    # ---- notices --------------------------------------------------------------------------------

    def _note_retransmission(self, reason: str, length: int) -> None:
        facts: dict[str, Any] = {
            "reason": reason,
            "sequence": distance(self.iss, self.snd_una),
            "length": length,
            "attempt": self.retries,
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
