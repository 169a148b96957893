"""A router: a host that forwards (RFC 1812 §1.1.1, §2.2.1).

It has an address on each of its links, answers ARP for these, takes only frames
that are meant for it, and sends packets for others on by its own routing table,
with one less to live and new MAC addresses.  All of that is a host's IP layer
with forwarding switched on; what a router adds is its ports.  Like the router
at home, it can run programs too, such as a DNS forwarder.
"""

from __future__ import annotations

from pressenter.host.host import Host
from pressenter.host.interface import Interface
from pressenter.network.line_card import LineCard
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.ethernet import MTU
from pressenter.wire.port import Port

__all__ = ["Router"]


class Router(Host):
    """A host whose IP layer forwards, with hardware ports."""

    def __init__(
        self,
        name: str,
        agenda: Agenda,
        recorder: Recorder,
        randomness: Randomness,
        wake_up_ns: int = 0,
        latency_ns: int = 20_000,
        forward_event: str = "ip.forward",
    ) -> None:
        super().__init__(name, agenda, recorder, randomness, wake_up_ns)
        self.internet.forwarding = True
        self.internet.forward_event = forward_event
        self.latency_ns = latency_ns
        self.ports: dict[str, Port] = {}

    def add_port(self, name: str, mac: bytes, address: bytes, prefix_length: int, mtu: int = MTU) -> Interface:
        """A new port with an address, to plug a link into."""
        card = LineCard(self.name, name, mac, self.agenda, self.recorder, self.latency_ns)
        self.ports[name] = card.port
        interface = Interface(self.name, name, card, address, prefix_length, self.agenda, self.recorder, mtu)
        self.internet.add_interface(interface)
        return interface
