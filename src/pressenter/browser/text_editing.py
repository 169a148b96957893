"""Typing into a text field: what each key does to its value and its caret."""

from __future__ import annotations

from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.dom import Element
from pressenter.browser.html.form_controls import caret_of, set_value, value_of
from pressenter.browser.keys import DELETE, END, HOME, LEFT, RIGHT

__all__ = ["edit"]

_UNLIMITED = 524_288  # characters: what browsers take where maxlength says nothing


def edit(field: Element, character: str) -> bool:
    """Take a key's character; False if it does nothing to the field."""
    value, caret = value_of(field), caret_of(field)
    if character in (LEFT, RIGHT, HOME, END):
        place = {LEFT: max(0, caret - 1), RIGHT: min(len(value), caret + 1), HOME: 0, END: len(value)}[character]
        set_value(field, value, place)
    elif character == "\b":
        set_value(field, value[: max(0, caret - 1)] + value[caret:], max(0, caret - 1))
    elif character == DELETE:
        set_value(field, value[:caret] + value[caret + 1 :], caret)
    elif character.isprintable() or (character == "\n" and field.tag == "textarea"):
        if len(value) >= whole_number(field.get("maxlength"), _UNLIMITED, 0):
            return False
        set_value(field, value[:caret] + character + value[caret:], caret + 1)
    else:
        return False
    return True
