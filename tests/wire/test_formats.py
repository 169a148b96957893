"""Every format: what is built can be parsed, and no bytes raise anything but MalformedPacket."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressenter.wire import MalformedPacket, arp, checksum, ethernet, icmp, ipv4, tcp, udp
from pressenter.wire.address import ipv4_bytes, ipv4_text, mac_bytes, mac_text, parse_prefix

address = st.binary(min_size=4, max_size=4)
mac = st.binary(min_size=6, max_size=6)
port = st.integers(0, 65535)
number = st.integers(0, 2**32 - 1)


def slow_checksum(data: bytes) -> int:
    """RFC 1071 §4.1, as it stands there."""
    if len(data) % 2:
        data += b"\0"
    total = 0
    for (word,) in struct.iter_unpack("!H", data):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=300))
def test_checksum_is_that_of_the_rfc(data: bytes) -> None:
    assert checksum.internet_checksum(data) == slow_checksum(data)


@given(
    st.binary(min_size=8, max_size=64).filter(lambda d: len(d) % 2 == 0 and any(d[4:])),
    st.binary(min_size=4, max_size=4),
)
def test_incremental_update_equals_a_new_checksum(data: bytes, new: bytes) -> None:
    before = slow_checksum(data)
    changed = new + data[4:]
    assert checksum.update_checksum(before, data[:4], new) % 0xFFFF == slow_checksum(changed) % 0xFFFF


@given(mac, mac, st.sampled_from([0x0800, 0x0806]), st.binary(max_size=100))
def test_ethernet(destination: bytes, source: bytes, kind: int, payload: bytes) -> None:
    frame = ethernet.add_fcs(ethernet.build_frame(destination, source, kind, payload))
    assert len(frame) >= ethernet.MINIMUM_FRAME
    assert ethernet.fcs_is_right(frame)
    assert frame[-4:] == struct.pack("<I", zlib.crc32(frame[:-4]))
    assert ethernet.parse_frame(frame) == (destination, source, kind)


@given(st.binary(min_size=20, max_size=200), st.integers(0, 10**6))
def test_any_flipped_bit_is_found_by_the_fcs(data: bytes, where: int) -> None:
    frame = bytearray(ethernet.add_fcs(data))
    bit = where % (len(frame) * 8)
    frame[bit >> 3] ^= 1 << (bit & 7)
    assert not ethernet.fcs_is_right(bytes(frame))


@given(st.sampled_from([1, 2]), mac, address, mac, address)
def test_arp(operation: int, a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    packet = arp.ArpPacket(operation, a, b, c, d)
    assert arp.parse_arp(arp.build_arp(packet) + bytes(18)) == packet


@given(address, address, st.binary(max_size=200), st.integers(0, 65535), st.integers(1, 255), st.booleans(),
       st.booleans(), st.integers(0, 8191))  # fmt: skip
def test_ipv4(a: bytes, b: bytes, payload: bytes, ident: int, ttl: int, df: bool, mf: bool, offset: int) -> None:
    packet = ipv4.build_ipv4(a, b, 17, payload, identification=ident, ttl=ttl, dont_fragment=df, more_fragments=mf,
                             fragment_offset=offset * 8)  # fmt: skip
    header = ipv4.parse_ipv4(packet)
    assert (header.source, header.destination, header.identification, header.ttl) == (a, b, ident, ttl)
    assert (header.dont_fragment, header.more_fragments, header.fragment_offset) == (df, mf, offset * 8)
    if ttl > 1:
        assert ipv4.parse_ipv4(ipv4.decrement_ttl(packet)).ttl == ttl - 1


@given(address, address, port, port, st.binary(max_size=100))
def test_udp(a: bytes, b: bytes, source: int, destination: int, payload: bytes) -> None:
    datagram = udp.Datagram(source, destination, payload)
    assert udp.parse_udp(a, b, udp.build_udp(a, b, datagram)) == datagram


@given(address, address, port, port, number, number, st.integers(0, 0x3F), st.integers(0, 65535), st.binary(max_size=50),
       st.none() | st.integers(0, 65535), st.none() | st.integers(0, 14))  # fmt: skip
def test_tcp(a: bytes, b: bytes, sp: int, dp: int, seq: int, ack: int, flags: int, window: int, data: bytes,
             mss: int | None, scale: int | None) -> None:  # fmt: skip
    segment = tcp.Segment(sp, dp, seq, ack, flags, window, data, tcp.Options(mss, scale))
    assert tcp.parse_tcp(a, b, tcp.build_tcp(a, b, segment)) == segment


@given(st.integers(0, 255), st.integers(0, 255), st.binary(min_size=4, max_size=4), st.binary(max_size=60))
def test_icmp(kind: int, code: int, rest: bytes, data: bytes) -> None:
    message = icmp.IcmpMessage(kind, code, rest, data)
    assert icmp.parse_icmp(icmp.build_icmp(message)) == message


@given(st.binary(max_size=80))
def test_any_bytes_parse_or_are_malformed(data: bytes) -> None:
    a, b = bytes(4), bytes(4)
    for parse in (
        ethernet.parse_frame, arp.parse_arp, ipv4.parse_ipv4, icmp.parse_icmp,
        lambda d: udp.parse_udp(a, b, d), lambda d: tcp.parse_tcp(a, b, d),
    ):  # fmt: skip
        try:
            parse(data)
        except MalformedPacket as malformed:
            assert malformed.layer and malformed.reason


def fix_tcp_checksum(header: bytes) -> bytes:
    pseudo = checksum.pseudo_header_sum(bytes(4), bytes(4), 6, len(header))
    return (
        header[:16]
        + checksum.internet_checksum(header[:16] + b"\0\0" + header[18:], pseudo).to_bytes(2, "big")
        + header[18:]
    )


@given(st.binary(min_size=1, max_size=40))
def test_any_options_parse_or_are_malformed(options: bytes) -> None:
    options = options.ljust(-(-len(options) // 4) * 4, b"\0")[:40]
    header = struct.pack("!HHIIBBHHH", 1, 2, 3, 4, (20 + len(options)) // 4 << 4, 2, 5, 0, 0) + options
    try:
        tcp.parse_tcp(bytes(4), bytes(4), fix_tcp_checksum(header))
    except MalformedPacket as malformed:
        assert "option" in malformed.reason


def test_addresses_and_their_text() -> None:
    assert ipv4_text(ipv4_bytes("192.0.2.1")) == "192.0.2.1"
    assert mac_text(mac_bytes("00-02-B3-1C-9C-F9")) == "00:02:b3:1c:9c:f9"
    assert parse_prefix("10.0.0.1/8") == (ipv4_bytes("10.0.0.1"), 8)
    for wrong in ("300.1.1.1", "1.2.3", "x"):
        with pytest.raises(ValueError, match="not an IPv4 address"):
            ipv4_bytes(wrong)
    with pytest.raises(ValueError, match="prefix length"):
        parse_prefix("10.0.0.1/33")
    with pytest.raises(ValueError, match="not a MAC address"):
        mac_bytes("02:00")
