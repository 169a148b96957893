"""What flows into lines: words, edges of inline boxes, pictures, forced breaks."""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.boxes import Box, InlineBox
from pressenter.browser.layout.fragments import BoxFragment
from pressenter.browser.layout.shaped_text import Shaped

__all__ = ["Atomic", "Edge", "ForcedBreak", "Item", "OutOfLine", "Word"]


class Word:
    """A piece of text that is not broken, and the white space that follows it.

    A page has as many of these as words, so they are objects of a class, which the compiler knows how to make fast.

    Attributes:
        space: the width of the white space.
        level: the bidirectional embedding level.
        has_fallback: whether another font than the style's own stands in for some of its characters.
    """

    __slots__ = (
        "text", "style", "runs", "width", "space", "space_text", "box", "decorations", "can_break_after",
        "collapsible", "level", "has_fallback",
    )  # fmt: skip

    def __init__(
        self, text: str, style: ComputedStyle, runs: tuple[Shaped, ...], width: float, space: float,
        space_text: str, box: Box, decorations: tuple[tuple[str, ComputedStyle], ...], can_break_after: bool,
        collapsible: bool, level: int, has_fallback: bool,
    ) -> None:  # fmt: skip
        self.text = text
        self.style = style
        self.runs = runs
        self.width = width
        self.space = space
        self.space_text = space_text
        self.box = box
        self.decorations = decorations
        self.can_break_after = can_break_after
        self.collapsible = collapsible
        self.level = level
        self.has_fallback = has_fallback


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
