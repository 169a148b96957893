"""Which boxes start a formatting context of their own: what is in them is laid out as if alone.

Such a box keeps its floats in and others' out, and its margins join with nobody's.
"""

from __future__ import annotations

from pressenter.browser.layout.boxes import BlockBox, Box, FlexBox, ReplacedBox, TableBox
from pressenter.browser.layout.sizing import scrolls

__all__ = ["is_multicol", "starts_formatting_context"]

_OWN_CONTEXT = frozenset(
    """inline-block table-cell table-caption flow-root flex grid inline-flex inline-grid table inline-table
    -webkit-box""".split()
)


def starts_formatting_context(box: Box) -> bool:
    """CSS 2.2 §9.4.1, CSS Display 3 §2.1, CSS Contain 2 §3."""
    if isinstance(box, (TableBox, ReplacedBox, FlexBox)):
        return True
    style = box.style
    return (
        scrolls(style)
        or not box.is_in_flow
        or style["display"] in _OWN_CONTEXT
        or (box.element is not None and (box.element.parent_element is None or box.element.is_html(("fieldset",))))
        or "layout" in style["contain"]
        or "paint" in style["contain"]
        or style["align-content"] != "normal"
        or (isinstance(box, BlockBox) and (is_multicol(box) or style["column-span"] == "all"))
    )


def is_multicol(box: BlockBox) -> bool:
    """Whether a block container has columns (CSS Multi-column Layout 1 §2)."""
    style = box.style
    has_columns = style["column-count"] != "auto" or style["column-width"] != "auto"
    return bool(has_columns and style["display"] != "table")
