"""``pressenter why``: the chain of causes of an event in a recorded journey."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pressenter.cli.options import LANGUAGE
from pressenter.cli.recorded import read_events

__all__ = ["why"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option(
    "--journey",
    "folder",
    default="journey",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of a recorded journey.",
)
@click.option("--all", "everything", is_flag=True, help="Every link of the chain, not only those that tell a story.")
@LANGUAGE
def why(number: int | None, folder: Path, everything: bool, language: str) -> None:
    """Print why event NUMBER happened, back to the first key press.

    Numbers stand in journey.jsonl and in the comments of capture.pcapng.  Without one, the
    last picture on the screen is explained.
    """
    from pressenter.trace.catalogue import CATALOGUE, sentence
    from pressenter.trace.causes import chain

    events = read_events(folder)
    if number is None:
        number = next((event.id for event in reversed(events) if event.name == "display.scanout"), len(events))
    if number > len(events):
        click.echo(f"pressenter: the journey has only {len(events)} events", err=True)
        sys.exit(2)
    for event in chain(events, number):
        if everything or event.id == number or CATALOGUE[event.name].told == "always" or event.cause == 0:
            what = sentence(event.name, event.fields, language)
            click.echo(f"{event.at_ns / 1e6:>13,.3f} ms  {event.id:>6}  {event.node}: {event.name}: {what}")
