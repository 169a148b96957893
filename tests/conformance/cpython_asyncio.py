"""CPython's own tests of asyncio, on a host's loop: ``python tests/conformance/cpython_asyncio.py MODULE``.

The tests ship with CPython (``test.test_asyncio``).  A policy gives each of them the loop of a fresh simulated
host; what has failed is printed as JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import sys
import unittest

from pressenter.testing.internet import Internet

#: Modules whose tests ask the policy for a loop, with those of their tests that do not make sense here.
MODULES: dict[str, tuple[str, ...]] = {
    "test_futures2": (), "test_locks": (), "test_queues": (), "test_sslproto": (), "test_taskgroups": (), "test_threads": (),
    "test_timeouts": (), "test_waitfor": (),
    # They connect to servers that run outside of the loop, on the operating system's sockets, or use its pipes and Unix sockets.
    "test_streams": (
        "test_async_writer_api", "test_async_writer_api_exception_after_close", "test_drain_raises",
        "test_eof_feed_when_closing_writer", "test_loop_is_closed_resource_warnings", "test_open_connection",
        "test_open_connection_error", "test_open_connection_no_loop_ssl", "test_open_unix_connection",
        "test_open_unix_connection_error", "test_open_unix_connection_no_loop_ssl", "test_read_all_from_pipe_reader",
        "test_start_server", "test_start_tls", "test_start_unix_server", "test_streamreader_constructor_use_running_loop",
        "test_unclosed_resource_warnings", "test_unhandled_exceptions", "test_wait_closed_on_close",
        "test_wait_closed_on_close_with_unread_data", "test_multiple_drain", "test_del_stream_before_sock_closing",
        "test_del_stream_before_connection_made", "test_unix",
    ),
}  # fmt: skip


class Policy(asyncio.DefaultEventLoopPolicy):
    """Gives out loops of simulated hosts."""

    made = 0

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        Policy.made += 1
        internet = Internet()
        internet.agenda.run(1)
        loop = internet.host("computer").loop
        loop._default_executor = None  # type: ignore[attr-defined]  # CPython's helpers look at it
        return loop


def run(name: str) -> dict[str, object]:
    """Run a module; how many tests, which have failed, how many loops were made."""
    module = importlib.import_module(f"test.test_asyncio.{name}")
    asyncio.set_event_loop_policy(Policy())
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=0, stream=io.StringIO()).run(suite)
    failed = {test.id().rpartition(".")[2].partition(" ")[0] for test, _ in [*result.failures, *result.errors]}
    return {"run": result.testsRun, "failed": sorted(failed), "loops": Policy.made}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
