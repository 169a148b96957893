"""Captures and archives of other programs."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pressenter
from pressenter.trace.capture_reader import BadCapture, read_capture
from pressenter.trace.har import har_bytes
from pressenter.trace.har_reader import BadArchive, read_har


def test_what_we_write_we_read(journey: pressenter.Journey) -> None:
    read = read_capture(journey.capture())
    written = sorted(journey.packets, key=lambda frame: frame.at_ns)
    assert read.has_fcs
    assert [(f.at_ns, f.port, f.outbound, f.frame) for f in read.frames] == [
        (f.at_ns - written[0].at_ns, f.port, f.outbound, f.frame) for f in written
    ]


@pytest.mark.interop
@pytest.mark.parametrize("form", ["pcap", "nsecpcap", "pcapng"])
def test_what_wireshark_writes_we_read(
    form: str, journey: pressenter.Journey, program: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "ours").write_bytes(journey.capture(["laptop:eth0"]))
    subprocess.run([program("editcap"), "-F", form, str(tmp_path / "ours"), str(tmp_path / "theirs")], check=True)
    read = read_capture((tmp_path / "theirs").read_bytes()).frames
    ours = read_capture((tmp_path / "ours").read_bytes()).frames
    assert [f.frame for f in read] == [f.frame for f in ours]
    assert all(abs(a.at_ns - b.at_ns) <= 1000 for a, b in zip(read, ours, strict=True))


def test_both_byte_orders() -> None:
    for order in "<>":
        head = struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
        packet = struct.pack(f"{order}IIII", 5, 7, 60, 60) + bytes(60)
        (frame,) = read_capture(head + packet).frames
        assert frame.frame == bytes(60) and frame.at_ns == 0


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a"])
)
def test_anything_is_read_or_refused(data: bytes, start: bytes) -> None:
    for read, error in ((read_capture, BadCapture), (read_har, BadArchive)):
        try:
            read(start + data)
        except error as refused:
            assert str(refused)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_damaged_capture_is_read_or_refused(data: st.DataObject) -> None:
    from pressenter.trace.events import CapturedFrame
    from pressenter.trace.pcapng import pcapng_bytes

    frames = [CapturedFrame(n, "a:b", bool(n % 2), bytes(60 + n), 0) for n in range(5)]
    whole = bytearray(pcapng_bytes(frames, [], epoch_seconds=0))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_capture(bytes(whole))
    except BadCapture as refused:
        assert str(refused)


def test_an_archive_goes_there_and_back(secure_journey: pressenter.Journey) -> None:
    written = [
        event.fields
        for event in secure_journey.events
        if event.name == "http.exchange" and not event.fields["from_cache"]
    ]
    read = [event.fields for event in read_har(har_bytes(secure_journey.events, secure_journey.world.epoch_seconds))]
    by_url = {(fields["url"], fields["status"]): fields for fields in reversed(read)}  # the first visit's
    for fields in written:
        found = by_url[fields["url"], fields["status"]]
        taken = [marks["finished"] - marks["started"] for marks in (fields["timings"], found["timings"])]
        assert abs(taken[0] - taken[1]) < 2_000
        assert found["response_headers"] == [list(pair) for pair in fields["response_headers"]]
