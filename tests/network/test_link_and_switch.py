from __future__ import annotations

import pytest

from pressenter.network.link import Faults, Link, fibre_delay_ns
from pressenter.network.switch import AGEING_TIME_NS, Switch
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.address import BROADCAST_MAC, mac_bytes
from pressenter.wire.ethernet import add_fcs, build_frame
from pressenter.wire.port import Port
from tests.networks import tap


def frame(destination: bytes, source: bytes, size: int = 46) -> bytes:
    return add_fcs(build_frame(destination, source, 0x0800, bytes(size)))


A, B, C = (mac_bytes(f"02:00:00:00:00:0{n}") for n in (1, 2, 3))


class Wire:
    def __init__(self, **options: object) -> None:
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda)
        self.near, self.near_frames = tap("near")
        self.far, self.far_frames = tap("far")
        self.times: list[int] = []
        self.far.on_frame = lambda data: (self.far_frames.append(data), self.times.append(self.agenda.now_ns))
        settings: dict = {"rate_bps": 10**8, "delay_ns": 1000, "queue_bytes": 10_000} | options
        self.link = Link("wire", self.near, self.far, self.agenda, self.recorder, Randomness(3), **settings)


def test_a_frame_takes_serialization_and_propagation() -> None:
    wire = Wire()
    sent_ns = wire.near.transmit(frame(B, A, 1480))
    wire.agenda.run()
    bits = (1480 + 18 + 20) * 8
    assert sent_ns == bits * 10  # 100 Mbit/s: 10 ns for each bit
    assert wire.times == [bits * 10 + 1000]


def test_frames_queue_and_the_queue_is_bounded() -> None:
    wire = Wire()
    for _ in range(20):
        wire.near.transmit(frame(B, A, 1480))
    wire.agenda.run()
    gaps = {b - a for a, b in zip(wire.times, wire.times[1:], strict=False)}
    assert gaps == {(1480 + 38) * 80}
    assert 6 <= len(wire.far_frames) < 20
    drops = [event for event in wire.recorder.events if event.name == "link.drop"]
    assert len(drops) == 20 - len(wire.far_frames)
    assert drops[0].fields["reason"] == "queue full"


def test_directions_are_independent() -> None:
    wire = Wire()
    wire.near.transmit(frame(B, A, 1480))
    wire.far.transmit(frame(A, B, 46))
    wire.agenda.run()
    assert len(wire.near_frames) == len(wire.far_frames) == 1


def test_beijing_to_guangzhou() -> None:
    assert fibre_delay_ns(1967) == 9_835_000  # 9.8 ms one way


@pytest.mark.parametrize(("fault", "event"), [("loss", "link.lose"), ("duplicate", "link.duplicate"),
                                              ("reorder", "link.hold_back"), ("corrupt", "link.corrupt")])  # fmt: skip
def test_faults_happen_as_often_as_they_should_and_are_recorded(fault: str, event: str) -> None:
    wire = Wire(faults=Faults(**{fault: 0.3}), queue_bytes=10**9)
    for _ in range(1000):
        wire.near.transmit(frame(B, A))
    wire.agenda.run()
    count = sum(1 for item in wire.recorder.events if item.name == event)
    assert 230 < count < 370
    expected = {"loss": 1000 - count, "duplicate": 1000 + count}.get(fault, 1000)
    assert len(wire.far_frames) == expected
    if fault == "corrupt":
        assert sum(1 for data in wire.far_frames if data != frame(B, A)) == count


def test_a_port_takes_one_cable() -> None:
    wire = Wire()
    with pytest.raises(ValueError, match="already plugged in"):
        Link("second", wire.near, tap()[0], wire.agenda, wire.recorder, Randomness(1),
             rate_bps=1, delay_ns=0, queue_bytes=1)  # fmt: skip


class Hall:
    """A switch with three stations."""

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda)
        self.switch = Switch("switch", self.agenda, self.recorder)
        self.stations: list[Port] = []
        self.frames: list[list[bytes]] = []
        for number in range(3):
            station, frames = tap(f"station{number}")
            Link(f"link{number}", station, self.switch.add_port(str(number)), self.agenda, self.recorder, Randomness(1),
                 rate_bps=10**9, delay_ns=100, queue_bytes=10**6)  # fmt: skip
            self.stations.append(station)
            self.frames.append(frames)

    def send(self, station: int, data: bytes) -> list[int]:
        """Send a frame; returns how many frames have arrived at each station by it."""
        before = [len(frames) for frames in self.frames]
        self.stations[station].transmit(data)
        self.agenda.run()
        return [len(frames) - was for frames, was in zip(self.frames, before, strict=True)]


def test_unknown_and_broadcast_are_flooded_known_is_not() -> None:
    hall = Hall()
    assert hall.send(0, frame(B, A)) == [0, 1, 1]
    assert hall.send(1, frame(A, B)) == [1, 0, 0]  # the first frame taught the switch where A is
    assert hall.send(0, frame(B, A)) == [0, 1, 0]
    assert hall.send(0, frame(BROADCAST_MAC, A)) == [0, 1, 1]


def test_an_entry_ages() -> None:
    hall = Hall()
    hall.send(1, frame(A, B))
    hall.agenda.run(hall.agenda.now_ns + AGEING_TIME_NS + 1)
    assert hall.send(0, frame(B, A)) == [0, 1, 1]


def test_a_moved_station_is_found_again() -> None:
    hall = Hall()
    hall.send(1, frame(A, B))
    hall.send(2, frame(A, B))
    assert hall.send(0, frame(B, A)) == [0, 0, 1]


def test_a_damaged_frame_ends_in_the_switch_and_teaches_nothing() -> None:
    hall = Hall()
    damaged = bytearray(frame(B, A))
    damaged[30] ^= 4
    assert hall.send(0, bytes(damaged)) == [0, 0, 0]
    assert hall.switch.discarded == 1
    assert hall.switch.lookup(A) is None


def test_a_frame_for_its_own_segment_goes_nowhere() -> None:
    hall = Hall()
    hall.send(0, frame(C, A))
    assert hall.send(0, frame(A, B)) == [0, 0, 0]
