"""Address Resolution Protocol packets for IPv4 over Ethernet (RFC 826).

::

    hardware type 1 | protocol 0x0800 | 6 | 4 | operation
    sender MAC | sender IP | target MAC | target IP
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pressenter.wire.malformed import MalformedPacket

__all__ = ["LENGTH", "REPLY", "REQUEST", "ArpPacket", "build_arp", "parse_arp"]

REQUEST = 1
REPLY = 2
LENGTH = 28

_LAYOUT = struct.Struct("!HHBBH6s4s6s4s")
_ETHERNET = 1
_IPV4 = 0x0800


class ArpPacket(NamedTuple):
    """The fields that vary between one ARP packet and another."""

    operation: int
    sender_mac: bytes
    sender_ip: bytes
    target_mac: bytes
    target_ip: bytes


def build_arp(packet: ArpPacket) -> bytes:
    """The 28 bytes of an ARP packet."""
    return _LAYOUT.pack(_ETHERNET, _IPV4, 6, 4, *packet)


def parse_arp(data: bytes) -> ArpPacket:
    """Parse an ARP packet; trailing padding is allowed.  Raises MalformedPacket."""
    if len(data) < LENGTH:
        raise MalformedPacket("ARP", f"{len(data)} bytes, 28 needed")
    hardware, protocol, hardware_length, protocol_length, operation, *rest = _LAYOUT.unpack_from(data)
    if (hardware, protocol, hardware_length, protocol_length) != (_ETHERNET, _IPV4, 6, 4):
        raise MalformedPacket("ARP", "not IPv4 over Ethernet")
    return ArpPacket(operation, *rest)
