"""A DNS server's front: takes queries over UDP and TCP, and sends what an answerer says."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype

from pressenter.dns.message import summary
from pressenter.trace import Recorder

__all__ = ["Answerer", "DnsServer"]

_PLAIN_UDP_LIMIT = 512  # RFC 1035 §4.2.1, without EDNS


class Answerer(Protocol):
    """What decides: an authoritative server, a recursive resolver, or a forwarder."""

    async def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The response to a query that has exactly one question."""


class DnsServer:
    """Serves one answerer on port 53 of the host that it runs on."""

    def __init__(self, node: str, recorder: Recorder, answerer: Answerer, thinking_time: float = 0.0) -> None:
        self.node = node
        self.answerer = answerer
        self._recorder = recorder
        self._thinking_time = thinking_time
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, address: str = "0.0.0.0", port: int = 53) -> None:
        """Open the sockets; answering goes on in the background."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: _Server(self), local_addr=(address, port))
        await asyncio.start_server(self._serve_stream, address, port)

    def handle_datagram(self, transport: asyncio.DatagramTransport, data: bytes, client: Any) -> None:
        """Answer a datagram in a task of its own."""
        task = asyncio.get_running_loop().create_task(self._answer_datagram(transport, data, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_datagram(self, transport: asyncio.DatagramTransport, data: bytes, client: Any) -> None:
        response = await self._respond(data, client)
        if response is None:
            return
        limit = response.request_payload or _PLAIN_UDP_LIMIT
        try:
            wire = response.to_wire(max_size=limit, want_shuffle=False)
        except dns.exception.TooBig:
            response.answer, response.authority, response.additional = [], [], []
            response.flags |= dns.flags.TC  # RFC 2181 §9
            wire = response.to_wire(max_size=limit, want_shuffle=False)
        transport.sendto(wire, client)

    async def _serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = writer.get_extra_info("peername")
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                response = await self._respond(await reader.readexactly(length), client)
                if response is None:
                    break
                wire = response.to_wire(max_size=65_535, want_shuffle=False)
                writer.write(len(wire).to_bytes(2, "big") + wire)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _respond(self, data: bytes, client: Any) -> dns.message.Message | None:
        try:
            query = dns.message.from_wire(data)
        except (dns.exception.DNSException, ValueError):
            return None  # RFC 1035 leaves it open; silence does not help an attacker
        if query.flags & dns.flags.QR:
            return None
        if self._thinking_time:
            await asyncio.sleep(self._thinking_time)
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            response = dns.message.make_response(query)
            response.set_rcode(dns.rcode.NOTIMP)
            return response
        question = query.question[0]
        response = await self.answerer.answer(query)
        response.request_payload = query.payload
        self._recorder.record(
            self.node, "dns.serve", client=client[0], name=str(question.name),
            type=dns.rdatatype.to_text(question.rdtype), summary=summary(response),
        )  # fmt: skip
        return response


class _Server(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self.server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.server.handle_datagram(self.transport, data, addr)
