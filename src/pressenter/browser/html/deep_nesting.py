"""Deep trees: boxes are built, laid out and painted by nested calls, a few for each level.

The parser bounds the depth (MAXIMUM_DEPTH of the tree builder).  Python 3.11 and newer keep
calls between Python functions off the C stack, so a higher limit is safe.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["deep_nesting"]

_RECURSION_LIMIT = 30_000


@contextmanager
def deep_nesting() -> Iterator[None]:
    """Allow calls to nest as deeply as a page may, for a while."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
