"""TCP that gives large segments to its device: the same stream, in fewer steps."""

from __future__ import annotations

import asyncio
import hashlib

from pressenter.network.link import Faults
from tests.networks import Cable

DATA = hashlib.shake_128(b"large").digest(1_000_000)


def transfer(cable: Cable, large: bool = True) -> tuple[bytes, int, list[int]]:
    """What arrives, when, and the lengths of the frames with more than headers."""
    for host in (cable.left, cable.right):
        host.interfaces[0].large_segments = large
    received = bytearray()
    ended: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(DATA)
        await writer.drain()
        writer.close()

    async def fetch() -> None:
        reader, writer = await asyncio.open_connection("10.0.0.2", 80)
        while data := await reader.read(1 << 16):
            received.extend(data)
        ended.append(cable.agenda.now_ns)
        writer.close()

    cable.right.run(asyncio.start_server(serve, "0.0.0.0", 80))
    cable.left.run(fetch())
    sent = [event for event in cable.recorder.events if event.name == "link.transmit"]
    return bytes(received), ended[0], [event.fields["length"] for event in sent if event.fields["length"] > 100]


def test_a_perfect_link_carries_them_whole_in_the_time_of_their_frames() -> None:
    data, large_ns, large_frames = transfer(Cable())
    assert data == DATA
    _, small_ns, small_frames = transfer(Cable(), large=False)
    assert max(large_frames) > 30_000 and max(small_frames) == 1518
    assert len(large_frames) < len(small_frames) / 8
    # A large one arrives when its last bit does, so in slow start its acknowledgment is a little later.
    assert small_ns <= large_ns < small_ns * 1.15


def test_a_bad_link_sees_every_frame_for_itself() -> None:
    cable = Cable(faults=Faults(loss=0.02, corrupt=0.01, duplicate=0.01))
    data, _, frames = transfer(cable)
    assert data == DATA and max(frames) == 1518
    assert {"link.lose", "link.corrupt"} <= set(cable.names())


def test_a_peer_with_smaller_segments_gets_them_one_by_one() -> None:
    cable = Cable()
    cable.left.interfaces[0].mtu = 1000
    data, _, frames = transfer(cable)
    assert data == DATA and max(frames) == 1018


def test_a_path_that_bears_less_ends_them() -> None:
    cable = Cable()
    cable.agenda.at(
        90_000_000,
        lambda: [each.connection.on_path_mtu(cable.agenda.now_ns, 1200) for each in cable.right.tcp.endpoints.values()],
    )
    data, _, frames = transfer(cable)
    assert data == DATA and max(frames) > 10_000 and max(frames[-20:]) <= 1218
