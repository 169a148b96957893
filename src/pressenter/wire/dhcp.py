"""Dynamic Host Configuration Protocol (RFC 2131 §2, options RFC 2132).

::

    |  op   | htype | hlen  | hops  |        transaction id         |
    |     seconds   |     flags     |        client's address       |
    |         your address          |        next server            |
    |         relay's address       |   client's MAC, 16 bytes      |
    |   server name, 64 bytes; boot file, 128 bytes                 |
    |   magic cookie 99.130.83.99   |   options: code, length, value |

It is BOOTP with options: which message it is stands in option 53.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from pressenter.wire.malformed import MalformedPacket

__all__ = [
    "BROADCAST",
    "CLIENT_PORT",
    "DhcpMessage",
    "MessageType",
    "Option",
    "SERVER_PORT",
    "build_dhcp",
    "parse_dhcp",
]

CLIENT_PORT = 68
SERVER_PORT = 67
BROADCAST = 0x8000  # RFC 2131 §4.1: the client cannot take unicast before it has an address
_LAYOUT = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
_MAGIC = b"\x63\x82\x53\x63"
_ETHERNET = 1
_PAD = 0
_END = 255


class MessageType:
    """Values of option 53 (RFC 2132 §9.6)."""

    DISCOVER: Final = 1
    OFFER: Final = 2
    REQUEST: Final = 3
    DECLINE: Final = 4
    ACK: Final = 5
    NAK: Final = 6
    RELEASE: Final = 7


class Option:
    """Option codes (RFC 2132)."""

    SUBNET_MASK: Final = 1
    ROUTER: Final = 3
    NAME_SERVERS: Final = 6
    HOST_NAME: Final = 12
    REQUESTED_ADDRESS: Final = 50
    LEASE_SECONDS: Final = 51
    MESSAGE_TYPE: Final = 53
    SERVER: Final = 54
    PARAMETER_LIST: Final = 55
    RENEWAL_SECONDS: Final = 58
    REBINDING_SECONDS: Final = 59


_FOUR_BYTES = frozenset({Option.SUBNET_MASK, Option.REQUESTED_ADDRESS, Option.LEASE_SECONDS, Option.SERVER})
_LISTS = frozenset({Option.ROUTER, Option.NAME_SERVERS})


class DhcpMessage(NamedTuple):
    """A parsed message.  Addresses are packed; ``operation`` is 1 from a client, 2 from a server."""

    operation: int
    transaction: int
    flags: int
    client_address: bytes
    your_address: bytes
    mac: bytes
    options: tuple[tuple[int, bytes], ...]

    def option(self, code: int) -> bytes | None:
        """The value of the first option with this code."""
        return next((value for found, value in self.options if found == code), None)

    @property
    def type(self) -> int:
        """The message's type; 0 if it is plain BOOTP."""
        value = self.option(Option.MESSAGE_TYPE)
        return value[0] if value else 0


def build_dhcp(message: DhcpMessage) -> bytes:
    """The bytes of a message, padded to BOOTP's minimum of 300."""
    head = _LAYOUT.pack(
        message.operation, _ETHERNET, 6, 0, message.transaction, 0, message.flags, message.client_address,
        message.your_address, bytes(4), bytes(4), message.mac, b"", b"", _MAGIC,
    )  # fmt: skip
    options = b"".join(bytes((code, len(value))) + value for code, value in message.options)
    return (head + options + bytes((_END,))).ljust(300, b"\0")


def parse_dhcp(data: bytes) -> DhcpMessage:
    """Parse a message.  Raises MalformedPacket."""
    if len(data) < _LAYOUT.size:
        raise MalformedPacket("DHCP", f"{len(data)} bytes, {_LAYOUT.size} needed")
    operation, hardware, length, _, transaction, _, flags, client, yours, _, _, mac, _, _, magic = _LAYOUT.unpack_from(
        data
    )
    if magic != _MAGIC or operation not in (1, 2) or hardware != _ETHERNET or length != 6:
        raise MalformedPacket("DHCP", "not DHCP over Ethernet")
    options: list[tuple[int, bytes]] = []
    position = _LAYOUT.size
    while position < len(data) and data[position] != _END:
        code = data[position]
        if code == _PAD:
            position += 1
            continue
        if position + 1 >= len(data) or position + 2 + data[position + 1] > len(data):
            raise MalformedPacket("DHCP", f"option {code} is cut off")
        end = position + 2 + data[position + 1]
        _check_length(code, data[position + 1])
        options.append((code, data[position + 2 : end]))
        position = end
    return DhcpMessage(operation, transaction, flags, client, yours, mac[:6], tuple(options))


def _check_length(code: int, length: int) -> None:
    """RFC 2132: an address or a time has four bytes, a list of addresses a multiple.  Raises MalformedPacket."""
    whole = length and length % 4 == 0
    if (
        (code in _FOUR_BYTES and length != 4)
        or (code in _LISTS and not whole)
        or (code == Option.MESSAGE_TYPE and length != 1)
    ):
        raise MalformedPacket("DHCP", f"option {code} has length {length}")
