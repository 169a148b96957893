"""Select, template, frameset, and after the body (HTML Standard §13.2.6.4.16 and further)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from turbohtml import TokenType

from pressenter.browser.html.element_kinds import HEAD_ELEMENTS, TABLE_SCOPE
from pressenter.browser.html.insertion_modes.modes import (
    END,
    END_OF_FILE,
    START,
    TEXT,
    WHITE_SPACE,
    Mode,
    again,
    by_tag,
    comment_data,
    is_blank,
    is_handled_alike,
    rules_of,
)

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__: list[str] = []  # the rules register themselves


@rules_of(Mode.IN_SELECT)
def in_select(builder: TreeBuilder, token: Any) -> None:
    """In select: the rules before their relaxation in 2025."""
    stack, tag = builder.open, token.tag
    if token.type is TEXT:
        builder.insert_text(token.data.replace("\0", ""))
    elif is_handled_alike(builder, token):
        return
    elif token.type is START:
        if tag == "html":
            builder.apply(Mode.IN_BODY, token)
        elif tag in ("option", "optgroup", "hr"):
            if stack.current.tag == "option":
                stack.pop()
            if tag != "option" and stack.current.tag == "optgroup":
                stack.pop()
            if tag == "hr":
                builder.insert_void(token)
            else:
                builder.insert_element(tag, token.attrs)
        elif tag in ("select", "input", "keygen", "textarea"):
            if stack.in_scope("select"):
                stack.pop_through("select")
                builder.reset_mode()
                if tag != "select":
                    builder.apply(builder.mode, token)
        elif tag in ("script", "template"):
            builder.apply(Mode.IN_HEAD, token)
    elif token.type is END:
        if tag == "optgroup":
            if stack.current.tag == "option" and len(stack) > 1 and stack[-2].tag == "optgroup":
                stack.pop()
            if stack.current.tag == "optgroup":
                stack.pop()
        elif tag == "option":
            if stack.current.tag == "option":
                stack.pop()
        elif tag == "select":
            if stack.in_scope("select"):
                stack.pop_through("select")
                builder.reset_mode()
        elif tag == "template":
            builder.apply(Mode.IN_HEAD, token)
    elif token is END_OF_FILE:
        builder.apply(Mode.IN_BODY, token)


@rules_of(Mode.IN_SELECT_IN_TABLE)
def in_select_in_table(builder: TreeBuilder, token: Any) -> None:
    """A select inside a table: parts of the table close it."""
    parts = ("caption", "table", "tbody", "tfoot", "thead", "tr", "td", "th")
    if token.type in (START, END) and token.tag in parts:
        if token.type is END and not builder.open.in_scope(token.tag, TABLE_SCOPE):
            return
        builder.open.pop_through("select")
        builder.reset_mode()
        builder.apply(builder.mode, token)
    else:
        builder.apply(Mode.IN_SELECT, token)


@rules_of(Mode.IN_TEMPLATE)
def in_template(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.18 (numbered so before 2025)."""
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
    """§13.2.6.4.19, and after after body."""
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        after_html = builder.mode is Mode.AFTER_AFTER_BODY
        builder.insert_comment(comment_data(token), builder.document if after_html else builder.open[0])
    elif token.type is END and token.tag == "html":
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
    """§13.2.6.4.20: old pages of frames; what is in the frames is not shown."""
    if token.type is TEXT:
        builder.insert_text("".join(c for c in token.data if c in WHITE_SPACE))
    elif is_handled_alike(builder, token):
        return
    elif token.type is START and token.tag == "frameset":
        builder.insert_element("frameset", token.attrs)
    elif token.type is START and token.tag == "frame":
        builder.insert_void(token)
    elif token.type is START and token.tag == "noframes":
        builder.apply(Mode.IN_HEAD, token)
    elif token.type is END and token.tag == "frameset" and len(builder.open) > 1:
        builder.open.pop()
