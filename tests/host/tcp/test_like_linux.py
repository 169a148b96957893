"""What Linux does beyond the RFCs: quick and gathered acknowledgments, groups of segments, a wheel of timers."""

from __future__ import annotations

import pytest

from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.recovery import Mood
from pressenter.host.tcp.segment_groups import waits_for_more_window
from pressenter.host.tcp.timer_wheel import strikes_at
from pressenter.wire.tcp import PSH, Segment
from tests.host.tcp.test_connection import MS
from tests.host.tcp.test_features import RTT, deliver, pair

# ---- acknowledgments ------------------------------------------------------------------------------


def arrivals(server: TcpConnection, client: TcpConnection, now_ns: int, count: int) -> int:
    """So many full segments reach the server one by one; how many acknowledgments that brings."""
    answers = 0
    client.congestion.window = 1 << 20
    for _ in range(count):
        client.write(now_ns, bytes(client.sender.mss))
        (segment,) = client.take_segments()
        answered = deliver(server, now_ns, [segment._replace(flags=segment.flags & ~PSH)])
        server.read(now_ns)
        answered += server.take_segments()
        answers += len(answered)
        for answer in answered:
            client.receive(now_ns, answer)
    return answers


def test_the_first_segments_are_acknowledged_one_by_one_then_every_second() -> None:
    client, server = pair({"quick_acknowledgments": True})
    client.congestion.window = 1 << 20
    client.write(RTT * 2, bytes(client.sender.mss * 40))
    counts = [len(deliver(server, RTT * 2, [segment])) for segment in client.take_segments()]
    assert counts[:16] == [1] * 16
    assert counts[16:] == [0, 1] * 12
    receiver = server.receiver.delayed_ack
    assert receiver.quick == 0 and not receiver.interactive


def test_after_a_pause_they_are_quick_again() -> None:
    client, server = pair({"quick_acknowledgments": True})
    assert arrivals(server, client, RTT * 2, 20) < 20
    assert server.receiver.delayed_ack.quick == 0
    later = RTT * 2 + 2 * server.receiver.timeout_ns
    assert arrivals(server, client, later, 4) == 4


def test_what_came_twice_makes_them_quick_again() -> None:
    client, server = pair({"quick_acknowledgments": True})
    client.congestion.window = 1 << 20
    client.write(RTT * 2, bytes(client.sender.mss * 20))
    segments = client.take_segments()
    deliver(server, RTT * 2, segments)
    server.read(RTT * 2)
    server.take_segments()
    assert server.receiver.delayed_ack.quick == 0
    deliver(server, RTT * 2, [segments[-1]])
    assert server.receiver.delayed_ack.quick > 0
    assert arrivals(server, client, RTT * 2, 2) == 2


def test_an_answer_carries_the_acknowledgment() -> None:
    """Question and answer in turn: from the second on, no acknowledgment goes on its own."""
    client, server = pair({"quick_acknowledgments": True})
    alone = []
    for turn in range(2, 5):
        now_ns = RTT * turn
        client.write(now_ns, b"ls\n")
        (question,) = client.take_segments()
        alone.append(len(deliver(server, now_ns, [question])))
        server.read(now_ns)
        server.write(now_ns, b"a b c\n")
        (answer,) = [segment for segment in server.take_segments() if segment.payload]
        deliver(client, now_ns + MS, [answer])
        client.read(now_ns + MS)
        client.take_segments()
    assert alone == [1, 0, 0]


@pytest.mark.parametrize("interactive", [False, True])
def test_who_has_read_all_that_was_pushed_acknowledges(interactive: bool) -> None:
    client, server = pair({"quick_acknowledgments": True})
    arrivals(server, client, RTT * 2, 20)
    server.take_segments()
    client.write(RTT * 2, b"the end")
    (last,) = client.take_segments()
    assert last.flags & PSH
    server.receiver.delayed_ack.interactive = interactive
    assert not deliver(server, RTT * 2, [last])
    server.read(RTT * 2, 3)
    assert not server.take_segments()  # there is more to read
    server.read(RTT * 2)
    assert len(server.take_segments()) == (0 if interactive else 1)


def behind_a_gap(count: int, **settings: bool) -> tuple[TcpConnection, list[Segment], list[int]]:
    """A server to which a segment comes, and so many after another that is lost.

    Returns it, the lost one, and how many acknowledgments each of those behind it has brought at once.
    """
    client, server = pair({"sack_delay_ns": MS, "receive_buffer": 1 << 20, **settings})
    client.congestion.window = client.sender.window.size = 1 << 20
    client.write(RTT * 2, bytes(client.sender.mss * (count + 2)))
    first, lost, *others = client.take_segments()
    deliver(server, RTT * 2, [first])
    return server, [lost], [len(deliver(server, RTT * 2, [segment])) for segment in others]


def test_behind_a_gap_three_are_told_at_once_and_the_others_together() -> None:
    server, lost, answers = behind_a_gap(19)
    assert answers == [1, 1, 1] + [0] * 16
    due_ns = RTT * 2 + server.parameters.sack_delay_ns  # a twentieth of the round trip would be longer
    assert server.deadline_ns == due_ns
    server.on_timer(due_ns)
    (answer,) = server.take_segments()
    ((left, right), *_) = answer.options.sack_blocks
    assert (right - left) % 2**32 == 19 * 1448
    server.on_timer(due_ns)
    assert not server.take_segments()
    assert len(deliver(server, due_ns, lost)) == 1  # RFC 5681 §4.2


def test_not_more_than_44_are_gathered() -> None:
    _, _, answers = behind_a_gap(100)
    assert answers == [1] * 3 + [0] * 44 + [1] + [0] * 44 + [1] + [0] * 7


def test_that_gathered_ones_go_says_nothing_of_the_application() -> None:
    server, _, _ = behind_a_gap(20)
    server.receiver.delayed_ack.interactive = True
    server.on_timer(RTT * 2 + server.parameters.sack_delay_ns)
    assert server.take_segments() and server.receiver.delayed_ack.interactive


def test_nothing_is_gathered_while_acknowledgments_are_quick_and_each_counts() -> None:
    server, _, answers = behind_a_gap(30, quick_acknowledgments=True)
    quick = server.receiver.delayed_ack.quick
    assert not quick and answers == [1] * (15 + 3) + [0] * 12


def test_probes_of_a_closed_window_are_answered_at_once() -> None:
    """They are in order; it is room that is missing, not an earlier byte."""
    client, server = pair(
        {"sack_delay_ns": MS, "receive_buffer": 2 * 1460, "window_scaling": False, "timestamps": False}
    )
    client.congestion.window = 1 << 20
    client.write(RTT * 2, bytes(10 * 1460))
    segments = client.take_segments()
    for _ in range(3):
        segments = deliver(client, RTT * 2, deliver(server, RTT * 2, segments))
    assert client.sender.window.size == 0
    for _ in range(6):
        assert client.deadline_ns is not None
        now_ns = client.deadline_ns
        client.on_timer(now_ns)
        (probe,) = client.take_segments()
        assert len(probe.payload) == 1
        (answer,) = deliver(server, now_ns, [probe])
        deliver(client, now_ns, [answer])


def test_an_application_may_ask_for_quick_acknowledgments() -> None:
    client, server = pair({"quick_acknowledgments": True})
    arrivals(server, client, RTT * 2, 20)
    server.take_segments()
    assert arrivals(server, client, RTT * 2, 1) == 0
    server.set_quick_acknowledgments(RTT * 2, True)
    assert len(server.take_segments()) == 1
    server.set_quick_acknowledgments(RTT * 2, True)
    assert not server.take_segments()  # nothing waits
    assert arrivals(server, client, RTT * 2, 1) == 0
    server.set_quick_acknowledgments(RTT * 2, False)
    assert server.receiver.delayed_ack.interactive and not server.take_segments()


# ---- groups of segments ---------------------------------------------------------------------------


def test_small_openings_of_the_window_are_gathered() -> None:
    """Each acknowledgment frees one segment; nothing is sent until a third of the window is free."""
    client, server = pair({"grouped_segments": True})
    client.congestion.threshold = client.congestion.window = 9 * client.sender.mss
    client.sender.round_trip.smoothed_ns = 1_500_000
    begin = RTT * 2
    client.write(begin, bytes(client.sender.mss * 40))
    first = client.take_segments()
    assert len(first) == 9 and first[-1].flags & PSH and sum(bool(segment.flags & PSH) for segment in first) == 2
    server.receiver.mss = client.sender.mss // 2  # acknowledges each
    sent = []
    for number, segment in enumerate(first[:6]):
        (answer,) = deliver(server, begin, [segment])
        sent.append(len(deliver(client, begin + 900_000 + number * 10_000, [answer])))
    assert sent[:2] == [0, 0]
    assert sum(sent) >= 6
    assert all(count in (0, 3, 4) for count in sent)


def test_where_the_path_is_idle_nothing_waits() -> None:
    client, server = pair({"grouped_segments": True})
    client.congestion.threshold = client.congestion.window = 9 * client.sender.mss
    client.write(RTT * 2, bytes(client.sender.mss * 40))
    first = client.take_segments()
    (answer,) = deliver(server, RTT * 5 // 2, first[:2])
    assert len(deliver(client, RTT * 3, [answer])) >= 2  # 100 ms after the last


def test_when_a_sender_waits_for_more_window() -> None:
    client, _ = pair({"grouped_segments": True})
    recovery, mss = client.sender.recovery, client.sender.mss
    recovery.round_trip.smoothed_ns = 2 * MS
    client.write(RTT * 2, bytes(mss))
    client.take_segments()
    last_ns = RTT * 2 + MS  # something else was sent; the first is acknowledged a millisecond later

    def waits(now_ns: int = last_ns, sendable: int = 2 * mss, group: int = 20 * mss) -> bool:
        return waits_for_more_window(now_ns, recovery, sendable, group, 9 * mss, last_ns)

    assert waits()
    assert not waits(sendable=3 * mss)  # a third of the window
    assert not waits(group=2 * mss)  # a whole group
    assert not waits(now_ns=last_ns - 1)  # the acknowledgment is farther off than half a round trip
    assert waits(now_ns=last_ns + MS)
    assert not waits(now_ns=last_ns + MS + 1)  # the path is idle
    for mood in (Mood.RECOVERY, Mood.LOSS):
        recovery.mood = mood
        assert not waits()
    for mood in (Mood.DISORDER, Mood.REDUCED):
        recovery.mood = mood
        assert waits()


# ---- the wheel ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now_ms", "delay_ms", "strikes_ms"),
    [
        (0, 1, 8),  # a tick, and the one after it
        (3, 1, 8),
        (4, 1, 12),
        (0, 40, 44),  # a delayed acknowledgment
        (3, 201, 208),  # the shortest timeout
        (0, 252, 256),  # 63 ticks: the second ring
        (100, 300, 416),
        (0, 2016, 2048),  # 504 ticks: the third
    ],
)
def test_timers_strike_where_linux_has_them(now_ms: int, delay_ms: int, strikes_ms: int) -> None:
    assert strikes_at(TcpParameters(), now_ms * MS, delay_ms * MS) == strikes_ms * MS


def test_without_a_wheel_it_is_the_next_tick() -> None:
    parameters = TcpParameters(timer_wheel=False)
    assert strikes_at(parameters, MS, 300 * MS) == 304 * MS
    assert strikes_at(parameters, 0, 300 * MS) == 300 * MS
