"""A font whose every glyph is a square as large as the text, as layout tests use: widths can be counted."""

import io
from functools import lru_cache

import fontTools.fontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

UNITS = 1000
ASCENT = 800
#: Characters that take no room: where a line may break, and where it may not.
WITHOUT_WIDTH = "\u200b\u2060\ufeff"


@lru_cache(maxsize=1)
def box_font() -> bytes:
    """The font file: ascent 0.8, descent 0.2, every advance 1."""
    characters = [chr(code) for code in range(0x20, 0x7F)] + ["\u00a0", "\u00c9", *WITHOUT_WIDTH]
    names = {ord(character): f"glyph{ord(character):04x}" for character in characters}
    builder = fontTools.fontBuilder.FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    glyphs = {name: _square() for name in (".notdef", *names.values())}
    advances = dict.fromkeys(glyphs, (UNITS, 0))
    empty = TTGlyphPen(None).glyph()
    for character in (" ", "\u00a0"):
        glyphs[names[ord(character)]] = empty
    for character in WITHOUT_WIDTH:
        glyphs[names[ord(character)]] = empty
        advances[names[ord(character)]] = (0, 0)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(advances)
    builder.setupHorizontalHeader(ascent=ASCENT, descent=ASCENT - UNITS)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
    builder.setupOS2(
        sTypoAscender=ASCENT,
        sTypoDescender=ASCENT - UNITS,
        usWinAscent=ASCENT,
        usWinDescent=UNITS - ASCENT,
        sxHeight=ASCENT,
    )
    builder.setupPost()
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def _square():
    pen = TTGlyphPen(None)
    pen.moveTo((0, ASCENT - UNITS))
    pen.lineTo((0, ASCENT))
    pen.lineTo((UNITS, ASCENT))
    pen.lineTo((UNITS, ASCENT - UNITS))
    pen.closePath()
    return pen.glyph()
