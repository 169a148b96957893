"""Programs that nobody here wrote, inside the world and outside it."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from pressenter.http.server import WebServer
from pressenter.http.site import FolderSite
from pressenter.sim import Agenda
from pressenter.tls.contexts import client_context
from pressenter.trace import Recorder
from pressenter.worlds.world import World


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An ASGI application."""
    assert scope["type"] == "http"
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await asyncio.sleep(0.5)
    text = f"{scope['method']} {scope['path']} from {scope['client'][0]}: ".encode() + body
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text, "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})


@pytest.mark.parametrize("secure", [False, True])
def test_unmodified_uvicorn_and_httpx_over_dns_tcp_and_tls(secure: bool, tmp_path: Path) -> None:
    world = World.load(seed=5)
    server_host, laptop = world.host("web-2"), world.host("laptop")
    port = 8443 if secure else 8080
    options: dict[str, Any] = {}
    if secure:
        issued = world.authority.issue("secure.example.com")
        (tmp_path / "cert.pem").write_bytes(issued.certificate_pem)
        (tmp_path / "key.pem").write_bytes(issued.key_pem)
        options = {"ssl_certfile": str(tmp_path / "cert.pem"), "ssl_keyfile": str(tmp_path / "key.pem")}
    config = uvicorn.Config(application, host="0.0.0.0", port=port, lifespan="off", log_config=None, **options)
    server = uvicorn.Server(config)
    serving = server_host.start(server.serve())

    async def client() -> list[str]:
        verify = client_context(world.authority.certificate_pem) if secure else False
        base = f"{'https' if secure else 'http'}://secure.example.com:{port}"
        async with httpx.AsyncClient(base_url=base, verify=verify, trust_env=False, timeout=20) as session:
            jobs = [session.post(f"/item/{n}", content=b"x" * 3000 * n) for n in range(5)]
            answers = await asyncio.gather(*jobs)
        return [answer.text for answer in answers]

    answers = laptop.run(client())
    assert answers == [f"POST /item/{n} from 203.0.113.2: {'x' * 3000 * n}!" for n in range(5)]
    names = {event.name for event in world.recorder.events}
    assert {"dns.query", "tcp.state", "nat.map"} <= names
    server.should_exit = True
    world.run("5min")
    assert serving.done()
    assert not laptop.tcp.endpoints


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Our web server on the standard event loop: its address, and the folder that it serves."""
    (tmp_path / "index.html").write_text("<!DOCTYPE html><title>t</title>" + "<p>hello</p>" * 100)
    (tmp_path / "data.bin").write_bytes(bytes(range(256)) * 4000)
    loop = asyncio.new_event_loop()
    ready: list[str] = []
    started = threading.Event()

    async def start() -> None:
        server = WebServer("here", Recorder(Agenda(), False), {"*": FolderSite(tmp_path)}, {}, lambda: 1_767_225_600.0)
        listening = await server.start("127.0.0.1", 0)
        ready.append("http://127.0.0.1:%d" % listening.sockets[0].getsockname()[1])
        started.set()

    async def end() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def serve() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(end())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    started.wait(10)
    yield ready[0], tmp_path
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.mark.interop
def test_curl_fetches_from_our_server_on_the_standard_loop(
    program: Callable[[str], str], served: tuple[str, Path]
) -> None:
    curl = program("curl")
    address, folder = served

    def fetch(*arguments: str) -> bytes:
        return subprocess.run([curl, "-sS", "--noproxy", "*", *arguments], capture_output=True, check=True).stdout

    assert fetch(f"{address}/data.bin") == (folder / "data.bin").read_bytes()
    assert fetch("--compressed", f"{address}/") == (folder / "index.html").read_bytes()
    assert fetch("-r", "100-199", f"{address}/data.bin") == (folder / "data.bin").read_bytes()[100:200]
    head = fetch("-I", f"{address}/").decode().lower()
    assert "200 ok" in head and "etag:" in head and "last-modified:" in head
    etag = next(line.split(": ", 1)[1].strip() for line in head.splitlines() if line.startswith("etag:"))
    assert fetch("-o", "/dev/null", "-w", "%{http_code}", "-H", f"If-None-Match: {etag}", f"{address}/") == b"304"
    assert fetch("-o", "/dev/null", "-w", "%{http_code}", "--path-as-is", f"{address}/../../etc/passwd") == b"404"
    two = fetch("-w", "%{num_connects} ", "-o", "/dev/null", f"{address}/", "-o", "/dev/null", f"{address}/data.bin")
    assert two == b"1 0 "  # kept alive
    assert fetch("-X", "DELETE", "-o", "/dev/null", "-w", "%{http_code}", f"{address}/") == b"405"


@pytest.mark.interop
@pytest.mark.parametrize(
    ("name", "folders", "pages"),
    [
        ("www.python.test", ("/usr/share/doc/python3-doc/html", "/usr/share/doc/python3/html"),
         {"index.html": "Python 3", "library/socket.html": "socket", "tutorial/controlflow.html": "More Control Flow Tools",
          "reference/datamodel.html": "Objects, values and types"}),
        ("www.sqlite.test", ("/usr/share/doc/sqlite3",),
         {"index.html": "What Is SQLite?", "lang_select.html": "SELECT", "fileformat2.html": "The Database File",
          "datatype3.html": "Storage Classes"}),
    ],
)  # fmt: skip
def test_websites_that_nobody_here_wrote(
    name: str, folders: tuple[str, ...], pages: dict[str, str], folder: Callable[..., Path], tmp_path: Path
) -> None:
    import pressenter

    site = folder(*folders)
    for page, words in pages.items():
        journey = pressenter.go(f"http://{name}/{page}", sites={name: site})
        assert journey.failure is None, page
        assert journey.page is not None and words in journey.page.text, page
        assert not [e for e in journey.events if e.name == "host.exception"], page
        assert len(journey.page.text) > 1000
        assert journey.page.layout.width <= 1400, page  # nothing runs out of the window
        journey.save(tmp_path / page.replace("/", "-"))
