"""A sample of the soak (``tests/soak.py``), and what a clean path must carry."""

from __future__ import annotations

import asyncio

import pytest

from tests.networks import Cable
from tests.soak import soak


@pytest.mark.parametrize("first", range(1, 61, 15))
def test_the_bytes_arrive_or_the_error_is_clean_and_nothing_is_left(first: int) -> None:
    whole = 0
    for seed in range(first, first + 15):
        whole += int(str(soak(seed)["whole"]))
    assert whole


@pytest.mark.parametrize("control", ["reno", "cubic", "bbr"])
def test_a_long_fat_path_is_filled(control: str) -> None:
    """100 Mbit/s and 100 ms: 95 % of what the headers leave, once it has started."""
    cable = Cable(rate_bps=100_000_000, delay_ns=50_000_000, queue_bytes=4 << 20, record=False)
    for host in (cable.left, cable.right):
        host.tcp.parameters.congestion_control = control
    size = 40_000_000
    marks: dict[int, int] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(size))
        writer.close()

    async def fetch() -> None:
        reader, writer = await asyncio.open_connection("10.0.0.2", 9000)
        received = 0
        while data := await reader.read(1 << 20):
            received += len(data)
            marks[cable.agenda.now_ns // 100_000_000] = received
        assert received == size
        writer.close()

    cable.right.run(asyncio.start_server(serve, "0.0.0.0", 9000))
    cable.left.run(fetch())
    end = max(marks) - 1
    begin = end - 15
    rate_bps = (marks[end] - marks[begin]) * 8 / ((end - begin) / 10)
    possible_bps = 100_000_000 * 1448 / (1448 + 32 + 20 + 14 + 4 + 20)
    assert rate_bps >= 0.95 * possible_bps
