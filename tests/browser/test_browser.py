"""The address bar, history, and what a response is taken for."""

from __future__ import annotations

import pytest

from pressenter.browser.address_bar import InvalidAddress, interpret
from pressenter.browser.content_type import content_type, filename_of
from pressenter.browser.history import History

HISTORY = History({"http://www.baidu.com/": 9, "http://www.bank.test/": 1})


@pytest.mark.parametrize(
    ("typed", "kind", "url"),
    [
        ("http://a.test/x?y#z", "url", "http://a.test/x?y#z"),
        ("HTTPS://A.Test", "url", "https://a.test/"),
        ("www.example.com", "completed", "http://www.example.com/"),
        ("example.com/a b", "completed", "http://example.com/a%20b"),
        ("localhost:8080/x", "completed", "http://localhost:8080/x"),
        ("192.168.1.1", "completed", "http://192.168.1.1/"),
        ("baidu", "completed", "http://www.baidu.com/"),
        ("example/", "completed", "http://www.example.com/"),
        ("example", "search", "http://s.test/?q=example"),
        ("how long is a fibre?", "search", "http://s.test/?q=how+long+is+a+fibre%3F"),
        ("1+1", "search", "http://s.test/?q=1%2B1"),
        ("http://b\u00fccher.test/", "url", "http://xn--bcher-kva.test/"),
    ],
)
def test_what_enter_means(typed: str, kind: str, url: str) -> None:
    assert interpret(typed, HISTORY, "http://s.test/?q=") == (kind, url)


@pytest.mark.parametrize("typed", ["", "   ", "http://", "http://a b/", "http://a.test:99999/"])
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(InvalidAddress):
        interpret(typed, HISTORY, "http://s.test/?q=")


def test_history_suggests_the_most_visited() -> None:
    suggestion = HISTORY.suggest("ba")
    assert suggestion is not None
    assert (suggestion.url, suggestion.share) == ("http://www.baidu.com/", 0.9)
    assert HISTORY.suggest("zz") is None and HISTORY.suggest("") is None


@pytest.mark.parametrize(
    ("header", "body", "essence", "treatment"),
    [
        ("text/html; charset=utf-8", b"x", "text/html", "page"),
        ("", b"  <!DOCTYPE HTML>", "text/html", "page"),
        ("", b"\x89PNG\r\n\x1a\n", "image/png", "picture"),
        ("", b"just words", "text/plain", "text"),
        ("text/plain", b"\x00\x01", "application/octet-stream", "download"),
        ("application/json", b"{}", "application/json", "text"),
        ("application/zip", b"PK", "application/zip", "download"),
    ],
)
def test_types(header: str, body: bytes, essence: str, treatment: str) -> None:
    found = content_type(header, body)
    assert (found.essence, found.treatment) == (essence, treatment)
    assert content_type(header, body, "attachment; filename=x").treatment == "download"


def test_names_of_downloads_have_no_path() -> None:
    assert filename_of("/a/b.zip", "") == "b.zip"
    assert filename_of("/", "") == "download"
    assert filename_of("/x", 'attachment; filename="../../etc/passwd"') == "passwd"
