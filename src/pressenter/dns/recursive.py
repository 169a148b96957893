"""A recursive resolver: follows the tree of names from the root (RFC 1034 §5.3.3).

It knows nothing but the root servers' addresses.  Each server that it asks either
answers, says that the name does not exist, or refers to the servers of a zone that
is nearer to the name.  An alias (CNAME) sends it after another name.  Everything
that it hears is kept for its time to live, so the next question starts nearer.

It believes a server only about the zone that it was asked for: records outside
that zone (out of bailiwick) are thrown away, lest one zone speak for another.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from pressenter.dns.cache import Negative, RecordCache, loop_time_ns
from pressenter.dns.exchange import Exchange, NoAnswer

__all__ = ["RecursiveResolver"]

_MAXIMUM_ALIASES = 12
_MAXIMUM_REFERRALS = 24
_MAXIMUM_DEPTH = 6  # of names of servers that must be resolved first


class RecursiveResolver:
    """Answers recursive queries by asking the authoritative servers."""

    def __init__(self, roots: Sequence[str], exchange: Exchange, randomness: random.Random) -> None:
        self.roots = tuple(roots)
        self.exchange = exchange
        self.cache = RecordCache(exchange.record)
        self._randomness = randomness

    async def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The response to a stub's or a forwarder's query."""
        question = query.question[0]
        response = dns.message.make_response(query, recursion_available=True)
        if not query.flags & dns.flags.RD:
            response.set_rcode(dns.rcode.REFUSED)
            return response
        try:
            records, negative = await self._resolve(question.name, question.rdtype, 0)
        except NoAnswer:
            response.set_rcode(dns.rcode.SERVFAIL)
            return response
        response.answer = records
        if negative is not None:
            response.set_rcode(negative.rcode)
            if negative.soa is not None:
                response.authority.append(negative.soa)
        return response

    async def _resolve(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, depth: int
    ) -> tuple[list[dns.rrset.RRset], Negative | None]:
        """The chain of record sets for a name, and what is missing at its end."""
        if depth > _MAXIMUM_DEPTH:
            raise NoAnswer(f"{name}: too many servers' names to resolve first")
        chain: list[dns.rrset.RRset] = []
        for _ in range(_MAXIMUM_ALIASES):
            found = await self._lookup(name, rdtype, depth)
            if isinstance(found, Negative):
                return chain, found
            chain.append(found)
            if found.rdtype == rdtype:
                return chain, None
            name = found[0].target
        raise NoAnswer(f"{name}: the chain of aliases does not end")

    async def _lookup(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, depth: int
    ) -> dns.rrset.RRset | Negative:
        """The records of a name, or its alias, or the knowledge that there is neither."""
        for _ in range(_MAXIMUM_REFERRALS):
            known = self._known(name, rdtype)
            if known is not None:
                return known
            zone, servers = await self._nearest_servers(name, depth)
            reply = await self._ask_one_of(servers, zone, name, rdtype)
            outcome = self._learn(reply, zone, name, rdtype)
            if outcome is not None:
                return outcome
        raise NoAnswer(f"{name}: the referrals do not end")

    def _known(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> dns.rrset.RRset | Negative | None:
        now_ns = loop_time_ns()
        found = self.cache.get(now_ns, name, rdtype)
        if found is None:
            alias = self.cache.get(now_ns, name, dns.rdatatype.CNAME)
            found = alias if isinstance(alias, dns.rrset.RRset) else None
        return found

    async def _nearest_servers(self, name: dns.name.Name, depth: int) -> tuple[dns.name.Name, list[str]]:
        """Addresses of the servers of the nearest zone above a name that we know."""
        zone = name
        while zone != dns.name.root:
            servers = self.cache.get(loop_time_ns(), zone, dns.rdatatype.NS)
            if isinstance(servers, dns.rrset.RRset):
                addresses = await self._addresses_of(servers, zone, depth)
                if addresses:
                    self._randomness.shuffle(addresses)
                    return zone, addresses
            zone = zone.parent()
        addresses = list(self.roots)
        self._randomness.shuffle(addresses)
        return dns.name.root, addresses

    async def _addresses_of(self, servers: dns.rrset.RRset, zone: dns.name.Name, depth: int) -> list[str]:
        addresses: list[str] = []
        targets = sorted(record.target for record in servers)
        for target in targets:
            glue = self.cache.get(loop_time_ns(), target, dns.rdatatype.A)
            if isinstance(glue, dns.rrset.RRset):
                addresses += sorted(record.address for record in glue)
        if addresses:
            return addresses
        for target in targets:
            if target.is_subdomain(zone):
                continue  # without glue it could only be asked of itself
            try:
                chain, _ = await self._resolve(target, dns.rdatatype.A, depth + 1)
            except NoAnswer:
                continue
            if chain and chain[-1].rdtype == dns.rdatatype.A:
                return sorted(record.address for record in chain[-1])
        return []

    async def _ask_one_of(
        self, servers: Sequence[str], zone: dns.name.Name, name: dns.name.Name,
        rdtype: dns.rdatatype.RdataType,
    ) -> dns.message.Message:  # fmt: skip
        """The first usable answer; servers that fail or are lame are passed over."""
        reasons = []
        for server in servers:
            try:
                reply = await self.exchange.ask(server, name, rdtype, recursive=False)
            except NoAnswer as reason:
                reasons.append(str(reason))
                continue
            if reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                reasons.append(f"{server} says {dns.rcode.to_text(reply.rcode())}")
            elif not _helps(reply, zone, name, rdtype):
                reasons.append(f"{server} neither answers nor refers nor denies")  # lame
            else:
                return reply
        raise NoAnswer(f"{name}: no server of {zone} helps: {'; '.join(reasons)}")

    def _learn(
        self, reply: dns.message.Message, zone: dns.name.Name, name: dns.name.Name,
        rdtype: dns.rdatatype.RdataType,
    ) -> dns.rrset.RRset | Negative | None:  # fmt: skip
        """Keep what a reply says of its zone; return what it says of the name itself."""
        now_ns = loop_time_ns()
        answer: dns.rrset.RRset | None = None
        for rrset in reply.answer:
            if rrset.name.is_subdomain(zone):
                self.cache.put(now_ns, rrset)
                if rrset.name == name and rrset.rdtype in (rdtype, dns.rdatatype.CNAME):
                    answer = rrset
        if answer is not None:
            return answer
        soa = None
        referred = False
        for rrset in reply.authority:
            if not rrset.name.is_subdomain(zone):
                continue
            if rrset.rdtype == dns.rdatatype.SOA:
                soa = rrset
            elif rrset.rdtype == dns.rdatatype.NS and rrset.name != zone and name.is_subdomain(rrset.name):
                self.cache.put(now_ns, rrset, least_ttl=1)  # for this use even with a TTL of zero
                self._keep_glue(now_ns, reply, zone, rrset)
                referred = True
        if referred and soa is None and reply.rcode() == dns.rcode.NOERROR:
            return None
        negative = Negative(reply.rcode(), soa)
        self.cache.put_negative(now_ns, name, rdtype, negative)
        return negative

    def _keep_glue(
        self, now_ns: int, reply: dns.message.Message, zone: dns.name.Name, servers: dns.rrset.RRset
    ) -> None:
        """Addresses that come with a referral, of the servers that it names (RFC 2181 §5.4.1)."""
        targets = {record.target for record in servers}
        for rrset in reply.additional:
            if rrset.rdtype == dns.rdatatype.A and rrset.name in targets and rrset.name.is_subdomain(zone):
                self.cache.put(now_ns, rrset, least_ttl=1)


def _helps(
    reply: dns.message.Message, zone: dns.name.Name, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> bool:
    """Whether a reply answers, refers to a zone that is nearer, or denies with authority."""
    if reply.rcode() == dns.rcode.NXDOMAIN or reply.flags & dns.flags.AA:
        return True
    if any(rrset.name == name and rrset.rdtype in (rdtype, dns.rdatatype.CNAME) for rrset in reply.answer):
        return True
    return any(
        rrset.rdtype == dns.rdatatype.SOA
        or (rrset.rdtype == dns.rdatatype.NS and rrset.name != zone and name.is_subdomain(rrset.name))
        for rrset in reply.authority
        if rrset.name.is_subdomain(zone)
    )
