"""Tree construction: tokens to the document tree (HTML Standard §13.2.6).

Any sequence of tokens makes a tree, and every browser makes the same one, because
the standard says for each token in each *insertion mode* what is to be done.  A mode
stands for where we are in a document: before the head, in the body, in a table.  This
file has the machinery that the modes share: inserting, reconstructing formatting,
fostering what may not stand in a table, and mending overlapping formatting (the
adoption agency).  The modes themselves are in `insertion_modes`.
"""

from __future__ import annotations

from typing import Any

from turbohtml import Tokenizer, TokenType

from pressenter.browser.html.dom import HTML, Comment, Document, Element, Node, Text
from pressenter.browser.html.element_kinds import FORMATTING, SPECIAL
from pressenter.browser.html.foreign_content import is_foreign, process_foreign
from pressenter.browser.html.insertion_modes import (
    END_OF_FILE,
    MODE_OF_ELEMENT,
    RULES,
    Mode,
    without_leading_newline,
)
from pressenter.browser.html.open_elements import FormattingList, OpenElements

__all__ = ["MAXIMUM_DEPTH", "HtmlParser", "TreeBuilder", "parse_html"]

#: Elements deeper than this are put beside instead of inside, as browsers do (Chromium: 512).
MAXIMUM_DEPTH = 512


class TreeBuilder:
    """Builds one document from tokens.

    Attributes:
        mode: the current insertion mode.
    """

    def __init__(self) -> None:
        self.document = Document()
        self.open = OpenElements()
        self.formatting = FormattingList()
        self.mode = Mode.INITIAL
        self.original_mode = Mode.INITIAL
        self.head: Element | None = None
        self.form: Element | None = None
        self.frameset_ok = True
        self.foster_parenting = False
        self.ignore_next_newline = False
        self.pending_table_text: list[str] = []
        self.template_modes: list[Mode] = []

    def process(self, token: Any) -> None:
        """Take one token, by the current mode or by the rules for foreign content."""
        if token.type is TokenType.TEXT and self.ignore_next_newline:
            token = without_leading_newline(token)
        self.ignore_next_newline = False
        if token is None:
            return
        if is_foreign(self, token):
            process_foreign(self, token)
        else:
            self.apply(self.mode, token)

    def apply(self, mode: Mode, token: Any) -> None:
        """Process a token by the rules of a mode, which need not be the current one."""
        RULES[mode](self, token)

    def finish(self) -> Document:
        """The end of the file."""
        self.apply(self.mode, END_OF_FILE)
        return self.document

    # ---- inserting (§13.2.6.1) ----------------------------------------------------------

    def insertion_point(self, override: Node | None = None) -> tuple[Node, Node | None]:
        """The appropriate place: a parent, and the child before which to insert, or None."""
        target = override or self.open.current
        if self.foster_parenting and getattr(target, "tag", "") in (
            "table", "tbody", "tfoot", "thead", "tr",
        ):  # fmt: skip
            table = self.open.find("table")
            if table is None:
                return self.open[0], None
            if table.parent is not None:
                return table.parent, table
            index = next(i for i, item in enumerate(self.open) if item is table)
            return self.open[index - 1], None
        return target, None

    def insert_element(
        self, tag: str, attributes: list[tuple[str, str]] | None = None, namespace: str = HTML
    ) -> Element:
        """Create an element, put it into the tree, and open it."""
        element = Element(tag, dict(attributes or ()), namespace)
        parent, before = self.insertion_point()
        if len(self.open) > MAXIMUM_DEPTH:
            parent, before = self.open[MAXIMUM_DEPTH - 1], None
        if before is None:
            parent.append(element)
        else:
            parent.insert_before(element, before)
        self.open.append(element)
        return element

    def insert_void(self, token: Any) -> Element:
        """An element that has no content: opened and closed at once."""
        element = self.insert_element(token.tag, token.attrs)
        self.open.pop()
        return element

    def insert_text(self, data: str) -> None:
        """Add characters; they join a text node that is already there."""
        if not data:
            return
        parent, before = self.insertion_point()
        if isinstance(parent, Document):
            return
        siblings = parent.children
        index = len(siblings) if before is None else parent._index(before)
        previous = siblings[index - 1] if index else None
        if isinstance(previous, Text):
            previous.data += data
        elif before is None:
            parent.append(Text(data))
        else:
            parent.insert_before(Text(data), before)

    def insert_comment(self, data: str, parent: Node | None = None) -> None:
        """Add a comment at the current place or in a given parent."""
        if parent is not None:
            parent.append(Comment(data))
            return
        target, before = self.insertion_point()
        if before is None:
            target.append(Comment(data))
        else:
            target.insert_before(Comment(data), before)

    # ---- shared algorithms -----------------------------------------------------------------

    def reconstruct_formatting(self) -> None:
        """§13.2.4.3: open again the formatting elements that were closed by others' end."""
        index = len(self.formatting) - 1
        while index >= 0:
            item = self.formatting[index]
            if item is None or self.open.has(item):
                break
            index -= 1
        for position in range(index + 1, len(self.formatting)):
            item = self.formatting[position]
            assert item is not None
            self.formatting[position] = self.insert_element(item.tag, list(item.attributes.items()))

    def close_p_in_button_scope(self) -> None:
        """§13.2.6.4.7: close a p element, if one is in button scope."""
        if self.open.in_button_scope("p"):
            self.open.generate_implied_end_tags("p")
            self.open.pop_through("p")

    def close_template(self) -> bool:
        """§13.2.6.4.4: leave the innermost template.  False if none is open."""
        if self.open.find("template") is None:
            return False
        self.open.pop_through("template")  # which pops all that implied end tags would (§13.2.6.3)
        self.formatting.clear_to_marker()
        self.template_modes.pop()
        self.reset_mode()
        return True

    def insert_raw_text_element(self, token: Any) -> None:
        """§13.2.6.2: what follows, up to the element's end tag, is text."""
        self.insert_element(token.tag, token.attrs)
        self.original_mode = self.mode
        self.mode = Mode.IN_TEXT

    def any_other_end_tag(self, tag: str) -> None:
        """§13.2.6.4.7: close the nearest element of this tag if nothing special is between."""
        for index in range(len(self.open) - 1, -1, -1):
            item = self.open[index]
            if item.tag == tag and item.namespace == HTML:
                self.open.generate_implied_end_tags(tag)
                del self.open[index:]
                return
            if item.tag in SPECIAL and item.namespace == HTML:
                return

    def adoption_agency(self, tag: str) -> None:
        """§13.2.6.4.7: mend formatting that overlaps with blocks, ``<b>1<p>2</b>3``."""
        current = self.open.current
        if current.tag == tag and self.formatting.position(current) < 0:
            self.open.pop()
            return
        for _ in range(8):
            formatting = self.formatting.find(tag)
            if formatting is None:
                if tag in FORMATTING:
                    self.any_other_end_tag(tag)
                return
            if not self.open.has(formatting):
                self.formatting.drop(formatting)
                return
            if not self.open.in_scope(tag):
                return
            if not self._adopt(formatting):
                return

    def _adopt(self, formatting: Element) -> bool:
        """One round of the adoption agency.  False if nothing was left to mend."""
        place = next(i for i, item in enumerate(self.open) if item is formatting)
        furthest = next(
            (item for item in self.open[place + 1 :] if item.tag in SPECIAL and item.namespace == HTML), None
        )
        if furthest is None:
            del self.open[place:]
            self.formatting.drop(formatting)
            return False
        ancestor = self.open[place - 1]
        bookmark = self.formatting.position(formatting)
        last: Element = furthest
        index = next(i for i, item in enumerate(self.open) if item is furthest)
        inner = 0
        while True:
            index -= 1
            node = self.open[index]
            if node is formatting:
                break
            inner += 1
            position = self.formatting.position(node)
            if inner > 3 and position >= 0:
                self.formatting.drop(node)
                bookmark -= position < bookmark
                position = -1
            if position < 0:
                del self.open[index]
                continue
            clone = Element(node.tag, dict(node.attributes))
            self.formatting[position] = self.open[index] = clone
            if last is furthest:
                bookmark = position + 1
            clone.append(last)
            last = clone
        last.detach()
        parent, before = self.insertion_point(ancestor)
        if before is None:
            parent.append(last)
        else:
            parent.insert_before(last, before)
        self._wrap_contents(formatting, furthest, bookmark)
        return True

    def _wrap_contents(self, formatting: Element, furthest: Element, bookmark: int) -> None:
        clone = Element(formatting.tag, dict(formatting.attributes))
        for child in list(furthest.children):
            clone.append(child)
        furthest.append(clone)
        old = self.formatting.position(formatting)
        self.formatting.drop(formatting)
        self.formatting.insert(bookmark - (old < bookmark), clone)
        self.open.drop(formatting)
        index = next(i for i, item in enumerate(self.open) if item is furthest)
        self.open.insert(index + 1, clone)

    def reset_mode(self) -> None:
        """§13.2.4.1: find the mode again from what is open."""
        for item in reversed(self.open):
            mode = MODE_OF_ELEMENT.get(item.tag)
            if item.tag == "template":
                mode = self.template_modes[-1] if self.template_modes else None
            if item.tag == "html":
                mode = Mode.BEFORE_HEAD if self.head is None else Mode.AFTER_HEAD
            if mode is not None and item.namespace == HTML:
                self.mode = mode
                return
        self.mode = Mode.IN_BODY


class HtmlParser:
    """Turns characters into a document, piece by piece as they arrive."""

    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self._tokenizer = Tokenizer()

    def feed(self, text: str) -> None:
        """Take some more characters."""
        for token in self._tokenizer.feed(text):
            self._take(token)

    def close(self) -> Document:
        """No more characters: finish the document and return it."""
        for token in self._tokenizer.close():
            self._take(token)
        return self.builder.finish()

    def _take(self, token: Any) -> None:
        builder = self.builder
        if (
            token.type is TokenType.TEXT
            and builder.open
            and builder.open.current.tag == "noscript"
            and "<" in token.data
        ):
            # The tokenizer takes the content of noscript as text, which is right only where
            # scripts run.  Here none do yet, so the content is markup (§13.2.6.4.7).
            inner = Tokenizer()
            for nested in [*inner.feed(token.data), *inner.close()]:
                builder.process(nested)
            return
        builder.process(token)


def parse_html(text: str) -> Document:
    """Parse a whole document."""
    parser = HtmlParser()
    parser.feed(text)
    return parser.close()
