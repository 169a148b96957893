"""Values: lengths, percentages, colours, and how they become computed values.

A *specified* value is what stands in a style sheet; a *computed* one is what is left
when everything that depends on the element alone is worked out: ``em`` becomes pixels,
while a percentage stays, since it depends on layout.  Computed lengths are floats in CSS
pixels; with a part in per cent they are `LengthPercentage`, or `MixedLength` where
``min()`` and its like compare the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pressenter.browser.css.calculation import (
    Calculation,
    InvalidCalculation,
    MixedLength,
    is_math_function,
    operate,
    parse_calculation,
)
from pressenter.browser.css.colors import BLACK, TRANSPARENT, Color, InvalidColor, parse_color_token

__all__ = [
    "BLACK", "TRANSPARENT", "Calculation", "Color", "Dimension", "Environment", "InvalidValue", "LengthPercentage",
    "MixedLength", "compute", "parse_angle", "parse_color", "parse_length", "parse_number", "parse_time",
]  # fmt: skip


class InvalidValue(ValueError):
    """A value that the property does not take; the declaration is ignored (CSS Syntax §9)."""


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


class Environment(NamedTuple):
    """What relative units refer to."""

    font_size: float
    root_font_size: float
    viewport_width: float
    viewport_height: float
    #: Tells the height of an x and the width of a 0 in the element's font, where fonts are known.
    measure: Callable[[], tuple[float, float]] | None = None

    @property
    def ex(self) -> float:
        """The height of an x in pixels; half of the font size where it is not known (CSS Values 4 §6.1.1)."""
        return self.measure()[0] if self.measure is not None else self.font_size * 0.5

    @property
    def ch(self) -> float:
        """The width of a 0 in pixels."""
        return self.measure()[1] if self.measure is not None else self.font_size * 0.5


_LARGEST = float(1 << 25)
_ABSOLUTE = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "q": 2.4 / 2.54}
_RELATIVE: dict[str, Callable[[Environment], float]] = {
    "em": lambda environment: environment.font_size,
    "ex": lambda environment: environment.ex,
    "ch": lambda environment: environment.ch,
    "ic": lambda environment: environment.font_size,
    "lh": lambda environment: environment.font_size * 1.2,
    "rlh": lambda environment: environment.root_font_size * 1.2,
    "vi": lambda environment: environment.viewport_width / 100,
    "vb": lambda environment: environment.viewport_height / 100,
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
    elif is_math_function(token):
        calculation = _calculation(token, percent)
        if not calculation.is_number:
            return calculation
    raise InvalidValue(f"{token.serialize()} is no length")


def _bounded(value: float) -> float:
    """Lengths are finite: browsers clamp them (CSS Values 4 §10.12 allows it)."""
    return max(-_LARGEST, min(_LARGEST, value))


def parse_number(token: Any) -> float:
    """A plain number, or a math function that comes to one."""
    if token.type == "number":
        return float(token.value)
    if is_math_function(token):
        calculation = _calculation(token, True)
        if calculation.is_number:
            return float(compute(calculation, _NOWHERE))
    raise InvalidValue(f"{token.serialize()} is no number")


def _calculation(token: Any, percent: bool) -> Calculation:
    try:
        return parse_calculation(token, lambda leaf: parse_length(leaf, percent=percent, unitless_zero=False))
    except InvalidCalculation as error:
        raise InvalidValue(str(error)) from error


def parse_color(token: Any) -> Any:
    """A Color, or ``"currentcolor"``."""
    try:
        return parse_color_token(token)
    except InvalidColor as error:
        raise InvalidValue(str(error)) from error


_TURNS = {"deg": 1.0, "grad": 0.9, "rad": 180 / 3.141592653589793, "turn": 360.0}


def parse_angle(token: Any) -> float:
    """An angle in degrees."""
    if token.type == "dimension" and token.lower_unit in _TURNS:
        return float(token.value) * _TURNS[token.lower_unit]
    if token.type == "number" and token.value == 0:
        return 0.0
    raise InvalidValue(f"{token.serialize()} is no angle")


def parse_time(token: Any) -> float:
    """A time in seconds."""
    if token.type == "dimension" and token.lower_unit in ("s", "ms"):
        return float(token.value) * (1.0 if token.lower_unit == "s" else 0.001)
    raise InvalidValue(f"{token.serialize()} is no time")


def compute(value: Any, environment: Environment) -> Any:
    """The computed value of a specified one."""
    kind = type(value)
    if kind is float or kind is str or kind is Color:
        return value
    if kind is Dimension:
        return value.value * _RELATIVE[value.unit](environment)
    if kind is Calculation:
        result = value.computed(lambda leaf: compute(leaf, environment), _combined)
        return _bounded(result) if isinstance(result, float) else result
    if kind is tuple:
        return tuple(compute(item, environment) for item in value)
    return value


def _combined(operation: str, values: list[Any]) -> Any:
    """Computed operands to one value: pixels, pixels and per cent, or what must wait for layout."""
    if all(isinstance(value, (int, float)) for value in values):
        return float(operate(operation, values))
    if operation == "sum" and not any(isinstance(value, MixedLength) for value in values):
        parts = [value if isinstance(value, LengthPercentage) else LengthPercentage(value, 0.0) for value in values]
        return LengthPercentage(sum(part.pixels for part in parts), sum(part.percent for part in parts))
    if operation in ("product", "quotient"):
        factor = next((value for value in values if isinstance(value, (int, float))), 1.0)
        length = next(value for value in values if not isinstance(value, (int, float)))
        if isinstance(length, LengthPercentage):
            factor = factor if operation == "product" else 1.0 / (factor or 1.0 / _LARGEST)
            return LengthPercentage(length.pixels * factor, length.percent * factor)
    return MixedLength(operation, tuple(values))


_NOWHERE = Environment(16.0, 16.0, 0.0, 0.0)
