"""The viewer in a real Chromium: what it shows is what was recorded, and a person can use it.

Pictures of each view are left in ``artifacts/`` (or where PRESSENTER_ARTIFACTS says).
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pressenter
from pressenter.trace.events import CapturedFrame
from pressenter.trace.pcapng import pcapng_bytes
from pressenter.wire.address import ipv4_text, mac_text
from tests.worlds.test_ipv6_world import WORLD

pytestmark = pytest.mark.interop

ARTIFACTS = Path(os.environ.get("PRESSENTER_ARTIFACTS", Path(__file__).parents[2] / "artifacts"))
VIEWS = ("journey", "timeline", "packets", "connections", "page", "whatif")


@pytest.fixture(scope="session")
def chromium(program: Callable[[str], str]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address; at the end nothing may have gone wrong in the page."""
    errors: list[str] = []
    pages = []

    def open_(address: str, **options: Any) -> Any:
        page = chromium.new_page(viewport={"width": 1400, "height": 1000}, **options)
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(address)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture(scope="session")
def report(journey: pressenter.Journey, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("report") / "journey.html"
    file.write_text(journey.report(), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def studio(program: Callable[[str], str]) -> Iterator[str]:
    """The address of a studio that runs."""
    program("chromium")
    command = [sys.executable, "-m", "pressenter", "studio", "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait()


def shown(page: Any, view: str) -> None:
    page.locator(f"#tab-{view}").click()
    page.locator(f"#content.view-{view} > *").first.wait_for()


def in_viewer(page: Any, body: str, *arguments: Any) -> Any:
    """Run a function body in the page, with the viewer's store and modules at hand."""
    return page.evaluate(
        "async (given) => { const { store } = await import('viewer/store.js'); const recording = store.state.recording; "
        + body
        + " }",
        list(arguments),
    )


# ---- the report -----------------------------------------------------------------------------------


def test_each_view_has_its_picture(report: str, open_page: Callable[..., Any]) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    page = open_page(report)
    for view in VIEWS:
        shown(page, view)
        page.wait_for_timeout(300)
        page.screenshot(path=ARTIFACTS / f"report-{view}.png", full_page=True)
        assert len(page.locator("main").inner_text()) > 20
    narrow = open_page(report + "#lang=zh&theme=dark")
    narrow.set_viewport_size({"width": 390, "height": 844})
    narrow.wait_for_timeout(300)
    narrow.screenshot(path=ARTIFACTS / "report-phone.png")
    assert narrow.locator("#tab-journey").inner_text() == "旅程"
    shown(narrow, "packets")
    assert "目的端口" in narrow.locator("pe-packets .headers").inner_text()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 390  # nothing reaches beyond a phone's screen


def test_a_hundred_numbers_are_those_of_the_trace(
    journey: pressenter.Journey, report: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(report + "#view=timeline")
    chance, checked = random.Random(5), 0
    while checked < 100:
        event = chance.choice(journey.events)
        in_viewer(page, "store.select(given[0] - 1);", event.id)
        facts = page.locator("pe-why details td").all_text_contents()
        expected = [value for name, value in event.fields.items() if not name.endswith("_zh")]
        assert len(facts) == len(expected)
        for text, value in zip(facts, expected, strict=True):
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                assert float(text) == value
                checked += 1
        head = page.locator("pe-why .hint").first.inner_text()
        assert float(re.match(r"[\d,.]+", head)[0].replace(",", "")) == pytest.approx(event.at_ns / 1e6, abs=0.0006)  # type: ignore[index]
        checked += 1


def test_the_list_of_packets_is_the_capture(
    journey: pressenter.Journey, report: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(report + "#view=packets")
    own = [frame for frame in sorted(journey.packets, key=lambda f: f.at_ns) if frame.port == "laptop:eth0"]
    assert f"{len(own)} of {len(journey.packets):,} packets" in page.locator("pe-packets").inner_text()
    rows = page.locator("pe-packets .rows .row").all()[:12]
    for row, frame in zip(rows, own, strict=False):
        cells = row.locator("span").all_text_contents()
        assert float(cells[1].split()[0].replace(",", "")) == pytest.approx(frame.at_ns / 1e6, abs=0.0006)
        assert int(cells[6]) == len(frame.frame)


#: Our field, in which layer, and tshark's name for it.
_FIELDS = {
    "ip.src": ("ipv4", "source"), "ip.dst": ("ipv4", "destination"), "ip.ttl": ("ipv4", "time to live"),
    "ip.len": ("ipv4", "total length"), "tcp.seq_raw": ("tcp", "sequence number"), "tcp.ack_raw": ("tcp", "acknowledgment number"),
    "tcp.window_size_value": ("tcp", "window"), "udp.length": ("udp", "length"), "tcp.srcport": ("tcp", "source port"),
    "udp.dstport": ("udp", "destination port"), "eth.src": ("ethernet", "source"), "eth.dst": ("ethernet", "destination"),
    "arp.src.proto_ipv4": ("arp", "sender IP address"), "arp.dst.hw_mac": ("arp", "target MAC address"),
    "dns.count.answers": ("dns", "answers"), "dns.count.add_rr": ("dns", "additional records"), "ipv6.src": ("ipv6", "source"),
    "ipv6.dst": ("ipv6", "destination"), "ipv6.hlim": ("ipv6", "hop limit"),
}  # fmt: skip


def test_headers_are_what_tshark_reads(
    journey: pressenter.Journey, secure_journey: pressenter.Journey, report: str, open_page: Callable[..., Any],
    program: Callable[[str], str], tmp_path: Path,
) -> None:  # fmt: skip
    packets = [*journey.packets, *secure_journey.packets, *_ipv6_frames(tmp_path)]
    unique = list({frame.frame: None for frame in packets})
    made = [CapturedFrame(number, "x:y", False, frame, 0) for number, frame in enumerate(unique)]
    (tmp_path / "all.pcapng").write_bytes(pcapng_bytes(made, [], epoch_seconds=0))
    options = [part for name in _FIELDS for part in ("-e", name)]
    command = [program("tshark"), "-r", str(tmp_path / "all.pcapng"), "-T", "fields", "-E", "occurrence=f", *options]
    theirs = [
        line.split("\t")
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    ]
    page = open_page(report)
    ours = in_viewer(
        page,
        "const { dissect } = await import('viewer/dissect.js'); return given[0].map((text) => dissect(Uint8Array.from(text.match(/../g), (h) => parseInt(h, 16))).layers);",
        [frame.frame.hex() for frame in made],
    )
    assert len(theirs) == len(ours) == len(made) > 700
    compared = 0
    for row, layers in zip(theirs, ours, strict=True):
        found = {
            (layer["name"], field["name"]): field["value"] for layer in reversed(layers) for field in layer["fields"]
        }
        for value, place in zip(row, _FIELDS.values(), strict=True):
            if value and place in found:
                assert found[place] == value, (place, layers)
                compared += 1
            assert not (value and place not in found and place[0] != "ipv4"), (
                place,
                value,
                [x["name"] for x in layers],
            )
    assert compared > 5_000


def _ipv6_frames(folder: Path) -> list[CapturedFrame]:
    """A page that comes over IPv6, with neighbour discovery and router advertisements."""
    (folder / "two.toml").write_text(WORLD)
    return list(pressenter.go("www.two.test", world=folder / "two.toml").packets)


def test_tables_at_the_end_are_the_devices_own(
    journey: pressenter.Journey, report: str, open_page: Callable[..., Any]
) -> None:
    page, world = open_page(report), journey.world
    told = in_viewer(
        page,
        "const { tablesAt } = await import('viewer/tables.js'); return Object.fromEntries(recording.topology.nodes.map(({ name }) => [name, tablesAt(recording, name, recording.length - 1)]));",
    )

    def rows(node: str, title: str) -> list[list[Any]]:
        return next((table["rows"] for table in told[node] if table["title"] == title), [])

    for name, host in world.hosts.items():
        known = {
            (ipv4_text(address), mac_text(mac))
            for i in host.interfaces
            for address, (mac, _) in i.neighbours.entries.items()
        }
        assert {(row[0], row[1]) for row in rows(name, "Neighbours (ARP)")} == known, name
        assert [row[0] for row in rows(name, "Routes")] == [str(route) for route in host.internet.routes.rows]
    for name, switch in world.switches.items():
        assert {(row[0], row[1]) for row in rows(name, "MAC address table")} == {
            (mac_text(mac), port.name) for mac, (port, _) in switch.table.items()
        }
    (translator,) = world.translators.values()
    assert {(row[1], row[2].rpartition(":")[2]) for row in rows("home-router", "Address translation")} == {
        (f"{ipv4_text(flow.address)}:{flow.port}", str(port)) for flow, (port, _) in translator.mappings.items()
    }
    middle = next(e.id for e in journey.events if e.name == "http.request")
    sockets = in_viewer(
        page,
        "const { tablesAt } = await import('viewer/tables.js'); return tablesAt(recording, 'laptop', given[0] - 1).find((t) => t.title === 'TCP connections').rows;",
        middle,
    )
    assert [row[1] for row in sockets] == ["ESTABLISHED"]


def test_a_dropped_packet_shows_where_it_died(open_page: Callable[..., Any], tmp_path: Path) -> None:
    made = pressenter.go("www.example.com", settings={"links.home-router:wan--isp-access:home.loss": "0.1"})
    (tmp_path / "lossy.html").write_text(made.report(), encoding="utf-8")
    page = open_page((tmp_path / "lossy.html").as_uri())
    lost = next(event.id for event in made.events if event.name == "link.lose")
    in_viewer(page, "store.select(given[0] - 1);", lost)
    cross = page.locator("pe-map .cross")
    assert cross.count() >= 1 and "lost on the link" in cross.first.get_attribute("aria-label")
    page.screenshot(path=ARTIFACTS / "report-dropped.png")
    assert "are lost" in page.locator("pe-why .sentence").inner_text()


def test_a_pixel_has_its_reason(report: str, open_page: Callable[..., Any]) -> None:
    page = open_page(report)
    page.locator("pe-screen canvas").click(position={"x": 200, "y": 120})
    assert "is on the screen" in page.locator("pe-why .sentence").inner_text()
    assert "the key for" in page.locator("pe-why .chain li").last.inner_text()


def test_an_element_lights_up_everywhere(report: str, open_page: Callable[..., Any]) -> None:
    page = open_page(report + "#view=page")
    page.locator("pe-page .tree-row", has_text="<h1>").click()
    assert page.locator("pe-page .light").is_visible()
    for tab, words in (("htmlSource", "<h1>"), ("styles", "<h1>"), ("boxes", "block <h1>")):
        page.locator(f"#page-tab-{tab}").click()
        where = page.locator("pe-page caption") if tab == "styles" else page.locator("pe-page .chosen").first
        assert words in where.inner_text()
    page.locator("#page-tab-layers").click()
    assert page.locator("pe-page details.holds").count() == 1


def test_the_keyboard_alone_is_enough(report: str, open_page: Callable[..., Any]) -> None:
    page = open_page(report)
    page.locator("#tab-journey").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.locator("[role=tab][aria-selected=true]").first.inner_text() == "Packets"
    page.locator("pe-packets .rows").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("pe-packets [aria-selected=true]").count() == 1
    assert page.locator("pe-why .sentence").inner_text()
    page.locator("body").press("ArrowLeft")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(report: str, open_page: Callable[..., Any], theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(f"{report}#theme={theme}")
    in_viewer(page, "store.select(recording.indices('tcp.send')[3]); store.set({ device: 'home-router' });")
    for view in VIEWS:
        shown(page, view)
        page.wait_for_timeout(200)
        found = Axe().run(page).response["violations"]
        serious = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], view


# ---- many packets -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def long_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A journey of 50,000 packets: a file of some megabytes over eleven links."""
    folder = tmp_path_factory.mktemp("long")
    (folder / "index.html").write_text("<!doctype html><title>Big</title><img src=a.bin>")
    (folder / "a.bin").write_bytes(random.Random(1).randbytes(2_400_000))
    made = pressenter.go("www.big.test", sites={"www.big.test": folder})
    assert len(made.packets) >= 50_000
    (folder / "journey.html").write_text(made.report(), encoding="utf-8")
    return (folder / "journey.html").as_uri()


def test_fifty_thousand_packets_are_listed_and_only_what_is_seen_exists(
    long_report: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(long_report + "#view=packets")
    page.locator("pe-packets .rows .row").first.wait_for()
    page.locator("pe-packets select").select_option("")
    rows = page.locator("pe-packets .rows")
    status = page.locator("pe-packets [role=status]").inner_text()
    assert re.fullmatch(r"(5\d,\d{3}) of \1 packets", status), status
    for place in (0.2, 0.9, 1.0):
        rows.evaluate("(e, share) => { e.scrollTop = e.scrollHeight * share; }", place)
        page.wait_for_timeout(200)
        assert 0 < rows.locator(".row").count() < 60
    took = page.evaluate("performance.getEntriesByName('pressenter:shown')[0].startTime")
    print(f"a journey of 50,000 packets is shown after {took:.0f} ms")


# ---- the studio ---------------------------------------------------------------------------------------


def test_a_person_uses_the_studio(studio: str, open_page: Callable[..., Any]) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    page = open_page(studio)
    page.locator("pe-address input").fill("www.example.com")
    page.locator("pe-address button[type=submit]").click()
    page.locator("pe-story li", has_text="load: 2 resources").wait_for()
    page.wait_for_timeout(1500)
    page.screenshot(path=ARTIFACTS / "studio-journey.png", full_page=True)
    # back to the ARP request, its bytes, and why it was sent
    page.locator("pe-transport [data-key=first]").click()
    asked = page.locator("pe-packets")
    shown(page, "packets")
    page.locator("pe-packets input").fill("who has 192.168.1.1")
    row = asked.locator(".rows .row", has_text="who has 192.168.1.1")
    asked.locator(".rows .row", has_not_text="who has 192.168.1.1").first.wait_for(state="detached")  # the filter works
    row.first.click()
    assert asked.locator(".headers", has_text="target IP address").count() == 1
    asked.locator(".header-field", has_text="target IP address").click()
    assert asked.locator(".codes .byte.lit").all_text_contents() == ["c0", "a8", "01", "01"]
    asked.locator(".codes .byte").nth(20).click()
    assert "operation" in asked.locator(".header-field.lit").inner_text()
    why = page.locator("pe-why .chain").inner_text()
    assert "Enter: 'www.example.com'" in why.replace("“", "'").replace("”", "'")
    page.screenshot(path=ARTIFACTS / "studio-packets.png", full_page=True)
    # the switch's table at that moment
    shown(page, "journey")
    page.locator("pe-map .node", has_text="home-switch").click()
    assert page.locator("pe-map .tables tbody tr").count() >= 3
    page.screenshot(path=ARTIFACTS / "studio-switch.png", full_page=True)
    # a link on the screen is clicked by the world's mouse
    page.locator("pe-transport [data-key=last]").click()
    canvas = page.locator("pe-screen canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": 226 / 1280 * box["width"], "y": 147 / 900 * box["height"]})
    page.locator("pe-story li", has_text="a click on <a The fibre>").wait_for()
    # the keyboard of a phone types in the world
    page.locator("pe-screen .keys").press_sequentially("ab")
    page.locator("pe-story li", has_text="history suggests").or_(page.locator("pe-transport .now")).first.wait_for()
    # what if one frame in twenty is lost?
    shown(page, "whatif")
    page.locator("pe-whatif .tools select").select_option("links.home-router:wan--isp-access:home.loss")
    page.locator("#knob-0").fill("0.05")
    page.locator("pe-whatif button.primary").click()
    page.locator(".comparison").wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=ARTIFACTS / "studio-comparison.png", full_page=True)
    assert "are lost" in page.locator(".comparison .chain").inner_text()
    assert page.locator(".comparison tr.differs").count() > 3
    assert "loss" in page.url  # the setting can be shared


def test_foreign_files_are_opened(journey: pressenter.Journey, tmp_path: Path, open_page: Callable[..., Any]) -> None:
    from click.testing import CliRunner

    from pressenter.cli.main import main

    journey.save(tmp_path / "j")
    for name, view, words in (("laptop.pcapng", "packets", "128 of 128"), ("journey.har", "timeline", "Timeline")):
        target = tmp_path / f"{name}.html"
        done = CliRunner().invoke(main, ["open", str(tmp_path / "j" / name), "--html", str(target), "--no-browser"])
        assert done.exit_code == 0, done.output
        page = open_page(target.as_uri())
        page.locator(f"#content.view-{view} > *").first.wait_for()
        assert words in page.locator("main").inner_text()
    shown(page, "packets")
    wrong = CliRunner().invoke(main, ["open", str(tmp_path / "j" / "page.png"), "--no-browser"])
    assert wrong.exit_code == 2 and "neither pcapng nor pcap" in wrong.output
    assert json.loads((tmp_path / "j" / "journey.har").read_text())
