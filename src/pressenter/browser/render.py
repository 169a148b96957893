"""A page to a picture, without the simulated network: what ``pressenter render`` does.

The stages are those of the browser in the world; only files stand where a network was.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

from pressenter.browser.css.style_sheet import Medium
from pressenter.browser.html.dom import Document, Element, Text
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.rectangles import Rectangle, element_rectangles
from pressenter.browser.live_page import LivePage
from pressenter.browser.local_files import LocalFetcher
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.http.errors import FetchError
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["Rendering", "address_of", "page_picture", "page_rectangles", "render"]

_LARGEST_PICTURE = 16_384  # pixels on a side


class Rendering(NamedTuple):
    """A page, and what was wrong with it: broken pictures and fonts, limits that were reached."""

    page: Page
    problems: list[str]

    def __repr__(self) -> str:
        """Short, as a page's."""
        return f"<Rendering of {self.page.url}>"


def address_of(source: str) -> str:
    """The address of a file, a folder (its index.html), or an address as it is.  Raises FileNotFoundError."""
    if source.startswith(("http:", "https:", "file:", "data:")):
        return source
    path = Path(source)
    if path.is_dir():
        path = path / "index.html"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    return path.resolve().as_uri()


def render(source: str, width: int = 1280, height: int = 900, fonts: FontLibrary | None = None) -> Rendering:
    """Load and lay out a page for a viewport.  Raises FileNotFoundError, FetchError."""
    return asyncio.run(_render(address_of(source), Medium(width, height), fonts or FontLibrary(system=True)))


async def _render(url: str, medium: Medium, fonts: FontLibrary) -> Rendering:
    recorder = Recorder(Agenda())
    fetcher = LocalFetcher(recorder)

    async def spend(kind: str, amount: float) -> None:
        """Real time is spent anyway."""

    bugs: list[Exception] = []
    services = Services("render", recorder, fetcher, spend, medium)
    fetched = await fetcher.fetch(url, "document")
    if fetched.response.status >= 400:
        raise FetchError("http", f"{fetched.url} answers {fetched.response.status} {fetched.response.reason}")
    content_type = fetched.response.headers.get("content-type")
    charset = content_type.partition("charset=")[2].partition(";")[0].strip().strip('"')
    live = LivePage(services, fetched.url, charset, fonts, on_bug=bugs.append)
    live.feed(fetched.body)
    page = await live.finish()
    for bug in bugs:
        raise bug
    return Rendering(page, _problems(recorder))


_PROBLEMS = {
    "page.without": "the page goes on without {url}: {reason}",
    "image.broken": "{url}: no picture ({reason})", "font.broken": "{family}: no font ({reason})",
    "layout.limit": "more than {limit} {what}: the rest is left out",
}  # fmt: skip


def _problems(recorder: Recorder) -> list[str]:
    return [_PROBLEMS[event.name].format(**event.fields) for event in recorder.events if event.name in _PROBLEMS]


def page_picture(page: Page, width: int, height: int, full_page: bool = False) -> bytes:
    """The page as a PNG file: the viewport, or all of it.  Raises RasterUnavailable."""
    from pressenter.browser.paint.raster import rasterize

    if full_page:
        width, height = round(page.layout.width), round(page.layout.height)
    return rasterize(page.display_list, page.pictures, min(width, _LARGEST_PICTURE), min(height, _LARGEST_PICTURE))


def page_rectangles(page: Page) -> list[dict[str, Any]]:
    """For every element its path, its rectangle as getBoundingClientRect gives it, and a leaf's text."""
    rectangles = element_rectangles(page.layout)
    nothing = Rectangle(0.0, 0.0, 0.0, 0.0)
    found = []
    for element, path in _paths(page.document):
        rectangle = rectangles.get(element, nothing)
        entry: dict[str, Any] = {"path": path, **{name: round(value, 4) for name, value in rectangle._asdict().items()}}
        if not any(isinstance(child, Element) for child in element.children):
            text = "".join(child.data for child in element.children if isinstance(child, Text)).strip()
            if text:
                entry["text"] = text
        found.append(entry)
    return found


def _paths(document: Document) -> list[tuple[Element, str]]:
    """Every element with the selectors that lead to it, in tree order."""
    found: list[tuple[Element, str]] = []
    stack = [(document.root, "html")] if document.root is not None else []
    while stack:
        element, path = stack.pop()
        found.append((element, path))
        children = [child for child in element.children if isinstance(child, Element)]
        stack += [
            (child, f"{path}>{child.tag}:nth-child({number})")
            for number, child in reversed(list(enumerate(children, 1)))
        ]
    return found
