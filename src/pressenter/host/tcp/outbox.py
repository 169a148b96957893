"""What a connection has to send: segments with the acknowledgment, window and options of the moment."""

from __future__ import annotations

from pressenter.host.tcp.negotiation import Negotiation
from pressenter.host.tcp.receiver import Receiver
from pressenter.host.tcp.sequence import add
from pressenter.wire.tcp import ACK, ECE, NO_OPTIONS, RST, Segment

__all__ = ["Outbox"]

_ECN_CAPABLE = 2  # ECT(0), RFC 3168 §5


class Outbox:
    """Builds segments and keeps them until they are taken.

    Attributes:
        iss: the sequence number of position 0.
        segments: those that wait to be taken, in order.
        ecn: both ends speak it, so data is marked as capable.
    """

    __slots__ = ("_local_port", "_negotiation", "_receiver", "_remote_port", "ecn", "iss", "segments")

    def __init__(
        self, local_port: int, remote_port: int, iss: int, receiver: Receiver, negotiation: Negotiation
    ) -> None:
        self._local_port = local_port
        self._remote_port = remote_port
        self._receiver = receiver
        self._negotiation = negotiation
        self.iss = iss
        self.ecn = False
        self.segments: list[Segment] = []

    def take(self) -> list[Segment]:
        """Everything that waits; each segment is given out once."""
        segments, self.segments = self.segments, []
        return segments

    def syn(self, now_ns: int, payload: bytes, answer: bool, retry: int) -> None:
        """Our SYN, or (``answer``) SYN and ACK, with its options."""
        receiver = self._receiver
        flags, options = self._negotiation.syn_header(now_ns, receiver, answer, retry)
        acknowledgment = add(receiver.irs, receiver.nxt) if answer else 0
        window = receiver.advertise_in_syn()
        self.segments.append(
            Segment(self._local_port, self._remote_port, self.iss, acknowledgment, flags, window, payload, options)
        )

    def data(self, flags: int, position: int, payload: bytes, again: bool) -> None:
        """What the sender sends: new data and FINs, and those that go out again."""
        # RFC 3168 §6.1.5: what is sent again is not marked
        if payload:
            self._receiver.delayed_ack.sent_data(self._negotiation.now_ns)
        capable = _ECN_CAPABLE if self.ecn and payload and not again else 0
        self.put(self._negotiation.now_ns, flags, position, payload, capable)

    def put(self, now_ns: int, flags: int, position: int, payload: bytes = b"", ecn: int = 0) -> None:
        """A segment; with ACK it tells what has arrived and what there is room for."""
        acknowledgment = window = 0
        receiver = self._receiver
        options = NO_OPTIONS
        if flags & ACK:
            acknowledgment = add(receiver.irs, receiver.nxt)
            if not flags & RST:
                window = receiver.advertise()
                options = self._negotiation.options(now_ns, receiver)
            if receiver.congestion_seen:
                flags |= ECE
        sequence = add(self.iss, position)
        self.segments.append(
            Segment(self._local_port, self._remote_port, sequence, acknowledgment, flags, window, payload, options, ecn)
        )

    def reset(self, sequence: int, acknowledgment: int | None = None) -> None:
        """A RST on its own, with sequence numbers and not positions."""
        flags = RST if acknowledgment is None else RST | ACK
        self.segments.append(Segment(self._local_port, self._remote_port, sequence, acknowledgment or 0, flags, 0))
