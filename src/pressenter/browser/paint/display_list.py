"""The display list: what each fragment draws, in painting order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import Color
from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import Box, ReplacedBox
from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import (
    BoxFragment,
    LayoutResult,
    TextFragment,
)
from pressenter.browser.paint.backgrounds import (
    SIDES,
    background_items,
    border_widths,
    corner_radii,
    inner_radii,
    used_color,
)
from pressenter.browser.paint.controls import control_items, is_native_border, native_border
from pressenter.browser.paint.items import (
    NO_RADII,
    BorderItem,
    Clip,
    DisplayItem,
    FillRect,
    FixedToViewport,
    FramedPicture,
    GlyphRun,
    PictureItem,
    PopState,
    Radii,
    Rect,
    Shadow,
    Stroke,
)
from pressenter.browser.paint.object_fit import picture_rect
from pressenter.browser.paint.painting_order import PaintingOrder, ScrollOffsets, content_rect

__all__ = ["build_display_list"]


class _Painter(PaintingOrder):
    def __init__(
        self, layout: LayoutResult, offsets: ScrollOffsets, fonts: FontLibrary,
        sizes: Mapping[str, tuple[float, float]], canvas_owner: Box | None, frames: Mapping[Element, FramedPicture],
    ) -> None:  # fmt: skip
        super().__init__(layout, offsets)
        self.fonts = fonts
        self.sizes = sizes
        self.canvas_owner = canvas_owner
        self.frames = frames

    def decorate(self, fragment: BoxFragment, x: float, y: float) -> None:
        """Shadow, background, border, outline, and what a replaced element shows."""
        style, box = fragment.box.style, fragment.box
        if style["visibility"] != "visible" or (_hides_cell(fragment)):
            return
        rect = Rect(x, y, fragment.width, fragment.height)
        radii = corner_radii(style, rect)
        self._shadows(style, rect, radii, inset=False)
        if box is not self.canvas_owner:
            self.items += background_items(style, rect, fragment.edges, radii, self.sizes)
        self._shadows(style, rect, radii, inset=True)
        widths = list(border_widths(style))
        if fragment.collapsed_borders is not None:
            widths = [0.0] * 4
        if not fragment.has_left:
            widths[3] = 0.0
        if not fragment.has_right:
            widths[1] = 0.0
        if any(widths) and is_native_border(box):
            self.items.append(native_border(box, rect))
        elif any(widths):
            colors = tuple(used_color(style[f"border-{side}-color"], style) for side in SIDES)
            styles = tuple(style[f"border-{side}-style"] for side in SIDES)
            self.items.append(BorderItem(rect, tuple(widths), colors, styles, radii))
        if fragment.collapsed_borders:
            self._collapsed_borders(fragment.collapsed_borders, x, y)
        if isinstance(box, ReplacedBox):
            self._replaced(box, fragment, x, y)
        self.items += control_items(box, fragment, x, y, self.fonts)
        self._outline(style, rect, radii)

    def _collapsed_borders(self, lines: Sequence[Any], x: float, y: float) -> None:
        for line in lines:
            rect = Rect(x + line.x, y + line.y, line.width, line.height)
            self.items.append(FillRect(rect, Color(*line.color)))

    def _shadows(self, style: ComputedStyle, rect: Rect, radii: Radii, inset: bool) -> None:
        shadows = style["box-shadow"]
        if shadows == "none":
            return
        for is_inset, x, y, blur, spread, color in reversed(shadows):
            if is_inset == inset:
                box, inside = rect, radii
                if inset:
                    widths = border_widths(style)
                    box, inside = rect.inset(*widths), inner_radii(radii, *widths)
                self.items.append(Shadow(box, inside, x, y, blur, spread, used_color(color, style), inset))

    def _outline(self, style: ComputedStyle, rect: Rect, radii: Radii) -> None:
        kind, width = style["outline-style"], style["outline-width"]
        if kind in ("none", "hidden") or not width:
            return
        reach = width + style["outline-offset"]
        outer = Rect(rect.x - reach, rect.y - reach, rect.width + 2 * reach, rect.height + 2 * reach)
        grown = tuple((a + reach if a else 0.0, b + reach if b else 0.0) for a, b in radii)
        color = used_color(style["outline-color"], style)
        style_ = "solid" if kind == "auto" else kind
        self.items.append(BorderItem(outer, (width,) * 4, (color,) * 4, (style_,) * 4, grown))

    def _replaced(self, box: ReplacedBox, fragment: BoxFragment, x: float, y: float) -> None:
        content = content_rect(fragment, x, y)
        framed = self.frames.get(box.element) if box.element is not None else None
        if framed is not None:
            self._frame(framed, content, fragment, corner_radii(box.style, Rect(x, y, fragment.width, fragment.height)))
        if box.picture:
            rect = picture_rect(box, content)
            clips = rect.width > content.width or rect.height > content.height
            rounded = corner_radii(box.style, Rect(x, y, fragment.width, fragment.height))
            if clips or rounded != NO_RADII:
                self.items.append(Clip(content, _content_radii(fragment, rounded)))
            self.items.append(PictureItem(rect, box.picture))
            if clips or rounded != NO_RADII:
                self.items.append(PopState())

    def _frame(self, framed: FramedPicture, content: Rect, fragment: BoxFragment, rounded: Radii) -> None:
        """The page in a frame, on whatever stands behind: its own canvas is transparent (CSS Color Adjust 1 §2.4)."""
        left, top = framed.scroll
        self.items.append(Clip(content, _content_radii(fragment, rounded), content.x - left, content.y - top))
        for item in framed.items[1:]:
            # What is fixed in the frame moves with the page around, and not with the frame's own scrolling.
            self.items.append(Clip(None, NO_RADII, left, top) if isinstance(item, FixedToViewport) else item)
        self.items.append(PopState())

    def text(self, text: TextFragment, x: float, y: float) -> None:
        style = text.style
        if style["visibility"] != "visible" or self.fonts.is_awaited(style):
            return
        size, color = style["font-size"], used_color(style["color"], style)
        baseline = y + text.baseline
        self._decoration_lines(text, x, baseline, ("underline", "overline"))
        bold, slanted = style["font-weight"] >= 600, style["font-style"] != "normal"
        own = self.fonts.face_of(style)
        copies = [(0.0, 0.0, 0.0, color)]
        if style["text-shadow"] != "none":
            shadows = [
                (dx, dy, blur / 2, used_color(c, style)) for _, dx, dy, blur, _, c in reversed(style["text-shadow"])
            ]
            copies = [*shadows, *copies]
        for dx, dy, blur, ink in copies:
            pen = x + dx
            for run in text.runs:
                other = run.face is not own
                self.items.append(
                    GlyphRun(pen, baseline + dy, run, size, ink, text.spacing, bold and other, slanted and other, blur)
                )
                pen += run.advance * run.face.scale(size) + text.spacing * run.glyph_count
        self._decoration_lines(text, x, baseline, ("line-through",))

    def _decoration_lines(self, text: TextFragment, x: float, baseline: float, kinds: tuple[str, ...]) -> None:
        """CSS Text Decoration 3 §2; where the font does not say, as thick as a tenth of the text."""
        for line, style in text.decorations:
            if line not in kinds:
                continue
            size = style["font-size"]
            thickness = style["text-decoration-thickness"]
            thickness = max(1.0, math.floor(size / 10)) if isinstance(thickness, str) else resolve(thickness, size)
            offset = style["text-underline-offset"]
            below = max(1.0, math.ceil(size / 20)) if offset == "auto" else resolve(offset, size)
            ascent = text.baseline
            top = {
                "underline": baseline + below, "overline": baseline - ascent - thickness,
                "line-through": baseline + math.floor(0.5 - (ascent / 3 + size / 20)),
            }[line]  # fmt: skip
            rect = Rect(x, round(top), text.width, thickness)
            color = used_color(style["text-decoration-color"], style)
            self.items.append(Stroke(rect, color, style["text-decoration-style"]))


def _content_radii(fragment: BoxFragment, rounded: Radii) -> Radii:
    """The corners of a content box whose border box has these."""
    edges = fragment.edges
    return inner_radii(rounded, *((edges.top, edges.right, edges.bottom, edges.left) if edges else (0.0,) * 4))


def _hides_cell(fragment: BoxFragment) -> bool:
    """empty-cells: hide (CSS 2.2 §17.6.1.1)."""
    style = fragment.box.style
    return (
        style["display"] == "table-cell"
        and style["empty-cells"] == "hide"
        and style["border-collapse"] == "separate"
        and not fragment.children
    )


def build_display_list(
    layout: LayoutResult, fonts: FontLibrary, picture_sizes: Mapping[str, tuple[float, float]],
    offsets: ScrollOffsets | None = None, frames: Mapping[Element, FramedPicture] | None = None,
) -> list[DisplayItem]:  # fmt: skip
    """The display list of a page, its canvas first.

    Args:
        offsets: how far scroll containers are scrolled.
        frames: what is drawn in the frames of the page.
    """
    owner = _canvas_owner(layout.root)
    canvas_owner = owner.box if owner is not None else None
    painter = _Painter(layout, offsets or {}, fonts, picture_sizes, canvas_owner, frames or {})
    canvas = Rect(0.0, 0.0, layout.width, layout.height)
    painter.items.append(FillRect(canvas, Color(1, 1, 1, 1)))
    if owner is not None:
        root = Rect(layout.root.x, layout.root.y, layout.root.width, layout.root.height)
        painter.items += background_items(owner.box.style, canvas, None, NO_RADII, picture_sizes, root)
    painter.paint_page()
    items: list[DisplayItem] = painter.items
    return items


def _canvas_owner(root: BoxFragment) -> BoxFragment | None:
    """Whose background covers the canvas: the root's, or else the body's (CSS Backgrounds 3 §2.11.2)."""
    if _has_background(root.box):
        return root
    for child in root.children:
        if isinstance(child, BoxFragment) and child.box.element is not None and child.box.element.tag == "body":
            return child if _has_background(child.box) else None
    return None


def _has_background(box: Box) -> bool:
    style = box.style
    return used_color(style["background-color"], style).alpha > 0 or any(i != "none" for i in style["background-image"])
