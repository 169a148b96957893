from __future__ import annotations

from pressenter.machine.costs import Costs
from pressenter.machine.interrupts import InterruptController
from pressenter.machine.network_card import RING_SIZE, NetworkCard
from pressenter.network.link import Link
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.address import BROADCAST_MAC, mac_bytes
from pressenter.wire.ethernet import add_fcs, build_frame, fcs_is_right
from tests.networks import tap

OWN, OTHER = mac_bytes("02:00:00:00:00:01"), mac_bytes("02:00:00:00:00:02")


class Bench:
    def __init__(self) -> None:
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda)
        costs = Costs()
        self.interrupts = InterruptController("pc", self.agenda, self.recorder, costs)
        self.card = NetworkCard("pc", "eth0", OWN, 24, self.agenda, self.recorder, self.interrupts, costs)
        self.port, self.frames = tap()
        Link("cable", self.card.port, self.port, self.agenda, self.recorder, Randomness(1),
             rate_bps=10**9, delay_ns=1000, queue_bytes=1 << 20)  # fmt: skip
        self.received: list[bytes] = []
        self.card.deliver = self.received.append


def frame(destination: bytes, payload: bytes = b"x") -> bytes:
    return build_frame(destination, OTHER, 0x0800, payload)


def test_a_sent_frame_has_its_fcs_and_completion_interrupts() -> None:
    bench = Bench()
    assert bench.card.transmit(frame(OTHER))
    bench.agenda.run()
    assert len(bench.frames) == 1 and fcs_is_right(bench.frames[0])
    assert bench.interrupts.count(24) == 1
    assert bench.card.statistics["sent"] == 1


def test_a_received_frame_is_delivered_without_fcs_after_an_interrupt() -> None:
    bench = Bench()
    bench.port.transmit(add_fcs(frame(OWN)))
    bench.port.transmit(add_fcs(frame(BROADCAST_MAC)))
    bench.agenda.run()
    assert bench.received == [frame(OWN), frame(BROADCAST_MAC)]
    assert bench.interrupts.count(24) >= 1


def test_frames_for_others_and_damaged_frames_are_not_delivered() -> None:
    bench = Bench()
    bench.port.transmit(add_fcs(frame(mac_bytes("02:00:00:00:00:09"))))
    damaged = bytearray(add_fcs(frame(OWN)))
    damaged[20] ^= 1
    bench.port.transmit(bytes(damaged))
    bench.agenda.run()
    assert bench.received == []
    assert bench.card.statistics["not_for_us"] == 1
    assert bench.card.statistics["bad_fcs"] == 1


def test_a_short_frame_does_not_overtake_a_long_one() -> None:
    bench = Bench()
    bench.port.medium.rate_bps = 10**11  # type: ignore[union-attr]
    bench.port.transmit(add_fcs(frame(OWN, bytes(1500))))
    bench.port.transmit(add_fcs(frame(OWN)))
    bench.agenda.run()
    assert [len(data) for data in bench.received] == [1514, 60]


def test_a_runt_is_dropped() -> None:
    bench = Bench()
    bench.port.transmit(add_fcs(OWN + OTHER + b"\x08\x00"))
    bench.agenda.run()
    assert bench.received == [] and bench.card.statistics["bad_fcs"] == 1


def test_a_full_transmit_ring_refuses() -> None:
    bench = Bench()
    accepted = [bench.card.transmit(frame(OTHER, bytes(1400))) for _ in range(RING_SIZE + 5)]
    assert accepted.count(False) == 5
    bench.agenda.run()
    assert len(bench.frames) == RING_SIZE
    assert bench.card.transmit(frame(OTHER))


def test_frames_that_come_together_share_an_interrupt() -> None:
    bench = Bench()
    for _ in range(50):
        bench.port.transmit(add_fcs(frame(OWN)))
    bench.agenda.run()
    assert len(bench.received) == 50
    assert bench.interrupts.count(24) < 50
