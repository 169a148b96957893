"""The interrupt controller: numbered lines, handlers, and a count of each.

A device raises its line; after the time that the processor needs to get there,
the *top half* runs: the short handler that acknowledges the device and queues
the rest of the work, the *bottom half*, for a moment when interrupts are on
again.  The counts are what Linux shows in ``/proc/interrupts``.
"""

from __future__ import annotations

from collections.abc import Callable

from pressenter.machine.costs import Costs
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["InterruptController"]


class _Line:
    __slots__ = ("chip", "count", "cpu", "device", "event", "handler")

    def __init__(self, device: str, chip: str, cpu: int, handler: Callable[[], None], event: str) -> None:
        self.device = device
        self.chip = chip
        self.cpu = cpu
        self.handler = handler
        self.event = event
        self.count = 0


class InterruptController:
    """The interrupt lines of one computer."""

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, costs: Costs, cpus: int = 2) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.costs = costs
        self.cpus = cpus
        self._lines: dict[int, _Line] = {}

    def connect(self, irq: int, device: str, chip: str, handler: Callable[[], None], event: str = "irq.raise") -> None:
        """Give line ``irq`` to a device; ``handler`` is its top half, ``event`` what is recorded."""
        if irq in self._lines:
            raise ValueError(f"{self.node}: interrupt {irq} is taken by {self._lines[irq].device}")
        self._lines[irq] = _Line(device, chip, irq % self.cpus, handler, event)

    def count(self, irq: int) -> int:
        """How often the line has been raised."""
        return self._lines[irq].count

    def raise_line(self, irq: int) -> None:
        """A device asks for attention."""
        line = self._lines[irq]
        line.count += 1
        if self.recorder.enabled:
            self.recorder.record(self.node, line.event, irq=irq, device=line.device, cpu=line.cpu, count=line.count)
        self.agenda.after(self.costs.interrupt, line.handler)

    def bottom_half(self, work: Callable[[], None]) -> None:
        """Called by a top half: run ``work`` once interrupts are enabled again."""
        self.agenda.after(self.costs.bottom_half, work)

    def proc_interrupts(self) -> str:
        """The table in the form of Linux's ``/proc/interrupts``."""
        head = "     " + "".join(f"{'CPU' + str(cpu):>11}" for cpu in range(self.cpus))
        rows = [head]
        for irq, line in sorted(self._lines.items()):
            counts = "".join(f"{line.count if cpu == line.cpu else 0:>11}" for cpu in range(self.cpus))
            rows.append(f"{irq:>4}:{counts}  {line.chip:<22} {line.device}")
        return "\n".join(rows) + "\n"
