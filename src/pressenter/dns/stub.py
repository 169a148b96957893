"""The stub resolver: what a computer's C library does with a name.

In order: the hosts file, the system's cache, then the name server that the
network's settings name, asked recursively (RFC 1034 §5.3.1).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping

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
    """Resolves names for one host.

    Attributes:
        server: the name server's address, or None if the network has told none.
        speaks_ipv6: whether the host has an IPv6 address to use; otherwise nobody asks for such
            (getaddrinfo's AI_ADDRCONFIG).
    """

    def __init__(
        self, server: str | None, hosts: Mapping[str, str], exchange: Exchange,
        speaks_ipv6: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.server = server
        self.hosts = dict(hosts)
        self.exchange = exchange
        self.speaks_ipv6 = speaks_ipv6
        self.cache = RecordCache(exchange.record)

    async def resolve(self, text: str) -> list[str]:
        """IPv6 and IPv4 addresses of a name.  Raises NameNotFound, a socket.gaierror."""
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
        addresses = await self._ask_for_all(name, text)
        self.exchange.record("dns.resolved", name=text, addresses=", ".join(addresses))
        return addresses

    async def _ask_for_all(self, name: dns.name.Name, text: str) -> list[str]:
        """Both kinds of addresses, asked for side by side (RFC 8305 §3)."""
        if not self.speaks_ipv6():
            return await self._ask(name, text, dns.rdatatype.A)
        answers = await asyncio.gather(
            *(self._ask(name, text, kind) for kind in (dns.rdatatype.AAAA, dns.rdatatype.A)), return_exceptions=True
        )
        addresses = [address for answer in answers if isinstance(answer, list) for address in answer]
        if not addresses:
            raise next(answer for answer in reversed(answers) if isinstance(answer, BaseException))
        return addresses

    async def _ask(self, name: dns.name.Name, text: str, kind: dns.rdatatype.RdataType) -> list[str]:
        if self.server is None:
            raise self._failure(socket.EAI_AGAIN, text, "this host has no name server")
        try:
            reply = await self.exchange.ask(self.server, name, kind, recursive=True)
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
        addresses = _follow(name, {(rrset.name, rrset.rdtype): rrset for rrset in reply.answer}, kind)
        if not addresses:
            version = "IPv4" if kind == dns.rdatatype.A else "IPv6"
            raise self._failure(socket.EAI_NODATA, text, f"the name exists but has no {version} address")
        return addresses

    def _cached(self, name: dns.name.Name) -> list[str]:
        kinds = [dns.rdatatype.AAAA, dns.rdatatype.A] if self.speaks_ipv6() else [dns.rdatatype.A]
        return [address for kind in kinds for address in self._cached_of(name, kind)]

    def _cached_of(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> list[str]:
        now_ns = loop_time_ns()
        for _ in range(12):
            found = self.cache.get(now_ns, name, kind)
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
    kind: dns.rdatatype.RdataType,
) -> list[str]:
    """Addresses at the end of the chain of aliases in an answer."""
    for _ in range(len(rrsets) + 1):
        found = rrsets.get((name, kind))
        if found is not None:
            return [record.address for record in found]
        alias = rrsets.get((name, dns.rdatatype.CNAME))
        if alias is None:
            return []
        name = alias[0].target
    return []
