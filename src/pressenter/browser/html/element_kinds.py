"""Sets of elements that the parsing rules name (HTML Standard §13.2.4)."""

from __future__ import annotations

from pressenter.browser.html.dom import HTML, MATHML, SVG, Element

__all__ = [
    "DEFAULT_SCOPE",
    "FOREIGN_SCOPE",
    "FORMATTING",
    "HEADINGS",
    "HEAD_ELEMENTS",
    "IMPLIED_END_TAGS",
    "MATHML_TEXT_POINTS",
    "SPECIAL",
    "SVG_HTML_POINTS",
    "TABLE_PARTS",
    "TABLE_SCOPE",
    "VOID",
    "is_special",
    "quirks_mode",
]

FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())
HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
HEAD_ELEMENTS = frozenset("base basefont bgsound link meta noframes script style template title".split())
IMPLIED_END_TAGS = frozenset("dd dt li optgroup option p rb rp rt rtc".split())
DEFAULT_SCOPE = frozenset("applet caption html table td th marquee object select template".split())
TABLE_PARTS = frozenset("caption col colgroup tbody td tfoot th thead tr".split())
TABLE_SCOPE = frozenset("html table template".split())
SPECIAL = frozenset(
    """address applet area article aside base basefont bgsound blockquote body br button
    caption center col colgroup dd details dir div dl dt embed fieldset figcaption figure
    footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe img input
    keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p
    param plaintext pre script search section select source style summary table tbody td
    template textarea tfoot th thead title tr track ul wbr xmp""".split()
)
MATHML_TEXT_POINTS = frozenset("mi mo mn ms mtext".split())
SVG_HTML_POINTS = frozenset("foreignObject desc title".split())
#: The elements of SVG and MathML that are special and end every scope but that of tables (§13.2.4.2).
FOREIGN_SCOPE = frozenset(
    [(MATHML, tag) for tag in (*MATHML_TEXT_POINTS, "annotation-xml")] + [(SVG, tag) for tag in SVG_HTML_POINTS]
)

_QUIRKY_PUBLIC_IDS = (
    "+//silmaril//dtd html pro v0r11 19970101//", "-//as//dtd html 3.0 aswedit + extensions//",
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//", "-//ietf//dtd html", "-//w3c//dtd html 3",
    "-//w3c//dtd html 4.0 frameset//", "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental", "-//w3c//dtd w3 html", "-//w3o//dtd w3 html",
    "-//webtechs//dtd mozilla html", "-//netscape comm. corp.//dtd", "-//microsoft//dtd internet explorer",
    "-//metrius//dtd metrius presentational//", "-//o'reilly and associates//dtd html",
    "-//softquad", "-//spyglass//dtd html 2.0 extended//", "-//sq//dtd html 2.0 hotmetal",
    "-//sun microsystems corp.//dtd hotjava",
)  # fmt: skip


def is_special(element: Element) -> bool:
    """Whether an element is in the category "special" (HTML Standard §13.2.4.2)."""
    if element.namespace == HTML:
        return element.tag in SPECIAL
    return (element.namespace, element.tag) in FOREIGN_SCOPE


def quirks_mode(name: str, public_id: str | None, system_id: str | None, force: bool) -> str:
    """The document's mode by its doctype (HTML Standard §13.2.6.4.1)."""
    public, system = (public_id or "").lower(), (system_id or "").lower()
    if force or name != "html" or public.startswith(_QUIRKY_PUBLIC_IDS):
        return "quirks"
    if public in ("-//w3o//dtd w3 html strict 3.0//en//", "-/w3c/dtd html 4.0 transitional/en", "html"):
        return "quirks"
    if system == "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd":
        return "quirks"
    html_401 = ("-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//")
    if public.startswith(html_401):
        return "quirks" if system_id is None else "limited-quirks"
    if public.startswith(("-//w3c//dtd xhtml 1.0 frameset//", "-//w3c//dtd xhtml 1.0 transitional//")):
        return "limited-quirks"
    return "no-quirks"
