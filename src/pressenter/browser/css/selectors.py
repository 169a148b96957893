"""Selectors: parsing, specificity, matching (Selectors Level 4).

A complex selector is kept from right to left: first what the element itself must be
(its subject compound), then, for each combinator, what must stand above or before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from tinycss2.nth import parse_nth

from pressenter.browser.css.component_values import split_commas
from pressenter.browser.html.dom import HTML, Element, Node
from pressenter.browser.html.form_controls import is_checked, is_disabled, is_disabled_option, value_of

__all__ = [
    "INTERACTIVE_STATES", "STRUCTURAL", "ComplexSelector", "Compound", "InvalidSelector", "ancestors", "matches",
    "names", "parse_selector_list", "remember_siblings",
]  # fmt: skip


#: What a person does with an element (Selectors 4 §9): kept with the element.
INTERACTIVE_STATES = ("hover", "active", "focus", "focus-visible", "focus-within", "target")


#: Pseudo-classes that what is around an element or below it decides, so that it may change by itself.
STRUCTURAL = frozenset(
    """last-child only-child first-of-type last-of-type only-of-type nth-last-child nth-last-of-type empty has
    nth-child nth-of-type first-child""".split()
)
_DEPENDENT = STRUCTURAL | frozenset(INTERACTIVE_STATES)


class InvalidSelector(ValueError):
    """Not a selector that is understood; its rule is ignored (Selectors 4 §3.9)."""


Test = Callable[[Element], bool]


class Compound(NamedTuple):
    """Simple selectors that one element must all meet.

    ``mentions`` are the pseudo-classes in it, in their functions too, that depend on more than the element's
    own tag and attributes; ``looks_around`` is whether such a function looks at other elements than this one.
    """

    tag: str
    identifier: str
    classes: frozenset[str]
    tests: tuple[Test, ...]
    specificity: tuple[int, int, int]
    mentions: frozenset[str] = frozenset()
    looks_around: bool = False


class ComplexSelector(NamedTuple):
    """A subject, and what stands around it: (combinator, compound) from right to left."""

    subject: Compound
    context: tuple[tuple[str, Compound], ...]
    pseudo_element: str
    specificity: tuple[int, int, int]


def matches(selector: ComplexSelector, element: Element) -> bool:
    """Whether a selector matches an element (its pseudo-element left aside)."""
    return _meets(selector.subject, element) and _context_holds(selector.context, 0, element)


def _meets(compound: Compound, element: Element) -> bool:
    return names(compound, element) and all(test(element) for test in compound.tests)


def names(compound: Compound, element: Element) -> bool:
    """Whether a compound's tag, id and classes are the element's; what else it asks is left aside."""
    if compound.tag and compound.tag != element.tag:
        return False
    if compound.identifier and element.attributes.get("id") != compound.identifier:
        return False
    return not compound.classes or compound.classes.issubset(element.classes)


#: Combinators after which a farther candidate cannot do better than the nearest that fits: what is
#: still wanted must stand around both, and around the nearest there is all that is around the farther.
_NEAREST_DECIDES = frozenset({(" ", " "), ("~", "~"), ("~", " ")})


def _context_holds(context: tuple[tuple[str, Compound], ...], index: int, element: Element) -> bool:
    if index == len(context):
        return True
    combinator, compound = context[index]
    following = context[index + 1][0] if index + 1 < len(context) else ""
    for candidate in _CANDIDATES[combinator](element):
        if _meets(compound, candidate):
            if _context_holds(context, index + 1, candidate):
                return True
            if (combinator, following) in _NEAREST_DECIDES:
                return False
    return False


class SiblingIndex:
    """Element children and their positions, worked out once for each parent.

    Valid while the tree does not change; `remember_siblings` keeps one for a while.
    """

    def __init__(self) -> None:
        self._children: dict[Node, list[Element]] = {}
        self._positions: dict[Node, dict[Element, tuple[int, int, int, int]]] = {}

    def children(self, parent: Node) -> list[Element]:
        """The element children."""
        if parent not in self._children:
            self._children[parent] = [child for child in parent.children if isinstance(child, Element)]
        return self._children[parent]

    def position(self, parent: Node, element: Element) -> tuple[int, int, int, int]:
        """Position among all and among its type, each from the start and from the end; 1 is the first."""
        if parent not in self._positions:
            children = self.children(parent)
            totals: dict[str, int] = {}
            seen: dict[str, int] = {}
            for child in children:
                totals[child.tag] = totals.get(child.tag, 0) + 1
            found = {}
            for place, child in enumerate(children, 1):
                seen[child.tag] = of_type = seen.get(child.tag, 0) + 1
                found[child] = (place, len(children) + 1 - place, of_type, totals[child.tag] + 1 - of_type)
            self._positions[parent] = found
        return self._positions[parent][element]


#: Each thread's own: worlds may run side by side.
_siblings_now = threading.local()


@contextmanager
def remember_siblings() -> Iterator[None]:
    """Positions of siblings are worked out once while the context lasts; the tree must not change."""
    before: SiblingIndex | None = getattr(_siblings_now, "index", None)
    _siblings_now.index = SiblingIndex()
    try:
        yield
    finally:
        _siblings_now.index = before


def _index() -> SiblingIndex:
    known: SiblingIndex | None = getattr(_siblings_now, "index", None)
    return known if known is not None else SiblingIndex()


def ancestors(element: Element) -> Iterator[Element]:
    """The elements around an element, the nearest first."""
    parent = element.parent_element
    while parent is not None:
        yield parent
        parent = parent.parent_element


def _parent(element: Element) -> Iterator[Element]:
    if element.parent_element is not None:
        yield element.parent_element


def _earlier(element: Element) -> Iterator[Element]:
    parent = element.parent
    if parent is None:
        return
    index = _index()
    place = index.position(parent, element)[0]
    siblings = index.children(parent)
    for number in range(place - 2, -1, -1):
        yield siblings[number]


def _previous(element: Element) -> Iterator[Element]:
    for sibling in _earlier(element):
        yield sibling
        return


_CANDIDATES: dict[str, Callable[[Element], Iterator[Element]]] = {
    " ": ancestors,
    ">": _parent,
    "~": _earlier,
    "+": _previous,
}


# ---- parsing -------------------------------------------------------------------------------


def parse_selector_list(tokens: list[Any]) -> list[ComplexSelector]:
    """Parse what stands before a rule's block.  Raises InvalidSelector."""
    return [_parse_complex(group) for group in split_commas(tokens, dropped=("comment",))]


def _parse_complex(tokens: list[Any]) -> ComplexSelector:
    while tokens and tokens[-1].type == "whitespace":
        tokens = tokens[:-1]
    parts: list[tuple[str, list[Any]]] = [("", [])]
    combinator = ""
    for token in tokens:
        if token.type == "whitespace":
            combinator = combinator or " "
        elif token.type == "literal" and token.value in (">", "+", "~"):
            combinator = token.value
        else:
            if combinator and parts[-1][1]:
                parts.append((combinator, []))
            elif combinator.strip():
                raise InvalidSelector("a combinator without anything before it")
            combinator = ""
            parts[-1][1].append(token)
    if not parts[-1][1] or combinator.strip():
        raise InvalidSelector("an empty selector")
    pseudo = ""
    compounds = []
    for index, (_, piece) in enumerate(parts):
        compound, element = _parse_compound(piece)
        if element and index != len(parts) - 1:
            raise InvalidSelector("a pseudo-element in the middle")
        pseudo = element or pseudo
        compounds.append(compound)
    # parts[i][0] stands between compound i-1 and compound i
    context = tuple((parts[i + 1][0], compounds[i]) for i in range(len(parts) - 2, -1, -1))
    total = [sum(column) for column in zip(*(c.specificity for c in compounds), strict=True)]
    specificity = (total[0], total[1], total[2] + bool(pseudo))
    return ComplexSelector(compounds[-1], context, pseudo, specificity)


def _parse_compound(tokens: list[Any]) -> tuple[Compound, str]:
    tag = identifier = pseudo = ""
    classes: set[str] = set()
    tests: list[Test] = []
    a = b = c = 0
    index = 0
    while index < len(tokens):
        token = tokens[index]
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        index += 1
        if token.type == "ident":
            tag = token.lower_value
            c += 1
        elif token.type == "hash":
            identifier = token.value
            a += 1
        elif token.type == "literal" and token.value == "*":
            continue
        elif token.type == "literal" and token.value == "." and following is not None and following.type == "ident":
            classes.add(following.value)
            b += 1
            index += 1
        elif token.type == "[] block":
            tests.append(_attribute_test(token.content))
            b += 1
        elif token.type == "literal" and token.value == ":" and following is not None:
            index += 1
            if following.type == "literal" and following.value == ":" and index < len(tokens):
                pseudo = _pseudo_element(tokens[index])
                index += 1
            elif following.type == "ident" and following.lower_value in (
                "before",
                "after",
                "first-line",
                "first-letter",
            ):
                pseudo = following.lower_value
            else:
                test, weight = _pseudo_class(following)
                tests.append(test)
                a, b, c = a + weight[0], b + weight[1], c + weight[2]
        else:
            raise InvalidSelector(f"{token.serialize()} in a selector")
    mentions = frozenset(_pseudo_classes(tokens)) & _DEPENDENT if tests else frozenset()
    looks_around = bool(mentions) and any(_looks_around(token) for token in tokens if token.type == "function")
    return Compound(tag, identifier, frozenset(classes), tuple(tests), (a, b, c), mentions, looks_around), pseudo


def _looks_around(function: Any) -> bool:
    """Whether a pseudo-class has a combinator in its argument: ``:is(.menu:hover a)``."""
    inside = [token for token in function.arguments if token.type != "comment"]
    return function.lower_name in ("is", "where", "not", "has") and any(
        (token.type == "literal" and token.value in (">", "+", "~"))
        or (token.type == "whitespace" and 0 < place < len(inside) - 1 and not _is_comma(inside[place - 1]))
        or (token.type == "function" and _looks_around(token))
        for place, token in enumerate(inside)
    )


def _is_comma(token: Any) -> bool:
    return bool(token.type == "literal" and token.value == ",")


def _pseudo_classes(tokens: list[Any]) -> Iterator[str]:
    """The names of all pseudo-classes in a selector, nested ones too."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.type == "literal" and before.value == ":":
            if token.type == "ident":
                yield token.lower_value
            elif token.type == "function":
                yield token.lower_name
        if token.type == "function":
            yield from _pseudo_classes(token.arguments)


def _pseudo_element(token: Any) -> str:
    if token.type != "ident":
        raise InvalidSelector("a pseudo-element that is no name")
    return str(token.lower_value)


def _attribute_test(content: list[Any]) -> Test:
    tokens = [token for token in content if token.type != "whitespace"]
    if not tokens or tokens[0].type != "ident":
        raise InvalidSelector("an attribute selector without a name")
    name = tokens[0].lower_value
    if len(tokens) == 1:
        return lambda element: name in element.attributes
    insensitive = (
        tokens[-1].type == "ident"
        and len(tokens) > 2
        and tokens[-1].lower_value == "i"
        and tokens[-2].type in ("string", "ident")
    )
    if insensitive:
        tokens = tokens[:-1]
    operator = "".join(str(token.value) for token in tokens[1:-1])
    wanted = str(getattr(tokens[-1], "value", ""))
    compare = _ATTRIBUTE_OPERATORS.get(operator)
    if compare is None:
        raise InvalidSelector(f"attribute operator {operator!r}")

    def test(element: Element) -> bool:
        value = element.attributes.get(name)
        if value is None:
            return False
        return compare(value.lower(), wanted.lower()) if insensitive else compare(value, wanted)

    return test


_ATTRIBUTE_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "~=": lambda value, wanted: wanted in value.split(),
    "|=": lambda value, wanted: value == wanted or value.startswith(wanted + "-"),
    "^=": lambda value, wanted: bool(wanted) and value.startswith(wanted),
    "$=": lambda value, wanted: bool(wanted) and value.endswith(wanted),
    "*=": lambda value, wanted: bool(wanted) and wanted in value,
}


def _pseudo_class(token: Any) -> tuple[Test, tuple[int, int, int]]:
    if token.type == "ident":
        test = _SIMPLE_PSEUDO.get(token.lower_value)
        if test is None:
            raise InvalidSelector(f":{token.lower_value}")
        return test, (0, 1, 0)
    if token.type != "function":
        raise InvalidSelector("a pseudo-class that is no name")
    name = token.lower_name
    if name in ("not", "is", "where", "matches", "-webkit-any"):
        return _logical(name, parse_selector_list(token.arguments))
    if name == "has":
        return _has(token.arguments)
    if name in _NTH:
        return _nth(name, token.arguments), (0, 1, 0)
    if name == "lang":
        wanted = "".join(str(getattr(t, "value", "")) for t in token.arguments).lower()
        return lambda element: _language(element).startswith(wanted), (0, 1, 0)
    raise InvalidSelector(f":{name}()")


def _logical(name: str, selectors: list[ComplexSelector]) -> tuple[Test, tuple[int, int, int]]:
    weight = (0, 0, 0) if name == "where" else max(selector.specificity for selector in selectors)
    if name == "not":
        return lambda element: not any(matches(s, element) for s in selectors), weight
    return lambda element: any(matches(s, element) for s in selectors), weight


def _has(arguments: list[Any]) -> tuple[Test, tuple[int, int, int]]:
    tokens = [token for token in arguments if token.type != "comment"]
    while tokens and tokens[0].type == "whitespace":
        tokens = tokens[1:]
    direct = bool(tokens) and tokens[0].type == "literal" and tokens[0].value == ">"
    selectors = parse_selector_list(tokens[1:] if direct else tokens)
    weight = max(selector.specificity for selector in selectors)

    def test(element: Element) -> bool:
        among = [child for child in element.children if isinstance(child, Element)] if direct else element.elements()
        return any(matches(selector, item) for item in among for selector in selectors)

    return test, weight


_NTH = {
    "nth-child": (False, False),
    "nth-last-child": (True, False),
    "nth-of-type": (False, True),
    "nth-last-of-type": (True, True),
}


def _nth(name: str, arguments: list[Any]) -> Test:
    from_end, of_type = _NTH[name]
    parsed = parse_nth(arguments)
    if parsed is None:
        raise InvalidSelector(f":{name}()")
    step, offset = parsed

    def test(element: Element) -> bool:
        position = _position(element, from_end, of_type) - offset
        if step == 0:
            return position == 0
        return position % step == 0 and position // step >= 0

    return test


def _position(element: Element, from_end: bool, of_type: bool) -> int:
    """1 for the first."""
    if element.parent is None:
        return 1
    return _index().position(element.parent, element)[2 * of_type + from_end]


def _only(element: Element, of_type: bool) -> bool:
    return _position(element, False, of_type) == 1 and _position(element, True, of_type) == 1


def _language(element: Element) -> str:
    current: Element | None = element
    while current is not None:
        if "lang" in current.attributes:
            return current.attributes["lang"].lower()
        current = current.parent_element
    return ""


def _is_link(element: Element) -> bool:
    return element.tag in ("a", "area") and "href" in element.attributes


def _is_disabled(element: Element) -> bool:
    return is_disabled(element) or (element.tag in ("option", "optgroup") and is_disabled_option(element))


def _is_control(element: Element) -> bool:
    return element.namespace == HTML and element.tag in (
        "button",
        "input",
        "select",
        "textarea",
        "option",
        "optgroup",
        "fieldset",
    )


_SIMPLE_PSEUDO: dict[str, Test] = {
    "root": lambda element: element.parent_element is None,
    "first-child": lambda element: _position(element, False, False) == 1,
    "last-child": lambda element: _position(element, True, False) == 1,
    "only-child": lambda element: _only(element, False),
    "first-of-type": lambda element: _position(element, False, True) == 1,
    "last-of-type": lambda element: _position(element, True, True) == 1,
    "only-of-type": lambda element: _only(element, True),
    "empty": lambda element: not any(not hasattr(c, "data") or getattr(c, "data", "") for c in element.children),
    "link": _is_link,
    "any-link": _is_link,
    "enabled": lambda element: _is_control(element) and not _is_disabled(element),
    "disabled": lambda element: _is_control(element) and _is_disabled(element),
    "checked": is_checked,
    "required": lambda element: "required" in element.attributes,
    "optional": lambda element: _is_control(element) and "required" not in element.attributes,
    "read-only": lambda element: element.tag not in ("input", "textarea") or "readonly" in element.attributes,
    "read-write": lambda element: element.tag in ("input", "textarea") and "readonly" not in element.attributes,
    "placeholder-shown": lambda element: "placeholder" in element.attributes and not value_of(element),
    "defined": lambda element: True,
    "scope": lambda element: element.parent_element is None,
    "open": lambda element: "open" in element.attributes,
}
for _state in INTERACTIVE_STATES:
    _SIMPLE_PSEUDO[_state] = lambda element, state=_state: state in element.states  # type: ignore[misc]
for _state in (
    "visited",
    "fullscreen",
    "indeterminate",
    "autofill",
    "modal",
    "popover-open",
    "invalid",
    "user-invalid",
    "valid",
    "in-range",
    "out-of-range",
    "default",
):
    # No page is told where a person has been, and what is not checked is neither valid nor invalid.
    _SIMPLE_PSEUDO[_state] = lambda element: False
