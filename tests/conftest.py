"""What all tests share: journeys that are made once, and programs of the operating system."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import pressenter

NO_SKIP = bool(os.environ.get("PRESSENTER_NO_SKIP"))


def missing(what: str) -> None:
    """Skip with the reason; where nothing may be skipped (CI), fail."""
    if NO_SKIP:
        pytest.fail(f"{what} is missing, and PRESSENTER_NO_SKIP forbids to skip")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """The path of a program, or a skip."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            missing(f"the program {name}")
        assert path is not None
        return path

    return find


@pytest.fixture(scope="session")
def folder() -> Callable[[str], Path]:
    """A folder that a package of the operating system brings, or a skip."""

    def find(*names: str) -> Path:
        for name in names:
            if Path(name).is_dir():
                return Path(name)
        missing(f"the folder {names[0]}")
        raise AssertionError

    return find


@pytest.fixture(scope="session")
def journey() -> pressenter.Journey:
    """One visit of www.example.com, seed 7."""
    return pressenter.go("www.example.com", seed=7)


@pytest.fixture(scope="session")
def secure_journey() -> pressenter.Journey:
    """Two visits of secure.example.com, which redirects from http to https."""
    return pressenter.go("secure.example.com", seed=7, visits=2)
