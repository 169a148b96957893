"""Seeded randomness: a stream of its own for each component.

A component asks for a stream by a name that is unique to it, such as
``"laptop/tcp/isn"``.  The stream depends on the world's seed and on that name
alone, so adding a host to a world disturbs no other host's draws.
"""

from __future__ import annotations

import hashlib
import random

__all__ = ["Randomness"]


class Randomness:
    """The source of every random stream of one world."""

    __slots__ = ("seed",)

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, name: str) -> random.Random:
        """A generator that depends on the seed and on ``name`` alone."""
        return random.Random(self.material(name))

    def material(self, name: str) -> int:
        """256 bits that depend on the seed and on ``name`` alone (for keys)."""
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return int.from_bytes(digest, "big")
