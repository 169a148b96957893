"""Block layout: boxes one below the other, with collapsing margins and floats (CSS 2.2 §9.4.1).

Vertical margins that touch become one: those of neighbours, those of a box and its
first or last child, those of an empty box.  The one has the size of the largest, less the
most negative (§8.3.1).  So a box's top margin may be its grandchild's, and must be known
before the box can be placed; `_top_margin` looks ahead for it.  A bottom margin comes
back with the result, for the parent to join with what follows.

A *block formatting context* is a region with floats of its own: nothing inside it
flows around floats outside, and its margins do not join those outside.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.layout.boxes import BlockBox, Box, ReplacedBox, TableBox
from pressenter.browser.layout.edges import Edges, clamp_width, edges_of, resolve_width
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.float_context import FloatContext
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder, TextFragment
from pressenter.browser.layout.inline import layout_inline
from pressenter.browser.layout.intrinsic import intrinsic_widths

__all__ = ["BlockResult", "layout_block", "layout_float", "starts_formatting_context"]


class _Margin(NamedTuple):
    """Adjoining margins: the largest positive and the smallest negative."""

    positive: float = 0.0
    negative: float = 0.0

    def joined(self, other: _Margin) -> _Margin:
        return _Margin(max(self.positive, other.positive), min(self.negative, other.negative))

    @property
    def size(self) -> float:
        return self.positive + self.negative


def _margin(size: float) -> _Margin:
    return _Margin(max(size, 0.0), min(size, 0.0))


class BlockResult(NamedTuple):
    """A block that was laid out, its bottom margin, and whether its margins join through it."""

    fragment: BoxFragment
    bottom_margin: _Margin
    collapses_through: bool


class _Contents(NamedTuple):
    fragments: list[Fragment]
    height: float
    bottom_margin: _Margin
    first_baseline: float | None
    last_baseline: float | None
    lines: int


def starts_formatting_context(box: Box) -> bool:
    """CSS 2.2 §9.4.1."""
    if isinstance(box, (TableBox, ReplacedBox)):
        return True
    style = box.style
    return (
        style["overflow"] != "visible"
        or not box.is_in_flow
        or style["display"]
        in ("inline-block", "table-cell", "table-caption", "flow-root", "flex", "grid", "inline-flex", "inline-grid")
        or (box.element is not None and box.element.parent_element is None)
    )


def layout_block(
    engine: LayoutEngine,
    box: BlockBox,
    containing_width: float,
    floats: FloatContext | None = None,
    context_x: float = 0.0,
    context_y: float = 0.0,
    content_width: float | None = None,
) -> BlockResult:
    """Lay out a block; its fragment's border box stands at (0, 0).

    Args:
        floats: of the formatting context around, or None if there is none.
        context_x, context_y: the border box's corner in that context.
        content_width: if it is fixed from outside (cells, shrink to fit).
    """
    edges = edges_of(box.style, containing_width)
    width = content_width if content_width is not None else _content_width(engine, box, containing_width, edges)
    own_context = starts_formatting_context(box) or floats is None
    if own_context or floats is None:
        floats = FloatContext()
        context_x = context_y = 0.0
    inside_x, inside_y = context_x + edges.left, context_y + edges.top
    if box.holds_inlines:
        lines = layout_inline(engine, box, width, floats, inside_x, inside_y)
        contents = _Contents(
            lines.fragments, lines.height, _Margin(), lines.first_baseline, lines.last_baseline, lines.line_count
        )
    else:
        joins_top = not own_context and edges.top == 0
        contents = _layout_children(engine, box, width, floats, inside_x, inside_y, joins_top)
    height = contents.height
    joins_bottom = not own_context and edges.bottom == 0 and box.style["height"] == "auto"
    bottom = _margin(edges.margin_bottom)
    if joins_bottom:
        bottom = bottom.joined(contents.bottom_margin)
    else:
        height += contents.bottom_margin.size
    if own_context:
        height = max(height, floats.bottom - inside_y)  # §10.6.7
    height = _content_height(box, height, edges)
    through = not own_context and height == 0 and edges.vertical == 0 and contents.lines == 0 and not box.marker
    fragments = [_shifted(fragment, edges.left, edges.top) for fragment in contents.fragments]
    if box.marker:
        fragments.insert(0, _marker(engine, box, contents, edges))
        height = max(height, _line_height(engine, box) if contents.lines == 0 and not contents.fragments else 0)
    first = contents.first_baseline + edges.top if contents.first_baseline is not None else None
    last = contents.last_baseline + edges.top if contents.last_baseline is not None else None
    fragment = BoxFragment(
        0.0, 0.0, width + edges.horizontal, height + edges.vertical, box, tuple(fragments), first, last, contents.lines,
    )  # fmt: skip
    return BlockResult(fragment, bottom, through)


def _shifted(fragment: Fragment, x: float, y: float) -> Fragment:
    return fragment._replace(x=fragment.x + x, y=fragment.y + y)


def _content_width(engine: LayoutEngine, box: BlockBox, containing_width: float, edges: Edges) -> float:
    """CSS 2.2 §10.3.3; §10.3.5 where a keyword asks for the content's own width."""
    asked = resolve_width(box.style, "width", containing_width, edges)
    if asked is None:
        outer = edges.horizontal + edges.margin_left + edges.margin_right
        keyword = box.style["width"]
        if keyword == "auto":
            asked = containing_width - outer
        else:
            smallest, largest = intrinsic_widths(engine, box)
            wanted = {"min-content": smallest, "max-content": largest}.get(
                keyword, min(max(smallest, containing_width), largest)
            )
            asked = wanted - outer
    return clamp_width(box.style, max(0.0, asked), containing_width, edges)


def _content_height(box: BlockBox, natural: float, edges: Edges) -> float:
    """Percentages of heights refer to a height that is not known here, and count as auto."""
    style = box.style
    sizes = {
        name: resolve_width(style, name, 0.0, edges) if isinstance(style[name], float) else None
        for name in ("height", "min-height", "max-height")
    }
    height = natural if sizes["height"] is None else sizes["height"]
    if sizes["max-height"] is not None:
        height = min(height, sizes["max-height"])
    if sizes["min-height"] is not None:
        height = max(height, sizes["min-height"])
    return max(0.0, height)


def _top_margin(engine: LayoutEngine, box: Box, containing_width: float) -> _Margin:
    """The top margin of a box, joined with those of its first children that it touches."""
    key = (box, containing_width)
    known = engine.top_margins.get(key)
    if known is None:
        margin = _find_top_margin(engine, box, containing_width)
        known = engine.top_margins[key] = (margin.positive, margin.negative)
    return _Margin(*known)


def _find_top_margin(engine: LayoutEngine, box: Box, containing_width: float) -> _Margin:
    edges = edges_of(box.style, containing_width)
    margin = _margin(edges.margin_top)
    if isinstance(box, BlockBox) and not box.holds_inlines and edges.top == 0 and not starts_formatting_context(box):
        width = containing_width - edges.margin_left - edges.margin_right - edges.horizontal
        for child in box.children:
            if not child.is_in_flow:
                continue
            if child.style["clear"] == "none":
                margin = margin.joined(_top_margin(engine, child, width))
            if not _is_empty(engine, child, width):
                break
            margin = margin.joined(_margin(edges_of(child.style, width).margin_bottom))
    return margin


def _is_empty(engine: LayoutEngine, box: Box, width: float) -> bool:
    """Whether margins join through a box: nothing in it takes any height (CSS 2.2 §8.3.1)."""
    known = engine.empty_boxes.get(box)
    if known is None:
        known = engine.empty_boxes[box] = _has_no_height(box, width) and all(
            not child.is_in_flow or _is_empty(engine, child, width) for child in getattr(box, "children", ())
        )
    return known


def _has_no_height(box: Box, width: float) -> bool:
    if not isinstance(box, BlockBox) or starts_formatting_context(box) or box.marker or box.holds_inlines:
        return False
    if edges_of(box.style, width).vertical or box.style["height"] not in ("auto", 0.0):
        return False
    return not (isinstance(box.style["min-height"], float) and box.style["min-height"] > 0)


class _Flow:
    """Where the next block goes, while the children of one container are laid out."""

    def __init__(self, joins_top: bool) -> None:
        self.y = 0.0
        self.pending = _Margin()
        self.at_top = joins_top  # the margins so far are the container's own
        self.fragments: list[Fragment] = []
        self.first_baseline: float | None = None
        self.last_baseline: float | None = None
        self.lines = 0

    @property
    def here(self) -> float:
        """The height at which something without a margin would stand."""
        return self.y + (0.0 if self.at_top else self.pending.size)


def _layout_children(
    engine: LayoutEngine, box: BlockBox, width: float, floats: FloatContext, x: float, y: float, joins_top: bool
) -> _Contents:  # fmt: skip
    flow = _Flow(joins_top)
    for child in box.children:
        if child.is_out_of_flow:
            flow.fragments.append(Placeholder(0.0, flow.here, child))
        elif child.is_float:
            flow.fragments.append(layout_float(engine, child, width, floats, x, y, flow.here))
        else:
            _add_block(engine, child, width, floats, x, y, flow)
    return _Contents(
        flow.fragments, flow.y, flow.pending, flow.first_baseline, flow.last_baseline,
        flow.lines,
    )  # fmt: skip


def _add_block(
    engine: LayoutEngine, child: Box, width: float, floats: FloatContext, x: float, y: float, flow: _Flow
) -> None:  # fmt: skip
    edges = edges_of(child.style, width)
    margin = _top_margin(engine, child, width)
    joined = flow.pending.joined(margin)
    top = flow.y if flow.at_top else flow.y + joined.size
    clear = child.style["clear"]
    if clear != "none":
        cleared = floats.clearance(y + top, clear) - y
        if cleared > top:
            top, flow.at_top = cleared, False
    if starts_formatting_context(child) or not isinstance(child, BlockBox):
        result, left, top = _beside_floats(engine, child, width, floats, x, y, top, edges)
    else:
        left = _left_edge(child, width, edges)
        result = layout_block(engine, child, width, floats, x + left, y + top)
        left = _left_edge(child, width, edges, result.fragment.width)
    fragment = _offset_relative(result.fragment._replace(x=left, y=top), child, width)
    flow.fragments.append(fragment)
    if result.fragment.first_baseline is not None:
        if flow.first_baseline is None:
            flow.first_baseline = top + result.fragment.first_baseline
        assert result.fragment.last_baseline is not None
        flow.last_baseline = top + result.fragment.last_baseline
    if result.collapses_through:
        flow.pending = joined.joined(result.bottom_margin)
        return
    flow.y = top + result.fragment.height
    flow.pending = result.bottom_margin
    flow.at_top = False
    flow.lines += 1


def _left_edge(child: Box, width: float, edges: Edges, outer_width: float | None = None) -> float:
    """Where the border box begins; auto margins share what is left over (CSS 2.2 §10.3.3)."""
    if outer_width is None:
        asked = resolve_width(child.style, "width", width, edges)
        if asked is None and not isinstance(child.style["max-width"], str):
            asked = width - edges.horizontal - edges.margin_left - edges.margin_right
        if asked is None:
            return edges.margin_left
        outer_width = clamp_width(child.style, asked, width, edges) + edges.horizontal
    left_over = max(0.0, width - outer_width - edges.margin_left - edges.margin_right)
    if edges.auto_left:
        return left_over / 2 if edges.auto_right else left_over
    if child.style["text-align"] == "-webkit-center" and not edges.auto_right:
        return edges.margin_left + left_over / 2  # HTML Standard §15.3.2: align=center moves blocks too
    return edges.margin_left


def _beside_floats(
    engine: LayoutEngine, child: Box, width: float, floats: FloatContext, x: float, y: float, top: float, edges: Edges
) -> tuple[BlockResult, float, float]:  # fmt: skip
    """A box with a formatting context of its own does not overlap floats (CSS 2.2 §9.5)."""
    outer = edges.margin_left + edges.margin_right
    smallest = intrinsic_widths(engine, child)[0] if isinstance(child.style["width"], str) else 0.0
    while True:
        left_edge, right_edge = floats.edges(y + top, 1.0, x, x + width)
        room = right_edge - left_edge
        lower = floats.next_drop(y + top)
        fits = room >= min(smallest, width)
        if not isinstance(child.style["width"], str):
            asked = resolve_width(child.style, "width", width, edges) or 0.0
            fits = room >= min(asked + edges.horizontal + outer, width)
        if fits or lower is None or room >= width:
            break
        top = lower - y
    if isinstance(child, BlockBox):
        narrowed = max(0.0, room - outer - edges.horizontal)
        content = None
        if child.style["width"] == "auto" and room < width:
            content = clamp_width(child.style, narrowed, width, edges)
        result = layout_block(engine, child, width, content_width=content)
    else:
        fragment = engine.layout(child, room if isinstance(child, TableBox) else width)
        result = BlockResult(fragment, _margin(edges.margin_bottom), False)
    left = left_edge - x + _left_edge(child, room, edges, result.fragment.width)
    return result, left, top


def _offset_relative(fragment: BoxFragment, box: Box, width: float) -> BoxFragment:
    """position: relative moves the box, and nothing else (CSS 2.2 §9.4.3)."""
    from pressenter.browser.layout.edges import resolve

    style = box.style
    if style["position"] != "relative":
        return fragment
    x = resolve(style["left"], width) if style["left"] != "auto" else -resolve(style["right"], width)
    y = resolve(style["top"], 0.0) if style["top"] != "auto" else -resolve(style["bottom"], 0.0)
    return fragment._replace(x=fragment.x + x, y=fragment.y + y)


def layout_float(
    engine: LayoutEngine, box: Box, width: float, floats: FloatContext, x: float, y: float, top: float
) -> BoxFragment:  # fmt: skip
    """Lay out and place a float; its fragment is relative to the container's content box."""
    edges = edges_of(box.style, width)
    fragment = engine.layout_shrunk(box, width)
    outer_width = fragment.width + edges.margin_left + edges.margin_right
    outer_height = fragment.height + edges.margin_top + edges.margin_bottom
    start = floats.clearance(y + top, box.style["clear"])
    left, placed = floats.place(box.style["float"], start, outer_width, outer_height, x, x + width)
    moved = fragment._replace(x=left - x + edges.margin_left, y=placed - y + edges.margin_top)
    return _offset_relative(moved, box, width)


def _line_height(engine: LayoutEngine, box: Box) -> float:
    from pressenter.browser.layout.inline import line_metrics

    above, below = line_metrics(engine, box.style)
    return above + below


def _marker(engine: LayoutEngine, box: BlockBox, contents: _Contents, edges: Edges) -> TextFragment:
    """A list item's bullet or number, outside at the left of the first line."""
    style = box.style
    face = engine.face(style)
    runs = tuple(engine.fonts.shape(box.marker, face))
    size = style["font-size"]
    width = sum(run.advance / run.face.units for run in runs) * size
    ascent = face.metrics.ascent * size
    baseline = contents.first_baseline
    if baseline is None:
        baseline = (_line_height(engine, box) - (face.metrics.ascent + face.metrics.descent) * size) / 2 + ascent
    inside = style["list-style-position"] == "inside"
    gap = size * 0.4
    x = edges.left - (width if inside else 0) - gap - (0 if inside else width)
    height = (face.metrics.ascent + face.metrics.descent) * size
    return TextFragment(x, edges.top + baseline - ascent, width, height, ascent, runs, style, box.marker)
