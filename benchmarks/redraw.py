"""A page after one changed text, beside its first drawing: ``python benchmarks/redraw.py [--runs N]``.

The pages are those of `render.py`.  In one process: the page is parsed, styled, laid out and made into a
display list; then a text in the middle of it is changed, and it is drawn again, as often as is asked for.
Medians in milliseconds, and the share of the first drawing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from render import WINDOW, pages

from pressenter.browser.css.style_sheet import Medium
from pressenter.browser.html.dom import Text
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.live_page import LivePage
from pressenter.browser.local_files import LocalFetcher
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.sim import Agenda
from pressenter.trace import Recorder

_SMALLEST_TEXT = 20  # characters


async def _measure(text: str, runs: int) -> tuple[float, float]:
    """Milliseconds of the first drawing, and the median of those after a change."""
    recorder = Recorder(Agenda(), enabled=False)

    async def spend(kind: str, amount: float) -> None:
        """Real time is spent anyway."""

    async def present(page: Page) -> None:
        """Nobody looks."""

    services = Services("benchmark", recorder, LocalFetcher(recorder), spend, Medium(*WINDOW))
    begin = time.perf_counter()
    live = LivePage(services, "file:///page.html", "utf-8", FontLibrary(), present)
    live.feed(text.encode())
    await live.finish()
    first = time.perf_counter() - begin
    texts = [node for node in live.document.descendants() if isinstance(node, Text) and len(node.data) > _SMALLEST_TEXT]
    changed = texts[len(texts) // 2]
    times = []
    for number in range(runs):
        changed.data = f"This text was changed {number + 1} times."
        changed.mark_changed()
        live.changed()
        begin = time.perf_counter()
        await live.finish_drawing()
        times.append(time.perf_counter() - begin)
    live.stop()
    return first * 1e3, statistics.median(times) * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="changes of each page (default: 9)")
    runs = parser.parse_args().runs
    print(f"{'page':<24}{'first':>10}{'again':>10}{'share':>8}")
    for name, text in pages(random.Random(1)).items():
        first, again = asyncio.run(_measure(text, runs))
        print(f"{name:<24}{first:>7.0f} ms{again:>7.1f} ms{again / first:>8.3f}")


if __name__ == "__main__":
    main()
