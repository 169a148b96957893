"""Sockets that block, for programs in threads: ``socket.socket`` on a simulated host."""

from __future__ import annotations

import io
import socket
import weakref
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from pressenter.host.sockets import Socket
from pressenter.testing.blocking import BlockingProgram

__all__ = ["NANOSECOND", "BlockingSocket"]

Result = TypeVar("Result")
NANOSECOND = 1e-9  # the least by which virtual time passes, in seconds


class BlockingSocket:
    """A socket of a program that waits: each call gives the baton away until it can be done.

    ``fileno`` is that of a socket of the operating system on which nothing ever arrives; ``select`` and its like
    find the simulated socket by it (see `pressenter.testing.blocking_select`).

    Attributes:
        program: whose it is.
        inside: the host's own socket, which never waits.
        by_descriptor: those that were asked for one.
    """

    by_descriptor: ClassVar[weakref.WeakValueDictionary[int, BlockingSocket]] = weakref.WeakValueDictionary()

    def __init__(self, program: BlockingProgram, inside: Socket, timeout: float | None) -> None:
        self.program = program
        self.inside = inside
        self._timeout = timeout
        self._files = 0
        self._closed = False
        self._quiet: tuple[socket.socket, socket.socket] | None = None
        self.family, self.type, self.proto = inside.family, inside.type, inside.proto

    def __enter__(self) -> BlockingSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<BlockingSocket on {self.program.host.name}>"

    # ---- waiting -------------------------------------------------------------------------------

    def settimeout(self, value: float | None) -> None:
        """None waits for ever, 0 not at all."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._timeout = value

    def gettimeout(self) -> float | None:
        """In seconds, of virtual time."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """As on every socket."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether calls may wait."""
        return self._timeout != 0

    def _done(self, attempt: Callable[[], Result]) -> Result:
        end = self.program.now + self._timeout if self._timeout is not None else None
        while True:
            try:
                return attempt()
            except BlockingIOError:
                left = end - self.program.now if end is not None else None
                if self._timeout == 0:
                    raise
                if left is not None and left < NANOSECOND:
                    raise TimeoutError("timed out") from None
                self.program.wait(self.on_news, left)

    def on_news(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` when trying again may help; what is returned takes that back."""
        self.inside.on_change = wake

        def undo() -> None:
            self.inside.on_change = lambda: None

        return undo

    # ---- calls -------------------------------------------------------------------------------------

    def connect(self, address: tuple[Any, ...]) -> None:
        """To a name or an address."""
        rows = self.program.result_of(
            self.program.host.loop.getaddrinfo(address[0], address[1], family=self.family, type=self.type)
        )
        try:
            self.inside.connect(rows[0][4])
        except BlockingIOError:
            if self._timeout == 0:
                raise
            self._done(self.inside.finish_connecting)

    def connect_ex(self, address: tuple[Any, ...]) -> int:
        """As `connect`, with the error's number for a result."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or 0
        return 0

    def accept(self) -> tuple[BlockingSocket, Any]:
        """The next connection."""
        accepted, address = self._done(self.inside.accept)
        return BlockingSocket(self.program, accepted, None), address

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """At least a byte, or nothing at the end."""
        return self._done(lambda: self.inside.recv(bufsize, flags))

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As `recv`, into a buffer."""
        return self._done(lambda: self.inside.recv_into(buffer, nbytes, flags))

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Any]:
        """A datagram, and who sent it."""
        return self._done(lambda: self.inside.recvfrom(bufsize, flags))

    def send(self, data: Any, flags: int = 0) -> int:
        """What there is room for, at least a byte."""
        return self._done(lambda: self.inside.send(data, flags))

    def sendall(self, data: Any, flags: int = 0) -> None:
        """All of it."""
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.send(view, flags) :]

    def sendto(self, data: Any, *arguments: Any) -> int:
        """A datagram."""
        return self._done(lambda: self.inside.sendto(data, *arguments))

    def __getattr__(self, name: str) -> Any:
        """bind, listen, shutdown, options, addresses: they never wait."""
        if name in ("bind", "listen", "shutdown", "getsockname", "getpeername", "setsockopt", "getsockopt"):
            return getattr(self.inside, name)
        raise AttributeError(f"a simulated socket has no {name!r}")

    # ---- files, descriptors, the end -----------------------------------------------------------------

    def makefile(
        self, mode: str = "r", buffering: int | None = None, *, encoding: str | None = None,
        errors: str | None = None, newline: str | None = None,
    ) -> Any:  # fmt: skip
        """A file that reads and writes the connection, as `socket.socket.makefile`."""
        self._files += 1
        raw = _Raw(self)
        reads, writes = "r" in mode or not mode.strip("b"), "w" in mode
        size = io.DEFAULT_BUFFER_SIZE if buffering is None or buffering < 0 else buffering
        if size == 0:
            return raw
        file: Any = io.BufferedRWPair(raw, raw, size) if reads and writes else None
        file = file or (io.BufferedReader(raw, size) if reads else io.BufferedWriter(raw, size))
        return file if "b" in mode else io.TextIOWrapper(file, encoding, errors, newline)

    def file_closed(self) -> None:
        """One of the files has been closed; the connection ends with the last of them."""
        self._files -= 1
        if self._closed and self._files <= 0:
            self._end()

    def close(self) -> None:
        """Let go of it; files that were made of it go on."""
        if not self._closed:
            self._closed = True
            if self._files <= 0:
                self._end()

    def _end(self) -> None:
        self.inside.close()
        if self._quiet is not None:
            for end in self._quiet:
                end.close()
            self._quiet = None

    def detach(self) -> int:
        """There is no descriptor to give away: the connection stays with this object."""
        raise OSError("a simulated socket cannot be detached: it has no descriptor of its own")

    def fileno(self) -> int:
        """A descriptor that names it for ``select`` and its like; nothing ever arrives on it."""
        if self._closed:
            return -1
        if self._quiet is None:
            from pressenter.testing.python_sockets import real_socketpair

            self._quiet = real_socketpair()
            self.by_descriptor[self._quiet[0].fileno()] = self
        return self._quiet[0].fileno()


class _Raw(io.RawIOBase):
    """The connection as a raw stream."""

    def __init__(self, socket: BlockingSocket) -> None:
        self._socket = socket

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._socket.recv_into(buffer)

    def write(self, data: Any) -> int:
        return self._socket.send(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._socket.file_closed()
