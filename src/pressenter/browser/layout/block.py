"""Block layout: boxes one below the other, with collapsing margins and floats (CSS 2.2 §9.4.1).

Vertical margins that touch become one: those of neighbours, those of a box and its
first or last child, those of an empty box.  The one has the size of the largest, less the
most negative (§8.3.1).  So a box's top margin may be its grandchild's, and must be known
before the box can be placed; `_top_margin` looks ahead for it.  A bottom margin comes
back with the result, for the parent to join with what follows.

A *block formatting context* is a region with floats of its own: nothing inside it
flows around floats outside, and its margins do not join those outside.

`layout_block` sizes every box that is a container; what it holds is laid out by the
formatting context that its kind asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pressenter.browser.layout.alignment import distribute
from pressenter.browser.layout.boxes import BlockBox, Box, ReplacedBox, TableBox
from pressenter.browser.layout.constraints import NO_MARGIN, Constraints, Contents, Inside, Margin, margin_of
from pressenter.browser.layout.edges import Edges, resolve
from pressenter.browser.layout.float_context import FloatContext
from pressenter.browser.layout.formatting_context import starts_formatting_context
from pressenter.browser.layout.fragments import (
    BoxFragment,
    Fragment,
    Placeholder,
    TextFragment,
    moved_to,
    offset_relative,
)
from pressenter.browser.layout.intrinsic import clamp_width, used_width
from pressenter.browser.layout.line import line_metrics
from pressenter.browser.layout.overflow import overflow_of
from pressenter.browser.layout.sizing import (
    UNLIMITED,
    contained_size,
    definite_height,
    height_limits,
    length_of,
    preferred_ratio,
    ratio_height,
)

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["BlockResult", "layout_block", "layout_float", "layout_flow", "natural_height"]


class BlockResult(NamedTuple):
    """A block that was laid out, its bottom margin, and whether its margins join through it."""

    fragment: BoxFragment
    bottom_margin: Margin
    collapses_through: bool


def layout_block(
    engine: LayoutEngine,
    box: Box,
    constraints: Constraints,
    floats: FloatContext | None = None,
    context_x: float = 0.0,
    context_y: float = 0.0,
    clears: bool = False,
) -> BlockResult:
    """Lay out a container; its fragment's border box stands at (0, 0).

    Args:
        floats: of the formatting context around, or None if there is none.
        context_x, context_y: the border box's corner in that context.
        clears: whether the top margin was worked out with floats to clear (see `Inside`).
    """
    if engine.flows is None or floats is None or not floats.is_empty:
        return _layout_block(engine, box, constraints, floats, context_x, context_y, clears)
    key = (box, constraints, clears)  # without floats it does not matter where the box is
    known = engine.flows.get(key)
    if known is None:
        known = _layout_block(engine, box, constraints, floats, context_x, context_y, clears)
        if floats.is_empty:
            engine.flows[key] = known
    return known


def _layout_block(
    engine: LayoutEngine, box: Box, constraints: Constraints, floats: FloatContext | None, context_x: float,
    context_y: float, clears: bool,
) -> BlockResult:  # fmt: skip
    edges = engine.edges(box, constraints.width)
    width = used_width(engine, box, constraints, edges)
    own_context = floats is None or starts_formatting_context(box)
    if own_context or floats is None:
        floats, context_x, context_y = FloatContext(), 0.0, 0.0
    gutters = engine.gutters(box.style)
    joins_top = not own_context and edges.top == 0
    inside = _inside(box, constraints, edges, width, gutters, floats, context_x, context_y, joins_top, clears)
    contents = engine.contents(box, inside)
    if engine.scroll_bar and "auto" in (box.style["overflow-x"], box.style["overflow-y"]):
        extra = _automatic_gutters(engine, box, inside, contents, edges, gutters)
        if extra != gutters:
            gutters = extra
            floats = FloatContext()
            inside = _inside(box, constraints, edges, width, gutters, floats, context_x, context_y, joins_top, clears)
            contents = engine.contents(box, inside)
    height = contents.height
    joins_bottom = not own_context and edges.bottom == 0 and box.style["height"] == "auto"
    bottom = margin_of(edges.margin_bottom)
    if joins_bottom and constraints.used_height is None:
        bottom = bottom.joined(contents.bottom_margin)
    else:
        height += contents.bottom_margin.size
    if own_context:
        height = max(height, floats.bottom - inside.y)  # §10.6.7
    height = _used_height(engine, box, constraints, edges, width, height + gutters[1])
    through = not own_context and height == 0 and edges.vertical == 0 and contents.lines == 0 and not _marker_of(box)
    if own_context and type(box) is BlockBox and box.style["align-content"] != "normal":
        contents = _aligned(box, contents, height - gutters[1])
    fragment = _fragment(engine, box, contents, edges, width, height, gutters)
    return BlockResult(fragment, bottom, through)


def _aligned(box: Box, contents: Contents, height: float) -> Contents:
    """align-content moves the contents as a whole (CSS Box Alignment 3 §5.3)."""
    value = box.style["align-content"]
    used = contents.height + contents.bottom_margin.size
    if value in ("space-around", "space-evenly"):
        value = "safe center"
    shift = distribute(value, height - used, 1).offset
    if not shift:
        return contents
    first, last = contents.first_baseline, contents.last_baseline
    return contents._replace(
        fragments=[_shifted(fragment, 0.0, shift) for fragment in contents.fragments],
        first_baseline=None if first is None else first + shift,
        last_baseline=None if last is None else last + shift,
    )


def natural_height(engine: LayoutEngine, box: Box, constraints: Constraints) -> float:
    """The height of a formatting context's border box if neither height nor its limits say anything."""
    edges = engine.edges(box, constraints.width)
    width = used_width(engine, box, constraints, edges)
    gutters = engine.gutters(box.style)
    if engine.contains_size(box):
        return contained_size(box.style["contain-intrinsic-height"]) + edges.vertical + gutters[1]
    if preferred_ratio(box) is not None:
        return ratio_height(box, width, edges) + edges.vertical
    floats, room = FloatContext(), max(0.0, width - gutters[0])
    inside = Inside(room, None, None, 0.0, UNLIMITED, floats, edges.left, edges.top, joins_top=False)
    contents = engine.contents(box, inside)
    height = max(contents.height + contents.bottom_margin.size, floats.bottom - inside.y)
    return max(0.0, height) + gutters[1] + edges.vertical


def _inside(
    box: Box, constraints: Constraints, edges: Edges, width: float, gutters: tuple[float, float],
    floats: FloatContext | None = None, context_x: float = 0.0, context_y: float = 0.0,
    joins_top: bool = False, clears: bool = False,
) -> Inside:  # fmt: skip
    height = definite_height(box, constraints, edges)
    smallest, largest = height_limits(box, constraints, edges)
    percent = height if constraints.used_height is None or constraints.definite_height else None
    if height is None and preferred_ratio(box) is not None and box.style["height"] == "auto":
        percent = max(smallest, min(ratio_height(box, width, edges), largest))
    if box.element is None and isinstance(box, BlockBox) and box.style["display"] == "block" and height is None:
        percent = constraints.height  # an anonymous box is no containing block for percentages (CSS 2.2 §9.2.1.1)
    return Inside(
        max(0.0, width - gutters[0]),
        None if height is None else max(0.0, height - gutters[1]),
        None if percent is None else max(0.0, percent - gutters[1]),
        max(0.0, smallest - gutters[1]), max(0.0, largest - gutters[1]), floats or FloatContext(),
        context_x + edges.left, context_y + edges.top, joins_top, clears,
    )  # fmt: skip


def _automatic_gutters(
    engine: LayoutEngine, box: Box, inside: Inside, contents: Contents, edges: Edges, gutters: tuple[float, float]
) -> tuple[float, float]:
    """``overflow: auto`` shows a scroll bar where the contents are larger than the box (CSS Overflow 3 §3.1)."""
    if box.style["scrollbar-width"] == "none":
        return gutters
    limit = inside.height if inside.height is not None else inside.largest_height
    right, bottom = overflow_of(contents.fragments)
    vertical = box.style["overflow-y"] == "auto" and max(bottom, contents.height) > limit + edges.bottom + 0.01
    horizontal = box.style["overflow-x"] == "auto" and right > inside.width + edges.right + 0.01
    bar = engine.scroll_bar
    return (max(gutters[0], bar * vertical), max(gutters[1], bar * horizontal))


def _used_height(
    engine: LayoutEngine, box: Box, constraints: Constraints, edges: Edges, width: float, natural: float
) -> float:
    """The content height, now that the contents' is known (CSS 2.2 §10.6, §10.7)."""
    height = definite_height(box, constraints, edges)
    if height is not None:
        return height
    smallest, largest = height_limits(box, constraints, edges)
    if engine.contains_size(box):
        natural = contained_size(box.style["contain-intrinsic-height"])
    if preferred_ratio(box) is not None:
        by_ratio = ratio_height(box, width, edges)
        natural = by_ratio
    return max(0.0, smallest, min(natural, largest))


def _fragment(
    engine: LayoutEngine, box: Box, contents: Contents, edges: Edges, width: float, height: float,
    gutters: tuple[float, float],
) -> BoxFragment:  # fmt: skip
    # Vertical scroll bars stand where lines end.
    start = edges.left + (gutters[0] if box.style["direction"] == "rtl" else 0.0)
    fragments = [_shifted(fragment, start, edges.top) for fragment in contents.fragments]
    if _marker_of(box):
        assert isinstance(box, BlockBox)
        fragments.insert(0, _marker(engine, box, contents, edges, width))
        if contents.lines == 0 and not contents.fragments and box.style["height"] == "auto":
            height = max(height, _line_height(engine, box))
    first = contents.first_baseline + edges.top if contents.first_baseline is not None else None
    last = contents.last_baseline + edges.top if contents.last_baseline is not None else None
    if "layout" in box.style["contain"]:
        first = last = None  # CSS Contain 2 §3.3
    return BoxFragment(
        0.0, 0.0, width + edges.horizontal, height + edges.vertical, box, tuple(fragments), first, last,
        contents.lines, True, True, edges, gutters,
    )  # fmt: skip


def _shifted(fragment: Fragment, x: float, y: float) -> Fragment:
    if isinstance(fragment, Placeholder) and fragment.area is not None:
        left, top, width, height = fragment.area
        fragment = fragment._replace(area=(left + x, top + y, width, height))
    return moved_to(fragment, fragment.x + x, fragment.y + y)


# ---- margins -----------------------------------------------------------------------------------


def _top_margin(engine: LayoutEngine, box: Box, containing_width: float, clears: bool) -> Margin:
    """The top margin of a box, joined with those of its first children that it touches."""
    key = (box, containing_width, clears)
    known = engine.top_margins.get(key)
    if known is None:
        margin = _find_top_margin(engine, box, containing_width, clears)
        known = engine.top_margins[key] = (margin.positive, margin.negative)
    return Margin(*known)


def _find_top_margin(engine: LayoutEngine, box: Box, containing_width: float, clears: bool) -> Margin:
    edges = engine.edges(box, containing_width)
    margin = margin_of(edges.margin_top)
    if isinstance(box, BlockBox) and not box.holds_inlines and edges.top == 0 and not starts_formatting_context(box):
        asked = length_of(box.style, "width", containing_width, edges)
        width = containing_width - edges.margin_horizontal - edges.horizontal if asked is None else asked
        for child in box.children:
            if not child.is_in_flow:
                continue
            if child.style["clear"] != "none" and clears:
                break
            margin = margin.joined(_top_margin(engine, child, width, clears))
            if not _is_empty(engine, child, width):
                break
            margin = margin.joined(margin_of(engine.edges(child, width).margin_bottom))
    return margin


def _is_empty(engine: LayoutEngine, box: Box, width: float) -> bool:
    """Whether margins join through a box: nothing in it takes any height (CSS 2.2 §8.3.1)."""
    known = engine.empty_boxes.get(box)
    if known is None:
        known = engine.empty_boxes[box] = _has_no_height(engine, box, width) and all(
            not child.is_in_flow or _is_empty(engine, child, width) for child in getattr(box, "children", ())
        )
    return known


def _has_no_height(engine: LayoutEngine, box: Box, width: float) -> bool:
    if not isinstance(box, BlockBox) or starts_formatting_context(box) or _marker_of(box) or box.holds_inlines:
        return False
    if preferred_ratio(box) is not None:
        return False
    if engine.edges(box, width).vertical or box.style["height"] not in ("auto", 0.0):
        return False
    return not resolve(box.style["min-height"], 0.0) > 0


# ---- the flow ------------------------------------------------------------------------------------


class _Flow:
    """Where the next block goes, while the children of one container are laid out."""

    def __init__(self, joins_top: bool) -> None:
        self.y = 0.0
        self.pending = NO_MARGIN
        self.at_top = joins_top  # the margins so far are the container's own
        self.fragments: list[Fragment] = []
        self.first_baseline: float | None = None
        self.last_baseline: float | None = None
        self.lines = 0

    @property
    def here(self) -> float:
        """The height at which something without a margin would stand."""
        return self.y + (0.0 if self.at_top else self.pending.size)


def layout_flow(engine: LayoutEngine, box: BlockBox, inside: Inside) -> Contents:
    """Lay out blocks one below the other."""
    flow = _Flow(inside.joins_top)
    mirrored = box.style["direction"] == "rtl"
    legend = _legend(box)
    if legend is not None:
        _add_legend(engine, legend, box, inside, flow)
    for child in box.children:
        if child is legend:
            continue
        if child.is_out_of_flow:
            x = inside.width if mirrored else 0.0
            flow.fragments.append(Placeholder(x, flow.here, child, align_x="end" if mirrored else "start"))
        elif child.is_float:
            flow.fragments.append(layout_float(engine, child, inside, flow.here))
        else:
            _add_block(engine, child, inside, flow, box)
    return Contents(flow.fragments, flow.y, flow.pending, flow.first_baseline, flow.last_baseline, flow.lines)


def _legend(box: BlockBox) -> Box | None:
    """The rendered legend of a fieldset (HTML Standard §15.3.13)."""
    if box.element is None or not box.element.is_html(("fieldset",)):
        return None
    return next(
        (c for c in box.children if c.element is not None and c.element.is_html(("legend",)) and c.is_in_flow), None
    )


def _add_legend(engine: LayoutEngine, legend: Box, box: BlockBox, inside: Inside, flow: _Flow) -> None:
    """It stands where the top border is, as wide as its content; what is higher than the border moves the rest down."""
    edges = engine.edges(legend, inside.width)
    fragment = engine.layout(legend, Constraints(inside.width, None, shrinks=True))
    own = engine.edges(box, inside.width)
    border = box.style["border-top-width"]
    flow.fragments.append(fragment._replace(x=edges.margin_left, y=-own.top + max(0.0, (border - fragment.height) / 2)))
    flow.y = max(0.0, fragment.height + edges.margin_vertical - border)
    flow.at_top = False


def _add_block(engine: LayoutEngine, child: Box, inside: Inside, flow: _Flow, container: Box) -> None:
    width, floats = inside.width, inside.floats
    edges = engine.edges(child, width)
    clear = child.style["clear"]
    here = inside.y + flow.here
    clears = inside.clears if flow.at_top else floats.clearance(here, "both") > here
    margin = _top_margin(engine, child, width, clears)
    joined = flow.pending.joined(margin)
    left_out = flow.at_top and clears and clear != "none"  # its margin is not part of the container's
    top = flow.y if flow.at_top and not left_out else flow.y + joined.size
    flow.at_top = flow.at_top and not left_out
    has_clearance = False
    if clear != "none":
        cleared = floats.clearance(inside.y + top, clear) - inside.y
        if cleared > top:
            top, flow.at_top, has_clearance = cleared, False, True
    constraints = Constraints(width, inside.percent_height)
    if starts_formatting_context(child):
        result, left, top = _beside_floats(engine, child, constraints, inside, top, edges, container)
    else:
        left = _left_edge(engine, child, width, edges, container)
        result = layout_block(engine, child, constraints, floats, inside.x + left, inside.y + top, clears)
        if container.style["direction"] == "rtl" or _is_centred(container, edges):
            left = _left_edge(engine, child, width, edges, container, result.fragment.width)
    fragment = offset_relative(moved_to(result.fragment, left, top), child, width, inside.percent_height)
    flow.fragments.append(fragment)
    if result.fragment.first_baseline is not None:
        if flow.first_baseline is None:
            flow.first_baseline = top + result.fragment.first_baseline
        assert result.fragment.last_baseline is not None
        flow.last_baseline = top + result.fragment.last_baseline
    if result.collapses_through:
        if has_clearance:  # its margins join one another, not those before (CSS 2.2 §8.3.1)
            flow.y, joined = top - margin.size, margin
        flow.pending = joined.joined(result.bottom_margin)
        return
    flow.y = top + result.fragment.height
    flow.pending = result.bottom_margin
    flow.at_top = False
    flow.lines += 1


def _is_centred(container: Box, edges: Edges) -> bool:
    return container.style["text-align"].startswith("-webkit-") and not edges.auto_right


def _left_edge(
    engine: LayoutEngine, child: Box, width: float, edges: Edges, container: Box, outer_width: float | None = None
) -> float:
    """Where the border box begins; auto margins share what is left over (CSS 2.2 §10.3.3)."""
    if outer_width is None:
        outer_width = used_width(engine, child, Constraints(width), edges) + edges.horizontal
    left_over = width - outer_width - edges.margin_horizontal
    mirrored = container.style["direction"] == "rtl"
    if left_over > 0 and edges.auto_left:
        return left_over / 2 if edges.auto_right else left_over
    if left_over > 0 and edges.auto_right:
        return edges.margin_left
    align = container.style["text-align"]
    # HTML Standard §15.3.2: the align attribute moves blocks too
    if align == "-webkit-center":
        return edges.margin_left + max(0.0, left_over) / 2
    if align == "-webkit-right" or (mirrored and align != "-webkit-left"):
        return width - outer_width - edges.margin_right  # over-constrained: the margin at the end gives way
    return edges.margin_left


def _beside_floats(
    engine: LayoutEngine, child: Box, constraints: Constraints, inside: Inside, top: float, edges: Edges, container: Box
) -> tuple[BlockResult, float, float]:  # fmt: skip
    """A box with a formatting context of its own does not overlap floats (CSS 2.2 §9.5)."""
    width, floats = constraints.width, inside.floats
    if floats.is_empty or floats.bottom <= inside.y + top:
        fragment = engine.layout(child, constraints)
        left = _left_edge(engine, child, width, edges, container, fragment.width)
        return BlockResult(fragment, margin_of(edges.margin_bottom), False), left, top
    right_limit = inside.x + width
    automatic = child.style["width"] == "auto" and not isinstance(child, (ReplacedBox, TableBox))
    while True:
        left_edge, right_edge = floats.edges(inside.y + top, 1.0, inside.x, right_limit)
        # Margins may lie below the floats: it is the border box that stands beside them.
        start, end = edges.margin_left, width - edges.margin_right
        if left_edge > inside.x:
            start = max(left_edge - inside.x, start)
        if right_edge < right_limit:
            end = min(right_edge - inside.x, end)
        room = end - start
        lower = floats.next_drop(inside.y + top)
        if automatic:
            smallest = clamp_width(engine, child, 0.0, width, edges) + edges.horizontal
            if room >= smallest or lower is None:
                used = clamp_width(engine, child, max(0.0, room - edges.horizontal), width, edges) + edges.horizontal
                fragment = engine.layout(child, constraints._replace(used_width=used))
                break
        else:
            asked = constraints
            if isinstance(child, TableBox):
                asked = constraints._replace(width=max(0.0, room + edges.margin_horizontal))
                if child.style["width"] != "auto" or child.style["max-width"] != "none":
                    asked = constraints
            fragment = engine.layout(child, asked)
            if fragment.width <= room + 0.01 or lower is None:
                break
        top = lower - inside.y
    free = max(0.0, room - fragment.width)
    if edges.auto_left:
        start += free / 2 if edges.auto_right else free
    elif container.style["direction"] == "rtl" and not edges.auto_right:
        start += free
    return BlockResult(fragment, margin_of(edges.margin_bottom), False), start, top


def layout_float(engine: LayoutEngine, box: Box, inside: Inside, top: float) -> BoxFragment:
    """Lay out and place a float; its fragment is relative to the container's content box."""
    width, floats = inside.width, inside.floats
    edges = engine.edges(box, width)
    fragment = engine.layout(box, Constraints(width, inside.percent_height, shrinks=True))
    outer_width = fragment.width + edges.margin_horizontal
    outer_height = fragment.height + edges.margin_vertical
    start = floats.clearance(inside.y + top, box.style["clear"])
    left, placed = floats.place(box.style["float"], start, outer_width, outer_height, inside.x, inside.x + width)
    moved = moved_to(fragment, left - inside.x + edges.margin_left, placed - inside.y + edges.margin_top)
    return offset_relative(moved, box, width, inside.percent_height)


# ---- list markers ---------------------------------------------------------------------------------


def _marker_of(box: Box) -> str:
    return box.marker or box.marker_picture if isinstance(box, BlockBox) else ""


def _line_height(engine: LayoutEngine, box: Box) -> float:
    above, below = line_metrics(engine, box.style)
    return above + below


def _marker(engine: LayoutEngine, box: BlockBox, contents: Contents, edges: Edges, width: float) -> TextFragment:
    """A list item's bullet or number, outside, beside the first line."""
    style = box.style
    face = engine.face(style)
    runs = tuple(engine.fonts.shape(box.marker, face))
    size = style["font-size"]
    advance = sum(run.advance * run.face.scale(size) for run in runs)
    metrics = face.metrics(size)
    ascent = metrics.ascent
    baseline = contents.first_baseline
    if baseline is None:
        baseline = (_line_height(engine, box) - (metrics.ascent + metrics.descent)) / 2 + ascent
    gap = 0.0
    if not style["list-style-type"].startswith('"') and not box.marker.endswith(" "):
        # A bullet is as wide as a third of the ascent, and its left edge as far away as browsers put it.
        third = 2 * ascent // 3
        gap = third + 7 - (third + 1) // 2 / 2 - advance / 2
    x = edges.left + width + gap if style["direction"] == "rtl" else edges.left - advance - gap
    height = metrics.ascent + metrics.descent
    return TextFragment(x, edges.top + baseline - ascent, advance, height, ascent, runs, style, box.marker)
