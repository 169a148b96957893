"""Zones, caches, the resolver's way down from the root, and who is believed."""

from __future__ import annotations

import asyncio
import random
import socket

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from pressenter.dns.authoritative import AuthoritativeServer, load_zone
from pressenter.dns.cache import Negative, RecordCache
from pressenter.dns.exchange import Exchange
from pressenter.dns.message import answers, make_query
from pressenter.dns.stub import StubResolver
from pressenter.worlds.world import World

ZONE = """
$TTL 3600
@ IN SOA ns1.example.com. host.example.com. 1 7200 900 1209600 300
@ IN NS ns1.example.com.
ns1 IN A 192.0.2.53
www IN CNAME web
web IN A 192.0.2.80
web IN A 192.0.2.81
*.wild IN A 192.0.2.99
*.also IN CNAME web
dangling IN CNAME gone
a.b.c IN A 192.0.2.7
sub IN NS ns.sub
ns.sub IN A 192.0.2.54
"""


def ask(name: str, kind: str = "A") -> dns.message.Message:
    server = AuthoritativeServer([load_zone("example.com.", ZONE)])
    return asyncio.run(server.answer(dns.message.make_query(name, kind)))


def test_an_alias_is_followed_within_the_zone() -> None:
    reply = ask("www.example.com.")
    assert reply.flags & dns.flags.AA
    assert [dns.rdatatype.to_text(rrset.rdtype) for rrset in reply.answer] == ["CNAME", "A"]
    assert len(reply.answer[1]) == 2


def test_a_delegated_name_is_referred_with_glue() -> None:
    reply = ask("deep.sub.example.com.")
    assert not reply.flags & dns.flags.AA and not reply.answer
    assert str(reply.authority[0][0].target) == "ns.sub.example.com."
    assert str(reply.additional[0][0]) == "192.0.2.54"


@pytest.mark.parametrize(
    ("name", "kind", "code", "answered"),
    [
        ("nothing.example.com.", "A", dns.rcode.NXDOMAIN, False),
        ("web.example.com.", "AAAA", dns.rcode.NOERROR, False),
        ("b.c.example.com.", "A", dns.rcode.NOERROR, False),  # an empty non-terminal exists
        ("x.wild.example.com.", "A", dns.rcode.NOERROR, True),
        ("x.wild.example.com.", "AAAA", dns.rcode.NOERROR, False),  # RFC 4592 §2.2.1
        ("x.also.example.com.", "A", dns.rcode.NOERROR, True),  # a wildcard alias
        ("dangling.example.com.", "A", dns.rcode.NXDOMAIN, True),  # RFC 2308 §2.1
        ("other.test.", "A", dns.rcode.REFUSED, False),
    ],
)
def test_denials_and_wildcards(name: str, kind: str, code: int, answered: bool) -> None:
    reply = ask(name, kind)
    assert (reply.rcode(), bool(reply.answer)) == (code, answered)
    if not answered and code != dns.rcode.REFUSED:
        assert reply.authority[0].rdtype == dns.rdatatype.SOA
        assert reply.authority[0].ttl == 300


def test_a_cache_counts_ttls_down_and_forgets() -> None:
    cache, name = RecordCache(), dns.name.from_text("a.test.")
    cache.put(0, dns.rrset.from_text(name, 300, "IN", "A", "192.0.2.1"))
    found = cache.get(100 * 10**9, name, dns.rdatatype.A)
    assert isinstance(found, dns.rrset.RRset) and found.ttl == 200
    assert cache.get(300 * 10**9, name, dns.rdatatype.A) is None
    cache.put(0, dns.rrset.from_text(name, 0, "IN", "A", "192.0.2.1"))
    assert cache.get(0, name, dns.rdatatype.A) is None


def test_a_cache_keeps_denials_as_long_as_the_soa_says() -> None:
    cache, name = RecordCache(), dns.name.from_text("no.test.")
    soa = dns.rrset.from_text("test.", 900, "IN", "SOA", "a. b. 1 2 3 4 60")
    cache.put_negative(0, name, dns.rdatatype.A, Negative(dns.rcode.NXDOMAIN, soa))
    assert isinstance(cache.get(59 * 10**9, name, dns.rdatatype.A), Negative)
    assert cache.get(60 * 10**9, name, dns.rdatatype.A) is None


def test_a_name_that_does_not_exist_is_denied_for_every_type_and_its_soa_ages() -> None:
    cache, name = RecordCache(), dns.name.from_text("no.test.")
    soa = dns.rrset.from_text("test.", 900, "IN", "SOA", "a. b. 1 2 3 4 60")
    cache.put_negative(0, name, dns.rdatatype.A, Negative(dns.rcode.NXDOMAIN, soa))
    found = cache.get(20 * 10**9, name, dns.rdatatype.AAAA)
    assert isinstance(found, Negative) and found.soa is not None and found.soa.ttl == 40


def test_a_lame_server_is_passed_over() -> None:
    from pressenter.worlds.world import read_built_in

    for seed in range(6):
        file, folder = read_built_in()
        file.zones["com"].servers["lame.gtld-servers.net"] = "names-test"  # knows nothing of .com
        file.zones["net"].records += "\nlame.gtld-servers.net. IN A 198.51.100.130\n"
        file.zones["."].records += "\nlame.gtld-servers.net. IN A 198.51.100.130\n"
        world = World(file, folder, seed=seed)
        laptop = world.host("laptop")
        assert laptop.run(laptop.resolve("www.example.com")) == ["93.184.215.14"]


def test_the_forwarder_keeps_denials() -> None:
    world = World.load(seed=1)
    for host in ("laptop", "phone"):
        with pytest.raises(socket.gaierror, match="NXDOMAIN"):
            world.host(host).run(world.host(host).resolve("nosuch.example.com"))
    assert len(queries(world, "home-router")) == 1


def test_several_addresses_come_in_the_same_order_in_every_run() -> None:
    from pressenter.worlds.world import read_built_in

    seen = set()
    for _ in range(4):
        file, folder = read_built_in()
        file.zones["example.com"].records += "".join(f"\nsix.example.com. 60 IN A 10.0.0.2{n}" for n in range(6))
        world = World(file, folder, seed=1)
        laptop = world.host("laptop")
        seen.add(tuple(laptop.run(laptop.resolve("six.example.com"))))
    assert len(seen) == 1


def test_only_a_matching_reply_is_believed() -> None:
    query = make_query(dns.name.from_text("a.test."), dns.rdatatype.A, 7, recursive=True)
    reply = dns.message.make_response(query)
    assert answers(query, reply) is None
    reply.id = 8
    assert answers(query, reply) == "its ID is not the query's"
    other = dns.message.make_response(make_query(dns.name.from_text("b.test."), dns.rdatatype.A, 7, recursive=True))
    assert answers(query, other) == "its question is another"
    assert answers(query, query) == "it is no response"


def queries(world: World, node: str) -> list[str]:
    return [
        event.fields["server"] for event in world.recorder.events if event.name == "dns.query" and event.node == node
    ]


def test_the_way_from_the_root_and_what_each_cache_saves() -> None:
    world = World.load(seed=1)
    laptop, phone = world.host("laptop"), world.host("phone")
    assert laptop.run(laptop.resolve("www.example.com")) == ["93.184.215.14"]
    asked = queries(world, "resolver")
    assert asked[0] in ("198.41.0.4", "192.5.5.241")
    assert asked[1:3] == ["192.5.6.30", "93.184.215.53"]
    assert len(asked) == 6  # root, com, example.com; root, test, centre.test
    laptop.run(laptop.resolve("www.example.com"))
    assert len(queries(world, "laptop")) == 1  # the system cache
    phone.run(phone.resolve("www.example.com"))
    assert len(queries(world, "home-router")) == 1  # the forwarder's cache
    world.run("10min")  # the alias lives 300 s, the address 3600 s
    phone.run(phone.resolve("www.example.com"))
    assert queries(world, "resolver")[6:] == ["93.184.215.53"]


def test_hosts_file_and_failures() -> None:
    world = World.load(seed=1)
    laptop = world.host("laptop")
    assert laptop.run(laptop.resolve("printer.home.arpa")) == ["192.168.1.30"]
    assert laptop.run(laptop.resolve("localhost")) == ["127.0.0.1"]
    with pytest.raises(socket.gaierror, match="NXDOMAIN"):
        laptop.run(laptop.resolve("nosuch.example.com"))
    assert queries(world, "laptop") == ["192.168.1.1"]
    with pytest.raises(socket.gaierror, match="not a name"):
        laptop.run(laptop.resolve("a" * 64 + ".test"))


def test_a_forged_answer_is_not_believed() -> None:
    world = World.load(seed=1)
    laptop, router = world.host("laptop"), world.host("home-router")
    forged = dns.message.make_response(dns.message.make_query("www.example.com.", "A", id=1))
    forged.answer.append(dns.rrset.from_text("www.example.com.", 60, "IN", "A", "6.6.6.6"))

    def forge() -> None:
        (port,) = [p for _, p in laptop.udp.sockets if p not in (53, 68)]
        router.udp.sockets[4, 53].send(forged.to_wire(), laptop.interfaces[0].address, port)

    world.agenda.after(50_000_000, forge)
    assert laptop.run(laptop.resolve("www.example.com")) == ["93.184.215.14"]
    assert any(event.name == "dns.reject" for event in world.recorder.events)


def test_a_silent_server_is_asked_again_and_then_given_up() -> None:
    world = World.load(seed=1)
    phone = world.host("phone")
    exchange = Exchange("phone", world.recorder, random.Random(1), timeout=5, attempts=2)
    stub = StubResolver("192.168.1.10", {}, exchange)
    world.host("laptop").udp.open(port=53)  # takes queries, and never answers
    with pytest.raises(socket.gaierror, match="did not answer 2 queries"):
        phone.run(stub.resolve("www.example.com"))
    assert world.agenda.now_ns >= 10 * 10**9


def test_a_long_answer_is_truncated_and_asked_for_again_over_tcp(tmp_path) -> None:
    from pressenter.worlds.world import read_built_in

    file, folder = read_built_in()
    many = "\n".join(f"many.example.com. 60 IN A 10.1.{n // 250}.{n % 250}" for n in range(200))
    file.zones["example.com"].records += many
    world = World(file, folder)
    laptop = world.host("laptop")
    assert len(laptop.run(laptop.resolve("many.example.com"))) == 200
    assert any(e.name == "tcp.state" and ":53" in e.fields["connection"] for e in world.recorder.events)
