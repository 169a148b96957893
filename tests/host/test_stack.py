"""Two hosts on one cable: ARP, ICMP, UDP, fragments, and TCP through HostLoop."""

from __future__ import annotations

import asyncio
import errno

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressenter.host.neighbours import MAXIMUM_REQUESTS, REACHABLE_TIME_NS
from pressenter.network.link import Faults
from pressenter.sim import NothingLeftToHappen
from pressenter.wire import MalformedPacket
from pressenter.wire.address import BROADCAST_MAC, ipv4_bytes
from pressenter.wire.arp import REPLY, REQUEST, parse_arp
from pressenter.wire.icmp import IcmpMessage
from pressenter.wire.ipv4 import IPv4Header, parse_ipv4
from tests.networks import Cable

RIGHT = "10.0.0.2"


def frames_of(cable: Cable, kind: int) -> list[bytes]:
    return [f.frame for f in cable.recorder.frames if f.outbound and int.from_bytes(f.frame[12:14], "big") == kind]


def test_arp_asks_everybody_and_answers_one() -> None:
    cable = Cable()
    cable.left.icmp.echo(ipv4_bytes(RIGHT), 1, 1, lambda header, message: None)
    cable.agenda.run()
    request, reply = frames_of(cable, 0x0806)
    assert request[:6] == BROADCAST_MAC and parse_arp(request[14:]).operation == REQUEST
    assert reply[:6] == cable.left.interfaces[0].mac and parse_arp(reply[14:]).operation == REPLY


def test_an_arp_entry_is_used_until_it_is_too_old() -> None:
    cable = Cable()
    for _ in range(3):
        cable.left.icmp.echo(ipv4_bytes(RIGHT), 1, 1, lambda header, message: None)
        cable.agenda.run()
    assert len(frames_of(cable, 0x0806)) == 2
    cable.agenda.run(cable.agenda.now_ns + REACHABLE_TIME_NS + 1)
    cable.left.icmp.echo(ipv4_bytes(RIGHT), 1, 1, lambda header, message: None)
    cable.agenda.run()
    assert len(frames_of(cable, 0x0806)) > 2
    assert "arp.expire" in cable.names()


def test_a_host_that_joins_announces_itself() -> None:
    cable = Cable()
    cable.left.interfaces[0].neighbours.announce()
    cable.agenda.run()
    (frame,) = frames_of(cable, 0x0806)
    packet = parse_arp(frame[14:])
    assert packet.sender_ip == packet.target_ip == ipv4_bytes("10.0.0.1")


def test_an_echo_is_answered() -> None:
    cable = Cable()
    replies: list[tuple[IPv4Header, IcmpMessage]] = []
    cable.left.icmp.echo(ipv4_bytes(RIGHT), 7, 3, lambda *reply: replies.append(reply), data=b"abc")
    cable.agenda.run()
    ((header, message),) = replies
    assert header.source == ipv4_bytes(RIGHT)
    assert (message.type, message.data) == (0, b"abc")


def test_nobody_at_an_address_is_host_unreachable() -> None:
    cable = Cable()

    async def connect() -> None:
        await asyncio.open_connection("10.0.0.77", 80)

    with pytest.raises(OSError, match="host unreachable") as caught:
        cable.left.run(connect())
    assert caught.value.errno == errno.EHOSTUNREACH
    assert len(frames_of(cable, 0x0806)) == MAXIMUM_REQUESTS


def test_no_route_is_network_unreachable() -> None:
    cable = Cable()

    async def connect() -> None:
        await asyncio.open_connection("192.0.2.1", 80)

    with pytest.raises(OSError, match="no route"):
        cable.left.run(connect())


def test_a_port_without_a_listener_refuses() -> None:
    cable = Cable()

    async def connect() -> None:
        await asyncio.open_connection(RIGHT, 81)

    with pytest.raises(ConnectionRefusedError, match="Connection refused"):
        cable.left.run(connect())


class Collect(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.errors: list[Exception] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.data.append(data)

    def error_received(self, exc: Exception) -> None:
        self.errors.append(exc)


def test_a_datagram_larger_than_the_mtu_is_cut_and_put_together() -> None:
    cable = Cable(mtu=600)
    payload = bytes(range(256)) * 10
    collect = Collect()

    async def listen() -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: collect, local_addr=("0.0.0.0", 99))

    async def send() -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(RIGHT, 99)
        )
        transport.sendto(payload)

    cable.right.run(listen())
    cable.left.run(send())
    cable.agenda.run()
    assert collect.data == [payload]
    packets = [parse_ipv4(frame[14:-4]) for frame in frames_of(cable, 0x0800)]
    assert len(packets) == 5 and all(packet.total_length <= 600 for packet in packets)
    assert {packet.more_fragments for packet in packets} == {True, False}


def test_a_datagram_to_a_closed_port_comes_back_as_an_error() -> None:
    cable = Cable()
    collect = Collect()

    async def send() -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: collect, remote_addr=(RIGHT, 9)
        )
        transport.sendto(b"x")
        await asyncio.sleep(1)

    cable.left.run(send())
    (error,) = collect.errors
    assert isinstance(error, ConnectionRefusedError)


async def echo_server() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(-1)
        writer.write(data)
        await writer.drain()
        writer.close()

    await asyncio.start_server(serve, RIGHT, 80)


async def send_and_read(data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(RIGHT, 80)
    writer.write(data)
    await writer.drain()
    writer.write_eof()
    answer = await reader.read(-1)
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize("size", [0, 1, 1460, 1461, 65_536, 1_000_000])
def test_a_stream_comes_back_as_it_went(size: int) -> None:
    cable = Cable()
    data = (bytes(range(251)) * (size // 251 + 1))[:size]
    cable.right.run(echo_server())
    assert cable.left.run(send_and_read(data)) == data
    assert "tcp.retransmit" not in cable.names()
    cable.agenda.run()
    assert not cable.left.tcp.endpoints and not cable.right.tcp.endpoints
    assert len(cable.agenda) == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10**6),
    loss=st.floats(0, 0.3),
    duplicate=st.floats(0, 0.2),
    reorder=st.floats(0, 0.3),
    corrupt=st.floats(0, 0.2),
    size=st.integers(1, 60_000),
)
def test_under_any_faults_the_bytes_arrive_whole_or_the_error_is_clean(
    seed: int, loss: float, duplicate: float, reorder: float, corrupt: float, size: int
) -> None:
    cable = Cable(seed=seed, faults=Faults(loss, duplicate, reorder, corrupt), record=False)
    data = (bytes(range(253)) * (size // 253 + 1))[:size]
    cable.right.run(echo_server())
    try:
        assert cable.left.run(send_and_read(data)) == data
    except OSError as error:
        assert error.errno in (errno.ETIMEDOUT, errno.ECONNRESET, errno.EHOSTUNREACH)
    except NothingLeftToHappen:
        # The peer has given up and its RST was lost: keepalive, which would find out, is off.
        assert loss + corrupt > 0.1
    cable.agenda.run()
    assert len(cable.agenda) == 0


def test_a_lossy_line_takes_longer_and_every_retransmission_has_a_cause() -> None:
    clean, lossy = Cable(), Cable(faults=Faults(loss=0.05))
    times = []
    for cable in (clean, lossy):
        cable.right.run(echo_server())
        cable.left.run(send_and_read(bytes(200_000)))
        times.append(cable.agenda.now_ns)
    assert times[1] > times[0]
    resent = [event for event in lossy.recorder.events if event.name == "tcp.retransmit"]
    assert resent and all(event.cause for event in resent)
    assert {event.fields["reason"] for event in resent} <= {
        "timeout", "three duplicate acknowledgments", "partial acknowledgment",
    }  # fmt: skip


def test_backpressure_reaches_the_writer() -> None:
    cable = Cable()
    progress: list[int] = []

    async def slow_server() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(30)
            progress.append(len(await reader.read(-1)))
            writer.close()

        await asyncio.start_server(serve, RIGHT, 80)

    async def client() -> float:
        _, writer = await asyncio.open_connection(RIGHT, 80)
        writer.write(bytes(2_000_000))
        await writer.drain()
        waited = asyncio.get_running_loop().time()
        writer.close()
        return waited

    cable.right.run(slow_server())
    assert cable.left.run(client()) > 29
    cable.agenda.run()
    assert progress == [2_000_000]


def test_what_the_loop_does_not_offer_says_its_name() -> None:
    loop = Cable().left.loop
    with pytest.raises(NotImplementedError, match=r"add_reader\(\) is not offered by HostLoop"):
        loop.add_reader(0, print)
    with pytest.raises(NotImplementedError, match=r"add_signal_handler\(\)"):
        loop.add_signal_handler(2, print)


def test_waiting_for_what_cannot_happen_is_an_error_and_not_a_hang() -> None:
    cable = Cable()

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(NothingLeftToHappen, match="left waits"):
        cable.left.run(forever())


def test_timeouts_and_sleep_follow_virtual_time() -> None:
    cable = Cable()

    async def program() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.sleep(10**6)
        return asyncio.get_running_loop().time()

    assert cable.left.run(program()) == pytest.approx(3600)


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_any_packet_is_taken_or_dropped_with_a_reason(data: bytes) -> None:
    cable = Cable()
    try:
        parse_ipv4(data)
    except MalformedPacket:
        cable.left.internet.receive(cable.left.interfaces[0], data)
        assert cable.names() == ["ip.drop"]
