"""When a timer really strikes: on a tick of the system's clock, and never early.

Setting a timer must cost nothing, for nearly all of TCP's are stopped before they strike.  Linux
keeps them in a wheel: a ring of 64 buckets, each a tick wide (4 ms with HZ=250), for what is due
within 63 ticks; a second ring, whose buckets are eight ticks wide, for what is due within eight
times as long, and so on.  A timer goes into the bucket *after* the one in which it is due, so it
may be late by a tick, or, further out, by an eighth of the time that it was set for::

    level   bucket          for what is due within
      0      4 ms (1 tick)    252 ms
      1     32 ms             2.0 s
      2    256 ms              16 s

This is why a retransmission timeout of 201 ms takes up to 208, and one of 300 ms up to 332.
"""

from __future__ import annotations

from pressenter.host.tcp.parameters import TcpParameters

__all__ = ["strikes_at"]

_REACH_TICKS = 63  # Linux's LVL_START(1)
_LEVEL_BITS = 3  # Linux's LVL_CLK_SHIFT


def strikes_at(parameters: TcpParameters, now_ns: int, delay_ns: int) -> int:
    """The virtual time at which a timer that is set now strikes.

    Without a wheel (``parameters.timer_wheel``) it is the first tick at which the delay is over.
    """
    tick_ns = parameters.timer_tick_ns
    if not parameters.timer_wheel:
        return -(-(now_ns + delay_ns) // tick_ns) * tick_ns
    ticks = -(-delay_ns // tick_ns)
    level = 0
    while ticks >= _REACH_TICKS << level:
        level += _LEVEL_BITS
    bucket = (now_ns // tick_ns + ticks >> level) + 1
    return (bucket << level) * tick_ns
