"""Tables: columns as wide as their cells need, rows as high (CSS 2.2 §17.5, CSS Tables 3).

Automatic layout: each column is at least as wide as its widest unbreakable content and
at most as wide as its widest line.  Between the two, room is given out by a series of guesses:
all columns at their least; those with a percentage as wide as that; those with a length as wide
as that; all at their most (CSS Tables 3 §4.3.1).  Fixed layout asks the first row alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pressenter.browser.css.values import LengthPercentage
from pressenter.browser.layout.boxes import BlockBox, Box, TableBox, TableCell, TableTrack, anonymous_style
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.edges import Edges, edges_of, resolve
from pressenter.browser.layout.fragments import BorderLine, BoxFragment, Fragment
from pressenter.browser.layout.intrinsic import content_widths, intrinsic_widths, keyword_width
from pressenter.browser.layout.sizing import is_percentage, length_of

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["layout_table", "table_widths"]


class _Column(NamedTuple):
    """What a column asks for: least and most, and a share or a length that was given."""

    smallest: float = 0.0
    largest: float = 0.0
    percent: float | None = None
    is_fixed: bool = False


def _spacing(box: TableBox) -> tuple[float, float]:
    if box.style["border-collapse"] == "collapse":
        return 0.0, 0.0
    return box.style["border-spacing"]  # type: ignore[no-any-return]


def _gaps(box: TableBox) -> float:
    return _spacing(box)[0] * (box.column_count + 1) if box.column_count else 0.0


def table_widths(engine: LayoutEngine, box: TableBox) -> tuple[float, float]:
    """Min-content and max-content width of a table's content box."""
    columns = _columns(engine, box)
    gaps = _gaps(box)
    captions = max((intrinsic_widths(engine, caption)[0] for caption in box.captions), default=0.0)
    edges = engine.edges(box, 0.0)
    smallest = sum(column.smallest for column in columns) + gaps
    return max(smallest, captions - edges.horizontal), max(
        smallest, _largest(columns, engine.cell_depth > 0) + gaps, captions - edges.horizontal
    )


def _largest(columns: list[_Column], ignoring_shares: bool) -> float:
    """The most that columns want, so large that shares of it are large enough (CSS Tables 3 §4.1)."""
    total = sum(column.largest for column in columns)
    if ignoring_shares:
        return total
    shares = sum(column.percent for column in columns if column.percent is not None)
    if not shares:
        return total
    by_share = [column.largest / (column.percent / 100) for column in columns if column.percent]
    others = sum(column.largest for column in columns if column.percent is None)
    if others:
        by_share.append(others / (1 - shares / 100) if shares < 100 else 1e6)
    return min(max([total, *by_share]), 1e6)


# ---- columns -----------------------------------------------------------------------------------


def _columns(engine: LayoutEngine, box: TableBox) -> list[_Column]:
    """Automatic layout: what each column asks for (CSS Tables 3 §4.1)."""
    columns = [_Column()] * box.column_count
    for track in box.columns:
        width = track.box.style["width"]
        for index in range(track.start, min(track.end, box.column_count)):
            if type(width) is float:
                columns[index] = _Column(width, width, None, True)
            elif isinstance(width, LengthPercentage):
                columns[index] = _Column(percent=width.percent)
    for cell in sorted(box.cells, key=lambda cell: cell.column_span):
        asked = _cell_column(engine, cell)
        if cell.column_span == 1:
            columns[cell.column] = _joined(columns[cell.column], asked)
        else:
            _spread(columns, cell, asked, _spacing(box)[0])
    return columns


def _cell_column(engine: LayoutEngine, cell: TableCell) -> _Column:
    """What one cell asks for; its width property is a least one for its content."""
    style = cell.box.style
    edges = edges_of(style, 0.0)
    engine.cell_depth += 1  # shares of a table in a cell do not make the cell wide
    try:
        smallest, largest = (width + edges.horizontal for width in content_widths(engine, cell.box))
    finally:
        engine.cell_depth -= 1
    width = style["width"]
    asked = length_of(style, "width", None, edges)
    least = length_of(style, "min-width", None, edges)
    if least is not None:
        smallest, largest = max(smallest, least + edges.horizontal), max(largest, least + edges.horizontal)
    most = length_of(style, "max-width", None, edges)
    if most is not None:
        largest = max(smallest, min(largest, most + edges.horizontal))
    if asked is not None:
        return _Column(smallest, max(smallest, asked + edges.horizontal), None, True)
    percent = width.percent if isinstance(width, LengthPercentage) and not width.pixels else None
    return _Column(smallest, max(smallest, largest), percent)


def _joined(one: _Column, other: _Column) -> _Column:
    fixed = one.is_fixed or other.is_fixed
    percents = [column.percent for column in (one, other) if column.percent is not None]
    largest = max(one.largest, other.largest)
    if one.is_fixed != other.is_fixed:  # a length that was given counts, not how wide other cells would like to be
        largest = max(one.largest if one.is_fixed else other.largest, one.smallest, other.smallest)
    return _Column(max(one.smallest, other.smallest), largest, max(percents, default=None), fixed)


def _spread(columns: list[_Column], cell: TableCell, asked: _Column, gap: float) -> None:
    """What a cell across several columns lacks is shared among them by what they want (§4.1)."""
    span = list(range(cell.column, cell.column + cell.column_span))
    gaps = gap * (cell.column_span - 1)
    if asked.percent is not None:
        missing = asked.percent - sum(columns[i].percent or 0.0 for i in span)
        open_columns = [i for i in span if columns[i].percent is None]
        if missing > 0 and open_columns:
            total = sum(columns[i].largest for i in open_columns)
            for i in open_columns:
                share = columns[i].largest / total if total else 1 / len(open_columns)
                columns[i] = columns[i]._replace(percent=missing * share)
    for name, wanted in (("smallest", asked.smallest), ("largest", asked.largest)):
        missing = wanted - gaps - sum(getattr(columns[i], name) for i in span)
        if missing <= 0:
            continue
        willing = [i for i in span if not columns[i].is_fixed and columns[i].percent is None]
        willing = willing or [i for i in span if not columns[i].is_fixed] or span
        total = sum(columns[i].largest for i in willing)
        for i in willing:
            share = columns[i].largest / total if total else 1 / len(willing)
            grown = getattr(columns[i], name) + missing * share
            columns[i] = columns[i]._replace(**{name: grown})
    for i in span:
        columns[i] = columns[i]._replace(largest=max(columns[i].largest, columns[i].smallest))


def _used_widths(columns: list[_Column], room: float) -> list[float]:
    """Give out the room that is there for columns (CSS Tables 3 §4.3.1)."""
    if not columns:
        return []
    least = [column.smallest for column in columns]
    shares = [max(c.smallest, room * c.percent / 100) if c.percent is not None else c.smallest for c in columns]
    fixed = [max(s, c.largest) if c.is_fixed and c.percent is None else s for s, c in zip(shares, columns, strict=True)]
    most = [max(s, c.largest) if c.percent is None else s for s, c in zip(fixed, columns, strict=True)]
    before = least
    for guess in (least, shares, fixed, most):
        if room < sum(guess):
            low, high = sum(before), sum(guess)
            part = (room - low) / (high - low) if high > low else 0.0
            return [a + (b - a) * max(0.0, part) for a, b in zip(before, guess, strict=True)]
        before = guess
    return _with_excess(columns, most, room - sum(most))


def _with_excess(columns: list[_Column], widths: list[float], free: float) -> list[float]:
    """Room beyond what all want goes to automatic columns, else to lengths, else to shares (§4.3.2)."""
    for kind in (
        [i for i, c in enumerate(columns) if c.percent is None and not c.is_fixed and c.largest > 0],
        [i for i, c in enumerate(columns) if c.percent is None and not c.is_fixed],
        [i for i, c in enumerate(columns) if c.is_fixed and c.percent is None],
        [i for i, c in enumerate(columns) if c.percent],
        list(range(len(columns))),
    ):
        if kind:
            weights = [columns[i].percent or columns[i].largest for i in kind]
            total = sum(weights)
            widths = list(widths)
            for i, weight in zip(kind, weights, strict=True):
                widths[i] += free * (weight / total if total else 1 / len(kind))
            return widths
    return widths


def _fixed_widths(box: TableBox, room: float) -> list[float]:
    """table-layout: fixed (CSS 2.2 §17.5.2.1)."""
    widths: list[float | None] = [None] * box.column_count
    for track in box.columns:
        value = track.box.style["width"]
        for index in range(track.start, min(track.end, box.column_count)):
            if type(value) is float or (isinstance(value, LengthPercentage) and not value.pixels):
                widths[index] = resolve(value, room)
    for cell in box.cells:
        if cell.row:
            continue
        edges = edges_of(cell.box.style, room)
        value = cell.box.style["width"]
        asked = length_of(cell.box.style, "width", room, edges)
        if asked is None:
            continue
        outer = asked if is_percentage(value) else asked + edges.horizontal
        share = (outer - _spacing(box)[0] * (cell.column_span - 1)) / cell.column_span
        for index in range(cell.column, cell.column + cell.column_span):
            if widths[index] is None:
                widths[index] = share
    known = sum(width for width in widths if width is not None)
    automatic = sum(1 for width in widths if width is None)
    if automatic:
        share = max(0.0, room - known) / automatic
        return [share if width is None else width for width in widths]
    found = [width or 0.0 for width in widths]
    if known < room and found:
        found = [width + (room - known) * (width / known if known else 1 / len(found)) for width in found]
    return found


# ---- the table -----------------------------------------------------------------------------------


def layout_table(engine: LayoutEngine, box: TableBox, constraints: Constraints) -> BoxFragment:
    """Lay out a table with its captions; at (0, 0)."""
    edges = engine.edges(box, constraints.width)
    widths = _column_widths(engine, box, constraints, edges)
    across = _spacing(box)[0]
    content_width = (
        sum(widths) + across * (box.column_count + 1) if widths else _empty_width(engine, box, constraints, edges)
    )
    outer_width = content_width + edges.horizontal
    above, above_height = _captions(engine, box, outer_width, "top")
    below, below_height = _captions(engine, box, outer_width, "bottom")
    frame = _grid(engine, box, widths, content_width, constraints, edges, above_height + below_height)
    if not box.captions:
        return frame
    below = [fragment._replace(y=fragment.y + above_height + frame.height) for fragment in below]
    style = {**anonymous_style(box.style), "position": box.style["position"], "float": box.style["float"]}
    wrapper = BlockBox(style, box.element, [])
    inner = frame._replace(y=above_height, box=_frame_box(box))
    baseline = None if frame.first_baseline is None else above_height + frame.first_baseline
    return BoxFragment(
        0.0, 0.0, outer_width, above_height + frame.height + below_height, wrapper, (*above, inner, *below),
        baseline, baseline,
    )  # fmt: skip


def _frame_box(box: TableBox) -> Box:
    """The grid of a table with captions: it has the table's background, and no place of its own."""
    return Box({**box.style, "position": "static", "float": "none"}, None)


def _column_widths(engine: LayoutEngine, box: TableBox, constraints: Constraints, edges: Edges) -> list[float]:
    room = _asked_width(engine, box, constraints, edges)
    gaps = _gaps(box)
    if box.style["table-layout"] == "fixed" and room is not None and box.style["width"] != "max-content":
        return _fixed_widths(box, room - gaps)
    columns = _columns(engine, box)
    smallest, largest = table_widths(engine, box)
    if room is None:
        available = constraints.width - edges.horizontal - edges.margin_horizontal
        room = max(smallest, min(available, largest))
        room = _limited(box, room, constraints, edges)
    return _used_widths(columns, max(room, smallest) - gaps)


def _asked_width(engine: LayoutEngine, box: TableBox, constraints: Constraints, edges: Edges) -> float | None:
    """The content width that is asked for from outside or by the width property."""
    if constraints.used_width is not None:
        return max(0.0, constraints.used_width - edges.horizontal)
    asked = length_of(box.style, "width", constraints.width, edges)
    if asked is None:
        asked = keyword_width(engine, box, box.style["width"], constraints.width, edges)
    return None if asked is None else _limited(box, asked, constraints, edges)


def _limited(box: TableBox, width: float, constraints: Constraints, edges: Edges) -> float:
    largest = length_of(box.style, "max-width", constraints.width, edges)
    smallest = length_of(box.style, "min-width", constraints.width, edges)
    if largest is not None:
        width = min(width, largest)
    return max(width, smallest or 0.0)


def _empty_width(engine: LayoutEngine, box: TableBox, constraints: Constraints, edges: Edges) -> float:
    asked = _asked_width(engine, box, constraints, edges)
    return asked if asked is not None else content_widths(engine, box)[0]


def _captions(engine: LayoutEngine, box: TableBox, width: float, side: str) -> tuple[list[BoxFragment], float]:
    fragments, height = [], 0.0
    for caption in box.captions:
        if caption.style["caption-side"] == side:
            edges = engine.edges(caption, width)
            fragment = engine.layout(caption, Constraints(width))
            fragments.append(fragment._replace(x=edges.margin_left, y=height + edges.margin_top))
            height += edges.margin_vertical + fragment.height
    return fragments, height


class _Tracks(NamedTuple):
    """Where rows or columns begin, and how large they are."""

    starts: list[float]
    sizes: list[float]

    def span(self, start: int, end: int) -> tuple[float, float]:
        """Where some tracks begin, and how large they are together."""
        if end <= start or start >= len(self.starts):
            return (self.starts[-1] + self.sizes[-1] if self.starts else 0.0), 0.0
        end = min(end, len(self.starts))
        begin = self.starts[start]
        return begin, self.starts[end - 1] + self.sizes[end - 1] - begin


def _tracks(sizes: list[float], gap: float, first: float) -> _Tracks:
    starts, position = [], first + gap
    for size in sizes:
        starts.append(position)
        position += size + gap
    return _Tracks(starts, sizes)


def _grid(
    engine: LayoutEngine, box: TableBox, widths: list[float], content_width: float, constraints: Constraints,
    edges: Edges, captions_height: float,
) -> BoxFragment:  # fmt: skip
    across, down = _spacing(box)
    columns = _tracks(widths, across, edges.left)
    mirrored = box.style["direction"] == "rtl"
    laid_out = [(cell, _cell_fragment(engine, cell, columns, None)) for cell in box.cells]
    heights, baselines = _row_heights(box, laid_out, down)
    gaps = down * (len(heights) + 1) if heights else 0.0
    wanted = _asked_height(box, constraints, edges, captions_height)
    if wanted is not None and heights:
        heights = _stretched_rows(box, heights, max(0.0, wanted - gaps))
    elif wanted is not None and wanted > 0:
        gaps = wanted
    rows = _tracks(heights, down, edges.top)
    height = sum(heights) + gaps + edges.vertical
    fragments = _backgrounds(box, rows, columns)
    outer = content_width + edges.horizontal
    for cell, fragment in laid_out:
        top, room = rows.span(cell.row, cell.row + cell.row_span)
        left, _ = columns.span(cell.column, cell.column + cell.column_span)
        if _has_percentages(cell.box):
            fragment = _cell_fragment(engine, cell, columns, room)
        fragments.append(_aligned(cell, fragment, room, baselines[cell.row])._replace(x=left, y=top))
    if mirrored:
        fragments = [
            fragment._replace(x=outer - fragment.x - getattr(fragment, "width", 0.0)) for fragment in fragments
        ]
    first = rows.starts[0] + baselines[0] if heights and baselines[0] else None
    if first is None and heights:
        first = rows.starts[0] + heights[0]
    lines = _border_lines(box, rows, columns, mirrored, outer) if box.collapsed is not None else None
    return BoxFragment(
        0.0, 0.0, outer, height, box, tuple(fragments), first, first, 1, True, True, edges, collapsed_borders=lines
    )


def _asked_height(box: TableBox, constraints: Constraints, edges: Edges, captions_height: float) -> float | None:
    if constraints.used_height is not None:
        return max(0.0, constraints.used_height - edges.vertical - captions_height)
    heights = [length_of(box.style, name, constraints.height, edges) for name in ("height", "min-height")]
    return max((height for height in heights if height is not None), default=None)


def _cell_fragment(engine: LayoutEngine, cell: TableCell, columns: _Tracks, height: float | None) -> BoxFragment:
    """A cell with its columns' width; with the rows' height for percentages, once it is known."""
    _, width = columns.span(cell.column, cell.column + cell.column_span)
    if height is None:
        # The cell's own height is for its row: what is in it does not refer to it yet.
        return engine.layout(cell.box, Constraints(width, None, width, None))
    return engine.layout(cell.box, Constraints(width, height, width, height, True))


def _has_percentages(box: Box) -> bool:
    """Whether a child refers to the cell's height."""
    return any(
        is_percentage(child.style["height"]) or child.style["height"] == "stretch"
        for child in getattr(box, "children", ())
        if child.is_in_flow
    )


def _row_heights(
    box: TableBox, cells: list[tuple[TableCell, BoxFragment]], down: float
) -> tuple[list[float], list[float]]:
    """CSS 2.2 §17.5.3: heights, and the baseline of each row."""
    heights = [_own_height(track) for track in box.rows]
    baselines = [0.0] * len(box.rows)
    for cell, fragment in cells:
        if _is_baseline(cell) and fragment.first_baseline is not None:
            baselines[cell.row] = max(baselines[cell.row], fragment.first_baseline)
    for cell, fragment in cells:
        needed = fragment.height
        if _is_baseline(cell) and fragment.first_baseline is not None:
            needed += baselines[cell.row] - fragment.first_baseline
        if cell.row_span == 1:
            heights[cell.row] = max(heights[cell.row], needed, _asked_cell_height(cell))
    for cell, fragment in sorted(cells, key=lambda pair: pair[0].row_span):
        if cell.row_span > 1:
            rows = range(cell.row, min(cell.row + cell.row_span, len(heights)))
            missing = fragment.height - sum(heights[row] for row in rows) - down * (len(rows) - 1)
            if missing > 0:
                total = sum(heights[row] for row in rows)
                for row in rows:
                    heights[row] += missing * (heights[row] / total if total else 1 / len(rows))
    return heights, baselines


def _asked_cell_height(cell: TableCell) -> float:
    edges = edges_of(cell.box.style, 0.0)
    asked = length_of(cell.box.style, "height", None, edges)
    return 0.0 if asked is None else asked + edges.vertical


def _own_height(track: TableTrack) -> float:
    height = track.box.style["height"]
    return height if type(height) is float else 0.0


def _is_baseline(cell: TableCell) -> bool:
    return cell.box.style["vertical-align"] not in ("top", "middle", "bottom")


def _stretched_rows(box: TableBox, heights: list[float], room: float) -> list[float]:
    """A table that is higher than its rows: percentages first, then rows without a height (CSS Tables 3 §4.5)."""
    for index, track in enumerate(box.rows):
        value = track.box.style["height"]
        if is_percentage(value):
            heights[index] = max(heights[index], min(resolve(value, room), room))
    free = room - sum(heights)
    if free <= 0:
        return heights
    automatic = [i for i, track in enumerate(box.rows) if track.box.style["height"] == "auto" and heights[i] > 0]
    grown = automatic or [i for i, height in enumerate(heights) if height > 0] or list(range(len(heights)))
    total = sum(heights[i] for i in grown)
    return [
        height + (free * (height / total if total else 1 / len(grown)) if i in grown else 0.0)
        for i, height in enumerate(heights)
    ]


def _backgrounds(box: TableBox, rows: _Tracks, columns: _Tracks) -> list[Fragment]:
    """Column groups, columns, row groups and rows, in the order in which they are painted (CSS 2.2 §17.5.1)."""
    fragments: list[Fragment] = []
    left, width = columns.span(0, len(columns.starts))
    top, height = rows.span(0, len(rows.starts))
    for track in (*box.column_groups, *box.columns):
        start, size = columns.span(track.start, track.end)
        fragments.append(BoxFragment(start, top, size, height, track.box))
    for track in (*box.row_groups, *box.rows):
        start, size = rows.span(track.start, track.end)
        fragments.append(BoxFragment(left, start, width, size, track.box))
    return fragments


def _aligned(cell: TableCell, fragment: BoxFragment, height: float, baseline: float) -> BoxFragment:
    """Stretch a cell to its rows' height and move its content by vertical-align."""
    free = height - fragment.height
    align = cell.box.style["vertical-align"]
    shift = 0.0
    if align == "middle":
        shift = free / 2
    elif align == "bottom":
        shift = free
    elif _is_baseline(cell) and fragment.first_baseline is not None:
        shift = min(max(0.0, baseline - fragment.first_baseline), max(0.0, free))
    children = fragment.children
    if shift:
        children = tuple(child._replace(y=child.y + shift) for child in children)
    collapsed = () if cell.box.style["border-collapse"] == "collapse" else None
    return fragment._replace(height=max(height, 0.0), children=children, collapsed_borders=collapsed)


def _border_lines(
    box: TableBox, rows: _Tracks, columns: _Tracks, mirrored: bool, outer: float
) -> tuple[BorderLine, ...]:
    """The lines of collapsed borders, on whole pixels; a line begins where one across it does."""
    assert box.collapsed is not None
    lines: list[BorderLine] = []
    x_edges = [*columns.starts, columns.starts[-1] + columns.sizes[-1]] if columns.starts else []
    y_edges = [*rows.starts, rows.starts[-1] + rows.sizes[-1]] if rows.starts else []
    for row, edges in enumerate(box.collapsed.horizontal):
        for column, border in enumerate(edges):
            if border is not None:
                half = border[0] / 2
                left, right = x_edges[column] - half, x_edges[column + 1] + half
                lines.append(BorderLine(left, y_edges[row] - half, right - left, border[0], border[2], border[1]))
    for row, edges in enumerate(box.collapsed.vertical):
        for column, border in enumerate(edges):
            if border is not None:
                half = border[0] / 2
                top, bottom = y_edges[row] - half, y_edges[row + 1] + half
                lines.append(BorderLine(x_edges[column] - half, top, border[0], bottom - top, border[2], border[1]))
    if mirrored:
        return tuple(line._replace(x=outer - line.x - line.width) for line in lines)
    return tuple(lines)
