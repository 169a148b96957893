"""A switch: learns which address lives behind which port (IEEE 802.1D §7.8, 7.9).

Its ports have no address of their own and take every frame.  A frame teaches
the switch where its *source* is; it leaves by the port of its *destination*, or,
if that is unknown or a broadcast, by every port but the one that it came from.
What has not been heard of for the ageing time is forgotten.  A switch stores a
frame whole before it sends it on, so a damaged one (FCS) ends here.
"""

from __future__ import annotations

from functools import partial

from pressenter.sim import Agenda
from pressenter.trace import Recorder
from pressenter.wire.address import mac_text
from pressenter.wire.ethernet import MINIMUM_FRAME, fcs_is_right
from pressenter.wire.port import Port

__all__ = ["AGEING_TIME_NS", "Switch"]

AGEING_TIME_NS = 300 * 1_000_000_000  # IEEE 802.1D table 7-5: recommended default


class Switch:
    """A store-and-forward learning switch.

    Attributes:
        ports: by name, in the order in which they were made.
        table: MAC address to (port, time last heard in ns); may hold aged entries.
    """

    def __init__(self, name: str, agenda: Agenda, recorder: Recorder, *, latency_ns: int = 4_000) -> None:
        self.name = name
        self.agenda = agenda
        self.recorder = recorder
        self.latency_ns = latency_ns
        self.ports: dict[str, Port] = {}
        self.table: dict[bytes, tuple[Port, int]] = {}
        self.discarded = 0

    def add_port(self, name: str) -> Port:
        """A new port, to plug a link into."""
        port = Port(self.name, name, partial(self._receive, name))
        self.ports[name] = port
        return port

    def lookup(self, mac: bytes) -> Port | None:
        """The port behind which ``mac`` was last heard, unless that is too long ago."""
        known = self.table.get(mac)
        if known is None:
            return None
        port, heard_ns = known
        if self.agenda.now_ns - heard_ns > AGEING_TIME_NS:
            del self.table[mac]
            return None
        return port

    def _receive(self, port_name: str, frame: bytes) -> None:
        port = self.ports[port_name]
        if len(frame) < MINIMUM_FRAME or not fcs_is_right(frame):
            self.discarded += 1
            self.recorder.record(self.name, "switch.discard", port=port_name, length=len(frame))
            return
        destination, source = frame[0:6], frame[6:12]
        if not source[0] & 1:  # IEEE 802.1D §7.8: a group address is never learnt
            if self.lookup(source) is not port and self.recorder.enabled:
                self.recorder.record(self.name, "switch.learn", mac=mac_text(source), port=port_name)
            self.table[source] = (port, self.agenda.now_ns)
        target = None if destination[0] & 1 else self.lookup(destination)
        if target is port:
            return  # the destination is on the segment that the frame came from
        if target is not None:
            target.transmit(frame, self.latency_ns)
        else:
            self._flood(port, destination, frame)

    def _flood(self, origin: Port, destination: bytes, frame: bytes) -> None:
        self.recorder.record(self.name, "switch.flood", mac=mac_text(destination), ports=len(self.ports) - 1)
        cause = self.agenda.cause
        for port in self.ports.values():
            if port is not origin:
                self.agenda.cause = cause
                port.transmit(frame, self.latency_ns)
