"""The Internet checksum (RFC 1071), whole and incremental (RFC 1624).

The one's complement sum of 16-bit words equals the number that all the bytes
form together, taken modulo 0xFFFF, because 2^16 = 1 (mod 0xFFFF).  So one
big-integer conversion and one remainder replace the loop.
"""

from __future__ import annotations

import struct

__all__ = ["internet_checksum", "pseudo_header_sum", "update_checksum"]


_COLUMN = 2048


def internet_checksum(data: bytes | bytearray | memoryview, initial: int = 0) -> int:
    """The checksum of ``data`` (RFC 1071), 0 to 0xFFFF.

    ``initial`` is a sum to start from, such as a pseudo header's.  Over data
    that holds a right checksum the result is 0.
    """
    if len(data) & 1:
        data = bytes(data) + b"\0"
    if len(data) > _COLUMN:
        # A sum costs less than a remainder: add up columns of many words first.
        columns = [int.from_bytes(data[at : at + _COLUMN], "big") for at in range(0, len(data) - _COLUMN, _COLUMN)]
        rest = len(data) - len(columns) * _COLUMN
        total = sum(columns) + int.from_bytes(data[-rest:], "big") + initial
    else:
        total = int.from_bytes(data, "big") + initial
    if total == 0:
        return 0xFFFF
    return 0xFFFF - (total % 0xFFFF or 0xFFFF)


def pseudo_header_sum(source: bytes, destination: bytes, protocol: int, length: int) -> int:
    """The sum of the pseudo header that UDP and TCP cover (RFC 9293 §3.1, RFC 768)."""
    return int.from_bytes(source, "big") % 0xFFFF + int.from_bytes(destination, "big") % 0xFFFF + protocol + length


def update_checksum(checksum: int, old: bytes, new: bytes) -> int:
    """The checksum after ``old`` became ``new`` in the covered data.

    Both have the same even length.  RFC 1624 §3, equation 3: HC' = ~(~HC + ~m + m').
    """
    words = f"!{len(old) // 2}H"
    total = (~checksum) & 0xFFFF
    for before, after in zip(struct.unpack(words, old), struct.unpack(words, new), strict=True):
        total += ((~before) & 0xFFFF) + after
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total) & 0xFFFF
