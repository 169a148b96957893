"""What a person does in the frames of a page: each has a pointer, a focus and keys of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pressenter.browser.form_submission import Submission
from pressenter.browser.html.addresses import resolved
from pressenter.browser.html.dom import Element
from pressenter.browser.live_page import LivePage

if TYPE_CHECKING:
    from pressenter.browser.page_input import PageInput

__all__ = ["Actions", "FrameInputs", "Inside"]

_OUTSIDE = frozenset(("_top", "_parent", "_blank"))


class Actions(Protocol):
    """What a page asks of the tab, or of the frame, that it is in."""

    def follow(self, url: str, target: str = "") -> None:
        """Go to an address, in the place that ``target`` names (HTML Standard §7.3.1.7)."""

    def submit(self, sent: Submission, target: str = "") -> None:
        """Send a form."""


class Inside(NamedTuple):
    """A frame's input, and where its window begins in that of the page around."""

    input: PageInput
    x: float
    y: float


class FrameInputs:
    """The inputs of the frames in one page.

    Args:
        make_input: makes one, for a page and what that may ask for.
    """

    def __init__(self, live: LivePage, actions: Actions, make_input: Callable[[LivePage, Actions], PageInput]) -> None:
        self._live = live
        self._actions = actions
        self._make_input = make_input
        self._inputs: dict[LivePage, PageInput] = {}

    def of(self, element: Element | None) -> Inside | None:
        """The frame that an element shows, or None."""
        page = self._live.frames.page_of(element)
        if page is None or element is None:
            return None
        rectangle = self._live.rectangle_of(element)
        if rectangle is None:
            return None
        if page not in self._inputs:
            shown = set(self._live.frames.pages().values())
            self._inputs = {known: input_ for known, input_ in self._inputs.items() if known in shown}
            self._inputs[page] = self._make_input(page, _FrameActions(self, self._live, element, self._actions))
        moved, inset = self._live.moved_by(element), self._live.frames.inset_of(element)
        return Inside(
            self._inputs[page], rectangle.x + moved[0] + inset[0], rectangle.y + moved[1] + inset[1]
        )  # fmt: skip

    def __iter__(self) -> Iterator[Inside]:
        for element in list(self._live.frames.pages()):
            inside = self.of(element)
            if inside is not None:
                yield inside


class _FrameActions:
    """What the page in a frame may ask for: to go somewhere in its frame, or in what is around."""

    def __init__(self, inputs: FrameInputs, around: LivePage, element: Element, outer: Actions) -> None:
        self._inputs = inputs
        self._around = around
        self._element = element
        self._outer = outer

    def follow(self, url: str, target: str = "") -> None:
        page = self._around.frames.page_of(self._element)
        whole = resolved(url, page.base) if page is not None else None
        if whole is None:
            return
        if target in _OUTSIDE or self._around.frames.named(target) is not None:
            self._outer.follow(whole, "" if target == "_parent" else target)
        elif page is not None and "#" in whole and whole.partition("#")[0] == page.document.url.partition("#")[0]:
            inside = self._inputs.of(self._element)
            if inside is not None:
                inside.input.scrolling.to_fragment(whole.partition("#")[2])
        else:
            self._around.frames.navigate(self._element, whole)

    def submit(self, sent: Submission, target: str = "") -> None:
        if target in _OUTSIDE or self._around.frames.named(target) is not None:
            self._outer.submit(sent, "" if target == "_parent" else target)
        else:
            self._around.frames.navigate(self._element, sent.url, sent.form)
