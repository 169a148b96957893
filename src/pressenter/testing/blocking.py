"""Programs that block: each in a thread, of which exactly one holds the baton at any time.

The thread of the agenda and those of the programs never run side by side.  A program runs until it would
have to wait; then it says what for, and gives the baton back.  So the order of everything is the agenda's,
and the same seed gives the same run, threads or not.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pressenter.testing.hosts import SimulatedHost

__all__ = ["BlockingProgram", "current_program"]

Result = TypeVar("Result")

_programs: dict[int, BlockingProgram] = {}


def current_program() -> BlockingProgram | None:
    """The program that the calling thread is, if it is one."""
    return _programs.get(threading.get_ident())


class _HostIsGone(BaseException):
    """Ends a program whose host has crashed, or whose test is over: nothing in it may catch this."""


class BlockingProgram:
    """One function in a thread of its own.

    Attributes:
        host: on which it runs.
    """

    def __init__(self, host: SimulatedHost, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.host = host
        self._function = function
        self._arguments = arguments
        self._its_turn = threading.Semaphore(0)
        self._our_turn = threading.Semaphore(0)
        self._ended = False
        self._is_gone = False
        self._outcome: tuple[Any, BaseException | None] = (None, None)

    async def run(self) -> Any:
        """Run it, on the host's loop, until the function returns; what it raises is raised."""
        self._loop = asyncio.get_running_loop()
        self._waits: asyncio.Future[None] | None = None
        thread = threading.Thread(target=self._main, name=f"{self.host.name}: blocking program", daemon=True)
        thread.start()
        try:
            while True:
                self._waits = self._loop.create_future()
                self._give_baton()
                if self._ended:
                    break
                await self._waits
        finally:
            while not self._ended:  # cancelled: the function ends where it waits
                self._is_gone = True
                self._give_baton()
            thread.join()
        value, error = self._outcome
        if error is not None:
            raise error
        return value

    def _give_baton(self) -> None:
        """Let the program run until it waits or ends."""
        self._its_turn.release()
        self._our_turn.acquire()

    def _main(self) -> None:
        _programs[threading.get_ident()] = self
        self._its_turn.acquire()
        try:
            if not self._is_gone:
                self._outcome = (self._function(*self._arguments), None)
        except _HostIsGone:
            pass
        except BaseException as error:
            self._outcome = (None, error)
        finally:
            del _programs[threading.get_ident()]
            self._ended = True
            self._our_turn.release()

    # ---- called in the program's thread ------------------------------------------------------------

    def wait(self, arrange: Callable[[Callable[[], None]], Callable[[], None]], seconds: float | None) -> None:
        """Give the baton back until something has happened, or some virtual time has passed.

        Args:
            arrange: is given a function to call when it has, and returns one that takes this back.
        """
        waits = self._waits
        assert waits is not None

        def wake() -> None:
            if not waits.done():
                waits.set_result(None)

        undo = arrange(wake)
        timer = self._loop.call_later(seconds, wake) if seconds is not None else None
        try:
            self._our_turn.release()
            self._its_turn.acquire()
        finally:
            undo()
            if timer is not None:
                timer.cancel()
        if self._is_gone:
            raise _HostIsGone

    def sleep(self, seconds: float) -> None:
        """`time.sleep`."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.wait(lambda wake: lambda: None, seconds)

    def result_of(self, coroutine: Any) -> Any:
        """What a coroutine on the host's loop returns."""
        task = self._loop.create_task(coroutine)
        while not task.done():
            self.wait(_when_done(task), None)
        return task.result()

    @property
    def now(self) -> float:
        """Virtual seconds."""
        return self._loop.time()


def _when_done(task: asyncio.Task[Any]) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def arrange(wake: Callable[[], None]) -> Callable[[], None]:
        def tell(_: object) -> None:
            wake()

        task.add_done_callback(tell)
        return lambda: None

    return arrange
