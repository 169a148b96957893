"""The calls of the event loop that turn names into addresses, asked of the host's own resolver.

Where a name has addresses of both families, they come in the order in which they are worth trying (RFC 6724 §6).
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from pressenter.host.ipv6.source_address import order_destinations
from pressenter.host.not_offered import CallsNotOffered
from pressenter.wire.address import address_bytes, address_text, socket_address

if TYPE_CHECKING:
    from pressenter.host.host import Host

__all__ = ["NameCalls"]


class NameCalls(CallsNotOffered):
    """What asyncio offers for names."""

    host: Host

    async def getaddrinfo(  # type: ignore[override]
        self, host: str | bytes | None, port: str | int | None, *,
        family: int = 0, type: int = 0, proto: int = 0, flags: int = 0,
    ) -> list[tuple[int, int, int, str, tuple[Any, ...]]]:  # fmt: skip
        """Addresses of a name, asked of the host's resolver.  Raises socket.gaierror."""
        if isinstance(host, bytes):
            host = host.decode()
        number = int(port or 0)
        if host is None or host == "":
            addresses = ["0.0.0.0", "::"] if flags & socket.AI_PASSIVE else ["127.0.0.1", "::1"]
            if not self.host.internet.ipv6.interfaces:
                del addresses[1]
        else:
            try:
                addresses = [address_text(address_bytes(host))]
            except ValueError:
                addresses = self._most_promising_first(await self.host.resolve(host))
        if family:
            addresses = [address for address in addresses if _family(address) == family]
            if not addresses:
                raise socket.gaierror(socket.EAI_NODATA, f"{host} has no address of the family asked for")
        kinds = [type] if type else [socket.SOCK_STREAM, socket.SOCK_DGRAM]
        protocols: dict[int, int] = {socket.SOCK_STREAM: socket.IPPROTO_TCP, socket.SOCK_DGRAM: socket.IPPROTO_UDP}
        return [
            (
                _family(address),
                socket.SocketKind(kind),
                protocols.get(kind, proto),
                "",
                socket_address(address_bytes(address), number),
            )
            for address in addresses
            for kind in kinds
        ]

    def _most_promising_first(self, addresses: list[str]) -> list[str]:
        """RFC 6724 §6; with one family there is nothing to choose, and the name server's order stands."""
        packed = [address_bytes(address) for address in addresses]
        if len({len(address) for address in packed}) < 2:
            return addresses

        def source_for(destination: bytes) -> bytes | None:
            try:
                return self.host.internet.source_for(destination)
            except OSError:
                return None

        return [address_text(address) for address in order_destinations(packed, source_for)]

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        """The numbers as text: nothing in the world answers reverse queries yet."""
        return str(sockaddr[0]), str(sockaddr[1])

    async def _addresses(
        self, host: str | None, port: int | str | None, flags: int = 0, family: int = 0
    ) -> list[tuple[Any, ...]]:
        found = await self.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags, family=family)
        return [row[4] for row in found]


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
