"""Single keys of a world, set from outside."""

from __future__ import annotations

import pytest

import pressenter
from pressenter.worlds.schema import WorldFileError
from pressenter.worlds.settings import knobs, with_settings
from pressenter.worlds.world import World, read_built_in

FILE, FOLDER = read_built_in()
ACCESS = "links.home-router:wan--isp-access:home"


def test_every_knob_can_be_turned_to_what_it_is() -> None:
    found = knobs(FILE)
    assert len({knob.path for knob in found}) == len(found) > 300
    for knob in found:
        assert with_settings(FILE, {knob.path: knob.value}) == FILE, knob.path


def test_knobs_follow_the_schema() -> None:
    labels = {knob.label for knob in knobs(FILE)}
    for wanted in (
        "loss",
        "delay",
        "rate",
        "queue",
        "cut",
        "congestion_control",
        "off",
        "translate_ports",
        "https",
        "html_byte",
    ):
        assert wanted in labels
    control = next(knob for knob in knobs(FILE) if knob.label == "congestion_control")
    assert control.choices == ("reno", "cubic", "bbr")


@pytest.mark.parametrize(
    ("path", "value", "reads"),
    [
        (f"{ACCESS}.loss", "0.25", lambda w: next(x for x in w.links if "isp-access:home" in x.name).faults.loss == 0.25),
        (f"{ACCESS}.delay", "9ms", lambda w: next(x for x in w.links if "isp-access:home" in x.name).delay_ns == 9_000_000),
        ("links.backbone-beijing:guangzhou--backbone-guangzhou:beijing.delay", "1ms", lambda w: w.file.links[8].length is None),
        ("hosts.laptop.tcp.congestion_control", "bbr", lambda w: w.hosts["laptop"].tcp.parameters.congestion_control == "bbr"),
        ("hosts.web-1.sites.www.example.com.https", "true", lambda w: w.file.hosts["web-1"].sites["www.example.com"].https),
        ("routers.home-router.translate_ports", "5000-5010", lambda w: len(w.translators["home-router"].port_range) == 11),
        ("costs.html_byte", "80", lambda w: w.computer.costs.html_byte == 80),
    ],
)  # fmt: skip
def test_settings_reach_the_world(path: str, value: str, reads) -> None:
    assert reads(World.load(settings={path: value}, record=False))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (f"{ACCESS}.los", "1", "did you mean 'loss'"),
        (f"{ACCESS}.loss", "2", "loss"),
        ("links.nowhere--else.loss", "0", "there is no"),
        ("hosts.laptob.off", "true", "there is no"),
        ("hosts.laptop", "x", "this is a table"),
        ("hosts.laptop.tcp.congestion_control", "vegas", "there is no 'vegas'"),
        ("routers.home-router.translate_ports", "9-3", "range of ports"),
        (f"{ACCESS}.cut", "later", "span of time"),
        (f"{ACCESS}.cut", "3s-1s", "ends before"),
    ],
)
def test_wrong_settings_say_what_is_wrong(path: str, value: str, words: str) -> None:
    with pytest.raises(WorldFileError, match=words):
        World.load(settings={path: value}, record=False)


def test_a_cable_is_cut_and_mended() -> None:
    journey = pressenter.go("www.example.com", settings={f"{ACCESS}.cut": "2.9s-3.5s"})
    names = [event.name for event in journey.events]
    assert names.index("link.cut") < names.index("link.repair")
    dead = [e for e in journey.events if e.name in ("link.drop", "link.lose")]
    assert dead and all(2_900_000_000 <= e.at_ns <= 3_500_000_000 for e in dead)
    assert journey.failure is None and journey.duration_ns > 700_000_000


def test_translation_runs_out_of_ports() -> None:
    journey = pressenter.go("www.example.com", settings={"routers.home-router.translate_ports": "1024-1024"})
    assert any(e.name == "nat.drop" and "every port" in e.fields["reason"] for e in journey.events)


def test_a_name_server_that_is_off() -> None:
    journey = pressenter.go("www.example.com", settings={"hosts.resolver.off": "true"})
    assert journey.failure is not None and journey.failure.step == "name"
