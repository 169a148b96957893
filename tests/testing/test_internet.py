"""Networks for tests: hosts, links, partitions, crashes, clocks; the plugin's own fixture is used."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from pressenter.testing import Internet
from pressenter.testing.internet import TookTooLong


async def serve_echo(port: int = 7) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "0.0.0.0", port)
    await server.serve_forever()


async def echo(host: str, data: bytes, port: int = 7) -> tuple[bytes, float]:
    begin = asyncio.get_running_loop().time()
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer, asyncio.get_running_loop().time() - begin


async def test_names_links_and_delays(internet: Internet) -> None:
    server, phone, other = internet.host("shop.test"), internet.host("phone"), internet.host("other")
    internet.link(phone, server, delay="60ms", rate="5Mbit/s")
    server.program(serve_echo)
    answer, took = await phone.run(echo("shop.test", b"x" * 50_000))
    assert answer == b"x" * 50_000
    assert 0.24 < took < 1.5  # two round trips of 120 ms, and 100 kB at 5 Mbit/s
    _, direct = await other.run(echo("shop.test", b"hello"))
    assert direct < 0.03  # through the middle: 1 ms for each of two cables
    names = {event.name for event in internet.recorder.events}
    assert {"dns.query", "dns.serve", "tcp.state", "arp.request"} <= names


async def test_a_lossy_line_is_slower_and_loses_nothing(internet: Internet) -> None:
    server, phone = internet.host("shop.test"), internet.host("phone")
    link = internet.link(phone, server, delay="20ms", rate="10Mbit/s")
    server.program(serve_echo)
    _, clean = await phone.run(echo("shop.test", bytes(200_000)))
    link.set(loss=0.05, duplicate=0.02, reorder=0.02, corrupt=0.01)
    answer, lossy = await phone.run(echo("shop.test", bytes(200_000)))
    assert answer == bytes(200_000) and lossy > clean
    assert any(event.name == "link.lose" for event in internet.recorder.events)


async def test_one_direction_alone(internet: Internet) -> None:
    server, phone = internet.host("shop.test"), internet.host("phone")
    link = internet.link(phone, server)
    link.set(loss=1.0, towards=server)
    with pytest.raises(OSError):
        await phone.run(asyncio.wait_for(echo("shop.test", b"x"), 200))
    lost = {event.fields["target"].partition(":")[0] for event in internet.recorder.events if event.name == "link.lose"}
    assert lost == {"shop.test"}
    with pytest.raises(ValueError, match="no share"):
        link.set(loss=2)


async def test_partitions_and_repairs_at_given_times(internet: Internet) -> None:
    one, two, three = (internet.host(name) for name in ("one", "two", "three"))
    internet.link(one, two)
    two.program(serve_echo)
    internet.partition(one, [two, three], at="1s", until="9s")
    await asyncio.sleep(2)
    answer, _ = await one.run(echo("two", b"late"))
    assert answer == b"late" and internet.now > 9
    assert (await three.run(echo("two", b"ok")))[1] < 0.1
    internet.partition(three, two)
    with pytest.raises(TimeoutError):
        await three.run(asyncio.wait_for(echo("two", b"x"), 5))
    internet.heal()
    assert (await three.run(echo("two", b"ok")))[0] == b"ok"


async def test_a_cable_is_cut_in_the_middle_of_a_transfer(internet: Internet) -> None:
    server, phone = internet.host("shop.test"), internet.host("phone")
    link = internet.link(phone, server, rate="1Mbit/s")
    server.program(serve_echo)
    link.cut(at="0.5s", until="4s")
    answer, took = await phone.run(echo("shop.test", bytes(100_000)))
    assert answer == bytes(100_000) and took > 3.5


async def test_a_host_crashes_and_comes_back(internet: Internet) -> None:
    server, phone = internet.host("shop.test"), internet.host("phone")
    server.program(serve_echo)
    assert (await phone.run(echo("shop.test", b"a")))[0] == b"a"
    reader, writer = await asyncio.open_connection("shop.test", 7)
    server.crash()
    with pytest.raises(RuntimeError, match="is down"):
        server.start(echo("phone", b""))
    with pytest.raises(TimeoutError):
        await phone.run(asyncio.wait_for(echo("shop.test", b"b"), 3))
    server.boot()
    assert (await phone.run(echo("shop.test", b"c")))[0] == b"c"
    writer.write(b"are you still there?")  # it knows nothing of this connection any more
    with pytest.raises(ConnectionResetError):
        await reader.read()
    kinds = [event.name for event in internet.recorder.events if event.node == "shop.test"]
    assert kinds.index("host.crash") < kinds.index("host.boot")


async def test_a_crash_at_a_time(internet: Internet) -> None:
    server, phone = internet.host("shop.test"), internet.host("phone")
    server.program(serve_echo)
    server.crash(at="2s", until="5s")
    await asyncio.sleep(3)
    assert not server.is_up
    await asyncio.sleep(3)
    assert (await phone.run(echo("shop.test", b"x")))[0] == b"x"


async def test_clocks_are_virtual_and_may_be_wrong(internet: Internet) -> None:
    right, wrong = internet.host("right"), internet.host("wrong")
    wrong.skew = 3600.0

    async def clocks() -> tuple[float, float, float]:
        before = time.monotonic()
        await asyncio.sleep(600)
        return time.time(), time.monotonic() - before, time.time_ns() / 1e9

    (a, slept, a_ns), (b, _, _) = await asyncio.gather(right.run(clocks()), wrong.run(clocks()))
    assert slept == pytest.approx(600) and b - a == pytest.approx(3600) and a_ns == pytest.approx(a)
    assert internet.now == pytest.approx(600, abs=1)


async def test_tls_with_certificates_for_the_names(internet: Internet) -> None:
    server, phone = internet.host("shop.test"), internet.host("phone")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def serve() -> None:
        await asyncio.start_server(answer, "0.0.0.0", 443, ssl=server.server_tls())

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("shop.test", 443, ssl=phone.client_tls())
        writer.write(b"secret\n")
        found = await reader.read()
        writer.close()
        return found

    server.program(serve)
    await asyncio.sleep(0.1)
    assert await phone.run(ask()) == b"secret\n"


async def test_cancelling_a_run_cancels_the_program(internet: Internet) -> None:
    phone = internet.host("phone")
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("ended")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(phone.run(wait()), 2)
    await asyncio.sleep(0)
    assert ended == ["ended"] and internet.now < 3


async def test_what_a_program_raises_arrives(internet: Internet) -> None:
    phone = internet.host("phone")
    with pytest.raises(OSError):
        await phone.run(echo("nobody.test", b""))
    with pytest.raises(ConnectionRefusedError):
        await phone.run(echo("phone", b"", port=9))
    with pytest.raises(ValueError, match="already"):
        internet.host("phone")


def transfer(seed: int) -> list[Any]:
    made = Internet(seed)

    async def test() -> bytes:
        server, phone = made.host("shop.test"), made.host("phone")
        made.link(phone, server, delay="10ms", loss=0.1)
        server.program(serve_echo)
        return (await phone.run(echo("shop.test", bytes(30_000))))[0]

    assert made.run(test()) == bytes(30_000)
    made.close()
    return [frame.frame for frame in made.recorder.frames]


def test_a_seed_gives_the_same_bytes_and_another_others() -> None:
    assert transfer(3) == transfer(3) != transfer(4)


def test_a_test_without_an_end_is_ended() -> None:
    made = Internet()

    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(TookTooLong, match=r"it waits: .*test_internet\.py"):
        made.run(wait_for_ever())
    made.close()
    assert made.now >= 3600


async def test_httpx_and_uvicorn(internet: Internet) -> None:
    import httpx
    import uvicorn

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["path"].encode())]})
        await send({"type": "http.response.body", "body": b"hello"})

    server, phone = internet.host("shop.test"), internet.host("phone")
    internet.link(phone, server, delay="40ms", loss=0.02)
    config = uvicorn.Config(application, host="0.0.0.0", port=80, lifespan="off", log_config=None, loop="none")
    web = uvicorn.Server(config)
    web.install_signal_handlers = lambda: None
    server.program(web._serve)

    async def ask() -> list[int]:
        async with httpx.AsyncClient(trust_env=False) as client:
            answers = await asyncio.gather(*(client.get(f"http://shop.test/{n}") for n in range(20)))
            return [answer.status_code for answer in answers]

    await asyncio.sleep(0.5)
    assert await phone.run(ask()) == [200] * 20
