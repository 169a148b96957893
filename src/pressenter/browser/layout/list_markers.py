"""Markers of list items: bullets and numbers (CSS Counter Styles 3 §6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.dom import Element

__all__ = ["counter_text", "marker_text", "ordinals"]

_BULLETS = {"disc": "\u2022", "circle": "\u25e6", "square": "\u25aa"}


def marker_text(item: Element, style: ComputedStyle, ordinal: int) -> str:
    """The marker of a list item that is the ``ordinal``-th, or an empty string."""
    kind = style["list-style-type"]
    if kind == "none":
        return ""
    if kind.startswith('"'):
        return str(kind[1:])
    if kind in ("disclosure-open", "disclosure-closed"):
        parent = item.parent_element
        is_open = parent is not None and "open" in parent.attributes
        return "\u25be" if is_open or kind == "disclosure-open" else "\u25b8"
    return _BULLETS[kind] if kind in _BULLETS else counter_text(ordinal, kind) + ". "


def counter_text(number: int, kind: str) -> str:
    """A number in a counter style; one that is not known counts in decimal (CSS Counter Styles 3 §7)."""
    if kind == "none":
        return ""
    return _BULLETS[kind] if kind in _BULLETS else _NUMBERS.get(kind, str)(number)


def ordinals(parent: Element, styles: Mapping[Element, ComputedStyle]) -> dict[Element, int]:
    """The numbers of a list's items (HTML Standard §4.4.8)."""
    items = [c for c in parent.children if isinstance(c, Element) and styles[c]["display"] == "list-item"]
    backwards = "reversed" in parent.attributes and parent.tag == "ol"
    step = -1 if backwards else 1
    start = parent.get("start") if parent.tag == "ol" else ""
    number = whole_number(start, len(items) if backwards else 1) - step
    found = {}
    for item in items:
        number = whole_number(item.get("value") if item.tag == "li" else "", number + step)
        found[item] = number
    return found


def _alphabetic(first: str, size: int = 26) -> Callable[[int], str]:
    def text(number: int) -> str:
        if number < 1:
            return str(number)
        letters = ""
        while number:
            number, digit = divmod(number - 1, size)
            letters = chr(ord(first) + digit) + letters
        return letters

    return text


def _roman(number: int) -> str:
    if not 1 <= number <= 3999:
        return str(number)
    text = ""
    for value, letters in (
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
        (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ):  # fmt: skip
        while number >= value:
            text, number = text + letters, number - value
    return text


_NUMBERS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimal-leading-zero": lambda number: f"{number:02}",
    "lower-alpha": _alphabetic("a"),
    "lower-latin": _alphabetic("a"),
    "upper-alpha": _alphabetic("A"),
    "upper-latin": _alphabetic("A"),
    "lower-greek": _alphabetic("\u03b1", 24),
    "lower-roman": _roman,
    "upper-roman": lambda number: _roman(number).upper(),
}
