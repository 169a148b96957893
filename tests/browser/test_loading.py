"""Loading as it happens: bytes arrive, resources are asked for, frames are drawn, moments are recorded."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import pressenter
from pressenter.browser.css.style_sheet import Medium
from pressenter.browser.html.decoder import DocumentDecoder, decode
from pressenter.browser.html.dom import dump
from pressenter.browser.html.html_parser import HtmlParser, parse_html
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.live_page import LivePage
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.browser.preload_scanner import PreloadScanner
from pressenter.http.content_coding import BadEncoding, ContentDecoder
from pressenter.http.errors import FetchError
from pressenter.http.messages import Fetched, Headers, Response
from pressenter.sim import Agenda
from pressenter.trace import Recorder


class SlowFetcher:
    """Gives what it has when the test says so."""

    def __init__(self, files: dict[str, tuple[str, bytes]]) -> None:
        self.files = files
        self.asked: list[str] = []
        self._gates = {name: asyncio.Event() for name in files}

    def release(self, name: str) -> None:
        self._gates[name].set()

    async def fetch(self, url: str, kind: str, referrer: str = "", *, form: Any = None) -> Fetched:
        name = url.rpartition("/")[2]
        self.asked.append(name)
        if name not in self.files:
            raise FetchError("http", f"{name} is not there")
        await self._gates[name].wait()
        kind, body = self.files[name]
        return Fetched(url, Response(url, 200, "OK", Headers([("Content-Type", kind)]), body), body)


async def settle() -> None:
    """Let everything run that can, and some frames pass."""
    await asyncio.sleep(0.12)


def live_test(test: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test that runs on the standard loop, without a world."""

    def run() -> None:
        asyncio.run(test(None))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def start(fetcher: SlowFetcher, frames: list[Page]) -> tuple[LivePage, Recorder]:
    recorder = Recorder(Agenda())

    async def spend(kind: str, amount: float) -> None:
        return None

    async def present(page: Page) -> None:
        frames.append(page)

    services = Services("test", recorder, fetcher, spend, Medium(800, 600))
    return LivePage(services, "http://a.test/", "utf-8", FontLibrary(), present), recorder


@live_test
async def test_the_page_grows_with_its_bytes(_: Any) -> None:
    frames: list[Page] = []
    live, _recorder = start(SlowFetcher({}), frames)
    live.feed(b"<!doctype html><title>T</title><p>one<p>")
    await settle()
    assert frames[-1].text == "one"
    live.feed(b"two<p>three")
    await settle()
    assert frames[-1].text == "one two"  # text is taken up to the next tag
    assert (await live.finish()).text == "one two three"
    live.stop()


@live_test
async def test_a_style_sheet_blocks_painting_and_a_picture_does_not(_: Any) -> None:
    fetcher = SlowFetcher({"a.css": ("text/css", b"p { color: red }"), "a.svg": ("image/svg+xml", b"<svg/>")})
    frames: list[Page] = []
    live, _recorder = start(fetcher, frames)
    live.feed(b"<!doctype html><link rel=stylesheet href=a.css><p>text<img src=a.svg>")
    await settle()
    assert fetcher.asked == ["a.css", "a.svg"] and not frames
    fetcher.release("a.css")
    await settle()
    assert frames and frames[-1].text == "text" and not frames[-1].pictures
    painted = len(frames)
    fetcher.release("a.svg")
    page = await live.finish()
    assert len(page.pictures) == 1 and painted == 1
    live.stop()


@live_test
async def test_the_scanner_asks_before_the_parser_does_and_once(_: Any) -> None:
    fetcher = SlowFetcher({"a.png": ("image/png", b""), "b.css": ("text/css", b"")})
    live, recorder = start(fetcher, [])
    live.feed(
        b"<link rel=preload as=image href=a.png><p><img src=a.png><img src=a.png><link rel=stylesheet href=b.css>"
    )
    await settle()
    names = [event.name for event in recorder.events]
    assert names.index("html.preload") < names.index("html.subresource")
    assert sorted(fetcher.asked) == ["a.png", "b.css"]
    live.stop()


@live_test
async def test_text_waits_for_its_font_unless_the_page_says_otherwise(_: Any) -> None:
    fetcher = SlowFetcher({"f.woff2": ("font/woff2", b"no font")})
    frames: list[Page] = []
    live, _recorder = start(fetcher, frames)
    css = "@font-face { font-family: F; src: url(f.woff2) } p { font-family: F }"
    live.feed(f"<!doctype html><style>{css}</style><p>text</p>".encode())
    await settle()
    assert frames[-1].text == "text" and "glyphs" not in frames[-1].dump("display-list")
    live.stop()
    frames.clear()
    live, _recorder = start(fetcher, frames)
    css = css.replace("F;", "F; font-display: swap;")
    live.feed(f"<!doctype html><style>{css}</style><p>text</p>".encode())
    await settle()
    assert "glyphs" in frames[-1].dump("display-list")
    live.stop()


@live_test
async def test_what_cannot_be_had_delays_nothing_for_ever(_: Any) -> None:
    frames: list[Page] = []
    live, recorder = start(SlowFetcher({}), frames)
    live.feed(b"<!doctype html><link rel=stylesheet href=gone.css><p>text<img src=gone.png alt=gone>")
    page = await live.finish()
    assert page.text == "text gone"
    assert sum(event.name == "page.without" for event in recorder.events) == 2
    live.stop()


# ---- decoding and parsing in pieces -----------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 100])
@pytest.mark.parametrize(
    "data",
    [
        "<meta charset=utf-8>\u4f60\u597d, \u20ac".encode(), "\ufeffBOM \u20ac".encode(), b"\xff\xfe<\0p\0>\0",
        b"<meta charset=gbk>" + "\u4f60".encode("gbk"), b"<!-- " + b"x" * 2000 + b"--><meta charset=gbk>\xc4\xe3", b"",
    ],
)  # fmt: skip
def test_decoding_in_pieces_is_decoding_the_whole(data: bytes, size: int) -> None:
    decoder = DocumentDecoder()
    pieces = [decoder.feed(data[begin : begin + size]) for begin in range(0, len(data), size)]
    assert ("".join(pieces) + decoder.feed(b"", final=True), decoder.encoding) == decode(data)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_content_codings_in_pieces(size: int) -> None:
    import brotli

    text = b"the same words, the same words, again" * 50
    for coding, body in (("gzip", gzip.compress(text) + gzip.compress(text)), ("br", brotli.compress(text + text))):
        decoder = ContentDecoder(coding)
        found = b"".join(decoder.feed(body[begin : begin + size]) for begin in range(0, len(body), size))
        assert found + decoder.close() == text + text
        cut = ContentDecoder(coding)
        cut.feed(body[:-9])
        with pytest.raises(BadEncoding, match="truncated"):
            cut.close()


@pytest.mark.parametrize("size", [1, 5, 64])
def test_parsing_in_pieces_is_parsing_the_whole(size: int) -> None:
    text = "<!doctype html><p>a<b>b<p>c</b><table><td>x</table><script>if (a < b) '</p>'</script><svg><![CDATA[<p>]]></svg>"
    parser = HtmlParser()
    for begin in range(0, len(text), size):
        parser.feed(text[begin : begin + size])
    assert dump(parser.close()) == dump(parse_html(text))


def test_a_script_stops_the_parser_and_writes() -> None:
    seen: list[str] = []

    def on_script(script: Any) -> None:
        text = script.text_content()
        seen.append(text)
        if text == "write":
            parser.write("<i>written</i><script>inner</script>")
        if text == "wait":
            parser.pause()

    parser = HtmlParser(scripting=True, on_script=on_script)
    parser.feed("<p>1<script>write</script>2<script>wait</script>3")
    assert seen == ["write", "inner", "wait"] and parser.is_paused
    assert parser.builder.document.text_content() == "1writewritteninner2wait"
    parser.feed("4")
    parser.resume()
    assert parser.close().text_content() == "1writewritteninner2wait34"


def test_what_the_scanner_sees() -> None:
    scanner = PreloadScanner(Medium(800, 600))
    found = scanner.feed(
        """<base href=/deep/><title><img src=not.png></title><link rel="alternate stylesheet" href=not.css>
        <link rel=stylesheet media=print href=not.css><link rel=stylesheet href=a.css><template><img src=not.png></template>
        <picture><source media="(max-width: 500px)" srcset=not.png><source srcset=wide.png><img src=not.png></picture>
        <img loading=lazy src=not.png><img src="b.png"><script>"<img src=not.png>"</script><link rel=preload as=font href=f>"""
    )
    assert [preload.reference for preload in found] == ["a.css", "wide.png", "b.png", "f"]
    assert scanner.base == "/deep/"


# ---- the whole way -------------------------------------------------------------------------------------


def test_the_moments_of_a_page_load(journey: pressenter.Journey) -> None:
    moments = {}
    for event in journey.events:
        moments.setdefault(event.name, event)
    order = ["navigate.start", "html.preload", "page.dom_content_loaded", "page.first_paint",
             "page.first_contentful_paint", "page.loaded"]  # fmt: skip
    ids = [moments[name].id for name in order]
    assert ids == sorted(ids)
    paint = moments["page.first_contentful_paint"]
    assert journey.events[paint.cause - 1].name in ("page.first_paint", "display.scanout")
    assert paint.fields["after_ms"] == round((paint.at_ns - moments["navigate.start"].at_ns) / 1e6, 3)
    pictures = [event for event in journey.events if event.name == "image.decode"]
    assert all(event.at_ns > paint.at_ns for event in pictures)
    largest = [event for event in journey.events if event.name == "page.largest_contentful_paint"]
    assert largest[-1].fields["element"] == "img" and largest[-1].at_ns > paint.at_ns
    areas = [event.fields["area"] for event in largest]
    assert areas == sorted(areas)


# ---- in a process of its own ------------------------------------------------------------------------------


def test_a_page_in_a_process_of_its_own(tmp_path: Path) -> None:
    from pressenter.browser.local_files import LocalFetcher
    from pressenter.browser.page_process import Frame, PageProcess
    from pressenter.browser.paint.raster import rasterize
    from pressenter.browser.render import render

    (tmp_path / "style.css").write_text("h1 { color: #c00 } p { column-count: 2 }")
    (tmp_path / "dot.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'><circle r='20'/></svg>"
    )
    page = tmp_path / "index.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8><title>Apart</title><link rel=stylesheet href=style.css><h1>\u4f60\u597d, heading</h1>"
        + "<p>" + "words in columns " * 40 + "</p><img src=dot.svg><img src=gone.png alt=gone>"
    )  # fmt: skip

    async def run() -> Frame:
        frames: list[Frame] = []
        fetcher = LocalFetcher(Recorder(Agenda()))
        process = PageProcess(page.as_uri(), "utf-8", Medium(800, 600), fetcher, frames.append)
        try:
            for begin in range(0, page.stat().st_size, 200):
                process.feed(page.read_bytes()[begin : begin + 200])
            return await process.finish()
        finally:
            process.stop()

    frame = asyncio.run(run())
    here = render(str(page), 800, 600, FontLibrary()).page
    assert frame.title == "Apart" and frame.pictures == here.pictures
    there = rasterize(frame.display_list, frame.pictures, 800, 600)
    assert there == rasterize(here.display_list, here.pictures, 800, 600)
