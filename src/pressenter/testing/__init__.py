"""A network for tests: hosts, links that fail as one says, virtual time, a seed.

With the pytest plugin (it is there when pressenter is installed) a test asks for the fixture ``internet``::

    async def test_survives_a_lossy_line(internet):
        server = internet.host("shop.test")
        phone = internet.host("phone")
        internet.link(phone, server, delay="60ms", rate="5Mbit/s", loss=0.03)
        server.program(serve)
        assert await phone.run(buy()) == "thanks"
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pressenter.testing.hosts import SimulatedHost
    from pressenter.testing.internet import Internet
    from pressenter.testing.links import SimulatedLink

__all__ = ["Internet", "SimulatedHost", "SimulatedLink"]

_HOMES = {"Internet": "internet", "SimulatedHost": "hosts", "SimulatedLink": "links"}


def __getattr__(name: str) -> Any:
    """Imported on first use: the plugin is loaded in every run of pytest, most of which need nothing of this."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
