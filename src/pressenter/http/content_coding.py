"""Content codings: gzip, deflate and br (RFC 9110 §8.4.1, RFC 7932)."""

from __future__ import annotations

import gzip
import zlib

__all__ = ["ACCEPT_ENCODING", "BadEncoding", "MAXIMUM_DECODED", "decode", "encode"]

ACCEPT_ENCODING = "gzip, deflate, br"
MAXIMUM_DECODED = 256 * 1024 * 1024  # against decompression bombs


class BadEncoding(ValueError):
    """The body is not what its Content-Encoding says, or unknown, or too large."""


def decode(body: bytes, codings: str) -> bytes:
    """Remove codings, the last applied first.  Raises BadEncoding."""
    for coding in reversed([part.strip().lower() for part in codings.split(",") if part.strip()]):
        try:
            if coding in ("gzip", "x-gzip"):
                body = _inflate(body, 16 + zlib.MAX_WBITS)
            elif coding == "deflate":
                # RFC 9110 §8.4.1.2: zlib's format, but some servers send it raw
                body = _inflate(body, zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS)
            elif coding == "br":
                body = _brotli(body)
            elif coding != "identity":
                raise BadEncoding(f"unknown content coding {coding!r}")
        except zlib.error as error:
            raise BadEncoding(f"the body is not valid {coding}: {error}") from error
    return body


def encode(body: bytes, coding: str) -> bytes:
    """Apply one coding; the same bytes every time."""
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    if coding == "br":
        import brotli

        return bytes(brotli.compress(body, quality=5))
    raise BadEncoding(f"unknown content coding {coding!r}")


def _inflate(body: bytes, window_bits: int) -> bytes:
    decoded = bytearray()
    while body:  # a gzip body may have several members
        stream = zlib.decompressobj(window_bits)
        decoded += stream.decompress(body, MAXIMUM_DECODED - len(decoded) + 1)
        if len(decoded) > MAXIMUM_DECODED:
            raise BadEncoding(f"the body decodes to more than {MAXIMUM_DECODED} bytes")
        if not stream.eof:
            raise BadEncoding("the coded body is truncated")
        body = stream.unused_data
    return bytes(decoded)


def _brotli(body: bytes) -> bytes:
    import brotli

    try:
        decoded = bytes(brotli.decompress(body))
    except brotli.error as error:
        raise BadEncoding(f"the body is not valid br: {error}") from error
    if len(decoded) > MAXIMUM_DECODED:
        raise BadEncoding(f"the body decodes to more than {MAXIMUM_DECODED} bytes")
    return decoded
