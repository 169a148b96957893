"""A cache of record sets, each kept for its time to live (RFC 1034 §4.3.4, RFC 2308)."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import NamedTuple

import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

__all__ = ["MAXIMUM_TTL", "Negative", "RecordCache", "loop_time_ns"]

MAXIMUM_TTL = 86_400  # RFC 8767 §4 allows a cap; a day is a common one
_MAXIMUM_ENTRIES = 100_000


def loop_time_ns() -> int:
    """The running loop's time in nanoseconds: what the resolvers give their caches as now."""
    return round(asyncio.get_running_loop().time() * 1e9)


class Negative(NamedTuple):
    """The knowledge that something does not exist.  ``rcode`` tells a name from a type."""

    rcode: dns.rcode.Rcode
    soa: dns.rrset.RRset | None


_Key = tuple[dns.name.Name, dns.rdatatype.RdataType]


class RecordCache:
    """Record sets and negative answers by name and type.

    Args:
        record: notes what is kept, as an event ``dns.keep``.
    """

    def __init__(self, record: Callable[..., object] | None = None) -> None:
        self._record = record
        self._entries: dict[_Key, tuple[int, dns.rrset.RRset | Negative]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, now_ns: int, rrset: dns.rrset.RRset, least_ttl: int = 0) -> None:
        """Keep a record set.  A TTL of zero is for this use only (RFC 1035 §3.2.1)."""
        ttl = max(rrset.ttl, least_ttl)
        if ttl > 0:
            self._store(now_ns, (rrset.name, rrset.rdtype), min(ttl, MAXIMUM_TTL), rrset)

    def put_negative(
        self, now_ns: int, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, negative: Negative
    ) -> None:
        """Keep the knowledge that there is nothing, as long as the SOA says (RFC 2308 §5)."""
        if negative.soa is None:
            return
        ttl = min(negative.soa.ttl, negative.soa[0].minimum, MAXIMUM_TTL)
        if negative.rcode == dns.rcode.NXDOMAIN:
            rdtype = dns.rdatatype.RdataType.ANY  # the name does not exist, whatever the type (RFC 2308 §5)
        if ttl > 0:
            self._store(now_ns, (name, rdtype), ttl, negative)

    def get(
        self, now_ns: int, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> dns.rrset.RRset | Negative | None:
        """What is known, with the TTL that is left; None if nothing is."""
        found = self._get(now_ns, (name, rdtype))
        if found is None:
            found = self._get(now_ns, (name, dns.rdatatype.RdataType.ANY))
        return found

    def _get(self, now_ns: int, key: _Key) -> dns.rrset.RRset | Negative | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires_ns, value = entry
        left = expires_ns - now_ns
        if left <= 0:
            del self._entries[key]
            return None
        ttl = -(-left // 1_000_000_000)
        if isinstance(value, Negative):
            return value._replace(soa=_with_ttl(value.soa, ttl) if value.soa is not None else None)
        return _with_ttl(value, ttl)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def _store(self, now_ns: int, key: _Key, ttl: int, value: dns.rrset.RRset | Negative) -> None:
        if len(self._entries) >= _MAXIMUM_ENTRIES:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (now_ns + ttl * 1_000_000_000, value)
        if self._record is not None:
            data = "nothing" if isinstance(value, Negative) else ", ".join(map(str, value))
            self._record("dns.keep", name=str(key[0]), type=dns.rdatatype.to_text(key[1]), seconds=ttl, data=data)


def _with_ttl(rrset: dns.rrset.RRset, ttl: int) -> dns.rrset.RRset:
    aged = copy.copy(rrset)
    aged.ttl = ttl
    return aged
