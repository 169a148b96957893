"""HTTP dates (RFC 9110 §5.6.7), as seconds since 1970."""

from __future__ import annotations

import calendar
import email.utils
import time

__all__ = ["format_date", "parse_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_date(seconds: float) -> str:
    """``Sun, 06 Nov 1994 08:49:37 GMT``, whatever the locale."""
    moment = time.gmtime(seconds)
    day, month = _DAYS[moment.tm_wday], _MONTHS[moment.tm_mon - 1]
    clock = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}"
    return f"{day}, {moment.tm_mday:02} {month} {moment.tm_year} {clock} GMT"


def parse_date(text: str) -> float | None:
    """Seconds, or None for what is no date.  The two obsolete forms are understood."""
    fields = email.utils.parsedate_tz(text)
    if fields is None:
        return None
    try:
        return calendar.timegm((*fields[:6], 0, 0, 0)) - (fields[9] or 0)
    except (ValueError, OverflowError):
        return None
