"""The socket calls that programs make, without an event loop, and the tables that show what they did."""

from __future__ import annotations

import asyncio
import errno
import re
import socket

import pytest

from pressenter.host.received import ReceivedPacket
from pressenter.host.socket_tables import netstat, ss
from pressenter.host.sockets import Socket
from pressenter.host.tcp.parameters import SynCookies
from pressenter.wire.address import ipv4_bytes
from pressenter.wire.tcp import SYN, Segment, build_tcp
from tests.networks import Cable

SERVER = ("10.0.0.2", 80)


def connected(cable: Cable) -> tuple[Socket, Socket, Socket]:
    """Listener, client and accepted server socket."""
    listener = cable.right.socket()
    listener.bind(("", 80))
    listener.listen(5)
    client = cable.left.socket()
    with pytest.raises(BlockingIOError):
        client.connect(SERVER)
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    server, address = listener.accept()
    assert address == client.getsockname()
    return listener, client, server


def test_a_conversation() -> None:
    cable = Cable()
    events: list[str] = []
    listener, client, server = connected(cable)
    server.on_change = lambda: events.append("server")
    assert client.send(b"hello") == 5
    with pytest.raises(BlockingIOError):
        server.recv(10)
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    assert events
    assert server.recv(3, socket.MSG_PEEK) == b"hel" and server.recv(100) == b"hello"
    server.shutdown(socket.SHUT_WR)
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    assert client.recv(10) == b"" and client.is_readable
    assert client.send(b"more") == 4  # half-closed: the other way is open
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    assert server.recv(10) == b"more"
    with pytest.raises(BrokenPipeError):
        server.send(b"x")
    client.close()
    server.close()
    listener.close()
    cable.agenda.run()
    assert not cable.left.tcp.endpoints and not cable.right.tcp.endpoints and not cable.right.tcp.listeners


def test_nobody_listens() -> None:
    cable = Cable()
    client = cable.left.socket()
    assert client.connect_ex(SERVER) == errno.EINPROGRESS
    cable.agenda.run()
    assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
    assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def test_a_reset_is_told_once() -> None:
    cable = Cable()
    _, client, server = connected(cable)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, (1, 0))
    server.close()
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    assert client.recv(10) == b""


def test_wrong_use_is_told() -> None:
    cable = Cable()
    one = cable.left.socket()
    with pytest.raises(OSError, match="not an address of left"):
        one.bind(("10.9.9.9", 1))
    one.bind(("", 80))
    one.listen()
    with pytest.raises(OSError, match="in use"):
        other = cable.left.socket()
        other.bind(("", 80))
        other.listen()
    with pytest.raises(OSError, match="not connected"):
        cable.left.socket().recv(1)
    with pytest.raises(OSError, match="no socket option"):
        one.setsockopt(socket.SOL_SOCKET, 9999, 1)
    with pytest.raises(OSError, match="no congestion control 'vegas'; there are reno, cubic, bbr"):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"vegas")
    one.close()
    with pytest.raises(OSError):
        one.listen()


def test_options_reach_the_connection() -> None:
    cable = Cable()
    client = cable.left.socket()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"bbr")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0x20)
    client.connect_ex(SERVER)
    endpoint = client.endpoint
    assert endpoint is not None and endpoint.connection.congestion.name == "bbr" and endpoint.tos == 0x20
    assert endpoint.connection.receive_buffer.capacity == 10_000 and endpoint.connection.sender.no_delay
    assert client.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 10_000
    assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION) == b"bbr"


def test_quick_acknowledgments_are_asked_for_until_the_connection_decides_otherwise() -> None:
    cable = Cable()
    client = cable.left.socket()
    assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
    client.connect_ex(SERVER)
    assert client.endpoint is not None
    delayed = client.endpoint.connection.receiver.delayed_ack
    assert delayed.interactive and client.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 0
    delayed.interactive = False  # as when an acknowledgment had to go out on its own
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    assert not delayed.interactive and client.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 1
    delayed.interactive = True  # as when the application answers
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK) == 0


def test_datagrams() -> None:
    cable = Cable()
    server = cable.right.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", 53))
    client = cable.left.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.sendto(b"question", ("10.0.0.2", 53))
    cable.agenda.run()
    data, address = server.recvfrom(100)
    server.sendto(b"answer to " + data, address)
    cable.agenda.run()
    assert client.recv(100) == b"answer to question"
    nobody = cable.left.socket(socket.AF_INET, socket.SOCK_DGRAM)
    nobody.connect(("10.0.0.2", 99))
    nobody.send(b"?")
    cable.agenda.run()
    with pytest.raises(ConnectionRefusedError):  # the ICMP error is delivered
        nobody.recv(10)


def test_the_accept_queue_is_bounded() -> None:
    cable = Cable()
    listener = cable.right.socket()
    listener.bind(("", 80))
    listener.listen(1)
    clients = [cable.left.socket() for _ in range(5)]
    for client in clients:
        client.connect_ex(SERVER)
    cable.agenda.run(10**9 // 2)
    assert [client.is_connecting for client in clients].count(False) >= 2
    assert len(cable.right.tcp.listeners[80][0].waiting) <= 5
    assert cable.right.tcp.counters["TcpExtListenOverflows"] >= 0


def flood(cable: Cable, count: int) -> None:
    """SYNs from addresses that do not exist."""
    own = ipv4_bytes("10.0.0.2")
    for index in range(count):
        source = bytes((10, 0, 0, 3 + index % 250))
        syn = build_tcp(source, own, Segment(1024 + index, 80, index, 0, SYN, 1000))
        received = ReceivedPacket(cable.right.interfaces[0], source, own, syn, b"", 0, 64, False)
        cable.right.tcp.receive(received)


@pytest.mark.parametrize("cookies", [SynCookies.NEVER, SynCookies.WHEN_FULL])
def test_a_flood_of_syns(cookies: SynCookies) -> None:
    cable = Cable()
    parameters = cable.right.tcp.parameters
    parameters.syn_queue, parameters.syn_cookies = 20, cookies
    listener = cable.right.socket()
    listener.bind(("", 80))
    listener.listen(5)
    flood(cable, 300)
    assert len(cable.right.tcp.endpoints) == 20
    client = cable.left.socket()
    client.connect_ex(SERVER)
    cable.agenda.run(10**9 // 2)
    if cookies is SynCookies.NEVER:
        assert client.is_connecting
        return
    assert not client.is_connecting
    client.send(b"honest")
    cable.agenda.run(10**9)
    server, _ = listener.accept()
    assert server.recv(100) == b"honest"
    assert server.endpoint is not None
    connection = server.endpoint.connection
    assert connection.sender.recovery.sack and connection.receiver.scale  # kept in the timestamp
    server.send(bytes(100_000))
    cable.agenda.run(3 * 10**9)
    assert len(client.recv(1 << 20)) == 100_000


def test_fast_open_saves_a_round_trip() -> None:
    cable = Cable()
    cable.right.tcp.parameters.fast_open_server = True
    listener = cable.right.socket()
    listener.bind(("", 80))
    listener.listen(5)
    arrived = []
    for _ in range(2):
        client = cable.left.socket()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 1)
        began_ns = cable.agenda.now_ns
        assert client.sendto(b"GET /", SERVER) == 5
        while not listener.is_readable:
            cable.agenda.run(cable.agenda.now_ns + 1_000_000)
        server, _ = listener.accept()
        while not server.is_readable:
            cable.agenda.run(cable.agenda.now_ns + 1_000_000)
        assert server.recv(100) == b"GET /"
        arrived.append(cable.agenda.now_ns - began_ns)
        client.close()
        server.close()
        cable.agenda.run()
    assert arrived[1] < 15_000_000 < 30_000_000 <= arrived[0]  # half a round trip instead of one and a half


def test_the_tables_have_the_columns_of_the_real_programs() -> None:
    cable = Cable()
    _, client, _ = connected(cable)
    client.send(bytes(5000))
    rows = netstat(cable.left).splitlines()
    assert rows[0] == "Active Internet connections (servers and established)"
    assert re.match(r"Proto Recv-Q Send-Q Local Address +Foreign Address +State +PID/Program name", rows[1])
    assert re.match(r"tcp +0 +5000 10\.0\.0\.1:\d+ +10\.0\.0\.2:80 +ESTABLISHED -", rows[2])
    listening = netstat(cable.right).splitlines()[2]
    assert re.match(r"tcp +0 +0 0\.0\.0\.0:80 +0\.0\.0\.0:\* +LISTEN +-", listening)
    head, row, details = ss(cable.left).splitlines()
    assert head.split() == ["State", "Recv-Q", "Send-Q", "Local", "Address:Port", "Peer", "Address:Port"]
    assert row.split()[:3] == ["ESTAB", "0", "5000"]
    assert re.search(r"ts sack cubic wscale:\d+,\d+ rto:\d+\S* rtt:\d\S*/\S+ ato:40 mss:1448 cwnd:10 ", details)


def test_a_server_keeps_what_was_set_on_its_socket_and_who_came_before_it() -> None:
    cable = Cable()
    sock = cable.right.socket()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
    sock.bind(("10.0.0.2", 80))
    sock.listen()
    early = cable.left.socket()
    with pytest.raises(BlockingIOError):
        early.connect(SERVER)
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    early.send(b"hi")
    early.shutdown(socket.SHUT_WR)
    cable.agenda.run(cable.agenda.now_ns + 10**9)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read() + bytes(10))
        writer.close()

    cable.right.run(asyncio.start_server(serve, sock=sock))
    assert sock.getsockname() == SERVER and len(cable.right.tcp.listeners[80]) == 1
    (endpoint,) = cable.right.tcp.endpoints.values()
    assert endpoint.connection.congestion.name == "reno" and endpoint.listener is None
    cable.agenda.run(cable.agenda.now_ns + 10**9)
    assert early.recv(100) == b"hi" + bytes(10)
