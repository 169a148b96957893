"""Insertion modes: their names, where their rules are, and what the rules share.

An insertion mode stands for where the tree builder is in a document (HTML Standard
§13.2.4.1).  The rules of each mode are a function of the builder and a token, registered
here under the mode; so modes can hand tokens to each other across files.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from pressenter.browser.html.tokens import TokenType

if TYPE_CHECKING:
    from pressenter.browser.html.tree_builder import TreeBuilder

__all__ = [
    "END", "END_OF_FILE", "MODE_OF_ELEMENT", "RULES", "START", "TEXT", "WHITE_SPACE", "Mode", "after_white_space",
    "again", "by_body_rules", "by_head_rules", "by_tag", "comment_data", "is_blank", "is_handled_alike", "rules_of",
    "start_tag", "text_token", "white_space_of", "without_leading_newline",
]  # fmt: skip

WHITE_SPACE = "\t\n\f\r "
END_OF_FILE = SimpleNamespace(type="end of file", data="", tag="", attrs=[])
TEXT, START, END = TokenType.TEXT, TokenType.START_TAG, TokenType.END_TAG


class Mode(enum.Enum):
    """The insertion modes, with the standard's names."""

    INITIAL = "initial"
    BEFORE_HTML = "before html"
    BEFORE_HEAD = "before head"
    IN_HEAD = "in head"
    IN_HEAD_NOSCRIPT = "in head noscript"
    AFTER_HEAD = "after head"
    IN_BODY = "in body"
    IN_TEXT = "text"
    IN_TABLE = "in table"
    IN_CAPTION = "in caption"
    IN_COLUMN_GROUP = "in column group"
    IN_TABLE_BODY = "in table body"
    IN_ROW = "in row"
    IN_CELL = "in cell"
    IN_TEMPLATE = "in template"
    AFTER_BODY = "after body"
    IN_FRAMESET = "in frameset"
    AFTER_FRAMESET = "after frameset"
    AFTER_AFTER_BODY = "after after body"
    AFTER_AFTER_FRAMESET = "after after frameset"


Rules = Callable[["TreeBuilder", Any], None]

#: The rules of each mode.
RULES: dict[Mode, Rules] = {}


def rules_of(mode: Mode) -> Callable[[Rules], Rules]:
    """Register a function as the rules of a mode."""

    def register(rules: Rules) -> Rules:
        RULES[mode] = rules
        return rules

    return register


Value = TypeVar("Value")


def by_tag(*rows: tuple[str, Value]) -> Mapping[str, Value]:
    """A table by tag name, from rows of several tags each."""
    return {tag: value for tags, value in rows for tag in tags.split()}


def text_token(data: str) -> Any:
    """A text token of our own making."""
    return SimpleNamespace(type=TEXT, data=data, tag="", attrs=[])


def start_tag(tag: str, attrs: Sequence[tuple[str, str]] = ()) -> Any:
    """A start tag of our own making."""
    return SimpleNamespace(type=START, data="", tag=tag, attrs=list(attrs), self_closing=False)


def without_leading_newline(token: Any) -> Any:
    """§13.2.6.4.7: a newline right after <pre>, <listing> or <textarea> is ignored."""
    if not token.data.startswith("\n"):
        return token
    return text_token(token.data[1:]) if len(token.data) > 1 else None


def is_blank(token: Any) -> bool:
    """Whether a token is white space alone."""
    return token.type is TEXT and not token.data.strip(WHITE_SPACE)


def is_handled_alike(builder: TreeBuilder, token: Any) -> bool:
    """Comments and stray doctypes are alike in most modes.  True if that was it."""
    if token.type in (TokenType.COMMENT, TokenType.PROCESSING_INSTRUCTION):
        builder.insert_comment(comment_data(token))
        return True
    return token.type is TokenType.DOCTYPE


def comment_data(token: Any) -> str:
    """The data of a comment; ``<?...>`` is one too (§13.2.5.6: a bogus comment)."""
    if token.type is TokenType.PROCESSING_INSTRUCTION:
        return str(token.source).removeprefix("<").removesuffix(">").replace("\0", "\ufffd")
    return str(token.data)


def after_white_space(builder: TreeBuilder, token: Any) -> Any:
    """Insert the white space that a text begins with; returns what is left, or None."""
    if token.type is not TEXT:
        return token
    rest = token.data.lstrip(WHITE_SPACE)
    builder.insert_text(token.data[: len(token.data) - len(rest)])
    return text_token(rest) if rest else None


def white_space_of(token: Any) -> Any:
    """A text token of the white space in another."""
    return text_token("".join(character for character in token.data if character in WHITE_SPACE))


def again(builder: TreeBuilder, token: Any, mode: Mode) -> None:
    """Switch to a mode and reprocess the token."""
    builder.mode = mode
    builder.apply(mode, token)


def by_body_rules(builder: TreeBuilder, token: Any) -> None:
    """Process a token by the rules of "in body", whatever the mode."""
    builder.apply(Mode.IN_BODY, token)


def by_head_rules(builder: TreeBuilder, token: Any) -> None:
    """Process a token by the rules of "in head", whatever the mode."""
    builder.apply(Mode.IN_HEAD, token)


#: The mode that an open element stands for (§13.2.4.1).
MODE_OF_ELEMENT: Mapping[str, Mode] = by_tag(
    ("td th", Mode.IN_CELL),
    ("tr", Mode.IN_ROW),
    ("tbody thead tfoot", Mode.IN_TABLE_BODY),
    ("caption", Mode.IN_CAPTION),
    ("colgroup", Mode.IN_COLUMN_GROUP),
    ("table", Mode.IN_TABLE),
    ("head", Mode.IN_HEAD),
    ("body", Mode.IN_BODY),
    ("frameset", Mode.IN_FRAMESET),
)
