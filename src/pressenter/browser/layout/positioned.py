"""Absolutely positioned boxes: laid out last, when what they refer to has its place.

During layout such a box leaves a placeholder.  Afterwards the fragment tree is walked;
each placeholder knows its own place (for ``auto`` offsets) and the nearest positioned
ancestor (CSS 2.2 §10.1), and the box is laid out against that ancestor's padding box.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.layout.block import layout_block
from pressenter.browser.layout.boxes import BlockBox, Box
from pressenter.browser.layout.edges import clamp_width, edges_of, resolve, resolve_width
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder
from pressenter.browser.layout.intrinsic import shrink_to_fit

__all__ = ["layout_positioned"]


class _Block(NamedTuple):
    """A containing block in page coordinates."""

    x: float
    y: float
    width: float
    height: float


def layout_positioned(engine: LayoutEngine, root: BoxFragment) -> tuple[BoxFragment, ...]:
    """Lay out every absolutely positioned box of a page; fragments in page coordinates."""
    initial = _Block(0.0, 0.0, engine.viewport_width, engine.viewport_height)
    found: list[BoxFragment] = []
    stack: list[tuple[Fragment, float, float, _Block]] = [(root, 0.0, 0.0, initial)]
    while stack:
        fragment, x, y, block = stack.pop()
        x, y = x + fragment.x, y + fragment.y
        if isinstance(fragment, Placeholder):
            target = initial if fragment.box.style["position"] == "fixed" else block
            placed = _place(engine, fragment.box, x, y, target)
            found.append(placed)
            # What is positioned inside refers to it, and may hold placeholders itself.
            inner = _padding_box(placed, placed.x, placed.y)
            stack.extend((child, placed.x, placed.y, inner) for child in reversed(placed.children))
        elif isinstance(fragment, BoxFragment):
            if fragment.box.style["position"] != "static":
                block = _padding_box(fragment, x, y)
            stack.extend((child, x, y, block) for child in reversed(fragment.children))
    return tuple(found)


def _padding_box(fragment: BoxFragment, x: float, y: float) -> _Block:
    style = fragment.box.style
    left, top = style["border-left-width"], style["border-top-width"]
    return _Block(
        x + left, y + top,
        max(0.0, fragment.width - left - style["border-right-width"]),
        max(0.0, fragment.height - top - style["border-bottom-width"]),
    )  # fmt: skip


def _place(engine: LayoutEngine, box: Box, static_x: float, static_y: float, block: _Block) -> BoxFragment:
    """CSS 2.2 §10.3.7 and §10.6.4."""
    style = box.style
    edges = edges_of(style, block.width)
    offsets = {
        side: None
        if style[side] == "auto"
        else resolve(style[side], block.width if side in ("left", "right") else block.height)
        for side in ("left", "right", "top", "bottom")
    }
    left, right, top, bottom = (offsets[side] for side in ("left", "right", "top", "bottom"))
    outer = edges.horizontal + edges.margin_left + edges.margin_right
    if isinstance(box, BlockBox):
        width = resolve_width(style, "width", block.width, edges)
        if width is None and left is not None and right is not None:
            width = max(0.0, block.width - left - right - outer)
        if width is None:
            width = shrink_to_fit(engine, box, max(0.0, block.width - (left or 0.0) - (right or 0.0)))
        width = clamp_width(style, width, block.width, edges)
        fragment = layout_block(engine, box, block.width, content_width=width).fragment
    else:
        fragment = engine.layout(box, block.width)
    fragment = _with_height(fragment, box, block, top, bottom)
    if left is not None:
        x = block.x + left + edges.margin_left
        if right is not None and edges.auto_left and edges.auto_right:
            x = block.x + left + max(0.0, block.width - left - right - fragment.width) / 2
    elif right is not None:
        x = block.x + block.width - right - fragment.width - edges.margin_right
    else:
        x = static_x + edges.margin_left
    if top is not None:
        y = block.y + top + edges.margin_top
    elif bottom is not None:
        y = block.y + block.height - bottom - fragment.height - edges.margin_bottom
    else:
        y = static_y + edges.margin_top
    return fragment._replace(x=x, y=y)


def _with_height(
    fragment: BoxFragment, box: Box, block: _Block, top: float | None, bottom: float | None
) -> BoxFragment:
    edges = edges_of(box.style, block.width)
    height = resolve_width(box.style, "height", block.height, edges)
    if height is None and top is not None and bottom is not None:
        height = block.height - top - bottom - edges.vertical - edges.margin_top - edges.margin_bottom
    if height is None:
        return fragment
    return fragment._replace(height=max(0.0, height) + edges.vertical)
