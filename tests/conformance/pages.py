"""A page from text to rectangles, through every stage but the network: what layout suites are run with."""

import urllib.request
from collections.abc import Callable

from pressenter.browser.css.cascade import StyledDocument, style_document
from pressenter.browser.css.style_sheet import Medium, parse_style_sheet
from pressenter.browser.html.dom import Document, Element
from pressenter.browser.html.html_parser import parse_html
from pressenter.browser.layout.box_tree import Picture, build_box_tree
from pressenter.browser.layout.boxes import IntrinsicSize
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import BoxFragment, LayoutResult
from pressenter.browser.layout.overflow import scrollable_overflow
from pressenter.browser.layout.rectangles import Rectangle, element_rectangles, page_fragments
from pressenter.browser.pictures import inline_drawings, picture_file, picture_source, shows_picture
from tests.conformance.box_font import box_font


class LaidOutPage:
    """A document with its styles, its layout, and what a script could read of it (CSSOM View 1 §7, §8)."""

    def __init__(self, document: Document, styled: StyledDocument, layout: LayoutResult) -> None:
        self.document = document
        self.styled = styled
        self.layout = layout
        self.rectangles: dict[Element, Rectangle] = element_rectangles(layout)
        self.fragments: dict[Element, BoxFragment] = {}
        for placed in page_fragments(layout):
            fragment = placed.fragment
            if isinstance(fragment, BoxFragment) and fragment.box.element is not None:
                self.fragments.setdefault(fragment.box.element, fragment)

    def rectangle(self, element: Element) -> Rectangle:
        """The border box in page coordinates; all zero for an element without a box."""
        return self.rectangles.get(element, Rectangle(0.0, 0.0, 0.0, 0.0))

    def offset(self, element: Element) -> tuple[float, float]:
        """offsetLeft and offsetTop."""
        own = self.rectangle(element)
        parent = self._offset_parent(element)
        if parent is None or parent not in self.fragments:
            return own.x, own.y
        around = self.rectangle(parent)
        style = self.styled.styles[parent]
        return own.x - around.x - style["border-left-width"], own.y - around.y - style["border-top-width"]

    def _offset_parent(self, element: Element) -> Element | None:
        """The nearest positioned ancestor; None stands for the body, which counts from the page's corner."""
        static = self.styled.styles[element]["position"] == "static"
        parent = element.parent_element
        while parent is not None and parent.tag not in ("body", "html"):
            style = self.styled.styles[parent]
            if style["position"] != "static" or style["transform"] != "none":
                return parent
            if static and parent.tag in ("td", "th", "table"):
                return parent
            parent = parent.parent_element
        return None

    def client_size(self, element: Element) -> tuple[float, float]:
        """clientWidth and clientHeight: the padding box without scroll bars."""
        fragment = self.fragments.get(element)
        if fragment is None:
            return 0.0, 0.0
        style = self.styled.styles[element]
        across = style["border-left-width"] + style["border-right-width"] + fragment.gutters[0]
        down = style["border-top-width"] + style["border-bottom-width"] + fragment.gutters[1]
        return fragment.width - across, fragment.height - down

    def scroll_size(self, element: Element) -> tuple[float, float]:
        """scrollWidth and scrollHeight: the padding box and what overflows it."""
        width, height = self.client_size(element)
        fragment = self.fragments.get(element)
        if fragment is None:
            return 0.0, 0.0
        overflow = scrollable_overflow(fragment)
        return max(width, overflow[0]), max(height, overflow[1])


class Renderer:
    """Lays out pages; fonts are read once."""

    def __init__(self, width: float = 800, height: float = 600, scroll_bar: float = 15.0) -> None:
        self.medium = Medium(width, height)
        self.scroll_bar = scroll_bar
        self.fonts = FontLibrary()
        self.fonts.add("ahem", box_font())

    def lay_out(
        self, html: str, style_sheets: list[str], picture_size: Callable[[str], IntrinsicSize | None]
    ) -> LaidOutPage:
        document = parse_html(html)
        sheets = [parse_style_sheet(text, self.medium) for text in style_sheets]
        for element in document.elements():
            if element.tag == "style":
                sheets.append(parse_style_sheet(element.text_content(), self.medium))
        styled = style_document(document, sheets, self.medium, self.fonts.measure)
        known = {element: file.picture for element, file in inline_drawings(document, styled).items()}
        for element in filter(shows_picture, document.elements()):
            source = picture_source(element, self.medium)
            if source.startswith("data:"):
                known[element] = picture_file(source, urllib.request.urlopen(source).read()).picture
            elif (size := picture_size(source.rpartition("/")[2])) is not None:
                known[element] = Picture(source, size, size.width / size.height)
        tree = build_box_tree(document, styled, known, None, self.fonts)
        engine = LayoutEngine(self.fonts, self.medium.width, self.medium.height, self.scroll_bar)
        return LaidOutPage(document, styled, engine.page(tree.root))
