"""The sizes that properties ask for: width and height, their limits, and ratios (CSS Sizing 3 and 4).

All sizes here are those of the content box, whatever box-sizing says.
"""

from __future__ import annotations

from typing import Any

from pressenter.browser.css.calculation import MixedLength
from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import LengthPercentage
from pressenter.browser.layout.boxes import Box, ReplacedBox
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.edges import Edges, snapped

__all__ = [
    "UNLIMITED", "definite_height", "height_limits", "is_percentage", "length_of", "preferred_ratio", "ratio_height",
    "ratio_width", "scrolls",
]  # fmt: skip

UNLIMITED = float("inf")


def is_percentage(value: Any) -> bool:
    """Whether a computed value refers to a size that layout must know."""
    return type(value) is not float and type(value) is not str and isinstance(value, (LengthPercentage, MixedLength))


def length_of(style: ComputedStyle, name: str, base: float | None, edges: Edges) -> float | None:
    """A size in pixels of the content box; None for a keyword, and for a percentage of an unknown size."""
    value = style[name]
    if type(value) is float:
        size = snapped(value)
    elif is_percentage(value) and base is not None:
        size = snapped(value.of(base))
    else:
        return None
    if style["box-sizing"] == "border-box":
        size -= edges.horizontal if name.endswith("width") else edges.vertical
    return max(0.0, size)


def contained_size(value: Any) -> float:
    """The size of a box whose contents do not count, by contain-intrinsic-size (CSS Box Sizing 4 §5.1)."""
    return value if isinstance(value, float) else 0.0


def scrolls(style: ComputedStyle) -> bool:
    """Whether the box is a scroll container (CSS Overflow 3 §2)."""
    return style["overflow-x"] not in ("visible", "clip")


def preferred_ratio(box: Box) -> float | None:
    """Width by height (CSS Sizing 4 §5.1)."""
    automatic, ratio = box.style["aspect-ratio"]
    if isinstance(box, ReplacedBox) and (automatic or ratio is None) and box.ratio is not None:
        return box.ratio
    return ratio  # type: ignore[no-any-return]


def _ratio_edges(box: Box, edges: Edges) -> tuple[float, float]:
    """What belongs to the sizes that the ratio is of: nothing, or border and padding (CSS Sizing 4 §5.1)."""
    automatic = box.style["aspect-ratio"][0]
    if box.style["box-sizing"] == "border-box" and not automatic:
        return edges.horizontal, edges.vertical
    return 0.0, 0.0


def ratio_height(box: Box, width: float, edges: Edges) -> float:
    """The content height that goes with a content width."""
    across, down = _ratio_edges(box, edges)
    ratio = preferred_ratio(box)
    assert ratio is not None
    return max(0.0, (width + across) / ratio - down)


def ratio_width(box: Box, height: float, edges: Edges) -> float:
    """The content width that goes with a content height."""
    across, down = _ratio_edges(box, edges)
    ratio = preferred_ratio(box)
    assert ratio is not None
    return max(0.0, (height + down) * ratio - across)


def height_limits(box: Box, constraints: Constraints, edges: Edges) -> tuple[float, float]:
    """min-height and max-height in pixels; what cannot be worked out yet does not limit."""
    smallest = length_of(box.style, "min-height", constraints.height, edges)
    largest = length_of(box.style, "max-height", constraints.height, edges)
    return smallest or 0.0, UNLIMITED if largest is None else largest


def definite_height(box: Box, constraints: Constraints, edges: Edges) -> float | None:
    """The content height, if it is known before the contents are laid out."""
    if constraints.used_height is not None:
        return max(0.0, constraints.used_height - edges.vertical)
    if box.style["display"] == "table-cell":
        return None  # its height is a least height of its row (CSS 2.2 §17.5.3)
    asked = length_of(box.style, "height", constraints.height, edges)
    if asked is None and box.style["height"] == "stretch" and constraints.height is not None:
        asked = max(0.0, constraints.height - edges.vertical - edges.margin_vertical)
    if asked is None:
        return None
    smallest, largest = height_limits(box, constraints, edges)
    return max(smallest, min(asked, largest))
