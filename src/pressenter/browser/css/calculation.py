"""Math functions: ``calc()``, ``min()``, ``max()``, ``clamp()`` and their kin (CSS Values 4 §10).

What stands between the brackets is read into a small tree.  The tree is worked out in
two steps, as every value is: `Calculation.computed` replaces the units that depend on the
element, and what still depends on layout, the percentages, waits as a `MixedLength` until
its ``of`` is asked with the length that stands for 100 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from pressenter.browser.css.component_values import split_commas

__all__ = [
    "Calculation", "InvalidCalculation", "MixedLength", "Operand", "is_math_function", "operate", "parse_calculation",
]  # fmt: skip


class InvalidCalculation(ValueError):
    """A math function whose arguments do not fit together."""


class MixedLength(NamedTuple):
    """A computed length that can only be worked out when percentages are known."""

    operation: str
    operands: tuple[Any, ...]

    def of(self, base: float) -> float:
        """The used value, with ``base`` as 100 %."""
        values = [operand.of(base) if hasattr(operand, "of") else float(operand) for operand in self.operands]
        return _OPERATIONS[self.operation](values)


class Operand(NamedTuple):
    """A leaf: a plain number, or a specified length or percentage."""

    value: Any
    is_number: bool


class Calculation(NamedTuple):
    """A specified math function; ``is_number`` tells whether it comes to a plain number."""

    operation: str
    operands: tuple[Any, ...]  # Operand or Calculation
    is_number: bool

    def computed(self, compute: Callable[[Any], Any], combine: Callable[[str, list[Any]], Any]) -> Any:
        """The computed value.

        Args:
            compute: makes a specified leaf computed.
            combine: makes one value of an operation's computed operands.
        """
        values = [
            operand.computed(compute, combine)
            if isinstance(operand, Calculation)
            else (operand.value if operand.is_number else compute(operand.value))
            for operand in self.operands
        ]
        return combine(self.operation, values)


def _clamp(values: list[float]) -> float:
    low, value, high = values
    return max(low, min(value, high))


def _step(values: list[float], rounded: Callable[[float], float]) -> float:
    value, step = values[0], values[1] if len(values) > 1 else 1.0
    return rounded(value / step) * step if step else value


def _divided(values: list[float]) -> float:
    return values[0] / values[1] if values[1] else math.copysign(float(1 << 25), values[0])


#: What each operation does with its operands' numbers.
_OPERATIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "product": math.prod,
    "quotient": _divided,
    "min": min,
    "max": max,
    "clamp": _clamp,
    "abs": lambda values: abs(values[0]),
    "sign": lambda values: math.copysign(1.0, values[0]) if values[0] else 0.0,
    "round": lambda values: _step(values, lambda quotient: math.floor(quotient + 0.5)),
    "round up": lambda values: _step(values, math.ceil),
    "round down": lambda values: _step(values, math.floor),
    "round to-zero": lambda values: _step(values, math.trunc),
    "mod": lambda values: values[0] % values[1] if values[1] else 0.0,
    "rem": lambda values: math.fmod(values[0], values[1]) if values[1] else 0.0,
    "sqrt": lambda values: math.sqrt(max(0.0, values[0])),
    "pow": lambda values: abs(values[0]) ** values[1],
    "exp": lambda values: math.exp(min(values[0], 64.0)),
    "hypot": lambda values: math.hypot(*values),
}

_FUNCTIONS = frozenset(("calc", "-webkit-calc", "min", "max", "clamp", *_OPERATIONS)) - {"sum", "product", "quotient"}
_CONSTANTS = {"pi": math.pi, "e": math.e, "infinity": float(1 << 25), "-infinity": -float(1 << 25), "nan": 0.0}
_NUMBERS_ONLY = frozenset(("sqrt", "pow", "exp"))
_ROUNDING = frozenset(("nearest", "up", "down", "to-zero"))
_MOST_NESTED = 32


def is_math_function(token: Any) -> bool:
    """Whether a token is ``calc()`` or another math function."""
    return token.type == "function" and token.lower_name in _FUNCTIONS


def parse_calculation(token: Any, leaf: Callable[[Any], Any], depth: int = 0) -> Calculation:
    """Read a math function.  Raises InvalidCalculation, or whatever ``leaf`` raises.

    Args:
        leaf: parses a token that is no number into a specified value.
    """
    if depth > _MOST_NESTED:
        raise InvalidCalculation("brackets nested too deeply")
    name = token.lower_name
    groups = split_commas(token.arguments)
    operation = name
    if name in ("calc", "-webkit-calc"):
        return _whole(_parse_sum(groups[0], leaf, depth)) if len(groups) == 1 else _wrong(name)
    if name == "round" and len(groups[0]) == 1 and groups[0][0].type == "ident":
        way = groups.pop(0)[0].lower_value
        if way not in _ROUNDING:
            _wrong(name)
        operation = "round" if way == "nearest" else f"round {way}"
    operands = tuple(_parse_sum(group, leaf, depth) for group in groups)
    if name == "clamp" and len(operands) != 3:
        _wrong(name)
    kinds = {operand.is_number for operand in operands}
    if len(kinds) != 1 or (name in _NUMBERS_ONLY and not operands[0].is_number):
        _wrong(name)
    return Calculation(operation, operands, operands[0].is_number or name == "sign")


def _wrong(name: str) -> Any:
    raise InvalidCalculation(f"the arguments of {name}() do not fit together")


def _whole(node: Operand | Calculation) -> Calculation:
    return node if isinstance(node, Calculation) else Calculation("sum", (node,), node.is_number)


def _parse_sum(tokens: list[Any], leaf: Callable[[Any], Any], depth: int) -> Operand | Calculation:
    """Products with + and - between (CSS Values 4 §10.1)."""
    terms: list[Operand | Calculation] = []
    start, sign = 0, 1.0
    for index, token in enumerate([*tokens, None]):
        operator = token.value if token is not None and token.type == "literal" else ""
        if token is None or operator in ("+", "-"):
            term = _parse_product(tokens[start:index], leaf, depth)
            if sign < 0:
                term = Calculation("product", (Operand(-1.0, True), term), term.is_number)
            terms.append(term)
            start, sign = index + 1, -1.0 if operator == "-" else 1.0
    if len({term.is_number for term in terms}) != 1:
        raise InvalidCalculation("a number and a length cannot be added")
    return terms[0] if len(terms) == 1 else Calculation("sum", tuple(terms), terms[0].is_number)


def _parse_product(tokens: list[Any], leaf: Callable[[Any], Any], depth: int) -> Operand | Calculation:
    if not tokens:
        raise InvalidCalculation("an operand is missing")
    result = _parse_value(tokens[0], leaf, depth)
    for index in range(1, len(tokens), 2):
        operator = tokens[index].value if tokens[index].type == "literal" else ""
        if operator not in ("*", "/") or index + 1 == len(tokens):
            raise InvalidCalculation(f"{tokens[index].serialize()} is no operator")
        other = _parse_value(tokens[index + 1], leaf, depth)
        if (operator == "/" and not other.is_number) or not (result.is_number or other.is_number):
            raise InvalidCalculation("lengths are neither multiplied with lengths nor divided by them")
        operation = "product" if operator == "*" else "quotient"
        result = Calculation(operation, (result, other), result.is_number and other.is_number)
    return result


def _parse_value(token: Any, leaf: Callable[[Any], Any], depth: int) -> Operand | Calculation:
    if token.type == "number":
        return Operand(float(token.value), True)
    if token.type == "ident" and token.lower_value in _CONSTANTS:
        return Operand(_CONSTANTS[token.lower_value], True)
    if token.type == "() block":
        if depth > _MOST_NESTED:
            raise InvalidCalculation("brackets nested too deeply")
        inner = [part for part in token.content if part.type not in ("whitespace", "comment")]
        return _parse_sum(inner, leaf, depth + 1)
    if is_math_function(token):
        return parse_calculation(token, leaf, depth + 1)
    return Operand(leaf(token), False)


def operate(operation: str, values: list[float]) -> float:
    """An operation on plain numbers."""
    return _OPERATIONS[operation](values)
