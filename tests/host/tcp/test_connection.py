"""One connection against another, without a network: segments are handed over by the test."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pressenter.host.tcp.congestion import AckSample, NewReno, initial_window
from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.receive_buffer import ReceiveBuffer
from pressenter.host.tcp.round_trip import RoundTripTime
from pressenter.host.tcp.sequence import add, distance, less
from pressenter.host.tcp.states import State
from pressenter.wire.tcp import ACK, FIN, PSH, RST, SYN, Segment

MS = 1_000_000
LINUX = TcpParameters()


#: What Linux does beyond the RFCs makes exact times and counts hard to see; it has its own tests.
BY_THE_RFC: dict[str, Any] = {
    "timer_tick_ns": 1, "timer_wheel": False, "sack_delay_ns": 0, "quick_acknowledgments": False, "grouped_segments": False
}  # fmt: skip


def pair(mss: int = 1460, **settings: Any) -> tuple[TcpConnection, TcpConnection]:
    """A client and a server, connected, without timestamps unless told otherwise."""
    parameters = TcpParameters(**{"timestamps": False, **BY_THE_RFC, **settings})
    client = TcpConnection(5000, 80, 1000, mss, parameters)
    server = TcpConnection(80, 5000, 2**32 - 5, mss, parameters)
    client.sender.no_delay = server.sender.no_delay = True
    client.open_active(0)
    (syn,) = client.take_segments()
    assert syn.flags == SYN and syn.options.maximum_segment_size == mss
    server.open_passive(0, syn)
    (syn_ack,) = server.take_segments()
    assert syn_ack.flags == SYN | ACK and syn_ack.acknowledgment == add(syn.sequence, 1)
    client.receive(10 * MS, syn_ack)
    (ack,) = client.take_segments()
    assert ack.flags == ACK
    server.receive(10 * MS, ack)
    assert client.state is server.state is State.ESTABLISHED
    return client, server


def exchange(a: TcpConnection, b: TcpConnection, now_ns: int) -> list[Segment]:
    """Hand segments over until both are silent; returns all of them."""
    passed = []
    while True:
        from_a, from_b = a.take_segments(), b.take_segments()
        if not from_a and not from_b:
            return passed
        passed += from_a + from_b
        for segment in from_a:
            b.receive(now_ns, segment)
        for segment in from_b:
            a.receive(now_ns, segment)


def test_three_segments_open_and_four_close() -> None:
    client, server = pair()
    client.close(20 * MS)
    fin = exchange(client, server, 20 * MS)
    assert [segment.flags & FIN for segment in fin] == [FIN, 0]
    assert (client.state, server.state) == (State.FIN_WAIT_2, State.CLOSE_WAIT)
    server.close(30 * MS)
    fin = exchange(client, server, 30 * MS)
    assert [segment.flags & FIN for segment in fin] == [FIN, 0]
    assert (client.state, server.state) == (State.TIME_WAIT, State.CLOSED)
    assert client.deadline_ns == 30 * MS + 60_000 * MS
    client.on_timer(client.deadline_ns)
    assert client.state is State.CLOSED
    assert client.deadline_ns is None and server.deadline_ns is None


def test_a_simultaneous_open() -> None:
    left, right = TcpConnection(1, 2, 100, 1460), TcpConnection(2, 1, 200, 1460)
    left.open_active(0)
    right.open_active(0)
    exchange(left, right, MS)
    assert left.state is right.state is State.ESTABLISHED


def test_a_simultaneous_close() -> None:
    client, server = pair()
    client.close(20 * MS)
    server.close(20 * MS)
    exchange(client, server, 20 * MS)
    assert client.state is server.state is State.TIME_WAIT


def test_a_request_is_cut_into_pieces_of_the_segment_size() -> None:
    client, server = pair()
    data = bytes(range(256)) * 20  # 5120 bytes
    assert client.write(20 * MS, data) == len(data)
    segments = client.take_segments()
    assert [len(segment.payload) for segment in segments] == [1460, 1460, 1460, 740]
    assert segments[-1].flags & PSH and not segments[0].flags & PSH
    for segment in segments:
        server.receive(20 * MS, segment)
    assert server.read(20 * MS) == data


def test_what_comes_out_of_order_waits() -> None:
    client, server = pair()
    client.write(20 * MS, bytes(3 * 1460))
    first, second, third = client.take_segments()
    server.receive(20 * MS, second)
    server.receive(20 * MS, third)
    assert server.receive_buffer.readable == 0
    duplicates = server.take_segments()
    assert [segment.acknowledgment for segment in duplicates] == [first.sequence] * 2
    server.receive(20 * MS, first)
    assert server.receive_buffer.readable == 3 * 1460


def test_three_duplicates_resend_one_segment_and_halve_the_window() -> None:
    client, server = pair(sack=False)
    client.write(20 * MS, bytes(8 * 1460))
    segments = client.take_segments()
    window = client.congestion.window
    for segment in segments[1:5]:  # the first duplicate also tells the scaled window, so four
        server.receive(30 * MS, segment)
    for duplicate in server.take_segments():
        client.receive(40 * MS, duplicate)
    resent = client.take_segments()
    assert resent[0].sequence == segments[0].sequence
    kinds = [(notice.kind, notice.facts.get("reason")) for notice in client.take_notices()]
    assert ("retransmit", "fast recovery") in kinds
    assert client.congestion.threshold < window
    for segment in [*resent, *segments[5:]]:
        server.receive(50 * MS, segment)
    exchange(client, server, 60 * MS)
    assert client.in_flight == 0
    assert len(server.read(70 * MS)) == 8 * 1460


def test_a_lost_segment_is_sent_again_after_the_timeout_and_then_later() -> None:
    client, _ = pair(rack=False)
    client.write(20 * MS, b"hello")
    client.take_segments()
    gaps, now_ns = [], 20 * MS
    for _ in range(4):
        deadline_ns = client.deadline_ns
        assert deadline_ns is not None
        client.on_timer(deadline_ns)
        (segment,) = client.take_segments()
        assert segment.payload == b"hello"
        gaps.append(deadline_ns - now_ns)
        now_ns = deadline_ns
    assert gaps[0] >= LINUX.minimum_timeout_ns
    assert gaps[1:] == [2 * gaps[0], 4 * gaps[0], 8 * gaps[0]]  # RFC 6298 §5.5
    assert client.congestion.window == 1460


def test_a_syn_that_nobody_answers_gives_up() -> None:
    client = TcpConnection(5000, 80, 1, 1460)
    client.open_active(0)
    sent = len(client.take_segments())
    while client.deadline_ns is not None:
        client.on_timer(client.deadline_ns)
        sent += len(client.take_segments())
    (closed,) = [notice for notice in client.take_notices() if notice.kind == "closed"]
    assert closed.error is not None and closed.error.errno == errno.ETIMEDOUT
    assert sent == 1 + LINUX.syn_retries


def test_a_closed_window_is_probed_and_opens() -> None:
    client, server = pair(receive_buffer=4096, receive_buffer_maximum=4096)
    client.write(20 * MS, bytes(20_000))
    exchange(client, server, 21 * MS)
    assert client.sender.window.size <= 1460
    now_ns = client.deadline_ns
    assert now_ns is not None
    client.on_timer(now_ns)
    exchange(client, server, now_ns)
    got = 0
    for step in range(200):
        got += len(server.read(now_ns + step * MS))
        exchange(client, server, now_ns + step * MS)
        for connection in (client, server):
            if connection.deadline_ns is not None and connection.deadline_ns <= now_ns + step * MS:
                connection.on_timer(now_ns + step * MS)
        if got == 20_000:
            break
        now_ns += 100 * MS
    assert got == 20_000


def test_a_reset_must_hit_exactly() -> None:
    client, server = pair()
    blind = Segment(80, 5000, add(client.rcv_nxt, 100), 0, RST, 0)
    client.receive(20 * MS, blind)
    assert client.state is State.ESTABLISHED  # RFC 5961 §3.2: challenged instead
    assert [segment.flags for segment in client.take_segments()] == [ACK]
    client.receive(20 * MS, blind._replace(sequence=client.rcv_nxt))
    assert client.state is State.CLOSED
    (closed,) = [notice for notice in client.take_notices() if notice.kind == "closed"]
    assert isinstance(closed.error, ConnectionResetError)
    assert server.state is State.ESTABLISHED


def test_a_syn_on_an_open_connection_is_challenged() -> None:
    client, _ = pair()
    client.receive(20 * MS, Segment(80, 5000, client.rcv_nxt, 0, SYN, 100))
    assert client.state is State.ESTABLISHED
    assert [segment.flags for segment in client.take_segments()] == [ACK]


def test_a_refused_connection() -> None:
    client = TcpConnection(5000, 80, 7, 1460)
    client.open_active(0)
    client.receive(MS, Segment(80, 5000, 0, 8, RST | ACK, 0))
    (closed,) = [notice for notice in client.take_notices() if notice.kind == "closed"]
    assert isinstance(closed.error, ConnectionRefusedError)


def test_a_smaller_path_sends_smaller_segments_again() -> None:
    client, server = pair()
    client.write(20 * MS, bytes(3000))
    client.take_segments()
    client.on_path_mtu(21 * MS, 576)
    assert max(len(segment.payload) for segment in client.take_segments()) == 536
    assert server.state is State.ESTABLISHED


def test_writing_after_close_is_an_error() -> None:
    client, _ = pair()
    client.close(20 * MS)
    with pytest.raises(BrokenPipeError):
        client.write(21 * MS, b"x")


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**31 - 1))
def test_sequence_numbers_wrap(start: int, amount: int) -> None:
    end = add(start, amount)
    assert distance(start, end) == amount
    assert less(start, end) == (amount > 0)


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=30))
def test_the_timeout_stays_within_its_limits(samples: list[int]) -> None:
    round_trip = RoundTripTime(LINUX)
    for number, sample in enumerate(samples):
        round_trip.measure(0, sample, sample, number, number + 5)
        assert LINUX.minimum_timeout_ns <= round_trip.timeout_ns <= LINUX.maximum_timeout_ns
    for _ in range(20):
        round_trip.back_off()
    assert round_trip.timeout_ns == LINUX.maximum_timeout_ns


def test_rfc_6298_by_hand() -> None:
    round_trip = RoundTripTime(LINUX)
    round_trip.measure(0, 100 * MS, 100 * MS, 1, 10)
    assert (round_trip.smoothed_ns, round_trip.variation_ns, round_trip.timeout_ns) == (100 * MS, 50 * MS, 300 * MS)
    round_trip.measure(0, 180 * MS, 180 * MS, 2, 10)
    assert (round_trip.smoothed_ns, round_trip.variation_ns) == (110 * MS, 57_500_000)
    assert round_trip.timeout_ns == 340 * MS


def test_the_timeout_falls_once_in_a_round_trip_and_round_trips_that_shorten_count_less() -> None:
    """Each acknowledgment is a sample; the variation must not be forgotten within one round trip (RFC 7323 G)."""
    round_trip = RoundTripTime(LINUX)
    timeouts_ms = []
    for una in range(1, 32):
        round_trip.measure(0, 400 * MS, 400 * MS, una, una + 9)
        timeouts_ms.append(round_trip.timeout_ns / MS)
    assert timeouts_ms == [1200] * 20 + [1050] * 10 + [937.5]
    assert round_trip.variation_ns < MS  # of the acknowledgments, long forgotten
    round_trip.measure(0, 100 * MS, 100 * MS, 32, 40)
    assert round_trip.variation_ns == pytest.approx(300 * MS // 32, rel=0.01)


def test_slow_start_doubles_and_avoidance_adds_one() -> None:
    reno, sample = NewReno(1000), AckSample()
    sample.delivered = 1000
    assert reno.window == initial_window(1000) == 10_000
    for _ in range(10):
        reno.on_acknowledged(sample)
    assert reno.window == 20_000
    reno.begin_reduction(sample)
    reno.on_timeout(sample)
    assert (reno.window, reno.threshold) == (1000, 10_000)
    while reno.window < reno.threshold:
        reno.on_acknowledged(sample)
    before = reno.window
    for _ in range(before // 1000):
        reno.on_acknowledged(sample)
    assert reno.window == before + 1000


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=200), st.lists(st.tuples(st.integers(0, 199), st.integers(1, 60)), max_size=60))
def test_any_order_of_pieces_makes_the_stream(data: bytes, pieces: list[tuple[int, int]]) -> None:
    buffer = ReceiveBuffer(1000)
    readable = 0
    for start, length in pieces:
        readable += buffer.add(start, data[start : start + length], 1000)
    for start in range(0, len(data), 7):
        readable += buffer.add(start, data[start : start + 7], 1000)
    assert readable == len(data)
    assert buffer.read(1000) == data
    assert not buffer.has_gap


def test_after_timeouts_at_both_ends_the_acknowledgments_still_meet() -> None:
    """Both send, all acknowledgments are lost, both timers strike: it must not go on for ever."""
    client, server = pair()
    for connection in (client, server):
        connection.write(20 * MS, bytes(4 * 1460))
    from_client, from_server = client.take_segments(), server.take_segments()
    for segment in from_client:
        server.receive(30 * MS, segment)
    for segment in from_server:
        client.receive(30 * MS, segment)
    client.take_segments(), server.take_segments()  # lost
    for connection in (client, server):
        assert connection.deadline_ns is not None
        connection.on_timer(connection.deadline_ns + 1000 * MS)
    passed = exchange(client, server, 5000 * MS)
    assert len(passed) < 30
    assert client.in_flight == server.in_flight == 0


def test_a_reset_after_a_timeout_is_believed() -> None:
    client, server = pair()
    client.write(20 * MS, bytes(10 * 1460))
    for segment in client.take_segments():
        server.receive(30 * MS, segment)
    server.take_segments()  # lost
    assert client.deadline_ns is not None
    client.on_timer(client.deadline_ns)
    client.take_segments()
    client.abort()
    for segment in client.take_segments():
        server.receive(900 * MS, segment)
    assert server.state is State.CLOSED


def test_a_peer_that_answers_probes_is_waited_for_and_resumes_at_once() -> None:
    client, server = pair(receive_buffer=8192, receive_buffer_maximum=8192)
    client.write(20 * MS, bytes(100_000))
    now_ns = 20 * MS
    exchange(client, server, now_ns)
    while server.deadline_ns is not None:  # delayed acknowledgments
        now_ns = server.deadline_ns
        server.on_timer(now_ns)
        exchange(client, server, now_ns)
    for _ in range(40):  # an hour and more of probes
        assert client.deadline_ns is not None
        now_ns = client.deadline_ns
        client.on_timer(now_ns)
        exchange(client, server, now_ns)
    assert client.state is State.ESTABLISHED and now_ns > 3600 * 1000 * MS
    got = len(server.read(now_ns))
    resumed_ns = now_ns
    while got < 100_000:
        exchange(client, server, now_ns)
        got += len(server.read(now_ns))
        if server.deadline_ns is not None:
            now_ns = server.deadline_ns
            server.on_timer(now_ns)
    assert now_ns - resumed_ns < 2000 * MS  # no timeout of the sender's in between


def test_the_segment_that_closes_a_gap_is_acknowledged_at_once() -> None:
    client, server = pair()
    client.write(20 * MS, bytes(2 * 1460))
    first, second = client.take_segments()
    server.receive(20 * MS, second)
    server.take_segments()
    server.receive(20 * MS, first)
    (ack,) = server.take_segments()
    assert ack.acknowledgment == add(second.sequence, 1460)


def test_an_orphan_does_not_wait_for_ever_in_fin_wait_2() -> None:
    client, server = pair()
    client.orphaned = True
    client.close(20 * MS)
    exchange(client, server, 20 * MS)
    assert client.state is State.FIN_WAIT_2
    assert client.deadline_ns is not None
    client.on_timer(client.deadline_ns)
    assert client.state is State.CLOSED and client.deadline_ns is None


def test_the_first_timeout_after_a_lost_syn_is_careful() -> None:
    plain = TcpParameters(timestamps=False)
    client, server = TcpConnection(1, 2, 100, 1460, plain), TcpConnection(2, 1, 200, 1460, plain)
    client.open_active(0)
    client.take_segments()
    assert client.deadline_ns is not None
    client.on_timer(client.deadline_ns)
    server.open_passive(1010 * MS, client.take_segments()[0])
    exchange(client, server, 1020 * MS)
    assert client.state is State.ESTABLISHED
    assert client.round_trip.timeout_ns == 3000 * MS  # RFC 6298 §5.7
    assert client.congestion.window == initial_window(1460)  # RFC 5681 §3.1
