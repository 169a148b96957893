"""A computer that a person sits at: keyboard, screen, and what lies between."""

from __future__ import annotations

from pressenter.machine.costs import Costs
from pressenter.machine.display import Display
from pressenter.machine.input_device import InputDevice
from pressenter.machine.interrupts import InterruptController
from pressenter.machine.keyboard import Keyboard, UsbHostController
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
        self.keyboard = Keyboard(node, agenda, recorder, self.controller)
        self.input = InputDevice(node, "/dev/input/event0", agenda, recorder, costs)
        self.controller.on_report = self.input.take_report
        self.display = Display(node, agenda, recorder)
        self.windows = WindowSystem(node, recorder, self.input, self.display)
