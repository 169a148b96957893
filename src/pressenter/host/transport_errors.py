"""What an ICMP error means to a transport protocol (RFC 1122 §4.2.3.9, RFC 5461)."""

from __future__ import annotations

import errno
from typing import NamedTuple

from pressenter.wire.icmp import IcmpType, Unreachable, describe
from pressenter.wire.icmpv6 import Icmpv6Type

__all__ = ["TransportError", "error_of_icmp", "error_of_icmpv6"]


class TransportError(NamedTuple):
    """An error about a packet of ours.

    Attributes:
        source, destination, payload: of the packet that it is about; at least 8 bytes of payload.
        error: for the application, or None.
        hard: an attempt to connect ends at once.  Deviation: RFC 1122 §4.2.3.9 wants that only of
            what cannot change by itself; Linux ends it for whatever is unreachable (RFC 5461 §4).
        mtu: the next link's, if the packet was too big.
        udp_port: the peer's UDP port if the packet was a segment in a datagram.
    """

    source: bytes
    destination: bytes
    payload: bytes
    error: OSError | None
    hard: bool
    mtu: int | None = None
    udp_port: int | None = None


_PROHIBITED = (9, 10, 13)  # network, host, communication administratively prohibited


def error_of_icmp(icmp_type: int, code: int) -> tuple[OSError | None, bool]:
    """The error of an ICMP message, and whether it is hard."""
    words = describe(icmp_type, code)
    if icmp_type != IcmpType.DESTINATION_UNREACHABLE:
        return OSError(errno.EHOSTUNREACH, words), False
    if code in _PROHIBITED or code == Unreachable.PORT:
        return OSError(errno.ECONNREFUSED, words), True
    if code == Unreachable.FRAGMENTATION_NEEDED:
        return OSError(errno.EMSGSIZE, words), False
    number = {Unreachable.NETWORK: errno.ENETUNREACH, Unreachable.PROTOCOL: errno.ENOPROTOOPT}
    return OSError(number.get(code, errno.EHOSTUNREACH), words), True


def error_of_icmpv6(icmp_type: int, code: int) -> tuple[OSError | None, bool]:
    """The error of an ICMPv6 message (RFC 4443 §3.1), and whether it is hard."""
    words = describe(icmp_type, code, version=6)
    if icmp_type == Icmpv6Type.PACKET_TOO_BIG:
        return OSError(errno.EMSGSIZE, words), False
    if icmp_type != Icmpv6Type.DESTINATION_UNREACHABLE:
        return OSError(errno.EHOSTUNREACH, words), False
    if code in (1, 4):  # administratively prohibited, port unreachable
        return OSError(errno.ECONNREFUSED, words), True
    return OSError(errno.ENETUNREACH if code == 0 else errno.EHOSTUNREACH, words), True
