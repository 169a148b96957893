"""An svg element of a page as a file of its own, for whoever draws SVG.

Inline SVG stands in the document tree; a painter of SVG wants the text of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from pressenter.browser.html.dom import Element, Text

__all__ = ["svg_source"]

_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

Colors = Mapping[Element, Mapping[str, str]]


def svg_source(svg: Element, colors: Colors | None = None) -> bytes:
    """The SVG file of an svg element.

    Args:
        colors: what style sheets say of an element, as attributes that count more than its own;
            ``color`` is what its ``currentColor`` stands for.
    """
    parts: list[str] = []
    stack: list[Element | Text | str] = [svg]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item)
        elif isinstance(item, Text):
            parts.append(escape(item.data, quote=False))
        else:
            styled = dict(colors.get(item, {})) if colors is not None else {}
            current = styled.pop("color", "")
            attributes = "".join(
                f' {name}="{escape(current if current and value.lower() == "currentcolor" else value)}"'
                for name, value in {**item.attributes, **styled}.items()
                if not name.startswith("xmlns") and name.isascii() and not set(name) & set("\"'<>/= ")
            )
            namespaces = f" {_NAMESPACES}" if item is svg else ""
            parts.append(f"<{item.tag}{namespaces}{attributes}>")
            stack.append(f"</{item.tag}>")
            stack.extend(child for child in reversed(item.children) if isinstance(child, (Element, Text)))
    return "".join(parts).encode()
