"""What a host knows of its network: ``ip``, ``arp``, ``route``, ``netstat``, ``ss``, ``hostname``, ``cat``."""

from __future__ import annotations

import ipaddress

from pressenter.host.host import Host
from pressenter.host.interface import Interface
from pressenter.network.router import Router
from pressenter.shell.session import Shell, UsageError
from pressenter.wire.address import address_text, ipv4_text, mac_text

__all__ = ["arp", "cat", "hostname", "ip", "netstat", "route", "ss"]


async def ip(shell: Shell, arguments: list[str]) -> int:
    """iproute2: ``ip addr``, ``ip link``, ``ip route``, ``ip neigh``."""
    what = next((word for word in arguments if not word.startswith("-")), "")
    for name, show in (("address", _addresses), ("link", _links), ("route", _routes), ("neighbour", _neighbours)):
        if what and (name.startswith(what) or (name == "neighbour" and "neighbor".startswith(what))):
            show(shell)
            return 0
    raise UsageError("Usage: ip { address | link | route | neigh } [ show ]")


def _links(shell: Shell) -> None:
    shell.print(
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000"
    )
    shell.print("    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00")
    for number, interface in enumerate(shell.host.interfaces, 2):
        _link(shell, number, interface)


def _link(shell: Shell, number: int, interface: Interface) -> None:
    shell.print(
        f"{number}: {interface.name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu {interface.mtu} qdisc fq_codel state UP "
        "mode DEFAULT group default qlen 1000"
    )
    shell.print(f"    link/ether {mac_text(interface.mac)} brd ff:ff:ff:ff:ff:ff")


def _addresses(shell: Shell) -> None:
    shell.print("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000")
    shell.print("    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00")
    shell.print("    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever")
    for number, interface in enumerate(shell.host.interfaces, 2):
        _link(shell, number, interface)
        if any(interface.address):
            broadcast = f" brd {ipv4_text(interface.broadcast)}" if interface.prefix_length < 31 else ""
            own = f"{ipv4_text(interface.address)}/{interface.prefix_length}"
            shell.print(f"    inet {own}{broadcast} scope global {interface.name}")
            shell.print("       valid_lft forever preferred_lft forever")
        for entry in interface.ipv6.addresses.values() if interface.ipv6 is not None else ():
            scope = "link" if ipaddress.ip_address(entry.address).is_link_local else "global"
            shell.print(f"    inet6 {address_text(entry.address)}/{entry.prefix_length} scope {scope}")


def _routes(shell: Shell) -> None:
    for row in sorted(shell.host.internet.routes.rows, key=lambda row: row.prefix_length):
        where = "default" if not row.prefix_length else f"{ipv4_text(row.network)}/{row.prefix_length}"
        if row.gateway is not None:
            shell.print(f"{where} via {ipv4_text(row.gateway)} dev {row.interface.name}")
        else:
            shell.print(f"{where} dev {row.interface.name} proto kernel scope link src {ipv4_text(row.source)}")


def _neighbours(shell: Shell) -> None:
    for interface in shell.host.interfaces:
        for address, (mac, _) in interface.neighbours.entries.items():
            shell.print(f"{ipv4_text(address)} dev {interface.name} lladdr {mac_text(mac)} REACHABLE")


async def arp(shell: Shell, arguments: list[str]) -> int:
    """net-tools: ``arp -a`` (BSD style), ``arp -n``."""
    rows = [
        (ipv4_text(address), mac_text(mac), interface.name)
        for interface in shell.host.interfaces
        for address, (mac, _) in interface.neighbours.entries.items()
    ]
    if any("a" in word for word in arguments):
        for address, mac, name in rows:
            shell.print(f"? ({address}) at {mac} [ether] on {name}")
        return 0
    shell.print(f"{'Address':<24} {'HWtype':<7} {'HWaddress':<19} {'Flags Mask':<21} Iface")
    for address, mac, name in rows:
        shell.print(f"{address:<24} {'ether':<7} {mac:<19} {'C':<21} {name}")
    return 0


async def route(shell: Shell, arguments: list[str]) -> int:
    """net-tools: ``route -n``."""
    shell.print("Kernel IP routing table")
    shell.print("Destination     Gateway         Genmask         Flags Metric Ref    Use Iface")
    for row in sorted(shell.host.internet.routes.rows, key=lambda row: row.prefix_length):
        mask = ipaddress.ip_network(f"0.0.0.0/{row.prefix_length}").netmask
        gateway = ipv4_text(row.gateway) if row.gateway is not None else "0.0.0.0"
        flags = "UG" if row.gateway is not None else "U"
        columns = f"{ipv4_text(row.network):<15} {gateway:<15} {mask!s:<15} {flags:<5} {row.metric:<6}"
        shell.print(f"{columns} {0:<2} {0:>7} {row.interface.name}")
    return 0


async def netstat(shell: Shell, arguments: list[str]) -> int:
    """net-tools: ``netstat -napt``, ``netstat -rn``."""
    if any("r" in word for word in arguments):
        return await route(shell, [])
    shell.print(shell.host.netstat().rstrip("\n"))
    return 0


async def ss(shell: Shell, arguments: list[str]) -> int:
    """iproute2: ``ss -ti``."""
    shell.print(shell.host.ss().rstrip("\n"))
    return 0


async def hostname(shell: Shell, arguments: list[str]) -> int:
    """The host's name."""
    shell.print(shell.host.name)
    return 0


async def cat(shell: Shell, arguments: list[str]) -> int:
    """The files that tell of the network and of the machine."""
    if not arguments:
        raise UsageError("Usage: cat FILE...")
    code = 0
    for path in arguments:
        text = _file(shell, path)
        if text is None:
            shell.print(f"cat: {path}: No such file or directory")
            code = 1
        else:
            shell.print(text.rstrip("\n"))
    return code


def _file(shell: Shell, path: str) -> str | None:
    host, world = shell.host, shell.world
    table = world.file.hosts.get(host.name)
    if path == "/etc/hostname":
        return host.name
    if path == "/etc/hosts":
        own = table.hosts if table is not None else {}
        lines = ["127.0.0.1\tlocalhost", *(f"{address}\t{name}" for name, address in own.items())]
        return "\n".join(lines)
    if path == "/etc/resolv.conf":
        server = name_server_of(host)
        return f"nameserver {server}" if server else ""
    if path == "/proc/interrupts" and not isinstance(host, Router):
        return world.interrupts[host.name].proc_interrupts()
    if path == "/proc/sys/net/ipv4/ip_forward":
        return str(int(host.internet.forwarding))
    return None


def name_server_of(host: Host) -> str | None:
    """Whom a host's resolver asks."""
    resolver = getattr(host.resolve, "__self__", None)
    server = getattr(resolver, "server", None)
    return str(server) if server else None
