"""The pytest plugin, as a project that uses it meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

BUYING_TWICE = '''
import asyncio


class Shop:
    """Takes money when it is asked to."""

    def __init__(self):
        self.charged = 0

    async def serve(self):
        async def answer(reader, writer):
            await reader.readline()
            self.charged += 1
            writer.write(b"charged\\n")
            await writer.drain()
            writer.close()

        await asyncio.start_server(answer, "0.0.0.0", 80)


async def buy():
    """Tries again when no answer has come in time: a bug, for the first try may have been taken."""
    for _ in range(5):
        try:
            return await asyncio.wait_for(ask(), 2)
        except (OSError, TimeoutError):
            continue
    raise TimeoutError


async def ask():
    reader, writer = await asyncio.open_connection("shop.test", 80)
    writer.write(b"buy\\n")
    answer = await reader.readline()
    writer.close()
    if not answer:
        raise ConnectionError("no answer")
    return answer


async def test_nobody_pays_twice(internet):
    server, phone = internet.host("shop.test"), internet.host("phone")
    internet.link(phone, server, delay="60ms", loss=0.3)
    shop = Shop()
    server.program(shop.serve)
    await asyncio.sleep(0.1)
    await phone.run(buy())
    assert shop.charged == 1
'''


def test_a_retry_without_idempotency_is_found_and_replayed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(BUYING_TWICE)
    searched = pytester.runpytest("--seeds", "40", "-q", "-p", "no:cacheprovider")
    counts = searched.parseoutcomes()
    assert counts.get("failed", 0) >= 1 and counts.get("passed", 0) >= 1
    text = searched.stdout.str()
    seed = text.partition("; again exactly: pytest --seed ")[2].split()[0]
    captures = sorted(Path(str(pytester.path), ".pressenter").glob("*.pcapng"))
    assert any(path.name == f"test_nobody_pays_twice-seed{seed}.pcapng" for path in captures)
    first = captures[0].read_bytes()
    again = [pytester.runpytest("--seed", seed, "-q", "-p", "no:cacheprovider") for _ in range(2)]
    for run in again:
        run.assert_outcomes(failed=1)
        run.stdout.fnmatch_lines(["*simulated network*", f"seed {seed}; again exactly: *", "after * s of virtual time"])
    assert captures[0].read_bytes() == first


def test_other_tests_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import time

        def test_plain(internet):
            host = internet.host("a")
            assert host.address.startswith("10.")

        def test_without():
            assert time.time() > 1_750_000_000

        async def test_fixtures_and_parameters(internet, tmp_path, number):
            assert tmp_path.is_dir() and number == 5

        import pytest

        @pytest.fixture
        def number():
            return 5

        @pytest.mark.virtual_limit("10s")
        async def test_too_long(internet):
            import asyncio
            await asyncio.sleep(11)
        """
    )
    run = pytester.runpytest("-q", "-p", "no:cacheprovider")
    run.assert_outcomes(passed=3, failed=1)
    run.stdout.fnmatch_lines(["*not over after 10s of virtual time*"])
    wrong = pytester.runpytest("--seed", "1", "--seeds", "2")
    assert wrong.ret != 0


def test_the_plugin_costs_nothing_where_it_is_not_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert "pressenter.testing.internet" not in sys.modules and "pressenter.journey" not in sys.modules
        """
    )
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=1)
