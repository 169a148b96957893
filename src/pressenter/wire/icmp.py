"""Internet Control Message Protocol (RFC 792).

::

    | type | code | checksum | four bytes that depend on the type | data |

Errors carry the header and at least eight bytes of the packet that they are
about, so that its sender can find the socket (RFC 1122 §3.2.2).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pressenter.wire.checksum import internet_checksum
from pressenter.wire.malformed import MalformedPacket

__all__ = ["IcmpMessage", "IcmpType", "Unreachable", "build_icmp", "describe", "is_error", "parse_icmp"]


class IcmpType:
    """Message types that this stack sends or understands."""

    ECHO_REPLY: Final = 0
    DESTINATION_UNREACHABLE: Final = 3
    REDIRECT: Final = 5
    ECHO_REQUEST: Final = 8
    TIME_EXCEEDED: Final = 11
    PARAMETER_PROBLEM: Final = 12


class Unreachable:
    """Codes of destination unreachable (RFC 792, RFC 1122 §3.2.2.1)."""

    NETWORK: Final = 0
    HOST: Final = 1
    PROTOCOL: Final = 2
    PORT: Final = 3
    FRAGMENTATION_NEEDED: Final = 4
    ADMINISTRATIVELY_PROHIBITED: Final = 13


_ERRORS = (IcmpType.DESTINATION_UNREACHABLE, IcmpType.TIME_EXCEEDED, IcmpType.PARAMETER_PROBLEM)

_NAMES = {
    (0, 0): "echo reply",
    (3, 0): "network unreachable",
    (3, 1): "host unreachable",
    (3, 2): "protocol unreachable",
    (3, 3): "port unreachable",
    (3, 4): "fragmentation needed",
    (3, 9): "network administratively prohibited",
    (3, 10): "host administratively prohibited",
    (3, 13): "administratively prohibited",
    (5, 0): "redirect for a network",
    (5, 1): "redirect for a host",
    (8, 0): "echo request",
    (11, 0): "time to live exceeded",
    (11, 1): "fragment reassembly time exceeded",
}

_NAMES_VERSION_6 = {
    (1, 0): "no route to destination",
    (1, 1): "administratively prohibited",
    (1, 3): "address unreachable",
    (1, 4): "port unreachable",
    (2, 0): "packet too big",
    (3, 0): "hop limit exceeded",
    (3, 1): "fragment reassembly time exceeded",
    (4, 0): "erroneous header field",
    (4, 1): "unrecognized next header",
    (128, 0): "echo request",
    (129, 0): "echo reply",
    (133, 0): "router solicitation",
    (134, 0): "router advertisement",
    (135, 0): "neighbour solicitation",
    (136, 0): "neighbour advertisement",
    (137, 0): "redirect",
    (143, 0): "multicast listener report",
}


class IcmpMessage(NamedTuple):
    """``rest`` is the second 32-bit word: identifier and sequence, or the next hop's MTU."""

    type: int
    code: int
    rest: bytes
    data: bytes


def build_icmp(message: IcmpMessage) -> bytes:
    """The bytes of a message, checksum included."""
    body = bytes((message.type, message.code, 0, 0)) + message.rest + message.data
    return body[:2] + internet_checksum(body).to_bytes(2, "big") + body[4:]


def parse_icmp(data: bytes) -> IcmpMessage:
    """Parse and verify a message.  Raises MalformedPacket."""
    if len(data) < 8:
        raise MalformedPacket("ICMP", f"{len(data)} bytes, 8 needed")
    if internet_checksum(data) != 0:
        raise MalformedPacket("ICMP", "checksum is wrong")
    return IcmpMessage(data[0], data[1], data[4:8], data[8:])


def is_error(icmp_type: int) -> bool:
    """Whether a message of this type reports an error (about which none may be sent)."""
    return icmp_type in _ERRORS


def describe(icmp_type: int, code: int, version: int = 4) -> str:
    """The message's name in words; ``version`` of IP."""
    names = _NAMES if version == 4 else _NAMES_VERSION_6
    return names.get((icmp_type, code), f"type {icmp_type} code {code}")
