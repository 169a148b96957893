"""One TCP connection: a state machine that takes time and segments (RFC 9293 §3.10).

The connection does no I/O and knows no clock.  Each call gets ``now_ns`` and
leaves what is to be done in `TcpConnection.take_segments` (to be sent, in order),
`TcpConnection.take_notices` (for the application and the recording) and
`TcpConnection.deadline_ns` (call `TcpConnection.on_timer` then).

The sender's view of sequence numbers::

            acknowledged   sent, not acknowledged   may be sent    may not yet
          --------------|-------------------------|-------------|-------------
                    SND.UNA                   SND.NXT     SND.UNA + window

``window`` is the smaller of what the receiver has room for (SND.WND) and what the
path is believed to bear (the congestion window).  Bytes from SND.UNA on are kept,
since they may have to be sent again: when the timer strikes, all of them (SND.NXT
falls back to SND.UNA, and SND.MAX remembers how far it had been); when three
acknowledgments for the same byte say that one segment is missing, only that one.

Names in capitals are RFC 9293's variables (§3.3.1); here they are in lower case.
"""

from __future__ import annotations

import errno
import os
from typing import Any, NamedTuple

from pressenter.host.tcp.congestion import CongestionControl, NewReno
from pressenter.host.tcp.receive_buffer import ReceiveBuffer
from pressenter.host.tcp.round_trip import RoundTripTime
from pressenter.host.tcp.sequence import add, distance, less, less_or_equal
from pressenter.host.tcp.states import FORBIDDEN, SYNCHRONIZED, TRANSITIONS, Input, State
from pressenter.wire.tcp import ACK, FIN, PSH, RST, SYN, Segment

__all__ = [
    "DEFAULT_MSS",
    "DELAYED_ACK_NS",
    "RECEIVE_CAPACITY",
    "SEND_CAPACITY",
    "Notice",
    "TcpConnection",
]

DEFAULT_MSS = 536  # RFC 9293 §3.7.1: if the peer does not say
DELAYED_ACK_NS = 40_000_000  # RFC 9293 §3.8.6.3 allows 500 ms; Linux has 40 ms
MAXIMUM_SEGMENT_LIFETIME_NS = 30_000_000_000  # deviation: RFC 9293 §3.4.2 says 2 min; Linux has 30 s
ORPHAN_TIMEOUT_NS = 60_000_000_000  # Linux's tcp_fin_timeout: FIN-WAIT-2 without an application
SEND_CAPACITY = 256 * 1024
RECEIVE_CAPACITY = 256 * 1024
SYN_RETRIES = 6  # Linux's tcp_syn_retries: gives up after 127 s
DATA_RETRIES = 15  # Linux's tcp_retries2
DUPLICATE_THRESHOLD = 3  # RFC 5681 §3.2


class Notice(NamedTuple):
    """Something that the owner of a connection should know.

    ``kind`` is one of connected, readable, writable, end_of_stream, closed (with
    ``error`` if it did not end in good order), state, retransmit or window; ``facts`` go
    into the recording.
    """

    kind: str
    facts: dict[str, Any] = {}
    error: OSError | None = None


class TcpConnection:
    """The transmission control block of one connection and what acts on it."""

    def __init__(
        self,
        local_port: int,
        remote_port: int,
        initial_sequence: int,
        mss: int,
        congestion: CongestionControl | None = None,
        receive_capacity: int = RECEIVE_CAPACITY,
    ) -> None:
        self.local_port = local_port
        self.remote_port = remote_port
        self.state = State.CLOSED
        self.round_trip = RoundTripTime()
        self.receive_mss = mss
        self.send_mss = mss
        self._congestion = congestion
        # Send sequence space (RFC 9293 §3.3.1)
        self.iss = initial_sequence
        self.snd_una = initial_sequence
        self.snd_nxt = initial_sequence
        self.snd_max = initial_sequence
        self.snd_wnd = 0
        self.snd_wl1 = 0
        self.snd_wl2 = 0
        self._unacknowledged = bytearray()  # from the first byte after SND.UNA on
        self._fin_wanted = False
        self._fin_sequence: int | None = None
        # Receive sequence space
        self.irs = 0
        self.rcv_nxt = 0
        self.receive_buffer = ReceiveBuffer(receive_capacity)
        self._advertised_edge = 0
        self._peer_finished = False
        self._waiting_fin: int | None = None
        # Window scale (RFC 7323 §2)
        self._offered_scale = max(0, (receive_capacity - 1).bit_length() - 16)
        self._send_scale = 0
        self._receive_scale = 0
        # Loss recovery
        self._duplicates = 0
        self._recovery_point: int | None = None
        self._retries = 0
        self._timed: tuple[int, int] | None = None  # (sequence that ends it, time sent)
        # Acknowledging
        self._ack_now = False
        self._unacknowledged_segments = 0
        # Deadlines, None if the timer is off
        self._retransmit_at_ns: int | None = None
        self._delayed_ack_at_ns: int | None = None
        self._time_wait_until_ns: int | None = None
        self._persist_at_ns: int | None = None
        self._orphan_until_ns: int | None = None
        #: Nobody reads any more: the application has closed, not only shut down.
        self.orphaned = False
        self._segments: list[Segment] = []
        self._notices: list[Notice] = []

    # ---- what the owner asks -------------------------------------------------------

    @property
    def congestion(self) -> CongestionControl:
        """The congestion control; made when the segment size is known."""
        if self._congestion is None:
            self._congestion = NewReno(self.send_mss)
        return self._congestion

    @property
    def in_flight(self) -> int:
        """Sequence numbers sent and not acknowledged."""
        return distance(self.snd_una, self.snd_max)

    @property
    def send_room(self) -> int:
        """Bytes that `write` would take."""
        return max(0, SEND_CAPACITY - len(self._unacknowledged))

    @property
    def unsent(self) -> int:
        """Bytes taken by `write` and not yet acknowledged."""
        return len(self._unacknowledged)

    @property
    def deadline_ns(self) -> int | None:
        """When `on_timer` is to be called, or None."""
        timers = (
            self._retransmit_at_ns,
            self._delayed_ack_at_ns,
            self._time_wait_until_ns,
            self._persist_at_ns,
            self._orphan_until_ns,
        )
        return min((timer for timer in timers if timer is not None), default=None)

    def take_segments(self) -> list[Segment]:
        """Segments to send, in order; each is given out once."""
        segments, self._segments = self._segments, []
        return segments

    def take_notices(self) -> list[Notice]:
        """Notices, in order; each is given out once."""
        notices, self._notices = self._notices, []
        return notices

    # ---- calls of the user (RFC 9293 §3.9.1) ------------------------------------------

    def open_active(self, now_ns: int) -> None:
        """OPEN, active: send a SYN."""
        self._move(Input.ACTIVE_OPEN)
        self._send_syn(now_ns)

    def open_passive(self, now_ns: int, syn: Segment) -> None:
        """OPEN, passive, for a SYN that a listener has received: answer it."""
        self._move(Input.PASSIVE_OPEN)
        self._accept_syn(syn)
        self._move(Input.SYN)
        self._send_syn(now_ns)

    def write(self, now_ns: int, data: bytes) -> int:
        """SEND: take bytes into the buffer; returns how many there was room for."""
        if self._fin_wanted:
            raise BrokenPipeError(errno.EPIPE, "the connection is closed for sending")
        if self.state in (State.CLOSED, State.LISTEN):
            raise OSError(errno.ENOTCONN, "the connection does not exist")
        taken = data[: self.send_room]
        self._unacknowledged += taken
        self._transmit(now_ns)
        return len(taken)

    def read(self, now_ns: int, maximum: int = 1 << 30) -> bytes:
        """RECEIVE: take readable bytes; tells the peer if that makes enough room."""
        data = self.receive_buffer.read(maximum)
        room = distance(self._advertised_edge, add(self.rcv_nxt, self.receive_buffer.window))
        # RFC 9293 §3.8.6.2.2: receiver's silly window avoidance
        if room >= min(2 * self.receive_mss, self.receive_buffer.capacity // 2) and (
            self.state in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2)
        ):
            if distance(self.rcv_nxt, self._advertised_edge) < 2 * self.receive_mss:
                self._ack_now = True
            self._flush_acknowledgment(now_ns)
        return data

    def close(self, now_ns: int) -> None:
        """CLOSE: no more to send; a FIN follows the last byte."""
        if self.state is State.SYN_SENT:
            self._move(Input.CLOSE)
            self._finish(None)
            return
        if self._fin_wanted or Input.CLOSE in FORBIDDEN[self.state]:
            return
        self._fin_wanted = True
        self._move(Input.CLOSE)
        self._transmit(now_ns)

    def abort(self, error: OSError | None = None) -> None:
        """ABORT: send a RST if the peer knows of us, and forget everything."""
        if self.state is State.CLOSED:
            return
        if self.state not in (State.SYN_SENT, State.TIME_WAIT):
            self._emit(RST | ACK, self.snd_max, b"")
        self._move(Input.ABORT)
        self._finish(error)

    # ---- a segment arrives (RFC 9293 §3.10.7) -------------------------------------------

    def receive(self, now_ns: int, segment: Segment) -> None:
        """Process an arriving segment."""
        if self.state is State.CLOSED:
            return
        if self.state is State.SYN_SENT:
            self._receive_in_syn_sent(now_ns, segment)
        elif self._is_acceptable(segment):
            self._receive_acceptable(now_ns, segment)
        elif not segment.flags & RST:
            # §3.10.7.4, first: an unacceptable segment is answered with an acknowledgment
            self._ack_now = True
            if segment.flags & FIN and self.state is State.TIME_WAIT:
                self._start_time_wait(now_ns)
        self._transmit(now_ns)
        self._flush_acknowledgment(now_ns)

    def _receive_in_syn_sent(self, now_ns: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.3."""
        acknowledges = bool(segment.flags & ACK)
        if acknowledges and segment.acknowledgment != self.snd_nxt:
            if not segment.flags & RST:
                self._emit(RST, segment.acknowledgment, b"")
            return
        if segment.flags & RST:
            if acknowledges:
                self._move(Input.ABORT)
                self._finish(_os_error(errno.ECONNREFUSED))
            return
        if not segment.flags & SYN:
            return
        self._accept_syn(segment)
        if acknowledges:
            self._acknowledged_up_to(now_ns, segment)
            self._move(Input.SYN_ACK)
            self._ack_now = True
            self._notices.append(Notice("connected"))
            self._take_text(now_ns, segment)
        else:
            self._move(Input.SYN)
            self.snd_nxt = self.iss
            self._send_syn(now_ns)

    def _is_acceptable(self, segment: Segment) -> bool:
        """RFC 9293 §3.10.7.4, first: does any of it lie in the window?"""
        window = max(0, distance(self.rcv_nxt, self._advertised_edge))
        start = distance(self.rcv_nxt, segment.sequence)
        if segment.length == 0:
            return start == 0 if window == 0 else 0 <= start < window
        if window == 0:
            return start == 0 and bool(segment.flags & (ACK | RST))
        return 0 <= start < window or 0 <= start + segment.length - 1 < window

    def _receive_acceptable(self, now_ns: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.4, second to eighth."""
        if segment.flags & RST:
            self._receive_reset(segment)
            return
        if segment.flags & SYN:
            # RFC 5961 §4.2: challenge, whatever the sequence number
            self._ack_now = True
            return
        if not segment.flags & ACK:
            return
        if self.state is State.SYN_RECEIVED:
            if not less_or_equal(segment.acknowledgment, self.snd_max) or not less(
                self.snd_una, segment.acknowledgment
            ):
                self._emit(RST, segment.acknowledgment, b"")
                return
            self._move(Input.ACK_OF_SYN)
            self.snd_wnd = segment.window << self._send_scale
            self.snd_wl1, self.snd_wl2 = segment.sequence, segment.acknowledgment
            self._notices.append(Notice("connected"))
        if not self._receive_acknowledgment(now_ns, segment):
            return
        self._take_text(now_ns, segment)

    def _receive_reset(self, segment: Segment) -> None:
        # RFC 5961 §3.2: only an exact hit resets; another one in the window is challenged
        if segment.sequence != self.rcv_nxt:
            self._ack_now = True
            return
        error = None
        if self.state is State.SYN_RECEIVED:
            error = _os_error(errno.ECONNREFUSED)
        elif self.state not in (State.TIME_WAIT, State.LAST_ACK, State.CLOSING):
            error = _os_error(errno.ECONNRESET)
        self._move(Input.ABORT)
        self._finish(error)

    def _receive_acknowledgment(self, now_ns: int, segment: Segment) -> bool:
        """RFC 9293 §3.10.7.4, fifth.  False if the segment is to be dropped."""
        acknowledgment = segment.acknowledgment
        if less(self.snd_max, acknowledgment):
            self._ack_now = True  # something not yet sent
            return False
        window = segment.window << self._send_scale
        if less(self.snd_una, acknowledgment):
            self._acknowledged_up_to(now_ns, segment)
        elif acknowledgment == self.snd_una and segment.length == 0 and self.in_flight > 0 and window == self.snd_wnd:
            self._count_duplicate(now_ns)  # RFC 5681 §2's definition
        if less(self.snd_wl1, segment.sequence) or (
            self.snd_wl1 == segment.sequence and less_or_equal(self.snd_wl2, acknowledgment)
        ):
            opened = window > 0 and self.snd_wnd == 0
            self.snd_wnd = window
            self.snd_wl1, self.snd_wl2 = segment.sequence, acknowledgment
            if opened:
                self._window_opens()
            elif window == 0:
                self._retries = 0  # §3.8.6.1, MUST-36: as long as the probes are answered, wait
        return True

    def _window_opens(self) -> None:
        """Begin again from the first unacknowledged byte, which may be a probe that was refused."""
        self._persist_at_ns = None
        self._retransmit_at_ns = None
        self.snd_nxt = self.snd_una
        self.round_trip.end_back_off()

    def _acknowledged_up_to(self, now_ns: int, segment: Segment) -> None:
        """SEG.ACK is new: free what it covers, measure, grow the window, or go on recovering."""
        acknowledgment = segment.acknowledgment
        covered = distance(self.snd_una, acknowledgment)
        data = covered
        if self.snd_una == self.iss:
            data -= 1  # the SYN
        fin_covered = self._fin_sequence is not None and less(self._fin_sequence, acknowledgment)
        if fin_covered:
            data -= 1
        del self._unacknowledged[:data]
        self.snd_una = acknowledgment
        if less(self.snd_nxt, acknowledgment):
            self.snd_nxt = acknowledgment
        opening = covered - data == 1 and not fin_covered  # it acknowledges our SYN
        if opening and self._retries:
            self.round_trip.syn_was_lost()
        self._retries = 0
        if self._timed is not None and less_or_equal(self._timed[0], acknowledgment):
            self.round_trip.measure(now_ns - self._timed[1])
            self._timed = None
        if data > 0 or not opening:  # RFC 5681 §3.1: the SYN's acknowledgment opens no window
            self._adjust_window(now_ns, acknowledgment, covered)
        # RFC 6298 §5.2, §5.3
        self._retransmit_at_ns = now_ns + self.round_trip.timeout_ns if self.in_flight else None
        if fin_covered:
            self._move(Input.ACK_OF_FIN)
            if self.state is State.FIN_WAIT_2 and self.orphaned:
                self._orphan_until_ns = now_ns + ORPHAN_TIMEOUT_NS
            if self.state is State.TIME_WAIT:
                self._start_time_wait(now_ns)
            elif self.state is State.CLOSED:
                self._finish(None)
        elif data > 0:
            self._notices.append(Notice("writable"))

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
            self._retransmit_first(now_ns, "partial acknowledgment")

    def _count_duplicate(self, now_ns: int) -> None:
        self._duplicates += 1
        if self._recovery_point is not None:
            self.congestion.on_duplicate_in_recovery()
        elif self._duplicates == DUPLICATE_THRESHOLD:
            self._recovery_point = self.snd_max
            self.congestion.on_enter_recovery(now_ns, self.in_flight)
            self._note_window("three duplicate acknowledgments")
            self._retransmit_first(now_ns, "three duplicate acknowledgments")

    def _take_text(self, now_ns: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.4, seventh and eighth: data and FIN."""
        if self.state not in (State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2):
            return
        if segment.payload:
            sequence = add(segment.sequence, 1) if segment.flags & SYN else segment.sequence
            position = self.receive_buffer.next + distance(self.rcv_nxt, sequence)
            had_gap = self.receive_buffer.has_gap
            arrived = self.receive_buffer.add(position, segment.payload)
            self.rcv_nxt = add(self.rcv_nxt, arrived)
            if arrived:
                self._notices.append(Notice("readable"))
            if not arrived or had_gap or self.receive_buffer.has_gap:
                self._ack_now = True  # RFC 5681 §4.2: out of order, or filling a gap
            else:
                self._acknowledge_soon(now_ns, len(segment.payload))
        if segment.flags & FIN:
            self._waiting_fin = add(segment.sequence, segment.length - 1)
        if self._waiting_fin == self.rcv_nxt and not self._peer_finished:
            self._receive_fin(now_ns)
        elif segment.flags & FIN:
            self._ack_now = True

    def _receive_fin(self, now_ns: int) -> None:
        self._peer_finished = True
        self.rcv_nxt = add(self.rcv_nxt, 1)
        self._ack_now = True
        self._move(Input.FIN)
        self._notices.append(Notice("end_of_stream"))
        if self.state is State.TIME_WAIT:
            self._start_time_wait(now_ns)

    def _accept_syn(self, segment: Segment) -> None:
        self.irs = segment.sequence
        self.rcv_nxt = add(segment.sequence, 1)
        self._advertised_edge = self.rcv_nxt
        self.send_mss = min(self.receive_mss, segment.maximum_segment_size or DEFAULT_MSS)
        if segment.window_scale is not None:
            # RFC 7323 §2.3: at most 14; only if both offer it
            self._send_scale = min(segment.window_scale, 14)
            self._receive_scale = self._offered_scale
        else:
            self._offered_scale = -1
        self.snd_wnd = segment.window  # RFC 7323 §2.2: never scaled in a SYN
        self.snd_wl1, self.snd_wl2 = segment.sequence, segment.acknowledgment

    # ---- sending ----------------------------------------------------------------------

    def _send_syn(self, now_ns: int) -> None:
        if self.snd_nxt == self.iss:
            self.snd_nxt = self.snd_max = add(self.iss, 1)
        if self._retries == 0:
            self._timed = (self.snd_nxt, now_ns)
        answer = self.state is State.SYN_RECEIVED
        self._advertised_edge = add(self.rcv_nxt, min(self.receive_buffer.window, 0xFFFF))
        self._segments.append(
            Segment(
                self.local_port,
                self.remote_port,
                self.iss,
                self.rcv_nxt if answer else 0,
                SYN | ACK if answer else SYN,
                min(self.receive_buffer.window, 0xFFFF),
                b"",
                self.receive_mss,
                self._offered_scale if self._offered_scale >= 0 else None,
            )
        )
        self._ack_now = False
        self._retransmit_at_ns = now_ns + self.round_trip.timeout_ns

    def _transmit(self, now_ns: int) -> None:
        """Send as much as both windows allow (RFC 9293 §3.8.6.2.1)."""
        if self.state in (State.CLOSED, State.SYN_SENT, State.SYN_RECEIVED, State.TIME_WAIT):
            return
        buffered = len(self._unacknowledged)
        window = min(self.snd_wnd, self.congestion.window)
        while True:
            offset = distance(self.snd_una, self.snd_nxt)
            unsent = buffered - offset
            room = window - offset
            size = min(self.send_mss, unsent, room)
            if size <= 0:
                break
            if size < min(self.send_mss, unsent) and offset > 0:
                break  # silly window avoidance: wait until a whole segment fits
            last = size == unsent
            fin = last and self._fin_wanted and room > size
            self._send_data(now_ns, offset, size, PSH if last else 0, fin)
        fin_is_next = self._fin_sequence is None or self.snd_nxt == self._fin_sequence
        if self._fin_wanted and fin_is_next and distance(self.snd_una, self.snd_nxt) == buffered:
            self._send_data(now_ns, buffered, 0, 0, True)
        if buffered and self.snd_wnd == 0 and not self.in_flight and self._persist_at_ns is None:
            self._persist_at_ns = now_ns + self.round_trip.timeout_ns  # §3.8.6.1

    def _send_data(self, now_ns: int, offset: int, size: int, push: int, fin: bool) -> None:
        sequence = add(self.snd_una, offset)
        payload = bytes(self._unacknowledged[offset : offset + size])
        flags = ACK | push
        if fin:
            flags |= FIN
            self._fin_sequence = add(sequence, size)
        self._emit(flags, sequence, payload)
        self.snd_nxt = add(sequence, size + fin)
        if less(self.snd_max, self.snd_nxt):
            self.snd_max = self.snd_nxt
            if self._timed is None:
                self._timed = (self.snd_nxt, now_ns)
        if self._retransmit_at_ns is None:
            self._retransmit_at_ns = now_ns + self.round_trip.timeout_ns  # RFC 6298 §5.1

    def _retransmit_first(self, now_ns: int, reason: str) -> None:
        """Send the first unacknowledged segment again."""
        self._timed = None  # Karn
        size = min(self.send_mss, len(self._unacknowledged))
        flags = ACK
        if self._fin_sequence is not None and add(self.snd_una, size) == self._fin_sequence:
            flags |= FIN
        self._note_retransmission(reason, self.snd_una, size)
        self._emit(flags, self.snd_una, bytes(self._unacknowledged[:size]))
        self._retransmit_at_ns = now_ns + self.round_trip.timeout_ns

    def _acknowledge_soon(self, now_ns: int, length: int) -> None:
        """RFC 9293 §3.8.6.3: delay, but acknowledge at least every second full segment."""
        self._unacknowledged_segments += 1
        if self._unacknowledged_segments >= 2:
            self._ack_now = True
        elif self._delayed_ack_at_ns is None:
            self._delayed_ack_at_ns = now_ns + DELAYED_ACK_NS

    def _flush_acknowledgment(self, now_ns: int) -> None:
        if self._ack_now and self.state is not State.CLOSED:
            # SND.NXT may have fallen back after a timeout; the peer expects what comes after all of it.
            self._emit(ACK, self.snd_max, b"")

    def _emit(self, flags: int, sequence: int, payload: bytes) -> None:
        """Queue a segment with the current acknowledgment and window."""
        window = self.receive_buffer.window >> self._receive_scale
        window = min(window, 0xFFFF)
        edge = add(self.rcv_nxt, window << self._receive_scale)
        # RFC 9293 §3.8.6.2.2: the right edge never moves back
        if less(edge, self._advertised_edge):
            kept = distance(self.rcv_nxt, self._advertised_edge)
            window = min(0xFFFF, -(-kept >> self._receive_scale) if kept > 0 else 0)
            edge = add(self.rcv_nxt, window << self._receive_scale)
        if flags & ACK:
            self._advertised_edge = edge
            self._ack_now = False
            self._unacknowledged_segments = 0
            self._delayed_ack_at_ns = None
        acknowledgment = self.rcv_nxt if flags & ACK else 0
        self._segments.append(
            Segment(self.local_port, self.remote_port, sequence, acknowledgment, flags, window, payload)
        )

    # ---- timers (RFC 9293 §3.10.8) --------------------------------------------------------

    def on_timer(self, now_ns: int) -> None:
        """Do whatever is due."""
        if self._time_wait_until_ns is not None and self._time_wait_until_ns <= now_ns:
            self._move(Input.TIME_WAIT_OVER)
            self._finish(None)
            return
        if self._orphan_until_ns is not None and self._orphan_until_ns <= now_ns:
            self._move(Input.ABORT)
            self._finish(None)
            return
        if self._delayed_ack_at_ns is not None and self._delayed_ack_at_ns <= now_ns:
            self._ack_now = True
            self._flush_acknowledgment(now_ns)
        if self._persist_at_ns is not None and self._persist_at_ns <= now_ns:
            self._probe_window(now_ns)
        if self._retransmit_at_ns is not None and self._retransmit_at_ns <= now_ns:
            self._retransmission_timeout(now_ns)

    def _retransmission_timeout(self, now_ns: int) -> None:
        """RFC 6298 §5.4 to §5.7."""
        opening = self.state in (State.SYN_SENT, State.SYN_RECEIVED)
        if self._retries >= (SYN_RETRIES if opening else DATA_RETRIES):
            self._move(Input.ABORT)
            self._finish(_os_error(errno.ETIMEDOUT))
            return
        self._retries += 1
        self._timed = None
        self.round_trip.back_off()
        self._note_retransmission("timeout", self.snd_una, min(self.send_mss, len(self._unacknowledged)))
        if opening:
            self._send_syn(now_ns)
            return
        self._recovery_point = None
        self._duplicates = 0
        self._retransmit_at_ns = None
        self.snd_nxt = self.snd_una
        if self.snd_wnd == 0 and self._unacknowledged:
            self._send_data(now_ns, 0, 1, 0, False)  # a probe that was lost or refused: no congestion
            return
        self.congestion.on_timeout(now_ns, self.in_flight)
        self._note_window("timeout")
        self._transmit(now_ns)

    def _probe_window(self, now_ns: int) -> None:
        """RFC 9293 §3.8.6.1: one byte beyond a closed window, lest its opening get lost."""
        self._persist_at_ns = None
        if self.snd_wnd == 0 and self._unacknowledged and not self.in_flight:
            self._send_data(now_ns, 0, 1, PSH, False)

    def _start_time_wait(self, now_ns: int) -> None:
        self._retransmit_at_ns = self._orphan_until_ns = None
        self._time_wait_until_ns = now_ns + 2 * MAXIMUM_SEGMENT_LIFETIME_NS

    # ---- errors from below -----------------------------------------------------------------

    def on_unreachable(self, error: OSError) -> None:
        """ICMP says that the peer cannot be reached.

        While opening, that ends the attempt, as on Linux; later it is only a hint
        (RFC 9293 §3.9.2.2, MUST-56).
        """
        if self.state in (State.SYN_SENT, State.SYN_RECEIVED):
            self._move(Input.ABORT)
            self._finish(error)

    def on_path_mtu(self, now_ns: int, mtu: int) -> None:
        """ICMP says that segments must be smaller (RFC 1191 §6.4): send them again, smaller."""
        mss = max(mtu - 40, 88)
        if mss < self.send_mss and self.state in SYNCHRONIZED:
            self.send_mss = mss
            self._note_retransmission("smaller path MTU", self.snd_una, mss)
            self._timed = None
            self.snd_nxt = self.snd_una
            self._transmit(now_ns)

    # ---- inside ------------------------------------------------------------------------------

    def _move(self, happening: Input) -> None:
        """Change the state by the table."""
        before = self.state
        after = TRANSITIONS[before].get(happening)
        if after is None:
            if happening in FORBIDDEN[before]:
                raise OSError(errno.EISCONN, f"{happening.value} in state {before.value}")
            return
        self.state = after
        self._notices.append(Notice("state", {"before": before.value, "after": after.value, "input": happening.value}))

    def _finish(self, error: OSError | None) -> None:
        """The connection is gone: no timer is left behind."""
        self._retransmit_at_ns = self._delayed_ack_at_ns = None
        self._time_wait_until_ns = self._persist_at_ns = self._orphan_until_ns = None
        self._notices.append(Notice("closed", {}, error))

    def _note_retransmission(self, reason: str, sequence: int, length: int) -> None:
        self._notices.append(
            Notice(
                "retransmit",
                {
                    "reason": reason,
                    "sequence": distance(self.iss, sequence),
                    "length": length,
                    "attempt": self._retries,
                    "timeout_ns": self.round_trip.timeout_ns,
                },
            )
        )

    def _note_window(self, reason: str) -> None:
        facts: dict[str, Any] = {
            "reason": reason,
            "window": self.congestion.window,
            "threshold": self.congestion.threshold,
        }
        self._notices.append(Notice("window", facts))


def _os_error(number: int) -> OSError:
    """The OSError, of the right subclass, with the operating system's words."""
    return OSError(number, os.strerror(number))
