"""``select``, ``poll`` and ``selectors`` for programs that block: waiting for several sockets at a time.

A simulated socket has a descriptor for its name only (see `BlockingSocket.fileno`): what is ready is asked of the
socket, and to wait is to give the baton away until one of them has news.
"""

from __future__ import annotations

import select
import selectors
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pressenter.testing.blocking import BlockingProgram, current_program
from pressenter.testing.blocking_socket import NANOSECOND, BlockingSocket
from pressenter.testing.replacing import replaced

__all__ = ["simulated_select"]

_READ, _WRITE = 1, 4  # POLLIN and POLLOUT; epoll has the same

Ready = list[tuple[int, int]]


def _ready(sockets: Mapping[int, tuple[BlockingSocket, int]]) -> Ready:
    found = []
    for descriptor, (each, wanted) in sockets.items():
        events = _READ * each.inside.is_readable | _WRITE * each.inside.is_writable
        if events & wanted:
            found.append((descriptor, events & wanted))
    return found


def _wait(program: BlockingProgram, wanted: Mapping[int, int], seconds: float | None) -> Ready:
    """Which of the descriptors are ready for which of the events; waits until one is, for so long at most."""
    sockets = {}
    for descriptor, events in wanted.items():
        found = BlockingSocket.by_descriptor.get(descriptor)
        if found is not None:  # what is the operating system's own has no news in virtual time
            sockets[descriptor] = (found, events)
    end = program.now + seconds if seconds is not None else None
    while True:
        ready = _ready(sockets)
        left = end - program.now if end is not None else None
        if ready or (left is not None and left < NANOSECOND):
            return ready

        def arrange(wake: Callable[[], None]) -> Callable[[], None]:
            undoings = [each.on_news(wake) for each, _ in sockets.values()]

            def undo() -> None:
                for undoing in undoings:
                    undoing()

            return undo

        program.wait(arrange, left)


class _Poll:
    """``select.poll()``: times are in milliseconds."""

    def __init__(self, program: BlockingProgram) -> None:
        self._program = program
        self._wanted: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = _READ | _WRITE) -> None:
        """Wait for this one too."""
        self._wanted[_descriptor(fd)] = eventmask

    modify = register

    def unregister(self, fd: Any) -> None:
        """Wait for it no more.  Raises KeyError."""
        del self._wanted[_descriptor(fd)]

    def poll(self, timeout: float | None = None) -> Ready:
        """Descriptors and their events."""
        return self._poll(None if timeout is None or timeout < 0 else timeout / 1000)

    def _poll(self, seconds: float | None) -> Ready:
        return _wait(self._program, self._wanted, seconds)


class _Epoll(_Poll):
    """``select.epoll()``: times are in seconds."""

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> Ready:
        """Descriptors and their events."""
        return self._poll(None if timeout is None or timeout < 0 else timeout)

    def close(self) -> None:
        """Nothing is open."""


def _descriptor(of: Any) -> int:
    return of if isinstance(of, int) else int(of.fileno())


@contextmanager
def simulated_select() -> Iterator[None]:
    """While this lasts, programs on hosts wait for simulated sockets; everybody else for real ones."""
    real_select = select.select

    def ask(read: Iterable[Any], write: Iterable[Any], errors: Iterable[Any], timeout: float | None = None) -> Any:
        program, read, write = current_program(), list(read), list(write)
        if program is None:
            return real_select(read, write, errors, timeout)
        wanted: dict[int, int] = {}
        for event, each in [*((_READ, each) for each in read), *((_WRITE, each) for each in write)]:
            wanted[_descriptor(each)] = wanted.get(_descriptor(each), 0) | event
        ready = dict(_wait(program, wanted, timeout))
        return (
            [each for each in read if ready.get(_descriptor(each), 0) & _READ],
            [each for each in write if ready.get(_descriptor(each), 0) & _WRITE],
            [],
        )

    def instead(made: Callable[[BlockingProgram], _Poll], real: Callable[[], Any]) -> Callable[[], Any]:
        def make(*arguments: Any, **named: Any) -> Any:
            program = current_program()
            return real(*arguments, **named) if program is None else made(program)

        return make

    replacements: dict[tuple[Any, str], Any] = {
        (select, "select"): ask,
        (selectors.SelectSelector, "_select"): staticmethod(ask),
    }
    for name, made in (("poll", _Poll), ("epoll", _Epoll)):  # no system has them all
        if hasattr(select, name):
            make = instead(made, getattr(select, name))
            replacements[select, name] = make
            replacements[getattr(selectors, f"{name.capitalize()}Selector"), "_selector_cls"] = staticmethod(make)
    with replaced(replacements):
        yield
