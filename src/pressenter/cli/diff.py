"""``pressenter diff``: two recorded journeys, step by step, with the first difference and its cause."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pressenter.cli.options import LANGUAGE
from pressenter.cli.recorded import read_events

__all__ = ["diff"]

_WORDS = {
    "en": {"step": "step", "before": "A", "after": "B", "difference": "B − A", "events": "events",
           "same": "Nothing is different.", "first": "The first difference after Enter:",
           "loaded": "the whole picture"},
    "zh": {"step": "步骤", "before": "A", "after": "B", "difference": "B − A", "events": "事件", "same": "没有差异。",
           "first": "回车之后的第一处差异：", "loaded": "完整画面"},
}  # fmt: skip


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@LANGUAGE
def diff(a: Path, b: Path, language: str) -> None:
    """Compare the recorded journeys in folders A and B.

    For each step it says when it was over, after the last Enter; then where B first differs from A, and
    because of what.  Exit code 0 if nothing is different, 1 if something is.

    \b
    Example:
      pressenter go www.example.com --out fast
      pressenter go www.example.com --out lossy --set links.home-router:wan--isp-access:home.loss=0.1
      pressenter diff fast lossy
    """
    from rich.console import Console
    from rich.table import Table

    from pressenter.trace.comparison import compare
    from pressenter.trace.steps import STEPS

    words = _WORDS[language]
    found = compare(read_events(a), read_events(b))
    table = Table(box=None, pad_edge=False)
    table.add_column(words["step"])
    for name in ("before", "after", "difference", "events"):
        table.add_column(words[name], justify="right")
    rows = [
        (
            f"{p.step:>2} {getattr(STEPS[p.step - 1], language)}",
            p.before_ns, p.after_ns,
            f"{p.before_events} / {p.after_events}",
        )
        for p in found.steps
    ]  # fmt: skip
    for title, before, after, events in [*rows, (words["loaded"], *found.loaded_ns, "")]:
        changed = before is not None and after is not None and before != after
        difference = f"{(after - before) / 1e6:+,.3f} ms" if changed else ""  # type: ignore[operator]
        table.add_row(title, _time(before), _time(after), difference, events)
    console = Console(highlight=False)
    console.print(table)
    if found.is_same:
        console.print(f"\n{words['same']}")
        sys.exit(0)
    console.print(f"\n{words['first']}")
    for line in found.in_words(language):
        console.print(f"  {line}", soft_wrap=True, markup=False)
    sys.exit(1)


def _time(at_ns: int | None) -> str:
    return "–" if at_ns is None else f"{at_ns / 1e6:,.3f} ms"
