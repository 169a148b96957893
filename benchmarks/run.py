"""How fast: ``python benchmarks/run.py``.

Prints medians over several runs of whole processes, and ratios taken in the same run:

- cold ``pressenter go www.example.com``: wall time of a new process, from start to files;
- agenda entries per second, bare and in the whole journey;
- recording on against off;
- the same page's screenshot by headless Chromium, where Chromium is there.

What is compared takes turns: machines change their speed from minute to minute, and a ratio of two
blocks of runs would show that.
"""

from __future__ import annotations

import argparse
import compileall
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


def seconds(action: Callable[[], object]) -> float:
    """Wall time of an action."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def in_turns(one: Callable[[], object], other: Callable[[], object], runs: int) -> tuple[float, float, float]:
    """Two actions in turns: the median wall time of each, and the median over the turns of first to second."""
    turns = [(seconds(one), seconds(other)) for _ in range(runs)]
    return (
        statistics.median(first for first, _ in turns),
        statistics.median(second for _, second in turns),
        statistics.median(first / second for first, second in turns),
    )


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


def measure_cold(folder: Path, runs: int) -> None:
    """A new process for the whole journey, beside a new Chromium for the same page."""
    cold_go(folder)  # fills the file cache and compiles the modules
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        ours = statistics.median(seconds(lambda: cold_go(folder)) for _ in range(runs))
        print(f"cold `pressenter go www.example.com` to finished files: {ours:.2f} s")
        print("Chromium is not installed: no comparison")
        return
    browser = chromium
    site = Path(pressenter.__file__).parent / "worlds/sites/www.example.com"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    chromium_screenshot(browser, address, folder)
    ours, theirs, ratio = in_turns(lambda: cold_go(folder), lambda: chromium_screenshot(browser, address, folder), runs)
    server.shutdown()
    print(f"cold `pressenter go www.example.com` to finished files: {ours:.2f} s")
    print(f"Chromium's headless screenshot of the same page: {theirs:.2f} s; the whole journey takes {ratio:.2f} of it")


def measure_recording(runs: int) -> None:
    """The journey and a transfer, with recording and without."""
    entries = journey(True)
    on, _, ratio = in_turns(lambda: journey(True), lambda: journey(False), runs)
    print(f"the journey, warm: {on:.3f} s, {entries / on:,.0f} entries a second with all their work")
    print(f"the journey, recording on against off: {ratio:.2f}")
    entries = transfer(False)
    _, off, ratio = in_turns(lambda: transfer(True), lambda: transfer(False), runs)
    print(f"10 MB over 11 links: {off:.2f} s without recording, {entries / off:,.0f} entries a second")
    print(f"10 MB over 11 links, recording on against off: {ratio:.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement (default 5)")
    runs = parser.parse_args().runs
    # Cold means that nothing is in memory, not that Python's modules have to be compiled first.
    compileall.compile_dir(str(Path(pressenter.__file__).parent), quiet=1)
    with tempfile.TemporaryDirectory() as name:
        measure_cold(Path(name), runs)
    bare = statistics.median(seconds(bare_agenda) for _ in range(runs))
    print(f"bare agenda: {200_000 / bare:,.0f} entries a second")
    measure_recording(runs)


if __name__ == "__main__":
    main()
