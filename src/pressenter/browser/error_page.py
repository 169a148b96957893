"""The pages that the browser makes itself: errors and downloads, in English and Chinese."""

from __future__ import annotations

import html

from pressenter.browser.content_type import ContentType
from pressenter.browser.html.decoder import decode

__all__ = ["document_around", "download_page", "error_page", "step_in_words"]

_STYLE = """body { font-family: sans-serif; margin: 90px auto; width: 620px; color: #333 }
h1 { font-size: 26px; font-weight: bold; color: #222 } p { line-height: 1.5 } .step { color: #777; font-size: 13px }
code { background-color: #f1f1f1; padding: 1px 4px }"""

_TITLES = {
    "address": ("This is not an address", "这不是有效的地址"),
    "name": ("The server's name was not found", "找不到服务器的名称"),
    "connect": ("The server cannot be reached", "无法连接服务器"),
    "tls": ("The connection is not secure", "连接不安全"),
    "timeout": ("The server does not answer", "服务器没有应答"),
    "http": ("The answer cannot be understood", "无法理解服务器的应答"),
    "redirect": ("The page redirects in a circle", "页面循环重定向"),
    "blocked": ("This page is blocked", "此页面已被拦截"),
    "content": ("The answer cannot be decoded", "无法解码服务器的应答"),
}

#: The step of the journey that failed, in words.
_STEPS = {
    "person": ("step 17, after", "第 17 步，之后"),
    "address": ("step 2, address bar", "第 2 步，地址栏"),
    "blocked": ("step 3, browser checks", "第 3 步，浏览器检查"),
    "name": ("step 4, name", "第 4 步，域名解析"),
    "connect": ("step 5, TCP", "第 5 步，TCP"),
    "tls": ("step 13, HTTP and TLS", "第 13 步，HTTP 与 TLS"),
    "http": ("step 13, HTTP and TLS", "第 13 步，HTTP 与 TLS"),
    "timeout": ("step 13, HTTP and TLS", "第 13 步，HTTP 与 TLS"),
    "redirect": ("step 14, response", "第 14 步，响应"),
    "content": ("step 14, response", "第 14 步，响应"),
}


def step_in_words(step: str, language: str = "en") -> str:
    """The step of the journey that a failure belongs to."""
    return _STEPS.get(step, (step, step))[language == "zh"]


def error_page(step: str, message: str, language: str = "en") -> str:
    """What is shown instead of a page."""
    title = _TITLES.get(step, (step, step))[language == "zh"]
    failed = "Failed in" if language == "en" else "失败于"
    return _page(
        title,
        f"<h1>{html.escape(title)}</h1><p>{html.escape(message)}</p>"
        f'<p class="step">{failed} {html.escape(step_in_words(step, language))}</p>',
    )


def download_page(filename: str, kind: str, length: int, language: str = "en") -> str:
    """A response that is not shown is offered as a file."""
    title = "A file to download" if language == "en" else "下载文件"
    unit = "bytes" if language == "en" else "字节"
    return _page(
        title, f"<h1>{title}</h1><p><code>{html.escape(filename)}</code>, {html.escape(kind)}, {length} {unit}</p>"
    )


def document_around(kind: ContentType, url: str, body: bytes) -> tuple[bytes, str] | None:
    """A response as a page: its bytes and their charset; None for what is not shown but kept (a download)."""
    if kind.treatment == "text":
        return _text_page(decode(body, kind.charset or "utf-8").text, url).encode(), "utf-8"
    if kind.treatment == "picture":
        return _picture_page(url).encode(), "utf-8"
    return (body, kind.charset) if kind.treatment == "page" else None


def _text_page(text: str, title: str) -> str:
    """Plain text, as a page."""
    style = "white-space: pre-wrap"
    return f"<!DOCTYPE html><title>{html.escape(title)}</title><pre style='{style}'>{html.escape(text)}</pre>"


def _picture_page(url: str) -> str:
    """A picture on its own."""
    return f"<!DOCTYPE html><title>{html.escape(url)}</title><body style='margin: 0'><img src='{html.escape(url)}'>"


def _page(title: str, body: str) -> str:
    return f"<!DOCTYPE html><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>{body}"
