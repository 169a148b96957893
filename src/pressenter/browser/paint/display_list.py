"""From fragments to a display list, in the order in which things lie over one another (CSS 2.2 appendix E).

A *stacking context* is painted as a whole: its own background, then what lies below
(negative z-index), then the backgrounds of blocks, then floats, then text and pictures,
then what is positioned, and at last what has a positive z-index.  A positioned box without a z-index
is painted like one, but what is positioned inside takes part in the context around.

Boxes that clip their contents do so for what is laid out inside of them: each entry keeps
the clips of the boxes around it, up to its containing block.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import Color
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.layout.boxes import Box, InlineBox, ReplacedBox, TableBox
from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import (
    BoxFragment,
    Fragment,
    LayoutResult,
    Placeholder,
    TextFragment,
)
from pressenter.browser.layout.positioned import contains_positioned
from pressenter.browser.layout.transforms import transformation
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
    GlyphRun,
    Group,
    PictureItem,
    PopState,
    Radii,
    Rect,
    Shadow,
    Stroke,
)
from pressenter.browser.paint.object_fit import picture_rect

__all__ = ["build_display_list"]


class _ClipBox(NamedTuple):
    rect: Rect
    radii: Radii


Clips = tuple[_ClipBox, ...]


class _Entry(NamedTuple):
    fragment: Fragment
    x: float
    y: float
    clips: Clips


class _Context:
    """What of one stacking context is painted when."""

    def __init__(self) -> None:
        self.positioned: list[tuple[int, _Entry]] = []


class _Layer:
    """The in-flow parts of a context, or of a positioned box or a float that is painted like one."""

    def __init__(self) -> None:
        self.blocks: list[_Entry] = []
        self.floats: list[_Entry] = []
        self.inlines: list[_Entry] = []


class _Painter:
    def __init__(
        self, fonts: FontLibrary, sizes: Mapping[str, tuple[float, float]], canvas_owner: Box | None,
        positioned: Sequence[BoxFragment],
    ) -> None:  # fmt: skip
        #: What was laid out apart, by its box: painted where its placeholder stands in the tree.
        self.positioned = {fragment.box: fragment for fragment in positioned}
        self.fonts = fonts
        self.sizes = sizes
        self.canvas_owner = canvas_owner
        self.items: list[DisplayItem] = []

    # ---- order -----------------------------------------------------------------------------------

    def paint_context(self, entry: _Entry) -> None:
        """Paint a fragment and all below it as one."""
        fragment = entry.fragment
        assert isinstance(fragment, BoxFragment)
        group = _group(fragment, entry.x, entry.y)
        is_fixed = fragment.box.style["position"] == "fixed"
        if is_fixed:
            self.items.append(FixedToViewport())
        self._push(entry.clips)
        if group is not None:
            self.items.append(group)
        context = _Context()
        self._paint_layer(_Entry(fragment, entry.x, entry.y, ()), context, own_context=True)
        self._pop((*entry.clips, group) if group is not None else entry.clips)
        if is_fixed:
            self.items.append(PopState())

    def _paint_layer(self, entry: _Entry, context: _Context, own_context: bool) -> None:
        """A fragment with what is in its flow; with the positioned parts if the context is its own."""
        fragment = entry.fragment
        assert isinstance(fragment, BoxFragment)
        layer = _Layer()
        clips = entry.clips
        self._push(clips)
        self.decorate(fragment, entry.x, entry.y)
        self._pop(clips)
        inside = _clips_inside(fragment, entry.x, entry.y, clips)
        held = inside if _is_containing_block(fragment.box) else clips
        self._gather(entry._replace(clips=inside), held, layer, context)
        ordered = sorted(context.positioned, key=lambda item: item[0]) if own_context else []
        for z_index, item in ordered:
            if z_index < 0:
                self.paint_context(item)
        for block in layer.blocks:
            self._decorate_entry(block)
        for floating in layer.floats:
            self._paint_layer(floating, context, own_context=False)
        if own_context and len(context.positioned) != len(ordered):  # floats held some
            ordered = sorted(context.positioned, key=lambda item: item[0])
        for inline in layer.inlines:
            self._paint_inline(inline, context)
        if own_context:
            self._paint_positioned(context)

    def _paint_positioned(self, context: _Context) -> None:
        """z-index 0 and auto in tree order, then the positive ones; what is found on the way takes part."""
        done = 0
        while done < len(context.positioned):
            pending = context.positioned[done:]
            done = len(context.positioned)
            for z_index, entry in sorted(pending, key=lambda item: item[0]):
                if z_index < 0:
                    continue
                if _is_stacking_context(entry.fragment):
                    self.paint_context(entry)
                else:
                    self._paint_layer(entry, context, own_context=False)

    def _gather(self, entry: _Entry, held: Clips, layer: _Layer, context: _Context) -> None:
        """Sort what is in a fragment into the layer and the context.

        Args:
            held: the clips around the containing block of what is positioned absolutely.
        """
        fragment = entry.fragment
        assert isinstance(fragment, BoxFragment)
        for child in fragment.children:
            if isinstance(child, Placeholder):
                placed = self.positioned.get(child.box)
                if placed is not None:
                    clips = () if child.box.style["position"] == "fixed" else held
                    context.positioned.append((_z_index(placed), _Entry(placed, placed.x, placed.y, clips)))
                continue
            found = _Entry(child, entry.x + child.x, entry.y + child.y, entry.clips)
            if isinstance(child, TextFragment):
                layer.inlines.append(found)
                continue
            box = child.box
            if (box.style["position"] != "static" or _is_stacking_context(child)) and not isinstance(box, InlineBox):
                context.positioned.append((_z_index(child), found))
            elif box.is_float:
                layer.floats.append(found)
            elif isinstance(box, InlineBox) or not box.is_block_level:
                layer.inlines.append(found)
            else:
                layer.blocks.append(found)
                inside = _clips_inside(child, found.x, found.y, found.clips)
                self._gather(found._replace(clips=inside), held, layer, context)

    def _paint_inline(self, entry: _Entry, context: _Context) -> None:
        item = entry.fragment
        if isinstance(item, BoxFragment) and not isinstance(item.box, InlineBox):
            self._paint_layer(entry, context, own_context=False)
            return
        self._push(entry.clips)
        if isinstance(item, TextFragment):
            self._text(item, entry.x, entry.y)
        elif isinstance(item, BoxFragment):
            self.decorate(item, entry.x, entry.y)
        self._pop(entry.clips)

    def _decorate_entry(self, entry: _Entry) -> None:
        assert isinstance(entry.fragment, BoxFragment)
        before = len(self.items)
        self._push(entry.clips)
        drawn = len(self.items)
        self.decorate(entry.fragment, entry.x, entry.y)
        if len(self.items) == drawn:
            del self.items[before:]
        else:
            self._pop(entry.clips)

    def _push(self, clips: Clips) -> None:
        self.items.extend(Clip(box.rect, box.radii) for box in clips)

    def _pop(self, clips: Sequence[Any]) -> None:
        self.items.extend([PopState()] * len(clips))

    # ---- parts -----------------------------------------------------------------------------------

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
        content = _content_rect(fragment, x, y)
        if box.picture:
            rect = picture_rect(box, content)
            clips = rect.width > content.width or rect.height > content.height
            rounded = corner_radii(box.style, Rect(x, y, fragment.width, fragment.height))
            if clips or rounded != NO_RADII:
                edges = fragment.edges
                inset = (edges.top, edges.right, edges.bottom, edges.left) if edges else (0.0,) * 4
                self.items.append(Clip(content, inner_radii(rounded, *inset)))
            self.items.append(PictureItem(rect, box.picture))
            if clips or rounded != NO_RADII:
                self.items.append(PopState())

    def _text(self, text: TextFragment, x: float, y: float) -> None:
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
                pen += run.advance * run.face.scale(size) + text.spacing * len(run.glyphs)
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


def _hides_cell(fragment: BoxFragment) -> bool:
    """empty-cells: hide (CSS 2.2 §17.6.1.1)."""
    style = fragment.box.style
    return (
        style["display"] == "table-cell"
        and style["empty-cells"] == "hide"
        and style["border-collapse"] == "separate"
        and not fragment.children
    )


def _z_index(fragment: BoxFragment) -> int:
    """Flex and grid items have one too (CSS Flexbox 1 §5.4)."""
    value = fragment.box.style["z-index"]
    return value if isinstance(value, int) else 0


def _is_stacking_context(fragment: Fragment) -> bool:
    """CSS Positioned Layout 3 §3, CSS Color 4 §4.2, CSS Transforms 1 §3, Compositing 1 §2.1.1."""
    if not isinstance(fragment, BoxFragment):
        return False
    style = fragment.box.style
    return bool(
        (style["position"] != "static" and style["z-index"] != "auto")
        or style["position"] in ("fixed", "sticky")
        or style["opacity"] < 1
        or style["mix-blend-mode"] != "normal"
        or style["isolation"] == "isolate"
        or contains_positioned(style)
    )


def _is_containing_block(box: Box) -> bool:
    return bool(box.style["position"] != "static") or contains_positioned(box.style)


def _clips_inside(fragment: BoxFragment, x: float, y: float, clips: Clips) -> Clips:
    """The clips of what is in a box; the root's overflow is the viewport's (CSS Overflow 3 §3.3)."""
    box = fragment.box
    style = box.style
    clipping = style["overflow-x"] != "visible" or style["overflow-y"] != "visible" or "paint" in style["contain"]
    if isinstance(box, ReplacedBox) and box.label:
        return (*clips, _ClipBox(_content_rect(fragment, x, y), NO_RADII))
    if not clipping or isinstance(box, (InlineBox, TableBox)):
        return clips
    if box.element is not None and (box.element.parent_element is None or box.element.tag == "body"):
        return clips
    rect = Rect(x, y, fragment.width, fragment.height)
    widths = border_widths(style)
    inside = rect.inset(*widths)
    if style["overflow-x"] == "visible":
        inside = inside._replace(x=-1e6, width=2e6)
    if style["overflow-y"] == "visible":
        inside = inside._replace(y=-1e6, height=2e6)
    return (*clips, _ClipBox(inside, inner_radii(corner_radii(style, rect), *widths)))


def _group(fragment: BoxFragment, x: float, y: float) -> Group | None:
    """Opacity, transform, filters and blending of a stacking context."""
    style = fragment.box.style
    matrix = transformation(style, x, y, fragment.width, fragment.height)
    filters = () if style["filter"] == "none" else style["filter"]
    filters = tuple((*f[:-1], used_color(f[-1], style)) if f[0] == "drop-shadow" else f for f in filters)
    opacity = min(1.0, max(0.0, style["opacity"]))
    blend = style["mix-blend-mode"]
    if opacity == 1 and matrix is None and not filters and blend == "normal":
        return None
    return Group(opacity, matrix, filters, blend)


def _content_rect(fragment: BoxFragment, x: float, y: float) -> Rect:
    rect = Rect(x, y, fragment.width, fragment.height)
    edges = fragment.edges
    return rect if edges is None else rect.inset(edges.top, edges.right, edges.bottom, edges.left)


def build_display_list(
    layout: LayoutResult, fonts: FontLibrary, picture_sizes: Mapping[str, tuple[float, float]]
) -> list[DisplayItem]:
    """The display list of a page, its canvas first."""
    owner = _canvas_owner(layout.root)
    painter = _Painter(fonts, picture_sizes, owner.box if owner is not None else None, layout.positioned)
    canvas = Rect(0.0, 0.0, layout.width, layout.height)
    painter.items.append(FillRect(canvas, Color(1, 1, 1, 1)))
    if owner is not None:
        root = Rect(layout.root.x, layout.root.y, layout.root.width, layout.root.height)
        painter.items += background_items(owner.box.style, canvas, None, NO_RADII, picture_sizes, root)
    with deep_nesting():
        painter.paint_context(_Entry(layout.root, layout.root.x, layout.root.y, ()))
    return painter.items


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
