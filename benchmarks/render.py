"""``pressenter render`` beside headless Chromium's screenshot: ``python benchmarks/render.py [--runs N]``.

Whole processes from cold, in turns: wall time, the memory at its highest, medians, and the ratios.  Memory is
that of all processes together (Chromium has seven and more), their proportional set sizes added up, so that
pages that several share count once; it is read every few milliseconds, in runs of their own that are not timed.  Three pages, made here from a seed: a short article, 500 KB of text with 20,000 distinct
words, and a page of flex boxes, grids and positioned boxes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

WINDOW = (1280, 900)


def _words(chance: random.Random, count: int) -> list[str]:
    return ["".join(chance.choices("etaoinshrdlucmfwypvbgk", k=chance.randint(2, 10))) for _ in range(count)]


def _paragraphs(chance: random.Random, vocabulary: list[str], size: int) -> str:
    parts, length = [], 0
    while length < size:
        parts.append("<p>" + " ".join(chance.choices(vocabulary, k=80)) + ".")
        length += len(parts[-1])
    return "\n".join(parts)


def pages(chance: random.Random) -> dict[str, str]:
    """The names and the texts."""
    words = _words(chance, 20_000)
    boxes = "".join(
        f"<section><h2>{chance.choice(words)}</h2><p>{' '.join(chance.choices(words, k=30))}</p>"
        f"<footer><b>{number}</b><a href=#>{chance.choice(words)}</a></footer><i></i></section>"
        for number in range(300)
    )
    style = (
        "main { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 16px } "
        "section { position: relative; display: flex; flex-direction: column; border: 1px solid #ccc; padding: 12px } "
        "footer { display: flex; justify-content: space-between; margin-top: auto } "
        "i { position: absolute; top: 8px; right: 8px; width: 12px; height: 12px; background: #09f }"
    )
    start = "<!DOCTYPE html><meta charset=utf-8><title>benchmark</title>"
    return {
        "article of 4 KB": f"{start}<h1>Article</h1>{_paragraphs(chance, words[:800], 4_000)}",
        "text of 500 KB": f"{start}{_paragraphs(chance, words, 500_000)}",
        "flex, grid, positions": f"{start}<style>{style}</style><main>{boxes}</main>",
    }


def _start(command: list[str]) -> int:
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    # An installed program has its bytecode in files; a shell that forbids them would have it compiled at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return os.posix_spawn(command[0], command, environment, file_actions=quiet)


def _seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    _, status = os.waitpid(_start(command), 0)
    if status:
        sys.exit(f"{' '.join(command)} failed: {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begin


def _mebibytes(command: list[str]) -> float:
    """The highest sum of the proportional set sizes of a process and all below it."""
    pid, highest = _start(command), 0
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        highest = max(highest, sum(_proportional_set(process) for process in _family(pid)))
        time.sleep(0.003)
    return highest / 1024


def _family(pid: int) -> list[int]:
    """A process and its descendants (proc(5))."""
    found = [pid]
    for process in found:
        try:
            for children in Path(f"/proc/{process}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        except OSError:  # it has just ended
            continue
    return found


def _proportional_set(pid: int) -> int:
    """In KiB; 0 for a process that has just ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each; medians are printed (default: 5)")
    runs = parser.parse_args().runs
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("chromium is not installed: there is nothing to compare with")
    print(f"{'page':<24}{'ours':>8}{'Chromium':>10}{'ratio':>7}{'ours':>10}{'Chromium':>10}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in pages(random.Random(1)).items():
            page = Path(folder, "page.html")
            page.write_text(text, encoding="utf-8")
            size = f"{WINDOW[0]}x{WINDOW[1]}"
            render = [
                sys.executable,
                "-m",
                "pressenter",
                "render",
                str(page),
                "--size",
                size,
                "--png",
                f"{folder}/a.png",
            ]
            screenshot = [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--window-size={WINDOW[0]},{WINDOW[1]}", f"--screenshot={folder}/b.png", page.as_uri(),
            ]  # fmt: skip
            times = [(_seconds(render), _seconds(screenshot)) for _ in range(runs)]
            sizes = [(_mebibytes(render), _mebibytes(screenshot)) for _ in range(runs)]
            ours, theirs, small, large = (
                statistics.median(pair[side] for pair in pairs) for pairs in (times, sizes) for side in (0, 1)
            )
            print(
                f"{name:<24}{ours:>7.2f}s{theirs:>9.2f}s{ours / theirs:>7.2f}"
                f"{small:>6.0f} MiB{large:>6.0f} MiB{small / large:>7.2f}"
            )


if __name__ == "__main__":
    main()
