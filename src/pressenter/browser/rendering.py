"""Updating the rendering: from a document to a display list, stage by stage (HTML Standard §8.1.7.3).

The stages (css, layout, paint) know neither a network nor each other's successors; this
file calls them in order, lets each take its virtual time, and records it.

A page is drawn again and again: as it arrives, and whenever somebody does something to it.
Each stage does only what a change asks of it:

- *style*: elements that have changed, and what selectors can see of that (`css.rule_index`);
- *boxes*: elements whose content or style is another, and those around them;
- *layout*: boxes that are new; the engine remembers what others came to;
- *display list*: made anew from the fragments; the compositor finds what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pressenter.browser.css.animations import Animations, Values
from pressenter.browser.css.cascade import Cascade, ComputedStyle, StyledDocument, different_styles
from pressenter.browser.css.properties import INITIAL
from pressenter.browser.css.rule_index import Scope
from pressenter.browser.css.selectors import INTERACTIVE_STATES, ancestors
from pressenter.browser.css.style_sheet import StyleSheet
from pressenter.browser.html.dom import BELOW, CHILDREN, ITSELF, STATES, Document, Element, Node
from pressenter.browser.layout.box_tree import BoxMemory, build_box_tree
from pressenter.browser.layout.boxes import Box, boxes_below
from pressenter.browser.layout.engine import LayoutEngine
from pressenter.browser.layout.fonts import FontLibrary
from pressenter.browser.layout.fragments import LayoutResult
from pressenter.browser.page import Page
from pressenter.browser.page_resources import Services
from pressenter.browser.paint.display_list import build_display_list
from pressenter.browser.paint.items import FramedPicture
from pressenter.browser.paint.painting_order import ScrollOffsets
from pressenter.browser.pictures import PictureFile

__all__ = ["Rendering"]

_LAYOUTS_UNTIL_CLEANING = 64

Pictures = Mapping[Element, PictureFile | None]
Tiles = Mapping[str, PictureFile]


class Rendering:
    """Renders one document, again and again as it changes.

    Args:
        lasts: whether it will be drawn more than once; else nothing is kept for the next time.

    Attributes:
        styled: the styles, once there are any.
        boxes_are_stale: whether something has changed, since the last layout, that boxes depend on.
        is_moving: whether transitions or animations run, so that it is to be drawn at every refresh of the screen.
    """

    def __init__(self, services: Services, document: Document, lasts: bool) -> None:
        self.styled: StyledDocument | None = None
        self._services = services
        self._document = document
        self._sheets: list[StyleSheet] = []
        self._cascade: Cascade | None = None
        self._fonts: FontLibrary | None = None
        self._tiles: frozenset[str] = frozenset()
        self.boxes_are_stale = True
        self.is_moving = False
        self._animations = Animations() if lasts else None
        self._now = 0.0
        self._memory = BoxMemory() if lasts else None
        self._engine: LayoutEngine | None = None
        self._layouts = 0
        self._boxes: Box | None = None
        self._layout: LayoutResult | None = None

    @property
    def size(self) -> tuple[float, float]:
        """The page's width and height, as it was laid out last."""
        return (self._layout.width, self._layout.height) if self._layout is not None else (0.0, 0.0)

    # ---- style -------------------------------------------------------------------------------------

    async def style(self, sheets: list[StyleSheet], fonts: FontLibrary, now: float) -> StyledDocument:
        """The styles of all elements.

        Args:
            now: seconds since some moment, for what changes with time.
        """
        self._now = now
        try:
            styled = await self._style(sheets, fonts)
        except Exception:
            self._cascade = None  # the changes are lost: the next time everything is styled
            raise
        if self._animations is not None:
            found = {element: styled.found(element) or {} for element in self._animations.elements}
            self.is_moving = self._animations.settle(now, found)
        return styled

    async def _style(self, sheets: list[StyleSheet], fonts: FontLibrary) -> StyledDocument:
        changes = self._document.take_changes()
        before, cascade = self.styled, self._cascade
        if before is None or cascade is None or fonts is not self._fonts or not _same(sheets, self._sheets):
            self._sheets, self._fonts = sheets, fonts
            if self._memory is not None:
                self._memory.clear()
            return await self._style_everything()
        self.boxes_are_stale = self.boxes_are_stale or any(what & ~(STATES | BELOW) for _, what in changes)
        if self._memory is not None:
            self._memory.drop(node for node, _ in changes)  # those around a changed node are among them
            self._forget_list_items((node for node, what in changes if what & (CHILDREN | ITSELF)), before)
        wanted = _scopes(changes, before, cascade)
        if self.is_moving and self._animations is not None:
            wanted = dict.fromkeys(self._animations.elements, Scope.ELEMENT) | wanted
        if not wanted:
            return before
        begin = self._begin_style()
        self.styled = cascade.restyle(self._document, before, wanted)
        different = _different(before, self.styled)
        self.boxes_are_stale = self.boxes_are_stale or bool(different)
        if self._memory is not None:
            self._memory.forget(different)
            renumbered = (e for e in different if _is_list_item(e, before) != _is_list_item(e, self.styled))
            self._forget_list_items((element.parent for element in renumbered), self.styled)
        await self._end_style(begin, len(different))
        return self.styled

    async def _style_everything(self) -> StyledDocument:
        assert self._fonts is not None
        self.boxes_are_stale = True
        begin = self._begin_style()
        self._cascade = Cascade(self._sheets, self._services.medium, self._fonts.measure)
        if self._animations is not None:
            self._animations.use(frames for sheet in self._sheets for frames in sheet.keyframes)
            self._cascade.motion = self._motion
        self.styled = self._cascade.style(self._document)
        await self._end_style(begin, len(self.styled.styles))
        return self.styled

    def _motion(self, element: Element, style: ComputedStyle) -> Values | None:
        """What time puts over the style that the cascade has found for an element."""
        assert self._animations is not None
        before = self.styled.found(element) if self.styled is not None else None
        if style["display"] == "none" or self._is_hidden(element):
            self._animations.forget(element)
            return None
        if before is not None and before["display"] == "none":
            before = None  # what was not there has nothing to go over from (CSS Transitions 1 §3)
        if before is not style:
            self._animations.style_changed(element, before, style, self._now)
        assert self._cascade is not None
        return self._animations.values(element, style, self._cascade.computed, self._now)

    def _is_hidden(self, element: Element) -> bool:
        """Whether an element that might move stands in one that is not displayed."""
        assert self._animations is not None
        if element not in self._animations.elements:
            return False
        found = self.styled.found if self.styled is not None else lambda around: None
        return any((found(around) or INITIAL)["display"] == "none" for around in ancestors(element))

    def _begin_style(self) -> int:
        return self._begin("css.cascade", elements="?", rules=self._rules)

    async def _end_style(self, begin: int, elements: int) -> None:
        await self._services.spend("style_element", elements)
        self._end(begin, elements=elements, rules=self._rules)

    @property
    def _rules(self) -> int:
        return sum(len(sheet.rules) for sheet in self._sheets)

    def _forget_list_items(self, parents: Iterable[Node | None], styled: StyledDocument) -> None:
        """Where a list has other items, all of them may have other numbers."""
        assert self._memory is not None
        for parent in parents:
            items = (child for child in parent.children if isinstance(child, Element)) if parent is not None else ()
            self._memory.forget(item for item in items if _is_list_item(item, styled))

    # ---- layout ------------------------------------------------------------------------------------

    async def lay_out(
        self, pictures: Pictures, tiles: Tiles, fonts: FontLibrary, scroll: tuple[float, float], offsets: ScrollOffsets
    ) -> LayoutResult:
        """Boxes and fragments.

        Args:
            pictures: by the element that shows them; None for those on their way.
            tiles: pictures that styles name, by their addresses.
            scroll, offsets: how far the page and what is in it are scrolled, for what sticks.
        """
        assert self.styled is not None
        self.boxes_are_stale = False
        begin = self._begin("layout.box_tree", boxes="?")
        if self._memory is not None and (self._tiles != tiles.keys() or _counts(self.styled)):
            self._memory.clear()
        self._tiles = frozenset(tiles)
        shown = {element: file and file.picture for element, file in pictures.items()}
        named = {name: file.picture for name, file in tiles.items()}
        tree = build_box_tree(self._document, self.styled, shown, named, fonts, self._memory)
        self._boxes, boxes = tree.root, sum(1 for _ in boxes_below(tree.root))
        await self._services.spend("layout_box", tree.made)
        self._end(begin, boxes=boxes, made=tree.made)
        if tree.truncated:
            self._services.recorder.record(self._services.node, "layout.limit", what="boxes", limit=boxes)
        begin = self._begin("layout.fragments", fragments="?", lines="?", height="?")
        engine = self._engine_for(fonts, tree.root)
        layout = self._layout = engine.page(tree.root, scroll, offsets)
        await self._services.spend("layout_glyph", engine.tally.new_glyphs)
        fragments, lines, glyphs, _, _ = layout.totals
        self._end(
            begin, fragments=fragments, lines=lines, height=round(layout.height), glyphs=glyphs,
            new_glyphs=engine.tally.new_glyphs,
        )  # fmt: skip
        return layout

    def _engine_for(self, fonts: FontLibrary, root: Box) -> LayoutEngine:
        """The engine, with what it remembers; a new one where the fonts are others."""
        engine, medium = self._engine, self._services.medium
        self._layouts += 1
        if engine is None or engine.fonts is not fonts:
            in_quirks = self._document.quirks != "no-quirks"
            engine = self._engine = LayoutEngine(fonts, medium.width, medium.height, 0.0, in_quirks)
            engine.flows = {} if self._memory is not None else None
        elif self._layouts % _LAYOUTS_UNTIL_CLEANING == 0:
            engine.keep_only(root)
        return engine

    # ---- paint -------------------------------------------------------------------------------------

    async def paint(
        self, pictures: Pictures, tiles: Tiles, fonts: FontLibrary, offsets: ScrollOffsets,
        frames: Mapping[Element, FramedPicture],
    ) -> Page:  # fmt: skip
        """The display list of what was laid out, with what its frames show."""
        assert self.styled is not None and self._boxes is not None and self._layout is not None
        begin = self._begin("paint.display_list", items="?")
        files = {file.picture.key: file for file in (*pictures.values(), *tiles.values()) if file} | dict(tiles)
        sizes = {key: (file.picture.size.width, file.picture.size.height) for key, file in files.items()}
        display_list = build_display_list(self._layout, fonts, sizes, offsets, frames)
        await self._services.spend("paint_item", len(display_list))
        self._end(begin, items=len(display_list))
        data = {key: file.data for key, file in files.items()}
        for framed in frames.values():
            data |= framed.pictures
        return Page(
            self._document.url, self._document, self._sheets, self.styled, self._boxes, self._layout, display_list, data
        )

    def _begin(self, name: str, /, **fields: Any) -> int:
        return self._services.recorder.begin(self._services.node, name, **fields)

    def _end(self, begin: int, /, **fields: Any) -> None:
        self._services.recorder.end(begin, **fields)


def _same(one: list[StyleSheet], other: list[StyleSheet]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _is_list_item(element: Element, styled: StyledDocument) -> bool:
    return element in styled.styles and styled.styles[element]["display"] == "list-item"


def _scopes(changes: list[tuple[Node, int]], styled: StyledDocument, cascade: Cascade) -> dict[Element, Scope]:
    """How far each change may be seen in styles."""
    found: dict[Element, Scope] = {}
    for node, what in changes:
        if not isinstance(node, Element):
            continue
        scope = Scope.NOTHING
        if node not in styled.styles:
            scope = Scope.ELEMENT
        elif what & ITSELF:
            scope = cascade.index.scope_of_attributes
        if what & STATES:
            scope = max(scope, cascade.index.scope_of_states(node, INTERACTIVE_STATES))
        if what & CHILDREN:
            scope = max(scope, cascade.index.scope_of_children)
        if scope > Scope.NOTHING:
            found[node] = scope
    return found


def _different(before: StyledDocument, after: StyledDocument) -> list[Element]:
    """The elements whose style, or that of a pseudo-element, is another now."""
    old, old_pseudo = before.styles, before.pseudo_styles
    found = [element for element, style in after.styles.items() if old.get(element) is not style]
    found += [key[0] for key, style in after.pseudo_styles.items() if old_pseudo.get(key) is not style]
    found += [element for element, _ in old_pseudo.keys() - after.pseudo_styles.keys()]
    return found


def _counts(styled: StyledDocument) -> bool:
    """Whether there are counters or quotation marks: what they show depends on all that stands before."""
    return any(
        style["counter-reset"] != "none"
        or style["counter-increment"] != "none"
        or style["counter-set"] != "none"
        or (isinstance(style["content"], tuple) and any(part[0] == "quote" for part in style["content"]))
        for style in different_styles(styled)
    )
