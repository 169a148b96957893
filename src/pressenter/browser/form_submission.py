"""Sending a form: which entries, in which encoding, to which address (HTML Standard §4.10.22)."""

from __future__ import annotations

from typing import NamedTuple

import ada_url

from pressenter.browser.fetch import Form
from pressenter.browser.html.dom import Element
from pressenter.browser.html.form_controls import (
    controls_of,
    input_type,
    is_checked,
    is_chosen,
    is_disabled,
    is_disabled_option,
    options_of,
    selected_option,
    submits,
    value_of,
)

__all__ = ["Submission", "submission"]

_BOUNDARY = "----pressenter-form-boundary"


class Submission(NamedTuple):
    """Where a form is sent; ``form`` is None where its entries are in the address (GET)."""

    url: str
    form: Form | None


def submission(form: Element, submitter: Element | None, base: str, page: str = "") -> Submission:
    """What submitting a form by a button (None: without one) comes to.  Raises ValueError for an address that is none.

    Args:
        base: the address that the form's action is seen from.
        page: the document's own address, to which a form without an action is sent; ``base`` if it is not given.
    """

    def asked(name: str) -> str:
        if submitter is not None and f"form{name}" in submitter.attributes:
            return submitter.get(f"form{name}")
        return form.get(name)

    entries = _entries(form, submitter)
    url = ada_url.URL(asked("action") or page or base, base)
    if asked("method").lower() != "post":
        url.search = "?" + _urlencoded(entries)  # §4.10.22.3, "mutate action URL"
        return Submission(str(url.href), None)
    kind = asked("enctype").lower()
    if kind == "multipart/form-data":
        return Submission(str(url.href), Form(f"{kind}; boundary={_BOUNDARY}", _multipart(entries)))
    if kind == "text/plain":
        lines = "".join(f"{name}={value}\r\n" for name, value in entries)
        return Submission(str(url.href), Form(kind, lines.encode()))
    return Submission(str(url.href), Form("application/x-www-form-urlencoded", _urlencoded(entries).encode()))


def _entries(form: Element, submitter: Element | None) -> list[tuple[str, str]]:
    """Constructing the entry list (§4.10.22.4)."""
    found: list[tuple[str, str]] = []
    for control in controls_of(form):
        name = control.get("name")
        if is_disabled(control) or control.tag in ("fieldset", "object", "output"):
            continue
        if submits(control) or control.tag == "button" or input_type(control) in ("reset", "button"):
            if control is submitter and input_type(control) == "image":
                prefix = f"{name}." if name else ""
                found += [(f"{prefix}x", "0"), (f"{prefix}y", "0")]
            elif control is submitter and name:
                found.append((name, value_of(control)))
        elif not name:
            continue
        elif control.tag == "select":
            found += [(name, value_of(option)) for option in _chosen(control) if not is_disabled_option(option)]
        elif control.tag == "input" and input_type(control) in ("checkbox", "radio"):
            found += [(name, value_of(control))] if is_checked(control) else []
        else:
            found.append((name, _normalized(value_of(control))))
    return found


def _chosen(select: Element) -> list[Element]:
    if "multiple" in select.attributes:
        return [option for option in options_of(select) if is_chosen(option)]
    option = selected_option(select)
    return [option] if option is not None else []


def _normalized(value: str) -> str:
    """Line ends as they are sent (§4.10.22.4, step 5)."""
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def _urlencoded(entries: list[tuple[str, str]]) -> str:
    """URL Standard §5.2."""
    parameters = ada_url.URLSearchParams("")
    for name, value in entries:
        parameters.append(name, value)
    return str(parameters)


def _multipart(entries: list[tuple[str, str]]) -> bytes:
    """RFC 7578 §4; the names are escaped as browsers do (§4.10.22.8)."""
    parts = []
    for name, value in entries:
        escaped = name.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
        parts.append(f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{escaped}"\r\n\r\n{value}\r\n')
    return ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode()
