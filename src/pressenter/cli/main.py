"""``pressenter``: the commands, each imported only when it is called."""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import sys

import click

from pressenter import __version__
from pressenter.nearest import did_you_mean

__all__ = ["main"]

_COMMANDS = {
    "go": "Type an address, press Enter, and watch the page come.",
    "studio": "Open the studio: watch, use and change a world in the web browser.",
    "open": "Show a recorded journey, a capture (pcapng, pcap) or a HAR file.",
    "why": "Say why an event of a recorded journey happened.",
    "diff": "Compare two recorded journeys, and find the first difference.",
    "render": "Draw a page as a browser would show it, without a network.",
    "shell": "Use a host of the world: ping, dig, curl, ip, netstat, tcpdump, …",
    "bridge": "Put the Linux kernel into the world, through a TAP device.",
    "world": "Show, check or summarize a world file.",
}


_SEARCH_AFTER = 100_000  # objects made and not freed; Python's own is 700


def _search_less_for_garbage() -> None:
    """What a command builds lives as long as it does: to look it all over again and again finds next to nothing.

    Only reference cycles wait for the search.  At the end there is none: the memory goes back as a whole.
    """
    gc.set_threshold(_SEARCH_AFTER)
    atexit.register(gc.freeze)


class _LateCommands(click.Group):
    """A group whose commands live in modules that are imported on use: cold start is a feature."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(f"pressenter.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], _COMMANDS) or f"to visit it: pressenter go {args[0]}"
            ctx.fail(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pressenter")
def main() -> None:
    """Press Enter, and watch everything that happens until the page is on the screen.

    Every step is performed, with real bytes, in one deterministic internet on virtual time.
    """
    _search_less_for_garbage()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks characters gets question marks
