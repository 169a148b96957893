"""A packet for this host, as IPv4 and IPv6 alike hand it to the protocols above."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pressenter.host.interface import Interface

__all__ = ["ReceivedPacket"]


class ReceivedPacket(NamedTuple):
    """Where a packet came from, and what is in it.

    Attributes:
        packet: the whole of it, for errors about it.
        tos, ttl: type of service and time to live, or traffic class and hop limit.
        broadcast: it was for everybody, or for a group.
    """

    interface: Interface
    source: bytes
    destination: bytes
    payload: bytes
    packet: bytes
    tos: int
    ttl: int
    broadcast: bool
