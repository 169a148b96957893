"""Recordings as JSON lines: every event with its cause, one a line."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pressenter.trace.events import TraceEvent

__all__ = ["jsonl_bytes", "read_jsonl"]


def jsonl_bytes(events: Sequence[TraceEvent]) -> bytes:
    """The lines of a recording."""
    return msgspec.json.Encoder().encode_lines(events)


def read_jsonl(data: bytes) -> list[TraceEvent]:
    """The events of a recording that `jsonl_bytes` made.  Raises msgspec.DecodeError."""
    return msgspec.json.Decoder(TraceEvent).decode_lines(data)
