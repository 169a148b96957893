"""The properties: initial value, whether inherited, and what each takes.

One row a longhand.  The shorthands, which stand for several of them, are in
`pressenter.browser.css.shorthands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pressenter.browser.css import images
from pressenter.browser.css.grammar import (
    Parser,
    Tokens,
    any_of,
    color,
    comma_list,
    ident,
    integer,
    is_word,
    keyword,
    length,
    number,
    single,
    split_slash,
    url_of,
    words,
)
from pressenter.browser.css.grid_values import AUTO_TRACK, auto_flow, auto_tracks, grid_line, template_areas, track_list
from pressenter.browser.css.values import (
    BLACK,
    TRANSPARENT,
    InvalidValue,
    LengthPercentage,
    parse_length,
    parse_number,
    parse_time,
)

__all__ = ["CORNERS", "INHERITED", "INITIAL", "INITIAL_COMPUTED", "PROPERTIES", "SIDES", "Property", "intrinsic_size"]


class Property(NamedTuple):
    """One longhand."""

    initial: Any
    inherited: bool
    parse: Parser


# ---- values of single properties --------------------------------------------------------------

_BORDER_WIDTHS = {"thin": 1.0, "medium": 3.0, "thick": 5.0}


def _border_width(tokens: Tokens) -> Any:
    token = single(tokens)
    if token.type == "ident" and token.lower_value in _BORDER_WIDTHS:
        return _BORDER_WIDTHS[token.lower_value]
    return length(negative=False, percent=False)(tokens)


def _font_family(tokens: Tokens) -> tuple[str, ...]:
    families: list[str] = []
    names: list[str] = []
    for token in [*tokens, None]:
        if token is None or (token.type == "literal" and token.value == ","):
            if names:
                families.append(" ".join(names))
            names = []
        elif token.type in ("string", "ident"):
            names.append(token.value)
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
    token = single(tokens)
    if token.type == "ident":
        if token.lower_value in ("smaller", "larger"):
            return token.lower_value
        if token.lower_value in _FONT_SIZES:
            return ("keyword", _FONT_SIZES[token.lower_value])
    return length(negative=False)(tokens)


_FONT_WEIGHTS = {"normal": 400.0, "bold": 700.0}


def _font_weight(tokens: Tokens) -> Any:
    token = single(tokens)
    if token.type == "number" and 1 <= token.value <= 1000:
        return float(token.value)
    word = ident(token)
    if word in ("bolder", "lighter"):
        return word
    if word not in _FONT_WEIGHTS:
        raise InvalidValue(f"{word} is no font weight")
    return _FONT_WEIGHTS[word]


def _line_height(tokens: Tokens) -> Any:
    token = single(tokens)
    if is_word(tokens, "normal"):
        return "normal"
    try:
        return ("number", number(0.0)(tokens))
    except InvalidValue:
        pass
    if token.type == "number":
        raise InvalidValue("a line height may not be negative")
    return length(negative=False)(tokens)


_QUOTES = ("open-quote", "close-quote", "no-open-quote", "no-close-quote")


def _content(tokens: Tokens) -> Any:
    if is_word(tokens, "none", "normal"):
        return tokens[0].lower_value
    parts: list[tuple[str, ...]] = []
    for token in tokens:
        if token.type == "string":
            parts.append(("string", token.value))
        elif token.type == "function" and token.lower_name in ("attr", "counter", "counters"):
            names = [argument.value for argument in token.arguments if argument.type in ("ident", "string")]
            if not names:
                raise InvalidValue(f"{token.lower_name}() names something")
            parts.append((token.lower_name, *names))
        elif token.type == "ident" and token.lower_value in _QUOTES:
            parts.append(("quote", token.lower_value))
        elif token.type == "literal" and token.value == "/":
            break  # what follows is the alternative text
        elif url_of(token) is not None:
            parts.append(("url", url_of(token) or ""))
        elif token.type == "function":
            parts.append(("image", images.image([token])))
        else:
            raise InvalidValue(f"content: {token.serialize()}")
    return tuple(parts)


def _quotes(tokens: Tokens) -> Any:
    """Pairs of quotation marks, the outermost first (CSS Generated Content 3 §3.1)."""
    if is_word(tokens, "auto", "none"):
        return tokens[0].lower_value
    if len(tokens) % 2 or any(token.type != "string" for token in tokens):
        raise InvalidValue("quotes takes pairs of strings")
    return tuple((tokens[i].value, tokens[i + 1].value) for i in range(0, len(tokens), 2))


_DECORATION_LINES = ("underline", "overline", "line-through", "blink", "none")


def _decoration_line(tokens: Tokens) -> Any:
    found = tuple(ident(token) for token in tokens)
    if not set(found) <= set(_DECORATION_LINES):
        raise InvalidValue("text-decoration-line names lines")
    return tuple(line for line in found if line in _DECORATION_LINES[:3]) or "none"


def _radius(tokens: Tokens) -> Any:
    """(horizontal, vertical)."""
    if not 1 <= len(tokens) <= 2:
        raise InvalidValue("a radius has one or two lengths")
    values = [length(negative=False)([token]) for token in tokens]
    return (values[0], values[-1])


def _two_lengths(tokens: Tokens) -> Any:
    values = [length(negative=False, percent=False)([token]) for token in tokens[:2]]
    return (values[0], values[-1])


def _spacing(tokens: Tokens) -> Any:
    return 0.0 if is_word(tokens, "normal") else length(percent=False)(tokens)


def _aspect_ratio(tokens: Tokens) -> Any:
    """(whether a picture's own ratio comes first, ratio or None)."""
    numbers = [token for token in tokens if not (token.type == "ident" and token.lower_value == "auto")]
    parts = split_slash(numbers)
    automatic = len(numbers) != len(tokens)
    if not numbers:
        return (automatic, None)
    values = [number(0.0)(part) for part in parts]
    if len(values) > 2:
        raise InvalidValue("a ratio has two numbers")
    width, height = values[0], values[1] if len(values) == 2 else 1.0
    return (automatic, width / height if width and height else None)


_POSITIONS = "center start end flex-start flex-end self-start self-end left right"
_DISTRIBUTIONS = "space-between space-around space-evenly stretch"


def _alignment(others: str) -> Parser:
    """A value of the box alignment properties (CSS Box Alignment 3), ``safe`` and ``unsafe`` before it."""
    choices = frozenset(f"{_POSITIONS} {others}".split())

    def parse(tokens: Tokens) -> str:
        found = [ident(token) for token in tokens]
        if "baseline" in found and "baseline" in choices and set(found) <= {"first", "last", "baseline"}:
            return "last baseline" if "last" in found else "baseline"
        if found and found[0] in ("legacy", "unsafe"):
            found = found[1:] or ["normal"]
        overflow = found[:1] if found and found[0] == "safe" else []
        rest = found[len(overflow) :]
        if len(rest) != 1 or rest[0] not in choices:
            raise InvalidValue(f"{' '.join(found)} is no alignment")
        return " ".join([*overflow, *rest])

    return parse


def _size(*keywords: str) -> Parser:
    """width, height and their limits; ``stretch`` in all its spellings."""
    simple = length(*keywords, "min-content", "max-content", "fit-content", negative=False)

    def parse(tokens: Tokens) -> Any:
        token = single(tokens)
        if token.type == "ident" and token.lower_value in ("stretch", "-webkit-fill-available", "-moz-available"):
            return "stretch"
        if token.type == "ident" and token.lower_value in ("-moz-fit-content", "-webkit-fit-content", "intrinsic"):
            return "fit-content"
        if token.type == "ident" and token.lower_value.startswith(("-moz-m", "-webkit-m")):
            return token.lower_value.partition("-m")[2].partition("-")[2]
        if token.type == "function" and token.lower_name == "fit-content":
            return ("fit-content", parse_length(next(a for a in token.arguments if a.type != "whitespace")))
        return simple(tokens)

    return parse


def _contain(tokens: Tokens) -> tuple[str, ...]:
    found = {ident(token) for token in tokens}
    if "strict" in found:
        found |= {"size", "layout", "paint", "style"}
    if "content" in found:
        found |= {"layout", "paint", "style"}
    return tuple(sorted(found - {"none", "strict", "content"}))


def intrinsic_size(tokens: Tokens) -> Any:
    """``none`` or a length.  ``auto`` before it, the size that a box had when it was seen, is left aside."""
    if len(tokens) == 2 and is_word(tokens[:1], "auto"):
        tokens = tokens[1:]
    return length("none", percent=False, negative=False)(tokens)


def _counters(tokens: Tokens) -> Any:
    """``none`` or (name, number or None) pairs."""
    if is_word(tokens, "none"):
        return "none"
    found: list[Any] = []
    for token in tokens:
        if token.type == "ident":
            found.append((token.value, None))
        elif token.type == "number" and found:
            found[-1] = (found[-1][0], int(token.value))
        else:
            raise InvalidValue("counters are names with numbers")
    return tuple(found)


def _text(tokens: Tokens) -> str:
    """A value that is kept as it stands, for what nothing here reads yet."""
    return "".join(token.serialize() for token in tokens)


def _easing(tokens: Tokens) -> Any:
    """A keyword, ``("cubic-bezier", …)`` or ``("steps", count, where)`` (CSS Easing 1)."""
    token = single(tokens)
    if token.type == "function" and token.lower_name in ("cubic-bezier", "steps", "linear"):
        given = [a for a in token.arguments if a.type not in ("whitespace", "literal", "comment")]
        return (token.lower_name, *(parse_number(a) if a.type == "number" else a.serialize() for a in given))
    return keyword("linear ease ease-in ease-out ease-in-out step-start step-end")(tokens)


def _name(tokens: Tokens) -> str:
    token = single(tokens)
    if token.type not in ("ident", "string"):
        raise InvalidValue("a name is expected")
    return str(token.value)


def _word(tokens: Tokens) -> str:
    return ident(single(tokens))


def _time(tokens: Tokens) -> float:
    return parse_time(single(tokens))


#: Names of old, and what they are now (CSS Writing Modes 4 §3.2.1).
_WRITING_MODES = {
    "lr": "horizontal-tb", "lr-tb": "horizontal-tb", "rl": "horizontal-tb", "rl-tb": "horizontal-tb",
    "tb": "vertical-rl", "tb-rl": "vertical-rl", "tb-lr": "vertical-lr",
}  # fmt: skip


def _writing_mode(tokens: Tokens) -> str:
    word: str = keyword(" ".join(_WRITING_MODES), "horizontal-tb vertical-rl vertical-lr sideways-rl sideways-lr")(
        tokens
    )
    return _WRITING_MODES.get(word, word)


_WHITE_SPACES = {"wrap": "normal", "preserve": "pre-wrap", "collapse": "normal"}


def _white_space(tokens: Tokens) -> str:
    if len(tokens) == 1:
        word: str = keyword("normal pre nowrap pre-wrap pre-line break-spaces wrap preserve collapse")(tokens)
        return _WHITE_SPACES.get(word, word)
    found = words("wrap nowrap preserve collapse preserve-breaks")(tokens)
    kept, wraps = "preserve" in found.split(), "nowrap" not in found.split()
    if "preserve-breaks" in found:
        return "pre-line"
    return {(True, True): "pre-wrap", (True, False): "pre", (False, True): "normal"}.get((kept, wraps), "nowrap")


def _display(tokens: Tokens) -> str:
    """One keyword; the forms of two are turned into it (CSS Display 3 §2)."""
    found = [ident(token) for token in tokens]
    if len(found) == 1:
        found = [_OLD_DISPLAYS.get(found[0], found[0])]
        if found[0] in _DISPLAYS:
            return found[0]
    else:
        outer = "inline" if "inline" in found else "block"
        inner = [word for word in found if word not in ("inline", "block")]
        if "list-item" in inner and outer == "block":
            return "list-item"
        if len(inner) == 1:
            chosen = {"flow": outer, "flow-root": "flow-root" if outer == "block" else "inline-block"}.get(
                inner[0], inner[0] if outer == "block" else f"inline-{inner[0]}"
            )
            if chosen in _DISPLAYS:
                return chosen
    raise InvalidValue(f"{' '.join(found)} is no display")


_OLD_DISPLAYS = {
    "-webkit-flex": "flex", "-ms-flexbox": "flex", "-webkit-inline-flex": "inline-flex", "flow": "block",
    "-webkit-box": "-webkit-box", "-webkit-inline-box": "inline-flex", "grid-lanes": "grid",
}  # fmt: skip
_DISPLAYS = frozenset(
    """none block inline inline-block list-item table inline-table table-row table-cell table-row-group
    table-header-group table-footer-group table-caption table-column table-column-group flex inline-flex grid
    inline-grid flow-root contents ruby ruby-text -webkit-box""".split()
)

_STYLES = "none hidden dotted dashed solid double groove ridge inset outset"
_BOXES = "border-box padding-box content-box text"
_LIST_STYLES = """none disc circle square decimal decimal-leading-zero lower-alpha lower-latin upper-alpha upper-latin
    lower-roman upper-roman lower-greek cjk-decimal disclosure-open disclosure-closed"""
_BLEND_MODES = """normal multiply screen overlay darken lighten color-dodge color-burn hard-light soft-light
    difference exclusion hue saturation color luminosity"""


def _repeat_style(tokens: Tokens) -> tuple[str, str]:
    """(horizontal, vertical)."""
    if is_word(tokens, "repeat-x"):
        return ("repeat", "no-repeat")
    if is_word(tokens, "repeat-y"):
        return ("no-repeat", "repeat")
    found = [keyword("repeat no-repeat round space")([token]) for token in tokens[:2]]
    return (found[0], found[-1])


def _list_style(tokens: Tokens) -> str:
    token = single(tokens)
    if token.type == "string":
        return f'"{token.value}'
    return keyword(_LIST_STYLES)(tokens) if ident(token) in _LIST_STYLES.split() else "decimal"


_MIDDLE = LengthPercentage(0.0, 50.0)

PROPERTIES: dict[str, Property] = {
    # boxes
    "display": Property("inline", False, _display),
    "position": Property("static", False, lambda t: "sticky" if is_word(t, "-webkit-sticky") else keyword("static relative absolute fixed sticky")(t)),
    "float": Property("none", False, keyword("none left right inline-start inline-end")),
    "clear": Property("none", False, keyword("none left right both inline-start inline-end")),
    "overflow-x": Property("visible", False, keyword("visible hidden scroll auto clip overlay")),
    "overflow-y": Property("visible", False, keyword("visible hidden scroll auto clip overlay")),
    "visibility": Property("visible", True, keyword("visible hidden collapse")),
    "box-sizing": Property("content-box", False, keyword("content-box border-box")),
    "z-index": Property("auto", False, integer("auto")),
    "contain": Property((), False, _contain),
    "contain-intrinsic-width": Property("none", False, intrinsic_size),
    "contain-intrinsic-height": Property("none", False, intrinsic_size),
    "content-visibility": Property("visible", False, keyword("visible auto hidden")),
    "isolation": Property("auto", False, keyword("auto isolate")),
    "aspect-ratio": Property((True, None), False, _aspect_ratio),
    "width": Property("auto", False, _size("auto")),
    "height": Property("auto", False, _size("auto")),
    "min-width": Property("auto", False, _size("auto")),
    "min-height": Property("auto", False, _size("auto")),
    "max-width": Property("none", False, _size("none")),
    "max-height": Property("none", False, _size("none")),
    "object-fit": Property("fill", False, keyword("fill contain cover none scale-down")),
    "object-position": Property((_MIDDLE, _MIDDLE), False, images.position),
    "scrollbar-width": Property("auto", False, keyword("auto thin none")),
    "scrollbar-gutter": Property("auto", False, words("auto stable both-edges")),
    "writing-mode": Property("horizontal-tb", True, _writing_mode),
    "direction": Property("ltr", True, keyword("ltr rtl")),
    "unicode-bidi": Property("normal", False, keyword("normal embed isolate bidi-override isolate-override plaintext")),
    # flexbox, grid, alignment
    "flex-direction": Property("row", False, keyword("row row-reverse column column-reverse")),
    "flex-wrap": Property("nowrap", False, keyword("nowrap wrap wrap-reverse")),
    "flex-grow": Property(0.0, False, number(0.0)),
    "flex-shrink": Property(1.0, False, number(0.0)),
    "flex-basis": Property("auto", False, any_of(keyword("content"), _size("auto"))),
    "order": Property(0, False, integer()),
    "justify-content": Property("normal", False, _alignment(f"normal {_DISTRIBUTIONS}")),
    "align-content": Property("normal", False, _alignment(f"normal baseline {_DISTRIBUTIONS}")),
    "justify-items": Property("normal", False, _alignment("normal stretch baseline")),
    "align-items": Property("normal", False, _alignment("normal stretch baseline")),
    "justify-self": Property("auto", False, _alignment("auto normal stretch baseline")),
    "align-self": Property("auto", False, _alignment("auto normal stretch baseline")),
    "row-gap": Property("normal", False, length("normal", negative=False)),
    "column-gap": Property("normal", False, length("normal", negative=False)),
    "grid-template-columns": Property("none", False, track_list),
    "grid-template-rows": Property("none", False, track_list),
    "grid-template-areas": Property("none", False, template_areas),
    "grid-auto-columns": Property((AUTO_TRACK,), False, auto_tracks),
    "grid-auto-rows": Property((AUTO_TRACK,), False, auto_tracks),
    "grid-auto-flow": Property("row", False, auto_flow),
    "grid-row-start": Property("auto", False, grid_line),
    "grid-row-end": Property("auto", False, grid_line),
    "grid-column-start": Property("auto", False, grid_line),
    "grid-column-end": Property("auto", False, grid_line),
    # columns
    "column-count": Property("auto", False, integer("auto")),
    "column-width": Property("auto", False, length("auto", negative=False, percent=False)),
    "column-fill": Property("balance", False, keyword("balance auto balance-all")),
    "column-span": Property("none", False, keyword("none all")),
    "column-rule-width": Property(3.0, False, _border_width),
    "column-rule-style": Property("none", False, keyword(_STYLES)),
    "column-rule-color": Property("currentcolor", False, color),
    # text
    "color": Property(BLACK, True, color),
    "font-family": Property(("serif",), True, _font_family),
    "font-size": Property(16.0, True, _font_size),
    "font-weight": Property(400.0, True, _font_weight),
    "font-style": Property("normal", True, lambda t: keyword("normal italic oblique")(t[:1])),
    "font-stretch": Property("normal", True, _text),
    "font-variant": Property("normal", True, _text),
    "font-feature-settings": Property("normal", True, _text),
    "line-height": Property("normal", True, _line_height),
    "letter-spacing": Property(0.0, True, _spacing),
    "word-spacing": Property(0.0, True, _spacing),
    "text-align": Property("start", True, keyword("start end left right center justify match-parent -webkit-center -webkit-left -webkit-right")),
    "text-align-last": Property("auto", True, keyword("auto start end left right center justify")),
    "text-indent": Property(0.0, True, lambda t: length()(t[:1])),
    "text-transform": Property("none", True, lambda t: keyword("none uppercase lowercase capitalize full-width full-size-kana")(t[:1])),
    "text-overflow": Property("clip", False, lambda t: keyword("clip ellipsis")(t[-1:])),
    "text-decoration-line": Property("none", False, _decoration_line),
    "text-decoration-style": Property("solid", False, keyword("solid double dotted dashed wavy")),
    "text-decoration-color": Property("currentcolor", False, color),
    "text-decoration-thickness": Property("auto", False, length("auto", "from-font")),
    "text-underline-offset": Property("auto", True, length("auto")),
    "text-shadow": Property("none", True, images.text_shadow),
    "white-space": Property("normal", True, _white_space),
    "overflow-wrap": Property("normal", True, keyword("normal break-word anywhere")),
    "word-break": Property("normal", True, keyword("normal break-all keep-all break-word auto-phrase")),
    "line-break": Property("auto", True, keyword("auto loose normal strict anywhere")),
    "hyphens": Property("manual", True, keyword("none manual auto")),
    "tab-size": Property(8.0, True, any_of(number(0.0), length(negative=False, percent=False))),
    "vertical-align": Property("baseline", False, length("baseline", "sub", "super", "top", "text-top", "middle", "bottom", "text-bottom", "-webkit-baseline-middle")),
    "-webkit-line-clamp": Property("none", False, integer("none")),
    "quotes": Property("auto", True, _quotes),
    # generated content and lists
    "content": Property("normal", False, _content),
    "counter-reset": Property("none", False, _counters),
    "counter-increment": Property("none", False, _counters),
    "counter-set": Property("none", False, _counters),
    "list-style-type": Property("disc", True, _list_style),
    "list-style-position": Property("outside", True, keyword("inside outside")),
    "list-style-image": Property("none", True, images.image),
    # tables
    "table-layout": Property("auto", False, keyword("auto fixed")),
    "border-collapse": Property("separate", True, keyword("separate collapse")),
    "border-spacing": Property((0.0, 0.0), True, _two_lengths),
    "caption-side": Property("top", True, keyword("top bottom")),
    "empty-cells": Property("show", True, keyword("show hide")),
    # backgrounds and effects
    "background-color": Property(TRANSPARENT, False, color),
    "background-image": Property(("none",), False, comma_list(images.image)),
    "background-repeat": Property((("repeat", "repeat"),), False, comma_list(_repeat_style)),
    "background-position": Property(((0.0, 0.0),), False, comma_list(images.background_position)),
    "background-size": Property((("auto", "auto"),), False, comma_list(images.background_size)),
    "background-clip": Property(("border-box",), False, comma_list(keyword(_BOXES))),
    "background-origin": Property(("padding-box",), False, comma_list(keyword(_BOXES))),
    "background-attachment": Property(("scroll",), False, comma_list(keyword("scroll fixed local"))),
    "background-blend-mode": Property(("normal",), False, comma_list(keyword(_BLEND_MODES))),
    "opacity": Property(1.0, False, number(percent=True)),
    "box-shadow": Property("none", False, images.box_shadow),
    "outline-width": Property(3.0, False, _border_width),
    "outline-style": Property("none", False, keyword(_STYLES, "auto")),
    "outline-color": Property("currentcolor", False, lambda t: "currentcolor" if is_word(t, "invert", "auto") else color(t)),
    "outline-offset": Property(0.0, False, length(percent=False)),
    "transform": Property("none", False, images.transform),
    "transform-origin": Property((_MIDDLE, _MIDDLE), False, images.transform_origin),
    "translate": Property("none", False, lambda t: "none" if is_word(t, "none") else tuple(parse_length(v) for v in t[:2])),
    "scale": Property("none", False, lambda t: "none" if is_word(t, "none") else tuple(number(percent=True)([v]) for v in t[:2])),
    "rotate": Property("none", False, lambda t: "none" if is_word(t, "none") else images.angle(t)),
    "filter": Property("none", False, images.filters),
    "backdrop-filter": Property("none", False, images.filters),
    "mix-blend-mode": Property("normal", False, keyword(_BLEND_MODES, "plus-lighter")),
    "clip-path": Property("none", False, _text),
    "mask-image": Property(("none",), False, comma_list(images.image)),
    "will-change": Property("auto", False, _text),
    "appearance": Property("none", False, lambda t: ident(t[0])),
    "accent-color": Property("auto", True, any_of(keyword("auto"), color)),
    "caret-color": Property("auto", True, any_of(keyword("auto"), color)),
    "fill": Property(BLACK, True, any_of(keyword("none context-fill context-stroke"), color)),
    "stroke": Property("none", True, any_of(keyword("none context-fill context-stroke"), color)),
    "text-anchor": Property("start", True, keyword("start middle end")),
    # behaviour
    "cursor": Property("auto", True, _text),
    "pointer-events": Property("auto", True, keyword("auto none visible visiblepainted all fill stroke painted")),
    "user-select": Property("auto", False, keyword("auto none text all contain")),
    "resize": Property("none", False, keyword("none both horizontal vertical block inline")),
    "touch-action": Property("auto", False, _text),
    "scroll-behavior": Property("auto", False, keyword("auto smooth")),
    "color-scheme": Property("normal", True, _text),
    "transition-property": Property(("all",), False, comma_list(_name)),
    "transition-duration": Property((0.0,), False, comma_list(_time)),
    "transition-delay": Property((0.0,), False, comma_list(_time)),
    "transition-timing-function": Property(("ease",), False, comma_list(_easing)),
    "animation-name": Property(("none",), False, comma_list(_name)),
    "animation-duration": Property((0.0,), False, comma_list(_time)),
    "animation-delay": Property((0.0,), False, comma_list(_time)),
    "animation-timing-function": Property(("ease",), False, comma_list(_easing)),
    "animation-iteration-count": Property((1.0,), False, comma_list(any_of(number(0.0), keyword("infinite")))),
    "animation-direction": Property(("normal",), False, comma_list(keyword("normal reverse alternate alternate-reverse"))),
    "animation-fill-mode": Property(("none",), False, comma_list(keyword("none forwards backwards both"))),
    "animation-play-state": Property(("running",), False, comma_list(keyword("running paused"))),
    "break-before": Property("auto", False, _word),
    "break-after": Property("auto", False, _word),
    "break-inside": Property("auto", False, _word),
    "orphans": Property(2, True, integer()),
    "widows": Property(2, True, integer()),
}  # fmt: skip

SIDES = ("top", "right", "bottom", "left")
CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
for _side in SIDES:
    PROPERTIES[_side] = Property("auto", False, length("auto"))
    PROPERTIES[f"margin-{_side}"] = Property(0.0, False, length("auto"))
    PROPERTIES[f"padding-{_side}"] = Property(0.0, False, length(negative=False))
    PROPERTIES[f"border-{_side}-width"] = Property(3.0, False, _border_width)
    PROPERTIES[f"border-{_side}-style"] = Property("none", False, keyword(_STYLES))
    PROPERTIES[f"border-{_side}-color"] = Property("currentcolor", False, color)
for _corner in CORNERS:
    PROPERTIES[f"border-{_corner}-radius"] = Property((0.0, 0.0), False, _radius)

INITIAL: Mapping[str, Any] = {name: entry.initial for name, entry in PROPERTIES.items()}
_LINES = ("border-", "outline-", "column-rule-")  # what has a width, a style and a colour
#: As `INITIAL`, computed: no border has a width, and its colour is the text's.
INITIAL_COMPUTED: Mapping[str, Any] = {
    name: BLACK
    if value == "currentcolor" and name.startswith(_LINES)
    else 0.0
    if name.endswith("-width") and name.startswith(_LINES)
    else value
    for name, value in INITIAL.items()
}
INHERITED: tuple[str, ...] = tuple(name for name, entry in PROPERTIES.items() if entry.inherited)
