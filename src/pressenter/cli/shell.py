"""``pressenter shell``: a shell on a host of the world."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pressenter.cli.options import SEED, SETTINGS, SITES, WORLD

if TYPE_CHECKING:
    from pressenter.shell.session import Shell

__all__ = ["shell"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("host", default="laptop")
@click.option(
    "-c", "commands", multiple=True, metavar="COMMAND", help="Run this and end.  Repeatable: one after the other."
)
@SEED
@WORLD
@SITES
@SETTINGS
def shell(
    host: str,
    commands: tuple[str, ...],
    seed: int,
    world: Path | None,
    sites: dict[str, Path],
    settings: dict[str, str],
) -> None:
    """A shell on HOST of the world; the laptop without it.

    It has ping, traceroute, dig, curl, ip, arp, route, netstat, ss, tcpdump, cat, hostname, sleep and help.

    \b
    Examples:
      pressenter shell laptop -c "ping -c 2 www.example.com"
      pressenter shell laptop -c "dig +trace www.example.com"
      pressenter shell web-1
    """
    from pressenter.shell.session import Shell
    from pressenter.worlds.schema import WorldFileError
    from pressenter.worlds.world import World

    try:
        built = World.load(world, seed=seed, sites=sites, settings=settings)
        opened = Shell(built, host, lambda text: click.echo(text, nl=False))
    except WorldFileError as error:
        click.echo(f"pressenter: {error}", err=True)
        sys.exit(2)
    except KeyError as error:
        click.echo(f"pressenter: {error.args[0]}", err=True)
        sys.exit(2)
    code = 0
    try:
        for command in commands:
            code = opened.run(command)
        if not commands:
            code = _talk(opened, host)
    finally:
        built.abandon()
        built.close()
    sys.exit(code)


def _talk(opened: Shell, host: str) -> int:
    """Run lines until there are no more, or one says so; returns the exit code of the last, as shells have it."""
    code = 0
    for line in _typed(opened, host) if sys.stdin.isatty() else sys.stdin:
        if line.strip() in ("exit", "logout"):
            break
        code = opened.run(line)
    return code


def _typed(opened: Shell, host: str) -> Iterator[str]:
    """Lines from a person, with history and completion."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import InMemoryHistory

    names = [
        *opened.commands,
        *opened.world.hosts,
        "exit",
        "www.example.com",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/proc/interrupts",
    ]
    completer = WordCompleter(names, sentence=False, WORD=True)
    session: PromptSession[str] = PromptSession(history=InMemoryHistory(), completer=completer)
    while True:
        try:
            yield session.prompt(f"root@{host}:~# ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
