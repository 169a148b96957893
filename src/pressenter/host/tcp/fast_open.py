"""TCP Fast Open: data in the SYN, for those who have been here before (RFC 7413).

The first connection to a server asks for a *cookie*, a hash of the client's address under a
key that only the server knows.  A later SYN that brings the cookie may bring data too, and
the server may give it to the application before the handshake is over: one round trip saved.
Somebody who only pretends to have the client's address never sees the cookie.

A client remembers for each server the cookie, or that a SYN with data was not welcome.
"""

from __future__ import annotations

import hashlib

__all__ = ["FastOpenCookies", "ServerCookies"]

_SHORTEST, _LONGEST = 4, 16  # RFC 7413 §4.1.1


class FastOpenCookies:
    """What a client knows of the servers' cookies, by server address and port."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[bytes, int], bytes] = {}
        self._refused: set[tuple[bytes, int]] = set()

    def offer(self, server: tuple[bytes, int]) -> bytes | None:
        """What a SYN to the server carries: a cookie, ``b""`` to ask for one, or None for nothing."""
        if server in self._refused:
            return None
        return self._cookies.get(server, b"")

    def learn(self, server: tuple[bytes, int], cookie: bytes | None, data_refused: bool) -> None:
        """A SYN and ACK came: with a cookie or without, and took our data or not (RFC 7413 §4.1.3)."""
        usable = cookie is not None and _SHORTEST <= len(cookie) <= _LONGEST and len(cookie) % 2 == 0
        if usable and cookie is not None:
            self._cookies[server] = cookie
        elif data_refused or server not in self._cookies:
            self._refused.add(server)
            self._cookies.pop(server, None)

    def forget(self) -> None:
        """Begin anew."""
        self._cookies.clear()
        self._refused.clear()


class ServerCookies:
    """A server's cookies: a hash of the client's address."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, client: bytes) -> bytes:
        """The cookie of a client."""
        return hashlib.blake2b(client, key=self._key, digest_size=8).digest()

    def is_valid(self, client: bytes, cookie: bytes) -> bool:
        """Whether it is the one that this client was given."""
        return cookie == self.make(client)
