"""Addresses in style sheets: they refer to the style sheet's own address (CSS Values 4 §4.5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.style_sheet import StyleSheet
from pressenter.browser.html.addresses import resolved

__all__ = ["absolute", "named_pictures", "with_absolute_urls"]


def named_pictures(styles: Iterable[ComputedStyle]) -> set[str]:
    """The addresses of all pictures that styles name."""
    found = set()
    for style in styles:
        for image in (*style["background-image"], style["list-style-image"]):
            if isinstance(image, tuple) and image[0] == "url":
                found.add(image[1])
        if isinstance(style["content"], tuple):
            found.update(part[1] for part in style["content"] if part[0] == "url")
    return found


_URL_PROPERTIES = frozenset(("background-image", "list-style-image", "content", "mask-image"))


def with_absolute_urls(sheet: StyleSheet, base: str) -> StyleSheet:
    """url() in a style sheet refers to the style sheet's own address (CSS Values 4 §4.5)."""
    rules = []
    for rule in sheet.rules:
        declarations = [
            declaration._replace(value=_absolute_value(declaration.value, base))
            if declaration.name in _URL_PROPERTIES
            else declaration
            for declaration in rule.declarations
        ]
        for declaration in rule.declarations:
            _make_urls_absolute(declaration.tokens or (), base)
        rules.append(rule._replace(declarations=declarations))
    faces = [
        face._replace(sources=tuple((absolute(address, base), kind) for address, kind in face.sources))
        for face in sheet.font_faces
    ]
    return sheet._replace(rules=rules, font_faces=faces)


def _absolute_value(value: Any, base: str) -> Any:
    if not isinstance(value, tuple):
        return value
    if len(value) == 2 and value[0] == "url":
        return ("url", absolute(value[1], base))
    if type(value) is tuple:
        return tuple(_absolute_value(part, base) for part in value)
    return value


def _make_urls_absolute(tokens: Any, base: str) -> None:
    """The same for values that are parsed when custom properties are known: the tokens are this sheet's own."""
    for token in tokens:
        if token.type == "url":
            token.value = absolute(token.value, base)
            token.representation = f'url("{token.value}")'
        elif token.type == "function" and token.lower_name == "url":
            for argument in token.arguments:
                if argument.type == "string":
                    argument.value = absolute(argument.value, base)
                    argument.representation = f'"{argument.value}"'
        elif token.type == "function":
            _make_urls_absolute(token.arguments, base)
        elif token.type.endswith("block"):
            _make_urls_absolute(token.content, base)


def absolute(reference: str, base: str) -> str:
    """An address seen from another; what is none stays as it is."""
    return resolved(reference, base) or reference
