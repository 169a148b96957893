"""One TCP connection: a state machine that takes time and segments (RFC 9293 §3.10).

The connection does no I/O and knows no clock.  Each call gets ``now_ns`` and
leaves what is to be done in `TcpConnection.take_segments` (to be sent, in order),
`TcpConnection.take_notices` (for the application and the recording) and
`TcpConnection.deadline_ns` (call `TcpConnection.on_timer` then).

It has two halves that know nothing of each other: the sender (what may be sent, what
must be sent again) and the receiver (what is acceptable, when it is acknowledged).  The
connection itself is the states, by the table in ``states.py``: it decides what an arriving
segment means in each of them, in the order of §3.10.7, and asks the halves.
"""

from __future__ import annotations

import errno
import os

from pressenter.host.tcp.congestion import CongestionControl
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.receive_buffer import ReceiveBuffer
from pressenter.host.tcp.receiver import RECEIVE_CAPACITY, Receiver
from pressenter.host.tcp.round_trip import RoundTripTime
from pressenter.host.tcp.sender import Sender
from pressenter.host.tcp.sequence import less, less_or_equal
from pressenter.host.tcp.states import FORBIDDEN, SYNCHRONIZED, TRANSITIONS, Input, State
from pressenter.wire.tcp import ACK, FIN, RST, SYN, Segment

__all__ = ["DEFAULT_MSS", "SYN_RETRIES", "TcpConnection"]

DEFAULT_MSS = 536  # RFC 9293 §3.7.1: if the peer does not say
MAXIMUM_SEGMENT_LIFETIME_NS = 30_000_000_000  # deviation: RFC 9293 §3.4.2 says 2 min; Linux has 30 s
ORPHAN_TIMEOUT_NS = 60_000_000_000  # Linux's tcp_fin_timeout: FIN-WAIT-2 without an application
SYN_RETRIES = 6  # Linux's tcp_syn_retries: gives up after 127 s
DATA_RETRIES = 15  # Linux's tcp_retries2
MAXIMUM_SCALE = 14  # RFC 7323 §2.3
_HEADERS = 40  # IPv4 and TCP without options
_SMALLEST_MSS = 88

_SILENT = frozenset({State.CLOSED, State.SYN_SENT, State.SYN_RECEIVED, State.TIME_WAIT})
_RECEIVING = frozenset({State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2})
_ENDING = frozenset({State.TIME_WAIT, State.LAST_ACK, State.CLOSING})


class TcpConnection:
    """The transmission control block of one connection and what acts on it.

    Attributes:
        state: by RFC 9293 §3.3.2.
        sender, receiver: the two halves.
        orphaned: nobody reads any more: the application has closed, not only shut down.
    """

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
        self.sender = Sender(initial_sequence, mss, congestion, self._emit, self._note)
        self.receiver = Receiver(mss, receive_capacity)
        self.orphaned = False
        # Window scale (RFC 7323 §2): None if it is not to be offered
        self._offered_scale: int | None = self.receiver.scale_to_offer
        self._send_scale = 0
        self._time_wait_until_ns: int | None = None
        self._orphan_until_ns: int | None = None
        self._segments: list[Segment] = []
        self._notices: list[Notice] = []

    # ---- what the owner asks -------------------------------------------------------

    @property
    def congestion(self) -> CongestionControl:
        """The congestion control."""
        return self.sender.congestion

    @property
    def round_trip(self) -> RoundTripTime:
        """Measured round trips, and the timeout that follows."""
        return self.sender.round_trip

    @property
    def in_flight(self) -> int:
        """Sequence numbers sent and not acknowledged."""
        return self.sender.in_flight

    @property
    def receive_buffer(self) -> ReceiveBuffer:
        """What has arrived and was not read."""
        return self.receiver.buffer

    @property
    def deadline_ns(self) -> int | None:
        """When `on_timer` is to be called, or None."""
        timers = (
            self.sender.retransmit_at_ns,
            self.sender.persist_at_ns,
            self.receiver.delayed_ack_at_ns,
            self._time_wait_until_ns,
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
        if self.sender.fin_wanted:
            raise BrokenPipeError(errno.EPIPE, "the connection is closed for sending")
        if self.state in (State.CLOSED, State.LISTEN):
            raise OSError(errno.ENOTCONN, "the connection does not exist")
        taken = self.sender.write(data)
        self._transmit(now_ns)
        return taken

    def read(self, now_ns: int, maximum: int = 1 << 30) -> bytes:
        """RECEIVE: take readable bytes; tells the peer if that makes enough room."""
        data, worth_telling = self.receiver.read(maximum)
        if worth_telling and self.state in _RECEIVING:
            self.receiver.ack_now = True
            self._flush_acknowledgment()
        return data

    def close(self, now_ns: int) -> None:
        """CLOSE: no more to send; a FIN follows the last byte."""
        if self.state is State.SYN_SENT:
            self._move(Input.CLOSE)
            self._finish(None)
            return
        if self.sender.fin_wanted or Input.CLOSE in FORBIDDEN[self.state]:
            return
        self.sender.fin_wanted = True
        self._move(Input.CLOSE)
        self._transmit(now_ns)

    def abort(self, error: OSError | None = None) -> None:
        """ABORT: send a RST if the peer knows of us, and forget everything."""
        if self.state is State.CLOSED:
            return
        if self.state not in (State.SYN_SENT, State.TIME_WAIT):
            self._emit(RST | ACK, self.sender.snd_max, b"")
        self._move(Input.ABORT)
        self._finish(error)

    # ---- a segment arrives (RFC 9293 §3.10.7) -------------------------------------------

    def receive(self, now_ns: int, segment: Segment) -> None:
        """Process an arriving segment."""
        if self.state is State.CLOSED:
            return
        if self.state is State.SYN_SENT:
            self._receive_in_syn_sent(now_ns, segment)
        elif self.receiver.is_acceptable(segment):
            self._receive_acceptable(now_ns, segment)
        elif not segment.flags & RST:
            # §3.10.7.4, first: an unacceptable segment is answered with an acknowledgment
            self.receiver.ack_now = True
            if segment.flags & FIN and self.state is State.TIME_WAIT:
                self._start_time_wait(now_ns)
        self._transmit(now_ns)
        self._flush_acknowledgment()

    def _receive_in_syn_sent(self, now_ns: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.3."""
        acknowledges = bool(segment.flags & ACK)
        if acknowledges and segment.acknowledgment != self.sender.snd_nxt:
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
            self.sender.acknowledge(now_ns, segment.acknowledgment)
            self._move(Input.SYN_ACK)
            self.receiver.ack_now = True
            self._note(Notice("connected"))
            self._take_text(now_ns, segment)
        else:
            self._move(Input.SYN)
            self.sender.snd_nxt = self.sender.iss
            self._send_syn(now_ns)

    def _receive_acceptable(self, now_ns: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.4, second to eighth."""
        if segment.flags & RST:
            self._receive_reset(segment)
            return
        if segment.flags & SYN:
            # RFC 5961 §4.2: challenge, whatever the sequence number
            self.receiver.ack_now = True
            return
        if not segment.flags & ACK:
            return
        if self.state is State.SYN_RECEIVED and not self._complete_opening(segment):
            return
        if self._receive_acknowledgment(now_ns, segment):
            self._take_text(now_ns, segment)

    def _receive_reset(self, segment: Segment) -> None:
        # RFC 5961 §3.2: only an exact hit resets; another one in the window is challenged
        if segment.sequence != self.receiver.rcv_nxt:
            self.receiver.ack_now = True
            return
        error = None
        if self.state is State.SYN_RECEIVED:
            error = _os_error(errno.ECONNREFUSED)
        elif self.state not in _ENDING:
            error = _os_error(errno.ECONNRESET)
        self._move(Input.ABORT)
        self._finish(error)

    def _complete_opening(self, segment: Segment) -> bool:
        """In SYN-RECEIVED: does this acknowledge our SYN?  Otherwise it is answered with a RST."""
        sender, acknowledgment = self.sender, segment.acknowledgment
        if not less_or_equal(acknowledgment, sender.snd_max) or not less(sender.snd_una, acknowledgment):
            self._emit(RST, acknowledgment, b"")
            return False
        self._move(Input.ACK_OF_SYN)
        sender.set_window(segment.sequence, acknowledgment, segment.window << self._send_scale)
        self._note(Notice("connected"))
        return True

    def _receive_acknowledgment(self, now_ns: int, segment: Segment) -> bool:
        """RFC 9293 §3.10.7.4, fifth.  False if the segment is to be dropped."""
        sender, acknowledgment = self.sender, segment.acknowledgment
        if less(sender.snd_max, acknowledgment):
            self.receiver.ack_now = True  # something not yet sent
            return False
        window = segment.window << self._send_scale
        if less(sender.snd_una, acknowledgment):
            freed = sender.acknowledge(now_ns, acknowledgment)
            if freed.fin:
                self._fin_is_acknowledged(now_ns)
            elif freed.data:
                self._note(Notice("writable"))
        elif (
            acknowledgment == sender.snd_una
            and segment.length == 0
            and sender.in_flight > 0
            and window == sender.snd_wnd
        ):
            sender.count_duplicate(now_ns)  # RFC 5681 §2's definition
        sender.learn_window(segment.sequence, acknowledgment, window)
        return True

    def _fin_is_acknowledged(self, now_ns: int) -> None:
        self._move(Input.ACK_OF_FIN)
        if self.state is State.FIN_WAIT_2 and self.orphaned:
            self._orphan_until_ns = now_ns + ORPHAN_TIMEOUT_NS
        elif self.state is State.TIME_WAIT:
            self._start_time_wait(now_ns)
        elif self.state is State.CLOSED:
            self._finish(None)

    def _take_text(self, now_ns: int, segment: Segment) -> None:
        if self.state not in _RECEIVING:
            return
        arrived = self.receiver.take(now_ns, segment)
        if arrived.readable:
            self._note(Notice("readable"))
        if arrived.finished:
            self._move(Input.FIN)
            self._note(Notice("end_of_stream"))
            if self.state is State.TIME_WAIT:
                self._start_time_wait(now_ns)

    def _accept_syn(self, segment: Segment) -> None:
        self.receiver.begin(segment.sequence)
        self.sender.mss = min(self.receiver.mss, segment.maximum_segment_size or DEFAULT_MSS)
        if segment.window_scale is not None and self._offered_scale is not None:
            # RFC 7323 §2.2: only if both offer it
            self._send_scale = min(segment.window_scale, MAXIMUM_SCALE)
            self.receiver.scale = self._offered_scale
        else:
            self._offered_scale = None
        self.sender.set_window(segment.sequence, segment.acknowledgment, segment.window)  # unscaled in a SYN

    # ---- sending ----------------------------------------------------------------------

    def _send_syn(self, now_ns: int) -> None:
        self.sender.syn_goes_out(now_ns)
        answer = self.state is State.SYN_RECEIVED
        self._segments.append(
            Segment(
                self.local_port,
                self.remote_port,
                self.sender.iss,
                self.receiver.rcv_nxt if answer else 0,
                SYN | ACK if answer else SYN,
                self.receiver.advertise_in_syn(),
                b"",
                self.receiver.mss,
                self._offered_scale,
            )
        )

    def _transmit(self, now_ns: int) -> None:
        if self.state not in _SILENT:
            self.sender.transmit(now_ns)

    def _flush_acknowledgment(self) -> None:
        if self.receiver.ack_now and self.state is not State.CLOSED:
            # SND.NXT may have fallen back after a timeout; the peer expects what comes after all of it.
            self._emit(ACK, self.sender.snd_max, b"")

    def _emit(self, flags: int, sequence: int, payload: bytes) -> None:
        """Queue a segment with the current acknowledgment and window."""
        acknowledgment = window = 0
        if flags & ACK:
            acknowledgment, window = self.receiver.rcv_nxt, self.receiver.advertise()
        self._segments.append(
            Segment(self.local_port, self.remote_port, sequence, acknowledgment, flags, window, payload)
        )

    # ---- timers (RFC 9293 §3.10.8) --------------------------------------------------------

    def on_timer(self, now_ns: int) -> None:
        """Do whatever is due."""
        if _is_due(self._time_wait_until_ns, now_ns):
            self._move(Input.TIME_WAIT_OVER)
            self._finish(None)
        elif _is_due(self._orphan_until_ns, now_ns):
            self._move(Input.ABORT)
            self._finish(None)
        if _is_due(self.receiver.delayed_ack_at_ns, now_ns):
            self.receiver.ack_now = True
            self._flush_acknowledgment()
        if _is_due(self.sender.persist_at_ns, now_ns):
            self.sender.probe(now_ns)
        if _is_due(self.sender.retransmit_at_ns, now_ns):
            self._retransmission_timeout(now_ns)

    def _retransmission_timeout(self, now_ns: int) -> None:
        """RFC 6298 §5.4 to §5.7."""
        opening = self.state in (State.SYN_SENT, State.SYN_RECEIVED)
        if self.sender.retries >= (SYN_RETRIES if opening else DATA_RETRIES):
            self._move(Input.ABORT)
            self._finish(_os_error(errno.ETIMEDOUT))
            return
        self.sender.timer_struck()
        if opening:
            self._send_syn(now_ns)
        else:
            self.sender.send_all_again(now_ns)

    def _start_time_wait(self, now_ns: int) -> None:
        self.sender.stop_timers()
        self._orphan_until_ns = None
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
        """ICMP says that segments must be smaller (RFC 1191 §6.4)."""
        mss = max(mtu - _HEADERS, _SMALLEST_MSS)
        if mss < self.sender.mss and self.state in SYNCHRONIZED:
            self.sender.shrink_segments(now_ns, mss)

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
        self._note(Notice("state", {"before": before.value, "after": after.value, "input": happening.value}))

    def _finish(self, error: OSError | None) -> None:
        """The connection is gone: no timer is left behind."""
        self.sender.stop_timers()
        self.receiver.delayed_ack_at_ns = None
        self._time_wait_until_ns = self._orphan_until_ns = None
        self._note(Notice("closed", {}, error))

    def _note(self, notice: Notice) -> None:
        self._notices.append(notice)


def _is_due(deadline_ns: int | None, now_ns: int) -> bool:
    return deadline_ns is not None and deadline_ns <= now_ns


def _os_error(number: int) -> OSError:
    """The OSError, of the right subclass, with the operating system's words."""
    return OSError(number, os.strerror(number))
