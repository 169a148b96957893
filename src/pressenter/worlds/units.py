"""Quantities with units, as people write them in world files."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["parse_duration_ns", "parse_length_m", "parse_rate_bps", "parse_size_bytes", "parse_span_ns"]

_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-zµ/]*)\s*")

_DURATIONS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}
_RATES = {"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}
_SIZES = {"B": 1, "kB": 1_000, "KiB": 1_024, "MB": 10**6, "MiB": 1 << 20}
_LENGTHS = {"m": 1, "km": 1_000}


def _parse(text: str, units: Mapping[str, int], example: str) -> float:
    match = _QUANTITY.fullmatch(str(text))
    if match is None or match[2] not in units:
        known = ", ".join(units)
        raise ValueError(f"{text!r} is not a quantity such as {example!r} (units: {known})")
    return float(match[1]) * units[match[2]]


def parse_duration_ns(text: str) -> int:
    """``"20ms"`` to nanoseconds."""
    return round(_parse(text, _DURATIONS, "20ms"))


def parse_rate_bps(text: str) -> int:
    """``"100Mbit/s"`` to bits per second, at least 1."""
    rate = round(_parse(text, _RATES, "100Mbit/s"))
    if rate < 1:
        raise ValueError(f"{text!r}: nothing would ever arrive; the rate must be positive")
    return rate


def parse_size_bytes(text: str) -> int:
    """``"256KiB"`` to bytes."""
    return round(_parse(text, _SIZES, "256KiB"))


def parse_length_m(text: str) -> float:
    """``"1967km"`` to metres."""
    return _parse(text, _LENGTHS, "1967km")


def parse_span_ns(text: str) -> tuple[int, int | None]:
    """``"2.9s-3.5s"`` to its begin and end in nanoseconds; the end of ``"3s-"`` is None."""
    begin, dash, end = str(text).partition("-")
    if not dash:
        raise ValueError(f"{text!r} is not a span of time such as '2.9s-3.5s', or '3s-' without an end")
    first, last = parse_duration_ns(begin), parse_duration_ns(end) if end.strip() else None
    if last is not None and last <= first:
        raise ValueError(f"{text!r}: it ends before it begins")
    return first, last
