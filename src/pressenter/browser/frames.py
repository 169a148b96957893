"""Frames: pages within a page (HTML Standard §4.8.5, "child navigables").

An ``iframe`` has a document of its own, and with it everything that a page has: style sheets that
see nothing of the page around, pictures, scrolling, a focus.  So it is a `LivePage` again; its
window is the content box of the element.  Since that is known only when the page around has been
laid out, the document is fetched first and opened at the first layout; where the box gets another
size later, the document is opened again, for media queries and viewport units may now say
something else.

What it draws goes into the display list of the page around, at the place of the element.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import ada_url

from pressenter.browser.content_type import content_type
from pressenter.browser.error_page import document_around
from pressenter.browser.html.addresses import resolved
from pressenter.browser.html.dom import SHOWN, Element
from pressenter.browser.layout.fragments import BoxFragment, LayoutResult
from pressenter.browser.layout.rectangles import page_fragments
from pressenter.browser.paint.items import FramedPicture
from pressenter.browser.scrolling import Scrolling
from pressenter.http.messages import Fetched

if TYPE_CHECKING:
    from pressenter.browser.fetch import Form
    from pressenter.browser.live_page import LivePage
    from pressenter.browser.page_resources import PageResources, Services

__all__ = ["Frames", "FramesAround", "has_frame"]

_DEEPEST = 8  # frames within frames
_MOST = 100  # frames of one tab


def has_frame(element: Element) -> bool:
    """Whether an element shows a document of its own."""
    return element.is_html(("iframe",)) and ("srcdoc" in element.attributes or bool(element.get("src").strip()))


class FramesAround(NamedTuple):
    """Where a frame stands.

    Attributes:
        addresses: of the pages around it, the outermost first.
        opened: how many frames the tab has, in a list of one that all of them share.
    """

    addresses: tuple[str, ...]
    opened: list[int]


class _Source(NamedTuple):
    """A document that has been fetched."""

    url: str
    charset: str
    data: bytes


class Frames:
    """The frames of one page.

    Args:
        host: the page around.
        open_page: makes the page of a frame: services (with the window's size), address, charset, where it stands.
        start: runs something that the page around waits for.
        repaint: called when a frame looks otherwise.
    """

    def __init__(
        self, host: LivePage, services: Services, resources: PageResources, around: FramesAround | None, *,
        open_page: Callable[[Services, str, str, FramesAround], LivePage],
        start: Callable[[Awaitable[None], str], None], repaint: Callable[[], None],
    ) -> None:  # fmt: skip
        self._host = host
        self._services = services
        self._resources = resources
        self._around = around or FramesAround((), [0])
        self._open_page = open_page
        self._start = start
        self._repaint = repaint
        self._sources: dict[Element, _Source] = {}
        self._pages: dict[Element, LivePage] = {}
        self._insets: dict[Element, tuple[float, float]] = {}

    # ---- documents ---------------------------------------------------------------------------------

    def load(self, element: Element) -> None:
        """Fetch the document of a frame that the parser has come upon."""
        self._around.opened[0] += 1
        base = self._host.base
        if self._around.opened[0] > _MOST or len(self._around.addresses) >= _DEEPEST:
            self._refuse(element.get("src"), "too many frames")
        elif "srcdoc" in element.attributes:
            self._take(element, _Source(base, "utf-8", element.get("srcdoc").encode()))
        else:
            self._start(self._fetch(element, element.get("src"), base), "frame")

    def navigate(self, element: Element, url: str, form: Form | None = None) -> None:
        """A link or a form in a frame, or one that names it, leads it somewhere else."""
        self._services.recorder.record(self._services.node, "page.follow", url=url)
        self._start(self._fetch(element, url, self._host.base, form), "frame")

    def named(self, name: str) -> Element | None:
        """The frame that the target of a link means (§7.3.1.7)."""
        return next((element for element in self._sources if element.get("name") == name), None) if name else None

    async def _fetch(self, element: Element, reference: str, base: str, form: Form | None = None) -> None:
        url = resolved(reference, base)
        if url is None or url == "about:blank":
            return
        inside = (*self._around.addresses, self._host.document.url)
        if url.partition("#")[0] in [address.partition("#")[0] for address in inside]:
            self._refuse(url, "it would stand in itself")  # HTML Standard §4.8.5
            return
        fetched = await self._resources.document(url, base, form)
        if fetched is None:
            return
        if not _allows_framing(fetched, inside):
            self._refuse(fetched.url, "its server forbids to show it in a frame")
            return
        headers = fetched.response.headers
        kind = content_type(headers.get("content-type"), fetched.body, headers.get("content-disposition"))
        found = document_around(kind, fetched.url, fetched.body)
        if found is not None:
            self._take(element, _Source(fetched.url, found[1], found[0]))

    def _take(self, element: Element, source: _Source) -> None:
        self._sources[element] = source
        self._close(element)
        element.mark_changed(SHOWN)
        self._host.changed()

    def _refuse(self, url: str, reason: str) -> None:
        self._services.recorder.record(self._services.node, "page.without", url=url, reason=reason)

    # ---- pages -------------------------------------------------------------------------------------

    def fit(self, layout: LayoutResult) -> None:
        """The page around has been laid out: frames are opened in windows of the right size."""
        if not self._sources:
            return
        for placed in page_fragments(layout):
            fragment = placed.fragment
            element = fragment.box.element if isinstance(fragment, BoxFragment) else None
            if element in self._sources and isinstance(fragment, BoxFragment) and fragment.edges is not None:
                assert element is not None
                self._insets[element] = (fragment.edges.left, fragment.edges.top)
                width = max(1.0, fragment.width - fragment.edges.horizontal)
                height = max(1.0, fragment.height - fragment.edges.vertical)
                page = self._pages.get(element)
                if page is None or (page.window_width, page.window_height) != (width, height):
                    self._open(element, width, height)

    def _open(self, element: Element, width: float, height: float) -> None:
        self._close(element)
        source, medium = self._sources[element], self._services.medium
        services = self._services._replace(medium=medium._replace(width=width, height=height))
        around = self._around._replace(addresses=(*self._around.addresses, self._host.document.url))
        page = self._pages[element] = self._open_page(services, source.url, source.charset, around)
        self._services.recorder.record(
            self._services.node, "page.frame", url=source.url, width=round(width), height=round(height),
            name=element.get("name"),
        )  # fmt: skip
        page.feed(source.data)
        self._start(self._finish(page), "frame")

    async def _finish(self, page: LivePage) -> None:
        await page.finish()
        Scrolling(page).to_fragment(page.document.url.partition("#")[2])
        self._repaint()

    def _close(self, element: Element) -> None:
        page = self._pages.pop(element, None)
        if page is not None:
            page.stop()

    def stop(self, loading_only: bool = False) -> None:
        """The page around is left, or loads no further."""
        for page in self._pages.values():
            page.stop_loading() if loading_only else page.stop()

    def page_of(self, element: Element | None) -> LivePage | None:
        """The page that an element shows, or None."""
        return self._pages.get(element) if element is not None else None

    def inset_of(self, element: Element) -> tuple[float, float]:
        """How far a frame's window is from the border of its element, to the right and down."""
        return self._insets.get(element, (0.0, 0.0))

    def pages(self) -> Mapping[Element, LivePage]:
        """Every page within this one, by its element."""
        return self._pages

    def pictures(self) -> dict[Element, FramedPicture]:
        """What the frames look like now."""
        return {
            element: FramedPicture(page.page.display_list, page.scroll, page.page.pictures)
            for element, page in self._pages.items()
            if page.page is not None
        }


def _allows_framing(fetched: Fetched, around: Iterable[str]) -> bool:
    """X-Frame-Options (HTML Standard §7.1.5.2)."""
    options = {part.strip().lower() for part in fetched.response.headers.get("x-frame-options").split(",")} - {""}
    if len(options) > 1 and options & {"deny", "allowall", "sameorigin"}:
        return False  # contradictory
    if "sameorigin" in options:
        return all(ada_url.URL(fetched.url).origin == ada_url.URL(page).origin for page in around)
    return "deny" not in options
