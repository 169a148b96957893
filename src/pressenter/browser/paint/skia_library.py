"""Skia, the library that draws: loaded on first use."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__all__ = ["RasterUnavailable", "load_skia"]


class RasterUnavailable(RuntimeError):
    """Skia cannot be loaded here; the message says which package is missing."""


@lru_cache(maxsize=1)
def load_skia() -> Any:
    """The skia module, imported on first use.  Raises RasterUnavailable."""
    try:
        import skia
    except ImportError as error:
        text = str(error)
        hint = ""
        if "libEGL" in text or "libGL" in text:
            hint = "; install the system's libegl1 and libgl1 (Debian: apt install libegl1 libgl1)"
        raise RasterUnavailable(f"Skia cannot be loaded: {text}{hint}") from error
    return skia
