"""A private HTTP cache: what may be kept, how long it is fresh, how it is asked about.

Rules: RFC 9111.  The cache knows no clock and no network; it takes ``now`` in
seconds since 1970 and says what to do: use the stored response, ask the server
whether it is still good (with validators), or fetch anew.
"""

from __future__ import annotations

from typing import NamedTuple

from pressenter.http.dates import parse_date
from pressenter.http.digits import number_of_digits
from pressenter.http.messages import Headers, Request, Response

__all__ = ["HttpCache", "Lookup", "directives", "freshness_lifetime"]

#: Statuses that may be kept without explicit freshness (RFC 9110 §15.1).
_HEURISTICALLY_CACHEABLE = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
_UNDERSTOOD = _HEURISTICALLY_CACHEABLE | {302, 303, 307}
_HEURISTIC_FRACTION = 0.1  # RFC 9111 §4.2.2


class Lookup(NamedTuple):
    """What the cache says of a request: ``verdict`` is miss, fresh or stale."""

    verdict: str
    response: Response | None = None
    conditional: Headers | None = None


class _Stored(NamedTuple):
    response: Response
    request_headers: Headers
    requested_at: float
    received_at: float


def directives(header: str) -> dict[str, str]:
    """Cache-Control's directives (RFC 9111 §5.2); quoted commas are respected."""
    found: dict[str, str] = {}
    quoted = False
    part = ""
    for character in [*header, ","]:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            name, _, value = part.strip().partition("=")
            if name:
                found.setdefault(name.strip().lower(), value.strip().strip('"'))
            part = ""
        else:
            part += character
    return found


def freshness_lifetime(response: Response) -> float:
    """Seconds for which a response is fresh (RFC 9111 §4.2.1), 0 or more."""
    headers = response.headers
    control = directives(headers.get("cache-control"))
    if "max-age" in control:
        return float(number_of_digits(control["max-age"]) or 0)
    date = parse_date(headers.get("date"))
    if "expires" in headers:
        expires = parse_date(headers.get("expires"))
        return max(0.0, expires - date) if expires is not None and date is not None else 0.0
    modified = parse_date(headers.get("last-modified"))
    if modified is not None and date is not None and response.status in _HEURISTICALLY_CACHEABLE:
        return max(0.0, (date - modified) * _HEURISTIC_FRACTION)
    return 0.0


class HttpCache:
    """Responses by URL; of each URL one response for each variant (Vary)."""

    def __init__(self) -> None:
        self._stored: dict[str, list[_Stored]] = {}

    def __len__(self) -> int:
        return sum(len(variants) for variants in self._stored.values())

    def lookup(self, request: Request, now: float) -> Lookup:
        """What to do for a request (RFC 9111 §4)."""
        if request.method != "GET" or "range" in request.headers:
            return Lookup("miss")
        stored = self._select(request)
        if stored is None:
            return Lookup("miss")
        asked = directives(request.headers.get("cache-control"))
        control = directives(stored.response.headers.get("cache-control"))
        age = _current_age(stored, now)
        fresh = freshness_lifetime(stored.response) > age and "no-cache" not in control
        if "no-cache" in asked or request.headers.get("pragma") == "no-cache":
            fresh = False
        oldest = number_of_digits(asked.get("max-age", ""))
        if oldest is not None and age > oldest:
            fresh = False
        if fresh:
            headers = stored.response.headers.with_field("Age", str(int(age)))
            response = stored.response._replace(headers=headers, from_cache=True, transferred=0)
            return Lookup("fresh", response)
        return Lookup("stale", stored.response, _conditions(stored.response))

    def store(self, request: Request, response: Response, requested_at: float, now: float) -> float | None:
        """Keep a response if it may be kept (RFC 9111 §3); returns its freshness lifetime."""
        if request.method not in ("GET", "HEAD", "OPTIONS") and 200 <= response.status < 400:
            self._stored.pop(request.url, None)  # RFC 9111 §4.4: unsafe methods invalidate
        if not _is_storable(request, response):
            return None
        variants = self._stored.setdefault(request.url, [])
        variants[:] = [old for old in variants if not _matches(old, request)]
        variants.append(_Stored(response, request.headers, requested_at, now))
        return freshness_lifetime(response)

    def freshen(self, request: Request, not_modified: Response, requested_at: float, now: float) -> Response | None:
        """A 304 came: update the stored response's headers (RFC 9111 §4.3.4)."""
        stored = self._select(request)
        if stored is None:
            return None
        headers = stored.response.headers
        for name, value in not_modified.headers.fields:
            if name.lower() not in ("content-length", "content-encoding", "content-type", "content-range"):
                headers = headers.with_field(name, value)
        response = stored.response._replace(headers=headers)
        variants = self._stored[request.url]
        variants[variants.index(stored)] = _Stored(response, stored.request_headers, requested_at, now)
        return response._replace(from_cache=True, transferred=not_modified.transferred,
                                 timings=not_modified.timings)  # fmt: skip

    def clear(self) -> None:
        """Forget everything."""
        self._stored.clear()

    def _select(self, request: Request) -> _Stored | None:
        for stored in reversed(self._stored.get(request.url, [])):
            if _matches(stored, request):
                return stored
        return None


def _matches(stored: _Stored, request: Request) -> bool:
    """RFC 9111 §4.1: the headers that Vary names are the same."""
    vary = stored.response.headers.get("vary")
    names = [name.strip() for name in vary.split(",") if name.strip()]
    return "*" not in names and all(stored.request_headers.get(name) == request.headers.get(name) for name in names)


def _is_storable(request: Request, response: Response) -> bool:
    """RFC 9111 §3, for a private cache."""
    if request.method != "GET" or response.status not in _UNDERSTOOD:
        return False
    control = directives(response.headers.get("cache-control"))
    if "no-store" in control or "no-store" in directives(request.headers.get("cache-control")):
        return False
    if "*" in response.headers.get("vary"):
        return False
    explicit = bool({"max-age", "public", "private"} & control.keys()) or "expires" in response.headers
    validators = "etag" in response.headers or "last-modified" in response.headers
    return explicit or (response.status in _HEURISTICALLY_CACHEABLE and validators)


def _current_age(stored: _Stored, now: float) -> float:
    """RFC 9111 §4.2.3."""
    headers = stored.response.headers
    date = parse_date(headers.get("date"))
    apparent = max(0.0, stored.received_at - date) if date is not None else 0.0
    age_value = number_of_digits(headers.get("age").split(",")[0].strip()) or 0
    corrected = age_value + (stored.received_at - stored.requested_at)
    return max(apparent, corrected) + (now - stored.received_at)


def _conditions(response: Response) -> Headers:
    """RFC 9111 §4.3.1: the validators, turned into a conditional request's headers."""
    fields = []
    if "etag" in response.headers:
        fields.append(("If-None-Match", response.headers.get("etag")))
    if "last-modified" in response.headers:
        fields.append(("If-Modified-Since", response.headers.get("last-modified")))
    return Headers(fields)
