"""What goes wrong in a TCP that works: closed windows, absurd sizes, two ends that disagree, half-open closes."""

from __future__ import annotations

import socket

import pytest

from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.recovery import Mood
from pressenter.host.tcp.states import State
from pressenter.wire.tcp import ACK, FIN, SYN, Options, Segment
from tests.host.tcp.test_connection import MS, exchange
from tests.host.tcp.test_features import RTT, deliver, pair
from tests.networks import Cable


def _run(ends: tuple[TcpConnection, TcpConnection], now_ns: int, until_ns: int) -> int:
    """Let both ends talk and their timers strike; how many segments went over."""
    passed = len(exchange(*ends, now_ns))
    while True:
        deadlines = [end.deadline_ns for end in ends if end.deadline_ns is not None]
        if not deadlines or min(deadlines) > until_ns:
            return passed
        now_ns = max(now_ns, min(deadlines))
        for end in ends:
            if end.deadline_ns is not None and end.deadline_ns <= now_ns:
                end.on_timer(now_ns)
        passed += len(exchange(*ends, now_ns))


def test_two_closed_windows_do_not_answer_each_other_for_ever() -> None:
    ends = pair({"receive_buffer": 4096, "receive_buffer_maximum": 4096})
    for end in ends:
        end.write(RTT * 2, bytes(20_000))
    passed = _run(ends, RTT * 2, RTT * 200)
    assert passed < 200
    got = [0, 0]
    for step in range(200):
        now_ns = RTT * 200 + step * 1000 * MS
        for index, end in enumerate(ends):
            got[index] += len(end.read(now_ns))
        _run(ends, now_ns, now_ns + 999 * MS)
    assert got == [20_000, 20_000]


def test_old_pure_acknowledgments_are_answered_only_so_often() -> None:
    client, server = pair({"challenges_per_second": 5, "timestamps": False})
    old = Segment(5000, 80, server.rcv_nxt - 5000, client.rcv_nxt, ACK, 100)
    answers = [answer for _ in range(50) for answer in deliver(server, RTT * 2, [old])]
    assert len(answers) == 5


def test_a_fin_behind_a_closed_window_is_probed_too() -> None:
    client, server = pair({"receive_buffer": 4096, "receive_buffer_maximum": 4096})
    client.write(RTT * 2, bytes(4096))
    _run((client, server), RTT * 2, RTT * 2)
    now_ns = RTT * 3
    while server.receiver.window or client.in_flight:  # fill what is left, byte by byte
        client.write(now_ns, b"x")
        now_ns += RTT
        _run((client, server), now_ns, now_ns)
    client.close(now_ns)
    _run((client, server), now_ns, now_ns + 3000 * MS)
    assert server.state in (State.ESTABLISHED, State.CLOSE_WAIT)
    while server.read(now_ns + 3000 * MS):
        pass
    _run((client, server), now_ns + 3000 * MS, now_ns + 60_000 * MS)
    assert server.state is State.CLOSE_WAIT and client.state is State.FIN_WAIT_2


@pytest.mark.parametrize("asked", [0, 1, 40, 87])
def test_a_peer_may_not_ask_for_crumbs(asked: int) -> None:
    server = TcpConnection(80, 5000, 7, 1460, TcpParameters())
    server.open_passive(0, Segment(5000, 80, 1000, 0, SYN, 65535, options=Options(maximum_segment_size=asked)))
    (answer,) = server.take_segments()
    server.receive(RTT, Segment(5000, 80, 1001, answer.sequence + 1, ACK, 65535))
    server.write(RTT, bytes(1000))
    sizes = [len(segment.payload) for segment in server.take_segments()]
    assert sizes and min(sizes[:-1], default=88) >= 88


def test_a_close_before_the_handshake_is_done_waits_for_it() -> None:
    server = TcpConnection(80, 5000, 7, 1460, TcpParameters())
    server.open_passive(0, Segment(5000, 80, 1000, 0, SYN, 65535))
    (answer,) = server.take_segments()
    server.close(RTT // 2)
    assert server.state is State.SYN_RECEIVED and not server.take_segments()  # RFC 9293 §3.10.4
    (fin,) = deliver(server, RTT, [Segment(5000, 80, 1001, answer.sequence + 1, ACK, 65535)])
    assert fin.flags & FIN and server.state is State.FIN_WAIT_1


def test_the_user_timeout_counts_from_the_data_not_from_the_silence_before() -> None:
    client, server = pair()
    client.lifetime.user_timeout_ns = 3_000 * MS
    client.write(RTT * 2, b"hello")
    _run((client, server), RTT * 2, RTT * 4)
    later_ns = RTT * 4 + 3600 * 1000 * MS
    client.write(later_ns, b"again")
    client.take_segments()  # lost
    assert client.deadline_ns is not None
    client.on_timer(client.deadline_ns)
    assert client.state is State.ESTABLISHED
    _run((client, server), client.deadline_ns or later_ns, later_ns + 2_000 * MS)
    assert server.read(later_ns + 2_000 * MS) == b"helloagain"


def test_a_timeout_with_real_loss_is_not_undone() -> None:
    """RFC 5682 §2.1, step 3a: new data arrives, but the old is still missing."""
    client, server = pair({"timestamps": False, "rack": False})
    client.write(RTT * 2, bytes(1460 * 6))
    client.take_segments()  # all six are lost
    now_ns = client.deadline_ns
    assert now_ns is not None
    client.on_timer(now_ns)
    client.write(now_ns, bytes(1460 * 6))
    assert client.sender.recovery.mood is Mood.LOSS
    window = client.congestion.window
    for step in range(3):
        for answer in deliver(server, now_ns + step * RTT, client.take_segments()):
            client.receive(now_ns + step * RTT, answer)
        assert client.congestion.window <= window + 1460 * 2 * (step + 1)  # never back to what it was
    _run((client, server), now_ns + 3 * RTT, now_ns + 100 * RTT)
    assert len(server.read(now_ns + 100 * RTT)) == 1460 * 12


def test_a_closed_listener_leaves_nothing() -> None:
    cable = Cable()
    listener = cable.right.socket()
    listener.bind(("", 80))
    listener.listen(5)
    clients = [cable.left.socket() for _ in range(4)]
    for client in clients:
        with pytest.raises(BlockingIOError):
            client.connect(("10.0.0.2", 80))
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    listener.close()  # nobody has accepted them
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    assert not cable.right.tcp.endpoints
    for client in clients:
        with pytest.raises(ConnectionResetError):
            client.recv(10)


def test_an_accepted_socket_has_options_of_its_own() -> None:
    cable = Cable()
    listener = cable.right.socket()
    listener.bind(("", 80))
    listener.listen(5)
    client = cable.left.socket()
    with pytest.raises(BlockingIOError):
        client.connect(("10.0.0.2", 80))
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    accepted, _ = listener.accept()
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert not listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("value", [0, 256, 1000, -5])
def test_a_time_to_live_fits_its_field(value: int) -> None:
    with pytest.raises(OSError, match="time to live"):
        Cable().left.socket().setsockopt(socket.IPPROTO_IP, socket.IP_TTL, value)
