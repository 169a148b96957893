"""Concrete examples of what must come out, each with the number of its scene in the docs (docs/scenes.md)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import pressenter
from pressenter.browser.address_bar import interpret
from pressenter.browser.history import History
from pressenter.host.interface import Interface
from pressenter.host.routes import Route, RoutingTable
from pressenter.sim import Agenda
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_bytes, ipv4_text, mac_bytes
from pressenter.wire.ipv4 import parse_ipv4
from pressenter.worlds.world import World
from tests.networks import Cable


class Card:
    """A device that keeps what is sent through it."""

    def __init__(self, mac: str) -> None:
        self.mac = mac_bytes(mac)
        self.deliver = lambda frame: None
        self.sent: list[bytes] = []

    def transmit(self, frame: bytes) -> bool:
        self.sent.append(frame)
        return True


def test_scene_1_a_key_becomes_a_line_in_user_space(journey: pressenter.Journey) -> None:
    enter = next(e for e in journey.events if e.name == "window.key" and e.fields["key"] == "\n")
    names = [event.name for event in journey.why(enter)][:8]
    assert names == [
        "window.key",
        "input.wake",
        "input.event",
        "input.event",
        "irq.bottom_half",
        "irq.top_half",
        "irq.raise",
        "usb.report",
    ]
    table = journey.world.interrupts["laptop"].proc_interrupts()
    assert "xhci_hcd" in table and "eth0" in table


def test_scene_3_ba_is_baidu() -> None:
    suggestion = History({"http://www.baidu.com/": 90, "http://www.bank.test/": 10}).suggest("ba")
    assert suggestion == ("http://www.baidu.com/", 0.9)


def test_scene_4_enter() -> None:
    history = History({"http://www.baidu.com/": 1})
    assert interpret("http://www.a.test/b", history, "s:").kind == "url"
    assert interpret("a.test", history, "s:").url == "http://a.test/"
    assert interpret("baidu", history, "s:").url == "http://www.baidu.com/"
    assert interpret("what is a switch", history, "http://s.test/?q=").kind == "search"


def test_scene_5_order_of_the_places_that_are_asked(journey: pressenter.Journey) -> None:
    places = [(e.node, e.name) for e in journey.events if e.name in ("dns.cache", "dns.query", "cache.lookup")]
    expected = [("laptop", "cache.lookup"), ("laptop", "dns.cache"), ("laptop", "dns.query"), ("home-router", "dns.cache"),
                ("home-router", "dns.query"), ("resolver", "dns.query")]  # fmt: skip
    assert places[:6] == expected


def test_scene_9_client_port_and_states(journey: pressenter.Journey) -> None:
    opened = next(e for e in journey.events if e.name == "tcp.state" and e.node == "laptop")
    port = int(opened.fields["connection"].split(" ")[0].split(":")[1])
    assert 1024 <= port <= 65535
    server = [e.fields["after"] for e in journey.events if e.name == "tcp.state" and e.node == "web-1"][:3]
    assert server[:2] == ["LISTEN", "SYN_RECV"]


def test_scene_10_pieces_of_1460_behind_54_bytes() -> None:
    world = World.load()
    for host in world.hosts.values():
        host.tcp.parameters.timestamps = False  # they would take 12 bytes of each segment
    journey = pressenter.go("www.example.com", world=world)
    frames = [f for f in journey.packets if f.port == "web-1:eth0" and f.outbound and f.frame[23] == 6]
    largest = max(frames, key=lambda f: len(f.frame))
    assert len(largest.frame) == 14 + 20 + 20 + 1460 + 4
    asked = next(f for f in journey.packets if f.port == "laptop:eth0" and b"GET / HTTP/1.1" in f.frame)
    assert asked.frame.index(b"GET / HTTP/1.1") == 54


def test_scene_14_the_row_that_matches_longest() -> None:
    agenda = Agenda()
    recorder = Recorder(agenda)
    table = RoutingTable()
    interfaces = [
        Interface("host", name, Card(mac), ipv4_bytes(address), 24, agenda, recorder)
        for name, mac, address in (
            ("eth0", "02:00:00:00:00:01", "192.168.3.5"),
            ("eth1", "02:00:00:00:00:02", "192.168.10.5"),
        )
    ]
    for interface in interfaces:
        table.add(Route(interface.address, 24, None, interface, interface.address))
    gateway = ipv4_bytes("192.168.10.1")
    table.add(Route(bytes(4), 0, gateway, interfaces[1], interfaces[1].address))
    near = table.lookup(ipv4_bytes("192.168.10.200"))
    assert near is not None and near.gateway is None and near.interface.name == "eth1"
    assert ipv4_text(near.source) == "192.168.10.5"
    far = table.lookup(ipv4_bytes("10.100.20.100"))
    assert far is not None and far.gateway == gateway and far.prefix_length == 0


def test_scene_15_ip_addresses_stay_and_mac_addresses_change(journey: pressenter.Journey) -> None:
    served = [f for f in journey.packets if f.outbound and b"HTTP/1.1 200 OK" in f.frame and b"text/html" in f.frame]
    before_nat = [f for f in served if f.port.split(":")[0] not in ("home-router", "home-switch")]
    sources = {parse_ipv4(f.frame[14:-4]).source for f in before_nat}
    targets = {parse_ipv4(f.frame[14:-4]).destination for f in before_nat}
    assert (len(sources), len(targets)) == (1, 1)
    assert len({f.frame[6:12] for f in served}) == 7  # the server and six routers


def test_scene_17_a_learnt_address_leaves_by_one_port() -> None:
    world = World.load(seed=1)
    world.run()
    switch = world.switches["home-switch"]
    laptop = world.host("laptop").interfaces[0]
    port = switch.lookup(laptop.mac)
    assert port is not None and port.name == "1"


@pytest.mark.parametrize(("city", "least_ms"), [("93.184.215.14", 19.67), ("192.5.6.30", 12.13)])
def test_scene_19_never_faster_than_light(city: str, least_ms: float) -> None:
    world = World.load(seed=1)
    start, times = world.agenda.now_ns, []
    world.host("laptop").icmp.echo(ipv4_bytes(city), 1, 1, lambda *reply: times.append(world.agenda.now_ns))
    world.run()
    milliseconds = (times[0] - start) / 1e6
    assert least_ms < milliseconds < 60


def test_scene_25_the_tab_closes_with_four_segments_for_each_connection(journey: pressenter.Journey) -> None:
    closing = next(e for e in journey.events if e.name == "tab.close")
    after = [e for e in journey.events if e.id > closing.id and e.name == "tcp.send"]
    connections = closing.fields["connections"]
    assert connections >= 2
    assert sum("FIN" in e.fields["flags"] for e in after) == 2 * connections
    assert sum(e.fields["flags"] == "ACK" for e in after) == 2 * connections


def test_scene_9_netstat_shows_the_states_at_both_ends() -> None:
    world = World.load()
    server, laptop = world.host("web-1"), world.host("laptop")
    assert re.search(r"^tcp +0 +0 0\.0\.0\.0:80 +0\.0\.0\.0:\* +LISTEN", server.netstat(), re.M)
    client = laptop.socket()
    client.connect_ex(("93.184.215.14", 80))
    seen: dict[str, set[str]] = {"laptop": set(), "web-1": set()}
    closing = False
    for step in range(1, 4000):
        world.agenda.run((500 + step) * 1_000_000)
        for host in (laptop, server):
            seen[host.name] |= {row.split()[5] for row in host.netstat().splitlines()[2:]}
        if step == 1000:
            client.close()
            closing = True
    assert closing
    assert {"SYN_SENT", "ESTABLISHED", "FIN_WAIT1", "TIME_WAIT"} <= seen["laptop"]
    assert {"SYN_RECV", "ESTABLISHED"} <= seen["web-1"]


def test_scene_11_one_lost_segment_holds_up_those_behind_it() -> None:
    cable = Cable(delay_ns=20_000_000)
    listener = cable.right.socket()
    listener.bind(("", 80))
    listener.listen()
    client = cable.left.socket()
    client.connect_ex(("10.0.0.2", 80))
    cable.agenda.run(10**9)
    server, _ = listener.accept()
    lost = cable.link.ends[0]
    original, dropped = cable.link.transmit, []

    def lose_the_first(port, frame, delay_ns=0):  # type: ignore[no-untyped-def]
        if port is lost and len(frame) > 1000 and not dropped:
            dropped.append(frame)
            return cable.agenda.now_ns
        return original(port, frame, delay_ns)

    lost.medium = type("Lossy", (), {"transmit": staticmethod(lose_the_first)})()
    client.send(bytes(3 * 1448))
    cable.agenda.run(10**9 + 30_000_000)  # 2 and 3 have arrived
    assert server.endpoint is not None
    buffer = server.endpoint.connection.receive_buffer
    assert buffer.readable == 0 and buffer.waiting == [(1 + 1448, 1 + 3 * 1448)]
    cable.agenda.run(2 * 10**9)
    assert len(server.recv(10_000)) == 3 * 1448  # all three at once, when 1 has come


def test_scene_13_a_small_window_slows_without_loss_and_a_congested_path_with_it() -> None:
    def fetch(window: int | None, queue_bytes: int) -> tuple[float, int, int]:
        cable = Cable(rate_bps=20_000_000, delay_ns=20_000_000, queue_bytes=queue_bytes)
        if window is not None:
            parameters = cable.left.tcp.parameters
            parameters.receive_buffer = parameters.receive_buffer_maximum = window

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(bytes(2_000_000))
            writer.close()

        async def ask() -> float:
            began = asyncio.get_running_loop().time()
            reader, writer = await asyncio.open_connection("10.0.0.2", 80)
            assert len(await reader.read(-1)) == 2_000_000
            writer.close()
            return asyncio.get_running_loop().time() - began

        cable.right.run(asyncio.start_server(serve, "0.0.0.0", 80))
        seconds = cable.left.run(ask())
        names = cable.names()
        return seconds, names.count("tcp.retransmit"), names.count("link.drop")

    free, free_again, free_lost = fetch(None, 1 << 20)
    small, small_again, small_lost = fetch(16_000, 1 << 20)
    crowded, crowded_again, crowded_lost = fetch(None, 15_000)
    assert (free_again, free_lost, small_again, small_lost) == (0, 0, 0, 0)
    assert small > 3 * free  # 16,000 bytes for each round trip
    assert crowded_lost > 0 and crowded_again > 0 and crowded > free


def test_scene_2_a_tap_and_a_swipe(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><button>Press</button><p style='height: 3000px'>long")
    counts = []
    for action in ("tap Press", "swipe 400"):
        journey = pressenter.go("www.touch.test", sites={"www.touch.test": tmp_path}, then=[action])
        lines = [event.fields["line"] for event in journey.events if event.name == "input.event"]
        contact = [line[line.index("EV_") :].split() for line in lines if "EV_ABS" in line]
        assert contact[0] == ["EV_ABS", "ABS_MT_TRACKING_ID", "0000835c"]
        assert contact[-1] == ["EV_ABS", "ABS_MT_TRACKING_ID", "ffffffff"]
        codes = [code for _, code, _ in contact[1:5]]
        assert codes == ["ABS_MT_TOUCH_MAJOR", "ABS_MT_PRESSURE", "ABS_MT_POSITION_X", "ABS_MT_POSITION_Y"]
        table = journey.world.computer.interrupts.proc_interrupts()
        row = next(line for line in table.splitlines() if line.rstrip().endswith("msmgpio                elan-ktf3k"))
        counts.append(max(map(int, row.split(":")[1].split()[:2])))
    assert counts[0] == 2 and counts[1] > 20
