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
from pressenter.wire.ethernet import add_fcs
from pressenter.wire.icmp import IcmpMessage, build_icmp
from pressenter.wire.ipv4 import build_ipv4, parse_ipv4
from pressenter.wire.tcp import SYN, Segment, build_tcp
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
    replies: list[tuple[bytes, IcmpMessage]] = []
    cable.left.icmp.echo(ipv4_bytes(RIGHT), 7, 3, lambda *reply: replies.append(reply), data=b"abc")
    cable.agenda.run()
    ((source, message),) = replies
    assert source == ipv4_bytes(RIGHT)
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
        "timeout", "fast recovery", "loss probe",
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


class Log(asyncio.Protocol):
    """What a protocol is told, in order."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        self.told.append(len(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(("lost", type(exc).__name__))


def test_a_connection_reset_before_the_protocol_starts_is_told_to_it() -> None:
    cable = Cable(rate_bps=10**9, delay_ns=1000)
    cable.right.wake_up_ns = 50_000_000
    logs: list[Log] = []

    def make() -> Log:
        logs.append(Log())
        return logs[-1]

    async def serve() -> None:
        await asyncio.get_running_loop().create_server(make, RIGHT, 80)

    async def connect_and_abort() -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, RIGHT, 80)
        transport.abort()

    cable.right.run(serve())
    cable.left.run(connect_and_abort())
    cable.agenda.run()
    assert [log.told for log in logs] == [["made", ("lost", "ConnectionResetError")]]


def test_connection_lost_comes_after_what_was_written_has_gone() -> None:
    cable = Cable()
    received: list[int] = []

    async def serve() -> None:
        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(10)
            received.append(len(await reader.read(-1)))
            writer.close()

        await asyncio.start_server(slow, RIGHT, 80)

    log = Log()

    async def client() -> float:
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: log, RIGHT, 80)
        transport.write(bytes(3_000_000))
        transport.close()
        while len(log.told) < 2:
            await asyncio.sleep(0.1)
        return asyncio.get_running_loop().time()

    cable.right.run(serve())
    assert cable.left.run(client()) > 10
    assert log.told == ["made", ("lost", "NoneType")]
    cable.agenda.run()
    assert received == [3_000_000]


def test_a_protocol_that_pauses_in_connection_made_gets_nothing_until_it_resumes() -> None:
    cable = Cable()

    class Paused(Log):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            transport.pause_reading()  # type: ignore[attr-defined]

    log = Paused()

    async def serve() -> None:
        await asyncio.get_running_loop().create_server(lambda: log, RIGHT, 80)

    async def client() -> None:
        _, writer = await asyncio.open_connection(RIGHT, 80)
        writer.write(b"abc")
        await asyncio.sleep(5)

    cable.right.run(serve())
    cable.left.run(client())
    assert log.told == ["made"]
    log.transport.resume_reading()  # type: ignore[attr-defined]
    cable.agenda.run()
    assert log.told[1] == 3


def test_a_protocol_that_fails_loses_its_connection() -> None:
    cable = Cable()

    class Failing(Log):
        def data_received(self, data: bytes) -> None:
            raise ValueError("a bug of the program's")

    log = Failing()

    async def serve() -> None:
        await asyncio.get_running_loop().create_server(lambda: log, RIGHT, 80)

    async def client() -> bytes:
        reader, writer = await asyncio.open_connection(RIGHT, 80)
        writer.write(b"abc")
        return await reader.read()

    cable.right.run(serve())
    with pytest.raises(ConnectionResetError):
        cable.left.run(client())
    assert log.told == ["made", ("lost", "ValueError")]
    assert "host.exception" in cable.names()
    assert not any("0x" in str(event.fields) for event in cable.recorder.events if event.name == "host.exception")


def test_a_finished_future_leaves_no_stop_behind() -> None:
    cable = Cable()

    async def nothing() -> int:
        return 1

    task = cable.left.start(nothing())
    cable.agenda.run()
    assert cable.left.run(task) == 1
    assert cable.left.run(asyncio.sleep(5, "slept")) == "slept"


def test_packets_that_must_not_crash_the_world() -> None:
    cable = Cable()
    target = cable.right
    source = ipv4_bytes("172.16.0.9")  # no route back
    own = target.interfaces[0].address
    echo = build_icmp(IcmpMessage(8, 0, b"\0\1\0\1", b"x"))
    syn = build_tcp(source, own, Segment(1, 80, 5, 0, SYN, 100))
    cable.right.run(echo_server())
    for packet in (
        build_ipv4(source, own, 1, echo), build_ipv4(source, own, 6, syn), build_ipv4(source, own, 1, b""),
        build_ipv4(source, own, 99, b"?"), build_ipv4(source, ipv4_bytes("127.0.0.1"), 1, echo),
        build_ipv4(source, ipv4_bytes("10.0.0.255"), 1, echo),
    ):  # fmt: skip
        target.internet.receive(target.interfaces[0], packet)
    cable.agenda.run()
    answers = [e for e in cable.recorder.events if e.node == "right" and e.name in ("icmp.send", "tcp.send")]
    assert [e.fields["peer"] for e in answers if e.name == "icmp.send"] == ["172.16.0.9"] * len(answers)
    target.internet.forwarding = True
    target.internet.receive(target.interfaces[0], build_ipv4(source, ipv4_bytes("8.8.8.8"), 1, b"", ttl=1))
    target.ports["eth0"].on_frame(add_fcs(b"\xff" * 6 + b"short"))
    cable.agenda.run()


def test_a_broadcast_goes_to_everybody_and_is_answered_by_nobody() -> None:
    cable = Cable()
    collect = Collect()

    async def listen() -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: collect, local_addr=("0.0.0.0", 99))

    async def send() -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol)
        transport.sendto(b"hello all", ("10.0.0.255", 99))
        transport.sendto(b"nobody", ("10.0.0.255", 98))

    cable.right.run(listen())
    cable.left.run(send())
    cable.agenda.run()
    assert collect.data == [b"hello all"]
    assert "icmp.send" not in cable.names()


def test_a_server_on_the_loopback_address_is_not_reached_from_outside() -> None:
    cable = Cable()

    async def serve() -> None:
        await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 8080)

    async def connect(address: str) -> bytes:
        reader, _ = await asyncio.open_connection(address, 8080)
        return await reader.read()

    cable.right.run(serve())
    assert cable.right.run(connect("127.0.0.1")) == b""
    with pytest.raises(ConnectionRefusedError):
        cable.left.run(connect(RIGHT))
