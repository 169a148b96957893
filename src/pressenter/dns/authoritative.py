"""An authoritative name server: answers for its zones alone (RFC 1034 §4.3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

__all__ = ["AuthoritativeServer", "load_zone"]

_MAXIMUM_CHAIN = 8


def load_zone(origin: str, text: str) -> dns.zone.Zone:
    """A zone from the text of a master file (RFC 1035 §5).  Raises dnspython's errors."""
    return dns.zone.from_text(text, origin=origin, relativize=False, check_origin=True)


class AuthoritativeServer:
    """Holds zones.  Answers, refers to a delegated zone's servers, or denies."""

    def __init__(self, zones: Sequence[dns.zone.Zone]) -> None:
        self.zones = {zone.origin: zone for zone in zones if zone.origin is not None}

    async def answer(self, query: dns.message.Message) -> dns.message.Message:
        """RFC 1034 §4.3.2, without recursion."""
        response = dns.message.make_response(query)
        question = query.question[0]
        zone = self._zone_of(question.name)
        if zone is None:
            response.set_rcode(dns.rcode.REFUSED)
            return response
        name = question.name
        for _ in range(_MAXIMUM_CHAIN):
            if self._refer(zone, name, response):
                return response
            response.flags |= dns.flags.AA
            alias = zone.get_rrset(name, dns.rdatatype.CNAME)
            if alias is None or question.rdtype == dns.rdatatype.CNAME:
                break
            response.answer.append(alias)  # step 3a: copy it and go on with the target
            name = alias[0].target
            if self._zone_of(name) is not zone:
                return response
        self._complete(zone, name, question.rdtype, response)
        return response

    def _zone_of(self, name: dns.name.Name) -> dns.zone.Zone | None:
        """The zone of ours that is the nearest ancestor of a name."""
        while True:
            if name in self.zones:
                return self.zones[name]
            if name == dns.name.root:
                return None
            name = name.parent()

    def _refer(self, zone: dns.zone.Zone, name: dns.name.Name, response: dns.message.Message) -> bool:
        """Step 3b: if the name lies in a delegated zone, name its servers."""
        assert zone.origin is not None
        cuts = []
        ancestor = name
        while ancestor != zone.origin:
            cuts.append(ancestor)
            ancestor = ancestor.parent()
        for cut in reversed(cuts):
            servers = zone.get_rrset(cut, dns.rdatatype.NS)
            if servers is not None:
                response.authority.append(servers)
                for server in servers:
                    glue = zone.get_rrset(server.target, dns.rdatatype.A)
                    if glue is not None:
                        response.additional.append(glue)
                return True
        return False

    def _complete(
        self, zone: dns.zone.Zone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType,
        response: dns.message.Message,
    ) -> None:  # fmt: skip
        found = zone.get_rrset(name, rdtype)
        if found is None:
            found = self._wildcard(zone, name, rdtype)
        if found is not None:
            response.answer.append(found)
            return
        assert zone.origin is not None
        soa = zone.get_rrset(zone.origin, dns.rdatatype.SOA)
        if soa is not None:
            response.authority.append(soa)  # RFC 2308 §3
        exists = any(known.is_subdomain(name) for known in zone.nodes)
        if not exists and not response.answer:
            response.set_rcode(dns.rcode.NXDOMAIN)

    def _wildcard(
        self, zone: dns.zone.Zone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> dns.rrset.RRset | None:
        """Step 3c; RFC 4592 §3.3: the asterisk below the closest ancestor that exists."""
        if any(known.is_subdomain(name) for known in zone.nodes):
            return None
        ancestor = name.parent()
        while not any(known.is_subdomain(ancestor) for known in zone.nodes):
            ancestor = ancestor.parent()
        source = zone.get_rrset(dns.name.Name((b"*", *ancestor.labels)), rdtype)
        if source is None:
            return None
        synthesized = dns.rrset.RRset(name, dns.rdataclass.IN, rdtype)
        for record in source:
            synthesized.add(record, ttl=source.ttl)
        return synthesized
