"""Calls of the standard event loop that a simulated host's loop does not offer.

Each says its own name, so that a program that needs one fails with a clear message.
"""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

__all__ = ["CallsNotOffered", "refuse"]


def refuse(call: str) -> NoReturn:
    """Raise NotImplementedError naming the call."""
    raise NotImplementedError(f"{call} is not offered by HostLoop: there is no such thing in the simulated world")


class CallsNotOffered(asyncio.AbstractEventLoop):
    """Descriptors, pipes, processes, signals and raw sockets of the operating system."""

    def add_reader(self, *_: Any) -> NoReturn:  # type: ignore[override]
        refuse("add_reader()")

    def remove_reader(self, *_: Any) -> NoReturn:
        refuse("remove_reader()")

    def add_writer(self, *_: Any) -> NoReturn:  # type: ignore[override]
        refuse("add_writer()")

    def remove_writer(self, *_: Any) -> NoReturn:
        refuse("remove_writer()")

    async def sock_sendfile(self, *_: Any, **__: Any) -> NoReturn:
        refuse("sock_sendfile()")

    async def sendfile(self, *_: Any, **__: Any) -> NoReturn:
        refuse("sendfile()")

    async def connect_read_pipe(self, *_: Any) -> NoReturn:
        refuse("connect_read_pipe()")

    async def connect_write_pipe(self, *_: Any) -> NoReturn:
        refuse("connect_write_pipe()")

    async def subprocess_shell(self, *_: Any, **__: Any) -> NoReturn:
        refuse("subprocess_shell()")

    async def subprocess_exec(self, *_: Any, **__: Any) -> NoReturn:
        refuse("subprocess_exec()")

    async def create_unix_connection(self, *_: Any, **__: Any) -> NoReturn:
        refuse("create_unix_connection()")

    async def create_unix_server(self, *_: Any, **__: Any) -> NoReturn:
        refuse("create_unix_server()")

    def add_signal_handler(self, *_: Any) -> NoReturn:  # type: ignore[override]
        refuse("add_signal_handler()")

    def remove_signal_handler(self, *_: Any) -> NoReturn:
        refuse("remove_signal_handler()")

    def set_default_executor(self, *_: Any) -> NoReturn:
        refuse("set_default_executor()")
