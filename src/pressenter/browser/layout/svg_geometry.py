"""Where the shapes of an inline drawing are: the rectangles of SVG elements (SVG 2 §4.6.4, §8.2).

Drawing them is the painter's work; here their bounding boxes are found, strokes left aside, and put
through the view box and the transforms onto the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from pressenter.browser.html.dom import Element
from pressenter.browser.layout.boxes import DrawnText
from pressenter.browser.layout.transforms import Bounds, Matrix, mapped_bounds, multiplied

__all__ = ["svg_rectangles"]

_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_TRANSFORM = re.compile(r"(\w+)\s*\(([^)]*)\)")
_NOT_DRAWN = frozenset(
    "defs symbol clipPath mask marker pattern linearGradient radialGradient title desc metadata".split()
)
_MOST_NUMBERS = 100_000


Texts = Mapping[Element, DrawnText]


def svg_rectangles(svg: Element, content: Bounds, texts: Texts) -> Iterator[tuple[Element, Bounds]]:
    """The rectangle on the page of each shape and group in a drawing whose content box is given.

    Args:
        texts: the text elements, measured.
    """
    box = _numbers(svg.get("viewBox"))
    view = (box[2], box[3]) if len(box) == 4 else (content[2] - content[0], content[3] - content[1])
    stack = [(svg, _view_box(svg, content), 0)]
    order: list[tuple[Element, Matrix, int]] = []
    while stack:
        element, matrix, depth = stack.pop()
        order.append((element, matrix, depth))
        for child in reversed(element.children):
            if isinstance(child, Element) and child.tag not in _NOT_DRAWN and depth < 200:
                stack.append((child, multiplied(matrix, _transform(child.get("transform"))), depth + 1))
    found: dict[Element, Bounds] = {}
    for element, matrix, _ in reversed(order):  # children before their groups
        own = _text_bounds(element, texts[element], view) if element in texts else _shape(element, view)
        bounds = mapped_bounds(matrix, *own) if own is not None else None
        for child in element.children:
            if isinstance(child, Element) and child in found:
                bounds = found[child] if bounds is None else _joined(bounds, found[child])
        if bounds is not None:
            found[element] = bounds
    found.pop(svg, None)
    yield from found.items()


def _view_box(svg: Element, content: Bounds) -> Matrix:
    """From the drawing's units to the page (SVG 2 §8.6, §8.7)."""
    left, top, right, bottom = content
    box = _numbers(svg.get("viewBox"))
    if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
        return (1.0, 0.0, 0.0, 1.0, left, top)
    across, down = (right - left) / box[2], (bottom - top) / box[3]
    ratio = svg.get("preserveAspectRatio", "xMidYMid meet").split()
    align = ratio[0] if ratio else "xMidYMid"
    if align == "none":
        return (across, 0.0, 0.0, down, left - box[0] * across, top - box[1] * down)
    scale = max(across, down) if "slice" in ratio else min(across, down)
    shares = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
    x = left + (right - left - box[2] * scale) * shares.get(align[1:4], 0.5)
    y = top + (bottom - top - box[3] * scale) * shares.get(align[5:8], 0.5)
    return (scale, 0.0, 0.0, scale, x - box[0] * scale, y - box[1] * scale)


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)[:_MOST_NUMBERS]]


def _transform(text: str) -> Matrix:
    matrix = _IDENTITY
    for name, arguments in _TRANSFORM.findall(text):
        values = _numbers(arguments)
        if not values:
            continue
        if name == "translate":
            one: Matrix = (1.0, 0.0, 0.0, 1.0, values[0], values[1] if len(values) > 1 else 0.0)
        elif name == "scale":
            one = (values[0], 0.0, 0.0, values[1] if len(values) > 1 else values[0], 0.0, 0.0)
        elif name == "rotate":
            angle = math.radians(values[0])
            one = (math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle), 0.0, 0.0)
            if len(values) == 3:
                to, back = (1.0, 0.0, 0.0, 1.0, values[1], values[2]), (1.0, 0.0, 0.0, 1.0, -values[1], -values[2])
                one = multiplied(multiplied(to, one), back)
        elif name == "matrix" and len(values) == 6:
            one = (values[0], values[1], values[2], values[3], values[4], values[5])
        elif name in ("skewX", "skewY"):
            slope = math.tan(math.radians(values[0]))
            one = (1.0, 0.0, slope, 1.0, 0.0, 0.0) if name == "skewX" else (1.0, slope, 0.0, 1.0, 0.0, 0.0)
        else:
            continue
        matrix = multiplied(matrix, one)
    return matrix


def _joined(one: Bounds, other: Bounds) -> Bounds:
    return (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))


def _length(element: Element, name: str, room: float = 0.0) -> float:
    """A length in the drawing's units; a percentage is of the view."""
    text = element.get(name).strip()
    found = _NUMBER.match(text)
    if found is None:
        return 0.0
    return float(found[0]) * room / 100 if text.endswith("%") else float(found[0])


def _shape(element: Element, view: tuple[float, float]) -> Bounds | None:
    """The bounding box of a basic shape in its own units (SVG 2 §10)."""
    tag = element.tag
    if tag in ("rect", "image", "foreignObject"):
        x, y = _length(element, "x", view[0]), _length(element, "y", view[1])
        return (x, y, x + _length(element, "width", view[0]), y + _length(element, "height", view[1]))
    if tag in ("circle", "ellipse"):
        x, y = _length(element, "cx"), _length(element, "cy")
        across = _length(element, "r" if tag == "circle" else "rx")
        down = _length(element, "r" if tag == "circle" else "ry")
        return (x - across, y - down, x + across, y + down)
    if tag == "line":
        xs, ys = [_length(element, name) for name in ("x1", "x2")], [_length(element, name) for name in ("y1", "y2")]
        return (min(xs), min(ys), max(xs), max(ys))
    if tag in ("polyline", "polygon"):
        values = _numbers(element.get("points"))
        return _around(list(zip(values[::2], values[1::2], strict=False)))
    if tag == "path":
        return _around(_path_points(element.get("d")))
    return None


def _text_bounds(element: Element, text: DrawnText, view: tuple[float, float]) -> Bounds | None:
    """Where a line of text is, with the glyphs that reach beyond it."""
    size, width = text.size, text.width
    x, y = _length(element, "x", view[0]), _length(element, "y", view[1])
    shift = element.get("dy")
    y += _length(element, "dy") * (size if shift.strip().endswith("em") else 1.0)
    if element.get("dominant-baseline") in ("central", "middle"):
        y += (text.ascent - text.descent) / 2
    x -= {"middle": width / 2, "end": width}.get(text.anchor, 0.0)
    return (x - text.before, y - text.ascent, x + width + text.behind, y + text.descent) if width else None


def _around(points: list[tuple[float, float]]) -> Bounds | None:
    if not points:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


# ---- paths (SVG 2 §9.3) ---------------------------------------------------------------------------

_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}


def _path_points(data: str) -> list[tuple[float, float]]:
    """Points that a path's bounding box is around: its corners, and the farthest points of its curves."""
    points: list[tuple[float, float]] = []
    x = y = start_x = start_y = 0.0
    control = (0.0, 0.0)  # the last control point, for smooth curves
    before = ""
    for letter, rest in _COMMAND.findall(data):
        command, relative = letter.upper(), letter.islower()
        count = _ARGUMENTS[command]
        values = _arc_numbers(rest) if command == "A" else _numbers(rest)
        if command == "Z":
            x, y, before = start_x, start_y, "Z"
            continue
        for at in range(0, len(values) - count + 1, count):
            given = values[at : at + count]
            ox, oy = (x, y) if relative else (0.0, 0.0)
            if command == "H":
                ends = [(given[0] + ox, y)]
            elif command == "V":
                ends = [(x, given[0] + oy)]
            elif command == "A":
                ends = [(given[5] + ox, given[6] + oy)]
                points += _arc_extremes((x, y), given, ends[0])
            else:
                ends = [(given[i] + ox, given[i + 1] + oy) for i in range(0, count, 2)]
            smooth = {"S": "CS", "T": "QT"}.get(command)
            if smooth is not None:
                first = (2 * x - control[0], 2 * y - control[1]) if before and before in smooth else (x, y)
                ends = [first, *ends]
            if command in "CSQT":
                points += _curve_extremes([(x, y), *ends])
                control = ends[-2]
            x, y = ends[-1]
            points.append((x, y))
            if command == "M" and at == 0:
                start_x, start_y = x, y
            before = command
    return points


def _arc_numbers(text: str) -> list[float]:
    """The flags of arcs may stand without room between them."""
    values: list[float] = []
    position = 0
    while position < len(text) and len(values) < _MOST_NUMBERS:
        if len(values) % 7 in (3, 4) and text[position] in "01":
            values.append(float(text[position]))
            position += 1
            continue
        found = _NUMBER.match(text, position)
        if found is None:
            position += 1
            continue
        values.append(float(found[0]))
        position = found.end()
    return values


def _curve_extremes(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where a Bézier curve turns back in x or in y."""
    found = []
    for axis in (0, 1):
        p = [point[axis] for point in points]
        if len(p) == 3:
            bottom = p[0] - 2 * p[1] + p[2]
            roots = [(p[0] - p[1]) / bottom] if bottom else []
        else:
            a, b, c = -p[0] + 3 * p[1] - 3 * p[2] + p[3], 2 * (p[0] - 2 * p[1] + p[2]), p[1] - p[0]
            roots = _roots(a, b, c)
        found += [_on_curve(points, root) for root in roots if 0 < root < 1]
    return found


def _roots(a: float, b: float, c: float) -> list[float]:
    if abs(a) < 1e-12:
        return [-c / b] if b else []
    inside = b * b - 4 * a * c
    return [] if inside < 0 else [(-b + sign * math.sqrt(inside)) / (2 * a) for sign in (1, -1)]


def _on_curve(points: list[tuple[float, float]], share: float) -> tuple[float, float]:
    while len(points) > 1:
        points = [(a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share) for a, b in pairwise(points)]
    return points[0]


def _arc_extremes(start: tuple[float, float], arc: list[float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Points along an elliptical arc (SVG 2 appendix B.2.4), close enough to one another for its bounds."""
    across, down, turn, large, sweep = abs(arc[0]), abs(arc[1]), math.radians(arc[2]), arc[3], arc[4]
    if not across or not down or start == end:
        return []
    cosine, sine = math.cos(turn), math.sin(turn)
    dx, dy = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    x, y = cosine * dx + sine * dy, -sine * dx + cosine * dy
    grow = math.sqrt(max(1.0, (x / across) ** 2 + (y / down) ** 2))
    across, down = across * grow, down * grow
    bottom = (across * y) ** 2 + (down * x) ** 2
    root = math.sqrt(max(0.0, ((across * down) ** 2 - bottom) / bottom)) if bottom else 0.0
    root = -root if large == sweep else root
    cx, cy = root * across * y / down, -root * down * x / across
    first = math.atan2((y - cy) / down, (x - cx) / across)
    last = math.atan2((-y - cy) / down, (-x - cx) / across)
    if sweep and last < first:
        last += 2 * math.pi
    elif not sweep and last > first:
        last -= 2 * math.pi
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    found = []
    for step in range(65):
        angle = first + (last - first) * step / 64
        px, py = cx + across * math.cos(angle), cy + down * math.sin(angle)
        found.append((cosine * px - sine * py + middle[0], sine * px + cosine * py + middle[1]))
    return found
