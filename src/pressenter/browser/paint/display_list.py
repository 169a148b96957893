"""The display list: what to draw, in order, without knowing how (CSS 2.2 appendix E).

A stacking context is painted as a whole: its own background, then what lies below
(negative z-index), then the backgrounds of blocks, then floats, then text and pictures,
then what is positioned.  The items are plain values that any painter can play.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Union

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import Color
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.layout.boxes import Box, InlineBox, ReplacedBox
from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.fonts import FontLibrary, ShapedText
from pressenter.browser.layout.fragments import (
    BoxFragment,
    Fragment,
    LayoutResult,
    Placeholder,
    TextFragment,
)

__all__ = [
    "BorderItem", "Clip", "DisplayItem", "FillRect", "GlyphRun", "PictureItem", "PopState", "Rect", "Stroke",
    "build_display_list", "dump_display_list",
]  # fmt: skip


class Rect(NamedTuple):
    """A rectangle in page coordinates."""

    x: float
    y: float
    width: float
    height: float


class FillRect(NamedTuple):
    """A filled rectangle; ``radii`` of the corners clockwise from the upper left."""

    rect: Rect
    color: Color
    radii: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


class BorderItem(NamedTuple):
    """Borders: widths, colours and styles of top, right, bottom, left."""

    rect: Rect
    widths: tuple[float, ...]
    colors: tuple[Color, ...]
    styles: tuple[str, ...]
    radii: tuple[float, float, float, float]


class GlyphRun(NamedTuple):
    """Glyphs from a pen position on the baseline."""

    x: float
    baseline: float
    run: ShapedText
    size: float
    color: Color
    spacing: float
    #: Bold is wanted, and the face (one of the computer's own) has none: thicken the strokes.
    embolden: bool = False


class Stroke(NamedTuple):
    """A line under, over or through text."""

    rect: Rect
    color: Color


class PictureItem(NamedTuple):
    """A decoded picture, by key, drawn into a rectangle (repeated to fill ``area`` if given)."""

    rect: Rect
    picture: str
    area: Rect | None = None


class Clip(NamedTuple):
    """Until the matching `PopState`: draw nothing outside, with an opacity, moved by (x, y)."""

    rect: Rect | None
    opacity: float = 1.0
    x: float = 0.0
    y: float = 0.0


class PopState(NamedTuple):
    """The end of a `Clip`."""


DisplayItem = Union[FillRect, BorderItem, GlyphRun, Stroke, PictureItem, Clip, PopState]

SIDES = ("top", "right", "bottom", "left")
CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")


class _Layers(NamedTuple):
    """The parts of one stacking context, with page coordinates, in painting order."""

    blocks: list[tuple[BoxFragment, float, float]]
    floats: list[tuple[BoxFragment, float, float]]
    inlines: list[tuple[Fragment, float, float]]
    positioned: list[tuple[int, BoxFragment, float, float]]


class _Painter:
    def __init__(
        self,
        fonts: FontLibrary,
        picture_sizes: dict[str, tuple[float, float]],
        canvas_owner: Box | None,
        positioned: Sequence[BoxFragment],
    ) -> None:
        #: What was laid out apart, by its box: painted where its placeholder stands in the tree.
        self.positioned = {fragment.box: fragment for fragment in positioned}
        self.fonts = fonts
        self.picture_sizes = picture_sizes
        self.canvas_owner = canvas_owner
        self.items: list[DisplayItem] = []

    def paint_context(self, fragment: BoxFragment, x: float, y: float) -> None:
        """Paint a fragment and all below it as one; (x, y) is its corner."""
        style = fragment.box.style
        clips = (
            style["overflow"] != "visible"
            and fragment.box.element is not None
            and fragment.box.element.parent_element is not None
        )
        faded = style["opacity"] < 1
        if faded:
            self.items.append(Clip(None, max(0.0, style["opacity"])))
        self.decorate(fragment, x, y)
        if clips:
            self.items.append(Clip(_padding_rect(fragment, x, y)))
        layers = _Layers([], [], [], [])
        self._gather(fragment, x, y, layers)
        positioned = sorted(layers.positioned, key=lambda entry: entry[0])
        self._paint_positioned([entry for entry in positioned if entry[0] < 0])
        for block, left, top in layers.blocks:
            self.decorate(block, left, top)
        for floating, left, top in layers.floats:
            self.paint_context(floating, left, top)
        for item, left, top in layers.inlines:
            self._paint_inline(item, left, top)
        self._paint_positioned([entry for entry in positioned if entry[0] >= 0])
        self.items += [PopState()] * (clips + faded)

    def _paint_positioned(self, entries: list[tuple[int, BoxFragment, float, float]]) -> None:
        for _, fragment, x, y in entries:
            self.paint_context(fragment, x, y)

    def _gather(self, fragment: BoxFragment, x: float, y: float, layers: _Layers) -> None:
        for child in fragment.children:
            left, top = x + child.x, y + child.y
            if isinstance(child, Placeholder):
                placed = self.positioned[child.box]
                layers.positioned.append((_z_index(placed), placed, placed.x, placed.y))
                continue
            if isinstance(child, TextFragment):
                layers.inlines.append((child, left, top))
                continue
            box = child.box
            if box.style["position"] == "relative" and not isinstance(box, InlineBox):
                layers.positioned.append((_z_index(child), child, left, top))
            elif box.is_float:
                layers.floats.append((child, left, top))
            elif isinstance(box, InlineBox) or getattr(box, "is_inline_level", False):
                layers.inlines.append((child, left, top))
            elif box.style["overflow"] != "visible" or box.style["opacity"] < 1:
                layers.floats.append((child, left, top))
            else:
                layers.blocks.append((child, left, top))
                self._gather(child, left, top, layers)

    def _paint_inline(self, item: Fragment, x: float, y: float) -> None:
        if isinstance(item, TextFragment):
            self._text(item, x, y)
        elif isinstance(item, BoxFragment):
            if isinstance(item.box, InlineBox):
                self.decorate(item, x, y)
            else:
                self.paint_context(item, x, y)

    # ---- parts ---------------------------------------------------------------------------------

    def decorate(self, fragment: BoxFragment, x: float, y: float) -> None:
        """Background, border, and what a replaced element shows."""
        style, box = fragment.box.style, fragment.box
        if style["visibility"] != "visible":
            return
        rect = Rect(x, y, fragment.width, fragment.height)
        radii = _radii(style, rect)
        if box is not self.canvas_owner:
            self._background(style, rect, radii)
        widths = [style[f"border-{side}-width"] for side in SIDES]
        if not fragment.has_left:
            widths[3] = 0.0
        if not fragment.has_right:
            widths[1] = 0.0
        if any(widths):
            colors = tuple(style[f"border-{side}-color"] for side in SIDES)
            styles = tuple(style[f"border-{side}-style"] for side in SIDES)
            self.items.append(BorderItem(rect, tuple(widths), colors, styles, radii))
        if isinstance(box, ReplacedBox):
            self._replaced(box, fragment, x, y)

    def _background(self, style: ComputedStyle, rect: Rect, radii: tuple[float, float, float, float]) -> None:
        color = style["background-color"]
        if color[3] > 0:
            self.items.append(FillRect(rect, Color(*color), radii))
        image = style["background-image"]
        if isinstance(image, tuple) and image[0] == "url" and image[1] in self.picture_sizes:
            self._background_image(style, rect, image[1])

    def _background_image(self, style: ComputedStyle, rect: Rect, picture: str) -> None:
        own_width, own_height = self.picture_sizes[picture]
        size = style["background-size"]
        width, height = own_width, own_height
        if size in ("cover", "contain") and own_width and own_height:
            pick = max if size == "cover" else min
            scale = pick(rect.width / own_width, rect.height / own_height)
            width, height = own_width * scale, own_height * scale
        elif isinstance(size, tuple):
            across, down = size
            width = own_width if across == "auto" else resolve(across, rect.width)
            height = own_height if down == "auto" else resolve(down, rect.height)
            if across == "auto" and down != "auto" and own_height:
                width = own_width * height / own_height
            elif down == "auto" and across != "auto" and own_width:
                height = own_height * width / own_width
        if width <= 0 or height <= 0:
            return
        horizontal, vertical = style["background-position"]
        x = rect.x + resolve(horizontal, rect.width - width)
        y = rect.y + resolve(vertical, rect.height - height)
        repeat = style["background-repeat"]
        left, top, right, bottom = x, y, x + width, y + height
        if repeat in ("repeat", "repeat-x", "round", "space"):
            left, right = rect.x, rect.x + rect.width
        if repeat in ("repeat", "repeat-y", "round", "space"):
            top, bottom = rect.y, rect.y + rect.height
        area = Rect(max(left, rect.x), max(top, rect.y), 0, 0)
        area = area._replace(
            width=max(0.0, min(right, rect.x + rect.width) - area.x),
            height=max(0.0, min(bottom, rect.y + rect.height) - area.y),
        )
        self.items.append(PictureItem(Rect(x, y, width, height), picture, area))

    def _replaced(self, box: ReplacedBox, fragment: BoxFragment, x: float, y: float) -> None:
        content = _content_rect(fragment, x, y)
        if box.picture:
            self.items.append(PictureItem(content, box.picture))
        elif box.label:
            face = self.fonts.face(box.style["font-family"], box.style["font-weight"], False)
            size = box.style["font-size"]
            baseline = content.y + face.metrics.ascent * size
            self.items.append(Clip(content))
            pen = content.x
            for run in self.fonts.shape(box.label.split("\n")[0], face):
                self.items.append(GlyphRun(pen, baseline, run, size, Color(*box.style["color"]), 0.0))
                pen += run.advance / run.face.units * size
            self.items.append(PopState())

    def _text(self, text: TextFragment, x: float, y: float) -> None:
        style = text.style
        if style["visibility"] != "visible":
            return
        size, color = style["font-size"], Color(*style["color"])
        baseline = y + text.baseline
        self._decoration_lines(text, x, baseline, ("underline", "overline"))
        pen = x
        bold = style["font-weight"] >= 600
        own = self.fonts.face(style["font-family"], style["font-weight"], style["font-style"] != "normal")
        for run in text.runs:
            embolden = bold and run.face is not own
            self.items.append(GlyphRun(pen, baseline, run, size, color, text.spacing, embolden))
            pen += run.advance / run.face.units * size + text.spacing * len(run.glyphs)
        self._decoration_lines(text, x, baseline, ("line-through",))

    def _decoration_lines(self, text: TextFragment, x: float, baseline: float, kinds: tuple[str, ...]) -> None:
        for line, style in text.decorations:
            if line not in kinds:
                continue
            size = style["font-size"]
            thickness = max(1.0, round(size / 16))
            above = {"underline": -size * 0.11, "overline": text.baseline, "line-through": size * 0.28}[line]
            rect = Rect(x, round(baseline - above), text.width, thickness)
            self.items.append(Stroke(rect, Color(*style["color"])))


def _z_index(fragment: BoxFragment) -> int:
    value = fragment.box.style["z-index"]
    return value if isinstance(value, int) else 0


def _radii(style: ComputedStyle, rect: Rect) -> tuple[float, float, float, float]:
    """Corner radii, made smaller where they would overlap (CSS Backgrounds 3 §5.5)."""
    radii = [resolve(style[f"border-{corner}-radius"], rect.width) for corner in CORNERS]
    if not any(radii):
        return (0.0, 0.0, 0.0, 0.0)
    sums = (
        (rect.width, radii[0] + radii[1]), (rect.height, radii[1] + radii[2]),
        (rect.width, radii[2] + radii[3]), (rect.height, radii[3] + radii[0]),
    )  # fmt: skip
    scale = min([1.0, *(room / total for room, total in sums if total > room)])
    return tuple(radius * scale for radius in radii)  # type: ignore[return-value]


def _padding_rect(fragment: BoxFragment, x: float, y: float) -> Rect:
    top, right, bottom, left = (fragment.box.style[f"border-{side}-width"] for side in SIDES)
    return Rect(x + left, y + top, max(0.0, fragment.width - left - right), max(0.0, fragment.height - top - bottom))


def _content_rect(fragment: BoxFragment, x: float, y: float) -> Rect:
    inside = _padding_rect(fragment, x, y)
    style = fragment.box.style
    top, right, bottom, left = (resolve(style[f"padding-{side}"], fragment.width) for side in SIDES)
    return Rect(
        inside.x + left, inside.y + top, max(0.0, inside.width - left - right), max(0.0, inside.height - top - bottom)
    )


def build_display_list(
    layout: LayoutResult, fonts: FontLibrary, picture_sizes: dict[str, tuple[float, float]]
) -> list[DisplayItem]:
    """The display list of a page, its canvas first."""
    owner = _canvas_owner(layout.root)
    painter = _Painter(fonts, picture_sizes, owner, layout.positioned)
    canvas = Rect(0.0, 0.0, layout.width, layout.height)
    painter.items.append(FillRect(canvas, Color(1, 1, 1, 1)))
    if owner is not None:
        painter._background(owner.style, canvas, (0.0, 0.0, 0.0, 0.0))
    with deep_nesting():
        painter.paint_context(layout.root, layout.root.x, layout.root.y)
    return painter.items


def _canvas_owner(root: BoxFragment) -> Box | None:
    """Whose background covers the canvas: the root's, or else the body's (CSS 2.2 §14.2)."""
    if _has_background(root.box):
        return root.box
    for child in root.children:
        if isinstance(child, BoxFragment) and child.box.element is not None and child.box.element.tag == "body":
            return child.box if _has_background(child.box) else None
    return None


def _has_background(box: Box) -> bool:
    return bool(box.style["background-color"][3] > 0 or box.style["background-image"] != "none")


def dump_display_list(items: Sequence[DisplayItem]) -> str:
    """The list as text, an item a line."""
    return "\n".join(_item_text(item) for item in items)


def _item_text(item: DisplayItem) -> str:
    if isinstance(item, GlyphRun):
        glyphs = " ".join(str(glyph.number) for glyph in item.run.glyphs)
        font = f"{item.size:g}px {item.run.face.path.name}"
        return f"glyphs ({item.x:.2f}, {item.baseline:.2f}) {font} {_hex(item.color)}: {glyphs}"
    if isinstance(item, FillRect):
        return f"fill {_rect_text(item.rect)} {_hex(item.color)}"
    if isinstance(item, BorderItem):
        return f"border {_rect_text(item.rect)} {' '.join(f'{w:g}' for w in item.widths)}"
    if isinstance(item, Stroke):
        return f"stroke {_rect_text(item.rect)} {_hex(item.color)}"
    if isinstance(item, PictureItem):
        return f"picture {_rect_text(item.rect)} {item.picture}"
    if isinstance(item, Clip):
        return f"clip {_rect_text(item.rect) if item.rect else 'everything'} opacity {item.opacity:g}"
    return "pop"


def _rect_text(rect: Any) -> str:
    return f"({rect.x:.2f}, {rect.y:.2f}) {rect.width:.2f} x {rect.height:.2f}"


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in color)
