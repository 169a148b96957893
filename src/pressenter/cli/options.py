"""Options that several commands have: of the world, of what is put into it, of the language."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["LANGUAGE", "SEED", "SETTINGS", "SITES", "WORLD"]


def _parse_sites(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    sites = {}
    for value in values:
        name, equals, folder = value.partition("=")
        if not equals or not name or not folder:
            raise click.BadParameter(f"{value!r} is not NAME=FOLDER, such as www.mysite.test=./public")
        if not Path(folder).is_dir():
            raise click.BadParameter(f"{folder} is not a folder")
        sites[name.lower()] = Path(folder)
    return sites


def _parse_settings(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for value in values:
        path, equals, text = value.partition("=")
        if not equals or not path:
            raise click.BadParameter(f"{value!r} is not KEY=VALUE, such as hosts.laptop.tcp.congestion_control=bbr")
        settings[path.strip()] = text.strip()
    return settings


SEED = click.option(
    "--seed", default=1, show_default=True, help="Seed of every random draw: ports, sequence numbers, losses."
)
WORLD = click.option(
    "--world",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A world file of your own instead of the built-in internet.",
)
LANGUAGE = click.option(
    "--lang",
    "language",
    default="en",
    show_default=True,
    type=click.Choice(["en", "zh"]),
    help="Language of the story.",
)
SITES = click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="NAME=FOLDER",
    callback=_parse_sites,
    help="Put a folder of your own into the lab as a website, with name, server and route. Repeatable.",
)
SETTINGS = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_parse_settings,
    help="Set a key of the world otherwise, such as links.home-router:wan--isp-access:home.loss=0.05. Repeatable.",
)
