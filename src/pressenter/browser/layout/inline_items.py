"""What flows into lines: words, edges of inline boxes, pictures, forced breaks."""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import Box, InlineBox
from pressenter.browser.layout.fonts import ShapedText
from pressenter.browser.layout.fragments import BoxFragment

__all__ = ["Atomic", "Edge", "ForcedBreak", "Item", "OutOfLine", "Word"]


class Word(NamedTuple):
    """A piece of text that is not broken, and the white space that follows it."""

    text: str
    style: ComputedStyle
    runs: tuple[ShapedText, ...]
    width: float
    space: float
    space_text: str
    box: Box
    decorations: tuple[tuple[str, ComputedStyle], ...]
    can_break_after: bool
    collapsible: bool
    #: Bidirectional embedding level.
    level: int = 0
    #: Whether another font than the style's own stands in for some of its characters.
    has_fallback: bool = False


class Edge(NamedTuple):
    """Where an inline box begins or ends: its margin, border and padding there."""

    box: InlineBox
    opens: bool
    width: float
    #: Whether it is more than nothing, so that a line with it alone is one (CSS 2.2 §9.4.2).
    makes_line: bool = False


class Atomic(NamedTuple):
    """A picture, an inline block or an inline table: a fragment in a line."""

    fragment: BoxFragment
    width: float
    above: float
    below: float
    margin_left: float
    margin_top: float
    can_break_after: bool
    level: int = 0


class ForcedBreak(NamedTuple):
    """``<br>`` or a newline that is kept."""

    style: ComputedStyle
    #: The box of a ``<br>``.
    box: Box | None = None


class OutOfLine(NamedTuple):
    """A float or an absolutely positioned box, where it stands in the content."""

    box: Box


Item = Word | Edge | Atomic | ForcedBreak | OutOfLine
