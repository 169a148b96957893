"""An internet that a test builds: hosts with names, links, partitions, virtual time.

Every host has a cable to the middle (a router that loses nothing and delays little); `Internet.link` puts a
cable of its own between two hosts, which they then take.  Names are resolved by a name server that answers over
the same network, so a broken network breaks names too.  Nothing happens by itself: time passes while the test
waits, and the test's own coroutine runs on a host called ``test``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pressenter.dns.authoritative import AuthoritativeServer, load_zone
from pressenter.dns.server import DnsServer
from pressenter.network.link import Faults, Link
from pressenter.network.router import Router
from pressenter.sim import Agenda, Randomness
from pressenter.testing.hosts import SimulatedHost
from pressenter.testing.links import SimulatedLink
from pressenter.tls.trust import Trust
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_bytes, ipv4_text
from pressenter.wire.port import Medium, Port
from pressenter.worlds import units

__all__ = ["EPOCH_SECONDS", "Internet", "TookTooLong"]

#: The wall clock (`time.time`) when virtual time is 0: 2026-01-01T00:00:00Z.
EPOCH_SECONDS = 1_767_225_600.0
_NAME_SERVER, _TESTER = "names", "test"
_TTL = 60

Result = TypeVar("Result")


class TookTooLong(AssertionError):
    """A test was not over after its limit of virtual time."""


class Internet:
    """Hosts and links, one clock, one seed.

    Attributes:
        seed: of every random draw; the same seed gives the same bytes.
        hosts: by name.
        agenda, recorder: the world's clock and what has happened.
        trust: who signs the hosts' certificates.
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda)
        self.randomness = Randomness(seed)
        self.hosts: dict[str, SimulatedHost] = {}
        self._middle = Router("internet", self.agenda, self.recorder, self.randomness, latency_ns=0)
        self._parted: set[tuple[bytes, bytes]] = set()
        self._access: dict[str, SimulatedLink] = {}
        self._direct: dict[frozenset[str], SimulatedLink] = {}
        self._media: dict[str, Medium] = {}
        self._links = 0
        self.trust = Trust(self.randomness)
        self._names = AuthoritativeServer([])
        self.name_server = ipv4_text(_address(2, 2))  # the second host's
        self._tester = self.host(_TESTER)
        self.host(_NAME_SERVER).program(DnsServer(_NAME_SERVER, self.recorder, self._names).start)

    # ---- building --------------------------------------------------------------------------------

    def host(self, name: str, *, delay: str = "1ms", rate: str = "1Gbit/s") -> SimulatedHost:
        """A new host.

        Args:
            name: also in the name system: ``shop.test``, or a plain word.
            delay, rate: of its cable to the middle.
        """
        if name in self.hosts:
            raise ValueError(f"there is a host {name!r} already")
        number = len(self.hosts) + 1
        host = SimulatedHost(self, name, _address(number, 2))
        self.hosts[name] = host
        port = f"eth{number}"
        host.plug("eth0", _mac(number, 0), _address(number, 2), 24)
        self._middle.add_port(port, _mac(number, 255), _address(number, 1), 24)
        ends = (host.inside.ports["eth0"], self._middle.ports[port])
        self._access[name] = self._new_link(*ends, delay, rate, "1MiB", Faults())
        host.route(bytes(4), 0, _address(number, 1), "eth0")
        self._publish()
        return host

    def link(
        self, one: SimulatedHost, other: SimulatedHost, *, delay: str = "1ms", rate: str = "1Gbit/s",
        queue: str = "512KiB", loss: float = 0.0, duplicate: float = 0.0, reorder: float = 0.0, corrupt: float = 0.0,
    ) -> SimulatedLink:  # fmt: skip
        """A cable between two hosts, for all that they say to each other (see `SimulatedLink.set`)."""
        pair = frozenset((one.name, other.name))
        if pair in self._direct:
            raise ValueError(f"{one.name} and {other.name} have a link already: change it with its set()")
        self._links += 1
        network = bytes((172, 16 + (self._links >> 14), self._links >> 6 & 255, (self._links & 63) << 2))
        sides = [(one, other, 1), (other, one, 2)]
        ports = []
        for mine, theirs, place in sides:
            name = f"eth{len(mine.inside.ports)}"
            mine.plug(name, _mac(self._links, 100 + place), network[:3] + bytes((network[3] + place,)), 30)
            gateway = network[:3] + bytes((network[3] + 3 - place,))
            mine.route(ipv4_bytes(theirs.address), 32, gateway, name)
            ports.append(mine.inside.ports[name])
        made = self._new_link(ports[0], ports[1], delay, rate, queue, Faults())
        made.set(loss=loss, duplicate=duplicate, reorder=reorder, corrupt=corrupt)
        self._direct[pair] = made
        return made

    def access(self, host: SimulatedHost) -> SimulatedLink:
        """A host's cable to the middle."""
        return self._access[host.name]

    def _new_link(self, one: Port, other: Port, delay: str, rate: str, queue: str, faults: Faults) -> SimulatedLink:
        link = Link(
            f"{one}--{other}", one, other, self.agenda, self.recorder, self.randomness,
            rate_bps=units.parse_rate_bps(rate), delay_ns=units.parse_duration_ns(delay),
            queue_bytes=units.parse_size_bytes(queue), faults=faults,
        )  # fmt: skip
        return SimulatedLink(self, link)

    def unplug(self, port: Port) -> None:
        """A crashed host's port: frames to it end there."""
        assert port.medium is not None
        self._media[str(port)] = port.medium
        port.medium = None

    def plug_again(self, port: Port) -> None:
        """The same port of the host that has come back."""
        medium = self._media.pop(str(port))
        assert isinstance(medium, Link)
        medium.replace_end(port)

    # ---- names ----------------------------------------------------------------------

    def _publish(self) -> None:
        records = "".join(f"{name}. {_TTL} IN A {host.address}\n" for name, host in self.hosts.items())
        text = f"@ {_TTL} IN SOA {_NAME_SERVER}. nobody. 1 60 60 60 1\n@ IN NS {_NAME_SERVER}.\n{records}"
        zone = load_zone(".", f"$TTL {_TTL}\n{text}")
        assert zone.origin is not None
        self._names.zones = {zone.origin: zone}

    # ---- trouble ---------------------------------------------------------------------------------------

    def at(self, time: str | None, action: Callable[[], object]) -> None:
        """Do something at a time of the world, such as ``"2s"``; at once if that is past or None."""
        time_ns = units.parse_duration_ns(time) if time is not None else 0
        if time_ns <= self.agenda.now_ns:
            action()
        else:
            self.agenda.at(time_ns, action)

    def partition(
        self, one: SimulatedHost | Iterable[SimulatedHost], other: SimulatedHost | Iterable[SimulatedHost], *,
        at: str | None = None, until: str | None = None,
    ) -> None:  # fmt: skip
        """Nothing gets from these hosts to those, nor back; now or at a time, until a time or `heal`."""
        pairs = [(a, b) for a in _several(one) for b in _several(other)]
        self.at(at, lambda: self._part(pairs, True))
        if until is not None:
            self.at(until, lambda: self._part(pairs, False))

    def heal(self, *, at: str | None = None) -> None:
        """End every partition."""
        everybody = list(self.hosts.values())
        self.at(at, lambda: self._part([(a, b) for a in everybody for b in everybody], False))

    def _part(self, pairs: Iterable[tuple[SimulatedHost, SimulatedHost]], parted: bool) -> None:
        for one, other in pairs:
            both = ipv4_bytes(one.address), ipv4_bytes(other.address)
            (self._parted.update if parted else self._parted.difference_update)((both, both[::-1]))

    def lets_in(self, packet: bytes) -> bool:
        """Whether an IPv4 packet's sender and receiver are on one side of all partitions."""
        return not self._parted or (packet[12:16], packet[16:20]) not in self._parted

    # ---- running ---------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds of virtual time."""
        return self.agenda.now_ns / 1e9

    def run(self, test: Coroutine[Any, Any, Result], limit: str = "1h") -> Result:
        """Run a test's coroutine, and everything else with it, until it returns.

        Raises TookTooLong if it is not over after a limit of virtual time, or can never be.
        """
        loop = self._tester.loop
        task = loop.create_task(test)
        task.add_done_callback(lambda _: self.agenda.stop())
        self.agenda.run(self.agenda.now_ns + units.parse_duration_ns(limit))
        if not task.done():
            waits = "; ".join(sorted(f"{each.get_name()} at {_place(each)}" for each in asyncio.all_tasks(loop)))
            task.cancel()
            self.agenda.run(self.agenda.now_ns)
            raise TookTooLong(f"the test is not over after {limit} of virtual time; it waits: {waits}")
        return task.result()

    def close(self) -> None:
        """The test is over: programs that still wait end without a word."""
        for host in self.hosts.values():
            host.end_programs()
        self.recorder.forget_listeners()
        with suppress(Exception):  # a program that fails to end
            self.agenda.run(self.agenda.now_ns + 1)
        self.trust.close()

    def save(self, path: Path) -> None:
        """What passed every port, as a pcapng file, each frame with the reason why it was sent."""
        from pressenter.trace.pcapng import pcapng_bytes

        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            pcapng_bytes(
                self.recorder.frames, self.recorder.events, epoch_seconds=EPOCH_SECONDS,
                key_log=self.trust.key_log(),
                title=f"pressenter: {path.stem}, seed {self.seed}",
            )
        )  # fmt: skip


def _several(hosts: SimulatedHost | Iterable[SimulatedHost]) -> list[SimulatedHost]:
    return [hosts] if isinstance(hosts, SimulatedHost) else list(hosts)


def _address(number: int, last: int) -> bytes:
    return bytes((10, number >> 8, number & 255, last))


def _mac(number: int, last: int) -> bytes:
    return bytes((0x02, 0, 0, number >> 8, number & 255, last))


def _place(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    return f"{Path(frames[-1].f_code.co_filename).name}:{frames[-1].f_lineno}" if frames else "its end"
