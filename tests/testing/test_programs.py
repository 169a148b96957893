"""Unmodified software on simulated hosts: asyncio's and such that blocks."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import select
import selectors
import socket
import socketserver
import ssl
import threading
import time
import urllib.request
from typing import Any

import pytest

from pressenter.testing import Internet, SimulatedHost


async def _hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["path"].encode() * 100})


@pytest.fixture
def pair(internet: Internet) -> tuple[SimulatedHost, SimulatedHost]:
    server, phone = internet.host("shop.test"), internet.host("phone")
    internet.link(phone, server, delay="30ms", rate="20Mbit/s", loss=0.01)
    return server, phone


# ---- asyncio -----------------------------------------------------------------------------------------


async def test_aiohttp_client_and_server(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    import aiohttp
    from aiohttp import web

    server, phone = pair

    async def serve() -> None:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(text=f"hello {await request.text()}")

        async def talk(request: web.Request) -> web.WebSocketResponse:
            line = web.WebSocketResponse()
            await line.prepare(request)
            async for message in line:
                await line.send_str(message.data.upper())
            return line

        application = web.Application()
        application.add_routes([web.post("/", answer), web.get("/talk", talk)])
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 80).start()

    async def ask() -> tuple[list[str], str]:
        async with aiohttp.ClientSession() as session:

            async def post(n: int) -> str:
                async with session.post("http://shop.test/", data=str(n)) as response:
                    return await response.text()

            answers = await asyncio.gather(*(post(n) for n in range(10)))
            async with session.ws_connect("http://shop.test/talk") as line:
                await line.send_str("quietly")
                return answers, str((await line.receive()).data)

    server.program(serve)
    await asyncio.sleep(1)
    answers, said = await phone.run(ask())
    assert answers == [f"hello {n}" for n in range(10)] and said == "QUIETLY"


async def test_hypercorn(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    import httpx
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    server, phone = pair
    config = Config()
    config.bind = ["0.0.0.0:80"]

    async def run() -> None:
        over = asyncio.Event()
        await serve(_hello, config, shutdown_trigger=over.wait)  # type: ignore[arg-type]

    async def ask() -> str:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get("http://shop.test/abc")).text

    server.program(run)
    await asyncio.sleep(1)
    assert await phone.run(ask()) == "/abc" * 100


async def test_anyio(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    import anyio

    server, phone = pair

    async def serve() -> None:
        async def answer(stream: Any) -> None:
            async with stream:
                await stream.send((await stream.receive())[::-1])

        listener = await anyio.create_tcp_listener(local_host="0.0.0.0", local_port=80)
        await listener.serve(answer)

    async def ask() -> bytes:
        with anyio.fail_after(60):
            async with await anyio.connect_tcp("shop.test", 80) as stream:
                await stream.send(b"stressed")
                return await stream.receive()

    server.program(serve)
    await asyncio.sleep(1)
    assert await phone.run(ask()) == b"desserts"


async def test_the_sock_calls(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    server, phone = pair

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        with_a_name = socket.socket()
        with_a_name.bind(("0.0.0.0", 80))
        with_a_name.listen()
        connection, _ = await loop.sock_accept(with_a_name)
        while data := await loop.sock_recv(connection, 65_536):
            await loop.sock_sendall(connection, data)
        connection.close()

    async def ask() -> bytes:
        loop = asyncio.get_running_loop()
        mine = socket.socket()
        mine.setblocking(False)
        await loop.sock_connect(mine, ("shop.test", 80))
        sending = loop.create_task(loop.sock_sendall(mine, bytes(range(256)) * 2_000))
        got = bytearray()
        while len(got) < 512_000:  # one call reads while another writes
            got += await loop.sock_recv(mine, 4_096)
        await sending
        mine.shutdown(socket.SHUT_WR)
        assert await loop.sock_recv(mine, 10) == b""
        mine.close()
        return bytes(got)

    server.program(serve)
    await asyncio.sleep(1)
    assert await phone.run(ask()) == bytes(range(256)) * 2_000


async def test_redis(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    """redis-py on a simulated host, against a small server of the protocol's second version."""
    import redis.asyncio

    server, phone = pair
    values: dict[bytes, bytes] = {}

    def answer(words: list[bytes]) -> bytes:
        command, *rest = words[0].upper(), *words[1:]
        if command == b"SET":
            values[rest[0]] = rest[1]
            return b"+OK\r\n"
        if command == b"GET":
            value = values.get(rest[0])
            return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
        if command == b"INCRBY":
            values[rest[0]] = b"%d" % (int(values.get(rest[0], b"0")) + int(rest[1]))
            return b":%s\r\n" % values[rest[0]]
        if command == b"PING":
            return b"+PONG\r\n"
        return b"-ERR unknown command\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            words = []
            for _ in range(int(line[1:])):
                length = int((await reader.readline())[1:])
                words.append((await reader.readexactly(length + 2))[:-2])
            writer.write(answer(words))
        writer.close()

    async def ask() -> tuple[Any, ...]:
        async with redis.asyncio.Redis(host="shop.test", protocol=2) as client:
            await client.set("large", b"x" * 100_000)
            counts = await asyncio.gather(*(client.incr("visits") for _ in range(20)))
            async with client.pipeline(transaction=False) as pipeline:
                piped = await pipeline.set("a", 1).get("a").get("nobody").execute()
            return len(await client.get("large")), sorted(counts), piped, await client.ping()

    server.program(lambda: asyncio.start_server(talk, "0.0.0.0", 6379))
    await asyncio.sleep(1)
    assert await phone.run(ask()) == (100_000, list(range(1, 21)), [True, b"1", None], True)


async def _postgres(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server of PostgreSQL's protocol (version 3) that knows one query: it counts characters."""

    def tell(kind: bytes, body: bytes = b"") -> None:
        writer.write(kind + (4 + len(body)).to_bytes(4, "big") + body)

    def number(value: int) -> bytes:
        return value.to_bytes(4, "big")

    integer = b"length\0" + bytes(6) + number(23) + b"\0\4" + b"\xff" * 4 + b"\0\1"
    length = 0
    while True:  # the client asks for TLS first, and does without
        startup = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        if startup[:4] != number(80877103):
            break
        writer.write(b"N")
    tell(b"R", number(0))
    for name, setting in ((b"server_version", b"16.0"), (b"client_encoding", b"UTF8")):
        tell(b"S", name + b"\0" + setting + b"\0")
    tell(b"Z", b"I")
    while (kind := await reader.read(1)) not in (b"", b"X"):
        body = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        if kind == b"P":
            tell(b"1")
        elif kind == b"D":
            tell(b"t", b"\0\1" + number(25))
            tell(b"T", b"\0\1" + integer)
        elif kind == b"B":
            count = body.index(b"\0", body.index(b"\0") + 1) + 7  # two names, the format, the number of values
            length = int.from_bytes(body[count : count + 4], "big")
            tell(b"2")
        elif kind == b"E":
            tell(b"D", b"\0\1" + number(4) + number(length))
            tell(b"C", b"SELECT 1\0")
        elif kind == b"S":
            tell(b"Z", b"I")
    writer.close()


async def test_asyncpg(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    """asyncpg, whose protocol is written in Cython, against that server."""
    import asyncpg

    server, phone = pair

    async def ask() -> list[int]:
        connection = await asyncpg.connect("postgres://someone@shop.test/orders")
        try:
            return [await connection.fetchval("select length($1)", "x" * size) for size in (1, 1_000, 300_000)]
        finally:
            await connection.close()

    server.program(lambda: asyncio.start_server(_postgres, "0.0.0.0", 5432))
    await asyncio.sleep(1)
    assert await phone.run(ask()) == [1, 1_000, 300_000]


# ---- programs that block ---------------------------------------------------------------------------------


def serve_forever(port: int) -> None:
    """A server as one writes the first one."""
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", port))
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                while data := connection.recv(1000):
                    connection.sendall(data.upper())


async def test_a_server_and_a_client_that_block(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    server, phone = pair
    server.start(server.run_blocking(serve_forever, 7))

    def ask() -> tuple[bytes, float]:
        begin = time.monotonic()
        time.sleep(100)
        with socket.create_connection(("shop.test", 7), timeout=30) as line:
            line.sendall(b"a" * 100_000)
            line.shutdown(socket.SHUT_WR)
            got = b""
            while data := line.recv(65_536):
                got += data
        return got, time.monotonic() - begin

    got, took = await phone.run_blocking(ask)
    assert got == b"A" * 100_000 and 100.1 < took < 120
    assert internet.now > 100


async def test_requests_urllib_and_http_client(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    import requests
    import uvicorn

    server, phone = pair
    web = uvicorn.Server(uvicorn.Config(_hello, host="0.0.0.0", port=80, lifespan="off", log_config=None, loop="none"))
    server.program(web._serve)
    await asyncio.sleep(1)

    def ask() -> list[str]:
        found = []
        with requests.Session() as session:
            session.trust_env = False
            found += [session.get(f"http://shop.test/{n}", timeout=20).text for n in range(3)]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        found.append(opener.open("http://shop.test/u").read().decode())
        connection = http.client.HTTPConnection("shop.test")
        connection.request("GET", "/h")
        found.append(connection.getresponse().read().decode())
        connection.close()
        return found

    assert await phone.run_blocking(ask) == [f"/{path}" * 100 for path in ("0", "1", "2", "u", "h")]


async def test_tls_in_programs_that_block(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    import requests

    server, phone = pair
    context, port = server.server_tls(), 443

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))[::-1]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    def serve() -> None:
        with http.server.HTTPServer(("0.0.0.0", port), Handler) as web:
            web.socket = context.wrap_socket(web.socket, server_side=True)
            web.serve_forever()

    def ask() -> tuple[bytes, bytes, str | None, Any]:
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(phone.trusted_authority())
            answer = session.post("https://shop.test/", data=b"desserts" * 20_000, timeout=60).content
        trusting = ssl.create_default_context(cafile=phone.trusted_authority())
        line = http.client.HTTPSConnection("shop.test", context=trusting, timeout=60)
        line.request("POST", "/", body=b"stressed")
        other = line.getresponse().read()
        version, names = line.sock.version(), line.sock.getpeercert()["subjectAltName"]
        line.close()
        return answer, other, version, names

    def distrust(name: str) -> str:
        plain, context = socket.create_connection((name, port), timeout=60), ssl.create_default_context()
        with plain, pytest.raises(ssl.SSLCertVerificationError) as caught:
            context.wrap_socket(plain, server_hostname=name)
        return caught.value.verify_message

    server.start(server.run_blocking(serve))
    await asyncio.sleep(1)
    answer, other, version, names = await phone.run_blocking(ask)
    assert answer == b"stressed" * 20_000 and other == b"desserts" and version == "TLSv1.3"
    assert names == (("DNS", "shop.test"),)
    assert "unable to get local issuer" in await phone.run_blocking(distrust, "shop.test")


async def test_waiting_for_several_sockets(internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]) -> None:
    """socketserver's ``serve_forever``, ``selectors`` and ``select``: who answers first, and who never does."""
    server, phone = pair

    class Late(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            seconds = float(self.rfile.readline())
            time.sleep(seconds)
            self.wfile.write(b"%g" % seconds)

    def serve(port: int) -> None:
        with socketserver.TCPServer(("0.0.0.0", port), Late) as late:
            late.serve_forever()

    def ask(make: Any) -> list[bytes]:
        found = []
        with make() as selector:
            for port, seconds in ((7001, 5.0), (7002, 1.0), (7003, 3.0)):
                line = socket.create_connection(("shop.test", port))
                line.sendall(b"%g\n" % seconds)
                selector.register(line, selectors.EVENT_READ)
            assert selector.select(0) == [] == selector.select(0.5)
            while selector.get_map():
                for key, events in selector.select(10):
                    assert events == selectors.EVENT_READ
                    found.append(key.fileobj.recv(10))
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
        return found

    def plainly() -> tuple[list[bool], float]:
        with socket.create_connection(("shop.test", 7001)) as line:
            before = time.monotonic()
            states = [bool(each) for each in select.select([line], [line], [], 5)]
            quiet = select.select([line], [], [], 2)
            return [*states, any(quiet)], time.monotonic() - before

    for port in (7001, 7002, 7003):
        server.start(server.run_blocking(serve, port))
    await asyncio.sleep(1)
    for make in (selectors.DefaultSelector, selectors.PollSelector, selectors.SelectSelector):
        assert await phone.run_blocking(ask, make) == [b"1", b"3", b"5"]
    states, waited = await phone.run_blocking(plainly)
    assert states == [False, True, False, False] and 2 <= waited < 2.1


async def test_waiting_ends_with_a_timeout_an_error_or_the_host(
    internet: Internet, pair: tuple[SimulatedHost, SimulatedHost]
) -> None:
    server, phone = pair

    def ask(timeout: float) -> bytes:
        with socket.create_connection(("shop.test", 7), timeout=timeout) as line:
            return line.recv(1)

    with pytest.raises(ConnectionRefusedError):
        await phone.run_blocking(ask, 5)
    server.start(server.run_blocking(serve_forever, 7))
    await asyncio.sleep(1)
    before = internet.now
    with pytest.raises(TimeoutError):
        await phone.run_blocking(ask, 5)
    assert 5 < internet.now - before < 7
    with pytest.raises(socket.gaierror):
        await phone.run_blocking(socket.create_connection, ("nobody.test", 7))
    waiting = phone.start(phone.run_blocking(ask, 10_000))
    await asyncio.sleep(5)
    assert threads() == 2
    phone.crash()
    server.crash()
    await asyncio.sleep(1)
    assert waiting.cancelled() and threads() == 0


def threads() -> int:
    return sum("blocking program" in thread.name for thread in threading.enumerate())


def lottery(seed: int) -> list[tuple[int, float]]:
    """Five programs that block, each in its thread, over a bad line: who is served when?"""
    from pressenter.testing.clock import virtual_clocks
    from pressenter.testing.python_sockets import simulated_sockets

    made = Internet(seed)
    served: list[tuple[int, float]] = []

    async def test() -> None:
        server = made.host("shop.test")
        server.start(server.run_blocking(serve_forever, 7))

        def ask(number: int) -> None:
            with socket.create_connection(("shop.test", 7)) as line:
                line.sendall(bytes([65 + number]) * 5_000)
                line.shutdown(socket.SHUT_WR)
                while line.recv(4_096):
                    pass
            served.append((number, time.monotonic()))

        phones = [made.host(f"phone{number}") for number in range(5)]
        for phone in phones:
            made.link(phone, server, delay="15ms", loss=0.05)
        await asyncio.gather(*(phone.run_blocking(ask, number) for number, phone in enumerate(phones)))

    with virtual_clocks(made), simulated_sockets():
        made.run(test())
        made.close()
    return served


def test_threads_take_turns_in_the_same_order_each_time() -> None:
    first = lottery(1)
    assert sorted(number for number, _ in first) == list(range(5))
    assert all(lottery(1) == first for _ in range(3))
    assert lottery(2) != first
    assert threads() == 0
