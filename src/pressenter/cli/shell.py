"""``pressenter shell``: a shell on a host of the world."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pressenter.cli.options import SEED, SETTINGS, SITES, WORLD

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
            _talk(opened, host)
    finally:
        built.abandon()
        built.close()
    sys.exit(code)


def _talk(opened, host: str) -> None:  # type: ignore[no-untyped-def]
    """Lines from a person, with history and completion; or from a pipe."""
    if not sys.stdin.isatty():
        for line in sys.stdin:
            opened.run(line)
        return
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
            line = session.prompt(f"root@{host}:~# ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if line.strip() in ("exit", "logout"):
            return
        opened.run(line)
