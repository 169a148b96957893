"""``pressenter render``: a page to a picture, or to the text of one of its stages."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

__all__ = ["render"]

#: How many objects are made and not freed before garbage is searched for: a page is drawn once, and what it was made
#: of goes with the process.
_SEARCH_AFTER = 1_000_000
_STAGES = ("dom", "cssom", "styles", "boxes", "fragments", "display-list", "rects")


class _Size(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    name = "WxH"

    def convert(
        self, value: str | tuple[int, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Two whole numbers with an x between."""
        if isinstance(value, tuple):
            return value
        width, _, height = value.lower().partition("x")
        if not (width.isdecimal() and height.isdecimal() and 1 <= int(width) <= 16384 and 1 <= int(height) <= 16384):
            self.fail(f"{value!r} is no size; write it as 1280x900, each side from 1 to 16384", param, ctx)
        return int(width), int(height)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("source")
@click.option("--size", default="1280x900", show_default=True, type=_Size(), help="The viewport, in CSS pixels.")
@click.option("--full-page", is_flag=True, help="The whole page, not only what the viewport shows.")
@click.option("--png", "picture", type=click.Path(dir_okay=False, path_type=Path), help="Write the picture here.")
@click.option("--dump", "stage", type=click.Choice(_STAGES), help="Print a stage as text; rects is JSON.")
@click.option(
    "--fonts",
    default="system",
    show_default=True,
    type=click.Choice(["system", "packaged"]),
    help="The computer's own fonts, or those that come with pressenter: the same picture everywhere.",
)
def render(
    source: str, size: tuple[int, int], full_page: bool, picture: Path | None, stage: str | None, fonts: str
) -> None:
    """Lay out a page and draw it, as a browser would show it, without the simulated network.

    SOURCE is an HTML file, a folder with an index.html, or an address.  Scripts do not run.

    \b
    pressenter render page.html --png page.png
    pressenter render page.html --size 390x844 --full-page --png phone.png
    pressenter render page.html --dump rects
    """
    gc.set_threshold(_SEARCH_AFTER)
    if fonts == "system":
        from pressenter.browser.layout.system_fonts import ask_ahead

        ask_ahead()
    from pressenter.browser.layout.fonts import FontLibrary
    from pressenter.browser.render import page_picture, page_rectangles
    from pressenter.browser.render import render as load
    from pressenter.http.errors import FetchError

    if picture is None and stage is None:
        picture = Path("page.png")
    try:
        rendering = load(source, *size, FontLibrary(system=fonts == "system"))
    except (FileNotFoundError, FetchError) as error:
        click.echo(f"pressenter: {error}", err=True)
        sys.exit(2)
    for problem in rendering.problems:
        click.echo(f"pressenter: {problem}", err=True)
    if stage == "rects":
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(page_rectangles(rendering.page)), indent=1).decode())
    elif stage is not None:
        click.echo(rendering.page.dump(stage))
    if picture is not None:
        _write(picture, page_picture(rendering.page, *size, full_page))


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        click.echo(f"pressenter: {path} cannot be written: {error.strerror}", err=True)
        sys.exit(1)
    click.echo(f"{path}: {len(data):,} bytes", err=True)
