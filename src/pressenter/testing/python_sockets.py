"""Python's own ``socket``, ``ssl`` and ``time`` in a test: simulated for programs on hosts, real everywhere else.

Whoever makes a socket in a program that blocks gets one that blocks on the simulated stack; whoever makes
one while a host's loop runs (aiohttp does) gets the host's own for the loop's ``sock_*`` calls.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pressenter.host.event_loop import HostLoop
from pressenter.testing.blocking import BlockingProgram, current_program
from pressenter.testing.blocking_select import simulated_select
from pressenter.testing.blocking_socket import BlockingSocket
from pressenter.testing.blocking_tls import BlockingTlsSocket
from pressenter.testing.replacing import replaced

__all__ = ["real_socketpair", "simulated_sockets"]

_RealSocket = socket.socket
real_socketpair = socket.socketpair


class _Socket(_RealSocket):
    """``socket.socket``, which asks first where it is."""

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        given = dict(zip(("family", "type", "proto", "fileno"), arguments, strict=False)) | named
        program, loop = current_program(), asyncio._get_running_loop()
        if given.get("fileno") is None and (program is not None or isinstance(loop, HostLoop)):
            host = program.host.inside if program is not None else loop.host  # type: ignore[union-attr]
            kind = [given.get("family", -1), given.get("type", -1), given.get("proto", -1)]
            defaults = (socket.AF_INET, socket.SOCK_STREAM, 0)
            family, kind_, proto = (d if value == -1 else value for value, d in zip(kind, defaults, strict=True))
            inside = host.socket(family, kind_, proto)
            return inside if program is None else BlockingSocket(program, inside, socket.getdefaulttimeout())
        return super().__new__(cls)


@contextmanager
def simulated_sockets() -> Iterator[None]:
    """While this lasts, programs on hosts make simulated sockets, resolve simulated names, sleep in virtual time."""
    real_getaddrinfo, real_gethostbyname, real_sleep = socket.getaddrinfo, socket.gethostbyname, time.sleep
    real_wrap_socket = ssl.SSLContext.wrap_socket

    def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        program = current_program()
        if program is None:
            return real_getaddrinfo(host, port, family, type, proto, flags)
        return _resolved(program, host, port, family, type)

    def gethostbyname(hostname: str) -> str:
        program = current_program()
        if program is None:
            return str(real_gethostbyname(hostname))
        return str(_resolved(program, hostname, 0, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])

    def sleep(seconds: float) -> None:
        program = current_program()
        if program is None:
            real_sleep(seconds)
        else:
            program.sleep(seconds)

    def wrap_socket(context: ssl.SSLContext, sock: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(sock, BlockingSocket):
            return BlockingTlsSocket(sock, context, *arguments, **named)
        return real_wrap_socket(context, sock, *arguments, **named)

    replacements = {
        (socket, "socket"): _Socket, (socket, "getaddrinfo"): getaddrinfo, (socket, "gethostbyname"): gethostbyname,
        (time, "sleep"): sleep, (ssl.SSLContext, "wrap_socket"): wrap_socket,
    }  # fmt: skip
    with replaced(replacements), simulated_select():
        yield


def _resolved(program: BlockingProgram, host: Any, port: Any, family: int, type_: int) -> Any:
    number = socket.getservbyname(port) if isinstance(port, str) and not port.isdecimal() else int(port or 0)
    return program.result_of(program.host.loop.getaddrinfo(host, number, family=family, type=type_))
