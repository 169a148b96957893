"""Addresses as they travel: packed bytes in network order, and their text.

A MAC address is 6 bytes, an IPv4 address 4, an IPv6 address 16; the length tells the two
apart.  Packed bytes are what stands in the headers, compare and hash quickly, and need no
conversion in the hot path; text is for people and for world files.
"""

from __future__ import annotations

import functools
import socket
from typing import Any

__all__ = [
    "BROADCAST_IPV4",
    "BROADCAST_MAC",
    "UNSPECIFIED_IPV4",
    "UNSPECIFIED_IPV6",
    "address_bytes",
    "address_text",
    "endpoint_text",
    "ipv4_bytes",
    "ipv4_text",
    "is_link_local",
    "is_multicast",
    "mac_bytes",
    "mac_text",
    "multicast_mac",
    "network_of",
    "parse_prefix",
    "socket_address",
    "solicited_node",
]

BROADCAST_MAC = b"\xff" * 6
BROADCAST_IPV4 = b"\xff" * 4  # everybody on this link (RFC 919 §7)
UNSPECIFIED_IPV4 = bytes(4)
UNSPECIFIED_IPV6 = bytes(16)


def ipv4_bytes(text: str) -> bytes:
    """``"192.0.2.1"`` to 4 bytes.  Raises ValueError for anything but four decimal octets."""
    try:
        return socket.inet_pton(socket.AF_INET, text)
    except OSError:
        raise ValueError(f"{text!r} is not an IPv4 address such as 192.0.2.1") from None


@functools.lru_cache(maxsize=4096)
def ipv4_text(packed: bytes) -> str:
    """4 bytes to ``"192.0.2.1"``."""
    return "%d.%d.%d.%d" % tuple(packed)


def address_bytes(text: str) -> bytes:
    """An IPv4 or IPv6 address to 4 or 16 bytes.  Raises ValueError."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        raise ValueError(f"{text!r} is not an IP address such as 192.0.2.1 or 2001:db8::1") from None


def address_text(packed: bytes) -> str:
    """4 or 16 bytes to text, in RFC 5952's form."""
    return ipv4_text(packed) if len(packed) == 4 else socket.inet_ntop(socket.AF_INET6, packed)


def endpoint_text(address: bytes, port: int) -> str:
    """An address with a port: ``192.0.2.1:80`` or ``[2001:db8::1]:80`` (RFC 5952 §6)."""
    return f"{ipv4_text(address)}:{port}" if len(address) == 4 else f"[{address_text(address)}]:{port}"


def socket_address(address: bytes, port: int) -> tuple[Any, ...]:
    """An address with a port as Python's sockets write it: IPv6 has two numbers more."""
    return (address_text(address), port) if len(address) == 4 else (address_text(address), port, 0, 0)


def is_multicast(address: bytes) -> bool:
    """RFC 1112 §4, RFC 4291 §2.7."""
    return address[0] == 0xFF if len(address) == 16 else address[0] & 0xF0 == 0xE0


def is_link_local(address: bytes) -> bool:
    """fe80::/10 or 169.254.0.0/16 (RFC 4291 §2.5.6, RFC 3927)."""
    if len(address) == 16:
        return address[0] == 0xFE and address[1] & 0xC0 == 0x80
    return address[:2] == b"\xa9\xfe"


def solicited_node(address: bytes) -> bytes:
    """The group in which the owner of an IPv6 address listens (RFC 4291 §2.7.1)."""
    return b"\xff\x02" + bytes(9) + b"\x01\xff" + address[13:]


def multicast_mac(group: bytes) -> bytes:
    """The MAC address of a group (RFC 2464 §7, RFC 1112 §6.4)."""
    if len(group) == 16:
        return b"\x33\x33" + group[12:]
    return b"\x01\x00\x5e" + bytes((group[1] & 0x7F,)) + group[2:]


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


def network_of(address: bytes, prefix_length: int) -> bytes:
    """The address with its host bits cleared."""
    host_bits = len(address) * 8 - prefix_length
    return (int.from_bytes(address, "big") >> host_bits << host_bits).to_bytes(len(address), "big")


def parse_prefix(text: str) -> tuple[bytes, int]:
    """``"192.0.2.1/24"`` to the packed address (host bits kept) and the prefix length."""
    address, slash, length = text.partition("/")
    try:
        packed = address_bytes(address)
    except ValueError:
        packed = b""
    if not packed or not slash or not length.isdecimal() or int(length) > len(packed) * 8:
        raise ValueError(f"{text!r} is not an address with a prefix length such as 192.0.2.1/24 or 2001:db8::1/64")
    return packed, int(length)
