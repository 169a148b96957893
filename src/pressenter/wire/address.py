"""Addresses as they travel: packed bytes in network order, and their text.

A MAC address is 6 bytes, an IPv4 address 4.  Packed bytes are what stands in
the headers, compare and hash quickly, and need no conversion in the hot path;
text is for people and for world files.
"""

from __future__ import annotations

import socket

__all__ = [
    "BROADCAST_MAC",
    "UNSPECIFIED_IPV4",
    "ipv4_bytes",
    "ipv4_text",
    "mac_bytes",
    "mac_text",
    "mask_of",
    "parse_prefix",
]

BROADCAST_MAC = b"\xff" * 6
UNSPECIFIED_IPV4 = bytes(4)


def ipv4_bytes(text: str) -> bytes:
    """``"192.0.2.1"`` to 4 bytes.  Raises ValueError for anything but four decimal octets."""
    try:
        return socket.inet_pton(socket.AF_INET, text)
    except OSError:
        raise ValueError(f"{text!r} is not an IPv4 address such as 192.0.2.1") from None


def ipv4_text(packed: bytes) -> str:
    """4 bytes to ``"192.0.2.1"``."""
    return "%d.%d.%d.%d" % tuple(packed)


def mac_bytes(text: str) -> bytes:
    """``"02:00:00:00:00:01"`` (or with dashes) to 6 bytes.  Raises ValueError otherwise."""
    try:
        packed = bytes.fromhex(text.replace("-", ":").replace(":", ""))
    except ValueError:
        packed = b""
    if len(packed) != 6:
        raise ValueError(f"{text!r} is not a MAC address such as 02:00:00:00:00:01")
    return packed


def mac_text(packed: bytes) -> str:
    """6 bytes to ``"02:00:00:00:00:01"``."""
    return packed.hex(":")


def mask_of(prefix_length: int) -> int:
    """The 32-bit network mask of a prefix length from 0 to 32."""
    return (0xFFFFFFFF << (32 - prefix_length)) & 0xFFFFFFFF


def parse_prefix(text: str) -> tuple[bytes, int]:
    """``"192.0.2.1/24"`` to the packed address (host bits kept) and the prefix length."""
    address, slash, length = text.partition("/")
    if not slash or not length.isdecimal() or int(length) > 32:
        raise ValueError(f"{text!r} is not an address with a prefix length such as 192.0.2.1/24")
    return ipv4_bytes(address), int(length)
