"""The table of states: complete, reachable, and as in the picture of RFC 9293 §3.3.2."""

from __future__ import annotations

import itertools

import pytest

from pressenter.host.tcp.states import FORBIDDEN, IGNORED, TRANSITIONS, Input, State


@pytest.mark.parametrize(("state", "happening"), list(itertools.product(State, Input)))
def test_every_pair_is_in_exactly_one_table(state: State, happening: Input) -> None:
    places = [happening in TRANSITIONS[state], happening in FORBIDDEN[state], happening in IGNORED[state]]
    assert places.count(True) == 1


def test_every_state_can_be_reached_and_left() -> None:
    reached, border = {State.CLOSED}, [State.CLOSED]
    while border:
        for target in TRANSITIONS[border.pop()].values():
            if target not in reached:
                reached.add(target)
                border.append(target)
    assert reached == set(State)
    assert all(TRANSITIONS[state] for state in State)


@pytest.mark.parametrize(
    ("path", "end"),
    [
        (
            (Input.ACTIVE_OPEN, Input.SYN_ACK, Input.CLOSE, Input.ACK_OF_FIN, Input.FIN, Input.TIME_WAIT_OVER),
            State.CLOSED,
        ),
        ((Input.PASSIVE_OPEN, Input.SYN, Input.ACK_OF_SYN, Input.FIN, Input.CLOSE, Input.ACK_OF_FIN), State.CLOSED),
        ((Input.ACTIVE_OPEN, Input.SYN, Input.ACK_OF_SYN), State.ESTABLISHED),  # simultaneous open
        (
            (Input.ACTIVE_OPEN, Input.SYN_ACK, Input.CLOSE, Input.FIN, Input.ACK_OF_FIN),
            State.TIME_WAIT,
        ),  # simultaneous close
    ],
)
def test_ways_through_the_table(path: tuple[Input, ...], end: State) -> None:
    state = State.CLOSED
    for happening in path:
        state = TRANSITIONS[state][happening]
    assert state is end
