"""TLS on a socket that blocks: what ``ssl.SSLContext.wrap_socket`` gives to a program in a thread.

OpenSSL never sees the connection.  It takes and gives records through two buffers in memory (``ssl.MemoryBIO``),
and this class carries them over the simulated socket::

    program --- read, write ---> ssl.SSLObject --- outgoing ---> send
                                     ^                             |  BlockingSocket
                                     +------------ incoming <--- recv
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from pressenter.testing.blocking_socket import BlockingSocket

__all__ = ["BlockingTlsSocket"]

Result = TypeVar("Result")
_RECORDS = 65_536


class BlockingTlsSocket(BlockingSocket):
    """A connection over TLS; the socket that it was made of is not to be used any more.

    Attributes:
        context: whose rules it follows.
        server_side, server_hostname: which end it is, and whom it believes to talk to.
    """

    def __init__(
        self,
        plain: BlockingSocket,
        context: ssl.SSLContext,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        super().__init__(plain.program, plain.inside, plain.gettimeout())
        self.context = context
        self.server_side = server_side
        self.server_hostname = server_hostname
        self._shakes_hands = do_handshake_on_connect
        self._ragged_end_is_an_end = suppress_ragged_eofs
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side, server_hostname, session)
        if self._is_connected():
            self._begin()

    def _is_connected(self) -> bool:
        try:
            self.inside.getpeername()
        except OSError:
            return False
        return True

    def _begin(self) -> None:
        if self._shakes_hands:
            self.do_handshake()

    def connect(self, address: tuple[Any, ...]) -> None:
        """To a name or an address, and then TLS."""
        super().connect(address)
        self._begin()

    def accept(self) -> tuple[BlockingSocket, Any]:
        """The next connection, which speaks TLS as this one does."""
        plain, address = super().accept()
        shakes, ragged = self._shakes_hands, self._ragged_end_is_an_end
        return BlockingTlsSocket(plain, self.context, True, shakes, ragged), address

    def _carry(self, operation: Callable[[], Result]) -> Result:
        """Do what OpenSSL can, and carry records until it can."""
        while True:
            try:
                return operation()
            except ssl.SSLWantReadError:
                self._flush()
                try:
                    records = super().recv(_RECORDS)
                except BlockingIOError:
                    raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete") from None
                if records:
                    self._incoming.write(records)
                else:
                    self._incoming.write_eof()
            finally:
                self._flush()

    def _flush(self) -> None:
        records = self._outgoing.read()
        while records:
            records = records[super().send(records) :]

    # ---- what ssl.SSLSocket has --------------------------------------------------------------------

    def do_handshake(self, block: bool = False) -> None:
        """Agree on keys, and look at the certificate.  Raises ssl.SSLError."""
        self._carry(self._object.do_handshake)

    def recv(self, bufsize: int = 1024, flags: int = 0) -> bytes:
        """At least a byte, or nothing at the end."""
        try:
            return self._carry(lambda: self._object.read(bufsize))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLEOFError:
            if not self._ragged_end_is_an_end:
                raise
            return b""

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As `recv`, into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view))
        view[: len(data)] = data
        return len(data)

    def send(self, data: Any, flags: int = 0) -> int:
        """All of it: what OpenSSL has taken it has sealed."""
        view = memoryview(data).cast("B")
        return self._carry(lambda: self._object.write(view)) if len(view) else 0

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        """The older name of `recv`, and of `recv_into` if there is a buffer."""
        return self.recv(len) if buffer is None else self.recv_into(buffer, len)

    def write(self, data: Any) -> int:
        """The older name of `send`."""
        return self.send(data)

    def unwrap(self) -> BlockingSocket:
        """Say goodbye and wait for the peer's; the plain connection goes on."""
        self._carry(self._object.unwrap)
        return BlockingSocket(self.program, self.inside, self.gettimeout())

    def __getattr__(self, name: str) -> Any:
        """cipher, getpeercert, version, selected_alpn_protocol and the like are OpenSSL's to answer."""
        if name in ("recvfrom", "sendto"):
            raise ValueError(f"{name} not allowed on instances of {type(self).__name__}")
        if not name.startswith("_") and hasattr(ssl.SSLObject, name):
            return getattr(self._object, name)
        return super().__getattr__(name)
