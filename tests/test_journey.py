"""The whole journey: deterministic, caused, robust, and honest about failures."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import pressenter
from pressenter.machine.keyboard import NoSuchKey
from pressenter.trace.catalogue import CATALOGUE
from pressenter.trace.steps import STEPS
from pressenter.worlds.world import World, read_built_in

LOSSY = {"loss": 0.05, "duplicate": 0.02, "reorder": 0.02, "corrupt": 0.01}


def world_with(seed: int = 1, **access_line: object) -> World:
    """The built-in world, its access line changed."""
    file, folder = read_built_in()
    for link in file.links:
        if "home-router:wan" in link.between:
            for name, value in access_line.items():
                setattr(link, name, value)
    return World(file, folder, seed=seed)


def test_every_step_is_performed(journey: pressenter.Journey) -> None:
    steps = {CATALOGUE[event.name].step for event in journey.events}
    assert steps == {step.number for step in STEPS}


def test_the_page_is_what_the_server_holds(journey: pressenter.Journey) -> None:
    page = journey.page
    assert page is not None and page.title == "Example of a long way"
    assert "You pressed Enter. This page came 1,967 kilometres ." in page.text
    assert len(page.pictures) == 2
    assert journey.screen is not None and journey.screen.png.startswith(b"\x89PNG")
    assert journey.failure is None


def test_each_stage_can_be_read(journey: pressenter.Journey, tmp_path: Path) -> None:
    written = journey.save(tmp_path, dumps=True)
    texts = {path.stem: path.read_text() for path in written if path.suffix == ".txt"}
    assert set(texts) == {"dom", "cssom", "styles", "boxes", "fragments", "display-list", "interrupts"}
    assert "xhci_hcd" in texts["interrupts"]
    assert "| <!DOCTYPE html>" in texts["dom"] and "<table>" in texts["dom"]
    assert "h1 em {\n  color: Color(" in texts["cssom"]
    assert "<h1> " in texts["styles"] and "font-size: 30.0" in texts["styles"]
    assert "block <body>" in texts["boxes"] and "text (" in texts["fragments"] and "glyphs (" in texts["display-list"]


def test_same_seed_same_bytes(journey: pressenter.Journey, tmp_path: Path) -> None:
    again = pressenter.go("www.example.com", seed=7)
    assert again.events == journey.events
    assert [frame.frame for frame in again.packets] == [frame.frame for frame in journey.packets]
    journey.save(tmp_path / "a")
    again.save(tmp_path / "b")
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == [
        "capture.pcapng", "journey.har", "journey.html", "journey.jsonl", "laptop.pcapng", "page.png", "trace.json",
    ]  # fmt: skip
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_another_seed_other_numbers_same_page(journey: pressenter.Journey) -> None:
    other = pressenter.go("www.example.com", seed=8)

    def syn(j: pressenter.Journey) -> tuple[object, object]:
        first = next(e for e in j.events if e.name == "tcp.send" and e.fields["flags"] == "SYN")
        return first.fields["sequence"], first.fields["connection"]

    assert syn(other)[0] != syn(journey)[0] and syn(other)[1] != syn(journey)[1]
    assert other.screen == journey.screen
    assert other.page is not None and journey.page is not None and other.page.text == journey.page.text


def test_over_tls_sizes_and_times_do_not_vary(secure_journey: pressenter.Journey) -> None:
    again = pressenter.go("secure.example.com", seed=7, visits=2)

    def outline(j: pressenter.Journey) -> list[tuple[int, str, str]]:
        return [(e.at_ns, e.node, e.name) for e in j.events]

    assert outline(again) == outline(secure_journey)
    assert [len(f.frame) for f in again.packets] == [len(f.frame) for f in secure_journey.packets]


def test_from_the_last_pixel_back_to_the_first_key(journey: pressenter.Journey) -> None:
    last = [event for event in journey.events if event.name == "display.scanout"][-1]
    chain = journey.why(last)
    first_key = next(event for event in journey.events if event.name == "keyboard.press")
    assert chain[0] is last and chain[-1] is first_key
    names = [event.name for event in chain]
    for name in ("paint.raster", "layout.fragments", "http.response", "tcp.receive", "server.request", "link.arrive",
                 "nat.map", "dns.answer", "arp.learn", "address_bar.enter", "irq.raise", "usb.report"):  # fmt: skip
        assert name in names, name
    times = [event.at_ns for event in chain]
    assert times == sorted(times, reverse=True)


def test_every_packet_after_the_first_key_has_a_cause(journey: pressenter.Journey) -> None:
    first_key = next(event for event in journey.events if event.name == "keyboard.press")
    for frame in journey.packets:
        if frame.at_ns > first_key.at_ns:
            assert journey.why(frame)[-1] is first_key


def test_the_connections_open_with_three_and_close_with_four(journey: pressenter.Journey) -> None:
    sent = [e for e in journey.events if e.name == "tcp.send"]
    ours = [e.fields["connection"] for e in sent if e.fields["flags"] == "SYN"]
    assert len(ours) >= 2
    for connection in ours:
        laptop = [e.fields for e in sent if e.fields["connection"] == connection and e.node == "laptop"]
        assert laptop[0]["flags"] == "SYN"
        assert sum("FIN" in f["flags"] for f in laptop) == 1
        states = [
            e.fields["after"] for e in journey.events if e.name == "tcp.state" and e.fields["connection"] == connection
        ]
        assert states == ["SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSED"]
    assert sum("FIN" in e.fields["flags"] for e in sent) == 2 * len(ours)


def test_nothing_is_left_over(journey: pressenter.Journey) -> None:
    world = journey.world
    assert len(world.agenda) == 0
    for host in world.hosts.values():
        assert not host.tcp.endpoints, host


def test_a_second_visit_is_served_from_the_cache(secure_journey: pressenter.Journey) -> None:
    starts = [event for event in secure_journey.events if event.name == "navigate.start"]
    second = [event for event in secure_journey.events if event.id > starts[1].id]
    names = {event.name for event in second}
    assert "check.upgrade" in names  # HSTS, learnt on the first visit
    assert "http.request" not in names and "dns.query" not in names
    assert any(e.name == "cache.lookup" and "fresh" in e.fields["verdict"] for e in second)
    shown = [event.name for event in second if event.name in ("page.loaded", "display.scanout")]
    assert shown[-2:] == ["page.loaded", "display.scanout"]


def test_a_stale_copy_is_asked_about() -> None:
    file, folder = read_built_in()
    file.hosts["web-1"].sites["www.example.com"].max_age = 0
    journey = pressenter.go("www.example.com", world=World(file, folder), visits=2)
    assert sum(e.name == "response.not_modified" for e in journey.events) == 4
    statuses = [e.fields["status"] for e in journey.events if e.name == "http.response"]
    assert statuses == [200] * 4 + [304] * 4


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_line_gives_the_same_page_later(journey: pressenter.Journey, seed: int) -> None:
    rough = pressenter.go("www.example.com", world=world_with(seed, **LOSSY))
    assert rough.failure is None
    assert rough.page is not None and journey.page is not None
    assert rough.page.text == journey.page.text
    assert rough.screen == journey.screen
    damage = {"link.lose", "link.corrupt", "link.hold_back", "link.duplicate"}
    assert damage & {e.name for e in rough.events}
    first_key = next(e for e in rough.events if e.name == "keyboard.press")
    for event in rough.events:
        if event.name in ("tcp.retransmit", "dns.timeout"):
            assert rough.why(event)[-1] is first_key
    if any(e.name in ("tcp.retransmit", "dns.timeout") for e in rough.events if e.at_ns < rough.duration_ns + 3e9):
        assert rough.duration_ns > journey.duration_ns


def test_a_flipped_bit_dies_at_the_next_check() -> None:
    journey = pressenter.go("www.example.com", world=world_with(2, corrupt=0.1))
    damaged = [e for e in journey.events if e.name == "link.corrupt"]
    died = [e for e in journey.events if e.name in ("nic.drop", "switch.discard")]
    assert damaged and len(died) == len(damaged)
    assert {journey.why(e)[-1].name for e in died} <= {"keyboard.press", "arp.announce"}


@pytest.mark.parametrize(
    ("address", "step", "words"),
    [
        ("nosuch.example.com", "name", "NXDOMAIN"),
        ("closed.example.com", "connect", "refused"),
        ("closed.example.com:81", "connect", "refused"),
        ("lost.example.com", "connect", "network unreachable"),
        ("silent.example.com", "connect", "host unreachable"),
        ("malware.example.com", "blocked", "blocklist"),
        ("http://www.example.com:99999/", "address", "not a valid URL"),
        ("https://www.example.com/", "connect", "refused"),
    ],
)
def test_failures_name_their_step_and_the_trace_is_there(address: str, step: str, words: str, tmp_path: Path) -> None:
    journey = pressenter.go(address)
    assert journey.failure is not None
    assert (journey.failure.step, words in journey.failure.message) == (step, True), journey.failure
    assert journey.page is not None and words in journey.page.text
    assert any(event.name == "page.error" for event in journey.events)
    written = {path.name for path in journey.save(tmp_path)}
    assert {"page.png", "capture.pcapng", "trace.json", "journey.har", "journey.jsonl"} <= written


def test_a_firewalled_server_times_out() -> None:
    world = World.load()
    world.host("web-1").internet.protocols[6] = lambda received: None  # drops every segment
    journey = pressenter.go("www.example.com", world=world)
    assert journey.failure is not None and journey.failure.step == "connect"
    assert "timed out" in journey.failure.message
    assert sum(e.name == "tcp.retransmit" for e in journey.events) == 6


def test_a_name_server_that_is_down() -> None:
    world = World.load()
    world.host("home-router").udp.sockets[4, 53].close()
    journey = pressenter.go("www.example.com", world=world)
    assert journey.failure is not None and journey.failure.step == "name"


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"certificate_until": "2025-12-31T00:00:00+00:00"}, "has expired"),
        ({"certificate_from": "2027-01-01T00:00:00+00:00"}, "not valid before"),
    ],
)
def test_a_certificate_that_is_not_valid_now(dates: dict[str, str], words: str) -> None:
    file, folder = read_built_in()
    for name, value in dates.items():
        setattr(file.hosts["web-2"].sites["secure.example.com"], name, value)
    journey = pressenter.go("https://secure.example.com/", world=World(file, folder))
    assert journey.failure is not None and journey.failure.step == "tls"
    assert words in journey.failure.message


def test_a_certificate_for_another_name_or_by_a_stranger() -> None:
    file, folder = read_built_in()
    file.zones["example.com"].records += "\nwrong.example.com. 60 IN A 93.184.215.15\n"
    journey = pressenter.go("https://wrong.example.com/", world=World(file, folder))
    assert journey.failure is not None and journey.failure.step == "tls"
    assert "Hostname mismatch" in journey.failure.message
    world = World.load()
    from pressenter.sim import Randomness
    from pressenter.tls.authority import CertificateAuthority
    from pressenter.tls.contexts import client_context

    stranger = CertificateAuthority(Randomness(99), "another CA")
    world.client_context = lambda: client_context(stranger.certificate_pem)  # type: ignore[method-assign]
    journey = pressenter.go("https://secure.example.com/", world=world)
    assert journey.failure is not None and journey.failure.step == "tls"
    assert "not trusted" in journey.failure.message


def visit(folder: Path, path: str = "/") -> pressenter.Journey:
    return pressenter.go(f"www.mysite.test{path}", sites={"www.mysite.test": folder})


def test_a_site_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        "<!DOCTYPE html><title>Mine</title><h1>My own page</h1><img src=missing.png alt=gone>"
    )
    journey = visit(tmp_path)
    assert journey.failure is None and journey.page is not None
    assert (journey.page.title, journey.page.text) == ("Mine", "My own page gone")
    asked = [e.fields["server"] for e in journey.events if e.name == "dns.query" and e.node == "resolver"]
    assert len(asked) == 3
    again = pressenter.go("https://www.mysite.test/", sites={"www.mysite.test": tmp_path})
    assert again.failure is None and again.page is not None and again.page.title == "Mine"
    other = pressenter.go("deep.name.under.org", sites={"deep.name.under.org": tmp_path})
    assert other.failure is None


def test_a_redirect_loop_is_cut() -> None:
    file, folder = read_built_in()
    file.hosts["web-2"].sites["example.com"].redirect = "http://example.com"
    journey = pressenter.go("example.com", world=World(file, folder))
    assert journey.failure is not None and journey.failure.step == "redirect"


def test_redirects_are_followed() -> None:
    journey = pressenter.go("example.com")
    assert journey.failure is None and journey.page is not None
    assert journey.page.url == "http://www.example.com/"


def test_an_error_status_is_shown_as_the_page_that_it_is() -> None:
    journey = pressenter.go("www.example.com/missing")
    assert journey.failure is None and journey.page is not None
    assert journey.page.title == "404 Not Found"


def test_downloads_texts_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04rest")
    (tmp_path / "a.txt").write_text("1 < 2\n")
    (tmp_path / "a.png").write_bytes(
        (Path(pressenter.__file__).parent / "worlds/sites/www.example.com/frame.png").read_bytes()
    )
    journey = visit(tmp_path, "/a.zip")
    assert journey.browser.tab.download == ("a.zip", b"PK\x03\x04rest")
    assert journey.page is not None and "a.zip" in journey.page.text
    journey = visit(tmp_path, "/a.txt")
    assert journey.page is not None and journey.page.text == "1 < 2"
    journey = visit(tmp_path, "/a.png")
    assert journey.page is not None and len(journey.page.pictures) == 1


@pytest.mark.parametrize(
    "html",
    [
        b"", b"\x00\xff\xfe<p>x", b"<html><head><style>p{color:red", b"<table><table><td><p></table></p>" * 50,
        b"<style>@import 'a.css';</style><link rel=stylesheet href=a.css>x", b"<img src='http://['><a href=x>y",
        b"<p>" + b"a" * 100_000, b"<div>" * 3000 + b"x", "<meta charset=utf-8>中文 العربية 🙂".encode(),
        b"<svg><title><b>x</b></title></svg><math><mi>y", b"<base href='http://['><img src=x>",
    ],
)  # fmt: skip
def test_no_page_crashes(html: bytes, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(html)
    (tmp_path / "a.css").write_text("@import 'a.css'; p { color: red ")
    journey = visit(tmp_path)
    assert journey.failure is None
    assert not [e for e in journey.events if e.name == "host.exception"]


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_other_statuses_are_shown_as_pages(status: int) -> None:
    import asyncio

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        page = f"<title>No</title>sorry, {status}"
        writer.write(
            f"HTTP/1.1 {status} No\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode()
        )
        writer.close()

    world = World.load()
    world.host("web-1").tcp.listeners[80][0].close()
    world.host("web-1").run(asyncio.start_server(serve, "0.0.0.0", 80))
    journey = pressenter.go("www.example.com", world=world)
    assert journey.failure is None and journey.page is not None
    assert journey.page.text == f"sorry, {status}"
    assert any(e.name == "http.response" and e.fields["status"] == status for e in journey.events)


def test_a_truncated_response_is_said(tmp_path: Path) -> None:
    import asyncio

    world = World.load()
    host = world.host("web-1")
    host.tcp.listeners[80][0].close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<p>half")
        writer.close()

    host.run(asyncio.start_server(serve, "0.0.0.0", 80))
    journey = pressenter.go("www.example.com", world=world)
    assert journey.failure is not None and journey.failure.step == "http"
    assert "the server's fault" in journey.failure.message
    body = gzip.compress(b"<p>" + b"x" * 5000)[:-20]

    async def serve_damaged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()

    world = World.load()
    world.host("web-1").tcp.listeners[80][0].close()
    world.host("web-1").run(asyncio.start_server(serve_damaged, "0.0.0.0", 80))
    journey = pressenter.go("www.example.com", world=world)
    assert journey.failure is not None and journey.failure.step == "content"


def test_what_cannot_be_typed_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(NoSuchKey, match="punycode"):
        pressenter.go("中国.test")


def test_an_empty_address_and_schemes_that_are_not_fetched() -> None:
    for address, words in (
        ("", "empty"),
        ("about:blank", "not about"),
        ("ftp://a.test/", "not ftp"),
        ("http://[::1]/", "IPv6"),
    ):
        journey = pressenter.go(address)
        assert journey.failure is not None and journey.failure.step == "address", address
        assert words in journey.failure.message


def test_a_bug_on_the_way_leaves_the_trace(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from pressenter.browser import rendering

    def broken(*_: object) -> None:
        raise ZeroDivisionError("broken on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(rendering, "build_display_list", broken)
        journey = pressenter.go("www.example.com")
    assert journey.failure is not None and journey.failure.step == "bug"
    world = pressenter.World.load()
    world.agenda.after(1, broken)
    with pytest.raises(ZeroDivisionError):
        world.run()
    world = World.load()
    world.run()
    world.agenda.after(2_900_000_000, broken)  # while the name is being resolved
    journey = pressenter.go("www.example.com", world=world)
    assert journey.failure is not None and "this is a bug in pressenter: ZeroDivisionError" in journey.failure.message
    assert len(journey.events) > 100


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="visits"):
        pressenter.go("www.example.com", visits=0)
    with pytest.raises(ValueError, match="seed"):
        pressenter.go("www.example.com", world=World.load(seed=1), seed=2)
    with pytest.raises(ValueError, match="there is no event"):
        pressenter.go("about:blank").why(10**9)
    with pytest.raises(ValueError, match="not a quantity"):
        World.load().run(until=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["www.example.com", "1.2.3.4", "nodomain", "-x.test", "a_b.test"])
def test_names_that_a_site_cannot_have(name: str, tmp_path: Path) -> None:
    from pressenter.worlds.schema import WorldFileError

    with pytest.raises(WorldFileError, match=f"--site {name}"):
        World.load(sites={name: tmp_path})


def test_a_site_with_a_chinese_name(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>x</title>")
    journey = pressenter.go("http://xn--fsqu00a.xn--0zwm56d/", sites={"例子.测试": tmp_path})
    assert journey.failure is None


def test_chinese_pages_of_the_browser() -> None:
    journey = pressenter.go("nosuch.example.com", language="zh")
    assert journey.page is not None and journey.page.title == "找不到服务器的名称"


def test_a_recorder_that_is_off_records_nothing_and_changes_nothing(journey: pressenter.Journey) -> None:
    world = World.load(seed=7, record=False)
    silent = pressenter.go("www.example.com", world=world)
    assert silent.events == [] and silent.packets == []
    assert silent.screen == journey.screen
    assert world.agenda.now_ns == journey.world.agenda.now_ns
