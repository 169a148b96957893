"""The computer's own fonts, chosen as Chromium chooses them on Linux: by fontconfig.

A family name counts only if a font of that name is installed; the generic families are what fontconfig
says.  Pages then look as they do in other browsers on the same computer, and differently on another:
the worlds of pressenter never use this, ``pressenter render`` does.

Fontconfig's programs take ten milliseconds and more for an answer.  Who knows that it will be wanted can have them
work meanwhile (`ask_ahead`).
"""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["SystemFace", "ask_ahead", "fontconfig_is_there", "generic_family", "installed_faces"]

_TIMEOUT = 20  # seconds, for fontconfig to answer
_BOLD = 180  # fontconfig's number for what CSS calls 600


class SystemFace(NamedTuple):
    """A face in a file; ``number`` is its place in a collection."""

    path: Path
    number: int
    bold: bool
    italic: bool


@lru_cache(maxsize=1)
def fontconfig_is_there() -> bool:
    """Whether fontconfig's programs can be asked."""
    return shutil.which("fc-list") is not None and shutil.which("fc-match") is not None


_LIST = ("fc-list", "--format", "%{family}|%{file}|%{index}|%{weight}|%{slant}|%{width}\\n")
_MATCH = ("fc-match", "--format", "%{family}")
_asked: dict[tuple[str, ...], subprocess.Popen[str]] = {}


def ask_ahead() -> None:
    """Have fontconfig list the fonts, and look for the one that pages have if they ask for none."""
    if fontconfig_is_there():
        for command in (_LIST, (*_MATCH, "serif")):
            _asked[command] = _start(command)


def _start(command: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603


def _ask(*command: str) -> str:
    try:
        process = _asked.pop(command, None) or _start(command)
    except OSError:
        return ""
    with process:
        try:
            return process.communicate(timeout=_TIMEOUT)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            return ""


@lru_cache(maxsize=1)
def installed_faces() -> dict[str, list[SystemFace]]:
    """The faces of every installed family, by its name in lower case."""
    found: dict[str, list[SystemFace]] = {}
    for line in _ask(*_LIST).splitlines():
        parts = line.split("|")
        if len(parts) != 6 or not parts[1].lower().endswith((".ttf", ".otf", ".ttc")):
            continue
        families, file, index, weight, slant, width = parts
        if width not in ("", "100") or not index.isdecimal():
            continue  # condensed faces are asked for by name
        low = weight.strip("[]").split()[0] if weight else "80"
        number = float(low) if low.replace(".", "", 1).isdecimal() else 80.0
        if number < 70 or number in range(101, _BOLD):
            continue  # thin and medium faces: no more than regular and bold are told apart
        face = SystemFace(Path(file), int(index) & 0xFFFF, number >= _BOLD, slant not in ("", "0"))
        for family in families.split(","):
            faces = found.setdefault(family.strip().lower(), [])
            if face not in faces:
                faces.append(face)
    return found


@lru_cache(maxsize=64)
def generic_family(name: str) -> str:
    """The family that stands for a generic one, in lower case."""
    return _ask(*_MATCH, name).partition(",")[0].strip().lower()
