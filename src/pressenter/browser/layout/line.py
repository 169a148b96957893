"""One line: what is in it, its baseline, and the places of its parts (CSS 2.2 §10.8).

Every font has an ascent and a descent.  The line height beyond both is put half above
and half below (*half-leading*).  The highest point above the baseline and the lowest below
it make the line's height; the container's own font takes part, as if the line
began with an empty text of it (the *strut*).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.css.values import LengthPercentage
from pressenter.browser.layout.boxes import InlineBox
from pressenter.browser.layout.edges import edges_of
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.fragments import BoxFragment, Fragment, TextFragment
from pressenter.browser.layout.inline_items import Atomic, Edge, Item, Word

__all__ = ["FinishedLine", "Line", "line_metrics"]


def line_metrics(engine: LayoutEngine, style: ComputedStyle) -> tuple[float, float]:
    """How far a text of this style reaches above and below its baseline, leading included."""
    metrics = engine.face(style).metrics(style["font-size"])
    height = line_height(engine, style)
    content = metrics.ascent + metrics.descent
    above = metrics.ascent + math.floor((height - content) / 2)
    return above, height - above


def line_height(engine: LayoutEngine, style: ComputedStyle) -> float:
    """The used line height."""
    value: Any = style["line-height"]
    size = float(style["font-size"])
    if value == "normal":
        metrics = engine.face(style).metrics(size)
        return metrics.ascent + metrics.descent + metrics.line_gap
    if isinstance(value, tuple) and value[0] == "number":
        return float(value[1]) * size
    return float(value)


class FinishedLine(NamedTuple):
    """Fragments relative to the container's content box."""

    fragments: list[Fragment]
    height: float
    baseline: float


class _Placed(NamedTuple):
    item: Item
    x: float
    shift: float  # of the baseline, upwards


class Line:
    """A line while it is filled."""

    def __init__(self, engine: LayoutEngine, style: ComputedStyle, indent: float) -> None:
        self.engine = engine
        self.style = style
        self.width = indent
        self.has_content = False
        self._trailing = 0.0
        self._placed: list[_Placed] = []
        self._shifts: list[float] = [0.0]

    def reopen(self, edge: Edge) -> None:
        """An inline box goes on from the line before, without its left edge."""
        self._placed.append(_Placed(edge._replace(width=0.0), self.width, 0.0))
        self._shifts.append(self._shifts[-1] + self._shift_of(edge.box.style))

    def hold_open(self) -> None:
        """A forced break makes a line even of nothing."""
        self.has_content = True

    def add(self, item: Item) -> None:
        """Append an item; whether it fits was asked before."""
        if isinstance(item, Word):
            if not item.text and item.collapsible and not self.has_content:
                return
            self._placed.append(_Placed(item, self.width, self._shifts[-1]))
            self.width += item.width + item.space
            self._trailing = item.space if item.collapsible else 0.0
            self.has_content = self.has_content or bool(item.text) or not item.collapsible
        elif isinstance(item, Edge):
            self._placed.append(_Placed(item, self.width, self._shifts[-1]))
            self.width += item.width
            if item.width:
                self._trailing = 0.0
                self.has_content = True
            if item.opens:
                self._shifts.append(self._shifts[-1] + self._shift_of(item.box.style))
            elif len(self._shifts) > 1:
                self._shifts.pop()
        elif isinstance(item, Atomic):
            self._placed.append(_Placed(item, self.width, self._shifts[-1]))
            self.width += item.width
            self._trailing = 0.0
            self.has_content = True

    def _shift_of(self, style: ComputedStyle) -> float:
        """How far vertical-align raises a box above its parent's baseline."""
        align = style["vertical-align"]
        size = style["font-size"]
        if isinstance(align, (float, int)):
            return float(align)
        if isinstance(align, LengthPercentage):
            return align.of(line_height(self.engine, style))
        if align == "super":
            return float(size) / 3
        return -float(size) / 5 if align == "sub" else 0.0

    def finish(self, left: float, top: float, room: float, last: bool) -> FinishedLine:
        """Work out the baseline and give every part its place."""
        above, below = self._extents()
        baseline = top + above
        offset, stretch = self._alignment(left, room, last)
        fragments: list[Fragment] = []
        open_boxes: list[tuple[InlineBox, float, bool, float]] = []
        added = 0.0
        for item, x, shift in self._placed:
            place = offset + x + added
            if isinstance(item, Word):
                fragments.append(self._text(item, place, baseline - shift))
                if item.space:
                    added += stretch
            elif isinstance(item, Atomic):
                fragments.append(self._atomic(item, place, top, baseline - shift, above + below))
            elif isinstance(item, Edge):
                if item.opens:
                    open_boxes.append((item.box, place, item.width != 0, shift))
                elif open_boxes:
                    box, start, has_left, at = open_boxes.pop()
                    fragments.insert(0, self._inline_box(box, start, place + item.width, baseline - at, has_left, True))
        end = offset + self.width + added - self._trailing
        for box, start, has_left, at in reversed(open_boxes):
            fragments.insert(0, self._inline_box(box, start, end, baseline - at, has_left, False))
        return FinishedLine(fragments, above + below, baseline)

    def _extents(self) -> tuple[float, float]:
        """The highest point above and the lowest below the baseline."""
        above, below = line_metrics(self.engine, self.style)
        tall = 0.0
        for item, _, shift in self._placed:
            if isinstance(item, Word):
                up, down = line_metrics(self.engine, item.style)
                above, below = max(above, up + shift), max(below, down - shift)
            elif isinstance(item, Atomic):
                align = item.fragment.box.style["vertical-align"]
                if align in ("top", "bottom"):
                    tall = max(tall, item.above + item.below)
                    continue
                up, down = self._atomic_extents(item, shift)
                above, below = max(above, up), max(below, down)
        if tall > above + below:
            below = tall - above
        return above, below

    def _atomic_extents(self, item: Atomic, shift: float) -> tuple[float, float]:
        style = item.fragment.box.style
        align = style["vertical-align"]
        total = item.above + item.below
        if align == "middle":
            middle = self.engine.face(self.style).metrics(self.style["font-size"]).x_height / 2
            return total / 2 + middle + shift, total / 2 - middle - shift
        if align in ("text-top", "text-bottom"):
            metrics = self.engine.face(self.style).metrics(self.style["font-size"])
            if align == "text-top":
                return metrics.ascent, total - metrics.ascent
            return total - metrics.descent, metrics.descent
        raised = shift + self._shift_of(style)
        return item.above + raised, item.below - raised

    def _alignment(self, left: float, room: float, last: bool) -> tuple[float, float]:
        """Where the line begins, and what each space grows by (text-align)."""
        free = room - (self.width - self._trailing)
        align = self.style["text-align"]
        rightwards = self.style["direction"] == "rtl"
        if align == "start":
            align = "right" if rightwards else "left"
        elif align == "end":
            align = "left" if rightwards else "right"
        if free <= 0 or align == "left":
            return left, 0.0
        if align == "right":
            return left + free, 0.0
        if align in ("center", "-webkit-center"):
            return left + free / 2, 0.0
        spaces = sum(1 for placed in self._placed if isinstance(placed.item, Word) and placed.item.space)
        spaces -= 1 if self._trailing else 0
        return left, 0.0 if last or spaces < 1 else free / spaces

    def _text(self, word: Word, x: float, baseline: float) -> TextFragment:
        metrics = self.engine.face(word.style).metrics(word.style["font-size"])
        ascent = metrics.ascent
        height = ascent + metrics.descent
        width = word.width + word.space
        return TextFragment(
            x, baseline - ascent, width, height, ascent, word.runs, word.style, word.text + word.space_text,
            word.style["letter-spacing"], word.decorations, word.box,
        )  # fmt: skip

    def _atomic(self, item: Atomic, x: float, top: float, baseline: float, height: float) -> BoxFragment:
        align = item.fragment.box.style["vertical-align"]
        if align == "top":
            y = top
        elif align == "bottom":
            y = top + height - item.above - item.below
        else:
            up, _ = self._atomic_extents(item, 0.0)
            y = baseline - up
        return item.fragment._replace(x=x + item.margin_left, y=y + item.margin_top)

    def _inline_box(
        self, box: InlineBox, start: float, end: float, baseline: float, has_left: bool, has_right: bool
    ) -> BoxFragment:
        """The background and border of an inline box on this line (CSS 2.2 §10.6.1)."""
        style = box.style
        edges = edges_of(style, 0.0)
        metrics = self.engine.face(style).metrics(style["font-size"])
        baseline -= self._shift_of(style)
        top = baseline - metrics.ascent - edges.top
        height = metrics.ascent + metrics.descent + edges.vertical
        left = start + (edges.margin_left if has_left else 0.0)
        right = end - (edges.margin_right if has_right else 0.0)
        return BoxFragment(left, top, max(0.0, right - left), height, box, (), None, None, 0, has_left, has_right)
