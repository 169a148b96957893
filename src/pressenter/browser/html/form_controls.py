"""What people enter into form controls (HTML Standard §4.10).

A control's attributes say how it begins; what a person enters is kept apart from them, in
the element's `control`, until the form is reset ("dirty value flag", §4.10.18.1).
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.dom import Document, Element, Node

__all__ = [
    "ControlState", "caret_of", "controls_of", "default_button", "form_of", "input_type", "is_checked", "is_chosen",
    "is_disabled", "is_disabled_option",
    "is_text_control", "labeled_control", "list_rows", "options_of", "reset", "selected_option", "set_checked",
    "set_value", "select_option", "submits", "toggle_option", "value_of",
]  # fmt: skip

#: Types of input that are no fields for text.
_NOT_TEXT = frozenset("hidden checkbox radio range color file submit image reset button".split())
_CONTROLS = frozenset(("button", "input", "select", "textarea", "fieldset", "output", "object"))
_LABELABLE = frozenset(("button", "input", "meter", "output", "progress", "select", "textarea"))


class ControlState:
    """What was entered.

    Attributes:
        value: the text, or None while it is what the attributes say.
        checked: of a check box, radio button or option, or None likewise.
        caret: before which character of the text the caret stands.
    """

    __slots__ = ("caret", "checked", "value")

    def __init__(self) -> None:
        self.value: str | None = None
        self.checked: bool | None = None
        self.caret: int | None = None


def _state(element: Element) -> ControlState:
    if element.control is None:
        element.control = ControlState()
    state: ControlState = element.control
    return state


# ---- text ------------------------------------------------------------------------------------------


def input_type(element: Element) -> str:
    """The type of an input element, in lower case; ``text`` if it has none."""
    return element.get("type").lower() or "text"


def is_text_control(element: Element) -> bool:
    """Whether one types into it."""
    return element.is_html(("textarea",)) or (element.is_html(("input",)) and input_type(element) not in _NOT_TEXT)


def value_of(element: Element) -> str:
    """The value of a control."""
    if element.control is not None and element.control.value is not None:
        return str(element.control.value)
    if element.tag == "textarea":
        return element.text_content()
    if element.tag == "select":
        chosen = selected_option(element)
        return _option_value(chosen) if chosen is not None else ""
    if element.tag == "option":
        return _option_value(element)
    default = "on" if element.tag == "input" and input_type(element) in ("checkbox", "radio") else ""
    return element.get("value", default)


def set_value(element: Element, value: str, caret: int | None = None) -> None:
    """Enter a value; the caret goes behind it unless a place is given."""
    state = _state(element)
    state.value = value
    state.caret = len(value) if caret is None else caret
    element.mark_changed()


def caret_of(element: Element) -> int:
    """Before which character the caret stands."""
    length = len(value_of(element))
    if element.control is None or element.control.caret is None:
        return length
    return min(int(element.control.caret), length)


# ---- what is on or off --------------------------------------------------------------------------------


def is_checked(element: Element) -> bool:
    """Whether a check box, radio button or option is chosen."""
    if element.tag == "option":
        select = _select_of(element)
        return element is selected_option(select) if select is not None else "selected" in element.attributes
    return _is_on(element, "checked")


def _is_on(element: Element, attribute: str) -> bool:
    """What was entered, or else whether the attribute is there."""
    if element.control is not None and element.control.checked is not None:
        return bool(element.control.checked)
    return attribute in element.attributes


def set_checked(element: Element, is_on: bool) -> None:
    """Check or clear; of a group of radio buttons the others are cleared (§4.10.5.1.16)."""
    if input_type(element) == "radio" and is_on:
        for other in _radio_group(element):
            _state(other).checked = False
            other.mark_changed()
    _state(element).checked = is_on
    element.mark_changed()


def _radio_group(element: Element) -> Iterator[Element]:
    name, form = element.get("name"), form_of(element)
    if name:
        for other in _root(element).elements():
            is_radio = other.is_html(("input",)) and input_type(other) == "radio"
            if is_radio and other.get("name") == name and form_of(other) is form:
                yield other


def is_chosen(option: Element) -> bool:
    """Whether an option of a list in which several may be chosen is."""
    return _is_on(option, "selected")


def is_disabled_option(option: Element) -> bool:
    """Whether an option cannot be chosen, itself or with its group (§4.10.10)."""
    group = option.parent_element
    grouped = group is not None and group.is_html(("optgroup",)) and "disabled" in group.attributes
    return grouped or "disabled" in option.attributes


def options_of(select: Element) -> list[Element]:
    """The options of a select."""
    return [item for item in select.elements() if item.is_html(("option",))]


def selected_option(select: Element) -> Element | None:
    """The option that is chosen: the one that was picked, the last that is marked, or the first."""
    options = options_of(select)
    for option in options:
        if option.control is not None and option.control.checked:
            return option
    marked = [option for option in options if "selected" in option.attributes]
    usable = [option for option in options if "disabled" not in option.attributes]
    return marked[-1] if marked else next(iter(usable or options), None)


def select_option(select: Element, option: Element) -> None:
    """Pick an option."""
    for other in options_of(select):
        _state(other).checked = other is option
    select.mark_changed()


def toggle_option(select: Element, option: Element) -> None:
    """Choose an option of a list in which several may be chosen, or leave it."""
    chosen = [other for other in options_of(select) if is_chosen(other)]
    for other in options_of(select):
        _state(other).checked = (other in chosen) != (other is option)
    select.mark_changed()


def list_rows(select: Element) -> int:
    """How many lines a select shows: 1 for those that open a list (§4.10.7)."""
    return whole_number(select.get("size"), 4 if "multiple" in select.attributes else 1, 1, 500)


def _select_of(option: Element) -> Element | None:
    above = option.parent_element
    while above is not None and above.tag != "select":
        above = above.parent_element
    return above


def _option_value(option: Element) -> str:
    return option.get("value", " ".join(option.text_content().split()))


# ---- forms -----------------------------------------------------------------------------------------------


def form_of(element: Element) -> Element | None:
    """The form that a control belongs to: by its form attribute, or the one around it (§4.10.17.3)."""
    if element.form_owner is not None and "form" not in element.attributes:
        return element.form_owner
    if "form" in element.attributes:
        return _named(element, "form", ("form",))
    above = element.parent_element
    while above is not None and not above.is_html(("form",)):
        above = above.parent_element
    return above


def controls_of(form: Element) -> list[Element]:
    """The controls of a form, in the order of the document."""
    return [e for e in _root(form).elements() if e.is_html(_CONTROLS) and form_of(e) is form]


def default_button(form: Element) -> Element | None:
    """The first button that submits a form (§4.10.22.2)."""
    return next((control for control in controls_of(form) if submits(control)), None)


def submits(control: Element) -> bool:
    """Whether a control is a button that submits its form."""
    if control.is_html(("button",)):
        return control.get("type").lower() not in ("button", "reset")
    return control.is_html(("input",)) and input_type(control) in ("submit", "image")


def is_disabled(control: Element) -> bool:
    """Whether a control takes no input, itself or by a fieldset around it (§4.10.18.5)."""
    if not control.is_html(_CONTROLS):
        return False
    if "disabled" in control.attributes:
        return True
    inner, around = control, control.parent_element
    while around is not None:
        # What is in the first legend of a disabled fieldset works on.
        if around.is_html(("fieldset",)) and "disabled" in around.attributes and inner is not _legend_of(around):
            return True
        inner, around = around, around.parent_element
    return False


def _legend_of(fieldset: Element) -> Element | None:
    return next((c for c in fieldset.children if isinstance(c, Element) and c.is_html(("legend",))), None)


def reset(form: Element) -> None:
    """All controls are again as their attributes say."""
    for control in controls_of(form):
        for item in (control, *options_of(control)):
            item.control = None
            item.mark_changed()


def labeled_control(label: Element) -> Element | None:
    """The control that a label is for: by its for attribute, or the first one in it (§4.10.4)."""
    if "for" in label.attributes:
        return _named(label, "for", _LABELABLE)
    return next((e for e in label.elements() if e.is_html(_LABELABLE)), None)


def _named(element: Element, attribute: str, tags: Container[str]) -> Element | None:
    """The element of one of the tags whose id an attribute names."""
    wanted = element.get(attribute)
    return next((e for e in _root(element).elements() if e.get("id") == wanted and e.is_html(tags)), None)


def _root(element: Element) -> Document | Node:
    node: Node = element
    while node.parent is not None:
        node = node.parent
    return node
