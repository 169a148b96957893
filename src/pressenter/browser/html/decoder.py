"""Bytes to characters: which encoding is it? (HTML Standard §13.2.3, Encoding Standard)

In order of certainty: a byte order mark, what the transport says, a ``<meta>`` in the
first 1024 bytes, and windows-1252, which the standard names as the default.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import webencodings

__all__ = ["Decoded", "decode", "sniff_encoding"]

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
    fallback = sniff_encoding(data, transport_charset)
    text, used = webencodings.decode(data, fallback, "replace")
    return Decoded(text, str(used.name))
