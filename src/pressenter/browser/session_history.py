"""The session history of a tab: where back and forward lead (HTML Standard §7.4.1)."""

from __future__ import annotations

from pressenter.browser.fetch import Form

__all__ = ["SessionEntry", "SessionHistory"]


class SessionEntry:
    """A place that was visited: its address, its title, and how far it was scrolled when it was left.

    ``form`` is what was sent to the address with POST; going back to it sends it again.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.form: Form | None = None
        self.title = ""
        self.scroll = (0.0, 0.0)


class SessionHistory:
    """Entries in the order of visiting, and which of them is shown."""

    def __init__(self) -> None:
        self.entries: list[SessionEntry] = []
        self._index = -1

    @property
    def current(self) -> SessionEntry | None:
        """The entry that is shown."""
        return self.entries[self._index] if self.entries else None

    def push(self, url: str) -> SessionEntry:
        """Visit an address; what lay ahead is forgotten.  The same address once more takes its entry's place."""
        if self.current is not None and self.current.url == url:
            return self.current
        del self.entries[self._index + 1 :]
        self.entries.append(SessionEntry(url))
        self._index += 1
        return self.entries[self._index]

    def ahead(self, steps: int) -> SessionEntry | None:
        """The entry some steps forward, or back if negative; None if there is none."""
        index = self._index + steps
        return self.entries[index] if 0 <= index < len(self.entries) else None

    def go_to(self, entry: SessionEntry) -> None:
        """Make an entry the current one."""
        self._index = self.entries.index(entry)
