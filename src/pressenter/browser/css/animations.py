"""Transitions and animations: values that change with time (CSS Transitions 1, CSS Animations 1).

Both put other values over those that the cascade has found.

A *transition* starts by itself: when the value of a property that ``transition-property`` names is
another than before, the old value goes over into the new one.

An *animation* runs as long as ``animation-name`` names its key frames: between two frames the values
go over from one into the other, as often and in that direction as the element's style says.

Time is given by the caller, in seconds; nothing here looks at a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from pressenter.browser.css.easing import ease
from pressenter.browser.css.interpolation import can_interpolate, interpolate
from pressenter.browser.css.properties import INITIAL
from pressenter.browser.css.style_sheet import Declaration, Keyframes
from pressenter.browser.html.dom import Element

__all__ = ["Animations", "Values"]

Values = Mapping[str, Any]
#: Computes what some more declarations come to for an element of a style.
Computer = Callable[[Values, Iterable[Declaration]], Values]


class _Transition(NamedTuple):
    """From a value to another.

    Attributes:
        begins: when, after the delay.
        turns_to: the value to which it would turn back: the start, or the start of what it has turned back itself.
        shortening: the share of the whole way that it goes.
    """

    start: Any
    end: Any
    begins: float
    duration: float
    easing: Any
    turns_to: Any
    shortening: float

    def at(self, name: str, now: float) -> Any:
        if now <= self.begins:
            return self.start
        share = min(1.0, (now - self.begins) / self.duration)
        return interpolate(name, self.start, self.end, ease(self.easing, share))

    def is_over(self, now: float) -> bool:
        return now >= self.begins + self.duration


class _Animation:
    """One name in an element's animation-name, since it stands there."""

    def __init__(self, name: str, began: float) -> None:
        self.name = name
        self.began = began
        self.paused_since: float | None = None
        self.frames: dict[str, list[tuple[float, Any, Any]]] = {}  # offset, value and easing, by property
        self.base: Values | None = None


class Animations:
    """The transitions and animations of one document."""

    def __init__(self) -> None:
        self._transitions: dict[Element, dict[str, _Transition]] = {}
        self._animations: dict[Element, list[_Animation]] = {}
        self._keyframes: dict[str, Keyframes] = {}

    def use(self, keyframes: Iterable[Keyframes]) -> None:
        """The key frames of all style sheets; of two of the same name the later counts (CSS Animations 1 §3)."""
        self._keyframes = {frames.name: frames for frames in keyframes}

    @property
    def elements(self) -> set[Element]:
        """The elements for which something may run."""
        return {*self._transitions, *self._animations}

    def style_changed(self, element: Element, before: Values | None, after: Values, now: float) -> None:
        """The cascade has found other values than before; ``before`` is None for a new element."""
        if before is not None and _can_transition(after):
            self._start_transitions(element, before, after, now)
        elif element in self._transitions:
            del self._transitions[element]
        names = [name for name in after["animation-name"] if name in self._keyframes]
        running = {animation.name: animation for animation in self._animations.get(element, [])}
        if names:
            self._animations[element] = [running.get(name) or _Animation(name, now) for name in names]
        else:
            self._animations.pop(element, None)

    def forget(self, element: Element) -> None:
        """The element is gone, or is not displayed."""
        self._transitions.pop(element, None)
        self._animations.pop(element, None)

    # ---- values at a time --------------------------------------------------------------------------

    def values(self, element: Element, base: Values, compute: Computer, now: float) -> Values:
        """What stands over an element's values now."""
        found: dict[str, Any] = {}
        for number, animation in enumerate(self._animations.get(element, [])):
            found |= _animated(animation, self._keyframes[animation.name], base, number, compute, now)
        for name, transition in self._transitions.get(element, {}).items():
            found[name] = transition.at(name, now)  # transitions win (CSS Cascade 5 §6.1)
        return found

    def settle(self, now: float, styles: Mapping[Element, Values]) -> bool:
        """Drop what is over; returns whether anything still changes."""
        for element, transitions in list(self._transitions.items()):
            left = {name: transition for name, transition in transitions.items() if not transition.is_over(now)}
            if left:
                self._transitions[element] = left
            else:
                del self._transitions[element]
        moving = any(
            not _has_ended(animation, number, styles[element], now) and animation.paused_since is None
            for element, animations in self._animations.items()
            if element in styles
            for number, animation in enumerate(animations)
        )
        return moving or bool(self._transitions)

    # ---- starting ----------------------------------------------------------------------------------

    def _start_transitions(self, element: Element, before: Values, after: Values, now: float) -> None:
        """CSS Transitions 1 §3."""
        running = self._transitions.get(element, {})
        kept: dict[str, _Transition] = {}
        for name in INITIAL:
            row = _row_for(name, after)
            known = running.get(name)
            if row is None:
                continue
            if known is not None and known.end == after[name]:
                kept[name] = known
                continue
            start = known.at(name, now) if known is not None else before[name]
            duration, delay, easing = row
            if start != after[name] and duration + delay > 0 and can_interpolate(name, start, after[name]):
                turns_to, share = start, 1.0
                if known is not None and known.turns_to == after[name]:  # §3.1: it goes back only what it has come
                    done = min(1.0, max(0.0, (now - known.begins) / known.duration))
                    progress = ease(known.easing, done) * known.shortening + (1 - known.shortening)
                    turns_to, share = known.end, min(1.0, abs(progress))
                begins = now + (delay if delay >= 0 else delay * share)
                duration = max(duration * share, 0.001)
                kept[name] = _Transition(start, after[name], begins, duration, easing, turns_to, share)
        if kept:
            self._transitions[element] = kept
        else:
            self._transitions.pop(element, None)


def _can_transition(style: Values) -> bool:
    return any(time > 0 for time in (*style["transition-duration"], *style["transition-delay"]))


def _row_for(name: str, style: Values) -> tuple[float, float, Any] | None:
    """Duration, delay and easing for a property: the last entry of transition-property that names it counts."""
    properties = style["transition-property"]
    for index in range(len(properties) - 1, -1, -1):
        listed = properties[index]
        if listed == "all" or name == listed or name.startswith(f"{listed}-"):
            return (
                max(0.0, _cycled(style["transition-duration"], index)), _cycled(style["transition-delay"], index),
                _cycled(style["transition-timing-function"], index),
            )  # fmt: skip
    return None


def _cycled(values: tuple[Any, ...], index: int) -> Any:
    """Shorter lists are repeated (CSS Transitions 1 §2.1)."""
    return values[index % len(values)]


# ---- animations -------------------------------------------------------------------------------------------


def _animated(
    animation: _Animation, keyframes: Keyframes, base: Values, number: int, compute: Computer, now: float
) -> Values:
    """The values of one animation (CSS Animations 1 §3, Web Animations 1 §4.8)."""
    _pause(animation, _cycled(base["animation-play-state"], number), now)
    if animation.base is not base:
        animation.base, animation.frames = base, _values_of(keyframes, base, compute)
    progress = _progress(animation, number, base, now)
    if progress is None:
        return {}
    return {name: _frame_value(name, frames, progress, base, number) for name, frames in animation.frames.items()}


def _pause(animation: _Animation, state: str, now: float) -> None:
    if state == "paused" and animation.paused_since is None:
        animation.paused_since = now
    elif state == "running" and animation.paused_since is not None:
        animation.began += now - animation.paused_since
        animation.paused_since = None


def _values_of(keyframes: Keyframes, base: Values, compute: Computer) -> dict[str, list[tuple[float, Any, Any]]]:
    """The computed values of the key frames, by property; where an end is not given it is the element's own value."""
    found: dict[str, list[tuple[float, Any, Any]]] = {}
    for offset, declarations in keyframes.frames:
        values = compute(base, declarations)
        easing = values.get("animation-timing-function", (None,))[0]
        for name, value in values.items():
            if name in INITIAL and not name.startswith("animation-"):
                found.setdefault(name, []).append((offset, value, easing))
    for name, frames in found.items():
        if frames[0][0] > 0.0:
            frames.insert(0, (0.0, base[name], None))
        if frames[-1][0] < 1.0:
            frames.append((1.0, base[name], None))
    return found


def _frame_value(name: str, frames: list[tuple[float, Any, Any]], progress: float, base: Values, number: int) -> Any:
    for (begin, start, own), (end, finish, _) in pairwise(frames):
        if progress <= end and end > begin:
            easing = own or _cycled(base["animation-timing-function"], number)
            return interpolate(name, start, finish, ease(easing, (progress - begin) / (end - begin)))
    return frames[-1][1]


def _progress(animation: _Animation, number: int, style: Values, now: float) -> float | None:
    """How far the current iteration has come, 0 to 1; None where the animation shows nothing."""
    duration = max(0.0, _cycled(style["animation-duration"], number))
    count = _iterations(style, number)
    moment = now if animation.paused_since is None else animation.paused_since
    passed = moment - animation.began - _cycled(style["animation-delay"], number)
    fill = _cycled(style["animation-fill-mode"], number)
    if passed < 0:
        return _directed(0, 0.0, style, number) if fill in ("backwards", "both") else None
    if duration == 0 or passed >= duration * count:
        if fill not in ("forwards", "both"):
            return None
        whole = int(count) if count != float("inf") else 0
        rest = count - whole if count != float("inf") else 1.0
        return _directed(whole, rest, style, number) if rest else _directed(max(0, whole - 1), 1.0, style, number)
    return _directed(int(passed // duration), passed % duration / duration, style, number)


def _iterations(style: Values, number: int) -> float:
    count = _cycled(style["animation-iteration-count"], number)
    return float("inf") if count == "infinite" else float(count)


def _directed(iteration: int, progress: float, style: Values, number: int) -> float:
    direction = _cycled(style["animation-direction"], number)
    backwards = direction == "reverse" or (
        direction in ("alternate", "alternate-reverse") and (iteration % 2 == 1) != (direction == "alternate-reverse")
    )
    return 1.0 - progress if backwards else progress


def _has_ended(animation: _Animation, number: int, style: Values, now: float) -> bool:
    duration = max(0.0, _cycled(style["animation-duration"], number))
    if duration == 0:
        return True
    passed: float = now - animation.began - _cycled(style["animation-delay"], number)
    return bool(passed >= duration * _iterations(style, number))
