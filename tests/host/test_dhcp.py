"""How a host gets its address: the whole way from DISCOVER to the end of a lease."""

from __future__ import annotations

import pytest

from pressenter.host.dhcp.client import DhcpClient, DhcpState
from pressenter.host.dhcp.server import DhcpServer
from pressenter.wire import dhcp
from pressenter.wire.address import address_text, ipv4_bytes
from pressenter.wire.malformed import MalformedPacket
from pressenter.worlds.world import World
from tests.networks import Cable

SECOND = 1_000_000_000


def home(
    first: str = "10.0.0.10", last: str = "10.0.0.12", seconds: int = 3600
) -> tuple[Cable, DhcpClient, DhcpServer]:
    """The left host has no address; the right one grants some."""
    cable = Cable()
    cable.left.internet.unconfigure(cable.left.interfaces[0])
    server = DhcpServer(
        cable.right, cable.right.interfaces[0], ipv4_bytes(first), ipv4_bytes(last), seconds, [ipv4_bytes("10.0.0.53")]
    )
    client = DhcpClient(cable.left, cable.left.interfaces[0], cable.randomness.stream("dhcp"))
    return cable, client, server


def test_four_messages_and_an_address() -> None:
    cable, client, server = home()
    client.start()
    cable.agenda.run()
    assert client.state is DhcpState.BOUND and client.lease is not None
    assert address_text(client.lease.address) == "10.0.0.10" and client.lease.prefix_length == 24
    assert [address_text(name) for name in client.lease.name_servers] == ["10.0.0.53"]
    route = cable.left.internet.routes.lookup(ipv4_bytes("198.51.100.1"))
    assert route is not None and route.gateway == ipv4_bytes("10.0.0.2")
    names = [name for name in cable.names() if name.startswith("dhcp.")]
    assert names == ["dhcp.discover", "dhcp.offer", "dhcp.offered", "dhcp.request", "dhcp.grant", "dhcp.bound"]
    replies: list[bytes] = []
    cable.left.icmp.echo(ipv4_bytes("10.0.0.2"), 1, 1, lambda source, message: replies.append(source))
    cable.agenda.run()
    assert replies == [ipv4_bytes("10.0.0.2")] and len(server.leases) == 1


def test_a_lease_is_renewed_and_ends_when_the_server_is_gone() -> None:
    cable, client, _ = home(seconds=1000)
    client.start()
    cable.agenda.run(600 * SECOND)
    assert cable.names().count("dhcp.renew") == 1 and client.state is DhcpState.BOUND
    cable.link.up = False
    cable.agenda.run(1490 * SECOND)
    assert client.state is DhcpState.REBINDING and client.lease is not None
    cable.agenda.run(1600 * SECOND)
    assert client.lease is None and not any(cable.left.interfaces[0].address)
    assert cable.left.internet.routes.lookup(ipv4_bytes("10.0.0.2")) is None
    cable.link.up = True
    cable.agenda.run(1800 * SECOND)
    assert client.state is DhcpState.BOUND


def test_the_range_can_be_exhausted_and_a_lost_message_is_sent_again() -> None:
    cable, client, server = home("10.0.0.10", "10.0.0.10")
    server.leases[ipv4_bytes("10.0.0.10")] = _taken(60 * SECOND)  # type: ignore[assignment]
    client.start()
    cable.agenda.run(30 * SECOND)
    assert "dhcp.exhausted" in cable.names() and client.lease is None
    assert cable.names().count("dhcp.discover") >= 3
    cable.agenda.run(200 * SECOND)
    assert client.state is DhcpState.BOUND  # the other lease is over


def _taken(until_ns: int) -> object:
    from pressenter.host.dhcp.server import _Granted

    return _Granted(b"\x02\0\0\0\0\x99", until_ns)


def test_a_request_for_somebody_elses_address_is_refused() -> None:
    cable, client, server = home()
    server.leases[ipv4_bytes("10.0.0.11")] = _taken(1 << 60)  # type: ignore[assignment]
    client.state = DhcpState.REQUESTING
    client._ask_for(ipv4_bytes("10.0.0.11"), ipv4_bytes("10.0.0.2"), 1)
    cable.agenda.run(SECOND)
    assert "dhcp.refused" in cable.names()
    cable.agenda.run(2 * SECOND)
    assert client.lease is not None and address_text(client.lease.address) == "10.0.0.10"


def test_the_built_in_home_gets_its_addresses_so() -> None:
    world = World.load()
    assert {address_text(world.host(name).interfaces[0].address) for name in ("laptop", "phone")} == {
        "192.168.1.10", "192.168.1.11",
    }  # fmt: skip


@pytest.mark.parametrize("data", [b"", bytes(300), bytes(240) + b"\x35"])
def test_malformed_messages(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        dhcp.parse_dhcp(data)
    cable, client, _ = home()
    client._receive(data, bytes(4), 67)
    assert "ip.drop" in cable.names()
