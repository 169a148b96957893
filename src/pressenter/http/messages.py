"""Requests and responses as values (RFC 9110 §6)."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Fetched", "Headers", "Request", "Response", "Timings"]


class Headers:
    """Header fields in order; names compare without regard to case (RFC 9110 §5.1)."""

    __slots__ = ("fields",)

    def __init__(self, fields: list[tuple[str, str]] | None = None) -> None:
        self.fields = list(fields or [])

    def __repr__(self) -> str:
        return f"Headers({self.fields!r})"

    def get(self, name: str, default: str = "") -> str:
        """The value; several fields of one name are joined by commas (RFC 9110 §5.3)."""
        name = name.lower()
        values = [value for field, value in self.fields if field.lower() == name]
        return ", ".join(values) if values else default

    def __contains__(self, name: str) -> bool:
        return any(field.lower() == name.lower() for field, _ in self.fields)

    def with_field(self, name: str, value: str) -> Headers:
        """A copy in which ``name`` has this value alone."""
        rest = [(field, old) for field, old in self.fields if field.lower() != name.lower()]
        return Headers([*rest, (name, value)])


class Request(NamedTuple):
    """A request for an absolute http or https URL."""

    method: str
    url: str
    headers: Headers
    body: bytes = b""


class Timings(NamedTuple):
    """When the phases of an exchange ended, in nanoseconds of loop time; None if skipped."""

    started: int
    assigned: int | None = None
    name_resolved: int | None = None
    connected: int | None = None
    secured: int | None = None
    sent: int | None = None
    first_byte: int | None = None
    finished: int | None = None


class Response(NamedTuple):
    """A response with its whole body, as it came (content coding not removed)."""

    url: str
    status: int
    reason: str
    headers: Headers
    body: bytes
    timings: Timings = Timings(0)
    version: str = "HTTP/1.1"
    #: Bytes that came over the network; 0 if the response came from a cache.
    transferred: int = 0
    server_address: str = ""
    connection: str = ""
    from_cache: bool = False


class Fetched(NamedTuple):
    """The end of a chain of redirections; ``body`` has no content coding any more."""

    url: str
    response: Response
    body: bytes
