"""The report: the viewer and one recording in a single HTML file that needs no network.

Modules import one another by bare names (``viewer/store.js``).  In the studio an import map leads
these to the server; in the report to ``data:`` addresses, so the same files serve both, as they are.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
from functools import cache
from importlib import resources

from pressenter.viewer.recording import Recording

__all__ = ["page", "report_html", "static_file", "static_names"]

_STATIC = resources.files("pressenter.viewer") / "static"


@cache
def static_names() -> tuple[str, ...]:
    """The viewer's files."""
    return tuple(sorted(item.name for item in _STATIC.iterdir() if item.is_file()))


@cache
def static_file(name: str) -> str:
    """The text of one of them.  Raises KeyError."""
    if name not in static_names():
        raise KeyError(name)
    return (_STATIC / name).read_text(encoding="utf-8")


def report_html(recording: Recording, title: str) -> str:
    """A page that shows a recording."""
    modules = {
        f"viewer/{name}": "data:text/javascript;base64," + base64.b64encode(static_file(name).encode()).decode("ascii")
        for name in static_names()
        if name.endswith(".js")
    }
    packed = base64.b64encode(gzip.compress(recording.to_json(), 6, mtime=0)).decode("ascii")
    data = f'<script type="application/gzip" id="recording">{packed}</script>'
    return page(title, f"<style>{static_file('viewer.css')}</style>", modules, data)


def page(title: str, style: str, modules: dict[str, str], body: str = "", nonce: str = "") -> str:
    """The viewer's page: where its modules are, and what else stands in it.

    ``nonce`` marks its scripts for the content security policy of whoever serves it.
    """
    mark = f' nonce="{nonce}"' if nonce else ""
    import_map = json.dumps({"imports": modules})
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{html.escape(title)}</title>{style}"
        f'<script type="importmap"{mark}>{import_map}</script></head><body>{body}'
        f'<pe-app></pe-app><script type="module"{mark}>import "viewer/main.js";</script></body></html>\n'
    )
