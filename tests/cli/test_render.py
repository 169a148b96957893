"""``pressenter render``: a file, a folder, a phone's size, each stage, and what goes wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pressenter.cli.main import main

PAGE = """<!DOCTYPE html><title>t</title><link rel=stylesheet href=a.css><body><h1>Head</h1><div></div><img src=none.png>"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "a.css").write_text("body { margin: 0 } div { height: 2000px; width: 50%; background: #00f }")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["render", *arguments])


def test_the_viewport_and_the_whole_page(site: Path) -> None:
    result = run("index.html", "--size", "200x100", "--png", "a.png")
    assert result.exit_code == 0, result.output
    assert Image.open(io.BytesIO((site / "a.png").read_bytes())).size == (200, 100)
    assert run(".", "--size", "200x100", "--full-page", "--png", "b.png").exit_code == 0
    picture = Image.open(io.BytesIO((site / "b.png").read_bytes())).convert("RGB")
    assert picture.width == 200
    assert picture.height > 2000
    assert picture.getpixel((50, 1000)) == (0, 0, 255)
    assert picture.getpixel((150, 1000)) == (255, 255, 255)


def test_rectangles_are_json(site: Path) -> None:
    result = run("index.html", "--size", "200x100", "--dump", "rects")
    rectangles = {entry["path"].rpartition(">")[2]: entry for entry in json.loads(result.stdout)}
    assert (rectangles["div:nth-child(2)"]["width"], rectangles["div:nth-child(2)"]["height"]) == (100, 2000)
    assert rectangles["h1:nth-child(1)"]["text"] == "Head"
    assert not (site / "page.png").exists()


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("dom", "<h1>"),
        ("cssom", "height: 2000"),
        ("styles", "h1"),
        ("boxes", "Head"),
        ("fragments", "2000"),
        ("display-list", "640.00 x 2000.00 #0000ffff"),
    ],
)
def test_every_stage_is_text(site: Path, stage: str, words: str) -> None:
    result = run("index.html", "--dump", stage, "--fonts", "packaged")
    assert result.exit_code == 0
    assert words in result.stdout


def test_what_is_wrong_is_said(site: Path) -> None:
    result = run("index.html", "--png", "a.png")
    assert "none.png" in result.stderr
    assert result.exit_code == 0
    result = run("nowhere.html")
    assert result.exit_code == 2
    assert "nowhere.html" in result.stderr
    result = run("index.html", "--size", "big")
    assert result.exit_code == 2
    assert "1280x900" in result.output
    result = run("index.html", "--png", "no/such/folder/a.png")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
