"""Many hosts, each fetching a page over shared links: ``python benchmarks/thousand_hosts.py``.

::

    hosts -- 1 Gbit/s, 1 ms -- switch (50 hosts each) -- router -- 10 Mbit/s a host, 5 ms -- server

The cost of a packet must not grow with the number of hosts or connections.  So that every page
takes the same packets, the server's link grows with the hosts, and its queue holds a first flight
of each.  With ``--flood`` the link has 1 Gbit/s and a queue of 2 MiB whatever the number: frames
are lost and sent again, and a page takes more.

A machine that others use too is now fast, now slow, by more than what is to be measured.  So the
large world runs in slices, and between them small worlds of fifty hosts run: the ratio of a page's
cost in one to that in the other is of the same moments.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import subprocess
import sys
import time

from pressenter.host.routes import Route
from pressenter.network.link import Link
from pressenter.network.router import Router
from pressenter.network.switch import Switch
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_bytes
from pressenter.wire.port import Port

PAGE = 50_000
HOSTS_ON_A_SWITCH = 50
SMALL = HOSTS_ON_A_SWITCH
#: The first host goes ahead: from its packets the router learns where the server is.
MEETING_SECONDS = 0.5
#: Virtual time of a slice.
SLICE_NS = 2_000_000


class Fetching:
    """A world in which every host but the first fetches the page at the same moment.

    Attributes:
        seconds: wall time that its agenda has run.
    """

    def __init__(self, count: int, flood: bool) -> None:
        self.count = count
        self.seconds = 0.0
        self.fetched = 0
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda, False)
        self.randomness = Randomness(1)
        self.added = 0
        core, server = self.machine("core"), self.machine("server")
        self.add_port(core, "server", "10.255.0.1")
        self.add_port(server, "eth0", "10.255.0.2")
        server.internet.forwarding = False
        rate_bps, queue_bytes = (1_000_000_000, 1 << 21) if flood else (count * 10_000_000, count << 16)
        self.join(core.ports["server"], server.ports["eth0"], 5_000_000, rate_bps, queue_bytes)
        own = server.interfaces[0]
        server.internet.routes.add(Route(bytes(4), 0, ipv4_bytes("10.255.0.1"), own, own.address))
        server.run(asyncio.start_server(self.serve, "0.0.0.0", 80))
        for index in range(count):
            network, place = divmod(index, HOSTS_ON_A_SWITCH)
            prefix = f"10.{network // 250}.{network % 250}"
            if place == 0:
                switch = Switch(f"s{network}", self.agenda, self.recorder)
                self.add_port(core, f"s{network}", f"{prefix}.1")
                self.join(core.ports[f"s{network}"], switch.add_port("up"), 100_000)
            client = self.machine(f"c{index}")
            self.add_port(client, "eth0", f"{prefix}.{place + 2}")
            client.internet.forwarding = False
            own = client.interfaces[0]
            client.internet.routes.add(Route(bytes(4), 0, ipv4_bytes(f"{prefix}.1"), own, own.address))
            self.join(client.ports["eth0"], switch.add_port(str(place)), 1_000_000)
            client.start(self.fetch(MEETING_SECONDS if index else 0))

    def machine(self, name: str) -> Router:
        return Router(name, self.agenda, self.recorder, self.randomness, latency_ns=1000)

    def add_port(self, machine: Router, port: str, address: str) -> None:
        self.added += 1
        machine.add_port(port, b"\x02\0" + self.added.to_bytes(4, "big"), ipv4_bytes(address), 24)

    def join(
        self, first: Port, second: Port, delay_ns: int, rate_bps: int = 1_000_000_000, queue_bytes: int = 1 << 21
    ) -> None:
        self.added += 1
        Link(f"l{self.added}", first, second, self.agenda, self.recorder, self.randomness,
             rate_bps=rate_bps, delay_ns=delay_ns, queue_bytes=queue_bytes)  # fmt: skip

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(bytes(PAGE))
        writer.close()

    async def fetch(self, delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        reader, writer = await asyncio.open_connection("10.255.0.2", 80)
        writer.write(b"GET\n")
        page = await reader.read(-1)
        self.fetched += len(page)
        writer.close()

    def run(self, until_ns: int | None = None) -> None:
        """Go on, and count the wall time."""
        began = time.perf_counter()
        self.agenda.run(until_ns)
        self.seconds += time.perf_counter() - began

    @property
    def page_seconds(self) -> float:
        """Wall time for one page."""
        return self.seconds / self.count


def measure(count: int, flood: bool) -> None:
    """Run so many hosts, beside small worlds, and print."""
    gc.set_threshold(50_000)  # as the command does: what a world drops is seldom a cycle
    large = Fetching(count, flood)
    small: list[Fetching] = []
    while (next_ns := large.agenda.next_ns) is not None:
        large.run(next_ns + SLICE_NS)
        if sum(each.seconds for each in small) < large.seconds / 2:
            small.append(Fetching(SMALL, flood))
            small[-1].run()
    assert large.fetched == count * PAGE, large.fetched
    beside = sum(each.page_seconds for each in small) / len(small)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{count:5} hosts: {large.seconds:6.2f} s, {memory:4} MiB, "
        f"{large.page_seconds * 1e3:5.2f} ms a page, {large.page_seconds / beside:4.2f} of the cost with {SMALL} hosts; "
        f"{large.seconds / large.agenda.executed * 1e6:5.1f} µs an agenda entry",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default="50,200,1000", help="numbers of hosts")
    parser.add_argument("--flood", action="store_true", help="one narrow link for all: with losses")
    parser.add_argument("--once", type=int, help="one run with so many hosts, for this program's own use")
    arguments = parser.parse_args()
    if arguments.once:
        measure(arguments.once, arguments.flood)
        return
    for count in arguments.hosts.split(","):
        options = ["--flood"] if arguments.flood else []
        subprocess.run([sys.executable, __file__, "--once", count, *options], check=True)


if __name__ == "__main__":
    main()
