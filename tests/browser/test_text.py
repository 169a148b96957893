"""Text on its way to lines and pictures: the quick ways give what the slow ones give."""

from __future__ import annotations

import io
import pickle
import random
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pressenter.browser.layout import line_breaking
from pressenter.browser.layout.fonts import FontFace, FontLibrary
from pressenter.browser.layout.shaped_text import JoinedText, Shaped, ShapedText
from pressenter.browser.paint.png import png_file

FONTS = FontLibrary()
WORDS = ["office", "AVATAR", "To", "don't", "fi", "waffle", "x-y", "a.b", "e", "Wa.", "T,", "(b)", "f", "WWW", "l10n"]


def face(family: str) -> FontFace:
    return FONTS.face((family,), 400.0, False)


@pytest.mark.parametrize("family", ["serif", "sans-serif", "monospace"])
@settings(max_examples=50, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS) | st.text(st.characters(codec="ascii"), min_size=1, max_size=6)))
def test_words_measured_together_are_those_shaped_alone(family: str, words: list[str]) -> None:
    source, index = face(family).source, face(family).index
    together, alone = FontFace(source, index), FontFace(source, index)
    together.measure_words(words)
    for word in words:
        one, other = together.shape(word), alone.shape(word)
        assert (one.advance, one.glyph_count) == (other.advance, len(other.glyphs)), word
        assert (one.glyphs, one.advances, one.offsets) == (other.glyphs, other.advances, other.offsets), word
    together.measure_spaces(words)
    for before, after in pairwise(words):
        assert together.space_between(before[-1], after[0]) == alone.space_between(before[-1], after[0])


def test_texts_can_be_sent_to_another_process() -> None:
    own = face("sans-serif")
    line = JoinedText(own, 3, [own.shape("waffle"), None], [250.0, None])
    for text in (own.shape("To"), line):
        assert pickle.loads(pickle.dumps(text)).glyphs == text.glyphs


def test_a_line_is_what_its_words_are() -> None:
    own = face("sans-serif")
    parts: list[Shaped | None] = [own.shape("waffle"), None, own.shape("To")]
    line = JoinedText(own, 3, parts, [250.0, None, None])
    assert line.glyph_count == len(line.glyphs) == len(line.advances) == parts[0].glyph_count + 1 + 2  # type: ignore[union-attr]
    assert line.advance == sum(line.advances) and line.offsets is None
    assert list(line.glyphs) == [*own.shape("waffle").glyphs, 3, *own.shape("To").glyphs]
    assert line == JoinedText(own, 3, parts, [250.0, None, None]) != JoinedText(own, 3, parts, [250.0, 0.0, None])
    raised = ShapedText(
        own, own.shape("To").glyphs, own.shape("To").advances, own.shape("To").advance, ((0, 5), (1, 0))
    )
    assert JoinedText(own, 3, [own.shape("a"), raised], [None, 1.0]).offsets == ((0, 0), (0, 5), (1, 0), (0, 0))


@settings(max_examples=300)
@given(st.lists(st.sampled_from(["a", "Bc", "7", " ", "  ", ".", ",", ";", ":", "'", "don't", "-", "!", "é"])))
def test_simple_text_breaks_where_icu_breaks_it(parts: list[str]) -> None:
    text = "".join(parts)
    quick = line_breaking.break_offsets(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_breaking, "_SIMPLE_TEXT", _Nothing())
        assert quick == line_breaking.break_offsets(text)


class _Nothing:
    def fullmatch(self, text: str) -> None:
        """Nothing is simple."""


@pytest.mark.parametrize(("width", "height"), [(17, 12), (400, 300)])
def test_a_png_file_is_what_others_read(width: int, height: int) -> None:
    """A small one, and one that is compressed in two halves."""
    pixels = (bytes(range(256)) * 3 + random.Random(1).randbytes(999)) * 300
    pixels = pixels[: width * height * 4]
    file = png_file(pixels, width, height)
    with Image.open(io.BytesIO(file)) as image:
        image.verify()
    with Image.open(io.BytesIO(file)) as image:
        assert image.size == (width, height) and image.mode == "RGBA" and image.tobytes() == pixels
    begin = file.index(b"IDAT") + 4
    data = file[begin : begin + int.from_bytes(file[begin - 8 : begin - 4], "big")]
    assert len(zlib.decompress(data)) == height * (width * 4 + 1)  # which looks at the checksum, too
