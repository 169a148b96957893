"""Replaced elements: pictures and controls, sized by CSS 2.2 §10.3.2 and §10.6.2 and CSS Sizing 4 §5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressenter.browser.html.form_controls import list_rows
from pressenter.browser.layout.boxes import ReplacedBox
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.edges import Edges
from pressenter.browser.layout.fragments import BoxFragment, TextFragment
from pressenter.browser.layout.sizing import (
    UNLIMITED,
    definite_height,
    height_limits,
    length_of,
    preferred_ratio,
    ratio_height,
    ratio_width,
)

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["layout_replaced", "replaced_size"]

_SELECT_INSET, _OPTION_INSET = 4.0, 2.0  # pixels before the text of a select, and of a line of a list


def replaced_size(
    engine: LayoutEngine, box: ReplacedBox, constraints: Constraints, edges: Edges, measuring: bool = False
) -> tuple[float, float]:
    """Content width and height: as asked, else its own, the ratio kept.

    Args:
        measuring: the containing block's width is not known: percentages of it count as auto.
    """
    style = box.style
    base = None if measuring else constraints.width
    width = length_of(style, "width", base, edges)
    if constraints.used_width is not None:
        width = max(0.0, constraints.used_width - edges.horizontal)
    elif width is None and style["width"] == "stretch" and base is not None:
        width = max(0.0, base - edges.horizontal - edges.margin_horizontal)
    height = definite_height(box, constraints, edges)
    low_height, high_height = height_limits(box, constraints, edges)
    low_width = length_of(style, "min-width", base, edges) or 0.0
    high_width = length_of(style, "max-width", base, edges)
    high_width = UNLIMITED if high_width is None else high_width
    ratio = preferred_ratio(box)
    if width is not None:
        if constraints.used_width is None:
            width = max(low_width, min(width, high_width))
        if height is None:
            height = ratio_height(box, width, edges) if ratio is not None else box.intrinsic.height
            height = max(low_height, min(height, high_height))
        return width, height
    if height is not None:
        width = ratio_width(box, height, edges) if ratio is not None else box.intrinsic.width
        return max(low_width, min(width, high_width)), height
    if ratio is None:
        return (
            max(low_width, min(box.intrinsic.width, high_width)),
            max(low_height, min(box.intrinsic.height, high_height)),
        )
    return _both_automatic(box, edges, (low_width, high_width), (low_height, high_height), base)


def _both_automatic(
    box: ReplacedBox, edges: Edges, widths: tuple[float, float], heights: tuple[float, float], base: float | None
) -> tuple[float, float]:
    """The limits applied to the natural size so that the ratio is kept (the table of CSS 2.2 §10.4)."""
    width = box.intrinsic.width
    if box.has_only_ratio and base is not None:
        width = max(0.0, base - edges.horizontal - edges.margin_horizontal)
    elif not box.intrinsic.width and box.intrinsic.height:
        width = ratio_width(box, box.intrinsic.height, edges)
    smallest = max(widths[0], ratio_width(box, heights[0], edges) if heights[0] else 0.0)
    largest = min(widths[1], ratio_width(box, heights[1], edges) if heights[1] != UNLIMITED else UNLIMITED)
    if smallest > largest:  # they cannot all be met: min wins over max, each in its own axis
        width = max(widths[0], min(max(width, smallest), widths[1]))
    else:
        width = max(smallest, min(width, largest))
    height = max(heights[0], min(ratio_height(box, width, edges), heights[1]))
    return width, height


def layout_replaced(engine: LayoutEngine, box: ReplacedBox, constraints: Constraints) -> BoxFragment:
    """A fragment of the right size, at (0, 0), with its label's lines in it."""
    edges = engine.edges(box, constraints.width)
    width, height = replaced_size(engine, box, constraints, edges)
    label = _label_lines(engine, box, edges, width, height) if box.label else ()
    baseline = None
    if box.baseline is not None:
        # What is higher than it would be by itself has its line in the middle; marks stand on theirs.
        baseline = edges.top + box.baseline + (height - box.intrinsic.height) / 2
        if not box.label and box.baseline == box.intrinsic.height:
            baseline = height + edges.vertical
    return BoxFragment(
        0.0, 0.0, width + edges.horizontal, height + edges.vertical, box, label, baseline, baseline, edges=edges
    )


def _label_lines(
    engine: LayoutEngine, box: ReplacedBox, edges: Edges, width: float, height: float
) -> tuple[TextFragment, ...]:
    """The text of a control; a single line stands in the middle, several begin at the top."""
    style = box.label_style
    size = style["font-size"]
    face = engine.face(style)
    metrics = face.metrics(size)
    line_height = metrics.ascent + metrics.descent
    lines = box.label.split("\n")
    left, pitch = edges.left, line_height
    if box.element is not None and box.element.tag == "select" and box.style["appearance"] != "none":
        rows = list_rows(box.element)
        left, pitch = left + (_SELECT_INSET if rows == 1 else _OPTION_INSET), max(pitch, height / rows)
    top = edges.top + (max(0.0, height - line_height) / 2 if len(lines) == 1 and box.baseline is not None else 0.0)
    fragments = []
    for number, line in enumerate(lines):
        y = top + number * pitch
        if y + line_height > edges.top + height + line_height:
            break
        runs = tuple(engine.fonts.shape(line, face))
        advance = sum(run.advance * run.face.scale(size) for run in runs)
        fragments.append(TextFragment(left, y, advance, line_height, metrics.ascent, runs, style, line))
    return tuple(fragments)
