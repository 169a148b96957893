"""Between two computed values of a property (CSS Values 4 §3, CSS Transforms 1 §11, CSS Color 4 §12)."""

from __future__ import annotations

from typing import Any

from pressenter.browser.css.values import Color, LengthPercentage

__all__ = ["can_interpolate", "interpolate"]

#: What a transform function does nothing with.
_IDENTITY = {"scale": 1.0, "scalex": 1.0, "scaley": 1.0}
_LISTS = frozenset(("transform", "translate", "rotate", "scale", "filter", "box-shadow", "text-shadow"))


def can_interpolate(name: str, start: Any, end: Any) -> bool:
    """Whether there is anything between two values."""
    return name == "visibility" or _between(name, start, end, 0.5) is not None


def interpolate(name: str, start: Any, end: Any, progress: float) -> Any:
    """The value after some progress from one to the other; halfway it jumps where there is nothing between."""
    if name == "visibility":  # CSS Display 4 §4.2: it can be seen as long as it can be seen at either end
        seen = "visible" in (start, end) and 0 < progress < 1
        return "visible" if seen else start if progress <= 0 else end
    found = _between(name, start, end, progress)
    if found is None:
        return start if progress < 0.5 else end
    return found


def _between(name: str, start: Any, end: Any, progress: float) -> Any:
    """None if there is nothing between."""
    if isinstance(start, bool) or isinstance(end, bool):
        return start if start == end else None
    if isinstance(start, Color) and isinstance(end, Color):
        return _color(start, end, progress)
    if isinstance(start, (int, float)) and isinstance(end, (int, float)):
        value = start + (end - start) * progress
        return round(value) if name == "z-index" else float(value)
    if _is_length(start) and _is_length(end):
        one, two = _length(start), _length(end)
        return LengthPercentage(
            one.pixels + (two.pixels - one.pixels) * progress, one.percent + (two.percent - one.percent) * progress
        )
    if name in _LISTS and (start == "none") != (end == "none"):
        start, end = _matched(start, end)
    if isinstance(start, tuple) and isinstance(end, tuple) and len(start) == len(end):
        parts = [_between("", one, two, progress) for one, two in zip(start, end, strict=True)]
        return None if any(part is None for part in parts) else tuple(parts)
    return start if start == end else None


def _is_length(value: Any) -> bool:
    return isinstance(value, (int, float, LengthPercentage))


def _length(value: Any) -> LengthPercentage:
    return value if isinstance(value, LengthPercentage) else LengthPercentage(float(value), 0.0)


def _color(start: Color, end: Color, progress: float) -> Color:
    """Premultiplied, so that what is transparent has no colour of its own."""
    alpha = start.alpha + (end.alpha - start.alpha) * progress
    if alpha <= 0:
        return Color(0.0, 0.0, 0.0, 0.0)

    def channel(one: float, two: float) -> float:
        mixed = (one * start.alpha + (two * end.alpha - one * start.alpha) * progress) / alpha
        return min(1.0, max(0.0, mixed))

    red, green, blue = channel(start.red, end.red), channel(start.green, end.green), channel(start.blue, end.blue)
    return Color(red, green, blue, min(1.0, alpha))


def _matched(start: Any, end: Any) -> tuple[Any, Any]:
    """``none`` beside a list is that list with values that do nothing."""
    return (_neutral(end), end) if start == "none" else (start, _neutral(start))


def _neutral(value: Any, function: str = "") -> Any:
    if isinstance(value, Color):
        return Color(*value[:3], 0.0)
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return _IDENTITY.get(function, 0.0)
    if isinstance(value, LengthPercentage):
        return LengthPercentage(0.0, 0.0)
    if isinstance(value, tuple):
        own = value[0] if value and isinstance(value[0], str) else function
        return tuple(_neutral(part, own) for part in value)
    return value
