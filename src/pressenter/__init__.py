"""pressenter: press Enter, and watch everything that happens until the page is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pressenter.journey import Journey, go
    from pressenter.worlds.world import World

__all__ = ["Journey", "World", "__version__", "go"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import on first use: `import pressenter` itself costs nothing."""
    if name in ("go", "Journey"):
        from pressenter import journey

        return getattr(journey, name)
    if name == "World":
        from pressenter.worlds.world import World

        return World
    raise AttributeError(f"module 'pressenter' has no attribute {name!r}")
