from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pressenter.cli.main import main


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments)

    return call


def test_go_tells_the_story_and_leaves_the_files(run, tmp_path: Path) -> None:
    result = run("go", "www.example.com")
    assert result.exit_code == 0, result.output
    for words in (
        "1 Key press",
        "4 Name",
        "5 TCP",
        "www.example.com is 93.184.215.14",
        "16 Screen",
        "17 After",
        "journey/page.png",
    ):
        assert words in result.output
    assert sorted(p.name for p in (tmp_path / "journey").iterdir()) == [
        "capture.pcapng", "journey.har", "journey.jsonl", "laptop.pcapng", "page.png", "trace.json",
    ]  # fmt: skip


def test_go_in_chinese_quietly_and_at_one_port(run, tmp_path: Path) -> None:
    result = run("go", "www.example.com", "--lang", "zh", "--quiet", "--port", "laptop:eth0", "--out", "o")
    assert result.exit_code == 0 and "从回车到画面" in result.output and "按键" not in result.output
    whole = run("go", "www.example.com", "--quiet", "--out", "p")
    assert whole.exit_code == 0
    assert (tmp_path / "o/capture.pcapng").stat().st_size < (tmp_path / "p/capture.pcapng").stat().st_size / 5


def test_a_failure_has_its_exit_code_and_its_files(run, tmp_path: Path) -> None:
    result = run("go", "nosuch.example.com")
    assert result.exit_code == 1
    assert "Failed in step 4, name" in result.output
    assert (tmp_path / "journey/journey.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("go", "x.test", "--site", "nonsense"), "NAME=FOLDER"),
        (("go", "x.test", "--site", "x.test=/nonexistent"), "not a folder"),
        (("go", "x.test", "--site", "UPPER_case=."), "not a host name"),
        (("go", "中国"), "punycode"),
        (("go", "x.test", "--world", "/nonexistent"), "does not exist"),
        (("go",), "ADDRESS"),
        (("og", "x"), "did you mean 'go'"),
        (("www.example.com",), "pressenter go www.example.com"),
        (("why",), "pressenter go"),
        (("world", "check", "/nonexistent.toml"), "cannot be read"),
    ],
)
def test_wrong_use_is_explained(run, arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words.lower() in result.output.lower()


def test_why_explains_a_recorded_journey(run, tmp_path: Path) -> None:
    run("go", "www.example.com", "--quiet")
    result = run("why")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert "display.scanout" in lines[0] and "keyboard.press" in lines[-1]
    assert len(run("why", "--all").output.splitlines()) > len(lines)
    events = [json.loads(line) for line in (tmp_path / "journey/journey.jsonl").read_text().splitlines()]
    assert run("why", str(len(events) + 1)).exit_code == 2


def test_world_commands(run, tmp_path: Path) -> None:
    shown = run("world", "show")
    assert shown.exit_code == 0 and "[hosts.laptop]" in shown.output
    assert "backbone-guangzhou" in run("world", "summary").output
    (tmp_path / "bad.toml").write_text('title = "x"\nepoc = "y"\n')
    checked = run("world", "check", "bad.toml")
    assert checked.exit_code == 2 and "did you mean 'epoch'" in checked.output


def test_help_reads_well(run) -> None:
    for arguments in ((), ("go",), ("why",), ("world",)):
        result = run(*arguments, "--help")
        assert result.exit_code == 0 and "Usage:" in result.output
