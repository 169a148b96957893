"""Flex layout: items in lines that share the free room (CSS Flexbox 1 §9).

The steps of the specification, in its words and numbers:

* each item gets a *flex base size* in the main axis, and from it, within its limits, its
  *hypothetical* main size (§9.2.3);
* items are collected into lines (§9.3);
* in each line the free room is shared: `resolve_flexible_lengths` (§9.7);
* each item is laid out with its main size, which tells its cross size (§9.4);
* lines and items are aligned in both axes (§9.5, §9.6).

All is written for a main and a cross axis; `_Axes` tells which of the two is horizontal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.alignment import Distribution, distribute
from pressenter.browser.layout.boxes import Box, FlexBox, ReplacedBox, TableBox
from pressenter.browser.layout.constraints import NO_MARGIN, Constraints, Contents, Inside
from pressenter.browser.layout.edges import Edges, resolve
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder, moved_to, offset_relative
from pressenter.browser.layout.intrinsic import (
    content_widths,
    intrinsic_widths,
    keyword_width,
    used_width,
)
from pressenter.browser.layout.replaced import replaced_size
from pressenter.browser.layout.sizing import (
    UNLIMITED,
    is_percentage,
    length_of,
    preferred_ratio,
    ratio_height,
    ratio_width,
    scrolls,
)

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["flex_widths", "layout_flex"]


class _Axes(NamedTuple):
    """The directions of a flex container.

    Attributes:
        row: whether the main axis is horizontal.
        reverse: whether items run against the main axis's direction (row-reverse, column-reverse).
        wraps, wraps_reverse: flex-wrap.
        mirrored: whether lines of text run from right to left.
    """

    row: bool
    reverse: bool
    wraps: bool
    wraps_reverse: bool
    mirrored: bool

    @property
    def main_from_far(self) -> bool:
        """Whether items begin at the right or the bottom."""
        return self.reverse != (self.row and self.mirrored)

    @property
    def cross_from_far(self) -> bool:
        """Whether lines begin at the right or the bottom."""
        return self.wraps_reverse != (not self.row and self.mirrored)


def _axes(style: ComputedStyle) -> _Axes:
    direction, wrap = style["flex-direction"], style["flex-wrap"]
    return _Axes(
        direction.startswith("row"), direction.endswith("reverse"), wrap != "nowrap", wrap == "wrap-reverse",
        style["direction"] == "rtl",
    )  # fmt: skip


class _Item:
    """An item while it is sized.  Sizes are of the border box; margins apart."""

    def __init__(self, box: Box, edges: Edges, row: bool, align: str) -> None:
        self.box = box
        self.edges = edges
        self.align = align
        self.main_margins = edges.margin_horizontal if row else edges.margin_vertical
        self.cross_margins = edges.margin_vertical if row else edges.margin_horizontal
        self.inner_main = edges.horizontal if row else edges.vertical
        self.base = 0.0
        self.smallest = 0.0
        self.largest = UNLIMITED
        self.main = 0.0
        self.cross = 0.0
        self.frozen = False
        self.main_is_definite = True
        self.base_is_definite = False
        self.cross_limits: tuple[float, float] | None = None
        self.cross_width: float | None = None
        self.fragment: BoxFragment | None = None
        self.main_offset = 0.0
        self.cross_offset = 0.0

    @property
    def hypothetical(self) -> float:
        return max(self.smallest, min(self.base, self.largest), self.inner_main)

    @property
    def laid_out(self) -> BoxFragment:
        assert self.fragment is not None
        return self.fragment


class _Line:
    def __init__(self, items: list[_Item]) -> None:
        self.items = items
        self.cross = 0.0
        self.offset = 0.0
        self.above = 0.0  # the line's first baseline, below its cross-start edge


def layout_flex(engine: LayoutEngine, box: FlexBox, inside: Inside) -> Contents:
    """Lay out the items of a flex container."""
    return _FlexLayout(engine, box, inside).run()


class _FlexLayout:
    def __init__(self, engine: LayoutEngine, box: FlexBox, inside: Inside) -> None:
        self.engine = engine
        self.box = box
        self.inside = inside
        self.axes = _axes(box.style)
        row = self.axes.row
        self.main: float | None = inside.width if row else inside.height
        self.cross: float | None = inside.height if row else inside.width
        gaps = (resolve(box.style["column-gap"], inside.width), resolve(box.style["row-gap"], inside.height or 0.0))
        self.main_gap, self.cross_gap = gaps if row else gaps[::-1]

    def run(self) -> Contents:
        items = [self._item(child) for child in self._ordered()]
        for item in items:
            self._find_base(item)
        lines = self._collect_lines(items)
        main = self._main_size(lines)
        for line in lines:
            _resolve_flexible_lengths(line.items, main - self.main_gap * (len(line.items) - 1))
            for item in line.items:
                self._layout_hypothetical(item)
            self._line_cross_size(line)
        cross = self._cross_size(lines)
        for line in lines:
            for item in line.items:
                self._stretch(item, line)
            self._align_main(line, main)
            self._align_cross(line)
        fragments: list[Fragment] = [self._placed(item, line, main, cross) for line in lines for item in line.items]
        fragments += [self._static_position(child, main, cross) for child in self.box.children if child.is_out_of_flow]
        height = cross if self.axes.row else main
        first, last = self._baselines(lines, fragments)
        return Contents(fragments, height, NO_MARGIN, first, last, 1 if lines else 0)

    def _ordered(self) -> list[Box]:
        """Items in order-modified document order (§5.4)."""
        in_flow = [child for child in self.box.children if not child.is_out_of_flow]
        for child in in_flow:
            if child.style["order"]:
                return sorted(in_flow, key=lambda child: child.style["order"])
        return in_flow

    def _item(self, child: Box) -> _Item:
        edges = self.engine.edges(child, self.inside.width)
        align = child.style["align-self"]
        if align == "auto":
            align = self.box.style["align-items"]
        if align == "normal":
            align = "stretch"
        return _Item(child, edges, self.axes.row, align)

    # ---- sizes in the main axis (§9.2) -------------------------------------------------------------

    def _constraints(self, item: _Item) -> Constraints:
        """What an item may refer to; the width that it fills is its containing block's."""
        return Constraints(self.inside.width, self.inside.percent_height, shrinks=True)

    def _length(self, item: _Item, name: str) -> float | None:
        """A size of the border box that a property asks for in pixels."""
        horizontal = name.endswith("width")
        base = self.inside.width if horizontal else self.inside.percent_height
        size = length_of(item.box.style, name, base, item.edges)
        if size is None:
            return self._keyword(item, name, horizontal)
        return size + (item.edges.horizontal if horizontal else item.edges.vertical)

    def _keyword(self, item: _Item, name: str, horizontal: bool) -> float | None:
        value = item.box.style[name]
        if value in ("auto", "none", "content") or is_percentage(value):
            return None
        if horizontal:
            size = keyword_width(self.engine, item.box, value, self.inside.width, item.edges)
            return None if size is None else size + item.edges.horizontal
        if value == "stretch":
            room = self.inside.percent_height
            return None if room is None else max(item.edges.vertical, room - item.edges.margin_vertical)
        return self._content_height(item) if name != "height" else None

    def _find_base(self, item: _Item) -> None:
        """§9.2.3: flex base size and limits."""
        row = self.axes.row
        largest = self._length(item, "max-width" if row else "max-height")
        item.largest = UNLIMITED if largest is None else largest
        base = self._flex_basis(item)
        item.base_is_definite = base is not None or preferred_ratio(item.box) is not None
        if base is None:
            base = self._ratio_limits(item, self._content_base(item))
        item.base = max(base, item.inner_main)
        least = "min-width" if row else "min-height"
        automatic = item.box.style[least] == "auto"
        smallest = self._automatic_minimum(item) if automatic else self._length(item, least)
        item.smallest = smallest or 0.0

    def _flex_basis(self, item: _Item) -> float | None:
        """The used flex basis if it is definite (step A); None for content."""
        style, row = item.box.style, self.axes.row
        basis = style["flex-basis"]
        name = "width" if row else "height"
        if basis == "auto":
            return self._length(item, name)
        if basis == "content":
            return None
        if isinstance(basis, str) or (isinstance(basis, tuple) and basis[0] == "fit-content"):
            if row:
                size = keyword_width(self.engine, item.box, basis, self.inside.width, item.edges)
                return None if size is None else size + item.edges.horizontal
            if basis == "stretch" and self.main is not None:
                return max(item.edges.vertical, self.main - item.edges.margin_vertical)
            return None
        if is_percentage(basis) and self.main is None:
            return None
        size = resolve(basis, self.main or 0.0)
        return size if style["box-sizing"] == "border-box" else size + item.inner_main

    def _definite_cross(self, item: _Item) -> float | None:
        """The border box's cross size if it is known beforehand (§9.2.3 step B, §9.8)."""
        name = "height" if self.axes.row else "width"
        size = self._length(item, name)
        if size is None and self._stretches(item) and not self.axes.wraps and self.cross is not None:
            size = max(0.0, self.cross - item.cross_margins)
        return None if size is None else self._clamped_cross(item, size)

    def _clamped_cross(self, item: _Item, size: float) -> float:
        if item.cross_limits is None:
            row = self.axes.row
            largest = self._length(item, "max-height" if row else "max-width")
            smallest = self._length(item, "min-height" if row else "min-width")
            smallest = max(smallest or 0.0, item.edges.vertical if row else item.edges.horizontal)
            item.cross_limits = (smallest, UNLIMITED if largest is None else largest)
        smallest, largest = item.cross_limits
        return max(min(size, largest), smallest)

    def _stretches(self, item: _Item) -> bool:
        """Whether align-self: stretch applies (§9.4 step 11)."""
        edges, style = item.edges, item.box.style
        auto = (edges.auto_top or edges.auto_bottom) if self.axes.row else (edges.auto_left or edges.auto_right)
        cross = style["height" if self.axes.row else "width"]
        if self.axes.row and is_percentage(cross) and self.inside.percent_height is None:
            cross = "auto"
        return item.align == "stretch" and cross == "auto" and not auto

    def _content_base(self, item: _Item) -> float:
        """Steps B to E: by the ratio, or as large as the content."""
        box, edges, row = item.box, item.edges, self.axes.row
        if preferred_ratio(box) is not None:
            cross = self._definite_cross(item)
            if cross is not None:
                if row:
                    return ratio_width(box, cross - edges.vertical, edges) + edges.horizontal
                return ratio_height(box, cross - edges.horizontal, edges) + edges.vertical
        if row:
            if isinstance(box, ReplacedBox):
                return self._replaced_main(item)
            return content_widths(self.engine, box)[1] + edges.horizontal
        return self._content_height(item)

    def _replaced_main(self, item: _Item) -> float:
        assert isinstance(item.box, ReplacedBox)
        constraints = self._constraints(item)
        # Only the main size is wanted as the content has it: limits of its own come later.
        width, _ = replaced_size(self.engine, item.box, constraints, item.edges)
        if preferred_ratio(item.box) is None or item.box.style["height"] == "auto":
            width = max(width, item.box.intrinsic.width) if item.largest < UNLIMITED else width
        return width + item.edges.horizontal

    def _content_height(self, item: _Item) -> float:
        """The height of the border box with height: auto."""
        width = self._own_width(item) if self.axes.row else self._cross_width(item)
        box = item.box
        if isinstance(box, ReplacedBox):
            if preferred_ratio(box) is not None:
                return ratio_height(box, width - item.edges.horizontal, item.edges) + item.edges.vertical
            return box.intrinsic.height + item.edges.vertical
        constraints = Constraints(self.inside.width, self.inside.percent_height, width, None)
        return self.engine.natural_height(box, constraints)

    def _own_width(self, item: _Item) -> float:
        """In a row: the width of the item's border box, as flexing made it, or before that as it asks for."""
        if item.main:
            return item.main
        asked = self._length(item, "width")
        if asked is None:
            asked = used_width(self.engine, item.box, self._constraints(item), item.edges) + item.edges.horizontal
        return max(item.smallest, min(asked, item.largest), item.inner_main)

    def _cross_width(self, item: _Item) -> float:
        """In a column: the width of the item's border box."""
        if preferred_ratio(item.box) is not None:
            return self._find_cross_width(item)  # it changes with the main size
        if item.cross_width is None:
            item.cross_width = self._find_cross_width(item)
        return item.cross_width

    def _find_cross_width(self, item: _Item) -> float:
        edges = item.edges
        asked = self._length(item, "width")
        if asked is None and self._stretches(item) and not self.axes.wraps:
            asked = self.inside.width - edges.margin_horizontal
        if asked is not None:
            return max(self._clamped_cross(item, asked), edges.horizontal)
        if item.main and preferred_ratio(item.box) is not None and item.main_is_definite:
            width = ratio_width(item.box, item.main - edges.vertical, edges)
            return self._clamped_cross(item, width + edges.horizontal)
        if isinstance(item.box, ReplacedBox):
            return self._replaced_width(item)
        return used_width(self.engine, item.box, self._constraints(item), edges) + edges.horizontal

    def _replaced_width(self, item: _Item) -> float:
        assert isinstance(item.box, ReplacedBox)
        return replaced_size(self.engine, item.box, self._constraints(item), item.edges)[0] + item.edges.horizontal

    def _automatic_minimum(self, item: _Item) -> float:
        """The content-based minimum size (§4.5)."""
        box, row = item.box, self.axes.row
        if scrolls(box.style):
            return 0.0
        specified = self._length(item, "width" if row else "height")
        transferred = self._transferred_minimum(item)
        if isinstance(box, ReplacedBox) and transferred is not None and preferred_ratio(box) is not None:
            content = transferred
        elif row:
            content = self._smallest_content_width(item)
        else:
            content = self._content_height(item)
        content = self._ratio_limits(item, content)
        if isinstance(box, TableBox):
            return content
        suggestion = content
        if specified is not None:
            suggestion = min(specified, content)
        elif transferred is not None and isinstance(box, ReplacedBox):
            suggestion = min(transferred, content)
        return min(suggestion, item.largest)

    def _smallest_content_width(self, item: _Item) -> float:
        if isinstance(item.box, ReplacedBox):
            return item.box.intrinsic.width + item.edges.horizontal
        return content_widths(self.engine, item.box)[0] + item.edges.horizontal

    def _transferred_minimum(self, item: _Item) -> float | None:
        """The definite cross size through the ratio."""
        if preferred_ratio(item.box) is None:
            return None
        cross = self._definite_cross(item)
        if cross is None:
            return None
        edges = item.edges
        if self.axes.row:
            return ratio_width(item.box, cross - edges.vertical, edges) + edges.horizontal
        return ratio_height(item.box, cross - edges.horizontal, edges) + edges.vertical

    def _ratio_limits(self, item: _Item, content: float) -> float:
        """The content size within the cross axis's limits, through the ratio."""
        box, edges = item.box, item.edges
        if preferred_ratio(box) is None:
            return content
        name = "height" if self.axes.row else "width"
        for limit, pick in ((f"max-{name}", min), (f"min-{name}", max)):
            size = self._length(item, limit)
            if size is not None and (limit.startswith("max") or size > 0):
                inner = size - (edges.vertical if self.axes.row else edges.horizontal)
                if self.axes.row:
                    content = pick(content, ratio_width(box, inner, edges) + edges.horizontal)
                else:
                    content = pick(content, ratio_height(box, inner, edges) + edges.vertical)
        return content

    # ---- lines (§9.3) ------------------------------------------------------------------------------

    def _collect_lines(self, items: list[_Item]) -> list[_Line]:
        limit = self.main
        if limit is None:
            limit = self.inside.largest_height
        if not self.axes.wraps or limit == UNLIMITED:
            return [_Line(items)] if items else []
        lines: list[_Line] = []
        used = 0.0
        for item in items:
            size = item.hypothetical + item.main_margins
            if lines and used + self.main_gap + size <= limit + 0.001:
                lines[-1].items.append(item)
                used += self.main_gap + size
            else:
                lines.append(_Line([item]))
                used = size
        return lines

    def _main_size(self, lines: list[_Line]) -> float:
        if self.main is not None:
            return self.main
        sums = [
            sum(item.hypothetical + item.main_margins for item in line.items) + self.main_gap * (len(line.items) - 1)
            for line in lines
        ]
        for line in lines:
            for item in line.items:
                item.main_is_definite = item.base_is_definite
        return max(self.inside.smallest_height, min(max(sums, default=0.0), self.inside.largest_height))

    # ---- sizes in the cross axis (§9.4) ----------------------------------------------------------------

    def _layout_hypothetical(self, item: _Item) -> None:
        """Step 7: lay out with the main size that was found, the cross size as the content has it."""
        if self.axes.row:
            item.cross_limits = None  # they may depend on the width
            height = self._length(item, "height")
            if height is not None:
                height = self._clamped_cross(item, height)
            elif preferred_ratio(item.box) is not None and isinstance(item.box, ReplacedBox):
                by_ratio = ratio_height(item.box, item.main - item.edges.horizontal, item.edges)
                height = self._clamped_cross(item, by_ratio + item.edges.vertical)
            item.fragment = self._lay_out(item, item.main, height)
            item.cross = item.fragment.height
        else:
            width = self._cross_width(item)
            item.fragment = self._lay_out(item, width, item.main)
            item.cross = item.fragment.width

    def _lay_out(self, item: _Item, width: float | None, height: float | None) -> BoxFragment:
        definite = self.axes.row or item.main_is_definite or self.main is not None
        return self.engine.layout(
            item.box, Constraints(self.inside.width, self.inside.percent_height, width, height, definite)
        )

    def _line_cross_size(self, line: _Line) -> None:
        """Step 8."""
        above = below = 0.0
        tallest = 0.0
        for item in line.items:
            if self._aligns_baseline(item):
                baseline = self._baseline(item) + item.edges.margin_top
                above = max(above, baseline)
                below = max(below, item.cross + item.cross_margins - baseline)
            else:
                tallest = max(tallest, item.cross + item.cross_margins)
        line.above = above
        line.cross = max(tallest, above + below)

    def _aligns_baseline(self, item: _Item) -> bool:
        auto = item.edges.auto_top or item.edges.auto_bottom
        return item.align == "baseline" and self.axes.row and not auto

    def _baseline(self, item: _Item) -> float:
        """Below the border box's top; the bottom edge stands for a missing one (§8.5)."""
        first = item.laid_out.first_baseline
        return item.laid_out.height if first is None else first

    def _cross_size(self, lines: list[_Line]) -> float:
        """Steps 8, 9 and 15: the container's cross size, and where its lines stand."""
        smallest, largest = self.inside.smallest_height, self.inside.largest_height
        if not self.axes.wraps and lines:
            if self.cross is not None:
                lines[0].cross = self.cross
            elif self.axes.row:
                lines[0].cross = max(smallest, min(lines[0].cross, largest))
        gaps = self.cross_gap * max(0, len(lines) - 1)
        used = sum(line.cross for line in lines) + gaps
        cross = self.cross
        if cross is None:
            cross = max(smallest, min(used, largest))
        free = cross - used
        align = self.box.style["align-content"]
        if self.axes.wraps and align in ("normal", "stretch"):
            if free > 0:
                for line in lines:
                    line.cross += free / len(lines)
                free = 0.0
            align = "flex-start"
        shares = Distribution(0.0, 0.0)
        if self.axes.wraps:
            shares = distribute(align, free, len(lines), reverse=self.axes.wraps_reverse)
        position = shares.offset
        for line in lines:
            line.offset = position
            position += line.cross + shares.between + self.cross_gap
        return cross

    def _stretch(self, item: _Item, line: _Line) -> None:
        """Step 11: stretched items are laid out again with the line's cross size, which counts as definite."""
        if not self._stretches(item):
            return
        cross = self._clamped_cross(item, line.cross - item.cross_margins)
        if self.axes.row:
            if cross != item.cross or not self.engine.percentage_heights.stay_the_same(item.box):
                item.fragment = self._lay_out(item, item.main, cross)
        elif cross != item.cross:
            item.fragment = self._lay_out(item, cross, item.main)
        item.cross = cross

    # ---- alignment (§9.5, §9.6) ------------------------------------------------------------------------

    def _align_main(self, line: _Line, main: float) -> None:
        """Steps 12: auto margins first, then justify-content."""
        row = self.axes.row
        used = sum(item.main + item.main_margins for item in line.items) + self.main_gap * (len(line.items) - 1)
        free = main - used
        autos = [(item.edges.auto_left, item.edges.auto_right) if row else (item.edges.auto_top, item.edges.auto_bottom)
                 for item in line.items]  # fmt: skip
        count = sum(before + after for before, after in autos)
        share = max(0.0, free) / count if count else 0.0
        shares = Distribution(0.0, 0.0)
        if not (count and free > 0):
            mirrored = row and self.axes.mirrored
            shares = distribute(self._justify(), free, len(line.items), reverse=self.axes.reverse, mirrored=mirrored)
        position = shares.offset
        for item, (before, after) in zip(line.items, autos, strict=True):
            leading, trailing = self._main_margins(item)
            if self.axes.main_from_far:
                before, after = after, before
            position += leading + share * before
            item.main_offset = position
            position += item.main + trailing + share * after + shares.between + self.main_gap

    def _justify(self) -> str:
        value: str = self.box.style["justify-content"]
        return "flex-start" if value in ("normal", "stretch") else value

    def _main_margins(self, item: _Item) -> tuple[float, float]:
        """Before and after in the direction in which the items run."""
        edges = item.edges
        pair = (edges.margin_left, edges.margin_right) if self.axes.row else (edges.margin_top, edges.margin_bottom)
        return pair[::-1] if self.axes.main_from_far else pair

    def _cross_margins(self, item: _Item) -> tuple[float, float]:
        edges = item.edges
        pair = (edges.margin_top, edges.margin_bottom) if self.axes.row else (edges.margin_left, edges.margin_right)
        return pair[::-1] if self.axes.cross_from_far else pair

    def _align_cross(self, line: _Line) -> None:
        """Steps 13 and 14; offsets are counted from the side at which lines begin."""
        for item in line.items:
            edges = item.edges
            before, _ = self._cross_margins(item)
            free = line.cross - item.cross - item.cross_margins
            autos = (edges.auto_top, edges.auto_bottom) if self.axes.row else (edges.auto_left, edges.auto_right)
            if self.axes.cross_from_far:
                autos = autos[::-1]
            if any(autos):
                # Without free room, a margin at the start alone moves nothing (§9.6 step 13).
                item.cross_offset = before + (max(0.0, free) / (2 if all(autos) else 1) if autos[0] else 0.0)
            elif self._aligns_baseline(item):
                offset = line.above - self._baseline(item)
                if self.axes.wraps_reverse:
                    offset = line.cross - offset - item.cross
                item.cross_offset = offset
            else:
                item.cross_offset = before + self._self_offset(item, free)

    def _self_offset(self, item: _Item, free: float) -> float:
        align = item.align.removeprefix("safe ")
        safe = item.align.startswith("safe ")
        if align in ("self-start", "self-end") and not self.axes.row:
            differs = (item.box.style["direction"] == "rtl") != self.axes.mirrored
            align = {"self-start": "end" if differs else "start", "self-end": "start" if differs else "end"}[align]
        if safe and free < 0:
            align = "start"
        # start and end are the container's, flex-start and flex-end the lines'.
        at_far = {"flex-end": True, "end": not self.axes.wraps_reverse, "self-end": not self.axes.wraps_reverse,
                  "start": self.axes.wraps_reverse, "self-start": self.axes.wraps_reverse,
                  "last baseline": True}.get(align, False)  # fmt: skip
        return free / 2 if align == "center" else free * at_far

    # ---- results -----------------------------------------------------------------------------------------

    def _placed(self, item: _Item, line: _Line, main: float, cross: float) -> BoxFragment:
        axes = self.axes
        along = main - item.main_offset - item.main if axes.main_from_far else item.main_offset
        across = line.offset + item.cross_offset
        if axes.cross_from_far:
            across = cross - across - item.cross
        x, y = (along, across) if axes.row else (across, along)
        fragment = moved_to(item.laid_out, x, y)
        return offset_relative(fragment, item.box, self.inside.width, self.inside.percent_height)

    def _static_position(self, child: Box, main: float, cross: float) -> Placeholder:
        """Where an absolutely positioned child would stand as the sole item (§4.1)."""
        axes = self.axes
        justify = self._justify()
        justify = {"space-between": "flex-start", "space-around": "safe center", "space-evenly": "safe center"}.get(
            justify, justify
        )
        align = child.style["align-self"]
        if align == "auto":
            align = self.box.style["align-items"]
        along = _edge(justify, axes.reverse, axes.row and axes.mirrored, True, axes.row)
        across = _edge(align, axes.wraps_reverse, not axes.row and axes.mirrored, False, axes.row)
        width, height = (main, cross) if axes.row else (cross, main)
        align_x, align_y = (along, across) if axes.row else (across, along)
        return Placeholder(0.0, 0.0, child, (width, height), align_x, align_y)

    def _baselines(self, lines: list[_Line], fragments: list[Fragment]) -> tuple[float | None, float | None]:
        """§8.5: of the first line's first item, items that align by it before others."""
        if not lines:
            return None, None
        found: list[float | None] = []
        for line, last in ((lines[0], False), (lines[-1], True)):
            items = line.items
            chosen = next((item for item in items if self._aligns_baseline(item)), items[-1 if last else 0])
            fragment = next(f for f in fragments if isinstance(f, BoxFragment) and f.box is chosen.box)
            baseline = fragment.last_baseline if last else fragment.first_baseline
            if baseline is None:
                baseline = fragment.height
            found.append(fragment.y + baseline)
        return found[0], found[1]


def _edge(value: str, reverse: bool, mirrored: bool, main: bool, row: bool) -> str:
    """start, center or end in physical terms (left or top is the start)."""
    value = value.removeprefix("safe ").removeprefix("unsafe ")
    if value == "center":
        return "center"
    if value in ("left", "right"):
        # In an axis that is not the inline one they mean start.
        return ("start" if value == "left" else "end") if main and row else ("end" if mirrored else "start")
    at_end = {
        "flex-end": not reverse, "end": True, "self-end": True, "last baseline": True, "start": False,
        "self-start": False,
    }.get(value, reverse)  # fmt: skip
    return "end" if at_end != mirrored else "start"


def _resolve_flexible_lengths(items: list[_Item], room: float) -> None:
    """§9.7: grow or shrink until everything that is not frozen fits; a violated limit freezes."""
    total = sum(item.hypothetical + item.main_margins for item in items)
    grows = total < room
    for item in items:
        factor = item.box.style["flex-grow" if grows else "flex-shrink"]
        item.main = item.hypothetical
        stays = item.base > item.hypothetical if grows else item.base < item.hypothetical
        item.frozen = factor == 0 or stays
    initial_free = _free_room(items, room)
    while not all(item.frozen for item in items):
        free = _free_room(items, room)
        flexible = [item for item in items if not item.frozen]
        factors = sum(item.box.style["flex-grow" if grows else "flex-shrink"] for item in flexible)
        if factors < 1 and abs(initial_free * factors) < abs(free):
            free = initial_free * factors
        _share(flexible, free, factors, grows)
        violation = 0.0
        clamped = []
        for item in flexible:
            size = max(item.smallest, min(item.main, item.largest), item.inner_main)
            clamped.append(size)
            violation += size - item.main
        for item, size in zip(flexible, clamped, strict=True):
            over = size - item.main
            item.frozen = violation == 0 or (over > 0 if violation > 0 else over < 0)
            item.main = size


def _free_room(items: list[_Item], room: float) -> float:
    return room - sum((item.main if item.frozen else item.base) + item.main_margins for item in items)


def _share(items: list[_Item], free: float, factors: float, grows: bool) -> None:
    if grows:
        for item in items:
            item.main = item.base + (free * item.box.style["flex-grow"] / factors if factors else 0.0)
        return
    # Shrinking is weighted by the size of the content box.
    scaled = sum(item.box.style["flex-shrink"] * (item.base - item.inner_main) for item in items)
    for item in items:
        weight = item.box.style["flex-shrink"] * (item.base - item.inner_main)
        item.main = item.base + (free * weight / scaled if scaled else 0.0)


def flex_widths(engine: LayoutEngine, box: FlexBox) -> tuple[float, float]:
    """Min-content and max-content width of a flex container's content (§9.9)."""
    axes = _axes(box.style)
    items = [child for child in box.children if not child.is_out_of_flow]
    widths = [intrinsic_widths(engine, child) for child in items]
    if not widths:
        return 0.0, 0.0
    gaps = resolve(box.style["column-gap"], 0.0) * (len(widths) - 1)
    narrow, wide = [w[0] for w in widths], [w[1] for w in widths]
    if not axes.row:
        if axes.wraps:
            wrapped = _wrapped_columns_width(engine, box, items, wide)
            return max(narrow), max(*wide, wrapped)
        return max(narrow), max(wide)
    if axes.wraps:
        return max(narrow), sum(wide) + gaps
    return sum(narrow) + gaps, sum(wide) + gaps


def _wrapped_columns_width(engine: LayoutEngine, box: FlexBox, items: list[Box], widths: list[float]) -> float:
    """How wide the columns of a wrapping column container are, side by side."""
    edges = engine.edges(box, 0.0)
    limits = [length_of(box.style, name, None, edges) for name in ("height", "max-height")]
    limit = min((value for value in limits if value is not None), default=UNLIMITED)
    if limit == UNLIMITED:
        return 0.0
    gap = resolve(box.style["row-gap"], limit)
    columns: list[float] = []
    used = 0.0
    for child, width in zip(items, widths, strict=True):
        margins = engine.edges(child, 0.0)
        height = engine.layout(child, Constraints(width, limit, shrinks=True)).height + margins.margin_vertical
        if columns and used + gap + height <= limit + 0.001:
            columns[-1] = max(columns[-1], width)
            used += gap + height
        else:
            columns.append(width)
            used = height
    return sum(columns) + resolve(box.style["column-gap"], 0.0) * (len(columns) - 1)
