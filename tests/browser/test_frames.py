"""Frames with documents of their own, and selects that open a list."""

from __future__ import annotations

from pathlib import Path

import pytest

import pressenter
from pressenter.browser.hit_testing import HitTest
from pressenter.browser.paint.items import Clip, FillRect, FixedToViewport
from pressenter.browser.render import page_picture, render

OUTER = """<!doctype html><title>Outer</title><style>body { margin: 20px } h2 { color: rgb(1, 2, 3) }</style>
<iframe src=inner.html width=400 height=200 name=one></iframe>
<p><a href=other.html target=one>From outside</a>
<form action=found.html><select name=s aria-label=Size><option>small<option selected>medium<optgroup label=Huge>
<option>large<option disabled>larger</optgroup></select> <button>Go</button></form>"""
INNER = """<!doctype html><style>@media (max-width: 500px) { div { background: rgb(0, 128, 0); height: 30px } }
#f { position: fixed; top: 0; width: 7px; height: 7px; background: rgb(9, 8, 7) }</style><div></div>
<a href=other.html>Further</a> <a href=/found.html target=_top>Out of it</a> <a href=#low>Down</a>
<select aria-label=Inside><option>x<option>y</select><p style='height: 500px'>tall<p id=low>low<p style='height:300px'>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(OUTER)
    (tmp_path / "inner.html").write_text(INNER)
    (tmp_path / "other.html").write_text(
        "<!doctype html><form method=post action=/found.html><button>Send</button></form>"
    )
    (tmp_path / "found.html").write_text("<!doctype html><title>Found</title><p>Found.")
    return tmp_path


def visit(site: Path, *then: str) -> pressenter.Journey:
    return pressenter.go("www.f.test", sites={"www.f.test": site}, then=then)


def fields(journey: pressenter.Journey, name: str, key: str) -> list[object]:
    return [event.fields[key] for event in journey.events if event.name == name]


def test_a_frame_is_drawn_in_its_window_with_its_own_styles(site: Path) -> None:
    page = render(str(site), 800, 600).page
    items = page.display_list
    clip = next(item for item in items if isinstance(item, Clip) and item.rect is not None and item.rect.width == 400)
    green = next(item for item in items if isinstance(item, FillRect) and round(item.color.green * 255) == 128)
    assert (clip.x, clip.y) == (22, 22) and (green.rect.width, green.rect.height) == (384, 30)
    assert not any(isinstance(item, FixedToViewport) for item in items)  # it is fixed in the frame alone
    assert HitTest(page, {}).element_at(100, 100, (0, 0)).tag == "iframe"  # type: ignore[union-attr]
    assert page_picture(page, 800, 600)


def test_a_frame_without_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text("<iframe srcdoc='<p>&lt;b>&amp;amp;'></iframe><iframe src=none.html></iframe><iframe></iframe>")
    found = render(str(file))
    assert "none.html" in found.problems[0] and len(found.problems) == 1


def test_a_page_in_itself_and_frames_without_end_stop(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<iframe src=index.html></iframe>" + "<iframe src=b.html?1></iframe>" * 4)
    (tmp_path / "b.html").write_text("".join(f"<iframe src='b.html?{n}'></iframe>" for n in range(30)))
    problems = render(str(tmp_path)).problems
    assert any("in itself" in problem for problem in problems) and any("too many" in problem for problem in problems)


def test_a_server_may_forbid_frames(site: Path) -> None:
    world = pressenter.World.load(sites={"www.f.test": site})
    table = next(host for host in world.file.hosts.values() if "www.f.test" in host.sites)
    table.sites["www.f.test"].headers["X-Frame-Options"] = "DENY"
    journey = pressenter.go("www.f.test", world=pressenter.World(world.file, world.folder))
    assert "forbids" in str(fields(journey, "page.without", "reason")) and not fields(journey, "page.frame", "url")


def test_links_in_frames_and_into_them(site: Path) -> None:
    journey = visit(site, "click Further", "click From outside", "click Send")
    assert fields(journey, "page.frame", "url") == [
        f"http://www.f.test/{name}.html" for name in ("inner", "other", "other", "found")
    ]
    assert journey.page is not None and journey.page.title == "Outer" and journey.browser.tab.navigations == 1
    requests = [
        (e.fields["method"], e.fields["url"].rpartition("/")[2]) for e in journey.events if e.name == "http.request"
    ]
    assert ("POST", "found.html") in requests
    left = visit(site, "click Out of it")
    assert left.page is not None and left.page.title == "Found"


def test_a_frame_scrolls_by_itself_and_then_the_page(site: Path) -> None:
    journey = visit(site, "click Down", "hover #low", "scroll -300", "tap From outside")
    (live,) = [frame.input.live for frame in journey.browser.tab.input.frames]  # type: ignore[union-attr]
    assert journey.failure is None and journey.browser.tab.shown is not None
    assert len(fields(journey, "page.scroll", "y")) >= 2 and live.window_width == 400


def test_the_keyboard_goes_through_frames(site: Path) -> None:
    journey = visit(site, *["press tab"] * 7)
    focused = [str(name) for name in fields(journey, "page.focus", "element")]
    assert focused == [
        "iframe one", "a Further", "a Out of it", "a Down", "select xy", "a From outside", "select s", "button Go",
    ]  # fmt: skip


def test_a_select_opens_a_list_and_takes_what_is_clicked(site: Path) -> None:
    journey = visit(site, "click Size", "click large", "click Inside", "click y", "click Go")
    assert fields(journey, "page.open_list", "options") == [5, 2]
    assert fields(journey, "page.select", "option") == ["large", "y"]
    assert journey.page is not None and journey.page.url.endswith("/found.html?s=large")


def test_a_list_by_keyboard(site: Path) -> None:
    keys = ["press tab"] * 6 + ["press space", "press up", "press enter", "press space", "press end", "press esc"]
    journey = visit(site, *keys)
    assert fields(journey, "page.select", "option") == ["small"]


def test_a_long_list_is_scrolled_by_the_wheel(tmp_path: Path) -> None:
    options = "".join(f"<option>number {n}" for n in range(60))
    (tmp_path / "index.html").write_text(f"<!doctype html><select aria-label=Many>{options}</select>")
    journey = pressenter.go("www.f.test", sites={"www.f.test": tmp_path}, then=["click Many", "click number 50"])
    assert fields(journey, "page.select", "option") == ["number 50"] and fields(journey, "mouse.wheel", "steps")
    missing = pressenter.go("www.f.test", sites={"www.f.test": tmp_path}, then=["click Many", "click number 99"])
    assert missing.failure is not None and "number 3" in missing.failure.message


def test_a_list_that_is_always_open(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        "<!doctype html><select multiple id=m name=m aria-label=M><option>a<option>b<option>c<option>d</select>"
    )
    journey = pressenter.go("www.f.test", sites={"www.f.test": tmp_path}, then=["click M", "click M"])
    assert fields(journey, "page.select", "option") == ["c", "c"]  # chosen, and given up again
