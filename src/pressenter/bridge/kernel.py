"""The Linux kernel as a computer in the world: a TAP device on one of its switches, paced by the real clock.

To the world the kernel is one more host at a switch.  It asks the home's router for nothing: its address,
route and name server are said here, and whoever bridges gives them to the interface.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from pressenter.bridge.real_time import RealTime
from pressenter.bridge.tap import Tap
from pressenter.host.interface import Interface
from pressenter.nearest import did_you_mean
from pressenter.network.link import Link
from pressenter.wire.address import ipv4_text
from pressenter.worlds.world import World

__all__ = ["BridgeError", "KernelSeat", "bridge"]

_RATE_BPS, _DELAY_NS, _QUEUE_BYTES = 10_000_000_000, 0, 4 << 20


class BridgeError(ValueError):
    """The kernel cannot be put there; the message says why."""


class KernelSeat(NamedTuple):
    """What the kernel's interface is to have, as text: address with prefix length, gateway, name server."""

    address: str
    gateway: str
    name_server: str

    def commands(self, interface: str) -> list[str]:
        """What to run in the kernel's network namespace."""
        return [
            f"ip addr add {self.address} dev {interface}",
            f"ip link set {interface} up",
            f"ip route add default via {self.gateway}",
        ]


def bridge(world: World, tap: Tap, switch: str) -> tuple[RealTime, KernelSeat]:
    """Plug a TAP device into a switch of the world.  Raises BridgeError.

    Returns what runs the world beside the real clock, and what the kernel's interface is to have.
    """
    if switch not in world.switches:
        hint = did_you_mean(switch, world.switches) or f"there are {', '.join(world.switches)}"
        raise BridgeError(f"there is no switch {switch!r}; {hint}")
    port = world.switches[switch].add_port(f"tap-{tap.name}")
    Link(
        f"{tap.port}--{port}", tap.port, port, world.agenda, world.recorder, world.randomness,
        rate_bps=_RATE_BPS, delay_ns=_DELAY_NS, queue_bytes=_QUEUE_BYTES,
    )  # fmt: skip
    for host in world.hosts.values():
        for interface in host.interfaces:
            interface.large_segments = True  # nobody need cut up what the kernel takes whole
    return RealTime(world.agenda, [tap], stays_awake=True), _seat(world, switch)


def _seat(world: World, switch: str) -> KernelSeat:
    """A free address on the network at the switch: near its end, where DHCP does not give any out."""
    router, interface = _router_at(world, switch)
    network = ipaddress.ip_network(f"{ipv4_text(interface.address)}/{interface.prefix_length}", strict=False)
    taken = {ipv4_text(each.address) for host in world.hosts.values() for each in host.interfaces}
    free = next(str(network[n]) for n in range(-6, -network.num_addresses, -1) if str(network[n]) not in taken)
    gateway = ipv4_text(interface.address)
    table = world.file.routers[router]
    return KernelSeat(f"{free}/{network.prefixlen}", gateway, gateway if table.forward_names_to else "")


def _router_at(world: World, switch: str) -> tuple[str, Interface]:
    for link in world.links:
        for near, far in (link.ends, link.ends[::-1]):
            if near.node == switch and far.node in world.file.routers:
                return far.node, next(each for each in world.hosts[far.node].interfaces if each.name == far.name)
    raise BridgeError(f"no router stands at {switch}: choose the switch of a network that leads somewhere")
