"""Elements of SVG and MathML inside HTML (HTML Standard §13.2.6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbohtml import TokenType

from pressenter.browser.html.dom import HTML, MATHML, SVG

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__ = ["is_foreign", "process_foreign"]

_BREAKOUT = frozenset(
    """b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i
    img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u
    ul var""".split()
)
_MATHML_TEXT = frozenset("mi mo mn ms mtext".split())
_SVG_HTML = frozenset("foreignObject desc title".split())
_SVG_TAGS = {
    name.lower(): name
    for name in """altGlyph altGlyphDef altGlyphItem animateColor animateMotion animateTransform
    clipPath feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix
    feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB
    feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset
    fePointLight feSpecularLighting feSpotLight feTile feTurbulence foreignObject glyphRef
    linearGradient radialGradient textPath""".split()
}
_SVG_ATTRIBUTES = {
    name.lower(): name
    for name in """attributeName attributeType baseFrequency baseProfile calcMode clipPathUnits
    diffuseConstant edgeMode filterUnits glyphRef gradientTransform gradientUnits kernelMatrix
    kernelUnitLength keyPoints keySplines keyTimes lengthAdjust limitingConeAngle markerHeight
    markerUnits markerWidth maskContentUnits maskUnits numOctaves pathLength patternContentUnits
    patternTransform patternUnits pointsAtX pointsAtY pointsAtZ preserveAlpha
    preserveAspectRatio primitiveUnits refX refY repeatCount repeatDur requiredExtensions
    requiredFeatures specularConstant specularExponent spreadMethod startOffset stdDeviation
    stitchTiles surfaceScale systemLanguage tableValues targetX targetY textLength viewBox
    viewTarget xChannelSelector yChannelSelector zoomAndPan""".split()
}


def is_foreign(builder: TreeBuilder, token: Any) -> bool:
    """The tree construction dispatcher (§13.2.6)."""
    if not builder.open:
        return False
    current = builder.open.current
    if current.namespace == HTML:
        return False
    if current.namespace == MATHML and current.tag in _MATHML_TEXT:
        if token.type is TokenType.TEXT:
            return False
        if token.type is TokenType.START_TAG and token.tag not in ("mglyph", "malignmark"):
            return False
    integration = current.namespace == SVG and current.tag in _SVG_HTML
    return not (integration and token.type in (TokenType.TEXT, TokenType.START_TAG))


def process_foreign(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.5."""
    if token.type is TokenType.TEXT:
        if token.data.strip("\t\n\f\r \0"):
            builder.frameset_ok = False
        builder.insert_text(token.data.replace("\0", "\ufffd"))
    elif token.type is TokenType.COMMENT:
        builder.insert_comment(token.data)
    elif token.type is TokenType.START_TAG:
        _start_tag(builder, token)
    elif token.type is TokenType.END_TAG:
        _end_tag(builder, token)


def _start_tag(builder: TreeBuilder, token: Any) -> None:
    presentational_font = token.tag == "font" and any(name in ("color", "face", "size") for name, _ in token.attrs)
    if token.tag in _BREAKOUT or presentational_font:
        while True:
            current = builder.open.current
            text_point = current.namespace == MATHML and current.tag in _MATHML_TEXT
            html_point = current.namespace == SVG and current.tag in _SVG_HTML
            if current.namespace == HTML or text_point or html_point:
                break
            builder.open.pop()
        builder.apply(builder.mode, token)
        return
    insert_foreign(builder, token, builder.open.current.namespace)


def insert_foreign(builder: TreeBuilder, token: Any, namespace: str) -> None:
    """Insert an element of SVG or MathML, with the case that its names have there."""
    tag, attributes = token.tag, token.attrs
    if namespace == SVG:
        tag = _SVG_TAGS.get(tag, tag)
        attributes = [(_SVG_ATTRIBUTES.get(name, name), value) for name, value in attributes]
    elif namespace == MATHML:
        attributes = [("definitionURL" if name == "definitionurl" else name, value) for name, value in attributes]
    builder.insert_element(tag, attributes, namespace)
    if token.self_closing:
        builder.open.pop()


def _end_tag(builder: TreeBuilder, token: Any) -> None:
    for index in range(len(builder.open) - 1, 0, -1):
        item = builder.open[index]
        if item.tag.lower() == token.tag:
            del builder.open[index:]
            return
        if builder.open[index - 1].namespace == HTML:
            builder.apply(builder.mode, token)
            return
