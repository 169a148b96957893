"""Large segments: what they stand for, and what they become where they are cut up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pressenter.wire import ethernet, ipv4, tcp
from pressenter.wire.large_segment import bytes_on_wire, is_large, segment_bytes, split

SOURCE, DESTINATION = b"\x0a\0\0\1", b"\x0a\0\0\2"


def large_frame(data: bytes, flags: int, stamp: bool, sequence: int = 7) -> bytes:
    options = tcp.Options(timestamp=(1, 2)) if stamp else tcp.NO_OPTIONS
    segment = tcp.Segment(80, 4000, sequence, 9, flags, 1000, data, options)
    packet = ipv4.build_ipv4(
        SOURCE, DESTINATION, 6, tcp.build_tcp(SOURCE, DESTINATION, segment), identification=0xFFFE, dont_fragment=True
    )
    return ethernet.add_fcs(ethernet.build_frame(b"\2" * 6, b"\4" * 6, ethernet.EtherType.IPV4, packet))


def read(frame: bytes) -> tuple[ipv4.IPv4Header, tcp.Segment]:
    """The headers of a frame; wrong checksums raise."""
    assert ethernet.fcs_is_right(frame)
    packet = frame[14:-4]
    header = ipv4.parse_ipv4(packet)
    return header, tcp.parse_tcp(header.source, header.destination, packet[header.header_length : header.total_length])


@given(
    st.integers(1461, 65_000),
    st.booleans(),
    st.sampled_from([tcp.ACK, tcp.ACK | tcp.PSH, tcp.ACK | tcp.FIN | tcp.CWR]),
    st.sampled_from([7, 0xFFFFF000]),
)
def test_a_large_segment_is_cut_into_right_frames(size: int, stamp: bool, flags: int, sequence: int) -> None:
    data = bytes(i * 7 & 0xFF for i in range(size))
    frame = large_frame(data, flags, stamp, sequence)
    mss = 1448 if stamp else 1460
    assert is_large(frame) and segment_bytes(frame) == mss
    pieces = split(frame, mss)
    assert bytes_on_wire(frame) == sum(len(piece) + ethernet.OVERHEAD_ON_WIRE for piece in pieces)
    assert not any(is_large(piece) for piece in pieces)
    read_pieces = [read(piece) for piece in pieces]
    assert b"".join(segment.payload for _, segment in read_pieces) == data
    assert all(len(segment.payload) == mss for _, segment in read_pieces[:-1])
    for number, (header, segment) in enumerate(read_pieces):
        assert header.identification == (0xFFFE + number) & 0xFFFF
        assert segment.sequence == (sequence + number * mss) & 0xFFFFFFFF
        last, first = number == len(pieces) - 1, number == 0
        expected = flags & ~(0 if last else tcp.PSH | tcp.FIN) & ~(0 if first else tcp.CWR)
        assert segment.flags == expected and segment.options.timestamp == ((1, 2) if stamp else None)


def test_pieces_may_be_smaller() -> None:
    pieces = split(large_frame(bytes(5000), tcp.ACK, False), 536)
    assert [len(read(piece)[1].payload) for piece in pieces] == [536] * 9 + [176]


def test_an_ordinary_frame_is_not_large() -> None:
    assert not is_large(large_frame(bytes(1448), tcp.ACK, True))
    assert is_large(large_frame(bytes(1449), tcp.ACK, True))
