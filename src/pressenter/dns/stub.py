"""The stub resolver: what a computer's C library does with a name.

In order: the hosts file, the system's cache, then the name server that the
network's settings name, asked recursively (RFC 1034 §5.3.1).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from pressenter.dns.cache import RecordCache, loop_time_ns
from pressenter.dns.exchange import Exchange, NoAnswer

__all__ = ["NameNotFound", "StubResolver"]


class NameNotFound(socket.gaierror):
    """A name has no address; ``strerror`` says how that is known."""


class StubResolver:
    """Resolves names for one host."""

    def __init__(self, server: str | None, hosts: Mapping[str, str], exchange: Exchange) -> None:
        self.server = server
        self.hosts = dict(hosts)
        self.exchange = exchange
        self.cache = RecordCache()

    async def resolve(self, text: str) -> list[str]:
        """IPv4 addresses of a name.  Raises NameNotFound, a socket.gaierror."""
        try:
            name = dns.name.from_text(text)
        except (dns.exception.DNSException, UnicodeError) as error:
            raise self._failure(socket.EAI_NONAME, text, f"not a name: {error}") from None
        bare = text.rstrip(".").lower()
        if bare == "localhost":
            return ["127.0.0.1"]  # RFC 6761 §6.3
        if bare in self.hosts:
            self.exchange.record("dns.hosts", name=bare, address=self.hosts[bare])
            return [self.hosts[bare]]
        cached = self._cached(name)
        self.exchange.record(
            "dns.cache", cache="system cache", cache_zh="系统缓存", name=text,
            verdict=", ".join(cached) if cached else "nothing",
            verdict_zh=", ".join(cached) if cached else "没有",
        )  # fmt: skip
        if cached:
            return cached
        addresses = await self._ask(name, text)
        self.exchange.record("dns.resolved", name=text, addresses=", ".join(addresses))
        return addresses

    async def _ask(self, name: dns.name.Name, text: str) -> list[str]:
        if self.server is None:
            raise self._failure(socket.EAI_AGAIN, text, "this host has no name server")
        try:
            reply = await self.exchange.ask(self.server, name, dns.rdatatype.RdataType.A, recursive=True)
        except NoAnswer as reason:
            raise self._failure(socket.EAI_AGAIN, text, str(reason)) from None
        if reply.rcode() == dns.rcode.NXDOMAIN:
            raise self._failure(socket.EAI_NONAME, text, "the name does not exist (NXDOMAIN)")
        if reply.rcode() != dns.rcode.NOERROR:
            code = dns.rcode.to_text(reply.rcode())
            raise self._failure(socket.EAI_AGAIN, text, f"the name server says {code}")
        now_ns = loop_time_ns()
        for rrset in reply.answer:
            self.cache.put(now_ns, rrset)
        addresses = _follow(name, {(rrset.name, rrset.rdtype): rrset for rrset in reply.answer})
        if not addresses:
            raise self._failure(socket.EAI_NODATA, text, "the name exists but has no IPv4 address")
        return addresses

    def _cached(self, name: dns.name.Name) -> list[str]:
        now_ns = loop_time_ns()
        for _ in range(12):
            found = self.cache.get(now_ns, name, dns.rdatatype.A)
            if isinstance(found, dns.rrset.RRset):
                return [record.address for record in found]
            alias = self.cache.get(now_ns, name, dns.rdatatype.CNAME)
            if not isinstance(alias, dns.rrset.RRset):
                return []
            name = alias[0].target
        return []

    def _failure(self, number: int, name: str, reason: str) -> NameNotFound:
        self.exchange.record("dns.failed", name=name, reason=reason)
        return NameNotFound(number, reason)


def _follow(
    name: dns.name.Name,
    rrsets: Mapping[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset],
) -> list[str]:
    """Addresses at the end of the chain of aliases in an answer."""
    for _ in range(len(rrsets) + 1):
        found = rrsets.get((name, dns.rdatatype.A))
        if found is not None:
            return [record.address for record in found]
        alias = rrsets.get((name, dns.rdatatype.CNAME))
        if alias is None:
            return []
        name = alias[0].target
    return []
