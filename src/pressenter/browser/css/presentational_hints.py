"""Attributes that style: ``bgcolor``, ``align``, ``width`` and others (HTML Standard §15).

They count as author rules of no specificity, below every style sheet.
"""

from __future__ import annotations

import re

from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.dom import HTML, SVG, Element

__all__ = ["hints"]

_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)")
_COLOR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]+")
_FONT_SIZES = ("x-small", "small", "medium", "large", "x-large", "xx-large", "xxx-large")
_SIZED = frozenset(("img", "table", "td", "th", "hr", "iframe", "video", "canvas", "object", "embed", "col", "pre"))


def hints(element: Element) -> tuple[tuple[str, str], ...]:
    """Declarations that an element's attributes stand for, as (property, value)."""
    if element.namespace == SVG and element.tag == "svg":
        return tuple((name, length) for name in ("width", "height") if (length := _length(element.get(name))))
    cell = element.tag in ("td", "th")  # a cell's may come from its table
    if element.namespace != HTML or not (element.attributes or cell):
        return ()
    found: list[tuple[str, str]] = []
    attributes, tag = element.attributes, element.tag
    if tag in _SIZED:
        for name in ("width", "height"):
            length = _length(attributes.get(name, ""))
            if length:
                found.append((name, length))
    color = attributes.get("bgcolor", "")
    if _COLOR.fullmatch(color):
        found.append(("background-color", color))
    for name in ("text",) if tag == "body" else ("color",) if tag == "font" else ():
        if _COLOR.fullmatch(attributes.get(name, "")):
            found.append(("color", attributes[name]))
    align = attributes.get("align", "").lower()
    if align in ("left", "right") and tag in ("img", "table", "iframe"):
        found.append(("float", align))
    elif align == "center" and tag == "table":
        found += [("margin-left", "auto"), ("margin-right", "auto")]
    elif align == "center" and tag == "div":
        found.append(("text-align", "-webkit-center"))
    elif align in ("left", "right", "center", "justify"):
        found.append(("text-align", align))
    if attributes.get("valign", "").lower() in ("top", "middle", "bottom", "baseline"):
        found.append(("vertical-align", attributes["valign"].lower()))
    if "nowrap" in attributes and tag in ("td", "th"):
        found.append(("white-space", "nowrap"))
    if "hidden" in attributes:
        found.append(("display", "none"))
    if tag == "font":
        found += _font(element)
    if tag == "table":
        found += _table(element)
    if cell:
        found += _cell(element)
    if tag == "img" and _length(attributes.get("border", "")):
        found.append(("border", f"{_length(attributes['border'])} solid"))
    if tag in ("ol", "li") and attributes.get("type", "") in _LIST_TYPES:
        found.append(("list-style-type", _LIST_TYPES[attributes["type"]]))
    return tuple(found)


_LIST_TYPES = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}


def _length(text: str) -> str:
    match = _LENGTH.match(text)
    if match is None:
        return ""
    return match[1] + (match[2] or "px")


def _font(element: Element) -> list[tuple[str, str]]:
    found = []
    if element.get("face"):
        found.append(("font-family", element.get("face")))
    size = element.get("size").strip()
    if size.lstrip("+-")[:1].isdecimal():
        number = whole_number(size, 3) if size[0].isdecimal() else 3 + whole_number(size, 0, -100, 100)
        found.append(("font-size", _FONT_SIZES[min(7, max(1, number)) - 1]))
    return found


def _table(element: Element) -> list[tuple[str, str]]:
    found = []
    if "border" in element.attributes and element.get("border") != "0":
        found.append(("border", f"{_length(element.get('border')) or '1px'} outset gray"))
    if _length(element.get("cellspacing")):
        found.append(("border-spacing", _length(element.get("cellspacing"))))
    return found


def _cell(element: Element) -> list[tuple[str, str]]:
    table = element.parent_element
    while table is not None and table.tag != "table":
        table = table.parent_element
    if table is None:
        return []
    found = []
    if _length(table.get("cellpadding")):
        found.append(("padding", _length(table.get("cellpadding"))))
    if "border" in table.attributes and table.get("border") != "0":
        found.append(("border", "1px inset gray"))
    return found
