"""Our TCP beside the Linux kernel's, over the same emulated link: ``python benchmarks/beside_linux.py``.

The kernel's two ends are TAP devices in two network namespaces with our link between them, in
real time; ours are two hosts with the same link between them, in virtual time.  The link loses
the same frames of both, counted in each direction, so that what is compared is not luck.  What
the bridge needs for a frame does not lengthen the kernel's round trips: its answers get the
virtual time of what they answer, and at 1 ms its clock stands still while it is late (see
``pressenter/bridge/real_time.py``).
Printed are the times to fetch so many bytes, from the SYN to the last byte (medians over the
seeds), their ratio, the median of the ratios of the single seeds, where chance has less to
say, since both have lost the same frames, and the round trips that the two have measured
themselves (SRTT in ms, medians over time and seeds), which show how alike the links were: the
kernel's contain the waiting for its processes and those of the bridge.  Needs root, Linux and
iproute2.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import itertools
import json
import multiprocessing
import os
import queue
import select
import socket
import statistics
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from pressenter.bridge import RealTime, Tap
from pressenter.network.link import Faults, Link
from pressenter.network.router import Router
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.address import ipv4_bytes
from pressenter.wire.port import Port

ROUND_TRIPS_MS = (1, 20, 100)
LOSSES = (0.0, 0.01, 0.03)
SIZES = (1_000_000, 10_000_000)
CONTROLS = ("reno", "cubic", "bbr")
RATE_BPS = 100_000_000
QUEUE_BYTES = 1 << 20
PORT = 9000
_CLONE_NEWNET = 0x40000000
_WATCH_S = 0.01
_WITHOUT_DATA = 100  # the longest frame: Ethernet, IP, TCP with SACK
_SEQUENCE = slice(14 + 20 + 4, 14 + 20 + 8)  # where the number stands in it

#: Round trip in ms, loss, bytes, congestion control.
Cell = tuple[int, float, int, str]


def our_seconds(round_trip_ms: float, loss: float, size: int, control: str, seed: int) -> tuple[float, int]:
    """One fetch from our stack to our stack, in virtual time; and the round trip in ns that the server has measured."""
    agenda = Agenda()
    recorder = Recorder(agenda, False)
    randomness = Randomness(seed)
    hosts = []
    for index, name in enumerate(("client", "server"), 1):
        host = Router(name, agenda, recorder, randomness, latency_ns=0)
        host.add_port("eth0", bytes((2, 0, 0, 0, 0, index)), ipv4_bytes(f"10.9.0.{index}"), 24)
        host.internet.forwarding = False
        host.tcp.parameters.congestion_control = control
        hosts.append(host)
    client, server = hosts
    _link(agenda, recorder, randomness, client.ports["eth0"], server.ports["eth0"], round_trip_ms, loss)
    for one, other in ((client, server), (server, client)):  # ARP is not what is compared
        there = other.interfaces[0]
        one.interfaces[0].neighbours.entries[there.address] = (there.mac, 1 << 60)
    times: list[int] = []
    measured: list[int] = []

    async def watch(connection: Any) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            measured.append(_smoothed_round_trip_ns(connection))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        watcher = asyncio.create_task(watch(writer.get_extra_info("socket")))
        writer.write(bytes(size))
        await writer.drain()
        writer.close()
        watcher.cancel()

    async def fetch() -> None:
        reader, writer = await asyncio.open_connection("10.9.0.2", PORT)
        received = 0
        while data := await reader.read(1 << 20):
            received += len(data)
            times[:] = [agenda.now_ns]
        assert received == size
        writer.close()

    server.run(asyncio.start_server(serve, "0.0.0.0", PORT))
    began_ns = agenda.now_ns
    client.run(fetch())
    return (times[0] - began_ns) / 1e9, int(_median(measured) or 0)


def _smoothed_round_trip_ns(connection: Any) -> int:
    """SRTT, of a socket of ours or of the kernel's."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int(struct.unpack_from("I", info, 68)[0]) * 1000  # tcpi_rtt is in microseconds


def _link(
    agenda: Agenda,
    recorder: Recorder,
    randomness: Randomness,
    first: Any,
    second: Any,
    round_trip_ms: float,
    loss: float,
) -> Link:
    return Link(
        "link", first, second, agenda, recorder, randomness, rate_bps=RATE_BPS, delay_ns=int(round_trip_ms * 500_000),
        queue_bytes=QUEUE_BYTES, faults=Faults(loss=loss),
    )  # fmt: skip


# ---- the kernel -----------------------------------------------------------------------------


def _shell(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@contextlib.contextmanager
def namespaces(tag: str) -> Iterator[tuple[str, str]]:
    """Two namespaces with a TAP device each, the kernel set as a fresh Linux."""
    names = (f"pe-{tag}-a", f"pe-{tag}-b")
    try:
        for index, name in enumerate(names, 1):
            _shell("ip", "netns", "add", name)
            _shell("ip", "netns", "exec", name, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6")
            _shell("ip", "-n", name, "tuntap", "add", "dev", "tap0", "mode", "tap")
            _shell("ip", "-n", name, "link", "set", "tap0", "address", f"02:00:00:00:01:0{index}")
            _shell("ip", "-n", name, "link", "set", "tap0", "txqueuelen", "20000", "up")
            _shell("ip", "-n", name, "addr", "add", f"10.9.0.{index}/24", "dev", "tap0")
            other = 3 - index
            _shell("ip", "-n", name, "neigh", "add", f"10.9.0.{other}", "lladdr", f"02:00:00:00:01:0{other}",
                   "nud", "permanent", "dev", "tap0")  # fmt: skip
            settings = ("tcp_no_metrics_save=1", "tcp_rmem=4096 131072 6291456", "tcp_wmem=4096 16384 4194304")
            for setting in settings:
                key, _, value = setting.partition("=")
                _shell("ip", "netns", "exec", name, "sh", "-c", f"echo {value} > /proc/sys/net/ipv4/{key}")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _enter(namespace: str) -> None:
    handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(handle, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"no way into namespace {namespace}")
    os.close(handle)


def _kernel_server(namespace: str, control: str, size: int, listening: Any, smoothed: Any) -> None:
    _enter(namespace)
    # Everything is ready before the first SYN: what is timed is TCP, not the start of a program.
    content = b"x" * size
    accepted: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
    over, measured = threading.Event(), []

    def watch() -> None:
        connection = accepted.get()
        while not over.wait(_WATCH_S):
            measured.append(_smoothed_round_trip_ns(connection))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with socket.create_server(("10.9.0.2", PORT)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, control.encode())
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.set()
        connection, _ = listener.accept()
        with connection:
            accepted.put(connection)
            connection.sendall(content)
            over.set()
            watcher.join()
    smoothed.put(int(_median(measured) or 0))


def _kernel_client(namespace: str, size: int, stays_awake: bool, listening: Any) -> None:
    _enter(namespace)
    listening.wait()
    with socket.create_connection(("10.9.0.2", PORT)) as connection:
        received, place = 0, bytearray(1 << 20)
        arrived = select.poll()
        arrived.register(connection, select.POLLIN)
        while True:
            while stays_awake and not arrived.poll(0):
                pass  # the kernel acknowledges when the program reads: waking it would count
            if not (length := connection.recv_into(place)):
                break
            received += length
    assert received == size


class _FirstFrame:
    """Stands between the client's port and the link, and notes when the SYN leaves, be it lost or not."""

    def __init__(self, link: Link, times: list[int]) -> None:
        self.link = link
        self.times = times

    def transmit(self, port: Port, frame: bytes, delay_ns: int = 0) -> int:
        """As the link does it."""
        if not self.times:
            self.times.append(self.link.agenda.now_ns)
        return self.link.transmit(port, frame, delay_ns)


def _watch_link(link: Link, client: Port) -> list[int]:
    """When the client's first frame has left, in virtual time, and when each new segment of the server's has arrived."""
    times: list[int] = []
    seen: set[bytes] = set()
    to_client = client.on_frame

    def at_client(frame: bytes) -> None:
        if len(frame) > _WITHOUT_DATA and (sequence := frame[_SEQUENCE]) not in seen:
            seen.add(sequence)
            times.append(link.agenda.now_ns)
        to_client(frame)

    client.on_frame, client.medium = at_client, _FirstFrame(link, times)
    return times


def _kernel_pair(tag: str, round_trip_ms: int, loss: float, size: int, control: str, seed: int, result: Any) -> None:
    """One fetch from kernel to kernel; a process of its own."""
    with namespaces(tag) as (client, server):
        # The losses depend on the ports' names, so they are those of our own run.
        taps = [Tap("tap0", client, "client", "eth0"), Tap("tap0", server, "server", "eth0")]
        agenda = Agenda()
        link = _link(agenda, Recorder(agenda, False), Randomness(seed), taps[0].port, taps[1].port, round_trip_ms, loss)
        stays_awake = round_trip_ms <= 1
        # At long round trips the bridge's delay is nothing, but HyStart minds a clock that stands still.
        alone = not is_loss_limited((round_trip_ms, loss, size, control))
        real_time = RealTime(agenda, taps, stays_awake=stays_awake or alone, stands_still=stays_awake)
        times = _watch_link(link, taps[0].port)
        listening = multiprocessing.Event()
        smoothed: Any = multiprocessing.Queue()
        programs = [
            multiprocessing.Process(
                target=_kernel_server, args=(server, control, size, listening, smoothed), daemon=True
            ),
            multiprocessing.Process(target=_kernel_client, args=(client, size, stays_awake, listening), daemon=True),
        ]  # fmt: skip
        for program in programs:
            program.start()
        real_time.run(lambda: not programs[1].is_alive())
        for program in programs:
            program.join(5)
            program.kill()
        result.put(((times[-1] - times[0]) / 1e9, smoothed.get(timeout=5)))


def kernel_seconds(round_trip_ms: int, loss: float, size: int, control: str, seed: int) -> tuple[float, int]:
    """One fetch over the kernel's stack, in the link's time; and the round trip in ns that the server has measured."""
    result: Any = multiprocessing.Queue()
    tag = f"{os.getpid() % 10000}-{seed & 0xFFFFFF:x}"
    process = multiprocessing.Process(target=_kernel_pair, args=(tag, round_trip_ms, loss, size, control, seed, result))
    process.start()
    process.join()
    seconds, smoothed_ns = result.get(timeout=5)
    return float(seconds), int(smoothed_ns)


def is_loss_limited(cell: Cell) -> bool:
    """Whether losses keep the window below what the line takes.  BBR does not heed them."""
    return bool(cell[1]) and cell[3] != "bbr"


class Row(NamedTuple):
    """What a cell's runs come to: medians over the seeds, of seconds and of round trips in ns; None if not measured."""

    theirs: float | None = None
    ours: float | None = None
    by_seed: float | None = None
    their_round_trip_ns: float | None = None
    our_round_trip_ns: float | None = None

    def __str__(self) -> str:
        ratio = self.ours / self.theirs if self.ours and self.theirs else None
        columns = (
            (self.theirs, "{:8.3f}s", 9), (self.ours, "{:8.3f}s", 9), (ratio, "{:6.2f}", 6), (self.by_seed, "{:8.2f}", 8),
            (self.their_round_trip_ns and self.their_round_trip_ns / 1e6, "{:8.2f}", 8),
            (self.our_round_trip_ns and self.our_round_trip_ns / 1e6, "{:8.2f}", 8),
        )  # fmt: skip
        return " ".join(layout.format(value) if value else " " * width for value, layout, width in columns)


class Comparison:
    """Both sides' times, cell by cell.

    Attributes:
        kept: the kernel's times and round trips, by cell, from run to run in `kernel_times`.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.runs = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
        self.side: str = arguments.side
        self.parallel: int = arguments.parallel
        self.kernel_times: Path | None = arguments.kernel_times
        self.kept: dict[str, list[tuple[float, int]]] = {}
        if self.kernel_times and self.kernel_times.exists():
            self.kept = json.loads(self.kernel_times.read_text())

    def measure(self, cell: Cell) -> Row:
        """Every run of a cell."""
        # Another seed for each run of each cell.
        seeds = [zlib.crc32(repr((cell, run)).encode()) for run in (self.runs if cell[1] else self.runs[:3])]
        theirs = self._kernel(cell, seeds) if self.side != "ours" else []
        ours = [our_seconds(*cell, seed) for seed in seeds] if self.side != "kernel" else []
        return Row(
            *(_median([seconds for seconds, _ in each]) for each in (theirs, ours)),
            _median([our / their for (our, _), (their, _) in zip(ours, theirs, strict=False)]),
            *(_median([round_trip_ns for _, round_trip_ns in each]) for each in (theirs, ours)),
        )

    def _kernel(self, cell: Cell, seeds: list[int]) -> list[tuple[float, int]]:
        times = self.kept.setdefault("/".join(map(str, (*cell, self.runs.start))), [])
        with ThreadPoolExecutor(self.parallel if is_loss_limited(cell) and cell[0] > 1 else 1) as pool:
            times += pool.map(lambda seed: kernel_seconds(*cell, seed), seeds[len(times) :])
        if self.kernel_times:
            self.kernel_times.write_text(json.dumps(self.kept))
        return times[: len(seeds)]


def _median(values: list[Any]) -> float | None:
    return statistics.median(values) if values else None


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="runs of each cell with loss (default 20)")
    parser.add_argument("--first-seed", type=int, default=1, help="the number of the first run (default 1)")
    parser.add_argument("--side", choices=("both", "ours", "kernel"), default="both")
    parser.add_argument("--controls", default=",".join(CONTROLS))
    parser.add_argument("--round-trips", default=",".join(map(str, ROUND_TRIPS_MS)))
    parser.add_argument("--losses", default=",".join(map(str, LOSSES)))
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument(
        "--parallel", type=int, default=3, help="kernel runs at a time where the line is slow (default 3)"
    )
    parser.add_argument("--kernel-times", type=Path, help="a file that keeps the kernel's times from run to run")
    arguments = parser.parse_args()
    comparison = Comparison(arguments)
    controls = arguments.controls.split(",")
    numbers = ((int, arguments.round_trips), (float, arguments.losses), (int, arguments.sizes))
    print(f"{'control':8} {'RTT':>5} {'loss':>5} {'MB':>3} {'kernel':>9} {'ours':>9}  ratio  by seed   kernel     ours")
    for cell in itertools.product(*(map(kind, text.split(",")) for kind, text in numbers), controls):
        round_trip_ms, loss, size, control = cell
        row = comparison.measure((round_trip_ms, loss, size, control))
        print(f"{control:8} {round_trip_ms:3}ms {loss:5.0%} {size // 1_000_000:3} {row}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
