"""Style sheets: text to rules, with conditions evaluated (CSS Syntax 3, CSS Cascade 5, CSS Nesting 1).

The rules that come out are flat: what stood in @media and @supports is there if the condition
holds, what stood in a layer bears the layer's name, and a nested rule has its parent's
selectors before its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tinycss2

from pressenter.browser.css.component_values import split_commas
from pressenter.browser.css.conditions import Medium, media_match, supports
from pressenter.browser.css.grammar import url_of
from pressenter.browser.css.selectors import ComplexSelector, InvalidSelector, parse_selector_list
from pressenter.browser.css.shorthands import expand
from pressenter.browser.css.values import InvalidValue

__all__ = [
    "Declaration", "FontFace", "Import", "Keyframes", "Medium", "Rule", "StyleSheet", "dump_style_sheet",
    "in_layer", "parse_declarations", "parse_style_sheet",
]  # fmt: skip

_MAXIMUM_NESTING = 32
_MAXIMUM_NESTED_SELECTOR = 4096  # characters
_css: Any = tinycss2  # its stubs leave these functions untyped

#: The path of names of a cascade layer; rules in no layer have None.
Layer = tuple[str, ...]


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
    layer: Layer | None = None


class Import(NamedTuple):
    """An @import: the address, and the layer that its rules go into."""

    url: str
    layer: Layer | None = None


class FontFace(NamedTuple):
    """An @font-face (CSS Fonts 4 §4): ``sources`` are addresses with their formats.

    ``display`` says what is shown while the font is on its way (§4.9).
    """

    family: str
    sources: tuple[tuple[str, str], ...]
    weights: tuple[float, float]
    italic: bool
    ranges: tuple[tuple[int, int], ...]
    display: str = "auto"


class Keyframes(NamedTuple):
    """An @keyframes rule: declarations by offset from 0 to 1."""

    name: str
    frames: tuple[tuple[float, tuple[Declaration, ...]], ...]


class StyleSheet(NamedTuple):
    """The rules that apply to a medium, and the style sheets that are imported first."""

    rules: list[Rule]
    imports: list[Import]
    font_faces: list[FontFace] = []
    keyframes: list[Keyframes] = []
    #: Layers in the order in which they are first named.
    layers: list[Layer] = []


class _Context(NamedTuple):
    """Where a rule stands."""

    layer: Layer | None = None
    parents: str = ""  # the selectors of the rule around
    depth: int = 0


def parse_style_sheet(text: str, medium: Medium) -> StyleSheet:
    """Parse a style sheet.  What cannot be understood is left out, as the standard says."""
    collector = _Collector(medium)
    try:
        nodes = _css.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        collector.collect(nodes, _Context())
    except (RecursionError, ValueError):
        pass  # absurdly nested blocks or long numbers: what was understood so far counts
    return collector.sheet


class _Collector:
    def __init__(self, medium: Medium) -> None:
        self.medium = medium
        self.sheet = StyleSheet([], [], [], [], [])
        self._anonymous_layers = 0

    def collect(self, nodes: list[Any], context: _Context) -> None:
        for node in nodes:
            if node.type == "qualified-rule":
                self._rule(node, context)
            elif node.type == "at-rule" and context.depth < _MAXIMUM_NESTING:
                self._at_rule(node, context)

    def _rule(self, node: Any, context: _Context) -> None:
        prelude = tinycss2.serialize(node.prelude).strip()
        tokens = node.prelude
        if context.parents:
            prelude = _nested_prelude(node.prelude, context.parents)
            if len(prelude) > _MAXIMUM_NESTED_SELECTOR:
                return
            tokens = _css.parse_component_value_list(prelude)
        try:
            selectors = parse_selector_list(tokens)
        except (InvalidSelector, RecursionError):
            return
        inside = context._replace(parents=prelude, depth=context.depth + 1)
        self._contents(node.content, selectors, inside)

    def _contents(self, content: Any, selectors: list[ComplexSelector], context: _Context) -> None:
        """A rule's declarations, and the rules nested in it (CSS Nesting 1 §2)."""
        nodes = _css.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
        declarations = _declarations(nodes)
        if declarations and selectors:
            self.sheet.rules.append(Rule(selectors, declarations, context.parents, context.layer))
        if context.depth < _MAXIMUM_NESTING:
            for node in nodes:
                if node.type == "qualified-rule":
                    self._rule(node, context)
                elif node.type == "at-rule":
                    self._at_rule(node, context, selectors)

    def _at_rule(self, node: Any, context: _Context, selectors: list[ComplexSelector] | None = None) -> None:
        keyword = node.lower_at_keyword
        if keyword == "import":
            if not self.sheet.rules and not context.depth:
                self._import(node.prelude)
        elif keyword == "font-face" and node.content is not None:
            face = _font_face(node.content)
            if face is not None:
                self.sheet.font_faces.append(face)
        elif keyword in ("keyframes", "-webkit-keyframes") and node.content is not None:
            self.sheet.keyframes.append(_keyframes(node))
        elif keyword == "layer":
            self._layer(node, context)
        elif node.content is not None:
            conditions: dict[str, Callable[[], bool]] = {
                "media": lambda: media_match(node.prelude, self.medium),
                "supports": lambda: supports(node.prelude),
            }
            if keyword in conditions and conditions[keyword]():
                self._group(node.content, context, selectors)

    def _group(self, content: Any, context: _Context, selectors: list[ComplexSelector] | None) -> None:
        inside = context._replace(depth=context.depth + 1)
        if selectors is not None:
            self._contents(content, selectors, inside)
        else:
            self.collect(_css.parse_rule_list(content, skip_comments=True, skip_whitespace=True), inside)

    def _layer(self, node: Any, context: _Context) -> None:
        """CSS Cascade 5 §6.4: a list of names declares their order, a block fills a layer."""
        around = context.layer or ()
        names = [_layer_name(part) for part in split_commas(node.prelude)]
        if node.content is None:
            for name in names:
                self._declare((*around, *name))
            return
        if not names[0]:
            self._anonymous_layers += 1
            names = [(f"(anonymous {self._anonymous_layers})",)]
        layer = (*around, *names[0])
        self._declare(layer)
        self._group(node.content, context._replace(layer=layer), None)

    def _declare(self, layer: Layer) -> None:
        for length in range(1, len(layer) + 1):
            if layer[:length] not in self.sheet.layers:
                self.sheet.layers.append(layer[:length])

    def _import(self, prelude: list[Any]) -> None:
        tokens = [token for token in prelude if token.type not in ("whitespace", "comment")]
        url = tokens[0].value if tokens and tokens[0].type == "string" else url_of(tokens[0]) if tokens else None
        if url is None:
            return
        layer: Layer | None = None
        rest = tokens[1:]
        if rest and rest[0].type == "ident" and rest[0].lower_value == "layer":
            self._anonymous_layers += 1
            layer, rest = (f"(anonymous {self._anonymous_layers})",), rest[1:]
        elif rest and rest[0].type == "function" and rest[0].lower_name == "layer":
            layer, rest = _layer_name(rest[0].arguments), rest[1:]
        if rest and rest[0].type == "function" and rest[0].lower_name == "supports":
            if not supports([_css.parse_one_component_value(f"({tinycss2.serialize(rest[0].arguments)})")]):
                return
            rest = rest[1:]
        if layer is not None:
            self._declare(layer)
        if media_match(rest, self.medium):
            self.sheet.imports.append(Import(str(url), layer))


def in_layer(sheet: StyleSheet, layer: Layer | None) -> StyleSheet:
    """A style sheet that is imported into a layer (CSS Cascade 5 §2.1)."""
    if layer is None:
        return sheet
    rules = [rule._replace(layer=(*layer, *(rule.layer or ()))) for rule in sheet.rules]
    return sheet._replace(rules=rules, layers=[layer, *((*layer, *inner) for inner in sheet.layers)])


def _layer_name(tokens: list[Any]) -> Layer:
    return tuple(token.value for token in tokens if token.type == "ident")


def _nested_prelude(prelude: list[Any], parents: str) -> str:
    """The selectors of a nested rule, ``&`` standing for the rule around (CSS Nesting 1 §3)."""
    nested = []
    around = f":is({parents})"
    for part in split_commas(prelude, dropped=()):  # white space is a combinator
        text = tinycss2.serialize(part).strip()
        nested.append(text.replace("&", around) if "&" in text else f"{around} {text}")
    return ", ".join(nested)


# ---- declarations -----------------------------------------------------------------------------


def parse_declarations(content: Any) -> list[Declaration]:
    """The declarations of a block or of a style attribute; invalid ones are left out."""
    try:
        return _declarations(_css.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True))
    except (RecursionError, ValueError):
        return []


def _declarations(nodes: list[Any]) -> list[Declaration]:
    found: list[Declaration] = []
    for node in nodes:
        if node.type != "declaration":
            continue
        if node.name.startswith("--"):
            found.append(Declaration(node.name, None, node.important, tuple(node.value)))
        elif _refers(node.value):
            found.append(Declaration(node.lower_name, None, node.important, tuple(node.value)))
        else:
            try:
                longhands = expand(node.lower_name, node.value)
            except (InvalidValue, RecursionError, ValueError, IndexError):
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


# ---- fonts and key frames ------------------------------------------------------------------------


def _font_face(content: Any) -> FontFace | None:
    descriptors: dict[str, list[Any]] = {}
    for node in _css.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration":
            descriptors[node.lower_name] = [t for t in node.value if t.type not in ("whitespace", "comment")]
    family = " ".join(str(token.value) for token in descriptors.get("font-family", ()) if hasattr(token, "value"))
    sources = []
    for part in split_commas(descriptors.get("src", [])):
        address = url_of(part[0]) if part else None
        formats = [token for token in part[1:] if token.type == "function" and token.lower_name == "format"]
        if address is not None:
            named = str(formats[0].arguments[0].value) if formats and formats[0].arguments else ""
            sources.append((address, named))
    if not family or not sources:
        return None
    weights = [_WEIGHT_NAMES.get(str(getattr(token, "lower_value", "")), getattr(token, "value", None))
               for token in descriptors.get("font-weight", [])]  # fmt: skip
    numbers = [float(weight) for weight in weights if isinstance(weight, (int, float))] or [400.0]
    style = descriptors.get("font-style", [])
    italic = bool(style) and style[0].type == "ident" and style[0].lower_value in ("italic", "oblique")
    display = descriptors.get("font-display", [])
    shown = display[0].lower_value if display and display[0].type == "ident" else "auto"
    return FontFace(family, tuple(sources), (numbers[0], numbers[-1]), italic, _unicode_range(descriptors), shown)


_WEIGHT_NAMES = {"normal": 400.0, "bold": 700.0}


def _unicode_range(descriptors: dict[str, list[Any]]) -> tuple[tuple[int, int], ...]:
    ranges = []
    for token in descriptors.get("unicode-range", ()):
        if token.type == "unicode-range":
            ranges.append((token.start, token.end))
    return tuple(ranges)


def _keyframes(node: Any) -> Keyframes:
    name = next((str(token.value) for token in node.prelude if token.type in ("ident", "string")), "")
    frames: list[tuple[float, tuple[Declaration, ...]]] = []
    for rule in _css.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        declarations = tuple(parse_declarations(rule.content))
        for part in split_commas(rule.prelude):
            for token in part:
                if token.type == "percentage":
                    frames.append((token.value / 100, declarations))
                elif token.type == "ident" and token.lower_value in ("from", "to"):
                    frames.append((float(token.lower_value == "to"), declarations))
    return Keyframes(name, tuple(sorted(frames, key=lambda frame: frame[0])))


def dump_style_sheet(sheet: StyleSheet) -> str:
    """The CSSOM as text: the rules that apply, shorthands expanded, values as they are computed from."""
    lines = [f"@import {imported.url}" for imported in sheet.imports]
    lines += [f"@font-face {face.family} {face.sources[0][0]}" for face in sheet.font_faces]
    lines += [f"@keyframes {frames.name}: {len(frames.frames)} frames" for frames in sheet.keyframes]
    for rule in sheet.rules:
        layer = f"@layer {'.'.join(rule.layer)}: " if rule.layer else ""
        lines.append(f"{layer}{' '.join(rule.prelude.split())} {{")
        for declaration in rule.declarations:
            value = declaration.value
            if declaration.tokens is not None:
                value = tinycss2.serialize(declaration.tokens).strip()
            lines.append(f"  {declaration.name}: {value}{' !important' if declaration.important else ''}")
        lines.append("}")
    return "\n".join(lines)
