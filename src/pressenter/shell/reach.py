"""``ping`` and ``traceroute``: can a host be reached, and over which routers?"""

from __future__ import annotations

import asyncio
import math
import socket
from typing import NamedTuple

from pressenter.shell.session import Options, Shell
from pressenter.wire.address import address_bytes, address_text
from pressenter.wire.icmp import IcmpMessage, IcmpType, describe

__all__ = ["ping", "traceroute"]

_DATA = bytes(56)
_HEADERS = 28  # IPv4 and ICMP
_ANSWER_SECONDS = 2.0


class _Echo(NamedTuple):
    """What came back: from whom, what, its time to live, and after how many milliseconds."""

    source: str
    message: IcmpMessage
    ttl: int
    milliseconds: float


async def _echo(shell: Shell, address: bytes, identifier: int, sequence: int, ttl: int = 64) -> _Echo | None:
    """Ask for an echo; None if nothing comes back in time."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Echo] = loop.create_future()
    begin = loop.time()

    def on_reply(source: bytes, message: IcmpMessage) -> None:
        if not answer.done():
            taken = (loop.time() - begin) * 1000
            answer.set_result(_Echo(address_text(source), message, shell.host.icmp.received_ttl, taken))

    shell.host.icmp.echo(address, identifier, sequence, on_reply, _DATA, ttl)
    try:
        return await asyncio.wait_for(answer, _ANSWER_SECONDS)
    except TimeoutError:
        return None


async def ping(shell: Shell, arguments: list[str]) -> int:
    """ICMP echoes (RFC 792), a second apart."""
    options = Options("ping [-c COUNT] [-i SECONDS] [-t TTL] HOST")
    options.add_argument("-c", type=int, default=4)
    options.add_argument("-i", type=float, default=1.0)
    options.add_argument("-t", type=int, default=64)
    options.add_argument("-n", action="store_true")
    options.add_argument("host")
    given = options.parse_args(arguments)
    found = await _find(shell, "ping", given.host)
    if found is None:
        return 2
    loop, identifier = asyncio.get_running_loop(), shell.next_identifier()
    shell.print(f"PING {given.host} ({found}) {len(_DATA)}({len(_DATA) + _HEADERS}) bytes of data.")
    begin, times = loop.time(), []
    for sequence in range(1, given.c + 1):
        echo = await _echo(shell, address_bytes(found), identifier, sequence, given.t)
        if echo is not None and echo.message.type == IcmpType.ECHO_REPLY:
            times.append(echo.milliseconds)
            shell.print(
                f"{len(_DATA) + 8} bytes from {echo.source}: icmp_seq={sequence} ttl={echo.ttl} "
                f"time={_three(echo.milliseconds)} ms"
            )
        elif echo is not None:
            what = describe(echo.message.type, echo.message.code)
            shell.print(f"From {echo.source} icmp_seq={sequence} {what[:1].upper()}{what[1:]}")
        if sequence < given.c:
            await asyncio.sleep(max(0.0, begin + sequence * given.i - loop.time()))
    lost = 100 * (given.c - len(times)) / given.c
    shell.print(f"\n--- {given.host} ping statistics ---")
    shell.print(
        f"{given.c} packets transmitted, {len(times)} received, {lost:.6g}% packet loss, "
        f"time {round((loop.time() - begin) * 1000)}ms"
    )
    if times:
        mean = sum(times) / len(times)
        spread = math.sqrt(sum((each - mean) ** 2 for each in times) / len(times))
        shell.print(f"rtt min/avg/max/mdev = {min(times):.3f}/{mean:.3f}/{max(times):.3f}/{spread:.3f} ms")
    return 0 if times else 1


async def traceroute(shell: Shell, arguments: list[str]) -> int:
    """Echoes that live for one router, two routers, …: each router tells of their end (as ``traceroute -I``)."""
    options = Options("traceroute [-n] [-I] [-m HOPS] [-q PROBES] HOST")
    options.add_argument("-m", type=int, default=30)
    options.add_argument("-q", type=int, default=3)
    options.add_argument("-n", action="store_true")
    options.add_argument("-I", action="store_true")
    options.add_argument("host")
    given = options.parse_args(arguments)
    found = await _find(shell, "traceroute", given.host)
    if found is None:
        return 2
    identifier, sequence = shell.next_identifier(), 0
    shell.print(f"traceroute to {given.host} ({found}), {given.m} hops max, 60 byte packets")
    for hop in range(1, given.m + 1):
        line, last, over = f"{hop:2} ", "", False
        for _ in range(given.q):
            sequence += 1
            echo = await _echo(shell, address_bytes(found), identifier, sequence, hop)
            if echo is None:
                line += " *"
                continue
            if echo.source != last:
                line += f" {echo.source}" + ("" if given.n else f" ({echo.source})")
                last = echo.source
            line += f"  {echo.milliseconds:.3f} ms"
            over = over or echo.message.type != IcmpType.TIME_EXCEEDED
        shell.print(line)
        if over:
            return 0
    return 0


async def _find(shell: Shell, command: str, name: str) -> str | None:
    try:
        return await shell.address_of(name)
    except socket.gaierror as error:
        reason = (
            "Temporary failure in name resolution" if error.errno == socket.EAI_AGAIN else "Name or service not known"
        )
        shell.print(f"{command}: {name}: {reason}")
        return None


def _three(milliseconds: float) -> str:
    """Three digits that count, as ping prints times."""
    return (
        f"{milliseconds:.3f}"
        if milliseconds < 1
        else f"{milliseconds:.2f}"
        if milliseconds < 10
        else f"{milliseconds:.1f}"
        if milliseconds < 100
        else f"{milliseconds:.0f}"
    )
