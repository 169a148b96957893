"""The ``sock_*`` calls of the event loop, on the host's own sockets.

A call is tried; if it would block, the loop waits until the socket has news and tries again.  Several
calls may wait for one socket (one reads, one writes): each tries for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pressenter.host.not_offered import CallsNotOffered, refuse
from pressenter.host.sockets import Socket

if TYPE_CHECKING:
    from pressenter.host.host import Host

__all__ = ["SocketCalls"]

Result = TypeVar("Result")


class SocketCalls(CallsNotOffered):
    """What asyncio offers for sockets that a program has made itself."""

    host: Host

    async def sock_recv(self, sock: Any, n: int) -> bytes:
        return await self._when_possible(sock, lambda own: own.recv(n))

    async def sock_recv_into(self, sock: Any, buf: Any) -> int:
        return await self._when_possible(sock, lambda own: own.recv_into(buf))

    async def sock_recvfrom(self, sock: Any, bufsize: int) -> tuple[bytes, Any]:
        return await self._when_possible(sock, lambda own: own.recvfrom(bufsize))

    async def sock_recvfrom_into(self, sock: Any, buf: Any, nbytes: int = 0) -> tuple[int, Any]:
        data, address = await self.sock_recvfrom(sock, nbytes or len(buf))
        memoryview(buf).cast("B")[: len(data)] = data
        return len(data), address

    async def sock_sendto(self, sock: Any, data: Any, address: Any) -> int:
        return await self._when_possible(sock, lambda own: own.sendto(data, address))

    async def sock_sendall(self, sock: Any, data: Any) -> None:
        view = memoryview(data).cast("B")
        while len(view):
            sent = await self._when_possible(sock, lambda own, rest=view: own.send(rest))  # type: ignore[misc]
            view = view[sent:]

    async def sock_connect(self, sock: Any, address: Any) -> None:
        own = self._own(sock)
        if isinstance(address, tuple) and own.type.name == "SOCK_STREAM":
            rows = await self.getaddrinfo(address[0], address[1], family=own.family, type=own.type)
            address = rows[0][4]
        try:
            own.connect(address)
        except BlockingIOError:
            await self._when_possible(own, Socket.finish_connecting)

    async def sock_accept(self, sock: Any) -> tuple[Any, Any]:
        return await self._when_possible(sock, lambda own: own.accept())

    def _own(self, sock: Any) -> Socket:
        if not isinstance(sock, Socket):
            refuse(f"a socket of the operating system ({type(sock).__name__})")
        return sock

    async def _when_possible(self, sock: Any, attempt: Callable[[Socket], Result]) -> Result:
        own = self._own(sock)
        while True:
            try:
                return attempt(own)
            except BlockingIOError:
                await self._news(own)

    async def _news(self, sock: Socket) -> None:
        """Wait until something about the socket is another."""
        news: asyncio.Future[None] = self.create_future()
        before = sock.on_change

        def tell() -> None:
            before()
            if not news.done():
                news.set_result(None)

        sock.on_change = tell
        try:
            await news
        finally:
            if sock.on_change is tell:
                sock.on_change = before
