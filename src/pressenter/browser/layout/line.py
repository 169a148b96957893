"""One line: what is in it, its baseline, and the places of its parts (CSS 2.2 §10.8, CSS Inline 3).

Every font has an ascent and a descent.  The line height beyond both is put half above
and half below (*half-leading*).  The highest point above the baseline and the lowest below
it make the line's height; the container's own font takes part, as if the line
began with an empty text of it (the *strut*), and so does that of every inline box.

``vertical-align`` moves a box against its parent's baseline.  With ``top`` or ``bottom`` it stands
apart, with all that is in it, and is aligned when the rest of the line is known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from pressenter.browser.css.cascade import ComputedStyle
from pressenter.browser.layout.bidi import visual_order
from pressenter.browser.layout.boxes import Box, InlineBox
from pressenter.browser.layout.edges import edges_of, relative_offset, resolve
from pressenter.browser.layout.fragments import BoxFragment, Fragment, TextFragment, moved_to
from pressenter.browser.layout.inline_items import Atomic, Edge, ForcedBreak, Item, Word
from pressenter.browser.layout.shaped_text import JoinedText, Shaped

if TYPE_CHECKING:
    from pressenter.browser.layout.engine import LayoutEngine

__all__ = ["FinishedLine", "Line", "line_metrics"]


def line_metrics(engine: LayoutEngine, style: ComputedStyle) -> tuple[float, float]:
    """How far a text of this style reaches above and below its baseline, leading included."""
    metrics = engine.face(style).metrics(style["font-size"])
    if style["line-height"] == "normal":
        above = metrics.ascent + math.floor(metrics.line_gap / 2)
        return above, metrics.ascent + metrics.descent + metrics.line_gap - above
    height = line_height(engine, style)
    above = metrics.ascent + math.floor((height - metrics.ascent - metrics.descent) / 2)
    return above, height - above


def line_height(engine: LayoutEngine, style: ComputedStyle) -> float:
    """The used line height, in steps of 1/64 pixel."""
    value: Any = style["line-height"]
    size = float(style["font-size"])
    if value == "normal":
        metrics = engine.face(style).metrics(size)
        return metrics.ascent + metrics.descent + metrics.line_gap
    if isinstance(value, tuple):
        return math.floor(float(value[1]) * size * 64 + 0.001) / 64
    return math.floor(float(value) * 64 + 0.5) / 64  # browsers round lengths, and cut off multiples


class FinishedLine(NamedTuple):
    """Fragments relative to the container's content box."""

    fragments: list[Fragment]
    height: float
    baseline: float


class _Subtree:
    """Parts of a line that share a baseline: the line's own, or what is aligned at its top or bottom."""

    def __init__(self, align: str) -> None:
        self.align = align
        self.above = -math.inf
        self.below = -math.inf
        self.baseline = 0.0

    def hold(self, above: float, below: float) -> None:
        self.above, self.below = max(self.above, above), max(self.below, below)

    @property
    def height(self) -> float:
        return max(0.0, self.above + self.below) if self.above > -math.inf else 0.0


class _Frame:
    """An inline box that is open in the line, or the line's container.

    Attributes:
        shift: how far its baseline is above that of its subtree.
    """

    def __init__(
        self, style: ComputedStyle, box: InlineBox | None, subtree: _Subtree, shift: float, parent: _Frame | None
    ) -> None:
        self.parent = parent
        self.style = style
        self.box = box
        self.subtree = subtree
        self.shift = shift
        self.has_left = True
        self.has_right = False
        self.left = math.inf
        self.right = -math.inf
        self.has_edges = False
        self.moved = (0.0, 0.0)  # by position: relative, of the boxes around too


class _Placed:
    """An item in the line.

    Attributes:
        frame: the innermost inline box around it.
        stretches: whether justified text grows here.
    """

    __slots__ = ("frame", "item", "stretches", "width")

    def __init__(self, item: Item, frame: _Frame, width: float, stretches: bool) -> None:
        self.item = item
        self.frame = frame
        self.width = width
        self.stretches = stretches


class _Piece:
    """Words of one style side by side: one text."""

    def __init__(self, word: Word, frame: _Frame, x: float) -> None:
        self.frame = frame
        self.x = x
        self.width = 0.0
        self.words: list[tuple[Word, float]] = []
        self.face = word.runs[0].face if len(word.runs) == 1 else None
        self._style, self._box, self._level = word.style, word.box, word.level

    def takes(self, word: Word, frame: _Frame) -> bool:
        """Whether a word can stand in the same text."""
        if frame is not self.frame or word.style is not self._style or word.box is not self._box:
            return False
        if word.level or self._level:
            return False
        return not word.runs or (len(word.runs) == 1 and word.runs[0].face is self.face)

    def add(self, word: Word, width: float) -> None:
        self.words.append((word, width))
        self.width += width

    def runs(self) -> tuple[Shaped, ...]:
        """The glyphs of all words as one run, spaces among them, as wide as they are on this line."""
        first = self.words[0][0]
        if self.face is None or len(self.words) == 1:
            return first.runs
        scale = self.face.scale(first.style["font-size"]) or 1.0
        spacing: float = first.style["letter-spacing"]
        parts: list[Shaped | None] = []
        gaps: list[float | None] = []
        for word, width in self.words:
            parts.append(word.runs[0] if word.runs else None)
            room = width - word.width
            gaps.append((room - spacing) / scale if word.space and room > 0 else None)
        return (JoinedText(self.face, self.face.shape(" ").glyphs[0], parts, gaps),)

    def text(self) -> str:
        return "".join(word.text + word.space_text for word, _ in self.words)


_NOTHING = TextFragment(0.0, 0.0, 0.0, 0.0, 0.0, (), {}, "")


class Line:
    """A line while it is filled."""

    def __init__(
        self, engine: LayoutEngine, style: ComputedStyle, indent: float, width: float = 0.0, height: float | None = None
    ) -> None:
        self.engine = engine
        self._containing = (width, height)  # what offsets of relative boxes refer to
        self.style = style
        self.indent = indent
        self.width = indent
        self.has_content = False
        self._trailing = 0.0
        self._is_mixed = False  # text of more than one direction
        self._placed: list[_Placed] = []
        root = _Subtree("baseline")
        self._root = self._frame = _Frame(style, None, root, 0.0, None)
        self._boxes: list[_Frame] = []
        self._subtrees = [root]

    def reopen(self, edge: Edge) -> None:
        """An inline box goes on from the line before, without its first edge."""
        self._open(edge.box).has_left = False

    def end_with(self, item: ForcedBreak) -> None:
        """A forced break makes a line even of nothing."""
        self.has_content = True
        self._place(item, 0.0, False)

    def add(self, item: Item) -> None:
        """Append an item; whether it fits was asked before."""
        if isinstance(item, Word):
            if not item.text and item.collapsible and not self.has_content:
                return
            self._place(item, item.width + item.space, bool(item.space))
            self._trailing = item.space if item.collapsible else 0.0
            self._is_mixed = self._is_mixed or item.level > 0
            self.has_content = self.has_content or bool(item.text) or not item.collapsible
        elif isinstance(item, Edge):
            if item.opens:
                self._open(item.box).has_edges = item.makes_line
            self._place(item, item.width, False)
            if item.width:
                self._trailing = 0.0
            self.has_content = self.has_content or item.makes_line
            if not item.opens and self._frame.parent is not None:
                self._frame.has_right = True
                self._frame = self._frame.parent
        elif isinstance(item, Atomic):
            self._place(item, item.width, False)
            self._trailing = 0.0
            self._is_mixed = self._is_mixed or item.level > 0
            self.has_content = True

    def _place(self, item: Item, width: float, stretches: bool) -> None:
        self._placed.append(_Placed(item, self._frame, width, stretches))
        self.width += width

    def _open(self, box: InlineBox) -> _Frame:
        parent = self._frame
        align = box.style["vertical-align"]
        if align in ("top", "bottom"):
            subtree, shift = _Subtree(align), 0.0
            self._subtrees.append(subtree)
        else:
            subtree, shift = parent.subtree, parent.shift + self._raise_of(box.style, parent.style)
        frame = _Frame(box.style, box, subtree, shift, parent)
        frame.moved = parent.moved
        if box.style["position"] == "relative":
            x, y = relative_offset(box.style, *self._containing)
            frame.moved = (parent.moved[0] + x, parent.moved[1] + y)
        self._frame = frame
        self._boxes.append(frame)
        return frame

    # ---- vertical ---------------------------------------------------------------------------------

    def _raise_of(self, style: ComputedStyle, parent: ComputedStyle) -> float:
        """How far vertical-align raises the baseline of an inline box above its parent's."""
        align = style["vertical-align"]
        size = float(parent["font-size"])
        if not isinstance(align, str):
            return resolve(align, line_height(self.engine, style))
        if align == "super":
            return math.floor(size / 3 * 64) / 64 + 1
        if align == "sub":
            return -(math.floor(size / 5 * 64) / 64 + 1)
        if align == "baseline":
            return 0.0
        above, below = line_metrics(self.engine, style)
        outer = self.engine.face(parent).metrics(size)
        if align == "middle":
            return outer.x_height / 2 - (above - below) / 2
        if align == "text-top":
            return outer.ascent - above
        return below - outer.descent if align == "text-bottom" else 0.0

    def _extents(self) -> None:
        """Let everything in the line reach as far as it does."""
        counted = [self._root, *self._boxes]
        if self.engine.in_quirks:
            # The line height calculation quirk: boxes without text of their own do not count (Quirks Mode §3.2).
            with_text = self._with_text()
            counted = [frame for frame in counted if id(frame) in with_text or frame.has_edges]
        for frame in counted:
            self._hold_style(frame.style, frame)
        for placed in self._placed:
            item, frame = placed.item, placed.frame
            if isinstance(item, Word):
                if item.has_fallback:
                    self._hold_fallback(item, frame)
            elif isinstance(item, Atomic):
                align = item.fragment.box.style["vertical-align"]
                if align in ("top", "bottom"):
                    continue
                above, below = self._atomic_extents(item, frame)
                frame.subtree.hold(above, below)

    def _with_text(self) -> set[int]:
        """The ids of the boxes that have text of their own in the line."""
        last = max((n for n, p in enumerate(self._placed) if _is_content(p.item)), default=-1)
        return {id(p.frame) for n, p in enumerate(self._placed) if _is_text(p.item, n < last)}

    def _hold_style(self, style: ComputedStyle, frame: _Frame) -> None:
        above, below = line_metrics(self.engine, style)
        frame.subtree.hold(above + frame.shift, below - frame.shift)

    def _hold_fallback(self, word: Word, frame: _Frame) -> None:
        """With line-height: normal, other fonts that stand in for missing characters count too."""
        style = word.style
        if style["line-height"] != "normal":
            return
        own = self.engine.face(style)
        for run in word.runs:
            if run.face is not own:
                metrics = run.face.metrics(style["font-size"])
                above = metrics.ascent + math.floor(metrics.line_gap / 2)
                below = metrics.ascent + metrics.descent + metrics.line_gap - above
                frame.subtree.hold(above + frame.shift, below - frame.shift)

    def _atomic_extents(self, item: Atomic, frame: _Frame) -> tuple[float, float]:
        """Above and below the subtree's baseline."""
        style, parent = item.fragment.box.style, frame.style
        align = style["vertical-align"]
        total = item.above + item.below
        metrics = self.engine.face(parent).metrics(parent["font-size"])
        if align == "middle":
            above = total / 2 + metrics.x_height / 2
        elif align == "text-top":
            above = metrics.ascent
        elif align == "text-bottom":
            above = total - metrics.descent
        else:
            above = item.above + self._raise_of(style, parent)
        return above + frame.shift, total - above - frame.shift

    def _line_box(self, top: float) -> float:
        """Give every subtree its baseline; returns the line's height."""
        self._extents()
        root = self._subtrees[0]
        tall = {"top": 0.0, "bottom": 0.0}
        for subtree in self._subtrees[1:]:
            tall[subtree.align] = max(tall[subtree.align], subtree.height)
        for placed in self._placed:
            item = placed.item
            if isinstance(item, Atomic) and item.fragment.box.style["vertical-align"] in tall:
                align = item.fragment.box.style["vertical-align"]
                tall[align] = max(tall[align], item.above + item.below)
        if tall["bottom"] > root.height:
            root.above = tall["bottom"] - root.below
        if tall["top"] > root.height:
            root.below = tall["top"] - root.above
        height = root.height
        if root.above == -math.inf:
            root.above = root.below = 0.0
        root.baseline = top + root.above
        for subtree in self._subtrees[1:]:
            subtree.baseline = top + subtree.above if subtree.align == "top" else top + height - subtree.below
        return height

    # ---- horizontal --------------------------------------------------------------------------------

    def finish(self, left: float, top: float, room: float, last: bool) -> FinishedLine:
        """Work out the baseline and give every part its place."""
        height = self._line_box(top)
        offset, stretch = self._alignment(left, room, last)
        mirrored = self.style["direction"] == "rtl"
        x = offset + (0.0 if mirrored else self.indent)
        fragments: list[Fragment] = []
        pieces: list[tuple[int, _Piece]] = []
        piece: _Piece | None = None
        order = visual_order(self._levels()) if mirrored or self._is_mixed else None
        if order is not None:
            self._edges_change_sides(order)
        last_word = next((i for i in range(len(self._placed) - 1, -1, -1) if self._placed[i].width), -1)
        for index in order if order is not None else range(len(self._placed)):
            placed = self._placed[index]
            item, frame, width = placed.item, placed.frame, placed.width
            if index == last_word and self._trailing:
                width -= self._trailing  # white space at the end of a line takes no room (CSS Text 3 §4.1.2)
            elif placed.stretches:
                width += stretch
            if x < frame.left:
                frame.left = x
            if x + width > frame.right:
                frame.right = x + width
            if isinstance(item, Word):
                if item.text or not item.collapsible or width:
                    if piece is None or not piece.takes(item, frame):
                        piece = _Piece(item, frame, x)
                        pieces.append((len(fragments), piece))
                        fragments.append(_NOTHING)
                    piece.add(item, width)
                x += width
                continue
            piece = None
            if isinstance(item, ForcedBreak) and item.box is not None:
                fragments.append(self._break(item.box, x, frame))
            elif isinstance(item, Atomic):
                dx, dy = frame.moved
                atomic = self._atomic(item, x + dx, frame, top, height)
                atomic = atomic._replace(y=atomic.y + dy) if dy else atomic
                if atomic.box.style["position"] == "relative":
                    dx, dy = relative_offset(atomic.box.style, *self._containing)
                    atomic = atomic._replace(x=atomic.x + dx, y=atomic.y + dy)
                fragments.append(atomic)
            x += width
        for place, finished in pieces:
            fragments[place] = self._text(finished)
        for frame in reversed(self._boxes):  # what is around reaches as far as what is in it
            if frame.parent is not None:
                frame.parent.left = min(frame.parent.left, frame.left)
                frame.parent.right = max(frame.parent.right, frame.right)
        boxes = [self._inline_box(frame) for frame in self._boxes if frame.left < math.inf]
        return FinishedLine([*boxes, *fragments], height, self._subtrees[0].baseline)

    def _levels(self) -> list[int]:
        """The embedding levels; the edge of a box goes with what it encloses, so that it does not part a run."""
        levels: list[int | None] = []
        for placed in self._placed:
            if isinstance(placed.item, (Word, Atomic)):
                levels.append(placed.item.level)
            elif isinstance(placed.item, Edge) and not placed.item.opens:
                levels.append(levels[-1] if levels else None)
            else:
                levels.append(None)
        following: int | None = None
        for index in range(len(levels) - 1, -1, -1):
            item = self._placed[index].item
            if levels[index] is None and isinstance(item, Edge) and item.opens:
                levels[index] = following
            following = levels[index]
        own = 1 if self.style["direction"] == "rtl" else 0
        return [own if level is None else level for level in levels]

    def _edges_change_sides(self, order: list[int]) -> None:
        """A box that is turned round with its content keeps its left edge on the left (CSS 2.2 §8.6)."""
        opened: dict[InlineBox, int] = {}
        for index in order:
            edge = self._placed[index].item
            if not isinstance(edge, Edge):
                continue
            first = opened.setdefault(edge.box, index)
            if first == index:
                continue
            is_turned = edge.opens != (edge.box.style["direction"] == "rtl")
            one, two = self._placed[first], self._placed[index]
            if is_turned and one.width != two.width:
                one.width, two.width = two.width, one.width

    def _alignment(self, left: float, room: float, last: bool) -> tuple[float, float]:
        """Where the line begins, and what each space grows by (CSS Text 3 §6)."""
        free = room - (self.width - self._trailing)
        style = self.style
        align = style["text-align"]
        if last and style["text-align-last"] != "auto":
            align = style["text-align-last"]
        elif last and align == "justify":
            align = "start"
        mirrored = style["direction"] == "rtl"
        if align in ("start", "end", "match-parent"):
            align = "right" if (align == "end") != mirrored else "left"
        if free <= 0:
            return left + (free if mirrored else 0.0), 0.0
        if align in ("right", "-webkit-right"):
            return left + free, 0.0
        if align in ("center", "-webkit-center"):
            return left + free / 2, 0.0
        if align == "justify":
            spaces = sum(1 for placed in self._placed if placed.stretches) - (1 if self._trailing else 0)
            return left, free / spaces if spaces > 0 else 0.0
        return left, 0.0

    # ---- fragments ---------------------------------------------------------------------------------

    def _baseline(self, frame: _Frame) -> float:
        return frame.subtree.baseline - frame.shift

    def _text(self, piece: _Piece) -> TextFragment:
        word, frame = piece.words[0][0], piece.frame
        metrics = self.engine.face(word.style).metrics(word.style["font-size"])
        dx, dy = frame.moved
        return TextFragment(
            piece.x + dx, self._baseline(frame) - metrics.ascent + dy, piece.width, metrics.ascent + metrics.descent,
            metrics.ascent, piece.runs(), word.style, piece.text(), word.style["letter-spacing"], word.decorations,
            word.box,
        )  # fmt: skip

    def _atomic(self, item: Atomic, x: float, frame: _Frame, top: float, height: float) -> BoxFragment:
        align = item.fragment.box.style["vertical-align"]
        if align == "top":
            y = top
        elif align == "bottom":
            y = top + height - item.above - item.below
        else:
            y = frame.subtree.baseline - self._atomic_extents(item, frame)[0]
        return moved_to(item.fragment, x + item.margin_left, y + item.margin_top)

    def _break(self, box: Box, x: float, frame: _Frame) -> BoxFragment:
        """A ``<br>`` is as high as its text would be, and has no width."""
        metrics = self.engine.face(box.style).metrics(box.style["font-size"])
        top = self._baseline(frame) - metrics.ascent + frame.moved[1]
        return BoxFragment(x + frame.moved[0], top, 0.0, metrics.ascent + metrics.descent, box)

    def _inline_box(self, frame: _Frame) -> BoxFragment:
        """The background and border of an inline box on this line (CSS 2.2 §10.6.1)."""
        style, box = frame.style, frame.box
        assert box is not None
        edges = edges_of(style, 0.0)
        metrics = self.engine.face(style).metrics(style["font-size"])
        has_left, has_right = frame.has_left, frame.has_right
        if style["direction"] == "rtl":
            has_left, has_right = has_right, has_left
        left = frame.left + (edges.margin_left if has_left else 0.0)
        right = frame.right - (edges.margin_right if has_right else 0.0)
        top = self._baseline(frame) - metrics.ascent - edges.top
        height = metrics.ascent + metrics.descent + edges.vertical
        return BoxFragment(
            left + frame.moved[0],
            top + frame.moved[1],
            max(0.0, right - left),
            height,
            box,
            (),
            None,
            None,
            0,
            has_left,
            has_right,
            edges,
        )


def _is_content(item: Item) -> bool:
    if isinstance(item, Word):
        return bool(item.text) or not item.collapsible
    return isinstance(item, (Atomic, ForcedBreak))


def _is_text(item: Item, is_inside: bool) -> bool:
    """Text that is there; white space at the end of a line is not."""
    if isinstance(item, Word):
        return bool(item.text) or not item.collapsible or is_inside
    return isinstance(item, ForcedBreak)
