"""What a recording consists of: events with causes, and captured frames."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = ["BEGIN", "END", "POINT", "CapturedFrame", "Phase", "TraceEvent"]

Phase = Literal["point", "begin", "end"]
POINT: Phase = "point"
BEGIN: Phase = "begin"
END: Phase = "end"


class TraceEvent(msgspec.Struct, frozen=True, gc=False):
    """One thing that happened.

    Attributes:
        id: number of the event, from 1, in the order of recording.
        at_ns: virtual time in nanoseconds since the world began.
        node: the host, switch, router or link that it happened to.
        layer: the part of ``name`` before the dot.
        name: a name in the catalogue (`pressenter.trace.catalogue`).
        phase: point, begin or end; an end names its begin in ``fields["begin"]``.
        cause: id of the event that led to this one; 0 for the first of all.
        fields: facts, with the keys that the catalogue's sentence uses and others.
    """

    id: int
    at_ns: int
    node: str
    layer: str
    name: str
    phase: Phase
    cause: int
    fields: dict[str, Any]


class CapturedFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame as it passed a port.

    Attributes:
        at_ns: virtual time at which its first bit left (out) or its last bit arrived (in).
        port: the port's full name, such as ``laptop:eth0``.
        outbound: whether the frame left the device by this port.
        frame: the bytes, frame check sequence included.
        event: id of the event that recorded it.
        comment: a remark for people, or an empty string.
    """

    at_ns: int
    port: str
    outbound: bool
    frame: bytes
    event: int
    comment: str = ""
