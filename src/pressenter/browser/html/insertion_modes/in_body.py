"""In the body (HTML Standard §13.2.6.4.7): a rule for each start tag, and the end tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressenter.browser.html.dom import MATHML, SVG
from pressenter.browser.html.element_kinds import FORMATTING, HEADINGS, is_special
from pressenter.browser.html.insertion_modes.modes import (
    END,
    END_OF_FILE,
    START,
    TEXT,
    WHITE_SPACE,
    Mode,
    by_head_rules,
    by_tag,
    is_handled_alike,
    rules_of,
    start_tag,
)

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__: list[str] = []  # the rules register themselves


@rules_of(Mode.IN_BODY)
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
            builder.apply(Mode.IN_TEMPLATE, token)
    else:
        is_handled_alike(builder, token)


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
    builder.mode = Mode.IN_FRAMESET


def _start_block(builder: TreeBuilder, token: Any) -> None:
    builder.close_p_in_button_scope()
    if token.tag in HEADINGS and builder.open.current.is_html(HEADINGS):
        builder.open.pop()
    builder.insert_element(token.tag, token.attrs)


def _start_plaintext(builder: TreeBuilder, token: Any) -> None:
    _start_block(builder, token)
    builder.awaits_text = True


def _start_pre(builder: TreeBuilder, token: Any) -> None:
    _start_block(builder, token)
    builder.ignore_next_newline = True
    builder.frameset_ok = False


def _start_form(builder: TreeBuilder, token: Any) -> None:
    in_template_now = builder.open.find("template") is not None
    if builder.form is not None and not in_template_now:
        return
    builder.close_p_in_button_scope()
    element = builder.insert_element("form", token.attrs)
    if not in_template_now:
        builder.form = element


def _start_item(builder: TreeBuilder, token: Any) -> None:
    """li, dd, dt: close the item before."""
    builder.frameset_ok = False
    ends = ("li",) if token.tag == "li" else ("dd", "dt")
    for item in reversed(builder.open):
        if item.is_html(ends):
            builder.open.generate_implied_end_tags(item.tag)
            builder.open.pop_through(item.tag)
            break
        if is_special(item) and not item.is_html(("address", "div", "p")):
            break
    builder.close_p_in_button_scope()
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
    if builder.document.quirks != "quirks":
        builder.close_p_in_button_scope()
    builder.insert_element("table", token.attrs)
    builder.frameset_ok = False
    builder.mode = Mode.IN_TABLE


def _start_void(builder: TreeBuilder, token: Any) -> None:
    builder.reconstruct_formatting()
    builder.insert_void(token)
    builder.frameset_ok = False


def _start_input(builder: TreeBuilder, token: Any) -> None:
    if builder.is_in_fragment_of("select"):
        return
    if builder.open.in_scope("select"):
        builder.open.pop_through("select")
    builder.reconstruct_formatting()
    element = builder.insert_void(token)
    if element.get("type").lower() != "hidden":
        builder.frameset_ok = False


def _start_neutral_void(builder: TreeBuilder, token: Any) -> None:
    builder.insert_void(token)


def _start_hr(builder: TreeBuilder, token: Any) -> None:
    builder.close_p_in_button_scope()
    if builder.open.in_scope("select"):
        builder.open.generate_implied_end_tags()
    builder.insert_void(token)
    builder.frameset_ok = False


def _start_image(builder: TreeBuilder, token: Any) -> None:
    """The standard's remark: "Don't ask."."""
    _start_void(builder, start_tag("img", token.attrs))


def _start_raw_text(builder: TreeBuilder, token: Any) -> None:
    if token.tag == "textarea":
        builder.ignore_next_newline = True
    elif token.tag == "xmp":
        builder.close_p_in_button_scope()
        builder.reconstruct_formatting()
    builder.frameset_ok = builder.frameset_ok and token.tag == "noembed"
    builder.insert_raw_text_element(token)


def _start_noscript(builder: TreeBuilder, token: Any) -> None:
    if builder.scripting:
        builder.insert_raw_text_element(token)
    else:
        _start_ordinary(builder, token)


def _start_select(builder: TreeBuilder, token: Any) -> None:
    """A select in a select only closes it.  Since 2025 nearly everything may stand in one."""
    if builder.is_in_fragment_of("select"):
        return
    if builder.open.in_scope("select"):
        builder.open.pop_through("select")
        return
    builder.reconstruct_formatting()
    builder.insert_element("select", token.attrs)
    builder.frameset_ok = False


def _start_option(builder: TreeBuilder, token: Any) -> None:
    """option, optgroup: close the option before, and in a select the group too."""
    if builder.open.in_scope("select"):
        builder.open.generate_implied_end_tags("optgroup" if token.tag == "option" else "")
    elif builder.open.current.is_html(("option",)):
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


_BODY_START = by_tag(
    ("html", _start_html),
    ("base basefont bgsound link meta noframes script style template title", by_head_rules),
    ("body", _start_body),
    ("frameset", _start_frameset),
    (
        """address article aside blockquote center details dialog dir div dl fieldset figcaption
        figure footer header hgroup main menu nav ol p search section summary ul
        h1 h2 h3 h4 h5 h6""",
        _start_block,
    ),
    ("plaintext", _start_plaintext),
    ("pre listing", _start_pre),
    ("form", _start_form),
    ("li dd dt", _start_item),
    ("button", _start_button),
    ("a", _start_a),
    ("b big code em font i nobr s small strike strong tt u", _start_formatting),
    ("applet marquee object", _start_marker),
    ("table", _start_table),
    ("area br embed img keygen wbr", _start_void),
    ("input", _start_input),
    ("param source track", _start_neutral_void),
    ("hr", _start_hr),
    ("image", _start_image),
    ("textarea xmp iframe noembed", _start_raw_text),
    ("noscript", _start_noscript),
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
            builder.mode = Mode.AFTER_BODY
            if tag == "html":
                builder.apply(Mode.AFTER_BODY, token)
    elif tag == "template":
        builder.apply(Mode.IN_HEAD, token)
    elif tag in _CLOSED_BY_SCOPE:
        if stack.in_scope(tag):
            stack.generate_implied_end_tags()
            stack.pop_through(tag)
    elif tag == "form":
        _end_form(builder)
    elif tag == "p":
        if not stack.in_button_scope("p"):
            builder.insert_element("p")
        builder.close_p_in_button_scope()
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
        _start_void(builder, start_tag("br"))
    else:
        builder.any_other_end_tag(tag)


def _end_form(builder: TreeBuilder) -> None:
    if builder.open.find("template") is not None:
        if builder.open.in_scope("form"):
            builder.open.generate_implied_end_tags()
            builder.open.pop_through("form")
        return
    form, builder.form = builder.form, None
    if form is not None and builder.open.has_in_scope(form):
        builder.open.generate_implied_end_tags()
        builder.open.drop(form)
