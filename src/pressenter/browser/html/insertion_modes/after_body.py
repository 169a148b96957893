"""Template, frameset, and after the body (HTML Standard §13.2.6.4.16 and further)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressenter.browser.html.element_kinds import HEAD_ELEMENTS
from pressenter.browser.html.insertion_modes.modes import (
    END,
    END_OF_FILE,
    START,
    TEXT,
    Mode,
    again,
    by_body_rules,
    by_head_rules,
    by_tag,
    comment_data,
    is_blank,
    is_handled_alike,
    rules_of,
    white_space_of,
)
from pressenter.browser.html.tokens import TokenType

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__: list[str] = []  # the rules register themselves


@rules_of(Mode.IN_TEMPLATE)
def in_template(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.16."""
    if token is END_OF_FILE:
        if builder.close_template():
            builder.apply(builder.mode, token)
        return
    if token.type is START and token.tag not in HEAD_ELEMENTS:
        mode = _TEMPLATE_MODES.get(token.tag, Mode.IN_BODY)
        builder.template_modes[-1] = mode
        again(builder, token, mode)
    elif token.type is END:
        if token.tag == "template":
            builder.apply(Mode.IN_HEAD, token)
    else:
        builder.apply(Mode.IN_BODY, token)


_TEMPLATE_MODES = by_tag(
    ("caption colgroup tbody tfoot thead", Mode.IN_TABLE),
    ("col", Mode.IN_COLUMN_GROUP),
    ("tr", Mode.IN_TABLE_BODY),
    ("td th", Mode.IN_ROW),
)


@rules_of(Mode.AFTER_BODY)
def after_body(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.17, and after after body (§13.2.6.4.20)."""
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        after_html = builder.mode is Mode.AFTER_AFTER_BODY
        builder.insert_comment(comment_data(token), builder.document if after_html else builder.open[0])
    elif token.type is END and token.tag == "html":
        if builder.context is None:
            builder.mode = Mode.AFTER_AFTER_BODY
    elif is_blank(token) or (token.type is START and token.tag == "html") or token is END_OF_FILE:
        builder.apply(Mode.IN_BODY, token)
    elif token.type is not TokenType.DOCTYPE:
        again(builder, token, Mode.IN_BODY)


@rules_of(Mode.AFTER_AFTER_BODY)
def after_after_body(builder: TreeBuilder, token: Any) -> None:
    """The document is over; what still comes goes back into the body."""
    builder.apply(Mode.AFTER_BODY, token)


@rules_of(Mode.IN_FRAMESET)
def in_frameset(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.18: old pages of frames; what is in the frames is not shown."""
    if token.type is TEXT:
        builder.insert_text(white_space_of(token).data)
    elif is_handled_alike(builder, token):
        return
    elif token.type is START and token.tag in _FRAMESET_START:
        _FRAMESET_START[token.tag](builder, token)
    elif token.type is END and token.tag == "frameset" and len(builder.open) > 1:
        builder.open.pop()
        if builder.context is None and not builder.open.current.is_html(("frameset",)):
            builder.mode = Mode.AFTER_FRAMESET


def _start_frameset(builder: TreeBuilder, token: Any) -> None:
    builder.insert_element("frameset", token.attrs)


def _start_frame(builder: TreeBuilder, token: Any) -> None:
    builder.insert_void(token)


_FRAMESET_START = by_tag(
    ("html", by_body_rules),
    ("frameset", _start_frameset),
    ("frame", _start_frame),
    ("noframes", by_head_rules),
)


@rules_of(Mode.AFTER_FRAMESET)
def after_frameset(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.19."""
    if token.type is TEXT:
        builder.insert_text(white_space_of(token).data)
    elif is_handled_alike(builder, token):
        return
    elif token.type is START and token.tag in ("html", "noframes"):
        _FRAMESET_START[token.tag](builder, token)
    elif token.type is END and token.tag == "html":
        builder.mode = Mode.AFTER_AFTER_FRAMESET


@rules_of(Mode.AFTER_AFTER_FRAMESET)
def after_after_frameset(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.21."""
    if token.type is TEXT:
        builder.apply(Mode.IN_BODY, white_space_of(token))
    elif token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(comment_data(token), builder.document)
    elif token.type is START and token.tag in ("html", "noframes"):
        _FRAMESET_START[token.tag](builder, token)
