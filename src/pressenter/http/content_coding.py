"""Content codings: gzip, deflate and br (RFC 9110 §8.4.1, RFC 7932)."""

from __future__ import annotations

import gzip
import zlib
from typing import Protocol

__all__ = ["ACCEPT_ENCODING", "MAXIMUM_DECODED", "BadEncoding", "ContentDecoder", "decode", "encode"]

ACCEPT_ENCODING = "gzip, deflate, br"
MAXIMUM_DECODED = 256 * 1024 * 1024  # against decompression bombs


class BadEncoding(ValueError):
    """The body is not what its Content-Encoding says, or unknown, or too large."""


def decode(body: bytes, codings: str) -> bytes:
    """Remove codings, the last applied first.  Raises BadEncoding."""
    decoder = ContentDecoder(codings)
    return decoder.feed(body) + decoder.close()


def encode(body: bytes, coding: str) -> bytes:
    """Apply one coding; the same bytes every time."""
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    if coding == "br":
        import brotli

        return bytes(brotli.compress(body, quality=5))
    raise BadEncoding(f"unknown content coding {coding!r}")


class ContentDecoder:
    """Removes content codings from a body as it arrives.

    Args:
        codings: the value of Content-Encoding.  Raises BadEncoding for a coding that is not known.
    """

    def __init__(self, codings: str) -> None:
        names = [part.strip().lower() for part in codings.split(",") if part.strip()]
        self._stages = [_stage(name) for name in reversed(names) if name != "identity"]
        self._decoded = 0
        self._coded = 0

    def feed(self, data: bytes) -> bytes:
        """What some more bytes come to.  Raises BadEncoding."""
        self._coded += len(data)
        for stage in self._stages:
            data = stage.feed(data)
        self._decoded += len(data)
        if self._decoded > MAXIMUM_DECODED:
            raise BadEncoding(f"the body decodes to more than {MAXIMUM_DECODED} bytes")
        return data

    def close(self) -> bytes:
        """The rest, at the end of the body.  Raises BadEncoding if it is cut short."""
        if self._coded and not all(stage.is_complete for stage in self._stages):
            raise BadEncoding("the coded body is truncated")
        return b""


class _Stage(Protocol):
    """One coding."""

    @property
    def is_complete(self) -> bool: ...

    def feed(self, data: bytes) -> bytes: ...


def _stage(name: str) -> _Stage:
    if name in ("gzip", "x-gzip"):
        return _Inflate(name, 16 + zlib.MAX_WBITS)
    if name == "deflate":
        return _Inflate(name, None)
    if name == "br":
        return _Brotli()
    raise BadEncoding(f"unknown content coding {name!r}")


class _Inflate:
    """gzip and deflate.  ``window_bits`` is None where the first byte tells zlib's format from the raw one."""

    def __init__(self, name: str, window_bits: int | None) -> None:
        self._name = name
        self._window_bits = window_bits
        self._stream: zlib._Decompress | None = None

    @property
    def is_complete(self) -> bool:
        return self._stream is None or self._stream.eof

    def feed(self, data: bytes) -> bytes:
        decoded = bytearray()
        before = None
        while data:  # a gzip body may have several members
            if self._stream is None or self._stream.eof:
                if self._window_bits is None:
                    # RFC 9110 §8.4.1.2: zlib's format, but some servers send it raw
                    is_zlib = data[0] & 0x0F == 8 and data[0] >> 4 <= 7  # RFC 1950 §2.2
                    self._window_bits = zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
                before, self._stream = self._stream, zlib.decompressobj(self._window_bits)
            try:
                decoded += self._stream.decompress(data, MAXIMUM_DECODED + 1)
            except zlib.error as error:
                if before is not None:  # what follows a whole member and is none is let pass, as browsers do
                    self._stream = before
                    break
                raise BadEncoding(f"the body is not valid {self._name}: {error}") from error
            if len(decoded) > MAXIMUM_DECODED:
                break  # whoever adds up the body's pieces says so
            data = self._stream.unused_data
        return bytes(decoded)


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self._error = brotli.error
        self._stream = brotli.Decompressor()

    @property
    def is_complete(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, data: bytes) -> bytes:
        try:
            return bytes(self._stream.process(data))
        except self._error as error:
            raise BadEncoding(f"the body is not valid br: {error}") from error
