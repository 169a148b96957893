"""Which boxes look at the height of what is around them: percentages of heights, and ``stretch``.

Most boxes do not.  For those, the height around is no part of the question that a container asks,
and a container that asks again with another height gets the answer that is there already.
"""

from __future__ import annotations

from pressenter.browser.layout.boxes import (
    BlockBox,
    Box,
    FlexBox,
    InlineBox,
    LineBreakBox,
    ReplacedBox,
    TableBox,
    TextBox,
)
from pressenter.browser.layout.constraints import Constraints
from pressenter.browser.layout.formatting_context import is_multicol
from pressenter.browser.layout.sizing import scrolls

__all__ = ["PercentageHeights"]

_HEIGHTS = ("height", "min-height", "max-height", "top", "bottom")
_INDIFFERENT = frozenset(("auto", "none", "min-content", "max-content", "fit-content", "content"))


class PercentageHeights:
    """What was found out about the boxes of a page."""

    def __init__(self) -> None:
        self._looking: dict[Box, bool] = {}
        self._inside: dict[Box, bool] = {}

    def keep_only(self, alive: set[Box]) -> None:
        """Forget what was found out about others."""
        self._looking = {box: value for box, value in self._looking.items() if box in alive}
        self._inside = {box: value for box, value in self._inside.items() if box in alive}

    def matter_to(self, box: Box) -> bool:
        """Whether the height of its containing block matters to a box."""
        known = self._looking.get(box)
        if known is None:
            known = self._looking[box] = self._matter_to(box)
        return known

    def matter_in(self, box: Box) -> bool:
        """Whether it matters to something in a box if that has a height of its own, and which."""
        known = self._inside.get(box)
        if known is None:
            children: list[Box] = getattr(box, "children", [])
            known = self._inside[box] = any(self.matter_to(child) for child in children)
        return known

    def _matter_to(self, box: Box) -> bool:
        if isinstance(box, (TextBox, LineBreakBox)):
            return False
        if isinstance(box, (ReplacedBox, TableBox)):
            return True  # not looked into
        style = box.style
        if any(type(style[name]) is not float and style[name] not in _INDIFFERENT for name in _HEIGHTS):
            return True
        # Inline and anonymous boxes are no containing blocks: what is in them looks further (CSS 2.2 §9.2.1.1).
        return (box.element is None or isinstance(box, InlineBox)) and self.matter_in(box)

    def stay_the_same(self, box: Box) -> bool:
        """Whether a box keeps what is in it if it is given the height that it has by itself.

        Not if it shares that height out, or shows scroll bars where it is too small.
        """
        if isinstance(box, ReplacedBox):
            return True
        shares = isinstance(box, (FlexBox, TableBox)) or (isinstance(box, BlockBox) and is_multicol(box))
        return not (shares or scrolls(box.style) or self.matter_in(box))

    def relevant(self, box: Box, constraints: Constraints) -> Constraints:
        """What of the constraints can matter to a box."""
        if isinstance(box, (ReplacedBox, TableBox)):
            return constraints
        width, height, used_width, used_height, definite, shrinks = constraints
        if height is not None and not self.matter_to(box):
            height = None
        definite = definite or not self.matter_in(box)
        shrinks = shrinks and used_width is None
        if height is constraints.height and definite == constraints.definite_height and shrinks == constraints.shrinks:
            return constraints
        return Constraints(width, height, used_width, used_height, definite, shrinks)
