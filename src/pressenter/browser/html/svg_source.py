"""An svg element of a page as a file of its own, for whoever draws SVG.

Inline SVG stands in the document tree; a painter of SVG wants the text of a file.
"""

from __future__ import annotations

from html import escape

from pressenter.browser.html.dom import Element, Text

__all__ = ["svg_size", "svg_source"]

_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_DEFAULT_SIZE = (300.0, 150.0)  # CSS 2.2 §10.3.2


def svg_source(svg: Element) -> bytes:
    """The SVG file of an svg element."""
    parts: list[str] = []
    stack: list[Element | Text | str] = [svg]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
        elif isinstance(item, Text):
            parts.append(escape(item.data, quote=False))
        else:
            attributes = "".join(
                f' {name}="{escape(value)}"'
                for name, value in item.attributes.items()
                if not name.startswith("xmlns") and name.isascii() and not set(name) & set("\"'<>/= ")
            )
            namespaces = f" {_NAMESPACES}" if item is svg else ""
            parts.append(f"<{item.tag}{namespaces}{attributes}>")
            stack.append(f"</{item.tag}>")
            stack.extend(child for child in reversed(item.children) if isinstance(child, (Element, Text)))
    return "".join(parts).encode()


def svg_size(svg: Element) -> tuple[float, float]:
    """Width and height by the attributes, or by the view box (SVG 2 §7.2, §8.2)."""
    width, height = _pixels(svg.get("width")), _pixels(svg.get("height"))
    box = [_pixels(part) for part in svg.get("viewBox").replace(",", " ").split()]
    own = (box[2], box[3]) if len(box) == 4 and box[2] and box[3] else _DEFAULT_SIZE
    if width and height:
        return width, height
    if width:
        return width, width * own[1] / own[0]
    if height:
        return height * own[0] / own[1], height
    return own


def _pixels(text: str) -> float:
    try:
        return max(0.0, float(text.strip().removesuffix("px")))
    except ValueError:
        return 0.0
