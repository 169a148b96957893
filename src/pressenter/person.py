"""The person at the computer: looks at the screen, types, moves the mouse, touches.

A person knows nothing of the browser's inside but what can be seen: where a link with
certain words is on the screen.  Everything that follows goes the long way, from the device
through the kernel and the window system.

What a person does after the page has come is said in words, one action each::

    click Buy now        tap Buy now          hover Menu
    type hello world     press Tab            wait 0.5
    scroll 400           swipe 400            back | forward | reload
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pressenter.machine.computer import Computer
from pressenter.machine.keyboard import check_keys
from pressenter.machine.keymap import KEY_BY_NAME

if TYPE_CHECKING:
    from pressenter.browser.browser import Browser
    from pressenter.browser.frame_input import Inside
    from pressenter.browser.html.dom import Element
    from pressenter.browser.layout.rectangles import Rectangle
    from pressenter.browser.live_page import LivePage
    from pressenter.browser.page_input import PageInput
    from pressenter.machine.display import Frame

__all__ = ["Action", "ActionError", "Person", "finished", "parse_action"]

#: How long a person looks at a page before going on.
READING_SECONDS = 2.0
#: How long a person waits to see whether something happens.
_REACTION_SECONDS = 0.3
_NOTCH = 100  # pixels that the page moves for a notch of the wheel
_SWIPE_SAMPLES = 30
_WITH_WORDS = frozenset(("click", "tap", "hover", "type", "press"))
_WITH_NUMBER = frozenset(("scroll", "swipe", "wait"))
_MOST = {"scroll": 1_000_000, "swipe": 10_000, "wait": 86_400}
_ALONE = frozenset(("back", "forward", "reload"))


class ActionError(ValueError):
    """What somebody is asked to do cannot be done; the message says why."""


class Action(NamedTuple):
    """Something that a person does: the verb, and the words or the number behind it."""

    verb: str
    words: str


def parse_action(text: str) -> Action:
    """Read an action.  Raises ActionError for what is none."""
    verb, _, words = text.strip().partition(" ")
    verb, words = verb.lower(), words.strip()
    if verb in _ALONE and not words:
        return Action(verb, "")
    if verb in _WITH_NUMBER:
        try:
            number = float(words)
        except ValueError:
            number = math.nan
        if not abs(number) <= _MOST[verb]:
            raise ActionError(f"{text!r}: {verb} needs a number up to {_MOST[verb]:g}, such as '{verb} 3'")
        return Action(verb, words)
    if verb == "press" and words.lower() not in KEY_BY_NAME:
        raise ActionError(f"{text!r}: there is no key {words!r}; keys: {', '.join(sorted(KEY_BY_NAME))}")
    if verb == "type":
        check_keys(words)
    if verb in _WITH_WORDS and words:
        return Action(verb, words)
    known = ", ".join(sorted(_WITH_WORDS | _WITH_NUMBER | _ALONE))
    raise ActionError(f"{text!r} is nothing that a person can do; the first word is one of {known}")


async def finished(act: Callable[..., None], *arguments: object) -> None:
    """Begin something that takes the hand some time, and wait until it is done."""
    done = asyncio.get_running_loop().create_future()
    act(*arguments, lambda: done.set_result(None))
    await done


class _SeenPage(NamedTuple):
    """A page, or one in a frame of it, and where its window begins in that of the whole page."""

    live: LivePage
    input: PageInput | None
    x: float
    y: float


class Person:
    """Sits at one computer, in front of one browser."""

    def __init__(self, computer: Computer, browser: Browser) -> None:
        self._computer = computer
        self._browser = browser

    async def visit(self, address: str) -> None:
        """Type an address, press Enter, and wait for the picture."""
        if not self._browser.address_bar.has_focus or self._browser.address_bar.text:
            from pressenter.browser.window import address_field

            field = address_field(self._browser.size[0])
            await self.click_at(round(field.x + field.width / 2), round(field.y + field.height / 2))
        before = self._browser.tab.navigations
        loaded = asyncio.get_running_loop().create_task(self._loaded(before + 1))
        await finished(self._computer.keyboard.type_text, address + "\n")
        await loaded
        await asyncio.sleep(READING_SECONDS)

    async def do(self, action: Action) -> None:
        """Do something with the page.  Raises ActionError."""
        verb, words = action
        before = self._browser.tab.navigations
        loaded = asyncio.get_running_loop().create_task(self._loaded(before + 1))
        try:
            await self._act(verb, words)
        except ActionError:
            loaded.cancel()
            raise
        await asyncio.sleep(_REACTION_SECONDS)
        if self._browser.tab.is_loading or self._browser.tab.navigations > before:
            await loaded
            await asyncio.sleep(READING_SECONDS)
        loaded.cancel()

    async def _act(self, verb: str, words: str) -> None:
        if verb in ("click", "tap", "hover"):
            await self._point(verb, words)
        elif verb == "type":
            await finished(self._computer.keyboard.type_text, words)
        elif verb == "press":
            await finished(self._computer.keyboard.type_text, KEY_BY_NAME[words.lower()].plain)
        elif verb in ("scroll", "swipe"):
            await self._scroll(verb, float(words))
        elif verb == "wait":
            await asyncio.sleep(max(0.0, float(words)))
        else:
            await self._toolbar(verb)

    # ---- pointing ------------------------------------------------------------------------------

    async def _point(self, verb: str, words: str) -> None:
        tab = self._browser.tab
        opened = tab.input.open_list() if tab.input is not None else None
        if opened is not None:
            x, y = await self._row_in_list(opened, words)
        else:
            x, y = await self._bring_into_view(*self._find(words), words)
        if verb == "tap":
            await finished(self._computer.touch_screen.tap, x, y)
        elif verb == "hover":
            await self._move_to(x, y)
        else:
            await self.click_at(x, y)

    async def _row_in_list(self, opened: Inside, words: str) -> tuple[int, int]:
        """The place of an option in the list that is open; the wheel is turned until it is seen."""
        shown = opened.input.list
        assert shown is not None
        texts = [row.text.casefold() if row.can_be_chosen else "" for row in shown.rows]
        number = next((texts.index(text) for text in texts if text and text == words.casefold()), None)
        if number is None:
            known = ", ".join(row.text for row in shown.rows if row.can_be_chosen)
            raise ActionError(f"the list that is open has no {words!r}; it has: {known}")
        while not shown.rect.holds(*shown.place_of(number)):
            x, y, width, height = shown.rect
            await self._move_to(round(x + opened.x + width / 2), round(y + opened.y + height / 2) + _top_of_page())
            await finished(self._computer.mouse.turn_wheel, 1 if shown.place_of(number)[1] < y else -1)
            await asyncio.sleep(0.05)
        x, y = shown.place_of(number)
        return round(x + opened.x), round(y + opened.y) + _top_of_page()

    async def _move_to(self, x: int, y: int) -> None:
        here = self._computer.windows.pointer
        await finished(self._computer.mouse.move, x - here[0], y - here[1])
        await asyncio.sleep(0.02)  # until the last report has been polled

    async def click_at(self, x: int, y: int) -> None:
        """Move the mouse to a point of the screen and click there."""
        await self._move_to(x, y)
        await finished(self._computer.mouse.click)
        await asyncio.sleep(0.02)

    async def _toolbar(self, verb: str) -> None:
        from pressenter.browser.window import BACK_BUTTON, FORWARD_BUTTON, RELOAD_BUTTON

        button = {"back": BACK_BUTTON, "forward": FORWARD_BUTTON, "reload": RELOAD_BUTTON}[verb]
        await self.click_at(round(button.x + button.width / 2), round(button.y + button.height / 2))

    async def turn_wheel_at(self, x: int, y: int, steps: int) -> None:
        """Turn the wheel over a point of the screen; towards the hand is negative."""
        await self._move_to(x, y)
        await finished(self._computer.mouse.turn_wheel, steps)

    async def _scroll(self, verb: str, distance: float) -> None:
        width, height = self._browser.size
        middle = (width // 2, height // 2)
        if verb == "swipe":
            end = (middle[0], round(min(max(0.0, middle[1] - distance), height - 1)))
            await finished(self._computer.touch_screen.swipe, middle, end, _SWIPE_SAMPLES)
            return
        if self._computer.windows.pointer[1] < _top_of_page():
            await self._move_to(*middle)
        await finished(self._computer.mouse.turn_wheel, -round(distance / _NOTCH))

    # ---- looking -------------------------------------------------------------------------------

    def _pages(self) -> Iterator[_SeenPage]:
        """The page, and those in its frames, with the places where their windows begin."""
        tab = self._browser.tab
        waiting = [_SeenPage(tab.shown, tab.input, 0.0, 0.0)] if tab.shown is not None else []
        while waiting:
            seen = waiting.pop(0)
            yield seen
            frames = seen.input.frames if seen.input is not None else ()
            waiting += [_SeenPage(f.input.live, f.input, seen.x + f.x, seen.y + f.y) for f in frames]

    def _find(self, words: str) -> tuple[_SeenPage, Element]:
        """What on the page, or in a frame, says these words, or is meant by a CSS selector."""
        pages = list(self._pages())
        if not pages or self._browser.page is None:
            raise ActionError(f"{words!r}: there is no page")
        for seen in pages:
            element = self._find_in(seen, words)
            if element is not None:
                return seen, element
        known = [label for seen in pages for e in _shown_on(seen) if _can_be_used(e) for label in _labels(e)]
        raise ActionError(f"nothing on the page says {words!r}; what can be used there: {', '.join(known[:12])}")

    @staticmethod
    def _find_in(seen: _SeenPage, words: str) -> Element | None:
        shown = _shown_on(seen)
        for test in (
            lambda label: label.casefold() == words.casefold(),
            lambda label: words.casefold() in label.casefold(),
        ):
            for element in shown:
                if _can_be_used(element) and any(test(label) for label in _labels(element)):
                    return element
        return _selected(words, shown)

    async def _bring_into_view(self, seen: _SeenPage, element: Element, words: str) -> tuple[int, int]:
        """Scroll until an element is seen; returns a point of the screen where it is."""
        for _ in range(3):
            seen = next((page for page in self._pages() if page.live is seen.live), seen)
            point = self._point_on_screen(seen, element)
            live, rectangle = self._browser.tab.shown, _rectangle(seen.live, element)
            if point is not None:
                return point
            if live is None or rectangle is None:
                break
            top = rectangle.y + rectangle.height / 2 + seen.live.moved_by(element)[1] + seen.y
            middle = top - live.window_height / 2
            if abs(middle) < _NOTCH:
                break
            await self._scroll("scroll", middle)
            await asyncio.sleep(_REACTION_SECONDS)
        raise ActionError(f"{words!r} cannot be pointed at: something covers it, or it cannot be scrolled to")

    def _point_on_screen(self, seen: _SeenPage, element: Element) -> tuple[int, int] | None:
        from pressenter.browser.css.selectors import ancestors
        from pressenter.browser.layout.rectangles import page_fragments

        live, whole = seen.live, self._browser.tab.shown
        if live.page is None or whole is None:
            return None
        rectangle = _rectangle(live, element)
        places = [rectangle] if rectangle is not None else []
        places += [
            placed.rectangle for placed in page_fragments(live.page.layout)
            if placed.fragment.box is not None and placed.fragment.box.element is element
        ]  # fmt: skip
        across, down = live.moved_by(element)
        for x, y, width, height in places:
            left, top = x + width / 2 + across, y + height / 2 + down
            x, y = left + seen.x, top + seen.y
            inside = 0 <= left < live.window_width and 0 <= top < live.window_height
            if inside and 0 <= x < whole.window_width and 0 <= y < whole.window_height:
                there = live.element_at(left, top)
                if there is not None and (there is element or element in ancestors(there)):
                    return round(x), round(y) + _top_of_page()
        return None

    # ---- waiting -------------------------------------------------------------------------------

    async def _loaded(self, navigations: int) -> None:
        """Wait until a page has come, and its picture is on the screen."""
        seen = asyncio.get_running_loop().create_future()

        def look(frame: Frame) -> None:
            if self._browser.tab.navigations >= navigations and not seen.done():
                seen.set_result(None)

        self._computer.display.on_shown = look
        await seen


def _top_of_page() -> int:
    from pressenter.browser.window import TOOLBAR_HEIGHT

    return TOOLBAR_HEIGHT


def _rectangle(live: LivePage, element: Element) -> Rectangle | None:
    rectangle = live.rectangle_of(element)
    return None if rectangle is None or not (rectangle.width and rectangle.height) else rectangle


def _shown_on(seen: _SeenPage) -> list[Element]:
    live = seen.live
    return [e for e in live.document.elements() if live.page and live.is_seen(e) and _rectangle(live, e)]


def _can_be_used(element: Element) -> bool:
    from pressenter.browser.page_input import is_focusable

    return is_focusable(element) or element.is_html(("label",))


def _labels(element: Element) -> Iterator[str]:
    """What a person reads on an element."""
    from pressenter.browser.html.form_controls import value_of

    text = " ".join(element.text_content().split())
    for name in (
        text,
        element.get("aria-label"),
        element.get("placeholder"),
        element.get("title"),
        element.get("name"),
    ):
        if name:
            yield name
    if element.is_html(("input",)) and value_of(element):
        yield value_of(element)


def _selected(words: str, shown: list[Element]) -> Element | None:
    """The first element that is seen and that a CSS selector means."""
    import tinycss2

    from pressenter.browser.css.selectors import InvalidSelector, matches, parse_selector_list

    try:
        selectors = parse_selector_list(tinycss2.parse_component_value_list(words))
    except InvalidSelector:
        return None
    return next((element for element in shown if any(matches(selector, element) for selector in selectors)), None)
