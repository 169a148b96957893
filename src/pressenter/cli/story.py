"""The story on the terminal: a line for each event that tells something, as it happens."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from pressenter.trace.catalogue import CATALOGUE, sentence
from pressenter.trace.events import BEGIN, TraceEvent
from pressenter.trace.steps import STEPS

__all__ = ["StoryTeller", "Terminal", "time_text"]

#: One colour for each part of the way, so that the eye finds its place.
_COLORS = (
    "magenta", "magenta", "blue", "cyan", "green", "green", "yellow", "yellow", "yellow", "yellow",
    "yellow", "red", "blue", "blue", "magenta", "magenta", "white",
)  # fmt: skip


def time_text(time_ns: int) -> str:
    """A time in milliseconds, to the microsecond."""
    return f"{time_ns / 1e6:,.3f} ms"


class Terminal(Console):
    """A console that falls silent when nobody can hear it any more; the files are still written."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, unless the output cannot be written (a full disk)."""
        try:
            super().print(*objects, **options)
        except OSError:
            self.quiet = True

    def on_broken_pipe(self) -> None:
        """The reader has gone away (``| head``)."""
        self.quiet = True
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, sys.stdout.fileno())


class StoryTeller:
    """Prints events; a context manager, so that its progress display ends."""

    def __init__(self, console: Console, language: str, *, verbose: bool = False, quiet: bool = False) -> None:
        self.console = console
        self.language = language
        self.verbose = verbose
        self.quiet = quiet
        self._told: set[tuple[str, str]] = set()
        self._status: Status | None = None
        self._typing = False
        self._picture_seen = False

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._status = self.console.status("…", spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def working(self, what: str) -> None:
        """Show what is being worked on, where the output is a terminal."""
        if self._status is not None:
            self._status.update(what)

    def tell(self, event: TraceEvent) -> None:
        """Print an event if it belongs to the story."""
        if event.phase == BEGIN:
            step = STEPS[CATALOGUE[event.name].step - 1]
            self.working(f"{event.node}: {step.zh if self.language == 'zh' else step.en}")
            return
        pressed = event.name == "keyboard.press" and event.fields["direction"] == "down"
        if pressed and (self._picture_seen or not self._typing):
            self._told.clear()  # a new visit: everything is told again
            self._typing, self._picture_seen = True, False
        elif event.name == "page.loaded":
            self._picture_seen = True
        if not self.quiet and (self.verbose or self._belongs(event)):
            self.console.print(self._line(event), soft_wrap=True)

    def _belongs(self, event: TraceEvent) -> bool:
        told = CATALOGUE[event.name].told
        if told in ("first", "node"):
            key = (event.name, event.node if told == "node" else "")
            if key in self._told or not self._typing:
                return False
            self._told.add(key)
            return True
        return told == "always"

    def _line(self, event: TraceEvent) -> Text:
        step = STEPS[CATALOGUE[event.name].step - 1]
        title = step.zh if self.language == "zh" else step.en
        color = _COLORS[step.number - 1]
        line = Text()
        line.append(f"{event.at_ns / 1e6:>13,.3f} ms ", style="dim")
        line.append(f"{step.number:>2} {title}", style=color)
        line.append(" " * max(1, 24 - Text(title).cell_len))
        line.append(f"{event.node}: ", style="bold")
        line.append(sentence(event.name, event.fields, self.language))
        return line
