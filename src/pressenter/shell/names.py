"""``dig``: ask name servers, and show what they say (BIND's dig 9.18)."""

from __future__ import annotations

import asyncio

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.reversename

from pressenter.dns.exchange import Exchange, NoAnswer
from pressenter.shell.session import Shell, UsageError
from pressenter.shell.tables import name_server_of
from pressenter.wire.address import ipv4_text

__all__ = ["dig"]

_VERSION = "9.18"
_USAGE = "dig [@SERVER] NAME [TYPE] [+short] [+trace] [+norecurse]"
_SECTIONS = ("QUERY", "ANSWER", "AUTHORITY", "ADDITIONAL")
_MOST_STEPS = 16


async def dig(shell: Shell, arguments: list[str]) -> int:
    """``dig [@SERVER] NAME [TYPE] [+short] [+trace] [+norecurse]``."""
    flags = {word for word in arguments if word.startswith("+")}
    unknown = flags - {"+short", "+trace", "+norecurse", "+noall", "+answer", "+recurse"}
    if unknown:
        raise UsageError(f"Invalid option: {', '.join(sorted(unknown))}\nUsage: {_USAGE}")
    words = [word for word in arguments if not word.startswith("+")]
    server = next((word[1:] for word in words if word.startswith("@")), None)
    words = [word for word in words if not word.startswith("@")]
    try:
        name, kind = _question(words)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise UsageError(f"'{' '.join(words)}' is not a legal name or type: {error}") from error
    randomness = shell.host.randomness.stream(f"{shell.host.name}/dig")
    exchange = Exchange(shell.host.name, shell.world.recorder, randomness, timeout=5.0, attempts=3)
    if "+trace" in flags:
        return await _trace(shell, exchange, name, kind)
    server = await shell.address_of(server) if server else name_server_of(shell.host)
    if not server:
        shell.print(";; no servers could be reached")
        return 9
    begin = asyncio.get_running_loop().time()
    try:
        reply = await exchange.ask(server, name, kind, recursive="+norecurse" not in flags)
    except NoAnswer:
        shell.print(f";; communications error to {server}#53: timed out\n\n;; no servers could be reached")
        return 9
    taken = round((asyncio.get_running_loop().time() - begin) * 1000)
    if "+short" in flags:
        for rrset in reply.answer:
            for record in rrset:
                shell.print(str(record))
        return 0
    shell.print(f"\n; <<>> DiG {_VERSION} <<>> {' '.join(arguments)}\n;; global options: +cmd\n;; Got answer:")
    _show(shell, reply)
    shell.print(f";; Query time: {taken} msec\n;; SERVER: {server}#53({server}) (UDP)")
    shell.print(f";; MSG SIZE  rcvd: {len(reply.to_wire())}\n")
    return 0


def _question(words: list[str]) -> tuple[dns.name.Name, dns.rdatatype.RdataType]:
    name, kind = dns.name.root, dns.rdatatype.NS
    if words and words[0] == "-x":
        return dns.reversename.from_address(words[1]), dns.rdatatype.PTR
    for word in words:
        try:
            kind = dns.rdatatype.from_text(word)
        except dns.rdatatype.UnknownRdatatype:
            name = dns.name.from_text(word)
            kind = dns.rdatatype.A if kind == dns.rdatatype.NS and len(words) == 1 else kind
    if len(words) > 1 and kind == dns.rdatatype.NS and "NS" not in [word.upper() for word in words]:
        kind = dns.rdatatype.A
    return name, kind


def _show(shell: Shell, reply: dns.message.Message) -> None:
    code, operation = dns.rcode.to_text(reply.rcode()), dns.opcode.to_text(reply.opcode())
    flags = dns.flags.to_text(reply.flags).lower()
    sections = (reply.question, reply.answer, reply.authority, reply.additional)
    sizes = [len(sections[0]), *map(_count, sections[1:3]), _count(sections[3]) + (reply.edns >= 0)]
    counts = ", ".join(f"{name}: {size}" for name, size in zip(_SECTIONS, sizes, strict=True))
    shell.print(f";; ->>HEADER<<- opcode: {operation}, status: {code}, id: {reply.id}\n;; flags: {flags}; {counts}\n")
    if reply.edns >= 0:
        shell.print(f";; OPT PSEUDOSECTION:\n; EDNS: version: {reply.edns}, flags:; udp: {reply.payload}")
    shell.print(";; QUESTION SECTION:")
    for question in reply.question:
        shell.print(f";{question.name!s:<30} IN\t{dns.rdatatype.to_text(question.rdtype)}")
    for title, section in (("ANSWER", reply.answer), ("AUTHORITY", reply.authority), ("ADDITIONAL", reply.additional)):
        if section:
            shell.print(f"\n;; {title} SECTION:")
            _records(shell, section)
    shell.print()


def _count(section: list) -> int:  # type: ignore[type-arg]
    return sum(len(rrset) for rrset in section)


def _records(shell: Shell, section: list) -> None:  # type: ignore[type-arg]
    for rrset in section:
        for record in rrset:
            shell.print(f"{rrset.name!s:<23} {rrset.ttl:<7} IN\t{dns.rdatatype.to_text(rrset.rdtype)}\t{record}")


def _roots(shell: Shell) -> dict[str, str]:
    """The root servers of the world, with their addresses."""
    zone = shell.world.file.zones.get(".")
    hosts = zone.servers if zone is not None else {}
    return {f"{name}.": ipv4_text(shell.world.hosts[host].interfaces[0].address) for name, host in hosts.items()}


async def _trace(shell: Shell, exchange: Exchange, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> int:
    """From the root down, each server asked itself (``+trace``)."""
    loop = asyncio.get_running_loop()
    shell.print(f"\n; <<>> DiG {_VERSION} <<>> +trace {name}\n;; global options: +cmd")
    servers = _roots(shell)
    for _ in range(_MOST_STEPS):
        if not servers:
            shell.print(";; no servers could be reached")
            return 9
        server, address = next(iter(servers.items()))
        begin = loop.time()
        try:
            reply = await exchange.ask(address, name, kind, recursive=False)
        except NoAnswer:
            shell.print(f";; communications error to {address}#53: timed out")
            return 9
        taken = round((loop.time() - begin) * 1000)
        _records(shell, reply.answer or [r for r in reply.authority if r.rdtype == dns.rdatatype.NS] or reply.authority)
        shell.print(f";; Received {len(reply.to_wire())} bytes from {address}#53({server.rstrip('.')}) in {taken} ms\n")
        referral = [r for r in reply.authority if r.rdtype == dns.rdatatype.NS]
        if reply.answer or not referral:
            return 0
        glue = {str(r.name): str(r[0]) for r in reply.additional if r.rdtype == dns.rdatatype.A}
        names = [str(record.target) for record in referral[0]]
        servers = {server: glue.get(server) or await shell.address_of(server.rstrip(".")) for server in names[:1]}
    return 0
