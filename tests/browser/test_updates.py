"""A page that has changed is drawn as if it had been drawn for the first time, and for less."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from pressenter.browser.css.selectors import ancestors
from pressenter.browser.css.style_sheet import Medium
from pressenter.browser.html.dom import ITSELF, Document, Element, Text
from pressenter.browser.html.form_controls import set_checked, set_value
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.live_page import LivePage
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.browser.paint.compositor import BrowserFrame, Compositor, Layer, page_layers
from pressenter.browser.paint.damage import damage_between
from pressenter.browser.paint.items import Rect
from pressenter.browser.rendering import Rendering
from pressenter.sim import Agenda
from pressenter.trace import Recorder

PAGE = """<!doctype html><style>
a:hover, .card:hover p { background: yellow } li:last-child { color: red } p + p { margin-top: 30px }
:focus-visible { outline: 2px solid } .menu:hover > ul { display: block } .menu > ul { display: none }
input:checked ~ em { font-weight: bold } .grid { display: grid; grid-template-columns: 1fr 1fr; gap: 4px }
.flex { display: flex } .float { float: left; width: 90px } .abs { position: absolute; right: 4px; top: 4px }
article { position: relative } .turn { transform: rotate(9deg) } .faint { opacity: .5; filter: blur(2px) }
.stay { position: fixed; right: 0; bottom: 0; background: #cfc } h2::before { content: attr(title) " " } div:has(> b:hover) { border: 2px solid } td:has(:checked) { color: green }
table:has([data-wide]) { margin: 9px } i:empty + span, section:empty ~ table { color: blue } [data-wide] + p { width: 50% }
section:empty { height: 40px } ol { columns: 2 } [data-wide] { width: 300px }
</style>
<h1>Title <a href=#>link</a></h1><h2 title=T>Second</h2>
<div class=menu><a href=#>menu</a><ul><li>one<li>two</ul></div>
<div class=grid><div class=card><p>A card with words in it<p>and a second</div><div class=card>other <b>bold</b></div></div>
<article class=flex><p>flex item</p><p class=abs>absolute</p><span>inline <i>in</i> line</span></article>
<p class=float>float</p><p>text beside the float that is long enough to wrap around it, word by word by word by word</p>
<ol><li>first<li>second<li>third</ol><section></section>
<table border=1><tr><td>cell<td><input type=checkbox><em>after</em><tr><td colspan=2><input value=text></table>
<p>The last paragraph <span>with a span</span>.</p>"""


def services(recorder: Recorder) -> Services:
    async def spend(kind: str, amount: float) -> None:
        return None

    class NoFetcher:
        async def fetch(self, url: str, kind: str, referrer: str = "", *, form: Any = None) -> Any:
            raise AssertionError("nothing is fetched here")

    return Services("test", recorder, NoFetcher(), spend, Medium(700, 500))


async def live_page(text: str) -> tuple[LivePage, Recorder]:
    recorder = Recorder(Agenda())

    async def present(page: Page) -> None:
        return None

    live = LivePage(services(recorder), "http://a.test/", "utf-8", FontLibrary(), present)
    live.feed(text.encode())
    await live.finish()
    return live, recorder


async def drawn_anew(document: Document, live: LivePage, fonts: FontLibrary) -> Page:
    """The same document by a rendering that remembers nothing."""
    assert live.page is not None
    rendering = Rendering(services(Recorder(Agenda())), document, lasts=False)
    await rendering.style(live.page.style_sheets, fonts, 0.0)
    await rendering.lay_out({}, {}, fonts, (0.0, 0.0), {})
    return await rendering.paint({}, {}, fonts, {}, {})


def frame(compositor: Compositor, page: Page, scroll: tuple[float, float]) -> BrowserFrame:
    """A window of the page."""
    view = Rect(0, 0, 700, 500)
    layers = [
        Layer(f"page {number}", items, page.pictures, view, (0.0, 0.0) if is_fixed else scroll)
        for number, (is_fixed, items) in enumerate(page_layers(page.display_list))
    ]
    return compositor.frame(layers, 700, 500)[0]


def change(document: Document, chance: random.Random) -> str:
    """Do something to a document; says what."""
    elements = [element for element in document.elements() if element.tag not in ("html", "head", "style", "body")]
    element = chance.choice(elements)
    texts = [node for node in document.descendants() if isinstance(node, Text) and node.parent in elements]
    kind = chance.choice(
        ["text", "hover", "focus", "class", "append", "remove", "check", "value", "attribute", "insert", "move"]
    )
    if kind == "text":
        text = chance.choice(texts)
        text.data = " ".join(chance.choices(["word", "longer", "a", "text"], k=chance.randint(0, 12)))
        text.mark_changed()
    elif kind in ("hover", "focus"):
        around: Element | None = element
        while around is not None:
            around.set_state({"hover": "hover", "focus": "focus-visible"}[kind], chance.random() < 0.7)
            around = around.parent_element
    elif kind == "class":
        element.attributes["class"] = chance.choice(
            ["card", "flex", "grid", "float", "abs", "turn", "faint", "stay", ""]
        )
        element.mark_changed(ITSELF)
    elif kind == "attribute":
        if element.attributes.pop("data-wide", None) is None:
            element.attributes["data-wide"] = ""
        element.mark_changed(ITSELF)
    elif kind in ("append", "insert"):
        new = Element(chance.choice(["p", "li", "span", "div", "b"]))
        new.append(Text("new text"))
        if kind == "append" or not element.children:
            element.append(new)
        else:
            element.insert_before(new, element.children[0])
    elif kind == "remove":
        element.detach()
    elif kind == "move":
        target = chance.choice(elements)
        around = [target, *ancestors(target)]
        if element not in around and element.parent is not None:
            target.append(element)
    elif kind == "check":
        boxes = [box for box in elements if box.get("type") == "checkbox"]
        for box in boxes:
            set_checked(box, chance.random() < 0.5)
    else:
        for field in elements:
            if field.tag == "input" and field.get("type") != "checkbox":
                set_value(field, "typed " * chance.randint(0, 4))
    return f"{kind} {element.tag}"


@pytest.mark.parametrize("seed", range(12))
def test_a_changed_page_is_drawn_as_if_for_the_first_time(seed: int) -> None:
    async def run() -> None:
        chance = random.Random(seed)
        live, _ = await live_page(PAGE)
        fonts, compositor = FontLibrary(), Compositor()
        done = []
        for _ in range(25):
            done.append(change(live.document, chance))
            live.changed()
            page = await live.finish_drawing()
            anew = await drawn_anew(live.document, live, fonts)
            assert page.dump("styles") == anew.dump("styles"), done
            assert page.dump("boxes") == anew.dump("boxes"), done
            assert page.dump("fragments") == anew.dump("fragments"), done
            assert page.layout.totals == anew.layout.totals
            assert page.dump("display-list") == anew.dump("display-list"), done
            scroll = (0.0, float(chance.choice([0, 0, 100, 300])))
            assert frame(compositor, page, scroll) == frame(Compositor(), anew, scroll), done
        live.stop()

    asyncio.run(run())


def test_one_changed_text_costs_what_has_changed() -> None:
    async def run() -> None:
        live, recorder = await live_page("<!doctype html>" + "<p>Some words in a paragraph.</p>" * 500)
        text = next(node for node in live.document.descendants() if isinstance(node, Text))
        before = live.page
        first = {event.name: event.fields for event in recorder.events}
        assert first["layout.fragments"]["new_glyphs"] > 500 * 20 and first["layout.box_tree"]["made"] > 1000
        text.data = "Other words."
        text.mark_changed()
        live.changed()
        begin = len(recorder.events)
        page = await live.finish_drawing()
        again = {event.name: event.fields for event in recorder.events[begin:]}
        assert "css.cascade" not in again  # a text has no style of its own
        assert again["layout.box_tree"]["made"] < 10 and again["layout.fragments"]["new_glyphs"] < 20
        assert again["layout.fragments"]["fragments"] == first["layout.fragments"]["fragments"]
        assert before is not None
        damage = damage_between(before.display_list, page.display_list)
        assert damage is not None and damage.height < 100
        live.stop()

    asyncio.run(run())


def test_pointing_at_a_link_styles_the_link_alone() -> None:
    async def run() -> None:
        page = "<!doctype html><style>a:hover { color: red }</style>" + "<p>Words and <a href=#>a link</a>.</p>" * 200
        live, recorder = await live_page(page)
        link = next(element for element in live.document.elements() if element.tag == "a")
        begin = len(recorder.events)
        for element in (link, link.parent_element):
            assert element is not None
            element.set_state("hover", True)
        live.changed()
        await live.finish_drawing()
        styled = [event.fields["elements"] for event in recorder.events[begin:] if event.name == "css.cascade"]
        assert styled == ["?", 1]
        live.stop()

    asyncio.run(run())


def test_an_element_that_has_moved_is_styled_where_it_is_now() -> None:
    async def run() -> None:
        page = "<!doctype html><style>.a { color: red } .b { color: blue }</style>"
        live, _ = await live_page(page + "<div><div class=a><p>text</p></div></div><div><div class=b></div></div>")
        elements = {element.get("class") or element.tag: element for element in live.document.elements()}
        elements["b"].append(elements["p"])
        live.changed()
        drawn = await live.finish_drawing()
        anew = await drawn_anew(live.document, live, FontLibrary())
        assert drawn.dump("styles") == anew.dump("styles")
        live.stop()

    asyncio.run(run())
