"""World files: what is wrong with one is said with file, line, key and the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressenter.worlds import units
from pressenter.worlds.schema import WorldFileError, parse_world
from pressenter.worlds.world import World

GOOD = """title = "Two computers"
epoch = "2026-01-01T00:00:00+00:00"

[browser]
host = "pc"

[hosts.pc]
interfaces = { eth0 = "10.0.0.1/24" }
name_server = "10.0.0.2"

[hosts.server]
interfaces = { eth0 = "10.0.0.2/24" }

[hosts.server.sites."www.small.test"]
folder = "site"

[[links]]
between = ["pc:eth0", "server:eth0"]
rate = "10Mbit/s"
delay = "2ms"

[zones."."]
servers = { "ns.test" = "server" }
records = "www.small.test. IN A 10.0.0.2"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>Small</title>small world")
    return tmp_path


def load(folder: Path, text: str) -> World:
    (folder / "my.toml").write_text(text)
    return World.load(folder / "my.toml")


def test_a_world_of_two_computers(folder: Path) -> None:
    import pressenter

    journey = pressenter.go("www.small.test", world=load(folder, GOOD))
    assert journey.failure is None and journey.page is not None
    assert journey.page.title == "Small"
    assert journey.duration_ns > 6 * 2_000_000


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('rate = "10Mbit/s"', 'raet = "10Mbit/s"', ["my.toml:19", "raet", "did you mean 'rate'"]),
        ('rate = "10Mbit/s"', 'rate = "10 parsecs"', ["links[0].rate", "parsecs", "Mbit/s"]),
        ('rate = "10Mbit/s"', "rate = 10", ["my.toml:19", "expected `str`, got `int`"]),
        ("name_server", "nameserver", ["my.toml:9", "hosts.pc", "did you mean 'name_server'"]),
        ('folder = "site"', 'foldr = "site"', ["my.toml:15", "did you mean 'folder'"]),
        ('folder = "site"', 'folder = "nowhere"', ["nowhere", "not a folder"]),
        ('host = "pc"', 'host = "cp"', ["browser.host", "did you mean 'pc'"]),
        ('"10.0.0.1/24"', '"10.0.0.1"', ["hosts.pc.interfaces.eth0", "prefix length"]),
        ('"pc:eth0"', '"pc:eth1"', ["links[0]", "did you mean 'pc:eth0'"]),
        ('"pc:eth0"', '"pc"', ["links[0]", "node:port"]),
        ('"ns.test" = "server"', '"ns.test" = "sever"', ["zone '.'", "sever"]),
        ("IN A 10.0.0.2", "IN A 10.0.0.two", ["zone '.'", "records are wrong"]),
        ("2026-01-01", "yesterday", ["epoch"]),
        ("[browser]", "[browser", ["not TOML"]),
        ('delay = "2ms"', 'delay = "2ms"\nlength = "3km"', ["not both"]),
        ('title = "Two computers"', 'titel = "Two computers"', ["my.toml:1", "did you mean 'title'"]),
        ("[browser]", "[costs]\ninterupt = 5\n[browser]", ["my.toml:5", "did you mean 'interrupt'"]),
    ],
)
def test_what_is_wrong_is_said(folder: Path, old: str, new: str, words: list[str]) -> None:
    assert old in GOOD
    with pytest.raises(WorldFileError) as caught:
        load(folder, GOOD.replace(old, new))
    for word in words:
        assert word in str(caught.value)


def test_a_missing_file() -> None:
    with pytest.raises(WorldFileError, match="cannot be read"):
        World.load("/nonexistent/world.toml")


def test_costs_change_the_timeline(folder: Path) -> None:
    import pressenter

    slow = GOOD.replace("[browser]", "[costs]\nraster_pixel = 100.0\n[browser]")
    assert (
        pressenter.go("www.small.test", world=load(folder, slow)).duration_ns
        > pressenter.go("www.small.test", world=load(folder, GOOD)).duration_ns
    )


def test_quantities() -> None:
    assert units.parse_duration_ns("1.5ms") == 1_500_000
    assert units.parse_rate_bps("10Gbit/s") == 10**10
    assert units.parse_size_bytes("2KiB") == 2048
    assert units.parse_length_m("1967km") == 1_967_000
    with pytest.raises(ValueError, match="not a quantity"):
        units.parse_duration_ns("soon")


def test_adding_a_host_disturbs_no_other(journey) -> None:
    import pressenter

    file_text = Path(pressenter.__file__).parent.joinpath("worlds/internet.toml").read_text()
    extra = '\n[hosts.tablet]\ninterfaces = { wlan0 = "192.168.1.21/24" }\n'
    file = parse_world(file_text + extra, "changed")
    other = pressenter.go("www.example.com", world=World(file, Path(pressenter.__file__).parent / "worlds", seed=7))
    before = [f.frame for f in journey.packets if f.port == "laptop:eth0"]
    after = [f.frame for f in other.packets if f.port == "laptop:eth0"]
    assert before == after
