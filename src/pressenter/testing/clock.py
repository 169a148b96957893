"""The clocks of Python inside of a test: virtual on the hosts, real everywhere else.

`time.time`, `time.monotonic` and their kin are asked by programs that know no event loop.  While a host's
loop runs, they tell its time; pytest, which asks them outside of any loop, gets the computer's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pressenter.host.event_loop import HostLoop
from pressenter.testing.blocking import current_program
from pressenter.testing.internet import EPOCH_SECONDS
from pressenter.testing.replacing import replaced

if TYPE_CHECKING:
    from pressenter.testing.internet import Internet

__all__ = ["virtual_clocks"]

_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")


@contextmanager
def virtual_clocks(internet: Internet) -> Iterator[None]:
    """While this lasts, programs on the internet's hosts see virtual time."""
    real = {name: getattr(time, name) for name in _CLOCKS}

    def clock(name: str) -> Callable[[], Any]:
        original = real[name]
        scale = 1 if name.endswith("_ns") else 1e9
        origin_ns = round(EPOCH_SECONDS * 1e9) if name.startswith("time") else 0

        def tell() -> Any:
            program = current_program()
            loop = program.host.loop if program is not None else asyncio._get_running_loop()
            if not isinstance(loop, HostLoop) or loop.agenda is not internet.agenda:
                return original()
            host = internet.hosts.get(loop.host.name)
            skew_ns = round(host.skew * 1e9) if host is not None and origin_ns else 0
            told = origin_ns + internet.agenda.now_ns + skew_ns
            return told if scale == 1 else told / scale

        return tell

    with replaced({(time, name): clock(name) for name in _CLOCKS}):
        yield
