"""Bytes to characters: which encoding is it? (HTML Standard §13.2.3, Encoding Standard)

In order of certainty: a byte order mark, what the transport says, a ``<meta>`` in the
first 1024 bytes, and windows-1252, which the standard names as the default.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import webencodings

__all__ = ["Decoded", "DocumentDecoder", "decode", "sniff_encoding"]

_PRESCAN_BYTES = 1024
_META = re.compile(rb"<meta\b[^>]{0,512}", re.IGNORECASE)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)


class Decoded(NamedTuple):
    """Text, and the encoding that it was found to be in."""

    text: str
    encoding: str


def sniff_encoding(data: bytes, transport_charset: str = "") -> str:
    """The name of the encoding by the rules above (byte order marks excepted)."""
    known = webencodings.lookup(transport_charset) if transport_charset else None
    if known is not None:
        return str(known.name)
    for tag in _META.finditer(_COMMENT.sub(b"", data[:_PRESCAN_BYTES])):
        match = _CHARSET.search(tag[0])
        if match is None:
            continue
        known = webencodings.lookup(match[1].decode("ascii"))
        if known is not None:
            # §13.2.3.2: a meta element cannot declare UTF-16, since it was read as ASCII
            return "utf-8" if known.name.startswith("utf-16") else str(known.name)
    return "windows-1252"


def decode(data: bytes, transport_charset: str = "") -> Decoded:
    """Decode a document.  Bytes that fit no character become U+FFFD."""
    decoder = DocumentDecoder(transport_charset)
    return Decoded(decoder.feed(data, final=True), decoder.encoding)


class DocumentDecoder:
    """Decodes a document as it arrives.

    The first bytes are held back until there are enough of them to tell the encoding, unless the
    transport has told it.

    Args:
        transport_charset: what Content-Type says.

    Attributes:
        encoding: the encoding's name; empty while it is not known.
    """

    def __init__(self, transport_charset: str = "") -> None:
        self.encoding = ""
        self._charset = transport_charset if transport_charset and webencodings.lookup(transport_charset) else ""
        self._held = b""
        self._decoder: webencodings.IncrementalDecoder | None = None

    def feed(self, data: bytes, final: bool = False) -> str:
        """The characters that some more bytes come to."""
        if self._decoder is None:
            data, self._held = self._held + data, b""
            if not (final or self._charset or len(data) >= _PRESCAN_BYTES):
                self._held = data
                return ""
            self._decoder = webencodings.IncrementalDecoder(sniff_encoding(data, self._charset), "replace")
        text = str(self._decoder.decode(data, final))
        if self._decoder.encoding is not None:
            self.encoding = str(self._decoder.encoding.name)
        return text
