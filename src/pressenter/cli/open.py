"""``pressenter open``: a recorded journey, or the capture or archive of another program, in the viewer."""

from __future__ import annotations

import codecs
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pressenter.viewer.recording import Recording

__all__ = ["open"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("path", type=click.Path(path_type=Path), default="journey")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the page there, instead of a temporary file."
)
@click.option("--browser/--no-browser", default=True, help="Open the page in the web browser.")
def open(path: Path, html: Path | None, browser: bool) -> None:  # noqa: A001
    """Show PATH in the viewer: the folder of a journey, or a .pcapng, .pcap or .har file.

    Captures of other programs are shown in the packets and connections views, archives in the waterfall.
    """
    import webbrowser

    try:
        text = _page(path)
        if html is not None:
            html.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        click.echo(f"pressenter: {path} cannot be shown: {reason}", err=True)
        sys.exit(2)
    if html is None:
        with tempfile.NamedTemporaryFile(
            "w", suffix=".html", prefix="pressenter-", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        html = Path(file.name)
    click.echo(str(html))
    if browser:
        webbrowser.open(html.resolve().as_uri())


def _page(path: Path) -> str:
    from pressenter.viewer.report import report_html

    if path.is_dir():
        path = path / "journey.html"
    data = path.read_bytes()
    if path.suffix.lower() in (".html", ".htm"):
        text = data.decode("utf-8", "replace")
        if 'id="recording"' not in text:
            raise ValueError("it is no report of pressenter's")
        return text
    return report_html(_recording(path, data), f"pressenter: {path.name}")


def _recording(path: Path, data: bytes) -> Recording:
    from pressenter.viewer.recording import Recording

    about = {"title": path.name, "address": "", "language": "en", "failure": None}
    if path.suffix.lower() == ".har" or data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{":
        from pressenter.trace.har_reader import read_har

        return Recording({**about, "view": "timeline"}, read_har(data), [])
    from pressenter.trace.capture_reader import read_capture

    capture = read_capture(data)
    return Recording({**about, "fcs": capture.has_fcs, "view": "packets"}, [], capture.frames)
