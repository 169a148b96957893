"""What can go wrong with a world's running."""

from __future__ import annotations

__all__ = ["NothingLeftToHappen"]


class NothingLeftToHappen(RuntimeError):
    """The agenda ran empty while somebody still waited for something."""
