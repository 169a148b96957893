"""Painting order: in which order the parts of a page lie over one another (CSS 2.2 appendix E).

A *stacking context* is painted as a whole: its own background, then what lies below
(negative z-index), then the backgrounds of blocks, then floats, then text and pictures,
then what is positioned, and at last what has a positive z-index.  A positioned box without a z-index
is painted like one, but what is positioned inside takes part in the context around.

Boxes that clip their contents do so for what is laid out inside of them: each entry keeps
the clips of the boxes around it, up to its containing block.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import Box, InlineBox, ReplacedBox, TableBox
from pressenter.browser.layout.fragments import BoxFragment, Fragment, LayoutResult, Placeholder, TextFragment
from pressenter.browser.layout.positioned import contains_positioned
from pressenter.browser.layout.transforms import transformation
from pressenter.browser.paint.backgrounds import border_widths, corner_radii, inner_radii, used_color
from pressenter.browser.paint.items import NO_RADII, Clip, FixedToViewport, Group, PopState, Radii, Rect

__all__ = ["PaintingOrder", "ScrollOffsets", "content_rect"]

#: How far the contents of scroll containers are scrolled, in CSS pixels.
ScrollOffsets = Mapping[Element, tuple[float, float]]


class _ClipBox(NamedTuple):
    rect: Rect
    radii: Radii
    x: float = 0.0
    y: float = 0.0


Clips = tuple[_ClipBox, ...]


class _Entry(NamedTuple):
    """``is_held`` is whether a box around is the containing block of what is fixed (CSS Transforms 1 §3)."""

    fragment: Fragment
    x: float
    y: float
    clips: Clips
    is_held: bool = False


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


class PaintingOrder(ABC):
    """Walks through a page in painting order; what is done at each part is a subclass's matter.

    Args:
        offsets: how far scroll containers are scrolled.

    Attributes:
        items: what the walk has come to: clips and groups, and what the subclass adds.
    """

    def __init__(self, layout: LayoutResult, offsets: ScrollOffsets) -> None:
        self.layout = layout
        self.items: list[Any] = []
        self._offsets = offsets
        #: What was laid out apart, by its box: painted where its placeholder stands in the tree.
        self._positioned = {fragment.box: fragment for fragment in layout.positioned}

    @abstractmethod
    def decorate(self, fragment: BoxFragment, x: float, y: float) -> None:
        """A box with what it draws itself."""

    @abstractmethod
    def text(self, text: TextFragment, x: float, y: float) -> None:
        """A piece of text."""

    def paint_page(self) -> None:
        """Walk through the whole page."""
        root = self.layout.root
        with deep_nesting():
            self.paint_context(_Entry(root, root.x, root.y, ()))

    # ---- order -----------------------------------------------------------------------------------

    def paint_context(self, entry: _Entry) -> None:
        """Paint a fragment and all below it as one."""
        fragment = entry.fragment
        assert isinstance(fragment, BoxFragment)
        group = _group(fragment, entry.x, entry.y)
        is_fixed = fragment.box.style["position"] == "fixed" and not entry.is_held
        if is_fixed:
            self.items.append(FixedToViewport())
        self._push(entry.clips)
        if group is not None:
            self.items.append(group)
        context = _Context()
        self._paint_layer(_Entry(fragment, entry.x, entry.y, (), entry.is_held), context, own_context=True)
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
        inside = self._clips_inside(fragment, entry.x, entry.y, clips)
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
        is_held = entry.is_held or contains_positioned(fragment.box.style)
        for child in fragment.children:
            if isinstance(child, Placeholder):
                placed = self._positioned.get(child.box)
                if placed is not None:
                    clips = () if child.box.style["position"] == "fixed" and not is_held else held
                    found = _Entry(placed, placed.x, placed.y, clips, is_held)
                    context.positioned.append((_z_index(placed), found))
                continue
            found = _Entry(child, entry.x + child.x, entry.y + child.y, entry.clips, is_held)
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
                inside = self._clips_inside(child, found.x, found.y, found.clips)
                self._gather(found._replace(clips=inside), held, layer, context)

    def _paint_inline(self, entry: _Entry, context: _Context) -> None:
        item = entry.fragment
        if isinstance(item, BoxFragment) and not isinstance(item.box, InlineBox):
            self._paint_layer(entry, context, own_context=False)
            return
        self._push(entry.clips)
        if isinstance(item, TextFragment):
            self.text(item, entry.x, entry.y)
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
        if clips:
            self.items.extend([Clip(*box) for box in clips])

    def _pop(self, clips: Sequence[Any]) -> None:
        if clips:
            self.items.extend([PopState()] * len(clips))

    def _clips_inside(self, fragment: BoxFragment, x: float, y: float, clips: Clips) -> Clips:
        """The clips of what is in a box; the root's overflow is the viewport's (CSS Overflow 3 §3.3)."""
        box = fragment.box
        style = box.style
        clipping = style["overflow-x"] != "visible" or style["overflow-y"] != "visible" or "paint" in style["contain"]
        if isinstance(box, ReplacedBox) and box.label:
            return (*clips, _ClipBox(content_rect(fragment, x, y), NO_RADII))
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
        x, y = self._offsets.get(box.element, (0.0, 0.0)) if box.element is not None else (0.0, 0.0)
        return (*clips, _ClipBox(inside, inner_radii(corner_radii(style, rect), *widths), -x, -y))


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


def content_rect(fragment: BoxFragment, x: float, y: float) -> Rect:
    """The content box of a fragment whose border box stands at (x, y)."""
    rect = Rect(x, y, fragment.width, fragment.height)
    edges = fragment.edges
    return rect if edges is None else rect.inset(edges.top, edges.right, edges.bottom, edges.left)
