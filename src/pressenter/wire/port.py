"""The port: where a device ends and a medium begins.

This is the seam between the world and reality (see docs/architecture.md): a
device hands whole Ethernet frames, FCS included, to whatever medium its port is
plugged into, and gets frames from it.  The medium may be a simulated link or
a TAP device; the device cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Medium", "Port"]


class Medium(Protocol):
    """What a port can be plugged into."""

    def transmit(self, port: Port, frame: bytes, delay_ns: int = 0) -> int:
        """Take a frame from ``port``, ``delay_ns`` from now at the earliest.

        Returns the virtual time at which the last bit will have left the port
        or would have, for a frame that the medium drops.
        """


class Port:
    """A socket in the case of a device, with a name such as ``laptop:eth0``.

    Attributes:
        node: the device's name.
        name: the port's name on that device.
        full_name: both.
        medium: what is plugged in, or None.
        on_frame: the device's handler of an arriving frame.
    """

    __slots__ = ("full_name", "medium", "name", "node", "on_frame")

    def __init__(self, node: str, name: str, on_frame: Callable[[bytes], None]) -> None:
        self.node = node
        self.name = name
        self.full_name = f"{node}:{name}"
        self.on_frame = on_frame
        self.medium: Medium | None = None

    def __str__(self) -> str:
        return self.full_name

    def transmit(self, frame: bytes, delay_ns: int = 0) -> int | None:
        """Send a frame; None if nothing is plugged in, else when its last bit leaves."""
        if self.medium is None:
            return None
        return self.medium.transmit(self, frame, delay_ns)
