"""Compositing: layers are kept as tiles of pixels, and a frame is put together from these.

A *layer* is a display list that moves as a whole: the browser's own window, the page,
what stands fixed over the page.  Its pixels are made in tiles and kept: when the page is
scrolled, tiles are only laid down in another place, and when something in it changes,
only the tiles that it touches are made again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pressenter.browser.paint.damage import EVERYTHING, bounds_of, damage_between
from pressenter.browser.paint.decoded_pictures import DecodedPictures
from pressenter.browser.paint.items import Clip, DisplayItem, FixedToViewport, Group, PopState, Rect
from pressenter.browser.paint.raster import record
from pressenter.browser.paint.skia_library import load_skia

__all__ = ["TILE", "BrowserFrame", "Compositor", "FrameCost", "Layer", "page_layers"]

TILE = 256  # pixels on a side
_MAXIMUM_FIXED = 8  # layers of one page that stand fixed
_NOTHING = Rect(0.0, 0.0, 0.0, 0.0)
_RECORDED_AROUND = 1000.0  # beyond what is visible, so that scrolling need not record at once
_KEPT_AROUND = 4000.0  # tiles farther away are forgotten


class Layer(NamedTuple):
    """A display list, and where it is seen.

    Attributes:
        name: the same from frame to frame.
        view: the rectangle of the window through which it is seen.
        scroll: which of its points is at the view's upper left corner.
    """

    name: str
    items: Sequence[DisplayItem]
    pictures: Mapping[str, bytes]
    view: Rect
    scroll: tuple[float, float] = (0.0, 0.0)


class BrowserFrame:
    """What the window looks like.  ``image`` is Skia's, or None where nothing could be drawn."""

    def __init__(self, width: int, height: int, image: Any = None) -> None:
        self.width = width
        self.height = height
        self._image = image

    @cached_property
    def png(self) -> bytes:
        """The pixels as a PNG file, made when somebody wants it; empty where nothing could be drawn."""
        if self._image is None:
            return b""
        return bytes(self._image.encodeToData(load_skia().kPNG, 100))

    @property
    def pixels(self) -> bytes:
        """Rows of red, green, blue and alpha; empty where nothing could be drawn."""
        return bytes(self._image.tobytes()) if self._image is not None else b""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BrowserFrame) and self.png == other.png

    __hash__ = None  # type: ignore[assignment]


class FrameCost(NamedTuple):
    """What a frame has taken: layers, the tiles that are seen, those of them that were made, and their pixels."""

    layers: int
    tiles: int
    rastered: int
    pixels: int


class Compositor:
    """Makes the frames of one window."""

    def __init__(self) -> None:
        self._layers: dict[str, _TiledLayer] = {}

    def frame(self, layers: Sequence[Layer], width: int, height: int) -> tuple[BrowserFrame, FrameCost]:
        """Put a frame together, the first layer below.  Raises RasterUnavailable."""
        skia = load_skia()
        surface = skia.Surface.MakeRaster(_image_info(skia, width, height), 0, _properties(skia))
        canvas = surface.getCanvas()
        canvas.clear(skia.ColorWHITE)
        self._layers = {layer.name: self._layers.get(layer.name) or _TiledLayer() for layer in layers}
        seen = made = 0
        for layer in layers:
            tiled = self._layers[layer.name]
            tiled.update(layer)
            canvas.save()
            canvas.clipRect(skia.Rect.MakeXYWH(*layer.view))
            origin = (layer.view.x - layer.scroll[0], layer.view.y - layer.scroll[1])
            for column, row in _tiles_in(tiled.seen(layer)):
                image, is_new = tiled.tile(column, row)
                canvas.drawImage(image, origin[0] + column * TILE, origin[1] + row * TILE)
                seen, made = seen + 1, made + is_new
            canvas.restore()
        cost = FrameCost(len(layers), seen, made, made * TILE * TILE)
        return BrowserFrame(width, height, surface.makeImageSnapshot()), cost


class _TiledLayer:
    """The pixels of one layer."""

    def __init__(self) -> None:
        self._layer: Layer | None = None
        self._recording: Any = None
        self._recorded = Rect(0, 0, 0, 0)
        self._decoded = DecodedPictures({})
        self._tiles: dict[tuple[int, int], Any] = {}
        self._bounds = EVERYTHING

    def seen(self, layer: Layer) -> Rect:
        """What is seen of the layer and has something in it."""
        view = Rect(*layer.scroll, layer.view.width, layer.view.height)
        return view.common(self._bounds) or _NOTHING

    def update(self, layer: Layer) -> None:
        """Take a new display list; tiles that it draws otherwise are thrown away."""
        before, self._layer = self._layer, layer
        if before is None or before.items is layer.items:
            damage = None if before is not None else EVERYTHING
        else:
            damage = damage_between(before.items, layer.items)
        if before is not None and before.scroll != layer.scroll and _has_fixed(layer.items):
            damage = EVERYTHING  # something in it does not move with the rest
        if before is None or before.pictures is not layer.pictures:
            self._decoded = self._decoded.with_files(layer.pictures)
        if damage is not None:
            self._bounds = bounds_of([i for i in layer.items if not isinstance(i, FixedToViewport)]) or _NOTHING
            self._recording = None
            self._tiles = {place: tile for place, tile in self._tiles.items() if damage.common(_place(*place)) is None}
        view = Rect(*layer.scroll, layer.view.width, layer.view.height)
        if self._recording is None or self._recorded.common(view.grown(TILE)) != view.grown(
            TILE
        ):  # tiles reach beyond the view
            self._recorded = view.grown(_RECORDED_AROUND)
            self._recording = None
        near = view.grown(_KEPT_AROUND)
        self._tiles = {place: tile for place, tile in self._tiles.items() if near.common(_place(*place)) is not None}

    def tile(self, column: int, row: int) -> tuple[Any, bool]:
        """A tile's pixels, and whether they had to be made."""
        known = self._tiles.get((column, row))
        if known is not None:
            return known, False
        assert self._layer is not None
        if self._recording is None:
            self._recording = record(self._layer.items, self._decoded, self._recorded, self._layer.scroll)
        skia = load_skia()
        surface = skia.Surface.MakeRaster(_image_info(skia, TILE, TILE), 0, _properties(skia))
        canvas = surface.getCanvas()
        canvas.clear(0)
        canvas.translate(-column * TILE, -row * TILE)
        canvas.drawPicture(self._recording)
        self._tiles[column, row] = image = surface.makeImageSnapshot()
        return image, True


def page_layers(items: Sequence[DisplayItem]) -> list[tuple[bool, list[DisplayItem]]]:
    """A page's display list as layers from below: whether a layer stands fixed, and its items.

    Where many things are fixed, they stay in the page's layer, which is then drawn again to be scrolled.
    """
    if sum(isinstance(item, FixedToViewport) for item in items) > _MAXIMUM_FIXED:
        return [(False, list(items))]
    layers: list[tuple[bool, list[DisplayItem]]] = [(False, [])]
    depth = 0
    for item in items:
        if depth == 0 and isinstance(item, FixedToViewport):
            layers.append((True, []))
        layers[-1][1].append(item)
        depth += isinstance(item, (Clip, Group, FixedToViewport)) - isinstance(item, PopState)
        if depth == 0 and layers[-1][0]:
            layers.append((False, []))
    return [layer for layer in layers if layer[1]]


def _has_fixed(items: Sequence[DisplayItem]) -> bool:
    return any(isinstance(item, FixedToViewport) for item in items)


def _tiles_in(rect: Rect) -> list[tuple[int, int]]:
    """Columns and rows of the tiles that a rectangle touches."""
    columns = range(math.floor(rect.x / TILE), math.ceil((rect.x + rect.width) / TILE))
    rows = range(math.floor(rect.y / TILE), math.ceil((rect.y + rect.height) / TILE))
    return [(column, row) for row in rows for column in columns]


def _place(column: int, row: int) -> Rect:
    """Where a tile is on its layer."""
    return Rect(column * TILE, row * TILE, TILE, TILE)


def _image_info(skia: Any, width: int, height: int) -> Any:
    return skia.ImageInfo.Make(
        width, height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType, skia.ColorSpace.MakeSRGB()
    )


def _properties(skia: Any) -> Any:
    return skia.SurfaceProps(0, skia.kUnknown_PixelGeometry)
