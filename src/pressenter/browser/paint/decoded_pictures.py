"""Pictures, decoded: files of the formats that Skia reads, and drawings (SVG) at the size at which they are seen."""

from __future__ import annotations

import xml.parsers.expat
from collections.abc import Mapping
from typing import Any

from pressenter.browser.paint.items import Rect
from pressenter.browser.paint.skia_library import load_skia

__all__ = ["DecodedPictures"]

_MAXIMUM_DRAWING = 4096  # pixels on a side
_MAXIMUM_SVG_DEPTH = 256


class DecodedPictures:
    """Pictures by their keys, decoded when they are first drawn.

    Args:
        files: encoded files by the key that display items name.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._images: dict[tuple[str, int, int], Any] = {}

    def with_files(self, files: Mapping[str, bytes]) -> DecodedPictures:
        """Other files; what is decoded is kept where the file is the same."""
        other = DecodedPictures(files)
        for key, image in self._images.items():
            if files.get(key[0]) == self._files.get(key[0]):
                other._images[key] = image
        return other

    def image(self, key: str, rect: Rect) -> Any:
        """A picture, or None for what cannot be drawn.  A drawing is rastered to the size of the rectangle."""
        data = self._files.get(key, b"")
        is_drawing = data.lstrip()[:1] == b"<"
        width, height = (min(_MAXIMUM_DRAWING, max(1, round(size))) for size in (rect.width, rect.height))
        known = (key, width, height) if is_drawing else (key, 0, 0)
        if known not in self._images:
            self._images[known] = _drawing_image(data, width, height) if is_drawing else _file_image(data)
        return self._images[known]


def _file_image(data: bytes) -> Any:
    skia = load_skia()
    return skia.Image.MakeFromEncoded(skia.Data.MakeWithCopy(data))


def _drawing_image(data: bytes, width: int, height: int) -> Any:
    if not _is_shallow(data):
        return None
    skia = load_skia()
    drawing = skia.SVGDOM.MakeFromStream(skia.MemoryStream.MakeCopy(data))
    if drawing is None:
        return None
    surface = skia.Surface(width, height)
    drawing.setContainerSize(skia.Size(width, height))
    drawing.render(surface.getCanvas())
    return surface.makeImageSnapshot()


def _is_shallow(svg: bytes) -> bool:
    """Whether a drawing is well-formed and not nested so deeply that Skia's recursion would overflow."""
    depth = deepest = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(svg, True)
    except (xml.parsers.expat.ExpatError, ValueError):
        return False
    return deepest <= _MAXIMUM_SVG_DEPTH
