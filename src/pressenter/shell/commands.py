"""The commands of the shell, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from pressenter.shell.capture import tcpdump
from pressenter.shell.iperf import iperf3
from pressenter.shell.names import dig
from pressenter.shell.reach import ping, traceroute
from pressenter.shell.session import Command, Shell
from pressenter.shell.tables import arp, cat, hostname, ip, netstat, route, ss
from pressenter.shell.web import curl

__all__ = ["COMMANDS"]


async def _help(shell: Shell, arguments: list[str]) -> int:
    for name, command in COMMANDS.items():
        shell.print(f"{name:<12} {(command.__doc__ or '').strip().splitlines()[0]}")
    return 0


async def _sleep(shell: Shell, arguments: list[str]) -> int:
    """Let virtual time pass, in seconds."""
    import asyncio

    await asyncio.sleep(float(arguments[0]) if arguments else 1.0)
    return 0


_help.__doc__ = "The commands."
COMMANDS: Mapping[str, Command] = {
    "ping": ping, "traceroute": traceroute, "dig": dig, "curl": curl, "iperf3": iperf3, "ip": ip, "arp": arp,
    "route": route, "netstat": netstat, "ss": ss, "tcpdump": tcpdump, "cat": cat, "hostname": hostname,
    "sleep": _sleep, "help": _help,
}  # fmt: skip
