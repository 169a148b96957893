"""Which of a name's addresses to connect to: Happy Eyeballs (RFC 8305).

A name may have IPv6 and IPv4 addresses, and the way to one of them may be broken without
anybody saying so.  Trying one after the other then costs a timeout.  Instead, the attempts
begin one after the other a quarter of a second apart, families in turn, and the first
connection that is made wins; the others are given up.
"""

from __future__ import annotations

import asyncio
import itertools
from asyncio import staggered
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

__all__ = ["ATTEMPT_DELAY", "connect_to_first", "interleave"]

ATTEMPT_DELAY = 0.25  # seconds; RFC 8305 §5

Address = tuple[Any, ...]
Connected = TypeVar("Connected")


def interleave(addresses: Sequence[Address], first_family_count: int = 1) -> list[Address]:
    """Families in turn, beginning with that of the first address (RFC 8305 §4)."""
    first = _is_ipv6(addresses[0])
    ours = [address for address in addresses if _is_ipv6(address) == first]
    others = [address for address in addresses if _is_ipv6(address) != first]
    ordered = ours[: first_family_count - 1]
    for pair in itertools.zip_longest(ours[first_family_count - 1 :], others):
        ordered += [address for address in pair if address is not None]
    return ordered


def _is_ipv6(address: Address) -> bool:
    return ":" in str(address[0])


async def connect_to_first(
    addresses: Sequence[Address],
    connect: Callable[[Address], Awaitable[Connected]],
    delay: float | None,
    loop: asyncio.AbstractEventLoop,
) -> tuple[Connected | None, list[OSError]]:
    """The first connection that can be made, and the errors of the attempts that failed.

    ``delay`` is how many seconds an attempt gets before the next begins beside it; without, each
    waits for the one before to fail.
    """
    failures: list[OSError] = []
    if delay is None or len(addresses) == 1:
        for address in addresses:
            try:
                return await connect(address), failures
            except OSError as error:
                failures.append(error)
        return None, failures
    winner, _, errors = await staggered.staggered_race(
        [partial(connect, address) for address in addresses], delay, loop=loop
    )
    for raised in errors:
        if raised is not None and not isinstance(raised, OSError | asyncio.CancelledError):
            raise raised
    return winner, [raised for raised in errors if isinstance(raised, OSError)]
