"""A forwarder: the name server in a home router.

It iterates nowhere; it asks its upstream resolver and keeps the answers.
"""

from __future__ import annotations

import dns.message
import dns.rcode
import dns.rdatatype

from pressenter.dns.cache import Negative, RecordCache, loop_time_ns
from pressenter.dns.exchange import Exchange, NoAnswer
from pressenter.dns.message import answer_to

__all__ = ["Forwarder"]


class Forwarder:
    """Answers from its cache or from upstream."""

    def __init__(self, upstream: str, exchange: Exchange) -> None:
        self.upstream = upstream
        self.exchange = exchange
        self.cache = RecordCache(exchange.record)

    async def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The cached chain of records if it is whole, else upstream's answer."""
        question = query.question[0]
        cached = self._cached(query)
        self.exchange.record(
            "dns.cache", cache="forwarder's cache", cache_zh="转发器缓存", name=str(question.name),
            verdict="found" if cached else "nothing", verdict_zh="命中" if cached else "没有",
        )  # fmt: skip
        if cached is not None:
            return cached
        try:
            reply = await self.exchange.ask(self.upstream, question.name, question.rdtype, recursive=True)
        except NoAnswer:
            failed = dns.message.make_response(query, recursion_available=True)
            failed.set_rcode(dns.rcode.SERVFAIL)
            return failed
        now_ns = loop_time_ns()
        for rrset in reply.answer:
            self.cache.put(now_ns, rrset)
        soa = next((rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.SOA), None)
        if soa is not None and not reply.answer and reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            negative = Negative(reply.rcode(), soa)
            self.cache.put_negative(now_ns, question.name, question.rdtype, negative)
        return answer_to(query, reply)

    def _cached(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        response = dns.message.make_response(query, recursion_available=True)
        name, now_ns = question.name, loop_time_ns()
        while True:
            found = self.cache.get(now_ns, name, question.rdtype)
            if isinstance(found, Negative):
                response.set_rcode(found.rcode)
                if found.soa is not None:
                    response.authority.append(found.soa)
                return response
            if found is not None:
                response.answer.append(found)
                return response
            alias = self.cache.get(now_ns, name, dns.rdatatype.CNAME)
            if not isinstance(alias, dns.rrset.RRset) or alias in response.answer:
                return None
            response.answer.append(alias)
            name = alias[0].target
