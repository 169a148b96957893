"""A host: a name, a stack, and an event loop on which its programs run."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pressenter.host.event_loop import HostLoop
from pressenter.host.icmp import IcmpLayer
from pressenter.host.interface import Interface
from pressenter.host.internet import InternetLayer
from pressenter.host.ipv6.icmpv6 import Icmpv6Layer
from pressenter.host.socket_tables import netstat, ss
from pressenter.host.sockets import Socket
from pressenter.host.tcp.layer import TcpLayer
from pressenter.host.udp import UdpLayer
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.ipv4 import Protocol

__all__ = ["Host"]


async def _no_resolver(name: str) -> list[str]:
    raise socket.gaierror(socket.EAI_AGAIN, f"{name}: this host has no resolver")


class Host:
    """One computer's network stack and the loop of its programs.

    Attributes:
        resolve: coroutine function from a name to IPv4 and IPv6 addresses as text; it raises
            socket.gaierror.  It stands for the C library's resolver.
        wake_up_ns: time between waking a blocked process and its running.
    """

    def __init__(
        self,
        name: str,
        agenda: Agenda,
        recorder: Recorder,
        randomness: Randomness,
        wake_up_ns: int = 0,
    ) -> None:
        self.name = name
        self.agenda = agenda
        self.recorder = recorder
        self.randomness = randomness
        self.wake_up_ns = wake_up_ns
        self.internet = InternetLayer(name, agenda, recorder, randomness.stream(f"{name}/ip"))
        self.icmp = IcmpLayer(self.internet)
        self.icmpv6 = Icmpv6Layer(self.internet)
        self.udp = UdpLayer(self.internet, randomness.stream(f"{name}/udp"))
        self.tcp = TcpLayer(self.internet, randomness.stream(f"{name}/tcp"))
        for listeners in (self.icmp.listeners, self.icmpv6.listeners):
            listeners[Protocol.UDP] = self.udp.on_icmp_error
            listeners[Protocol.TCP] = self.tcp.on_icmp_error
        self.resolve: Callable[[str], Awaitable[list[str]]] = _no_resolver
        self.loop = HostLoop(self)
        self._programs: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"<Host {self.name}>"

    @property
    def interfaces(self) -> list[Interface]:
        """The host's interfaces, in the order in which they were added."""
        return self.internet.interfaces

    def socket(self, family: int = socket.AF_INET, type: int = socket.SOCK_STREAM, proto: int = 0) -> Socket:
        """A socket of this host, as a program gets one from its operating system."""
        return Socket(self, family, type, proto)

    def netstat(self) -> str:
        """What ``netstat -napt`` prints on this host."""
        return netstat(self)

    def ss(self) -> str:
        """What ``ss -ti`` prints on this host."""
        return ss(self)

    def run(self, program: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine on this host, and the world with it, until it returns."""
        return self.loop.run_until_complete(program)

    def start(self, program: Coroutine[Any, Any, Any], name: str | None = None) -> asyncio.Task[Any]:
        """Start a coroutine on this host; it goes on as the world runs."""
        task = self.loop.create_task(program, name=name)
        # asyncio keeps tasks by weak references only; a program that waits for a stream would be collected.
        self._programs.add(task)
        task.add_done_callback(self._programs.discard)
        return task
