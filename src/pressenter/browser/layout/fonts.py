"""Fonts: which file draws a character, and how wide its glyphs are.

The default fonts come from packages, so that a page looks the same on every
computer.  For scripts that these lack (Chinese, Arabic, …) the computer's own fonts are
searched, and where nothing is found the missing-glyph box is drawn; which characters
those were is remembered for a notice.

Shaping is HarfBuzz's: characters in, glyph numbers with advances and offsets out, in
the font's own units, so the result serves every size.
"""

from __future__ import annotations

import importlib.util
import io
import math
import os
import sys
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import uharfbuzz as hb

from pressenter.browser.layout.shaped_text import MeasuredText, Shaped, ShapedText
from pressenter.browser.layout.system_fonts import fontconfig_is_there, generic_family, installed_faces
from pressenter.browser.layout.text_spacing import halved_marks

__all__ = ["FontFace", "FontLibrary", "FontMetrics", "font_file"]


class FontMetrics(NamedTuple):
    """Of a face at a size, in CSS pixels: above and below the baseline, gap between lines, height of an x.

    The first three are whole pixels, as browsers round them.
    """

    ascent: float
    descent: float
    line_gap: float
    x_height: float


def font_file(data: bytes) -> bytes:
    """A font file that HarfBuzz and Skia read: WOFF and WOFF2 are unpacked.  Raises ValueError."""
    if data[:4] not in (b"wOFF", b"wOF2"):
        return data
    try:
        from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

        font = TTFont(io.BytesIO(data), recalcBBoxes=False, recalcTimestamp=False)
        font.flavor = None
        file = io.BytesIO()
        font.save(file, reorderTables=False)
        return file.getvalue()
    except Exception as error:  # whatever a broken file makes it raise
        raise ValueError(f"no readable WOFF file ({error})") from error


def _features(text: str) -> dict[str, Sequence[tuple[int, int, int]]] | None:
    """The OpenType features for parts of a text: ``halt`` sets full-width marks half as wide."""
    halved = halved_marks(text)
    return {"halt": [(place, place + 1, 1) for place in halved]} if halved else None


_FEW_TEXTS = 3  # are shaped one by one
_LATIN_CACHE = 100_000  # shaped pieces of text that a face remembers


class FontFace:
    """One font file.

    Args:
        source: the file's path, or its contents.
        index: of the face in a collection.
    """

    def __init__(self, source: Path | bytes, index: int = 0) -> None:
        self.source = source
        self.index = index
        self.name = "a font of the page" if isinstance(source, bytes) else source.name
        blob = hb.Blob(source) if isinstance(source, bytes) else hb.Blob.from_file_path(str(source))
        face = hb.Face(blob, index)
        self._face = face
        self._font = hb.Font(face)
        self._average: tuple[float, float] | None = None
        self.units = face.upem
        extents = self._font.get_font_extents("ltr")
        self._x_height = self._font.get_metric_position(hb.OTMetricsTag.X_HEIGHT) or self._height_of_x()
        self._extents = (extents.ascender, -extents.descender, extents.line_gap)
        self._metrics: dict[float, FontMetrics] = {}
        self._kerning: dict[tuple[str, str], float] = {}
        self._spaces: dict[tuple[str, str], float] = {}
        self._shaped: dict[tuple[str, bool], Shaped] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """A face that goes to another process is opened there again."""
        return opened_face, (self.source, self.index)

    def _height_of_x(self) -> float:
        """Measured at the letter, where the font does not say it."""
        glyph = self._font.get_nominal_glyph(ord("x"))
        extents = self._font.get_glyph_extents(glyph) if glyph is not None else None
        return float(extents.y_bearing) if extents is not None else self.units / 2

    def metrics(self, size: float) -> FontMetrics:
        """The metrics at a font size."""
        known = self._metrics.get(size)
        if known is None:
            ascent, descent, gap = (float(int(value * size / self.units + 0.5)) for value in self._extents)
            known = self._metrics[size] = FontMetrics(ascent, descent, gap, self._x_height * size / self.units)
        return known

    def scale(self, size: float) -> float:
        """CSS pixels for one of the font's units: sizes are taken in steps of 1/64 pixel."""
        units: int = self.units
        return int(int(size * 100 + 0.001) / 100 * 64) / 64 / units

    def control_widths(self, size: float) -> tuple[float, float]:
        """How wide a text control takes a character to be, on average and at most (HTML Standard §15.5.4)."""
        if self._average is None:
            average, largest = self.units / 2, float(self.units)
            try:
                os2, head = (self._face.reference_table(tag) for tag in ("OS/2", "head"))
                average = float(int.from_bytes(os2.data[2:4], "big", signed=True))
                bounds = [int.from_bytes(head.data[at : at + 2], "big", signed=True) for at in (36, 40)]
                largest = float(bounds[1] - bounds[0])
            except (AttributeError, ValueError):
                pass
            self._average = (average, largest)
        advance = self._average[0] * self.scale(size)
        return max(advance, float(round(advance))), float(round(self._average[1] * size / self.units))

    def has(self, character: str) -> bool:
        """Whether the font can draw a character."""
        return self._font.get_nominal_glyph(ord(character)) is not None

    def space_between(self, before: str, after: str) -> float:
        """The advance of a space between two characters, kerned with both, in font units."""
        found = self._spaces.get((before, after))
        if found is None:
            found = self.shape(" ").advance
            if before.isascii() and after.isascii():
                whole = self.shape(f"{before} {after}").advance
                found = whole - sum(self.shape(character).advance for character in (before, after) if character)
            self._spaces[before, after] = found
        return found

    def reach(self, run: Shaped, size: float) -> tuple[float, float]:
        """How far the ink of a text reaches from where it begins: to the left, and to the right.

        A glyph's ink is taken in whole pixels and one more, as browsers do, whose antialiasing needs it.
        """
        scale = self.scale(size)
        left = right = pen = 0.0
        for glyph, advance in zip(run.glyphs, run.advances, strict=True):
            extents = self._font.get_glyph_extents(glyph)
            if extents is not None and extents.width:
                first = math.floor(extents.x_bearing * scale) - 1
                last = math.ceil((extents.x_bearing + extents.width) * scale) + 1
                left, right = max(left, -(pen + first)), max(right, pen + last)
            pen += advance * scale
        return left, right

    def kerning(self, before: str, after: str) -> float:
        """How much closer two characters stand together than each by itself, in font units; usually 0 or less."""
        found = self._kerning.get((before, after))
        if found is None:
            found = 0.0
            if self.has(before) and self.has(after):
                parts = self.shape(before).advance + self.shape(after).advance
                found = self.shape(before + after).advance - parts
            self._kerning[before, after] = found
        return found

    def shape(self, text: str, mirrored: bool = False) -> Shaped:
        """Shape a piece of text of one direction.  Results are remembered: pages repeat their words."""
        key = (text, mirrored)
        found = self._shaped.get(key)
        if found is None:
            found = self.shape_alone(text, mirrored)
            self._remember(key, found)
        return found

    def shape_alone(self, text: str, mirrored: bool = False) -> ShapedText:
        """As `shape`; nothing is remembered."""
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        if mirrored:
            buffer.direction = "rtl"
        elif buffer.direction == "rtl":
            buffer.direction = "ltr" if text.isascii() else "rtl"
        hb.shape(self._font, buffer, None if text.isascii() else _features(text))
        glyphs = array("I", [info.codepoint for info in buffer.glyph_infos])
        places = [place.position for place in buffer.glyph_positions or ()]
        advances = array("d", [advance for _, _, advance, _ in places])
        offsets = tuple([(right, up) for right, up, _, _ in places])
        return ShapedText(self, glyphs, advances, sum(advances, 0.0), offsets if any(map(any, offsets)) else None)

    def measure_words(self, words: Sequence[str]) -> None:
        """Shape words in one go, so that `shape` finds how wide they are."""
        known = self._shaped
        wanted = dict.fromkeys(words)
        new = [word for word in wanted if word[:1].isalpha() and word.isascii() and (word, False) not in known]
        for word, advance, glyph_count in self._measured(new):
            self._remember((word, False), MeasuredText(self, word, advance, glyph_count))

    def measure_spaces(self, words: Sequence[str]) -> None:
        """Shape the spaces between words in one go, so that `space_between` finds how wide they are."""
        known = self._spaces
        new: dict[str, None] = {}
        last = ""
        for word in words:
            first = word[:1]
            if (last, first) not in known and last.isalpha() and first and (last + first).isascii():
                new[f"{last} {first}"] = None
            last = word[-1:]
        for text, advance, _ in self._measured(list(new)):
            before, after = text[0], text[2]
            known[before, after] = advance - self.shape(before).advance - self.shape(after).advance

    def _measured(self, texts: list[str]) -> list[tuple[str, float, int]]:
        """Pieces of text, how wide they are in font units, and of how many glyphs; a call for each would take long.

        Only for such as ``shape`` would treat the same way: ASCII that begins with a letter.  A line feed between them,
        which no font joins with anything, keeps each by itself.
        """
        if len(texts) < _FEW_TEXTS:
            return []
        buffer = hb.Buffer()
        buffer.add_str("\n".join(texts))
        buffer.guess_segment_properties()
        hb.shape(self._font, buffer, None)
        clusters: list[int] = [info.cluster for info in buffer.glyph_infos]
        advances: list[int] = [place.x_advance for place in buffer.glyph_positions or ()]
        measured: list[tuple[str, float, int]] = []
        count, at, end = len(clusters), 0, 0
        for text in texts:
            end += len(text)
            advance, first = 0, at
            while at < count and clusters[at] < end:
                advance += advances[at]
                at += 1
            if at < count and clusters[at] != end:
                break  # this font does join it: each will be shaped by itself
            measured.append((text, float(advance), at - first))
            at, end = at + 1, end + 1
        return measured

    def _remember(self, key: tuple[str, bool], shaped: Shaped) -> None:
        if len(self._shaped) >= _LATIN_CACHE:
            self._shaped.clear()
        self._shaped[key] = shaped


@cache
def opened_face(source: Path | bytes, index: int) -> FontFace:
    """The face of a font file; the same one each time."""
    return FontFace(source, index)


class _AddedFace(NamedTuple):
    face: FontFace
    weights: tuple[float, float]
    italic: bool
    ranges: tuple[tuple[int, int], ...]


def _nearest(faces: list[_AddedFace], weight: float, italic: bool) -> FontFace:
    """The face whose style and weight come nearest (CSS Fonts 4 §5.2)."""

    def distance(added: _AddedFace) -> tuple[bool, float]:
        low, high = added.weights
        return added.italic != italic, max(0.0, low - weight, weight - high)

    return min(faces, key=distance).face


_SOURCE_SANS = ("font_source_sans_pro", "SourceSansPro-{}.ttf")
_SOURCE_SERIF = ("font_source_serif_pro", "SourceSerifPro-{}.ttf")
_ROBOTO = ("font_roboto", "Roboto-{}.ttf")
_PLEX_MONO = ("fontpkg_ibm_plex_mono", "IBMPlexMono-{}.ttf")

#: Family names, in lower case, and the packaged family that stands for them.
_FAMILIES = {
    "sans-serif": _SOURCE_SANS, "system-ui": _SOURCE_SANS, "ui-sans-serif": _SOURCE_SANS,
    "source sans pro": _SOURCE_SANS, "source sans 3": _SOURCE_SANS, "-apple-system": _SOURCE_SANS,
    "blinkmacsystemfont": _SOURCE_SANS, "segoe ui": _SOURCE_SANS, "lucida grande": _SOURCE_SANS,
    "arial": _ROBOTO, "helvetica": _ROBOTO, "helvetica neue": _ROBOTO, "roboto": _ROBOTO,
    "verdana": _ROBOTO, "tahoma": _ROBOTO, "liberation sans": _ROBOTO,
    "serif": _SOURCE_SERIF, "times": _SOURCE_SERIF, "times new roman": _SOURCE_SERIF,
    "georgia": _SOURCE_SERIF, "source serif pro": _SOURCE_SERIF, "ui-serif": _SOURCE_SERIF,
    "monospace": _PLEX_MONO, "ui-monospace": _PLEX_MONO, "courier": _PLEX_MONO,
    "courier new": _PLEX_MONO, "consolas": _PLEX_MONO, "menlo": _PLEX_MONO,
    "monaco": _PLEX_MONO, "ibm plex mono": _PLEX_MONO, "sfmono-regular": _PLEX_MONO,
}  # fmt: skip

_GENERIC = frozenset(("serif", "sans-serif", "monospace", "system-ui"))
_LANGUAGES_WITH_FONTS = frozenset(("zh", "ja", "ko"))
_SYSTEM_FALLBACKS = ("noto sans cjk jp", "noto sans", "symbola", "noto color emoji", "dejavu math tex gyre")

_SYSTEM_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts",
    "C:/Windows/Fonts",
)  # fmt: skip
_MAXIMUM_SYSTEM_FONTS = 400


class FontLibrary:
    """Finds faces.  One for a program: fonts are the same for every page.

    Args:
        system: whether the computer's own fonts are taken, as other browsers do; else those that come with
            pressenter, which are the same everywhere.

    Attributes:
        missing: characters for which no font was found.
        awaited: families, in lower case, whose text is not shown while their file is on its way.
    """

    def __init__(self, system: bool = False) -> None:
        self.uses_system = system and fontconfig_is_there()
        self.missing: set[str] = set()
        self.awaited: frozenset[str] = frozenset()
        self._faces: dict[tuple[Path, int], FontFace] = {}
        self._added: dict[str, list[_AddedFace]] = {}
        self._chosen: dict[tuple[tuple[str, ...], float, bool, str], FontFace] = {}
        self._fallbacks: dict[str, FontFace | None] = {}
        self._system_faces: list[FontFace] | None = None

    def add(
        self,
        family: str,
        data: bytes,
        weights: tuple[float, float] = (400.0, 400.0),
        italic: bool = False,
        ranges: tuple[tuple[int, int], ...] = (),
    ) -> None:
        """Add a face that a page brings (CSS Fonts 4 §4).  Raises ValueError for what is no font file."""
        try:
            face = FontFace(data)
        except hb.HarfBuzzError as error:
            raise ValueError(f"{family}: no font file ({error})") from error
        self._added.setdefault(family.lower(), []).append(_AddedFace(face, weights, italic, ranges))
        self._chosen.clear()

    def without_added(self) -> FontLibrary:
        """A library with the same fonts but those that pages brought."""
        other = FontLibrary()
        other.uses_system = self.uses_system
        other.missing, other._faces, other._fallbacks = self.missing, self._faces, self._fallbacks
        other._system_faces = self._system_faces
        return other

    def is_awaited(self, style: Mapping[str, Any]) -> bool:
        """Whether text is held back, since its font may still come (CSS Fonts 4 §4.9, the block period)."""
        return bool(self.awaited) and style["font-family"][0].lower() in self.awaited

    def awaiting(self, families: frozenset[str]) -> FontLibrary:
        """The same library, with other families awaited."""
        other = self.without_added()
        other._added, other._chosen = self._added, self._chosen
        other.awaited = families
        return other

    def face(self, families: tuple[str, ...], weight: float, italic: bool, language: str = "") -> FontFace:
        """The first family that is known; at the end stands a default."""
        key = (families, weight, italic, language if self.uses_system else "")
        found = self._chosen.get(key)
        if found is None:
            found = self._chosen[key] = self._choose(families, weight, italic, language)
        return found

    def face_of(self, style: Mapping[str, Any]) -> FontFace:
        """The face that a computed style asks for."""
        slanted = style["font-style"] != "normal"
        return self.face(style["font-family"], style["font-weight"], slanted, style.get("--language", ""))

    def measure(self, style: Mapping[str, Any]) -> tuple[float, float]:
        """The height of an x and the width of a 0 in a style's font, in pixels: the units ex and ch."""
        face, size = self.face_of(style), style["font-size"]
        return float(int(face.metrics(size).x_height + 0.5)), face.shape("0").advance * face.scale(size)

    def _choose(self, families: tuple[str, ...], weight: float, italic: bool, language: str) -> FontFace:
        for family in families:
            name = family.lower()
            if name in self._added:
                return _nearest(self._added[name], weight, italic)
            if self.uses_system:
                found = self._installed(name, weight, italic, language)
                if found is not None:
                    return found
            elif name in _FAMILIES:
                return self._packaged(_FAMILIES[name], weight, italic)
        if self.uses_system:
            found = self._installed("sans-serif", weight, italic, language)
            if found is not None:
                return found
        return self._packaged(_SOURCE_SERIF, weight, italic)

    def _installed(self, name: str, weight: float, italic: bool, language: str = "") -> FontFace | None:
        """A face of the computer's own, if there is one of the family."""
        if name in _GENERIC:
            known = language.partition("-")[0] in _LANGUAGES_WITH_FONTS and name != "system-ui"
            name = generic_family(f"{name}:lang={language}" if known else name)
        faces = installed_faces().get(name)
        if not faces:
            return None
        chosen = min(faces, key=lambda face: (face.bold != (weight >= 600), face.italic != italic))
        return self._open(chosen.path, chosen.number)

    def shape(self, text: str, face: FontFace, mirrored: bool = False) -> list[Shaped]:
        """Shape text of one direction with a face, and with others where it lacks characters."""
        if text.isascii() and not mirrored:
            return [face.shape(text)]
        runs: list[tuple[FontFace, str]] = []
        for character in text:
            chosen = self._face_for(character, face, runs[-1][0] if runs else face)
            if runs and runs[-1][0] is chosen:
                runs[-1] = (chosen, runs[-1][1] + character)
            else:
                runs.append((chosen, character))
        shaped = [chosen.shape(part, mirrored) for chosen, part in runs]
        return shaped[::-1] if mirrored else shaped

    def _face_for(self, character: str, face: FontFace, previous: FontFace) -> FontFace:
        if face.has(character) or character in "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f":
            return face if face.has(character) else previous
        if character not in self._fallbacks:
            candidates = self._fallback_faces()
            found = next((candidate for candidate in candidates if candidate.has(character)), None)
            if found is None:
                found = next((candidate for candidate in self._system() if candidate.has(character)), None)
            self._fallbacks[character] = found
            if found is None:
                self.missing.add(character)
        return self._fallbacks[character] or face

    def _fallback_faces(self) -> list[FontFace]:
        """Where a character is looked for first."""
        if self.uses_system:
            wanted = [generic_family("sans-serif"), *_SYSTEM_FALLBACKS]
            faces = [self._installed(name, 400.0, False) for name in wanted]
            return [face for face in faces if face is not None]
        return [self._packaged(family, 400, False) for family in (_SOURCE_SANS, _ROBOTO, _PLEX_MONO)]

    def _packaged(self, family: tuple[str, str], weight: float, italic: bool) -> FontFace:
        package, pattern = family
        bold = weight >= 600
        suffix = "Italic" if family in (_ROBOTO, _PLEX_MONO) else "It"
        name = ("Bold" if bold else "") + (suffix if italic else "")
        return self._open(_package_folder(package) / pattern.format(name or "Regular"))

    def _open(self, path: Path, index: int = 0) -> FontFace:
        key = (path, index)
        if key not in self._faces:
            self._faces[key] = FontFace(path, index)
        return self._faces[key]

    def _system(self) -> list[FontFace]:
        """Faces of the computer's own fonts, regular ones of wide coverage first."""
        if self._system_faces is None:
            self._system_faces = []
            for path in _system_font_files():
                try:
                    self._system_faces.append(self._open(path))
                except hb.HarfBuzzError:
                    continue
        return self._system_faces


@cache
def _package_folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"the font package {package} is not installed; reinstall pressenter")
    return Path(found.origin).parent / "files"


def _system_font_files() -> list[Path]:
    folders = [*_SYSTEM_FOLDERS, str(Path.home() / ".fonts"), str(Path.home() / "Library/Fonts")]
    if sys.platform == "win32":
        folders.append(os.path.expandvars(r"%LOCALAPPDATA%\Microsoft\Windows\Fonts"))
    files = [
        Path(parent, name)
        for folder in folders
        for parent, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith((".ttf", ".otf", ".ttc"))
    ]
    return sorted(files, key=_preference)[:_MAXIMUM_SYSTEM_FONTS]


def _preference(path: Path) -> tuple[Any, ...]:
    name = path.name.lower()
    wide = any(word in name for word in ("cjk", "pingfang", "msyh", "wqy", "fallback", "unicode"))
    regular = "regular" in name or "-" not in name
    return (not wide, "serif" in name and "sans" not in name, not regular, str(path))
