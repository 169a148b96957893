from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pressenter.cli.main import main
from pressenter.trace.events import TraceEvent


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
        "capture.pcapng", "journey.har", "journey.html", "journey.jsonl", "laptop.pcapng", "page.png", "trace.json",
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


def test_the_world_that_is_shown_can_be_used(run, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(run("world", "show").output)
    assert run("world", "check", "my.toml").exit_code == 0
    assert run("go", "www.example.com", "--world", "my.toml", "--quiet").exit_code == 0


def test_an_interrupted_journey_leaves_what_it_has(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pressenter.cli.story import StoryTeller

    def interrupt(self: StoryTeller, event: TraceEvent) -> None:
        if event.name == "dns.resolved":
            raise KeyboardInterrupt

    monkeypatch.setattr(StoryTeller, "tell", interrupt)
    result = run("go", "www.example.com")
    assert result.exit_code == 130 and "interrupted" in result.output
    assert "Traceback" not in result.output
    assert (tmp_path / "journey/journey.jsonl").stat().st_size > 10_000


@pytest.mark.parametrize("sink", ["| head -1 >/dev/null", ">/dev/full"])
def test_an_output_that_ends_early_costs_no_file(sink: str, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    command = f"{sys.executable} -m pressenter go www.example.com --out {tmp_path}/o {sink}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert (tmp_path / "o/page.png").exists()


def test_verbose_tells_every_event(run, tmp_path: Path) -> None:
    result = run("go", "www.example.com", "--verbose")
    events = (tmp_path / "journey/journey.jsonl").read_text().splitlines()
    begun = sum('"phase":"begin"' in line for line in events)
    told = sum(line[13:17] == " ms " for line in result.output.splitlines())
    assert told == len(events) - begun


def test_each_visit_has_its_time(run) -> None:
    result = run("go", "secure.example.com", "--visits", "2", "--quiet")
    line = next(line for line in result.output.splitlines() if "From Enter" in line)
    first, second = (float(part.split()[-2 if part.endswith("ms") else 0]) for part in
                     line.split(": ")[1].split(" of virtual")[0].split(", "))  # fmt: skip
    assert second < first / 5


def test_help_reads_well(run) -> None:
    for arguments in ((), ("go",), ("why",), ("world",)):
        result = run(*arguments, "--help")
        assert result.exit_code == 0 and "Usage:" in result.output
