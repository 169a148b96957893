"""The values of the grid properties: track lists, areas, and lines (CSS Grid 2 §7, §8).

A track list is a tuple of parts: ``("names", names)``, ``("track", smallest, largest)`` and
``("repeat", count, parts)``, where the count may be ``auto-fill`` or ``auto-fit``.
Sizes are lengths, keywords, ``("fr", factor)``, and as a largest one ``("fit-content", length)``.
"""

from __future__ import annotations

from typing import Any

from pressenter.browser.css.component_values import split_commas
from pressenter.browser.css.grammar import Tokens, ident
from pressenter.browser.css.values import InvalidValue, parse_length

__all__ = ["AUTO_TRACK", "auto_flow", "auto_tracks", "grid_line", "template_areas", "track_list"]

AUTO_TRACK = ("track", "auto", "auto")
_INTRINSIC = ("auto", "min-content", "max-content")
_MOST_TRACKS = 10_000  # browsers limit repetitions too (CSS Grid 2 §6.6)


def track_list(tokens: Tokens) -> Any:
    """``grid-template-columns`` and ``-rows``."""
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value in ("none", "masonry"):
        return "none"
    if tokens and tokens[0].type == "ident" and tokens[0].lower_value == "subgrid":
        return ("subgrid", *(_names(token) for token in tokens[1:] if token.type == "[] block"))
    parts: list[Any] = []
    for token in tokens:
        if token.type == "[] block":
            parts.append(("names", _names(token)))
        elif token.type == "function" and token.lower_name == "repeat":
            parts.append(_repeat(token))
        else:
            parts.append(_track(token))
    if not any(part[0] != "names" for part in parts):
        raise InvalidValue("a track list without a track")
    if sum(1 for part in parts if part[0] == "repeat" and isinstance(part[1], str)) > 1:
        raise InvalidValue("repeat(auto-fill) and repeat(auto-fit) may stand only once")
    return tuple(parts)


def auto_tracks(tokens: Tokens) -> Any:
    """``grid-auto-columns`` and ``-rows``."""
    return tuple(_track(token) for token in tokens)


def _names(token: Any) -> tuple[str, ...]:
    return tuple(name.value for name in token.content if name.type == "ident")


def _track(token: Any) -> tuple[Any, ...]:
    if token.type == "function" and token.lower_name == "minmax":
        groups = split_commas(token.arguments)
        if len(groups) != 2 or any(len(group) != 1 for group in groups):
            raise InvalidValue("minmax() takes two sizes")
        smallest, largest = (_breadth(group[0]) for group in groups)
        if isinstance(smallest, tuple) and smallest[0] == "fr":
            raise InvalidValue("minmax() takes no fr as the smallest size")
        return ("track", smallest, largest)
    if token.type == "function" and token.lower_name == "fit-content":
        return ("track", "auto", ("fit-content", parse_length(split_commas(token.arguments)[0][0])))
    breadth = _breadth(token)
    if isinstance(breadth, tuple) and breadth[0] == "fr":
        return ("track", "auto", breadth)
    return ("track", breadth, breadth)


def _breadth(token: Any) -> Any:
    if token.type == "ident" and token.lower_value in _INTRINSIC:
        return token.lower_value
    if token.type == "dimension" and token.lower_unit == "fr":
        if token.value < 0:
            raise InvalidValue("a negative fr")
        return ("fr", float(token.value))
    return parse_length(token)


def _repeat(token: Any) -> tuple[Any, ...]:
    groups = split_commas(token.arguments)
    if len(groups) != 2 or len(groups[0]) != 1:
        raise InvalidValue("repeat() takes a count and tracks")
    first = groups[0][0]
    count: Any
    if first.type == "ident" and first.lower_value in ("auto-fill", "auto-fit"):
        count = first.lower_value
    elif first.type == "number" and first.is_integer and first.value >= 1:
        count = min(int(first.value), _MOST_TRACKS)
    else:
        raise InvalidValue("repeat() takes a whole number, auto-fill or auto-fit")
    parts = tuple(("names", _names(part)) if part.type == "[] block" else _track(part) for part in groups[1])
    return ("repeat", count, parts)


def template_areas(tokens: Tokens) -> Any:
    """``grid-template-areas``: a tuple of rows, each a tuple of names (empty for a dot)."""
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value == "none":
        return "none"
    rows = []
    for token in tokens:
        if token.type != "string":
            raise InvalidValue("a row of grid areas is a string")
        rows.append(tuple("" if not name.strip(".") else name for name in token.value.split()))
    if not rows or len({len(row) for row in rows}) != 1 or not rows[0]:
        raise InvalidValue("rows of grid areas have equal numbers of cells")
    return tuple(rows)


def grid_line(tokens: Tokens) -> Any:
    """One of ``grid-row-start`` and its like: ``auto``, ``("line", number, name)``, ``("span", number, name)``."""
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value == "auto":
        return "auto"
    spans, count, name = False, None, ""
    for token in tokens:
        if token.type == "number" and token.is_integer and token.value != 0 and count is None:
            count = max(-_MOST_TRACKS, min(_MOST_TRACKS, int(token.value)))
        elif token.type == "ident" and token.lower_value == "span" and not spans:
            spans = True
        elif token.type == "ident" and not name:
            name = token.value
        else:
            raise InvalidValue(f"{token.serialize()} is no part of a grid line")
    if spans:
        if (count is not None and count < 0) or (count is None and not name):
            raise InvalidValue("a span of nothing")
        return ("span", count or 1, name)
    if count is None and not name:
        raise InvalidValue("a grid line has a number or a name")
    return ("line", count, name)


def auto_flow(tokens: Tokens) -> str:
    """``row``, ``column``, with `` dense`` after it."""
    found = [ident(token) for token in tokens]
    if not set(found) <= {"row", "column", "dense"} or {"row", "column"} <= set(found) or not found:
        raise InvalidValue("grid-auto-flow is row or column, and dense")
    return ("column" if "column" in found else "row") + (" dense" if "dense" in found else "")
