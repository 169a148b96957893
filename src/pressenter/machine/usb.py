"""USB: a host controller that polls its devices (USB 2.0 §5.7, interrupt transfers).

A USB device never speaks first.  The host controller asks each device's interrupt
endpoint for news every 8 ms; the device answers with a report if something has
happened, else with NAK.  The controller copies a report into memory and raises its
interrupt line.  A poll that meets NAK changes nothing, so such polls take no agenda
entries; they are counted by the time that has passed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pressenter.machine.interrupts import InterruptController
from pressenter.sim import Agenda
from pressenter.trace import Recorder

__all__ = ["POLL_INTERVAL_NS", "UsbEndpoint", "UsbHostController"]

POLL_INTERVAL_NS = 8_000_000


class UsbHostController:
    """Polls the devices and delivers their reports by interrupt."""

    irq = 16
    device = "xhci_hcd"

    def __init__(self, node: str, agenda: Agenda, recorder: Recorder, interrupts: InterruptController) -> None:
        self.node = node
        self.agenda = agenda
        self.recorder = recorder
        self.interrupts = interrupts
        self._completed: deque[tuple[UsbEndpoint, bytes]] = deque()
        self._queued: deque[tuple[UsbEndpoint, bytes]] = deque()
        interrupts.connect(self.irq, self.device, "PCI-MSI", self._top_half)

    @property
    def polls(self) -> int:
        """How often each endpoint has been asked, NAKs included."""
        return self.agenda.now_ns // POLL_INTERVAL_NS

    def complete(self, endpoint: UsbEndpoint, report: bytes) -> None:
        """A poll has brought a report."""
        self._completed.append((endpoint, report))
        self.interrupts.raise_line(self.irq)

    def _top_half(self) -> None:
        self.recorder.record(self.node, "irq.top_half", irq=self.irq, device=self.device)
        self._queued.append(self._completed.popleft())
        self.interrupts.bottom_half(self._bottom_half)

    def _bottom_half(self) -> None:
        self.recorder.record(self.node, "irq.bottom_half", irq=self.irq, device=self.device)
        endpoint, report = self._queued.popleft()
        endpoint.on_report(report)


class UsbEndpoint:
    """The interrupt endpoint of one device.

    Args:
        device: what answers the poll, for the recording.

    Attributes:
        on_report: the driver's bottom half: called with each report.
    """

    def __init__(self, controller: UsbHostController, device: str) -> None:
        self.on_report: Callable[[bytes], None] = lambda report: None
        self._controller = controller
        self._device = device
        self._pending: deque[tuple[bytes, int]] = deque()
        self._polling = False

    def device_has(self, report: bytes) -> None:
        """The device has a report ready; it goes out at the next polls, one at each."""
        self._pending.append((report, self._controller.agenda.cause))
        self._poll_next()

    def _poll_next(self) -> None:
        if not self._polling and self._pending:
            self._polling = True
            agenda = self._controller.agenda
            agenda.at((agenda.now_ns // POLL_INTERVAL_NS + 1) * POLL_INTERVAL_NS, self._poll)

    def _poll(self) -> None:
        controller = self._controller
        self._polling = False
        report, controller.agenda.cause = self._pending.popleft()
        controller.recorder.record(
            controller.node, "usb.report", device=self._device, report=report.hex(" "), poll=controller.polls
        )
        controller.complete(self, report)
        self._poll_next()
