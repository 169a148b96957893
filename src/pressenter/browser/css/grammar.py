"""The small parsers that properties are described with: keywords, lengths, lists.

Each takes the tokens of a value, white space and comments left out, and returns the
specified value or raises InvalidValue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pressenter.browser.css.calculation import is_math_function
from pressenter.browser.css.component_values import split_commas
from pressenter.browser.css.values import InvalidValue, parse_color, parse_length, parse_number

__all__ = [
    "Parser", "Tokens", "any_of", "color", "comma_list", "ident", "integer", "is_word", "keyword", "length", "number",
    "single", "split_slash", "url_of", "words",
]  # fmt: skip

Tokens = list[Any]
Parser = Callable[[Tokens], Any]


def single(tokens: Tokens) -> Any:
    """The only token."""
    if len(tokens) != 1:
        raise InvalidValue("one value is expected")
    return tokens[0]


def ident(token: Any) -> str:
    """A keyword in lower case."""
    if token.type != "ident":
        raise InvalidValue(f"{token.serialize()} is no keyword")
    return str(token.lower_value)


def is_word(tokens: Tokens, *wanted: str) -> bool:
    """Whether a value is one of some keywords."""
    return len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value in wanted


def keyword(*allowed: str) -> Parser:
    """One of the words."""
    choices = frozenset(" ".join(allowed).split())

    def parse(tokens: Tokens) -> str:
        word = ident(single(tokens))
        if word not in choices:
            raise InvalidValue(f"{word} is not among {', '.join(sorted(choices))}")
        return word

    return parse


def words(allowed: str) -> Parser:
    """Some of the words, joined by spaces; order is kept."""
    choices = frozenset(allowed.split())

    def parse(tokens: Tokens) -> str:
        found = [ident(token) for token in tokens]
        if not set(found) <= choices:
            raise InvalidValue(f"{' '.join(found)} is not among {', '.join(sorted(choices))}")
        return " ".join(found)

    return parse


def length(*keywords: str, negative: bool = True, percent: bool = True) -> Parser:
    """A length or a percentage, or one of the keywords."""

    def parse(tokens: Tokens) -> Any:
        token = single(tokens)
        if token.type == "ident" and token.lower_value in keywords:
            return token.lower_value
        value = parse_length(token, percent=percent)
        specified = value if isinstance(value, float) else getattr(value, "value", getattr(value, "percent", None))
        if not negative and specified is not None and specified < 0:
            raise InvalidValue("the value may not be negative")
        return value

    return parse


def number(smallest: float | None = None, *, percent: bool = False) -> Parser:
    """A plain number; with ``percent``, a percentage stands for its hundredth."""

    def parse(tokens: Tokens) -> float:
        token = single(tokens)
        value = float(token.value) / 100 if percent and token.type == "percentage" else parse_number(token)
        if smallest is not None and value < smallest:
            raise InvalidValue(f"{value} is less than {smallest}")
        return value

    return parse


def integer(*keywords: str) -> Parser:
    """A whole number, or one of the keywords."""

    def parse(tokens: Tokens) -> Any:
        token = single(tokens)
        if token.type == "ident" and token.lower_value in keywords:
            return token.lower_value
        if token.type == "number" and token.is_integer:
            return int(token.value)
        if is_math_function(token):
            return round(parse_number(token))
        raise InvalidValue(f"{token.serialize()} is no whole number")

    return parse


def color(tokens: Tokens) -> Any:
    """A colour."""
    return parse_color(single(tokens))


def any_of(*parsers: Parser) -> Parser:
    """The first parser that takes the value."""

    def parse(tokens: Tokens) -> Any:
        for parser in parsers[:-1]:
            try:
                return parser(tokens)
            except InvalidValue:
                continue
        return parsers[-1](tokens)

    return parse


def split_slash(tokens: Tokens) -> list[Tokens]:
    """The parts between slashes."""
    parts: list[Tokens] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == "/":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def comma_list(parser: Parser) -> Parser:
    """One or more values with commas between, as a tuple."""

    def parse(tokens: Tokens) -> tuple[Any, ...]:
        return tuple(parser(part) for part in split_commas(tokens))

    return parse


def url_of(token: Any) -> str | None:
    """The address in ``url()``, or None for another token."""
    if token.type == "url":
        return str(token.value)
    if token.type == "function" and token.lower_name in ("url", "src"):
        arguments = [argument for argument in token.arguments if argument.type not in ("whitespace", "comment")]
        if arguments and arguments[0].type == "string":
            return str(arguments[0].value)
    return None
