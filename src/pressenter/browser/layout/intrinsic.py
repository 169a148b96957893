"""Intrinsic widths: how narrow content can be, and how wide it would like to be.

Min-content is the width of the widest thing that cannot be broken; max-content is the
width with no break but forced ones (CSS Sizing 3 §2.1).  Floats, inline blocks, table
cells, flex and grid items and absolutely positioned boxes are sized by them.

`content_widths` asks what is in a box, `intrinsic_widths` what the box contributes to its
container: its margin box, with its own width and limits taken into account (§5.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressenter.browser.layout.boxes import Box, ReplacedBox, TableBox
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.edges import Edges
from pressenter.browser.layout.formatting_context import starts_formatting_context
from pressenter.browser.layout.replaced import replaced_size
from pressenter.browser.layout.sizing import (
    UNLIMITED,
    definite_height,
    height_limits,
    is_percentage,
    length_of,
    preferred_ratio,
    ratio_width,
)

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = [
    "block_widths",
    "clamp_width",
    "content_widths",
    "fit_content",
    "intrinsic_widths",
    "keyword_width",
    "used_width",
]


def intrinsic_widths(engine: LayoutEngine, box: Box, height: float | None = None) -> tuple[float, float]:
    """Min-content and max-content contribution: the width of a box's margin box.

    Args:
        height: of the border box, where the container has decided it already (it matters to ratios).
    """
    key = (box, height)
    known = engine.intrinsic_widths.get(key)
    if known is None:
        known = engine.intrinsic_widths[key] = _contribution(engine, box, height)
    return known


def content_widths(engine: LayoutEngine, box: Box) -> tuple[float, float]:
    """Min-content and max-content width of what is in a box's content box."""
    known = engine.content_widths.get(box)
    if known is None:
        known = engine.content_widths[box] = engine.measure(box)
    return known


def fit_content(widths: tuple[float, float], available: float) -> float:
    """As wide as the content would like, but no wider than there is room, if it can be helped."""
    smallest, largest = widths
    return max(smallest, min(available, largest))


def keyword_width(engine: LayoutEngine, box: Box, value: Any, available: float, edges: Edges) -> float | None:
    """The content width that a keyword asks for, or None for ``auto`` and ``none``."""
    if value == "stretch":
        return max(0.0, available - edges.horizontal - edges.margin_horizontal)
    if isinstance(value, tuple) and value[0] == "fit-content":
        limit = value[1] if type(value[1]) is float else value[1].of(available)
        return fit_content(content_widths(engine, box), limit)
    if value not in ("min-content", "max-content", "fit-content"):
        return None
    widths = content_widths(engine, box)
    if value == "fit-content":
        return fit_content(widths, max(0.0, available - edges.horizontal - edges.margin_horizontal))
    return widths[value == "max-content"]


def clamp_width(engine: LayoutEngine, box: Box, width: float, available: float, edges: Edges) -> float:
    """Apply max-width, then min-width (CSS 2.2 §10.4)."""
    style = box.style
    largest = length_of(style, "max-width", available, edges)
    if largest is None:
        largest = keyword_width(engine, box, style["max-width"], available, edges)
    if largest is not None:
        width = min(width, largest)
    smallest = length_of(style, "min-width", available, edges)
    if smallest is None:
        smallest = keyword_width(engine, box, style["min-width"], available, edges)
    return max(width, smallest or 0.0)


def used_width(engine: LayoutEngine, box: Box, constraints: Constraints, edges: Edges) -> float:
    """The content width of a box in its containing block (CSS 2.2 §10.3, CSS Sizing 4 §5)."""
    if constraints.used_width is not None:
        return max(0.0, constraints.used_width - edges.horizontal)
    available = constraints.width
    asked = length_of(box.style, "width", available, edges)
    if asked is None:
        asked = keyword_width(engine, box, box.style["width"], available, edges)
    if asked is None:
        asked = _automatic_width(engine, box, constraints, edges)
    return clamp_width(engine, box, asked, available, edges)


def _automatic_width(engine: LayoutEngine, box: Box, constraints: Constraints, edges: Edges) -> float:
    width = max(0.0, constraints.width - edges.horizontal - edges.margin_horizontal)
    if preferred_ratio(box) is not None:
        height = definite_height(box, constraints, edges)
        if height is not None:
            return max(ratio_width(box, height, edges), _automatic_minimum(engine, box))
    if constraints.shrinks or (box.element is not None and box.element.is_html(_SHRINKING)):
        width = fit_content(content_widths(engine, box), width)
    if preferred_ratio(box) is not None:
        smallest, largest = height_limits(box, constraints, edges)
        if largest != UNLIMITED:
            width = min(width, ratio_width(box, largest, edges))
        if smallest:
            width = max(width, ratio_width(box, smallest, edges))
    return width


#: Elements whose auto width is that of their content, as blocks too (HTML Standard §15.5).
_SHRINKING = frozenset(("button", "input", "select", "textarea", "meter", "progress"))


def _automatic_minimum(engine: LayoutEngine, box: Box) -> float:
    """A width that comes from a ratio is not less than the content needs (CSS Sizing 4 §5.2)."""
    if isinstance(box, ReplacedBox) or box.style["min-width"] != "auto" or box.style["overflow-x"] != "visible":
        return 0.0
    return content_widths(engine, box)[0]


# ---- contributions -------------------------------------------------------------------------------


def _contribution(engine: LayoutEngine, box: Box, height: float | None) -> tuple[float, float]:
    edges = engine.edges(box, 0.0)
    outer = edges.horizontal + edges.margin_horizontal
    smallest, largest = _own_widths(engine, box, height, edges)
    if isinstance(box, TableBox):
        smallest = max(smallest, content_widths(engine, box)[0])
        largest = max(smallest, largest)
    return max(0.0, smallest + outer), max(0.0, largest + outer)


def _own_widths(engine: LayoutEngine, box: Box, height: float | None, edges: Edges) -> tuple[float, float]:
    style = box.style
    if isinstance(box, ReplacedBox):
        width = replaced_size(engine, box, Constraints(0.0, None, None, height), edges, True)[0]
        smallest = 0.0 if is_percentage(style["width"]) or is_percentage(style["max-width"]) else width
        return max(smallest, length_of(style, "min-width", None, edges) or 0.0), width
    asked = length_of(style, "width", None, edges)
    if asked is None:
        keyword = style["width"]
        if keyword in ("min-content", "max-content"):
            asked = content_widths(engine, box)[keyword == "max-content"]
        elif preferred_ratio(box) is not None:
            asked = _ratio_contribution(engine, box, height, edges)
    smallest, largest = (asked, asked) if asked is not None else content_widths(engine, box)
    return _limited(engine, box, smallest, edges), _limited(engine, box, largest, edges)


def _ratio_contribution(engine: LayoutEngine, box: Box, height: float | None, edges: Edges) -> float | None:
    constraints = Constraints(0.0, None, None, height)
    known = definite_height(box, constraints, edges)
    if known is not None:
        return max(ratio_width(box, known, edges), _automatic_minimum(engine, box))
    smallest, largest = height_limits(box, constraints, edges)
    if smallest == 0.0 and largest == UNLIMITED:
        return None
    width = content_widths(engine, box)[1]
    width = min(width, ratio_width(box, largest, edges)) if largest != UNLIMITED else width
    return max(width, ratio_width(box, smallest, edges))


def _limited(engine: LayoutEngine, box: Box, width: float, edges: Edges) -> float:
    """Limits that are lengths or keywords; percentages mean nothing yet (CSS Sizing 3 §5.2.1)."""
    style = box.style
    for name, pick in (("max-width", min), ("min-width", max)):
        limit = length_of(style, name, None, edges)
        if limit is None and style[name] in ("min-content", "max-content"):
            limit = content_widths(engine, box)[style[name] == "max-content"]
        if limit is not None:
            width = pick(width, limit)
    return width


# ---- contents --------------------------------------------------------------------------------------


def block_widths(engine: LayoutEngine, box: Box) -> tuple[float, float]:
    """Of blocks below one another, with floats side by side."""
    smallest = largest = 0.0
    left = right = 0.0  # floats that stand beside what comes
    for child in getattr(box, "children", ()):
        if child.is_out_of_flow:
            continue
        narrow, wide = intrinsic_widths(engine, child)
        smallest = max(smallest, narrow)
        clear = child.style["clear"]
        if clear != "none":
            largest = max(largest, left + right)
            left = 0.0 if clear in ("left", "both") else left
            right = 0.0 if clear in ("right", "both") else right
        if child.is_float:
            if child.style["float"] == "left":
                left += wide
            else:
                right += wide
        elif starts_formatting_context(child):
            largest = max(largest, wide + left + right)  # it stands beside the floats
            left = right = 0.0
        else:
            largest = max(largest, wide, left + right)
            left = right = 0.0
    return smallest, max(largest, left + right)
