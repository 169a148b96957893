"""The explicit grid: tracks and line names of one axis, repetitions written out (CSS Grid 2 §7)."""

from __future__ import annotations

from typing import Any, NamedTuple

from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.sizing import is_percentage

__all__ = ["Template", "TrackSizes", "area_lines", "expand_template", "repeats_automatically"]

_MOST_TRACKS = 10_000


class TrackSizes(NamedTuple):
    """The sizing functions of a track (§7.2.3)."""

    smallest: Any
    largest: Any


class Template(NamedTuple):
    """One axis of the explicit grid.

    Attributes:
        tracks: the explicit tracks.
        names: for each name the lines that bear it, the first line being 0.
        fitted: the tracks made by ``repeat(auto-fit)``: those without items vanish.
    """

    tracks: list[TrackSizes]
    names: dict[str, list[int]]
    fitted: range = range(0)


def repeats_automatically(value: Any) -> bool:
    """Whether a track list holds ``repeat(auto-fill)`` or ``repeat(auto-fit)``."""
    return isinstance(value, tuple) and any(part[0] == "repeat" and isinstance(part[1], str) for part in value)


def expand_template(
    value: Any, room: float | None, largest: float | None, smallest: float | None, gap: float
) -> Template:
    """Write out a track list.

    Args:
        room: the content box's size if it is definite; else ``largest`` and ``smallest`` limit it.
    """
    template = Template([], {})
    if not isinstance(value, tuple) or value[0] == "subgrid":
        return template
    fitted = range(0)
    line = 0
    for part in value:
        if part[0] == "names":
            _name(template, part[1], line)
        elif part[0] == "track":
            template.tracks.append(TrackSizes(part[1], part[2]))
            line += 1
        else:
            count = part[1]
            if isinstance(count, str):
                count = _repetitions(value, part, room, largest, smallest, gap)
            tracks = sum(1 for inner in part[2] if inner[0] == "track")
            start = line
            for _ in range(min(count, max(1, _MOST_TRACKS // max(1, tracks)))):
                for inner in part[2]:
                    if inner[0] == "names":
                        _name(template, inner[1], line)
                    else:
                        template.tracks.append(TrackSizes(inner[1], inner[2]))
                        line += 1
            if part[1] == "auto-fit":
                fitted = range(start, line)
    return template._replace(fitted=fitted)


def _name(template: Template, names: tuple[str, ...], line: int) -> None:
    for name in names:
        lines = template.names.setdefault(name, [])
        if line not in lines:
            lines.append(line)


def _fixed(part: Any, base: float | None) -> float:
    """The size that counts for repetitions: the largest if it is a length, at least the smallest (§7.2.3.2)."""
    sizes = [
        resolve(size, base or 0.0)
        for size in part[1:]
        if type(size) is float or (is_percentage(size) and base is not None)
    ]
    return max(sizes, default=0.0)


def _repetitions(
    value: Any, repeat: Any, room: float | None, largest: float | None, smallest: float | None, gap: float
) -> int:
    """As many as fit without overflow; with only a smallest size, as many as reach it (§7.2.3.2)."""
    limit = room if room is not None else largest
    reaches = limit is None
    if reaches:
        limit = smallest
    if limit is None:
        return 1
    base = room
    tracks = [part for part in repeat[2] if part[0] == "track"]
    own = sum(max(1.0, _fixed(part, base)) for part in tracks) + gap * len(tracks)
    others = 0.0
    for part in value:
        if part is repeat or part[0] == "names":
            continue
        inner = [part] if part[0] == "track" else [p for p in part[2] if p[0] == "track"] * part[1]
        others += sum(_fixed(track, base) + gap for track in inner)
    free = limit - others + gap  # there is one gap less than there are tracks
    count = free / own if own > 0 else 1
    whole = int(count + 1e-6)
    if reaches and whole < count - 1e-6:
        whole += 1
    return max(1, min(whole, _MOST_TRACKS))


def area_lines(areas: Any) -> tuple[dict[str, tuple[int, int, int, int]], int, int]:
    """Named areas as (row start, column start, row end, column end), and the numbers of rows and columns."""
    if not isinstance(areas, tuple):
        return {}, 0, 0
    found: dict[str, tuple[int, int, int, int]] = {}
    for row, names in enumerate(areas):
        for column, name in enumerate(names):
            if name:
                top, left, bottom, right = found.get(name, (row, column, row, column))
                found[name] = (
                    min(top, row), min(left, column), max(bottom, row + 1), max(right, column + 1),
                )  # fmt: skip
    return found, len(areas), len(areas[0])
