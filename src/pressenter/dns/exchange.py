"""One question to one server: over UDP, and over TCP if the answer is truncated.

A forged answer must guess the client's port and the query's ID, both drawn at
random, and come from the address that was asked (RFC 5452).  Whatever does not
match is recorded and ignored; the wait goes on.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype

from pressenter.dns.message import answers, make_query, summary
from pressenter.trace import Recorder

__all__ = ["Exchange", "NoAnswer"]

PORT = 53


class NoAnswer(Exception):
    """No server of those asked gave a usable answer."""


class _Client(asyncio.DatagramProtocol):
    """Waits for the reply that matches."""

    def __init__(self, exchange: Exchange, query: dns.message.Message, server: str) -> None:
        self.exchange = exchange
        self.query = query
        self.server = server
        self.reply: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        transport.sendto(self.query.to_wire())

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self.reply.done():
            return
        try:
            reply = dns.message.from_wire(data)
            reason = answers(self.query, reply)
        except (dns.exception.DNSException, ValueError) as error:
            reason = f"it is malformed: {error}"
        if reason is None:
            self.reply.set_result(reply)
        else:
            self.exchange.record("dns.reject", source=self.server, reason=reason)

    def error_received(self, exc: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(exc)


class Exchange:
    """Asks servers on behalf of one host's resolver.

    Args:
        node: the host's name, for the recording.
        randomness: where IDs come from.
        timeout: seconds to wait for an answer over UDP.
        attempts: how often a question is sent before giving up.
    """

    def __init__(
        self,
        node: str,
        recorder: Recorder,
        randomness: random.Random,
        *,
        timeout: float,
        attempts: int,
    ) -> None:
        self.node = node
        self._recorder = recorder
        self._randomness = randomness
        self.timeout = timeout
        self.attempts = attempts

    def record(self, name: str, /, **fields: Any) -> int:
        """Record an event of this host."""
        return self._recorder.record(self.node, name, **fields)

    async def ask(
        self, server: str, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, *, recursive: bool
    ) -> dns.message.Message:
        """The server's answer.  Raises NoAnswer."""
        question = {"name": str(name), "type": dns.rdatatype.to_text(rdtype), "server": server}
        for attempt in range(1, self.attempts + 1):
            query = make_query(name, rdtype, self._randomness.getrandbits(16), recursive=recursive)
            self.record("dns.query", **question, id=query.id)
            try:
                reply = await self._over_udp(server, query)
                if reply.flags & dns.flags.TC:
                    reply = await self._over_tcp(server, query)
            except TimeoutError:
                self.record("dns.timeout", **question, attempt=attempt)
                continue
            except (OSError, EOFError, dns.exception.DNSException) as error:
                raise NoAnswer(f"{server}: {error}") from error
            self.record("dns.answer", **question, summary=summary(reply))
            return reply
        raise NoAnswer(f"{server} did not answer {self.attempts} queries for {name}")

    async def _over_udp(self, server: str, query: dns.message.Message) -> dns.message.Message:
        loop = asyncio.get_running_loop()
        transport, client = await loop.create_datagram_endpoint(
            lambda: _Client(self, query, server), remote_addr=(server, PORT)
        )
        try:
            return await asyncio.wait_for(client.reply, self.timeout)
        finally:
            transport.close()

    async def _over_tcp(self, server: str, query: dns.message.Message) -> dns.message.Message:
        """RFC 7766: the same question, with two bytes of length in front."""
        reader, writer = await asyncio.open_connection(server, PORT)
        try:
            wire = query.to_wire()
            writer.write(len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(await asyncio.wait_for(reader.readexactly(2), self.timeout), "big")
            data = await asyncio.wait_for(reader.readexactly(length), self.timeout)
        finally:
            writer.close()
        reply = dns.message.from_wire(data)
        reason = answers(query, reply)
        if reason is not None:
            raise OSError(reason)
        return reply
