"""A router's port: takes frames for its own address, checks them, sends in hardware.

Unlike a computer's network card it moves no frame through the memory of a
processor and interrupts nobody; a packet costs only the router's latency.
"""

from __future__ import annotations

from collections.abc import Callable

from pressenter.sim import Agenda
from pressenter.trace import Recorder
from pressenter.wire.address import BROADCAST_MAC
from pressenter.wire.ethernet import MINIMUM_FRAME, add_fcs, fcs_is_right
from pressenter.wire.port import Port

__all__ = ["LineCard"]


class LineCard:
    """One Ethernet port of a router.

    Attributes:
        deliver: the router's handler of a received frame, FCS removed.
    """

    def __init__(self, node: str, name: str, mac: bytes, agenda: Agenda, recorder: Recorder, latency_ns: int) -> None:
        self.node = node
        self.mac = mac
        self.agenda = agenda
        self.recorder = recorder
        self.latency_ns = latency_ns
        self.port = Port(node, name, self._frame_arrives)
        self.deliver: Callable[[bytes], None] = lambda frame: None
        self.discarded = 0
        self.groups: set[bytes] = set()

    def transmit(self, frame: bytes) -> bool:
        """Send a frame (without FCS) after the router's latency."""
        self.port.transmit(add_fcs(frame), self.latency_ns)
        return True

    def _frame_arrives(self, frame: bytes) -> None:
        if len(frame) < MINIMUM_FRAME or not fcs_is_right(frame):
            self.discarded += 1
            reason = "wrong FCS" if len(frame) >= MINIMUM_FRAME else "a runt"
            self.recorder.record(self.node, "nic.drop", port=self.port.name, reason=reason)
            return
        destination = frame[0:6]
        if destination == self.mac or destination == BROADCAST_MAC or destination in self.groups:
            self.deliver(frame[:-4])
