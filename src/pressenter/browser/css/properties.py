"""The properties: initial value, whether inherited, and what each takes (CSS 2.2 appendix F).

Also the shorthands, which stand for several properties at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pressenter.browser.css.values import (
    BLACK,
    TRANSPARENT,
    InvalidValue,
    parse_color,
    parse_length,
)

__all__ = ["INHERITED", "INITIAL", "INITIAL_COMPUTED", "PROPERTIES", "Property", "expand"]

Tokens = list[Any]
Parser = Callable[[Tokens], Any]


class Property(NamedTuple):
    """One longhand."""

    initial: Any
    inherited: bool
    parse: Parser


def _single(tokens: Tokens) -> Any:
    if len(tokens) != 1:
        raise InvalidValue("one value is expected")
    return tokens[0]


def _ident(token: Any) -> str:
    if token.type != "ident":
        raise InvalidValue(f"{token.serialize()} is no keyword")
    return str(token.lower_value)


def _keyword(*allowed: str) -> Parser:
    words = frozenset(" ".join(allowed).split())

    def parse(tokens: Tokens) -> str:
        word = _ident(_single(tokens))
        if word not in words:
            raise InvalidValue(f"{word} is not among {', '.join(sorted(words))}")
        return word

    return parse


def _length(*keywords: str, negative: bool = True, percent: bool = True) -> Parser:
    def parse(tokens: Tokens) -> Any:
        token = _single(tokens)
        if token.type == "ident" and token.lower_value in keywords:
            return token.lower_value
        value = parse_length(token, percent=percent)
        number = value if isinstance(value, float) else getattr(value, "value", None)
        if not negative and number is not None and number < 0:
            raise InvalidValue("the value may not be negative")
        return value

    return parse


def _color(tokens: Tokens) -> Any:
    return parse_color(_single(tokens))


_BORDER_WIDTHS = {"thin": 1.0, "medium": 3.0, "thick": 5.0}


def _border_width(tokens: Tokens) -> Any:
    token = _single(tokens)
    if token.type == "ident" and token.lower_value in _BORDER_WIDTHS:
        return _BORDER_WIDTHS[token.lower_value]
    return _length(negative=False, percent=False)(tokens)


def _font_family(tokens: Tokens) -> tuple[str, ...]:
    families: list[str] = []
    words: list[str] = []
    for token in [*tokens, None]:
        if token is None or (token.type == "literal" and token.value == ","):
            if words:
                families.append(" ".join(words))
            words = []
        elif token.type in ("string", "ident"):
            words.append(token.value)
        else:
            raise InvalidValue("a font family is a name")
    if not families:
        raise InvalidValue("no font family")
    return tuple(families)


_FONT_SIZES = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0,
    "x-large": 24.0, "xx-large": 32.0, "xxx-large": 48.0,
}  # fmt: skip


def _font_size(tokens: Tokens) -> Any:
    token = _single(tokens)
    if token.type == "ident":
        if token.lower_value in ("smaller", "larger"):
            return token.lower_value
        if token.lower_value in _FONT_SIZES:
            return _FONT_SIZES[token.lower_value]
    return _length(negative=False)(tokens)


def _font_weight(tokens: Tokens) -> Any:
    token = _single(tokens)
    if token.type == "number" and 1 <= token.value <= 1000:
        return float(token.value)
    word = _ident(token)
    if word in ("bolder", "lighter"):
        return word
    try:
        return {"normal": 400.0, "bold": 700.0}[word]
    except KeyError:
        raise InvalidValue(f"{word} is no font weight") from None


def _line_height(tokens: Tokens) -> Any:
    token = _single(tokens)
    if token.type == "number" and token.value >= 0:
        return ("number", float(token.value))
    if token.type == "ident" and token.lower_value == "normal":
        return "normal"
    return _length(negative=False)(tokens)


def _number(tokens: Tokens) -> float:
    token = _single(tokens)
    if token.type == "percentage":
        return float(token.value) / 100
    if token.type != "number":
        raise InvalidValue("a number is expected")
    return float(token.value)


def _z_index(tokens: Tokens) -> Any:
    token = _single(tokens)
    if token.type == "number" and token.is_integer:
        return int(token.value)
    return _keyword("auto")(tokens)


def _url(token: Any) -> str | None:
    if token.type == "url":
        return str(token.value)
    if token.type == "function" and token.lower_name == "url":
        arguments = [argument for argument in token.arguments if argument.type not in ("whitespace", "comment")]
        if arguments and arguments[0].type == "string":
            return str(arguments[0].value)
    return None


def _image(tokens: Tokens) -> Any:
    token = _single(tokens)
    url = _url(token)
    if url is not None:
        return ("url", url)
    return _keyword("none")(tokens)


def _content(tokens: Tokens) -> Any:
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value in ("none", "normal"):
        return tokens[0].lower_value
    parts: list[tuple[str, str]] = []
    for token in tokens:
        if token.type == "string":
            parts.append(("string", token.value))
        elif token.type == "function" and token.lower_name == "attr":
            arguments = [argument for argument in token.arguments if argument.type == "ident"]
            if not arguments:
                raise InvalidValue("attr() names an attribute")
            parts.append(("attr", arguments[0].value))
        elif token.type == "ident" and token.lower_value in ("open-quote", "close-quote"):
            parts.append(("string", "\u201c" if token.lower_value == "open-quote" else "\u201d"))
        elif token.type == "literal" and token.value == "/":
            break  # what follows is the alternative text
        elif _url(token) is None:
            raise InvalidValue(f"content: {token.serialize()}")
    return tuple(parts)


def _decoration_line(tokens: Tokens) -> Any:
    lines = tuple(
        token.lower_value
        for token in tokens
        if token.type == "ident" and token.lower_value in ("underline", "overline", "line-through")
    )
    return lines or "none"


def _background_size(tokens: Tokens) -> Any:
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value in ("cover", "contain"):
        return tokens[0].lower_value
    parts = [_length("auto")([token]) for token in tokens[:2]]
    return tuple(parts) if len(parts) == 2 else (*parts, "auto")


def _background_position(tokens: Tokens) -> Any:
    words = {"left": 0.0, "top": 0.0, "center": 50.0, "right": 100.0, "bottom": 100.0}
    from pressenter.browser.css.values import LengthPercentage

    horizontal: Any = None
    vertical: Any = None
    for token in tokens[:2]:
        if token.type == "ident" and token.lower_value in words:
            value: Any = LengthPercentage(0.0, words[token.lower_value])
            if token.lower_value in ("top", "bottom"):
                vertical = value
                continue
            if token.lower_value == "center" and horizontal is not None:
                vertical = value
                continue
        else:
            value = parse_length(token)
        if horizontal is None:
            horizontal = value
        else:
            vertical = value
    middle = LengthPercentage(0.0, 50.0)
    return (middle if horizontal is None else horizontal, middle if vertical is None else vertical)


def _radius(tokens: Tokens) -> Any:
    return _length(negative=False)(tokens[:1])


def _spacing(tokens: Tokens) -> Any:
    values = [_length(negative=False, percent=False)([token]) for token in tokens[:2]]
    return (values[0], values[-1])


_STYLES = "none hidden dotted dashed solid double groove ridge inset outset"
_DISPLAY = """none block inline inline-block list-item table inline-table table-row table-cell
    table-row-group table-header-group table-footer-group table-caption table-column
    table-column-group flex inline-flex grid inline-grid flow-root contents"""

PROPERTIES: dict[str, Property] = {
    "display": Property("inline", False, _keyword(_DISPLAY)),
    "position": Property("static", False, _keyword("static relative absolute fixed sticky")),
    "float": Property("none", False, _keyword("none left right")),
    "clear": Property("none", False, _keyword("none left right both")),
    "overflow": Property("visible", False, _keyword("visible hidden scroll auto clip")),
    "visibility": Property("visible", True, _keyword("visible hidden collapse")),
    "box-sizing": Property("content-box", False, _keyword("content-box border-box")),
    "z-index": Property("auto", False, _z_index),
    "opacity": Property(1.0, False, _number),
    "color": Property(BLACK, True, _color),
    "background-color": Property(TRANSPARENT, False, _color),
    "background-image": Property("none", False, _image),
    "background-repeat": Property("repeat", False, lambda tokens: _keyword("repeat no-repeat repeat-x repeat-y round space")(tokens[:1])),
    "background-position": Property((0.0, 0.0), False, _background_position),
    "background-size": Property(("auto", "auto"), False, _background_size),
    "font-family": Property(("serif",), True, _font_family),
    "font-size": Property(16.0, True, _font_size),
    "font-weight": Property(400.0, True, _font_weight),
    "font-style": Property("normal", True, lambda tokens: _keyword("normal italic oblique")(tokens[:1])),
    "line-height": Property("normal", True, _line_height),
    "letter-spacing": Property(0.0, True, lambda tokens: 0.0 if _is_word(tokens, "normal") else _length(percent=False)(tokens)),
    "word-spacing": Property(0.0, True, lambda tokens: 0.0 if _is_word(tokens, "normal") else _length(percent=False)(tokens)),
    "text-align": Property("start", True, _keyword("start end left right center justify -webkit-center")),
    "text-indent": Property(0.0, True, _length()),
    "text-transform": Property("none", True, _keyword("none uppercase lowercase capitalize")),
    "text-decoration-line": Property("none", False, _decoration_line),
    "white-space": Property("normal", True, _keyword("normal pre nowrap pre-wrap pre-line break-spaces")),
    "overflow-wrap": Property("normal", True, _keyword("normal break-word anywhere")),
    "vertical-align": Property("baseline", False, _length("baseline", "sub", "super", "top", "text-top", "middle", "bottom", "text-bottom")),
    "list-style-type": Property("disc", True, _keyword("none disc circle square decimal decimal-leading-zero lower-alpha lower-latin upper-alpha upper-latin lower-roman upper-roman lower-greek")),
    "list-style-position": Property("outside", True, _keyword("inside outside")),
    "content": Property("normal", False, _content),
    "border-collapse": Property("separate", True, _keyword("separate collapse")),
    "border-spacing": Property((0.0, 0.0), True, _spacing),
    "caption-side": Property("top", True, _keyword("top bottom")),
    "direction": Property("ltr", True, _keyword("ltr rtl")),
    "width": Property("auto", False, _length("auto", "min-content", "max-content", "fit-content", negative=False)),
    "height": Property("auto", False, _length("auto", "min-content", "max-content", "fit-content", negative=False)),
    "min-width": Property("auto", False, _length("auto", "min-content", "max-content", "fit-content", negative=False)),
    "min-height": Property("auto", False, _length("auto", "min-content", "max-content", "fit-content", negative=False)),
    "max-width": Property("none", False, _length("none", "min-content", "max-content", "fit-content", negative=False)),
    "max-height": Property("none", False, _length("none", "min-content", "max-content", "fit-content", negative=False)),
}  # fmt: skip


def _is_word(tokens: Tokens, word: str) -> bool:
    return len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value == word


SIDES = ("top", "right", "bottom", "left")
CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
for _side in SIDES:
    PROPERTIES[_side] = Property("auto", False, _length("auto"))
    PROPERTIES[f"margin-{_side}"] = Property(0.0, False, _length("auto"))
    PROPERTIES[f"padding-{_side}"] = Property(0.0, False, _length(negative=False))
    PROPERTIES[f"border-{_side}-width"] = Property(3.0, False, _border_width)
    PROPERTIES[f"border-{_side}-style"] = Property("none", False, _keyword(_STYLES))
    PROPERTIES[f"border-{_side}-color"] = Property("currentcolor", False, _color)
for _corner in CORNERS:
    PROPERTIES[f"border-{_corner}-radius"] = Property(0.0, False, _radius)

INITIAL: Mapping[str, Any] = {name: entry.initial for name, entry in PROPERTIES.items()}
#: As `INITIAL`, computed: no border has a width, and its colour is the text's.
INITIAL_COMPUTED: Mapping[str, Any] = {
    name: BLACK if value == "currentcolor" else 0.0 if name.endswith("-width") and name.startswith("border") else value
    for name, value in INITIAL.items()
}
INHERITED: tuple[str, ...] = tuple(name for name, entry in PROPERTIES.items() if entry.inherited)


# ---- shorthands ------------------------------------------------------------------------------


def _four(pattern: str) -> Callable[[Tokens], dict[str, Tokens]]:
    """margin, padding and the like: one to four values, clockwise from the top."""

    def expand_four(tokens: Tokens) -> dict[str, Tokens]:
        if not 1 <= len(tokens) <= 4:
            raise InvalidValue("one to four values are expected")
        chosen = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}[len(tokens)]
        names = CORNERS if "radius" in pattern else SIDES
        return {pattern.format(name): [tokens[index]] for name, index in zip(names, chosen, strict=True)}

    return expand_four


def _border(sides: tuple[str, ...]) -> Callable[[Tokens], dict[str, Tokens]]:
    def expand_border(tokens: Tokens) -> dict[str, Any]:
        found: dict[str, Any] = {"width": 3.0, "style": "none", "color": "currentcolor"}
        for token in tokens:
            for part in ("width", "style", "color"):
                try:
                    found[part] = PROPERTIES[f"border-top-{part}"].parse([token])
                    break
                except InvalidValue:
                    continue
            else:
                raise InvalidValue(f"border: {token.serialize()}")
        return {f"border-{side}-{part}": value for side in sides for part, value in found.items()}

    return expand_border


def _parsed(names: Mapping[str, Any], tokens: Tokens, skip: str = "") -> dict[str, Any]:
    """Give each token to the first of the properties that takes it."""
    found = dict(names)
    left = list(names)
    for token in tokens:
        if skip and token.type == "literal" and token.value == skip:
            continue
        for name in left:
            try:
                found[name] = PROPERTIES[name].parse([token])
            except InvalidValue:
                continue
            left.remove(name)
            break
    return found


def _background(tokens: Tokens) -> dict[str, Any]:
    layer: Tokens = []
    for token in tokens:  # only the last layer may hold a colour; one layer is drawn
        if token.type == "literal" and token.value == ",":
            layer = []
        else:
            layer.append(token)
    names = ("background-color", "background-image", "background-repeat")
    found = {name: INITIAL[name] for name in (*names, "background-position", "background-size")}
    position: Tokens = []
    size: Tokens = []
    target = position
    for token in layer:
        if token.type == "literal" and token.value == "/":
            target = size
            continue
        for name in names:
            try:
                found[name] = PROPERTIES[name].parse([token])
                break
            except InvalidValue:
                continue
        else:
            if token.type in ("dimension", "percentage", "number") or (
                token.type == "ident"
                and token.lower_value in ("left", "right", "top", "bottom", "center", "cover", "contain", "auto")
            ):
                target.append(token)
    if position:
        found["background-position"] = _background_position(position)
    if size:
        found["background-size"] = _background_size(size)
    return found


def _font(tokens: Tokens) -> dict[str, Any]:
    found: dict[str, Any] = {"font-style": "normal", "font-weight": 400.0, "line-height": "normal"}
    for index, token in enumerate(tokens):
        try:
            found["font-size"] = _font_size([token])
        except InvalidValue:
            for name in ("font-style", "font-weight"):
                try:
                    found[name] = PROPERTIES[name].parse([token])
                    break
                except InvalidValue:
                    continue
            continue
        rest = tokens[index + 1 :]
        if rest and rest[0].type == "literal" and rest[0].value == "/":
            found["line-height"] = _line_height(rest[1:2])
            rest = rest[2:]
        found["font-family"] = _font_family(rest)
        return found
    raise InvalidValue("font: no size")


_SHORTHANDS: dict[str, Callable[[Tokens], dict[str, Any]]] = {
    "margin": _four("margin-{}"),
    "padding": _four("padding-{}"),
    "inset": _four("{}"),
    "border-width": _four("border-{}-width"),
    "border-style": _four("border-{}-style"),
    "border-color": _four("border-{}-color"),
    "border-radius": _four("border-{}-radius"),
    "border": _border(SIDES),
    "background": _background,
    "font": _font,
    "list-style": lambda tokens: _parsed({"list-style-type": "disc", "list-style-position": "outside"}, tokens),
    "text-decoration": lambda tokens: {"text-decoration-line": _decoration_line(tokens)},
    "overflow-x": lambda tokens: {"overflow": PROPERTIES["overflow"].parse(tokens)},
    "overflow-y": lambda tokens: {"overflow": PROPERTIES["overflow"].parse(tokens)},
    "word-wrap": lambda tokens: {"overflow-wrap": PROPERTIES["overflow-wrap"].parse(tokens)},
} | {f"border-{side}": _border((side,)) for side in SIDES}  # fmt: skip

_WIDE = frozenset(("inherit", "initial", "unset", "revert"))


def expand(name: str, tokens: Tokens) -> dict[str, Any]:
    """Longhands and specified values of a declaration.  Raises InvalidValue.

    A CSS-wide keyword comes out as ``("wide", keyword)``.
    """
    tokens = [token for token in tokens if token.type not in ("whitespace", "comment")]
    if not tokens:
        raise InvalidValue("no value")
    shorthand = _SHORTHANDS.get(name)
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value in _WIDE:
        wide = ("wide", tokens[0].lower_value)
        if name in PROPERTIES:
            return {name: wide}
        return dict.fromkeys(_longhands(name), wide)
    if shorthand is None:
        entry = PROPERTIES.get(name)
        if entry is None:
            raise InvalidValue(f"there is no property {name}")
        return {name: entry.parse(tokens)}
    expanded = shorthand(tokens)
    return {
        longhand: PROPERTIES[longhand].parse(value) if isinstance(value, list) else value
        for longhand, value in expanded.items()
    }


def _longhands(name: str) -> list[str]:
    if name == "font":
        return ["font-style", "font-weight", "font-size", "line-height", "font-family"]
    if name == "inset":
        return list(SIDES)
    prefix, _, suffix = name.partition("-")
    return [
        longhand
        for longhand in PROPERTIES
        if longhand.startswith(f"{prefix}-")
        and (not suffix or longhand.endswith(suffix) or longhand.startswith(f"{name}-"))
    ]
