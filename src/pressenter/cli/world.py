"""``pressenter world``: show, check and summarize world files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

__all__ = ["world"]

_FILE = click.argument("file", required=False, type=click.Path(path_type=Path))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def world() -> None:
    """Show, check or summarize a world file."""


@world.command()
def show() -> None:
    """Print the built-in world, as a beginning for one of your own."""
    from importlib import resources

    click.echo((resources.files("pressenter.worlds") / "internet.toml").read_text(encoding="utf-8"), nl=False)


@world.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Build the world of FILE and say whether anything is wrong with it."""
    built = _load(file)
    nodes = len(built.hosts) + len(built.switches)
    click.echo(f"{file}: good: {nodes} nodes, {len(built.links)} links, {len(built.file.zones)} zones")


@world.command()
@_FILE
def summary(file: Path | None) -> None:
    """List the hosts, routes and sites of a world (the built-in one without FILE)."""
    from pressenter.wire.address import ipv4_text

    built = _load(file)
    click.echo(built.file.title)
    for name, host in built.hosts.items():
        addresses = ", ".join(f"{i.name} {ipv4_text(i.address)}/{i.prefix_length}" for i in host.interfaces)
        click.echo(f"\n{name}: {addresses}")
        for route in host.internet.routes.rows:
            click.echo(f"    {route}")
        table = built.file.hosts.get(name)
        for site in table.sites if table is not None else ():
            click.echo(f"    serves {site}")


def _load(file: Path | None):  # type: ignore[no-untyped-def]
    from pressenter.worlds.schema import WorldFileError
    from pressenter.worlds.world import World

    try:
        return World.load(file, record=False)
    except WorldFileError as error:
        click.echo(f"pressenter: {error}", err=True)
        sys.exit(2)
