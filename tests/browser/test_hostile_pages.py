"""Pages that are meant to hurt: each is laid out and painted in bounded time and memory, or cut short.

Each runs in a process of its own that the operating system bounds, so a crash or a hang fails here.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import pressenter

_SECONDS = 60  # of processor time: far more than any needs, far less than what is not bounded
_BYTES = 4 << 30

PAGES = {
    "selectors that backtrack": "<style>x div div div div div div, i ~ p ~ p ~ p { color: red }</style>" + "<div>" * 100 + "<p>x" * 300,
    "positions of siblings": "<style>" + "li:nth-child(2n+1) { color: red }" * 20 + "</style><ol>" + "<li>x" * 5000,
    "spans of cells": "<table>" + ("<tr>" + "<td colspan=1000 rowspan=1000>x" * 5) * 100,
    "columns": "<table>" + "<col span=1000>" * 20_000 + "<tr><td>x",
    "a word without an end": "<p style='overflow-wrap: anywhere'>" + "x" * 200_000,
    "floats": "<style>i { float: left; width: 10px; height: 10px }</style>" + "<i></i>" * 10_000,
    "inline blocks in inline blocks": "<div style='display: inline-block'>" * 300 + "x",
    "custom properties": "<style>p { --a: " + "x " * 100_000 + "; border: " + "var(--a) " * 100 + "}</style>" + "<p>x" * 10,
    "large numbers": "<style>p { width: 1e999px; z-index: " + "9" * 5000 + " }</style><td colspan=" + "9" * 5000 + "><ol start=" + "9" * 5000 + "><li value=--5>x<font size=+" + "9" * 5000 + ">",
    "nested functions": "<style>p { width: calc(" + "(" * 1100 + "1px" + ")" * 1100 + ") } " + ":is(" * 1500 + "p" + ")" * 1500 + "{} p:before { content: attr(()) }</style><p>x",
    "flex in flex": "<div style='display: flex'>" * 400 + "x",
    "grid in grid": "<div style='display: grid; grid-template-columns: auto 1fr'>" * 150 + "x",
    "tables in tables": "<table><tr><td>" * 150 + "x",
    "a grid of many tracks": "<div style='display: grid; grid-template-columns: repeat(99999999, 1px)'><p style='grid-column: 99999999'>x",
    "deep blocks": "<div>" * 20_000 + "x",
    "deep inlines": "<b>" * 20_000 + "x",
    "columns in columns": "<div style='columns: 2'>" * 40 + "x",
    "has in has": "<style>div:has(p) p, div:has(~ div) { color: red }</style>" + "<div><p>x</p></div>" * 1000,
    "a deep drawing": "<svg>" + "<g>" * 100_000,
}  # fmt: skip


def bound() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))


def visit(folder: Path) -> str:
    code = (
        "import pressenter, sys; j = pressenter.go('www.x.test', sites={'www.x.test': sys.argv[1]}); "
        "print(j.failure, bool(j.screen.png))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, preexec_fn=bound, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_meant_to_hurt(name: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGES[name])
    assert visit(tmp_path) == "None True"


def test_a_deep_drawing_and_a_storm_of_imports(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg'>" + "<g>" * 200_000 + "</g>" * 200_000 + "</svg>"
    )
    (tmp_path / "a.css").write_text("@import 'a.css'; @import 'b.css'; @import 'b.css'; p { color: red }")
    (tmp_path / "b.css").write_text("@import 'a.css'; @import 'a.css?2'; p { color: red }")
    (tmp_path / "index.html").write_text("<link rel=stylesheet href=a.css><img src=a.svg width=9 height=9><p>x")
    assert visit(tmp_path) == "None True"


def test_what_is_left_out_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<b>x</b>" * 110_000)
    journey = pressenter.go("www.x.test", sites={"www.x.test": tmp_path})
    assert journey.failure is None
    assert any(event.name == "layout.limit" for event in journey.events)
