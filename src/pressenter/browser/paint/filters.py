"""Filters as Skia has them (Filter Effects 1 §6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["image_filter"]

#: How much red, green and blue add to what the eye takes for brightness.
_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722


def image_filter(skia: Any, filters: Sequence[tuple[Any, ...]]) -> Any:
    """A chain of filter functions as one filter."""
    chain: Any = None
    for name, *values in filters:
        if name == "blur":
            chain = skia.ImageFilters.Blur(values[0], values[0], skia.TileMode.kDecal, chain)
        elif name == "drop-shadow":
            _, x, y, blur, _, color = values
            ink = skia.Color4f(*color).toColor()
            chain = skia.ImageFilters.DropShadow(x, y, blur / 2, blur / 2, ink, chain)
        else:
            matrix = skia.ColorFilters.Matrix(_color_matrix(name, values[0]))
            chain = skia.ImageFilters.ColorFilter(matrix, chain)
    return chain


def _color_matrix(name: str, amount: float) -> list[float]:
    """Rows of factors for red, green, blue and alpha, and what is added (Filter Effects 1 §13)."""
    if name == "brightness":
        return _scaled(amount, 0.0)
    if name == "contrast":
        return _scaled(amount, (1 - amount) / 2)
    if name == "invert":
        return _scaled(1 - 2 * amount, amount)
    if name == "opacity":
        return [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, amount, 0]
    if name == "hue-rotate":
        return _hue(math.radians(amount))
    if name == "sepia":
        return _mixed((0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131), min(1.0, amount))
    grey = (_RED, _GREEN, _BLUE) * 3
    return _mixed(grey, min(1.0, amount) if name == "grayscale" else 1 - amount)


def _scaled(factor: float, added: float) -> list[float]:
    return [factor, 0, 0, 0, added, 0, factor, 0, 0, added, 0, 0, factor, 0, added, 0, 0, 0, 1, 0]


def _mixed(target: Sequence[float], share: float) -> list[float]:
    """Between leaving the colours and a matrix of three rows."""
    rows: list[float] = []
    for row in range(3):
        rows += [
            target[3 * row + column] * share + (1.0 if row == column else 0.0) * (1 - share) for column in range(3)
        ]
        rows += [0.0, 0.0]
    return [*rows, 0, 0, 0, 1, 0]


def _hue(angle: float) -> list[float]:
    cosine, sine = math.cos(angle), math.sin(angle)
    weights = (0.213, 0.715, 0.072)
    turned = (
        (-0.213, -0.715, 0.928),
        (0.143, 0.140, -0.283),
        (-0.787, 0.715, 0.072),
    )
    rows: list[float] = []
    for row in range(3):
        for column in range(3):
            same = 1.0 if row == column else 0.0
            rows.append(weights[column] + cosine * (same - weights[column]) + sine * turned[row][column])
        rows += [0.0, 0.0]
    return [*rows, 0, 0, 0, 1, 0]
