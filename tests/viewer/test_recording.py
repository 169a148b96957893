"""Recordings as the viewer reads them, and the report that holds one."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pressenter
from pressenter.viewer.recording import Recording
from pressenter.viewer.report import report_html, static_file, static_names


def document(journey: pressenter.Journey) -> dict[str, Any]:
    found = re.search(r'id="recording">([^<]*)<', journey.report())
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_every_event_and_every_frame_is_in_it(journey: pressenter.Journey) -> None:
    made = document(journey)
    events, frames = made["events"], made["frames"]
    for column, part in (("at", "at_ns"), ("cause", "cause"), ("id", "id")):
        assert events[column] == [getattr(event, part) for event in journey.events]
    assert [events["names"][n] for n in events["name"]] == [event.name for event in journey.events]
    assert events["fields"] == json.loads(json.dumps([event.fields for event in journey.events]))
    whole = _frames(frames)
    expected = sorted(journey.packets, key=lambda frame: frame.at_ns)
    assert [whole[n] for n in frames["data"]] == [frame.frame for frame in expected]
    assert [frames["ports"][n] for n in frames["port"]] == [frame.port for frame in expected]


def _frames(frames: dict[str, Any]) -> list[bytes]:
    own, shared = base64.b64decode(frames["bytes"]), base64.b64decode(frames["body_bytes"])
    bodies, place = [], 0
    for length in frames["bodies"]:
        bodies.append(shared[place : place + length])
        place += length
    found, place = [], 0
    for length, body in frames["forms"]:
        mine, place = own[place : place + length], place + length
        found.append(mine if body < 0 else mine[:-4] + bodies[body] + mine[-4:])
    return found


def test_the_report_is_small_and_needs_nothing_else(journey: pressenter.Journey) -> None:
    report = journey.report()
    assert len(report.encode()) < 1_500_000
    assert not re.search(r'(?:src|href)="(?!data:|#)[^"]', report)  # nothing is fetched


def test_a_page_cannot_end_the_data_that_it_is_in() -> None:
    hostile = {"title": "</script><script>alert(1)</script>", "address": "<img src=x onerror=alert(1)>"}
    report = report_html(Recording(hostile, [], []), hostile["title"])
    assert "<script>alert" not in report and "<img" not in report


def test_the_words_of_the_viewer_are_in_both_languages() -> None:
    text = static_file("words.js")
    words = dict(re.findall(r"(\w+): \{\s*en: \"((?:[^\"\\\\]|\\\\.)*)\",\s*zh: \"", text))
    assert len(words) == text.count(" en: ") == text.count(" zh: ") > 100
    scripts = {name: static_file(name) for name in static_names() if name.endswith(".js")}
    used = {word for script in scripts.values() for word in re.findall(r'say\("(\w+)"', script)}
    assert used <= words.keys(), used - words.keys()
    fields = set(re.findall(r'r\.(?:field|bits)\("([^"]+)"', scripts["dissect.js"]))
    titles = set(re.findall(r'layer\("\w+", "([^"]+)"', scripts["dissect.js"]))
    chinese = set(re.findall(r'(?:"([^"]+)"|(\b\w+)): "[^"]*[\u4e00-\u9fff]', scripts["headers.js"]))
    known = {quoted or plain for quoted, plain in chinese}
    assert fields | titles <= known, (fields | titles) - known


def test_the_screen_is_kept_as_changes(journey: pressenter.Journey) -> None:
    import io

    from PIL import Image

    pictures = journey.recording().pictures
    screen = Image.new("RGB", (1280, 900))
    for picture in pictures:
        if picture.png:
            screen.paste(Image.open(io.BytesIO(picture.png)), (picture.x, picture.y))
    assert journey.screen is not None
    assert screen.tobytes() == Image.open(io.BytesIO(journey.screen.png)).convert("RGB").tobytes()
    assert sum(len(picture.png) for picture in pictures) < 2 * len(journey.screen.png)


def test_a_page_knows_where_its_tags_stand(journey: pressenter.Journey) -> None:
    (page,) = journey.recording().pages
    tags = [node for node in page["nodes"] if node["kind"] == "element" and node["source"]]
    assert len(tags) > 40
    for node in tags:
        begin, end = node["source"]
        assert page["source"][begin:end].lower().startswith(f"<{node['name']}")
        assert page["source"][end - 1] == ">"
    headings = [number for number, node in enumerate(page["nodes"]) if node.get("name") == "h1"]
    assert any(row[0] == headings[0] and row[3] > 100 for row in page["rectangles"])
    assert page["styles"][page["nodes"][headings[0]]["style"]]["font-weight"] == "700"


def test_layers_know_what_is_drawn_in_them(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        "<!doctype html><p>below<div id=bar style='position:fixed;top:0'><b>fixed</b></div><p style='height:3000px'>long"
    )
    made = pressenter.go("www.a.test", sites={"www.a.test": tmp_path})
    (page,) = made.recording().pages
    names = [{page["nodes"][node]["name"] for node in layer["nodes"]} for layer in page["layers"]]
    (fixed,) = [number for number, layer in enumerate(page["layers"]) if layer["fixed"]]
    assert names[fixed] == {"div", "b"} and "p" in names[0] and "b" not in names[0]


def test_a_journey_shows_itself_in_a_notebook(journey: pressenter.Journey) -> None:
    shown = journey._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and "<script" not in shown
