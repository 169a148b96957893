"""Elements of SVG and MathML inside HTML (HTML Standard §13.2.6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressenter.browser.html.dom import HTML, MATHML, SVG, Element
from pressenter.browser.html.element_kinds import MATHML_TEXT_POINTS, SVG_HTML_POINTS
from pressenter.browser.html.insertion_modes.modes import comment_data
from pressenter.browser.html.tokens import TokenType

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__ = ["is_foreign", "process_foreign"]

_BREAKOUT = frozenset(
    """b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i
    img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u
    ul var""".split()
)
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
    current = builder.adjusted_current
    if current.namespace == HTML:
        return False
    starts, is_text = token.type is TokenType.START_TAG, token.type is TokenType.TEXT
    if is_mathml_text_point(current) and (is_text or (starts and token.tag not in ("mglyph", "malignmark"))):
        return False
    if starts and token.tag == "svg" and current.namespace == MATHML and current.tag == "annotation-xml":
        return False
    return not (is_html_point(current) and (starts or is_text))


def is_mathml_text_point(element: Element) -> bool:
    """Whether an element is a MathML text integration point (§13.2.6)."""
    return element.namespace == MATHML and element.tag in MATHML_TEXT_POINTS


def is_html_point(element: Element) -> bool:
    """Whether an element is an HTML integration point (§13.2.6)."""
    if element.namespace == MATHML and element.tag == "annotation-xml":
        return element.get("encoding").lower() in ("text/html", "application/xhtml+xml")
    return element.namespace == SVG and element.tag in SVG_HTML_POINTS


def process_foreign(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.5."""
    if token.type is TokenType.TEXT:
        if token.data.strip("\t\n\f\r \0"):
            builder.frameset_ok = False
        builder.insert_text(token.data.replace("\0", "\ufffd"))
    elif token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(comment_data(token))
    elif token.type is TokenType.START_TAG:
        _start_tag(builder, token)
    elif token.type is TokenType.END_TAG:
        _end_tag(builder, token)


def _start_tag(builder: TreeBuilder, token: Any) -> None:
    presentational_font = token.tag == "font" and any(name in ("color", "face", "size") for name, _ in token.attrs)
    if token.tag in _BREAKOUT or presentational_font:
        _break_out(builder, token)
    else:
        insert_foreign(builder, token, builder.adjusted_current.namespace)


def _break_out(builder: TreeBuilder, token: Any) -> None:
    """Leave foreign content: the token is of HTML."""
    while True:
        current = builder.open.current
        if current.namespace == HTML or is_mathml_text_point(current) or is_html_point(current):
            break
        builder.open.pop()
    builder.apply(builder.mode, token)


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
    if token.tag in ("br", "p"):
        _break_out(builder, token)
        return
    for index in range(len(builder.open) - 1, 0, -1):
        item = builder.open[index]
        if item.tag.lower() == token.tag:
            del builder.open[index:]
            return
        if builder.open[index - 1].namespace == HTML:
            builder.apply(builder.mode, token)
            return
