"""``pressenter go``: the journey, told as it happens."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pressenter.cli.options import LANGUAGE, SEED, SETTINGS, SITES, WORLD

if TYPE_CHECKING:
    from rich.console import Console

    from pressenter.journey import Journey

__all__ = ["go"]

_FAILED = 1
_USAGE = 2
_INTERRUPTED = 130

_WORDS = {
    "en": {
        "virtual": "virtual time", "files": "Files", "done": "From Enter to the picture: {time} of virtual time; {events} events, {frames} frames, {wall:.2f} s of real time.",
        "failed": "No page came. Failed in {step}: {message}", "missing": "No font here can draw: {characters}. Boxes stand for them.",
        "stuck": "The person could not go on: {message}",
        "status": "The page is the server's answer {status}.",
        "download": "Offered as a download: {name}, {length} bytes.", "no_picture": "page.png is missing: {reason}",
        "open": "Open journey.html in a browser to see all of it; laptop.pcapng in Wireshark, trace.json in https://ui.perfetto.dev, journey.har in developer tools.",
    },
    "zh": {
        "virtual": "虚拟时间", "files": "文件", "done": "从回车到画面：虚拟时间 {time}；{events} 个事件，{frames} 帧，实际用时 {wall:.2f} 秒。",
        "failed": "页面没有到达。失败于{step}：{message}", "missing": "没有字体可显示：{characters}，以方框代替。",
        "stuck": "用户无法继续：{message}",
        "status": "页面是服务器的应答 {status}。",
        "download": "提供下载：{name}，{length} 字节。", "no_picture": "没有 page.png：{reason}",
        "open": "用浏览器打开 journey.html 可查看全部；用 Wireshark 打开 laptop.pcapng，用 https://ui.perfetto.dev 打开 trace.json，用开发者工具打开 journey.har。",
    },
}  # fmt: skip


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("address")
@SEED
@click.option(
    "--out",
    default="journey",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files.",
)
@SITES
@SETTINGS
@WORLD
@click.option(
    "--visits",
    default=1,
    show_default=True,
    type=click.IntRange(1, 20),
    help="How often to visit: later visits meet warm caches.",
)
@click.option(
    "--warm",
    default="nothing",
    show_default=True,
    type=click.Choice(["nothing", "names", "everything"]),
    help="Which caches an earlier visit has filled.",
)
@click.option(
    "--do",
    "then",
    multiple=True,
    metavar="ACTION",
    help="What the person does next with the page: 'click WORDS', 'tap WORDS', 'hover WORDS', 'type TEXT', 'press KEY', "
    "'scroll PIXELS', 'swipe PIXELS', 'back', 'forward', 'reload', 'wait SECONDS'.  WORDS are what a link, a button or a "
    "field says, or a CSS selector.  Repeatable.",
)
@LANGUAGE
@click.option(
    "--port",
    "ports",
    multiple=True,
    metavar="NODE:PORT",
    help="Capture only at this port, such as laptop:eth0.  Repeatable; without it, every port.",
)
@click.option("--dumps", is_flag=True, help="Write each stage of the page as text too: DOM, CSSOM, styles, boxes, …")
@click.option("-v", "--verbose", is_flag=True, help="Tell every event, not only the story.")
@click.option("-q", "--quiet", is_flag=True, help="Tell only the end.")
def go(
    address: str, seed: int, out: Path, sites: dict[str, Path], settings: dict[str, str], world: Path | None, visits: int,
    warm: str, then: tuple[str, ...], language: str, ports: tuple[str, ...], dumps: bool, verbose: bool, quiet: bool,
) -> None:  # fmt: skip
    """Type ADDRESS into the lab's browser, press Enter, and watch.

    ADDRESS is a URL, a host name, or words to search for.  The built-in internet has
    www.example.com, example.com, secure.example.com and search.example.com.

    \b
    Examples:
      pressenter go www.example.com
      pressenter go secure.example.com --visits 2
      pressenter go www.mysite.test --site www.mysite.test=./public
      pressenter go www.mysite.test --site www.mysite.test=./public --do "click Contact" --do back
    """
    from pressenter.cli.story import StoryTeller, Terminal
    from pressenter.journey import JourneyInterrupted
    from pressenter.journey import go as run
    from pressenter.machine.keyboard import NoSuchKey
    from pressenter.person import ActionError
    from pressenter.worlds.schema import WorldFileError

    console = Terminal(highlight=False)
    teller = StoryTeller(console, language, verbose=verbose, quiet=quiet)
    started = time.perf_counter()
    try:
        with teller:
            journey = run(
                address, seed=seed, world=world, sites=sites, settings=settings, visits=visits, warm=warm, then=then,
                language=language, on_event=teller.tell,
            )  # fmt: skip
            teller.working("…")
            files = _save(journey, out, ports, dumps)
    except JourneyInterrupted as interrupted:
        files = _save(interrupted.journey, out, (), False)
        click.echo(f"\npressenter: interrupted; what happened so far: {', '.join(map(str, files))}", err=True)
        sys.exit(_INTERRUPTED)
    except (WorldFileError, NoSuchKey, ActionError) as error:
        click.echo(f"pressenter: {error}", err=True)
        sys.exit(_USAGE)
    _report(console, journey, files, time.perf_counter() - started, language)
    sys.exit(_FAILED if journey.failure is not None else 0)


def _save(journey: Journey, out: Path, ports: tuple[str, ...], dumps: bool) -> list[Path]:
    try:
        return journey.save(out, ports or None, dumps)
    except ValueError as error:
        journey.save(out)  # nothing is lost: the whole capture is written
        raise click.BadParameter(f"{error}; {out} holds the capture of every port", param_hint="--port") from error
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from error


def _report(console: Console, journey: Journey, files: list[Path], wall: float, language: str) -> None:
    """The end of the story: what came, how long it took, where the files are."""
    from rich.markup import escape

    from pressenter.browser.error_page import step_in_words
    from pressenter.cli.story import time_text

    words = _WORDS[language]
    console.print()
    failure = journey.failure
    if failure is not None:
        wording = words["stuck" if failure.step == "person" else "failed"]
        text = wording.format(step=step_in_words(failure.step, language), message=failure.message)
        console.print(f"[bold red]{escape(text)}[/]", soft_wrap=True)
    times = ", ".join(time_text(duration_ns) for duration_ns in journey.durations_ns) or "-"
    counts = {"events": len(journey.events), "frames": len(journey.packets)}
    console.print(words["done"].format(time=times, wall=wall, **counts), soft_wrap=True)
    browser = journey.browser
    if browser.tab.status is not None and browser.tab.status[0] >= 400:
        status = " ".join(map(str, browser.tab.status))
        console.print(f"[yellow]{escape(words['status'].format(status=status))}[/]", soft_wrap=True)
    if browser.tab.download is not None:
        console.print(
            words["download"].format(name=escape(browser.tab.download[0]), length=len(browser.tab.download[1]))
        )
    if browser.fonts.missing:
        characters = "".join(sorted(browser.fonts.missing)[:20])
        console.print(f"[yellow]{escape(words['missing'].format(characters=characters))}[/]", soft_wrap=True)
    if browser.raster_failure:
        console.print(f"[yellow]{escape(words['no_picture'].format(reason=browser.raster_failure))}[/]", soft_wrap=True)
    console.print(f"{words['files']}: " + ", ".join(f"[bold]{escape(str(path))}[/]" for path in files), soft_wrap=True)
    console.print(f"[dim]{words['open']}[/]", soft_wrap=True)
