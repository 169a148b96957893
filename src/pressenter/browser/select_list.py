"""The list that a select opens over the page (HTML Standard §4.10.7, §15.5.16; its look is the browser's).

It belongs to the window and not to the page: nothing of the page covers it, and it may reach
beyond the frame that the select stands in.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser import keys
from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import Color
from pressenter.browser.html.dom import Element
from pressenter.browser.html.form_controls import is_disabled_option, selected_option
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.rectangles import Rectangle
from pressenter.browser.paint.items import BorderItem, Clip, DisplayItem, FillRect, GlyphRun, PopState, Rect, Shadow

__all__ = ["Row", "SelectList"]

_ROW = 1.5  # heights of the text
_MOST_ROWS = 20
_PAPER, _LINE = Color(1, 1, 1, 1), Color(0.46, 0.46, 0.46, 1)
_INK, _FAINT = Color(0, 0, 0, 1), Color(0.5, 0.5, 0.5, 1)
_MARK, _MARKED_INK = Color(0.1, 0.46, 0.82, 1), Color(1, 1, 1, 1)
_BAR = Color(0, 0, 0, 0.35)
_SHADOW = Color(0, 0, 0, 0.25)
_STEPS = {keys.DOWN: 1, keys.UP: -1, keys.PAGE_DOWN: _MOST_ROWS, keys.PAGE_UP: -_MOST_ROWS, keys.HOME: -1_000_000,
          keys.END: 1_000_000}  # fmt: skip


class Row(NamedTuple):
    """One line of the list: an option, or the label of a group of them (``option`` is None)."""

    text: str
    option: Element | None
    can_be_chosen: bool
    indent: float


class SelectList:
    """The open list of one select.

    Args:
        place: of the select in its page's window, in CSS pixels.
        window_height: of that window: the list opens where there is room.
        style: of the select.

    Attributes:
        rows: all its lines.
        marked: number of the row that is marked.
        rect: where it is in the window.
    """

    def __init__(
        self, select: Element, place: Rectangle, window_height: float, style: ComputedStyle, fonts: FontLibrary
    ) -> None:
        self.select = select
        self.rows = _rows(select)
        self._fonts, self._style = fonts, style
        self._row_height = round(style["font-size"] * _ROW)
        chosen = selected_option(select)
        self.marked = next((number for number, row in enumerate(self.rows) if row.option is chosen), 0)
        above, below = place.y, window_height - place.y - place.height
        fits = max(1, int(max(above, below) // self._row_height))
        self._visible = min(len(self.rows), _MOST_ROWS, fits)
        height = self._visible * self._row_height + 2
        top = place.y + place.height if height <= below or below >= above else place.y - height
        widest = max((self._width(row.text) + row.indent for row in self.rows), default=0.0)
        self.rect = Rect(round(place.x), round(top), round(max(place.width, widest + 16)), height)
        self._first = 0
        self._show_marked()

    def row_at(self, x: float, y: float) -> Row | None:
        """The row at a point of the window; None outside of the list."""
        number = self._number_at(x, y)
        return self.rows[number] if number is not None else None

    def place_of(self, number: int) -> tuple[float, float]:
        """The middle of a row in the window; rows that are scrolled out of the list lie above and below it."""
        return self.rect.x + self.rect.width / 2, self.rect.y + 1 + (number - self._first + 0.5) * self._row_height

    def point(self, x: float, y: float) -> bool:
        """Mark the row under the pointer; whether that is another one now."""
        number = self._number_at(x, y)
        if number is None or number == self.marked or not self.rows[number].can_be_chosen:
            return False
        self.marked = number
        return True

    def turn(self, steps: int) -> None:
        """Scroll by rows."""
        self._first = min(max(0, self._first - steps), len(self.rows) - self._visible)

    def key(self, character: str) -> bool:
        """A key that moves the mark; whether it is one."""
        if character not in _STEPS:
            return False
        usable = [number for number, row in enumerate(self.rows) if row.can_be_chosen]
        if usable:
            index = usable.index(self.marked) if self.marked in usable else -1
            self.marked = usable[min(max(0, index + _STEPS[character]), len(usable) - 1)]
            self._show_marked()
        return True

    def _number_at(self, x: float, y: float) -> int | None:
        if not self.rect.holds(x, y):
            return None
        number = self._first + int((y - self.rect.y - 1) // self._row_height)
        return number if 0 <= number < len(self.rows) else None

    def _show_marked(self) -> None:
        self._first = min(max(self._first, self.marked - self._visible + 1), self.marked)

    # ---- look --------------------------------------------------------------------------------------

    def items(self, dx: float, dy: float) -> list[DisplayItem]:
        """What it looks like, moved from its page's window by (dx, dy)."""
        rect = Rect(self.rect.x + dx, self.rect.y + dy, self.rect.width, self.rect.height)
        square = ((0.0, 0.0),) * 4
        items: list[DisplayItem] = [
            Shadow(rect, square, 0, 2, 6, 0, _SHADOW, False), FillRect(rect, _PAPER), Clip(rect),
        ]  # fmt: skip
        size = self._style["font-size"]
        for place, number in enumerate(range(self._first, self._first + self._visible)):
            row, top = self.rows[number], rect.y + 1 + place * self._row_height
            ink = _INK if row.can_be_chosen or row.option is None else _FAINT
            if number == self.marked:
                items.append(FillRect(Rect(rect.x, top, rect.width, self._row_height), _MARK))
                ink = _MARKED_INK
            pen, baseline = rect.x + 6 + row.indent, round(top + (self._row_height + size * 0.7) / 2)
            face = self._fonts.face_of(self._style)
            for run in self._fonts.shape(row.text, face):
                items.append(GlyphRun(pen, baseline, run, size, ink, 0.0, embolden=row.option is None))
                pen += run.advance * run.face.scale(size)
        if self._visible < len(self.rows):
            share = (rect.height - 4) / len(self.rows)
            bar = Rect(rect.x + rect.width - 8, rect.y + 2 + self._first * share, 5, self._visible * share)
            items.append(FillRect(bar, _BAR, ((2.5, 2.5),) * 4))
        return [*items, PopState(), BorderItem(rect, (1.0,) * 4, (_LINE,) * 4, ("solid",) * 4)]

    def _width(self, text: str) -> float:
        size = self._style["font-size"]
        runs = self._fonts.shape(text, self._fonts.face_of(self._style))
        return sum((run.advance * run.face.scale(size) for run in runs), 0.0)


def _rows(select: Element) -> list[Row]:
    rows: list[Row] = []
    for item in select.elements():
        if item.is_html(("optgroup",)):
            rows.append(Row(item.get("label"), None, False, 0.0))
        elif item.is_html(("option",)):
            grouped = item.parent_element is not None and item.parent_element.is_html(("optgroup",))
            text = " ".join((item.get("label") or item.text_content()).split())
            rows.append(Row(text, item, not is_disabled_option(item), 14.0 if grouped else 0.0))
    return rows
