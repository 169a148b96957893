"""A world in which both families are spoken: the page comes over IPv6, or over IPv4 where IPv6 is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

import pressenter
from pressenter.worlds.schema import WorldFileError
from pressenter.worlds.world import World

WORLD = """
title = "Two families"
epoch = "2026-01-01T08:00:00+00:00"

[hosts.laptop]
interfaces = { eth0 = "dhcp auto" }

[hosts.name-server]
interfaces = { eth0 = "198.51.100.2/24" }
gateway = "198.51.100.1"

[hosts.resolver]
interfaces = { eth0 = "198.51.100.3/24" }
gateway = "198.51.100.1"
root_hints = ["198.51.100.2"]

[hosts.web]
interfaces = { eth0 = "203.0.113.2/24 2001:db8:2::2/64" }
gateway = "203.0.113.1"
sites = { "www.two.test" = { folder = "builtin:www.example.com" } }

[switches.office]

[routers.home]
interfaces = { lan = "192.168.1.1/24 2001:db8:1::1/64", wan = "10.9.0.1/24 2001:db8:9::1/64" }
gateway = "10.9.0.2"
translate = "wan"
advertise = ["lan"]
forward_names_to = "198.51.100.3"
dhcp = { interface = "lan", first = "192.168.1.50", last = "192.168.1.60" }

[routers.core]
interfaces = { home = "10.9.0.2/24 2001:db8:9::2/64", office = "198.51.100.1/24", web = "203.0.113.1/24 2001:db8:2::1/64" }
advertise = ["web"]

[[links]]
between = ["laptop:eth0", "home:lan"]
delay = "1ms"

[[links]]
between = ["home:wan", "core:home"]
delay = "5ms"

[[links]]
between = ["core:office", "office:1"]

[[links]]
between = ["office:2", "name-server:eth0"]

[[links]]
between = ["office:3", "resolver:eth0"]

[[links]]
between = ["core:web", "web:eth0"]
delay = "5ms"

[zones."."]
servers = { "a.root.test" = "name-server" }

[zones.test]
servers = { "ns.test" = "name-server" }
records = '''
www.two.test. 300 IN A 203.0.113.2
www.two.test. 300 IN AAAA 2001:db8:2::2
'''

[browser]
host = "laptop"
"""


def build(tmp_path: Path, text: str = WORLD) -> World:
    path = tmp_path / "world.toml"
    path.write_text(text)
    return World.load(path)


def test_the_page_comes_over_ipv6(tmp_path: Path) -> None:
    journey = pressenter.go("http://www.two.test/", world=build(tmp_path))
    assert journey.failure is None
    connected = [event.fields["address"] for event in journey.events if event.name == "http.connect"]
    assert set(connected) == {"2001:db8:2::2"}
    frames = [packet for packet in journey.packets if b"GET / HTTP/1.1" in packet.frame]
    assert frames and all(packet.frame[12:14] == b"\x86\xdd" for packet in frames)
    hop_limits = {packet.port: packet.frame[21] for packet in frames if packet.outbound}
    assert hop_limits["laptop:eth0"] == 64 and hop_limits["core:web"] == 62


def test_a_broken_ipv6_costs_a_quarter_of_a_second_at_most(tmp_path: Path) -> None:
    broken = WORLD.replace("AAAA 2001:db8:2::2", "AAAA 2001:db8:2::dead")
    journey = pressenter.go("http://www.two.test/", world=build(tmp_path, broken))
    assert journey.failure is None
    first = [event for event in journey.events if event.name == "http.connect"][:2]
    assert [event.fields["address"] for event in first] == ["2001:db8:2::dead", "203.0.113.2"]
    assert first[1].at_ns - first[0].at_ns <= 260_000_000


def test_settings_of_tcp(tmp_path: Path) -> None:
    text = WORLD.replace("[hosts.laptop]", '[hosts.laptop]\ntcp = { congestion_control = "bbr", timestamps = false }')
    world = build(tmp_path, text)
    parameters = world.host("laptop").tcp.parameters
    assert (parameters.congestion_control, parameters.timestamps, parameters.sack) == ("bbr", False, True)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"dhcp auto"', '"2001:db8::1/64"', "an IPv4 address, or dhcp, goes before it"),
        ('"203.0.113.2/24 2001:db8:2::2/64"', '"203.0.113.2/24 203.0.113.9/24"', "only one IPv4 address"),
        ('last = "192.168.1.60"', 'last = "192.168.2.60"', "192.168.2.60 is not on the network of lan"),
        ('dhcp = { interface = "lan"', 'dhcp = { interface = "lam"', "'lam' is no interface; there are lan, wan"),
        ('[hosts.laptop]', '[hosts.laptop]\ntcp = { congestion_control = "cubik" }', "did you mean 'cubic'|cubic"),
        ('[hosts.laptop]', '[hosts.laptop]\ntcp = { sacks = true }', "sack"),
    ],
)  # fmt: skip
def test_mistakes_are_told(tmp_path: Path, before: str, after: str, words: str) -> None:
    with pytest.raises(WorldFileError, match=words):
        build(tmp_path, WORLD.replace(before, after))
