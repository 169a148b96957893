"""TCP in UDP: segments as the payload of datagrams (draft-cheshire-tcp-over-udp).

Some middleboxes let nothing but UDP through, or break what they do not know.  A host that
takes segments in datagrams listens on one UDP port for all its connections; a connection
remembers the port that its peer sends from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressenter.host.transport_errors import TransportError
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.udp import Datagram, build_udp

if TYPE_CHECKING:
    from pressenter.host.tcp.layer import TcpLayer
    from pressenter.host.udp import UdpLayer

__all__ = ["HEADER_LENGTH", "Encapsulation"]

HEADER_LENGTH = 8


class Encapsulation:
    """One host's port for segments in datagrams."""

    def __init__(self, tcp: TcpLayer, udp: UdpLayer, port: int) -> None:
        self.tcp = tcp
        self.udp = udp
        self.port = port
        udp.tunnels[port] = self
        tcp.encapsulation = self

    def close(self) -> None:
        """Take no more."""
        self.udp.tunnels.pop(self.port, None)
        self.tcp.encapsulation = None

    def receive(self, source: bytes, destination: bytes, source_port: int, payload: bytes, tos: int) -> None:
        """A datagram arrives on the port."""
        self.tcp.receive_segment(source, destination, payload, tos, source_port)

    def on_icmp_error(self, error: TransportError) -> None:
        """An error about a datagram of ours: it is about the segment inside."""
        remote_port = error.payload[2] << 8 | error.payload[3]
        inside = error.payload[HEADER_LENGTH:]
        if len(inside) >= 8:
            mtu = None if error.mtu is None else error.mtu - HEADER_LENGTH
            self.tcp.on_icmp_error(error._replace(payload=inside, udp_port=remote_port, mtu=mtu))

    def send(
        self, source: bytes, destination: bytes, port: int, segment: bytes, tos: int, hop_limit: int | None
    ) -> None:
        """Send a segment in a datagram."""
        data = build_udp(source, destination, Datagram(self.port, port, segment))
        self.tcp.internet.send(source, destination, Protocol.UDP, data, dont_fragment=True, tos=tos, ttl=hop_limit)
