"""Raster: the display list to pixels, with Skia on the CPU.

Settings are chosen so that every computer makes the same picture: glyphs without
hinting at fractional positions, greyscale antialiasing, sRGB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pressenter.browser.css.values import Color
from pressenter.browser.paint.backgrounds import inner_radii
from pressenter.browser.paint.decoded_pictures import DecodedPictures
from pressenter.browser.paint.filters import image_filter
from pressenter.browser.paint.items import (
    NO_RADII,
    BorderItem,
    Clip,
    DisplayItem,
    FillRect,
    FixedToViewport,
    GlyphRun,
    GradientItem,
    Group,
    PictureItem,
    PopState,
    Radii,
    Rect,
    Shadow,
    Stroke,
)
from pressenter.browser.paint.png import png_file
from pressenter.browser.paint.skia_library import load_skia

__all__ = ["rasterize", "record"]

_SIDES = 4
_SHADED = frozenset(("inset", "outset", "groove", "ridge"))  # two tones, as if lit from the upper left


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
    pixels = bytearray(width * height * 4)
    properties = skia.SurfaceProps(0, skia.kUnknown_PixelGeometry)
    surface = skia.Surface.MakeRasterDirect(info, pixels, width * 4, properties)
    canvas = surface.getCanvas()
    canvas.clear(skia.ColorWHITE)
    canvas.translate(-offset[0], -offset[1])
    _Player(skia, canvas, DecodedPictures(pictures), Rect(offset[0], offset[1], width, height)).play(items)
    # The surface is white to begin with, so nothing shows through, and no colour is multiplied by its alpha.
    return png_file(pixels, width, height)


def record(
    items: Sequence[DisplayItem], pictures: DecodedPictures, area: Rect, scroll: tuple[float, float] = (0.0, 0.0)
) -> Any:
    """A display list in Skia's own form, to be drawn again and again; what is outside of an area is left out.

    Args:
        scroll: how far what stands fixed is moved.

    Raises RasterUnavailable.
    """
    skia = load_skia()
    recorder = skia.PictureRecorder()
    canvas = recorder.beginRecording(skia.Rect.MakeXYWH(*area), skia.RTreeFactory()())
    _Player(skia, canvas, pictures, area, scroll).play(items)
    return recorder.finishRecordingAsPicture()


class _Player:
    def __init__(
        self, skia: Any, canvas: Any, pictures: DecodedPictures, view: Rect, scroll: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        self.skia = skia
        self.canvas = canvas
        self.pictures = pictures
        self.view = view
        self.scroll = scroll
        self._views: list[Rect] = []

    def play(self, items: Sequence[DisplayItem]) -> None:
        draw: dict[type, Any] = {
            FillRect: self._fill, BorderItem: self._border, GlyphRun: self._glyphs, Stroke: self._stroke,
            PictureItem: self._picture, Clip: self._clip, Group: self._group, PopState: self._pop,
            GradientItem: self._gradient, Shadow: self._shadow, FixedToViewport: self._fixed,
        }  # fmt: skip
        for item in items:
            draw[type(item)](item)

    def _paint(self, color: Color, antialias: bool = False) -> Any:
        paint = self.skia.Paint(AntiAlias=antialias)
        paint.setColor4f(self.skia.Color4f(*color))
        return paint

    def _is_off_the_surface(self, rect: Rect) -> bool:
        return self.view.grown(1).common(rect) is None  # edges are drawn on whole pixels, up to one away

    def _rect(self, rect: Rect) -> Any:
        return self.skia.Rect.MakeXYWH(*rect)

    def _snapped(self, rect: Rect) -> Any:
        """Edges on whole pixels, as browsers draw backgrounds and borders."""
        left, top = round(rect.x), round(rect.y)
        right, bottom = round(rect.x + rect.width), round(rect.y + rect.height)
        return self.skia.Rect.MakeLTRB(left, top, right, bottom)

    def _rounded(self, rect: Any, radii: Radii) -> Any:
        rounded = self.skia.RRect()
        rounded.setRectRadii(rect, [self.skia.Point(*radius) for radius in radii])
        return rounded

    def _fill(self, item: FillRect) -> None:
        if self._is_off_the_surface(item.rect):
            return
        rect = self._snapped(item.rect)
        if item.radii != NO_RADII:
            self.canvas.drawRRect(self._rounded(rect, item.radii), self._paint(item.color, True))
        else:
            self.canvas.drawRect(rect, self._paint(item.color))

    def _stroke(self, item: Stroke) -> None:
        rect, width = item.rect, item.rect.height
        if item.style in ("dotted", "dashed"):
            paint = self._paint(item.color, True)
            paint.setStyle(self.skia.Paint.kStroke_Style)
            paint.setStrokeWidth(width)
            step = [width, width] if item.style == "dotted" else [3 * width, 2 * width]
            paint.setPathEffect(self.skia.DashPathEffect.Make(step, 0))
            middle = rect.y + width / 2
            self.canvas.drawLine(rect.x, middle, rect.x + rect.width, middle, paint)
            return
        self.canvas.drawRect(self._rect(rect), self._paint(item.color))
        if item.style == "double":
            self.canvas.drawRect(self._rect(rect._replace(y=rect.y + 2 * width + 1)), self._paint(item.color))

    def _gradient(self, item: GradientItem) -> None:
        skia = self.skia
        colors = [skia.Color4f(*color).toColor() for _, color in item.stops]
        offsets = [offset for offset, _ in item.stops]
        mode = skia.TileMode.kRepeat if item.repeats else skia.TileMode.kClamp
        self.canvas.save()
        area = self._snapped(item.area)
        if item.radii != NO_RADII:
            self.canvas.clipRRect(self._rounded(area, item.radii), True)
        else:
            self.canvas.clipRect(area)
        step = Rect(item.tile.x, item.tile.y, max(1.0, item.step[0]), max(1.0, item.step[1]))
        for place in _tiles(step, item.area, self.view):
            tile = Rect(place.x, place.y, item.tile.width, item.tile.height)
            paint = skia.Paint(AntiAlias=False, Dither=True)
            paint.setShader(_shader(skia, item, tile, colors, offsets, mode))
            self.canvas.drawRect(self._snapped(tile), paint)
        self.canvas.restore()

    def _shadow(self, item: Shadow) -> None:
        skia = self.skia
        paint = self._paint(item.color, True)
        if item.blur > 0:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, item.blur / 2, False))
        rect = self._snapped(item.rect)
        shape = self._rounded(rect, item.radii)
        grow = -item.spread if item.inset else item.spread
        moved = skia.Rect.MakeLTRB(
            rect.left() + item.x - grow, rect.top() + item.y - grow, rect.right() + item.x + grow,
            rect.bottom() + item.y + grow,
        )  # fmt: skip
        radii = tuple((max(0.0, a + grow) if a else 0.0, max(0.0, b + grow) if b else 0.0) for a, b in item.radii)
        self.canvas.save()
        if item.inset:
            self.canvas.clipRRect(shape, True)
            reach = item.blur * 2 + abs(item.x) + abs(item.y) + abs(item.spread) + 10
            around = skia.Rect.MakeLTRB(
                rect.left() - reach, rect.top() - reach, rect.right() + reach, rect.bottom() + reach
            )
            if moved.width() > 0 and moved.height() > 0:
                self.canvas.drawDRRect(self._rounded(around, NO_RADII), self._rounded(moved, radii), paint)
            else:
                self.canvas.drawRect(around, paint)
        elif moved.width() > 0 and moved.height() > 0:
            self.canvas.clipRRect(shape, skia.ClipOp.kDifference, True)
            self.canvas.drawRRect(self._rounded(moved, radii), paint)
        self.canvas.restore()

    def _border(self, item: BorderItem) -> None:
        if self._is_off_the_surface(item.rect):
            return
        outer = self._snapped(item.rect)
        widths = [max(1.0, round(width)) if width > 0 else 0.0 for width in item.widths]
        uniform = len(set(widths)) == len(set(item.colors)) == len(set(item.styles)) == 1
        is_flat = not any(style in _SHADED for style in item.styles)
        if (
            item.radii != NO_RADII
            and is_flat
            and (uniform or len({c for c, w in zip(item.colors, widths, strict=True) if w}) == 1)
        ):
            self._rounded_border(item, outer, widths)
            return
        if item.radii != NO_RADII:
            self.canvas.save()
            self.canvas.clipRRect(self._rounded(outer, item.radii), True)
            self.canvas.clipRRect(self._inner_edge(item, outer, widths), self.skia.ClipOp.kDifference, True)
        for side in range(_SIDES):
            if widths[side] > 0 and item.colors[side][3] > 0:
                self._border_side(outer, widths, side, Color(*item.colors[side]), item.styles[side])
        if item.radii != NO_RADII:
            self.canvas.restore()

    def _rounded_border(self, item: BorderItem, outer: Any, widths: list[float]) -> None:
        """A ring of one colour between the outer and the inner rounded rectangle."""
        color = next(color for color, width in zip(item.colors, widths, strict=True) if width)
        ring = self._rounded(outer, item.radii), self._inner_edge(item, outer, widths)
        self.canvas.drawDRRect(*ring, self._paint(Color(*color), True))

    def _inner_edge(self, item: BorderItem, outer: Any, widths: list[float]) -> Any:
        inner = self.skia.Rect.MakeLTRB(
            outer.left() + widths[3], outer.top() + widths[0],
            max(outer.left() + widths[3], outer.right() - widths[1]),
            max(outer.top() + widths[0], outer.bottom() - widths[2]),
        )  # fmt: skip
        return self._rounded(inner, inner_radii(item.radii, *widths))

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
        if style in _SHADED:
            dark = (style in ("inset", "groove")) == (side in (0, 3))
            color = _shaded(color, dark)
        path = skia.Path()
        path.moveTo(*corners[0])
        for corner in corners[1:]:
            path.lineTo(*corner)
        path.close()
        mitred = widths[(side + 1) % 4] > 0 or widths[side - 1] > 0
        self.canvas.drawPath(path, self._paint(color, mitred and len(set(widths)) > 1))

    def _glyphs(self, item: GlyphRun) -> None:
        top, bottom = item.baseline - 2 * item.size, item.baseline + item.size
        if bottom < self.view.y or top > self.view.y + self.view.height or not item.run.glyph_count:
            return  # not on the surface
        skia = self.skia
        face = item.run.face
        scale = face.scale(item.size)
        pen = item.x
        points = []
        offsets = item.run.offsets or ((0.0, 0.0),) * len(item.run.glyphs)
        for (right, up), advance in zip(offsets, item.run.advances, strict=True):
            points.append(skia.Point(pen + right * scale, item.baseline - up * scale))
            pen += advance * scale + item.spacing
        builder = skia.TextBlobBuilder()
        builder.allocRunPos(
            _font(face.source, face.index, item.size, item.embolden, item.slant),
            list(item.run.glyphs),
            points,
        )
        paint = self._paint(item.color, True)
        if item.blur > 0:
            paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, item.blur, False))
        self.canvas.drawTextBlob(builder.make(), 0, 0, paint)

    def _picture(self, item: PictureItem) -> None:
        skia = self.skia
        image = self.pictures.image(item.picture, item.rect)
        if image is None:
            return
        source = skia.Rect.MakeWH(image.width(), image.height())
        sampling = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
        if item.area is None:
            self.canvas.drawImageRect(image, source, self._rect(item.rect), sampling, skia.Paint())
            return
        self.canvas.save()
        self.canvas.clipRect(self._rect(item.area))
        step = item.rect._replace(width=item.step[0] or item.rect.width, height=item.step[1] or item.rect.height)
        for place in _tiles(step, item.area, self.view):
            rect = item.rect._replace(x=place.x, y=place.y)
            self.canvas.drawImageRect(image, source, self._rect(rect), sampling, skia.Paint())
        self.canvas.restore()

    def _clip(self, item: Clip) -> None:
        self.canvas.save()
        if item.rect is not None:
            if item.radii != NO_RADII:
                self.canvas.clipRRect(self._rounded(self._snapped(item.rect), item.radii), True)
            else:
                self.canvas.clipRect(self._snapped(item.rect))
        self._views.append(self.view)
        if item.x or item.y:
            self.canvas.translate(item.x, item.y)
            self.view = self.view._replace(x=self.view.x - item.x, y=self.view.y - item.y)

    def _fixed(self, item: FixedToViewport) -> None:
        self._clip(Clip(None, NO_RADII, *self.scroll))

    def _group(self, item: Group) -> None:
        skia = self.skia
        self._views.append(self.view)
        paint = skia.Paint()
        paint.setAlphaf(item.opacity)
        if item.filters:
            paint.setImageFilter(image_filter(skia, item.filters))
        if item.blend != "normal":
            paint.setBlendMode(getattr(skia.BlendMode, _BLEND_MODES[item.blend]))
        if item.opacity < 1 or item.filters or item.blend != "normal":
            self.canvas.saveLayer(None, paint)
        else:
            self.canvas.save()
        if item.matrix is not None:
            a, b, c, d, e, f = item.matrix
            self.canvas.concat(skia.Matrix.MakeAll(a, c, e, b, d, f, 0, 0, 1))
            self.view = Rect(-1e5, -1e5, 2e5, 2e5)  # what is visible is not worked out through a matrix

    def _pop(self, item: PopState) -> None:
        self.canvas.restore()
        self.view = self._views.pop()


def _shader(skia: Any, item: GradientItem, tile: Rect, colors: list[Any], offsets: list[float], mode: Any) -> Any:
    """The colours of a gradient, placed in one tile."""
    geometry = item.geometry
    x, y = tile.x + geometry[0], tile.y + geometry[1]
    if item.kind == "linear":
        points = [skia.Point(x, y), skia.Point(tile.x + geometry[2], tile.y + geometry[3])]
        return skia.GradientShader.MakeLinear(points, colors, offsets, mode)
    if item.kind == "radial":
        across, down = max(geometry[2], 0.001), max(geometry[3], 0.001)
        matrix = skia.Matrix.MakeAll(1, 0, x, 0, down / across, y, 0, 0, 1)
        return skia.GradientShader.MakeRadial(skia.Point(0, 0), across, colors, offsets, mode, 0, matrix)
    matrix = skia.Matrix.RotateDeg(geometry[2] - 90, skia.Point(x, y))
    return skia.GradientShader.MakeSweep(x, y, colors, offsets, mode, 0.0, 360.0, 0, matrix)


def _shaded(color: Color, dark: bool) -> Color:
    """A side of a border that is meant to stand out: by a third darker, or lighter."""
    brightest = max(color[:3])
    if brightest <= 32 / 255:
        return color._replace(**dict.fromkeys(("red", "green", "blue"), (84 if dark else 168) / 255))
    change = max(0.0, brightest - 84 / 255) if dark else min(1.0, brightest + 84 / 255)
    factor = change / brightest if dark or brightest < 237 / 255 else 1.0
    red, green, blue = (min(1.0, channel * factor) for channel in color[:3])
    return Color(red, green, blue, color.alpha)


_BLEND_MODES = {
    "multiply": "kMultiply", "screen": "kScreen", "overlay": "kOverlay", "darken": "kDarken", "lighten": "kLighten",
    "color-dodge": "kColorDodge", "color-burn": "kColorBurn", "hard-light": "kHardLight", "soft-light": "kSoftLight",
    "difference": "kDifference", "exclusion": "kExclusion", "hue": "kHue", "saturation": "kSaturation",
    "color": "kColor", "luminosity": "kLuminosity", "plus-lighter": "kPlus",
}  # fmt: skip


_MAXIMUM_TILES = 10_000


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
def _typeface(source: Path | bytes, index: int) -> Any:
    skia = load_skia()
    manager = skia.FontMgr.New_Custom_Empty()
    if isinstance(source, bytes):
        typeface = manager.makeFromData(skia.Data.MakeWithCopy(source), index)
    else:
        typeface = manager.makeFromFile(str(source), index)
    return skia.Typeface.MakeDefault() if typeface is None else typeface


@lru_cache(maxsize=512)
def _font(source: Path | bytes, index: int, size: float, embolden: bool, slant: bool) -> Any:
    skia = load_skia()
    font = skia.Font(_typeface(source, index), size)
    font.setEdging(skia.Font.Edging.kAntiAlias)
    font.setHinting(skia.FontHinting.kNone)
    font.setSubpixel(True)
    font.setLinearMetrics(True)
    font.setEmbeddedBitmaps(False)
    font.setBaselineSnap(False)
    font.setEmbolden(embolden)
    if slant:
        font.setSkewX(-0.25)
    return font
