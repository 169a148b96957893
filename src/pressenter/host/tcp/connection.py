"""One TCP connection: a state machine that takes time and segments (RFC 9293 §3.10).

The connection does no I/O and knows no clock.  Each call gets ``now_ns`` and
leaves what is to be done in `TcpConnection.take_segments` (to be sent, in order),
`TcpConnection.take_notices` (for the application and the recording) and
`TcpConnection.deadline_ns` (call `TcpConnection.on_timer` then).

What it is, what it does as time passes, and how it ends, is in ``control_block.py``.  Here is what
others do to it: the calls of the user (§3.9.1), and the segments that arrive.  What a segment
means depends on the state, and is decided in the order of §3.10.7; then the halves are asked.
"""

from __future__ import annotations

import errno

from pressenter.host.tcp.control_block import OPENING, ControlBlock, os_error
from pressenter.host.tcp.negotiation import SMALLEST_SEGMENT_SIZE
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.sequence import add, unwrap
from pressenter.host.tcp.states import FORBIDDEN, SYNCHRONIZED, Input, State
from pressenter.wire.tcp import ACK, CWR, ECE, FIN, RST, SYN, Options, Segment

__all__ = ["TcpConnection"]

_CONGESTION_EXPERIENCED = 3

_RECEIVING = frozenset({State.ESTABLISHED, State.FIN_WAIT_1, State.FIN_WAIT_2})


class TcpConnection(ControlBlock):
    """One end of a connection, as its user and the network see it."""

    __slots__ = ()

    # ---- calls of the user (RFC 9293 §3.9.1) ------------------------------------------

    def open_active(self, now_ns: int, early_data: bytes = b"", cookie: bytes | None = None) -> int:
        """OPEN, active: send a SYN; with a cookie, and data that the SYN may carry (RFC 7413 §4.2.1).

        Returns how much of the data was taken.
        """
        self._move(Input.ACTIVE_OPEN)
        taken = self.sender.write(early_data)
        self.negotiation.offer(self.receiver, asks=True, cookie=cookie)
        early = self.negotiation.early_data_room if cookie else 0
        segment = self.sender.syn_goes_out(now_ns, SYN, early)
        self.lifetime.begin_opening(now_ns)
        self._send_syn(now_ns, segment.payload)
        return taken

    def open_passive(self, now_ns: int, syn: Segment, early: bool = False) -> None:
        """OPEN, passive, for a SYN that a listener has received: answer it.

        ``early``: the data in the SYN may be used before the handshake is over (RFC 7413 §4.2.2).
        """
        self._receive_first(now_ns, syn)
        if early:
            self.receiver.take(now_ns, 0, syn._replace(flags=syn.flags & ~FIN))
            self._early = True
        self.sender.syn_goes_out(now_ns, SYN | ACK)
        self._send_syn(now_ns, b"")
        if early:
            self._note(Notice("connected"))
            if self.receiver.buffer.readable:
                self._note(Notice("readable"))

    def open_from_cookie(self, now_ns: int, ack: Segment, cookie: int, options: Options) -> None:
        """The ACK of a SYN cookie: go on as if the SYN with these options had been kept (RFC 4987 §3.6)."""
        self.sender.iss = self._outbox.iss = cookie
        self.negotiation.clock_offset = 0
        self._receive_first(now_ns, ack._replace(sequence=add(ack.sequence, -1), flags=SYN, options=options))
        # Nobody knows when our SYN went out, so its round trip is not measured.
        self.sender.syn_goes_out(now_ns, SYN | ACK).transmissions = 2
        self.receiver.advertise_in_syn()
        self.receive(now_ns, ack)

    def _receive_first(self, now_ns: int, syn: Segment) -> None:
        self.passive = True
        self.receiver.generous = False  # until the handshake is over
        self._move(Input.PASSIVE_OPEN)
        self.receiver.begin(syn.sequence)
        self.negotiation.answer(now_ns, syn, self.sender, self.receiver)
        self._outbox.ecn = self.sender.ecn
        self.sender.window.set(0, 0, syn.window)
        self._move(Input.SYN)

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
        data, worth_telling = self.receiver.read(now_ns, maximum)
        if worth_telling and self.state in _RECEIVING:
            self.receiver.ack_now = True
            self._flush_acknowledgment(now_ns)
        return data

    def set_quick_acknowledgments(self, now_ns: int, quickly: bool) -> None:
        """TCP_QUICKACK: what has been read is acknowledged now, and acknowledgments wait for no answer.

        Without ``quickly``: they wait for the application's answers from now on.  Either lasts until
        what the application does says otherwise.
        """
        receiver = self.receiver
        if receiver.set_quick(quickly) and self.state in (State.ESTABLISHED, State.CLOSE_WAIT):
            receiver.ack_now = True
            self._flush_acknowledgment(now_ns)

    def close(self, now_ns: int) -> None:
        """CLOSE: no more to send; a FIN follows the last byte."""
        if self.state is State.SYN_SENT:
            self._move(Input.CLOSE)
            self._finish(None)
            return
        if self.sender.fin_wanted or Input.CLOSE in FORBIDDEN[self.state]:
            return
        if self.state is State.SYN_RECEIVED:
            self._close_wanted = True  # §3.10.4: queued until ESTABLISHED
            return
        self.sender.fin_wanted = True
        self._move(Input.CLOSE)
        self._transmit(now_ns)

    def orphan(self, now_ns: int) -> None:
        """The application has let go: FIN-WAIT-2 lasts no longer for ever."""
        self.orphaned = True
        if self.state is State.FIN_WAIT_2:
            self.lifetime.orphan_until_ns = now_ns + self.parameters.fin_wait_2_ns

    # ---- a segment arrives (RFC 9293 §3.10.7) -------------------------------------------

    def receive(self, now_ns: int, segment: Segment) -> None:
        """Process an arriving segment."""
        if self.state is State.CLOSED:
            return
        self.lifetime.heard(now_ns)
        if segment.flags & CWR:
            self.receiver.congestion_seen = False
        if segment.ecn == _CONGESTION_EXPERIENCED and self.sender.ecn:
            self.receiver.congestion_seen = self.receiver.ack_now = True
        if self.state is State.SYN_SENT:
            self._receive_in_syn_sent(now_ns, segment)
        else:
            self._receive_synchronized(now_ns, segment)
        self._transmit(now_ns)
        self._flush_acknowledgment(now_ns)

    def _receive_in_syn_sent(self, now_ns: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.3."""
        flags, sender = segment.flags, self.sender
        acknowledged = 0
        if flags & ACK:
            acknowledged = unwrap(sender.iss, sender.una, segment.acknowledgment)
            if not 0 < acknowledged <= sender.nxt:
                if not flags & RST:
                    self._outbox.reset(segment.acknowledgment)
                return
        if flags & RST:
            if flags & ACK:
                self._break_off(os_error(errno.ECONNREFUSED))
            return
        if not flags & SYN:
            return
        self.receiver.begin(segment.sequence)
        cookie = segment.options.fast_open
        self.negotiation.answer(now_ns, segment, sender, self.receiver)
        self._outbox.ecn = sender.ecn
        sender.window.set(0, 0, segment.window)  # unscaled in a SYN
        if not flags & ACK:
            self._kept = segment._replace(flags=flags & ~FIN) if segment.payload else None
            self._cross(now_ns)
            return
        self._note_cookie(cookie, acknowledged)
        if acknowledged < sender.nxt:
            sender.take_back_early_data(acknowledged)  # RFC 7413 §4.2.2
        self._acknowledged(now_ns, acknowledged, segment)
        self._move(Input.SYN_ACK)
        self.lifetime.opened(now_ns)
        self.receiver.ack_now = True
        self._note(Notice("connected"))
        self._take_text(now_ns, 0, segment)

    def _cross(self, now_ns: int) -> None:
        """Both ends have sent a SYN (§3.5, figure 8): ours goes out again, with an acknowledgment."""
        self._move(Input.SYN)
        sender = self.sender
        if sender.nxt > 1:
            sender.take_back_early_data(1)
        self._send_syn_again(now_ns)

    def _note_cookie(self, cookie: bytes | None, acknowledged: int) -> None:
        asked = self.negotiation.fast_open
        if asked is not None:
            refused = bool(asked) and acknowledged < self.sender.nxt
            self._note(Notice("fast_open", {"cookie": cookie, "refused": refused}))

    def _receive_synchronized(self, now_ns: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.4, first to eighth."""
        receiver, flags = self.receiver, segment.flags
        if self.state is State.TIME_WAIT and not flags & (ACK | SYN | RST):
            return
        position = receiver.position_of(segment)
        length = segment.length
        if receiver.timestamp is not None and receiver.is_old(now_ns, segment):
            # RFC 7323 §5.3, R1
            receiver.note_old_segment(position, length)
            receiver.ack_now = True
            return
        if flags & RST:
            self._receive_reset(now_ns, position, segment)
            return
        if not receiver.is_acceptable(position, length, flags):
            self._refuse_segment(now_ns, position, segment)
            return
        receiver.take_timestamp(now_ns, position, segment)
        if flags & SYN:
            self._receive_syn(now_ns, position, segment)
            return
        if not flags & ACK:
            return
        if self.state is State.SYN_RECEIVED and not self._complete_opening(now_ns, position, segment):
            return
        if self._receive_acknowledgment(now_ns, position, segment):
            if self._kept is not None:
                kept, self._kept = self._kept, None
                self._take_text(now_ns, 0, kept)
            self._take_text(now_ns, position, segment)

    def _refuse_segment(self, now_ns: int, position: int, segment: Segment) -> None:
        """An unacceptable segment is answered with an acknowledgment."""
        if self.state is State.SYN_RECEIVED and segment.flags & SYN and position == 0:
            # Our SYN+ACK was lost, so the peer has sent its SYN again.
            if not segment.flags & ACK:
                self._send_syn_again(now_ns)
                return
        if segment.payload or segment.flags & FIN:
            self.receiver.note_old_segment(position, len(segment.payload))
        if segment.flags & FIN and self.state is State.TIME_WAIT:
            self._start_time_wait(now_ns)
        if segment.flags & ACK and self.state is not State.SYN_RECEIVED:
            # What it acknowledges is news all the same, as Linux and the BSDs take it.
            self._receive_acknowledgment(now_ns, position, segment)
        if segment.length:
            self.receiver.ack_now = True
        else:
            self._challenge(now_ns)  # two that disagree must not answer each other for ever

    def _receive_reset(self, now_ns: int, position: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.4, second, with RFC 5961 §3.2: only an exact hit resets."""
        receiver = self.receiver
        last_told = receiver.nxt
        window = max(receiver.window, 1)
        if position != last_told:
            if not 0 <= position - last_told < window:
                return
            if self.parameters.challenge_resets:
                self._challenge(now_ns)
                return
        if self.state is State.SYN_RECEIVED:
            error = None if self.passive else os_error(errno.ECONNREFUSED)
        elif self.state is State.TIME_WAIT:
            return  # RFC 1337 §3: a late RST must not shorten TIME-WAIT
        else:
            error = os_error(errno.ECONNRESET)
        self._break_off(error)

    def _receive_syn(self, now_ns: int, position: int, segment: Segment) -> None:
        """RFC 9293 §3.10.7.4, fourth, with RFC 5961 §4.2: a SYN in the window is challenged."""
        if self.state is State.SYN_RECEIVED and self.passive and not segment.flags & ACK and position == 0:
            self._send_syn_again(now_ns)
        elif self.parameters.challenge_syns or position < self.receiver.nxt:
            self._challenge(now_ns)
        else:
            # RFC 793 §3.9: an error, the connection is reset
            self._outbox.reset(add(self.sender.iss, self.sender.nxt), self.rcv_nxt)
            self._break_off(os_error(errno.ECONNRESET))

    def _challenge(self, now_ns: int) -> None:
        """A challenge ACK, but not too many (RFC 5961 §7)."""
        second, sent = self._challenges
        now_second = now_ns // 1_000_000_000
        if second != now_second:
            sent = 0
        self._challenges = (now_second, sent + 1)
        if sent < self.parameters.challenges_per_second:
            self.receiver.ack_now = True

    def _complete_opening(self, now_ns: int, position: int, segment: Segment) -> bool:
        """In SYN-RECEIVED: does this acknowledge our SYN?  Otherwise it is answered with a RST."""
        sender = self.sender
        acknowledged = unwrap(sender.iss, sender.una, segment.acknowledgment)
        if not 0 < acknowledged <= sender.nxt:
            self._outbox.reset(segment.acknowledgment)
            return False
        self._move(Input.ACK_OF_SYN)
        self.receiver.generous = True
        self.lifetime.opened(now_ns)
        sender.window.set(position, acknowledged, segment.window << self.negotiation.send_scale)
        if not self._early:
            self._note(Notice("connected"))
        if self._close_wanted:
            self.close(now_ns)
        return True

    def _receive_acknowledgment(self, now_ns: int, position: int, segment: Segment) -> bool:
        """RFC 9293 §3.10.7.4, fifth.  False if the segment is to be dropped."""
        sender = self.sender
        acknowledged = unwrap(sender.iss, sender.una, segment.acknowledgment)
        if acknowledged > sender.nxt:
            self.receiver.ack_now = True  # something not yet sent
            return False
        window = segment.window << self.negotiation.send_scale
        if acknowledged < sender.una:
            # RFC 5961 §5.2: acceptable only if not too old
            if acknowledged < sender.una - max(sender.window.size, 1 << 16) and self.parameters.challenge_resets:
                self._challenge(now_ns)
                return False
            return True
        duplicate = (
            acknowledged == sender.una and not segment.payload and not segment.flags & (SYN | FIN)
            and sender.nxt > sender.una and window == sender.window.size > 0
        )  # fmt: skip
        if acknowledged > sender.una or duplicate or segment.options.sack_blocks or segment.flags & ECE:
            self._acknowledged(now_ns, acknowledged, segment, duplicate)
        sender.learn_window(position, acknowledged, window)
        return True

    def _acknowledged(self, now_ns: int, acknowledged: int, segment: Segment, duplicate: bool = False) -> None:
        sender, options = self.sender, segment.options
        blocks = []
        if options.sack_blocks and sender.recovery.sack:
            blocks = [
                (unwrap(sender.iss, sender.una, left), unwrap(sender.iss, sender.una, right))
                for left, right in options.sack_blocks
            ]
        echo = options.timestamp[1] if options.timestamp is not None and self.negotiation.timestamps else None
        freed = sender.acknowledge(
            now_ns, acknowledged, blocks=blocks, is_duplicate=duplicate,
            echo=self.negotiation.clock_of(echo), sent_stamp_ns=self.negotiation.time_of(now_ns, echo),
            congestion_echo=bool(segment.flags & ECE),
        )  # fmt: skip
        self.receiver.round_trip_ns, self.receiver.timeout_ns = (
            sender.round_trip.smoothed_ns,
            sender.round_trip.timeout_ns,
        )
        if freed.fin:
            self._fin_is_acknowledged(now_ns)
        elif freed.data and not sender.fin_wanted:
            self._note(Notice("writable"))

    def _fin_is_acknowledged(self, now_ns: int) -> None:
        self._move(Input.ACK_OF_FIN)
        if self.state is State.FIN_WAIT_2 and self.orphaned:
            self.lifetime.orphan_until_ns = now_ns + self.parameters.fin_wait_2_ns
        elif self.state is State.TIME_WAIT:
            self._start_time_wait(now_ns)
        elif self.state is State.CLOSED:
            self._finish(None)

    def _take_text(self, now_ns: int, position: int, segment: Segment) -> None:
        if self.state is State.TIME_WAIT:
            # The only thing that can arrive is the peer's FIN once more (§3.10.7.4, eighth).
            if segment.payload or segment.flags & FIN or position != self.receiver.nxt:
                self.receiver.ack_now = True
            if segment.flags & FIN:
                self._start_time_wait(now_ns)
            return
        if self.state not in _RECEIVING or not (segment.payload or segment.flags & FIN or self.receiver.has_gap):
            return
        receiver, stamp = self.receiver, segment.options.timestamp
        if stamp is not None and stamp[1] != receiver.right_sizing.last_echo and self.negotiation.timestamps:
            full = len(segment.payload) >= receiver.delayed_ack.segment_size
            sent_ns = self.negotiation.time_of(now_ns, stamp[1]) if full else None
            receiver.right_sizing.measure(now_ns, stamp[1], sent_ns)
        arrived = receiver.take(now_ns, position, segment)
        if arrived.readable:
            self._note(Notice("readable"))
        if arrived.finished:
            self._move(Input.FIN)
            self._note(Notice("end_of_stream"))
            after: State = self.state
            self._fins_cross = after is State.CLOSING
            if after is State.TIME_WAIT:
                self._start_time_wait(now_ns)

    # ---- errors from below -----------------------------------------------------------------

    def on_unreachable(self, error: OSError, hard: bool = True) -> None:
        """ICMP says that the peer cannot be reached.

        While opening, a hard error ends the attempt; later any is only a hint
        (RFC 9293 §3.9.2.2, MUST-56; RFC 5461 §4).
        """
        self.soft_error = error
        if self.state in OPENING and hard:
            self._break_off(error)

    def on_path_mtu(self, now_ns: int, mtu: int) -> None:
        """ICMP says that segments must be smaller (RFC 1191 §6.4, RFC 8201 §5.4)."""
        self.negotiation.now_ns = now_ns
        mss = max(mtu - self.negotiation.headers - self.negotiation.options_length, SMALLEST_SEGMENT_SIZE)
        if mss < self.sender.mss and self.state in SYNCHRONIZED:
            self.sender.shrink_segments(now_ns, mss)
