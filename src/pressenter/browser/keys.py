"""Keys that type nothing, as the characters that stand for them (WebDriver §17.4.2)."""

from __future__ import annotations

__all__ = ["DELETE", "DOWN", "END", "ESCAPE", "HOME", "LEFT", "PAGE_DOWN", "PAGE_UP", "RIGHT", "UP"]

PAGE_UP, PAGE_DOWN = "\ue00e", "\ue00f"
END, HOME = "\ue010", "\ue011"
LEFT, UP, RIGHT, DOWN = "\ue012", "\ue013", "\ue014", "\ue015"
DELETE = "\ue017"
ESCAPE = "\x1b"  # as keyboards type it
