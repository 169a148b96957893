"""The address bar: takes keys, suggests, and makes a URL of what was typed."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote_plus

import ada_url

from pressenter.browser.history import History

__all__ = ["AddressBar", "Intent", "InvalidAddress", "interpret"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|(about|data|file|javascript|mailto|blob|view-source):", re.IGNORECASE)
_HOST = re.compile(r"([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+([a-z]{2,}|xn--[a-z0-9-]+)\.?", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


class InvalidAddress(ValueError):
    """What was typed is no URL by the URL Standard, though it looks like one."""


class Intent(NamedTuple):
    """What an entry means: ``kind`` is url, completed or search."""

    kind: str
    url: str


def interpret(text: str, history: History, search: str) -> Intent:
    """What Enter does: go to a URL, complete one, or search.  Raises InvalidAddress.

    A whole URL is used as it is.  What begins as a host name gets a scheme; a single
    word that has been visited as ``www.<word>.com``, or is followed by a slash, gets that
    around it.  Anything else is looked up with the search engine.
    """
    text = text.strip()
    if not text:
        raise InvalidAddress("the address bar is empty")
    if _SCHEME.match(text):
        return Intent("url", _parse(text))
    host, slash, _ = text.partition("/")
    name = host.partition(":")[0]
    port = host.partition(":")[2]
    looks_like_host = not port or port.isdecimal()
    if looks_like_host and (_HOST.fullmatch(name) or _IPV4.fullmatch(name) or name == "localhost"):
        return Intent("completed", _parse("http://" + text))
    if _WORD.fullmatch(text.rstrip("/")) and (slash or history.completes(text)):
        return Intent("completed", _parse(f"http://www.{text.rstrip('/')}.com/"))
    return Intent("search", _parse(search + quote_plus(text)))


def _parse(text: str) -> str:
    try:
        url = ada_url.URL(text)  # URL Standard §4.4, with punycode and all
    except ValueError:
        raise InvalidAddress(f"{text!r} is not a valid URL") from None
    if url.protocol not in ("http:", "https:"):
        raise InvalidAddress(f"{text!r}: this browser fetches http and https, not {url.protocol.rstrip(':')}")
    if url.hostname.startswith("["):
        raise InvalidAddress(f"{text!r}: IPv6 is not spoken in this world yet")
    return str(url.href)


class AddressBar:
    """The text that is typed, and how it is edited.

    Attributes:
        text: what stands in the bar.
        shown: the address that was shown last.
        has_focus: whether keys are for the bar.
    """

    def __init__(self) -> None:
        self.text = ""
        self.shown = ""
        self.has_focus = True
        self._selected = False

    def show(self, url: str) -> None:
        """Show where the browser is; the whole text is selected, so typing replaces it."""
        self.text = self.shown = url
        self._selected = True

    def key(self, character: str) -> bool:
        """Take a key's character.  True if it was Enter."""
        if character == "\n":
            return True
        if self._selected:
            self.text, self._selected = "", False
        if character == "\b":
            self.text = self.text[:-1]
        elif character == "\x1b":
            self.text = ""
        elif character.isprintable():
            self.text += character
        return False
