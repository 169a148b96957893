"""Small networks that tests build by hand."""

from __future__ import annotations

from pressenter.network.link import Faults, Link
from pressenter.network.router import Router
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_bytes, mac_bytes
from pressenter.wire.port import Port


class Cable:
    """Two hosts, ``left`` (10.0.0.1) and ``right`` (10.0.0.2), and one link between them."""

    def __init__(
        self,
        *,
        seed: int = 1,
        rate_bps: int = 100_000_000,
        delay_ns: int = 10_000_000,
        queue_bytes: int = 1 << 20,
        mtu: int = 1500,
        faults: Faults = Faults(),
        record: bool = True,
    ) -> None:
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda, record)
        self.randomness = Randomness(seed)
        self.left = self._host("left", "02:00:00:00:00:01", "10.0.0.1", mtu)
        self.right = self._host("right", "02:00:00:00:00:02", "10.0.0.2", mtu)
        self.link = Link(
            "cable", self.left.ports["eth0"], self.right.ports["eth0"], self.agenda, self.recorder, self.randomness,
            rate_bps=rate_bps, delay_ns=delay_ns, queue_bytes=queue_bytes, faults=faults, mtu=mtu,
        )  # fmt: skip

    def _host(self, name: str, mac: str, address: str, mtu: int) -> Router:
        host = Router(name, self.agenda, self.recorder, self.randomness, latency_ns=0)
        host.add_port("eth0", mac_bytes(mac), ipv4_bytes(address), 24, mtu)
        host.internet.forwarding = False
        return host

    def names(self) -> list[str]:
        """Names of the events so far."""
        return [event.name for event in self.recorder.events]


def tap(port_name: str = "tap") -> tuple[Port, list[bytes]]:
    """A port, and the frames that arrive at it."""
    frames: list[bytes] = []
    return Port("test", port_name, frames.append), frames
