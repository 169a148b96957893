"""What goes down and what comes up between a container and its contents.

A container gives each of its boxes `Constraints`: the size of the containing block, and
where the container has decided the box's size, that size.  The box lays out what it holds
in the room `Inside` its edges and returns `Contents`.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.browser.layout.float_context import FloatContext
from pressenter.browser.layout.fragments import Fragment

__all__ = ["NO_MARGIN", "Constraints", "Contents", "Inside", "Margin", "margin_of"]


class Constraints(NamedTuple):
    """What a container tells a box.  Sizes in CSS pixels.

    Attributes:
        width: the containing block's; percentages of widths, margins and padding refer to it.
        height: the containing block's, or None where it depends on its contents.
        used_width, used_height: of the border box, where the container decides them.
        definite_height: whether percentages inside may refer to ``used_height``.
        shrinks: an ``auto`` width is as wide as the content needs, not as the containing block is.
        margins_apart: the container has taken the margins off the width already.
    """

    width: float
    height: float | None = None
    used_width: float | None = None
    used_height: float | None = None
    definite_height: bool = True
    shrinks: bool = False


class Inside(NamedTuple):
    """The room in a box's content box.

    Attributes:
        height: if it is known before the contents are laid out.
        percent_height: what percentages of heights refer to.
        smallest_height, largest_height: the limits of the content box's height.
        floats, x, y: the floats around, and the content box's corner among them.
        joins_top: whether the first child's top margin is the box's own.
        clears: whether that margin leaves out children that clear floats, since there are floats to clear.
    """

    width: float
    height: float | None
    percent_height: float | None
    smallest_height: float
    largest_height: float
    floats: FloatContext
    x: float
    y: float
    joins_top: bool
    clears: bool = False


class Margin(NamedTuple):
    """Adjoining margins: the largest positive and the smallest negative (CSS 2.2 §8.3.1)."""

    positive: float = 0.0
    negative: float = 0.0

    def joined(self, other: Margin) -> Margin:
        """Both as one."""
        if other is NO_MARGIN:
            return self
        return Margin(max(self.positive, other.positive), min(self.negative, other.negative))

    @property
    def size(self) -> float:
        """What the margins come to."""
        return self.positive + self.negative


NO_MARGIN = Margin()


def margin_of(size: float) -> Margin:
    """A single margin."""
    if not size:
        return NO_MARGIN
    return Margin(max(size, 0.0), min(size, 0.0))


class Contents(NamedTuple):
    """What is in a box: fragments relative to its content box, their height, and the baselines."""

    fragments: list[Fragment]
    height: float
    bottom_margin: Margin = NO_MARGIN
    first_baseline: float | None = None
    last_baseline: float | None = None
    lines: int = 0
