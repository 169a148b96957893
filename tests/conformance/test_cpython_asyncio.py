"""CPython's own asyncio tests, those that make sense, pass on a simulated host's loop."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.cpython_asyncio import MODULES
from tests.conftest import missing


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the list is that of Python 3.11's tests")
def test_a_module(name: str) -> None:
    try:
        found = importlib.util.find_spec(f"test.test_asyncio.{name}")
    except ModuleNotFoundError:
        found = None
    if found is None:
        missing("CPython's test package (Debian: libpython3.11-testsuite)")
    runner = Path(__file__).with_name("cpython_asyncio.py")
    done = subprocess.run([sys.executable, str(runner), name], capture_output=True, text=True, check=False)
    told = json.loads(done.stdout.splitlines()[-1])
    assert set(told["failed"]) <= set(MODULES[name]), told
    assert told["run"] > 2 and told["loops"] > 0
