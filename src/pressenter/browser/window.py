"""The browser's window: title, address bar, and the page below, as one picture."""

from __future__ import annotations

from pressenter.browser.css.values import Color
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.page import Page
from pressenter.browser.paint.items import NO_RADII, Clip, DisplayItem, FillRect, GlyphRun, PopState, Rect

__all__ = ["CHROME_HEIGHT", "window_items"]

CHROME_HEIGHT = 76
_TITLE_BAR = Color(0.87, 0.88, 0.91, 1)
_TOOLBAR = Color(0.97, 0.97, 0.98, 1)
_FIELD = Color(1, 1, 1, 1)
_LINE = Color(0.8, 0.81, 0.84, 1)
_INK = Color(0.13, 0.14, 0.16, 1)
_FAINT = Color(0.45, 0.47, 0.5, 1)
_SECURE = Color(0.1, 0.5, 0.25, 1)


def window_items(
    fonts: FontLibrary, width: int, height: int, title: str, address: str, page: Page | None
) -> list[DisplayItem]:
    """The display list of the whole window."""
    items: list[DisplayItem] = [FillRect(Rect(0, 0, width, height), Color(1, 1, 1, 1))]
    if page is not None:
        view = Rect(0, CHROME_HEIGHT, width, height - CHROME_HEIGHT)
        items += [Clip(view, NO_RADII, 0.0, CHROME_HEIGHT), *page.display_list, PopState()]
    items.append(FillRect(Rect(0, 0, width, 34), _TITLE_BAR))
    items.append(
        FillRect(Rect(10, 6, min(300, width - 20), 28), _TOOLBAR, ((8.0, 8.0), (8.0, 8.0), (0.0, 0.0), (0.0, 0.0)))
    )
    items.append(FillRect(Rect(0, 34, width, CHROME_HEIGHT - 34), _TOOLBAR))
    items.append(FillRect(Rect(0, CHROME_HEIGHT - 1, width, 1), _LINE))
    items.append(Clip(Rect(22, 6, min(276, width - 40), 28)))
    items += _text(fonts, title, 22, 25, 13, _INK)
    items.append(PopState())
    items += _text(fonts, "\u2190", 16, 61, 18, _FAINT)
    items += _text(fonts, "\u2192", 44, 61, 18, _FAINT)
    field = Rect(76, 40, max(0, width - 92), 30)
    items.append(FillRect(field, _LINE, ((15.0, 15.0),) * 4))
    items.append(
        FillRect(Rect(field.x + 1, field.y + 1, field.width - 2, field.height - 2), _FIELD, ((14.0, 14.0),) * 4)
    )
    secure = address.startswith("https:")
    label = "secure" if secure else "not secure" if address.startswith("http:") else ""
    pen = field.x + 16
    items.append(Clip(field))
    if label:
        items += _text(fonts, label, pen, 60, 12, _SECURE if secure else _FAINT)
        pen += _width(fonts, label, 12) + 12
    items += _text(fonts, address, pen, 60, 14, _INK)
    items.append(PopState())
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
