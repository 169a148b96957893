"""How fast: ``python benchmarks/run.py``.

Prints medians over several runs of whole processes, and ratios taken in the same run:

- cold ``pressenter go www.example.com``: wall time of a new process, from start to files;
- agenda entries per second, bare and in the whole journey;
- recording on against off;
- the same page's screenshot by headless Chromium, where Chromium is there.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pressenter
from pressenter.sim import Agenda
from pressenter.worlds.world import World


def median_seconds(action: Callable[[], object], runs: int) -> float:
    """Median wall time of an action."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def cold_go(folder: Path) -> None:
    """One journey in a new process."""
    command = [sys.executable, "-m", "pressenter", "go", "www.example.com", "--quiet", "--out", str(folder / "journey")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def bare_agenda(entries: int = 200_000) -> None:
    """Entries that do nothing but schedule the next."""
    agenda = Agenda()
    left = [entries]

    def tick() -> None:
        left[0] -= 1
        if left[0] > 0:
            agenda.after(100, tick)

    for _ in range(10):
        agenda.after(1, tick)
    agenda.run()


def journey(record: bool) -> int:
    """A journey in this process; returns how many entries its agenda ran."""
    world = World.load(seed=1, record=record)
    pressenter.go("www.example.com", world=world)
    return world.agenda.executed


def transfer(record: bool) -> int:
    """Ten megabytes from a web server in Guangzhou to the laptop; returns agenda entries."""
    import asyncio

    world = World.load(seed=1, record=record)
    server, laptop = world.host("web-1"), world.host("laptop")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(10_000_000))
        writer.close()

    async def fetch() -> int:
        reader, writer = await asyncio.open_connection("93.184.215.14", 9000)
        data = await reader.read(-1)
        writer.close()
        return len(data)

    server.run(asyncio.start_server(serve, "0.0.0.0", 9000))
    assert laptop.run(fetch()) == 10_000_000
    return world.agenda.executed


def chromium_screenshot(chromium: str, address: str, folder: Path) -> None:
    """The same page's screenshot by a browser of the real world, from cold."""
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={tempfile.mkdtemp(dir=folder)}", "--window-size=1280,900",
        f"--screenshot={folder / 'chromium.png'}", address,
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement (default 5)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold_go(folder)  # fills the file cache and compiles the modules
        cold = median_seconds(lambda: cold_go(folder), runs)
        print(f"cold `pressenter go www.example.com` to finished files: {cold:.2f} s")
        bare = median_seconds(bare_agenda, runs)
        print(f"bare agenda: {200_000 / bare:,.0f} entries a second")
        journey(True)
        on, off = (median_seconds(lambda record=record: journey(record), runs) for record in (True, False))
        print(f"the journey, warm: {on:.3f} s, {journey(True) / on:,.0f} entries a second with all their work")
        print(f"the journey, recording on against off: {on / off:.2f}")
        on, off = (
            median_seconds(lambda record=record: transfer(record), max(1, runs // 2)) for record in (True, False)
        )
        print(f"10 MB over 11 links: {off:.2f} s without recording, {transfer(False) / off:,.0f} entries a second")
        print(f"10 MB over 11 links, recording on against off: {on / off:.2f}")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if chromium is None:
            print("Chromium is not installed: no comparison")
            return
        site = Path(pressenter.__file__).parent / "worlds/sites/www.example.com"
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        chromium_screenshot(chromium, address, folder)
        theirs = median_seconds(lambda: chromium_screenshot(chromium, address, folder), runs)
        print(
            f"Chromium's headless screenshot of the same page: {theirs:.2f} s; the whole journey takes {cold / theirs:.2f} of it"
        )
        server.shutdown()


if __name__ == "__main__":
    main()
