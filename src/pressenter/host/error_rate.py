"""How many ICMP errors a host sends: not so many that they are a flood themselves.

RFC 1812 §4.3.2.8 and RFC 4443 §2.4 (f) ask for a limit.

A token bucket for each destination, as Linux has it: six errors at once, then one a second.
"""

from __future__ import annotations

__all__ = ["ErrorRate"]

_BURST = 6
_INTERVAL_NS = 1_000_000_000
_MAXIMUM_DESTINATIONS = 1024


class ErrorRate:
    """Token buckets by destination."""

    def __init__(self) -> None:
        self._buckets: dict[bytes, tuple[int, int]] = {}  # tokens in ns, and when they were counted

    def allows(self, now_ns: int, destination: bytes) -> bool:
        """Whether one more may be sent now; counts it if so."""
        full = _BURST * _INTERVAL_NS
        tokens, counted_ns = self._buckets.get(destination, (full, now_ns))
        tokens = min(full, tokens + now_ns - counted_ns)
        allowed = tokens >= _INTERVAL_NS
        if len(self._buckets) >= _MAXIMUM_DESTINATIONS and destination not in self._buckets:
            self._buckets.clear()
        self._buckets[destination] = (tokens - _INTERVAL_NS if allowed else tokens, now_ns)
        return allowed
