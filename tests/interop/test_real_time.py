"""A world beside the real clock: being late does not add up."""

from __future__ import annotations

import itertools
import socket
import time
from typing import Any

from pressenter.bridge import RealTime
from pressenter.network.link import Link
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.port import Port


class SlowDevice:
    """Stands where a TAP device does: the kernel behind it takes a while for each frame, and answers it."""

    def __init__(self, agenda: Agenda, takes_seconds: float) -> None:
        self.agenda = agenda
        self.port = Port("kernel", "tap0", self._to_kernel)
        self.written = 0
        self.arrivals_ns: list[int] = []
        self._takes_seconds = takes_seconds
        self._answers: list[bytes] = []
        self._ours, self._theirs = socket.socketpair()

    def fileno(self) -> int:
        return self._ours.fileno()

    def _to_kernel(self, frame: bytes) -> None:
        self.written += 1
        self.arrivals_ns.append(self.agenda.now_ns)
        time.sleep(self._takes_seconds)
        self._answers.append(frame)
        self._theirs.send(b"!")

    def take_frames(self) -> int:
        taken, self._answers = self._answers, []
        for frame in taken:
            self._ours.recv(1)
            self.port.transmit(frame)
        return len(taken)

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()


def round_trips(delay_ns: int, *, stands_still: bool = False) -> tuple[set[int], float]:
    """A frame goes to and fro ten times, and 3 ms pass at each end: its round trips, and how many seconds that took."""
    agenda = Agenda()
    ends = [SlowDevice(agenda, 0.003) for _ in range(2)]
    Link("cable", ends[0].port, ends[1].port, agenda, Recorder(agenda, False), Randomness(1),
         rate_bps=1_000_000_000, delay_ns=delay_ns, queue_bytes=1 << 20)  # fmt: skip
    devices: Any = ends
    began = time.monotonic()  # the clock of the next begins now
    real_time = RealTime(agenda, devices, stands_still=stands_still)
    ends[0].port.transmit(bytes(60))
    real_time.run(lambda: len(ends[0].arrivals_ns) >= 10)
    took = time.monotonic() - began
    for end in ends:
        end.close()
    arrivals = ends[0].arrivals_ns
    return {later - earlier for earlier, later in itertools.pairwise(arrivals)}, took


def test_an_answer_has_the_time_of_what_it_answers() -> None:
    """What passes at the ends is not in the round trips."""
    trips, took = round_trips(10_000_000)
    assert len(trips) == 1
    assert 20_000_000 <= trips.pop() < 20_010_000
    assert took >= 0.2  # and virtual time is not ahead of the clock


def test_virtual_time_can_stand_still_while_the_world_is_late() -> None:
    """The ends take longer for a frame than it is under way; that is no part of the round trip, nor made up for."""
    trips, took = round_trips(1_000_000, stands_still=True)
    assert len(trips) == 1 and 2_000_000 <= trips.pop() < 2_010_000
    assert took > 0.003 * 2 * 9  # a good deal more than those nine round trips of 2 ms
