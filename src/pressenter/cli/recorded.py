"""Reading a recorded journey for a command, with errors that say what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from pressenter.trace.events import TraceEvent

__all__ = ["read_events"]


def read_events(folder: Path) -> list[TraceEvent]:
    """The events of a folder that `pressenter go` has written, or of its journey.jsonl.

    Ends the program with a message where there are none.
    """
    import msgspec

    from pressenter.trace.catalogue import CATALOGUE
    from pressenter.trace.jsonl import read_jsonl

    path = folder / "journey.jsonl" if folder.is_dir() or folder.suffix != ".jsonl" else folder
    try:
        events = read_jsonl(path.read_bytes())
    except OSError as error:
        _refuse(f"{path} cannot be read: {error.strerror}; record one with `pressenter go`")
    except msgspec.DecodeError as error:
        _refuse(f"{path} is no recorded journey: {error}")
    if not events:
        _refuse(f"{path} holds no events")
    unknown = {event.name for event in events} - CATALOGUE.keys()
    if unknown:
        _refuse(f"{path} is of another version: unknown events {', '.join(sorted(unknown))}")
    return events


def _refuse(message: str) -> NoReturn:
    click.echo(f"pressenter: {message}", err=True)
    sys.exit(2)
