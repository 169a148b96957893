"""Small things around dnspython's messages that every server and resolver here needs."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

__all__ = ["MAXIMUM_UDP_PAYLOAD", "answer_to", "answers", "make_query", "summary"]

#: What is advertised with EDNS(0) (RFC 6891 §6.2.5), as the DNS flag day of 2020 recommends.
MAXIMUM_UDP_PAYLOAD = 1232


def make_query(
    name: dns.name.Name, rdtype: dns.rdatatype.RdataType, identifier: int, *, recursive: bool
) -> dns.message.QueryMessage:
    """A query with EDNS(0)."""
    query = dns.message.make_query(name, rdtype, id=identifier, use_edns=0, payload=MAXIMUM_UDP_PAYLOAD)
    if not recursive:
        query.flags &= ~dns.flags.RD
    return query


def answer_to(query: dns.message.Message, answer: dns.message.Message) -> dns.message.Message:
    """A resolver's response to ``query`` with the sections and code of ``answer``."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(answer.rcode())
    response.answer = list(answer.answer)
    response.authority = list(answer.authority)
    return response


def answers(query: dns.message.Message, reply: dns.message.Message) -> str | None:
    """None if ``reply`` can be the answer to ``query``, else why not (RFC 5452 §4)."""
    if reply.id != query.id:
        return "its ID is not the query's"
    if not reply.flags & dns.flags.QR:
        return "it is no response"
    if reply.question != query.question and reply.question:
        return "its question is another"
    return None


def summary(message: dns.message.Message) -> str:
    """The message in a few words: the answer's records, the referral, or the error."""
    if message.rcode() != dns.rcode.NOERROR:
        return dns.rcode.to_text(message.rcode())
    if message.answer:
        return "; ".join(_rrset_text(rrset) for rrset in message.answer)
    for rrset in message.authority:
        if rrset.rdtype == dns.rdatatype.NS:
            return "ask " + ", ".join(sorted(str(record.target) for record in rrset)) + f" for {rrset.name}"
    return "no such record"


def _rrset_text(rrset: dns.rrset.RRset) -> str:
    kind = dns.rdatatype.to_text(rrset.rdtype)
    return f"{rrset.name} {rrset.ttl} {kind} " + ", ".join(str(record) for record in rrset)
