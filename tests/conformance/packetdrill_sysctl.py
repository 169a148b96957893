"""FreeBSD's sysctls, as settings of a host of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pressenter.host.host import Host
from pressenter.host.tcp.encapsulation import Encapsulation
from pressenter.host.tcp.parameters import Ecn, SynCookies
from tests.conformance.packetdrill_script import OutOfScope

__all__ = ["set_sysctl"]


def _nanoseconds(milliseconds: int) -> int:
    return milliseconds * 1_000_000


def _challenges(insecure: int) -> bool:
    return not insecure


def _syn_cookies(always: int) -> SynCookies:
    return SynCookies.ALWAYS if always else SynCookies.WHEN_FULL


#: What sets one parameter (`pressenter.host.tcp.parameters`): its name, and how FreeBSD's number is meant.
_PARAMETERS: dict[str, tuple[str, Callable[[int], Any]]] = {
    "kern.ipc.maxsockbuf": ("receive_buffer_maximum", int),
    "net.inet.tcp.delacktime": ("delayed_ack_ns", _nanoseconds),
    "net.inet.tcp.drop_synfin": ("drop_syn_fin", bool),
    "net.inet.tcp.ecn.enable": ("ecn", Ecn),
    "net.inet.tcp.ecn.maxretries": ("ecn_syn_retries", int),
    "net.inet.tcp.fastopen.client_enable": ("fast_open_client", bool),
    "net.inet.tcp.insecure_rst": ("challenge_resets", _challenges),
    "net.inet.tcp.insecure_syn": ("challenge_syns", _challenges),
    "net.inet.tcp.keepcnt": ("keepalive_count", int),
    "net.inet.tcp.keepidle": ("keepalive_idle_ns", _nanoseconds),
    "net.inet.tcp.keepinit": ("connect_timeout_ns", _nanoseconds),
    "net.inet.tcp.pmtud_blackhole_detection": ("mtu_probing", bool),
    "net.inet.tcp.recvspace": ("receive_buffer", int),
    "net.inet.tcp.rexmit_initial": ("initial_timeout_ns", _nanoseconds),
    "net.inet.tcp.rexmit_slop": ("timeout_slop_ns", _nanoseconds),
    "net.inet.tcp.sack.enable": ("sack", bool),
    "net.inet.tcp.sendspace": ("send_buffer", int),
    "net.inet.tcp.syncookies_only": ("syn_cookies", _syn_cookies),
}

#: What sets one of a pair, IPv4's and IPv6's.
_PAIRS = {
    "net.inet.tcp.pmtud_blackhole_mss": ("black_hole_segment_sizes", 0),
    "net.inet.tcp.v6pmtud_blackhole_mss": ("black_hole_segment_sizes", 1),
    "net.inet.tcp.mssdflt": ("segment_size_default", 0),
    "net.inet.tcp.v6mssdflt": ("segment_size_default", 1),
}

#: Settings that hold for our stack anyway, or that choose what it has no second way for.
_WITHOUT_MEANING = frozenset(
    {
        "net.inet.tcp.blackhole", "net.inet.tcp.hostcache.purgenow", "net.inet.tcp.syncookies",
        "net.inet.tcp.rexmit_drop_options", "net.inet.tcp.udp_tunneling_overhead", "net.inet.tcp.icmp_may_rst",
        "net.inet.tcp.path_mtu_discovery",
    }
)  # fmt: skip


def set_sysctl(host: Host, name: str, value: int) -> None:
    """Set what FreeBSD calls ``name``.  Raises OutOfScope for what only FreeBSD has."""
    parameters = host.tcp.parameters
    if name in _PARAMETERS:
        attribute, meaning = _PARAMETERS[name]
        setattr(parameters, attribute, meaning(value))
        if attribute == "fast_open_client" and not value:
            host.tcp.fast_open.forget()
    elif name in _PAIRS:
        attribute, index = _PAIRS[name]
        pair = list(getattr(parameters, attribute))
        pair[index] = value
        setattr(parameters, attribute, tuple(pair))
    elif name == "net.inet.tcp.rfc1323":
        parameters.timestamps = parameters.window_scaling = bool(value)
    elif name == "net.inet.tcp.udp_tunneling_port":
        if host.tcp.encapsulation is not None:
            host.tcp.encapsulation.close()
        if value:
            Encapsulation(host.tcp, host.udp, value)
    elif name not in _WITHOUT_MEANING:
        raise OutOfScope(f"the sysctl {name} is FreeBSD's own")
