"""The document tree (DOM Standard §4): what the parser builds and the styles match."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

__all__ = [
    "BELOW", "CHILDREN", "HTML", "ITSELF", "MATHML", "NAMESPACED_ATTRIBUTES", "SHOWN", "STATES", "SVG", "Comment",
    "Doctype", "Document", "DocumentFragment", "Element", "Node", "Text", "dump",
]  # fmt: skip

HTML = "html"
SVG = "svg"
MATHML = "math"

#: The attributes that are in a namespace where the element is of SVG or MathML (HTML Standard §13.2.6.1).
NAMESPACED_ATTRIBUTES = frozenset(
    """xlink:actuate xlink:arcrole xlink:href xlink:role xlink:show xlink:title xlink:type
    xml:lang xml:space xmlns xmlns:xlink""".split()
)


#: What of a node may change: its data or attributes; its list of children; the states of `Element.states`; what
#: it shows, without any of these; something below it.
ITSELF, CHILDREN, STATES, SHOWN, BELOW = 1, 2, 4, 8, 16


class Node:
    """What every node of the tree has.

    Attributes:
        changed: what of the node has changed since `take_changes`: a sum of `ITSELF`, `CHILDREN`, and
            so on; 0 for nothing.
    """

    __slots__ = ("changed", "children", "parent")

    def __init__(self) -> None:
        self.parent: Node | None = None
        self.children: list[Node] = []
        self.changed = ITSELF

    def mark_changed(self, what: int = ITSELF) -> None:
        """Something of the node is another now: its data or attributes, its list of children, its states."""
        self.changed |= what
        node = self.parent
        while node is not None and not node.changed & BELOW:  # above one that is marked, all are
            node.changed |= BELOW
            node = node.parent

    def take_changes(self) -> list[tuple[Node, int]]:
        """Every node that has changed, and those around them, with what has: parents first.  From now on none has."""
        found: list[tuple[Node, int]] = []
        stack = [self]
        while stack:
            node = stack.pop()
            if node.changed:
                found.append((node, node.changed))
                if node.changed & (BELOW | CHILDREN):
                    stack.extend(reversed(node.children))
                node.changed = 0
        return found

    def append(self, child: Node) -> None:
        """Add a child at the end; it leaves its old parent."""
        child.detach()
        child.parent = self
        child.changed |= ITSELF  # where it stands now, it is another
        self.children.append(child)
        self.mark_changed(CHILDREN)

    def insert_before(self, child: Node, reference: Node) -> None:
        """Add a child in front of one that is there."""
        child.detach()
        child.parent = self
        child.changed |= ITSELF
        self.children.insert(self._index(reference), child)
        self.mark_changed(CHILDREN | ITSELF)  # selectors may look at what came before

    def detach(self) -> None:
        """Leave the parent."""
        if self.parent is not None:
            del self.parent.children[self.parent._index(self)]
            self.parent.mark_changed(CHILDREN | ITSELF)
            self.parent = None

    def _index(self, child: Node) -> int:
        # By identity, from the end: what moves was usually added last.
        for index in range(len(self.children) - 1, -1, -1):
            if self.children[index] is child:
                return index
        raise ValueError("not a child")

    def descendants(self) -> Iterator[Node]:
        """Every node below, in tree order.  Not recursive: trees may be deep."""
        stack = list(reversed(self.children))
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def elements(self) -> Iterator[Element]:
        """Every element below, in tree order."""
        return (node for node in self.descendants() if isinstance(node, Element))

    def text_content(self) -> str:
        """The text of everything below."""
        return "".join(node.data for node in self.descendants() if isinstance(node, Text))


class Document(Node):
    """The root.  ``quirks`` is no-quirks, limited-quirks or quirks; ``source`` is the text that came, in pieces."""

    __slots__ = ("encoding", "quirks", "source", "url")

    def __init__(self) -> None:
        super().__init__()
        self.quirks = "no-quirks"
        self.encoding = "utf-8"
        self.url = "about:blank"
        self.source: list[str] = []

    @property
    def root(self) -> Element | None:
        """The html element."""
        return next((child for child in self.children if isinstance(child, Element)), None)

    @property
    def title(self) -> str:
        """The text of the first title element, white space collapsed."""
        for element in self.elements():
            if element.tag == "title" and element.namespace == HTML:
                return " ".join(element.text_content().split())
        return ""


class DocumentFragment(Node):
    """Nodes without a document around them: what is in a template, or was parsed by itself."""

    __slots__ = ()


class Doctype(Node):
    """``<!DOCTYPE ...>``."""

    __slots__ = ("name", "public_id", "system_id")

    def __init__(self, name: str, public_id: str, system_id: str) -> None:
        super().__init__()
        self.name = name
        self.public_id = public_id
        self.system_id = system_id


class Text(Node):
    """Characters."""

    __slots__ = ("data",)

    def __init__(self, data: str) -> None:
        super().__init__()
        self.data = data


class Comment(Node):
    """``<!-- -->``."""

    __slots__ = ("data",)

    def __init__(self, data: str) -> None:
        super().__init__()
        self.data = data


class Element(Node):
    """A tag with its attributes and its children.

    Attributes:
        content: what is in a template (HTML Standard §4.12.3), which is apart from the document.
            None for every other element.
        states: what a person does with it, by the names of the pseudo-classes: hover, active, focus, …
        control: what a person has entered, where it is a form control that was touched; else None
            (see `form_controls`).
        form_owner: the form that was open where the parser came upon it, if that is not around it (§13.2.6.1).
        source: where its start tag begins and ends in the document's text; None for what no tag has made.
    """

    __slots__ = ("attributes", "content", "control", "form_owner", "namespace", "source", "states", "tag")

    def __init__(self, tag: str, attributes: dict[str, str] | None = None, namespace: str = HTML) -> None:
        super().__init__()
        self.tag = tag
        self.attributes = attributes or {}
        self.namespace = namespace
        self.states: frozenset[str] = frozenset()
        self.control: Any = None
        self.form_owner: Element | None = None
        self.source: tuple[int, int] | None = None
        self.content = DocumentFragment() if tag == "template" and namespace == HTML else None

    def __repr__(self) -> str:
        return f"<{self.tag}>"

    def get(self, name: str, default: str = "") -> str:
        """An attribute's value."""
        return self.attributes.get(name, default)

    def set_state(self, state: str, is_on: bool) -> None:
        """Begin or end a state."""
        if (state in self.states) != is_on:
            self.states = self.states ^ {state}
            self.mark_changed(STATES)

    def is_html(self, tags: Container[str]) -> bool:
        """Whether it is an element of HTML with one of the tags."""
        return self.namespace == HTML and self.tag in tags

    @property
    def classes(self) -> list[str]:
        """The words of the class attribute."""
        return self.attributes.get("class", "").split()

    @property
    def parent_element(self) -> Element | None:
        """The parent if it is an element."""
        return self.parent if isinstance(self.parent, Element) else None


def dump(node: Node) -> str:
    """The tree as text, in the format of html5lib's tests."""
    lines: list[str] = []
    stack: list[tuple[Node, int]] = [(child, 0) for child in reversed(node.children)]
    while stack:
        item, depth = stack.pop()
        indent = "| " + "  " * depth
        if isinstance(item, Element):
            prefix = "" if item.namespace == HTML else f"{item.namespace} "
            lines.append(f"{indent}<{prefix}{item.tag}>")
            lines += [f'{indent}  {name}="{value}"' for name, value in sorted(_attributes_as_shown(item))]
            if item.content is not None:
                lines.append(f"{indent}  content")
                stack.extend((child, depth + 2) for child in reversed(item.content.children))
        elif isinstance(item, Text):
            lines.append(f'{indent}"{item.data}"')
        elif isinstance(item, Comment):
            lines.append(f"{indent}<!-- {item.data} -->")
        elif isinstance(item, Doctype):
            ids = f' "{item.public_id}" "{item.system_id}"' if item.public_id or item.system_id else ""
            lines.append(f"{indent}<!DOCTYPE {item.name}{ids}>")
        stack.extend((child, depth + 1) for child in reversed(item.children))
    return "\n".join(lines)


def _attributes_as_shown(element: Element) -> Iterator[tuple[str, str]]:
    """Names and values; the names that foreign elements have in namespaces are shown apart from these."""
    for name, value in element.attributes.items():
        if element.namespace != HTML and name in NAMESPACED_ATTRIBUTES:
            prefix, _, local = name.partition(":")
            yield f"{prefix} {local or prefix}", value
        else:
            yield name, value
