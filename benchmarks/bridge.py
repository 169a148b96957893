"""The bridge to the kernel: how much passes it, and how long 64 bytes take: ``python benchmarks/bridge.py``.

The kernel's curl downloads from the lab's web server, and posts to it, through one switch of the data centre; the
kernel's iperf3 sends to the laptop's and takes from it, through the home's switch; the kernel's ping asks for 64-byte
echoes.
Needs root, Linux, iproute2, curl, iperf3 and ping.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_MEGABYTES = 100
_FORM_MEGABYTES = 16  # more is refused
_LAPTOP = "192.168.1.10"
_SITE = "http://93.184.215.100"  # the first free address of the data centre, where a site of one's own stands
_POST = ["--data-binary", "@form.bin"]


@contextlib.contextmanager
def bridged(python: str, *options: str) -> Iterator[list[str]]:
    """A bridge that runs; what to put before a command to run it on the kernel's side."""
    namespace = f"pe-bench-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", namespace], check=True)
    process = subprocess.Popen(
        [python, "-m", "pressenter", "bridge", "--tap", "tap0", "--namespace", namespace, "--configure", *options],
        stdout=subprocess.PIPE, text=True, cwd=tempfile.gettempdir(), env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        while "gateway" not in process.stdout.readline():
            assert process.poll() is None, "the bridge has ended"
        time.sleep(1)
        yield ["ip", "netns", "exec", namespace]
    finally:
        process.send_signal(2)
        process.communicate(timeout=30)
        subprocess.run(["ip", "netns", "del", namespace], check=False)


def _output(words: list[str], folder: str | None = None) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=120, cwd=folder).stdout


def curl(python: str, runs: int, *options: str, measure: str) -> list[float]:
    """Mbit/s that curl gets or gives: fetching a large file of the lab's web server, or posting one to it.

    The server reads what is posted to the end, and then says that a site of files takes no forms (405).
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "large.bin").write_bytes(random.Random(1).randbytes(_MEGABYTES * 1_000_000))
        Path(folder, "form.bin").write_bytes(random.Random(2).randbytes(_FORM_MEGABYTES * 1_000_000))
        with bridged(python, "--switch", "spine", "--site", f"www.large.test={folder}") as inside:
            words = ["curl", "-s", "-S", "-o", "/dev/null", "-w", f"%{{{measure}}}", "-H", "Host: www.large.test"]
            return [float(_output([*inside, *words, *options], folder)) * 8 / 1e6 for _ in range(runs)]


def streams(python: str, runs: int, *options: str) -> list[float]:
    """Mbit/s that the receiver of iperf3 has counted."""
    with bridged(python, "--run", "iperf3 -s") as inside:
        words = [*inside, "iperf3", "-c", _LAPTOP, "-t", "4", "--json", *options]
        return [json.loads(_output(words))["end"]["sum_received"]["bits_per_second"] / 1e6 for _ in range(runs)]


def echoes(python: str) -> list[float]:
    """Milliseconds that echoes of 64 bytes take."""
    with bridged(python) as inside:
        told = _output([*inside, "ping", "-c", "200", "-i", "0.01", "-s", "56", _LAPTOP])
        return [float(each) for each in re.findall(r"time=([\d.]+) ms", told)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--python", default=sys.executable, help="the Python that has pressenter (default: this one)")
    given = parser.parse_args()
    for name, rates in (
        ("download, curl", curl(given.python, given.runs, f"{_SITE}/large.bin", measure="speed_download")),
        ("upload, curl", curl(given.python, given.runs, *_POST, f"{_SITE}/form", measure="speed_upload")),
        ("to the lab, iperf3", streams(given.python, given.runs)),
        ("from the lab, iperf3", streams(given.python, given.runs, "-R")),
    ):
        print(f"{name:24} {statistics.median(rates):7.0f} Mbit/s   ({min(rates):.0f} to {max(rates):.0f})", flush=True)
    times = echoes(given.python)
    print(f"{'echo of 64 bytes':24} {statistics.median(times):7.2f} ms       ({min(times):.2f} to {max(times):.2f})")


if __name__ == "__main__":
    main()
