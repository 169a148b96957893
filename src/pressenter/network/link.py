"""A link: a cable between two ports, with a rate, a length and a bounded queue.

Each direction works alone (full duplex).  A frame waits until those before it
have left, is sent bit after bit at the link's rate, and arrives one propagation
delay after its last bit has left::

    transmit            start        last bit leaves        last bit arrives
       |---- queueing ----|---- serialization ----|---- propagation ----|

The queue is not a data structure: how many bytes wait follows from the time at
which the direction falls idle.  So a frame costs one agenda entry for each hop.

Light in fibre covers about 200,000 km in a second (refractive index 1.5), so a
kilometre is 5 microseconds.

A link can be told to misbehave, each direction by a random stream of its own:
lose, duplicate, hold back (reorder) or damage frames (one flipped bit).  What
it does to a frame is recorded.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.ethernet import MTU, OVERHEAD_ON_WIRE
from pressenter.wire.large_segment import bytes_on_wire, is_large, segment_bytes, split
from pressenter.wire.port import Port

__all__ = ["FIBRE_KM_PER_SECOND", "Faults", "Link", "fibre_delay_ns"]

FIBRE_KM_PER_SECOND = 200_000


def fibre_delay_ns(kilometres: float) -> int:
    """Propagation delay of a fibre of this length, in nanoseconds."""
    return round(kilometres * 1_000_000_000 / FIBRE_KM_PER_SECOND)


class Faults(NamedTuple):
    """Probabilities, from 0 to 1, of what may befall a frame."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0
    #: How long a reordered frame is held back.
    reorder_delay_ns: int = 5_000_000


class _Direction:
    """One way of a link."""

    __slots__ = ("dropped", "faults", "idle_at_ns", "perfect", "randomness", "target")

    def __init__(self, target: Port, randomness: random.Random, faults: Faults) -> None:
        self.target = target
        self.faults = faults
        self.perfect = not any(faults[:4])
        self.idle_at_ns = 0
        self.randomness = randomness
        self.dropped = 0


class Link:
    """A full-duplex cable; both its ports are plugged in on construction."""

    def __init__(
        self,
        name: str,
        first: Port,
        second: Port,
        agenda: Agenda,
        recorder: Recorder,
        randomness: Randomness,
        *,
        rate_bps: int,
        delay_ns: int,
        queue_bytes: int,
        faults: Faults = Faults(),
        mtu: int = MTU,
    ) -> None:
        self.name = name
        self.ends = (first, second)
        self.agenda = agenda
        self.recorder = recorder
        self.rate_bps = rate_bps
        self.delay_ns = delay_ns
        self.queue_bytes = queue_bytes
        self.mtu = mtu
        self.up = True
        self._directions = {
            first: _Direction(second, randomness.stream(f"link/{name}/{first}"), faults),
            second: _Direction(first, randomness.stream(f"link/{name}/{second}"), faults),
        }
        for port in self.ends:
            if port.medium is not None:
                raise ValueError(f"port {port} is already plugged in")
            port.medium = self

    @property
    def faults(self) -> Faults:
        """What may befall a frame from the first end; setting it, at any time, sets both directions."""
        return self._directions[self.ends[0]].faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        for port in self.ends:
            self.set_faults(port, faults)

    def faults_of(self, port: Port) -> Faults:
        """What may befall frames that ``port`` sends."""
        return self._directions[port].faults

    def replace_end(self, port: Port) -> None:
        """Plug another port in, in the place of the one with the same name."""
        (old,) = [end for end in self.ends if str(end) == str(port)]
        other = self.ends[1] if self.ends[0] is old else self.ends[0]
        self.ends = (port, other) if self.ends[0] is old else (other, port)
        self._directions[port] = self._directions.pop(old)
        self._directions[other].target = port
        port.medium = self

    def set_faults(self, port: Port, faults: Faults) -> None:
        """What may befall frames that ``port`` sends, from now on."""
        way = self._directions[port]
        way.faults = faults
        way.perfect = not any(faults[:4])

    def cut(self) -> None:
        """Nothing passes any more; what is under way is lost too."""
        self.up = False
        self.recorder.record(self.name, "link.cut")

    def repair(self) -> None:
        """Frames pass again."""
        self.up = True
        self.recorder.record(self.name, "link.repair")

    def transmit(self, port: Port, frame: bytes, delay_ns: int = 0) -> int:
        """Queue a frame that ``port`` sends; see `pressenter.wire.port.Medium`."""
        way = self._directions[port]
        now_ns = self.agenda.now_ns + delay_ns
        start_ns = max(now_ns, way.idle_at_ns)
        waiting_bytes = (start_ns - now_ns) * self.rate_bps // 8_000_000_000
        if waiting_bytes + len(frame) > self.queue_bytes or not self.up:
            self._drop(way, port, frame, "queue full" if self.up else "link down", waiting_bytes)
            return now_ns
        if is_large(frame, self.mtu):
            if not way.perfect:  # what befalls frames befalls each of them
                pieces = split(frame, segment_bytes(frame, self.mtu))
                return max([self.transmit(port, piece, delay_ns) for piece in pieces])
            bits = bytes_on_wire(frame, self.mtu) * 8
        else:
            bits = (len(frame) + OVERHEAD_ON_WIRE) * 8
        way.idle_at_ns = sent_ns = start_ns + bits * 1_000_000_000 // self.rate_bps
        recorder = self.recorder
        if recorder.enabled:
            recorder.record(
                self.name, "link.transmit", source=port.full_name, target=way.target.full_name,
                length=len(frame), queued_ns=start_ns - now_ns, serialization_ns=sent_ns - start_ns,
            )  # fmt: skip
            recorder.capture(start_ns, port.full_name, True, frame)
        arrival_ns = sent_ns + self.delay_ns
        if way.perfect:
            self.agenda.at(arrival_ns, self._arrive, way, frame)
        else:
            self._transmit_badly(way, frame, arrival_ns)
        return sent_ns

    def _arrive(self, way: _Direction, frame: bytes) -> None:
        recorder = self.recorder
        if not self.up:
            way.dropped += 1
            recorder.record(self.name, "link.lose", target=way.target.full_name, length=len(frame))
            return
        if recorder.enabled:
            recorder.record(self.name, "link.arrive", target=way.target.full_name, length=len(frame))
            recorder.capture(self.agenda.now_ns, way.target.full_name, False, frame)
        way.target.on_frame(frame)

    def _drop(self, way: _Direction, port: Port, frame: bytes, reason: str, waiting: int) -> None:
        way.dropped += 1
        self.recorder.record(
            self.name, "link.drop", source=port.full_name, length=len(frame), reason=reason, waiting=waiting
        )

    def _transmit_badly(self, way: _Direction, frame: bytes, arrival_ns: int) -> None:
        """Let the link's faults befall a frame.  The draws come in a fixed order and number."""
        faults, chance = way.faults, way.randomness.random
        lost, doubled, late, damaged = [chance() < p for p in faults[:4]]
        record, cause = self.recorder.record, self.agenda.cause
        if lost:
            way.dropped += 1
            record(self.name, "link.lose", target=way.target.full_name, length=len(frame))
            return
        if damaged:
            bit = way.randomness.randrange(len(frame) * 8)
            changed = bytearray(frame)
            changed[bit >> 3] ^= 1 << (bit & 7)
            frame = bytes(changed)
            record(self.name, "link.corrupt", target=way.target.full_name, bit=bit)
        if late:
            arrival_ns += faults.reorder_delay_ns
            record(self.name, "link.hold_back", target=way.target.full_name, by_ns=faults.reorder_delay_ns)
        self.agenda.at(arrival_ns, self._arrive, way, frame)
        if doubled:
            self.agenda.cause = cause
            record(self.name, "link.duplicate", target=way.target.full_name)
            self.agenda.at(arrival_ns + 1, self._arrive, way, frame)
