"""What @media and @supports ask (Media Queries 5 §2, Conditional Rules 3).

Both are sentences of brackets with ``and``, ``or`` and ``not`` between; `holds` reads the
sentence, and a function tells what a single bracket comes to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tinycss2

from pressenter.browser.css.component_values import split_commas
from pressenter.browser.css.selectors import InvalidSelector, parse_selector_list
from pressenter.browser.css.shorthands import expand
from pressenter.browser.css.values import InvalidValue

__all__ = ["Medium", "media_match", "supports"]

_css: Any = tinycss2  # its stubs leave these functions untyped


class Medium(NamedTuple):
    """What media queries ask about: a screen of a size in CSS pixels."""

    width: float = 1280
    height: float = 900
    type: str = "screen"
    color_scheme: str = "light"
    resolution: float = 1.0  # device pixels in a CSS pixel


Test = Callable[[Any], bool]


def holds(tokens: list[Any], test: Test) -> bool:
    """Whether a condition holds; what cannot be read does not."""
    tokens = [token for token in tokens if token.type not in ("whitespace", "comment")]
    result: bool | None = None
    negated, operator = False, ""
    for token in tokens:
        word = token.lower_value if token.type == "ident" else ""
        if word == "not":
            negated = True
        elif word in ("and", "or"):
            operator = word
        else:
            value = _bracket(token, test) != negated
            negated = False
            if result is None:
                result = value
            elif operator == "or":
                result = result or value
            else:
                result = result and value
    return bool(result)


def _bracket(token: Any, test: Test) -> bool:
    if token.type == "() block":
        inner = [part for part in token.content if part.type not in ("whitespace", "comment")]
        nested = inner and (inner[0].type == "() block" or (inner[0].type == "ident" and inner[0].lower_value == "not"))
        return holds(inner, test) if nested else test(token)
    return test(token)


# ---- media queries ---------------------------------------------------------------------------


def media_match(tokens: list[Any], medium: Medium) -> bool:
    """Whether a list of media queries matches."""
    return any(_query_matches(query, medium) for query in split_commas(tokens))


def _query_matches(tokens: list[Any], medium: Medium) -> bool:
    words = [token.lower_value for token in tokens if token.type == "ident"]
    types = [word for word in words if word not in ("not", "and", "or", "only")]
    if not types:
        return not tokens or holds(tokens, lambda token: _feature_matches(token, medium))
    rest = [token for token in tokens if token.type != "ident"]
    negated = bool(words[0] == "not")
    matches = types[0] in ("all", medium.type) and all(
        _bracket(token, lambda inner: _feature_matches(inner, medium)) for token in rest
    )
    return matches != negated


_KEYWORDS = {
    "orientation": "landscape", "hover": "hover", "any-hover": "hover", "pointer": "fine", "any-pointer": "fine",
    "prefers-reduced-motion": "no-preference", "prefers-contrast": "no-preference", "scripting": "none",
    "prefers-reduced-transparency": "no-preference", "forced-colors": "none", "inverted-colors": "none",
    "update": "fast", "overflow-block": "scroll", "overflow-inline": "scroll", "display-mode": "browser",
    "color-gamut": "srgb", "dynamic-range": "standard", "scan": "progressive",
}  # fmt: skip


def _feature_matches(token: Any, medium: Medium) -> bool:
    if token.type != "() block":
        return False
    tokens = [part for part in token.content if part.type not in ("whitespace", "comment")]
    operators = [
        index
        for index, part in enumerate(tokens)
        if part.type == "literal" and part.value in (":", "<", ">", "=", "<=", ">=")
    ]
    if not tokens:
        return False
    if not operators:
        return tokens[0].type == "ident" and _boolean(tokens[0].lower_value, medium)
    if tokens[operators[0]].value == ":":
        return tokens[0].type == "ident" and _plain(tokens[0].lower_value, tokens[operators[0] + 1 :], medium)
    return _range(tokens, medium)


def _actual(name: str, medium: Medium) -> float | None:
    return {
        "width": medium.width, "device-width": medium.width, "height": medium.height, "device-height": medium.height,
        "aspect-ratio": medium.width / max(1.0, medium.height), "resolution": medium.resolution, "color": 8.0,
        "-webkit-device-pixel-ratio": medium.resolution, "monochrome": 0.0, "grid": 0.0, "color-index": 0.0,
    }.get(name)  # fmt: skip


def _boolean(name: str, medium: Medium) -> bool:
    if name in _KEYWORDS:
        return _KEYWORDS[name] not in ("none", "no-preference")
    return bool(_actual(name, medium)) or name in ("prefers-color-scheme", "orientation")


def _plain(name: str, tokens: list[Any], medium: Medium) -> bool:
    """``(name: value)``, with ``min-`` and ``max-`` before the name."""
    if len(tokens) == 1 and tokens[0].type == "ident":
        wanted = str(tokens[0].lower_value)
        if name == "orientation":
            return wanted == ("landscape" if medium.width > medium.height else "portrait")
        if name == "prefers-color-scheme":
            return wanted == medium.color_scheme
        return _KEYWORDS.get(name) == wanted
    prefix = next((p for p in ("min-", "max-", "-webkit-min-", "-webkit-max-") if name.startswith(p)), "")
    bare = ("-webkit-" if prefix.startswith("-webkit-") else "") + name[len(prefix) :]
    actual, value = _actual(bare, medium), _number(tokens)
    if actual is None or value is None:
        return False
    if prefix.endswith("min-"):
        return actual >= value
    return actual <= value if prefix.endswith("max-") else actual == value


def _range(tokens: list[Any], medium: Medium) -> bool:
    """``(width >= 600px)``, ``(400px < width <= 700px)``."""
    parts: list[list[Any]] = [[]]
    signs: list[str] = []
    for token in tokens:
        if token.type == "literal" and token.value in ("<", ">", "=", "<=", ">="):
            if token.value == "=" and signs and not parts[-1]:
                signs[-1] += "="
                continue
            signs.append(token.value)
            parts.append([])
        else:
            parts[-1].append(token)
    values: list[float] = []
    for part in parts:
        named = len(part) == 1 and part[0].type == "ident"
        value = _actual(part[0].lower_value, medium) if named else _number(part)
        if value is None:
            return False
        values.append(value)
    compare: dict[str, Callable[[float, float], bool]] = {
        "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
        "=": lambda a, b: a == b,
    }  # fmt: skip
    return all(compare[sign](values[i], values[i + 1]) for i, sign in enumerate(signs))


#: Relative units refer to the initial font size here (Media Queries 5 §1.3).
_UNITS = {
    "px": 1.0, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54,
    "pt": 4 / 3, "pc": 16.0, "dppx": 1.0, "x": 1.0, "dpi": 1 / 96, "dpcm": 2.54 / 96,
}  # fmt: skip


def _number(tokens: list[Any]) -> float | None:
    """A number, a length in pixels, a resolution in dots per pixel, or a ratio."""
    numbers = [token for token in tokens if token.type == "number"]
    if len(tokens) == 3 and len(numbers) == 2 and tokens[1].type == "literal" and tokens[1].value == "/":
        return float(numbers[0].value) / float(numbers[1].value or 1)
    if len(tokens) != 1:
        return None
    token = tokens[0]
    if token.type == "number":
        return float(token.value)
    if token.type == "dimension" and token.lower_unit in _UNITS:
        return float(token.value) * _UNITS[token.lower_unit]
    if token.type == "function" and token.lower_name == "calc":
        return _sum_of(token)
    return None


def _sum_of(token: Any) -> float | None:
    from pressenter.browser.css.values import Environment, compute, parse_length

    try:
        value = compute(parse_length(token, percent=False), Environment(16.0, 16.0, 0.0, 0.0))
    except InvalidValue:
        return None
    return value if isinstance(value, float) else None


# ---- @supports -------------------------------------------------------------------------------


def supports(tokens: list[Any]) -> bool:
    """A declaration that `expand` takes is supported, and a selector that can be parsed."""
    return holds(tokens, _supports_one)


def _supports_one(token: Any) -> bool:
    if token.type == "function":
        if token.lower_name != "selector":
            return False
        try:
            parse_selector_list(token.arguments)
        except InvalidSelector:
            return False
        return True
    if token.type != "() block":
        return False
    declaration = _css.parse_one_declaration(token.content)
    if declaration.type != "declaration":
        return False
    if declaration.name.startswith("--"):
        return True
    try:
        expand(declaration.lower_name, declaration.value)
    except InvalidValue:
        return False
    return True
