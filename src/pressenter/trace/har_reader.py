"""HTTP archives of other programs (HAR 1.2), as events that the viewer's waterfall shows."""

from __future__ import annotations

import codecs
import datetime
from typing import Any

import msgspec

from pressenter.trace.events import POINT, TraceEvent

__all__ = ["BadArchive", "read_har"]

_PHASES = ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")
_MARKS = ("assigned", "name_resolved", "connected", "secured", "sent", "first_byte", "finished")


#: What a file of another shape than the format's comes to.
_UNREADABLE = (
    msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip


class BadArchive(ValueError):
    """Not an archive that can be read; the message says why."""


def read_har(data: bytes) -> list[TraceEvent]:
    """An event ``http.exchange`` for each entry, in the order in which they ended.  Raises BadArchive."""
    try:
        entries = msgspec.json.decode(data.removeprefix(codecs.BOM_UTF8))["log"]["entries"]
        rows = [_row(entry) for entry in entries]
    except _UNREADABLE as error:
        raise BadArchive(f"no HTTP archive: {type(error).__name__}: {error}") from error
    origin_ns = min((row["timings"]["started"] for row in rows), default=0)
    for row in rows:
        row["timings"] = {mark: None if at is None else at - origin_ns for mark, at in row["timings"].items()}
    rows.sort(key=lambda row: row["timings"]["finished"])
    return [
        TraceEvent(number, row["timings"]["finished"], row.pop("node"), "http", "http.exchange", POINT, 0, row)
        for number, row in enumerate(rows, 1)
    ]


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    request, response, timings = entry["request"], entry["response"], entry.get("timings") or {}
    started = datetime.datetime.fromisoformat(str(entry["startedDateTime"]).replace("Z", "+00:00"))
    at = round(started.timestamp() * 1e6) * 1000
    marks: dict[str, int | None] = {"started": at}
    secured = max(0.0, float(timings.get("ssl") or 0))
    for phase, mark in zip(_PHASES, _MARKS, strict=True):
        taken = float(timings.get(phase) or 0)
        if phase == "connect":
            taken -= secured  # in an archive the time for TLS is part of connect
        if taken > 0:
            at += round(taken * 1e6)
        marks[mark] = at if taken >= 0 else None
    marks["finished"] = at
    return {
        "node": "browser", "kind": "", "method": str(request["method"]), "url": str(request["url"]),
        "request_headers": _pairs(request), "status": int(response["status"]),
        "reason": str(response.get("statusText", "")),
        "version": str(response.get("httpVersion", "")), "response_headers": _pairs(response),
        "body_length": max(0, int((response.get("content") or {}).get("size") or 0)),
        "transferred": max(0, int(response.get("bodySize") or 0)),
        "from_cache": False, "server": str(entry.get("serverIPAddress", "")),
        "connection": str(entry.get("connection", "")),
        "timings": marks,
    }  # fmt: skip


def _pairs(message: dict[str, Any]) -> list[list[str]]:
    return [[str(header["name"]), str(header["value"])] for header in message.get("headers", [])]
