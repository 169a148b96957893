"""The grid container: from template and items to places (CSS Grid 2 §6 to §11).

The order of work is the specification's: items are placed (`placement`), columns are
sized, then rows with the heights that the items have in those columns (`tracks`), and at
last every item is laid out in its area and aligned there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.alignment import distribute, self_position
from pressenter.browser.layout.boxes import Box, GridBox, ReplacedBox
from pressenter.browser.layout.constraints import NO_MARGIN, Constraints, Contents, Inside
from pressenter.browser.layout.edges import Edges, edges_of, resolve
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder, moved_to, offset_relative
from pressenter.browser.layout.grid.placement import Area, AxisLines, absolute_lines, place_items
from pressenter.browser.layout.grid.template import (
    Template,
    TrackSizes,
    area_lines,
    expand_template,
)
from pressenter.browser.layout.grid.tracks import INFINITE, Contribution, Room, Track, size_tracks
from pressenter.browser.layout.intrinsic import clamp_width, content_widths, intrinsic_widths
from pressenter.browser.layout.positioned import contains_positioned
from pressenter.browser.layout.sizing import (
    is_percentage,
    length_of,
    preferred_ratio,
    scrolls,
)

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["grid_widths", "layout_grid"]


class _Item:
    """An item with its area (track numbers, the first track being 0) and its alignment."""

    def __init__(self, box: Box, area: Area, container: ComputedStyle) -> None:
        self.box = box
        self.area = area
        self.justify = _self_alignment(box, "justify", container)
        self.align = _self_alignment(box, "align", container)
        self.shim = 0.0  # what baseline alignment adds above the item


def _self_alignment(box: Box, axis: str, container: ComputedStyle) -> str:
    value: str = box.style[f"{axis}-self"]
    if value == "auto":
        value = container[f"{axis}-items"]
    if value == "normal":
        # CSS Grid 2 §6.2: what has a ratio or a size of its own is not stretched.
        kept = isinstance(box, ReplacedBox) or preferred_ratio(box) is not None
        return "start" if kept else "stretch"
    return value


class _Axis(NamedTuple):
    """The tracks of one axis with the lines between them."""

    tracks: list[Track]
    gap: float
    first: int  # the number of the first track's line; implicit tracks may stand before line 0


class _Lines(NamedTuple):
    """Where each track begins and ends, from the content box's start edge."""

    starts: list[float]
    ends: list[float]

    def span(self, start: int, end: int) -> tuple[float, float]:
        return self.starts[start], self.ends[end - 1]


def layout_grid(engine: LayoutEngine, box: GridBox, inside: Inside) -> Contents:
    """Lay out a grid container's items."""
    return _GridLayout(engine, box, inside.width, inside).run(inside)


def grid_widths(engine: LayoutEngine, box: GridBox) -> tuple[float, float]:
    """Min-content and max-content width of a grid container's content (§5.2)."""
    grid = _GridLayout(engine, box, None, None)
    widths = []
    for intrinsic in ("min", "max"):
        axis = grid.columns(Room(None, intrinsic))
        shown = sum(1 for track in axis.tracks if not track.collapsed)
        widths.append(sum(track.base for track in axis.tracks) + axis.gap * max(0, shown - 1))
    return widths[0], max(widths)


class _GridLayout:
    def __init__(self, engine: LayoutEngine, box: GridBox, width: float | None, inside: Inside | None) -> None:
        self.engine = engine
        self.box = box
        style = box.style
        self.column_gap = resolve(style["column-gap"], width or 0.0)
        height = inside.height if inside is not None else None
        self.row_gap = resolve(style["row-gap"], height or 0.0)
        areas, area_rows, area_columns = area_lines(style["grid-template-areas"])
        edges = edges_of(style, width or 0.0)
        limits = [
            None if width is not None else length_of(style, f"{name}-width", None, edges) for name in ("max", "min")
        ]
        if width is None:
            width = length_of(style, "width", None, edges)
        self.column_template = expand_template(
            style["grid-template-columns"], width, limits[0], limits[1], self.column_gap
        )
        low, high = (inside.smallest_height, inside.largest_height) if inside is not None else (0.0, INFINITE)
        self.row_template = expand_template(
            style["grid-template-rows"], height, None if high == INFINITE else high, low or None, self.row_gap
        )
        self.column_lines = AxisLines(
            self.column_template.names, {name: (a[1], a[3]) for name, a in areas.items()},
            max(len(self.column_template.tracks), area_columns),
        )  # fmt: skip
        self.row_lines = AxisLines(
            self.row_template.names, {name: (a[0], a[2]) for name, a in areas.items()},
            max(len(self.row_template.tracks), area_rows),
        )  # fmt: skip
        self._place()

    def _place(self) -> None:
        """Place the items and number tracks from the first that there is."""
        style = self.box.style
        children = [child for child in self.box.children if not child.is_out_of_flow]
        children.sort(key=lambda child: child.style["order"])
        areas = place_items(children, style["grid-auto-flow"], self.row_lines, self.column_lines)
        self.first_row = min([0, *(area.row_start for area in areas)])
        self.first_column = min([0, *(area.column_start for area in areas)])
        self.row_count = max([self.row_lines.explicit, *(area.row_end for area in areas)]) - self.first_row
        self.column_count = max([self.column_lines.explicit, *(area.column_end for area in areas)]) - self.first_column
        self.items = [
            _Item(
                child,
                Area(
                    area.row_start - self.first_row, area.row_end - self.first_row,
                    area.column_start - self.first_column, area.column_end - self.first_column,
                ),
                style,
            )
            for child, area in zip(children, areas, strict=True)
        ]  # fmt: skip

    # ---- tracks ------------------------------------------------------------------------------------

    def _tracks(
        self, template: Template, first: int, count: int, auto: tuple[object, ...], room: float | None
    ) -> list[Track]:
        """Explicit tracks, and implicit ones around them (§7.6)."""
        sizes = [TrackSizes(part[1], part[2]) for part in auto]  # type: ignore[index]
        explicit = len(template.tracks)
        tracks = []
        for number in range(first, first + count):
            if 0 <= number < explicit:
                chosen = template.tracks[number]
            else:
                chosen = sizes[(number - explicit) % len(sizes) if number >= explicit else number % len(sizes)]
            tracks.append(Track(chosen, room))
        return tracks

    def _collapse(self, tracks: list[Track], template: Template, first: int, spans: list[tuple[int, int]]) -> None:
        """auto-fit: tracks without items vanish, and the gaps beside them (§7.2.3.2)."""
        if not template.fitted:
            return
        used = {number for start, end in spans for number in range(start, end)}
        for number in template.fitted:
            if number - first not in used:
                track = tracks[number - first]
                track.collapsed = True
                track.smallest = track.largest = 0.0

    def columns(self, room: Room) -> _Axis:
        """Size the columns."""
        style = self.box.style
        tracks = self._tracks(
            self.column_template, self.first_column, self.column_count, style["grid-auto-columns"], room.size
        )
        spans = [(item.area.column_start, item.area.column_end) for item in self.items]
        self._collapse(tracks, self.column_template, self.first_column, spans)
        contributions = [self._column_contribution(item, tracks) for item in self.items]
        stretches = style["justify-content"] in ("normal", "stretch")
        size_tracks(tracks, contributions, self.column_gap, room, stretches)
        return _Axis(tracks, self.column_gap, self.first_column)

    def _column_contribution(self, item: _Item, tracks: list[Track]) -> Contribution:
        box, engine = item.box, self.engine
        edges = self.engine.edges(box, 0.0)
        outer = edges.horizontal + edges.margin_horizontal
        spanned = tracks[item.area.column_start : item.area.column_end]

        def minimum(limit: float) -> float:
            style = box.style
            if type(style["width"]) is float or style["width"] in ("min-content", "max-content", "fit-content"):
                return intrinsic_widths(engine, box)[0]
            smallest = length_of(style, "min-width", None, edges)
            if smallest is None and style["min-width"] in ("min-content", "max-content"):
                smallest = content_widths(engine, box)[style["min-width"] == "max-content"]
            if smallest is not None or style["min-width"] != "auto":
                return (smallest or 0.0) + outer
            if not _has_automatic_minimum(box, spanned):
                return outer
            content = intrinsic_widths(engine, box)[0]
            if isinstance(box, ReplacedBox) and not is_percentage(style["width"]):
                content = intrinsic_widths(engine, box)[1]
            return max(outer, min(content, limit))

        return Contribution(
            item.area.column_start, item.area.column_end, minimum,
            lambda: intrinsic_widths(engine, box)[0], lambda: intrinsic_widths(engine, box)[1], scrolls(box.style),
        )  # fmt: skip

    def rows(self, room: Room, columns: _Lines) -> _Axis:
        """Size the rows, the columns being known."""
        style = self.box.style
        tracks = self._tracks(self.row_template, self.first_row, self.row_count, style["grid-auto-rows"], room.size)
        spans = [(item.area.row_start, item.area.row_end) for item in self.items]
        self._collapse(tracks, self.row_template, self.first_row, spans)
        self._find_shims(columns, tracks)
        contributions = [self._row_contribution(item, tracks, columns) for item in self.items]
        stretches = style["align-content"] in ("normal", "stretch")
        size_tracks(tracks, contributions, self.row_gap, room, stretches)
        return _Axis(tracks, self.row_gap, self.first_row)

    def _row_contribution(self, item: _Item, tracks: list[Track], columns: _Lines) -> Contribution:
        box = item.box
        spanned = tracks[item.area.row_start : item.area.row_end]
        left, right = columns.span(item.area.column_start, item.area.column_end)
        edges = self.engine.edges(box, right - left)
        outer = edges.vertical + edges.margin_vertical

        def height() -> float:
            fixed = all(type(track.smallest) is float and track.smallest == track.largest for track in spanned)
            percent = sum(track.base for track in spanned) + self.row_gap * (len(spanned) - 1) if fixed else None
            return self._natural(item, right - left, percent).height + edges.margin_vertical + item.shim

        def minimum(limit: float) -> float:
            style = box.style
            if style["height"] != "auto" and not is_percentage(style["height"]):
                return height()
            smallest = length_of(style, "min-height", None, edges)
            if smallest is not None or style["min-height"] != "auto":
                return (smallest or 0.0) + outer + item.shim
            if not _has_automatic_minimum(box, spanned):
                return outer + item.shim
            return max(outer, min(height(), limit))

        return Contribution(item.area.row_start, item.area.row_end, minimum, height, height)

    def _find_shims(self, columns: _Lines, tracks: list[Track]) -> None:
        """Items that share a row's baseline are moved down to the lowest of their baselines (§11.6)."""
        groups: dict[int, list[tuple[_Item, float]]] = {}
        for item in self.items:
            item.shim = 0.0
            if item.align != "baseline":
                continue
            left, right = columns.span(item.area.column_start, item.area.column_end)
            edges = self.engine.edges(item.box, right - left)
            if edges.auto_top or edges.auto_bottom:
                continue
            fragment = self._natural(item, right - left, None)
            baseline = fragment.height if fragment.first_baseline is None else fragment.first_baseline
            groups.setdefault(item.area.row_start, []).append((item, baseline + edges.margin_top))
        for members in groups.values():
            lowest = max(baseline for _, baseline in members)
            for item, baseline in members:
                item.shim = lowest - baseline

    # ---- items ---------------------------------------------------------------------------------------

    def _natural(self, item: _Item, width: float, height: float | None) -> BoxFragment:
        """An item in its columns, as high as its content."""
        edges = self.engine.edges(item.box, width)
        used = self._stretched_width(item, width, edges)
        return self.engine.layout(item.box, Constraints(width, height, used, shrinks=True))

    def _stretched_width(self, item: _Item, width: float, edges: Edges) -> float | None:
        """The border box's width where justify-self: stretch decides it."""
        box = item.box
        if item.justify != "stretch" or box.style["width"] != "auto" or edges.auto_left or edges.auto_right:
            return None
        room = width - edges.margin_horizontal - edges.horizontal
        return clamp_width(self.engine, box, max(0.0, room), width, edges) + edges.horizontal

    def _stretched_height(self, item: _Item, height: float, edges: Edges, width: float) -> float | None:
        style = item.box.style
        if item.align != "stretch" or style["height"] != "auto" or edges.auto_top or edges.auto_bottom:
            return None
        size = height - edges.margin_vertical
        for name, pick in (("max-height", min), ("min-height", max)):
            limit = length_of(style, name, height, edges)
            if limit is not None:
                size = pick(size, limit + edges.vertical)
        return max(size, edges.vertical)

    def run(self, inside: Inside) -> Contents:
        """Columns, rows, then the items in their areas."""
        style = self.box.style
        mirrored = style["direction"] == "rtl"
        column_axis = self.columns(Room(inside.width))
        columns = _line_positions(column_axis, inside.width, style["justify-content"], mirrored)
        room = Room(inside.height, "", inside.smallest_height, inside.largest_height)
        row_axis = self.rows(room, columns)
        height = inside.height
        if height is None:
            natural = _total(row_axis)
            height = max(inside.smallest_height, min(natural, inside.largest_height))
            flexible = any(track.is_flexible for track in row_axis.tracks)
            if self._rows_have_percentages() or is_percentage(style["row-gap"]) or flexible:
                # §7.2.1, §12.7.1: percentages and fractions of the height that came out of it
                self.row_gap = resolve(style["row-gap"], height)
                row_axis = self.rows(Room(height), columns)
        rows = _line_positions(row_axis, height, style["align-content"], False)
        fragments: list[Fragment] = []
        for item in self.items:
            fragments.append(self._placed(item, columns, rows, inside, mirrored))
        first, last = self._baselines(fragments, rows)
        for child in self.box.children:
            if child.is_out_of_flow:
                fragments.append(self._absolute(child, columns, rows, inside.width, height, mirrored))
        return Contents(fragments, height, NO_MARGIN, first, last, 1 if self.items else 0)

    def _rows_have_percentages(self) -> bool:
        sizes = [size for track in self.row_template.tracks for size in track]
        sizes += [size for part in self.box.style["grid-auto-rows"] for size in part[1:]]
        return any(
            is_percentage(size[1] if isinstance(size, tuple) and size[0] == "fit-content" else size) for size in sizes
        )

    def _placed(self, item: _Item, columns: _Lines, rows: _Lines, inside: Inside, mirrored: bool) -> BoxFragment:
        left, right = columns.span(item.area.column_start, item.area.column_end)
        top, bottom = rows.span(item.area.row_start, item.area.row_end)
        width, height = right - left, bottom - top
        edges = self.engine.edges(item.box, width)
        used_width = self._stretched_width(item, width, edges)
        used_height = self._stretched_height(item, height, edges, width)
        fragment = self.engine.layout(item.box, Constraints(width, height, used_width, used_height, True, True))
        x = _in_area(item.justify, width - fragment.width, edges.margin_left, edges.margin_right,
                     edges.auto_left, edges.auto_right, mirrored, item.box.style["direction"] == "rtl")  # fmt: skip
        if item.align == "baseline" and not (edges.auto_top or edges.auto_bottom):
            y = edges.margin_top + item.shim
        else:
            y = _in_area(item.align, height - fragment.height, edges.margin_top, edges.margin_bottom,
                         edges.auto_top, edges.auto_bottom, False, False)  # fmt: skip
        start = inside.width - right if mirrored else left
        fragment = moved_to(fragment, start + x, top + y)
        return offset_relative(fragment, item.box, width, height)

    def _baselines(self, fragments: list[Fragment], rows: _Lines) -> tuple[float | None, float | None]:
        """§11.6: of the first row's items, those that align by it before others."""
        found: list[float | None] = []
        pairs = list(zip(self.items, fragments, strict=True))
        if not pairs:
            return None, None
        first_row = min(item.area.row_start for item in self.items)
        last_row = max(item.area.row_end for item in self.items)
        for chosen in (
            [pair for pair in pairs if pair[0].area.row_start == first_row],
            [pair for pair in pairs if pair[0].area.row_end == last_row],
        ):
            by_place = sorted(chosen, key=lambda pair: (pair[0].area.row_start, pair[0].area.column_start))
            _, fragment = next((pair for pair in by_place if _aligns_baseline(pair[0])), by_place[0])
            assert isinstance(fragment, BoxFragment)
            baseline = fragment.height if fragment.first_baseline is None else fragment.first_baseline
            found.append(fragment.y + baseline)
        return found[0], found[1]

    def _absolute(
        self, child: Box, columns: _Lines, rows: _Lines, width: float, height: float, mirrored: bool
    ) -> Placeholder:
        """§9: the containing block is the grid area that its lines name, else the padding box."""
        style = self.box.style
        edges = edges_of(style, width)
        paddings = [edges.top - style["border-top-width"], edges.right - style["border-right-width"],
                    edges.bottom - style["border-bottom-width"], edges.left - style["border-left-width"]]  # fmt: skip
        start, end = self._edges_of_lines(
            absolute_lines(child.style, "column", self.column_lines), columns, self.first_column, self.column_count
        )
        top, bottom = self._edges_of_lines(
            absolute_lines(child.style, "row", self.row_lines), rows, self.first_row, self.row_count
        )
        if mirrored:
            left = -paddings[3] if end is None else width - end
            right = width + paddings[1] if start is None else width - start
        else:
            left = -paddings[3] if start is None else start
            right = width + paddings[1] if end is None else end
        above = -paddings[0] if top is None else top
        below = height + paddings[2] if bottom is None else bottom
        area = (left, above, max(0.0, right - left), max(0.0, below - above))
        # The static position is that of an item alone in its containing block, or in the content box.
        static = area
        if style["position"] == "static" and not contains_positioned(style):
            static = (0.0, 0.0, width, height)
        return Placeholder(
            static[0], static[1], child, static[2:], _static_edge(child, "justify", style, mirrored),
            _static_edge(child, "align", style, False), area,
        )  # fmt: skip

    def _edges_of_lines(
        self, lines: tuple[int | None, int | None], positions: _Lines, first: int, count: int
    ) -> tuple[float | None, float | None]:
        """Where two lines stand; lines that the grid does not have count as auto (§9.2)."""
        start, end = (None if line is None or not 0 <= line - first <= count else line - first for line in lines)
        if not count:
            return (None if start is None else 0.0, None if end is None else 0.0)
        before = None if start is None else positions.starts[start] if start < count else positions.ends[-1]
        after = None if end is None else positions.ends[end - 1] if end > 0 else positions.starts[0]
        return before, after


def _static_edge(child: Box, axis: str, container: ComputedStyle, mirrored: bool) -> str:
    value: str = child.style[f"{axis}-self"]
    if value == "auto":
        value = container[f"{axis}-items"]
    value = value.removeprefix("safe ")
    if value == "center":
        return "center"
    if value == "left" or value == "right":
        return "start" if value == "left" else "end"
    return "end" if (value in ("end", "self-end", "flex-end", "last baseline")) != mirrored else "start"


def _aligns_baseline(item: _Item) -> bool:
    style = item.box.style
    return item.align == "baseline" and style["margin-top"] != "auto" and style["margin-bottom"] != "auto"


def _has_automatic_minimum(box: Box, spanned: list[Track]) -> bool:
    """§6.6: not for scroll containers, nor without an auto track, nor across flexible ones."""
    if scrolls(box.style) or not any(track.smallest == "auto" for track in spanned):
        return False
    return len(spanned) == 1 or not any(track.is_flexible for track in spanned)


def _total(axis: _Axis) -> float:
    shown = sum(1 for track in axis.tracks if not track.collapsed)
    return sum(track.base for track in axis.tracks) + axis.gap * max(0, shown - 1)


def _line_positions(axis: _Axis, room: float, alignment: str, mirrored: bool) -> _Lines:
    """Align the tracks in the container (§11.5); positions are counted from the start edge."""
    shown = [track for track in axis.tracks if not track.collapsed]
    free = room - _total(axis)
    value = "start" if alignment in ("normal", "stretch", "baseline") else alignment
    if value == "flex-start" or value == "flex-end":
        value = value.removeprefix("flex-")
    shares = distribute(value, free, len(shown), mirrored=mirrored)
    position = shares.offset
    starts, ends = [], []
    last_end = position
    for track in axis.tracks:
        if track.collapsed:
            starts.append(last_end)
            ends.append(last_end)
            continue
        starts.append(position)
        last_end = position + track.base
        ends.append(last_end)
        position = last_end + axis.gap + shares.between
    return _Lines(starts, ends)


def _in_area(
    align: str, free: float, before: float, after: float, auto_before: bool, auto_after: bool, mirrored: bool,
    own_mirrored: bool,
) -> float:  # fmt: skip
    """Where the border box begins in its area, from the left or the top (§10.2, §11.3, §11.4)."""
    free -= before + after
    if auto_before or auto_after:
        share = max(0.0, free) / (auto_before + auto_after)
        if free < 0 and mirrored:
            return before + free
        return before + (share if auto_before else 0.0)
    if align in ("self-start", "self-end"):
        align = "start" if (align == "self-start") == (own_mirrored == mirrored) else "end"
    if align.startswith("safe ") and free < 0:
        align = "start"
    offset = self_position(align, free, mirrored=mirrored)
    return before + (free - offset if mirrored else offset)
