"""One world for one tab of the studio: a person types, clicks and scrolls in it; what happens is told in pieces.

A session knows no web: it takes commands as plain values and gives plain values to a function.  It runs in a
thread of its own (see `server`), for a world keeps its thread busy.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pressenter.journey import FIRST_KEY_NS, WARM, Journey, go, open_computer
from pressenter.machine.keyboard import NoSuchKey, check_keys
from pressenter.person import ActionError, Person, finished, parse_action
from pressenter.trace.comparison import compare
from pressenter.viewer.recording import event_columns, frame_columns, picture_rows
from pressenter.worlds.schema import WorldFileError
from pressenter.worlds.settings import Knob, knobs
from pressenter.worlds.world import World

__all__ = ["Session"]

_SLICE_NS = 20_000_000  # virtual time between two pieces of news
_SETTLE_NS = 2_500_000_000  # how long a world goes on by itself after something was done
_MOST_EVENTS = 400_000  # of one session: its memory is bounded

_logger = logging.getLogger("pressenter.studio")

Tell = Callable[[dict[str, Any]], None]


class _Over(KeyboardInterrupt):
    """Nobody looks on any more: an interruption, which no program in the world catches."""


class Session:
    """A world that is used step by step.

    Args:
        tell: called with each message for the viewer.
        is_over: whether nobody looks on any more; asked often, so that no work is done for nobody.
        world, sites, seed: as for `World.load`.
    """

    def __init__(
        self, tell: Tell, world: str | Path | None = None, sites: Mapping[str, str | Path] | None = None, seed: int = 1,
        language: str = "en", is_over: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._tell = tell
        self._is_over = is_over
        self._source: dict[str, Any] = {"world": world, "sites": sites, "seed": seed}
        self._language = language
        self._world = World.load(world, seed=seed, sites=sites)
        self._journey, self._window_system = open_computer(self._world, "", language)
        self._person = Person(self._world.computer, self._journey.browser)
        self._loop = self._world.host(self._world.file.browser.host).loop
        self._events = self._frames = 0
        self._page: object = None
        self._world.agenda.run(FIRST_KEY_NS)  # the network comes up

    @property
    def journey(self) -> Journey:
        """What has happened so far."""
        return self._journey

    def begin(self) -> None:
        """Tell what the world is like, and what can be set in it."""
        recording = self._journey.recording()
        self._events, self._frames = len(self._journey.events), len(self._journey.packets)
        self._world.computer.display.recording.take_new()
        own = [
            Knob("journey.warm", "journey", "warm caches", WARM[0], "which an earlier visit has filled", WARM),
            Knob("journey.address", "journey", "address", "", "such as https://secure.example.com", ()),
            Knob("journey.seed", "journey", "seed", str(self._source["seed"]), "a whole number", ()),
        ]
        settable = [knob._asdict() for knob in (*own, *knobs(self._world.file))]
        self._tell({"kind": "recording", "recording": msgspec.Raw(recording.to_json()), "knobs": settable})

    def take(self, command: Mapping[str, Any]) -> None:
        """Do what somebody asks for.  What cannot be done is told, not raised."""
        try:
            self._take(command)
        except (ActionError, NoSuchKey, WorldFileError) as error:
            self._tell({"kind": "problem", "text": str(error)})
        except (ValueError, KeyError, TypeError, OverflowError, struct.error) as error:
            self._tell({"kind": "problem", "text": f"{command.get('do')}: this cannot be done: {error}"})
        except KeyboardInterrupt:  # nobody looks on
            return
        except Exception as error:  # a bug of ours: the tab hears of it, and goes on
            _logger.exception("the studio's world failed")
            self._tell({"kind": "problem", "text": f"this is a bug in pressenter: {type(error).__name__}: {error}"})
        self._tell({"kind": "idle"})

    def _take(self, command: Mapping[str, Any]) -> None:
        kind = str(command["do"])
        if kind == "compare":
            self._compare([(str(path), str(value)) for path, value in command["settings"]])
            return
        if len(self._journey.events) > _MOST_EVENTS:
            raise ValueError(f"this world has recorded {_MOST_EVENTS:,} events: load the studio again for a new one")
        program = self._program(kind, command)
        self._run(program)

    def _program(self, kind: str, command: Mapping[str, Any]) -> Coroutine[Any, Any, None]:
        """What the person does, as a program on the computer."""
        computer, person = self._world.computer, self._person
        if kind == "visit":
            check_keys(str(command["address"]))
            self._journey.address = str(command["address"])
            return person.visit(self._journey.address)
        if kind in ("back", "forward", "reload"):
            return person.do(parse_action(kind))
        if kind == "act":
            return person.do(parse_action(str(command["action"])))
        if kind == "key":
            return finished(computer.keyboard.type_text, str(command["character"])[:1])
        x, y = round(float(command["x"])), round(float(command["y"]))
        if kind == "click":
            return person.click_at(x, y)
        if kind == "tap":
            return finished(computer.touch_screen.tap, x, y)
        if kind == "wheel":
            return person.turn_wheel_at(x, y, max(-20, min(20, int(command["steps"]))))
        raise ValueError(f"there is nothing that is called {kind!r} to do")

    def _run(self, program: Coroutine[Any, Any, None]) -> None:
        """Let the world go on until the program is done and nothing more happens, telling as it goes."""
        agenda, task = self._world.agenda, self._loop.create_task(program)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is looked at below
        quiet_since = agenda.now_ns
        latest = agenda.now_ns + 600 * 1_000_000_000
        while agenda.now_ns < latest and len(self._journey.events) <= _MOST_EVENTS:
            self._stop_if_over()
            before = len(self._journey.events)
            agenda.run(agenda.now_ns + _SLICE_NS)
            if len(self._journey.events) > before:
                self._news()
            if not task.done():
                quiet_since = agenda.now_ns
            elif agenda.now_ns - quiet_since > _SETTLE_NS or agenda.next_ns is None:
                break
        self._news(inside=True)
        if not task.done():
            task.cancel()
            raise ValueError("it took longer than ten minutes of virtual time, and was given up")
        error = None if task.cancelled() else task.exception()
        if error is not None:
            raise error

    def _stop_if_over(self, event: object = None) -> None:
        if self._is_over():
            raise _Over

    def _news(self, inside: bool = False) -> None:
        """Tell what has happened since it was told last; with the page's inside if that is another now."""
        journey, display = self._journey, self._world.computer.display
        events, frames = journey.events[self._events :], journey.packets[self._frames :]
        self._events, self._frames = len(journey.events), len(journey.packets)
        part: dict[str, Any] = {"events": event_columns(events), "frames": frame_columns(frames)}
        part["pictures"] = picture_rows(display.recording.take_new())
        page, shown = journey.page, journey.browser.tab.shown
        if inside and page is not None and shown is not None and (page, shown.scroll) != self._page:
            self._page = (page, shown.scroll)
            part["pages"] = journey.inside_of_page()
        failure = journey.failure._asdict() if journey.failure is not None else None
        self._tell({"kind": "more", "part": part, "about": {"failure": failure, "address": journey.address}})

    def _compare(self, settings: list[tuple[str, str]]) -> None:
        """The journey as it is, and with the settings, side by side."""
        own = {path.partition(".")[2]: value for path, value in settings if path.startswith("journey.")}
        others = {path: value for path, value in settings if not path.startswith("journey.")}
        address = self._journey.address or "www.example.com"
        before = go(address, language=self._language, on_event=self._stop_if_over, **self._source)
        source = {**self._source, "seed": int(own.get("seed") or self._source["seed"])}
        warm = own.get("warm", WARM[0])
        after = go(
            own.get("address") or address, language=self._language, settings=others, warm=warm,
            on_event=self._stop_if_over, **source,
        )  # fmt: skip
        found = compare(before.events, after.events)
        first = None if found.is_same else found.in_words(self._language)
        both = {"before": before.recording(), "after": after.recording()}
        self._tell({
            "kind": "comparison", **{name: msgspec.Raw(recording.to_json()) for name, recording in both.items()},
            "difference": {"steps": [pair._asdict() for pair in found.steps], "first": first},
        })  # fmt: skip

    def close(self) -> None:
        """End the world."""
        self._window_system.cancel()
        self._world.abandon()
        self._world.close()
