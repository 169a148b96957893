"""Absolutely positioned boxes: laid out last, when what they refer to has its place (CSS Positioned Layout 3).

During layout such a box leaves a placeholder.  Afterwards the fragment tree is walked;
each placeholder knows its own place (for ``auto`` offsets) and the nearest positioned
ancestor (CSS 2.2 §10.1), and the box is laid out against that ancestor's padding box, or
against the grid area that its parent names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import Box, InlineBox, ReplacedBox, TableBox
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.edges import Edges, edges_of, resolve
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder, TextFragment, moved_to
from pressenter.browser.layout.intrinsic import clamp_width, used_width
from pressenter.browser.layout.sizing import length_of, preferred_ratio

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["contains_positioned", "layout_positioned"]


class _Block(NamedTuple):
    """A containing block in page coordinates."""

    x: float
    y: float
    width: float
    height: float
    mirrored: bool = False


class _Blocks(NamedTuple):
    """What absolutely positioned boxes refer to, and what fixed ones do."""

    absolute: _Block
    fixed: _Block


def contains_positioned(style: ComputedStyle) -> bool:
    """Whether a box is the containing block even of fixed boxes (CSS Transforms 1 §3, Filter Effects 1 §5)."""
    return bool(
        style["transform"] != "none"
        or style["filter"] != "none"
        or style["translate"] != "none"
        or style["rotate"] != "none"
        or style["scale"] != "none"
        or style["backdrop-filter"] != "none"
        or style["will-change"] == "transform"
        or "layout" in style["contain"]
        or "paint" in style["contain"]
    )


def layout_positioned(engine: LayoutEngine, root: BoxFragment) -> tuple[BoxFragment, ...]:
    """Lay out every absolutely positioned box of a page; fragments in page coordinates."""
    mirrored = root.box.style["direction"] == "rtl"
    initial = _Block(0.0, 0.0, engine.viewport_width, engine.viewport_height, mirrored)
    found: list[BoxFragment] = []
    stack: list[_Entry] = [_Entry(root, 0.0, 0.0, _Blocks(initial, initial), False)]
    while stack:
        fragment, x, y, blocks, parent_contains = stack.pop()
        if isinstance(fragment, Placeholder):
            block = blocks.fixed if fragment.box.style["position"] == "fixed" else blocks.absolute
            if fragment.area is not None and parent_contains:
                left, top, width, height = fragment.area
                block = _Block(x + left, y + top, width, height, block.mirrored)
            placed = _place(engine, fragment, (x + fragment.x, y + fragment.y), block)
            found.append(placed)
            stack.extend(_inner(placed, placed.x, placed.y, blocks))
        elif isinstance(fragment, BoxFragment):
            stack.extend(_inner(fragment, x + fragment.x, y + fragment.y, blocks))
    return tuple(found)


class _Entry(NamedTuple):
    """A fragment that is to be looked at; (x, y) is its parent's corner."""

    fragment: Fragment
    x: float
    y: float
    blocks: _Blocks
    parent_contains: bool  # whether the parent is the containing block


def _inner(fragment: BoxFragment, x: float, y: float, blocks: _Blocks) -> list[_Entry]:
    style = fragment.box.style
    holds_all = contains_positioned(style) and not isinstance(fragment.box, InlineBox)
    contains = style["position"] != "static" or holds_all
    if contains:
        block = _padding_box(fragment, x, y)
        blocks = _Blocks(block, block if holds_all else blocks.fixed)
    return [
        _Entry(child, x, y, blocks, contains)
        for child in reversed(fragment.children)
        if not isinstance(child, TextFragment)
    ]


def _padding_box(fragment: BoxFragment, x: float, y: float) -> _Block:
    style = fragment.box.style
    left, top = style["border-left-width"], style["border-top-width"]
    right, bottom = fragment.gutters
    return _Block(
        x + left + (right if style["direction"] == "rtl" else 0.0), y + top,
        max(0.0, fragment.width - left - style["border-right-width"] - right),
        max(0.0, fragment.height - top - style["border-bottom-width"] - bottom),
        style["direction"] == "rtl",
    )  # fmt: skip


class _Offsets(NamedTuple):
    """left, right, top and bottom in pixels; None for auto."""

    left: float | None
    right: float | None
    top: float | None
    bottom: float | None


def _offsets(style: ComputedStyle, block: _Block) -> _Offsets:
    def offset(side: str, base: float) -> float | None:
        return None if style[side] == "auto" else resolve(style[side], base)

    return _Offsets(
        offset("left", block.width), offset("right", block.width), offset("top", block.height),
        offset("bottom", block.height),
    )  # fmt: skip


def _place(engine: LayoutEngine, placeholder: Placeholder, static: tuple[float, float], block: _Block) -> BoxFragment:
    """CSS 2.2 §10.3.7 and §10.6.4."""
    box = placeholder.box
    style = box.style
    edges = edges_of(style, block.width)
    offsets = _offsets(style, block)
    constraints = _constraints(engine, box, edges, offsets, placeholder, static, block)
    fragment = engine.layout(box, constraints)
    x = _along(
        offsets.left, offsets.right, fragment.width, block.x, block.width,
        (edges.margin_left, edges.margin_right), (edges.auto_left, edges.auto_right), block.mirrored,
    )  # fmt: skip
    if x is None:
        x = _static(
            static[0], placeholder.static[0], placeholder.align_x, fragment.width, edges.margin_left, edges.margin_right
        )
    y = _along(
        offsets.top, offsets.bottom, fragment.height, block.y, block.height,
        (edges.margin_top, edges.margin_bottom), (edges.auto_top, edges.auto_bottom), False,
    )  # fmt: skip
    if y is None:
        y = _static(
            static[1],
            placeholder.static[1],
            placeholder.align_y,
            fragment.height,
            edges.margin_top,
            edges.margin_bottom,
        )
    return moved_to(fragment, x, y)


def _static(start: float, room: float, align: str, size: float, before: float, after: float) -> float:
    """In the static-position rectangle, by the alignment of the parent (CSS Positioned Layout 3 §4.1)."""
    free = room - size - before - after
    return start + before + {"start": 0.0, "center": free / 2, "end": free}[align]


def _along(
    before: float | None, after: float | None, size: float, start: float, room: float,
    margins: tuple[float, float], auto: tuple[bool, bool], mirrored: bool,
) -> float | None:  # fmt: skip
    """Where the border box begins in one axis; None if both offsets are auto."""
    if before is not None and after is not None:
        free = room - before - after - size - margins[0] - margins[1]
        if auto == (True, True):
            share = free / 2 if free >= 0 else (free if mirrored else 0.0)
            return start + before + share
        if auto[0]:
            return start + before + free
        if mirrored and not auto[1]:
            return start + room - after - size - margins[1]  # over-constrained: left gives way
    if before is not None:
        return start + before + margins[0]
    if after is not None:
        return start + room - after - size - margins[1]
    return None


def _constraints(
    engine: LayoutEngine, box: Box, edges: Edges, offsets: _Offsets, placeholder: Placeholder,
    static: tuple[float, float], block: _Block,
) -> Constraints:  # fmt: skip
    """Both offsets of an axis stretch an auto size between them, as long as no ratio says otherwise."""
    style = box.style
    width = block.width - (offsets.left or 0.0) - (offsets.right or 0.0)
    if offsets.left is None and offsets.right is None and not placeholder.static[0]:
        # From the static position to the far edge.
        if placeholder.align_x == "end":
            width = static[0] - block.x
        else:
            width = block.x + block.width - static[0]
    stretches = not isinstance(box, (ReplacedBox, TableBox))
    used_width = used_height = None
    both_down = offsets.top is not None and offsets.bottom is not None
    ratio = preferred_ratio(box)
    if stretches and offsets.left is not None and offsets.right is not None and style["width"] in ("auto", "stretch"):
        if ratio is None or style["height"] == "auto":
            room = block.width - offsets.left - offsets.right - edges.margin_horizontal
            used_width = _limited_width(engine, box, max(edges.horizontal, room), block, edges)
    if stretches and both_down and style["height"] in ("auto", "stretch"):
        assert offsets.top is not None and offsets.bottom is not None
        if ratio is None or (used_width is None and style["width"] == "auto"):
            room = block.height - offsets.top - offsets.bottom - edges.margin_vertical
            used_height = _limited_height(box, max(edges.vertical, room), block, edges)
    base = Constraints(block.width, block.height, used_width, used_height, True, True)
    if used_width is None and style["width"] in ("auto", "fit-content") and not isinstance(box, ReplacedBox):
        used_width = _shrunk(engine, box, width, base, edges)
        base = base._replace(used_width=used_width)
    return base


def _limited_width(engine: LayoutEngine, box: Box, width: float, block: _Block, edges: Edges) -> float:
    return clamp_width(engine, box, width - edges.horizontal, block.width, edges) + edges.horizontal


def _limited_height(box: Box, height: float, block: _Block, edges: Edges) -> float:
    for name, pick in (("max-height", min), ("min-height", max)):
        limit = length_of(box.style, name, block.height, edges)
        if limit is not None:
            height = pick(height, limit + edges.vertical)
    return max(height, edges.vertical)


def _shrunk(engine: LayoutEngine, box: Box, room: float, constraints: Constraints, edges: Edges) -> float | None:
    """Shrink to fit in the room that the offsets leave (CSS 2.2 §10.3.7)."""
    if isinstance(box, TableBox):
        return None
    content = used_width(engine, box, constraints._replace(width=max(0.0, room)), edges)
    return clamp_width(engine, box, content, constraints.width, edges) + edges.horizontal
