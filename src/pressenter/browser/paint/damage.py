"""What has to be drawn again: the difference between two display lists, as a rectangle."""

from __future__ import annotations

from collections.abc import Sequence

from pressenter.browser.paint.items import (
    BorderItem,
    Clip,
    DisplayItem,
    FillRect,
    FixedToViewport,
    GlyphRun,
    GradientItem,
    Group,
    PictureItem,
    PopState,
    Rect,
    Shadow,
    Stroke,
)

__all__ = ["EVERYTHING", "bounds_of", "damage_between", "union"]

EVERYTHING = Rect(-1e7, -1e7, 2e7, 2e7)
_PIXEL = 1.0  # antialiasing and rounding reach this far


def damage_between(old: Sequence[DisplayItem], new: Sequence[DisplayItem]) -> Rect | None:
    """The rectangle outside of which both lists draw the same; None if they are the same."""
    shorter = min(len(old), len(new))
    begin = 0
    while begin < shorter and (old[begin] is new[begin] or old[begin] == new[begin]):
        begin += 1
    if begin == len(old) == len(new):
        return None
    end = 0
    while end < shorter - begin and (old[-1 - end] is new[-1 - end] or old[-1 - end] == new[-1 - end]):
        end += 1
    if _moves_or_mixes(new[:begin]):
        return EVERYTHING
    return bounds_of((*old[begin : len(old) - end], *new[begin : len(new) - end]))


def bounds_of(items: Sequence[DisplayItem]) -> Rect | None:
    """Where items draw at most: `EVERYTHING` where that is not easily told, None where they draw nothing."""
    found: Rect | None = None
    for item in items:
        touched = _bounds(item)
        if touched is EVERYTHING:
            return EVERYTHING
        if touched is not None:
            found = union(found, touched)
    return found


def union(one: Rect | None, other: Rect) -> Rect:
    """The smallest rectangle around both."""
    if one is None:
        return other
    left, top = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.x + one.width, other.x + other.width), max(one.y + one.height, other.y + other.height)
    return Rect(left, top, right - left, bottom - top)


def _moves_or_mixes(items: Sequence[DisplayItem]) -> bool:
    """Whether what comes after these items is drawn elsewhere than it says, or mixed with its surroundings."""
    stack: list[bool] = []
    for item in items:
        if isinstance(item, PopState):
            stack.pop()
        elif isinstance(item, Clip):
            stack.append(bool(item.x or item.y))
        elif isinstance(item, (Group, FixedToViewport)):
            stack.append(True)
    return any(stack)


def _bounds(item: DisplayItem) -> Rect | None:
    """Where an item draws at most; None if it draws nothing."""
    if isinstance(item, (FillRect, BorderItem)):
        return _grown(item.rect, _PIXEL)
    if isinstance(item, GlyphRun):
        size = item.size
        width = item.run.advance * item.run.face.scale(size) + item.spacing * len(item.run.glyphs)
        return _grown(Rect(item.x, item.baseline - 1.5 * size, width, 2.5 * size), size + 3 * item.blur)
    if isinstance(item, Shadow):
        return _grown(item.rect, 2 * item.blur + abs(item.spread) + max(abs(item.x), abs(item.y)) + _PIXEL)
    if isinstance(item, Stroke):
        return _grown(item.rect, 2 * item.rect.height + _PIXEL)
    if isinstance(item, PictureItem):
        return _grown(item.area or item.rect, _PIXEL)
    if isinstance(item, GradientItem):
        return _grown(item.area, _PIXEL)
    if isinstance(item, Clip):
        return EVERYTHING if item.rect is None or item.x or item.y else _grown(item.rect, _PIXEL)
    return None if isinstance(item, PopState) else EVERYTHING


def _grown(rect: Rect, by: float) -> Rect:
    return Rect(rect.x - by, rect.y - by, rect.width + 2 * by, rect.height + 2 * by)
