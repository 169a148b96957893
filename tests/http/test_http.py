"""Cache, codings, folders as sites, HSTS, and the client against servers that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressenter.http.cache import HttpCache, directives, freshness_lifetime
from pressenter.http.client import CONNECTIONS_PER_HOST, FetchError, HttpClient
from pressenter.http.content_coding import BadEncoding, decode
from pressenter.http.dates import format_date, parse_date
from pressenter.http.messages import Headers, Request, Response
from pressenter.http.site import FolderSite
from pressenter.http.strict_transport import StrictTransport
from pressenter.tls.contexts import client_context
from pressenter.worlds.world import World
from tests.networks import Cable

NOW = 1_700_000_000.0


def get(url: str = "http://a.test/", *headers: tuple[str, str]) -> Request:
    return Request("GET", url, Headers(list(headers)))


def response(*headers: tuple[str, str], status: int = 200) -> Response:
    return Response("http://a.test/", status, "OK", Headers([("Date", format_date(NOW)), *headers]), b"body")


def test_dates() -> None:
    assert format_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"
    for text in ("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"):
        assert parse_date(text) == 784111777
    assert parse_date("yesterday") is None


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ([("Cache-Control", "max-age=60")], 60),
        ([("Cache-Control", "max-age=60"), ("Expires", format_date(NOW + 500))], 60),
        ([("Expires", format_date(NOW + 500))], 500),
        ([("Expires", "0")], 0),
        ([("Last-Modified", format_date(NOW - 1000))], 100),
        ([], 0),
    ],
)
def test_freshness(headers: list[tuple[str, str]], lifetime: float) -> None:
    assert freshness_lifetime(response(*headers)) == lifetime


def test_fresh_then_stale_then_validated() -> None:
    cache = HttpCache()
    cache.store(get(), response(("Cache-Control", "max-age=60"), ("ETag", '"x"')), NOW, NOW)
    fresh = cache.lookup(get(), NOW + 59)
    assert fresh.verdict == "fresh" and fresh.response is not None and fresh.response.headers.get("age") == "59"
    stale = cache.lookup(get(), NOW + 61)
    assert stale.verdict == "stale" and stale.conditional is not None
    assert stale.conditional.fields == [("If-None-Match", '"x"')]
    not_modified = response(("Cache-Control", "max-age=100"), status=304)
    assert cache.freshen(get(), not_modified, NOW + 61, NOW + 61) is not None
    assert cache.lookup(get(), NOW + 90).verdict == "fresh"


@pytest.mark.parametrize(
    ("headers", "status", "stored"),
    [
        ([("Cache-Control", "no-store, max-age=60")], 200, False),
        ([("Cache-Control", "max-age=60"), ("Vary", "*")], 200, False),
        ([("Cache-Control", "max-age=60")], 500, False),
        ([("Cache-Control", "max-age=60")], 302, True),
        ([], 302, False),
        ([("ETag", '"x"')], 404, True),
    ],
)
def test_what_may_be_stored(headers: list[tuple[str, str]], status: int, stored: bool) -> None:
    cache = HttpCache()
    cache.store(get(), response(*headers, status=status), NOW, NOW)
    assert (len(cache) == 1) is stored


def test_no_cache_is_always_asked_about_and_vary_selects() -> None:
    cache = HttpCache()
    cache.store(get(), response(("Cache-Control", "no-cache, max-age=60"), ("ETag", '"x"')), NOW, NOW)
    assert cache.lookup(get(), NOW).verdict == "stale"
    vary = response(("Cache-Control", "max-age=60"), ("Vary", "Accept-Encoding"))
    cache.store(get("http://b.test/", ("Accept-Encoding", "br")), vary, NOW, NOW)
    assert cache.lookup(get("http://b.test/", ("Accept-Encoding", "br")), NOW).verdict == "fresh"
    assert cache.lookup(get("http://b.test/", ("Accept-Encoding", "gzip")), NOW).verdict == "miss"


def test_quoted_commas_do_not_split_directives() -> None:
    assert directives('private="a, b", max-age="5"') == {"private": "a, b", "max-age": "5"}


@given(st.binary(max_size=500))
def test_codings_go_both_ways(data: bytes) -> None:
    assert decode(gzip.compress(data), "gzip") == data
    assert decode(zlib.compress(data), "deflate") == data
    assert decode(zlib.compress(data, wbits=-15), "deflate") == data
    assert decode(brotli.compress(data), "br") == data
    assert decode(gzip.compress(brotli.compress(data)), "br, gzip") == data


@given(st.binary(min_size=1, max_size=60), st.sampled_from(["gzip", "deflate", "br", "zstd"]))
def test_any_bytes_decode_or_are_bad(data: bytes, coding: str) -> None:
    try:
        decode(data, coding)
    except BadEncoding as error:
        assert str(error)


def test_a_truncated_body_and_a_bomb_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadEncoding, match="truncated"):
        decode(gzip.compress(bytes(1000))[:-9], "gzip")
    monkeypatch.setattr("pressenter.http.content_coding.MAXIMUM_DECODED", 10_000)
    for bomb, coding in ((gzip.compress(bytes(10**6)), "gzip"), (brotli.compress(bytes(10**6)), "br")):
        with pytest.raises(BadEncoding, match="more than 10000 bytes"):
            decode(bomb, coding)


@pytest.mark.parametrize("digits", ["9" * 20, "9" * 400, "9" * 5000])
def test_an_endless_number_counts_as_the_greatest(digits: str) -> None:
    """RFC 9111 §1.2.2; int() refuses such numbers, and float() makes them infinite."""
    assert freshness_lifetime(response(("Cache-Control", f"max-age={digits}"))) == 2**31
    cache = HttpCache()
    cache.store(get(), response(("Cache-Control", "max-age=60"), ("Age", digits)), NOW, NOW)
    assert cache.lookup(get(), NOW).verdict == "stale"
    hosts = StrictTransport()
    hosts.note("a.test", f"max-age={digits}", NOW)
    assert hosts.applies("a.test", NOW + 2**31 - 1)
    assert not hosts.applies("a.test", NOW + 2**31)


def test_strict_transport() -> None:
    hosts = StrictTransport()
    hosts.note("a.test", "max-age=100; includeSubDomains", NOW)
    assert hosts.applies("a.test", NOW) and hosts.applies("x.a.test", NOW)
    assert not hosts.applies("a.test", NOW + 101) and not hosts.applies("test", NOW)
    hosts.note("a.test", "max-age=0", NOW)
    assert not hosts.applies("a.test", NOW)


# ---- a folder as a site ----------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> FolderSite:
    (tmp_path / "public" / "sub").mkdir(parents=True)
    (tmp_path / "public" / "index.html").write_text("<p>" + "home " * 200)
    (tmp_path / "public" / "sub" / "index.html").write_text("sub")
    (tmp_path / "public" / "data.bin").write_bytes(bytes(range(100)))
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return FolderSite(tmp_path / "public", modified=NOW)


def visit(site: FolderSite, target: str, *headers: tuple[str, str], method: str = "GET") -> Response:
    return asyncio.run(site.respond(Request(method, target, Headers(list(headers)))))


def test_index_files_types_and_codings(site: FolderSite) -> None:
    home = visit(site, "/", ("Accept-Encoding", "gzip"))
    assert (home.status, home.headers.get("content-type"), home.headers.get("content-encoding")) == (
        200,
        "text/html",
        "gzip",
    )
    assert gzip.decompress(home.body).startswith(b"<p>home")
    assert visit(site, "/", ("Accept-Encoding", "gzip;q=0")).headers.get("content-encoding") == ""
    assert visit(site, "/sub").headers.get("location") == "/sub/"
    assert visit(site, "/sub/").body == b"sub"
    assert visit(site, "/", method="POST").status == 405
    assert visit(site, "/", method="HEAD").body == b""


@pytest.mark.parametrize(
    "target",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/sub/../../secret.txt", "/..%2fsecret.txt", "/link.txt", "/..\\secret.txt",
     "//etc/passwd", "/%00", "/nothing", "secret.txt", "/sub/%2e%2e/%2e%2e/secret.txt"],
)  # fmt: skip
def test_nothing_outside_the_folder_is_served(site: FolderSite, target: str) -> None:
    assert visit(site, target).status == 404


def test_validators(site: FolderSite) -> None:
    etag = visit(site, "/").headers.get("etag")
    assert visit(site, "/", ("If-None-Match", etag)).status == 304
    assert visit(site, "/", ("If-None-Match", '"other"')).status == 200
    assert visit(site, "/", ("If-Modified-Since", format_date(NOW))).status == 304
    assert visit(site, "/", ("If-Modified-Since", format_date(NOW - 1))).status == 200


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=0-9", 206, bytes(range(10)), "bytes 0-9/100"),
        ("bytes=90-", 206, bytes(range(90, 100)), "bytes 90-99/100"),
        ("bytes=-5", 206, bytes(range(95, 100)), "bytes 95-99/100"),
        ("bytes=50-" + "9" * 5000, 206, bytes(range(50, 100)), "bytes 50-99/100"),
        ("bytes=-" + "9" * 5000, 206, bytes(range(100)), "bytes 0-99/100"),
        ("bytes=" + "9" * 5000 + "-", 416, b"", "bytes */100"),
        ("bytes=50-500", 206, bytes(range(50, 100)), "bytes 50-99/100"),
        ("bytes=100-", 416, b"", "bytes */100"),
        ("bytes=x-y", 200, bytes(range(100)), ""),
        ("lines=1-2", 200, bytes(range(100)), ""),
    ],
)
def test_ranges(site: FolderSite, asked: str, status: int, body: bytes, content_range: str) -> None:
    got = visit(site, "/data.bin", ("Range", asked))
    assert (got.status, got.body, got.headers.get("content-range")) == (status, body, content_range)


# ---- the client --------------------------------------------------------------------------------------


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def fetch_from(serve: Serve, *paths: str) -> tuple[Cable, list[Response | FetchError]]:
    """Fetch paths, all at once, from a server that a test wrote."""
    cable = Cable(delay_ns=1_000_000)
    context = client_context(World.load(record=False).authority.certificate_pem)
    client = HttpClient("left", cable.recorder, lambda: context, lambda: NOW, timeout=20)

    async def start() -> None:
        await asyncio.start_server(serve, "10.0.0.2", 80)

    async def fetch() -> list[Response | FetchError]:
        jobs = (client.send(get(f"http://10.0.0.2{path}")) for path in paths)
        results = await asyncio.gather(*jobs, return_exceptions=True)
        await client.close()
        return results  # type: ignore[return-value]

    cable.right.run(start())
    return cable, cable.left.run(fetch())


def answering(*pieces: bytes, keep: bool = False) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            for piece in pieces:
                writer.write(piece)
            if not keep:
                break
        writer.close()

    return serve


def test_six_connections_and_no_more() -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(0.1)
                writer.write(ok)
        except asyncio.IncompleteReadError:
            writer.close()

    cable, results = fetch_from(slow, *(f"/{n}" for n in range(20)))
    assert [r.body for r in results if isinstance(r, Response)] == [b"ok"] * 20
    opened = [e for e in cable.recorder.events if e.name == "http.connect"]
    assert len(opened) == CONNECTIONS_PER_HOST
    assert sum(1 for e in cable.recorder.events if e.name == "http.reuse") == 14


@pytest.mark.parametrize(
    ("pieces", "step", "words"),
    [
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",), "http", "the server's fault"),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",), "http", "the server's fault"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), "http", "the server's fault"),
        ((b"",), "http", "without an answer"),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"a" * 600_000,), "http", "the server's fault"),
    ],
)
def test_a_server_that_misbehaves_is_named(pieces: tuple[bytes, ...], step: str, words: str) -> None:
    _, (result,) = fetch_from(answering(*pieces), "/")
    assert isinstance(result, FetchError)
    assert result.step == step and words in str(result)


def test_bytes_that_nobody_asked_for_are_not_the_next_answer() -> None:
    one = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
    two = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"

    async def smuggle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(one + two)

    cable = Cable(delay_ns=1_000_000)
    client = HttpClient("left", cable.recorder, lambda: None, lambda: NOW, timeout=20)  # type: ignore[arg-type, return-value]

    async def start() -> None:
        await asyncio.start_server(smuggle, "10.0.0.2", 80)

    async def fetch() -> list[bytes]:
        bodies = [(await client.send(get(f"http://10.0.0.2/{n}"))).body for n in range(3)]
        await client.close()
        return bodies

    cable.right.run(start())
    assert cable.left.run(fetch()) == [b"good"] * 3


def test_a_cancelled_waiter_passes_its_turn_on() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()

    cable = Cable(delay_ns=1_000_000)
    client = HttpClient("left", cable.recorder, lambda: None, lambda: NOW, timeout=20)  # type: ignore[arg-type, return-value]

    async def start() -> None:
        await asyncio.start_server(slow, "10.0.0.2", 80)

    async def fetch() -> list[object]:
        jobs = [asyncio.ensure_future(client.send(get(f"http://10.0.0.2/{n}"))) for n in range(20)]
        await asyncio.sleep(0.5)
        for job in jobs[6:10]:
            job.cancel()
        results = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 60)
        await client.close()
        return results

    cable.right.run(start())
    results = cable.left.run(fetch())
    assert sum(isinstance(result, Response) for result in results) == 16


def test_a_server_that_says_nothing_times_out() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1000)

    _, (result,) = fetch_from(silent, "/")
    assert isinstance(result, FetchError) and result.step == "timeout" and "20 s" in str(result)


def test_chunked_bodies_and_bodies_until_close() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    _, (result,) = fetch_from(answering(chunked), "/")
    assert isinstance(result, Response) and result.body == b"abcde"
    _, (result,) = fetch_from(answering(b"HTTP/1.0 200 OK\r\n\r\nall of it"), "/")
    assert isinstance(result, Response) and result.body == b"all of it"
