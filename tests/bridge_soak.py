"""curl in a loop through ``pressenter bridge``: ``python tests/bridge_soak.py --seconds 3600`` (as root, on Linux).

The kernel's curl fetches a page and a picture from the built-in world, by their names, again and again: each fetch
is a new connection through the home's address translation and over the whole simulated way.  Looked for are what only
shows after a while: memory that grows, fetches that stall, connections that stay, checksums that the kernel finds wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

_PAGES = ("http://www.example.com/", "http://www.example.com/route.png")
_STALLED_SECONDS = 5.0
_RESOLVERS = Path("/etc/netns")


class Soak(NamedTuple):
    """What came out: fetches, those that failed, the slowest one's seconds, memory, what the kernel has counted."""

    fetches: int
    failed: int
    slowest: float
    first_mebibytes: float
    last_mebibytes: float
    errors: dict[str, int]

    def complaints(self) -> list[str]:
        """What is not as it should be."""
        found = [f"{name}: {count}" for name, count in self.errors.items() if count]
        if self.failed or not self.fetches:
            found.append(f"{self.failed} of {self.fetches} fetches failed")
        if self.slowest > _STALLED_SECONDS:
            found.append(f"a fetch took {self.slowest:.1f} s")
        if self.last_mebibytes > 1.2 * self.first_mebibytes + 5:
            found.append(f"memory grew from {self.first_mebibytes:.0f} to {self.last_mebibytes:.0f} MiB")
        return found


@contextlib.contextmanager
def bridged(namespace: str, told: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A bridge that runs, and a namespace whose only cable leads into the world; ``told`` gets what it said."""
    subprocess.run(["ip", "netns", "add", namespace], check=True)
    folder = _RESOLVERS / namespace
    folder.mkdir(parents=True)
    (folder / "resolv.conf").write_text("nameserver 192.168.1.1\n")
    command = [sys.executable, "-m", "pressenter", "bridge", "--tap", "tap0", "--namespace", namespace, "--configure"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        assert "gateway 192.168.1.1" in process.stdout.readline()
        time.sleep(0.5)
        yield process
    finally:
        process.send_signal(2)
        told.append(process.communicate(timeout=30)[0])
        subprocess.run(["ip", "netns", "del", namespace], check=False)
        (folder / "resolv.conf").unlink()
        folder.rmdir()


def soak(seconds: float, tell: Callable[[str], object] = lambda text: None) -> Soak:
    """Fetch for so long; ``tell`` gets a line each minute, and what the bridge says at the end."""
    namespace, told = f"pe-soak-{os.getpid()}", [""]
    with bridged(namespace, told) as bridge:
        result = _fetch_on(namespace, bridge.pid, seconds, tell)
    tell(told[-1].strip())
    return result


def _fetch_on(namespace: str, bridge: int, seconds: float, tell: Callable[[str], object]) -> Soak:
    inside = ["ip", "netns", "exec", namespace]
    end = time.monotonic() + seconds
    fetches = failed = 0
    slowest = 0.0
    warm = told = time.monotonic()
    first = 0.0
    while (now := time.monotonic()) < end:
        done = subprocess.run(
            [*inside, "curl", "-s", "-f", "-o", "/dev/null", "-w", "%{time_total}", "--max-time", "20",
             _PAGES[fetches % len(_PAGES)]], capture_output=True, text=True, check=False,
        )  # fmt: skip
        fetches += 1
        failed += done.returncode != 0
        slowest = max(slowest, float(done.stdout or 0))
        if not first and (now - warm > min(300.0, seconds / 4)):
            first = _mebibytes(bridge)  # TIME-WAIT and the translator's table have their full size by now
        if now - told > 60:
            told = now
            tell(f"{fetches} fetches, {failed} failed, {slowest:.2f} s at most, {_mebibytes(bridge):.1f} MiB")
    counters = subprocess.run([*inside, "nstat", "-az"], capture_output=True, text=True, check=True).stdout
    wrong = {name: int(count) for name, count in re.findall(r"^(\w*(?:CsumErrors|InErrs))\s+(\d+)", counters, re.M)}
    assert wrong
    return Soak(fetches, failed, slowest, first, _mebibytes(bridge), wrong)


def _mebibytes(process: int) -> float:
    """What a process has in memory."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1]) / 1024  # type: ignore[index]


def main() -> int:
    """Run, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600)
    result = soak(parser.parse_args().seconds, lambda text: print(text, flush=True))
    print(result)
    for complaint in result.complaints():
        print(complaint)
    return 1 if result.complaints() else 0


if __name__ == "__main__":
    sys.exit(main())
