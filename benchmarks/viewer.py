"""The viewer with a journey of 50,000 packets, in Chromium: ``python benchmarks/viewer.py [--runs N]``.

How long until the report is shown, from its opening (the page's own performance entries), and how many
frames a second are drawn while the list of packets is scrolled, the timeline is zoomed, and the map plays.
Medians.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import pressenter

_FRAMES = """async () => {
  let frames = 0, y = 0;
  const begin = performance.now();
  return await new Promise((done) => {
    const frame = (now) => { frames++; ACT; if (now - begin < 3000) requestAnimationFrame(frame); else done(frames * 1000 / (now - begin)); };
    requestAnimationFrame(frame);
  });
}"""
_ACTS = {
    "packets": "y += 400; document.querySelector('pe-packets .rows').scrollTop = y",
    "timeline": "document.querySelector('pe-timeline canvas').dispatchEvent(new WheelEvent('wheel', "
    "{ deltaY: frames % 60 < 30 ? -100 : 100, clientX: 700, clientY: 300, cancelable: true }))",
    "journey": "if (frames === 1) document.querySelector('pe-transport [data-key=first]').click(); "
    "if (frames === 2) document.querySelector('pe-transport [data-key=play]').click()",
}


def _report(folder: Path) -> tuple[str, int]:
    """A report's address, and its packets: a file of some megabytes over eleven links."""
    (folder / "index.html").write_text("<!doctype html><title>Big</title><img src=a.bin>")
    (folder / "a.bin").write_bytes(random.Random(1).randbytes(2_300_000))
    journey = pressenter.go("www.big.test", sites={"www.big.test": folder})
    (folder / "journey.html").write_text(journey.report(), encoding="utf-8")
    return (folder / "journey.html").as_uri(), len(journey.packets)


def _measure(browser: Any, address: str, view: str) -> tuple[float, float]:
    """Milliseconds until it is shown, and frames a second."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(f"{address}#view={view}")
    page.wait_for_timeout(3000)
    shown = page.evaluate("performance.getEntriesByName('pressenter:shown')[0].startTime")
    if view == "packets":
        page.select_option("pe-packets select", "")
        page.wait_for_timeout(500)
    frames = page.evaluate(_FRAMES.replace("ACT", _ACTS[view]))
    page.close()
    return shown, frames


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each; medians are printed (default: 5)")
    runs = parser.parse_args().runs
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        address, packets = _report(Path(folder))
        size = Path(folder, "journey.html").stat().st_size
        print(f"{packets:,} packets, a report of {size / 1e6:.1f} MB")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for view in _ACTS:
            found = [_measure(browser, address, view) for _ in range(runs)]
            shown, frames = (statistics.median(column) for column in zip(*found, strict=True))
            print(f"{view:<10} shown after {shown:,.0f} ms, {frames:.0f} frames a second")
        browser.close()


if __name__ == "__main__":
    main()
