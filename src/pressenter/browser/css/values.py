"""Values: lengths, percentages, colours, and how they become computed values.

A *specified* value is what stands in a style sheet; a *computed* one is what is left
when everything that depends on the element alone is worked out: ``em`` becomes pixels,
while a percentage stays, since it depends on layout.  Computed lengths are floats in CSS
pixels; with a part in per cent they are `LengthPercentage`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tinycss2.color4

__all__ = [
    "BLACK",
    "TRANSPARENT",
    "Calculation",
    "Color",
    "Dimension",
    "Environment",
    "InvalidValue",
    "LengthPercentage",
    "compute",
    "parse_color",
    "parse_length",
]


class InvalidValue(ValueError):
    """A value that the property does not take; the declaration is ignored (CSS Syntax §9)."""


class Color(NamedTuple):
    """sRGB, each channel from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float


BLACK = Color(0, 0, 0, 1)
TRANSPARENT = Color(0, 0, 0, 0)


class Dimension(NamedTuple):
    """A specified length with a unit that depends on the element."""

    value: float
    unit: str


class LengthPercentage(NamedTuple):
    """Pixels plus a percentage of something that layout knows."""

    pixels: float
    percent: float

    def of(self, base: float) -> float:
        """The used value, with ``base`` as 100 %."""
        return self.pixels + base * self.percent / 100


class Calculation(NamedTuple):
    """A specified ``calc()``: the sum of terms, each a factor and a value."""

    terms: tuple[tuple[float, Any], ...]


class Environment(NamedTuple):
    """What relative units refer to."""

    font_size: float
    root_font_size: float
    viewport_width: float
    viewport_height: float


_LARGEST = float(1 << 25)
_ABSOLUTE = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "q": 2.4 / 2.54}
_RELATIVE: dict[str, Callable[[Environment], float]] = {
    "em": lambda environment: environment.font_size,
    "ex": lambda environment: environment.font_size * 0.5,
    "ch": lambda environment: environment.font_size * 0.5,
    "rem": lambda environment: environment.root_font_size,
    "vw": lambda environment: environment.viewport_width / 100,
    "vh": lambda environment: environment.viewport_height / 100,
    "vmin": lambda e: min(e.viewport_width, e.viewport_height) / 100,
    "vmax": lambda e: max(e.viewport_width, e.viewport_height) / 100,
}
for _prefix in ("s", "l", "d"):
    for _unit in ("vw", "vh"):
        _RELATIVE[_prefix + _unit] = _RELATIVE[_unit]


def parse_length(token: Any, *, percent: bool = True, unitless_zero: bool = True) -> Any:
    """A length or percentage: a float, a Dimension, a LengthPercentage, or a Calculation."""
    if token.type == "dimension":
        unit = token.lower_unit
        if unit in _ABSOLUTE:
            return _bounded(token.value * _ABSOLUTE[unit])
        if unit in _RELATIVE:
            return Dimension(_bounded(token.value), unit)
    elif token.type == "number" and token.value == 0 and unitless_zero:
        return 0.0
    elif token.type == "percentage" and percent:
        return LengthPercentage(0.0, _bounded(token.value))
    elif token.type == "function":
        return _parse_function(token, percent)
    raise InvalidValue(f"{token.serialize()} is no length")


def _bounded(value: float) -> float:
    """Lengths are finite: browsers clamp them (CSS Values 4 §10.12 allows it)."""
    return max(-_LARGEST, min(_LARGEST, value))


def _parse_function(token: Any, percent: bool) -> Any:
    name = token.lower_name
    if name in ("calc", "-webkit-calc"):
        return Calculation(tuple(_sum(_meaningful(token.arguments), percent)))
    if name in ("min", "max", "clamp"):
        # A stand-in until layout compares: the middle of clamp(), the last of min() and max().
        groups: list[list[Any]] = [[]]
        for argument in token.arguments:
            if argument.type == "literal" and argument.value == ",":
                groups.append([])
            elif argument.type not in ("whitespace", "comment"):
                groups[-1].append(argument)
        chosen = groups[1] if name == "clamp" and len(groups) == 3 else groups[-1]
        return Calculation(tuple(_sum(chosen, percent)))
    raise InvalidValue(f"{name}() is no length")


def _meaningful(tokens: Any) -> list[Any]:
    return [token for token in tokens if token.type not in ("whitespace", "comment")]


def _sum(tokens: list[Any], percent: bool) -> list[tuple[float, Any]]:
    """calc() is a sum of products; returns (factor, length) terms (CSS Values 4 §10.1)."""
    terms: list[tuple[float, Any]] = []
    sign = 1.0
    product: list[Any] = []
    for token in [*tokens, None]:
        operator = token.value if token is not None and token.type == "literal" else ""
        if token is None or operator in ("+", "-"):
            terms += [(sign * factor, value) for factor, value in _product(product, percent)]
            sign, product = (-1.0 if operator == "-" else 1.0), []
        else:
            product.append(token)
    return terms


def _product(tokens: list[Any], percent: bool) -> list[tuple[float, Any]]:
    factor = 1.0
    lengths: list[tuple[float, Any]] = []
    divide = False
    for token in tokens:
        if token.type == "literal":
            divide = token.value == "/"
        elif token.type == "number":
            if divide and token.value == 0:
                raise InvalidValue("division by zero in calc()")
            factor = factor / token.value if divide else factor * token.value
        elif token.type == "() block":
            lengths = _sum(_meaningful(token.content), percent)
        elif token.type == "function" and token.lower_name == "calc":
            lengths = _sum(_meaningful(token.arguments), percent)
        else:
            lengths = [(1.0, parse_length(token, percent=percent))]
    if not lengths:
        return [(factor, None)]
    return [(factor * inner, value) for inner, value in lengths]


def parse_color(token: Any) -> Any:
    """A Color, or ``"currentcolor"``."""
    parsed: Any = tinycss2.color4.parse_color(token)
    if parsed is None:
        raise InvalidValue(f"{token.serialize()} is no colour")
    if parsed == "currentcolor":
        return "currentcolor"
    try:
        red, green, blue = (channel or 0.0 for channel in parsed.to("srgb").coordinates)
    except (NotImplementedError, ValueError, AttributeError) as error:
        raise InvalidValue(f"{token.serialize()}: {error}") from error
    return Color(_unit_range(red), _unit_range(green), _unit_range(blue), _unit_range(parsed.alpha))


def _unit_range(value: float | None) -> float:
    return min(1.0, max(0.0, value or 0.0))


def compute(value: Any, environment: Environment) -> Any:
    """The computed value of a specified one."""
    kind = type(value)
    if kind is float or kind is str or kind is Color:
        return value
    if kind is Dimension:
        return value.value * _RELATIVE[value.unit](environment)
    if kind is Calculation:
        pixels = percent = 0.0
        for factor, term in value.terms:
            computed = compute(term, environment) if term is not None else 0.0
            if isinstance(computed, LengthPercentage):
                pixels += factor * computed.pixels
                percent += factor * computed.percent
            else:
                pixels += factor * computed
        return LengthPercentage(pixels, percent) if percent else pixels
    if kind is tuple:
        return tuple(compute(item, environment) for item in value)
    return value
