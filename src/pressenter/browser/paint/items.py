"""The items of a display list: what to draw, as plain values that any painter can play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Union

from pressenter.browser.css.values import Color
from pressenter.browser.layout.shaped_text import Shaped

__all__ = [
    "NO_RADII", "BorderItem", "Clip", "DisplayItem", "FillRect", "FixedToViewport", "GlyphRun", "GradientItem", "Group",
    "PictureItem", "PopState", "Radii", "Rect", "Shadow", "Stroke", "dump_display_list",
]  # fmt: skip


class Rect(NamedTuple):
    """A rectangle in page coordinates."""

    x: float
    y: float
    width: float
    height: float

    def inset(self, top: float, right: float, bottom: float, left: float) -> Rect:
        """The rectangle inside of some edges."""
        width, height = self.width - left - right, self.height - top - bottom
        return Rect(self.x + left, self.y + top, max(0.0, width), max(0.0, height))

    def grown(self, by: float) -> Rect:
        """The rectangle with some room around it."""
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def joined(self, other: Rect) -> Rect:
        """The smallest rectangle around both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Rect(left, top, right - left, bottom - top)

    def common(self, other: Rect) -> Rect | None:
        """What is in both, or None if nothing is."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is in it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


#: (horizontal, vertical) radius of each corner, clockwise from the upper left.
Radii = tuple[tuple[float, float], ...]
NO_RADII: Radii = ((0.0, 0.0),) * 4


class FillRect(NamedTuple):
    """A filled rectangle."""

    rect: Rect
    color: Color
    radii: Radii = NO_RADII


class GradientItem(NamedTuple):
    """A gradient drawn into a tile that is repeated over an area.

    ``kind`` is linear, radial or conic; ``geometry`` its line (x1, y1, x2, y2), its centre and radii
    (x, y, rx, ry), or its centre and angle (x, y, degrees), relative to the tile's corner; ``stops`` are
    offsets with colours.
    """

    tile: Rect
    area: Rect
    radii: Radii
    kind: str
    repeats: bool
    geometry: tuple[float, ...]
    stops: tuple[tuple[float, Color], ...]
    step: tuple[float, float]


class BorderItem(NamedTuple):
    """Borders: widths, colours and styles of top, right, bottom, left."""

    rect: Rect
    widths: tuple[float, ...]
    colors: tuple[Color, ...]
    styles: tuple[str, ...]
    radii: Radii = NO_RADII


class Shadow(NamedTuple):
    """The shadow of a rectangle, moved and blurred; outside of ``rect``, or inside if it is inset."""

    rect: Rect
    radii: Radii
    x: float
    y: float
    blur: float
    spread: float
    color: Color
    inset: bool


class GlyphRun(NamedTuple):
    """Glyphs from a pen position on the baseline."""

    x: float
    baseline: float
    run: Shaped
    size: float
    color: Color
    spacing: float
    #: Bold is wanted, and the face (one of the computer's own) has none: thicken the strokes.
    embolden: bool = False
    #: Slanted is wanted, and the face is upright.
    slant: bool = False
    #: The standard deviation of the blur, for the shadow of text.
    blur: float = 0.0


class Stroke(NamedTuple):
    """A line under, over or through text: solid, double, dotted, dashed or wavy."""

    rect: Rect
    color: Color
    style: str = "solid"


class PictureItem(NamedTuple):
    """A decoded picture, by key, drawn into a rectangle (repeated to fill ``area`` if given)."""

    rect: Rect
    picture: str
    area: Rect | None = None
    #: From one copy to the next; the rectangle's own size unless there is room between.
    step: tuple[float, float] = (0.0, 0.0)


class Clip(NamedTuple):
    """Until the matching `PopState`: draw nothing outside; everything is moved by (x, y)."""

    rect: Rect | None
    radii: Radii = NO_RADII
    x: float = 0.0
    y: float = 0.0


class Group(NamedTuple):
    """Until the matching `PopState`: drawn together, then put onto the page with these effects.

    ``matrix`` (a, b, c, d, e, f) maps (x, y) to (ax + cy + e, bx + dy + f).
    """

    opacity: float = 1.0
    matrix: tuple[float, float, float, float, float, float] | None = None
    filters: tuple[Any, ...] = ()
    blend: str = "normal"


class FramedPicture(NamedTuple):
    """What a frame shows: the display list of the page in it, how far that is scrolled, and its pictures' files."""

    items: Sequence[Any]
    scroll: tuple[float, float]
    pictures: Mapping[str, bytes]


class FixedToViewport(NamedTuple):
    """Until the matching `PopState`: stays where it is when the page is scrolled."""


class PopState(NamedTuple):
    """The end of a `Clip`, a `Group` or a `FixedToViewport`."""


DisplayItem = Union[
    FillRect, GradientItem, BorderItem, Shadow, GlyphRun, Stroke, PictureItem, Clip, Group, FixedToViewport, PopState
]


def dump_display_list(items: Sequence[DisplayItem]) -> str:
    """The list as text, an item a line; what is drawn together is indented."""
    lines = []
    depth = 0
    for item in items:
        depth -= isinstance(item, PopState)
        lines.append("  " * max(0, depth) + _item_text(item))
        depth += isinstance(item, (Clip, Group, FixedToViewport))
    return "\n".join(lines)


def _item_text(item: DisplayItem) -> str:
    if isinstance(item, GlyphRun):
        glyphs = " ".join(map(str, item.run.glyphs))
        font = f"{item.size:g}px {item.run.face.name}"
        return f"glyphs ({item.x:.2f}, {item.baseline:.2f}) {font} {_hex(item.color)}: {glyphs}"
    if isinstance(item, FillRect):
        return f"fill {_rect_text(item.rect)} {_hex(item.color)}"
    if isinstance(item, GradientItem):
        stops = ", ".join(f"{_hex(color)} {offset:.3f}" for offset, color in item.stops)
        return f"{item.kind} gradient {_rect_text(item.tile)} {stops}"
    if isinstance(item, BorderItem):
        return f"border {_rect_text(item.rect)} {' '.join(f'{w:g}' for w in item.widths)}"
    if isinstance(item, Shadow):
        return f"{'inset ' * item.inset}shadow {_rect_text(item.rect)} {_hex(item.color)} blur {item.blur:g}"
    if isinstance(item, Stroke):
        return f"{item.style} line {_rect_text(item.rect)} {_hex(item.color)}"
    if isinstance(item, PictureItem):
        return f"picture {_rect_text(item.rect)} {item.picture}"
    if isinstance(item, Clip):
        return f"clip {_rect_text(item.rect) if item.rect else 'nothing'}"
    if isinstance(item, Group):
        parts = [f"opacity {item.opacity:g}"] if item.opacity < 1 else []
        parts += [f"matrix {' '.join(f'{value:.3f}' for value in item.matrix)}"] if item.matrix else []
        parts += [f"filter {filter_[0]}" for filter_ in item.filters]
        return " ".join(["group", *parts])
    return "fixed" if isinstance(item, FixedToViewport) else "pop"


def _rect_text(rect: Any) -> str:
    return f"({rect.x:.2f}, {rect.y:.2f}) {rect.width:.2f} x {rect.height:.2f}"


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in color)
