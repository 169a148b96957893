"""The states of a connection, and every way from one to another (RFC 9293 §3.3.2).

::

                            +--------+
                            | CLOSED |
                 passive    +--------+    active OPEN, send SYN
                  OPEN     /          \\
                   +------+            +--------+
                   v                            v
               +--------+  SYN, send SYN+ACK  +----------+
               | LISTEN | ----------+         | SYN-SENT |
               +--------+           v         +----------+
                             +--------------+  SYN   |  SYN+ACK, send ACK
                             | SYN-RECEIVED | <------+      |
                             +--------------+               |
                       ACK of SYN |       +-----------------+
                                  v       v
                               +-------------+
              CLOSE, send FIN  | ESTABLISHED |  FIN, send ACK
                    +----------+-------------+----------+
                    v                                   v
              +------------+                      +------------+
              | FIN-WAIT-1 | --FIN--> CLOSING     | CLOSE-WAIT |
              +------------+             |        +------------+
          ACK of FIN |        ACK of FIN |              | CLOSE, send FIN
                    v                    |              v
              +------------+             |        +----------+
              | FIN-WAIT-2 |             |        | LAST-ACK |
              +------------+             v        +----------+
                    | FIN, send ACK  +-----------+      | ACK of FIN
                    +--------------> | TIME-WAIT |      v
                                     +-----------+ --> CLOSED
                                      2 MSL pass

The table below is that picture, and the connection changes its state by it
alone.  What is not in the table does not change the state; `IGNORED` lists the
pairs in which an input may well come and changes nothing, `FORBIDDEN` are calls
of the user that are errors.  Together they hold every pair.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

__all__ = ["FORBIDDEN", "IGNORED", "SYNCHRONIZED", "TRANSITIONS", "Input", "State"]


class State(enum.Enum):
    """RFC 9293 §3.3.2, with the names that ``netstat`` prints as values."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN_SENT"
    SYN_RECEIVED = "SYN_RECV"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN_WAIT1"
    FIN_WAIT_2 = "FIN_WAIT2"
    CLOSE_WAIT = "CLOSE_WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST_ACK"
    TIME_WAIT = "TIME_WAIT"


class Input(enum.Enum):
    """What can move a connection from state to state."""

    PASSIVE_OPEN = "passive OPEN"
    ACTIVE_OPEN = "active OPEN"
    SYN = "SYN arrives"
    SYN_ACK = "SYN+ACK of our SYN arrives"
    ACK_OF_SYN = "our SYN is acknowledged"
    FIN = "FIN arrives"
    ACK_OF_FIN = "our FIN is acknowledged"
    CLOSE = "CLOSE"
    ABORT = "ABORT, RST or too many retransmissions"
    TIME_WAIT_OVER = "2 MSL have passed"


_ABORTED = {Input.ABORT: State.CLOSED}

TRANSITIONS: Mapping[State, Mapping[Input, State]] = {
    State.CLOSED: {
        Input.PASSIVE_OPEN: State.LISTEN,
        Input.ACTIVE_OPEN: State.SYN_SENT,
    },
    State.LISTEN: {
        Input.SYN: State.SYN_RECEIVED,
        Input.ACTIVE_OPEN: State.SYN_SENT,
        Input.CLOSE: State.CLOSED,
        **_ABORTED,
    },
    State.SYN_SENT: {
        Input.SYN: State.SYN_RECEIVED,  # simultaneous open
        Input.SYN_ACK: State.ESTABLISHED,
        Input.CLOSE: State.CLOSED,
        **_ABORTED,
    },
    State.SYN_RECEIVED: {
        Input.ACK_OF_SYN: State.ESTABLISHED,
        Input.CLOSE: State.FIN_WAIT_1,
        Input.FIN: State.CLOSE_WAIT,
        **_ABORTED,
    },
    State.ESTABLISHED: {
        Input.CLOSE: State.FIN_WAIT_1,
        Input.FIN: State.CLOSE_WAIT,
        **_ABORTED,
    },
    State.FIN_WAIT_1: {
        Input.ACK_OF_FIN: State.FIN_WAIT_2,
        Input.FIN: State.CLOSING,
        **_ABORTED,
    },
    State.FIN_WAIT_2: {
        Input.FIN: State.TIME_WAIT,
        **_ABORTED,
    },
    State.CLOSE_WAIT: {
        Input.CLOSE: State.LAST_ACK,
        **_ABORTED,
    },
    State.CLOSING: {
        Input.ACK_OF_FIN: State.TIME_WAIT,
        **_ABORTED,
    },
    State.LAST_ACK: {
        Input.ACK_OF_FIN: State.CLOSED,
        **_ABORTED,
    },
    State.TIME_WAIT: {
        Input.TIME_WAIT_OVER: State.CLOSED,
        **_ABORTED,
    },
}

_OPENS = frozenset({Input.PASSIVE_OPEN, Input.ACTIVE_OPEN})

#: Calls of the user that RFC 9293 §3.10 answers with an error.
FORBIDDEN: Mapping[State, frozenset[Input]] = {
    State.CLOSED: frozenset({Input.CLOSE, Input.ABORT}),
    State.LISTEN: frozenset({Input.PASSIVE_OPEN}),
    State.SYN_SENT: _OPENS,
    State.SYN_RECEIVED: _OPENS,
    State.ESTABLISHED: _OPENS,
    State.FIN_WAIT_1: _OPENS | {Input.CLOSE},
    State.FIN_WAIT_2: _OPENS | {Input.CLOSE},
    State.CLOSE_WAIT: _OPENS,
    State.CLOSING: _OPENS | {Input.CLOSE},
    State.LAST_ACK: _OPENS | {Input.CLOSE},
    State.TIME_WAIT: _OPENS | {Input.CLOSE},
}

#: Inputs that leave the state as it is.
IGNORED: Mapping[State, frozenset[Input]] = {
    state: frozenset(Input) - frozenset(TRANSITIONS[state]) - FORBIDDEN[state] for state in State
}

#: States in which both ends know each other's sequence numbers (RFC 9293 §3.5.1).
SYNCHRONIZED = frozenset(State) - {
    State.CLOSED,
    State.LISTEN,
    State.SYN_SENT,
    State.SYN_RECEIVED,
}
