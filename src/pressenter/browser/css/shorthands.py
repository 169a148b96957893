"""Shorthands: properties that stand for several at once, and logical properties for physical ones.

`expand` makes longhands of any declaration.  Logical longhands (``margin-inline-start``) keep
their names until the cascade knows the element's direction, and `physical` translates them
(CSS Logical Properties 1).  Lines run horizontally here: the block axis is the vertical one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tinycss2

from pressenter.browser.css import images
from pressenter.browser.css.component_values import split_commas
from pressenter.browser.css.grammar import Tokens, is_word, number, split_slash
from pressenter.browser.css.grid_values import template_areas, track_list
from pressenter.browser.css.properties import CORNERS, INITIAL, PROPERTIES, SIDES, intrinsic_size
from pressenter.browser.css.values import InvalidValue, LengthPercentage

__all__ = ["expand", "physical"]

Longhands = dict[str, Any]
Shorthand = Callable[[Tokens], Longhands]


# ---- logical properties ----------------------------------------------------------------------

_LOGICAL_SIDES = {"block-start": "top", "block-end": "bottom", "inline-start": "left", "inline-end": "right"}
_LOGICAL: dict[str, str] = {
    "inline-size": "width", "block-size": "height", "min-inline-size": "min-width", "min-block-size": "min-height",
    "max-inline-size": "max-width", "max-block-size": "max-height", "overflow-inline": "overflow-x",
    "overflow-block": "overflow-y", "border-start-start-radius": "border-top-left-radius",
    "border-start-end-radius": "border-top-right-radius", "border-end-start-radius": "border-bottom-left-radius",
    "border-end-end-radius": "border-bottom-right-radius",
}  # fmt: skip
for _logical, _side in _LOGICAL_SIDES.items():
    _LOGICAL[f"inset-{_logical}"] = _side
    for _pattern in ("margin-{}", "padding-{}", "border-{}-width", "border-{}-style", "border-{}-color"):
        _LOGICAL[_pattern.format(_logical)] = _pattern.format(_side)

_MIRRORED = {"left": "right", "right": "left"}


def physical(name: str, direction: str) -> str:
    """The physical longhand that a logical one stands for; others are returned as they are."""
    found = _LOGICAL.get(name)
    if found is None:
        return name
    if direction == "ltr":
        return found
    return "-".join(_MIRRORED.get(part, part) for part in found.split("-"))


# ---- patterns -----------------------------------------------------------------------------------


def _four(pattern: str) -> Shorthand:
    """margin, padding and the like: one to four values, clockwise from the top."""

    def expand_four(tokens: Tokens) -> Longhands:
        return {
            pattern.format(side): PROPERTIES[pattern.format(side)].parse([token])
            for side, token in zip(SIDES, _clockwise(tokens), strict=True)
        }

    return expand_four


def _clockwise(tokens: Tokens) -> Tokens:
    if not 1 <= len(tokens) <= 4:
        raise InvalidValue("one to four values are expected")
    chosen = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}[len(tokens)]
    return [tokens[index] for index in chosen]


def _pair(first: str, second: str) -> Shorthand:
    """Two values, or one for both."""

    def expand_pair(tokens: Tokens) -> Longhands:
        if not 1 <= len(tokens) <= 2:
            raise InvalidValue("one or two values are expected")
        return {name: _longhand(name).parse([token]) for name, token in ((first, tokens[0]), (second, tokens[-1]))}

    return expand_pair


def _contain_intrinsic_size(tokens: Tokens) -> Longhands:
    """Width and height, or one for both; ``auto`` may stand before each (CSS Box Sizing 4 §5.1)."""
    sizes: list[Tokens] = []
    for token in tokens:
        if sizes and is_word(sizes[-1], "auto"):
            sizes[-1] = [*sizes[-1], token]
        else:
            sizes.append([token])
    if not 1 <= len(sizes) <= 2:
        raise InvalidValue("one or two sizes are expected")
    return {
        "contain-intrinsic-width": intrinsic_size(sizes[0]), "contain-intrinsic-height": intrinsic_size(sizes[-1]),
    }  # fmt: skip


def _line(*prefixes: str) -> Shorthand:
    """border, outline and column-rule: width, style and colour in any order."""

    def expand_line(tokens: Tokens) -> Longhands:
        model = prefixes[0] if f"{prefixes[0]}-width" in PROPERTIES else "border-top"
        found: Longhands = {"width": 3.0, "style": "none", "color": "currentcolor"}
        left = list(found)
        for token in tokens:
            for part in left:
                try:
                    found[part] = PROPERTIES[f"{model}-{part}"].parse([token])
                    left.remove(part)
                    break
                except InvalidValue:
                    continue
            else:
                raise InvalidValue(f"{token.serialize()} is no part of a line")
        return {f"{prefix}-{part}": value for prefix in prefixes for part, value in found.items()}

    return expand_line


def _any_order(*names: str) -> Shorthand:
    """Each token goes to the first of the properties that takes it."""

    def expand_any(tokens: Tokens) -> Longhands:
        found = {name: INITIAL[name] for name in names}
        left = list(names)
        for token in tokens:
            for name in left:
                try:
                    found[name] = PROPERTIES[name].parse([token])
                    left.remove(name)
                    break
                except InvalidValue:
                    continue
            else:
                raise InvalidValue(f"{token.serialize()} is not expected here")
        return found

    return expand_any


def _longhand(name: str) -> Any:
    return PROPERTIES[_LOGICAL.get(name, name)]


# ---- single shorthands ---------------------------------------------------------------------------


def _border_radius(tokens: Tokens) -> Longhands:
    parts = split_slash(tokens)
    if len(parts) > 2:
        raise InvalidValue("a radius has one slash")
    across, down = _clockwise(parts[0]), _clockwise(parts[-1])
    return {
        f"border-{corner}-radius": PROPERTIES[f"border-{corner}-radius"].parse([a, b])
        for corner, a, b in zip(CORNERS, across, down, strict=True)
    }


_BACKGROUND = (
    "background-image", "background-position", "background-size", "background-repeat", "background-attachment",
    "background-origin", "background-clip",
)  # fmt: skip


def _background(tokens: Tokens) -> Longhands:
    layers = [_background_layer(layer, index == count) for count in [len(split_commas(tokens)) - 1]
              for index, layer in enumerate(split_commas(tokens))]  # fmt: skip
    found: Longhands = {name: tuple(layer[name] for layer in layers) for name in _BACKGROUND}
    found["background-color"] = layers[-1]["background-color"]
    return found


def _background_layer(tokens: Tokens, last: bool) -> Longhands:
    """One layer (CSS Backgrounds 3 §2.10); only the last may hold a colour."""
    found: Longhands = {name: INITIAL[name][0] for name in _BACKGROUND} | {
        "background-color": INITIAL["background-color"]
    }
    simple = ["background-image", "background-attachment", "background-color"]
    position: Tokens = []
    size: Tokens = []
    repeat: Tokens = []
    boxes: list[str] = []
    target = position
    for token in tokens:
        word = token.lower_value if token.type == "ident" else ""
        if token.type == "literal" and token.value == "/":
            target = size
        elif word in ("border-box", "padding-box", "content-box", "text"):
            boxes.append(word)
        elif word in ("repeat", "no-repeat", "repeat-x", "repeat-y", "round", "space"):
            repeat.append(token)
        elif word in ("left", "right", "top", "bottom", "center", "cover", "contain", "auto") or token.type in (
            "dimension",
            "percentage",
            "number",
        ):
            target.append(token)
        elif not _take(found, simple, token, last):
            if token.type != "function":
                raise InvalidValue(f"{token.serialize()} is no part of a background")
            target.append(token)  # a math function
    if position:
        found["background-position"] = images.background_position(position)
    if size:
        found["background-size"] = images.background_size(size)
    if repeat:
        found["background-repeat"] = PROPERTIES["background-repeat"].parse(repeat)[0]
    if boxes:
        found["background-origin"], found["background-clip"] = boxes[0], boxes[-1]
    return found


def _take(found: Longhands, names: list[str], token: Any, last: bool) -> bool:
    for name in names:
        try:
            value = PROPERTIES[name].parse([token])
        except InvalidValue:
            continue
        if name == "background-color":
            if not last:
                raise InvalidValue("only the last background has a colour")
            found[name] = value
        else:
            found[name] = value[0]
        names.remove(name)
        return True
    return False


_SYSTEM_FONTS = frozenset(("caption", "icon", "menu", "message-box", "small-caption", "status-bar"))


def _font(tokens: Tokens) -> Longhands:
    found: Longhands = {
        "font-style": "normal", "font-weight": 400.0, "font-stretch": "normal", "font-variant": "normal",
        "line-height": "normal",
    }  # fmt: skip
    if is_word(tokens, *_SYSTEM_FONTS):
        return found | {"font-size": 13.333, "font-family": ("system-ui",)}
    for index, token in enumerate(tokens):
        try:
            found["font-size"] = PROPERTIES["font-size"].parse([token])
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
            found["line-height"] = PROPERTIES["line-height"].parse(rest[1:2])
            rest = rest[2:]
        found["font-family"] = PROPERTIES["font-family"].parse(rest)
        return found
    raise InvalidValue("font: no size")


def _flex(tokens: Tokens) -> Longhands:
    """CSS Flexbox 1 §7.1.1."""
    if is_word(tokens, "none"):
        return {"flex-grow": 0.0, "flex-shrink": 0.0, "flex-basis": "auto"}
    factors: list[float] = []
    basis: Any = None
    for token in tokens:
        try:
            factors.append(number(0.0)([token]))
            continue
        except InvalidValue:
            if basis is not None:
                raise
            basis = PROPERTIES["flex-basis"].parse([token])
    if len(factors) == 3 and basis is None and factors[2] == 0:
        basis = 0.0
        factors.pop()
    if len(factors) > 2:
        raise InvalidValue("flex has two factors")
    if basis is None:
        basis = LengthPercentage(0.0, 0.0)
    grow = factors[0] if factors else 1.0
    return {"flex-grow": grow, "flex-shrink": factors[1] if len(factors) > 1 else 1.0, "flex-basis": basis}


def _place(property_: str) -> Shorthand:
    """place-items and its like: the alignment in the block axis, then in the inline axis."""

    def expand_place(tokens: Tokens) -> Longhands:
        align, justify = PROPERTIES[f"align-{property_}"], PROPERTIES[f"justify-{property_}"]
        for cut in range(1, len(tokens) + 1):
            first, second = tokens[:cut], tokens[cut:] or tokens[:cut]
            try:
                return {f"align-{property_}": align.parse(first), f"justify-{property_}": justify.parse(second)}
            except InvalidValue:
                continue
        raise InvalidValue("one or two alignments are expected")

    return expand_place


def _grid_lines(start: str, end: str) -> Shorthand:
    """grid-row and grid-column."""

    def expand_lines(tokens: Tokens) -> Longhands:
        parts = split_slash(tokens)
        if len(parts) > 2:
            raise InvalidValue("two grid lines are expected")
        first = PROPERTIES[start].parse(parts[0])
        second = PROPERTIES[end].parse(parts[1]) if len(parts) == 2 else _same_name(first)
        return {start: first, end: second}

    return expand_lines


def _same_name(line: Any) -> Any:
    """A name alone names both lines (CSS Grid 2 §8.4)."""
    return line if isinstance(line, tuple) and line[0] == "line" and line[1] is None else "auto"


def _grid_area(tokens: Tokens) -> Longhands:
    parts = split_slash(tokens)
    if len(parts) > 4:
        raise InvalidValue("four grid lines at most")
    lines = [PROPERTIES["grid-row-start"].parse(part) for part in parts]
    row_start = lines[0]
    column_start = lines[1] if len(lines) > 1 else _same_name(row_start)
    row_end = lines[2] if len(lines) > 2 else _same_name(row_start)
    column_end = lines[3] if len(lines) > 3 else _same_name(column_start)
    return {
        "grid-row-start": row_start, "grid-column-start": column_start, "grid-row-end": row_end,
        "grid-column-end": column_end,
    }  # fmt: skip


def _grid_template(tokens: Tokens) -> Longhands:
    """CSS Grid 2 §7.4: rows / columns, or areas with the rows' sizes between / columns."""
    if is_word(tokens, "none"):
        return {"grid-template-rows": "none", "grid-template-columns": "none", "grid-template-areas": "none"}
    parts = split_slash(tokens)
    if not any(token.type == "string" for token in tokens):
        if len(parts) != 2:
            raise InvalidValue("grid-template has rows and columns")
        rows, columns = (track_list(part) for part in parts)
        return {"grid-template-rows": rows, "grid-template-columns": columns, "grid-template-areas": "none"}
    strings: Tokens = []
    row_tokens: Tokens = []
    pending = False  # a row of areas waits for its size
    auto = tinycss2.parse_one_component_value("auto")
    for token in parts[0]:
        if token.type == "string":
            if pending:
                row_tokens.append(auto)
            strings.append(token)
            pending = True
        elif token.type == "[] block":
            if pending and row_tokens and strings:
                row_tokens.append(auto)
                pending = False
            row_tokens.append(token)
        else:
            row_tokens.append(token)
            pending = False
    if pending:
        row_tokens.append(auto)
    columns = track_list(parts[1]) if len(parts) == 2 else "none"
    return {
        "grid-template-rows": track_list(row_tokens), "grid-template-columns": columns,
        "grid-template-areas": template_areas(strings),
    }  # fmt: skip


def _grid(tokens: Tokens) -> Longhands:
    """CSS Grid 2 §7.8."""
    reset = {name: INITIAL[name] for name in ("grid-auto-rows", "grid-auto-columns", "grid-auto-flow")}
    parts = split_slash(tokens)
    flows = [any(t.type == "ident" and t.lower_value == "auto-flow" for t in part) for part in parts]
    if not any(flows):
        return reset | _grid_template(tokens)
    if len(parts) != 2 or all(flows):
        raise InvalidValue("grid: auto-flow stands on one side of the slash")
    automatic, explicit = ("rows", "columns") if flows[0] else ("columns", "rows")
    flow_part, template_part = (parts[0], parts[1]) if flows[0] else (parts[1], parts[0])
    dense = any(t.type == "ident" and t.lower_value == "dense" for t in flow_part)
    sizes = [t for t in flow_part if not (t.type == "ident" and t.lower_value in ("auto-flow", "dense"))]
    found = reset | {
        "grid-template-areas": "none", f"grid-template-{automatic}": "none",
        f"grid-template-{explicit}": track_list(template_part),
        "grid-auto-flow": ("row" if automatic == "rows" else "column") + (" dense" if dense else ""),
    }  # fmt: skip
    if sizes:
        found[f"grid-auto-{automatic}"] = PROPERTIES[f"grid-auto-{automatic}"].parse(sizes)
    return found


def _overflow(tokens: Tokens) -> Longhands:
    if not 1 <= len(tokens) <= 2:
        raise InvalidValue("overflow has one or two values")
    return {
        "overflow-x": PROPERTIES["overflow-x"].parse(tokens[:1]),
        "overflow-y": PROPERTIES["overflow-y"].parse(tokens[-1:]),
    }


def _text_decoration(tokens: Tokens) -> Longhands:
    found: Longhands = {
        "text-decoration-line": "none", "text-decoration-style": "solid", "text-decoration-color": "currentcolor",
        "text-decoration-thickness": "auto",
    }  # fmt: skip
    lines: Tokens = []
    for token in tokens:
        if token.type == "ident" and token.lower_value in ("underline", "overline", "line-through", "none", "blink"):
            lines.append(token)
            continue
        for name in list(found)[1:]:
            try:
                found[name] = PROPERTIES[name].parse([token])
                break
            except InvalidValue:
                continue
        else:
            raise InvalidValue(f"{token.serialize()} is no part of a text decoration")
    if lines:
        found["text-decoration-line"] = PROPERTIES["text-decoration-line"].parse(lines)
    return found


def _columns(tokens: Tokens) -> Longhands:
    found: Longhands = {"column-count": "auto", "column-width": "auto"}
    for token in tokens:
        name = "column-count" if token.type == "number" else "column-width"
        if not is_word([token], "auto"):
            found[name] = PROPERTIES[name].parse([token])
    return found


def _list_style(tokens: Tokens) -> Longhands:
    found: Longhands = {"list-style-type": "disc", "list-style-position": "outside", "list-style-image": "none"}
    for token in tokens:
        if is_word([token], "inside", "outside"):
            found["list-style-position"] = token.lower_value
        elif token.type in ("url", "function"):
            found["list-style-image"] = PROPERTIES["list-style-image"].parse([token])
        else:
            found["list-style-type"] = PROPERTIES["list-style-type"].parse([token])
    return found


def _timed(prefix: str, names: tuple[str, ...]) -> Shorthand:
    """transition and animation: comma-separated, the first time is the duration, the second the delay."""

    def expand_timed(tokens: Tokens) -> Longhands:
        found: dict[str, list[Any]] = {f"{prefix}-{name}": [] for name in names}
        for part in split_commas(tokens):
            left = list(names)
            row = {name: INITIAL[f"{prefix}-{name}"][0] for name in names}
            for token in part:
                for name in left:
                    try:
                        row[name] = PROPERTIES[f"{prefix}-{name}"].parse([token])[0]
                        left.remove(name)
                        break
                    except InvalidValue:
                        continue
                else:
                    raise InvalidValue(f"{token.serialize()} is no part of a {prefix}")
            for name in names:
                found[f"{prefix}-{name}"].append(row[name])
        return {name: tuple(values) for name, values in found.items()}

    return expand_timed


_SHORTHANDS: dict[str, Shorthand] = {
    "margin": _four("margin-{}"),
    "padding": _four("padding-{}"),
    "inset": _four("{}"),
    "border-width": _four("border-{}-width"),
    "border-style": _four("border-{}-style"),
    "border-color": _four("border-{}-color"),
    "border-radius": _border_radius,
    "border": _line(*(f"border-{side}" for side in SIDES)),
    "outline": _line("outline"),
    "column-rule": _line("column-rule"),
    "background": _background,
    "font": _font,
    "list-style": _list_style,
    "text-decoration": _text_decoration,
    "overflow": _overflow,
    "contain-intrinsic-size": _contain_intrinsic_size,
    "flex": _flex,
    "flex-flow": _any_order("flex-direction", "flex-wrap"),
    "gap": _pair("row-gap", "column-gap"),
    "place-content": _place("content"),
    "place-items": _place("items"),
    "place-self": _place("self"),
    "grid-row": _grid_lines("grid-row-start", "grid-row-end"),
    "grid-column": _grid_lines("grid-column-start", "grid-column-end"),
    "grid-area": _grid_area,
    "grid-template": _grid_template,
    "grid": _grid,
    "columns": _columns,
    "transition": _timed("transition", ("duration", "delay", "timing-function", "property")),
    "animation": _timed(
        "animation",
        ("duration", "delay", "timing-function", "iteration-count", "direction", "fill-mode", "play-state", "name"),
    ),
}  # fmt: skip
for _axis in ("block", "inline"):
    _SHORTHANDS[f"inset-{_axis}"] = _pair(f"inset-{_axis}-start", f"inset-{_axis}-end")
    _SHORTHANDS[f"border-{_axis}"] = _line(f"border-{_axis}-start", f"border-{_axis}-end")
    for _kind in ("margin-{}", "padding-{}", "border-{}-width", "border-{}-style", "border-{}-color"):
        _SHORTHANDS[_kind.format(_axis)] = _pair(_kind.format(f"{_axis}-start"), _kind.format(f"{_axis}-end"))
for _side in (*SIDES, *_LOGICAL_SIDES):
    _SHORTHANDS[f"border-{_side}"] = _line(f"border-{_side}")

_ALIASES = {
    "grid-gap": "gap", "grid-row-gap": "row-gap", "grid-column-gap": "column-gap", "word-wrap": "overflow-wrap",
    "-webkit-box-sizing": "box-sizing", "-webkit-box-shadow": "box-shadow", "-webkit-border-radius": "border-radius",
    "-webkit-transform": "transform", "-webkit-transition": "transition", "-webkit-animation": "animation",
    "-webkit-flex": "flex", "-webkit-align-items": "align-items", "-webkit-justify-content": "justify-content",
    "-webkit-flex-direction": "flex-direction", "-webkit-flex-wrap": "flex-wrap", "-webkit-order": "order",
    "-webkit-appearance": "appearance", "-webkit-user-select": "user-select", "-webkit-filter": "filter",
    "-webkit-backdrop-filter": "backdrop-filter", "-webkit-background-size": "background-size",
    "-webkit-background-clip": "background-clip", "-webkit-mask-image": "mask-image",
    "line-clamp": "-webkit-line-clamp",
    "-webkit-padding-start": "padding-inline-start", "-webkit-padding-end": "padding-inline-end",
    "-webkit-margin-start": "margin-inline-start", "-webkit-margin-end": "margin-inline-end",
    "-webkit-column-count": "column-count", "-webkit-columns": "columns", "-webkit-column-gap": "column-gap",
    "-webkit-opacity": "opacity", "-webkit-hyphens": "hyphens", "page-break-inside": "break-inside",
    "-webkit-transform-origin": "transform-origin", "font-width": "font-stretch",
}  # fmt: skip

_WIDE = frozenset(("inherit", "initial", "unset", "revert", "revert-layer"))


def expand(name: str, tokens: Tokens) -> Longhands:
    """Longhands and specified values of a declaration.  Raises InvalidValue.

    A CSS-wide keyword comes out as ``("wide", keyword)``.
    """
    tokens = [token for token in tokens if token.type not in ("whitespace", "comment")]
    if not tokens:
        raise InvalidValue("no value")
    name = _ALIASES.get(name, name)
    if is_word(tokens, *_WIDE):
        return dict.fromkeys(_longhand_names(name), ("wide", tokens[0].lower_value))
    shorthand = _SHORTHANDS.get(name)
    if shorthand is not None:
        return shorthand(tokens)
    if name not in PROPERTIES and name not in _LOGICAL:
        raise InvalidValue(f"there is no property {name}")
    return {name: _longhand(name).parse(tokens)}


_NAMED_OTHERWISE: Mapping[str, tuple[str, ...]] = {
    "font": ("font-style", "font-weight", "font-stretch", "font-variant", "font-size", "line-height", "font-family"),
    "inset": SIDES,
    "gap": ("row-gap", "column-gap"),
    "flex-flow": ("flex-direction", "flex-wrap"),
    "flex": ("flex-grow", "flex-shrink", "flex-basis"),
    "columns": ("column-count", "column-width"),
    "grid-area": ("grid-row-start", "grid-row-end", "grid-column-start", "grid-column-end"),
    "all": tuple(name for name in PROPERTIES if name not in ("direction", "unicode-bidi")),
}


def _longhand_names(name: str) -> list[str]:
    """The longhands of a property, for a CSS-wide keyword."""
    if name in PROPERTIES or name in _LOGICAL:
        return [name]
    if name in _NAMED_OTHERWISE:
        return list(_NAMED_OTHERWISE[name])
    if name.startswith("place-"):
        return [f"align-{name[6:]}", f"justify-{name[6:]}"]
    if name not in _SHORTHANDS:
        raise InvalidValue(f"there is no property {name}")
    prefix, _, suffix = name.partition("-")
    among = _LOGICAL if any(part in ("block", "inline") for part in name.split("-")) else PROPERTIES
    return [
        longhand
        for longhand in among
        if longhand.startswith(f"{prefix}-")
        and (not suffix or longhand.endswith(suffix) or longhand.startswith(f"{name}-"))
    ]
