"""The cascade: from rules and elements to computed styles (CSS Cascade 4 §6, §7).

For each element the declarations of all rules that match are put in order: browser
before author, normal before important, less specific before more specific, earlier
before later.  The last one wins.  What nobody declares is inherited or initial.

A computed style is a value that is never changed once made; elements that match the same
rules below the same parent style share one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import tinycss2

from pressenter.browser.css import presentational_hints
from pressenter.browser.css.properties import INHERITED, INITIAL, INITIAL_COMPUTED
from pressenter.browser.css.rule_index import AUTHOR, USER_AGENT, RuleEntry, RuleIndex, Scope, user_agent_style_sheet
from pressenter.browser.css.selectors import ancestors, remember_siblings
from pressenter.browser.css.shorthands import expand, physical
from pressenter.browser.css.style_sheet import Declaration, Medium, StyleSheet, parse_declarations
from pressenter.browser.css.values import Dimension, Environment, InvalidValue, LengthPercentage, compute
from pressenter.browser.html.deep_nesting import deep_nesting
from pressenter.browser.html.dom import Document, Element

__all__ = ["Cascade", "ComputedStyle", "StyledDocument", "different_styles", "dump_styles", "style_document"]

ComputedStyle = Mapping[str, Any]
INHERITED_NAMES = frozenset(INHERITED)
PSEUDO_ELEMENTS = ("before", "after", "first-letter", "placeholder", "-webkit-slider-runnable-track")
_MAXIMUM_SUBSTITUTIONS = 100


class StyledDocument(NamedTuple):
    """Computed styles by element; pseudo-elements by (element, name).

    ``unmoved`` has the styles that the cascade has found for elements over which time has put other values.
    """

    styles: Mapping[Element, ComputedStyle]
    pseudo_styles: Mapping[tuple[Element, str], ComputedStyle]
    root_style: ComputedStyle
    unmoved: Mapping[Element, ComputedStyle] = {}

    def found(self, element: Element) -> ComputedStyle | None:
        """The style that the cascade has found, whatever time has made of it."""
        return self.unmoved.get(element) or self.styles.get(element)


def different_styles(styled: StyledDocument) -> Collection[ComputedStyle]:
    """Every style that occurs, once: elements share them."""
    return {id(style): style for style in (*styled.styles.values(), *styled.pseudo_styles.values())}.values()


def dump_styles(document: Document, styled: StyledDocument) -> str:
    """Computed styles as text: for each element what differs from the initial values."""
    lines: list[str] = []
    for element in document.elements():
        style = styled.styles[element]
        own = {name: style[name] for name in sorted(INITIAL_COMPUTED) if style[name] != INITIAL_COMPUTED[name]}
        depth = sum(1 for _ in ancestors(element))
        lines.append("  " * depth + f"<{element.tag}> " + "; ".join(f"{name}: {value}" for name, value in own.items()))
    return "\n".join(lines)


Measure = Callable[[ComputedStyle], tuple[float, float]]


def style_document(
    document: Document, sheets: Iterable[StyleSheet], medium: Medium, measure: Measure | None = None
) -> StyledDocument:
    """Compute the style of every element once (see `Cascade`)."""
    return Cascade(sheets, medium, measure).style(document)


class Cascade:
    """The rules of some style sheets, to be applied to a document again and again.

    Args:
        measure: tells the height of an x and the width of a 0 of a style's font, in pixels.
    """

    def __init__(self, sheets: Iterable[StyleSheet], medium: Medium, measure: Measure | None = None) -> None:
        self.index = RuleIndex([(USER_AGENT, user_agent_style_sheet()), *((AUTHOR, sheet) for sheet in sheets)])
        self._medium = medium
        self._measure = measure
        self._root_font_size = 16.0
        #: What time puts over the style of an element, if anything: transitions and animations.
        self.motion: Callable[[Element, ComputedStyle], Mapping[str, Any] | None] | None = None
        #: Styles by all that they come from: the parent's style, the rules that match, and the element's own.
        #: A style is the same object as long as nothing of that changes.  Every style whose id is in a key is a value
        #: here too, so no id is used again.
        self._shared: dict[Any, ComputedStyle] = {}

    def style(self, document: Document) -> StyledDocument:
        """The style of every element, parents before children."""
        return self._compute(document, document.elements(), {}, {}, {})

    def restyle(self, document: Document, styled: StyledDocument, wanted: Mapping[Element, Scope]) -> StyledDocument:
        """The styles after a change; only what the change can reach is worked out again.

        Args:
            styled: the styles before.
            wanted: elements that have changed, and how far that may be seen.  New elements have a scope too.
        """
        if Scope.DOCUMENT in wanted.values():
            return self.style(document)
        styles, pseudo_styles = dict(styled.styles), dict(styled.pseudo_styles)
        roots = {
            element.parent_element if scope is Scope.SIBLINGS and element.parent_element is not None else element: scope
            for element, scope in wanted.items()
        }
        return self._compute(document, _reached(roots, styles), styles, pseudo_styles, dict(styled.unmoved))

    def computed(self, style: ComputedStyle, declarations: Iterable[Declaration]) -> Mapping[str, Any]:
        """What some more declarations come to for an element of a style: key frames are such.

        Relative values refer to the element's own style; so does ``inherit``, which in key frames is rare.
        """
        own = [Declaration("font-size", style["font-size"], False), *declarations]
        environment = Environment(0.0, self._root_font_size, self._medium.width, self._medium.height)
        made = _compute_style(own, style, environment, style["--language"], self._measure)
        names = {name for declaration in own[1:] for name in _longhands(declaration, style["--custom"])}
        return {name: made[name] for name in (physical(name, style["direction"]) for name in names)}

    def _compute(
        self, document: Document, elements: Iterable[Element], styles: dict[Element, ComputedStyle],
        pseudo_styles: dict[tuple[Element, str], ComputedStyle], unmoved: dict[Element, ComputedStyle],
    ) -> StyledDocument:  # fmt: skip
        root = document.root
        with remember_siblings(), deep_nesting():
            for element in elements:
                self._style_element(element, root, styles, pseudo_styles, unmoved)
                self._move(element, styles, unmoved)
        return StyledDocument(styles, pseudo_styles, styles[root] if root is not None else dict(INITIAL), unmoved)

    def _move(
        self, element: Element, styles: dict[Element, ComputedStyle], unmoved: dict[Element, ComputedStyle]
    ) -> None:
        """Put over an element's style what time makes of it."""
        unmoved.pop(element, None)
        values = self.motion(element, styles[element]) if self.motion is not None else None
        if values:
            base = unmoved[element] = styles[element]
            moved = {**base, **values}
            if not INHERITED_NAMES.isdisjoint(values):
                moved["--moved"] = True
            styles[element] = moved

    def _style_element(
        self, element: Element, root: Element | None, styles: dict[Element, ComputedStyle],
        pseudo_styles: dict[tuple[Element, str], ComputedStyle], unmoved: dict[Element, ComputedStyle],
    ) -> None:  # fmt: skip
        parent = element.parent_element
        parent_style = styles[parent] if parent is not None else None
        if parent is not None and parent in unmoved and "--moved" not in styles[parent]:
            parent_style = unmoved[parent]  # nothing that is inherited moves: the children stay as they are
        # Styles below what moves are made for one moment; they are not remembered.
        shared = self._shared if parent_style is None or "--moved" not in parent_style else {}
        if root is not None and element is not root:
            self._root_font_size = styles[root]["font-size"]
        environment = Environment(0.0, self._root_font_size, self._medium.width, self._medium.height)
        matched = sorted(self.index.matching(element), key=lambda entry: entry.order)
        own = [entry for entry in matched if not entry.selector.pseudo_element]
        inline = element.attributes.get("style", "")
        hints = presentational_hints.hints(element)
        language = _language(element, parent_style)
        key = (id(parent_style), tuple(id(entry) for entry in own), inline, hints, language)
        style = shared.get(key)
        if style is None:
            declarations = _in_order(own, hints, parse_declarations(inline) if inline else [])
            style = _compute_style(declarations, parent_style, environment, language, self._measure)
            if shared is not self._shared:
                style = {**style, "--moved": True}
            shared[key] = style
        styles[element] = style
        for name in PSEUDO_ELEMENTS:
            entries = [entry for entry in matched if entry.selector.pseudo_element == name]
            if not entries:
                pseudo_styles.pop((element, name), None)
                continue
            pseudo_key = (id(style), tuple(id(entry) for entry in entries), name)
            made = shared.get(pseudo_key)
            if made is None:
                made = _compute_style(_in_order(entries, (), []), style, environment, language, self._measure)
                shared[pseudo_key] = made
            if name not in ("before", "after") or made["content"] not in ("none", "normal"):
                pseudo_styles[element, name] = made
            else:
                pseudo_styles.pop((element, name), None)


def _longhands(declaration: Declaration, custom: Mapping[str, tuple[Any, ...]]) -> Iterable[str]:
    if declaration.tokens is None:
        return (declaration.name,)
    return () if declaration.name.startswith("--") else _substituted(declaration, custom)


def _reached(roots: Mapping[Element, Scope], styles: Mapping[Element, ComputedStyle]) -> Iterator[Element]:
    """The elements to be styled again, parents first: below one whose style has become another, all are.

    ``styles`` is read while it is written: what stands there after an element was given is its new style.
    """
    for root in sorted(roots, key=lambda element: sum(1 for _ in ancestors(element))):
        stack: list[tuple[Element, bool]] = [(root, roots[root] > Scope.ELEMENT)]
        while stack:
            element, with_all_below = stack.pop()
            before = styles.get(element)
            yield element
            if with_all_below or styles[element] is not before:
                children = [child for child in element.children if isinstance(child, Element)]
                stack.extend((child, with_all_below) for child in reversed(children))


def _language(element: Element, parent: ComputedStyle | None) -> str:
    """What language the content is in (HTML Standard §3.2.6.2); fonts depend on it."""
    for name in ("lang", "xml:lang"):
        if name in element.attributes:
            return element.attributes[name].lower()
    return str(parent["--language"]) if parent is not None else ""


def _in_order(
    entries: list[RuleEntry], hints: tuple[tuple[str, str], ...], inline: list[Declaration]
) -> list[Declaration]:
    """Declarations in the order in which later ones win (CSS Cascade 4 §6.1)."""
    browser = [d for entry in entries if entry.order[0] == USER_AGENT for d in entry.declarations]
    author = [d for entry in entries if entry.order[0] == AUTHOR for d in entry.declarations]
    presentational = [d for name, value in hints for d in _hint(name, value)]
    everything = [*browser, *presentational, *author, *inline]
    normal = [d for d in everything if not d.important]
    # Among important declarations origins and layers are reversed: the browser's come last.
    layered = sorted(
        (entry for entry in entries if entry.order[0] == AUTHOR),
        key=lambda entry: (tuple(-rank for rank in entry.order[1]), entry.order[2:]),
    )
    author = [d for entry in layered for d in entry.declarations]
    important = [d for d in [*author, *inline, *browser] if d.important]
    return normal + important


@lru_cache(maxsize=1024)
def _hint(name: str, value: str) -> tuple[Declaration, ...]:
    return tuple(parse_declarations(f"{name}: {value}"))


def _compute_style(
    declarations: list[Declaration], parent: ComputedStyle | None, environment: Environment, language: str = "",
    measure: Measure | None = None,
) -> ComputedStyle:  # fmt: skip
    style: dict[str, Any] = dict(INITIAL)
    if parent is not None:
        for name in INHERITED:
            style[name] = parent[name]
    custom: dict[str, tuple[Any, ...]] = dict(parent.get("--custom", {})) if parent is not None else {}
    custom.update({d.name: d.tokens or () for d in declarations if d.name.startswith("--")})
    style["--custom"] = custom
    style["--language"] = language
    winners: dict[str, Any] = {}
    for declaration in declarations:
        if declaration.name.startswith("--"):
            continue
        if declaration.tokens is None:
            winners.pop(declaration.name, None)  # the order of logical and physical names counts
            winners[declaration.name] = declaration.value
        else:
            for name, value in _substituted(declaration, custom).items():
                winners.pop(name, None)
                winners[name] = value
    if winners.keys() - INITIAL.keys():
        winners = _physical(winners, style, parent)
    for name, value in winners.items():
        if type(value) is tuple and len(value) == 2 and value[0] == "wide":
            winners[name] = _wide_value(name, value[1], parent)
    parent_size = parent["font-size"] if parent is not None else 16.0
    specified = winners.pop("font-size", None)
    if "font-family" in winners:
        style["font-family"] = winners["font-family"]
    size = _font_size(parent_size if specified is None else specified, parent_size, environment)
    style["font-size"] = size * _monospace_factor(style, specified, parent)
    environment = environment._replace(
        font_size=style["font-size"],
        root_font_size=environment.root_font_size if parent is not None else style["font-size"],
        measure=None if measure is None else lambda: measure(style),
    )
    for name in ("font-weight", "font-style"):  # the font must be known where lengths refer to it
        if name in winners and not isinstance(winners[name], tuple):
            style[name] = winners[name] if winners[name] not in ("bolder", "lighter") else style[name]
    for name, value in winners.items():
        style[name] = compute(value, environment)
    _finish(style, parent)
    return style


def _physical(winners: dict[str, Any], style: Mapping[str, Any], parent: ComputedStyle | None) -> dict[str, Any]:
    """Logical properties under the names of the physical ones, by the element's direction."""
    direction = winners.get("direction", style["direction"])
    if isinstance(direction, tuple):
        direction = _wide_value("direction", direction[1], parent)
    renamed: dict[str, Any] = {}
    for name, value in winners.items():
        renamed[physical(name, direction)] = value
    return renamed


def _substituted(declaration: Declaration, custom: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """The longhands of a declaration whose var() references are replaced (CSS Variables 1 §3)."""
    try:
        tokens = _substitute(list(declaration.tokens or ()), custom, frozenset(), [0])
        # Through text once more: a replaced token may join its neighbours differently.
        return expand(declaration.name, tinycss2.parse_component_value_list(tinycss2.serialize(tokens)))
    except (InvalidValue, RecursionError, ValueError):
        return {}


def _substitute(
    tokens: list[Any], custom: Mapping[str, tuple[Any, ...]], active: frozenset[str], count: list[int]
) -> list[Any]:
    result: list[Any] = []
    for token in tokens:
        if token.type == "function" and token.lower_name == "var":
            count[0] += 1 + len(custom.get(_variable_name(token), ())) // 100
            if count[0] > _MAXIMUM_SUBSTITUTIONS:
                raise InvalidValue("too much comes from custom properties")
            arguments = [t for t in token.arguments if t.type not in ("whitespace", "comment")]
            name = _variable_name(token)
            if name in custom and name not in active:
                result += _substitute(list(custom[name]), custom, active | {name}, count)
            elif len(arguments) > 1:
                comma = next(i for i, t in enumerate(token.arguments) if t.type == "literal" and t.value == ",")
                result += _substitute(list(token.arguments[comma + 1 :]), custom, active, count)
            else:
                raise InvalidValue(f"{name} is not defined, or refers to itself")
        elif token.type == "function":
            inner = _substitute(list(token.arguments), custom, active, count)
            text = f"{token.name}({tinycss2.serialize(inner)})"
            result += tinycss2.parse_component_value_list(text)
        else:
            result.append(token)
    return result


def _variable_name(token: Any) -> str:
    arguments = [t for t in token.arguments if t.type not in ("whitespace", "comment")]
    return str(getattr(arguments[0], "value", "")) if arguments else ""


def _wide_value(name: str, keyword: str, parent: ComputedStyle | None) -> Any:
    """inherit, initial, unset and revert (CSS Cascade 4 §7.3)."""
    inherits = keyword == "inherit" or (keyword in ("unset", "revert") and name in INHERITED)
    if inherits and parent is not None:
        return parent[name]
    return INITIAL[name]


_MONOSPACE = ("monospace",)
_MONOSPACE_SIZES = {
    ("keyword", size): smaller
    for size, smaller in zip(
        (9.0, 10.0, 13.0, 16.0, 18.0, 24.0, 32.0, 48.0), (9, 10, 12, 13, 16, 20, 26, 39), strict=True
    )
}


def _monospace_factor(style: dict[str, Any], specified: Any, parent: ComputedStyle | None) -> float:
    """Text in the generic monospace family alone is smaller, 13 pixels for 16, unless lengths say how large it is.

    The standard does not have this; all browsers do.
    """
    if type(specified) is tuple and specified in _MONOSPACE_SIZES and style["font-family"] == _MONOSPACE:
        style["--absolute-size"] = False
        return _MONOSPACE_SIZES[specified] / specified[1]
    absolute = parent is not None and parent.get("--absolute-size", False)
    keyword = type(specified) is tuple and specified[0] == "keyword"
    if keyword:
        absolute = False
    elif type(specified) is float or (isinstance(specified, Dimension) and specified.unit not in ("em", "ex", "ch")):
        absolute = True
    style["--absolute-size"] = absolute
    if absolute:
        return 1.0
    now = style["font-family"] == _MONOSPACE
    before = parent is not None and parent["font-family"] == _MONOSPACE and not keyword
    return 1.0 if now == before else 13 / 16 if now else 16 / 13


def _font_size(value: Any, parent_size: float, environment: Environment) -> float:
    if type(value) is tuple and value[0] == "keyword":
        return float(value[1])
    if value == "smaller":
        return parent_size / 1.2
    if value == "larger":
        return parent_size * 1.2
    size = compute(value, environment._replace(font_size=parent_size))
    return size.of(parent_size) if isinstance(size, LengthPercentage) else float(size)


def _finish(style: dict[str, Any], parent: ComputedStyle | None) -> None:
    """Values that follow from others (CSS 2.2 §9.7, CSS Backgrounds 3 §4.3, CSS Fonts 4 §2.2)."""
    weight = style["font-weight"]
    if isinstance(weight, str):
        inherited = parent["font-weight"] if parent is not None else 400.0
        if weight == "bolder":
            style["font-weight"] = 400.0 if inherited < 350 else 700.0 if inherited < 550 else 900.0
        else:
            style["font-weight"] = 100.0 if inherited < 550 else 400.0 if inherited < 750 else 700.0
    height = style["line-height"]
    if isinstance(height, LengthPercentage):
        style["line-height"] = height.of(style["font-size"])
    if style["color"] == "currentcolor":
        style["color"] = parent["color"] if parent is not None else INITIAL["color"]
    for line, width, color in _LINES:
        if style[line] in ("none", "hidden"):
            style[width] = 0.0
        elif style[width] > 0:  # whole pixels, one at least (CSS Values 4 §5.3, "snap as a border width")
            style[width] = max(1.0, float(int(style[width])))
        if style[color] == "currentcolor":
            style[color] = style["color"]
    if style["background-color"] == "currentcolor":
        style["background-color"] = style["color"]
    across, down = style["overflow-x"], style["overflow-y"]
    if (across in _SCROLLING) != (down in _SCROLLING):  # CSS Overflow 3 §3.1
        style["overflow-x"], style["overflow-y"] = (_computed_overflow(value) for value in (across, down))
    if style["float"] in ("inline-start", "inline-end") or style["clear"] in ("inline-start", "inline-end"):
        starts = "left" if style["direction"] == "ltr" else "right"
        ends = "right" if starts == "left" else "left"
        for name in ("float", "clear"):
            style[name] = {"inline-start": starts, "inline-end": ends}.get(style[name], style[name])
    if style["content-visibility"] != "visible":  # CSS Contain 2 §4
        sized = ("size",) if style["content-visibility"] == "hidden" else ()
        style["contain"] = tuple(sorted({*style["contain"], "layout", "paint", "style", *sized}))
    if style["position"] in ("absolute", "fixed"):
        style["float"] = "none"
    blockifies = parent is not None and parent["display"] in _BLOCKIFYING
    if style["float"] != "none" or style["position"] in ("absolute", "fixed") or parent is None or blockifies:
        style["--inline-level"] = style["display"].startswith("inline")
        style["display"] = _blockified(style["display"])


_SCROLLING = frozenset(("hidden", "scroll", "auto", "overlay"))
#: Lines and what they depend on: style, width, colour.
_LINES = (
    *((f"border-{s}-style", f"border-{s}-width", f"border-{s}-color") for s in ("top", "right", "bottom", "left")),
    ("outline-style", "outline-width", "outline-color"),
    ("column-rule-style", "column-rule-width", "column-rule-color"),
)


_BLOCKIFYING = frozenset(("flex", "inline-flex", "grid", "inline-grid"))


def _computed_overflow(value: str) -> str:
    return {"visible": "auto", "clip": "hidden"}.get(value, value)


def _blockified(display: str) -> str:
    """CSS Display 3 §2.7."""
    return {
        "inline": "block", "inline-block": "block", "ruby": "block", "inline-table": "table", "inline-flex": "flex",
        "inline-grid": "grid", "table-row": "block", "table-cell": "block", "table-row-group": "block",
        "table-header-group": "block", "table-footer-group": "block", "table-caption": "block",
        "table-column": "block", "table-column-group": "block", "contents": "block",
    }.get(display, display)  # fmt: skip
