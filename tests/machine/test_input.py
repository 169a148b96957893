"""From a key to the program that reads it."""

from __future__ import annotations

import asyncio
import re

import pytest

from pressenter.host.host import Host
from pressenter.machine.computer import Computer
from pressenter.machine.costs import Costs
from pressenter.machine.interrupts import InterruptController
from pressenter.machine.keyboard import NoSuchKey
from pressenter.machine.usb import POLL_INTERVAL_NS
from pressenter.machine.window_system import KeyStroke
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder


class Typed:
    title = "test window"

    def __init__(self) -> None:
        self.text = ""

    def key_pressed(self, stroke: KeyStroke) -> None:
        self.text += stroke.character


class Desk:
    def __init__(self) -> None:
        self.agenda = Agenda()
        self.recorder = Recorder(self.agenda)
        self.interrupts = InterruptController("pc", self.agenda, self.recorder, Costs())
        self.computer = Computer("pc", self.agenda, self.recorder, self.interrupts, Costs())
        self.host = Host("pc", self.agenda, self.recorder, Randomness(1))
        self.window = Typed()
        self.computer.windows.focused = self.window

    def type(self, text: str) -> None:
        task = self.host.start(self.computer.windows.run())
        self.agenda.run()
        self.computer.keyboard.type_text(text)
        self.agenda.run()
        task.cancel()
        self.agenda.run()

    def events(self, name: str) -> list[dict]:
        return [event.fields for event in self.recorder.events if event.name == name]


def test_what_is_typed_arrives() -> None:
    desk = Desk()
    text = "http://Example.com:8080/~a_b?c=1&d=%20#e\n"
    desk.type(text)
    assert desk.window.text == text


def test_each_press_and_release_is_a_boot_protocol_report_and_an_interrupt() -> None:
    desk = Desk()
    desk.type("wW")
    reports = [fields["report"] for fields in desk.events("usb.report")]
    assert reports == [
        "00 00 1a 00 00 00 00 00", "00 00 00 00 00 00 00 00",
        "02 00 1a 00 00 00 00 00", "00 00 00 00 00 00 00 00",
    ]  # fmt: skip
    assert desk.interrupts.count(16) == 4
    row = next(line for line in desk.interrupts.proc_interrupts().splitlines() if "xhci_hcd" in line)
    assert re.fullmatch(r"\s*16:\s+4\s+0\s+PCI-MSI\s+xhci_hcd", row)


def test_the_controller_polls_on_a_grid_of_eight_milliseconds() -> None:
    desk = Desk()
    desk.type("abc")
    polls = [event.at_ns for event in desk.recorder.events if event.name == "usb.report"]
    assert polls and all(at_ns % POLL_INTERVAL_NS == 0 for at_ns in polls)


def test_events_print_as_getevent_prints_them() -> None:
    desk = Desk()
    desk.type("A")
    lines = [fields["line"] for fields in desk.events("input.event")]
    assert [line.split("] ")[1].split() for line in lines] == [
        ["EV_KEY", "KEY_LEFTSHIFT", "DOWN"], ["EV_KEY", "KEY_A", "DOWN"], ["EV_SYN", "SYN_REPORT", "00000000"],
        ["EV_KEY", "KEY_LEFTSHIFT", "UP"], ["EV_KEY", "KEY_A", "UP"], ["EV_SYN", "SYN_REPORT", "00000000"],
    ]  # fmt: skip
    assert re.match(r"\[ {7}0\.008005\] EV_KEY {7}KEY_LEFTSHIFT {8}DOWN", lines[0])


def test_top_half_comes_before_bottom_half_before_the_reader() -> None:
    desk = Desk()
    desk.type("a")
    names = [event.name for event in desk.recorder.events]
    order = [
        "keyboard.press",
        "usb.report",
        "irq.raise",
        "irq.top_half",
        "irq.bottom_half",
        "input.event",
        "input.wake",
        "window.key",
    ]
    positions = [names.index(name) for name in order]
    assert positions == sorted(positions)


def test_a_character_without_a_key_is_refused_before_any_key_moves() -> None:
    desk = Desk()
    with pytest.raises(NoSuchKey, match="punycode"):
        desk.computer.keyboard.type_text("ab中")
    assert desk.recorder.events == []


def test_read_blocks_until_an_event_comes() -> None:
    desk = Desk()

    async def read() -> int:
        await desk.computer.inputs[0].read("test")
        return desk.agenda.now_ns

    desk.agenda.at(1_000_000_000, desk.computer.keyboard.type_text, "a")
    assert desk.host.run(asyncio.wait_for(read(), 5)) > 1_000_000_000
