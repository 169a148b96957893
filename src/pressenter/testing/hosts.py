"""A host of a test: programs run on it, it can crash and come back, its clock can be wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pressenter.dns.exchange import Exchange
from pressenter.dns.stub import StubResolver
from pressenter.host.interface import Interface
from pressenter.host.routes import Route
from pressenter.network.router import Router
from pressenter.testing.blocking import BlockingProgram
from pressenter.wire.address import ipv4_text

if TYPE_CHECKING:
    from pressenter.testing.internet import Internet

__all__ = ["SimulatedHost"]

Result = TypeVar("Result")
Program = Callable[[], Coroutine[Any, Any, Any]]


class SimulatedHost:
    """One host.  ``loop`` is its asyncio event loop, for what this class does not do.

    Attributes:
        name: what others call it, in the name system too.
        address: its IPv4 address, as text.
        skew: seconds by which its clock (`time.time`) is ahead of the world's.
        is_up: whether it runs.
    """

    def __init__(self, internet: Internet, name: str, address: bytes) -> None:
        self.name = name
        self.address = ipv4_text(address)
        self.skew = 0.0
        self.is_up = True
        self._internet = internet
        self._packed = address
        self._programs: list[Program] = []
        self._ports: list[tuple[str, bytes, bytes, int]] = []
        self._routes: list[tuple[bytes, int, bytes, str, bytes]] = []
        self._inside = self._new()

    def __repr__(self) -> str:
        return f"<host {self.name} {self.address}{'' if self.is_up else ', down'}>"

    def _new(self) -> Router:
        """The computer as it is when it has been switched on."""
        internet = self._internet
        host = Router(self.name, internet.agenda, internet.recorder, internet.randomness, latency_ns=0)
        host.internet.forwarding = False

        def filter_packet(interface: Interface, packet: bytes) -> bytes | None:
            if internet.lets_in(packet):
                return packet
            internet.recorder.record(self.name, "ip.drop", interface=interface.name, reason="partitioned")
            return None

        host.internet.prerouting = filter_packet
        randomness = internet.randomness.stream(f"{self.name}/dns")
        exchange = Exchange(self.name, internet.recorder, randomness, timeout=5.0, attempts=2)
        host.resolve = StubResolver(internet.name_server, {}, exchange).resolve
        return host

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The host's event loop; another one after a crash."""
        return self._inside.loop

    @property
    def inside(self) -> Router:
        """Its network stack: interfaces, sockets, ``netstat()``, ``ss()``."""
        return self._inside

    # ---- cables --------------------------------------------------------------------------------

    def plug(self, port: str, mac: bytes, address: bytes, prefix_length: int) -> None:
        """A new network card (`Internet.host` and `Internet.link` do it)."""
        self._ports.append((port, mac, address, prefix_length))
        self._inside.add_port(port, mac, address, prefix_length)

    def route(self, network: bytes, prefix_length: int, gateway: bytes, port: str) -> None:
        """A row of its routing table; packets leave with the host's own address."""
        self._routes.append((network, prefix_length, gateway, port, self._packed))
        self._add_route(self._routes[-1])

    def _add_route(self, row: tuple[bytes, int, bytes, str, bytes]) -> None:
        network, prefix_length, gateway, port, source = row
        interface = next(each for each in self._inside.interfaces if each.name == port)
        self._inside.internet.routes.add(Route(network, prefix_length, gateway, interface, source))

    # ---- programs ------------------------------------------------------------------------------

    def program(self, main: Program, *arguments: Any) -> None:
        """Run an async function on this host, now and whenever it comes up after a crash."""

        def begin() -> Coroutine[Any, Any, Any]:
            return main(*arguments)

        self._programs.append(begin)
        if self.is_up:
            self.start(begin())

    def start(self, program: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a coroutine on this host; it goes on as time passes."""
        if not self.is_up:
            program.close()
            raise RuntimeError(f"{self.name} is down: nothing can be started on it")
        return self._inside.start(program)

    async def run(self, program: Awaitable[Result]) -> Result:
        """Run a coroutine on this host and wait for what it returns, on whichever host the caller is."""
        if not self.is_up:
            raise RuntimeError(f"{self.name} is down: nothing can run on it")

        async def main() -> Result:
            return await program

        here = asyncio.get_running_loop()
        task: asyncio.Task[Result] = self._inside.start(main())
        done: asyncio.Future[None] = here.create_future()

        def tell(_: object) -> None:
            if not done.done():
                done.set_result(None)

        task.add_done_callback(lambda finished: here.call_soon(tell, finished))
        try:
            await done
        except asyncio.CancelledError:
            task.cancel()
            raise
        return task.result()

    async def run_blocking(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a function that blocks (`requests`, `socket`, `http.client`) on this host, and wait for its result.

        It runs in a thread that is alone at any time (see `pressenter.testing.blocking`); its sockets, names and
        sleeps are simulated.
        """
        result: Result = await self.run(BlockingProgram(self, function, arguments).run())
        return result

    # ---- trouble -------------------------------------------------------------------------------

    def crash(self, at: str | None = None, until: str | None = None) -> None:
        """The power fails: programs, connections and caches are gone; nobody is told.

        Args:
            at: when, such as ``"5s"``; without it now.
            until: when it comes back; without it at `boot`.
        """
        self._internet.at(at, self._crash)
        if until is not None:
            self._internet.at(until, self.boot)

    def _crash(self) -> None:
        if not self.is_up:
            return
        self.is_up = False
        self._internet.recorder.record(self.name, "host.crash")
        for port in self._inside.ports.values():
            port.on_frame = _nobody
            self._internet.unplug(port)  # what the dying programs still want to say is not sent
        self.end_programs()

    def end_programs(self) -> None:
        """Cancel whatever runs here; nobody hears of programs that fail to end."""
        self.loop.set_exception_handler(lambda loop, context: None)
        for task in asyncio.all_tasks(self.loop):
            task.cancel()

    def boot(self) -> None:
        """Switch it on again: as new, with the programs of `program`."""
        if self.is_up:
            return
        self._inside = self._new()
        for port, mac, address, prefix_length in self._ports:
            self._inside.add_port(port, mac, address, prefix_length)
            self._internet.plug_again(self._inside.ports[port])
        for row in self._routes:
            self._add_route(row)
        self.is_up = True
        self._internet.recorder.record(self.name, "host.boot")
        for begin in self._programs:
            self.start(begin())

    # ---- TLS -----------------------------------------------------------------------------------

    def server_tls(self) -> ssl.SSLContext:
        """A context with a certificate for the host's name, which every host here trusts."""
        from pressenter.tls.contexts import server_context

        return server_context(self._internet.trust.authority.issue(self.name))

    def client_tls(self) -> ssl.SSLContext:
        """A context that trusts the certificates of this internet."""
        return self._internet.trust.client_context()

    def trusted_authority(self) -> Path:
        """The certificate that all others here are signed by, as a file: for ``requests``' ``verify=`` and its like."""
        return self._internet.trust.authority_file()


def _nobody(frame: bytes) -> None:
    """Nobody takes a frame."""
