"""The edges of a box: margin, border and padding, resolved to pixels (CSS 2.2 §8)."""

from __future__ import annotations

from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import LengthPercentage

__all__ = ["Edges", "clamp_width", "edges_of", "resolve", "resolve_width"]


class Edges(NamedTuple):
    """Pixels on each side; auto margins count as zero and are flagged."""

    margin_top: float
    margin_right: float
    margin_bottom: float
    margin_left: float
    top: float
    right: float
    bottom: float
    left: float
    auto_left: bool
    auto_right: bool

    @property
    def horizontal(self) -> float:
        """Border and padding, left and right."""
        return self.left + self.right

    @property
    def vertical(self) -> float:
        """Border and padding, top and bottom."""
        return self.top + self.bottom


def resolve(value: Any, base: float) -> float:
    """A computed length in pixels, percentages of ``base``; keywords count as zero."""
    if type(value) is float:
        return value
    if isinstance(value, LengthPercentage):
        return value.of(base)
    return 0.0 if isinstance(value, str) else float(value)


def edges_of(style: ComputedStyle, containing_width: float) -> Edges:
    """The edges of a box; percentages refer to the containing block's width, even vertically."""
    sides = ("top", "right", "bottom", "left")
    margins = [resolve(style[f"margin-{side}"], containing_width) for side in sides]
    inner = [
        float(style[f"border-{side}-width"]) + resolve(style[f"padding-{side}"], containing_width) for side in sides
    ]
    return Edges._make([*margins, *inner, style["margin-left"] == "auto", style["margin-right"] == "auto"])


def resolve_width(style: ComputedStyle, name: str, base: float, edges: Edges) -> float | None:
    """The content width (or height) that a property asks for, or None for a keyword."""
    value = style[name]
    if isinstance(value, str):
        return None
    size = resolve(value, base)
    if style["box-sizing"] == "border-box":
        size -= edges.horizontal if "width" in name else edges.vertical
    return max(0.0, size)


def clamp_width(style: ComputedStyle, width: float, base: float, edges: Edges) -> float:
    """Apply min-width and max-width to a content width (CSS 2.2 §10.4)."""
    largest = resolve_width(style, "max-width", base, edges)
    if largest is not None:
        width = min(width, largest)
    smallest = resolve_width(style, "min-width", base, edges)
    return max(width, smallest) if smallest is not None else max(width, 0.0)
