"""Multi-column layout: contents flow through columns side by side (CSS Multi-column 1).

The contents are laid out in one column as long as it takes, then cut: between lines and
between blocks, where nothing stands across the cut.  Balanced columns have the least height at
which all fits (§7.1); it is found by trying heights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressenter.browser.layout.block import layout_flow
from pressenter.browser.layout.boxes import BlockBox
from pressenter.browser.layout.constraints import NO_MARGIN, Contents, Inside
from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.float_context import FloatContext
from pressenter.browser.layout.fragments import BoxFragment, Fragment
from pressenter.browser.layout.inline import layout_inline
from pressenter.browser.layout.sizing import UNLIMITED, scrolls

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["column_widths", "layout_columns"]

_MOST_COLUMNS = 1000
_FEW_CUTS = 200  # so few that every height between two of them can be tried


def _gap(box: BlockBox, width: float) -> float:
    gap = box.style["column-gap"]
    return float(box.style["font-size"]) if gap == "normal" else resolve(gap, width)


def _columns(box: BlockBox, width: float) -> tuple[int, float]:
    """How many columns, and how wide (§3.4)."""
    gap = _gap(box, width)
    count, wanted = box.style["column-count"], box.style["column-width"]
    if wanted == "auto":
        number = max(1, count)
    else:
        number = max(1, int((width + gap) / max(1.0, wanted + gap)))
        if count != "auto":
            number = min(number, max(1, count))
    number = min(number, _MOST_COLUMNS)
    return number, max(0.0, (width - gap * (number - 1)) / number)


def column_widths(box: BlockBox, widths: tuple[float, float]) -> tuple[float, float]:
    """Min-content and max-content width of a container with columns, from those of its contents (§3.5)."""
    smallest, largest = widths
    count, wanted = box.style["column-count"], box.style["column-width"]
    gap = _gap(box, 0.0)
    if wanted != "auto":
        smallest, largest = min(smallest, wanted), max(wanted, largest)
        if count == "auto":
            return (wanted if widths == (0.0, 0.0) else smallest), largest
        largest = wanted
        smallest = wanted
    number = min(count, _MOST_COLUMNS)
    gaps = gap * (number - 1)
    return (smallest if wanted != "auto" else smallest * number) + (
        gaps if wanted == "auto" else 0.0
    ), largest * number + gaps


def layout_columns(engine: LayoutEngine, box: BlockBox, inside: Inside) -> Contents:
    """Lay out the contents in columns."""
    number, width = _columns(box, inside.width)
    gap = _gap(box, inside.width)
    column = inside._replace(width=width, floats=FloatContext(), x=0.0, y=0.0, joins_top=False, height=None)
    if box.holds_inlines:
        lines = layout_inline(engine, box, column)
        fragments, total = lines.fragments, lines.height
    else:
        contents = layout_flow(engine, box, column)
        fragments, total = contents.fragments, max(contents.height, column.floats.bottom)
    limit = inside.height if inside.height is not None else inside.largest_height
    cuts = sorted({0.0, *_break_places(fragments, 0.0)})
    fills = box.style["column-fill"] == "auto" and limit != UNLIMITED
    height = limit if fills else min(_balanced(cuts, total, number), limit)
    starts = _column_starts(cuts, total, height)
    mirrored = box.style["direction"] == "rtl"
    placed: list[Fragment] = []
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else UNLIMITED
        x = index * (width + gap)
        if mirrored:
            x = inside.width - width - x
        for fragment in fragments:
            piece = _slice(fragment, start, end)
            if piece is not None:
                placed.append(piece._replace(x=piece.x + x, y=piece.y - start))
    used = (
        height
        if fills
        else max((end - start for start, end in zip(starts, [*starts[1:], total], strict=True)), default=0.0)
    )
    return Contents(placed, min(used, limit), NO_MARGIN, None, None, 1 if placed else 0)


def _break_places(fragments: list[Fragment], top: float) -> list[float]:
    """Heights at which a line or a block begins and nothing may forbid a cut."""
    places: list[float] = []
    for fragment in fragments:
        y = top + fragment.y
        places.append(y)
        if isinstance(fragment, BoxFragment) and _may_break_inside(fragment):
            places += _break_places(list(fragment.children), y)
    return places


def _may_break_inside(fragment: BoxFragment) -> bool:
    style = fragment.box.style
    return (
        isinstance(fragment.box, BlockBox)
        and style["break-inside"] not in ("avoid", "avoid-column")
        and style["display"] in ("block", "list-item", "flow-root")
        and not scrolls(style)
    )


def _column_starts(cuts: list[float], total: float, height: float) -> list[float]:
    """Where each column begins, if columns may be so high."""
    starts = [0.0]
    best = 0.0
    for cut in cuts:
        if cut - starts[-1] > height + 0.01 and best > starts[-1]:
            starts.append(best)
        best = cut
    if total - starts[-1] > height + 0.01 and best > starts[-1]:
        starts.append(best)
    return starts[:_MOST_COLUMNS]


def _balanced(cuts: list[float], total: float, number: int) -> float:
    """The least height at which no more columns are needed than there are (§7.1)."""
    low, high = total / number, total
    ends = [*cuts, total] if len(cuts) <= _FEW_CUTS else []
    candidates = sorted({end - start for start in cuts for end in ends if low - 0.01 <= end - start <= high})
    for candidate in candidates:
        if _fits(cuts, total, candidate, number):
            return candidate
    if candidates:
        return high
    for _ in range(40):
        middle = (low + high) / 2
        if _fits(cuts, total, middle, number):
            high = middle
        else:
            low = middle
    return high


def _fits(cuts: list[float], total: float, height: float, number: int) -> bool:
    starts = _column_starts(cuts, total, height)
    tallest = max(end - start for start, end in zip(starts, [*starts[1:], total], strict=True))
    return len(starts) <= number and tallest <= height + 0.01


def _slice(fragment: Fragment, start: float, end: float) -> Fragment | None:
    """What of a fragment stands between two heights; heights are counted from its parent's top."""
    top = fragment.y
    height = getattr(fragment, "height", 0.0)
    if not isinstance(fragment, BoxFragment) or not _may_break_inside(fragment):
        return fragment if start <= top + 0.001 < end else None
    if top >= end or (top + height <= start and not (top >= start)):
        return None
    if top >= start and top + height <= end:
        return fragment
    children = [_slice(child, start - top, end - top) for child in fragment.children]
    kept = tuple(child for child in children if child is not None)
    upper, lower = max(top, start), min(top + height, end)
    moved = tuple(child._replace(y=child.y - (upper - top)) for child in kept)
    return fragment._replace(y=upper, height=max(0.0, lower - upper), children=moved)
