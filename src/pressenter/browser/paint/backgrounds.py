"""Backgrounds: colours, pictures and gradients in layers, each in its box (CSS Backgrounds 3 §3, Images 3 §3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import Color
from pressenter.browser.layout.edges import Edges, resolve
from pressenter.browser.paint.items import NO_RADII, DisplayItem, FillRect, GradientItem, PictureItem, Radii, Rect

__all__ = ["SIDES", "background_items", "border_widths", "corner_radii", "inner_radii", "used_color"]

SIDES = ("top", "right", "bottom", "left")
_WIDTHS = tuple(f"border-{side}-width" for side in SIDES)
_RADII = tuple(f"border-{corner}-radius" for corner in ("top-left", "top-right", "bottom-right", "bottom-left"))
_SQUARE = [(0.0, 0.0)] * 4


def used_color(value: Any, style: ComputedStyle) -> Color:
    """A colour with ``currentcolor`` replaced."""
    found = style["color"] if value == "currentcolor" else value
    return found if isinstance(found, Color) else Color(*found)


def border_widths(style: ComputedStyle) -> list[float]:
    """Top, right, bottom, left."""
    return [style[name] for name in _WIDTHS]


def corner_radii(style: ComputedStyle, rect: Rect) -> Radii:
    """Corner radii, made smaller where they would overlap (§4.5)."""
    values = [style[name] for name in _RADII]
    if values == _SQUARE:
        return NO_RADII
    radii = [(resolve(across, rect.width), resolve(down, rect.height)) for across, down in values]
    sums = (
        (rect.width, radii[0][0] + radii[1][0]), (rect.height, radii[1][1] + radii[2][1]),
        (rect.width, radii[2][0] + radii[3][0]), (rect.height, radii[3][1] + radii[0][1]),
    )  # fmt: skip
    scale = min([1.0, *(room / total for room, total in sums if total > room)])
    return tuple((across * scale, down * scale) for across, down in radii)


def inner_radii(radii: Radii, top: float, right: float, bottom: float, left: float) -> Radii:
    """The radii inside of some edges (§4.2)."""
    if radii == NO_RADII:
        return radii
    edges = ((left, top), (right, top), (right, bottom), (left, bottom))
    return tuple((max(0.0, a - x), max(0.0, b - y)) for (a, b), (x, y) in zip(radii, edges, strict=True))


def background_items(
    style: ComputedStyle, rect: Rect, edges: Edges | None, radii: Radii, sizes: Mapping[str, tuple[float, float]],
    origin: Rect | None = None,
) -> list[DisplayItem]:  # fmt: skip
    """What a box's background draws.

    Args:
        rect: the border box; the canvas where the background is the page's own.
        origin: the box that positions refer to, if it is not the one that the style names.
        sizes: of the decoded pictures, by address.
    """
    items: list[DisplayItem] = []
    layers = style["background-image"]
    color = used_color(style["background-color"], style)
    if color.alpha > 0:
        clip = _cycled(style["background-clip"], len(layers) - 1)
        if clip != "text":
            box, inside = _box(clip, style, rect, edges, radii)
            items.append(FillRect(box, color, inside))
    for index in range(len(layers) - 1, -1, -1):  # the first layer is the uppermost
        if layers[index] != "none":
            items += _layer(style, index, rect, edges, radii, sizes, origin)
    return items


def _cycled(values: tuple[Any, ...], index: int) -> Any:
    return values[index % len(values)]


def _box(name: str, style: ComputedStyle, rect: Rect, edges: Edges | None, radii: Radii) -> tuple[Rect, Radii]:
    """border-box, padding-box or content-box, with its radii."""
    if name == "border-box" or edges is None:
        return rect, radii
    inset = border_widths(style)
    if name == "content-box":
        inset = [edges.top, edges.right, edges.bottom, edges.left]
    return rect.inset(*inset), inner_radii(radii, *inset)


def _layer(
    style: ComputedStyle, index: int, rect: Rect, edges: Edges | None, radii: Radii,
    sizes: Mapping[str, tuple[float, float]], origin: Rect | None,
) -> list[DisplayItem]:  # fmt: skip
    image = style["background-image"][index]
    clip = _cycled(style["background-clip"], index)
    area, area_radii = _box("border-box" if clip == "text" else clip, style, rect, edges, radii)
    place = origin
    if place is None:
        place, _ = _box(_cycled(style["background-origin"], index), style, rect, edges, radii)
    own: tuple[float, float] | None = None
    if image[0] == "url":
        own = sizes.get(image[1])
        if own is None or not (own[0] and own[1]):
            return []
    width, height = _size(_cycled(style["background-size"], index), own, place)
    if width <= 0 or height <= 0 or clip == "text":
        return []
    across, down = _cycled(style["background-position"], index)
    tile = Rect(
        place.x + resolve(across, place.width - width), place.y + resolve(down, place.height - height), width, height
    )
    tile, step, covered = _repeated(_cycled(style["background-repeat"], index), tile, place, area)
    if covered.width <= 0 or covered.height <= 0:
        return []
    if image[0] == "url":
        return [PictureItem(tile, image[1], covered, step)]
    return _gradient(image, style, tile, covered, step, area_radii if covered == area else NO_RADII)


def _size(size: Any, own: tuple[float, float] | None, place: Rect) -> tuple[float, float]:
    """§3.9."""
    if own is None:
        if size in ("cover", "contain"):
            return place.width, place.height
        return tuple(  # type: ignore[return-value]
            room if value == "auto" else resolve(value, room)
            for value, room in zip(size, (place.width, place.height), strict=True)
        )
    if size in ("cover", "contain"):
        pick = max if size == "cover" else min
        scale = pick(place.width / own[0], place.height / own[1])
        return own[0] * scale, own[1] * scale
    across, down = size
    width = own[0] if across == "auto" else resolve(across, place.width)
    height = own[1] if down == "auto" else resolve(down, place.height)
    if across == "auto" and down != "auto":
        width = own[0] * height / own[1]
    elif down == "auto" and across != "auto":
        height = own[1] * width / own[0]
    return width, height


def _repeated(repeat: tuple[str, str], tile: Rect, place: Rect, area: Rect) -> tuple[Rect, tuple[float, float], Rect]:
    """The first tile, the step from one to the next, and what they cover (§3.4)."""
    starts = [tile.x, tile.y]
    sizes = [tile.width, tile.height]
    steps = list(sizes)
    low, high = [area.x, area.y], [area.x + area.width, area.y + area.height]
    for axis, how in enumerate(repeat):
        room, begin = (place.width, place.x) if axis == 0 else (place.height, place.y)
        if how == "round":
            sizes[axis] = room / max(1, round(room / sizes[axis]))
            steps[axis], starts[axis] = sizes[axis], begin
        elif how == "space":
            count = int(room / sizes[axis])
            if count > 1:
                steps[axis], starts[axis] = (room - sizes[axis]) / (count - 1), begin
            else:
                how = "no-repeat"
        if how == "no-repeat":
            low[axis] = max(low[axis], starts[axis])
            high[axis] = min(high[axis], starts[axis] + sizes[axis])
    covered = Rect(low[0], low[1], max(0.0, high[0] - low[0]), max(0.0, high[1] - low[1]))
    return Rect(starts[0], starts[1], sizes[0], sizes[1]), (steps[0], steps[1]), covered


# ---- gradients ---------------------------------------------------------------------------------------


def _gradient(
    image: Any, style: ComputedStyle, tile: Rect, area: Rect, step: tuple[float, float], radii: Radii
) -> list[DisplayItem]:
    _, kind, repeats, shape, specified = image
    if kind == "linear":
        geometry = _line(shape, tile)
        length = math.hypot(geometry[2] - geometry[0], geometry[3] - geometry[1])
    elif kind == "radial":
        geometry = _ellipse(shape, tile)
        length = geometry[2]
    else:
        angle, at = shape
        geometry = (resolve(at[0], tile.width), resolve(at[1], tile.height), angle)
        length = 1.0
    stops = _stops(specified, length, style)
    return [GradientItem(tile, area, radii, kind, repeats, tuple(geometry), stops, step)]


def _line(direction: Any, tile: Rect) -> tuple[float, ...]:
    """The gradient line through the centre, so long that its ends reach the corners (Images 3 §3.1)."""
    if isinstance(direction, tuple):  # to a corner: the middle colour goes through the other two
        across, down = direction
        x, y = (1 if across == "right" else -1) * tile.height, (1 if down == "bottom" else -1) * tile.width
        angle = math.atan2(x, -y)
    else:
        angle = math.radians(direction)
    sine, cosine = math.sin(angle), math.cos(angle)
    half = (abs(tile.width * sine) + abs(tile.height * cosine)) / 2
    x, y = tile.width / 2, tile.height / 2
    return (x - sine * half, y + cosine * half, x + sine * half, y - cosine * half)


def _ellipse(shape: Any, tile: Rect) -> tuple[float, ...]:
    """Centre and radii (Images 3 §3.2)."""
    kind, extent, at = shape
    x, y = resolve(at[0], tile.width), resolve(at[1], tile.height)
    if isinstance(extent, tuple):
        across = resolve(extent[0], tile.width)
        return (x, y, across, resolve(extent[-1], tile.height) if len(extent) > 1 else across)
    sides = [abs(x), abs(tile.width - x)], [abs(y), abs(tile.height - y)]
    pick = min if extent.startswith("closest") else max
    across, down = pick(sides[0]), pick(sides[1])
    if kind == "circle":
        if extent.endswith("side"):
            radius = pick(across, down)
        else:
            radius = pick(math.hypot(a, b) for a in sides[0] for b in sides[1])
        return (x, y, radius, radius)
    if extent.endswith("corner"):
        across, down = across * math.sqrt(2), down * math.sqrt(2)
    return (x, y, across, down)


def _stops(specified: Any, length: float, style: ComputedStyle) -> tuple[tuple[float, Color], ...]:
    """Offsets for all colours: those between are spread evenly, none goes back (Images 3 §3.4.3)."""
    offsets: list[float | None] = []
    colors: list[Color | None] = []
    for color, place in specified:
        colors.append(None if color is None else used_color(color, style))
        if place is None:
            offsets.append(None)
        else:
            offsets.append(resolve(place, length) / length if length else 0.0)
    if offsets[0] is None:
        offsets[0] = 0.0
    if offsets[-1] is None:
        offsets[-1] = 1.0
    known = float(offsets[0] or 0.0)
    for index, offset in enumerate(offsets):
        if offset is not None:
            known = offsets[index] = max(known, offset)
    index = 0
    while index < len(offsets):
        if offsets[index] is None:
            end = next(i for i in range(index, len(offsets)) if offsets[i] is not None)
            before, after = offsets[index - 1], offsets[end]
            assert before is not None and after is not None
            for i in range(index, end):
                offsets[i] = before + (after - before) * (i - index + 1) / (end - index + 1)
            index = end
        index += 1
    return tuple((offset or 0.0, color) for offset, color in zip(offsets, colors, strict=True) if color is not None)
