"""What a response is: page, text, picture, style sheet or something to keep (MIME Sniffing Standard)."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ContentType", "content_type", "filename_of"]

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"), (b"%PDF-", "application/pdf"), (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"), (b"wOF2", "font/woff2"), (b"BM", "image/bmp"),
)  # fmt: skip
_HTML_STARTS = (
    b"<!doctype html", b"<html", b"<head", b"<script", b"<iframe", b"<h1", b"<div", b"<font", b"<table", b"<a",
    b"<style", b"<title", b"<b", b"<body", b"<br", b"<p", b"<!--",
)  # fmt: skip
_BINARY = frozenset([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])


class ContentType(NamedTuple):
    """Essence (``text/html``) and charset, and how a browser treats it.

    ``treatment`` is page, text, picture or download.
    """

    essence: str
    charset: str
    treatment: str


def content_type(header: str, body: bytes, disposition: str = "") -> ContentType:
    """The type of a response, sniffed where the header does not say (§7)."""
    essence, _, parameters = header.partition(";")
    essence = essence.strip().lower()
    charset = ""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "charset":
            charset = value.strip().strip('"')
    if essence.count("/") != 1 or essence in ("unknown/unknown", "application/unknown"):
        essence = _sniff(body)
    elif essence == "text/plain" and not charset and any(byte in _BINARY for byte in body[:1445]):
        essence = "application/octet-stream"  # §7.2: mislabelled binary
    if disposition.lower().startswith("attachment"):
        return ContentType(essence, charset, "download")
    return ContentType(essence, charset, _treatment(essence))


def _treatment(essence: str) -> str:
    if essence in ("text/html", "application/xhtml+xml"):
        return "page"
    if essence in ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/x-icon", "image/svg+xml"):
        return "picture"
    if essence.startswith("text/") or essence in ("application/json", "application/xml", "application/javascript"):
        return "text"
    return "download"


def _sniff(body: bytes) -> str:
    """§7.1: by the first bytes."""
    start = body[:1445]
    text = start.lstrip(b"\t\n\x0c\r ").lower()
    for tag in _HTML_STARTS:
        if text.startswith(tag) and text[len(tag) : len(tag) + 1] in (b" ", b">", b""):
            return "text/html"
    if start[:4] == b"RIFF" and start[8:14] == b"WEBPVP":
        return "image/webp"
    for signature, essence in _SIGNATURES:
        if start.startswith(signature):
            return essence
    if any(byte in _BINARY for byte in start):
        return "application/octet-stream"
    return "text/plain"


def filename_of(url_path: str, disposition: str) -> str:
    """The name under which a download is offered, without any path."""
    name = ""
    for part in disposition.split(";"):
        key, _, value = part.strip().partition("=")
        if key.lower() == "filename":
            name = value.strip().strip('"')
    name = name or url_path
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2] or "download"
