"""Tables: columns as wide as their cells need, rows as high (CSS 2.2 §17.5).

Automatic layout: each column is at least as wide as its widest unbreakable content and
at most as wide as its widest line; what the table has beyond the minimum is shared out
by how much each column would like to grow.
"""

from __future__ import annotations

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import LengthPercentage
from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import BlockBox, Box, TableBox, TableCell, anonymous_style
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.edges import edges_of, resolve
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.fragments import BoxFragment, Fragment
from pressenter.browser.layout.intrinsic import intrinsic_widths
from pressenter.browser.layout.sizing import length_of

__all__ = ["layout_table", "table_widths"]


def _spacing(box: TableBox) -> tuple[float, float]:
    if box.style["border-collapse"] == "collapse":
        return 0.0, 0.0
    return box.style["border-spacing"]  # type: ignore[no-any-return]


def table_widths(engine: LayoutEngine, box: TableBox) -> tuple[float, float]:
    """Min-content and max-content width of a table's content box."""
    smallest, largest = _column_widths(engine, box)
    gaps = _spacing(box)[0] * (box.columns + 1) if box.columns else 0.0
    return sum(smallest) + gaps, sum(largest) + gaps


def _column_widths(engine: LayoutEngine, box: TableBox) -> tuple[list[float], list[float]]:
    smallest = [0.0] * box.columns
    largest = [0.0] * box.columns
    for index, width in enumerate(box.column_widths[: box.columns]):
        if isinstance(width, float):
            smallest[index] = largest[index] = width
    for cell in sorted(box.cells, key=lambda cell: cell.column_span):
        narrow, wide = intrinsic_widths(engine, cell.box)
        span = slice(cell.column, cell.column + cell.column_span)
        if cell.column_span == 1:
            smallest[cell.column] = max(smallest[cell.column], narrow)
            largest[cell.column] = max(largest[cell.column], wide, narrow)
            continue
        gaps = _spacing(box)[0] * (cell.column_span - 1)
        for widths, wanted in ((smallest, narrow), (largest, wide)):
            missing = wanted - gaps - sum(widths[span])
            if missing > 0:  # share it out evenly
                for column in range(span.start, min(span.stop, box.columns)):
                    widths[column] += missing / cell.column_span
    return smallest, [max(a, b) for a, b in zip(smallest, largest, strict=True)]


def _used_widths(engine: LayoutEngine, box: TableBox, available: float, asked: float | None) -> list[float]:
    """CSS 2.2 §17.5.2.2."""
    smallest, largest = _column_widths(engine, box)
    gaps = _spacing(box)[0] * (box.columns + 1)
    target = asked - gaps if asked is not None else min(available - gaps, sum(largest))
    percent = _percentages(box)
    fixed = {column: max(smallest[column], target * share / 100) for column, share in percent.items()}
    free = [column for column in range(box.columns) if column not in fixed]
    if asked is None and fixed and free:
        target = min(available - gaps, max(target, sum(largest)))
    target = max(target, sum(smallest))
    widths = [fixed.get(column, smallest[column]) for column in range(box.columns)]
    left = target - sum(widths)
    growth = {column: largest[column] - smallest[column] for column in free}
    total = sum(growth.values())
    if left <= 0 or not widths:
        return widths
    if total > 0:
        share = min(1.0, left / total)
        for column in free:
            widths[column] += growth[column] * share
        left -= total * share
    if left > 0.01:  # wider than everything needs: in proportion
        grown = free or list(range(box.columns))
        whole = sum(widths[column] for column in grown) or len(grown)
        for column in grown:
            widths[column] += left * ((widths[column] / whole) if sum(widths) else 1 / len(grown))
    return widths


def _percentages(box: TableBox) -> dict[int, float]:
    found: dict[int, float] = {}
    for cell in box.cells:
        width = cell.box.style["width"]
        if cell.column_span == 1 and isinstance(width, LengthPercentage) and not width.pixels:
            found[cell.column] = max(found.get(cell.column, 0.0), width.percent)
    for index, width in enumerate(box.column_widths[: box.columns]):
        if isinstance(width, LengthPercentage) and not width.pixels:
            found[index] = max(found.get(index, 0.0), width.percent)
    return found


def layout_table(engine: LayoutEngine, box: TableBox, constraints: Constraints) -> BoxFragment:
    """Lay out a table with its captions; at (0, 0)."""
    containing_width = constraints.width
    edges = edges_of(box.style, containing_width)
    outer = edges.horizontal + edges.margin_left + edges.margin_right
    asked = length_of(box.style, "width", containing_width, edges)
    widths = _used_widths(engine, box, containing_width - outer, asked)
    across, down = _spacing(box)
    content_width = sum(widths) + across * (box.columns + 1) if widths else (asked or 0.0)
    above, above_height = _captions(engine, box, content_width + edges.horizontal, "top")
    grid, grid_height, baseline = _grid(engine, box, widths, across, down)
    wanted = box.style["height"]
    if isinstance(wanted, float):
        grid_height = max(grid_height, wanted)
    table_height = grid_height + edges.vertical
    moved = [fragment._replace(x=fragment.x + edges.left, y=fragment.y + edges.top) for fragment in grid]
    first = baseline + edges.top if baseline is not None else None
    frame = BoxFragment(
        0.0, above_height, content_width + edges.horizontal, table_height, box, tuple(moved), first, first, 1
    )
    if not box.captions:
        return frame._replace(y=0.0)
    below, below_height = _captions(engine, box, frame.width, "bottom")
    below = [fragment._replace(y=fragment.y + above_height + table_height) for fragment in below]
    wrapper = BlockBox(anonymous_style(box.style), None, [])
    return BoxFragment(
        0.0, 0.0, frame.width, above_height + table_height + below_height, wrapper, (*above, frame, *below)
    )


def _captions(engine: LayoutEngine, box: TableBox, width: float, side: str) -> tuple[list[BoxFragment], float]:
    from pressenter.browser.layout.block import layout_block

    fragments, height = [], 0.0
    for caption in box.captions:
        if caption.style["caption-side"] == side:
            edges = edges_of(caption.style, width)
            fragment = layout_block(engine, caption, Constraints(width)).fragment
            fragments.append(fragment._replace(x=edges.margin_left, y=height + edges.margin_top))
            height += edges.margin_top + fragment.height + edges.margin_bottom
    return fragments, height


def _grid(
    engine: LayoutEngine, box: TableBox, widths: list[float], across: float, down: float
) -> tuple[list[Fragment], float, float | None]:
    """Cells with their places; rows' backgrounds come before them."""
    starts = [across]
    for width in widths:
        starts.append(starts[-1] + width + across)
    laid_out = [(cell, _cell_fragment(engine, cell, widths, across)) for cell in box.cells]
    heights, baselines = _row_heights(box, laid_out, down)
    tops = [down]
    for height in heights:
        tops.append(tops[-1] + height + down)
    fragments: list[Fragment] = []
    for row, (style, element) in enumerate(box.rows):
        fragments.append(_row_fragment(style, element, starts, tops[row], heights[row], across))
    for cell, fragment in laid_out:
        last = min(cell.row + cell.row_span, len(heights))
        height = sum(heights[cell.row : last]) + down * (last - cell.row - 1)
        fragments.append(_aligned(cell, fragment, height, baselines[cell.row], starts[cell.column], tops[cell.row]))
    first = tops[0] + baselines[0] if heights else None
    return fragments, tops[-1] if heights else 0.0, first


def _cell_fragment(engine: LayoutEngine, cell: TableCell, widths: list[float], across: float) -> BoxFragment:

    span = widths[cell.column : cell.column + cell.column_span]
    outer = sum(span) + across * (len(span) - 1)
    edges = edges_of(cell.box.style, outer)
    return engine.layout(cell.box, Constraints(outer, None, outer))


def _row_heights(
    box: TableBox, cells: list[tuple[TableCell, BoxFragment]], down: float
) -> tuple[list[float], list[float]]:
    """CSS 2.2 §17.5.3: heights, and the baseline of each row."""
    heights = [resolve(style["height"], 0.0) for style, _ in box.rows]
    baselines = [0.0] * len(box.rows)
    for cell, fragment in cells:
        if cell.box.style["vertical-align"] == "baseline" and fragment.first_baseline is not None:
            baselines[cell.row] = max(baselines[cell.row], fragment.first_baseline)
    for cell, fragment in cells:
        needed = fragment.height
        if cell.box.style["vertical-align"] == "baseline" and fragment.first_baseline is not None:
            needed += baselines[cell.row] - fragment.first_baseline
        asked = cell.box.style["height"]
        needed = max(needed, asked if isinstance(asked, float) else 0.0)
        if cell.row_span == 1:
            heights[cell.row] = max(heights[cell.row], needed)
    for cell, fragment in cells:
        if cell.row_span > 1:
            rows = range(cell.row, min(cell.row + cell.row_span, len(heights)))
            missing = fragment.height - sum(heights[row] for row in rows) - down * (len(rows) - 1)
            if missing > 0:
                heights[rows[-1]] += missing
    return heights, baselines


def _row_fragment(
    style: ComputedStyle, element: Element | None, starts: list[float], top: float, height: float, across: float
) -> BoxFragment:
    width = max(0.0, starts[-1] - starts[0] - across)
    return BoxFragment(starts[0], top, width, height, Box(style, element))


def _aligned(cell: TableCell, fragment: BoxFragment, height: float, baseline: float, x: float, y: float) -> BoxFragment:
    """Stretch a cell to its rows' height and move its content by vertical-align."""
    free = height - fragment.height
    align = cell.box.style["vertical-align"]
    shift = 0.0
    if align == "middle":
        shift = free / 2
    elif align == "bottom":
        shift = free
    elif align == "baseline" and fragment.first_baseline is not None:
        shift = min(max(0.0, baseline - fragment.first_baseline), max(0.0, free))
    children = fragment.children
    if shift:
        children = tuple(child._replace(y=child.y + shift) for child in children)
    return fragment._replace(x=x, y=y, height=max(height, fragment.height), children=children)
