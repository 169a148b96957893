"""Port numbers: who holds which, and a free one by chance (RFC 6056)."""

from __future__ import annotations

import errno
import random
from collections.abc import Container

__all__ = ["EPHEMERAL_PORTS", "choose_ephemeral_port"]

#: The range of a client's port; 1024 and above, as RFC 6056 §3.2 recommends.
EPHEMERAL_PORTS = range(1024, 65_536)


def choose_ephemeral_port(randomness: random.Random, taken: Container[int]) -> int:
    """A port at random that is not taken (RFC 6056 §3.3.1).  Raises OSError if none is free."""
    first = randomness.choice(EPHEMERAL_PORTS)
    span = len(EPHEMERAL_PORTS)
    for step in range(span):
        port = EPHEMERAL_PORTS[(first - EPHEMERAL_PORTS.start + step) % span]
        if port not in taken:
            return port
    raise OSError(errno.EADDRNOTAVAIL, "every ephemeral port is in use")
