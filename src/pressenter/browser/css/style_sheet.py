"""Style sheets: text to rules, with conditions evaluated (CSS Syntax 3, Conditional Rules 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tinycss2

from pressenter.browser.css.properties import expand
from pressenter.browser.css.selectors import ComplexSelector, InvalidSelector, parse_selector_list
from pressenter.browser.css.values import InvalidValue

__all__ = ["Declaration", "Medium", "Rule", "StyleSheet", "dump_style_sheet", "parse_declarations", "parse_style_sheet"]

_MAXIMUM_NESTING = 32
_css: Any = tinycss2  # its stubs leave these functions untyped


class Medium(NamedTuple):
    """What media queries ask about: a screen of a size in CSS pixels."""

    width: float = 1280
    height: float = 900
    type: str = "screen"


class Declaration(NamedTuple):
    """One property with its specified value.

    ``tokens`` is given where the value refers to custom properties, and ``value`` is then
    None: it can only be parsed when these are known (CSS Variables 1 §3).
    """

    name: str
    value: Any
    important: bool
    tokens: tuple[Any, ...] | None = None


class Rule(NamedTuple):
    """Selectors and declarations; ``prelude`` is the selectors' text."""

    selectors: list[ComplexSelector]
    declarations: list[Declaration]
    prelude: str = ""


class StyleSheet(NamedTuple):
    """The rules that apply to a medium, and the style sheets that are imported first."""

    rules: list[Rule]
    imports: list[str]


def parse_style_sheet(text: str, medium: Medium) -> StyleSheet:
    """Parse a style sheet.  What cannot be understood is left out, as the standard says."""
    rules: list[Rule] = []
    imports: list[str] = []
    try:
        nodes = _css.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        _collect(nodes, medium, rules, imports, 0)
    except (RecursionError, ValueError):
        pass  # absurdly nested blocks or long numbers: what was understood so far counts
    return StyleSheet(rules, imports)


def _collect(nodes: list[Any], medium: Medium, rules: list[Rule], imports: list[str], depth: int) -> None:
    for node in nodes:
        if node.type == "qualified-rule":
            try:
                selectors = parse_selector_list(node.prelude)
            except (InvalidSelector, RecursionError):
                continue
            declarations = parse_declarations(node.content)
            if declarations:
                rules.append(Rule(selectors, declarations, tinycss2.serialize(node.prelude).strip()))
        elif node.type == "at-rule" and depth < _MAXIMUM_NESTING:
            _at_rule(node, medium, rules, imports, depth)


def _at_rule(node: Any, medium: Medium, rules: list[Rule], imports: list[str], depth: int) -> None:
    keyword = node.lower_at_keyword
    if keyword == "import" and not rules:
        tokens = [token for token in node.prelude if token.type not in ("whitespace", "comment")]
        url = _import_url(tokens)
        if url is not None and media_match(tokens[1:], medium):
            imports.append(url)
        return
    if node.content is None:
        return
    conditions: dict[str, Callable[[], bool]] = {
        "media": lambda: media_match(node.prelude, medium),
        "supports": lambda: _supports(node.prelude),
        "layer": lambda: True,
    }
    applies = conditions.get(keyword)
    if applies is not None and applies():
        inner = _css.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
        _collect(inner, medium, rules, [], depth + 1)


def _import_url(tokens: list[Any]) -> str | None:
    if not tokens:
        return None
    first = tokens[0]
    if first.type in ("string", "url"):
        return str(first.value)
    if first.type == "function" and first.lower_name == "url":
        strings = [argument for argument in first.arguments if argument.type == "string"]
        return str(strings[0].value) if strings else None
    return None


def dump_style_sheet(sheet: StyleSheet) -> str:
    """The CSSOM as text: the rules that apply, shorthands expanded, values as they are computed from."""
    lines = [f"@import {url}" for url in sheet.imports]
    for rule in sheet.rules:
        lines.append(f"{' '.join(rule.prelude.split())} {{")
        for declaration in rule.declarations:
            value = declaration.value
            if declaration.tokens is not None:
                value = tinycss2.serialize(declaration.tokens).strip()
            lines.append(f"  {declaration.name}: {value}{' !important' if declaration.important else ''}")
        lines.append("}")
    return "\n".join(lines)


def parse_declarations(content: Any) -> list[Declaration]:
    """The declarations of a block or of a style attribute; invalid ones are left out."""
    try:
        parsed = _css.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    except (RecursionError, ValueError):
        return []
    found: list[Declaration] = []
    for node in parsed:
        if node.type != "declaration":
            continue
        if node.name.startswith("--"):
            found.append(Declaration(node.name, None, node.important, tuple(node.value)))
        elif _refers(node.value):
            found.append(Declaration(node.lower_name, None, node.important, tuple(node.value)))
        else:
            try:
                longhands = expand(node.lower_name, node.value)
            except (InvalidValue, RecursionError):
                continue
            found += [Declaration(name, value, node.important) for name, value in longhands.items()]
    return found


def _refers(tokens: Any) -> bool:
    """Whether var() stands anywhere in a value."""
    for token in tokens:
        if token.type == "function" and (token.lower_name == "var" or _refers(token.arguments)):
            return True
        if token.type.endswith("block") and _refers(token.content):
            return True
    return False


def media_match(tokens: list[Any], medium: Medium) -> bool:
    """Whether a list of media queries matches (Media Queries 4 §2)."""
    queries: list[list[Any]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            queries.append([])
        elif token.type not in ("whitespace", "comment"):
            queries[-1].append(token)
    return any(_query_matches(query, medium) for query in queries)


def _query_matches(tokens: list[Any], medium: Medium) -> bool:
    result, negated = True, False
    for token in tokens:
        if token.type == "ident":
            word = token.lower_value
            if word == "not":
                negated = True
            elif word not in ("and", "only"):
                result = result and word in ("all", medium.type)
        elif token.type == "() block":
            result = result and _feature_matches(token.content, medium)
        else:
            return False
    return result != negated


def _feature_matches(content: list[Any], medium: Medium) -> bool:
    tokens = [token for token in content if token.type not in ("whitespace", "comment")]
    if not tokens:
        return False
    if tokens[0].type != "ident" or len(tokens) < 3:
        return tokens[0].type == "ident" and tokens[0].lower_value in ("width", "height", "color")
    name, value = tokens[0].lower_value, tokens[-1]
    operator = "".join(str(getattr(token, "value", "")) for token in tokens[1:-1])
    if value.type == "ident":
        return (name, value.lower_value) in (
            ("prefers-color-scheme", "light"), ("orientation", "landscape"), ("hover", "hover"),
            ("pointer", "fine"), ("any-hover", "hover"), ("any-pointer", "fine"),
            ("prefers-reduced-motion", "no-preference"),
        )  # fmt: skip
    size = _pixels(value)
    bounds = {"width": medium.width, "height": medium.height}
    if size is None:
        return False
    if operator == ":":
        if name.startswith("min-") and name[4:] in bounds:
            return bounds[name[4:]] >= size
        if name.startswith("max-") and name[4:] in bounds:
            return bounds[name[4:]] <= size
        return name in bounds and bounds[name] == size
    actual = bounds.get(name)
    if actual is None:
        return False
    return {
        "<": actual < size,
        "<=": actual <= size,
        ">": actual > size,
        ">=": actual >= size,
        "=": actual == size,
    }.get(operator, False)


def _pixels(token: Any) -> float | None:
    if token.type == "number" and token.value == 0:
        return 0.0
    if token.type != "dimension":
        return None
    # Relative units refer to the initial font size here (Media Queries 4 §1.3).
    factor = {"px": 1.0, "em": 16.0, "rem": 16.0}.get(token.lower_unit)
    return token.value * factor if factor is not None else None


def _supports(tokens: list[Any]) -> bool:
    """@supports: declarations that `expand` takes are supported (Conditional Rules 3 §6)."""
    result: bool | None = None
    negated, operator = False, "and"
    for token in tokens:
        if token.type == "ident":
            if token.lower_value == "not":
                negated = True
            else:
                operator = token.lower_value
        elif token.type == "() block":
            value = _supports_one(token.content) != negated
            negated = False
            if result is None:
                result = value
            else:
                result = (result and value) if operator == "and" else (result or value)
        elif token.type == "function":
            result = False
    return bool(result)


def _supports_one(content: list[Any]) -> bool:
    if any(token.type == "() block" for token in content):
        return _supports(content)
    declaration = _css.parse_one_declaration(content)
    if declaration.type != "declaration":
        return False
    try:
        expand(declaration.lower_name, declaration.value)
    except InvalidValue:
        return False
    return True
