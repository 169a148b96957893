"""What a host's administrator can set: the knobs of TCP, with Linux's defaults.

Every connection takes its host's parameters when it is made; some can be changed for one
socket by a socket option (see ``host/socket_options.py``).  Times are in nanoseconds of
virtual time, sizes in bytes.
"""

from __future__ import annotations

import dataclasses
import enum

__all__ = ["Ecn", "SynCookies", "TcpParameters"]

_SECOND = 1_000_000_000


class Ecn(enum.IntEnum):
    """Explicit congestion notification (RFC 3168), with the numbers of Linux's tcp_ecn."""

    OFF = 0
    ASK_AND_ANSWER = 1
    ANSWER = 2


class SynCookies(enum.IntEnum):
    """When a listener answers without keeping anything (RFC 4987 §3.6); Linux's tcp_syncookies."""

    NEVER = 0
    WHEN_FULL = 1
    ALWAYS = 2


@dataclasses.dataclass(slots=True)
class TcpParameters:
    """Settings of TCP on one host.

    Attributes:
        congestion_control: name in `pressenter.host.tcp.congestion.CONGESTION_CONTROLS`.
        sack, timestamps, window_scaling: whether a SYN offers them (RFC 2018, RFC 7323).
        rack: whether losses are found by time (RFC 8985), or else by counting (RFC 6675).
        frto: whether a timeout may turn out to have been unnecessary (RFC 5682).
        receive_buffer, receive_buffer_maximum: where it begins, and how far it may grow by itself.
        send_buffer, send_buffer_maximum: likewise.
        challenge_resets, challenge_syns: RFC 5961's defences; without them RFC 793's rules.
        connect_timeout_ns: how long a connection may stay unopened, or None for as many SYNs
            as `syn_retries` allows.
        ecn_syn_retries: SYNs that ask for ECN, after the first, before one goes without.
        segment_size_default: what a peer that tells no MSS is sent (RFC 9293 §3.7.1), IPv4, IPv6.
    """

    congestion_control: str = "cubic"
    sack: bool = True
    timestamps: bool = True
    window_scaling: bool = True
    rack: bool = True
    frto: bool = True
    ecn: Ecn = Ecn.ANSWER
    ecn_syn_retries: int = 1
    receive_buffer: int = 128 * 1024
    receive_buffer_maximum: int = 6 * 1024 * 1024
    send_buffer: int = 256 * 1024
    send_buffer_maximum: int = 4 * 1024 * 1024
    segment_size_default: tuple[int, int] = (536, 1220)
    delayed_ack_ns: int = 40_000_000  # RFC 9293 §3.8.6.3 allows 500 ms
    quick_acknowledgments: bool = True  # see ``delayed_ack.py``; not with the BSDs
    grouped_segments: bool = True  # see ``segment_groups.py``; not with the BSDs
    sack_covers_fin: bool = True  # a FIN behind a gap is part of its block; not with the BSDs
    sack_delay_ns: int = 1_000_000  # the longest; 0 for none (Linux's tcp_comp_sack_delay_ns)
    initial_timeout_ns: int = _SECOND  # RFC 6298 §2.1
    minimum_timeout_ns: int = 200_000_000  # deviation: RFC 6298 §2.4 says 1 s
    maximum_timeout_ns: int = 120 * _SECOND
    timer_tick_ns: int = 4_000_000  # timers strike on ticks: a jiffy of Linux with HZ=250, as Debian has it
    timer_wheel: bool = True  # and some of them later, see ``timer_wheel.py``; not with the BSDs
    timer_margin_ns: int = 2_000_000  # added to the short timers of RACK and TLP (Linux's TCP_TIMEOUT_MIN_US)
    timeout_slop_ns: int = 0  # added to every timeout but the first; the BSDs have 200 ms
    syn_retries: int = 6  # gives up after 127 s
    syn_ack_retries: int = 5
    data_retries: int = 15
    connect_timeout_ns: int | None = None
    user_timeout_ns: int | None = None  # RFC 5482
    time_wait_ns: int = 60 * _SECOND  # deviation: RFC 9293 §3.4.2 says twice 2 min
    fin_wait_2_ns: int = 60 * _SECOND
    keepalive_idle_ns: int = 7200 * _SECOND  # RFC 9293 §3.8.4, MUST-28
    keepalive_interval_ns: int = 75 * _SECOND
    keepalive_count: int = 9
    syn_queue: int = 256
    syn_cookies: SynCookies = SynCookies.WHEN_FULL
    challenge_resets: bool = True
    challenge_syns: bool = True
    challenges_per_second: int = 1000  # RFC 5961 §7
    drop_syn_fin: bool = False
    fast_open_client: bool = False
    fast_open_server: bool = False
    mtu_probing: bool = True  # RFC 8899's idea: a black hole is found by what gets through
    black_hole_segment_sizes: tuple[int, int] = (1200, 1220)
