"""TCP_INFO: what a connection knows about itself, in the layout of Linux's ``struct tcp_info`` (tcp(7)).

Programs read it with ``getsockopt(IPPROTO_TCP, TCP_INFO, length)`` and unpack it by offset; ``ss -ti``
prints the same.  Here are its first 136 bytes, as Linux 4.1 has them; whoever asks for less gets less.
The field names are Linux's without ``tcpi_``.  Times are in microseconds, those called ``last`` in
milliseconds; counts and windows are in segments, rates in bytes a second.
"""

from __future__ import annotations

import struct

from pressenter.host.tcp.congestion.interface import UNLIMITED
from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.endpoint import Endpoint, Listener
from pressenter.host.tcp.recovery import Mood
from pressenter.host.tcp.states import State

__all__ = ["FIELDS", "LAYOUT", "NO_THRESHOLD", "TCP_INFO", "facts", "tcp_info"]

TCP_INFO = 11
LAYOUT = struct.Struct("<8B 24I 4Q")
FIELDS = (
    "state", "ca_state", "retransmits", "probes", "backoff", "options", "scales", "flags",
    "rto", "ato", "snd_mss", "rcv_mss",
    "unacked", "sacked", "lost", "retrans", "fackets",
    "last_data_sent", "last_ack_sent", "last_data_recv", "last_ack_recv",
    "pmtu", "rcv_ssthresh", "rtt", "rttvar", "snd_ssthresh", "snd_cwnd", "advmss", "reordering",
    "rcv_rtt", "rcv_space", "total_retrans",
    "pacing_rate", "max_pacing_rate", "bytes_acked", "bytes_received",
)  # fmt: skip

NO_THRESHOLD = 0x7FFFFFFF  # TCP_INFINITE_SSTHRESH
_NO_RATE = 0xFFFFFFFFFFFFFFFF
_REORDERING = 3  # segments; how far they have overtaken each other is seen in time here (RFC 8985)
_TIMESTAMPS, _SACK, _WINDOW_SCALE, _ECN = 1, 2, 4, 8

_STATES = {
    State.ESTABLISHED: 1, State.SYN_SENT: 2, State.SYN_RECEIVED: 3, State.FIN_WAIT_1: 4, State.FIN_WAIT_2: 5,
    State.TIME_WAIT: 6, State.CLOSED: 7, State.CLOSE_WAIT: 8, State.LAST_ACK: 9, State.LISTEN: 10, State.CLOSING: 11,
}  # fmt: skip
_MOODS = {Mood.OPEN: 0, Mood.DISORDER: 1, Mood.REDUCED: 2, Mood.RECOVERY: 3, Mood.LOSS: 4}


def tcp_info(owner: Endpoint | Listener | None, now_ns: int) -> bytes:
    """The structure for a connection, for a listener, or for a socket that is neither."""
    if owner is None:
        values = {"state": _STATES[State.CLOSED]}
    elif isinstance(owner, Listener):
        # Where a connection counts segments, a listener counts connections that wait to be accepted.
        values = {"state": _STATES[State.LISTEN], "unacked": len(owner.waiting), "sacked": owner.backlog}
    else:
        values = facts(owner.connection, now_ns)
    return LAYOUT.pack(*(values.get(field, 0) for field in FIELDS))


def facts(connection: TcpConnection, now_ns: int) -> dict[str, int]:
    """What is known of a connection, by the names in `FIELDS`; a field that is missing is 0."""
    return _of_sender(connection, now_ns) | _of_receiver(connection, now_ns)


def _of_sender(connection: TcpConnection, now_ns: int) -> dict[str, int]:
    sender, negotiation = connection.sender, connection.negotiation
    recovery, round_trip, congestion = sender.recovery, sender.round_trip, sender.congestion
    scoreboard, mss = recovery.scoreboard, sender.mss
    scaled = bool(negotiation.send_scale or connection.receiver.scale)
    probes = sender.retries if sender.persist_at_ns is not None else 0
    return {
        "state": _STATES[connection.state],
        "ca_state": _MOODS[recovery.mood],
        "retransmits": sender.retries - probes,
        "probes": probes,
        "backoff": sender.retries,
        "options": _TIMESTAMPS * negotiation.timestamps
        | _SACK * recovery.sack
        | _WINDOW_SCALE * scaled
        | _ECN * sender.ecn,
        "scales": negotiation.send_scale | connection.receiver.scale << 4,
        "rto": round_trip.timeout_ns // 1000,
        "snd_mss": mss,
        "unacked": len(scoreboard),
        "sacked": -(-scoreboard.sacked_bytes // mss),
        "lost": -(-scoreboard.lost_bytes // mss),
        "retrans": scoreboard.mending,
        "last_data_sent": _milliseconds_since(sender.last_sent_ns, now_ns),
        "pmtu": mss + negotiation.headers + negotiation.options_length,
        "rtt": (round_trip.smoothed_ns or 0) // 1000,
        "rttvar": round_trip.variation_ns // 1000,
        "snd_ssthresh": NO_THRESHOLD if congestion.threshold >= UNLIMITED else congestion.threshold // mss,
        "snd_cwnd": congestion.window // mss,
        "reordering": _REORDERING,
        "total_retrans": recovery.retransmitted,
        "pacing_rate": _NO_RATE if congestion.pacing_rate is None else congestion.pacing_rate,
        "max_pacing_rate": _NO_RATE,
        "bytes_acked": connection.bytes_acknowledged,
    }


def _of_receiver(connection: TcpConnection, now_ns: int) -> dict[str, int]:
    receiver = connection.receiver
    return {
        "ato": connection.parameters.delayed_ack_ns // 1000,
        "rcv_mss": receiver.mss,
        "last_data_recv": _milliseconds_since(receiver.delayed_ack.last_data_ns, now_ns),
        "last_ack_recv": _milliseconds_since(connection.lifetime.heard_ns, now_ns),
        "rcv_ssthresh": receiver.buffer.window,
        "advmss": connection.negotiation.segment_size - connection.negotiation.options_length,
        "rcv_rtt": (receiver.right_sizing.round_trip_ns or receiver.round_trip_ns or 0) // 1000,
        "rcv_space": receiver.buffer.capacity,
        "bytes_received": max(0, receiver.nxt - 1),
    }


def _milliseconds_since(then_ns: int, now_ns: int) -> int:
    return min((now_ns - then_ns) // 1_000_000, 0xFFFFFFFF)
