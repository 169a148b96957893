"""html5lib's tree construction tests: markup, and the tree that it must become.

The tree is compared as text, line by line, in the tests' own format.  Cases that run scripts
(``#script-on`` with a script in the data that writes or changes the tree) fail until there are any.
"""

from __future__ import annotations

from typing import Any

from pressenter.browser.html.dom import HTML, MATHML, SVG, Element, dump
from pressenter.browser.html.html_parser import HtmlParser, parse_fragment

__all__ = ["run", "run_null"]

_SECTIONS = ("#data", "#errors", "#new-errors", "#document-fragment", "#script-on", "#script-off", "#document")
_NAMESPACES = {"": HTML, "svg": SVG, "math": MATHML}


def _sections(case: str) -> dict[str, str]:
    """The sections of a .dat block; data may hold lines that look like the head of one."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in case.split("\n"):
        begins = line in _SECTIONS and current != "#document" and (current != "#data" or line == "#errors")
        if begins:
            current = line
            found[current] = []
        elif current:
            found[current].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def run(case: dict[str, Any]) -> tuple[str, str]:
    """Parse one case: its outcome and the first line that differs."""
    sections = _sections(case["case"])
    try:
        actual = _tree(sections)
    except Exception as error:  # a bug of ours is a failure, too
        return "fail", f"{type(error).__name__}: {error}"
    expected = sections["#document"].rstrip("\n")
    if actual == expected:
        return "pass", ""
    lines = zip(actual.split("\n") + [""] * 9999, expected.split("\n"), strict=False)
    difference = next((f"{a!r} instead of {e!r}" for a, e in lines if a != e), "more than expected")
    return "fail", difference


def _tree(sections: dict[str, str]) -> str:
    scripting = "#script-on" in sections
    if "#document-fragment" in sections:
        prefix, _, tag = sections["#document-fragment"].strip().rpartition(" ")
        return dump(parse_fragment(sections["#data"], Element(tag, {}, _NAMESPACES[prefix]), scripting))
    parser = HtmlParser(scripting=scripting)
    parser.feed(sections["#data"])
    return dump(parser.close())


def run_null(case: dict[str, Any]) -> bool:
    """Whether a parser passes that takes every page for an empty one."""
    sections = _sections(case["case"])
    expected = sections["#document"].rstrip("\n")
    return expected == _tree({**sections, "#data": ""})
