"""From characters to a tree: the tokenizer, kept in step with tree construction (HTML Standard §13.2.5, §13.4).

Tokenizer and tree builder are not independent: what the builder makes of ``<title>`` decides
whether markup or text follows, and ``<![CDATA[`` is one thing inside of SVG and another outside.
The tokenizer here takes such decisions by the names of tags alone.  It is right nearly always;
where the builder decides otherwise, a new tokenizer takes over from the character after the tag.
So that it can, text is fed in pieces that end after each ``>``, which is where tags end.

At the end of a script the parser may be stopped: the script has to run before the next
character is looked at, and what it writes (``document.write``) comes before that character.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from pressenter.browser.html.dom import Document, DocumentFragment, Element
from pressenter.browser.html.insertion_modes.modes import Mode, text_token
from pressenter.browser.html.tokens import Tokenizer, TokenType
from pressenter.browser.html.tree_builder import TreeBuilder

__all__ = ["HtmlParser", "parse_fragment", "parse_html"]

#: The tags after which the tokenizer takes what follows for text.
_TEXT_TAGS = frozenset("iframe noembed noframes noscript plaintext script style textarea title xmp".split())
_SECTION_START, _SECTION_END = "<![CDATA[", "]]>"
_CONSTRUCT = re.compile(r"<[A-Za-z/!?]")


class HtmlParser:
    """Turns characters into a document, piece by piece as they arrive.

    Args:
        fragment_context: the element that the characters are to be the content of (§13.4); None
            for a whole document.
        scripting: whether scripts run, which makes the content of noscript text.
        on_script: called with each script element of HTML when its end tag has been read; it may call
            `pause` and `write`.

    Attributes:
        is_paused: whether the parser waits for `resume`.
    """

    def __init__(
        self, fragment_context: Element | None = None, scripting: bool = False,
        on_script: Callable[[Element], None] | None = None,
    ) -> None:  # fmt: skip
        self.builder = TreeBuilder(scripting)
        self.is_paused = False
        self._on_script = on_script
        self._input: deque[Iterator[str]] = deque()  # what has not been looked at
        self._tokenizer = _new_tokenizer()
        self._text_tag = ""
        self._section: list[str] | None = None
        self._unfinished: list[str] = []
        self._taken = 0  # characters that the tokenizer has been given
        if fragment_context is not None:
            self._begin_fragment(fragment_context)

    def feed(self, text: str) -> None:
        """Take some more characters."""
        self._input.append(_pieces(text))
        self._advance()

    def write(self, text: str) -> None:
        """``document.write``: characters that come before all that have not been looked at (§8.4.3)."""
        self._input.appendleft(_pieces(text))
        self._advance()

    def pause(self) -> None:
        """Look at no more characters, for a script has to be fetched or run first (§13.2.6.4.8)."""
        self.is_paused = True

    def resume(self) -> None:
        """Go on where the parser was stopped."""
        self.is_paused = False
        self._advance()

    def _advance(self) -> None:
        while self._input and not self.is_paused:
            source = self._input[0]
            piece = next(source, "")
            if not piece:
                self._input.remove(source)
            elif self._section is None:
                self._unfinished.append(piece)
                self._taken += len(piece)
                for token in self._tokenizer.feed(piece):
                    self._unfinished.clear()
                    self._take(token)
            else:
                self._taken += len(piece)
                self._section.append(piece)
                self._end_section()

    def close(self) -> Document:
        """No more characters: finish the document and return it.  The parser must not be paused."""
        if self._section is None:
            self._finish_question()
            for token in self._tokenizer.close():
                self._take(token)
        if self._section is not None:
            self._take_section("".join(self._section))
        return self.builder.finish()

    def _begin_fragment(self, context: Element) -> None:
        """§13.4: the tokenizer begins as if it were inside of the context element."""
        self.builder.begin_fragment(context)
        is_text = context.is_html(_TEXT_TAGS) and (context.tag != "noscript" or self.builder.scripting)
        if is_text:
            self._text_tag = context.tag
            self._tokenizer = _new_tokenizer(context.tag)

    def _take(self, token: Any) -> None:
        builder = self.builder
        if token.type is TokenType.START_TAG:  # it ends with the piece that it has been found in
            builder.start_tag = (token.tag, self._taken - len(token.source), self._taken)
        if token.type is TokenType.START_TAG and token.tag in _TEXT_TAGS:
            builder.awaits_text = False
            builder.process(token)
            if not builder.awaits_text:
                self._tokenizer = _new_tokenizer()
        elif token.type is TokenType.COMMENT and builder.in_foreign and token.source.startswith(_SECTION_START):
            self._section = [token.source.removeprefix(_SECTION_START)]
            self._end_section()
        elif token.type is TokenType.END_TAG and self._text_tag:
            # No start tag has been seen, so no end tag is appropriate: it is text (§13.2.5).
            builder.process(text_token(token.source))
            self._tokenizer = _new_tokenizer(self._text_tag)
        elif token.type is TokenType.END_TAG and token.tag == "script" and builder.mode is Mode.IN_TEXT:
            script = builder.open.current
            builder.process(token)
            if self._on_script is not None:
                self._on_script(script)
        else:
            builder.process(token)

    # ---- CDATA sections (§13.2.5.69), which the tokenizer takes for comments ------------------

    def _end_section(self) -> None:
        """See whether the section is complete.  Its end is the end of a piece."""
        assert self._section is not None
        if "".join(self._section[-len(_SECTION_END) :]).endswith(_SECTION_END):
            section, self._section = "".join(self._section), None
            self._take_section(section.removesuffix(_SECTION_END))

    def _take_section(self, data: str) -> None:
        if data:
            self.builder.process(text_token(data.replace("\r\n", "\n").replace("\r", "\n")))

    # ---- ``<?`` (§13.2.5.6) -------------------------------------------------------------------

    def _finish_question(self) -> None:
        """A ``<?`` without an end is a comment too, but the tokenizer would drop it."""
        rest = "".join(self._unfinished)
        first = _CONSTRUCT.search(rest)
        in_text = self.builder.is_in_text or self._text_tag
        if first is not None and first[0] == "<?" and not in_text:
            self._tokenizer = _new_tokenizer()
            for token in self._tokenizer.feed(rest.replace("<?", "<!?", 1)):
                self._take(token)


def parse_html(text: str) -> Document:
    """Parse a whole document."""
    parser = HtmlParser()
    parser.feed(text)
    return parser.close()


def parse_fragment(text: str, context: Element | None = None, scripting: bool = False) -> DocumentFragment:
    """Parse what is to be the content of an element (§13.4), a div if none is given."""
    parser = HtmlParser(context or Element("div"), scripting)
    parser.feed(text)
    root = parser.close().root
    fragment = DocumentFragment()
    for child in list(root.children) if root is not None else ():
        fragment.append(child)
    return fragment


def _new_tokenizer(inside: str = "") -> Tokenizer:
    """A tokenizer; if a tag is given, in the state that it is in after that tag."""
    tokenizer = Tokenizer(capture_source=True)
    if inside:
        for _ in tokenizer.feed(f"<{inside}>"):
            pass
    return tokenizer


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces; all but the last end with ``>``."""
    begin = 0
    while begin < len(text):
        end = text.find(">", begin) + 1 or len(text)
        yield text[begin:end]
        begin = end
