"""Raster: the display list to pixels, with Skia on the CPU.

Settings are chosen so that every computer makes the same picture: glyphs without
hinting at fractional positions, greyscale antialiasing, sRGB.
"""

from __future__ import annotations

import xml.parsers.expat
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pressenter.browser.css.values import Color
from pressenter.browser.paint.display_list import (
    BorderItem,
    Clip,
    DisplayItem,
    FillRect,
    GlyphRun,
    PictureItem,
    PopState,
    Rect,
    Stroke,
)

__all__ = ["RasterUnavailable", "load_skia", "rasterize"]

_SIDES = 4


class RasterUnavailable(RuntimeError):
    """Skia cannot be loaded here; the message says which package is missing."""


@lru_cache(maxsize=1)
def load_skia() -> Any:
    """The skia module, imported on first use.  Raises RasterUnavailable."""
    try:
        import skia
    except ImportError as error:
        text = str(error)
        hint = ""
        if "libEGL" in text or "libGL" in text:
            hint = "; install the system's libegl1 and libgl1 (Debian: apt install libegl1 libgl1)"
        raise RasterUnavailable(f"Skia cannot be loaded: {text}{hint}") from error
    return skia


def rasterize(
    items: Sequence[DisplayItem],
    pictures: Mapping[str, bytes],
    width: int,
    height: int,
    offset: tuple[float, float] = (0.0, 0.0),
) -> bytes:
    """Play a display list onto a white surface; returns a PNG file.

    Args:
        pictures: encoded files by the key that the items name.
        offset: page coordinates of the surface's upper left corner.

    Raises RasterUnavailable.
    """
    skia = load_skia()
    info = skia.ImageInfo.Make(
        width, height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType, skia.ColorSpace.MakeSRGB()
    )
    surface = skia.Surface.MakeRaster(info, 0, skia.SurfaceProps(0, skia.kUnknown_PixelGeometry))
    canvas = surface.getCanvas()
    canvas.clear(skia.ColorWHITE)
    canvas.translate(-offset[0], -offset[1])
    _Player(skia, canvas, pictures, Rect(offset[0], offset[1], width, height)).play(items)
    image = surface.makeImageSnapshot()
    return bytes(image.encodeToData(skia.kPNG, 100))


class _Player:
    def __init__(self, skia: Any, canvas: Any, pictures: Mapping[str, bytes], view: Rect) -> None:
        self.skia = skia
        self.canvas = canvas
        self.pictures = pictures
        self.view = view
        self._views: list[Rect] = []
        self._decoded: dict[str, Any] = {}

    def play(self, items: Sequence[DisplayItem]) -> None:
        draw: dict[type, Any] = {
            FillRect: self._fill, BorderItem: self._border, GlyphRun: self._glyphs, Stroke: self._stroke,
            PictureItem: self._picture, Clip: self._clip, PopState: self._pop,
        }  # fmt: skip
        for item in items:
            draw[type(item)](item)

    def _paint(self, color: Color, antialias: bool = False) -> Any:
        paint = self.skia.Paint(AntiAlias=antialias)
        paint.setColor4f(self.skia.Color4f(*color))
        return paint

    def _rect(self, rect: Rect) -> Any:
        return self.skia.Rect.MakeXYWH(*rect)

    def _snapped(self, rect: Rect) -> Any:
        """Edges on whole pixels, as browsers draw backgrounds and borders."""
        left, top = round(rect.x), round(rect.y)
        right, bottom = round(rect.x + rect.width), round(rect.y + rect.height)
        return self.skia.Rect.MakeLTRB(left, top, right, bottom)

    def _rounded(self, rect: Any, radii: tuple[float, ...]) -> Any:
        rounded = self.skia.RRect()
        rounded.setRectRadii(rect, [self.skia.Point(radius, radius) for radius in radii])
        return rounded

    def _fill(self, item: FillRect) -> None:
        rect = self._snapped(item.rect)
        if any(item.radii):
            self.canvas.drawRRect(self._rounded(rect, item.radii), self._paint(item.color, True))
        else:
            self.canvas.drawRect(rect, self._paint(item.color))

    def _stroke(self, item: Stroke) -> None:
        self.canvas.drawRect(self._rect(item.rect), self._paint(item.color))

    def _border(self, item: BorderItem) -> None:
        outer = self._snapped(item.rect)
        widths = [max(1.0, round(width)) if width > 0 else 0.0 for width in item.widths]
        uniform = len(set(widths)) == len(set(item.colors)) == len(set(item.styles)) == 1
        if uniform and any(item.radii):
            width = widths[0]
            inner = outer.makeInset(width, width)
            smaller = tuple(max(0.0, radius - width) for radius in item.radii)
            paint = self._paint(item.colors[0], True)
            self.canvas.drawDRRect(self._rounded(outer, item.radii), self._rounded(inner, smaller), paint)
            return
        for side in range(_SIDES):
            if widths[side] > 0 and item.colors[side][3] > 0:
                self._border_side(outer, widths, side, Color(*item.colors[side]), item.styles[side])

    def _border_side(self, outer: Any, widths: list[float], side: int, color: Color, style: str) -> None:
        skia = self.skia
        left, top, right, bottom = outer.left(), outer.top(), outer.right(), outer.bottom()
        inside = (left + widths[3], top + widths[0], right - widths[1], bottom - widths[2])
        corners = (
            ((left, top), (right, top), (inside[2], inside[1]), (inside[0], inside[1])),
            ((right, top), (right, bottom), (inside[2], inside[3]), (inside[2], inside[1])),
            ((right, bottom), (left, bottom), (inside[0], inside[3]), (inside[2], inside[3])),
            ((left, bottom), (left, top), (inside[0], inside[1]), (inside[0], inside[3])),
        )[side]
        if style in ("dotted", "dashed"):
            width = widths[side]
            along = [((corners[0][0] + corners[3][0]) / 2, (corners[0][1] + corners[3][1]) / 2),
                     ((corners[1][0] + corners[2][0]) / 2, (corners[1][1] + corners[2][1]) / 2)]  # fmt: skip
            paint = self._paint(color, True)
            paint.setStyle(skia.Paint.kStroke_Style)
            paint.setStrokeWidth(width)
            step = width if style == "dotted" else 3 * width
            paint.setPathEffect(skia.DashPathEffect.Make([step, step], 0))
            self.canvas.drawLine(*along[0], *along[1], paint)
            return
        if style in ("inset", "outset", "groove", "ridge"):
            dark = (style in ("inset", "groove")) == (side in (0, 3))
            color = color._replace(**{c: getattr(color, c) * (0.6 if dark else 1.0) for c in ("red", "green", "blue")})
        path = skia.Path()
        path.moveTo(*corners[0])
        for corner in corners[1:]:
            path.lineTo(*corner)
        path.close()
        mitred = widths[(side + 1) % 4] > 0 or widths[side - 1] > 0
        self.canvas.drawPath(path, self._paint(color, mitred and len(set(widths)) > 1))

    def _glyphs(self, item: GlyphRun) -> None:
        if not item.run.glyphs:
            return
        top, bottom = item.baseline - 2 * item.size, item.baseline + item.size
        if bottom < self.view.y or top > self.view.y + self.view.height:
            return  # not on the surface
        skia = self.skia
        face = item.run.face
        scale = item.size / face.units
        pen = item.x
        points = []
        for glyph in item.run.glyphs:
            points.append(skia.Point(pen + glyph.x_offset * scale, item.baseline - glyph.y_offset * scale))
            pen += glyph.advance * scale + item.spacing
        builder = skia.TextBlobBuilder()
        builder.allocRunPos(_font(face.path, item.size, item.embolden), [g.number for g in item.run.glyphs], points)
        self.canvas.drawTextBlob(builder.make(), 0, 0, self._paint(item.color, True))

    def _picture(self, item: PictureItem) -> None:
        skia = self.skia
        if item.picture not in self._decoded:
            self._decoded[item.picture] = self._decode(self.pictures.get(item.picture, b""), item.rect)
        image = self._decoded[item.picture]
        if image is None:
            return
        source = skia.Rect.MakeWH(image.width(), image.height())
        sampling = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
        if item.area is None:
            self.canvas.drawImageRect(image, source, self._rect(item.rect), sampling, skia.Paint())
            return
        self.canvas.save()
        self.canvas.clipRect(self._rect(item.area))
        for rect in _tiles(item.rect, item.area, self.view):
            self.canvas.drawImageRect(image, source, self._rect(rect), sampling, skia.Paint())
        self.canvas.restore()

    def _decode(self, data: bytes, rect: Rect) -> Any:
        """A picture from its file, or None for what cannot be drawn; a drawing is rastered to size."""
        skia = self.skia
        if data.lstrip()[:1] != b"<":
            return skia.Image.MakeFromEncoded(skia.Data.MakeWithCopy(data))
        if not _is_shallow(data):
            return None
        drawing = skia.SVGDOM.MakeFromStream(skia.MemoryStream.MakeCopy(data))
        width, height = (min(_MAXIMUM_DRAWING, max(1, round(size))) for size in (rect.width, rect.height))
        if drawing is None:
            return None
        surface = skia.Surface(width, height)
        drawing.setContainerSize(skia.Size(width, height))
        drawing.render(surface.getCanvas())
        return surface.makeImageSnapshot()

    def _clip(self, item: Clip) -> None:
        if item.opacity < 1:
            self.canvas.saveLayerAlpha(None, round(item.opacity * 255))
        else:
            self.canvas.save()
        if item.rect is not None:
            self.canvas.clipRect(self._rect(item.rect))
        self._views.append(self.view)
        if item.x or item.y:
            self.canvas.translate(item.x, item.y)
            self.view = self.view._replace(x=self.view.x - item.x, y=self.view.y - item.y)

    def _pop(self, item: PopState) -> None:
        self.canvas.restore()
        self.view = self._views.pop()


_MAXIMUM_SVG_DEPTH = 256


def _is_shallow(svg: bytes) -> bool:
    """Whether a drawing is well-formed and not nested so deeply that Skia's recursion would overflow."""
    depth = deepest = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(svg, True)
    except (xml.parsers.expat.ExpatError, ValueError):
        return False
    return deepest <= _MAXIMUM_SVG_DEPTH


_MAXIMUM_TILES = 10_000
_MAXIMUM_DRAWING = 4096  # pixels on a side


def _tiles(first: Rect, area: Rect, view: Rect) -> list[Rect]:
    """Copies of a rectangle, side by side, that cover what is visible of an area."""
    left, top = max(area.x, view.x), max(area.y, view.y)
    right, bottom = min(area.x + area.width, view.x + view.width), min(area.y + area.height, view.y + view.height)
    start_x = first.x + (left - first.x) // first.width * first.width
    start_y = first.y + (top - first.y) // first.height * first.height
    rects: list[Rect] = []
    y = start_y
    while y < bottom and len(rects) < _MAXIMUM_TILES:
        x = start_x
        while x < right and len(rects) < _MAXIMUM_TILES:
            rects.append(Rect(x, y, first.width, first.height))
            x += first.width
        y += first.height
    return rects


@lru_cache(maxsize=64)
def _typeface(path: Path) -> Any:
    skia = load_skia()
    typeface = skia.FontMgr.New_Custom_Empty().makeFromFile(str(path))
    if typeface is None:
        typeface = skia.Typeface.MakeDefault()
    return typeface


@lru_cache(maxsize=512)
def _font(path: Path, size: float, embolden: bool) -> Any:
    skia = load_skia()
    font = skia.Font(_typeface(path), size)
    font.setEdging(skia.Font.Edging.kAntiAlias)
    font.setHinting(skia.FontHinting.kNone)
    font.setSubpixel(True)
    font.setLinearMetrics(True)
    font.setEmbeddedBitmaps(False)
    font.setBaselineSnap(False)
    font.setEmbolden(embolden)
    return font
