"""A computer that a person sits at: keyboard, mouse, screen (which may be touched), and what lies between."""

from __future__ import annotations

from pressenter.machine.costs import Costs
from pressenter.machine.display import Display
from pressenter.machine.interrupts import InterruptController
from pressenter.machine.keyboard import Keyboard, KeyboardInput
from pressenter.machine.mouse import Mouse, MouseInput
from pressenter.machine.touch_screen import TouchInput, TouchScreen
from pressenter.machine.usb import UsbEndpoint, UsbHostController
from pressenter.machine.window_system import WindowSystem
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["Computer"]


class Computer:
    """The parts of one computer, wired up."""

    def __init__(
        self,
        node: str,
        agenda: Agenda,
        recorder: Recorder,
        interrupts: InterruptController,
        costs: Costs,
    ) -> None:
        self.interrupts = interrupts
        self.costs = costs
        self.controller = UsbHostController(node, agenda, recorder, interrupts)
        keys, motions = UsbEndpoint(self.controller, "keyboard"), UsbEndpoint(self.controller, "mouse")
        self.keyboard = Keyboard(node, agenda, recorder, keys)
        self.mouse = Mouse(node, agenda, recorder, motions)
        self.touch_screen = TouchScreen(node, agenda, recorder, interrupts)
        self.inputs = [
            kind(node, f"/dev/input/event{number}", agenda, recorder, costs)
            for number, kind in enumerate((KeyboardInput, MouseInput, TouchInput))
        ]
        keys.on_report, motions.on_report, self.touch_screen.on_report = (file.take_report for file in self.inputs)
        self.display = Display(node, agenda, recorder)
        self.windows = WindowSystem(node, recorder, self.inputs, self.display)
