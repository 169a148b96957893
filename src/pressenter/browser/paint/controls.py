"""What form controls draw beside their text: marks, arrows, bars (HTML Standard §15.5)."""

from __future__ import annotations

from pressenter.browser.css.values import Color
from pressenter.browser.html.dom import Element
from pressenter.browser.html.form_controls import (
    caret_of,
    is_checked,
    is_chosen,
    is_text_control,
    list_rows,
    options_of,
    value_of,
)
from pressenter.browser.layout.boxes import Box
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import BoxFragment, TextFragment
from pressenter.browser.paint.backgrounds import used_color
from pressenter.browser.paint.items import BorderItem, DisplayItem, FillRect, Radii, Rect

__all__ = ["control_items", "is_native_border", "native_border"]

_LINE = Color(0x76 / 255, 0x76 / 255, 0x76 / 255, 1)
_ACCENT = Color(0, 0x75 / 255, 1, 1)
_TRACK = Color(0xEF / 255, 0xEF / 255, 0xEF / 255, 1)
_WHITE = Color(1, 1, 1, 1)
_CHOSEN = Color(0xCE / 255, 0xCE / 255, 0xCE / 255, 1)
_GREEN = Color(0x10 / 255, 0x7C / 255, 0x10 / 255, 1)


def control_items(box: Box, fragment: BoxFragment, x: float, y: float, fonts: FontLibrary) -> list[DisplayItem]:
    """The items of a control that shows itself as the platform does; none for other boxes."""
    element = box.element
    if element is not None and "focus" in element.states and is_text_control(element):
        return _caret(element, fragment, x, y, fonts)
    if element is not None and element.tag == "select" and list_rows(element) > 1:
        return _chosen_rows(element, fragment, x, y)
    if element is not None and element.tag == "select" and box.style["appearance"] != "none":
        return _arrow(Rect(x, y, fragment.width, fragment.height), used_color(box.style["color"], box.style))
    if element is None or box.style["appearance"] == "none" or element.tag not in ("input", "progress", "meter"):
        return []
    rect = Rect(x, y, fragment.width, fragment.height)
    kind = element.get("type").lower() if element.tag == "input" else element.tag
    if kind in ("checkbox", "radio"):
        return _check(rect, kind == "radio", is_checked(element))
    if kind in ("progress", "meter"):
        return _bar(
            rect, _share(element.get("value"), element.get("max") or "1"), _GREEN if kind == "meter" else _ACCENT
        )
    if kind == "range":
        return _slider(rect, _share(value_of(element) or "50", element.get("max") or "100"))
    if kind == "color":
        return [FillRect(rect.inset(5, 5, 5, 5), Color(0, 0, 0, 1))]
    return []


def _arrow(rect: Rect, color: Color) -> list[DisplayItem]:
    """The mark of a select that opens a list, as small squares along its two strokes."""
    left, top = rect.x + rect.width - 13, round(rect.y + rect.height / 2) - 2
    steps = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (5, 2), (6, 1), (7, 0)]
    return [FillRect(Rect(left + x, top + y, 1.0, 2.0), color) for x, y in steps]


def _chosen_rows(select: Element, fragment: BoxFragment, x: float, y: float) -> list[DisplayItem]:
    """What lies behind the chosen options of a select that is a list."""
    texts = [line for line in fragment.children if isinstance(line, TextFragment)]
    width, left = fragment.width, 0.0
    if fragment.edges is not None:
        width, left = width - fragment.edges.horizontal, fragment.edges.left
    several = "multiple" in select.attributes
    return [
        FillRect(Rect(x + left, y + line.y, width, line.height), _CHOSEN)
        for option, line in zip(options_of(select), texts, strict=False)
        if (is_chosen(option) if several else is_checked(option) and option.control is not None)
    ]


def _caret(element: Element, fragment: BoxFragment, x: float, y: float, fonts: FontLibrary) -> list[DisplayItem]:
    """The line that shows where the next character goes."""
    style = fragment.box.style
    before = value_of(element)[: caret_of(element)]
    if element.get("type").lower() == "password":
        before = "\u2022" * len(before)
    *above, line = before.split("\n")
    face, size = fonts.face_of(style), style["font-size"]
    metrics = face.metrics(size)
    height = metrics.ascent + metrics.descent
    edges = fragment.edges
    left, top, bottom = (edges.left, edges.top, edges.bottom) if edges is not None else (0.0, 0.0, 0.0)
    if element.tag == "input":
        top += max(0.0, fragment.height - top - bottom - height) / 2
    advance = sum(run.advance * run.face.scale(size) for run in fonts.shape(line, face))
    place = Rect(round(x + left + advance), round(y + top + len(above) * height), 1.0, height)
    color = style["color"] if style["caret-color"] == "auto" else style["caret-color"]
    return [FillRect(place, used_color(color, style))]


def is_native_border(box: Box) -> bool:
    """Whether a control's border is the platform's: no style sheet of the page has given it one."""
    element, style = box.element, box.style
    return (
        element is not None
        and element.tag in ("button", "input")
        and style["appearance"] != "none"
        and style["border-top-style"] in ("outset", "inset")
        and style["border-top-width"] == style["border-left-width"] == 2.0
    )


def native_border(box: Box, rect: Rect) -> BorderItem:
    """A thin grey line, round at the corners of buttons."""
    radius = 3.0 if box.style["border-top-style"] == "outset" else 0.0
    return BorderItem(rect, (1.0,) * 4, (_LINE,) * 4, ("solid",) * 4, ((radius, radius),) * 4)


def _share(value: str, largest: str) -> float:
    try:
        return min(1.0, max(0.0, float(value) / float(largest)))
    except (ValueError, ZeroDivisionError):
        return 0.0


def _check(rect: Rect, is_round: bool, checked: bool) -> list[DisplayItem]:
    half = rect.width / 2
    radii: Radii = ((half, half),) * 4 if is_round else ((2.0, 2.0),) * 4
    if not checked:
        border = BorderItem(rect, (1.0,) * 4, (_LINE,) * 4, ("solid",) * 4, radii)
        return [FillRect(rect, _WHITE, radii), border]
    if is_round:
        inner = rect.inset(3, 3, 3, 3)
        dot = inner.width / 2
        border = BorderItem(rect, (1.0,) * 4, (_ACCENT,) * 4, ("solid",) * 4, radii)
        return [FillRect(rect, _WHITE, radii), border, FillRect(inner, _ACCENT, ((dot, dot),) * 4)]
    # The tick, as small squares along its two strokes.
    unit = rect.width / 13
    points = [(3, 6), (4, 7), (5, 8), (6, 7), (7, 6), (8, 5), (9, 4)]
    tick = [FillRect(Rect(rect.x + a * unit, rect.y + b * unit, 1.5 * unit, 2 * unit), _WHITE) for a, b in points]
    return [FillRect(rect, _ACCENT, radii), *tick]


def _bar(rect: Rect, share: float, color: Color) -> list[DisplayItem]:
    inner = Rect(rect.x, rect.y + rect.height / 4, rect.width, rect.height / 2)
    radii: Radii = ((inner.height / 2, inner.height / 2),) * 4
    border = BorderItem(inner, (1.0,) * 4, (_LINE,) * 4, ("solid",) * 4, radii)
    return [FillRect(inner, _TRACK, radii), FillRect(inner._replace(width=inner.width * share), color, radii), border]


def _slider(rect: Rect, share: float) -> list[DisplayItem]:
    track = Rect(rect.x, rect.y + rect.height / 2 - 3, rect.width, 6)
    radii: Radii = ((3.0, 3.0),) * 4
    knob = Rect(rect.x + (rect.width - 16) * share, rect.y + rect.height / 2 - 8, 16, 16)
    filled = track._replace(width=max(0.0, knob.x + 8 - track.x))
    return [
        FillRect(track, _TRACK, radii), FillRect(filled, _ACCENT, radii), FillRect(knob, _ACCENT, ((8.0, 8.0),) * 4),
    ]  # fmt: skip
