"""What a host's connections look like from outside: the tables of ``netstat -napt`` and ``ss -ti``.

Both print in the columns of the real programs (net-tools 2.10, iproute2 6), so that what is known
of reading those holds here too.  A program's name is not known to the stack, so that column is
a dash, as for sockets of other users.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.endpoint import Endpoint, Listener
from pressenter.host.tcp.states import State
from pressenter.host.tcp_info import NO_THRESHOLD, facts
from pressenter.wire.address import address_text

if TYPE_CHECKING:
    from pressenter.host.host import Host

__all__ = ["netstat", "ss"]

#: iproute2 shortens one name.
_SS_STATES = {State.ESTABLISHED: "ESTAB", State.SYN_RECEIVED: "SYN-RECV"}


def netstat(host: Host) -> str:
    """``netstat -napt``: every TCP socket, listening ones first."""
    lines = [
        "Active Internet connections (servers and established)",
        f"{'Proto':5} {'Recv-Q':>6} {'Send-Q':>6} {'Local Address':23} {'Foreign Address':23} {'State':11}"
        " PID/Program name",
    ]
    for listener in _listeners(host):
        local = f"{address_text(listener.address)}:{listener.port}"
        anybody = f"{address_text(bytes(len(listener.address)))}:*"
        lines.append(_netstat_row(listener.address, len(listener.waiting), 0, local, anybody, State.LISTEN))
    for endpoint in host.tcp.endpoints.values():
        local, remote = _pair(endpoint)
        waiting, unacknowledged = _queues(endpoint.connection)
        lines.append(
            _netstat_row(
                endpoint.quadruple.local_address, waiting, unacknowledged, local, remote, endpoint.connection.state
            )
        )
    return "\n".join(lines) + "\n"


def ss(host: Host) -> str:
    """``ss -ti``: connections, each with a second line about what TCP knows of its path."""
    lines = [f"{'State':10} {'Recv-Q':6} {'Send-Q':6} {'Local Address:Port':>24} {'Peer Address:Port':>24}"]
    for endpoint in host.tcp.endpoints.values():
        connection = endpoint.connection
        local, remote = _pair(endpoint, brackets=True)
        waiting, unacknowledged = _queues(connection)
        state = _SS_STATES.get(connection.state, connection.state.name.replace("_", "-"))
        lines.append(f"{state:10} {waiting:<6} {unacknowledged:<6} {local:>24} {remote:>24}")
        if connection.state is not State.TIME_WAIT:
            lines.append("\t " + _details(connection, host.tcp.now_ns))
    return "\n".join(lines) + "\n"


def _netstat_row(address: bytes, waiting: int, unacknowledged: int, local: str, remote: str, state: State) -> str:
    protocol = "tcp" if len(address) == 4 else "tcp6"
    return f"{protocol:5} {waiting:6} {unacknowledged:6} {local:23} {remote:23} {state.value:11} -"


def _listeners(host: Host) -> Iterator[Listener]:
    for port in sorted(host.tcp.listeners):
        yield from host.tcp.listeners[port]


def _pair(endpoint: Endpoint, brackets: bool = False) -> tuple[str, str]:
    here = endpoint.quadruple

    def text(address: bytes, port: int) -> str:
        shown = address_text(address)
        return f"[{shown}]:{port}" if brackets and len(address) == 16 else f"{shown}:{port}"

    return text(here.local_address, here.local_port), text(here.remote_address, here.remote_port)


def _queues(connection: TcpConnection) -> tuple[int, int]:
    """Bytes that the application has not read, and bytes that the peer has not acknowledged."""
    return connection.receive_buffer.readable, connection.sender.unacknowledged


def _details(connection: TcpConnection, now_ns: int) -> str:
    """The second line of ``ss -ti``, with its words; times in milliseconds, the window in segments."""
    known = facts(connection, now_ns)
    sender, negotiation, round_trip = connection.sender, connection.negotiation, connection.round_trip
    words = []
    if negotiation.timestamps:
        words.append("ts")
    if sender.recovery.sack:
        words.append("sack")
    if sender.ecn:
        words.append("ecn")
    words.append(sender.congestion.name)
    if known["scales"]:
        words.append(f"wscale:{negotiation.send_scale},{connection.receiver.scale}")
    words.append(f"rto:{_milliseconds(round_trip.timeout_ns)}")
    if round_trip.smoothed_ns is not None:
        words.append(f"rtt:{_milliseconds(round_trip.smoothed_ns)}/{_milliseconds(round_trip.variation_ns)}")
    words.append(f"ato:{_milliseconds(connection.parameters.delayed_ack_ns)}")
    words += [f"mss:{known['snd_mss']}", f"cwnd:{known['snd_cwnd']}"]
    if known["snd_ssthresh"] != NO_THRESHOLD:
        words.append(f"ssthresh:{known['snd_ssthresh']}")
    words += [f"bytes_acked:{known['bytes_acked']}", f"bytes_received:{known['bytes_received']}"]
    if sender.congestion.pacing_rate is not None:
        words.append(f"pacing_rate {known['pacing_rate'] * 8}bps")
    if sender.in_flight:
        words.append(f"unacked:{known['unacked']}")
    if known["total_retrans"]:
        words.append(f"retrans:0/{known['total_retrans']}")
    words += [f"{name}:{known[name]}" for name in ("lost", "sacked") if known[name]]
    words.append(f"rcv_space:{known['rcv_space']}")
    if round_trip.minimum_ns is not None:
        words.append(f"minrtt:{_milliseconds(round_trip.minimum_ns)}")
    return " ".join(words)


def _milliseconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:.3f}".rstrip("0").rstrip(".")
