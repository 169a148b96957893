"""Which address to use: of ours as the source, of theirs as the destination (RFC 6724).

A host has several addresses, and so may the other end.  The rules prefer, in this order, what
is surely reachable: the same address, a suitable scope (link-local to link-local), one that is
not deprecated, the same kind (the label of the policy table), and the longest common prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pressenter.wire.address import is_link_local, is_multicast

if TYPE_CHECKING:
    from pressenter.host.ipv6.interface import InterfaceAddress

__all__ = ["choose_source", "order_destinations"]

_LINK_LOCAL_SCOPE, _GLOBAL_SCOPE = 2, 14
_MAPPED_PREFIX = bytes(10) + b"\xff\xff"


class _Policy(NamedTuple):
    prefix: bytes
    length: int
    precedence: int
    label: int


def _prefix(text: str) -> bytes:
    return bytes.fromhex(text).ljust(16, b"\0")


#: RFC 6724 §2.1, in order of falling length.
_POLICIES = (
    _Policy(bytes(15) + b"\x01", 128, 50, 0),  # ::1
    _Policy(_MAPPED_PREFIX + bytes(4), 96, 35, 4),  # IPv4
    _Policy(bytes(16), 96, 1, 3),  # ::/96
    _Policy(_prefix("20010000"), 32, 5, 5),  # Teredo
    _Policy(_prefix("2002"), 16, 30, 2),  # 6to4
    _Policy(_prefix("3ffe"), 16, 1, 12),
    _Policy(_prefix("fec0"), 10, 1, 11),
    _Policy(_prefix("fc00"), 7, 3, 13),  # unique local
    _Policy(bytes(16), 0, 40, 1),  # everything else
)


def choose_source(destination: bytes, candidates: Sequence[InterfaceAddress]) -> bytes | None:
    """The best of our IPv6 addresses for a destination (RFC 6724 §5), or None."""
    if not candidates:
        return None
    wanted = _scope(destination)

    def merit(candidate: InterfaceAddress) -> tuple[int, ...]:
        address = candidate.address
        scope = _scope(address)
        return (
            address == destination,  # rule 1
            -scope if scope >= wanted else scope - 100,  # rule 2: large enough, but no larger
            candidate.state.value == "preferred",  # rule 3
            _policy(address).label == _policy(destination).label,  # rule 6
            _common_bits(address, destination),  # rule 8
        )

    return max(candidates, key=merit).address


def order_destinations(addresses: Sequence[bytes], source_for: Callable[[bytes], bytes | None]) -> list[bytes]:
    """Another's addresses, IPv4 and IPv6, the most promising first (RFC 6724 §6)."""

    def merit(destination: bytes) -> tuple[int, ...]:
        source = source_for(destination)
        policy = _policy(_mapped(destination))
        if source is None:
            return (0,)  # rule 1: no route
        same_family = len(destination) == len(source) == 16
        return (
            1,
            _scope(destination) == _scope(source),  # rule 2
            _policy(_mapped(source)).label == policy.label,  # rule 5
            policy.precedence,  # rule 6
            -_scope(destination),  # rule 8
            _common_bits(source, destination) if same_family else 0,  # rule 9
        )

    return sorted(addresses, key=merit, reverse=True)


def _mapped(address: bytes) -> bytes:
    return address if len(address) == 16 else _MAPPED_PREFIX + address


def _scope(address: bytes) -> int:
    """RFC 6724 §3.1, §3.2."""
    if len(address) == 16 and is_multicast(address):
        return address[1] & 0x0F
    if len(address) == 4 and address[0] == 127:
        return _LINK_LOCAL_SCOPE
    if is_link_local(address) or address == bytes(15) + b"\x01":
        return _LINK_LOCAL_SCOPE
    return _GLOBAL_SCOPE


def _policy(address: bytes) -> _Policy:
    number = int.from_bytes(address, "big")
    for policy in _POLICIES:
        shift = 128 - policy.length
        if number >> shift == int.from_bytes(policy.prefix, "big") >> shift:
            return policy
    raise AssertionError("the last policy matches everything")


def _common_bits(a: bytes, b: bytes) -> int:
    """RFC 6724 §2.2: at most the 64 bits of the prefix."""
    difference = int.from_bytes(a[:8], "big") ^ int.from_bytes(b[:8], "big")
    return 64 - difference.bit_length()
