"""World files: their schema, the loader, the built-in world and its sites."""

from pressenter.worlds.world import World

__all__ = ["World"]
