"""The error of a packet that has no way to go."""

from __future__ import annotations

import errno

from pressenter.wire.address import address_text

__all__ = ["NetworkUnreachable"]


class NetworkUnreachable(OSError):
    """No row of the routing table matches the destination."""

    def __init__(self, destination: bytes) -> None:
        super().__init__(errno.ENETUNREACH, f"no route to {address_text(destination)}")
