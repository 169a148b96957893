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

from pressenter.browser.html.dom import HTML, Comment, Document, Element, Node, Text
from pressenter.browser.html.element_kinds import is_special
from pressenter.browser.html.foreign_content import is_foreign, process_foreign
from pressenter.browser.html.insertion_modes import (
    END_OF_FILE,
    MODE_OF_ELEMENT,
    RULES,
    Mode,
    without_leading_newline,
)
from pressenter.browser.html.open_elements import FormattingList, OpenElements
from pressenter.browser.html.selected_content import fill_selected_content
from pressenter.browser.html.tokens import TokenType

__all__ = ["MAXIMUM_DEPTH", "TreeBuilder"]

#: Elements deeper than this are put beside instead of inside, as browsers do (Chromium: 512).
MAXIMUM_DEPTH = 512


_FORM_ASSOCIATED = frozenset("button fieldset input object output select textarea img".split())


class TreeBuilder:
    """Builds one document from tokens.

    Attributes:
        mode: the current insertion mode.
        scripting: whether scripts run (the scripting flag, §13.2.4.5).
        context: the element that a fragment is parsed for (§13.4), or None.
        inserted: elements that the parser has put into the document since somebody emptied the list; None
            keeps no list.
        awaits_text: set where what follows a start tag is text and no markup; whoever has the
            tokenizer clears it before the tag.
    """

    def __init__(self, scripting: bool = False) -> None:
        self.document = Document()
        self.scripting = scripting
        self.context: Element | None = None
        self.inserted: list[Element] | None = None
        #: The start tag that is looked at: its name, and where it begins and ends in the text.
        self.start_tag: tuple[str, int, int] | None = None
        self.awaits_text = False
        self.open = OpenElements()
        self.formatting = FormattingList()
        self.mode = Mode.INITIAL
        self.original_mode = Mode.INITIAL
        self.head: Element | None = None
        self.form: Element | None = None
        self.frameset_ok = True
        self.foster_parenting = False
        self.ignore_next_newline = False
        self.template_modes: list[Mode] = []

    @property
    def adjusted_current(self) -> Element:
        """The adjusted current node (§13.2.4.2): of a fragment's root, the context stands for it."""
        return self.context if self.context is not None and len(self.open) == 1 else self.open.current

    @property
    def in_foreign(self) -> bool:
        """Whether the adjusted current node is of SVG or MathML."""
        return bool(self.open) and self.adjusted_current.namespace != HTML

    @property
    def is_in_text(self) -> bool:
        """Whether all that comes is text, up to an end tag or to the end."""
        return self.mode is Mode.IN_TEXT or self.open.find("plaintext") is not None

    def is_in_fragment_of(self, tag: str) -> bool:
        """Whether this is the fragment case with a context of the tag."""
        return self.context is not None and self.context.is_html((tag,))

    def begin_fragment(self, context: Element) -> None:
        """§13.4: what comes is to be the content of an element."""
        self.context = context
        root = Element("html")
        if self.start_tag is not None and self.start_tag[0] == "html":
            root.source, self.start_tag = self.start_tag[1:], None
        self.document.append(root)
        self.open.append(root)
        if context.is_html(("template",)):
            self.template_modes.append(Mode.IN_TEMPLATE)
        self.reset_mode()
        above: Node | None = context
        while above is not None:
            if self.form is None and isinstance(above, Element) and above.is_html(("form",)):
                self.form = above
            if isinstance(above, Document):
                self.document.quirks = above.quirks
            above = above.parent

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
        fill_selected_content(self.document)
        return self.document

    # ---- inserting (§13.2.6.1) ----------------------------------------------------------

    def insertion_point(self, override: Node | None = None) -> tuple[Node, Node | None]:
        """The appropriate place: a parent, and the child before which to insert, or None."""
        target = override or self.open.current
        if not isinstance(target, Element):
            return target, None
        if self.foster_parenting and target.is_html(("table", "tbody", "tfoot", "thead", "tr")):
            return self._foster_point()
        return target.content or target, None

    def _foster_point(self) -> tuple[Node, Node | None]:
        """Where to put what may not stand in a table: in front of it, or into a template in it."""
        template, table = self.open.last("template"), self.open.last("table")
        if template > table:
            return self.open[template].content or self.open[template], None
        if table < 0:
            return self.open[0], None
        parent = self.open[table].parent
        if parent is not None:
            return parent, self.open[table]
        return self.open[table - 1], None

    def insert_element(
        self, tag: str, attributes: list[tuple[str, str]] | None = None, namespace: str = HTML
    ) -> Element:
        """Create an element, put it into the tree, and open it."""
        element = Element(tag, dict(attributes or ()), namespace)
        if self.start_tag is not None and self.start_tag[0] == tag.lower():
            element.source, self.start_tag = self.start_tag[1:], None
        parent, before = self.insertion_point()
        if len(self.open) > MAXIMUM_DEPTH:
            deepest = self.open[MAXIMUM_DEPTH - 1]
            parent, before = deepest.content or deepest, None
        if before is None:
            parent.append(element)
        else:
            parent.insert_before(element, before)
        self.open.append(element)
        if self.form is not None and tag in _FORM_ASSOCIATED and namespace == HTML and self.form.parent is not None:
            element.form_owner = self.form
        if self.inserted is not None and not self.open.holds("template"):
            self.inserted.append(element)
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
            previous.mark_changed()
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
        self.awaits_text = True
        self.original_mode = self.mode
        self.mode = Mode.IN_TEXT

    def any_other_end_tag(self, tag: str) -> None:
        """§13.2.6.4.7: close the nearest element of this tag if nothing special is between."""
        for index in range(len(self.open) - 1, -1, -1):
            item = self.open[index]
            if item.is_html((tag,)):
                self.open.generate_implied_end_tags(tag)
                self.open.cut(index)
                return
            if is_special(item):
                return

    def adoption_agency(self, tag: str) -> None:
        """§13.2.6.4.7: mend formatting that overlaps with blocks, ``<b>1<p>2</b>3``."""
        current = self.open.current
        if current.is_html((tag,)) and self.formatting.position(current) < 0:
            self.open.pop()
            return
        for _ in range(8):
            formatting = self.formatting.find(tag)
            if formatting is None:
                self.any_other_end_tag(tag)
                return
            if not self.open.has(formatting):
                self.formatting.drop(formatting)
                return
            if not self.open.has_in_scope(formatting):
                return
            if not self._adopt(formatting):
                return

    def _adopt(self, formatting: Element) -> bool:
        """One round of the adoption agency.  False if nothing was left to mend."""
        place = self.open.position(formatting)
        furthest = next((item for item in self.open[place + 1 :] if is_special(item)), None)
        if furthest is None:
            self.open.cut(place)
            self.formatting.drop(formatting)
            return False
        ancestor = self.open[place - 1]
        bookmark = self.formatting.position(formatting)
        last: Element = furthest
        index = self.open.position(furthest)
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
                self.open.pop(index)
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
        self.open.insert(self.open.position(furthest) + 1, clone)

    def reset_mode(self) -> None:
        """§13.2.4.1: find the mode again from what is open."""
        for index in range(len(self.open) - 1, -1, -1):
            is_last = index == 0
            item = self.context if is_last and self.context is not None else self.open[index]
            mode = self._mode_inside(item, is_last)
            if mode is not None:
                self.mode = mode
                return
        self.mode = Mode.IN_BODY

    def _mode_inside(self, item: Element, is_last: bool) -> Mode | None:
        """The mode that an open element stands for, if it does."""
        if item.namespace != HTML or (is_last and item.tag in ("td", "th", "head")):
            return None
        if item.tag == "template":
            return self.template_modes[-1]
        if item.tag == "html":
            return Mode.BEFORE_HEAD if self.head is None else Mode.AFTER_HEAD
        return MODE_OF_ELEMENT.get(item.tag)
