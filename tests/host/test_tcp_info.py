"""TCP_INFO has the kernel's layout: the same program reads it from both."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pressenter.host.tcp_info import FIELDS, LAYOUT, TCP_INFO
from pressenter.network.link import Faults
from tests.networks import Cable

#: What must be the same after a request and its answer, whatever the path.
ALIKE = (
    "state", "ca_state", "retransmits", "probes", "backoff", "unacked", "sacked", "lost", "retrans", "fackets",
    "last_ack_sent", "reordering", "snd_ssthresh", "total_retrans", "max_pacing_rate", "bytes_acked",
    "bytes_received",
)  # fmt: skip


def unpacked(sock: Any) -> dict[str, int]:
    data = sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, LAYOUT.size)
    return dict(zip(FIELDS, LAYOUT.unpack(data), strict=True))


async def conversation(host: str, port: int) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """A program that knows nothing of where it runs: 1,000 bytes there, 500 back, then TCP_INFO at each end."""
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1000)
        writer.write(bytes(500))
        accepted.set_result(writer)

    server = await asyncio.start_server(serve, host, port, family=socket.AF_INET)
    listening = unpacked(server.sockets[0])
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    writer.write(bytes(1000))
    await reader.readexactly(500)
    await asyncio.sleep(0.1)  # for the last acknowledgment
    served = await accepted
    found = unpacked(writer.get_extra_info("socket")), unpacked(served.get_extra_info("socket"))
    for end in (writer, served):
        end.close()
    server.close()
    return listening, *found


@pytest.mark.skipif(sys.platform != "linux", reason="the layout is Linux's")
def test_the_same_program_reads_it_here_and_from_the_kernel() -> None:
    kernel = asyncio.run(conversation("127.0.0.1", 0))
    ours = Cable().left.run(conversation("127.0.0.1", 80))
    assert ours[0]["state"] == kernel[0]["state"] == 10  # TCP_LISTEN
    assert ours[0]["sacked"] == kernel[0]["sacked"] == 100  # asyncio's backlog
    for mine, theirs in zip(ours[1:], kernel[1:], strict=True):
        assert {name: mine[name] for name in ALIKE} == {name: theirs[name] for name in ALIKE}
        assert mine["options"] & 7 == theirs["options"] & 7 == 7  # timestamps, SACK, window scaling
        for name in ("rto", "ato", "snd_mss", "rcv_mss", "pmtu", "advmss", "rcv_ssthresh", "rcv_space", "snd_cwnd"):
            assert mine[name] and theirs[name], name
        assert mine["last_data_recv"] >= 99 and theirs["last_data_recv"] >= 99


def test_what_a_bad_line_does_can_be_read() -> None:
    cable = Cable(faults=Faults(loss=0.05))
    written: list[Callable[[], dict[str, int]]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        written.append(lambda: unpacked(sock))
        writer.write(bytes(300_000))

    async def fetch() -> dict[str, int]:
        reader, writer = await asyncio.open_connection("10.0.0.2", 80)
        await reader.readexactly(300_000)
        await asyncio.sleep(1)
        writer.close()
        return written[0]()

    cable.right.run(asyncio.start_server(serve, "0.0.0.0", 80))
    info = cable.left.run(fetch())
    assert info["total_retrans"] > 0 and info["snd_ssthresh"] < 0x7FFFFFFF
    assert info["bytes_acked"] == 300_000 and info["unacked"] == 0
    assert info["pmtu"] == 1500 and info["snd_mss"] == 1448 and info["rtt"] > 0


def test_less_is_given_to_who_asks_for_less_and_nothing_is_known_of_what_is_not_connected() -> None:
    sock = Cable().left.socket()
    assert sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 8) == bytes([7]) + bytes(7)  # TCP_CLOSE
    assert sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO) == 7
