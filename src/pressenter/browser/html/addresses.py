"""Addresses seen from others (URL Standard §4.4)."""

from __future__ import annotations

import ada_url

__all__ = ["resolved"]


def resolved(reference: str, base: str) -> str | None:
    """The whole address that a reference means, or None if it is no URL."""
    try:
        return str(ada_url.URL(reference.strip(), base).href)
    except ValueError:
        return None
