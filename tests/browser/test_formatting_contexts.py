"""Where boxes stand, worked out by hand from the specifications: flex, grid, tables, columns, positions, directions."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressenter.browser.layout.box_tree import build_box_tree
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import TextFragment, walk
from pressenter.browser.layout.rectangles import element_rectangles
from pressenter.browser.render import page_rectangles, render
from tests.browser.test_stages import FONTS, lay_out, styled

Place = tuple[float, float, float, float]


def places(html: str, css: str = "", width: float = 800) -> dict[str, Place]:
    """x, y, width and height of every element that has an id."""
    return {
        element.attributes["id"]: (round(r.x, 2), round(r.y, 2), round(r.width, 2), round(r.height, 2))
        for element, r in element_rectangles(lay_out(html, css, width)).items()
        if "id" in element.attributes
    }


TWO = "<div id=f><div id=a></div><div id=b></div></div>"


@pytest.mark.parametrize(
    ("css", "a", "b"),
    [
        # CSS Flexbox 1 §9.7: free space by grow factors; space that is missing by factor times base size
        ("#a { flex: 1 } #b { flex: 3 }", (0, 0, 100, 50), (100, 0, 300, 50)),
        ("#a { width: 300px } #b { width: 500px }", (0, 0, 150, 50), (150, 0, 250, 50)),
        ("#a { flex: 1; max-width: 50px } #b { flex: 1 }", (0, 0, 50, 50), (50, 0, 350, 50)),
        ("#a { flex-grow: .25 } #b { flex-grow: .25 }", (0, 0, 100, 50), (100, 0, 100, 50)),
        # §8: alignment; auto margins come before it
        ("#f { justify-content: space-between } #f * { width: 40px }", (0, 0, 40, 50), (360, 0, 40, 50)),
        ("#f { justify-content: space-around } #f * { width: 100px }", (50, 0, 100, 50), (250, 0, 100, 50)),
        ("#f { align-items: center } #f * { width: 10px; height: 20px }", (0, 15, 10, 20), (10, 15, 10, 20)),
        ("#f { gap: 20px } #f * { flex: 1 }", (0, 0, 190, 50), (210, 0, 190, 50)),
        ("#f * { width: 40px } #b { margin-left: auto }", (0, 0, 40, 50), (360, 0, 40, 50)),
        ("#f { flex-direction: row-reverse } #f * { width: 40px }", (360, 0, 40, 50), (320, 0, 40, 50)),
        ("#f { flex-direction: column } #f * { flex: 1 }", (0, 0, 400, 25), (0, 25, 400, 25)),
        ("#f { flex-wrap: wrap } #f * { width: 300px }", (0, 0, 300, 25), (0, 25, 300, 25)),
        ("#f { flex-wrap: wrap-reverse } #f * { width: 300px }", (0, 25, 300, 25), (0, 0, 300, 25)),
        ("#f * { width: 40px } #a { order: 1 }", (40, 0, 40, 50), (0, 0, 40, 50)),
    ],
)
def test_flex(css: str, a: Place, b: Place) -> None:
    found = places(TWO, "#f { display: flex; width: 400px; height: 50px } " + css)
    assert (found["a"], found["b"]) == (a, b)


@pytest.mark.parametrize(
    ("inside", "css", "expected"),
    [
        # CSS Flexbox 1 §9.4 step 11: the size of a stretched item is definite, even if it is the one that it had anyway
        ("<p id=x></p>", "#x { height: 50%; margin: 0 } #a::after { content: ''; display: block; height: 60px }", 30),
        (
            "<p id=x></p>",
            "#x { min-height: 25%; margin: 0 } #a::after { content: ''; display: block; height: 80px }",
            20,
        ),
        (
            "<p id=x></p><b></b>",
            "#a { display: flex; flex-direction: column } #x { flex: 1 0 0px; margin: 0 } b { flex: 3 0 40px }",
            0,
        ),
        (
            "<p id=x></p>",
            "#a { display: grid; grid-template-rows: 50% } #x { margin: 0 } #x::after { content: ''; display: block; height: 40px }",
            20,
        ),
        (
            "<p>a<span id=x></span></p>",
            "#x { position: relative; top: 50%; display: block; height: 10px } #a, p { margin: 0; font-size: 0 }",
            10,
        ),
    ],
)
def test_a_stretched_item_has_a_height_of_its_own(inside: str, css: str, expected: float) -> None:
    html = f"<div id=f><div id=a>{inside}</div></div>"
    assert places(html, "#f { display: flex } #a { width: 100px } " + css)["x"][3] == expected


def test_what_does_not_look_at_heights_is_laid_out_once() -> None:
    """A card is asked for its height, then stretched to that of its row: the second answer is the first one."""
    css = "#g { display: grid; grid-template-columns: 1fr 1fr } section { display: flex; flex-direction: column }"
    css += "footer { display: flex; margin-top: auto }"
    card = "<section><p id=p{0}>{1}</p><footer id=f{0}><b id=b{0}>b</b></footer></section>"
    html = (
        "<!DOCTYPE html><style></style><div id=g>" + card.format(1, "text") + card.format(2, "more<br>text") + "</div>"
    )
    document, styles = styled(html, css, 800)
    engine = LayoutEngine(FONTS, 800, 600)
    engine.page(build_box_tree(document, styles, {}).root)
    answers = [box.element.attributes.get("id") for box, _ in engine._fragments if box.element is not None]
    counts = {name: answers.count(name) for name in ("p1", "p2", "f1", "f2", "b1", "b2")}
    assert counts == dict.fromkeys(counts, 1)


@pytest.mark.parametrize(
    "css", ["min-height: min-content", "max-height: max-content; height: 500px", "min-height: fit-content; height: 1px"]
)
def test_a_limit_by_the_contents_across_a_row_is_that_of_the_flexed_width(css: str) -> None:
    inside = "<i style='float: left; width: 20px; height: 10px'></i>" * 4
    found = places(
        f"<div id=f><p id=a>{inside}</p></div>",
        "#f { display: flex; width: 40px; align-items: start } #a { flex: 1; margin: 0; min-width: 0; " + css + " }",
    )
    assert found["a"] == (0, 0, 40, 20)


@pytest.mark.parametrize(
    ("css", "a", "b"),
    [
        # CSS Grid 2 §7, §8, §12
        ("#f { grid: 50px / 100px 1fr }", (0, 0, 100, 50), (100, 0, 300, 50)),
        ("#f { grid-template-columns: 1fr 3fr; gap: 8px }", (0, 0, 98, 60), (106, 0, 294, 60)),
        ("#f { grid-template-columns: repeat(auto-fill, minmax(90px, 1fr)) }", (0, 0, 100, 60), (100, 0, 100, 60)),
        ("#f { grid-template-columns: repeat(auto-fit, minmax(90px, 1fr)) }", (0, 0, 200, 60), (200, 0, 200, 60)),
        ("#f { grid: 'y x' 60px / 1fr 1fr } #a { grid-area: x } #b { grid-area: y }", (200, 0, 200, 60), (0, 0, 200, 60)),
        ("#f { grid-template-columns: 1fr 1fr } #a { grid-column: 1 / -1 }", (0, 0, 400, 30), (0, 30, 200, 30)),
        ("#f { grid-template-columns: [s] 1fr [m] 1fr [e] } #b { grid-area: 1 / s / auto / e } #a { grid-row: 2 }", (0, 30, 200, 30), (0, 0, 400, 30)),
        ("#f { grid-auto-flow: column; grid-auto-columns: 50px }", (0, 0, 50, 60), (50, 0, 50, 60)),
        ("#f { grid-template-columns: 1fr 1fr; place-items: center end } #f * { width: 20px; height: 20px }", (180, 20, 20, 20), (380, 20, 20, 20)),
        ("#f { grid-template-columns: 20% minmax(30%, 100px) }", (0, 0, 80, 60), (80, 0, 120, 60)),
        ("#f { grid-template-columns: 50px 50px; justify-content: space-evenly }", (100, 0, 50, 60), (250, 0, 50, 60)),
    ],
)  # fmt: skip
def test_grid(css: str, a: Place, b: Place) -> None:
    found = places(TWO, "#f { display: grid; width: 400px; height: 60px } " + css)
    assert (found["a"], found["b"]) == (a, b)


@pytest.mark.parametrize(
    ("css", "a", "b"),
    [
        ("table { border-spacing: 10px }", (10, 10, 30, 20), (50, 10, 60, 20)),
        ("table { border-collapse: collapse } td { border: 4px solid }", (2, 2, 34, 24), (36, 2, 64, 24)),
        # CSS 2.2 §17.6.2.1: the wider border wins, half of it in each cell
        ("table { border-collapse: collapse } #b { border-left: 8px solid }", (0, 0, 34, 20), (34, 0, 64, 20)),
        ("table { border-spacing: 0; table-layout: fixed; width: 200px }", (0, 0, 100, 20), (100, 0, 100, 20)),
    ],
)
def test_tables(css: str, a: Place, b: Place) -> None:
    cells = "<td id=a><p style='width: 30px; height: 20px'><td id=b><p style='width: 60px; height: 20px'>"
    found = places(f"<table><tr>{cells}</table>", "td { padding: 0 } p { margin: 0 } " + css)
    assert (found["a"], found["b"]) == (a, b)


def test_columns_are_balanced() -> None:
    found = places(
        "<div id=m>" + "".join(f"<p id=p{number}></p>" for number in range(6)) + "</div>",
        "#m { columns: 3; column-gap: 20px; width: 400px } p { height: 30px; margin: 0 }",
    )
    assert found["m"] == (0, 0, 400, 60)
    assert [found[f"p{number}"][:2] for number in range(6)] == [
        (0, 0), (0, 30), (140, 0), (140, 30), (280, 0), (280, 30),
    ]  # fmt: skip


def test_insets_and_their_limits() -> None:
    found = places(
        "<div id=c><div id=a></div><div id=b></div><div id=d></div></div>",
        """#c { position: relative; width: 200px; height: 100px; border: 5px solid }
        #a { position: absolute; inset: 10px } #b { position: absolute; inset: 0; margin: auto; width: 50px; height: 20px }
        #d { position: relative; left: 10%; top: 3px; height: 7px }""",
    )
    # CSS Positioned Layout 3 §4: against the padding box
    assert found["a"] == (15, 15, 180, 80)
    assert found["b"] == (80, 45, 50, 20)
    assert found["d"] == (25, 8, 200, 7)


def test_an_aspect_ratio_gives_the_other_side() -> None:
    found = places("<div id=a></div><img id=b width=10 height=10>", "#a { width: 160px; aspect-ratio: 16 / 9 } #b { display: block; width: 40px; height: auto; aspect-ratio: 2 }")  # fmt: skip
    assert found["a"] == (0, 0, 160, 90)
    assert found["b"] == (0, 90, 40, 20)


def test_sizes_from_content() -> None:
    css = "i { display: inline-block; width: 50px; height: 10px } #a { width: min-content } #b { width: max-content } #c { width: fit-content(120px) }"  # fmt: skip
    html = "".join(f"<div id={name}><i></i> <i></i> <i></i></div>" for name in "ab")
    found = places(html, css + " div { font-size: 0 }")
    assert found["a"][2] == 50
    assert found["b"][2] == 150


def test_a_block_in_an_inline_gives_the_inline_its_width() -> None:
    found = places("<span id=s>x<div id=d style='height: 30px'></div>y</span>")
    assert found["d"][2:] == (800, 30)
    assert found["s"][2] == 800  # the union of its parts, as getBoundingClientRect has it


def order_on_the_line(html: str) -> str:
    """The text of one line as the eye meets it, from left to right."""
    result = lay_out(html)
    parts = [(x, part.text) for part, x, _ in walk(result.root) if isinstance(part, TextFragment)]
    return " ".join(text.strip() for _, text in sorted(parts) if text.strip())


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        # UAX #9, rules W2, N1, N2, L2
        ("<p>one <b>אבג</b> two", "one אבג two"),
        ("<p dir=rtl>one <b>אבג</b> <i>two</i>", "two אבג one"),
        ("<p><b>אבג</b> <i>דהו</i> end", "דהו אבג end"),
        ("<p>one <b>אבג</b> <i>דהו</i> two", "one דהו אבג two"),
        ("<p dir=rtl>אבג <b>12</b> <i>34</i> דהו", "דהו 34 12 אבג"),
    ],
)
def test_directions(html: str, seen: str) -> None:
    assert order_on_the_line(html) == seen


def test_the_left_edge_of_a_turned_box_stays_on_the_left() -> None:
    result = lay_out("<p><span style='padding: 0 7px 0 30px'><b>אבג</b> <i>דהו</i></span>")
    starts = {part.text.strip(): x for part, x, _ in walk(result.root) if isinstance(part, TextFragment)}
    assert starts["דהו"] == 30
    assert starts["אבג"] > 30


def test_right_to_left_boxes_begin_on_the_right() -> None:
    found = places("<div id=f dir=rtl><div id=a></div><div id=b></div></div>", "#f { display: flex } #f * { width: 40px; height: 5px }")  # fmt: skip
    assert (found["a"][0], found["b"][0]) == (760, 720)
    found = places("<div dir=rtl><div id=a></div></div>", "#a { width: 40px; margin-inline-start: 10px }")
    assert found["a"][0] == 750


def test_contents_far_from_what_is_seen_are_skipped(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        "<!doctype html><style>body { margin: 0 } section { content-visibility: auto; contain-intrinsic-size: auto 1px auto 500px }"
        " div { height: 100px }</style>" + "<section><div>x</div></section>" * 30
    )
    page = render(str(file), 800, 400, FontLibrary()).page
    heights = [r["height"] for r in page_rectangles(page) if r["path"].rpartition(">")[2].startswith("section")]
    # 1,000 px are seen or near (CSS Contain 2 §4.3): ten sections of 100 px, as they turn out to be.
    assert heights == [100.0] * 10 + [500.0] * 20


def test_size_containment_has_the_size_that_it_is_given(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        "<!doctype html><p style='contain: size; contain-intrinsic-size: 70px 30px; float: left'>long text that does not count"
    )
    page = render(str(file), 800, 400, FontLibrary()).page
    found = next(r for r in page_rectangles(page) if r["path"].endswith("p:nth-child(1)"))
    assert (found["width"], found["height"]) == (70.0, 30.0)
