"""Pictures of a page: which file an element shows, and how large it is.

``srcset``, ``sizes`` and ``picture`` choose among files (HTML Standard §4.8.4.3); the size stands in the
file's header, and a drawing (SVG) may have a ratio without a size.
"""

from __future__ import annotations

import io
import re
import xml.parsers.expat
import zlib
from typing import NamedTuple

import tinycss2

from pressenter.browser.css.cascade import StyledDocument
from pressenter.browser.css.component_values import split_commas
from pressenter.browser.css.conditions import Medium, media_match
from pressenter.browser.css.properties import INITIAL
from pressenter.browser.css.values import Color, Environment, InvalidValue, compute, parse_length
from pressenter.browser.html.dom import SVG, Document, Element
from pressenter.browser.html.svg_source import svg_source
from pressenter.browser.layout.box_tree import Picture
from pressenter.browser.layout.boxes import IntrinsicSize

__all__ = ["PictureFile", "UnknownPicture", "inline_drawings", "picture_file", "picture_source", "shows_picture"]

_KNOWN_TYPES = frozenset("image/png image/jpeg image/gif image/webp image/avif image/svg+xml image/bmp".split())
_DEFAULT = IntrinsicSize(300.0, 150.0)  # CSS 2.2 §10.3.2
_LARGEST_SIDE = 16_384


class UnknownPicture(ValueError):
    """Not a picture that can be shown; the message says why."""


class PictureFile(NamedTuple):
    """A picture with the file that it is drawn from."""

    picture: Picture
    data: bytes


def shows_picture(element: Element) -> bool:
    """Whether an element shows a picture from a file."""
    return (
        element.is_html(("img",))
        or _is_image_button(element)
        or (element.is_html(("object",)) and "data" in element.attributes)
        or (element.is_html(("embed",)) and "src" in element.attributes)
    )


def _is_image_button(element: Element) -> bool:
    return element.is_html(("input",)) and element.get("type").lower() == "image"


def picture_source(element: Element, medium: Medium) -> str:
    """The address of the file to show."""
    if element.tag == "object":
        return element.get("data")
    parent = element.parent_element
    if parent is not None and parent.is_html(("picture",)):
        for source in parent.children:
            if source is element:
                break
            if isinstance(source, Element) and source.is_html(("source",)) and _applies(source, medium):
                chosen = _from_set(source.get("srcset"), source.get("sizes"), medium)
                if chosen:
                    return chosen
    return _from_set(element.get("srcset"), element.get("sizes"), medium) or element.get("src")


def _applies(source: Element, medium: Medium) -> bool:
    kind = source.get("type").partition(";")[0].strip().lower()
    if kind and kind not in _KNOWN_TYPES:
        return False
    return not source.get("media") or media_match(tinycss2.parse_component_value_list(source.get("media")), medium)


_CANDIDATE = re.compile(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s+([\d.]+)([wx]))?\s*(?:,|$)")


def _from_set(text: str, sizes: str, medium: Medium) -> str:
    """The candidate whose density comes nearest to the screen's from above (§4.8.4.3.7)."""
    candidates = []
    for match in _CANDIDATE.finditer(text):
        density = 1.0
        if match[3] == "w":
            density = float(match[2]) / max(1.0, _source_size(sizes, medium))
        elif match[3] == "x":
            density = float(match[2])
        candidates.append((density, match[1]))
    enough = [candidate for candidate in candidates if candidate[0] >= medium.resolution]
    if enough:
        return min(enough, key=lambda candidate: candidate[0])[1]
    return max(candidates, key=lambda candidate: candidate[0])[1] if candidates else ""


def _source_size(sizes: str, medium: Medium) -> float:
    """The first size whose media condition holds (§4.8.4.2.2)."""
    environment = Environment(16.0, 16.0, medium.width, medium.height)
    for part in split_commas(tinycss2.parse_component_value_list(sizes, skip_comments=True)):
        if part and (len(part) == 1 or media_match(part[:-1], medium)):
            try:
                return float(compute(parse_length(part[-1], percent=False), environment))
            except (InvalidValue, TypeError):
                continue
    return medium.width


def picture_file(key: str, data: bytes) -> PictureFile:
    """A picture from a file.  Raises UnknownPicture."""
    if _is_drawing(data):
        return PictureFile(_drawing(key, data), data)
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        data = _transcoded(data)
    import imagesize

    try:
        width, height = imagesize.get(io.BytesIO(data))
    except Exception as error:  # whatever a broken header makes it raise
        raise UnknownPicture("a broken header") from error
    if width <= 0 or height <= 0:
        raise UnknownPicture("no known format")
    if width > _LARGEST_SIDE or height > _LARGEST_SIDE:
        raise UnknownPicture(f"{width} x {height} pixels are more than are decoded")
    size = IntrinsicSize(float(width), float(height))
    return PictureFile(Picture(key, size, size.width / size.height), data)


def _transcoded(data: bytes) -> bytes:
    """AVIF, which Skia does not read here, as PNG."""
    try:
        from PIL import Image

        with Image.open(io.BytesIO(data)) as image:
            file = io.BytesIO()
            image.convert("RGBA").save(file, "PNG")
            return file.getvalue()
    except Exception as error:  # a missing package or a broken file
        raise UnknownPicture(f"AVIF: {error}") from error


def _is_drawing(data: bytes) -> bool:
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"<") and b"<svg" in data[:65536]


def _drawing(key: str, data: bytes) -> Picture:
    attributes: dict[str, str] = {}

    def start(name: str, found: dict[str, str]) -> None:
        if not attributes and name.rpartition(":")[2] == "svg":
            attributes.update(found)
            attributes.setdefault("xmlns", "")

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
    except (xml.parsers.expat.ExpatError, ValueError) as error:
        if not attributes:
            raise UnknownPicture(f"SVG: {error}") from error
    return _sized(key, attributes)


def _sized(key: str, attributes: dict[str, str]) -> Picture:
    """Width, height and ratio of a drawing by its attributes (SVG 2 §8.2, CSS Images 3 §4.1)."""
    width, height = _pixels(attributes.get("width", "")), _pixels(attributes.get("height", ""))
    box = [_number(part) for part in attributes.get("viewBox", "").replace(",", " ").split()]
    ratio = None
    if len(box) == 4 and box[2] and box[3] and box[2] > 0 and box[3] > 0:
        ratio = box[2] / box[3]
    if width is not None and height is not None:
        return Picture(key, IntrinsicSize(width, height), width / height if width and height else ratio)
    if ratio is not None:
        if width is not None:
            return Picture(key, IntrinsicSize(width, width / ratio), ratio)
        if height is not None:
            return Picture(key, IntrinsicSize(height * ratio, height), ratio)
        return Picture(key, IntrinsicSize(_DEFAULT.width, _DEFAULT.width / ratio), ratio, True)
    return Picture(
        key, IntrinsicSize(_DEFAULT.width if width is None else width, _DEFAULT.height if height is None else height)
    )


_UNITS = {"px": 1.0, "": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "em": 16.0,
          "rem": 16.0, "ex": 8.0}  # fmt: skip


def _pixels(text: str) -> float | None:
    match = re.fullmatch(r"\s*\+?([\d.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*", text, re.IGNORECASE)
    if match is None or match[2].lower() not in _UNITS:
        return None
    number = _number(match[1])
    return None if number is None else number * _UNITS[match[2].lower()]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _colors(svg: Element, styled: StyledDocument) -> dict[Element, dict[str, str]]:
    """What style sheets say of the colours in a drawing."""
    found = {}
    for element in (svg, *svg.elements()):
        style = styled.styles[element]
        values = {"color": _hex(style["color"])}
        for name in ("fill", "stroke"):
            if style[name] != INITIAL[name]:
                values[name] = _hex(style[name]) if isinstance(style[name], Color) else values["color"]
                if style[name] == "none":
                    values[name] = "none"
        found[element] = values
    return found


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in color[: 3 if color.alpha == 1 else 4])


def inline_drawings(document: Document, styled: StyledDocument) -> dict[Element, PictureFile]:
    """Outermost svg elements, each as a picture, in the colours that style sheets give them."""
    found: dict[Element, PictureFile] = {}
    for element in document.elements():
        parent = element.parent_element
        if element.tag == "svg" and element.namespace == SVG and (parent is None or parent.namespace != SVG):
            data = svg_source(element, _colors(element, styled))
            # Named by what it shows: in other colours it is another picture.
            picture = _sized(f"inline svg {zlib.crc32(data):08x} {len(data)}", element.attributes)
            found[element] = PictureFile(picture, data)
    return found
