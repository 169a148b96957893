"""Fuzzing of every parser in ``wire/``, steered by coverage: ``python tests/fuzz_wire.py -runs=10000000``.

Needs atheris (``pip install atheris``); its options are libFuzzer's, such as ``-max_total_time=60``.
A parser returns a value or raises MalformedPacket, whatever the bytes; and what it returns can be
built again and parsed to the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import atheris

with atheris.instrument_imports(include=["pressenter.wire"]):
    from pressenter.wire import arp, checksum, dhcp, ethernet, icmp, icmpv6, ipv4, ipv6, tcp, udp
    from pressenter.wire.malformed import MalformedPacket

FOUR = b"\x0a\0\0\1", b"\x0a\0\0\2"
SIX = b"\x20\1" + bytes(14), b"\x20\1" + bytes(13) + b"\1"


def _with_checksum(data: bytes, at: int, pseudo: int) -> bytes:
    """The same bytes with a right checksum, so that the parser goes on behind it."""
    if len(data) < at + 2:
        return data
    zeroed = data[:at] + b"\0\0" + data[at + 2 :]
    return data[:at] + checksum.internet_checksum(zeroed, pseudo).to_bytes(2, "big") + data[at + 2 :]


def fuzz(data: bytes) -> None:
    """One input: its first byte chooses the parser."""
    if not data:
        return
    choice, data = data[0] % 11, data[1:]
    try:
        if choice == 0:
            ethernet.parse_frame(data)
            ethernet.fcs_is_right(data)
        elif choice == 1:
            packet = arp.parse_arp(data)
            assert arp.parse_arp(arp.build_arp(packet)) == packet
        elif choice == 2:
            length = (data[0] & 15) * 4 if data else 0
            fixed = _with_checksum(data[:length], 10, 0) + data[length:]
            header = ipv4.parse_ipv4(fixed)
            assert 20 <= header.header_length <= header.total_length <= len(data)
            if ipv4.is_plain_ipv4(fixed) and header.ttl:
                ipv4.parse_ipv4(ipv4.decrement_ttl(fixed))
        elif choice == 3:
            pseudo = checksum.pseudo_header_sum(*FOUR, 6, len(data))
            segment = tcp.parse_tcp(*FOUR, _with_checksum(data, 16, pseudo))
            try:
                again = tcp.build_tcp(*FOUR, segment)
            except ValueError:
                return  # options that fill the header leave no room for the padding that we send
            assert tcp.parse_tcp(*FOUR, again) == segment
        elif choice == 4:
            pseudo = checksum.pseudo_header_sum(*SIX, 17, len(data))
            datagram = udp.parse_udp(*SIX, _with_checksum(data, 6, pseudo))
            assert udp.parse_udp(*SIX, udp.build_udp(*SIX, datagram)) == datagram
        elif choice == 5:
            message = icmp.parse_icmp(_with_checksum(data, 2, 0))
            assert icmp.parse_icmp(icmp.build_icmp(message)) == message
        elif choice == 6:
            header6 = ipv6.parse_ipv6(data)
            extended = ipv6.skip_extensions(data, header6)
            assert 40 <= extended.offset <= 40 + header6.payload_length
        elif choice == 7:
            pseudo = checksum.pseudo_header_sum(*SIX, 58, len(data))
            icmpv6.parse_icmpv6(*SIX, _with_checksum(data, 2, pseudo))
        elif choice == 8:
            options = icmpv6.parse_options(data)
            assert icmpv6.parse_options(icmpv6.build_options(options)) == options
        elif choice == 9:
            lease = dhcp.parse_dhcp(data)
            assert dhcp.parse_dhcp(dhcp.build_dhcp(lease)) == lease
        else:
            tcp.parse_tcp(*SIX, data)
    except MalformedPacket:
        pass


def main() -> None:
    """Hand over to libFuzzer."""
    atheris.Setup(sys.argv, fuzz)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
