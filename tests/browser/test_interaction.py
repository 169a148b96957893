"""A person uses a page: from the mouse, the touch screen and the keyboard to what the page does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import pressenter
from pressenter.browser.form_submission import submission
from pressenter.browser.hit_testing import HitTest
from pressenter.browser.html.dom import Element
from pressenter.browser.html.form_controls import is_checked, set_checked, set_value, value_of
from pressenter.browser.html.html_parser import parse_html
from pressenter.browser.render import render
from pressenter.browser.session_history import SessionHistory
from pressenter.browser.text_editing import edit
from pressenter.person import ActionError, parse_action

SHOP = """<!doctype html><meta charset=utf-8><title>Shop</title>
<style>body { margin: 20px } a:hover { background: #fd6 } .box { height: 120px; overflow: auto }
nav { position: sticky; top: 0; background: #eee } #fix { position: fixed; right: 10px; bottom: 10px }</style>
<nav><a href="about.html">About us</a> <a href="#end">To the end</a></nav>
<form action="/found.html"><label for=q>Words</label> <input id=q name=q placeholder="Search words">
<input type=checkbox name=new id=n><label for=n>only new</label>
<select name=size aria-label=Size><option>small<option>large</select> <button name=go value=1>Search</button></form>
<details><summary>More</summary><p>What was hidden.</p></details>
<div class=box id=box>top<p style="height: 400px">middle</p>its end</div>
<p style="height: 1500px">long</p><p id=end>The end. <a href="about.html">Read more</a></p>
<div id=fix><a href="about.html">Always here</a></div>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(SHOP)
    (tmp_path / "about.html").write_text("<!doctype html><title>About</title><p><a href=/>Home</a>")
    (tmp_path / "found.html").write_text("<!doctype html><title>Found</title><p>Nothing was found.")
    return tmp_path


def visit(site: Path, *then: str) -> pressenter.Journey:
    return pressenter.go("www.shop.test", sites={"www.shop.test": site}, then=then)


def names(journey: pressenter.Journey) -> list[str]:
    return [event.name for event in journey.events]


def served(journey: pressenter.Journey) -> list[str]:
    return [event.fields["target"] for event in journey.events if event.name == "server.request"]


def element(journey: pressenter.Journey, identifier: str) -> Element:
    assert journey.page is not None
    return next(e for e in journey.page.document.elements() if e.get("id") == identifier)


# ---- the whole way --------------------------------------------------------------------------------


def test_a_click_on_a_link_goes_the_long_way(site: Path) -> None:
    journey = visit(site, "click About us")
    assert journey.page is not None and journey.page.title == "About"
    assert served(journey) == ["/", "/about.html"]
    request = next(e for e in reversed(journey.events) if e.name == "http.request")
    chain = [event.name for event in journey.why(request)]
    for name in ("page.follow", "page.click", "window.button", "input.event", "irq.raise", "usb.report"):
        assert name in chain, name
    assert ("Referer", "http://www.shop.test/") in [tuple(field) for field in request.fields["headers"]]


def test_the_mouse_speaks_in_steps_and_the_link_lights_up(site: Path) -> None:
    journey = visit(site, "hover About us")
    moves = [event.fields for event in journey.events if event.name == "mouse.move"]
    pointers = [event.fields for event in journey.events if event.name == "window.pointer"]
    assert len(moves) > 3
    assert (sum(m["x"] for m in moves), sum(m["y"] for m in moves)) == (pointers[-1]["x"], pointers[-1]["y"])
    lines = [event.fields["line"] for event in journey.events if event.name == "input.event"]
    assert any("EV_REL" in line and "REL_X" in line for line in lines)
    assert journey.page is not None
    link = next(e for e in journey.page.document.elements() if e.tag == "a")
    assert "hover" in link.states
    assert "fill" in journey.page.dump("display-list") and "#ffdd66ff" in journey.page.dump("display-list")


def test_a_tap_takes_two_interrupts_and_a_swipe_many(site: Path) -> None:
    journey = visit(site, "tap More")
    assert journey.world.computer.interrupts.count(294) == 2
    lines = [event.fields["line"] for event in journey.events if event.name == "input.event"]
    assert any(line.endswith("ABS_MT_TRACKING_ID   0000835c") for line in lines)
    assert any(line.endswith("ABS_MT_TRACKING_ID   ffffffff") for line in lines)
    assert "elan-ktf3k" in journey.world.computer.interrupts.proc_interrupts()
    assert journey.page is not None and "What was hidden." in journey.page.text
    assert any(e.tag == "details" and "open" in e.attributes for e in journey.page.document.elements())
    swiped = visit(site, "swipe 300")
    assert swiped.world.computer.interrupts.count(294) > 20
    assert [event.fields["y"] for event in swiped.events if event.name == "page.scroll"][
        -1
    ] > 280  # the last sample lifts


def test_a_form_is_filled_in_and_sent(site: Path) -> None:
    journey = visit(
        site, "click Search words", "type two lamps", "click only new", "click Size", "click large", "click Search"
    )
    assert served(journey)[-1] == "/found.html?q=two+lamps&new=on&size=large&go=1"
    assert journey.page is not None and journey.page.title == "Found"
    typed = [event.fields["key"] for event in journey.events if event.name == "page.edit"]
    assert "".join(typed) == "two lamps"


def test_enter_in_a_field_sends_the_form_and_the_page_shows_what_is_typed(site: Path) -> None:
    journey = visit(site, "press tab", "press tab", "press tab", "type lamq", "press backspace", "type p")
    focused = [event.fields["element"] for event in journey.events if event.name == "page.focus"]
    assert focused == ["a About us", "a To the end", "input q"]
    assert value_of(element(journey, "q")) == "lamp"
    assert journey.page is not None and "'lamp'" in journey.page.dump("fragments")
    assert (
        served(visit(site, "click Search words", "type lamp", "press enter"))[-1]
        == "/found.html?q=lamp&size=small&go=1"
    )


def test_back_and_forward_find_the_place_again(site: Path) -> None:
    journey = visit(site, "hover Always here", "scroll 700", "click Always here", "back", "forward", "back")
    assert journey.page is not None and journey.page.title == "Shop"
    tab = journey.browser.tab
    assert [entry.url for entry in tab.history.entries] == ["http://www.shop.test/", "http://www.shop.test/about.html"]
    assert tab.live is not None and tab.live.scroll == (0.0, 700.0)
    assert names(journey).count("history.traverse") == 3


def test_a_link_within_the_page_scrolls_and_fetches_nothing(site: Path) -> None:
    journey = visit(site, "click To the end")
    assert served(journey) == ["/"]
    live = journey.browser.tab.live
    assert live is not None and live.scroll[1] > 500 and "target" in element(journey, "end").states
    nav = next(e for e in live.document.elements() if e.tag == "nav")
    assert live.rectangle_of(nav).y == live.scroll[1]  # it sticks to the top
    assert live.element_at(100, 10) is nav or live.element_at(100, 10).tag == "a"  # and is met there
    fixed = element(journey, "fix")
    seen = live.element_at(live.window_width - 30, live.window_height - 15)
    assert seen is fixed or seen.parent_element is fixed


def test_the_wheel_scrolls_the_box_under_the_pointer_first(site: Path) -> None:
    journey = visit(site, "hover #box", "scroll 200", "scroll 1000")
    live = journey.browser.tab.live
    assert live is not None
    top = live.offsets[element(journey, "box")][1]
    assert top > 200 and live.scroll[1] > 0  # at its end the page goes on


def test_what_cannot_be_done_is_said(site: Path) -> None:
    journey = visit(site, "click Nowhere")
    assert journey.failure is not None and journey.failure.step == "person"
    assert "nothing on the page says 'Nowhere'" in journey.failure.message and "About us" in journey.failure.message
    for wrong, words in (
        ("jump", "nothing that a person can do"),
        ("scroll far", "needs a number"),
        ("press any", "no key"),
    ):
        with pytest.raises(ActionError, match=words):
            parse_action(wrong)


def test_the_same_actions_give_the_same_bytes(site: Path) -> None:
    actions = ["hover More", "click Search words", "type ab", "scroll 300", "tap To the end"]
    one, two = visit(site, *actions), visit(site, *actions)
    assert one.events == two.events and one.screen == two.screen


def test_scrolling_rasters_only_what_comes_into_view(site: Path) -> None:
    journey = visit(site, "scroll 100")
    rasters = [event.fields for event in journey.events if event.name == "paint.raster" and event.phase == "end"]
    assert rasters[0]["rastered"] == rasters[0]["tiles"]
    assert rasters[-1]["rastered"] < rasters[-1]["tiles"] / 2


# ---- forms by themselves ------------------------------------------------------------------------------


def form(text: str) -> Element:
    return next(e for e in parse_html(f"<form {text}</form>").elements() if e.tag == "form")


@pytest.mark.parametrize(
    ("markup", "url", "kind", "body"),
    [
        ("action=/s><input name=a value='x y&'><input value=unnamed>", "http://a.test/s?a=x+y%26", None, b""),
        ("action=/s?old=1><input name=a value=~>", "http://a.test/s?a=%7E", None, b""),
        ("><input name=a disabled value=1><fieldset disabled><input name=b></fieldset>", "http://a.test/", None, b""),
        ("method=post><textarea name=t>a\nb</textarea>", "http://a.test/",
         "application/x-www-form-urlencoded", b"t=a%0D%0Ab"),
        ("method=post enctype=text/plain><input name=a value=1>", "http://a.test/", "text/plain", b"a=1\r\n"),
        ("><select name=s><option value=1>one<option selected>two</select>", "http://a.test/?s=two", None, b""),
        ("><input type=radio name=r value=1><input type=radio name=r value=2 checked>", "http://a.test/?r=2", None, b""),
    ],
)  # fmt: skip
def test_what_forms_send(markup: str, url: str, kind: str | None, body: bytes) -> None:
    sent = submission(form(markup), None, "http://a.test/")
    assert (sent.form.type if sent.form else None, sent.form.body if sent.form else b"") == (kind, body)
    assert sent.url.rstrip("?") == url


def test_multipart_forms() -> None:
    sent = submission(
        form("method=post enctype=multipart/form-data><input name='a\"b' value='1'>"), None, "http://a.test/"
    )
    assert sent.form is not None and sent.form.type.startswith("multipart/form-data; boundary=")
    assert b'Content-Disposition: form-data; name="a%22b"\r\n\r\n1\r\n' in sent.form.body


def test_radio_buttons_exclude_one_another() -> None:
    group = form(
        "><input type=radio name=r id=a checked><input type=radio name=r id=b><input type=radio name=s id=c checked>"
    )
    a, b, c = (e for e in group.elements() if e.tag == "input")
    set_checked(b, True)
    assert [is_checked(button) for button in (a, b, c)] == [False, True, True]


def test_editing_a_text() -> None:
    field = next(e for e in parse_html("<input value=abc maxlength=5>").elements() if e.tag == "input")
    for key in ("\ue011", "x", "\ue014", "\b", "\ue010", "y", "z", "\ue012", "\ue017", "\x1b"):
        edit(field, key)
    assert value_of(field) == "xbcy"
    set_value(field, "12345")
    assert not edit(field, "6")


def test_the_session_history_forgets_what_lay_ahead() -> None:
    history = SessionHistory()
    for url in ("a", "b", "c"):
        history.push(url)
    back = history.ahead(-2)
    assert back is not None
    history.go_to(back)
    history.push("d")
    assert [entry.url for entry in history.entries] == ["a", "d"] and history.ahead(1) is None


# ---- hit testing ---------------------------------------------------------------------------------------


def hits(body: str, points: Sequence[tuple[float, float]], tmp_path: Path, **offsets: Any) -> list[str]:
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><style>body {{ margin: 0 }} div {{ width: 100px; height: 100px }}</style>{body}")
    test = HitTest(render(str(file), 400, 300).page, {})
    found = [test.element_at(x, y, (0.0, 0.0)) for x, y in points]
    return [element.get("id") or element.tag if element is not None else "" for element in found]


@pytest.mark.parametrize(
    ("body", "points", "found"),
    [
        ("<div id=a></div><div id=b></div>", [(50, 50), (50, 150), (150, 50)], ["a", "b", "body"]),
        ("<div id=a></div><div id=b style='position:absolute; top:50px; z-index:-1'></div>", [(50, 80), (50, 120)],
         ["a", "b"]),
        ("<div id=a style='overflow:hidden'><div id=b style='width:300px'></div></div>", [(50, 50), (200, 50)],
         ["b", "body"]),
        ("<div id=a style='transform: translate(200px, 100px)'></div>", [(50, 50), (250, 150)], ["body", "a"]),
        ("<div id=a style='transform: rotate(45deg)'></div>", [(50, 50), (2, 2), (50, -15)], ["a", "body", "html"]),
        ("<div id=a style='pointer-events:none'></div>", [(50, 50)], ["body"]),
        ("<div id=a><b id=b>text</b></div>", [(5, 10), (90, 90)], ["b", "a"]),
        ("<div id=a style='visibility:hidden'></div>", [(50, 50)], ["body"]),
    ],
)  # fmt: skip
def test_what_is_at_a_point(body: str, points: list[tuple[float, float]], found: list[str], tmp_path: Path) -> None:
    seen = hits(body, points, tmp_path)
    assert [a if b not in ("html", "") else b for a, b in zip(seen, found, strict=True)] == found


# ---- what standards say of cases that are easily missed ------------------------------------------------


def write(folder: Path, body: str, css: str = "") -> Path:
    (folder / "index.html").write_text(f"<!doctype html><meta charset=utf-8><style>{css}</style>{body}")
    return folder


def visit_page(folder: Path, *then: str) -> pressenter.Journey:
    return pressenter.go("www.a.test", sites={"www.a.test": folder}, then=then)


def test_scrolled_frames_are_as_if_drawn_anew(tmp_path: Path) -> None:
    from pressenter.browser.paint.compositor import Compositor, Layer
    from pressenter.browser.paint.items import Rect

    write(tmp_path, "<p>line of text</p>" * 120, "body { background: repeating-linear-gradient(red, blue 90px) }")
    page = render(str(tmp_path / "index.html"), 400, 300).page
    kept = Compositor()
    for top in range(0, 2500, 100):
        layer = Layer("page", page.display_list, page.pictures, Rect(0, 0, 400, 300), (0.0, float(top)))
        assert kept.frame([layer], 400, 300)[0] == Compositor().frame([layer], 400, 300)[0], top


def test_a_swipe_that_ends_over_the_toolbar_is_the_pages(tmp_path: Path) -> None:
    journey = visit_page(write(tmp_path, "<p style='height: 3000px'>long"), "swipe 450")
    assert not journey.browser.address_bar.has_focus
    assert "page.scroll" in names(journey)


def test_what_is_clipped_cannot_be_scrolled_to_and_a_shorter_page_is_not_left_behind(tmp_path: Path) -> None:
    clipped = "<div style='height: 100px; overflow: hidden'><p style='height: 3000px'>hidden</p></div>"
    journey = visit_page(write(tmp_path, clipped + "<i style='position: fixed; top: 5000px'>low</i>"), "scroll 500")
    assert journey.browser.tab.live is not None and journey.browser.tab.live.scroll == (0.0, 0.0)
    css = ".a { height: 3000px } details[open] ~ .a { display: none } details { position: fixed; top: 9px }"
    body = "<details><summary>Less</summary>x</details><div class=a></div>"
    journey = visit_page(write(tmp_path, body, css), "scroll 2000", "click Less")
    assert journey.browser.tab.live is not None and journey.browser.tab.live.scroll == (0.0, 0.0)


def test_text_is_shown_when_its_font_cannot_be_had(tmp_path: Path) -> None:
    css = "@font-face { font-family: F; src: url(gone.woff2) } p { font-family: F }"
    journey = visit_page(write(tmp_path, "<p>text in a font", css))
    assert journey.page is not None and "glyphs" in journey.page.dump("display-list")
    painted = next(e for e in journey.events if e.name == "page.first_contentful_paint")
    refused = next(e for e in journey.events if e.name == "page.without")
    assert refused.at_ns < painted.at_ns


def test_a_drawing_in_other_colours_is_drawn_again(tmp_path: Path) -> None:
    body = "<a href=#>link <svg width=20 height=20><rect width=20 height=20 /></svg></a>"
    folder = write(tmp_path, body, "svg { fill: blue } a:hover svg { fill: red }")
    before, after = visit_page(folder), visit_page(folder, "hover link")
    assert before.page is not None and after.page is not None and after.screen is not None
    assert list(before.page.pictures) != list(after.page.pictures)


@pytest.mark.parametrize(
    ("media", "applies"), [("", True), ("print", False), ("screen, print", True), ("(max-width: 300px)", False)]
)
def test_media_of_style_elements(media: str, applies: bool, tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(f"<!doctype html><style media='{media}'>p {{ width: 50px }}</style><p>x")
    page = render(str(tmp_path / "p.html")).page
    widths = [style["width"] for element, style in page.styled.styles.items() if element.tag == "p"]
    assert (widths == [50.0]) is applies


def test_a_disabled_choice_is_not_sent_and_several_are() -> None:
    assert (
        submission(
            form("><select name=s><option disabled selected value=''>Choose</select>"), None, "http://a.test/"
        ).url
        == "http://a.test/?"
    )
    several = form("><select name=m multiple><option selected>a<option>b<option selected>c</select>")
    assert submission(several, None, "http://a.test/").url == "http://a.test/?m=a&m=c"


def test_a_form_without_an_action_goes_to_its_page_whatever_the_base() -> None:
    assert (
        submission(form("><input name=a value=1>"), None, "http://b.test/x", "http://a.test/p").url
        == "http://a.test/p?a=1"
    )


def test_a_form_in_a_table_keeps_its_controls() -> None:
    text = "<table><form action=/s><tr><td><input name=a value=1></table><input name=b value=2></form><input name=c value=3>"
    found = next(e for e in parse_html(text).elements() if e.tag == "form")
    assert submission(found, None, "http://a.test/").url == "http://a.test/s?a=1&b=2"


def test_two_fields_without_a_button_are_not_sent_by_enter(tmp_path: Path) -> None:
    one = visit_page(write(tmp_path, "<form action=/x><input placeholder=one></form>"), "click one", "press enter")
    assert "form.submit" in names(one)
    two = visit_page(
        write(tmp_path, "<form action=/x><input placeholder=one><input></form>"), "click one", "press enter"
    )
    assert "form.submit" not in names(two)


def test_controls_in_the_legend_of_a_disabled_fieldset_work() -> None:
    from pressenter.browser.html.form_controls import is_disabled

    text = "<fieldset disabled><legend><input id=a></legend><legend><input id=b></legend><input id=c></fieldset>"
    fields = {e.get("id"): is_disabled(e) for e in parse_html(text).elements() if e.tag == "input"}
    assert fields == {"a": False, "b": True, "c": True}


def test_the_focus_does_not_go_to_what_is_not_seen(tmp_path: Path) -> None:
    body = ("<a href=#>one</a><details><summary>two</summary><a href=#>hidden</a></details>"
            "<a href=# style='visibility: hidden'>no</a><a href=#>three</a>")  # fmt: skip
    journey = visit_page(write(tmp_path, body), *["press tab"] * 4)
    focused = [event.fields["element"] for event in journey.events if event.name == "page.focus"]
    assert focused == ["a one", "summary two", "a three"]


def test_only_one_element_is_the_target(tmp_path: Path) -> None:
    body = "<a href=#a>to a</a> <a href=#b>to b</a><p id=a>A</p><p id=b>B</p>"
    journey = visit_page(write(tmp_path, body), "click to a", "click to b", "back")
    assert journey.page is not None
    assert [e.get("id") for e in journey.page.document.elements() if "target" in e.states] == ["a"]


def test_a_failure_of_ours_in_an_event_is_heard_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pressenter.browser.page_input import PageInput

    def broken(*_: object) -> None:
        raise ZeroDivisionError("broken on purpose")

    monkeypatch.setattr(PageInput, "key", broken)
    journey = visit_page(write(tmp_path, "<p>text"), "press tab", "press tab")
    assert journey.failure is not None and "ZeroDivisionError" in journey.failure.message
    assert names(journey).count("host.exception") == 2


def test_a_closed_tab_does_nothing_more(site: Path) -> None:
    import asyncio

    from pressenter.journey import _open_browser
    from pressenter.worlds.world import World

    world = World.load(None, seed=1, sites={"www.shop.test": site})
    browser = _open_browser(world, "en")

    async def leave() -> None:
        browser.address_bar.text = "www.shop.test"
        browser.enter()
        await asyncio.sleep(0.1)  # while the name is being resolved
        await browser.close_tab()

    world.host("laptop").loop.run_until_complete(leave())
    world.run()
    events = [event.name for event in world.recorder.events]
    assert not {"http.request", "page.loaded", "display.scanout"} & set(events[events.index("tab.close") :])
    world.close()


def test_a_reload_asks_whether_the_stored_page_is_still_good() -> None:
    journey = pressenter.go("www.example.com", then=["reload", "click The fibre", "back"])
    answers = [event.fields["status"] for event in journey.events if event.name == "http.response"]
    assert answers[:4] == [200] * 4 and 304 in answers
    starts = [event.id for event in journey.events if event.name == "navigate.start"]
    reloaded = [e.name for e in journey.events if starts[1] < e.id < starts[2]]
    assert reloaded.count("http.request") == 1  # the document alone; the rest is fresh
    again = [e.name for e in journey.events if e.id > starts[3]]
    assert "http.request" not in again
