"""Where a picture is drawn in its box: object-fit and object-position (CSS Images 3 §5)."""

from __future__ import annotations

from pressenter.browser.layout.boxes import ReplacedBox
from pressenter.browser.layout.edges import resolve
from pressenter.browser.paint.items import Rect

__all__ = ["picture_rect"]


def picture_rect(box: ReplacedBox, content: Rect) -> Rect:
    """The rectangle of the whole picture; it may reach beyond the box, which clips it."""
    fit = box.style["object-fit"]
    width, height = box.intrinsic.width, box.intrinsic.height
    if fit == "fill" or not (width and height and content.width and content.height):
        return content
    scales = (content.width / width, content.height / height)
    scale = 1.0
    if fit == "contain" or (fit == "scale-down" and min(scales) < 1):
        scale = min(scales)
    elif fit == "cover":
        scale = max(scales)
    width, height = width * scale, height * scale
    across, down = box.style["object-position"]
    return Rect(
        content.x + resolve(across, content.width - width), content.y + resolve(down, content.height - height),
        width, height,
    )  # fmt: skip
