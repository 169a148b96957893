"""The pytest plugin: the fixture ``internet``, async tests on it, and seeds.

It is loaded in every run of pytest where pressenter is installed, so it imports nothing of pressenter
until a test asks for an internet.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pressenter.testing.internet import Internet

__all__ = ["internet"]

_FIXTURE, _SEED = "internet", "_pressenter_seed"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line."""
    group = parser.getgroup("pressenter", "simulated networks")
    group.addoption(
        "--seed", type=int, default=None, help="seed of simulated networks, to replay a failure (default: 1)"
    )
    group.addoption("--seeds", type=int, default=None, help="run each test with a simulated network with so many seeds")
    group.addoption(
        "--captures",
        default=".pressenter",
        metavar="FOLDER",
        help="where the captures of failed tests go (default: .pressenter)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Markers."""
    config.addinivalue_line(
        "markers", "virtual_limit(time): how long a test with an internet may take, in virtual time (1h)"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each seed."""
    if _FIXTURE in metafunc.fixturenames:
        count, seed = metafunc.config.getoption("--seeds"), metafunc.config.getoption("--seed")
        if count is not None and seed is not None:
            raise pytest.UsageError("give --seed or --seeds, not both")
        if count is not None:
            metafunc.fixturenames.append(_SEED)
            metafunc.parametrize(_SEED, range(1, count + 1), ids=lambda number: f"seed{number}")


@pytest.fixture
def internet(request: pytest.FixtureRequest) -> Iterator[Internet]:
    """A simulated internet: hosts, links that fail as one says, virtual time (see pressenter.testing)."""
    from pressenter.testing.internet import Internet

    parameters = getattr(getattr(request.node, "callspec", None), "params", {})
    seed = parameters.get(_SEED) or request.config.getoption("--seed") or 1
    made = Internet(seed)
    state = random.getstate()
    random.seed(seed)  # programs that throw dice throw the same ones
    yield made
    random.setstate(state)
    made.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test on its internet; others are left to pytest and its plugins."""
    made: Any = pyfuncitem.funcargs.get(_FIXTURE)
    if made is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    from pressenter.testing.clock import virtual_clocks
    from pressenter.testing.python_sockets import simulated_sockets

    marker = pyfuncitem.get_closest_marker("virtual_limit")
    limit = str(marker.args[0]) if marker is not None and marker.args else "1h"
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names if name in pyfuncitem.funcargs}
    with virtual_clocks(made), simulated_sockets():
        made.run(pyfuncitem.obj(**arguments), limit)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Say the seed of a failure, and keep what passed on its network."""
    outcome: Any = yield
    report = outcome.get_result()
    made: Any = getattr(item, "funcargs", {}).get(_FIXTURE)
    if made is None or report.when != "call" or not report.failed:
        return
    plain = re.sub(r"[^\w.-]+", "-", item.name.partition("[")[0])
    path = Path(item.config.getoption("--captures")) / f"{plain}-seed{made.seed}.pcapng"
    made.save(path)
    lines = [
        f"seed {made.seed}; again exactly: pytest --seed {made.seed} '{item.nodeid.partition('[')[0]}'",
        f"after {made.now:.6f} s of virtual time",
        f"capture: {path} (in pressenter's viewer: pressenter open {path})",
    ]
    report.sections.append(("simulated network", "\n".join(lines)))
