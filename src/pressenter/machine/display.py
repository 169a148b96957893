"""The display: scans the newest frame out at its next refresh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pressenter.machine.screen_recording import ScreenRecording
from pressenter.sim import Agenda, Entry
from pressenter.trace import Recorder

__all__ = ["REFRESH_HZ", "Display", "Frame"]

REFRESH_HZ = 60


class Frame(Protocol):
    """A picture: its size, its file in PNG and its pixels (empty where nothing could be rastered)."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def png(self) -> bytes: ...

    @property
    def pixels(self) -> bytes: ...


class Display:
    """A screen with a frame buffer that is read at 60 Hz.

    Attributes:
        shown: the frame that is on the screen, or None.
        frames: how many different frames have been shown.
        recording: what they looked like.
    """

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.shown: Frame | None = None
        self.frames = 0
        self.recording = ScreenRecording()
        #: Called with each frame that has come onto the screen: whoever looks at it.
        self.on_shown: Callable[[Frame], None] = lambda frame: None
        self._next: tuple[Frame, Callable[[], None] | None] | None = None
        self._refresh: Entry | None = None

    def present(self, frame: Frame, when_shown: Callable[[], None] | None = None) -> None:
        """Show a frame from the next vertical blank on; a later one before then replaces it.

        Args:
            when_shown: called when the frame is on the screen.
        """
        self._next = (frame, when_shown)
        if self._refresh is not None:
            self._refresh.cancel()
        period = 1_000_000_000 // REFRESH_HZ
        blank = (self.agenda.now_ns // period + 1) * period
        self._refresh = self.agenda.at(blank, self._scan_out)

    def _scan_out(self) -> None:
        assert self._next is not None
        (self.shown, when_shown), self._next, self._refresh = self._next, None, None
        self.frames += 1
        event = self.recorder.record(
            self.node, "display.scanout", frame=self.frames, width=self.shown.width,
            height=self.shown.height,
        )  # fmt: skip
        if event:
            self.recording.add(event, self.shown)
        if when_shown is not None:
            when_shown()
        self.on_shown(self.shown)
