"""The journey: a person types an address, and everything follows.

>>> import pressenter
>>> journey = pressenter.go("www.example.com", seed=7)
>>> journey.page.title
'Example of a long way'
>>> journey.why(journey.events[-1])[-1].name
'keyboard.press'
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressenter.machine.display import Frame
from pressenter.machine.keyboard import NoSuchKey
from pressenter.person import Action, ActionError, Person, parse_action
from pressenter.trace.causes import chain
from pressenter.trace.events import CapturedFrame, TraceEvent
from pressenter.worlds.world import World

if TYPE_CHECKING:
    from pressenter.browser.browser import Browser, Failure
    from pressenter.browser.page import Page
    from pressenter.viewer.recording import Recording

__all__ = ["FIRST_KEY_NS", "WARM", "Journey", "JourneyInterrupted", "go", "open_computer"]

_logger = logging.getLogger("pressenter.journey")

#: Which caches may be warm before the journey.
WARM = ("nothing", "names", "everything")
#: When the person begins to type: the network has come up by then.
FIRST_KEY_NS = 1_000_000_000


class Journey:
    """What happened on the way from the key press to the picture, and after.

    Attributes:
        world: the world in which it happened, as it is now.
        browser: the browser, with its caches and its history.
        address: what was typed.
        language: of the words, ``en`` or ``zh``.
    """

    def __init__(self, world: World, browser: Browser, address: str, language: str) -> None:
        self.world = world
        self.browser = browser
        self.address = address
        self.language = language
        self._begin = len(world.recorder.events)

    @property
    def events(self) -> Sequence[TraceEvent]:
        """Everything that was recorded, in order."""
        return self.world.recorder.events

    @property
    def packets(self) -> Sequence[CapturedFrame]:
        """Every frame at every port, in the order of recording."""
        return self.world.recorder.frames

    @property
    def page(self) -> Page | None:
        """The page that is shown, or None if there is none."""
        return self.browser.page

    @property
    def screen(self) -> Frame | None:
        """What is on the screen, or None if nothing has been shown."""
        return self.world.computer.display.shown

    @property
    def failure(self) -> Failure | None:
        """The step that failed and why, or None if a server's page is shown."""
        return self.browser.failure

    @property
    def durations_ns(self) -> list[int]:
        """For each visit the virtual time from the Enter key to the whole picture on the screen."""
        found: list[int] = []
        entered_ns: int | None = None
        loaded = False
        for event in self.events[self._begin :]:
            if event.name == "address_bar.enter":
                entered_ns = event.at_ns
            elif event.name == "page.loaded":
                loaded = entered_ns is not None
            elif event.name == "display.scanout" and loaded and entered_ns is not None:
                found.append(event.at_ns - entered_ns)
                entered_ns, loaded = None, False
        return found

    @property
    def duration_ns(self) -> int:
        """The first visit's time from the Enter key to the picture, 0 if it never came."""
        return self.durations_ns[0] if self.durations_ns else 0

    def why(self, what: TraceEvent | CapturedFrame | int) -> list[TraceEvent]:
        """The chain of causes of an event, a packet or an event's id, back to the key press."""
        number = what if isinstance(what, int) else what.id if isinstance(what, TraceEvent) else what.event
        if not 0 <= number <= len(self.events):
            raise ValueError(f"there is no event {number}: the journey has {len(self.events)}")
        return chain(self.events, number)

    def capture(self, ports: Sequence[str] | None = None) -> bytes:
        """A pcapng file of the frames at some ports, such as ``laptop:eth0``, or at all.

        Raises ValueError for a port at which nothing was seen.
        """
        from pressenter.trace.pcapng import pcapng_bytes

        known = {frame.port for frame in self.packets}
        for port in ports or ():
            if port not in known:
                raise ValueError(f"no frame passed a port {port!r}; ports: {', '.join(sorted(known))}")
        recorder = self.world.recorder
        return pcapng_bytes(
            self.packets, self.events, epoch_seconds=self.world.epoch_seconds, language=self.language,
            key_log=recorder.key_log(),
            title=f"pressenter: {self.address}, seed {self.world.seed}", ports=ports,
        )  # fmt: skip

    def recording(self) -> Recording:
        """Everything that the viewer shows: events, frames, the map, the screen, the page's inside."""
        from pressenter.viewer.recording import Recording
        from pressenter.worlds.topology import topology

        world, table = self.world, self.world.file.browser
        about = {
            "title": world.file.title, "address": self.address, "seed": world.seed, "language": self.language,
            "epoch": world.epoch_seconds, "durations_ns": self.durations_ns,
            "failure": self.failure._asdict() if self.failure is not None else None,
        }  # fmt: skip
        pictures = world.computer.display.recording.patches()
        return Recording(
            about, self.events, self.packets, topology(world), pictures, self.inside_of_page(), table.window
        )  # fmt: skip

    def inside_of_page(self) -> list[dict[str, Any]]:
        """The page as `inspect_page` tells it, with the place of its corner on the screen; none without a page."""
        from pressenter.browser.inspection import inspect_page
        from pressenter.browser.window import TOOLBAR_HEIGHT

        if self.page is None:
            return []
        across, down = self.browser.tab.shown.scroll if self.browser.tab.shown is not None else (0.0, 0.0)
        return [{**inspect_page(self.page), "view": [-across, TOOLBAR_HEIGHT - down]}]

    def report(self) -> str:
        """The journey as a page that can be mailed: one HTML file with the viewer and all that was recorded."""
        from pressenter.viewer.report import report_html

        return report_html(self.recording(), f"pressenter: {self.address}")

    def _repr_html_(self) -> str:
        """The report, in a frame: what Jupyter shows."""
        import html

        return (
            f'<iframe srcdoc="{html.escape(self.report())}" title="pressenter: {html.escape(self.address)}" '
            'style="width: 100%; height: 720px; border: 1px solid #8888"></iframe>'
        )

    def save(self, folder: str | Path, ports: Sequence[str] | None = None, dumps: bool = False) -> list[Path]:
        """Write page.png, journey.html, capture.pcapng, laptop.pcapng, trace.json, journey.har and journey.jsonl.

        journey.html is the report: everything in one file, to look at in a browser.

        capture.pcapng has every port, laptop.pcapng (by the name of the browser's host) what
        tcpdump would see there.
        With ``ports`` the capture holds only what passed these; with ``dumps`` each stage of the
        page is written as text too (dom.txt, styles.txt, …), and /proc/interrupts.  Returns the files written; page.png
        is missing where Skia cannot run.  Raises ValueError for an unknown port.
        """
        from pressenter.trace.chrome_trace import chrome_trace_bytes
        from pressenter.trace.har import har_bytes
        from pressenter.trace.jsonl import jsonl_bytes

        contents = {
            "page.png": self.screen.png if self.screen is not None else b"",
            "journey.html": self.report().encode(),
            "capture.pcapng": self.capture(ports),
            "trace.json": chrome_trace_bytes(self.events, self.language),
            "journey.har": har_bytes(self.events, self.world.epoch_seconds),
            "journey.jsonl": jsonl_bytes(self.events),
        }
        if dumps and self.page is not None:
            from pressenter.browser.page import STAGES

            contents |= {f"{stage}.txt": self.page.dump(stage).encode() + b"\n" for stage in STAGES}
            contents["interrupts.txt"] = self.world.computer.interrupts.proc_interrupts().encode()
        host = self.world.file.browser.host
        own = sorted({frame.port for frame in self.packets if frame.port.startswith(f"{host}:")})
        if own:
            contents[f"{host}.pcapng"] = self.capture(own)
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        written = []
        for name, data in contents.items():
            if data:
                (target / name).write_bytes(data)
                written.append(target / name)
            else:
                (target / name).unlink(missing_ok=True)
        return written


class JourneyInterrupted(KeyboardInterrupt):
    """Somebody pressed Ctrl-C; ``journey`` is what has happened so far."""

    def __init__(self, journey: Journey) -> None:
        super().__init__()
        self.journey = journey


def go(
    address: str,
    *,
    seed: int | None = None,
    world: str | Path | World | None = None,
    sites: Mapping[str, str | Path] | None = None,
    settings: Mapping[str, str] | None = None,
    visits: int = 1,
    warm: str = "nothing",
    then: Sequence[str] = (),
    language: str = "en",
    on_event: Callable[[TraceEvent], None] | None = None,
) -> Journey:
    """Type an address in a world, press Enter, look at the page, and close the tab.

    Args:
        address: what is typed; a URL, a host name, or words to search for.
        seed: of every random draw; 1 if it is not given.
        world: a world file, or a `World` (which has its seed and its sites already); without it
            the built-in one.
        sites: host name to folder: websites to put into the world.
        settings: keys of the world's file to set otherwise (see `pressenter.worlds.settings`).
        visits: how often the address is visited; later visits meet warm caches.
        warm: which caches an earlier visit has filled: ``nothing``, ``names`` or ``everything``.
        then: what the person does with the page after that, such as ``click More`` (see `pressenter.person`).
        language: of the browser's own pages, ``en`` or ``zh``.
        on_event: called with each event as it happens.

    A page that cannot be shown is no exception, nor is a bug of ours on the way: see
    `Journey.failure`.  Raises WorldFileError for a wrong world file or site, NoSuchKey for what
    cannot be typed, ActionError for an action that is none, JourneyInterrupted (a
    KeyboardInterrupt) with the journey so far.
    """
    if visits < 1:
        raise ValueError(f"visits: {visits} is not a number of visits")
    if warm not in WARM:
        raise ValueError(f"warm: {warm!r} is none of {', '.join(WARM)}")
    actions = [parse_action(text) for text in then]
    world = _world_for(world, seed, sites, settings)
    if on_event is not None:
        for event in world.recorder.events:
            on_event(event)
        world.recorder.subscribe(on_event)
    journey, window_system = open_computer(world, address, language)
    browser, loop = journey.browser, world.host(world.file.browser.host).loop
    try:
        person = Person(world.computer, browser)
        loop.run_until_complete(_sit_down(world, person, browser, address, visits, warm, actions))
        world.run()  # until the last connection has left TIME-WAIT
        window_system.cancel()
        world.run()
    except NoSuchKey:
        world.abandon()
        raise
    except KeyboardInterrupt:
        world.abandon()
        raise JourneyInterrupted(journey) from None
    except Exception as error:  # nothing is lost: the trace so far is the best report of a bug
        _logger.exception("the journey failed")
        world.abandon()
        browser.fail_by_bug(error)
    finally:
        world.close()
    return journey


def open_computer(world: World, address: str, language: str = "en") -> tuple[Journey, asyncio.Task[None]]:
    """Switch the computer of a world on: a browser in a window that gets the input; the window system is a task."""
    browser, computer = _open_browser(world, language), world.computer
    computer.windows.focused, computer.windows.size = browser, browser.size
    computer.windows.on_exception = browser.fail_by_bug
    loop = world.host(world.file.browser.host).loop
    window_system = loop.create_task(computer.windows.run(), name="window system")
    return Journey(world, browser, address, language), window_system


def _world_for(
    world: str | Path | World | None, seed: int | None, sites: Mapping[str, str | Path] | None,
    settings: Mapping[str, str] | None,
) -> World:  # fmt: skip
    """The world that `go` was given, or the one that its file describes."""
    if not isinstance(world, World):
        return World.load(world, seed=1 if seed is None else seed, sites=sites, settings=settings)
    if sites or settings or seed not in (None, world.seed):
        raise ValueError("a World has its seed, sites and settings already: give them to World.load")
    return world


def _open_browser(world: World, language: str) -> Browser:
    """The browser of the world's file, on its host: its work takes virtual time, its frames go to the screen."""
    from pressenter.browser.browser import Browser

    computer, table = world.computer, world.file.browser

    async def spend(kind: str, amount: float) -> None:
        await asyncio.sleep(computer.costs.of(kind, amount) / 1e9)

    return Browser(
        table.host, world.recorder, spend=spend, present=computer.windows.present, context=world.client_context,
        wall_clock=world.wall_clock, size=table.window, history=table.history, blocklist=table.blocklist,
        search=table.search, language=language,
    )  # fmt: skip


async def _sit_down(
    world: World, person: Person, browser: Browser, address: str, visits: int, warm: str, then: list[Action]
) -> None:
    """Somebody at the keyboard: types, looks at the picture, does this and that, closes the tab."""
    await asyncio.sleep(max(0, FIRST_KEY_NS - world.agenda.now_ns) / 1e9)
    if warm != "nothing":
        await person.visit(address)
        if warm == "names":
            browser.fetcher.cache.clear()
            await browser.client.close()
    for _ in range(visits):
        await person.visit(address)
    try:
        for action in then:
            await person.do(action)
    except ActionError as error:
        browser.fail_by_person(str(error))
    await browser.close_tab()
