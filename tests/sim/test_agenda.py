from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from pressenter.sim import Agenda, Randomness


def test_entries_run_in_order_of_time_and_then_of_scheduling() -> None:
    agenda, seen = Agenda(), []
    agenda.at(20, seen.append, "c")
    agenda.at(10, seen.append, "a")
    agenda.at(10, seen.append, "b")
    assert agenda.run() is False
    assert seen == ["a", "b", "c"]
    assert agenda.now_ns == 20
    assert agenda.executed == 3


def test_a_cancelled_entry_does_not_run() -> None:
    agenda, seen = Agenda(), []
    entry = agenda.after(5, seen.append, 1)
    entry.cancel()
    entry.cancel()
    agenda.run()
    assert seen == []


def test_the_past_is_now() -> None:
    agenda, seen = Agenda(), []
    agenda.at(100, lambda: agenda.at(50, lambda: seen.append(agenda.now_ns)))
    agenda.run()
    assert seen == [100]


def test_until_leaves_later_entries_and_sets_the_clock() -> None:
    agenda, seen = Agenda(), []
    agenda.at(10, seen.append, 1)
    agenda.at(30, seen.append, 2)
    agenda.run(until_ns=20)
    assert (seen, agenda.now_ns) == ([1], 20)
    agenda.run()
    assert seen == [1, 2]


def test_stop_ends_the_run_after_the_entry() -> None:
    agenda, seen = Agenda(), []
    agenda.at(1, lambda: (seen.append(1), agenda.stop()))
    agenda.at(2, seen.append, 2)
    assert agenda.run() is True
    assert seen == [1]


def test_an_entry_gets_back_the_cause_of_its_scheduling() -> None:
    agenda, causes = Agenda(), []
    agenda.cause = 7
    agenda.after(1, lambda: causes.append(agenda.cause))
    agenda.cause = 9
    agenda.after(2, lambda: causes.append(agenda.cause))
    agenda.cause = 0
    agenda.run()
    assert causes == [7, 9]
    assert agenda.cause == 0


def test_streams_depend_on_seed_and_name_alone() -> None:
    one = Randomness(1)
    first = one.stream("laptop/tcp").random()
    one.stream("phone/tcp").random()
    assert one.stream("laptop/tcp").random() == first
    assert Randomness(2).stream("laptop/tcp").random() != first
    assert one.stream("phone/tcp").random() != first


def test_chores_do_not_keep_a_run_alive_nor_does_what_was_cancelled() -> None:
    agenda = Agenda()
    ran: list[int] = []

    def again() -> None:
        ran.append(agenda.now_ns)
        agenda.chore(10, again)

    agenda.chore(10, again)
    agenda.after(25, ran.append, -1)
    agenda.after(10**9, ran.append, -2).cancel()
    agenda.run()
    assert ran == [10, 20, -1] and agenda.now_ns == 25
    agenda.run(45)
    assert ran == [10, 20, -1, 30, 40] and agenda.now_ns == 45
    assert agenda.next_ns == 50


@given(st.lists(st.tuples(st.integers(0, 5_000_000), st.booleans()), max_size=60), st.integers(0, 2**32))
def test_whatever_the_distances_the_order_is_that_of_time_and_scheduling(
    wishes: list[tuple[int, bool]], seed: int
) -> None:
    """Entries schedule others, near and far, and cancel some; runs end in between."""
    agenda, chance = Agenda(), random.Random(seed)
    expected: list[tuple[int, int]] = []
    ran: list[tuple[int, int]] = []
    left = list(wishes)
    number = 0

    def schedule() -> None:
        nonlocal number
        for _ in range(chance.randrange(1, 4)):
            if not left:
                return
            delay_ns, cancelled = left.pop()
            number += 1
            due = (agenda.now_ns + delay_ns, number)
            entry = agenda.after(delay_ns, strike, due)
            if cancelled:
                entry.cancel()
            else:
                expected.append(due)

    def strike(due: tuple[int, int]) -> None:
        assert due[0] == agenda.now_ns
        ran.append(due)
        schedule()

    while left or len(ran) < len(expected):
        schedule()
        next_ns = agenda.next_ns
        waiting = sorted(set(expected) - set(ran))
        assert next_ns == (waiting[0][0] if waiting else None)
        agenda.run(agenda.now_ns + chance.randrange(3_000_000))
    assert ran == sorted(expected) and len(agenda) == 0
