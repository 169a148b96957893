"""The insertion modes: what each token does where (HTML Standard §13.2.6.4).

Each mode has a function of its own.  What a mode does not know, it hands on, as the
standard does: it changes the mode and lets the token be processed again.
"""

from pressenter.browser.html.insertion_modes import after_body, before_body, in_body, in_table
from pressenter.browser.html.insertion_modes.modes import (
    END_OF_FILE,
    MODE_OF_ELEMENT,
    RULES,
    Mode,
    without_leading_newline,
)

__all__ = [
    "END_OF_FILE",
    "MODE_OF_ELEMENT",
    "RULES",
    "Mode",
    "after_body",
    "before_body",
    "in_body",
    "in_table",
    "without_leading_newline",
]
