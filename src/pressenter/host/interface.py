"""A network interface: an IP address on a device that sends frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pressenter.host.neighbours import NeighbourCache
from pressenter.sim import Agenda
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_text
from pressenter.wire.ethernet import HEADER_LENGTH, MTU, EtherType, build_frame

if TYPE_CHECKING:
    from pressenter.host.ipv6.interface import IPv6Interface

__all__ = ["Device", "Interface"]


class Device(Protocol):
    """What an interface sends through: a network card, or a router's line card."""

    mac: bytes
    #: MAC addresses of the groups whose frames it takes, besides its own and the broadcast.
    groups: set[bytes]
    deliver: Callable[[bytes], None]

    def transmit(self, frame: bytes) -> bool:
        """Send a frame without its FCS; False if there is no room for it."""


class Interface:
    """One interface of a host.

    Attributes:
        address: its IPv4 address, packed; all zeros if it has none yet.
        prefix_length: of the network on the link.
        ipv6: its IPv6 side, or None if it does not speak it.
        on_packet: the IP layer's handler of an arriving packet.
        large_segments: the device takes TCP segments larger than its MTU, for trains of such
            that fill it (``ethtool -k``: tcp-segmentation-offload; see ``wire/large_segment.py``).
    """

    def __init__(
        self,
        node: str,
        name: str,
        device: Device,
        address: bytes,
        prefix_length: int,
        agenda: Agenda,
        recorder: Recorder,
        mtu: int = MTU,
    ) -> None:
        self.node = node
        self.name = name
        self.device = device
        self.mac = device.mac
        self.address = address
        self.prefix_length = prefix_length
        self.agenda = agenda
        self.recorder = recorder
        self.mtu = mtu
        self.large_segments = False
        self.neighbours = NeighbourCache(self)
        self.ipv6: IPv6Interface | None = None
        self.on_packet: Callable[[Interface, bytes], None] = lambda interface, packet: None
        device.deliver = self._receive_frame

    def __str__(self) -> str:
        return f"{self.name} {ipv4_text(self.address)}/{self.prefix_length}"

    @property
    def broadcast(self) -> bytes:
        """The address of everybody on the link (RFC 922 §7)."""
        host_bits = (1 << (32 - self.prefix_length)) - 1
        return (int.from_bytes(self.address, "big") | host_bits).to_bytes(4, "big")

    def send_frame(self, destination: bytes, ethertype: int, payload: bytes) -> None:
        """Send a payload to a MAC address."""
        self.device.transmit(build_frame(destination, self.mac, ethertype, payload))

    def _receive_frame(self, frame: bytes) -> None:
        if len(frame) < HEADER_LENGTH:
            self.recorder.record(self.node, "ip.drop", interface=self.name, reason="a frame without a header")
            return
        ethertype = frame[12] << 8 | frame[13]
        if ethertype == EtherType.IPV4:
            self.on_packet(self, frame[HEADER_LENGTH:])
        elif ethertype == EtherType.IPV6 and self.ipv6 is not None:
            self.ipv6.layer.receive(self.ipv6, frame[HEADER_LENGTH:])
        elif ethertype == EtherType.ARP:
            self.neighbours.receive(frame[HEADER_LENGTH:])
        else:
            self.recorder.record(self.node, "ip.drop", interface=self.name,
                                 reason=f"EtherType 0x{ethertype:04x} is not spoken here")  # fmt: skip
