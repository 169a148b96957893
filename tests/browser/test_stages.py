"""The stages of a page: decoder, parser, selectors, cascade, layout, display list."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pressenter.browser.css.cascade import StyledDocument, style_document
from pressenter.browser.css.selectors import InvalidSelector, matches, parse_selector_list
from pressenter.browser.css.style_sheet import Medium, parse_style_sheet
from pressenter.browser.css.values import Color
from pressenter.browser.html.decoder import decode, sniff_encoding
from pressenter.browser.html.dom import Document, Element, dump
from pressenter.browser.html.html_parser import HtmlParser, parse_html
from pressenter.browser.layout.box_tree import build_box_tree, dump_boxes
from pressenter.browser.layout.engine import layout_page
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import BoxFragment, LayoutResult, TextFragment, dump_fragments, walk
from pressenter.browser.paint.display_list import build_display_list
from pressenter.browser.paint.items import dump_display_list

FONTS = FontLibrary()


def styled(html: str, css: str = "", width: float = 800) -> tuple[Document, StyledDocument]:
    document, medium = parse_html(html), Medium(width, 600)
    return document, style_document(document, [parse_style_sheet(css, medium)], medium)


def lay_out(html: str, css: str = "", width: float = 800) -> LayoutResult:
    document, styles = styled("<!DOCTYPE html><style></style>" + html, "body { margin: 0 } " + css, width)
    return layout_page(build_box_tree(document, styles, {}).root, FONTS, width, 600)


def rectangle(result: LayoutResult, tag: str, number: int = 0) -> tuple[float, float, float, float]:
    """Place and size of an element's first fragments, rounded to a tenth."""
    found = [
        (round(x, 1), round(y, 1), round(part.width, 1), round(part.height, 1))
        for root in (result.root, *result.positioned)
        for part, x, y in walk(root)
        if isinstance(part, BoxFragment) and part.box.element is not None and part.box.element.tag == tag
    ]
    return found[number]


def lines(result: LayoutResult) -> list[str]:
    """The text of each line, by height."""
    found: dict[float, str] = {}
    for part, _, y in walk(result.root):
        if isinstance(part, TextFragment):
            key = round(y + part.baseline, 1)
            found[key] = found.get(key, "") + part.text
    return [found[key].strip() for key in sorted(found)]


# ---- HTML ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "charset", "encoding"),
    [
        (b"\xef\xbb\xbfx", "latin-1", "utf-8"),
        (b"x", "utf-8", "utf-8"),
        (b"<meta charset=gb2312>x", "", "gbk"),
        (
            b"<!-- <meta charset=gbk> --><meta http-equiv=content-type content='text/html; charset=euc-jp'>",
            "",
            "euc-jp",
        ),
        (b"<meta charset=utf-16>", "", "utf-8"),
        (b"plain", "", "windows-1252"),
        (b"plain", "no-such-encoding", "windows-1252"),
    ],
)
def test_encodings(data: bytes, charset: str, encoding: str) -> None:
    assert decode(data, charset).encoding == encoding
    if not data.startswith(b"\xef"):
        assert sniff_encoding(data, charset) == encoding


@pytest.mark.parametrize(
    ("html", "tree"),
    [
        ("<p>1<p>2", "| <html>\n|   <head>\n|   <body>\n|     <p>\n|       \"1\"\n|     <p>\n|       \"2\""),
        ("<b>1<i>2</b>3</i>", "| <html>\n|   <head>\n|   <body>\n|     <b>\n|       \"1\"\n|       <i>\n|         \"2\"\n|     <i>\n|       \"3\""),
        ("<table>x<tr><td>y", "| <html>\n|   <head>\n|   <body>\n|     \"x\"\n|     <table>\n|       <tbody>\n|         <tr>\n|           <td>\n|             \"y\""),
        ("<b>1<p>2</b>3", "| <html>\n|   <head>\n|   <body>\n|     <b>\n|       \"1\"\n|     <p>\n|       <b>\n|         \"2\"\n|       \"3\""),
        ("<ul><li>a<li>b</ul>", "| <html>\n|   <head>\n|   <body>\n|     <ul>\n|       <li>\n|         \"a\"\n|       <li>\n|         \"b\""),
        ("<svg><circle/></svg>x", "| <html>\n|   <head>\n|   <body>\n|     <svg svg>\n|       <svg circle>\n|     \"x\""),
    ],
)  # fmt: skip
def test_every_browser_makes_this_tree(html: str, tree: str) -> None:
    assert dump(parse_html(html)) == tree


@given(st.text(alphabet="<>/abp tdr=\"'&;!-", max_size=80))
def test_any_text_makes_a_document_however_it_is_cut(text: str) -> None:
    whole = dump(parse_html(text))
    parser = HtmlParser()
    for start in range(0, len(text), 5):
        parser.feed(text[start : start + 5])
    assert dump(parser.close()) == whole
    assert whole.startswith(("| <html>", "| <!"))


def test_noscript_is_shown_since_no_script_runs() -> None:
    assert "| <p>" in dump(parse_html("<body><noscript><p>hello</noscript>")).replace("  ", "")


def test_very_deep_nesting_is_cut_short() -> None:
    result = lay_out("<div>" * 20_000 + "deep")
    assert lines(result) == ["deep"]


# ---- CSS ---------------------------------------------------------------------------------------------


def find(document: Document, identifier: str) -> Element:
    return next(element for element in document.elements() if element.get("id") == identifier)


@pytest.mark.parametrize(
    ("selector", "matched"),
    [
        ("#x", True), ("p", True), ("div", False), (".a.b", True), (".a.c", False), ("div p", True), ("body > p", False),
        ("div > p", True), ("h1 + p", True), ("h1 ~ p", True), ("p + p", False), ("[title]", True), ("[title=T]", True),
        ("[title^=t i]", True), ("[title|=T]", True), (":first-child", False), (":last-child", True), (":nth-child(2n)", True),
        (":not(.c)", True), (":is(h1, p)", True), (":has(b)", True), ("p:has(> i)", False), ("*", True), ("P", True),
        (":root p", True), ("p:hover", False), (":where(p.a)", True), ("p:nth-last-of-type(1)", True),
    ],
)  # fmt: skip
def test_selectors(selector: str, matched: bool) -> None:
    import tinycss2

    document = parse_html('<div><h1>h</h1><p id=x class="a b" title=T>t<b>b</b></p></div>')
    (parsed,) = parse_selector_list(tinycss2.parse_component_value_list(selector))
    assert matches(parsed, find(document, "x")) is matched


@pytest.mark.parametrize("selector", ["", "p >", "> p", "p::", ":nope", "p[", "[=x]", "::before p", "a,,b"])
def test_selectors_that_are_none(selector: str) -> None:
    import tinycss2

    with pytest.raises(InvalidSelector):
        parse_selector_list(tinycss2.parse_component_value_list(selector))


def value(css: str, name: str, attributes: str = "") -> object:
    document, styles = styled(f"<div id=parent><p id=x class=a {attributes}>t</p></div>", css)
    return styles.styles[find(document, "x")][name]


@pytest.mark.parametrize(
    ("css", "name", "computed"),
    [
        ("p { color: red } .a { color: blue }", "color", Color(0, 0, 1, 1)),
        ("#x { color: red } .a { color: blue !important }", "color", Color(0, 0, 1, 1)),
        ("p { color: red } p { color: lime }", "color", Color(0, 1, 0, 1)),
        ("div { color: red }", "color", Color(1, 0, 0, 1)),
        ("div { margin-top: 5px }", "margin-top", 16.0),
        ("p { margin: 1px 2px 3px }", "margin-left", 2.0),
        ("p { font-size: 20px; margin-top: 2em }", "margin-top", 40.0),
        ("html { font-size: 10px } p { width: 3rem }", "width", 30.0),
        ("p { width: calc(2 * (10px + 5px) - 1px) }", "width", 29.0),
        ("p { --w: 7px; width: var(--w) }", "width", 7.0),
        ("div { --w: 7px } p { width: var(--w) }", "width", 7.0),
        ("p { width: var(--none, 9px) }", "width", 9.0),
        ("p { --a: var(--b); --b: var(--a); width: var(--a) }", "width", "auto"),
        ("p { width: -5px }", "width", "auto"),
        ("p { width: 5px; width: nonsense }", "width", 5.0),
        ("p { border: 2px solid }", "border-left-width", 2.0),
        ("p { border-width: 2px }", "border-left-width", 0.0),
        ("p { font: italic bold 12px/1.5 Arial, serif }", "font-family", ("Arial", "serif")),
        ("div { color: red } p { color: initial }", "color", Color(0, 0, 0, 1)),
        ("div { margin-top: 9px } p { margin-top: inherit }", "margin-top", 9.0),
        ("p { display: inline; float: left }", "display", "block"),
        ("@media (max-width: 900px) { p { width: 1px } }", "width", 1.0),
        ("@media (min-width: 900px) { p { width: 1px } }", "width", "auto"),
        ("@media print { p { width: 1px } }", "width", "auto"),
        ("@supports (width: 1px) { p { width: 1px } }", "width", 1.0),
        ("@supports not (width: 1px) { p { width: 1px } }", "width", "auto"),
        ("p { width: 5px } }}} garbage { p { width: 1px }", "width", 5.0),
    ],
)  # fmt: skip
def test_computed_values(css: str, name: str, computed: object) -> None:
    assert value(css, name) == computed


def test_inline_styles_and_hints() -> None:
    assert value("p { width: 1px }", "width", "style='width: 2px'") == 2.0
    assert value("p { width: 1px !important }", "width", "style='width: 2px'") == 1.0
    assert value("", "text-align", "align=center") == "center"
    assert value("p { text-align: left }", "text-align", "align=center") == "left"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="p{}:;()#.@,!*>~+[]=\"'-%/ \n0aemxurl", max_size=120))
def test_any_text_is_a_style_sheet(text: str) -> None:
    document, styles = styled("<p>x", text)
    assert len(styles.styles) == len(list(document.elements()))


# ---- layout ------------------------------------------------------------------------------------------


def test_blocks_stack_and_margins_collapse() -> None:
    css = "div { height: 10px; margin: 20px 0 } section { margin: 30px 0 }"
    result = lay_out("<div></div><section><div></div></section><div></div>", css)
    assert rectangle(result, "div", 0) == (0, 20, 800, 10)
    assert rectangle(result, "div", 1) == (0, 60, 800, 10)
    assert rectangle(result, "div", 2) == (0, 100, 800, 10)


def test_margins_join_through_empty_boxes() -> None:
    result = lay_out("<div></div><h1>A</h1>", "h1 { margin: 50px 0; height: 10px }")
    assert rectangle(result, "h1")[1] == 50
    css = "b { display: block; height: 10px } i { display: block; margin: 30px 0 40px }"
    result = lay_out("<b></b><div><i></i></div><b></b>", css)
    assert rectangle(result, "b", 1)[1] == 50


def test_text_stands_in_tables_without_cells() -> None:
    assert lines(lay_out("<div style='display: table'>text only</div>")) == ["text only"]


def test_positioned_boxes_are_painted_where_they_belong() -> None:
    css = """section { position: relative; overflow: hidden; width: 50px; height: 50px }
    i { position: absolute; width: 500px; height: 20px; background: red }"""
    result = lay_out("<section><i></i></section><p>after</p>", css)
    items = [item.strip() for item in dump_display_list(build_display_list(result, FONTS, {})).splitlines()]
    kinds = [item.split(" ")[0] for item in items]
    assert kinds.index("clip") < items.index("fill (0.00, 0.00) 500.00 x 20.00 #ff0000ff") < kinds.index("pop")


def test_padding_keeps_margins_apart() -> None:
    result = lay_out("<section><div></div></section>", "section { padding: 1px } div { margin: 20px; height: 5px }")
    assert rectangle(result, "section") == (0, 0, 800, 47)
    assert rectangle(result, "div") == (21, 21, 758, 5)


def test_auto_margins_centre_and_border_box_counts_everything() -> None:
    css = "div { width: 200px; margin: auto; padding: 10px; border: 5px solid; height: 20px }"
    assert rectangle(lay_out("<div></div>", css), "div") == (285, 0, 230, 50)
    assert rectangle(lay_out("<div></div>", css + "div { box-sizing: border-box }"), "div") == (300, 0, 200, 30)


def test_percentages_and_limits() -> None:
    assert rectangle(lay_out("<div>x</div>", "div { width: 50%; max-width: 300px }"), "div")[2] == 300
    assert rectangle(lay_out("<div>x</div>", "div { width: 10%; min-width: 25% }"), "div")[2] == 200


def test_text_wraps_at_words() -> None:
    result = lay_out("<p>aaa bbb ccc ddd</p>", "p { font: 20px monospace; width: 100px; margin: 0 }")
    assert lines(result) == ["aaa bbb", "ccc ddd"]
    result = lay_out("<p>aaa <b>bb</b>b ccc</p>", "p, b { font: 20px monospace; width: 70px; margin: 0 }")
    assert lines(result) == ["aaa", "bbb", "ccc"]


def test_white_space() -> None:
    css = "p, pre { font: 16px monospace; margin: 0 }"
    assert lines(lay_out("<p>  a \n b <b> c</b> </p>", css)) == ["a b c"]
    assert lines(lay_out("<pre>a\n  b\n\nc</pre>", css)) == ["a", "b", "c"]
    assert rectangle(lay_out("<pre>a\n  b\n\nc</pre>", css), "pre")[3] == 4 * (
        16 + 4
    )  # ascent and descent are whole pixels
    assert lines(lay_out("<p>a<br>b<br><br>c</p>", css)) == ["a", "b", "c"]
    assert len(lines(lay_out("<p>one two three four</p>", css + "p { width: 50px; white-space: nowrap }"))) == 1


def test_alignment() -> None:
    for align, expected in (("left", 0), ("center", 352), ("right", 704)):
        result = lay_out("<p>0123456789</p>", f"p {{ font: 16px monospace; text-align: {align}; margin: 0 }}")
        (text,) = [(x, part) for part, x, _ in walk(result.root) if isinstance(part, TextFragment)]
        assert text[0] == pytest.approx(expected, abs=0.5)


def test_floats_and_clear() -> None:
    css = "img, i { float: left; width: 100px; height: 50px } b { float: right; width: 80px; height: 20px } p { margin: 0 }"
    result = lay_out("<i></i><b></b><p>text</p><h1 style='clear: left; margin: 0'>h</h1>", css)
    assert rectangle(result, "i") == (0, 0, 100, 50)
    assert rectangle(result, "b") == (720, 0, 80, 20)
    assert rectangle(result, "p") == (0, 0, 800, rectangle(result, "p")[3])
    assert rectangle(result, "h1")[1] == 50
    text = next(x for part, x, _ in walk(result.root) if isinstance(part, TextFragment) and part.text == "text")
    assert text == 100


def test_floats_that_do_not_fit_go_below() -> None:
    result = lay_out("<i></i><i></i><i></i>", "i { float: left; width: 300px; height: 40px }")
    assert [rectangle(result, "i", n)[:2] for n in range(3)] == [(0, 0), (300, 0), (0, 40)]


def test_a_formatting_context_contains_its_floats() -> None:
    result = lay_out("<div><i></i></div>", "div { overflow: hidden } i { float: left; width: 10px; height: 70px }")
    assert rectangle(result, "div") == (0, 0, 800, 70)


def test_inline_blocks_shrink_and_stand_on_the_line() -> None:
    css = "span { display: inline-block; width: 50px; height: 30px } p { margin: 0; font: 16px monospace }"
    result = lay_out("<p><span></span><span></span></p>", css)
    assert rectangle(result, "span", 0)[:3] == (0, 0, 50)
    assert rectangle(result, "span", 1)[0] == 50


def test_absolute_relative_and_fixed() -> None:
    css = """section { position: relative; width: 400px; height: 300px; margin: 10px }
    i { position: absolute; right: 10px; bottom: 20px; width: 50px; height: 40px }
    b { position: absolute; left: 0; right: 0; top: 5px; height: 10px }
    u { position: relative; left: 7px; top: 3px }"""
    result = lay_out("<section><i></i><b></b></section>", css)
    assert rectangle(result, "section") == (10, 10, 400, 300)
    assert rectangle(result, "i") == (350, 250, 50, 40)
    assert rectangle(result, "b") == (10, 15, 400, 10)


def test_tables() -> None:
    css = "table { border-spacing: 0; font: 10px monospace } td { padding: 0; height: 20px } .w { width: 100px }"
    html = "<table><tr><td class=w>a<td class=w>b<tr><td colspan=2>c<tr><td rowspan=2>d<td>e<tr><td>f</table>"
    result = lay_out(html, css)
    cells = [rectangle(result, "td", n) for n in range(6)]
    assert [cell[:3] for cell in cells] == [
        (0, 0, 100),
        (100, 0, 100),
        (0, 20, 200),
        (0, 40, 100),
        (100, 40, 100),
        (100, 60, 100),
    ]
    assert cells[3][3] == 40


def test_a_table_border_reaches_its_cells() -> None:
    document, styles = styled("<table border=1><tr><td id=x>a")
    assert styles.styles[find(document, "x")]["border-left-width"] == 1.0


def test_lists_are_numbered() -> None:
    result = lay_out("<ol start=3><li>a<li value=10>b<li>c</ol><ul><li>d</ul>")
    markers = [
        part.text for part, _, _ in walk(result.root) if isinstance(part, TextFragment) and part.text[:1] not in "abcd"
    ]
    assert markers == ["3. ", "10. ", "11. ", "•"]


def test_a_block_in_an_inline_splits_it() -> None:
    document, styles = styled("<section><b>1<div>2</div>3</b>")
    text = dump_boxes(build_box_tree(document, styles, {}).root)
    assert text.count("inline <b>") == 2 and "block <div>" in text


def test_dumps_are_text_that_a_person_can_read() -> None:
    result = lay_out("<p>hello</p>")
    assert "text (0.00, " in dump_fragments(result.root)
    items = build_display_list(result, FONTS, {})
    assert dump_display_list(items).splitlines()[0].startswith("fill (0.00, 0.00) 800.00 x 600.00 #ffffff")
    assert "glyphs" in dump_display_list(items)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(["<p>", "<div style='float:left'>", "<table>", "<tr>", "<td>", "</div>", "<span>", "text ",
                              "<li>", "<b>", "</table>", "<div style='position:absolute'>", "<img>", "<input>", "<br>",
                              "<div style='display:inline-block'>", "<select><option>o", "</p>", "<pre>\n"]), max_size=30)
)  # fmt: skip
def test_any_mixture_can_be_laid_out_and_painted(pieces: list[str]) -> None:
    result = lay_out("".join(pieces))
    assert build_display_list(result, FONTS, {})


def test_a_drawn_text_reaches_as_far_as_its_glyphs(tmp_path: Path) -> None:
    from pressenter.browser.render import page_rectangles, render

    file = tmp_path / "page.html"
    file.write_text(
        "<!doctype html><body style='margin: 0; font: 20px sans-serif'><svg width=400 height=99>"
        "<text x=100 y=50>jj</text><text x=100 y=80>hh</text></svg>"
    )
    rectangles = [r for r in page_rectangles(render(str(file), 800, 400, FontLibrary()).page) if "text" in r["path"]]
    assert rectangles[0]["x"] < 99.0  # the ink of a j, with a pixel around it, begins before its advance does
    assert rectangles[1]["x"] == 100.0
