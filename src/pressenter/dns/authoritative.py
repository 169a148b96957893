"""An authoritative name server: answers for its zones alone (RFC 1034 §4.3.2)."""

from __future__ import annotations

import copy
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
        if zone is None or question.rdclass != dns.rdataclass.IN:
            response.set_rcode(dns.rcode.REFUSED)
            return response
        name = question.name
        for _ in range(_MAXIMUM_CHAIN):
            if self._refer(zone, name, response):
                break
            response.flags |= dns.flags.AA
            owner = self._owner(zone, name)
            if owner is None:
                response.set_rcode(dns.rcode.NXDOMAIN)  # of the last name in the chain (RFC 2308 §2.1)
                self._deny(zone, response)
                break
            alias = _records(zone, owner, name, dns.rdatatype.RdataType.CNAME)
            if alias is None or question.rdtype == dns.rdatatype.CNAME:
                found = _records(zone, owner, name, question.rdtype)
                if found is not None:
                    response.answer.append(found)
                else:
                    self._deny(zone, response)
                break
            response.answer.append(alias)  # step 3a: copy it and go on with the target
            name = alias[0].target
            if self._zone_of(name) is not zone:
                break
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

    def _owner(self, zone: dns.zone.Zone, name: dns.name.Name) -> dns.name.Name | None:
        """The node that answers for a name: itself, or a wildcard; None if it does not exist.

        Step 3c; RFC 4592 §3.3.1: the asterisk below the closest ancestor that exists.
        """
        if _exists(zone, name):
            return name
        ancestor = name.parent()
        while not _exists(zone, ancestor):
            ancestor = ancestor.parent()
        wildcard = dns.name.Name((b"*", *ancestor.labels))
        return wildcard if wildcard in zone.nodes else None

    def _deny(self, zone: dns.zone.Zone, response: dns.message.Message) -> None:
        """RFC 2308 §3: the SOA, with the time for which the denial may be kept."""
        assert zone.origin is not None
        soa = zone.get_rrset(zone.origin, dns.rdatatype.SOA)
        if soa is not None:
            soa = copy.copy(soa)
            soa.ttl = min(soa.ttl, soa[0].minimum)
            response.authority.append(soa)


def _exists(zone: dns.zone.Zone, name: dns.name.Name) -> bool:
    """Whether a name has records, or names below it that have (an empty non-terminal)."""
    return any(known.is_subdomain(name) for known in zone.nodes)


def _records(
    zone: dns.zone.Zone, owner: dns.name.Name, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> dns.rrset.RRset | None:
    """The records of a node, under the name that was asked for."""
    found = zone.get_rrset(owner, rdtype)
    if found is None or owner == name:
        return found
    synthesized = dns.rrset.RRset(name, dns.rdataclass.IN, rdtype)
    for record in found:
        synthesized.add(record, ttl=found.ttl)
    return synthesized
