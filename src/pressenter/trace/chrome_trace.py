"""Recordings in Chrome's trace event format, which Perfetto opens.

Hosts become processes, layers become threads; what has a begin and an end becomes a
slice, everything else an instant.  Times are microseconds of virtual time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pressenter.trace.catalogue import CATALOGUE, sentence
from pressenter.trace.events import BEGIN, END, TraceEvent
from pressenter.trace.steps import STEPS

__all__ = ["chrome_trace_bytes"]


def chrome_trace_bytes(events: Sequence[TraceEvent], language: str = "en") -> bytes:
    """The JSON of a trace file."""
    processes: dict[str, int] = {}
    threads: dict[tuple[int, str], int] = {}
    rows: list[dict[str, Any]] = []
    ends = {event.fields["begin"]: event for event in events if event.phase == END}
    for event in events:
        if event.phase == END:
            continue
        process = processes.setdefault(event.node, len(processes) + 1)
        step = STEPS[CATALOGUE[event.name].step - 1]
        title = f"{step.number} {step.zh if language == 'zh' else step.en}: {event.layer}"
        thread = threads.setdefault((process, title), step.number * 100 + len(event.layer))
        row: dict[str, Any] = {
            "name": event.name,
            "cat": event.layer,
            "ts": event.at_ns / 1000,
            "pid": process,
            "tid": thread,
        }
        end = ends.get(event.id)
        fields = end.fields if end is not None else event.fields
        row["args"] = {
            "event": event.id,
            "cause": event.cause,
            "what": sentence(event.name, fields, language),
            **fields,
        }
        if event.phase == BEGIN and end is not None:
            row |= {"ph": "X", "dur": (end.at_ns - event.at_ns) / 1000}
        else:
            row |= {"ph": "i", "s": "t"}
        rows.append(row)
    names = [
        {"ph": "M", "name": "process_name", "pid": number, "tid": 0, "args": {"name": node}}
        for node, number in processes.items()
    ] + [
        {"ph": "M", "name": "thread_name", "pid": process, "tid": thread, "args": {"name": title}}
        for (process, title), thread in threads.items()
    ]
    return msgspec.json.encode({"displayTimeUnit": "ns", "traceEvents": names + rows})
