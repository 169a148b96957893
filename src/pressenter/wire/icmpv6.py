"""ICMPv6 (RFC 4443), and the messages of neighbour discovery (RFC 4861 §4).

The layout is that of ICMP; the checksum covers a pseudo header too.  Neighbour discovery is
what ARP, router discovery and redirects are to IPv4, as ICMPv6 messages with options::

    | type | length in 8 bytes | value ... |
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from pressenter.wire.checksum import internet_checksum, pseudo_header_sum
from pressenter.wire.icmp import IcmpMessage
from pressenter.wire.ipv6 import ICMPV6
from pressenter.wire.malformed import MalformedPacket

__all__ = [
    "DiscoveryOptions",
    "Icmpv6Type",
    "PrefixInformation",
    "build_icmpv6",
    "build_options",
    "is_error",
    "parse_icmpv6",
    "parse_options",
]


class Icmpv6Type:
    """Message types that this stack sends or understands."""

    DESTINATION_UNREACHABLE: Final = 1
    PACKET_TOO_BIG: Final = 2
    TIME_EXCEEDED: Final = 3
    PARAMETER_PROBLEM: Final = 4
    ECHO_REQUEST: Final = 128
    ECHO_REPLY: Final = 129
    LISTENER_REPORT_V2: Final = 143  # RFC 3810 §5.2
    ROUTER_SOLICITATION: Final = 133
    ROUTER_ADVERTISEMENT: Final = 134
    NEIGHBOUR_SOLICITATION: Final = 135
    NEIGHBOUR_ADVERTISEMENT: Final = 136
    REDIRECT: Final = 137


_SOURCE_LINK_LAYER = 1
_TARGET_LINK_LAYER = 2
_PREFIX_INFORMATION = 3
_MTU = 5
_DNS_SERVERS = 25  # RFC 8106 §5.1
_PREFIX_LAYOUT = struct.Struct("!BBBBIII16s")
_ON_LINK = 0x80
_AUTONOMOUS = 0x40


class PrefixInformation(NamedTuple):
    """A prefix that a router announces (RFC 4861 §4.6.2).  Lifetimes are in seconds."""

    prefix: bytes
    length: int
    on_link: bool
    autonomous: bool
    valid: int
    preferred: int


class DiscoveryOptions(NamedTuple):
    """The options of a neighbour discovery message; None or empty for what is not there."""

    source_mac: bytes | None = None
    target_mac: bytes | None = None
    prefixes: tuple[PrefixInformation, ...] = ()
    mtu: int | None = None
    dns_servers: tuple[bytes, ...] = ()


def build_icmpv6(source: bytes, destination: bytes, message: IcmpMessage) -> bytes:
    """The bytes of a message; the addresses are covered by its checksum."""
    body = bytes((message.type, message.code, 0, 0)) + message.rest + message.data
    checksum = internet_checksum(body, pseudo_header_sum(source, destination, ICMPV6, len(body)))
    return body[:2] + checksum.to_bytes(2, "big") + body[4:]


def parse_icmpv6(source: bytes, destination: bytes, data: bytes) -> IcmpMessage:
    """Parse and verify a message.  Raises MalformedPacket."""
    if len(data) < 8:
        raise MalformedPacket("ICMPv6", f"{len(data)} bytes, 8 needed")
    if internet_checksum(data, pseudo_header_sum(source, destination, ICMPV6, len(data))) != 0:
        raise MalformedPacket("ICMPv6", "checksum is wrong")
    return IcmpMessage(data[0], data[1], data[4:8], data[8:])


def is_error(icmp_type: int) -> bool:
    """RFC 4443 §2.1: the highest bit tells informational messages."""
    return icmp_type < 128


def build_options(options: DiscoveryOptions) -> bytes:
    """The bytes of a message's options."""
    data = b""
    if options.source_mac is not None:
        data += bytes((_SOURCE_LINK_LAYER, 1)) + options.source_mac
    if options.target_mac is not None:
        data += bytes((_TARGET_LINK_LAYER, 1)) + options.target_mac
    if options.mtu is not None:
        data += struct.pack("!BBHI", _MTU, 1, 0, options.mtu)
    for prefix in options.prefixes:
        flags = _ON_LINK * prefix.on_link | _AUTONOMOUS * prefix.autonomous
        data += _PREFIX_LAYOUT.pack(
            _PREFIX_INFORMATION, 4, prefix.length, flags, prefix.valid, prefix.preferred, 0, prefix.prefix
        )
    if options.dns_servers:
        data += struct.pack("!BBHI", _DNS_SERVERS, 1 + 2 * len(options.dns_servers), 0, 3600)
        data += b"".join(options.dns_servers)
    return data


def parse_options(data: bytes) -> DiscoveryOptions:
    """The options of a message; those that are not known are skipped.  Raises MalformedPacket."""
    source_mac = target_mac = mtu = None
    prefixes: list[PrefixInformation] = []
    servers: list[bytes] = []
    position = 0
    while position < len(data):
        if position + 2 > len(data):
            raise MalformedPacket("ICMPv6", "an option is cut off")
        kind, length = data[position], data[position + 1] * 8
        if length == 0 or position + length > len(data):
            raise MalformedPacket("ICMPv6", f"option {kind} has length {length}")  # RFC 4861 §4.6
        option = data[position : position + length]
        position += length
        if kind == _SOURCE_LINK_LAYER:
            source_mac = option[2:8]
        elif kind == _TARGET_LINK_LAYER:
            target_mac = option[2:8]
        elif kind == _MTU:
            mtu = int.from_bytes(option[4:8], "big")
        elif kind == _PREFIX_INFORMATION and length == 32:
            _, _, bits, flags, valid, preferred, _, prefix = _PREFIX_LAYOUT.unpack(option)
            if bits <= 128:
                prefixes.append(
                    PrefixInformation(prefix, bits, bool(flags & _ON_LINK), bool(flags & _AUTONOMOUS), valid, preferred)
                )
        elif kind == _DNS_SERVERS:
            servers += [option[start : start + 16] for start in range(8, length - 15, 16)]
    return DiscoveryOptions(source_mac, target_mac, tuple(prefixes), mtu, tuple(servers))
