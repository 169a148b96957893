"""What has to be drawn again: the difference between two display lists, as a rectangle."""

from __future__ import annotations

from collections.abc import Sequence

from pressenter.browser.layout.transforms import mapped_bounds
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

__all__ = ["EVERYTHING", "bounds_of", "damage_between"]

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
    damage: Rect | None = None
    for items in (old, new):
        touched = bounds_of(_whole(items, begin, len(items) - end))
        if touched is not None:
            damage = touched if damage is None else damage.joined(touched)
    return damage


def _whole(items: Sequence[DisplayItem], begin: int, end: int) -> Sequence[DisplayItem]:
    """The items from ``begin`` to ``end``, with all of each group that one of them is in, or is."""
    stack: list[int] = []
    for index in range(begin):
        if isinstance(items[index], _STATES):
            stack.append(index)
        elif isinstance(items[index], PopState):
            stack.pop()
    begin = next((index for index in stack if _moves_or_mixes(items[index])), begin)
    depth = 0
    for index in range(begin, len(items)):
        if index >= end and depth <= 0:
            return items[begin:index]
        depth += isinstance(items[index], _STATES) - isinstance(items[index], PopState)
    return items[begin:]


_STATES = (Clip, Group, FixedToViewport)


def _moves_or_mixes(item: DisplayItem) -> bool:
    """Whether what is in a group is drawn elsewhere than it says, or mixed with its surroundings."""
    return not isinstance(item, Clip) or bool(item.x or item.y)


def bounds_of(items: Sequence[DisplayItem]) -> Rect | None:
    """Where items draw at most; None where they draw nothing."""
    found: list[Rect | None] = [None]
    states: list[Clip | Group | FixedToViewport] = []
    for item in items:
        if isinstance(item, _STATES):
            states.append(item)
            found.append(None)
        elif isinstance(item, PopState):
            if states:  # else it ends what began before the first item
                _join(found, _outside(states.pop(), found.pop()))
        else:
            _join(found, _bounds(item))
    while states:
        _join(found, _outside(states.pop(), found.pop()))
    return found[0]


def _join(found: list[Rect | None], rect: Rect | None) -> None:
    if rect is not None:
        before = found[-1]
        found[-1] = rect if before is None else before.joined(rect)


def _outside(state: Clip | Group | FixedToViewport, inside: Rect | None) -> Rect | None:
    """Where what is in a group is seen from outside."""
    if inside is None:
        return None
    if isinstance(state, FixedToViewport):
        return EVERYTHING
    if isinstance(state, Clip):
        moved = inside._replace(x=inside.x + state.x, y=inside.y + state.y)
        return moved if state.rect is None else moved.common(state.rect.grown(_PIXEL))
    for kind, *values in state.filters:
        if kind == "blur":
            inside = inside.grown(3 * values[0])
        elif kind == "drop-shadow":
            inside = inside.grown(3 * values[2] + max(abs(values[0]), abs(values[1])))
    if state.matrix is None:
        return inside
    edges = (inside.x, inside.y, inside.x + inside.width, inside.y + inside.height)
    left, top, right, bottom = mapped_bounds(state.matrix, *edges)
    return Rect(left, top, right - left, bottom - top).grown(_PIXEL)


def _bounds(item: DisplayItem) -> Rect | None:
    """Where an item draws at most; None if it draws nothing."""
    if isinstance(item, (FillRect, BorderItem)):
        return item.rect.grown(_PIXEL)
    if isinstance(item, GlyphRun):
        size = item.size
        width = item.run.advance * item.run.face.scale(size) + item.spacing * item.run.glyph_count
        return Rect(item.x, item.baseline - 1.5 * size, width, 2.5 * size).grown(size + 3 * item.blur)
    if isinstance(item, Shadow):
        return item.rect.grown(2 * item.blur + abs(item.spread) + max(abs(item.x), abs(item.y)) + _PIXEL)
    if isinstance(item, Stroke):
        return item.rect.grown(2 * item.rect.height + _PIXEL)
    if isinstance(item, PictureItem):
        return (item.area or item.rect).grown(_PIXEL)
    return item.area.grown(_PIXEL) if isinstance(item, GradientItem) else None
