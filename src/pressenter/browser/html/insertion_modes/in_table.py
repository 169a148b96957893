"""Inside tables (HTML Standard §13.2.6.4.9 to §13.2.6.4.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressenter.browser.html.element_kinds import TABLE_PARTS, TABLE_SCOPE
from pressenter.browser.html.insertion_modes.modes import (
    END,
    END_OF_FILE,
    START,
    TEXT,
    WHITE_SPACE,
    Mode,
    after_white_space,
    again,
    by_head_rules,
    by_tag,
    is_handled_alike,
    rules_of,
    text_token,
    white_space_of,
)

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__: list[str] = []  # the rules register themselves


@rules_of(Mode.IN_TABLE)
def in_table(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.9."""
    stack = builder.open
    if token.type is TEXT and stack.current.is_html(("table", "tbody", "template", "tfoot", "thead", "tr")):
        _table_text(builder, token)
        return
    if is_handled_alike(builder, token):
        return
    if token.type is START:
        rule = _TABLE_START.get(token.tag)
        if rule is not None:
            rule(builder, token)
            return
        if token.tag == "input" and dict(token.attrs).get("type", "").lower() == "hidden":
            builder.insert_void(token)
            return
    elif token.type is END:
        if token.tag == "table":
            if stack.in_scope("table", TABLE_SCOPE):
                stack.pop_through("table")
                builder.reset_mode()
            return
        if token.tag == "template":
            builder.apply(Mode.IN_HEAD, token)
            return
        if token.tag in ("body", "html", *TABLE_PARTS):
            return
    elif token is END_OF_FILE:
        builder.apply(Mode.IN_BODY, token)
        return
    _foster(builder, token)


def _foster(builder: TreeBuilder, token: Any) -> None:
    """What may not stand in a table is put in front of it (foster parenting)."""
    builder.foster_parenting = True
    builder.apply(Mode.IN_BODY, token)
    builder.foster_parenting = False


def _table_text(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.10: white space stays in the table, other text is fostered."""
    data = token.data.replace("\0", "")
    if data.strip(WHITE_SPACE):
        _foster(builder, text_token(data))
    else:
        builder.insert_text(data)


def _table_caption(builder: TreeBuilder, token: Any) -> None:
    builder.open.pop_to(("table", "template", "html"))
    builder.formatting.append(None)
    builder.insert_element("caption", token.attrs)
    builder.mode = Mode.IN_CAPTION


def _table_columns(builder: TreeBuilder, token: Any) -> None:
    builder.open.pop_to(("table", "template", "html"))
    if token.tag == "colgroup":
        builder.insert_element("colgroup", token.attrs)
        builder.mode = Mode.IN_COLUMN_GROUP
    else:
        builder.insert_element("colgroup")
        again(builder, token, Mode.IN_COLUMN_GROUP)


def _table_rows(builder: TreeBuilder, token: Any) -> None:
    builder.open.pop_to(("table", "template", "html"))
    if token.tag in ("tbody", "tfoot", "thead"):
        builder.insert_element(token.tag, token.attrs)
        builder.mode = Mode.IN_TABLE_BODY
    else:
        builder.insert_element("tbody")
        again(builder, token, Mode.IN_TABLE_BODY)


def _table_again(builder: TreeBuilder, token: Any) -> None:
    if builder.open.in_scope("table", TABLE_SCOPE):
        builder.open.pop_through("table")
        builder.reset_mode()
        builder.apply(builder.mode, token)


def _table_form(builder: TreeBuilder, token: Any) -> None:
    if builder.form is None and builder.open.find("template") is None:
        builder.form = builder.insert_void(token)


_TABLE_START = by_tag(
    ("caption", _table_caption),
    ("colgroup col", _table_columns),
    ("tbody tfoot thead td th tr", _table_rows),
    ("table", _table_again),
    ("style script template", by_head_rules),
    ("form", _table_form),
)


@rules_of(Mode.IN_CAPTION)
def in_caption(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.11."""
    closes = token.type is END and token.tag in ("caption", "table")
    opens = token.type is START and token.tag in TABLE_PARTS
    if closes or opens:
        if builder.open.in_scope("caption", TABLE_SCOPE):
            builder.open.generate_implied_end_tags()
            builder.open.pop_through("caption")
            builder.formatting.clear_to_marker()
            builder.mode = Mode.IN_TABLE
            if token.tag != "caption" or opens:
                builder.apply(Mode.IN_TABLE, token)
    elif token.type is END and token.tag in ("body", "html", *TABLE_PARTS):
        return
    else:
        builder.apply(Mode.IN_BODY, token)


@rules_of(Mode.IN_COLUMN_GROUP)
def in_column_group(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.12."""
    token = after_white_space(builder, token)
    if token is None or is_handled_alike(builder, token):
        return
    if token.type is START and token.tag in ("html", "col", "template"):
        if token.tag == "col":
            builder.insert_void(token)
        else:
            builder.apply(Mode.IN_BODY if token.tag == "html" else Mode.IN_HEAD, token)
        return
    if token.type is END and token.tag in ("col", "template"):
        if token.tag == "template":
            builder.apply(Mode.IN_HEAD, token)
        return
    if token is END_OF_FILE:
        builder.apply(Mode.IN_BODY, token)
        return
    if not builder.open.current.is_html(("colgroup",)):
        if token.type is TEXT:
            builder.insert_text(white_space_of(token).data)
        return
    builder.open.pop()
    builder.mode = Mode.IN_TABLE
    if not (token.type is END and token.tag == "colgroup"):
        builder.apply(Mode.IN_TABLE, token)


@rules_of(Mode.IN_TABLE_BODY)
def in_table_body(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.13."""
    bodies = ("tbody", "tfoot", "thead")
    stack = builder.open
    if token.type is START and token.tag in ("tr", "td", "th"):
        stack.pop_to((*bodies, "template", "html"))
        if token.tag == "tr":
            builder.insert_element("tr", token.attrs)
            builder.mode = Mode.IN_ROW
        else:
            builder.insert_element("tr")
            again(builder, token, Mode.IN_ROW)
    elif token.type is END and token.tag in bodies:
        if stack.in_scope(token.tag, TABLE_SCOPE):
            stack.pop_to((*bodies, "template", "html"))
            stack.pop()
            builder.mode = Mode.IN_TABLE
    elif (token.type is START and token.tag in ("caption", "col", "colgroup", *bodies)) or (
        token.type is END and token.tag == "table"
    ):
        if stack.in_scope(frozenset(bodies), TABLE_SCOPE):
            stack.pop_to((*bodies, "template", "html"))
            stack.pop()
            again(builder, token, Mode.IN_TABLE)
    elif token.type is END and token.tag in ("body", "caption", "col", "colgroup", "html", "td", "th", "tr"):
        return
    else:
        builder.apply(Mode.IN_TABLE, token)


@rules_of(Mode.IN_ROW)
def in_row(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.14."""
    stack = builder.open
    bodies = ("tbody", "tfoot", "thead")
    if token.type is START and token.tag in ("td", "th"):
        stack.pop_to(("tr", "template", "html"))
        builder.insert_element(token.tag, token.attrs)
        builder.mode = Mode.IN_CELL
        builder.formatting.append(None)
        return
    ends_row = token.type is END and token.tag == "tr"
    implies = token.type is START and token.tag in ("caption", "col", "colgroup", *bodies, "tr")
    closes = token.type is END and token.tag in ("table", *bodies)
    if ends_row or implies or closes:
        if token.type is END and token.tag in bodies and not stack.in_scope(token.tag, TABLE_SCOPE):
            return
        if stack.in_scope("tr", TABLE_SCOPE):
            stack.pop_to(("tr", "template", "html"))
            stack.pop()
            builder.mode = Mode.IN_TABLE_BODY
            if not ends_row:
                builder.apply(Mode.IN_TABLE_BODY, token)
    elif token.type is END and token.tag in ("body", "caption", "col", "colgroup", "html", "td", "th"):
        return
    else:
        builder.apply(Mode.IN_TABLE, token)


@rules_of(Mode.IN_CELL)
def in_cell(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.15."""
    stack = builder.open
    if token.type is END and token.tag in ("td", "th"):
        if stack.in_scope(token.tag, TABLE_SCOPE):
            stack.generate_implied_end_tags()
            stack.pop_through(token.tag)
            builder.formatting.clear_to_marker()
            builder.mode = Mode.IN_ROW
    elif token.type is START and token.tag in TABLE_PARTS:
        if stack.in_scope(frozenset(("td", "th")), TABLE_SCOPE):
            _close_cell(builder)
            builder.apply(builder.mode, token)
    elif token.type is END and token.tag in ("body", "caption", "col", "colgroup", "html"):
        return
    elif token.type is END and token.tag in ("table", "tbody", "tfoot", "thead", "tr"):
        if stack.in_scope(token.tag, TABLE_SCOPE):
            _close_cell(builder)
            builder.apply(builder.mode, token)
    else:
        builder.apply(Mode.IN_BODY, token)


def _close_cell(builder: TreeBuilder) -> None:
    builder.open.generate_implied_end_tags()
    builder.open.pop_through(frozenset(("td", "th")))
    builder.formatting.clear_to_marker()
    builder.mode = Mode.IN_ROW
