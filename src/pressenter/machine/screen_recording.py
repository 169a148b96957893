"""What has been on the screen: every frame, kept as the part that differs from the frame before.

A frame of the browser's window is some megabytes of pixels, and the next one differs in a line of text.
The newest frames wait as they are, since most recordings are never looked at; the others are cut down.
"""

from __future__ import annotations

import io
from collections import deque
from typing import NamedTuple, Protocol

__all__ = ["Patch", "ScreenRecording"]

_WAITING = 6  # frames that are kept as they are
_MOST_BYTES = 64 << 20  # of patches; older ones are given up beyond


class Pixels(Protocol):
    """A frame whose pixels can be had."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def pixels(self) -> bytes:
        """Rows of red, green, blue and alpha; empty where nothing could be drawn."""


class Patch(NamedTuple):
    """The rectangle in which a frame differs from the one before, as a PNG file (empty: in nothing).

    ``event`` is the id of the event that records its being shown.
    """

    event: int
    x: int
    y: int
    width: int
    height: int
    png: bytes


class ScreenRecording:
    """The frames of one display, in the order in which they were shown."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Pixels]] = deque()
        self._patches: deque[Patch] = deque()
        self._size = 0
        self._before: bytes = b""
        self._taken = 0

    def add(self, event: int, frame: Pixels) -> None:
        """A frame is on the screen."""
        self._waiting.append((event, frame))
        if len(self._waiting) > _WAITING:
            self._cut(*self._waiting.popleft())

    def patches(self) -> list[Patch]:
        """All frames; the first is whole, unless the recording was so long that the first ones were given up."""
        while self._waiting:
            self._cut(*self._waiting.popleft())
        return list(self._patches)

    def take_new(self) -> list[Patch]:
        """Those that this has not returned before: what a viewer that looks on still lacks."""
        new = [patch for patch in self.patches() if patch.event > self._taken]
        if new:
            self._taken = new[-1].event
        return new

    def _cut(self, event: int, frame: Pixels) -> None:
        from PIL import Image, ImageChops  # imported late: only who looks at a recording needs it

        size, pixels = (frame.width, frame.height), frame.pixels
        if not pixels:
            return
        image = Image.frombytes("RGBA", size, pixels).convert("RGB")
        bounds: tuple[int, int, int, int] | None = (0, 0, *size)
        if len(self._before) == len(pixels):
            bounds = ImageChops.difference(image, Image.frombytes("RGBA", size, self._before).convert("RGB")).getbbox()
        self._before = pixels
        png = b""
        if bounds is not None:
            file = io.BytesIO()
            image.crop(bounds).save(file, "PNG", compress_level=3)
            png = file.getvalue()
        left, top, right, bottom = bounds or (0, 0, 0, 0)
        self._patches.append(Patch(event, left, top, right - left, bottom - top, png))
        self._size += len(png)
        while self._size > _MOST_BYTES:
            self._size -= len(self._patches.popleft().png)
