"""What goes wrong when something is fetched."""

from __future__ import annotations

__all__ = ["FetchError"]


class FetchError(Exception):
    """A request failed.  ``step`` names what failed: name, connect, tls, http or timeout."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step
