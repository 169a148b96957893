"""Before the body: doctype, html, head (HTML Standard §13.2.6.4.1 to §13.2.6.4.6, §13.2.6.4.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressenter.browser.html.dom import Doctype, Element
from pressenter.browser.html.element_kinds import HEAD_ELEMENTS, quirks_mode
from pressenter.browser.html.insertion_modes.modes import (
    END,
    START,
    TEXT,
    WHITE_SPACE,
    Mode,
    after_white_space,
    again,
    comment_data,
    is_blank,
    is_handled_alike,
    rules_of,
    text_token,
)
from pressenter.browser.html.tokens import TokenType

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__: list[str] = []  # the rules register themselves


@rules_of(Mode.INITIAL)
def initial(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.1."""
    if is_blank(token):
        return
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(comment_data(token), builder.document)
    elif token.type is TokenType.DOCTYPE:
        name = token.name or ""
        builder.document.append(Doctype(name, token.public_id or "", token.system_id or ""))
        builder.document.quirks = quirks_mode(name, token.public_id, token.system_id, token.force_quirks)
        builder.mode = Mode.BEFORE_HTML
    else:
        builder.document.quirks = "quirks"
        again(builder, token, Mode.BEFORE_HTML)


@rules_of(Mode.BEFORE_HTML)
def before_html(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.2."""
    if token.type is TokenType.DOCTYPE or is_blank(token):
        return
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(comment_data(token), builder.document)
        return
    if token.type is END and token.tag not in ("head", "body", "html", "br"):
        return
    starts = token.type is START and token.tag == "html"
    root = Element("html", dict(token.attrs) if starts else {})
    builder.document.append(root)
    builder.open.append(root)
    builder.mode = Mode.BEFORE_HEAD
    if not starts:
        builder.apply(Mode.BEFORE_HEAD, _stripped(token))


def _stripped(token: Any) -> Any:
    """Leading white space before the head is dropped."""
    if token.type is TEXT:
        return text_token(token.data.lstrip(WHITE_SPACE))
    return token


@rules_of(Mode.BEFORE_HEAD)
def before_head(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.3."""
    if is_blank(token) or is_handled_alike(builder, token):
        return
    if token.type is START and token.tag == "html":
        builder.apply(Mode.IN_BODY, token)
    elif token.type is START and token.tag == "head":
        builder.head = builder.insert_element("head", token.attrs)
        builder.mode = Mode.IN_HEAD
    elif token.type is END and token.tag not in ("head", "body", "html", "br"):
        return
    else:
        builder.head = builder.insert_element("head")
        again(builder, _stripped(token), Mode.IN_HEAD)


@rules_of(Mode.IN_HEAD)
def in_head(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.4."""
    token = after_white_space(builder, token)
    if token is None or is_handled_alike(builder, token):
        return
    tag = token.tag
    if token.type is START:
        if tag == "html":
            builder.apply(Mode.IN_BODY, token)
            return
        if tag in ("base", "basefont", "bgsound", "link", "meta"):
            builder.insert_void(token)
            return
        if tag in ("title", "noframes", "style", "script"):
            builder.insert_raw_text_element(token)
            return
        if tag == "noscript" and builder.scripting:
            builder.insert_raw_text_element(token)
            return
        if tag == "noscript":
            builder.insert_element(tag, token.attrs)
            builder.mode = Mode.IN_HEAD_NOSCRIPT
            return
        if tag == "template":
            builder.insert_element(tag, token.attrs)
            builder.formatting.append(None)
            builder.frameset_ok = False
            builder.mode = Mode.IN_TEMPLATE
            builder.template_modes.append(Mode.IN_TEMPLATE)
            return
        if tag == "head":
            return
    if token.type is END:
        if tag == "head":
            builder.open.pop()
            builder.mode = Mode.AFTER_HEAD
            return
        if tag == "template":
            builder.close_template()
            return
        if tag not in ("body", "html", "br"):
            return
    builder.open.pop()
    again(builder, token, Mode.AFTER_HEAD)


@rules_of(Mode.IN_HEAD_NOSCRIPT)
def in_head_noscript(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.5, where no script runs."""
    token = after_white_space(builder, token)
    if token is None:
        return
    if token.type is END and token.tag == "noscript":
        builder.open.pop()
        builder.mode = Mode.IN_HEAD
    elif token.type is START and token.tag == "html":
        builder.apply(Mode.IN_BODY, token)
    elif token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION) or (
        token.type is START and token.tag in ("basefont", "bgsound", "link", "meta", "noframes", "style")
    ):
        builder.apply(Mode.IN_HEAD, token)
    elif (token.type is START and token.tag in ("head", "noscript")) or (token.type is END and token.tag != "br"):
        return
    elif token.type is not TokenType.DOCTYPE:
        builder.open.pop()
        again(builder, token, Mode.IN_HEAD)


@rules_of(Mode.AFTER_HEAD)
def after_head(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.6."""
    token = after_white_space(builder, token)
    if token is None or is_handled_alike(builder, token):
        return
    tag = token.tag
    if token.type is START:
        if tag == "html":
            builder.apply(Mode.IN_BODY, token)
            return
        if tag in ("body", "frameset"):
            builder.insert_element(tag, token.attrs)
            builder.frameset_ok = builder.frameset_ok and tag != "body"
            builder.mode = Mode.IN_BODY if tag == "body" else Mode.IN_FRAMESET
            return
        if tag in HEAD_ELEMENTS:
            assert builder.head is not None
            builder.open.append(builder.head)
            builder.apply(Mode.IN_HEAD, token)
            builder.open.drop(builder.head)
            return
        if tag == "head":
            return
    if token.type is END:
        if tag == "template":
            builder.apply(Mode.IN_HEAD, token)
            return
        if tag not in ("body", "html", "br"):
            return
    builder.insert_element("body")
    again(builder, token, Mode.IN_BODY)


@rules_of(Mode.IN_TEXT)
def in_text(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.8: inside title, style, script and the like."""
    if token.type is TEXT:
        builder.insert_text(token.data)
        return
    builder.open.pop()
    builder.mode = builder.original_mode
    if token.type is not END:
        builder.apply(builder.mode, token)
