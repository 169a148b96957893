"""A website made of a folder: which file a target means, and how it is sent (RFC 9110).

A target is mapped to a path below the folder and to nothing else: ``..``, encoded
or not, and links that lead out of it are refused.  A folder means its index file.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote

from pressenter.http.content_coding import encode
from pressenter.http.dates import format_date, parse_date
from pressenter.http.digits import number_of_digits
from pressenter.http.messages import Headers, Request, Response

__all__ = ["FolderSite", "RedirectSite", "Site"]

INDEX_FILES = ("index.html", "index.htm")
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "application/xml", "image/svg+xml")
_COMPRESS_FROM = 256  # bytes; below, the headers would eat the gain

# The table of the platform is not asked: answers must be the same everywhere.
_TYPES = mimetypes.MimeTypes(filenames=())
for _type, _extension in (
    ("image/webp", ".webp"), ("image/avif", ".avif"), ("font/woff2", ".woff2"), ("font/woff", ".woff"),
    ("text/javascript", ".js"), ("text/javascript", ".mjs"), ("image/svg+xml", ".svg"),
    ("text/css", ".css"), ("application/json", ".json"), ("text/markdown", ".md"),
):  # fmt: skip
    _TYPES.add_type(_type, _extension)


class Site:
    """Answers requests for one host name."""

    async def respond(self, request: Request) -> Response:
        """The response to a request; its URL is the target as it stood in the request."""
        raise NotImplementedError


class RedirectSite(Site):
    """Sends every visitor to the same path elsewhere."""

    def __init__(self, target: str, status: int = 301) -> None:
        self.target = target.rstrip("/")
        self.status = status

    async def respond(self, request: Request) -> Response:
        location = self.target + request.url
        text = f'<!DOCTYPE html><title>Moved</title><p>Moved to <a href="{location}">{location}</a>.\n'
        headers = [("Location", location), ("Content-Type", "text/html; charset=utf-8")]
        return _response(request, self.status, headers, text.encode())


class FolderSite(Site):
    """Serves the files of a folder.

    Args:
        folder: the root of the site.
        modified: Last-Modified of every file, seconds since 1970; None takes each file's own.
        latest: no Last-Modified is later, since RFC 9110 §8.8.2.1 forbids one after the Date.
        max_age: seconds in Cache-Control; None sends no such header.
        headers: further header fields of every response.
    """

    def __init__(
        self,
        folder: Path,
        modified: float | None = None,
        max_age: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        encodings: tuple[str, ...] = ("br", "gzip"),
        latest: float = float("inf"),
    ) -> None:
        self.folder = folder.resolve()
        self.modified = modified
        self.max_age = max_age
        self.headers = headers
        self.encodings = encodings
        self.latest = latest

    async def respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return self._error(request, 405, [("Allow", "GET, HEAD")])
        path = self._path(request.url)
        if path is None:
            return self._error(request, 404)
        if path.is_dir():
            if not request.url.partition("?")[0].endswith("/"):
                target, question, query = request.url.partition("?")
                location = "/" + target.strip("/") + "/" + question + query
                return self._error(request, 301, [("Location", location)])
            index = next((path / name for name in INDEX_FILES if (path / name).is_file()), None)
            if index is None:
                return self._listing(request, path)
            path = index
        return self._file(request, path)

    def _path(self, target: str) -> Path | None:
        """The file or folder that a target names, or None if there is none that may be served."""
        decoded = unquote(target.partition("?")[0].partition("#")[0])
        if not decoded.startswith("/") or "\0" in decoded or "\\" in decoded:
            return None
        if ".." in decoded.split("/"):
            return None
        try:
            path = (self.folder / decoded.lstrip("/")).resolve()
            inside = path == self.folder or self.folder in path.parents
            return path if inside and path.exists() else None
        except (OSError, ValueError):
            return None

    def _file(self, request: Request, path: Path) -> Response:
        body = path.read_bytes()
        modified = self.modified if self.modified is not None else int(path.stat().st_mtime)
        modified = min(modified, self.latest)
        kind = _type_of(path)
        coding = self._coding(request, kind, len(body))
        headers = [
            ("Content-Type", kind),
            ("ETag", _etag(body, coding)),
            ("Last-Modified", format_date(modified)),
            ("Accept-Ranges", "bytes"),
            *self._common_headers(),
        ]
        if kind.startswith(_COMPRESSIBLE):
            headers.append(("Vary", "Accept-Encoding"))
        if _is_unchanged(request, headers[1][1], modified):
            kept = [field for field in headers if field[0] not in ("Content-Type", "Accept-Ranges")]
            return _response(request, 304, kept, b"")
        requested = request.headers.get("range") if request.method == "GET" else ""
        if requested and _range_applies(request, headers[1][1], modified):
            return _partial(request, requested, headers, body)
        if coding:
            headers.append(("Content-Encoding", coding))
            body = _encoded(body, coding)
        return _response(request, 200, headers, body)

    def _coding(self, request: Request, kind: str, length: int) -> str:
        """The coding that the client accepts and the site prefers (RFC 9110 §12.5.3)."""
        if length < _COMPRESS_FROM or not kind.startswith(_COMPRESSIBLE) or "range" in request.headers:
            return ""
        accepted = {}
        for part in request.headers.get("accept-encoding").lower().split(","):
            name, _, quality = part.strip().partition(";q=")
            accepted[name.strip()] = quality.strip() not in ("0", "0.0", "0.00", "0.000")
        return next((name for name in self.encodings if accepted.get(name)), "")

    def _common_headers(self) -> list[tuple[str, str]]:
        control = [("Cache-Control", f"max-age={self.max_age}")] if self.max_age is not None else []
        return [*control, *self.headers]

    def _listing(self, request: Request, folder: Path) -> Response:
        names = sorted(item.name + "/" * item.is_dir() for item in folder.iterdir())
        rows = "".join(f'<li><a href="{quote(name)}">{_escape(name)}</a>\n' for name in names)
        title = f"Index of {_escape(unquote(request.url))}"
        page = f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1><ul>\n{rows}</ul>\n"
        headers = [("Content-Type", "text/html; charset=utf-8"), *self._common_headers()]
        return _response(request, 200, headers, page.encode())

    def _error(self, request: Request, status: int, headers: list[tuple[str, str]] | None = None) -> Response:
        text = f"{status} {REASONS[status]}"
        page = f"<!DOCTYPE html><title>{text}</title><h1>{text}</h1><p>{_escape(request.url)}</p>\n"
        fields = [("Content-Type", "text/html; charset=utf-8"), *(headers or []), *self.headers]
        return _response(request, status, fields, page.encode())


REASONS = {
    200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    416: "Range Not Satisfiable", 421: "Misdirected Request", 500: "Internal Server Error",
    501: "Not Implemented", 503: "Service Unavailable",
}  # fmt: skip


def _response(request: Request, status: int, headers: list[tuple[str, str]], body: bytes) -> Response:
    if status != 304:
        headers = [*headers, ("Content-Length", str(len(body)))]
    if request.method == "HEAD":
        body = b""
    return Response(request.url, status, REASONS.get(status, ""), Headers(headers), body)


def _type_of(path: Path) -> str:
    kind, coding = _TYPES.guess_type(path.name)
    if kind is None or coding is not None:
        return "application/octet-stream"
    return kind + ("; charset=utf-8" if kind in ("text/plain", "text/css", "text/javascript") else "")


def _etag(body: bytes, coding: str) -> str:
    """A strong validator: it differs between codings (RFC 9110 §8.8.3.3)."""
    return '"' + hashlib.sha256(body).hexdigest()[:16] + (f"-{coding}" if coding else "") + '"'


@lru_cache(maxsize=256)
def _encoded(body: bytes, coding: str) -> bytes:
    return encode(body, coding)


def _is_unchanged(request: Request, etag: str, modified: float) -> bool:
    """RFC 9110 §13.2.2: If-None-Match wins over If-Modified-Since."""
    none_match = request.headers.get("if-none-match")
    if none_match:
        tags = [tag.strip().removeprefix("W/") for tag in none_match.split(",")]
        return "*" in tags or etag in tags
    since = parse_date(request.headers.get("if-modified-since"))
    return since is not None and modified <= since


def _range_applies(request: Request, etag: str, modified: float) -> bool:
    """RFC 9110 §13.1.5: If-Range names the version that the range is of."""
    condition = request.headers.get("if-range")
    if not condition:
        return True
    if condition.startswith('"'):
        return condition == etag
    since = parse_date(condition)
    return since is not None and since == modified


def _partial(request: Request, requested: str, headers: list[tuple[str, str]], body: bytes) -> Response:
    """RFC 9110 §14.2: one range of bytes; several at once are answered whole."""
    unit, _, ranges = requested.partition("=")
    first, dash, last = ranges.strip().partition("-")
    whole = _response(request, 200, headers, body)
    if unit.strip() != "bytes" or not dash or "," in ranges:
        return whole
    length = len(body)
    if first:
        start, end = number_of_digits(first, length), number_of_digits(last or str(length), length)
    else:
        suffix = number_of_digits(last, length)
        start, end = None if suffix is None else length - suffix, length
    if start is None or end is None:
        return whole
    end = min(end, length - 1)
    if start >= len(body) or end < start:
        return _response(request, 416, [("Content-Range", f"bytes */{len(body)}")], b"")
    headers = [*headers, ("Content-Range", f"bytes {start}-{end}/{len(body)}")]
    return _response(request, 206, headers, body[start : end + 1])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
