"""Exchanges as an HTTP Archive, version 1.2, for developer tools and analysers."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from pressenter.trace.events import TraceEvent

__all__ = ["har_bytes"]

_VERSION = "0.1.0"

#: The moments of a page load; names that begin with an underscore are additions, as HAR 1.2 allows them.
_MOMENTS = {
    "page.dom_content_loaded": "onContentLoad", "page.loaded": "onLoad",
    "page.first_contentful_paint": "_firstContentfulPaint",
    "page.largest_contentful_paint": "_largestContentfulPaint",
}  # fmt: skip


def har_bytes(events: Sequence[TraceEvent], epoch_seconds: float) -> bytes:
    """The HAR file of a recording: a page for each navigation, an entry for each exchange."""
    pages: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    starts = [event for event in events if event.name == "navigate.start"]
    for number, start in enumerate(starts, 1):
        following = starts[number].id if number < len(starts) else len(events) + 1
        moments = {e.name: e for e in events[start.id : following] if e.name in _MOMENTS}  # of several the last
        load = moments.get("page.loaded")
        timings = {
            _MOMENTS[name]: (moments[name].at_ns - start.at_ns) / 1e6 if name in moments else -1 for name in _MOMENTS
        }
        pages.append(
            {
                "startedDateTime": _time(epoch_seconds, start.at_ns),
                "id": f"page_{number}",
                "title": str((load or start).fields.get("title") or start.fields["url"]),
                "pageTimings": timings,
            }
        )
    decoded = {e.fields["url"]: e.fields["decoded"] for e in events if e.name == "response.decode"}
    for event in events:
        if event.name == "http.exchange":
            page = sum(1 for start in starts if start.id < event.id)
            size = decoded.get(event.fields["url"], event.fields["body_length"])
            entries.append(_entry(event.fields, page, size, epoch_seconds))
    log = {
        "version": "1.2",
        "creator": {"name": "pressenter", "version": _VERSION},
        "pages": pages,
        "entries": sorted(entries, key=lambda entry: str(entry["startedDateTime"])),
    }
    return msgspec.json.format(msgspec.json.encode({"log": log}), indent=1)


def _time(epoch_seconds: float, at_ns: int) -> str:
    moment = datetime.datetime.fromtimestamp(epoch_seconds, datetime.UTC) + datetime.timedelta(
        microseconds=at_ns / 1000
    )
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _entry(fields: dict[str, Any], page: int, size: int, epoch_seconds: float) -> dict[str, Any]:
    timings = _timings(fields["timings"])
    response_headers = fields["response_headers"]
    mime = next((value for name, value in response_headers if name.lower() == "content-type"), "")
    location = next((value for name, value in response_headers if name.lower() == "location"), "")
    return {
        "pageref": f"page_{page}",
        "startedDateTime": _time(epoch_seconds, fields["timings"]["started"]),
        "time": sum(value for name, value in timings.items() if value > 0 and name != "ssl"),
        "request": {
            "method": fields["method"],
            "url": fields["url"],
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(fields["request_headers"]),
            "queryString": _pairs(parse_qsl(urlsplit(fields["url"]).query, keep_blank_values=True)),
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": fields["status"],
            "statusText": fields["reason"],
            "httpVersion": fields["version"],
            "cookies": [],
            "headers": _pairs(response_headers),
            "content": {"size": size, "mimeType": mime},
            "redirectURL": location,
            "headersSize": -1,
            "bodySize": 0 if fields["from_cache"] else fields["body_length"],
            "_transferSize": fields["transferred"],
        },
        "cache": {"beforeRequest": None} if not fields["from_cache"] else {"comment": "served from the cache"},
        "timings": timings,
        "serverIPAddress": fields["server"],
        "connection": fields["connection"],
    }


def _pairs(fields: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in fields]


def _timings(marks: dict[str, int | None]) -> dict[str, float]:
    """Phases in milliseconds; -1 for those that did not apply (HAR 1.2, timings)."""
    names = ("assigned", "name_resolved", "connected", "secured", "sent", "first_byte", "finished")
    phases = ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")
    found: dict[str, float] = {}
    last = marks["started"]
    assert last is not None
    for name, phase in zip(names, phases, strict=True):
        mark = marks.get(name)
        if mark is None:
            found[phase] = 0.0 if phase in ("send", "wait", "receive") else -1
        else:
            found[phase] = (mark - last) / 1e6
            last = mark
    if found["ssl"] > 0:
        found["connect"] += found["ssl"]  # HAR: the time for TLS is part of connect as well
    return found
