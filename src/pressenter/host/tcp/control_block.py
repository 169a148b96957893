"""What one connection is: its transmission control block, and what it does of itself.

RFC 9293 §3.3.1 gives this name to the record of all that TCP remembers of a connection.  Here it
is the state, and two halves that know nothing of each other: the sender (what may be sent, what
must be sent again) and the receiver (what is acceptable, when it is acknowledged).  What the SYNs
agree on (``negotiation.py``) and how long a connection may live (``lifetime.py``) have pages of
their own.

The state changes in one place, by the table in ``states.py``.  What happens without anybody's
doing, since time passes, is here as well: a timer strikes, a segment goes out again, the
connection gives up.  What others do to it is in ``connection.py``.
"""

from __future__ import annotations

import errno
import os

from pressenter.host.tcp.congestion import CongestionControl
from pressenter.host.tcp.lifetime import Lifetime
from pressenter.host.tcp.negotiation import Negotiation
from pressenter.host.tcp.notices import Notice
from pressenter.host.tcp.outbox import Outbox
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.receive_buffer import ReceiveBuffer
from pressenter.host.tcp.receiver import Receiver
from pressenter.host.tcp.round_trip import RoundTripTime
from pressenter.host.tcp.sender import Sender
from pressenter.host.tcp.sequence import add
from pressenter.host.tcp.states import FORBIDDEN, SYNCHRONIZED, TRANSITIONS, Input, State
from pressenter.wire.tcp import ACK, FIN, RST, Segment

__all__ = ["OPENING", "ControlBlock", "os_error"]

OPENING = frozenset({State.SYN_SENT, State.SYN_RECEIVED})
_SILENT = frozenset({State.CLOSED, State.SYN_SENT, State.SYN_RECEIVED, State.TIME_WAIT})
_HEARD_ALL = frozenset({State.CLOSE_WAIT, State.LAST_ACK})


class ControlBlock:
    """The variables of one connection, its timers and its states.

    Attributes:
        state: by RFC 9293 §3.3.2.
        sender, receiver: the two halves.
        negotiation: which options both ends use.
        lifetime: keepalive and the other limits.
        passive: the peer has sent the first SYN.
        orphaned: nobody reads any more: the application has closed, not only shut down.
        soft_error: an error that ICMP told of and that did not end the connection.
    """

    __slots__ = (
        "_challenges", "_close_wanted", "_early", "_fins_cross", "_kept", "_notices", "_outbox", "lifetime",
        "local_port", "negotiation", "orphaned", "parameters", "passive", "receiver", "remote_port",
        "sender", "soft_error", "state",
    )  # fmt: skip

    def __init__(
        self,
        local_port: int,
        remote_port: int,
        initial_sequence: int,
        mss: int,
        parameters: TcpParameters | None = None,
        *,
        headers: int = 40,
        clock_offset: int = 0,
    ) -> None:
        self.local_port = local_port
        self.remote_port = remote_port
        self.parameters = parameters or TcpParameters()
        self.state = State.CLOSED
        self.receiver = Receiver(self.parameters, mss)
        self.negotiation = Negotiation(self.parameters, mss, headers, clock_offset)
        self._outbox = Outbox(local_port, remote_port, initial_sequence, self.receiver, self.negotiation)
        self.sender = Sender(initial_sequence, mss, self.parameters, self._outbox.data, self._note)
        self.lifetime = Lifetime(self.parameters)
        self.orphaned = False
        self.soft_error: OSError | None = None
        self.passive = False
        self._early = False
        self._fins_cross = False
        self._close_wanted = False
        self._kept: Segment | None = None  # data of a SYN that has crossed ours, for after the handshake
        self._challenges = (0, 0)  # the second, and how many challenges were sent in it
        self._notices: list[Notice] = []

    # ---- what the owner asks -------------------------------------------------------

    @property
    def congestion(self) -> CongestionControl:
        """The congestion control."""
        return self.sender.recovery.congestion

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
    def rcv_nxt(self) -> int:
        """RCV.NXT as a sequence number."""
        return add(self.receiver.irs, self.receiver.nxt)

    @property
    def snd_una(self) -> int:
        """SND.UNA as a sequence number."""
        return add(self.sender.iss, self.sender.una)

    @property
    def peer_has_finished(self) -> bool:
        """Whether the peer's FIN has come, and ours is not acknowledged: there is nothing more to hear."""
        return self.state in _HEARD_ALL

    @property
    def bytes_acknowledged(self) -> int:
        """What the peer has acknowledged of ours; the SYN counts if it went first, as Linux counts it."""
        return max(0, self.sender.una - self.passive)

    @property
    def deadline_ns(self) -> int | None:
        """When `on_timer` is to be called, or None."""
        earliest = self.lifetime.deadline_ns
        sender = self.sender
        for timer in (
            sender.retransmit_at_ns, sender.probe_at_ns, sender.persist_at_ns, sender.pacer.wait_until_ns,
            sender.recovery.reorder_at_ns, self.receiver.delayed_ack.due_at_ns, self.receiver.gathered_ack.due_at_ns,
        ):  # fmt: skip
            if timer is not None and (earliest is None or timer < earliest):
                earliest = timer
        return earliest

    @property
    def has_segments(self) -> bool:
        """Whether `take_segments` would give any."""
        return bool(self._outbox.segments)

    @property
    def has_notices(self) -> bool:
        """Whether `take_notices` would give any."""
        return bool(self._notices)

    def take_segments(self) -> list[Segment]:
        """Segments to send, in order; each is given out once."""
        return self._outbox.take()

    def take_notices(self) -> list[Notice]:
        """Notices, in order; each is given out once."""
        notices, self._notices = self._notices, []
        return notices

    # ---- sending ----------------------------------------------------------------------

    def _transmit(self, now_ns: int) -> None:
        if self.state not in _SILENT or (self._early and self.state is State.SYN_RECEIVED):
            self.negotiation.now_ns = now_ns
            self.sender.transmit(now_ns)

    def _flush_acknowledgment(self, now_ns: int) -> None:
        if self.receiver.ack_now and self.state not in (State.CLOSED, State.SYN_SENT):
            sender = self.sender
            if self._fins_cross and sender.only_fin_is_missing:
                # Both FINs have crossed: ours goes out again with the acknowledgment, as the BSDs do it.
                self._fins_cross = False
                self._outbox.put(now_ns, ACK | FIN, sender.nxt - 1)
            else:
                # The peer expects what comes after all of it, also if our FIN or SYN is not yet acknowledged.
                self._outbox.put(now_ns, ACK, sender.acknowledging_position)

    def _send_syn(self, now_ns: int, payload: bytes) -> None:
        self._outbox.syn(now_ns, payload, self.state is State.SYN_RECEIVED, self.sender.retries)

    def _send_syn_again(self, now_ns: int) -> None:
        self._send_syn(now_ns, self.sender.syn_again(now_ns).payload)

    # ---- timers (RFC 9293 §3.10.8) --------------------------------------------------------

    def on_timer(self, now_ns: int) -> None:
        """Do whatever is due."""
        sender, receiver = self.sender, self.receiver
        self.negotiation.now_ns = now_ns
        if self._lifetime_is_over(now_ns):
            return
        if _is_due(receiver.delayed_ack.due_at_ns, now_ns):
            receiver.delayed_ack.has_waited()
            receiver.ack_now = True
        if _is_due(receiver.gathered_ack.due_at_ns, now_ns):
            receiver.gathered_ack.due_at_ns = None
            receiver.ack_now = True
        if _is_due(sender.pacer.wait_until_ns, now_ns):
            sender.pacer.wait_until_ns = None
            self._transmit(now_ns)
        if _is_due(sender.recovery.reorder_at_ns, now_ns):
            sender.on_reordering_timer(now_ns)
        if _is_due(sender.persist_at_ns, now_ns):
            sender.on_persist_timer(now_ns)
        if _is_due(sender.probe_at_ns, now_ns):
            sender.on_probe_timer(now_ns)
        elif _is_due(sender.retransmit_at_ns, now_ns):
            self._retransmission_timeout(now_ns)
        self._flush_acknowledgment(now_ns)

    def _lifetime_is_over(self, now_ns: int) -> bool:
        lifetime, sender = self.lifetime, self.sender
        if _is_due(lifetime.time_wait_until_ns, now_ns):
            self._move(Input.TIME_WAIT_OVER)
            self._finish(None)
            return True
        if _is_due(lifetime.orphan_until_ns, now_ns):
            self._break_off(None)
            return True
        if _is_due(lifetime.opening_until_ns, now_ns):
            self._give_up(errno.ETIMEDOUT)
            return True
        if _is_due(lifetime.keepalive_at_ns, now_ns):
            if lifetime.is_dead():
                self.abort(os_error(errno.ETIMEDOUT))
                return True
            if sender.in_flight:
                lifetime.postpone_keepalive(now_ns)  # the retransmission timer watches over the peer
            elif lifetime.keepalive_is_due(now_ns) and self.state in SYNCHRONIZED:
                # RFC 9293 §3.8.4: a sequence number that is old makes the peer answer
                self._outbox.put(now_ns, ACK, sender.una - 1)
        return False

    def _retransmission_timeout(self, now_ns: int) -> None:
        """RFC 6298 §5.4 to §5.7."""
        sender, parameters = self.sender, self.parameters
        opening = self.state in OPENING
        if opening:
            limit = parameters.syn_ack_retries if self.passive else parameters.syn_retries
            if parameters.connect_timeout_ns is not None:
                limit = 1 << 30
        else:
            limit = parameters.data_retries
        if sender.retries >= limit or self.lifetime.user_has_waited_enough(now_ns, sender.stalled_since_ns):
            self._give_up(errno.ETIMEDOUT)
            return
        if opening:
            sender.on_syn_timer()
            self._send_syn_again(now_ns)
            return
        self._suspect_black_hole(now_ns)
        sender.on_retransmission_timer(now_ns)

    def _suspect_black_hole(self, now_ns: int) -> None:
        """Large segments vanish and nobody says why: try smaller ones (RFC 8899, RFC 2923 §2.1)."""
        sender = self.sender
        smaller = self.parameters.black_hole_segment_sizes[self.negotiation.headers > 40]
        if not self.parameters.mtu_probing or sender.retries < 2 or sender.mss <= smaller:
            return
        if sender.recovery.scoreboard and len(sender.recovery.scoreboard.head.payload) > smaller:
            sender.shrink_segments(now_ns, smaller)

    def _give_up(self, number: int) -> None:
        self._break_off(self.soft_error or os_error(number))

    def _start_time_wait(self, now_ns: int) -> None:
        self.sender.stop_timers()
        self.lifetime.stop()
        self.receiver.generous = False
        self.lifetime.time_wait_until_ns = now_ns + self.parameters.time_wait_ns

    # ---- states, and the end ------------------------------------------------------------------

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

    def abort(self, error: OSError | None = None) -> None:
        """ABORT: send a RST if the peer knows of us, and forget everything."""
        if self.state is State.CLOSED:
            return
        if self.state not in (State.SYN_SENT, State.TIME_WAIT):
            self._outbox.put(0, RST | ACK, self.sender.nxt)
        self._break_off(error)

    def _break_off(self, error: OSError | None) -> None:
        self._move(Input.ABORT)
        self._finish(error)

    def _finish(self, error: OSError | None) -> None:
        """The connection is gone: no timer is left behind."""
        self.sender.stop_timers()
        self.lifetime.stop()
        self.receiver.stop_timers()
        self._note(Notice("closed", {}, error))

    def _note(self, notice: Notice) -> None:
        self._notices.append(notice)


def _is_due(deadline_ns: int | None, now_ns: int) -> bool:
    return deadline_ns is not None and deadline_ns <= now_ns


def os_error(number: int) -> OSError:
    """The OSError, of the right subclass, with the operating system's words."""
    return OSError(number, os.strerror(number))
