"""A datagram to everybody on a link, from a host that may have no address yet, and so no route (RFC 2131 §4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressenter.wire.address import BROADCAST_IPV4, BROADCAST_MAC
from pressenter.wire.dhcp import DhcpMessage, build_dhcp
from pressenter.wire.ethernet import EtherType
from pressenter.wire.ipv4 import Protocol, build_ipv4
from pressenter.wire.udp import Datagram, build_udp

if TYPE_CHECKING:
    from pressenter.host.interface import Interface

__all__ = ["send_to_everybody"]


def send_to_everybody(interface: Interface, source_port: int, destination_port: int, message: DhcpMessage) -> None:
    """Send a message past the routing table, from the interface's address or from 0.0.0.0."""
    source = interface.address
    datagram = Datagram(source_port, destination_port, build_dhcp(message))
    packet = build_ipv4(source, BROADCAST_IPV4, Protocol.UDP, build_udp(source, BROADCAST_IPV4, datagram))
    interface.send_frame(BROADCAST_MAC, EtherType.IPV4, packet)
