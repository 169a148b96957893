"""What a TCP of today does beyond RFC 793: options, recovery, defences.  Two connections, segments handed over by the test."""

from __future__ import annotations

import errno
import itertools
from typing import Any

import pytest

from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.fast_open import FastOpenCookies
from pressenter.host.tcp.parameters import Ecn, TcpParameters
from pressenter.host.tcp.recovery import Mood
from pressenter.host.tcp.sequence import add
from pressenter.host.tcp.states import State
from pressenter.host.tcp.syn_cookies import SynCookies
from pressenter.wire.tcp import ACK, CWR, ECE, FIN, RST, SYN, Options, Segment
from tests.host.tcp.test_connection import BY_THE_RFC, MS, exchange

RTT = 100 * MS


def pair(both: dict[str, Any] | None = None, **server_only: Any) -> tuple[TcpConnection, TcpConnection]:
    """A client and a server, connected after one round trip; no delayed tricks."""
    settings = {**BY_THE_RFC, "congestion_control": "reno", **(both or {})}
    client = TcpConnection(5000, 80, 1000, 1460, TcpParameters(**settings))
    server = TcpConnection(80, 5000, 2**32 - 5, 1460, TcpParameters(**{**settings, **server_only}))
    client.sender.no_delay = server.sender.no_delay = True
    client.open_active(0)
    (syn,) = client.take_segments()
    server.open_passive(RTT // 2, syn)
    (answer,) = server.take_segments()
    client.receive(RTT, answer)
    for segment in client.take_segments():
        server.receive(RTT * 3 // 2, segment)
    assert client.state is server.state is State.ESTABLISHED
    return client, server


def deliver(receiver: TcpConnection, now_ns: int, segments: list[Segment]) -> list[Segment]:
    """Hand segments over; what is answered."""
    for segment in segments:
        receiver.receive(now_ns, segment)
    return receiver.take_segments()


# ---- options (RFC 7323, RFC 2018) -------------------------------------------------------------


def test_both_ends_must_offer_an_option() -> None:
    for settings in ({"timestamps": False}, {"sack": False}, {"window_scaling": False}):
        client, server = pair(None, **settings)
        for connection in (client, server):
            assert connection.negotiation.timestamps == ("timestamps" not in settings)
            assert connection.sender.recovery.sack == ("sack" not in settings)
            assert (connection.receiver.scale > 0) == ("window_scaling" not in settings)


def test_timestamps_take_room_from_the_data_and_are_echoed() -> None:
    client, server = pair()
    client.write(RTT * 2, bytes(3000))
    segments = client.take_segments()
    assert [len(segment.payload) for segment in segments] == [1448, 1448, 104]
    stamp = segments[0].options.timestamp
    assert stamp is not None
    answers = deliver(server, RTT * 5 // 2, segments)
    assert answers[0].options.timestamp is not None and answers[0].options.timestamp[1] == stamp[0]


def test_an_old_segment_is_told_from_a_new_one_by_its_timestamp() -> None:
    client, server = pair()
    client.write(RTT * 2, b"first")
    (first,) = client.take_segments()
    server.receive(RTT * 3, first)
    server.take_segments()
    assert first.options.timestamp is not None
    value, echo = first.options.timestamp
    old = first._replace(
        sequence=server.rcv_nxt, payload=b"wrong", options=Options(timestamp=(value - 10, echo))
    )  # RFC 7323 §5: the same numbers, but from before
    (answer,) = deliver(server, RTT * 4, [old])
    assert answer.flags == ACK and server.read(RTT * 4) == b"first"


def test_sack_tells_what_waits_and_what_came_twice() -> None:
    client, server = pair()
    client.write(RTT * 2, bytes(1448 * 5))
    one, two, three, four, five = client.take_segments()
    (first,) = deliver(server, RTT * 3, [two])
    assert first.options.sack_blocks == ((two.sequence, add(two.sequence, 1448)),)
    (second,) = deliver(server, RTT * 3, [four])
    assert second.options.sack_blocks[0] == (four.sequence, add(four.sequence, 1448))
    (duplicate,) = deliver(server, RTT * 3, [two])
    assert duplicate.options.sack_blocks[:2] == ((two.sequence, add(two.sequence, 1448)),) * 2  # RFC 2883 §4
    (whole,) = deliver(server, RTT * 3, [one, three])[-1:]
    assert whole.acknowledgment == five.sequence and not whole.options.sack_blocks


# ---- recovery (RFC 6675, RFC 8985, RFC 5682, RFC 9937) -------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"rack": False}, {"sack": False}])
def test_two_holes_are_mended_within_a_round_trip_or_one_after_the_other(settings: dict[str, Any]) -> None:
    client, server = pair(settings)
    client.write(RTT * 2, bytes(1448 * 10))
    segments = client.take_segments()
    arriving = [segment for index, segment in enumerate(segments) if index not in (1, 4)]
    answers = deliver(server, RTT * 5 // 2, arriving)
    resent = deliver(client, RTT * 3, answers)
    again = [segment.sequence for segment in resent if segment.payload]
    expected = [segments[1].sequence] if "sack" in settings else [segments[1].sequence, segments[4].sequence]
    assert again == expected
    assert client.sender.recovery.mood is Mood.RECOVERY
    delivered = 2 if "sack" not in settings else 1  # the first answer tells of a second segment by SACK
    assert client.congestion.threshold == (10 + delivered) // 2 * client.sender.mss
    for answer in deliver(server, RTT * 7 // 2, resent):
        client.receive(RTT * 4, answer)
    exchange(client, server, RTT * 5)
    assert client.in_flight == 0 and len(server.read(RTT * 5)) == 1448 * 10


@pytest.mark.parametrize("sack", [True, False])
def test_when_a_gap_closes_the_leap_of_the_acknowledgment_is_no_growth(sack: bool) -> None:
    client, server = pair({"sack": sack})
    client.write(RTT * 2, bytes(1448 * 60))
    segments = client.take_segments()
    now_ns = RTT * 3
    segments = deliver(client, now_ns, deliver(server, now_ns, segments[1:]))  # the first is lost
    threshold, grown = client.congestion.threshold, []
    for _ in range(4):
        now_ns += RTT
        segments = deliver(client, now_ns, deliver(server, now_ns, segments))
        if client.sender.recovery.mood is Mood.OPEN:
            grown.append(client.congestion.window - threshold)
    assert grown[0] <= client.sender.mss  # nine segments were told of long before
    assert all(later - sooner <= client.sender.mss for sooner, later in itertools.pairwise(grown))
    assert grown[-1] > grown[0]


def test_a_loss_behind_the_recovery_that_ends_is_another_one() -> None:
    """It was sent again in the first recovery, but it had been sent only after that one began."""
    client, server = pair()
    client.write(RTT * 2, bytes(1448 * 40))
    first, *others = client.take_segments()
    sent = deliver(client, RTT * 3, deliver(server, RTT * 5 // 2, others))
    begins = [segment.sequence for segment in sent].index(first.sequence)  # before it, limited transmit
    copy, lost, *new = sent[begins:]
    resent = deliver(client, RTT * 4, deliver(server, RTT * 7 // 2, sent[:begins] + new))
    recovery = client.sender.recovery
    assert lost.sequence in [segment.sequence for segment in resent] and recovery.reductions == 1
    threshold = client.congestion.threshold
    deliver(client, RTT * 5, deliver(server, RTT * 9 // 2, [copy]))
    assert recovery.mood is Mood.RECOVERY and recovery.reductions == 2
    assert client.congestion.threshold < threshold


def test_a_lost_retransmission_is_noticed_too() -> None:
    client, server = pair()
    client.write(RTT * 2, bytes(1448 * 30))
    segments = client.take_segments()
    resent = deliver(client, RTT * 3, deliver(server, RTT * 5 // 2, segments[1:]))
    assert segments[0].sequence in [segment.sequence for segment in resent]
    rest = [segment for segment in resent if segment.sequence != segments[0].sequence]
    later = deliver(client, RTT * 4, deliver(server, RTT * 7 // 2, rest))  # the copy is lost, the rest arrives
    assert segments[0].sequence in [segment.sequence for segment in later]  # RACK: without a timeout
    assert client.sender.retries == 0


@pytest.mark.parametrize("covers_fin", [True, False])
def test_a_loss_just_before_the_fin_is_mended_without_a_timeout(covers_fin: bool) -> None:
    """Linux's SACK blocks cover a FIN that waits behind a gap, the BSDs' do not."""
    client, server = pair(None, sack_covers_fin=covers_fin)
    client.write(RTT * 2, bytes(1448 * 11 + 100))
    client.close(RTT * 2)  # the window holds the end back, so that data and FIN are one segment
    lost, last = deliver(client, RTT * 3, deliver(server, RTT * 5 // 2, client.take_segments()))[-2:]
    assert last.flags & FIN and last.payload
    answers = deliver(server, RTT * 7 // 2, [last])
    ((_, right),) = answers[0].options.sack_blocks
    assert right == add(last.sequence, len(last.payload) + covers_fin)
    deliver(client, RTT * 4, answers)
    deadline_ns = client.deadline_ns
    assert deadline_ns is not None and deadline_ns < RTT * 4 + client.round_trip.timeout_ns
    client.on_timer(deadline_ns)
    assert lost.sequence in [segment.sequence for segment in client.take_segments()]
    assert client.sender.retries == 0


def test_a_lost_tail_is_probed_before_the_timeout() -> None:
    client, server = pair()
    client.write(RTT * 2, bytes(1448 * 4))
    segments = client.take_segments()
    for answer in deliver(server, RTT * 5 // 2, segments[:2]):
        client.receive(RTT * 3, answer)
    client.take_segments()
    deadline_ns = client.deadline_ns
    assert deadline_ns is not None and deadline_ns < RTT * 3 + client.round_trip.timeout_ns
    client.on_timer(deadline_ns)
    (probe,) = client.take_segments()
    assert probe.sequence == segments[3].sequence  # RFC 8985 §7.3: the last of them
    assert client.congestion.in_slow_start  # nobody has panicked
    resent = deliver(client, deadline_ns + RTT, deliver(server, deadline_ns + RTT // 2, [probe]))
    assert [segment.sequence for segment in resent] == [segments[2].sequence]


def test_a_timeout_that_was_none_is_undone() -> None:
    """RFC 5682: the path was only slow for once."""
    client, server = pair({"rack": False})
    client.write(RTT * 2, bytes(1448 * 10))
    segments = client.take_segments()
    window = client.congestion.window
    late = deliver(server, RTT * 5 // 2, segments)
    assert client.deadline_ns is not None
    struck_ns = client.deadline_ns
    client.on_timer(struck_ns)
    client.take_segments()
    assert client.congestion.window == client.sender.mss and client.sender.recovery.mood is Mood.LOSS
    for answer in late:
        client.receive(struck_ns + 10 * MS, answer)
    assert client.sender.recovery.mood is Mood.OPEN
    assert client.congestion.window >= window


def test_reordering_is_not_taken_for_loss_for_ever() -> None:
    client, server = pair()
    now_ns = RTT * 2
    resent = 0
    for _ in range(6):
        client.write(now_ns, bytes(1448 * 8))
        segments = client.take_segments()
        answers = deliver(server, now_ns + RTT // 2, [*segments[4:], *segments[:4]])
        for answer in answers:
            client.receive(now_ns + RTT, answer)
        extra = [segment for segment in client.take_segments() if segment.payload]
        resent += len(extra)
        for answer in deliver(server, now_ns + RTT, extra):
            client.receive(now_ns + RTT * 3 // 2, answer)
        now_ns += 2 * RTT
        last = len(extra)
        server.read(now_ns)
    assert client.sender.recovery.rack.reordering_seen
    assert last == 0 < resent  # it has learnt to wait


# ---- ECN (RFC 3168) ----------------------------------------------------------------------------------


def test_a_marked_packet_slows_the_sender_without_a_loss() -> None:
    client, server = pair({"ecn": Ecn.ASK_AND_ANSWER})
    client.write(RTT * 2, bytes(1448 * 10))
    segments = client.take_segments()
    assert all(segment.ecn == 2 for segment in segments)
    window = client.congestion.window
    marked = [segments[0]._replace(ecn=3), *segments[1:]]
    answers = deliver(server, RTT * 5 // 2, marked)
    assert all(answer.flags & ECE for answer in answers)
    client.write(RTT * 3, bytes(1448 * 20))
    sent = deliver(client, RTT * 3, answers)
    assert client.sender.recovery.mood is Mood.REDUCED and client.congestion.threshold < window
    assert sent[0].flags & CWR or any(segment.flags & CWR for segment in sent)
    after = deliver(server, RTT * 7 // 2, sent)
    assert not after[-1].flags & ECE
    assert not client.sender.recovery.retransmitted


def test_ecn_needs_both_ends() -> None:
    client, server = pair({"ecn": Ecn.ASK_AND_ANSWER}, ecn=Ecn.OFF)
    assert not client.sender.ecn and not server.sender.ecn


# ---- Nagle, delayed acknowledgments, keepalive, user timeout ---------------------------------------------


def test_many_small_writes_make_few_segments() -> None:
    client, server = pair()
    client.sender.no_delay = False
    for _ in range(10):
        client.write(RTT * 2, b"0123456789")
    (first,) = client.take_segments()
    assert first.payload == b"0123456789"
    assert not deliver(server, RTT * 3, [first])  # its acknowledgment is delayed
    assert server.deadline_ns is not None
    server.on_timer(server.deadline_ns)
    (answer,) = server.take_segments()
    (rest,) = deliver(client, RTT * 4, [answer])
    assert rest.payload == b"0123456789" * 9


def test_keepalive_asks_and_gives_up() -> None:
    client, server = pair()
    client.lifetime.keepalive = True
    client.lifetime.idle_ns, client.lifetime.interval_ns, client.lifetime.count = 10_000 * MS, 1000 * MS, 3
    client.lifetime.watch(RTT * 2)
    assert client.deadline_ns is not None
    client.on_timer(client.deadline_ns)
    (probe,) = client.take_segments()
    assert add(probe.sequence, 1) == client.snd_una and not probe.payload
    (answer,) = deliver(server, 12_000 * MS, [probe])
    client.receive(12_000 * MS, answer)
    assert client.deadline_ns == 13_000 * MS or client.deadline_ns is not None
    probes = 0
    while client.state is State.ESTABLISHED:
        assert client.deadline_ns is not None
        client.on_timer(client.deadline_ns)
        probes += len(client.take_segments())
    assert probes == 4  # three that nobody answers, and a RST
    (closed,) = [notice for notice in client.take_notices() if notice.kind == "closed"]
    assert closed.error is not None and closed.error.errno == errno.ETIMEDOUT


def test_the_user_timeout_ends_what_is_not_acknowledged() -> None:
    client, _ = pair()
    client.lifetime.user_timeout_ns = 3_000 * MS
    client.write(RTT * 2, b"hello")
    last_ns = 0
    while client.state is State.ESTABLISHED:
        assert client.deadline_ns is not None
        last_ns = client.deadline_ns
        client.on_timer(last_ns)
        client.take_segments()
    assert 3_000 * MS <= last_ns - RTT * 2 < 8_000 * MS


# ---- defences ----------------------------------------------------------------------------------------------


def test_challenges_are_limited() -> None:
    client, server = pair({"challenges_per_second": 5})
    for _ in range(50):
        client.receive(RTT * 2, Segment(80, 5000, add(client.rcv_nxt, 77), 0, RST, 0))
    assert len(client.take_segments()) == 5
    assert server.state is State.ESTABLISHED


def test_an_acknowledgment_of_what_was_never_sent_is_not_believed() -> None:
    client, _ = pair()
    client.write(RTT * 2, b"hello")
    client.take_segments()
    una = client.sender.una
    future = Segment(80, 5000, client.rcv_nxt, add(client.snd_una, 100_000), ACK, 1000)
    (answer,) = deliver(client, RTT * 3, [future])
    assert answer.flags == ACK and client.sender.una == una


def test_syn_cookies_hold_the_segment_size_and_wear_out() -> None:
    cookies = SynCookies(b"key")
    cookie = cookies.make(1000 * MS, b"who", 77, 1460)
    assert cookies.check(2000 * MS, b"who", 77, cookie) == 1460
    assert cookies.check(2000 * MS, b"who", 78, cookie) is None
    assert cookies.check(2000 * MS, b"other", 77, cookie) is None
    assert cookies.check(200_000 * MS, b"who", 77, cookie) is None
    packed = cookies.pack_options(Options(1460, 7, True))
    assert cookies.unpack_options(packed | 0x1000, 1460, (1, 2)) == Options(1460, 7, True, (), (1, 2))


def test_a_client_remembers_cookies_and_refusals() -> None:
    cookies = FastOpenCookies()
    assert cookies.offer((b"server", 80)) == b""
    cookies.learn((b"server", 80), b"8 bytes.", False)
    assert cookies.offer((b"server", 80)) == b"8 bytes."
    cookies.learn((b"server", 80), None, True)
    assert cookies.offer((b"server", 80)) is None


def test_a_black_hole_is_found_by_what_gets_through() -> None:
    """Large segments vanish and no ICMP message says why."""
    client, server = pair()
    client.write(RTT * 2, bytes(5000))
    now_ns = RTT * 2
    for _ in range(60):
        small = [segment for segment in client.take_segments() if len(segment.payload) <= 1200]
        for answer in deliver(server, now_ns, small):
            client.receive(now_ns, answer)
        if client.in_flight == 0:
            break
        if client.deadline_ns is not None and not client.take_segments():
            now_ns = client.deadline_ns
            client.on_timer(now_ns)
    assert len(server.read(now_ns)) == 5000
    assert client.sender.mss == 1200


def test_data_in_the_syn_waits_for_the_cookie() -> None:
    parameters = TcpParameters(timer_tick_ns=1)
    client = TcpConnection(5000, 80, 1000, 1460, parameters)
    client.open_active(0, b"GET /", b"12345678")
    (syn,) = client.take_segments()
    assert syn.flags == SYN and syn.payload == b"GET /" and syn.options.fast_open == b"12345678"
    believer = TcpConnection(80, 5000, 1, 1460, parameters)
    believer.open_passive(0, syn, early=True)
    assert believer.read(0) == b"GET /"
    (answer,) = believer.take_segments()[:1]
    assert answer.acknowledgment == add(syn.sequence, 6)
    doubter = TcpConnection(80, 5000, 1, 1460, parameters)
    doubter.open_passive(0, syn._replace(payload=b""))
    (answer,) = doubter.take_segments()
    assert answer.acknowledgment == add(syn.sequence, 1)
    again = deliver(client, RTT, [answer])
    assert [segment.payload for segment in again if segment.payload] == [b"GET /"]


def test_time_wait_answers_a_late_fin_and_ignores_a_reset() -> None:
    client, server = pair()
    client.close(RTT * 2)
    exchange(client, server, RTT * 2)
    server.close(RTT * 3)
    (fin,) = [segment for segment in server.take_segments() if segment.flags & FIN]
    client.receive(RTT * 3, fin)
    client.take_segments()
    assert client.state is State.TIME_WAIT
    (answer,) = deliver(client, RTT * 4, [fin])
    assert answer.flags == ACK
    client.receive(RTT * 4, Segment(80, 5000, client.rcv_nxt, 0, RST, 0))
    assert client.state is State.TIME_WAIT  # RFC 1337
