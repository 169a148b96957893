"""Inline layout: text and inline boxes flow into lines (CSS 2.2 §9.4.2, CSS Text 3).

Four steps:

1. the inline content is flattened into items, white space collapsed across element
   boundaries (CSS Text 3 §4.1);
2. the places at which a line may break are found by the Unicode line breaking algorithm
   over the whole paragraph (UAX #14), so that ``foo<b>bar</b>`` stays together;
3. items are taken into lines as long as they fit between the floats;
4. each line is aligned: vertically on a common baseline, horizontally by text-align.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.bidi import embedding_levels
from pressenter.browser.layout.block import layout_float
from pressenter.browser.layout.boxes import BlockBox, Box, InlineBox, LineBreakBox, TextBox
from pressenter.browser.layout.constraints import Constraints, Inside
from pressenter.browser.layout.edges import resolve
from pressenter.browser.layout.fonts import FontFace
from pressenter.browser.layout.fragments import BoxFragment, Fragment, Placeholder
from pressenter.browser.layout.inline_items import Atomic, Edge, ForcedBreak, Item, OutOfLine, Word
from pressenter.browser.layout.intrinsic import intrinsic_widths
from pressenter.browser.layout.line import Line, line_metrics
from pressenter.browser.layout.line_breaking import break_offsets
from pressenter.browser.layout.sizing import scrolls

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine, ShapedWord

__all__ = ["InlineResult", "inline_widths", "layout_inline"]

_OBJECT = "\ufffc"  # stands for a picture or an inline block in the paragraph's text
_TAB_COLUMNS = 8
_LONGEST_WORD = 500  # characters


class InlineResult(NamedTuple):
    """Fragments relative to the content box, its height, baselines, and count of lines."""

    fragments: list[Fragment]
    height: float
    first_baseline: float | None
    last_baseline: float | None
    line_count: int


# ---- step 1: flattening --------------------------------------------------------------------------


class _Piece(NamedTuple):
    """Text of one box after white space processing, or the box itself."""

    text: str
    box: Box | None
    style: ComputedStyle
    owner: Box
    decorations: tuple[tuple[str, ComputedStyle], ...]
    edge: Edge | None = None


class _Flattener:
    def __init__(self, engine: LayoutEngine, width: float) -> None:
        self.engine = engine
        self.width = width
        self.pieces: list[_Piece] = []
        self._after_space = True  # at the start of a line a space vanishes

    def add(self, box: Box, owner: Box, decorations: tuple[tuple[str, ComputedStyle], ...]) -> None:
        if isinstance(box, TextBox):
            self._add_text(box, owner, decorations)
        elif isinstance(box, LineBreakBox):
            self.pieces.append(_Piece("\n", box, box.style, owner, ()))
            self._after_space = True
        elif isinstance(box, InlineBox):
            self._add_inline(box, decorations)
        else:
            self.pieces.append(_Piece(_OBJECT, box, box.style, owner, ()))
            if box.is_in_flow:
                self._after_space = False

    def _add_inline(self, box: InlineBox, decorations: tuple[tuple[str, ComputedStyle], ...]) -> None:
        edges = self.engine.edges(box, self.width)
        first, second = (edges.margin_left, edges.left), (edges.margin_right, edges.right)
        if box.style["direction"] == "rtl":
            first, second = second, first
        own = box.style["text-decoration-line"]
        if own != "none":
            decorations = (*decorations, *((line, box.style) for line in own))
        opening = Edge(box, True, sum(first), any(first))
        self.pieces.append(_Piece("", box, box.style, box, (), opening))
        for child in box.children:
            self.add(child, box, decorations)
        closing = Edge(box, False, sum(second), any(second))
        self.pieces.append(_Piece("", box, box.style, box, (), closing))

    def _add_text(self, box: TextBox, owner: Box, decorations: tuple[tuple[str, ComputedStyle], ...]) -> None:
        text = _transform(box.text, box.style["text-transform"])
        mode = box.style["white-space"]
        if mode in ("normal", "nowrap"):
            text = self._collapse(text.replace("\n", " "))
        elif mode == "pre-line":
            text = "\n".join(self._collapse_line(line) for line in text.replace("\r", "").split("\n"))
        else:
            text = text.replace("\r", "").expandtabs(_TAB_COLUMNS)
            self._after_space = False
        if text:
            self.pieces.append(_Piece(text, None, box.style, owner, decorations))

    def _collapse_line(self, line: str) -> str:
        self._after_space = True
        return self._collapse(line)

    def _collapse(self, text: str) -> str:
        """Runs of spaces and tabs become one; none after a space that is already there."""
        words = text.replace("\t", " ").replace("\r", " ").replace("\f", " ").split(" ")
        collapsed = " ".join(word for word in words if word)
        if not collapsed:
            if text and not self._after_space:
                self._after_space = True
                return " "
            return ""
        if words[0] == "" and not self._after_space:
            collapsed = " " + collapsed
        self._after_space = words[-1] == ""
        return collapsed + " " * self._after_space


def _transform(text: str, how: str) -> str:
    if how == "uppercase":
        return text.upper()
    if how == "lowercase":
        return text.lower()
    if how == "capitalize":
        return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    return text


# ---- step 2: break opportunities ---------------------------------------------------------------


def _items(
    engine: LayoutEngine, box: BlockBox, width: float, height: float | None = None, measuring: bool = False
) -> list[Item]:
    """The items of inline content; ``measuring`` lays out nothing, it only asks for widths."""
    known = engine.inline_items.get(box)
    if known is not None:
        return known
    flattener = _Flattener(engine, width)
    own = box.style["text-decoration-line"]
    decorations = tuple((line, box.style) for line in own) if own != "none" else ()
    for child in box.children:
        flattener.add(child, box, decorations)
    pieces = flattener.pieces
    text = "".join(piece.text for piece in pieces)
    breaks = break_offsets(text)
    levels = embedding_levels(text, box.style["direction"] == "rtl")
    items: list[Item] = []
    position = 0
    for piece in pieces:
        end = position + len(piece.text)
        if piece.edge is not None:
            items.append(piece.edge)
        elif piece.box is not None:
            item = _object_item(engine, piece, Constraints(width, height, shrinks=True), end in breaks, measuring)
            items.append(item._replace(level=levels[position]) if levels and isinstance(item, Atomic) else item)
        else:
            _text_items(engine, piece, position, breaks, items, levels)
        position = end
    if measuring and not any(isinstance(item, (Atomic, Edge, OutOfLine)) for item in items):
        engine.inline_items[box] = items  # text alone is the same at any width: it will be asked for again
    return items


def _object_item(
    engine: LayoutEngine, piece: _Piece, constraints: Constraints, can_break: bool, measuring: bool
) -> Item:
    box = piece.box
    assert box is not None
    if isinstance(box, LineBreakBox):
        return ForcedBreak(piece.style, box)
    if not box.is_in_flow:
        return OutOfLine(box)
    edges = engine.edges(box, constraints.width)
    if measuring:
        return Atomic(BoxFragment(0.0, 0.0, 0.0, 0.0, box), 0.0, 0.0, 0.0, 0.0, 0.0, can_break)
    fragment = engine.layout(box, constraints)
    above = edges.margin_top + fragment.height + edges.margin_bottom  # the bottom margin edge (CSS 2.2 §10.8.1)
    below = 0.0
    baseline = fragment.first_baseline
    if box.style["display"] == "inline-block":
        baseline = None if scrolls(box.style) else fragment.last_baseline
    if baseline is not None:
        above = edges.margin_top + baseline
        below = fragment.height - baseline + edges.margin_bottom
    outer = fragment.width + edges.margin_left + edges.margin_right
    return Atomic(fragment, outer, above, below, edges.margin_left, edges.margin_top, can_break)


def _text_items(
    engine: LayoutEngine, piece: _Piece, position: int, breaks: set[int], items: list[Item], levels: list[int] | None
) -> None:
    style = piece.style
    mode = style["white-space"]
    wraps = mode not in ("nowrap", "pre")
    keeps = mode in ("pre", "pre-wrap", "break-spaces")
    face = engine.face(style)
    anywhere = style["word-break"] == "break-all" or style["line-break"] == "anywhere"
    shaper = _Shaper(engine, piece, face, not keeps)
    for number, line in enumerate(piece.text.split("\n")):
        if number:
            items.append(ForcedBreak(style))
            position += 1
        start = 0
        offsets = list(_cuts(line, position, breaks, levels, anywhere))
        words = [line[begin:end].rstrip(" ") for begin, end in zip([0, *offsets], offsets, strict=False)]
        known = shaper.look_up(words) if levels is None else [None] * len(words)
        for offset, visible, shaped in zip(offsets, words, known, strict=True):
            level = levels[position + offset - 1] if levels is not None else 0
            can_break = wraps and (position + offset in breaks or (anywhere and line[offset - 1] != " "))
            spaces = offset - start - len(visible)
            items.append(shaper.visible_word(visible, shaped, spaces, can_break, level, line[offset : offset + 1]))
            start = offset
        position += len(line)


def _cuts(line: str, position: int, breaks: set[int], levels: list[int] | None, anywhere: bool) -> Iterator[int]:
    """Where a line of text is cut into words: where it may break, where its direction turns, and at its end."""
    length = len(line)
    if levels is None and not anywhere and len(breaks) < length:  # a paragraph has fewer breaks than characters
        found = sorted(place - position for place in breaks if position < place < position + length)
    else:
        found = [
            offset
            for offset in range(1, length)
            if position + offset in breaks
            or (anywhere and line[offset - 1] != " ")
            or (levels is not None and levels[position + offset] != levels[position + offset - 1])
        ]
    start = 0
    for offset in [*found, length]:
        while offset - start > _LONGEST_WORD:  # shaped piece by piece; nothing breaks there
            start += _LONGEST_WORD
            yield start
        if offset > start:
            yield offset
        start = offset


class _Shaper:
    """Makes words of text of one style."""

    def __init__(self, engine: LayoutEngine, piece: _Piece, face: FontFace, collapsible: bool) -> None:
        style = piece.style
        self.engine = engine
        self.style = style
        self.owner = piece.owner
        self.decorations = piece.decorations
        self.face = face
        self.collapsible = collapsible
        self.spacing: float = style["letter-spacing"]
        self.word_spacing: float = style["word-spacing"]
        self.scale = face.scale(style["font-size"])
        self.blank = face.shape(" ").advance
        self.known, self.known_mirrored = engine.words_of(face, style["font-size"], self.spacing)

    def look_up(self, words: list[str]) -> list[ShapedWord | None]:
        """What is known of a line's words; the new ones are measured in one go, and what stands between them."""
        known: list[ShapedWord | None] = [self.known.get(word) for word in words]
        new = [word for word, shaped in zip(words, known, strict=True) if shaped is None]
        if new:
            self.face.measure_words(new)
        self.face.measure_spaces(words)
        return known

    def word(self, text: str, can_break: bool, level: int = 0, following: str = "") -> Word:
        """A word with the white space after it; what follows matters to kerning."""
        visible = text.rstrip(" ")
        return self.visible_word(visible, None, len(text) - len(visible), can_break, level, following)

    def visible_word(
        self, visible: str, shaped: ShapedWord | None, spaces: int, can_break: bool, level: int, following: str
    ) -> Word:
        """A word with so many spaces after it; ``shaped`` if that is known already."""
        if shaped is None:
            mirrored = level % 2 == 1
            known = self.known_mirrored if mirrored else self.known
            shaped = known.get(visible)
            if shaped is None:
                shaped = known[visible] = self._shaped(visible, mirrored)
        runs, width, has_fallback = shaped
        if self.word_spacing and "\u00a0" in visible:
            width += self.word_spacing * visible.count("\u00a0")
        if following and not spaces and runs and not visible.isascii():
            face = runs[-1].face  # what is a word by itself here is set with the next one all the same
            width += face.kerning(visible[-1], following) * face.scale(self.style["font-size"])
        space = 0.0
        if spaces:
            advance = self.face.space_between(visible[-1:], following) + self.blank * (spaces - 1)
            space = advance * self.scale + (self.spacing + self.word_spacing) * spaces
        return Word(
            visible, self.style, runs, width, space, " " * spaces, self.owner, self.decorations, can_break,
            self.collapsible, level, has_fallback,
        )  # fmt: skip

    def _shaped(self, visible: str, mirrored: bool) -> ShapedWord:
        shown = visible
        if not visible.isascii():
            shown = visible.replace("\u00ad", "").replace("\u200b", "").replace("\u00a0", " ")
        runs = tuple(self.engine.fonts.shape(shown, self.face, mirrored)) if shown else ()
        size = self.style["font-size"]
        width = sum(run.advance * run.face.scale(size) for run in runs) + self.spacing * len(shown)
        has_fallback = any(run.face is not self.face for run in runs)
        return runs, math.ceil(width * 64 - 0.001) / 64, has_fallback  # layout works in steps of 1/64 pixel


# ---- steps 3 and 4: lines ---------------------------------------------------------------------------


def layout_inline(engine: LayoutEngine, box: BlockBox, inside: Inside) -> InlineResult:
    """Lay out the inline content of a block container.

    Where there are no floats and nothing in it refers to a height, its width alone decides: flex and grid
    containers, which ask for an item at several heights, get the same lines again.
    """
    key = (box, inside.width)
    known = engine.lines.get(key) if inside.floats.is_empty else None
    if known is not None:
        return known
    items = _items(engine, box, inside.width, inside.percent_height)
    depends_on_width_alone = inside.floats.is_empty and not any(_may_need_height(item) for item in items)
    result = _LineBuilder(engine, box, inside).run(items)
    if depends_on_width_alone:
        engine.lines[key] = result
    return result


def _may_need_height(item: Item) -> bool:
    """Whether the containing block's height, or what floats around, could matter to an item."""
    if isinstance(item, Edge):
        return bool(item.box.style["position"] == "relative")
    return isinstance(item, (Atomic, OutOfLine))


class _LineBuilder:
    def __init__(self, engine: LayoutEngine, box: BlockBox, inside: Inside) -> None:
        self.engine = engine
        self.box = box
        self.inside = inside
        self.width = inside.width
        self.floats = inside.floats
        self.x = inside.x
        self.y = inside.y
        self.top = 0.0
        self.fragments: list[Fragment] = []
        self.baselines: list[float] = []
        self.open: list[Edge] = []
        self.line = self._new_line(resolve(box.style["text-indent"], inside.width))
        self.waiting_floats: list[Box] = []
        self.waiting_below: list[Box] = []

    def run(self, items: list[Item]) -> InlineResult:
        unit: list[Item] = []
        for item in items:
            if isinstance(item, OutOfLine):
                self._take_unit(unit)
                unit = []
                self._out_of_line(item.box)
                continue
            unit.append(item)
            if isinstance(item, ForcedBreak):
                self._take_unit(unit[:-1])
                unit = []
                self.line.end_with(item)
                self._finish_line(last=True)
            elif isinstance(item, (Word, Atomic)) and item.can_break_after:
                self._take_unit(unit)
                unit = []
        self._take_unit(unit)
        if self.line.has_content:
            self._finish_line(last=True)
        self._place_waiting()
        first = self.baselines[0] if self.baselines else None
        last = self.baselines[-1] if self.baselines else None
        return InlineResult(self.fragments, self.top, first, last, len(self.baselines))

    def _new_line(self, indent: float = 0.0) -> Line:
        line = Line(self.engine, self.box.style, indent, self.width, self.inside.percent_height)
        for edge in self.open:
            line.reopen(edge)
        return line

    def _room(self) -> tuple[float, float]:
        """Left edge and width of the line that is being filled, between the floats."""
        if self.floats.is_empty:
            return 0.0, self.width
        above, below = line_metrics(self.engine, self.box.style)
        left, right = self.floats.edges(self.y + self.top, above + below, self.x, self.x + self.width)
        return left - self.x, right - left

    def _take_unit(self, unit: list[Item]) -> None:
        """Take items that stay together into the line, or begin a new one."""
        if not unit:
            return
        needed = _unit_width(unit)
        while self.line.has_content and self.line.width + needed > self._room()[1] + 0.01:
            self._finish_line(last=False)
        if not self.line.has_content:
            self._drop_below_floats(needed)
            if needed > self._room()[1] and self._may_break_anywhere(unit):
                unit = self._split_unit(unit)
        for item in unit:
            if isinstance(item, Edge):
                if item.opens:
                    self.open.append(item)
                elif self.open:
                    self.open.pop()
            self.line.add(item)

    def _drop_below_floats(self, needed: float) -> None:
        while self._room()[1] < min(needed, self.width):
            lower = self.floats.next_drop(self.y + self.top)
            if lower is None:
                return
            self.top = max(self.top, lower - self.y)

    def _may_break_anywhere(self, unit: list[Item]) -> bool:
        return any(
            isinstance(item, Word)
            and (item.style["overflow-wrap"] != "normal" or item.style["word-break"] == "break-word")
            and item.style["white-space"] not in ("pre", "nowrap")
            for item in unit
        )

    def _split_unit(self, unit: list[Item]) -> list[Item]:
        """overflow-wrap: cut words that do not fit a line; returns what is left for the last."""
        rest: list[Item] = []
        for item in unit:
            if not isinstance(item, Word):
                rest.append(item)
                continue
            while rest and self.line.width + _unit_width([*rest, item]) > self._room()[1]:
                for earlier in rest:
                    self.line.add(earlier)
                rest = []
                if self.line.has_content:
                    self._finish_line(last=False)
            word = item
            while len(word.text) > 1 and word.width > self._room()[1]:
                head, word = self._cut(word)
                for earlier in rest:
                    self.line.add(earlier)
                rest = []
                self.line.add(head)
                self._finish_line(last=False)
            rest.append(word)
        return rest

    def _cut(self, word: Word) -> tuple[Word, Word]:
        """As much of a word as fits the line, one character at least, and the rest."""
        piece = _Piece("", None, word.style, word.box, word.decorations)
        shaper = _Shaper(self.engine, piece, self.engine.face(word.style), word.collapsible)
        room = self._room()[1] - self.line.width
        low, high = 1, len(word.text) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if shaper.word(word.text[:middle], True, word.level).width <= room:
                low = middle
            else:
                high = middle - 1
        head = shaper.word(word.text[:low], True, word.level)
        return head, shaper.word(word.text[low:] + word.space_text, word.can_break_after, word.level)

    def _out_of_line(self, box: Box) -> None:
        if box.is_out_of_flow and box.style.get("--inline-level", True):
            self.fragments.append(Placeholder(self._room()[0] + self.line.width, self.top, box))
        elif box.is_out_of_flow and self.line.has_content:
            self.waiting_below.append(box)  # a block would begin below the line
        elif box.is_out_of_flow:
            self._place_below(box)
        elif self.line.has_content:
            self.waiting_floats.append(box)  # it goes below the line that is begun, if need be
            self._place_waiting_beside()
        else:
            self._place_float(box)

    def _place_waiting_beside(self) -> None:
        """A float that fits beside what is already in the line stands at its height."""
        box = self.waiting_floats[0]
        if len(self.waiting_floats) == 1 and intrinsic_widths(self.engine, box)[1] + self.line.width <= self._room()[1]:
            self.waiting_floats.clear()
            self._place_float(box)

    def _place_float(self, box: Box) -> None:
        self.fragments.append(layout_float(self.engine, box, self.inside, self.top))

    def _place_below(self, box: Box) -> None:
        """The static position of a box that would be a block (CSS 2.2 §10.3.7)."""
        mirrored = self.box.style["direction"] == "rtl"
        x = self.width if mirrored else 0.0
        self.fragments.append(Placeholder(x, self.top, box, align_x="end" if mirrored else "start"))

    def _place_waiting(self) -> None:
        below, self.waiting_below = self.waiting_below, []
        for box in below:
            self._place_below(box)
        waiting, self.waiting_floats = self.waiting_floats, []
        for box in waiting:
            self._place_float(box)

    def _finish_line(self, last: bool) -> None:
        left, room = self._room()
        finished = self.line.finish(left, self.top, room, last)
        self.fragments += finished.fragments
        self.baselines.append(finished.baseline)
        self.top += finished.height
        self.line = self._new_line()
        self._place_waiting()


def _unit_width(unit: list[Item]) -> float:
    """The width of items that stay together, without the white space at their end."""
    total = trailing = 0.0
    for item in unit:
        if isinstance(item, Word):
            total += trailing + item.width
            trailing = item.space
            if not item.collapsible:
                total, trailing = total + trailing, 0.0
        elif isinstance(item, (Edge, Atomic)):
            if item.width:
                total += trailing + item.width
                trailing = 0.0
    return total


def inline_widths(engine: LayoutEngine, box: BlockBox) -> tuple[float, float]:
    """Min-content and max-content width of inline content."""
    smallest = largest = current = trailing = 0.0
    unit: list[Item] = []
    floats = 0.0
    for item in [*_items(engine, box, 0.0, None, True), ForcedBreak(box.style)]:
        if isinstance(item, OutOfLine):
            if item.box.is_float:
                narrow, wide = intrinsic_widths(engine, item.box)
                smallest, floats = max(smallest, narrow), floats + wide
            continue
        if isinstance(item, Atomic):
            narrow, wide = intrinsic_widths(engine, item.fragment.box)
            item = item._replace(width=wide)
            smallest = max(smallest, narrow)
        unit.append(item)
        breaks = isinstance(item, ForcedBreak) or (isinstance(item, (Word, Atomic)) and item.can_break_after)
        if breaks:
            width = _unit_width(unit)
            if not (len(unit) == 1 and isinstance(unit[0], Atomic)):
                smallest = max(smallest, width)
            if width:
                current, trailing = current + trailing + width, 0.0
            trailing = max(trailing, item.space) if isinstance(item, Word) else 0.0
            unit = []
        if isinstance(item, ForcedBreak):
            largest = max(largest, current + floats)
            current = trailing = floats = 0.0
    return smallest, max(smallest, largest)
