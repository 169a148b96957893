"""Images, gradients, shadows, transforms and filters: the values that paint reads (CSS Images 3, Backgrounds 3)."""

from __future__ import annotations

from typing import Any

from pressenter.browser.css.component_values import split_commas
from pressenter.browser.css.grammar import Tokens, color, ident, is_word, keyword, length, single, url_of
from pressenter.browser.css.values import (
    InvalidValue,
    LengthPercentage,
    parse_angle,
    parse_color,
    parse_length,
    parse_number,
)

__all__ = [
    "angle", "background_position", "background_size", "box_shadow", "filters", "image", "position", "text_shadow",
    "transform", "transform_origin",
]  # fmt: skip

_GRADIENTS = {
    "linear-gradient": "linear", "radial-gradient": "radial", "conic-gradient": "conic",
    "-webkit-linear-gradient": "-webkit-linear",
}  # fmt: skip


def image(tokens: Tokens) -> Any:
    """``none``, ``("url", address)`` or ``("gradient", kind, repeats, shape, stops)``."""
    token = single(tokens)
    url = url_of(token)
    if url is not None:
        return ("url", url)
    if token.type == "function":
        name = token.lower_name
        repeats = name.startswith("repeating-")
        kind = _GRADIENTS.get(name.removeprefix("repeating-"))
        if kind is not None:
            return _gradient(kind, repeats, split_commas(token.arguments))
        if name in ("image-set", "-webkit-image-set"):
            return image(split_commas(token.arguments)[0][:1])
    return keyword("none")(tokens)


def _gradient(kind: str, repeats: bool, groups: list[Tokens]) -> Any:
    shape: Any = None
    parse_shape = {"linear": _direction, "-webkit-linear": _old_direction, "radial": _ending_shape, "conic": _conic}[
        kind
    ]
    try:
        shape = parse_shape(groups[0])
        groups = groups[1:]
    except InvalidValue:
        shape = {"radial": ("ellipse", "farthest-corner", _CENTER), "conic": (0.0, _CENTER)}.get(kind, 180.0)
    stops: list[Any] = []
    for group in groups:
        stops += _stops(group, kind == "conic")
    if len(stops) < 2:
        raise InvalidValue("a gradient has two colours at least")
    return ("gradient", "linear" if kind == "-webkit-linear" else kind, repeats, shape, tuple(stops))


def _stops(tokens: Tokens, angular: bool) -> list[Any]:
    """A colour with none, one or two places, or a hint: ``(colour or None, place or None)``."""
    colors = [token for token in tokens if token.type not in ("dimension", "percentage", "number")]
    try:
        chosen = parse_color(colors[0]) if colors else None
        at = [token for token in tokens if not colors or token is not colors[0]]
    except InvalidValue:
        chosen, at = None, tokens  # a math function as a hint
    places = [_place(token, angular) for token in at]
    if chosen is None:
        if len(places) != 1:
            raise InvalidValue("a gradient's stop has a colour")
        return [(None, places[0])]
    return [(chosen, place) for place in places or [None]]


def _place(token: Any, angular: bool) -> Any:
    if angular and token.type == "dimension":
        return LengthPercentage(0.0, parse_angle(token) / 3.6)
    return parse_length(token)


_SIDES = {"top": 0.0, "right": 90.0, "bottom": 180.0, "left": 270.0}


def _direction(tokens: Tokens) -> Any:
    """An angle in degrees, or ``(horizontal, vertical)`` of a corner."""
    if tokens and tokens[0].type == "ident" and tokens[0].lower_value == "in":
        return 180.0
    if len(tokens) == 1:
        return parse_angle(tokens[0])
    if not tokens or ident(tokens[0]) != "to":
        raise InvalidValue("a gradient's direction")
    sides = [ident(token) for token in tokens[1:]]
    if not set(sides) <= set(_SIDES) or not 1 <= len(sides) <= 2:
        raise InvalidValue("a gradient goes to a side or a corner")
    if len(sides) == 1:
        return _SIDES[sides[0]]
    across = next((side for side in sides if side in ("left", "right")), "right")
    down = next((side for side in sides if side in ("top", "bottom")), "bottom")
    return (across, down)


def _old_direction(tokens: Tokens) -> Any:
    """The prefixed form names where the gradient begins."""
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value in _SIDES:
        return (_SIDES[tokens[0].lower_value] + 180.0) % 360.0
    return 90.0 - parse_angle(single(tokens))


_CENTER = (LengthPercentage(0.0, 50.0), LengthPercentage(0.0, 50.0))
_EXTENTS = frozenset(("closest-side", "closest-corner", "farthest-side", "farthest-corner"))


def _ending_shape(tokens: Tokens) -> Any:
    """``(circle or ellipse, extent or radii, position)``."""
    shape, extent, sizes, at = "", "", [], _CENTER
    for index, token in enumerate(tokens):
        word = token.lower_value if token.type == "ident" else ""
        if word == "at":
            at = position(tokens[index + 1 :])
            break
        if word in ("circle", "ellipse"):
            shape = word
        elif word in _EXTENTS:
            extent = word
        else:
            sizes.append(parse_length(token))
    else:
        if not (shape or extent or sizes):
            raise InvalidValue("no shape")
    shape = shape or ("circle" if len(sizes) == 1 else "ellipse")
    return (shape, tuple(sizes) if sizes else extent or "farthest-corner", at)


def _conic(tokens: Tokens) -> Any:
    """``(angle, position)``."""
    angle, at = 0.0, _CENTER
    if not tokens or ident(tokens[0]) not in ("from", "at"):
        raise InvalidValue("no angle")
    for index, token in enumerate(tokens):
        word = token.lower_value if token.type == "ident" else ""
        if word == "from":
            angle = parse_angle(tokens[index + 1])
        elif word == "at":
            at = position(tokens[index + 1 :])
            break
    return (angle, at)


# ---- places and sizes ----------------------------------------------------------------------------

_EDGES = {"left": (0, 0.0), "right": (0, 100.0), "top": (1, 0.0), "bottom": (1, 100.0)}


def position(tokens: Tokens) -> Any:
    """``<position>`` as (horizontal, vertical) (CSS Values 4 §9.3)."""
    axes: list[Any] = [None, None]
    free: list[Any] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        index += 1
        word = token.lower_value if token.type == "ident" else ""
        if word in _EDGES:
            axis, percent = _EDGES[word]
            value: Any = LengthPercentage(0.0, percent)
            if len(tokens) > 2 and index < len(tokens) and tokens[index].type in ("dimension", "percentage", "number"):
                offset = parse_length(tokens[index])
                index += 1
                value = _from_edge(percent, offset)
            axes[axis] = value
        elif word == "center":
            free.append(LengthPercentage(0.0, 50.0))
        else:
            free.append(parse_length(token))
    for value in free:
        axis = 0 if axes[0] is None else 1
        if axes[axis] is not None:
            raise InvalidValue("a position has two parts")
        axes[axis] = value
    middle = LengthPercentage(0.0, 50.0)
    return tuple(middle if axis is None else axis for axis in axes)


def _from_edge(percent: float, offset: Any) -> Any:
    if percent == 0.0:
        return offset
    if isinstance(offset, float):
        return LengthPercentage(-offset, 100.0)
    if isinstance(offset, LengthPercentage):
        return LengthPercentage(-offset.pixels, 100.0 - offset.percent)
    return LengthPercentage(0.0, 100.0)  # relative units from the far edge: the edge itself


def background_position(tokens: Tokens) -> Any:
    """``background-position`` of one layer."""
    return position(tokens)


def background_size(tokens: Tokens) -> Any:
    """``cover``, ``contain``, or (width, height)."""
    if is_word(tokens, "cover", "contain"):
        return tokens[0].lower_value
    if not 1 <= len(tokens) <= 2:
        raise InvalidValue("a size has one or two parts")
    parts = [length("auto", negative=False)([token]) for token in tokens]
    return (parts[0], parts[1]) if len(parts) == 2 else (parts[0], "auto")


# ---- shadows ---------------------------------------------------------------------------------------


def _shadow(tokens: Tokens) -> Any:
    """``(inset, x, y, blur, spread, colour)``."""
    inset, lengths, chosen = False, [], "currentcolor"
    for token in tokens:
        if token.type == "ident" and token.lower_value == "inset":
            inset = True
            continue
        try:
            lengths.append(parse_length(token, percent=False))
        except InvalidValue:
            chosen = color([token])
    if not 2 <= len(lengths) <= 4:
        raise InvalidValue("a shadow has two to four lengths")
    lengths += [0.0] * (4 - len(lengths))
    return (inset, *lengths, chosen)


def box_shadow(tokens: Tokens) -> Any:
    """``box-shadow``: ``none`` or shadows, the uppermost first."""
    if is_word(tokens, "none"):
        return "none"
    return tuple(_shadow(part) for part in split_commas(tokens))


text_shadow = box_shadow


# ---- transforms and filters ------------------------------------------------------------------------


def _arguments(token: Any) -> list[Any]:
    return [group[0] for group in split_commas(token.arguments) if len(group) == 1]


def transform(tokens: Tokens) -> Any:
    """``none`` or functions ``(name, *arguments)``; those of the third dimension keep their flat part."""
    if is_word(tokens, "none"):
        return "none"
    found = []
    for token in tokens:
        if token.type != "function":
            raise InvalidValue("a transform is a list of functions")
        name, given = token.lower_name, _arguments(token)
        if not given:
            raise InvalidValue(f"{name}() without arguments")
        if name.startswith("translate"):
            values: list[Any] = [parse_length(argument) for argument in given]
        elif name.startswith(("rotate", "skew")):
            values = [
                parse_angle(argument) for argument in given if argument.type == "dimension" or argument.value == 0
            ]
        elif name.startswith(("scale", "matrix")):
            values = [
                argument.value / 100 if argument.type == "percentage" else parse_number(argument) for argument in given
            ]
        elif name == "perspective":
            continue
        else:
            raise InvalidValue(f"{name}() is no transform")
        found.append((name, *values))
    return tuple(found) or "none"


def transform_origin(tokens: Tokens) -> Any:
    """(horizontal, vertical)."""
    return position(tokens[:2])


def angle(tokens: Tokens) -> float:
    """``rotate``: the angle in degrees (about the axis that looks at the reader)."""
    return parse_angle(tokens[-1])


_FILTER_AMOUNTS = frozenset(("brightness", "contrast", "grayscale", "invert", "opacity", "saturate", "sepia"))


def filters(tokens: Tokens) -> Any:
    """``none`` or functions ``(name, *arguments)`` (Filter Effects 1 §6)."""
    if is_word(tokens, "none"):
        return "none"
    found: list[Any] = []
    for token in tokens:
        if token.type != "function":
            raise InvalidValue("a filter is a list of functions")
        name = token.lower_name
        given = [argument for argument in token.arguments if argument.type not in ("whitespace", "comment")]
        if name == "blur":
            found.append((name, parse_length(given[0], percent=False) if given else 0.0))
        elif name == "hue-rotate":
            found.append((name, parse_angle(given[0]) if given else 0.0))
        elif name == "drop-shadow":
            found.append((name, *_shadow(given)))
        elif name in _FILTER_AMOUNTS:
            amount = 1.0
            if given:
                amount = given[0].value / 100 if given[0].type == "percentage" else parse_number(given[0])
            found.append((name, amount))
        else:
            raise InvalidValue(f"{name}() is no filter")
    return tuple(found)
