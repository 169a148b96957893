"""Transforms: the matrix by which a box is moved, turned and scaled after layout (CSS Transforms 1).

A matrix (a, b, c, d, e, f) maps (x, y) to (ax + cy + e, bx + dy + f).
"""

from __future__ import annotations

import math
from typing import Any

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.edges import resolve

__all__ = ["Bounds", "Matrix", "inverted", "mapped_bounds", "multiplied", "transformation"]

Matrix = tuple[float, float, float, float, float, float]
#: (left, top, right, bottom)
Bounds = tuple[float, float, float, float]


def multiplied(one: Matrix, two: Matrix) -> Matrix:
    """The matrix that does ``two`` first, then ``one``."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f)


def mapped_bounds(matrix: Matrix, left: float, top: float, right: float, bottom: float) -> Bounds:
    """The smallest upright rectangle around what becomes of a rectangle."""
    a, b, c, d, e, f = matrix
    points = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (top, bottom)]
    return (min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points))


def inverted(matrix: Matrix) -> Matrix | None:
    """The matrix that undoes another; None if nothing does."""
    a, b, c, d, e, f = matrix
    determinant = a * d - b * c
    if not determinant:
        return None
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    return (a, b, c, d, -(a * e + c * f), -(b * e + d * f))


def transformation(style: ComputedStyle, left: float, top: float, width: float, height: float) -> Matrix | None:
    """The matrix of a box whose border box stands at (left, top), or None (CSS Transforms 1 §5, Transforms 2 §9)."""
    functions: list[tuple[Any, ...]] = []
    if style["translate"] != "none":
        functions.append(("translate", *style["translate"]))
    if style["rotate"] != "none":
        functions.append(("rotate", style["rotate"]))
    if style["scale"] != "none":
        functions.append(("scale", *style["scale"]))
    if style["transform"] != "none":
        functions += style["transform"]
    if not functions:
        return None
    origin = style["transform-origin"]
    x, y = left + resolve(origin[0], width), top + resolve(origin[1], height)
    matrix: Matrix = (1.0, 0.0, 0.0, 1.0, x, y)
    for name, *values in functions:
        matrix = multiplied(matrix, _function_matrix(name, values, width, height))
    return multiplied(matrix, (1.0, 0.0, 0.0, 1.0, -x, -y))


def _function_matrix(name: str, values: list[Any], width: float, height: float) -> Matrix:
    if name.startswith("translate"):
        x = resolve(values[0], width) if name not in ("translatey", "translatez") else 0.0
        y = 0.0
        if name == "translatey":
            y = resolve(values[0], height)
        elif name in ("translate", "translate3d") and len(values) > 1:
            y = resolve(values[1], height)
        return (1.0, 0.0, 0.0, 1.0, x, y)
    if name.startswith("scale"):
        x, y = values[0], values[1] if len(values) > 1 else values[0]
        if name in ("scalex", "scaley", "scalez"):
            x, y = (values[0] if name == "scalex" else 1.0), (values[0] if name == "scaley" else 1.0)
        return (x, 0.0, 0.0, y, 0.0, 0.0)
    if name in ("rotate", "rotatez", "rotate3d"):
        angle = math.radians(values[-1])
        return (math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle), 0.0, 0.0)
    if name in ("rotatex", "rotatey"):
        flat = math.cos(math.radians(values[0]))
        return (flat, 0.0, 0.0, 1.0, 0.0, 0.0) if name == "rotatey" else (1.0, 0.0, 0.0, flat, 0.0, 0.0)
    if name.startswith("skew"):
        across = math.tan(math.radians(values[0])) if name != "skewy" else 0.0
        down = math.tan(math.radians(values[-1])) if name == "skewy" or (name == "skew" and len(values) > 1) else 0.0
        return (1.0, down, across, 1.0, 0.0, 0.0)
    if name == "matrix" and len(values) == 6:
        return tuple(values)
    if name == "matrix3d" and len(values) == 16:
        return (values[0], values[1], values[4], values[5], values[12], values[13])
    return (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
