"""Shaped text: the glyphs of a font that draw a piece of text, and how far the pen moves after each.

Layout asks only how far it moves in all.  Of a long page few lines are ever seen, so a word is measured among many
others, a line takes its words as they are, and the glyphs of both are made when somebody draws them.  A page has as
many of these as words and lines, so they are objects of classes, which the compiler knows how to make fast.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pressenter.browser.layout.fonts import FontFace

__all__ = ["JoinedText", "MeasuredText", "Shaped", "ShapedText", "TextOnDemand"]

Offsets = tuple[tuple[float, float], ...]


class ShapedText:
    """Glyphs of one face.  A long text has many: their numbers stand in one array, their advances in another.

    Attributes:
        glyphs: the numbers of the glyphs in the font.
        advances: how far the pen moves after each, in font units.
        advance: how far it moves in all.
        offsets: how far each glyph is drawn from the pen, to the right and up; None where none is.
        glyph_count: how many there are.
    """

    __slots__ = ("advance", "advances", "face", "glyph_count", "glyphs", "offsets")

    def __init__(
        self, face: FontFace, glyphs: array[int], advances: array[float], advance: float, offsets: Offsets | None = None
    ) -> None:
        self.face = face
        self.glyphs = glyphs
        self.advances = advances
        self.advance = advance
        self.offsets = offsets
        self.glyph_count = len(glyphs)

    def __reduce__(self) -> tuple[Any, ...]:
        """For a page in a process of its own: compiled classes do not know by themselves how to be sent."""
        return ShapedText, (self.face, self.glyphs, self.advances, self.advance, self.offsets)

    def __eq__(self, other: object) -> bool:
        return _are_the_same(self, other)


class TextOnDemand:
    """As `ShapedText`, with glyphs that are made when somebody asks for them."""

    __slots__ = ("_whole", "advance", "face", "glyph_count")

    def __init__(self, face: FontFace, advance: float, glyph_count: int) -> None:
        self.face = face
        self.advance = advance
        self.glyph_count = glyph_count
        self._whole: ShapedText | None = None

    @property
    def glyphs(self) -> array[int]:
        """See `ShapedText`."""
        return self._made().glyphs

    @property
    def advances(self) -> array[float]:
        """See `ShapedText`."""
        return self._made().advances

    @property
    def offsets(self) -> Offsets | None:
        """See `ShapedText`."""
        return self._made().offsets

    def __reduce__(self) -> tuple[Any, ...]:
        """What is sent is made."""
        return self._made().__reduce__()

    def _made(self) -> ShapedText:
        if self._whole is None:
            self._whole = self._make()
        return self._whole

    def _make(self) -> ShapedText:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return _are_the_same(self, other)


Shaped = ShapedText | TextOnDemand


class MeasuredText(TextOnDemand):
    """A word that was measured among others."""

    __slots__ = ("_text",)

    def __init__(self, face: FontFace, text: str, advance: float, glyph_count: int) -> None:
        super().__init__(face, advance, glyph_count)
        self._text = text

    def _make(self) -> ShapedText:
        return self.face.shape_alone(self._text)


class JoinedText(TextOnDemand):
    """The words of a line that share a face, with blanks between them.

    Args:
        parts: the words' own glyphs, or None for one without; after each the blank's advance in font units,
            None where there is no blank.
    """

    __slots__ = ("_blank", "_gaps", "_parts")

    def __init__(self, face: FontFace, blank: int, parts: list[Shaped | None], gaps: list[float | None]) -> None:
        count, advance = 0, 0.0
        for part in parts:
            if part is not None:
                count += part.glyph_count
                advance += part.advance
        for gap in gaps:
            if gap is not None:
                count += 1
                advance += gap
        super().__init__(face, advance, count)
        self._blank = blank
        self._parts = parts
        self._gaps = gaps

    def _make(self) -> ShapedText:
        glyphs, advances = array("I"), array("d")
        moved: list[tuple[int, Offsets]] = []
        for part, gap in zip(self._parts, self._gaps, strict=True):
            if part is not None:
                offsets = part.offsets
                if offsets is not None:
                    moved.append((len(glyphs), offsets))
                glyphs += part.glyphs
                advances += part.advances
            if gap is not None:
                glyphs.append(self._blank)
                advances.append(gap)
        spread = _spread(moved, len(glyphs)) if moved else None
        return ShapedText(self.face, glyphs, advances, self.advance, spread)


def _spread(moved: list[tuple[int, Offsets]], count: int) -> Offsets:
    """The offsets of all glyphs of a text, from those pieces of it that have some, and where these begin."""
    offsets = [(0.0, 0.0)] * count
    for start, own in moved:
        offsets[start : start + len(own)] = own
    return tuple(offsets)


def _are_the_same(one: Shaped, other: object) -> bool:
    return one is other or (
        isinstance(other, (ShapedText, TextOnDemand))
        and one.face is other.face
        and one.glyph_count == other.glyph_count
        and one.advance == other.advance
        and one.glyphs == other.glyphs
        and one.advances == other.advances
        and one.offsets == other.offsets
    )
