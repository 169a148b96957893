"""A network card: descriptor rings in memory, DMA, and interrupts.

The driver and the card share two rings of descriptors in the computer's memory.
To send, the driver puts a frame into the next free descriptor of the transmit
ring; the card copies it out (DMA), appends the frame check sequence, sends it,
and interrupts when it is done, so that the descriptor can be used again.  An
arriving frame is checked (FCS), filtered by its destination address, copied into
the next descriptor of the receive ring, and announced by an interrupt.

While the driver has not yet emptied the receive ring, further frames raise no
further interrupt: the driver takes whatever is there in one go, as Linux's NAPI
does.  A frame that finds its ring full is dropped and counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pressenter.machine.costs import Costs
from pressenter.machine.interrupts import InterruptController
from pressenter.sim import Agenda
from pressenter.trace import Recorder
from pressenter.wire.address import BROADCAST_MAC
from pressenter.wire.ethernet import MINIMUM_FRAME, add_fcs, fcs_is_right
from pressenter.wire.port import Port

__all__ = ["RING_SIZE", "NetworkCard"]

RING_SIZE = 256


class NetworkCard:
    """A card with one port.

    Attributes:
        deliver: the kernel's handler of a received frame, FCS removed.
        statistics: frames by what became of them.
    """

    def __init__(
        self,
        node: str,
        name: str,
        mac: bytes,
        irq: int,
        agenda: Agenda,
        recorder: Recorder,
        interrupts: InterruptController,
        costs: Costs,
    ) -> None:
        self.node = node
        self.mac = mac
        self.irq = irq
        self.agenda = agenda
        self.recorder = recorder
        self.interrupts = interrupts
        self.costs = costs
        self.port = Port(node, name, self._frame_arrives)
        self.deliver: Callable[[bytes], None] = lambda frame: None
        self.groups: set[bytes] = set()
        self.statistics = {"sent": 0, "received": 0, "bad_fcs": 0, "not_for_us": 0, "ring_full": 0}
        self._receive_ring: deque[tuple[bytes, int]] = deque()
        self._transmit_ring = 0
        self._transmitted = 0
        self._interrupt_pending = False
        self._copying_until_ns = 0
        interrupts.connect(irq, name, "PCI-MSI", self._top_half, "nic.interrupt")

    def transmit(self, frame: bytes) -> bool:
        """The driver sends a frame (without FCS).  False if the transmit ring is full."""
        if self._transmit_ring >= RING_SIZE:
            self.statistics["ring_full"] += 1
            self.recorder.record(self.node, "nic.drop", port=self.port.name, reason="transmit ring full")
            return False
        self._transmit_ring += 1
        if self.recorder.enabled:
            self.recorder.record(
                self.node, "nic.transmit", port=self.port.name, length=len(frame), ring=self._transmit_ring
            )
        copied_ns = self.costs.of("dma_byte", len(frame))
        sent_ns = self.port.transmit(add_fcs(frame), copied_ns)
        self.agenda.at(sent_ns if sent_ns is not None else 0, self._sent)
        return True

    def _sent(self) -> None:
        self.statistics["sent"] += 1
        self._transmitted += 1
        self._announce()

    def _frame_arrives(self, frame: bytes) -> None:
        if len(frame) < MINIMUM_FRAME or not fcs_is_right(frame):
            self.statistics["bad_fcs"] += 1
            reason = "wrong FCS" if len(frame) >= MINIMUM_FRAME else "a runt"
            self.recorder.record(self.node, "nic.drop", port=self.port.name, reason=reason)
            return
        destination = frame[0:6]
        if destination != self.mac and destination != BROADCAST_MAC and destination not in self.groups:
            self.statistics["not_for_us"] += 1
            return
        if len(self._receive_ring) >= RING_SIZE:
            self.statistics["ring_full"] += 1
            self.recorder.record(self.node, "nic.drop", port=self.port.name, reason="receive ring full")
            return
        if self.recorder.enabled:
            self.recorder.record(
                self.node, "nic.dma", port=self.port.name, length=len(frame), ring=len(self._receive_ring) + 1
            )
        # One copy at a time, in the order of arrival.
        start_ns = max(self.agenda.now_ns, self._copying_until_ns)
        self._copying_until_ns = start_ns + self.costs.of("dma_byte", len(frame))
        self.agenda.at(self._copying_until_ns, self._copied, frame[:-4])

    def _copied(self, frame: bytes) -> None:
        """The frame stands in the receive ring.  Its cause is the interrupt, if it raises one."""
        self._announce()
        self._receive_ring.append((frame, self.agenda.cause))

    def _announce(self) -> None:
        if not self._interrupt_pending:
            self._interrupt_pending = True
            self.interrupts.raise_line(self.irq)

    def _top_half(self) -> None:
        self.interrupts.bottom_half(self._bottom_half)

    def _bottom_half(self) -> None:
        """Free what was sent, and hand what was received to the kernel, oldest first."""
        self._transmit_ring -= self._transmitted
        self._transmitted = 0
        received = self._receive_ring
        self._interrupt_pending = False
        while received:
            frame, self.agenda.cause = received.popleft()
            self.statistics["received"] += 1
            self.deliver(frame)
