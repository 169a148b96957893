"""Colours: names, functions, mixtures and the system's colours (CSS Color 4 and 5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import tinycss2
import tinycss2.color5

from pressenter.browser.css.component_values import split_commas

__all__ = ["BLACK", "TRANSPARENT", "Color", "InvalidColor", "parse_color_token"]


class InvalidColor(ValueError):
    """Not a colour."""


class Color(NamedTuple):
    """sRGB, each channel from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float


BLACK = Color(0, 0, 0, 1)
TRANSPARENT = Color(0, 0, 0, 0)

#: CSS Color 4 §6.2, as Chromium draws them on a light page.
_SYSTEM_COLORS = {
    "canvas": "#fff", "canvastext": "#000", "linktext": "#0000ee", "visitedtext": "#551a8b", "activetext": "#f00",
    "buttonface": "#efefef", "buttontext": "#000", "buttonborder": "#767676", "field": "#fff", "fieldtext": "#000",
    "highlight": "#0078d7", "highlighttext": "#fff", "selecteditem": "#0078d7", "selecteditemtext": "#fff",
    "mark": "#ff0", "marktext": "#000", "graytext": "#808080", "accentcolor": "#0075ff", "accentcolortext": "#fff",
    "-webkit-link": "#0000ee", "-webkit-activelink": "#f00", "-webkit-focus-ring-color": "#101010",
}  # fmt: skip
_POLAR = {"hsl": "srgb", "hwb": "srgb", "lch": "oklab", "oklch": "oklab"}
_RECTANGULAR = frozenset(("srgb", "oklab"))


def parse_color_token(token: Any) -> Color | str:
    """A Color, or ``"currentcolor"``.  Raises InvalidColor."""
    if token.type == "ident" and token.lower_value in _SYSTEM_COLORS:
        token = tinycss2.parse_one_component_value(_SYSTEM_COLORS[token.lower_value])
    if token.type == "function" and token.lower_name == "color-mix":
        return _mixed(token.arguments)
    try:
        parsed: Any = tinycss2.color5.parse_color(token)
        if parsed is None:
            raise InvalidColor(f"{token.serialize()} is no colour")
        if parsed == "currentcolor":
            return "currentcolor"
        red, green, blue = (channel or 0.0 for channel in _to_srgb(parsed))
    except (NotImplementedError, ValueError, AttributeError, TypeError) as error:
        raise InvalidColor(f"{token.serialize()}: {error}") from error
    return Color(_unit_range(red), _unit_range(green), _unit_range(blue), _unit_range(parsed.alpha))


def _to_srgb(parsed: Any) -> tuple[float, float, float]:
    """The colour in sRGB; what lies outside the gamut is clipped (CSS Color 4 §13.1)."""
    if parsed.space in ("srgb", "hsl", "hwb"):
        red, green, blue = parsed.to("srgb").coordinates
        return red, green, blue
    channels = [channel or 0.0 for channel in parsed.coordinates]
    if parsed.space in ("lch", "oklch"):  # §9.2, §9.4: chroma and hue are the polar form of a and b
        lightness, chroma, hue = channels
        channels = [lightness, chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))]
    if parsed.space in ("oklab", "oklch"):
        red, green, blue = _from_oklab(channels)
        return red, green, blue
    if parsed.space in ("lab", "lch"):
        linear = _product(_XYZ_D65_TO_SRGB, _product(_D50_TO_D65, _lab_to_xyz(channels)))
    elif parsed.space == "display-p3":
        linear = _product(_P3_TO_SRGB, [_linear(_unit_range(channel)) for channel in channels])
    elif parsed.space == "srgb-linear":
        linear = channels
    elif parsed.space == "xyz-d65":
        linear = _product(_XYZ_D65_TO_SRGB, channels)
    elif parsed.space == "xyz-d50":
        linear = _product(_XYZ_D65_TO_SRGB, _product(_D50_TO_D65, channels))
    else:
        raise InvalidColor(f"the colour space {parsed.space} is not drawn")
    red, green, blue = (_gamma(channel) for channel in linear)
    return red, green, blue


#: The matrices of CSS Color 4 §18: linear-light display-p3 to linear-light sRGB, ...
_P3_TO_SRGB = (
    (1.2249401762, -0.2249401762, 0.0),
    (-0.0420569547, 1.0420569547, 0.0),
    (-0.0196375546, -0.0786360456, 1.0982736001),
)
#: ... CIE XYZ to linear-light sRGB, ...
_XYZ_D65_TO_SRGB = (
    (3.2409699419, -1.5373831776, -0.4986107603),
    (-0.9692436363, 1.8759675015, 0.0415550574),
    (0.0556300797, -0.2039769589, 1.0569715142),
)
#: ... and Bradford's adaptation of the white point.
_D50_TO_D65 = (
    (0.9554734214, -0.0230984549, 0.0632592432),
    (-0.0283697093, 1.0099953981, 0.0210414412),
    (0.0123140148, -0.0205076492, 1.3303659009),
)
#: The white of D50 (CSS Color 4 §9.3).
_WHITE_D50 = (0.3457 / 0.3585, 1.0, (1.0 - 0.3457 - 0.3585) / 0.3585)


def _product(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _lab_to_xyz(channels: Sequence[float]) -> list[float]:
    """CIE Lab to XYZ, both with the white of D50 (CSS Color 4 §18, ``Lab_to_XYZ``)."""
    lightness, a, b = channels
    middle = (lightness + 16) / 116
    kappa, epsilon = 24389 / 27, 216 / 24389
    ratios = []
    for value in (a / 500 + middle, middle, middle - b / 200):
        cube = value**3
        ratios.append(cube if cube > epsilon else (116 * value - 16) / kappa)
    return [ratio * white for ratio, white in zip(ratios, _WHITE_D50, strict=True)]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    channel = _unit_range(channel)
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _unit_range(value: float | None) -> float:
    return min(1.0, max(0.0, value or 0.0))


def _mixed(arguments: Any) -> Color:
    """``color-mix()`` (CSS Color 5 §2); polar spaces are mixed in the rectangular one beside them."""
    groups = split_commas(arguments)
    if len(groups) != 3 or len(groups[0]) < 2 or groups[0][0].type != "ident" or groups[0][1].type != "ident":
        raise InvalidColor("color-mix() takes a colour space and two colours")
    space = groups[0][1].lower_value
    space = _POLAR.get(space, space)
    colors, shares = [], []
    for group in groups[1:]:
        percent = [token.value / 100 for token in group if token.type == "percentage"]
        named = [token for token in group if token.type != "percentage"]
        if len(named) != 1 or len(percent) > 1:
            raise InvalidColor("color-mix() takes a colour with at most one percentage")
        color = parse_color_token(named[0])
        colors.append(color if isinstance(color, Color) else BLACK)
        shares.append(percent[0] if percent else None)
    first, second = shares
    if first is None:
        first = 0.5 if second is None else 1 - second
    second = 1 - first if second is None else second
    total = first + second
    if total <= 0:
        raise InvalidColor("color-mix() of nothing")
    mixed = _interpolated(colors[0], colors[1], second / total, space if space in _RECTANGULAR else "oklab")
    return mixed._replace(alpha=mixed.alpha * min(1.0, total))


def _interpolated(a: Color, b: Color, share: float, space: str) -> Color:
    """Premultiplied interpolation (CSS Color 4 §12.3)."""
    alpha = a.alpha + (b.alpha - a.alpha) * share
    if alpha == 0:
        return TRANSPARENT
    one, two = (tuple(c[:3]) if space == "srgb" else _to_oklab(c) for c in (a, b))
    channels = [(x * a.alpha * (1 - share) + y * b.alpha * share) / alpha for x, y in zip(one, two, strict=True)]
    if space != "srgb":
        channels = _from_oklab(channels)
    red, green, blue = (_unit_range(channel) for channel in channels)
    return Color(red, green, blue, alpha)


def _to_oklab(color: Color) -> tuple[float, ...]:
    red, green, blue = (_linear(channel) for channel in color[:3])
    cone = [
        (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue),
        (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue),
        (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue),
    ]
    long, medium, short = (max(0.0, value) ** (1 / 3) for value in cone)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_oklab(channels: list[float]) -> list[float]:
    lightness, a, b = channels
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return [
        _gamma(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    ]
