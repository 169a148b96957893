"""::first-letter: the first letter of a block in a box of its own (CSS Pseudo-elements 4 §2.2)."""

from __future__ import annotations

import unicodedata

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import BlockBox, Box, InlineBox, TextBox

__all__ = ["with_first_letter"]


def with_first_letter(children: list[Box], style: ComputedStyle) -> list[Box]:
    """The same boxes with the first letter, and the punctuation around it, in a box with a style."""
    for index, child in enumerate(children):
        if isinstance(child, TextBox):
            if not child.text.strip():
                continue
            return [*children[:index], *_split(child, style), *children[index + 1 :]]
        if isinstance(child, InlineBox):
            inner = with_first_letter(child.children, style)
            if inner is not child.children:
                return [*children[:index], InlineBox(child.style, child.element, inner), *children[index + 1 :]]
        if not isinstance(child, InlineBox) or child.children:
            return children
    return children


def _split(text: TextBox, style: ComputedStyle) -> list[Box]:
    data = text.text.lstrip()
    end = 0
    while end < len(data) and unicodedata.category(data[end]) in ("Ps", "Pi", "Pf", "Po", "Pe"):
        end += 1
    end = min(len(data), end + 1)
    while end < len(data) and unicodedata.category(data[end]) in ("Pe", "Pf", "Po"):
        end += 1
    letter = TextBox(style, data[:end])
    box: Box = InlineBox(style, None, [letter])
    if style["float"] != "none" or style["display"] not in ("inline", "block"):
        box = BlockBox(style, None, [letter])
    return [box, TextBox(text.style, data[end:])]
