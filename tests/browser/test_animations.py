"""Values that change with time: easing, interpolation, transitions and animations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import tinycss2

import pressenter
from pressenter.browser.css.animations import Animations
from pressenter.browser.css.cascade import Cascade
from pressenter.browser.css.easing import ease
from pressenter.browser.css.interpolation import can_interpolate, interpolate
from pressenter.browser.css.properties import PROPERTIES
from pressenter.browser.css.style_sheet import Medium, parse_style_sheet
from pressenter.browser.css.values import Color
from pressenter.browser.html.dom import Element
from pressenter.browser.html.html_parser import parse_html


def value(name: str, text: str) -> Any:
    tokens = [t for t in tinycss2.parse_component_value_list(text) if t.type != "whitespace"]
    return PROPERTIES[name].parse(tokens)


@pytest.mark.parametrize(
    ("function", "share", "progress"),
    [
        ("linear", 0.3, 0.3), ("ease", 0.5, 0.8024), ("ease-in", 0.5, 0.3154), ("ease-out", 0.5, 0.6846),
        ("ease-in-out", 0.25, 0.1292), ("ease", 0.0, 0.0), ("ease", 1.0, 1.0), (("cubic-bezier", 0.5, -1.0, 0.5, 2.0), 0.25, -0.1823),
        (("steps", 4.0, "end"), 0.6, 0.5), (("steps", 4.0, "start"), 0.6, 0.75), (("steps", 4.0), 0.99, 0.75),
        (("steps", 3.0, "jump-none"), 0.5, 0.5), (("steps", 3.0, "jump-both"), 0.5, 0.5), ("step-start", 0.01, 1.0),
    ],
)  # fmt: skip
def test_easing(function: Any, share: float, progress: float) -> None:
    assert ease(function, share) == pytest.approx(progress, abs=2e-3)


@pytest.mark.parametrize(
    ("name", "start", "end", "progress", "between"),
    [
        ("width", "10px", "30px", 0.5, "20px"), ("opacity", "0", "1", 0.25, "0.25"),
        ("width", "0px", "50%", 0.5, "25%"), ("transform", "none", "translate(10px, 0px) scale(3)", 0.5, "translate(5px, 0px) scale(2)"),
        ("transform", "rotate(0deg)", "rotate(90deg)", 0.5, "rotate(45deg)"),
        ("z-index", "1", "4", 0.5, "2"), ("margin-left", "-10px", "10px", 1.5, "20px"),
        ("visibility", "hidden", "visible", 0.1, "visible"), ("visibility", "hidden", "visible", 0.0, "hidden"),
        ("display", "block", "none", 0.4, "block"), ("display", "block", "none", 0.6, "none"),
        ("box-shadow", "none", "2px 2px 4px #ff0000", 0.5, "1px 1px 2px #ff000080"),
    ],
)  # fmt: skip
def test_what_is_between_two_values(name: str, start: str, end: str, progress: float, between: str) -> None:
    found = interpolate(name, value(name, start), value(name, end), progress)
    wanted = value(name, between)
    if name == "box-shadow":
        assert found[0][1:5] == wanted[0][1:5] and found[0][5].alpha == pytest.approx(0.5)
    else:
        assert found == pytest.approx(wanted) if isinstance(wanted, float) else found == wanted


def test_colours_go_over_without_the_colour_of_what_is_transparent() -> None:
    middle = interpolate("color", Color(1, 0, 0, 1), Color(0, 0, 1, 0), 0.5)
    assert middle == Color(1, 0, 0, 0.5)


def test_some_values_have_nothing_between() -> None:
    assert not can_interpolate("display", "block", "none")
    assert not can_interpolate("width", "auto", 10.0)
    assert not can_interpolate("transform", value("transform", "scale(2)"), value("transform", "rotate(2deg)"))


class Stage:
    """One element below a style sheet, and its animations."""

    def __init__(self, css: str) -> None:
        self.sheet = parse_style_sheet(css, Medium())
        self.document = parse_html("<!doctype html><p id=a>text")
        self.element = next(e for e in self.document.elements() if e.tag == "p")
        self.cascade = Cascade([self.sheet], Medium())
        self.animations = Animations()
        self.animations.use(self.sheet.keyframes)
        self.before: Any = None

    def at(self, now: float, name: str) -> Any:
        """The value of a property at a time."""
        style = self.cascade.style(self.document).styles[self.element]
        if style is not self.before:
            self.animations.style_changed(self.element, self.before, style, now)
            self.before = style
        moved = self.animations.values(self.element, style, self.cascade.computed, now)
        return {**style, **moved}[name]

    def is_moving(self, now: float) -> bool:
        return self.animations.settle(now, {self.element: self.before})

    def hover(self, is_on: bool) -> None:
        self.element.set_state("hover", is_on)


def test_a_transition_takes_its_time_and_turns_back_as_fast_as_it_came() -> None:
    stage = Stage("p { width: 100px; transition: width 2s linear 1s } p:hover { width: 200px }")
    assert stage.at(0.0, "width") == 100.0 and not stage.is_moving(0.0)
    stage.hover(True)
    assert [stage.at(now, "width") for now in (10.0, 10.9, 12.0, 12.5)] == [100.0, 100.0, 150.0, 175.0]
    assert stage.is_moving(12.5)
    stage.hover(False)
    assert stage.at(12.5, "width") == 175.0
    assert stage.at(13.5, "width") == 175.0  # the delay
    assert stage.at(13.5 + 0.75, "width") == pytest.approx(137.5)
    assert stage.at(13.5 + 1.5, "width") == 100.0 and not stage.is_moving(15.0)


def test_what_turns_back_twice_takes_what_is_left_each_time() -> None:
    stage = Stage("p { width: 0; transition: width 1s linear } p:hover { width: 100px }")
    stage.at(0.0, "width")
    stage.hover(True)
    assert stage.at(0.0, "width") == 0.0 and stage.at(0.4, "width") == pytest.approx(40.0)
    stage.hover(False)
    assert stage.at(0.4, "width") == pytest.approx(40.0)
    assert stage.at(0.6, "width") == pytest.approx(20.0)  # 0.4 s for the way back
    stage.hover(True)
    assert stage.at(0.6, "width") == pytest.approx(20.0)
    assert stage.at(1.0, "width") == pytest.approx(60.0) and stage.at(1.4, "width") == pytest.approx(100.0)


def test_what_was_not_displayed_goes_over_from_nothing(tmp_path: Any) -> None:
    css = ".m { display: none; opacity: 0; transition: opacity 9s } a:hover + .m { display: block; opacity: 1 }"
    spin = "@keyframes s { to { rotate: 1turn } } div { display: none } i { animation: s 1s infinite }"
    (tmp_path / "index.html").write_text(
        f"<!doctype html><style>{css} {spin}</style><a href=#>link</a><p class=m>menu</p><div><i>x</i></div>"
    )
    journey = pressenter.go("www.a.test", sites={"www.a.test": tmp_path}, then=["hover link"])
    assert journey.page is not None
    assert next(s["opacity"] for e, s in journey.page.styled.styles.items() if e.tag == "p") == 1.0
    assert sum(event.name == "display.scanout" for event in journey.events) < 12  # the hidden spinner does not run


def test_only_the_named_properties_go_over() -> None:
    stage = Stage("p { color: #000; width: 0; transition: color 1s linear } p:hover { color: #fff; width: 9px }")
    stage.at(0.0, "color")
    stage.hover(True)
    assert stage.at(1.0, "width") == 9.0
    assert stage.at(1.5, "color") == Color(0.5, 0.5, 0.5, 1.0)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ("2s linear", {0.0: 0.0, 1.0: 50.0, 1.9: 95.0, 2.0: 7.0}),
        ("2s linear 1s", {0.5: 7.0, 2.0: 50.0, 3.0: 7.0}),
        ("2s linear 1s both", {0.5: 0.0, 2.0: 50.0, 9.0: 100.0}),
        ("2s linear infinite", {1.0: 50.0, 3.0: 50.0, 1001.0: 50.0}),
        ("2s linear 2 alternate", {1.0: 50.0, 2.5: 75.0, 3.5: 25.0, 4.0: 7.0}),
        ("2s linear reverse", {0.5: 75.0, 1.5: 25.0}),
        ("2s linear 1.5 forwards", {2.5: 25.0, 9.0: 50.0}),
        ("2s steps(2) infinite", {0.9: 0.0, 1.1: 50.0}),
    ],
)
def test_animations(options: str, values: dict[float, float]) -> None:
    stage = Stage(
        f"@keyframes grow {{ from {{ width: 0 }} to {{ width: 100px }} }} p {{ width: 7px; animation: grow {options} }}"
    )
    stage.at(0.0, "width")
    for now, wanted in values.items():
        assert stage.at(now, "width") == pytest.approx(wanted), now


def test_key_frames_between_the_ends_with_their_own_easing() -> None:
    stage = Stage("@keyframes k { 50% { width: 100px; animation-timing-function: step-end } } "
                  "p { width: 20px; animation: k 2s linear }")  # fmt: skip
    assert [stage.at(now, "width") for now in (0.0, 0.5, 1.0, 1.5)] == [20.0, 60.0, 100.0, 100.0]


def test_a_paused_animation_goes_on_where_it_was() -> None:
    stage = Stage("@keyframes k { from { width: 0 } to { width: 100px } } p { animation: k 10s linear } "
                  "p:hover { animation-play-state: paused }")  # fmt: skip
    assert stage.at(0.0, "width") == 0.0 and stage.at(2.0, "width") == pytest.approx(20.0)
    stage.hover(True)
    assert stage.at(3.0, "width") == stage.at(8.0, "width") == pytest.approx(30.0)
    stage.hover(False)
    assert stage.at(9.0, "width") == pytest.approx(30.0)
    assert stage.at(10.0, "width") == pytest.approx(40.0)


def test_a_page_moves_at_the_screens_refresh_and_comes_to_rest(tmp_path: Any) -> None:
    (tmp_path / "index.html").write_text(
        "<!doctype html><style>@keyframes in { from { opacity: 0; color: red } } p { animation: in .5s linear } "
        "a { transition: margin-left .2s linear } a:hover { margin-left: 50px }</style><p>text <b>inside</b></p><a href=#>link</a>"
    )
    journey = pressenter.go("www.a.test", sites={"www.a.test": tmp_path}, then=["hover link"])
    frames = [event.at_ns for event in journey.events if event.name == "display.scanout"]
    steps = [later - earlier for earlier, later in pairwise(frames)]
    assert sum(step < 20_000_000 for step in steps) > 30  # half a second, and a fifth, at 60 Hz
    assert frames[-1] < journey.events[-1].at_ns - 100_000_000
    assert journey.page is not None
    styles = {element.tag: style for element, style in journey.page.styled.styles.items()}
    assert styles["a"]["margin-left"] == 50.0
    assert styles["p"]["opacity"] == 1.0 and styles["b"]["color"] == Color(0, 0, 0, 1)
    assert isinstance(next(iter(journey.page.document.elements())), Element)


def test_what_moves_is_drawn_again_and_nothing_else(tmp_path: Any) -> None:
    (tmp_path / "index.html").write_text(
        "<!doctype html><style>@keyframes s { to { transform: rotate(1turn) } } i { display: block; width: 20px; height: 20px; "
        "background: red; animation: s .3s linear }</style><i></i>" + "<p>words in a paragraph</p>" * 30
    )
    journey = pressenter.go("www.a.test", sites={"www.a.test": tmp_path})
    drawn = [e.fields for e in journey.events if e.name == "paint.raster" and e.phase == "end"]
    made = [e.fields["made"] for e in journey.events if e.name == "layout.box_tree" and e.phase == "end"]
    assert len(drawn) > 10 and all(fields["rastered"] < fields["tiles"] / 2 for fields in drawn[2:])
    assert all(count < 10 for count in made[1:])
