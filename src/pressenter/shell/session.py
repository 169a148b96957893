"""A line of commands, run on one host: the world goes on until it is done."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NoReturn

from pressenter.nearest import did_you_mean

if TYPE_CHECKING:
    from pressenter.host.host import Host
    from pressenter.worlds.world import World

__all__ = ["Command", "Options", "Shell", "UsageError"]

#: Takes the shell and the words behind the command's name; returns the exit code.
Command = Callable[["Shell", list[str]], Awaitable[int]]

_NOT_FOUND, _WRONG_USE = 127, 2
_OPERATORS = frozenset({"|", "||", "&&", "&", ";", ">", ">>", "<"})


class UsageError(Exception):
    """A command was used in a way that it does not know; the message says how it is used."""


class Options(argparse.ArgumentParser):
    """Options of a command: what is wrong is raised, not printed on the way out."""

    def __init__(self, usage: str) -> None:
        super().__init__(add_help=False, usage=usage)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\nUsage: {self.usage}")


class Shell:
    """A shell on a host.

    Args:
        write: takes what is printed.

    Attributes:
        world, host: where it runs.
    """

    def __init__(self, world: World, host: str, write: Callable[[str], object]) -> None:
        from pressenter.shell.commands import COMMANDS

        self.world = world
        self.host: Host = world.host(host)
        self._write = write
        self._identifier = 0
        self.commands = COMMANDS

    def next_identifier(self) -> int:
        """Of a series of echoes."""
        self._identifier += 1
        return self._identifier

    def print(self, text: str = "") -> None:
        """A line."""
        self._write(text + "\n")

    def run(self, line: str) -> int:
        """Run a line, and the world with it, until it is done; returns its exit code."""
        result: int = self.host.run(self.execute(line))
        return result

    async def execute(self, line: str) -> int:
        """A line as a program on the host; its result is the exit code, as shells have it."""
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            self.print(f"sh: {error}")
            return _WRONG_USE
        if not words:
            return 0
        if operators := [word for word in words if word in _OPERATORS]:
            self.print(f"sh: {operators[0]}: here a line is one command, without pipes and redirections")
            return _WRONG_USE
        name, *arguments = words
        command = self.commands.get(name)
        if command is None:
            hint = did_you_mean(name, self.commands)
            self.print(f"sh: {name}: command not found{f'; {hint}' if hint else ''}")
            return _NOT_FOUND
        try:
            return await command(self, arguments)
        except UsageError as error:
            self.print(f"{name}: {error}")
            return _WRONG_USE

    async def address_of(self, name: str) -> str:
        """The first address of a name.  Raises OSError (socket.gaierror)."""
        rows = await self.host.loop.getaddrinfo(name, 0)
        return str(rows[0][4][0])
