"""Replaced elements: pictures and controls, sized by CSS 2.2 §10.3.2 and §10.6.2."""

from __future__ import annotations

from pressenter.browser.layout.boxes import ReplacedBox
from pressenter.browser.layout.edges import clamp_width, edges_of, resolve_width
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.fragments import BoxFragment

__all__ = ["layout_replaced", "replaced_size"]


def replaced_size(box: ReplacedBox, containing_width: float) -> tuple[float, float]:
    """Content width and height: as asked, else its own, the ratio kept."""
    style = box.style
    edges = edges_of(style, containing_width)
    width = resolve_width(style, "width", containing_width, edges)
    height = resolve_width(style, "height", 0.0, edges) if isinstance(style["height"], float) else None
    own = box.intrinsic
    ratio = own.width / own.height if own.width and own.height else 1.0
    keeps_ratio = bool(box.picture)
    if width is None and height is None:
        width, height = own.width, own.height
    elif width is None:
        assert height is not None
        width = height * ratio if keeps_ratio else own.width
    elif height is None:
        height = width / ratio if keeps_ratio else own.height
    clamped = clamp_width(style, width, containing_width, edges)
    if clamped != width and width and keeps_ratio and style["height"] == "auto":
        height *= clamped / width
    largest = resolve_width(style, "max-height", 0.0, edges) if isinstance(style["max-height"], float) else None
    if largest is not None and height > largest:
        if keeps_ratio and style["width"] == "auto":
            clamped *= largest / height
        height = largest
    return clamped, height


def layout_replaced(engine: LayoutEngine, box: ReplacedBox, containing_width: float) -> BoxFragment:
    """A fragment of the right size, at (0, 0)."""
    edges = edges_of(box.style, containing_width)
    width, height = replaced_size(box, containing_width)
    baseline = None
    if box.label or (not box.picture and box.element is not None and box.element.tag in ("input", "select")):
        baseline = edges.top + engine.face(box.style).metrics.ascent * box.style["font-size"]
    return BoxFragment(0.0, 0.0, width + edges.horizontal, height + edges.vertical, box, (), baseline, baseline)
