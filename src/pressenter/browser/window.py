"""The browser's own part of its window: title, buttons and address bar, above the page."""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.css.values import Color
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.paint.items import Clip, DisplayItem, FillRect, GlyphRun, PopState, Rect

__all__ = [
    "BACK_BUTTON",
    "FORWARD_BUTTON",
    "RELOAD_BUTTON",
    "TOOLBAR_HEIGHT",
    "WindowState",
    "address_field",
    "window_items",
]

TOOLBAR_HEIGHT = 76
_TITLE_BAR = Color(0.87, 0.88, 0.91, 1)
_TOOLBAR = Color(0.97, 0.97, 0.98, 1)
_FIELD = Color(1, 1, 1, 1)
_LINE = Color(0.8, 0.81, 0.84, 1)
_INK = Color(0.13, 0.14, 0.16, 1)
_FAINT = Color(0.45, 0.47, 0.5, 1)
_LOADING = Color(0.2, 0.45, 0.85, 1)
_FOCUS = Color(0.35, 0.55, 0.9, 1)
_BAR = Color(0, 0, 0, 0.35)
_SECURE = Color(0.1, 0.5, 0.25, 1)


#: Where the buttons are.
BACK_BUTTON = Rect(8, 40, 28, 30)
FORWARD_BUTTON = Rect(36, 40, 28, 30)
RELOAD_BUTTON = Rect(64, 40, 28, 30)


class WindowState(NamedTuple):
    """What the toolbar shows.

    Attributes:
        text: what is typed in the address bar; ``address`` is that of the page.
        has_focus: whether keys go to the address bar.
    """

    title: str
    address: str
    text: str
    is_loading: bool = False
    can_go_back: bool = False
    can_go_forward: bool = False
    has_focus: bool = False


def address_field(width: int) -> Rect:
    """Where the address bar is."""
    return Rect(102, 40, max(0, width - 118), 30)


def window_items(fonts: FontLibrary, width: int, state: WindowState) -> list[DisplayItem]:
    """The display list of everything that is not the page."""
    items: list[DisplayItem] = [FillRect(Rect(0, 0, width, 34), _TITLE_BAR)]
    items.append(
        FillRect(Rect(10, 6, min(300, width - 20), 28), _TOOLBAR, ((8.0, 8.0), (8.0, 8.0), (0.0, 0.0), (0.0, 0.0)))
    )
    items.append(FillRect(Rect(0, 34, width, TOOLBAR_HEIGHT - 34), _TOOLBAR))
    items.append(FillRect(Rect(0, TOOLBAR_HEIGHT - 1, width, 1), _LINE))
    pen = 22.0
    if state.is_loading:
        items.append(FillRect(Rect(22, 15, 10, 10), _LOADING, ((5.0, 5.0),) * 4))
        pen += 18
    items.append(Clip(Rect(pen, 6, min(298, width - 20) - pen, 28)))
    items += _text(fonts, state.title, pen, 25, 13, _INK)
    items.append(PopState())
    for button, sign, works in (
        (BACK_BUTTON, "\u2190", state.can_go_back), (FORWARD_BUTTON, "\u2192", state.can_go_forward),
        (RELOAD_BUTTON, "\u00d7" if state.is_loading else "\u21bb", True),
    ):  # fmt: skip
        left = button.x + (button.width - _width(fonts, sign, 18)) / 2
        items += _text(fonts, sign, left, 61, 18, _INK if works else _FAINT)
    field = address_field(width)
    line, edge = (_FOCUS, 2) if state.has_focus else (_LINE, 1)
    items.append(FillRect(field, line, ((15.0, 15.0),) * 4))
    items.append(FillRect(field.inset(edge, edge, edge, edge), _FIELD, ((15.0 - edge, 15.0 - edge),) * 4))
    items.append(Clip(field))
    items += _address_items(fonts, state, field.x + 16)
    items.append(PopState())
    return items


def _address_items(fonts: FontLibrary, state: WindowState, pen: float) -> list[DisplayItem]:
    """How safe the connection is, the address, and the caret if one types."""
    items: list[DisplayItem] = []
    secure = state.address.startswith("https:")
    label = "secure" if secure else "not secure" if state.address.startswith("http:") else ""
    if label and state.text == state.address:
        items += _text(fonts, label, pen, 60, 12, _SECURE if secure else _FAINT)
        pen += _width(fonts, label, 12) + 12
    items += _text(fonts, state.text, pen, 60, 14, _INK)
    if state.has_focus:
        items.append(FillRect(Rect(round(pen + _width(fonts, state.text, 14)) + 1, 46, 1, 18), _INK))
    return items


def scroll_bar_items(view: Rect, scroll: tuple[float, float], page: tuple[float, float]) -> list[DisplayItem]:
    """Bars over the page's edges that show which part of it is seen; none where all of it is.

    Args:
        view: the rectangle through which the page is seen.
        page: the page's width and height.
    """
    items: list[DisplayItem] = []
    width, height = view.width, view.height
    if page[1] > height:
        size, place = max(30.0, height * height / page[1]), (height - 4) * scroll[1] / page[1]
        items.append(FillRect(Rect(view.x + width - 9, view.y + 2 + place, 6, size - 4), _BAR, ((3.0, 3.0),) * 4))
    if page[0] > width:
        size, place = max(30.0, width * width / page[0]), (width - 4) * scroll[0] / page[0]
        items.append(FillRect(Rect(view.x + 2 + place, view.y + height - 9, size - 4, 6), _BAR, ((3.0, 3.0),) * 4))
    return items


def _text(fonts: FontLibrary, text: str, x: float, baseline: float, size: float, color: Color) -> list[DisplayItem]:
    items: list[DisplayItem] = []
    for run in fonts.shape(text, fonts.face(("sans-serif",), 400, False)):
        items.append(GlyphRun(x, baseline, run, size, color, 0.0))
        x += run.advance * run.face.scale(size)
    return items


def _width(fonts: FontLibrary, text: str, size: float) -> float:
    runs = fonts.shape(text, fonts.face(("sans-serif",), 400, False))
    return sum((run.advance * run.face.scale(size) for run in runs), 0.0)
