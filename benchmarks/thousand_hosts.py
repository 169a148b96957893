"""Many hosts, each fetching a page over shared links: ``python benchmarks/thousand_hosts.py``.

::

    hosts -- 1 Gbit/s, 1 ms -- switch (50 hosts each) -- router -- 1 Gbit/s, 5 ms -- server

Prints wall time and memory for each number of hosts, and the cost of an agenda entry, which
must not grow with the number of hosts or connections.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import time

PAGE = 50_000
HOSTS_ON_A_SWITCH = 50


def run(count: int) -> tuple[float, int, int]:
    """Seconds of wall time, agenda entries, bytes fetched."""
    from pressenter.host.routes import Route
    from pressenter.network.link import Link
    from pressenter.network.router import Router
    from pressenter.network.switch import Switch
    from pressenter.sim import Agenda, Randomness
    from pressenter.trace import Recorder
    from pressenter.wire.address import ipv4_bytes

    agenda = Agenda()
    recorder = Recorder(agenda, False)
    randomness = Randomness(1)
    number = [0]

    def add(host: Router, port: str, address: str) -> Router:
        number[0] += 1
        host.add_port(port, b"\x02\0" + number[0].to_bytes(4, "big"), ipv4_bytes(address), 24)
        return host

    def join(first: object, second: object, delay_ns: int) -> None:
        number[0] += 1
        Link(f"l{number[0]}", first, second, agenda, recorder, randomness,  # type: ignore[arg-type]
             rate_bps=1_000_000_000, delay_ns=delay_ns, queue_bytes=1 << 21)  # fmt: skip

    def machine(name: str) -> Router:
        return Router(name, agenda, recorder, randomness, latency_ns=1000)

    core, server = machine("core"), add(machine("server"), "eth0", "10.255.0.2")
    server.internet.forwarding = False
    add(core, "server", "10.255.0.1")
    join(core.ports["server"], server.ports["eth0"], 5_000_000)
    server.internet.routes.add(
        Route(bytes(4), 0, ipv4_bytes("10.255.0.1"), server.interfaces[0], server.interfaces[0].address)
    )
    clients = []
    for index in range(count):
        network, place = divmod(index, HOSTS_ON_A_SWITCH)
        if place == 0:
            switch = Switch(f"s{network}", agenda, recorder)
            add(core, f"s{network}", f"10.{network // 250}.{network % 250}.1")
            join(core.ports[f"s{network}"], switch.add_port("up"), 100_000)
        prefix = f"10.{network // 250}.{network % 250}"
        client = add(machine(f"c{index}"), "eth0", f"{prefix}.{place + 2}")
        client.internet.forwarding = False
        own = client.interfaces[0]
        client.internet.routes.add(Route(bytes(4), 0, ipv4_bytes(f"{prefix}.1"), own, own.address))
        join(client.ports["eth0"], switch.add_port(str(place)), 1_000_000)
        clients.append(client)
    fetched = [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(bytes(PAGE))
        writer.close()

    async def fetch() -> None:
        reader, writer = await asyncio.open_connection("10.255.0.2", 80)
        writer.write(b"GET\n")
        data = await reader.read(-1)
        fetched[0] += len(data)
        writer.close()

    server.run(asyncio.start_server(serve, "0.0.0.0", 80))
    for client in clients:
        client.start(fetch())
    began = time.perf_counter()
    agenda.run()
    seconds = time.perf_counter() - began
    assert fetched[0] == count * PAGE, fetched
    return seconds, agenda.executed, fetched[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default="10,100,1000", help="numbers of hosts")
    parser.add_argument("--once", type=int, help="one run with so many hosts, for this program's own use")
    arguments = parser.parse_args()
    if arguments.once:
        seconds, entries, _ = run(arguments.once)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{arguments.once:5} hosts: {seconds:6.2f} s, {memory:4} MiB, {seconds / entries * 1e6:5.1f} µs an entry")
        return
    for count in arguments.hosts.split(","):
        subprocess.run([sys.executable, __file__, "--once", count], check=True)


if __name__ == "__main__":
    main()
