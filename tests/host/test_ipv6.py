"""IPv6: addresses that configure themselves, neighbours, routers, both families side by side."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from pressenter.host.ipv6.interface import AddressState
from pressenter.host.ipv6.neighbour_discovery import Reachability
from pressenter.host.ipv6.source_address import order_destinations
from pressenter.host.routes import Route
from pressenter.http.happy_eyeballs import interleave
from pressenter.network.link import Link
from pressenter.network.router import Router
from pressenter.wire import icmpv6, ipv4, ipv6
from pressenter.wire.address import address_bytes, address_text, ipv4_bytes, mac_bytes, solicited_node
from pressenter.wire.icmp import IcmpMessage
from pressenter.wire.icmpv6 import Icmpv6Type, PrefixInformation
from tests.networks import Cable

SECOND = 1_000_000_000
PREFIX = PrefixInformation(address_bytes("2001:db8:1::"), 64, True, True, 86_400, 14_400)


class Net(Cable):
    """left -- router -- right; the router announces a prefix on the left link."""

    def __init__(self, mtu_right: int = 1500) -> None:
        super().__init__()
        self.router = Router("router", self.agenda, self.recorder, self.randomness, latency_ns=0)
        self.router.add_port("a", mac_bytes("02:00:00:00:00:0a"), ipv4_bytes("10.1.0.1"), 24)
        self.router.add_port("b", mac_bytes("02:00:00:00:00:0b"), ipv4_bytes("10.2.0.1"), 24, mtu_right)
        self.client = self._host("client", "02:00:00:00:00:11", "10.1.0.2", 1500)
        self.server = self._host("server", "02:00:00:00:00:12", "10.2.0.2", 1500)
        for name, one, other in (
            ("one", self.client.ports["eth0"], self.router.ports["a"]),
            ("two", self.router.ports["b"], self.server.ports["eth0"]),
        ):
            Link(name, one, other, self.agenda, self.recorder, self.randomness,
                 rate_bps=100_000_000, delay_ns=5_000_000, queue_bytes=1 << 20)  # fmt: skip
        near, far = self.router.interfaces
        first = self.router.internet.ipv6.enable(near)
        first.add_address(address_bytes("2001:db8:1::1"), 64)
        second = self.router.internet.ipv6.enable(far)
        second.add_address(address_bytes("2001:db8:2::1"), 64)
        here = self.client.internet.ipv6.enable(self.client.interfaces[0])
        there = self.server.internet.ipv6.enable(self.server.interfaces[0])
        there.add_address(address_bytes("2001:db8:2::2"), 64)
        self.server.internet.ipv6.routes.add(
            Route(bytes(16), 0, address_bytes("2001:db8:2::1"), self.server.interfaces[0], there.link_local)
        )
        self.here, self.there = here, there
        first.announce([PREFIX], [address_bytes("2001:db8:1::53")])
        self.agenda.run(5 * SECOND)


def test_an_address_of_its_own_from_a_routers_prefix() -> None:
    net = Net()
    usable = [address_text(entry.address) for entry in net.here.usable()]
    assert usable == ["fe80::ff:fe00:11", "2001:db8:1::ff:fe00:11"]
    route = net.client.internet.ipv6.routes.lookup(address_bytes("2001:db8:2::2"))
    assert route is not None and route.gateway == net.router.internet.ipv6.interfaces[0].link_local
    assert [address_text(server) for server in net.here.dns_servers] == ["2001:db8:1::53"]
    net.agenda.run(5 * SECOND + 14_400 * SECOND)
    assert net.here.usable()  # the router has told the prefix again meanwhile
    names = [event.name for event in net.recorder.events]
    assert names.index("ipv6.tentative") < names.index("ipv6.address") and "ipv6.router" in names


def test_two_hosts_with_one_address() -> None:
    cable = Cable()
    one = cable.left.internet.ipv6.enable(cable.left.interfaces[0])
    other = cable.right.internet.ipv6.enable(cable.right.interfaces[0])
    cable.agenda.run(2 * SECOND)
    wanted = address_bytes("2001:db8::7")
    one.add_address(wanted, 64, AddressState.TENTATIVE)
    cable.agenda.run(4 * SECOND)
    other.add_address(wanted, 64, AddressState.TENTATIVE)
    cable.agenda.run(6 * SECOND)
    assert one.addresses[wanted].state is AddressState.PREFERRED
    assert other.addresses[wanted].state is AddressState.DUPLICATE and not other.has(wanted)


def test_an_echo_over_a_router_and_a_hop_limit_that_runs_out() -> None:
    net = Net()
    replies: list[tuple[bytes, IcmpMessage]] = []
    target = address_bytes("2001:db8:2::2")
    net.client.icmpv6.echo(target, 1, 1, lambda *reply: replies.append(reply))
    net.client.icmpv6.echo(target, 1, 2, lambda *reply: replies.append(reply), hop_limit=1)
    net.client.icmpv6.echo(address_bytes("2001:db8:2::99"), 1, 3, lambda *reply: replies.append(reply))
    net.client.icmpv6.echo(address_bytes("2001:db8:9::1"), 1, 4, lambda *reply: replies.append(reply))
    net.agenda.run(12 * SECOND)
    kinds = {message.type: address_text(source) for source, message in replies}
    assert kinds[Icmpv6Type.ECHO_REPLY] == "2001:db8:2::2"
    assert kinds[Icmpv6Type.TIME_EXCEEDED] == "2001:db8:1::1"
    unreachable = sorted(message.code for _, message in replies if message.type == Icmpv6Type.DESTINATION_UNREACHABLE)
    assert unreachable == [0, 3]  # no route; nobody answers for the address


def test_only_the_source_fragments_and_the_paths_mtu_is_learnt() -> None:
    net = Net(mtu_right=1300)
    received = []
    server = net.server.udp.open(bytes(16), 7)
    server.on_datagram = lambda payload, address, port: received.append(len(payload))
    client = net.client.udp.open(bytes(16), 0)
    errors: list[int | None] = []
    client.on_error = lambda error: errors.append(error.errno)
    client.send(bytes(5000), address_bytes("2001:db8:2::2"), 7)
    net.agenda.run(8 * SECOND)
    assert errors and set(errors) == {errno.EMSGSIZE}
    assert not received  # too big for the second link, and the router does not cut
    assert net.client.internet.mtu_for(address_bytes("2001:db8:2::2")) == 1300
    client.send(bytes(5000), address_bytes("2001:db8:2::2"), 7)
    net.agenda.run(12 * SECOND)
    assert received == [5000]


def test_tcp_over_ipv6_through_a_smaller_mtu_with_asyncio() -> None:
    net = Net(mtu_right=1300)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()) * 40_000)
        writer.close()

    async def fetch() -> tuple[int, tuple[object, ...]]:
        reader, writer = await asyncio.open_connection("2001:db8:2::2", 80)
        writer.write(b"12345678\n")
        data = await reader.read(-1)
        writer.close()
        return len(data), writer.get_extra_info("peername")

    net.server.run(asyncio.start_server(serve, "::", 80))
    size, peer = net.client.run(fetch())
    assert size == 360_000 and peer == ("2001:db8:2::2", 80, 0, 0)


def test_one_listener_for_both_families() -> None:
    net = Net()
    listener = net.server.socket(socket.AF_INET6)
    listener.bind(("", 80))
    listener.listen()
    net.server.internet.routes.add(
        Route(bytes(4), 0, ipv4_bytes("10.2.0.1"), net.server.interfaces[0], ipv4_bytes("10.2.0.2"))
    )
    net.client.internet.routes.add(
        Route(bytes(4), 0, ipv4_bytes("10.1.0.1"), net.client.interfaces[0], ipv4_bytes("10.1.0.2"))
    )
    for family, address in ((socket.AF_INET, "10.2.0.2"), (socket.AF_INET6, "2001:db8:2::2")):
        client = net.client.socket(family)
        client.connect_ex((address, 80))
        net.agenda.run(net.agenda.now_ns + SECOND)
        _, peer = listener.accept()
        assert str(peer[0]).startswith("::ffff:10.1" if family == socket.AF_INET else "2001:db8:1:")


def test_a_neighbour_that_falls_silent_is_forgotten() -> None:
    net = Net()
    target = address_bytes("2001:db8:2::2")
    replies: list[object] = []
    net.client.icmpv6.echo(target, 1, 1, lambda *reply: replies.append(reply))
    net.agenda.run(7 * SECOND)
    gateway = net.router.internet.ipv6.interfaces[0].link_local
    assert net.here.neighbours.entries[gateway].state in (Reachability.REACHABLE, Reachability.DELAY)
    net.router.ports["a"].medium.up = False  # type: ignore[union-attr]
    net.agenda.run(60 * SECOND)
    net.client.icmpv6.echo(target, 1, 2, lambda *reply: replies.append(reply))
    net.agenda.run(75 * SECOND)
    assert gateway not in net.here.neighbours.entries  # RFC 4861 §7.3


def test_happy_eyeballs_do_not_wait_for_a_broken_family() -> None:
    net = Net()
    net.server.internet.routes.add(
        Route(bytes(4), 0, ipv4_bytes("10.2.0.1"), net.server.interfaces[0], ipv4_bytes("10.2.0.2"))
    )
    net.client.internet.routes.add(
        Route(bytes(4), 0, ipv4_bytes("10.1.0.1"), net.client.interfaces[0], ipv4_bytes("10.1.0.2"))
    )

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def resolve(name: str) -> list[str]:
        return ["10.2.0.2", "2001:db8:2::dead"]  # IPv6 leads nowhere, and the router drops it silently

    net.server.run(asyncio.start_server(serve, "0.0.0.0", 80))
    net.client.resolve = resolve
    net.router.internet.ipv6.routes.add(
        Route(
            address_bytes("2001:db8:2::dead"), 128, address_bytes("2001:db8:2::2"), net.router.interfaces[1], bytes(16)
        )
    )
    net.server.tcp.listeners.clear()
    net.server.run(asyncio.start_server(serve, "10.2.0.2", 80))

    async def connect() -> tuple[str, float]:
        began = asyncio.get_running_loop().time()
        _, writer = await asyncio.open_connection("shop.test", 80, happy_eyeballs_delay=0.25)
        peer = writer.get_extra_info("peername")[0]
        writer.close()
        return peer, asyncio.get_running_loop().time() - began

    peer, took = net.client.run(connect())
    assert peer == "10.2.0.2" and 0.25 <= took < 0.5


def test_families_take_turns() -> None:
    assert [a for a, *_ in interleave([("::1", 1), ("::2", 1), ("1.1.1.1", 1), ("2.2.2.2", 1)])] == [
        "::1", "1.1.1.1", "::2", "2.2.2.2",
    ]  # fmt: skip


def test_rfc_6724_destination_order() -> None:
    sources = {16: address_bytes("2001:db8:1::2"), 4: ipv4_bytes("192.0.2.1")}
    addresses = [ipv4_bytes("198.51.100.1"), address_bytes("2001:db8:1::1")]
    ordered = order_destinations(addresses, lambda address: sources[len(address)])
    assert ordered == addresses[::-1]  # IPv6 has the higher precedence
    assert order_destinations(addresses, lambda address: sources[4] if len(address) == 4 else None) == addresses


def test_hostile_packets_are_dropped() -> None:
    net = Net()
    own = address_bytes("2001:db8:2::2")
    somebody = address_bytes("2001:db8:2::5")
    before = dict(net.there.neighbours.entries)
    advertisement = IcmpMessage(
        Icmpv6Type.NEIGHBOUR_ADVERTISEMENT, 0, b"\xe0\0\0\0", somebody + b"\x02\x01\x02\0\0\0\0\x99"
    )
    from_afar = icmpv6.build_icmpv6(somebody, own, advertisement)
    for packet in (
        ipv6.build_ipv6(somebody, own, ipv6.ICMPV6, from_afar, hop_limit=254),
        ipv6.build_ipv6(address_bytes("ff02::1"), own, 17, b"x" * 8),
        ipv6.build_ipv6(somebody, own, 0, b"\x3b\xff" + bytes(6)),
        ipv6.build_ipv6(somebody, own, 44, b"\x11\0\xff\xf9" + bytes(4) + bytes(1000)),
        b"\x60", b"",
    ):  # fmt: skip
        net.server.internet.ipv6.receive(net.there, packet)
    assert net.there.neighbours.entries == before
    assert solicited_node(own) in net.there.groups
    with pytest.raises(ValueError, match="not an IP address"):
        address_bytes("2001:db8::zz")


def test_the_other_familys_icmp_is_no_way_in() -> None:
    net = Net()
    own = address_bytes("2001:db8:2::2")
    somebody = address_bytes("2001:db8:2::5")
    net.server.internet.ipv6.receive(net.there, ipv6.build_ipv6(somebody, own, 1, b"\x08\0\xf7\xff" + bytes(4)))
    packet = ipv4.build_ipv4(ipv4_bytes("10.2.0.9"), ipv4_bytes("10.2.0.2"), 58, b"\x80\0\0\0" + bytes(4))
    net.server.internet.receive(net.server.interfaces[0], packet)
    net.agenda.run(8 * SECOND)


def test_a_duplicate_address_is_not_ours_and_a_prefix_cannot_take_the_link_local_one() -> None:
    net = Net()
    wanted = address_bytes("2001:db8:1::77")
    net.here.add_address(wanted, 64, AddressState.TENTATIVE)
    net.here.is_duplicate(wanted)
    assert not net.client.internet.is_own(wanted)
    link_local = PrefixInformation(address_bytes("fe80::"), 64, True, True, 0, 0)
    net.here._configure(link_local)
    net.agenda.run(net.agenda.now_ns + SECOND)
    assert net.here.has(net.here.link_local) and net.here.usable()


def _advertisement(*prefixes: PrefixInformation, mtu: int | None = None) -> IcmpMessage:
    options = icmpv6.DiscoveryOptions(prefixes=prefixes, mtu=mtu)
    data = bytes(8) + icmpv6.build_options(options)
    return IcmpMessage(Icmpv6Type.ROUTER_ADVERTISEMENT, 0, b"\x40\0\x07\x08", data)


def test_an_advertisement_cannot_take_an_address_away_within_two_hours() -> None:
    net = Net()
    router = net.router.internet.ipv6.interfaces[0].link_local
    address = address_bytes("2001:db8:1::ff:fe00:11")
    start_ns = net.agenda.now_ns
    for valid, lasts in ((1, 7200), (0, 7200), (7100, 7200), (9000, 9000), (8000, 8000)):
        net.here.on_router_advertisement(router, _advertisement(PREFIX._replace(valid=valid, preferred=0)))
        assert net.here.addresses[address].valid_until_ns == start_ns + lasts * SECOND
    assert net.here.has(address) and net.here.usable()[-1].state is AddressState.DEPRECATED


def test_a_prefix_is_on_the_link_only_if_the_router_says_so() -> None:
    net = Net()
    router = net.router.internet.ipv6.interfaces[0].link_local
    routes = net.client.internet.ipv6.routes
    neighbour, stranger = address_bytes("2001:db8:1::9"), address_bytes("2001:db8:9::9")
    off_link = PrefixInformation(address_bytes("2001:db8:9::"), 64, False, True, 86_400, 14_400)
    net.here.on_router_advertisement(router, _advertisement(off_link))
    found = routes.lookup(stranger)
    assert found is not None and found.gateway == router  # an address of the prefix, but no neighbour
    assert address_bytes("2001:db8:9::ff:fe00:11") in net.here.addresses
    here = routes.lookup(neighbour)
    assert here is not None and here.gateway is None
    net.here.on_router_advertisement(router, _advertisement(PREFIX._replace(valid=0, preferred=0)))
    gone = routes.lookup(neighbour)
    assert gone is not None and gone.gateway == router


def test_a_smaller_mtu_from_a_router_is_for_ipv6_alone() -> None:
    net = Net()
    router = net.router.internet.ipv6.interfaces[0].link_local
    net.here.on_router_advertisement(router, _advertisement(mtu=1300))
    assert net.client.internet.mtu_for(address_bytes("2001:db8:2::2")) == 1300
    assert net.client.internet.mtu_for(ipv4_bytes("10.1.0.1")) == 1500


def test_what_was_learnt_of_a_path_is_forgotten_after_ten_minutes() -> None:
    net = Net()
    far = address_bytes("2001:db8:2::2")
    net.client.internet.ipv6.learn_path_mtu(far, 1280)
    assert net.client.internet.mtu_for(far) == 1280
    net.agenda.run(net.agenda.now_ns + 601 * SECOND)
    assert net.client.internet.mtu_for(far) == 1500


def test_a_router_answers_link_local_neighbours_on_each_of_its_links() -> None:
    net = Net()
    answers: list[bytes] = []
    _, far = net.router.internet.ipv6.interfaces
    net.server.internet.ipv6.icmp.echo(far.link_local, 1, 1, lambda source, message: answers.append(source))
    net.agenda.run(net.agenda.now_ns + SECOND)
    assert answers == [far.link_local]
    source = net.router.internet.ipv6.source_for(net.there.link_local)
    assert source == far.link_local  # what the router itself begins goes the same way
