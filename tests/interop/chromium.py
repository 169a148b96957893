"""A page in Chromium and in pressenter: every element's rectangle, side by side.

``python tests/interop/chromium.py PAGE...`` prints for each page (a file, or a folder with an
index.html) the share of elements that agree, and with ``--show N`` the first N that do not.

Both load the same file: scripts are taken out and what is in ``noscript`` is left, since scripts do
not run in pressenter.  Fonts are the computer's own for both.  Fixed beforehand: an element agrees if
x, y, width and height are each within 1 pixel, or width and height within 2 % (text).  Elements without
a rectangle in Chromium are not counted, unless pressenter gives them one.

The pixels of the first screen are compared too: a pixel agrees if no channel differs by more than 48
of 255 from some pixel at most one away.
"""

from __future__ import annotations

import argparse
import html
import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.render import page_picture, page_rectangles, render

__all__ = ["Comparison", "compare"]

WIDTH, HEIGHT = 1280, 900
_SCRIPT = re.compile(r"<script\b.*?</script\s*>", re.IGNORECASE | re.DOTALL)
_NOSCRIPT = re.compile(r"</?noscript\b[^>]*>", re.IGNORECASE)
_MEASURE = """<script>
addEventListener("load", async () => {
  await document.fonts.ready;
  const found = [];
  const walk = (element, path) => {
    const r = element.getBoundingClientRect();
    found.push([path, r.x + scrollX, r.y + scrollY, r.width, r.height]);
    let number = 0;
    for (const child of element.children) walk(child, `${path}>${child.localName}:nth-child(${++number})`);
  };
  document.currentScript?.remove();
  document.getElementById("pressenter-measure").remove();
  walk(document.documentElement, "html");
  const answer = JSON.stringify({width: innerWidth, height: innerHeight, elements: found});
  document.documentElement.innerHTML = "<pre id=answer></pre>";
  document.getElementById("answer").textContent = answer;
});
</script>""".replace("<script>", '<script id="pressenter-measure">')


class Comparison(NamedTuple):
    """How many elements of a page agree, of how many, which do not, and the share of pixels that do."""

    agreeing: int
    counted: int
    differences: list[tuple[str, tuple[float, ...], tuple[float, ...] | None]]
    pixels: float | None

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.agreeing / self.counted if self.counted else 0.0


def _prepared(page: Path, folder: Path) -> Path:
    """The page without scripts, its addresses as from where it stands."""
    text = page.read_bytes().decode("utf-8", "replace")
    text = _NOSCRIPT.sub("", _SCRIPT.sub("", text))
    base = f'<base href="{html.escape(page.resolve().as_uri())}">'
    if "<base" not in text.lower():
        # Not before the doctype: Chromium would be in quirks mode.
        for tag in ("head", "html", "!doctype"):
            text, count = re.subn(
                rf"(<{tag}\b[^>]*>)", lambda match: match[1] + base, text, count=1, flags=re.IGNORECASE
            )
            if count:
                break
        else:
            text = base + text
    copy = folder / "page.html"
    copy.write_text(text, encoding="utf-8")
    return copy


def _chromium(*arguments: str) -> bytes:
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
        "--force-color-profile=srgb", f"--window-size={WIDTH},{HEIGHT}", "--virtual-time-budget=10000", *arguments,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, timeout=300, check=True).stdout


def _measured(copy: Path) -> dict[str, Any]:
    """What Chromium says of the page."""
    measuring = copy.with_name("measured.html")
    measuring.write_text(copy.read_text(encoding="utf-8") + _MEASURE, encoding="utf-8")
    dumped = _chromium("--dump-dom", measuring.as_uri()).decode("utf-8")
    found = re.search(r'<pre id="answer">(.*)</pre>', dumped, re.DOTALL)
    assert found is not None, "Chromium has not measured the page"
    answer: dict[str, Any] = json.loads(html.unescape(found[1]))
    return answer


def _agree(theirs: tuple[float, ...], ours: tuple[float, ...]) -> bool:
    return all(
        abs(a - b) <= 1.0 or (index >= 2 and abs(a - b) <= 0.02 * abs(a))
        for index, (a, b) in enumerate(zip(theirs, ours, strict=True))
    )


def compare(page: Path, fonts: FontLibrary | None = None, pixels: bool = False, null: bool = False) -> Comparison:
    """Load a page in both.

    Args:
        null: compare with a renderer that gives no element a rectangle.
    """
    if page.is_dir():
        page = page / "index.html"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = _prepared(page, folder)
        theirs = _measured(copy)
        rendering = render(str(copy), theirs["width"], theirs["height"], fonts or FontLibrary(system=True))
        ours: dict[str, tuple[float, ...]] = {}
        if not null:
            ours = {
                e["path"]: tuple(e[side] for side in ("x", "y", "width", "height"))
                for e in page_rectangles(rendering.page)
            }
        share = _agreeing_pixels(copy, rendering.page) if pixels else None
    agreeing = counted = 0
    differences = []
    for path, *sides in theirs["elements"]:
        rectangle, own = tuple(sides), ours.get(path)
        if not any(rectangle[2:]) and (own is None or not any(own[2:])):
            continue
        counted += 1
        if own is not None and _agree(rectangle, own):
            agreeing += 1
        else:
            differences.append((path, rectangle, own))
    return Comparison(agreeing, counted, differences, share)


def _agreeing_pixels(copy: Path, page: Any) -> float:
    from PIL import Image, ImageChops, ImageFilter

    shot = copy.with_name("shot.png")
    _chromium(f"--screenshot={shot}", copy.as_uri())
    theirs = Image.open(shot).convert("RGB")
    ours = Image.open(io.BytesIO(page_picture(page, *theirs.size))).convert("RGB")
    # A pixel may find its like one pixel away: glyphs are drawn at other fractions of a pixel.
    low, high = theirs.filter(ImageFilter.MinFilter(3)), theirs.filter(ImageFilter.MaxFilter(3))
    below, above = ImageChops.subtract(low, ours), ImageChops.subtract(ours, high)
    worst = ImageChops.lighter(below, above).split()
    widest = ImageChops.lighter(ImageChops.lighter(worst[0], worst[1]), worst[2])
    histogram = widest.histogram()
    return sum(histogram[:49]) / max(1, sum(histogram))


def main() -> int:
    """Compare the pages that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--show", type=int, default=0, help="print so many of the elements that differ")
    parser.add_argument("--pixels", action="store_true", help="compare the first screen's pixels too")
    parser.add_argument("--null", action="store_true", help="compare with a renderer that shows nothing")
    arguments = parser.parse_args()
    for page in arguments.pages:
        found = compare(page, pixels=arguments.pixels, null=arguments.null)
        pixels = f", {100 * found.pixels:.1f} % of the pixels" if found.pixels is not None else ""
        print(
            f"{page}: {found.agreeing} of {found.counted} elements agree ({100 * found.share:.1f} %){pixels}",
            flush=True,
        )
        for path, theirs, ours in found.differences[: arguments.show]:
            print(f"  {path}\n    Chromium {theirs}\n    pressenter {ours}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
