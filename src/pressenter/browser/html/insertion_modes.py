"""The insertion modes: what each token does where (HTML Standard §13.2.6.4).

Each function is one mode and takes the tree builder and a token.  What a mode does
not know, it hands on, as the standard does: it changes the mode and lets the token be
processed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from turbohtml import TokenType

from pressenter.browser.html.dom import MATHML, SVG, Doctype, Element
from pressenter.browser.html.element_kinds import (
    FORMATTING,
    HEAD_ELEMENTS,
    HEADINGS,
    SPECIAL,
    TABLE_SCOPE,
    quirks_mode,
)

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__ = ["END_OF_FILE", "MODE_OF_ELEMENT", "before_head", "initial", "in_body", "without_leading_newline"]

WHITE_SPACE = "\t\n\f\r "
END_OF_FILE = SimpleNamespace(type="end of file", data="", tag="", attrs=[])

#: One insertion mode: what it does with a token.
Mode = Callable[["TreeBuilder", Any], None]

TEXT, START, END = TokenType.TEXT, TokenType.START_TAG, TokenType.END_TAG


def _text(data: str) -> Any:
    return SimpleNamespace(type=TEXT, data=data, tag="", attrs=[])


def _tag(tag: str) -> Any:
    return SimpleNamespace(type=START, data="", tag=tag, attrs=[], self_closing=False)


def without_leading_newline(token: Any) -> Any:
    """§13.2.6.4.7: a newline right after <pre>, <listing> or <textarea> is ignored."""
    if not token.data.startswith("\n"):
        return token
    return _text(token.data[1:]) if len(token.data) > 1 else None


def _is_blank(token: Any) -> bool:
    return token.type is TEXT and not token.data.strip(WHITE_SPACE)


def _misc(builder: TreeBuilder, token: Any) -> bool:
    """Comments and stray doctypes are alike in most modes.  True if that was it."""
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(_comment_data(token))
        return True
    return token.type is TokenType.DOCTYPE


def _comment_data(token: Any) -> str:
    if token.type is TokenType.PROCESSING_INSTRUCTION:
        return f"?{token.target} {token.data}?".replace("? ", "?", 0)
    return str(token.data)


def _after_white_space(builder: TreeBuilder, token: Any) -> Any:
    """Insert the white space that a text begins with; returns what is left, or None."""
    if token.type is not TEXT:
        return token
    rest = token.data.lstrip(WHITE_SPACE)
    builder.insert_text(token.data[: len(token.data) - len(rest)])
    return _text(rest) if rest else None


def _again(builder: TreeBuilder, token: Any, mode: Mode) -> None:
    builder.mode = mode
    mode(builder, token)


# ---- before the body ---------------------------------------------------------------------


def initial(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.1."""
    if _is_blank(token):
        return
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(_comment_data(token), builder.document)
    elif token.type is TokenType.DOCTYPE:
        name = token.name or ""
        builder.document.append(Doctype(name, token.public_id or "", token.system_id or ""))
        builder.document.quirks = quirks_mode(name, token.public_id, token.system_id, token.force_quirks)
        builder.mode = before_html
    else:
        builder.document.quirks = "quirks"
        _again(builder, token, before_html)


def before_html(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.2."""
    if token.type is TokenType.DOCTYPE or _is_blank(token):
        return
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(_comment_data(token), builder.document)
        return
    if token.type is END and token.tag not in ("head", "body", "html", "br"):
        return
    starts = token.type is START and token.tag == "html"
    root = Element("html", dict(token.attrs) if starts else {})
    builder.document.append(root)
    builder.open.append(root)
    builder.mode = before_head
    if not starts:
        before_head(builder, _stripped(token))


def _stripped(token: Any) -> Any:
    """Leading white space before the head is dropped."""
    if token.type is TEXT:
        return _text(token.data.lstrip(WHITE_SPACE))
    return token


def before_head(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.3."""
    if _is_blank(token) or _misc(builder, token):
        return
    if token.type is START and token.tag == "html":
        in_body(builder, token)
    elif token.type is START and token.tag == "head":
        builder.head = builder.insert_element("head", token.attrs)
        builder.mode = in_head
    elif token.type is END and token.tag not in ("head", "body", "html", "br"):
        return
    else:
        builder.head = builder.insert_element("head")
        _again(builder, _stripped(token), in_head)


def in_head(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.4."""
    token = _after_white_space(builder, token)
    if token is None or _misc(builder, token):
        return
    tag = token.tag
    if token.type is START:
        if tag == "html":
            in_body(builder, token)
            return
        if tag in ("base", "basefont", "bgsound", "link", "meta"):
            builder.insert_void(token)
            return
        if tag in ("title", "noframes", "style", "script"):
            builder.insert_element(tag, token.attrs)
            builder.original_mode = builder.mode
            builder.mode = in_text
            return
        if tag == "noscript":
            builder.insert_element(tag, token.attrs)
            builder.mode = in_head_noscript
            return
        if tag == "template":
            builder.insert_element(tag, token.attrs)
            builder.formatting.append(None)
            builder.frameset_ok = False
            builder.mode = in_template
            builder.template_modes.append(in_template)
            return
        if tag == "head":
            return
    if token.type is END:
        if tag == "head":
            builder.open.pop()
            builder.mode = after_head
            return
        if tag == "template":
            _end_template(builder)
            return
        if tag not in ("body", "html", "br"):
            return
    builder.open.pop()
    _again(builder, token, after_head)


def _end_template(builder: TreeBuilder) -> None:
    if builder.open.find("template") is None:
        return
    builder.open.generate_implied_end_tags()
    builder.open.pop_through("template")
    builder.formatting.clear_to_marker()
    builder.template_modes.pop()
    builder.reset_mode()


def in_head_noscript(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.5, where no script runs."""
    if token.type is END and token.tag == "noscript":
        builder.open.pop()
        builder.mode = in_head
    elif _is_blank(token) or token.type is TokenType.COMMENT:
        in_head(builder, token)
    elif token.type is START and token.tag in ("basefont", "bgsound", "link", "meta", "noframes", "style"):
        in_head(builder, token)
        if builder.mode is in_text:
            builder.original_mode = in_head_noscript
    elif (token.type is START and token.tag in ("head", "noscript")) or (token.type is END and token.tag != "br"):
        return
    elif token.type is not TokenType.DOCTYPE:
        builder.open.pop()
        _again(builder, token, in_head)


def after_head(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.6."""
    token = _after_white_space(builder, token)
    if token is None or _misc(builder, token):
        return
    tag = token.tag
    if token.type is START:
        if tag == "html":
            in_body(builder, token)
            return
        if tag in ("body", "frameset"):
            builder.insert_element(tag, token.attrs)
            builder.frameset_ok = builder.frameset_ok and tag != "body"
            builder.mode = in_body if tag == "body" else in_frameset
            return
        if tag in HEAD_ELEMENTS:
            assert builder.head is not None
            builder.open.append(builder.head)
            in_head(builder, token)
            builder.open.drop(builder.head)
            return
        if tag == "head":
            return
    if token.type is END:
        if tag == "template":
            in_head(builder, token)
            return
        if tag not in ("body", "html", "br"):
            return
    builder.insert_element("body")
    _again(builder, token, in_body)


def in_text(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.8: inside title, style, script and the like."""
    if token.type is TEXT:
        builder.insert_text(token.data)
        return
    builder.open.pop()
    builder.mode = builder.original_mode
    if token.type is not END:
        builder.mode(builder, token)


# ---- in the body -----------------------------------------------------------------------------


def in_body(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.7."""
    if token.type is TEXT:
        data = token.data.replace("\0", "")
        if data:
            builder.reconstruct_formatting()
            builder.insert_text(data)
            if data.strip(WHITE_SPACE):
                builder.frameset_ok = False
    elif token.type is START:
        _BODY_START.get(token.tag, _start_ordinary)(builder, token)
    elif token.type is END:
        _body_end(builder, token)
    elif token is END_OF_FILE:
        if builder.template_modes:
            in_template(builder, token)
    else:
        _misc(builder, token)


def _start_html(builder: TreeBuilder, token: Any) -> None:
    if builder.open.find("template") is None:
        for name, value in token.attrs:
            builder.open[0].attributes.setdefault(name, value)


def _start_body(builder: TreeBuilder, token: Any) -> None:
    if len(builder.open) < 2 or builder.open[1].tag != "body" or builder.open.find("template"):
        return
    builder.frameset_ok = False
    for name, value in token.attrs:
        builder.open[1].attributes.setdefault(name, value)


def _start_frameset(builder: TreeBuilder, token: Any) -> None:
    if len(builder.open) < 2 or builder.open[1].tag != "body" or not builder.frameset_ok:
        return
    builder.open[1].detach()
    del builder.open[1:]
    builder.insert_element("frameset", token.attrs)
    builder.mode = in_frameset


def _start_block(builder: TreeBuilder, token: Any) -> None:
    if builder.open.in_button_scope("p"):
        builder.close_p()
    if token.tag in HEADINGS and builder.open.current.tag in HEADINGS:
        builder.open.pop()
    builder.insert_element(token.tag, token.attrs)


def _start_pre(builder: TreeBuilder, token: Any) -> None:
    _start_block(builder, token)
    builder.ignore_next_newline = True
    builder.frameset_ok = False


def _start_form(builder: TreeBuilder, token: Any) -> None:
    in_template_now = builder.open.find("template") is not None
    if builder.form is not None and not in_template_now:
        return
    if builder.open.in_button_scope("p"):
        builder.close_p()
    element = builder.insert_element("form", token.attrs)
    if not in_template_now:
        builder.form = element


def _start_item(builder: TreeBuilder, token: Any) -> None:
    """li, dd, dt: close the item before."""
    builder.frameset_ok = False
    ends = ("li",) if token.tag == "li" else ("dd", "dt")
    for item in reversed(builder.open):
        if item.tag in ends:
            builder.open.generate_implied_end_tags(item.tag)
            builder.open.pop_through(item.tag)
            break
        if item.tag in SPECIAL and item.tag not in ("address", "div", "p"):
            break
    if builder.open.in_button_scope("p"):
        builder.close_p()
    builder.insert_element(token.tag, token.attrs)


def _start_button(builder: TreeBuilder, token: Any) -> None:
    if builder.open.in_scope("button"):
        builder.open.generate_implied_end_tags()
        builder.open.pop_through("button")
    builder.reconstruct_formatting()
    builder.insert_element("button", token.attrs)
    builder.frameset_ok = False


def _start_a(builder: TreeBuilder, token: Any) -> None:
    earlier = builder.formatting.find("a")
    if earlier is not None:
        builder.adoption_agency("a")
        builder.formatting.drop(earlier)
        builder.open.drop(earlier)
    _start_formatting(builder, token)


def _start_formatting(builder: TreeBuilder, token: Any) -> None:
    builder.reconstruct_formatting()
    if token.tag == "nobr" and builder.open.in_scope("nobr"):
        builder.adoption_agency("nobr")
        builder.reconstruct_formatting()
    builder.formatting.push(builder.insert_element(token.tag, token.attrs))


def _start_marker(builder: TreeBuilder, token: Any) -> None:
    builder.reconstruct_formatting()
    builder.insert_element(token.tag, token.attrs)
    builder.formatting.append(None)
    builder.frameset_ok = False


def _start_table(builder: TreeBuilder, token: Any) -> None:
    if builder.document.quirks != "quirks" and builder.open.in_button_scope("p"):
        builder.close_p()
    builder.insert_element("table", token.attrs)
    builder.frameset_ok = False
    builder.mode = in_table


def _start_void(builder: TreeBuilder, token: Any) -> None:
    builder.reconstruct_formatting()
    element = builder.insert_void(token)
    if token.tag != "input" or element.get("type").lower() != "hidden":
        builder.frameset_ok = False


def _start_neutral_void(builder: TreeBuilder, token: Any) -> None:
    builder.insert_void(token)


def _start_hr(builder: TreeBuilder, token: Any) -> None:
    if builder.open.in_button_scope("p"):
        builder.close_p()
    builder.insert_void(token)
    builder.frameset_ok = False


def _start_image(builder: TreeBuilder, token: Any) -> None:
    """The standard's remark: "Don't ask."."""
    renamed = SimpleNamespace(type=START, tag="img", attrs=token.attrs, data="", self_closing=False)
    _start_void(builder, renamed)


def _start_raw_text(builder: TreeBuilder, token: Any) -> None:
    if token.tag == "textarea":
        builder.ignore_next_newline = True
    elif token.tag == "xmp":
        if builder.open.in_button_scope("p"):
            builder.close_p()
        builder.reconstruct_formatting()
    builder.insert_element(token.tag, token.attrs)
    builder.frameset_ok = builder.frameset_ok and token.tag == "noembed"
    builder.original_mode = builder.mode
    builder.mode = in_text


def _start_select(builder: TreeBuilder, token: Any) -> None:
    builder.reconstruct_formatting()
    builder.insert_element("select", token.attrs)
    builder.frameset_ok = False
    in_tables = (in_table, in_caption, in_table_body, in_row, in_cell)
    builder.mode = in_select_in_table if builder.mode in in_tables else in_select


def _start_option(builder: TreeBuilder, token: Any) -> None:
    if builder.open.current.tag == "option":
        builder.open.pop()
    builder.reconstruct_formatting()
    builder.insert_element(token.tag, token.attrs)


def _start_ruby(builder: TreeBuilder, token: Any) -> None:
    if builder.open.in_scope("ruby"):
        builder.open.generate_implied_end_tags("rtc" if token.tag in ("rp", "rt") else "")
    builder.insert_element(token.tag, token.attrs)


def _start_foreign(builder: TreeBuilder, token: Any) -> None:
    from pressenter.browser.html.foreign_content import insert_foreign

    builder.reconstruct_formatting()
    insert_foreign(builder, token, SVG if token.tag == "svg" else MATHML)


def _start_ignored(builder: TreeBuilder, token: Any) -> None:
    """Parts of a table outside of one, and a second head."""


def _start_ordinary(builder: TreeBuilder, token: Any) -> None:
    builder.reconstruct_formatting()
    builder.insert_element(token.tag, token.attrs)


def _in_head_rules(builder: TreeBuilder, token: Any) -> None:
    in_head(builder, token)


def _rules(*rows: tuple[str, Callable[[TreeBuilder, Any], None]]) -> Mapping[str, Callable[[TreeBuilder, Any], None]]:
    return {tag: rule for tags, rule in rows for tag in tags.split()}


_BODY_START = _rules(
    ("html", _start_html),
    ("base basefont bgsound link meta noframes script style template title", _in_head_rules),
    ("body", _start_body),
    ("frameset", _start_frameset),
    (
        """address article aside blockquote center details dialog dir div dl fieldset figcaption
        figure footer header hgroup main menu nav ol p search section summary ul plaintext
        h1 h2 h3 h4 h5 h6""",
        _start_block,
    ),
    ("pre listing", _start_pre),
    ("form", _start_form),
    ("li dd dt", _start_item),
    ("button", _start_button),
    ("a", _start_a),
    ("b big code em font i nobr s small strike strong tt u", _start_formatting),
    ("applet marquee object", _start_marker),
    ("table", _start_table),
    ("area br embed img keygen wbr input", _start_void),
    ("param source track", _start_neutral_void),
    ("hr", _start_hr),
    ("image", _start_image),
    ("textarea xmp iframe noembed", _start_raw_text),
    ("select", _start_select),
    ("optgroup option", _start_option),
    ("rb rtc rp rt", _start_ruby),
    ("math svg", _start_foreign),
    ("caption col colgroup frame head tbody td tfoot th thead tr", _start_ignored),
)

_CLOSED_BY_SCOPE = frozenset(
    """address article aside blockquote button center details dialog dir div dl fieldset
    figcaption figure footer header hgroup listing main menu nav ol pre search section select
    summary ul""".split()
)


def _body_end(builder: TreeBuilder, token: Any) -> None:
    tag, stack = token.tag, builder.open
    if tag in ("body", "html"):
        if stack.in_scope("body"):
            builder.mode = after_body
            if tag == "html":
                after_body(builder, token)
    elif tag == "template":
        in_head(builder, token)
    elif tag in _CLOSED_BY_SCOPE:
        if stack.in_scope(tag):
            stack.generate_implied_end_tags()
            stack.pop_through(tag)
    elif tag == "form":
        _end_form(builder)
    elif tag == "p":
        if not stack.in_button_scope("p"):
            builder.insert_element("p")
        builder.close_p()
    elif tag == "li":
        if stack.in_list_item_scope("li"):
            stack.generate_implied_end_tags("li")
            stack.pop_through("li")
    elif tag in ("dd", "dt"):
        if stack.in_scope(tag):
            stack.generate_implied_end_tags(tag)
            stack.pop_through(tag)
    elif tag in HEADINGS:
        if stack.in_scope(HEADINGS):
            stack.generate_implied_end_tags()
            stack.pop_through(HEADINGS)
    elif tag in FORMATTING:
        builder.adoption_agency(tag)
    elif tag in ("applet", "marquee", "object"):
        if stack.in_scope(tag):
            stack.generate_implied_end_tags()
            stack.pop_through(tag)
            builder.formatting.clear_to_marker()
    elif tag == "br":
        _start_void(builder, _tag("br"))
    else:
        builder.any_other_end_tag(tag)


def _end_form(builder: TreeBuilder) -> None:
    form, builder.form = builder.form, None
    if builder.open.find("template") is not None:
        form = builder.open.find("form")
    if form is None or not builder.open.has(form) or not builder.open.in_scope("form"):
        return
    builder.open.generate_implied_end_tags()
    builder.open.drop(form)


# ---- tables --------------------------------------------------------------------------------------


def in_table(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.9."""
    stack = builder.open
    if token.type is TEXT and stack.current.tag in ("table", "tbody", "template", "tfoot", "thead", "tr"):
        _table_text(builder, token)
        return
    if _misc(builder, token):
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
            in_head(builder, token)
            return
        if token.tag in ("body", "caption", "col", "colgroup", "html", "tbody", "td", "tfoot", "th", "thead", "tr"):
            return
    elif token is END_OF_FILE:
        in_body(builder, token)
        return
    _foster(builder, token)


def _foster(builder: TreeBuilder, token: Any) -> None:
    """What may not stand in a table is put in front of it (foster parenting)."""
    builder.foster_parenting = True
    in_body(builder, token)
    builder.foster_parenting = False


def _table_text(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.10: white space stays in the table, other text is fostered."""
    data = token.data.replace("\0", "")
    if data.strip(WHITE_SPACE):
        _foster(builder, _text(data))
    else:
        builder.insert_text(data)


def _table_caption(builder: TreeBuilder, token: Any) -> None:
    builder.open.pop_to(("table", "template", "html"))
    builder.formatting.append(None)
    builder.insert_element("caption", token.attrs)
    builder.mode = in_caption


def _table_columns(builder: TreeBuilder, token: Any) -> None:
    builder.open.pop_to(("table", "template", "html"))
    if token.tag == "colgroup":
        builder.insert_element("colgroup", token.attrs)
        builder.mode = in_column_group
    else:
        builder.insert_element("colgroup")
        _again(builder, token, in_column_group)


def _table_rows(builder: TreeBuilder, token: Any) -> None:
    builder.open.pop_to(("table", "template", "html"))
    if token.tag in ("tbody", "tfoot", "thead"):
        builder.insert_element(token.tag, token.attrs)
        builder.mode = in_table_body
    else:
        builder.insert_element("tbody")
        _again(builder, token, in_table_body)


def _table_again(builder: TreeBuilder, token: Any) -> None:
    if builder.open.in_scope("table", TABLE_SCOPE):
        builder.open.pop_through("table")
        builder.reset_mode()
        builder.mode(builder, token)


def _table_form(builder: TreeBuilder, token: Any) -> None:
    if builder.form is None and builder.open.find("template") is None:
        builder.form = builder.insert_void(token)


_TABLE_START = _rules(
    ("caption", _table_caption),
    ("colgroup col", _table_columns),
    ("tbody tfoot thead td th tr", _table_rows),
    ("table", _table_again),
    ("style script template", _in_head_rules),
    ("form", _table_form),
)


def in_caption(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.11."""
    closes = token.type is END and token.tag in ("caption", "table")
    opens = token.type is START and token.tag in (
        "caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr",
    )  # fmt: skip
    if closes or opens:
        if builder.open.in_scope("caption", TABLE_SCOPE):
            builder.open.generate_implied_end_tags()
            builder.open.pop_through("caption")
            builder.formatting.clear_to_marker()
            builder.mode = in_table
            if token.tag != "caption" or opens:
                in_table(builder, token)
    elif token.type is END and token.tag in (
        "body",
        "col",
        "colgroup",
        "html",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
    ):
        return
    else:
        in_body(builder, token)


def in_column_group(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.12."""
    if _is_blank(token):
        builder.insert_text(token.data)
        return
    if _misc(builder, token):
        return
    if token.type is START and token.tag in ("html", "col", "template"):
        if token.tag == "col":
            builder.insert_void(token)
        else:
            (in_body if token.tag == "html" else in_head)(builder, token)
        return
    if token.type is END and token.tag in ("col", "template"):
        if token.tag == "template":
            in_head(builder, token)
        return
    if token is END_OF_FILE:
        in_body(builder, token)
        return
    if builder.open.current.tag != "colgroup":
        return
    builder.open.pop()
    builder.mode = in_table
    if not (token.type is END and token.tag == "colgroup"):
        in_table(builder, token)


def in_table_body(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.13."""
    bodies = ("tbody", "tfoot", "thead")
    stack = builder.open
    if token.type is START and token.tag in ("tr", "td", "th"):
        stack.pop_to((*bodies, "template", "html"))
        if token.tag == "tr":
            builder.insert_element("tr", token.attrs)
            builder.mode = in_row
        else:
            builder.insert_element("tr")
            _again(builder, token, in_row)
    elif token.type is END and token.tag in bodies:
        if stack.in_scope(token.tag, TABLE_SCOPE):
            stack.pop_to((*bodies, "template", "html"))
            stack.pop()
            builder.mode = in_table
    elif (token.type is START and token.tag in ("caption", "col", "colgroup", *bodies)) or (
        token.type is END and token.tag == "table"
    ):
        if stack.in_scope(frozenset(bodies), TABLE_SCOPE):
            stack.pop_to((*bodies, "template", "html"))
            stack.pop()
            _again(builder, token, in_table)
    elif token.type is END and token.tag in ("body", "caption", "col", "colgroup", "html", "td", "th", "tr"):
        return
    else:
        in_table(builder, token)


def in_row(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.14."""
    stack = builder.open
    bodies = ("tbody", "tfoot", "thead")
    if token.type is START and token.tag in ("td", "th"):
        stack.pop_to(("tr", "template", "html"))
        builder.insert_element(token.tag, token.attrs)
        builder.mode = in_cell
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
            builder.mode = in_table_body
            if not ends_row:
                in_table_body(builder, token)
    elif token.type is END and token.tag in ("body", "caption", "col", "colgroup", "html", "td", "th"):
        return
    else:
        in_table(builder, token)


def in_cell(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.15."""
    stack = builder.open
    if token.type is END and token.tag in ("td", "th"):
        if stack.in_scope(token.tag, TABLE_SCOPE):
            stack.generate_implied_end_tags()
            stack.pop_through(token.tag)
            builder.formatting.clear_to_marker()
            builder.mode = in_row
    elif token.type is START and token.tag in (
        "caption",
        "col",
        "colgroup",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
    ):
        if stack.in_scope(frozenset(("td", "th")), TABLE_SCOPE):
            _close_cell(builder)
            builder.mode(builder, token)
    elif token.type is END and token.tag in ("body", "caption", "col", "colgroup", "html"):
        return
    elif token.type is END and token.tag in ("table", "tbody", "tfoot", "thead", "tr"):
        if stack.in_scope(token.tag, TABLE_SCOPE):
            _close_cell(builder)
            builder.mode(builder, token)
    else:
        in_body(builder, token)


def _close_cell(builder: TreeBuilder) -> None:
    builder.open.generate_implied_end_tags()
    builder.open.pop_through(frozenset(("td", "th")))
    builder.formatting.clear_to_marker()
    builder.mode = in_row


# ---- select, template, frameset, and after the body ------------------------------------------


def in_select(builder: TreeBuilder, token: Any) -> None:
    """In select: the rules before their relaxation in 2025."""
    stack, tag = builder.open, token.tag
    if token.type is TEXT:
        builder.insert_text(token.data.replace("\0", ""))
    elif _misc(builder, token):
        return
    elif token.type is START:
        if tag == "html":
            in_body(builder, token)
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
                    builder.mode(builder, token)
        elif tag in ("script", "template"):
            in_head(builder, token)
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
            in_head(builder, token)
    elif token is END_OF_FILE:
        in_body(builder, token)


def in_select_in_table(builder: TreeBuilder, token: Any) -> None:
    """A select inside a table: parts of the table close it."""
    parts = ("caption", "table", "tbody", "tfoot", "thead", "tr", "td", "th")
    if token.type in (START, END) and token.tag in parts:
        if token.type is END and not builder.open.in_scope(token.tag, TABLE_SCOPE):
            return
        builder.open.pop_through("select")
        builder.reset_mode()
        builder.mode(builder, token)
    else:
        in_select(builder, token)


def in_template(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.18 (numbered so before 2025)."""
    if token is END_OF_FILE:
        if builder.open.find("template") is not None:
            builder.open.pop_through("template")
            builder.formatting.clear_to_marker()
            builder.template_modes.pop()
            builder.reset_mode()
            builder.mode(builder, token)
        return
    if token.type is START and token.tag not in HEAD_ELEMENTS:
        mode = _TEMPLATE_MODES.get(token.tag, in_body)
        builder.template_modes[-1] = mode
        _again(builder, token, mode)
    elif token.type is END:
        if token.tag == "template":
            in_head(builder, token)
    else:
        in_body(builder, token)


_TEMPLATE_MODES = _rules(
    ("caption colgroup tbody tfoot thead", in_table),
    ("col", in_column_group),
    ("tr", in_table_body),
    ("td th", in_row),
)


def after_body(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.19, and after after body."""
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        after_html = builder.mode is after_after_body
        builder.insert_comment(_comment_data(token), builder.document if after_html else builder.open[0])
    elif token.type is END and token.tag == "html":
        builder.mode = after_after_body
    elif _is_blank(token) or (token.type is START and token.tag == "html") or token is END_OF_FILE:
        in_body(builder, token)
    elif token.type is not TokenType.DOCTYPE:
        _again(builder, token, in_body)


def after_after_body(builder: TreeBuilder, token: Any) -> None:
    """The document is over; what still comes goes back into the body."""
    after_body(builder, token)


def in_frameset(builder: TreeBuilder, token: Any) -> None:
    """§13.2.6.4.20: old pages of frames; what is in the frames is not shown."""
    if token.type is TEXT:
        builder.insert_text("".join(c for c in token.data if c in WHITE_SPACE))
    elif _misc(builder, token):
        return
    elif token.type is START and token.tag == "frameset":
        builder.insert_element("frameset", token.attrs)
    elif token.type is START and token.tag == "frame":
        builder.insert_void(token)
    elif token.type is START and token.tag == "noframes":
        in_head(builder, token)
    elif token.type is END and token.tag == "frameset" and len(builder.open) > 1:
        builder.open.pop()


MODE_OF_ELEMENT: Mapping[str, Callable[[TreeBuilder, Any], None]] = _rules(
    ("select", in_select),
    ("td th", in_cell),
    ("tr", in_row),
    ("tbody thead tfoot", in_table_body),
    ("caption", in_caption),
    ("colgroup", in_column_group),
    ("table", in_table),
    ("head", in_head),
    ("body", in_body),
    ("frameset", in_frameset),
)
