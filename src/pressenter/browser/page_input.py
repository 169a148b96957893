"""What a person does to a page: pointer, keys, focus, and what follows from a click.

The pointer's place is hit-tested; what it meets, with all that is around it, is *hovered*, and
*active* while the button is down.  A click is a press and a release on the same element; it is
given to the nearest element around that does something when it is clicked: its *activation
behaviour* (HTML Standard §6.5, DOM Standard §2.9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pressenter.browser import keys
from pressenter.browser.css.selectors import ancestors
from pressenter.browser.form_submission import submission
from pressenter.browser.frame_input import Actions, FrameInputs, Inside
from pressenter.browser.html.attributes import whole_number
from pressenter.browser.html.dom import Document, Element
from pressenter.browser.html.form_controls import (
    controls_of,
    default_button,
    form_of,
    input_type,
    is_checked,
    is_disabled,
    is_disabled_option,
    is_text_control,
    labeled_control,
    list_rows,
    options_of,
    reset,
    select_option,
    selected_option,
    set_checked,
    submits,
    toggle_option,
)
from pressenter.browser.live_page import LivePage
from pressenter.browser.scrolling import LINE, NOTCH, PAGE_SHARE, Scrolling
from pressenter.browser.select_list import SelectList
from pressenter.browser.text_editing import edit

__all__ = ["PageInput"]


class PageInput:
    """The pointer, the focus and the keyboard of one page.

    Args:
        record: notes an event of the page.

    Attributes:
        focused: the element that gets the keys, or None.
        frames: the inputs of the frames in the page.
        list: what a select has opened, or None.
        scrolling: how far the page and what is in it are scrolled.
    """

    def __init__(self, live: LivePage, actions: Actions, record: Callable[..., int]) -> None:
        self.focused: Element | None = None
        self.frames = FrameInputs(live, actions, lambda page, asks: PageInput(page, asks, record))
        self.list: SelectList | None = None
        self.scrolling = Scrolling(live)
        self._live = live
        self._actions = actions
        self._record = record
        self._hovered: list[Element] = []
        self._hovered_frame: PageInput | None = None
        self._pressed: Element | None = None
        self._pressed_frame: Inside | None = None
        self._point = (0.0, 0.0)
        self._touch: tuple[int, int] | None = None
        self._touched: Element | None = None
        self._touch_moved = False

    @property
    def live(self) -> LivePage:
        """The page."""
        return self._live

    @property
    def document(self) -> Document:
        """The page's document."""
        return self._live.document

    # ---- pointer -----------------------------------------------------------------------------------

    def pointer_moved(self, x: float, y: float) -> None:
        """The pointer is over a point of the page's window."""
        self._point = (x, y)
        opened = self.open_list()
        if opened is not None:
            opened.input.point_at_list(x - opened.x, y - opened.y)
            return
        element = self._live.element_at(x, y)
        self._point_at_frame(self.frames.of(element), x, y)
        chain = _with_ancestors(element)
        if chain == self._hovered:
            return
        for left in self._hovered:
            if left not in chain:
                left.set_state("hover", False)
        for entered in chain:
            entered.set_state("hover", True)
        self._hovered = chain
        if element is not None:
            self._record("pointer.over", x=round(x), y=round(y), element=_named(element))
        self._live.changed()

    def pointer_left(self) -> None:
        """The pointer is outside of the page."""
        self._point_at_frame(None, 0.0, 0.0)
        if not self._hovered:
            return
        for left in self._hovered:
            left.set_state("hover", False)
        self._hovered = []
        self._live.changed()

    def _point_at_frame(self, frame: Inside | None, x: float, y: float) -> None:
        if self._hovered_frame is not None and (frame is None or frame.input is not self._hovered_frame):
            self._hovered_frame.pointer_left()
        self._hovered_frame = frame.input if frame is not None else None
        if frame is not None:
            frame.input.pointer_moved(x - frame.x, y - frame.y)

    def button(self, x: float, y: float, down: bool) -> None:
        """The button goes down or up."""
        self.pointer_moved(x, y)
        opened = self.open_list()
        if opened is not None:
            opened.input.press_in_list(x - opened.x, y - opened.y, down)
            return
        element = self._hovered[0] if self._hovered else None
        frame = self.frames.of(element) if down else self._pressed_frame
        self._pressed_frame = frame if down else None
        if down:
            self._press(element)
        if frame is not None:
            frame.input.button(x - frame.x, y - frame.y, down)
        if down:
            return
        pressed, self._pressed = self._pressed, None
        for around in _with_ancestors(pressed):
            around.set_state("active", False)
        self._live.changed()
        if frame is not None:
            return  # the click is one in the frame
        common = next((around for around in _with_ancestors(pressed) if around in _with_ancestors(element)), None)
        if common is not None:  # UI Events §3.3.2: the nearest that was both pressed and released on
            self.click(common)

    def _press(self, element: Element | None) -> None:
        self._pressed = element
        for around in _with_ancestors(element):
            around.set_state("active", True)
        target = next((around for around in _with_ancestors(element) if is_focusable(around)), None)
        self.focus(target, by_keyboard=False)
        self._live.changed()

    def touch(self, x: int, y: int, phase: str) -> None:
        """A finger: a tap is a click, a drag scrolls (Pointer Events 3 §4.2.3)."""
        frame = self.frames.of(self._touched if phase != "start" else self._live.element_at(x, y))
        if frame is not None and phase == "move":
            frame.input.touch(x - round(frame.x), y - round(frame.y), phase)
            self._touch_moved = True
            return
        if phase == "start":
            self._touch, self._touch_moved = (x, y), False
            self._touched = self._live.element_at(x, y)
        elif phase == "move" and self._touch is not None:
            dx, dy = self._touch[0] - x, self._touch[1] - y
            if self._touch_moved or abs(dx) + abs(dy) > _TOUCH_SLOP:
                self.scrolling.by(self._touched, dx, dy)
                self._touch, self._touch_moved = (x, y), True
        elif phase == "end":
            if self._touch is not None and not self._touch_moved:
                self.button(*self._touch, True)
                self.button(*self._touch, False)
            self._touch = None

    def wheel(self, x: float, y: float, steps: int) -> bool:
        """The wheel is turned over a point; whether something was scrolled."""
        opened = self.open_list()
        if opened is not None and opened.input.list is not None:
            opened.input.list.turn(steps)
            self._live.repaint()
            return True
        element = self._live.element_at(x, y)
        frame = self.frames.of(element)
        if frame is None or not frame.input.wheel(x - frame.x, y - frame.y, steps):
            return self.scrolling.by(element, 0.0, -steps * NOTCH)
        return True

    # ---- clicks ------------------------------------------------------------------------------------

    def click(self, element: Element) -> None:
        """Click an element: the nearest one around that has an activation behaviour shows it."""
        self._record("page.click", element=_named(element))
        for around in _with_ancestors(element):
            if is_disabled(around):
                return
            if self._activate(around):
                return

    def _activate(self, element: Element) -> bool:
        """The activation behaviour of an element; False if it has none."""
        if element.is_html(("a", "area")) and "href" in element.attributes:
            self._actions.follow(element.get("href"), element.get("target"))
        elif element.is_html(("button", "input")) and (submits(element) or element.get("type").lower() == "reset"):
            form = form_of(element)
            if form is not None and submits(element):
                self._submit(form, element)
            elif form is not None:
                reset(form)
                self._live.changed()
        elif element.is_html(("input",)) and input_type(element) in ("checkbox", "radio"):
            set_checked(element, input_type(element) == "radio" or not is_checked(element))
            self._record("page.check", element=_named(element), checked=is_checked(element))
            self._live.changed()
        elif element.is_html(("select",)):
            self._open_or_pick(element)
        elif element.is_html(("summary",)) and _is_summary(element):
            self._toggle_details(element.parent_element)
        elif element.is_html(("label",)):
            control = labeled_control(element)
            if control is None or is_disabled(control):
                return False
            self.focus(control if is_focusable(control) else None, by_keyboard=False)
            self._activate(control)
        else:
            return is_text_control(element) or element.is_html(("button", "input"))
        return True

    def _submit(self, form: Element, submitter: Element | None) -> None:
        try:
            sent = submission(form, submitter, self._live.base, self.document.url)
        except ValueError:
            self._record("form.no_address", action=form.get("action"))
            return
        self._record("form.submit", method="GET" if sent.form is None else "POST", url=sent.url)
        self._actions.submit(sent, (submitter or form).get("formtarget") or form.get("target"))

    # ---- selects -----------------------------------------------------------------------------------

    def _open_or_pick(self, select: Element) -> None:
        """A select opens its list; one that is a list already takes the option under the pointer."""
        rectangle, page = self._live.rectangle_of(select), self._live.page
        if rectangle is None or page is None or not options_of(select):
            return
        x, y = self._live.moved_by(select)
        place = rectangle._replace(x=rectangle.x + x, y=rectangle.y + y)
        if list_rows(select) == 1:
            style, fonts = page.styled.styles[select], self._live.fonts
            self.list = SelectList(select, place, self._live.window_height, style, fonts)
            self._record("page.open_list", element=_named(select), options=len(self.list.rows))
            self._live.repaint()
            return
        row = int((self._point[1] - place.y) / place.height * list_rows(select))
        options = options_of(select)
        if 0 <= row < len(options) and not is_disabled_option(options[row]):
            self._pick(select, options[row])

    def _pick(self, select: Element, option: Element) -> None:
        if "multiple" in select.attributes:
            toggle_option(select, option)
        else:
            select_option(select, option)
        self._record("page.select", element=_named(select), option=" ".join(option.text_content().split()))
        self._live.changed()

    def _next_option(self, select: Element, step: int) -> None:
        """Pick the option after the one that is chosen, or before."""
        options = [option for option in options_of(select) if not is_disabled_option(option)]
        chosen = selected_option(select)
        if options:
            index = options.index(chosen) + step if chosen in options else 0
            self._pick(select, options[min(max(0, index), len(options) - 1)])

    def open_list(self) -> Inside | None:
        """Whose list is open: this page's or that of one in a frame, and where its window begins."""
        if self.list is not None:
            return Inside(self, 0.0, 0.0)
        for frame in self.frames:
            found = frame.input.open_list()
            if found is not None:
                return Inside(found.input, frame.x + found.x, frame.y + found.y)
        return None

    def point_at_list(self, x: float, y: float) -> None:
        """The pointer moves while the list is open."""
        if self.list is not None and self.list.point(x, y):
            self._live.repaint()

    def press_in_list(self, x: float, y: float, down: bool) -> None:
        """The button, while the list is open: on a row it picks, elsewhere it closes the list."""
        assert self.list is not None
        row = self.list.row_at(x, y)
        if row is None and down:
            self._close_list(None)
        elif row is not None and row.can_be_chosen and not down:
            self._close_list(row.option)

    def _close_list(self, option: Element | None) -> None:
        assert self.list is not None
        select, self.list = self.list.select, None
        if option is not None:
            self._pick(select, option)
        self._live.repaint()

    def _list_key(self, character: str) -> None:
        assert self.list is not None
        if self.list.key(character):
            self._live.repaint()
        elif character in ("\n", " ", "\t"):
            row = self.list.rows[self.list.marked]
            self._close_list(row.option if row.can_be_chosen else None)
        elif character == keys.ESCAPE:
            self._close_list(None)

    def _toggle_details(self, details: Element | None) -> None:
        assert details is not None
        if "open" in details.attributes:
            del details.attributes["open"]
        else:
            details.attributes["open"] = ""
        details.mark_changed()
        self._live.changed()

    # ---- focus -------------------------------------------------------------------------------------

    def focus(self, element: Element | None, by_keyboard: bool) -> None:
        """Give the keys to an element, or to none (HTML Standard §6.6.4)."""
        if element is self.focused:
            return
        for around in _with_ancestors(self.focused):
            for state in ("focus", "focus-visible", "focus-within"):
                around.set_state(state, False)
        self.focused = element
        if element is not None:
            element.set_state("focus", True)
            element.set_state("focus-visible", by_keyboard or is_text_control(element))
            for around in _with_ancestors(element):
                around.set_state("focus-within", True)
            self._record("page.focus", element=_named(element))
        for frame in self.frames:
            if frame.input.focused is not None and frame != self.frames.of(element):
                frame.input.focus(None, by_keyboard)
        self._live.changed()

    def move_focus(self, step: int) -> None:
        """To the next element in sequential order, or the one before; past the ends to none (§6.6.3)."""
        in_order = [element for element in self.document.elements() if is_focusable(element) and self._is_seen(element)]
        in_order = [element for element in in_order if _tab_index(element) >= 0]
        in_order.sort(key=lambda element: (_tab_index(element) == 0, _tab_index(element)))
        if self.focused in in_order:
            index = in_order.index(self.focused) + step
        else:
            index = 0 if step > 0 else len(in_order) - 1
        found = in_order[index] if 0 <= index < len(in_order) else None
        self.focus(found, by_keyboard=True)
        if found is not None:
            self.scrolling.into_view(found)
        frame = self.frames.of(found)
        if frame is not None:
            frame.input.focus(None, by_keyboard=True)
            frame.input.move_focus(step)

    def _is_seen(self, element: Element) -> bool:
        return self._live.is_seen(element)

    # ---- keys ----------------------------------------------------------------------------------------

    def key(self, character: str, shift: bool = False) -> None:
        """A key for what has the focus, or for the page."""
        focused, frame = self.focused, self.frames.of(self.focused)
        if self.list is not None:
            self._list_key(character)
        elif frame is not None:
            frame.input.key(character, shift)
            if character == "\t" and frame.input.focused is None:  # past the last there
                self.move_focus(-1 if shift else 1)
        elif character == "\t":
            self.move_focus(-1 if shift else 1)
        elif focused is not None and is_text_control(focused) and not is_disabled(focused):
            self._type(focused, character)
        elif focused is not None and focused.is_html(("select",)) and character in _ARROWS:
            self._next_option(focused, _ARROWS[character])
        elif focused is not None and character in ("\n", " ") and self._presses(focused, character):
            self.click(focused)
        else:
            self._scroll_key(character, shift)

    def _type(self, field: Element, character: str) -> None:
        if character == "\n" and field.tag == "input":
            self._implicit_submission(field)
            return
        if "readonly" not in field.attributes and edit(field, character):
            self._record("page.edit", element=_named(field), key=character)
            self._live.changed()

    def _implicit_submission(self, field: Element) -> None:
        """Enter in a field sends the form (HTML Standard §4.10.22.2)."""
        form = form_of(field)
        if form is None:
            return
        button = default_button(form)
        if button is None:
            if sum(is_text_control(c) and c.tag == "input" for c in controls_of(form)) < 2:
                self._submit(form, None)
        elif not is_disabled(button):
            self.click(button)

    @staticmethod
    def _presses(element: Element, character: str) -> bool:
        """Enter follows links and presses buttons; the space bar presses buttons and check boxes."""
        if character == "\n":
            return element.is_html(("a", "area", "button", "summary")) or submits(element)
        return element.is_html(("button", "input", "summary", "select"))

    def _scroll_key(self, character: str, shift: bool) -> None:
        page = PAGE_SHARE * self._live.window_height
        distances = {
            " ": -page if shift else page, keys.PAGE_DOWN: page, keys.PAGE_UP: -page, keys.DOWN: LINE, keys.UP: -LINE,
            keys.END: 1e9, keys.HOME: -1e9,
        }  # fmt: skip
        if character in distances:
            self.scrolling.by(self.focused, 0.0, distances[character])


_TOUCH_SLOP = 8  # pixels that a finger may move and still tap
_ARROWS = {keys.DOWN: 1, keys.RIGHT: 1, keys.UP: -1, keys.LEFT: -1}


def is_focusable(element: Element) -> bool:
    """Whether an element can have the focus (HTML Standard §6.6.2)."""
    if is_disabled(element):
        return False
    if "tabindex" in element.attributes:
        return True
    if element.is_html(("a", "area")):
        return "href" in element.attributes
    if element.is_html(("summary",)):
        return _is_summary(element)
    return element.is_html(("button", "iframe", "select", "textarea")) or (
        element.is_html(("input",)) and input_type(element) != "hidden"
    )


def _tab_index(element: Element) -> int:
    return whole_number(element.get("tabindex"), 0)


def _is_summary(element: Element) -> bool:
    parent = element.parent_element
    return (
        parent is not None
        and parent.is_html(("details",))
        and next((child for child in parent.children if isinstance(child, Element) and child.tag == "summary"), None)
        is element
    )


def _with_ancestors(element: Element | None) -> list[Element]:
    def chain() -> Iterator[Element]:
        if element is not None:
            yield element
            yield from ancestors(element)

    return list(chain())


def _named(element: Element) -> str:
    """An element as the recording names it: its tag, and its id, name or text."""
    name = element.get("id") or element.get("name") or " ".join(element.text_content().split())[:40]
    return f"{element.tag} {name}".strip()
