"""Two journeys side by side: the first difference, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import pressenter
from pressenter.cli.main import main
from pressenter.trace.comparison import compare

LINE = "links.home-router:wan--isp-access:home"


@pytest.fixture(scope="module")
def plain() -> pressenter.Journey:
    return pressenter.go("www.example.com")


def test_the_same_journey_has_no_difference(plain: pressenter.Journey) -> None:
    found = compare(plain.events, pressenter.go("www.example.com").events)
    assert found.is_same and found.in_words() == []
    assert found.loaded_ns == (plain.duration_ns, plain.duration_ns)
    assert all(pair.before_ns == pair.after_ns and pair.before_events == pair.after_events for pair in found.steps)


def test_a_lost_frame_is_the_first_difference_and_its_causes_lead_back(plain: pressenter.Journey) -> None:
    found = compare(plain.events, pressenter.go("www.example.com", settings={f"{LINE}.loss": "0.1"}).events)
    assert found.after is not None and found.after.name == "link.lose"
    assert [event.name for event in found.causes][-1] == "address_bar.enter"
    assert found.loaded_ns[1] is not None and found.loaded_ns[0] is not None and found.loaded_ns[1] > found.loaded_ns[0]


def test_a_longer_way_shows_where_it_is_longer(plain: pressenter.Journey) -> None:
    found = compare(plain.events, pressenter.go("www.example.com", settings={f"{LINE}.delay": "40ms"}).events)
    assert found.after is not None and found.before is not None
    # what arrived is now only sent: the next thing that happens is something else
    assert found.before.name == "link.arrive" and found.before.node == "home-router:wan--isp-access:home"
    key_press = next(pair for pair in found.steps if pair.step == 1)
    assert key_press.before_ns == key_press.after_ns


def test_a_page_that_never_comes(plain: pressenter.Journey) -> None:
    found = compare(plain.events, pressenter.go("www.example.com", settings={"hosts.resolver.off": "true"}).events)
    assert found.loaded_ns[1] is None or found.loaded_ns[1] != found.loaded_ns[0]
    assert any(pair.after_ns is None for pair in found.steps)


def test_warm_caches() -> None:
    cold, names, everything = (
        pressenter.go("www.example.com", warm=warm) for warm in ("nothing", "names", "everything")
    )
    times = [journey.durations_ns[-1] for journey in (cold, names, everything)]
    assert times[0] > times[1] > times[2]
    last = [event.name for event in names.events[-4000:]]
    assert "http.request" in last and "dns.query" not in last


def test_the_command(tmp_path: Path, plain: pressenter.Journey) -> None:
    plain.save(tmp_path / "a")
    pressenter.go("www.example.com", settings={f"{LINE}.loss": "0.1"}).save(tmp_path / "b")
    run = CliRunner().invoke
    same = run(main, ["diff", str(tmp_path / "a"), str(tmp_path / "a")])
    assert same.exit_code == 0 and "Nothing is different." in same.output
    other = run(main, ["diff", str(tmp_path / "a"), str(tmp_path / "b")])
    assert other.exit_code == 1 and "are lost" in other.output and "Name" in other.output
    chinese = run(main, ["diff", str(tmp_path / "a"), str(tmp_path / "b"), "--lang", "zh"])
    assert "第一处差异" in chinese.output
    wrong = run(main, ["diff", str(tmp_path / "a"), str(tmp_path / "none")])
    assert wrong.exit_code == 2 and "record one with" in wrong.output
