"""BBR, and what it stands on: pacing, delivery rates, acknowledgments in bunches."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest

from pressenter.host.tcp.congestion.ack_aggregation import AckAggregation
from pressenter.host.tcp.congestion.bbr import Bbr, Mode
from pressenter.host.tcp.delivery_rate import DeliveryRate
from pressenter.host.tcp.pacer import Pacer
from pressenter.host.tcp.scoreboard import SentSegment
from pressenter.network.link import Faults
from tests.host.tcp.test_connection import MS
from tests.host.tcp.test_features import RTT, deliver, pair
from tests.networks import Cable

SECOND = 1000 * MS


class Seen(NamedTuple):
    """BBR at one moment: seconds, segments, bytes a second."""

    second: float
    mode: Mode
    window: int
    bandwidth: int


def states_of(cable: Cable, size: int, watch_s: float = 0.01, pause_s: float = 0) -> list[Seen]:
    """Fetch so many bytes with BBR, with a pause in the middle: how it was, again and again."""
    for host in (cable.left, cable.right):
        host.tcp.parameters.congestion_control = "bbr"
    seen: list[Seen] = []

    async def watch() -> None:
        while True:
            await asyncio.sleep(watch_s)
            for endpoint in cable.right.tcp.endpoints.values():
                bbr = endpoint.connection.congestion
                assert isinstance(bbr, Bbr)
                seen.append(Seen(cable.agenda.now_ns / 1e9, bbr.mode, bbr.window // bbr.segment_size, bbr.bandwidth))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        watcher = asyncio.create_task(watch())
        for _ in range(2):
            writer.write(bytes(size // 2))
            await writer.drain()
            await asyncio.sleep(pause_s)
        watcher.cancel()
        writer.close()

    async def fetch() -> None:
        reader, writer = await asyncio.open_connection("10.0.0.2", 80)
        assert len(await reader.read()) == size
        writer.close()

    cable.right.run(asyncio.start_server(serve, "0.0.0.0", 80))
    cable.left.run(fetch())
    return seen


def test_startup_ends_when_the_path_is_full_also_with_losses() -> None:
    """Lost segments fill the send buffer; that is not an application that has nothing to send."""
    seen = states_of(Cable(faults=Faults(loss=0.01), record=False), 10_000_000)
    modes = [each.mode for each in seen]
    assert modes[0] is Mode.STARTUP and Mode.DRAIN in modes and modes[-1] is Mode.PROBE_BW
    assert modes.count(Mode.STARTUP) < len(modes) * 0.5


def test_every_ten_seconds_the_path_is_emptied_to_see_the_round_trip() -> None:
    """Also if the same smallest round trip was seen meanwhile: it may be that of a queue that never empties."""
    seen = states_of(Cable(rate_bps=4_000_000, record=False), 6_000_000, 0.05)
    probing = [each for each in seen if each.mode is Mode.PROBE_RTT]
    assert 9.9 < probing[0].second < 10.6
    assert min(each.window for each in probing) == 4
    assert seen[-1].mode is Mode.PROBE_BW
    # What four segments in a round trip deliver is not the path's bandwidth.
    assert all(each.bandwidth == pytest.approx(4_000_000 / 8, rel=0.1) for each in seen if each.second > 1)


def test_a_long_pause_has_emptied_the_path_already() -> None:
    seen = states_of(Cable(rate_bps=20_000_000, record=False), 4_000_000, pause_s=12)
    assert seen[-1].second > 24
    assert not [each for each in seen if each.mode is Mode.PROBE_RTT]
    assert seen[-1].window > 30


# ---- pacing -------------------------------------------------------------------------------------------


def test_the_first_segments_are_not_paced_the_others_leave_at_the_rate() -> None:
    pacer = Pacer()
    rate, size = 1_000_000, 1000  # a millisecond for each
    assert all(pacer.allows(SECOND, size, rate, size) for _ in range(9 + 2))  # nine, and a burst of two
    assert not pacer.allows(SECOND, size, rate, size)
    assert pacer.wait_until_ns == SECOND + 2 * MS
    assert all(pacer.allows(SECOND + 2 * MS, size, rate, size) for _ in range(2))
    assert not pacer.allows(SECOND + 3 * MS, size, rate, size)


def test_after_a_late_burst_the_wait_is_shorter_by_half_at_most() -> None:
    for late_ns, wait_ns in ((200_000, 1_800_000), (SECOND, 1_000_000)):
        pacer = Pacer()
        for _ in range(9 + 2):
            pacer.allows(0, 1000, 1_000_000, 1000)
        now_ns = 2 * MS + late_ns
        assert all(pacer.allows(now_ns, 1000, 1_000_000, 1000) for _ in range(2))
        assert pacer.free_ns - now_ns == wait_ns


# ---- rates ----------------------------------------------------------------------------------------------


def test_a_pause_of_the_application_marks_what_follows() -> None:
    client, server = pair()
    client.write(RTT * 2, bytes(100))
    segments = client.take_segments()
    assert client.sender.recovery.scoreboard.head.limited
    answers = deliver(server, RTT * 3, segments)
    deliver(client, RTT * 4, answers)
    client.write(RTT * 5, bytes(100))
    assert client.sender.recovery.scoreboard.head.limited


def test_an_application_that_waits_for_room_does_not_pause() -> None:
    client, server = pair({"send_buffer": 4 * 1448, "send_buffer_maximum": 4 * 1448})
    now_ns = RTT * 2
    client.write(now_ns, bytes(1 << 20))
    for turn in range(6):
        answers = deliver(server, now_ns, client.take_segments())
        server.read(now_ns)
        now_ns += RTT
        deliver(client, now_ns, answers)
        client.write(now_ns, bytes(1 << 20))  # as it does when it hears that there is room
        limited = [segment.limited for segment in client.sender.recovery.scoreboard.segments()]
        assert limited and not any(limited), turn


def test_the_rate_is_that_of_the_segment_sent_last() -> None:
    """A copy that was sent again after new data is newer than that, though it lies before."""
    delivery = DeliveryRate()
    old, new = SentSegment(0, 1000, 0, b""), SentSegment(1000, 2000, 0, b"")
    delivery.on_send(0, old, True)
    delivery.on_send(MS, new, False)
    new.sent_ns = MS
    delivery.on_send(5 * MS, old, False)
    old.sent_ns = 5 * MS
    delivery.on_delivered(10 * MS, new)
    delivery.on_delivered(10 * MS, old)
    sample = delivery.sample(10 * MS, None)
    assert (sample.delivered, sample.interval_ns) == (2000, 10 * MS)
    assert delivery.sample(10 * MS, None).delivered == 0


def test_acknowledgments_in_bunches_are_allowed_on_top() -> None:
    bandwidth = 1_000_000  # a byte in a microsecond
    smooth, bunched = AckAggregation(), AckAggregation()
    for number in range(1, 401):
        now_ns = number * MS
        started = number % 20 == 0
        smooth.update(now_ns, 1000, bandwidth, 100_000, started)
        if number % 10 == 0:
            bunched.update(now_ns, 10_000, bandwidth, 100_000, started)
    assert smooth.excess(bandwidth) == 1000
    assert bunched.excess(bandwidth) == 10_000
    for number in range(420, 720):  # ten round trips after a pause all is forgotten
        bunched.update(number * MS, 1000, bandwidth, 100_000, number % 20 == 0)
    assert bunched.excess(bandwidth) == 1000
    assert bunched.excess(1000) == 100  # no more than comes in 100 ms
