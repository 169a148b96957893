"""Routing tables, shortest paths, TTL, MTU, and address translation, in the built-in world and small ones."""

from __future__ import annotations

import asyncio

import pytest

from pressenter.network.translator import TIMEOUTS_NS, Flow
from pressenter.wire.address import ipv4_bytes, ipv4_text
from pressenter.wire.icmp import IcmpMessage, describe
from pressenter.wire.ipv4 import Protocol
from pressenter.worlds.world import World


@pytest.fixture
def world() -> World:
    built = World.load(seed=3)
    built.run()
    return built


def world_with_another_access_link(mtu: int = 1400) -> World:
    """The built-in world with another MTU, in bytes, between the home router and its provider."""
    from pressenter.worlds.world import read_built_in

    file, folder = read_built_in()
    for link in file.links:
        if "home-router:wan" in link.between:
            link.mtu = mtu
    return World(file, folder)


def upload(world: World, length: int) -> int:
    """How much of the laptop's upload to the web server arrives, in bytes."""
    got: list[int] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(len(await reader.read(-1)))
        writer.close()

    async def send() -> None:
        reader, writer = await asyncio.open_connection("93.184.215.14", 7000)
        writer.write(bytes(length))
        writer.write_eof()
        await reader.read()
        writer.close()

    world.host("web-1").run(asyncio.start_server(take, "0.0.0.0", 7000))
    world.host("laptop").run(send())
    return sum(got)


def ping(world: World, host: str, address: str, ttl: int = 64) -> tuple[str, str]:
    """Who answers an echo, and what."""
    replies: list[tuple[bytes, IcmpMessage]] = []
    world.host(host).icmp.echo(ipv4_bytes(address), 77, ttl, lambda *reply: replies.append(reply), ttl=ttl)
    world.run()
    ((source, message),) = replies
    return ipv4_text(source), describe(message.type, message.code)


def test_traceroute_goes_by_the_shortest_path(world: World) -> None:
    hops = []
    for ttl in range(1, 12):
        address, message = ping(world, "laptop", "93.184.215.14", ttl)
        hops.append(address)
        if message == "echo reply":
            break
        assert message == "time to live exceeded"
    assert hops == [
        "192.168.1.1", "203.0.113.1", "198.51.100.2", "192.0.2.2", "203.0.113.66", "203.0.113.78", "93.184.215.14",
    ]  # fmt: skip


def test_a_cut_fibre_would_send_packets_by_shanghai() -> None:
    from pressenter.worlds.world import read_built_in

    file, folder = read_built_in()
    for link in file.links:
        if link.between == ("backbone-beijing:guangzhou", "backbone-guangzhou:beijing"):
            link.cost = 5000
    world = World(file, folder)
    address, _ = ping(world, "laptop", "93.184.215.14", 5)
    assert address == "203.0.113.70"


def test_a_ping_to_guangzhou_takes_what_light_takes(world: World) -> None:
    start = world.agenda.now_ns
    world.host("laptop").icmp.echo(ipv4_bytes("93.184.215.14"), 1, 1, lambda *reply: times.append(world.agenda.now_ns))
    times: list[int] = []
    world.run()
    assert 2 * 9.835e6 < times[0] - start < 60e6


def test_two_hosts_with_the_same_port_and_id_get_different_public_ones(world: World) -> None:
    for host in ("laptop", "phone"):
        assert ping(world, host, "93.184.215.14") == ("93.184.215.14", "echo reply")
    translator = world.translators["home-router"]
    flows = [flow for flow in translator.mappings if flow.protocol == Protocol.ICMP]
    assert {ipv4_text(flow.address) for flow in flows} == {"192.168.1.10", "192.168.1.11"}
    assert len({translator.mappings[flow][0] for flow in flows}) == 2


def test_a_mapping_times_out(world: World) -> None:
    ping(world, "laptop", "93.184.215.14")
    translator = world.translators["home-router"]
    (flow,) = translator.mappings
    public = translator.mappings[flow][0]
    assert translator._lookup(Protocol.ICMP, public) == flow
    world.agenda.run(world.agenda.now_ns + TIMEOUTS_NS[Protocol.ICMP] + 1)
    assert translator._lookup(Protocol.ICMP, public) is None
    assert translator.mappings == {}


def test_what_was_used_last_is_forgotten_last(world: World) -> None:
    translator, agenda = world.translators["home-router"], world.agenda
    flows = [Flow(Protocol.ICMP, ipv4_bytes("192.168.1.10"), number) for number in range(4)]
    tcp = Flow(Protocol.TCP, ipv4_bytes("192.168.1.10"), 4000)
    for flow in (tcp, *flows):
        assert translator._map(flow) is not None
        agenda.run(agenda.now_ns + 10_000_000_000)
    assert translator._map(flows[1]) == translator.mappings[flows[1]][0]  # used again
    agenda.run(agenda.now_ns + 35_000_000_000)
    translator._map(Flow(Protocol.UDP, ipv4_bytes("192.168.1.10"), 53))
    assert [flow for flow in flows if flow in translator.mappings] == [flows[1], flows[2], flows[3]]
    agenda.run(agenda.now_ns + TIMEOUTS_NS[Protocol.UDP] + 1)
    translator._map(Flow(Protocol.UDP, ipv4_bytes("192.168.1.10"), 54))
    assert [(flow.protocol, flow.port) for flow in translator.mappings] == [(Protocol.TCP, 4000), (Protocol.UDP, 54)]


def test_nothing_gets_in_without_a_mapping(world: World) -> None:
    # A private address is unknown outside.
    assert ping(world, "web-1", "192.168.1.10") == ("93.184.215.1", "network unreachable")
    assert Flow(Protocol.ICMP, ipv4_bytes("192.168.1.10"), 77) not in world.translators["home-router"].mappings


def test_a_forwarded_packet_has_new_mac_addresses_and_the_same_ip_addresses(world: World) -> None:
    ping(world, "resolver", "93.184.215.14")
    seen = [
        frame.frame for frame in world.recorder.frames
        if frame.outbound and frame.frame[12:14] == b"\x08\x00" and frame.frame[30:34] == ipv4_bytes("93.184.215.14")
    ]  # fmt: skip
    assert {frame[26:30] for frame in seen} == {ipv4_bytes("198.51.100.66")}
    assert len({frame[6:12] for frame in seen}) == 5  # the resolver and four routers
    assert len({frame[22] for frame in seen}) == 5  # TTL


def test_an_error_about_a_translated_packet_reaches_the_host_inside() -> None:
    """The home router's outside link is narrow: the laptop must hear of it, not the router."""
    world = world_with_another_access_link()
    assert upload(world, 100_000) == 100_000 and world.agenda.now_ns < 2e9
    assert any(e.node == "laptop" and e.name == "icmp.receive" for e in world.recorder.events)


def test_a_small_mtu_on_the_way_is_told_to_the_sender() -> None:
    from pressenter.journey import go

    world = world_with_another_access_link()
    journey = go("www.example.com", world=world)
    assert journey.failure is None
    told = [e for e in journey.events if e.name == "icmp.receive" and "fragmentation" in e.fields["message"]]
    assert told and told[0].node == "web-1"
    assert any(e.name == "tcp.retransmit" and e.fields["reason"] == "smaller path MTU" for e in journey.events)


@pytest.mark.parametrize("mtu", [1400, 9000])
def test_a_router_cuts_up_a_large_segment_for_another_mtu(mtu: int) -> None:
    """Where cards take large segments, as in a bridged world: the pieces are those of the link that they came over."""
    world = world_with_another_access_link(mtu)
    for host in world.hosts.values():
        for interface in host.interfaces:
            interface.large_segments = True
    assert upload(world, 1_000_000) == 1_000_000
    sent = [(e.fields["source"], e.fields["length"]) for e in world.recorder.events if e.name == "link.transmit"]
    assert max(length for node, length in sent if node == "laptop:eth0") > 2 * 1518
    assert max(length for node, length in sent if node == "home-router:wan") == {1400: 1418, 9000: 1518}[mtu]
    told = {
        e.node for e in world.recorder.events if e.name == "icmp.receive" and "fragmentation" in e.fields["message"]
    }
    assert told == ({"laptop"} if mtu == 1400 else set()) and world.agenda.now_ns < 5e9
