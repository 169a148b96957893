"""Track sizing: how wide columns and how high rows become (CSS Grid 2 §12).

Every track has a *base size*, which grows, and a *growth limit*, up to which it may.  In
turn: tracks get what their sizing functions say; they grow to hold their items, those
that span one track first (§12.5); they grow up to their limits (§12.6); flexible tracks
share what is left (§12.7); and ``auto`` tracks may stretch (§12.8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.grid.template import TrackSizes
from pressenter.browser.layout.sizing import is_percentage

__all__ = ["Contribution", "Room", "Track", "size_tracks"]

INFINITE = float("inf")


class Room(NamedTuple):
    """The grid container's size in an axis.

    Attributes:
        size: the content box's size if it is definite.
        intrinsic: "min" or "max" while the container's own min-content or max-content size is asked for, else "".
        smallest, largest: the container's limits, where its size is indefinite.
    """

    size: float | None
    intrinsic: str = ""
    smallest: float = 0.0
    largest: float = INFINITE


class Contribution(NamedTuple):
    """An item in one axis: the tracks it spans, and what it asks of them (margins included).

    ``minimum`` takes the limit that fixed tracks set it (§6.6).
    """

    start: int
    end: int
    minimum: Callable[[float], float]
    min_content: Callable[[], float]
    max_content: Callable[[], float]
    scrolls: bool = False


class Track:
    """A track while it is sized."""

    __slots__ = (
        "base",
        "collapsed",
        "fit_limit",
        "grows",
        "infinitely_growable",
        "largest",
        "limit",
        "planned",
        "raised",
        "smallest",
    )

    def __init__(self, sizes: TrackSizes, room: float | None) -> None:
        smallest, largest = sizes
        self.fit_limit = INFINITE
        if isinstance(largest, tuple) and largest[0] == "fit-content":
            limit = largest[1]
            if room is not None or not is_percentage(limit):
                self.fit_limit = resolve(limit, room or 0.0)
            largest = "max-content"
        self.smallest = _definite(smallest, room)
        self.largest = _definite(largest, room)
        self.base = 0.0
        self.limit = INFINITE
        self.planned = 0.0
        self.raised = 0.0
        self.grows = 0.0
        self.infinitely_growable = False
        self.collapsed = False

    @property
    def flex(self) -> float:
        """The flex factor; 0 for tracks without one."""
        return self.largest[1] if isinstance(self.largest, tuple) else 0.0

    @property
    def is_flexible(self) -> bool:
        return isinstance(self.largest, tuple)


def _definite(size: Any, room: float | None) -> Any:
    """Percentages of an unknown size count as auto (§7.2.1)."""
    if is_percentage(size):
        return resolve(size, room) if room is not None else "auto"
    return size


def size_tracks(tracks: list[Track], items: list[Contribution], gap: float, room: Room, stretches: bool) -> None:
    """Run the algorithm; the results are the tracks' base sizes."""
    for track in tracks:
        _initialize(track)
    _resolve_intrinsic(tracks, items, gap, room)
    _maximize(tracks, gap, room)
    _expand_flexible(tracks, items, gap, room)
    if stretches:
        _stretch_auto(tracks, gap, room)


def _initialize(track: Track) -> None:
    """§12.4."""
    track.base = track.smallest if type(track.smallest) is float else 0.0
    track.limit = track.largest if type(track.largest) is float else INFINITE
    track.limit = max(track.limit, track.base)


def _spanned(tracks: list[Track], item: Contribution) -> list[Track]:
    return tracks[item.start : item.end]


def _resolve_intrinsic(tracks: list[Track], items: list[Contribution], gap: float, room: Room) -> None:
    """§12.5."""
    by_span: dict[int, list[Contribution]] = {}
    flexible: list[Contribution] = []
    for item in items:
        spanned = _spanned(tracks, item)
        if any(track.is_flexible for track in spanned):
            flexible.append(item)
        elif any(type(track.smallest) is not float or type(track.largest) is not float for track in spanned):
            by_span.setdefault(item.end - item.start, []).append(item)
    for span in sorted(by_span):
        _accommodate(tracks, by_span[span], gap, room, False)
    if flexible:
        _accommodate(tracks, flexible, gap, room, True)
    for track in tracks:
        if track.limit == INFINITE:
            track.limit = track.base


_INTRINSIC_MINIMUMS = frozenset(("auto", "min-content", "max-content"))


def _accommodate(tracks: list[Track], items: list[Contribution], gap: float, room: Room, flexible: bool) -> None:
    """§12.5 step 3 for items of one span, step 4 for those that cross flexible tracks."""

    def grow(
        chosen: Callable[[Track], bool], size: Callable[[Contribution], float], limits: bool, fits: bool = False
    ) -> None:
        for track in tracks:
            track.planned = 0.0
        for item in items:
            spanned = [t for t in _spanned(tracks, item) if not t.collapsed]
            affected = [t for t in spanned if chosen(t) and (not flexible or t.is_flexible)]
            if affected:
                wanted = size(item) - gap * (len(spanned) - 1)
                _distribute(spanned, affected, wanted, limits, flexible, fits)
        for track in tracks:
            if limits:
                if track.planned > 0 or (track.limit == INFINITE and track.planned == 0 and track.raised):
                    track.limit = (track.base if track.limit == INFINITE else track.limit) + track.planned
                    track.infinitely_growable = True
            else:
                track.base += track.planned
        for track in tracks:
            track.raised = 0.0

    def minimum(item: Contribution) -> float:
        if room.intrinsic and not item.scrolls:
            # Under a min-content or max-content constraint the limited min-content contribution counts.
            return _limited(tracks, item, item.min_content(), item, gap)
        return item.minimum(_fixed_limit(tracks, item, gap))

    # a. intrinsic minimums
    grow(lambda t: t.smallest in _INTRINSIC_MINIMUMS, minimum, False)
    # b. content-based minimums
    grow(lambda t: t.smallest in ("min-content", "max-content"), lambda item: item.min_content(), False)
    # c. max-content minimums
    if room.intrinsic == "max":
        grow(
            lambda t: t.smallest in ("auto", "max-content"),
            lambda item: _limited(tracks, item, item.max_content(), item, gap),
            False,
            True,
        )
    grow(lambda t: t.smallest == "max-content", lambda item: item.max_content(), False)
    for track in tracks:
        track.limit = max(track.limit, track.base)
    if flexible:
        return
    # e. intrinsic maximums, f. max-content maximums
    for track in tracks:
        track.infinitely_growable = False
    grow(lambda t: t.largest in _INTRINSIC_MINIMUMS, lambda item: item.min_content(), True)
    grow(lambda t: t.largest in ("auto", "max-content"), lambda item: item.max_content(), True)
    for track in tracks:
        track.infinitely_growable = False


def _fixed_limit(tracks: list[Track], item: Contribution, gap: float) -> float:
    """The sum of the tracks' largest sizes if all are lengths: automatic minimums stay below it (§6.6)."""
    spanned = _spanned(tracks, item)
    if all(type(track.largest) is float for track in spanned):
        return float(sum(track.largest for track in spanned) + gap * (len(spanned) - 1))
    return INFINITE


def _limited(tracks: list[Track], item: Contribution, size: float, contribution: Contribution, gap: float) -> float:
    """The limited contribution: at most what fixed tracks allow, at least the minimum (§12.5 step 3)."""
    spanned = _spanned(tracks, item)
    limit = 0.0
    for track in spanned:
        if type(track.largest) is float:
            limit += track.largest
        elif track.fit_limit < INFINITE:
            limit += track.fit_limit
        else:
            limit = INFINITE
    limit += gap * (len(spanned) - 1) if limit < INFINITE else 0.0
    return max(min(size, limit), contribution.minimum(_fixed_limit(tracks, item, gap)))


def _distribute(
    spanned: list[Track], affected: list[Track], wanted: float, limits: bool, flexible: bool, fits: bool
) -> None:  # fmt: skip
    """§12.5.1: share what an item lacks among the tracks that it affects."""
    sizes = {id(t): (t.base if not limits or t.limit == INFINITE else t.limit) for t in spanned}
    lacking = max(0.0, wanted - sum(sizes.values()))
    increase = dict.fromkeys((id(t) for t in affected), 0.0)
    for track in affected:
        if limits and track.limit == INFINITE:
            track.raised = 1.0
    if lacking > 0:
        if flexible:
            factors = sum(track.flex for track in affected)
            for track in affected:
                increase[id(track)] += lacking * (track.flex / factors if factors else 1 / len(affected))
            lacking = 0.0
        else:
            lacking = _up_to_limits(affected, sizes, increase, lacking, limits, fits)
        if lacking > 0.0001:
            _beyond_limits(affected, sizes, increase, lacking, limits, fits)
    for track in affected:
        track.planned = max(track.planned, increase[id(track)])


def _cap(track: Track, limits: bool, fits: bool) -> float:
    """Up to where a track may grow while others can still take their share."""
    if not limits:
        return min(track.limit, track.fit_limit) if fits else track.limit
    return track.fit_limit if track.limit == INFINITE or track.infinitely_growable else track.limit


def _up_to_limits(
    affected: list[Track],
    sizes: dict[int, float],
    increase: dict[int, float],
    lacking: float,
    limits: bool,
    fits: bool,
) -> float:
    open_tracks = list(affected)
    while lacking > 0.0001 and open_tracks:
        share = lacking / len(open_tracks)
        closed = []
        for track in open_tracks:
            room = _cap(track, limits, fits) - sizes[id(track)] - increase[id(track)]
            if room <= share:
                closed.append(track)
                increase[id(track)] += max(0.0, room)
                lacking -= max(0.0, room)
        if not closed:
            for track in open_tracks:
                increase[id(track)] += share
            return 0.0
        open_tracks = [track for track in open_tracks if track not in closed]
    return lacking


def _beyond_limits(
    affected: list[Track], sizes: dict[int, float], increase: dict[int, float], lacking: float, limits: bool, fits: bool
) -> None:
    """Past the limits: tracks with an intrinsic largest size first, else all; fit-content() stays a limit."""
    if not (limits or fits):
        willing = [track for track in affected if type(track.largest) is not float] or affected
        for track in willing:
            increase[id(track)] += lacking / len(willing)
        return
    open_tracks = [t for t in affected if t.fit_limit - sizes[id(t)] - increase[id(t)] > 0]
    while lacking > 0.0001 and open_tracks:
        share = lacking / len(open_tracks)
        for track in open_tracks:
            step = min(share, track.fit_limit - sizes[id(track)] - increase[id(track)])
            increase[id(track)] += step
            lacking -= step
        open_tracks = [t for t in open_tracks if t.fit_limit - sizes[id(t)] - increase[id(t)] > 0.0001]


def _gaps(tracks: Iterable[Track], gap: float) -> float:
    return gap * max(0, sum(1 for track in tracks if not track.collapsed) - 1)


def _free(tracks: list[Track], gap: float, room: float) -> float:
    return room - sum(track.base for track in tracks) - _gaps(tracks, gap)


def _maximize(tracks: list[Track], gap: float, room: Room) -> None:
    """§12.6."""
    if room.intrinsic == "min":
        return
    if room.size is None:
        if room.largest == INFINITE:
            for track in tracks:
                track.base = (
                    min(track.limit, max(track.base, track.fit_limit)) if track.fit_limit < INFINITE else track.limit
                )
            return
        free = _free(tracks, gap, room.largest)
    else:
        free = _free(tracks, gap, room.size)
    open_tracks = [track for track in tracks if track.limit > track.base]
    while free > 0.0001 and open_tracks:
        share = free / len(open_tracks)
        grown = 0.0
        for track in open_tracks:
            step = min(share, track.limit - track.base)
            track.base += step
            grown += step
        free -= grown
        open_tracks = [track for track in open_tracks if track.limit - track.base > 0.0001]
        if grown <= 0:
            return


def _expand_flexible(tracks: list[Track], items: list[Contribution], gap: float, room: Room) -> None:
    """§12.7."""
    flexible = [track for track in tracks if track.is_flexible]
    if not flexible:
        return
    if room.intrinsic == "min":
        return
    if room.size is not None:
        fraction = _fraction(tracks, room.size - _gaps(tracks, gap))
    else:
        # §12.7: a track that is less than one fr is no larger than what it holds.
        fraction = max((track.base / max(1.0, track.flex) for track in flexible), default=0.0)
        for item in items:
            spanned = _spanned(tracks, item)
            if any(track.is_flexible for track in spanned):
                fraction = max(fraction, _fraction(spanned, item.max_content() - gap * (len(spanned) - 1)))
        total = sum(max(track.base, fraction * track.flex) if track.is_flexible else track.base for track in tracks)
        total += _gaps(tracks, gap)
        if total < room.smallest:
            fraction = _fraction(tracks, room.smallest - _gaps(tracks, gap))
        elif total > room.largest:
            fraction = _fraction(tracks, room.largest - _gaps(tracks, gap))
    for track in flexible:
        track.base = max(track.base, fraction * track.flex)


def _fraction(tracks: list[Track], room: float) -> float:
    """§12.7.1: the size of one fr; a track that needs more than its share is left out."""
    inflexible = {id(track) for track in tracks if not track.is_flexible}
    while True:
        left = room - sum(track.base for track in tracks if id(track) in inflexible)
        factors = sum(track.flex for track in tracks if id(track) not in inflexible)
        fraction = max(0.0, left) / max(1.0, factors)
        too_large = [t for t in tracks if id(t) not in inflexible and fraction * t.flex < t.base - 0.0001]
        if not too_large:
            return fraction
        inflexible.update(id(track) for track in too_large)


def _stretch_auto(tracks: list[Track], gap: float, room: Room) -> None:
    """§12.8."""
    size = room.size
    if size is None:
        if room.intrinsic or room.smallest <= 0:
            return
        size = room.smallest
    free = _free(tracks, gap, size)
    automatic = [track for track in tracks if track.largest == "auto" and not track.collapsed]
    if free > 0 and automatic:
        for track in automatic:
            track.base += free / len(automatic)
