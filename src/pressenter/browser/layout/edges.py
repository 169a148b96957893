"""The edges of a box: margin, border and padding, resolved to pixels (CSS 2.2 §8)."""

from __future__ import annotations

from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle

__all__ = ["Edges", "edges_of", "relative_offset", "resolve", "snapped"]


class Edges(NamedTuple):
    """Pixels on each side; auto margins count as zero and are flagged.

    ``top``, ``right``, ``bottom`` and ``left`` are border and padding together.
    """

    margin_top: float
    margin_right: float
    margin_bottom: float
    margin_left: float
    top: float
    right: float
    bottom: float
    left: float
    auto_top: bool
    auto_right: bool
    auto_bottom: bool
    auto_left: bool

    @property
    def horizontal(self) -> float:
        """Border and padding, left and right."""
        return self.left + self.right

    @property
    def vertical(self) -> float:
        """Border and padding, top and bottom."""
        return self.top + self.bottom

    @property
    def margin_horizontal(self) -> float:
        """Margins, left and right."""
        return self.margin_left + self.margin_right

    @property
    def margin_vertical(self) -> float:
        """Margins, top and bottom."""
        return self.margin_top + self.margin_bottom


_STEPS = 64  # in a pixel: the grain of layout, as in browsers


def snapped(value: float) -> float:
    """A length in whole steps of layout, cut off as browsers do: else pages drift apart, a step an element."""
    return int(value * _STEPS) / _STEPS


def resolve(value: Any, base: float) -> float:
    """A computed length in pixels, percentages of ``base``; keywords count as zero."""
    kind = type(value)
    if kind is float:
        return int(value * _STEPS) / _STEPS
    if kind is str:
        return 0.0
    return int(value.of(base) * _STEPS) / _STEPS


def edges_of(style: ComputedStyle, containing_width: float) -> Edges:
    """The edges of a box; percentages refer to the containing block's width, even vertically."""
    top, right = style["margin-top"], style["margin-right"]
    bottom, left = style["margin-bottom"], style["margin-left"]
    return Edges(
        resolve(top, containing_width),
        resolve(right, containing_width),
        resolve(bottom, containing_width),
        resolve(left, containing_width),
        style["border-top-width"] + resolve(style["padding-top"], containing_width),
        style["border-right-width"] + resolve(style["padding-right"], containing_width),
        style["border-bottom-width"] + resolve(style["padding-bottom"], containing_width),
        style["border-left-width"] + resolve(style["padding-left"], containing_width),
        top == "auto",
        right == "auto",
        bottom == "auto",
        left == "auto",
    )


def relative_offset(style: ComputedStyle, width: float, height: float | None) -> tuple[float, float]:
    """How far position: relative moves a box in its containing block (CSS 2.2 §9.4.3)."""
    tops = [
        0.0 if height is None and type(style[side]) is not float else resolve(style[side], height or 0.0)
        for side in ("top", "bottom")
    ]
    left, right = resolve(style["left"], width), resolve(style["right"], width)
    x = left if style["left"] != "auto" else -right
    if style["direction"] == "rtl" and style["right"] != "auto":
        x = -right
    return x, tops[0] if style["top"] != "auto" else -tops[1]
