"""What a connection tells its owner."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Notice"]


class Notice(NamedTuple):
    """Something that the owner of a connection should know.

    ``kind`` is one of connected, readable, writable, end_of_stream, closed (with
    ``error`` if it did not end in good order), state, retransmit or window; ``facts`` go
    into the recording.
    """

    kind: str
    facts: dict[str, Any] = {}
    error: OSError | None = None
