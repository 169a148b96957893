"""What a select shows of itself: ``<selectedcontent>`` repeats the selected option (HTML Standard §4.10.10).

The standard does this whenever an option is complete.  Nothing looks at the document in
between here, so it is done once, when the document is.
"""

from __future__ import annotations

from pressenter.browser.html.dom import Comment, Document, Element, Node, Text

__all__ = ["fill_selected_content"]

_OPTION, _GROUP, _SELECT = ("option",), ("optgroup",), ("select",)
_SELECTED_CONTENT = ("selectedcontent",)


def fill_selected_content(document: Document) -> None:
    """Copy the selected option of each select into its first selectedcontent."""
    filled: list[Element] = []
    for element in [element for element in document.elements() if element.is_html(_SELECTED_CONTENT)]:
        select = _ancestor(element, _SELECT)
        if select is None or "multiple" in select.attributes or any(item is select for item in filled):
            continue
        filled.append(select)
        option = _selected_option(select)
        if option is not None and _ancestor(element, (*_OPTION, *_SELECTED_CONTENT)) is None:
            _copy_children(option, element)


def _ancestor(element: Element, tags: tuple[str, ...]) -> Element | None:
    """The nearest ancestor with one of the tags."""
    above = element.parent_element
    while above is not None and not above.is_html(tags):
        above = above.parent_element
    return above


def _selected_option(select: Element) -> Element | None:
    """The last option that says it is selected, else the first that can be (§4.10.7)."""
    options = [item for item in select.elements() if item.is_html(_OPTION) and _ancestor(item, _SELECT) is select]
    selected = next((item for item in reversed(options) if "selected" in item.attributes), None)
    if selected is not None or select.get("size", "1") not in ("", "0", "1"):
        return selected
    return next((item for item in options if not _is_disabled(item)), None)


def _is_disabled(option: Element) -> bool:
    group = option.parent_element
    in_disabled_group = group is not None and group.is_html(_GROUP) and "disabled" in group.attributes
    return in_disabled_group or "disabled" in option.attributes


def _copy_children(source: Node, target: Node) -> None:
    """Copies of all that is in a node take the place of what is in another.  Not recursive: trees may be deep."""
    for child in list(target.children):
        child.detach()
    pairs: list[tuple[Node, Node]] = [(source, target)]
    while pairs:
        original, copied = pairs.pop()
        for child in list(original.children):
            twin = _copy(child)
            copied.append(twin)
            pairs.append((child, twin))
            if isinstance(child, Element) and isinstance(twin, Element) and child.content and twin.content:
                pairs.append((child.content, twin.content))


def _copy(node: Node) -> Node:
    if isinstance(node, Element):
        return Element(node.tag, dict(node.attributes), node.namespace)
    return Text(node.data) if isinstance(node, Text) else Comment(getattr(node, "data", ""))
