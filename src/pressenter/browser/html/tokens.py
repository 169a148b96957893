"""The tokenizer, which is turbohtml's, and the kinds of its tokens (HTML Standard §13.2.5).

``import turbohtml`` runs its whole package, of which nothing but the tokenizer is wanted here: a twelfth of the
time that ``pressenter render`` takes for a short page.  The tokenizer is in the package's extension module, which is
loaded by itself; a turbohtml that is put together otherwise is imported as usual.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turbohtml import Token, Tokenizer, TokenType

__all__ = ["Token", "TokenType", "Tokenizer"]

_CORE = "turbohtml._html"


def _load_core() -> None:
    """Leave the extension module where an import of turbohtml finds it, so that there is one, whoever comes first."""
    package = find_spec("turbohtml")
    if package is None or _CORE in sys.modules:
        return
    found = PathFinder.find_spec(_CORE, package.submodule_search_locations)
    if found is not None and found.loader is not None:
        core = module_from_spec(found)
        found.loader.exec_module(core)
        sys.modules[_CORE] = core


if not TYPE_CHECKING:
    try:
        _load_core()
        core = sys.modules[_CORE]
        Token, Tokenizer, TokenType = core.Token, core.Tokenizer, core.TokenType
    except (ImportError, KeyError, AttributeError):
        from turbohtml import Token, Tokenizer, TokenType
