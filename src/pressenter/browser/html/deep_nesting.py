"""Deep trees: boxes are built, laid out and painted by nested calls, a few for each level.

The parser bounds the depth (MAXIMUM_DEPTH of the tree builder).  Python 3.11 and newer keep
calls between Python functions off the C stack, so a higher limit is safe.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["deep_nesting"]

_RECURSION_LIMIT = 30_000
_door = threading.Lock()
_inside: list[int] = []  # an entry for everybody inside; the first holds the limit of before


@contextmanager
def deep_nesting() -> Iterator[None]:
    """Allow calls to nest as deeply as a page may, for a while."""
    # The limit is one for all threads: the first that comes in raises it, the last that goes puts it back.
    with _door:
        if not _inside:
            _inside.append(sys.getrecursionlimit())
            sys.setrecursionlimit(max(_inside[0], _RECURSION_LIMIT))
        else:
            _inside.append(0)
    try:
        yield
    finally:
        with _door:
            if len(_inside) == 1:
                sys.setrecursionlimit(_inside[0])
            _inside.pop()
