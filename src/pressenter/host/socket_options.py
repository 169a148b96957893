"""Socket options: what ``setsockopt`` can change, and what each changes in the stack.

An option that is set before there is a connection waits here and is applied when one is made;
a listener's options go over to what it accepts.  Numbers are those of Linux, from Python's
``socket`` module; two that Linux does not have are named below.
"""

from __future__ import annotations

import dataclasses
import errno
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pressenter.host.tcp.congestion import CONGESTION_CONTROLS
from pressenter.host.tcp.encapsulation import HEADER_LENGTH as UDP_HEADER_LENGTH
from pressenter.host.tcp.endpoint import Endpoint, Listener
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp_info import TCP_INFO, tcp_info

if TYPE_CHECKING:
    from pressenter.host.tcp.layer import TcpLayer

__all__ = ["TCP_NOOPT", "TCP_REMOTE_UDP_ENCAPS_PORT", "SocketOptions"]

TCP_NOOPT = 1008  # SYNs without options, as the BSDs have it
TCP_REMOTE_UDP_ENCAPS_PORT = 1071  # segments in UDP datagrams to this port
_SECOND = 1_000_000_000
_LARGEST_BUFFER = 1 << 30


@dataclasses.dataclass(slots=True)
class SocketOptions:
    """The options of one socket; None means the host's default.

    Attributes:
        linger: seconds, or None if SO_LINGER is off.
        quick_ack: what TCP_QUICKACK wishes of the connection that will be made; one that is open
            gets it at once, and may change its mind later.
    """

    receive_buffer: int | None = None
    send_buffer: int | None = None
    keepalive: bool = False
    keepalive_idle: int | None = None
    keepalive_interval: int | None = None
    keepalive_count: int | None = None
    user_timeout_ms: int = 0
    no_delay: bool = False
    quick_ack: bool | None = None
    reuse_address: bool = False
    reuse_port: bool = False
    linger: int | None = None
    congestion: str | None = None
    segment_size: int | None = None
    fast_open: bool = False
    fast_open_connect: bool = False
    no_options: bool = False
    tos: int = 0
    ttl: int | None = None
    ipv6_only: bool = False
    broadcast: bool = False
    encapsulation: int | None = None

    def parameters(self, defaults: TcpParameters) -> TcpParameters:
        """The host's parameters with what this socket has of its own."""
        changes: dict[str, Any] = {}
        if self.receive_buffer is not None:
            changes["receive_buffer"] = self.receive_buffer
        if self.send_buffer is not None:
            changes["send_buffer"] = self.send_buffer
        if self.congestion is not None:
            changes["congestion_control"] = self.congestion
        return dataclasses.replace(defaults, **changes) if changes else defaults

    def configure(self, endpoint: Endpoint) -> None:
        """Apply everything to a connection, before its SYN or later."""
        connection = endpoint.connection
        connection.receiver.right_sizing.enabled = self.receive_buffer is None
        connection.sender.buffer.fixed = self.send_buffer is not None
        if self.segment_size is not None:
            connection.negotiation.segment_size = min(connection.negotiation.segment_size, self.segment_size)
        connection.negotiation.offers_options = not self.no_options
        if endpoint.encapsulation is None:
            endpoint.encapsulation = self.encapsulation
        if endpoint.encapsulation is not None:
            connection.negotiation.segment_size -= UDP_HEADER_LENGTH
        if self.quick_ack is not None:
            connection.receiver.delayed_ack.interactive = not self.quick_ack
        self.update(endpoint)

    def update(self, endpoint: Endpoint) -> None:
        """Apply what may change at any time."""
        connection = endpoint.connection
        endpoint.tos = self.tos & ~3  # the two lowest bits are ECN's
        endpoint.hop_limit = self.ttl
        connection.sender.no_delay = self.no_delay
        lifetime = connection.lifetime
        parameters = connection.parameters
        lifetime.keepalive = self.keepalive
        lifetime.idle_ns = _or_default(self.keepalive_idle, parameters.keepalive_idle_ns)
        lifetime.interval_ns = _or_default(self.keepalive_interval, parameters.keepalive_interval_ns)
        lifetime.count = parameters.keepalive_count if self.keepalive_count is None else self.keepalive_count
        if self.segment_size is not None and connection.sender.una > 0:
            connection.sender.mss = min(connection.sender.mss, self.segment_size)
        if self.user_timeout_ms:
            lifetime.user_timeout_ns = self.user_timeout_ms * 1_000_000
        if self.congestion is not None and self.congestion != connection.sender.congestion_name:
            connection.sender.use_congestion_control(self.congestion)

    def change(self, endpoint: Endpoint) -> None:
        """An option was set on an open connection: it follows at once."""
        self.update(endpoint)
        if self.quick_ack is not None:
            endpoint.connection.set_quick_acknowledgments(endpoint.layer.now_ns, self.quick_ack)
            self.quick_ack = None
        endpoint.connection.lifetime.watch(endpoint.layer.now_ns)
        endpoint.layer.carry_out(endpoint)

    # ---- by number --------------------------------------------------------------------------------

    def set(self, level: int, option: int, value: Any) -> None:
        """``setsockopt``.  Raises OSError ENOPROTOOPT for what there is not, EINVAL for a wrong value."""
        try:
            name, check = _OPTIONS[level, option]
        except KeyError:
            raise OSError(errno.ENOPROTOOPT, f"no socket option {option} at level {level}") from None
        setattr(self, name, check(value))

    def get(self, level: int, option: int, tcp: TcpLayer, owner: Endpoint | Listener | None, buflen: int = 0) -> Any:
        """``getsockopt``, of a connection or listener if there is one."""
        if (level, option) == (_TCP, TCP_INFO):
            found = tcp_info(owner, tcp.now_ns)
            return found[:buflen] if buflen else int.from_bytes(found[:4], "little")
        endpoint = owner if isinstance(owner, Endpoint) else None
        try:
            name, _ = _OPTIONS[level, option]
        except KeyError:
            raise OSError(errno.ENOPROTOOPT, f"no socket option {option} at level {level}") from None
        parameters = tcp.parameters if endpoint is None else endpoint.connection.parameters
        value = getattr(self, name)
        if endpoint is not None and name in _LIVE:
            return int(_LIVE[name](endpoint))
        if value is None:
            value = _DEFAULTS[name](parameters) if name in _DEFAULTS else 0
        if name == "linger":
            return struct.pack("ii", self.linger is not None, self.linger or 0)
        return value.encode() if isinstance(value, str) else int(value)


def _or_default(seconds: int | None, default_ns: int) -> int:
    return default_ns if seconds is None else seconds * _SECOND


def _flag(value: Any) -> bool:
    return bool(_number(value))


def _number(value: Any) -> int:
    if isinstance(value, bytes | bytearray) and len(value) == 4:
        return int(struct.unpack("i", value)[0])
    if isinstance(value, int):
        return int(value)
    raise OSError(errno.EINVAL, f"{value!r} is not a number")


def _positive(value: Any) -> int:
    number = _number(value)
    if not 0 < number < 32_768:
        raise OSError(errno.EINVAL, f"{number} is out of range, 1 to 32767")
    return number


def _buffer(value: Any) -> int:
    return max(2048, min(_number(value), _LARGEST_BUFFER))


def _hop_limit(value: Any) -> int | None:
    number = _number(value)
    if not -1 <= number <= 255:
        raise OSError(errno.EINVAL, f"{number} is no hop limit")
    return None if number <= 0 else number


def _ttl(value: Any) -> int:
    number = _number(value)
    if not 1 <= number <= 255:
        raise OSError(errno.EINVAL, f"{number} is no time to live, 1 to 255")
    return number


def _traffic_class(value: Any) -> int:
    return _number(value) & 0xFF


def _port(value: Any) -> int | None:
    number = _number(value)
    if not 0 <= number <= 0xFFFF:
        raise OSError(errno.EINVAL, f"{number} is not a port")
    return number or None


def _linger(value: Any) -> int | None:
    on, seconds = struct.unpack("ii", value) if isinstance(value, bytes) else value
    return int(seconds) if on else None


def _congestion(value: Any) -> str:
    name = value.rstrip(b"\0").decode() if isinstance(value, bytes) else str(value)
    if name not in CONGESTION_CONTROLS:
        raise OSError(errno.ENOENT, f"no congestion control {name!r}; there are {', '.join(CONGESTION_CONTROLS)}")
    return name


_TCP, _SOCKET, _IP, _IPV6 = socket.IPPROTO_TCP, socket.SOL_SOCKET, socket.IPPROTO_IP, socket.IPPROTO_IPV6

_OPTIONS: dict[tuple[int, int], tuple[str, Callable[[Any], Any]]] = {
    (_SOCKET, socket.SO_RCVBUF): ("receive_buffer", _buffer),
    (_SOCKET, socket.SO_SNDBUF): ("send_buffer", _buffer),
    (_SOCKET, socket.SO_KEEPALIVE): ("keepalive", _flag),
    (_SOCKET, socket.SO_REUSEADDR): ("reuse_address", _flag),
    (_SOCKET, 15): ("reuse_port", _flag),
    (_SOCKET, socket.SO_LINGER): ("linger", _linger),
    (_SOCKET, socket.SO_BROADCAST): ("broadcast", _flag),
    (_TCP, socket.TCP_NODELAY): ("no_delay", _flag),
    (_TCP, socket.TCP_MAXSEG): ("segment_size", _positive),
    (_TCP, 4): ("keepalive_idle", _positive),
    (_TCP, 5): ("keepalive_interval", _positive),
    (_TCP, 6): ("keepalive_count", _positive),
    (_TCP, 12): ("quick_ack", _flag),
    (_TCP, 13): ("congestion", _congestion),
    (_TCP, 18): ("user_timeout_ms", _number),
    (_TCP, 23): ("fast_open", _flag),
    (_TCP, 30): ("fast_open_connect", _flag),
    (_TCP, TCP_NOOPT): ("no_options", _flag),
    (_TCP, TCP_REMOTE_UDP_ENCAPS_PORT): ("encapsulation", _port),
    (_IP, socket.IP_TOS): ("tos", _traffic_class),
    (_IP, socket.IP_TTL): ("ttl", _ttl),
    (_IPV6, socket.IPV6_V6ONLY): ("ipv6_only", _flag),
    (_IPV6, socket.IPV6_UNICAST_HOPS): ("ttl", _hop_limit),
    (_IPV6, 67): ("tos", _traffic_class),
}

_DEFAULTS: dict[str, Callable[[TcpParameters], Any]] = {
    "receive_buffer": lambda parameters: parameters.receive_buffer,
    "send_buffer": lambda parameters: parameters.send_buffer,
    "keepalive_idle": lambda parameters: parameters.keepalive_idle_ns // _SECOND,
    "keepalive_interval": lambda parameters: parameters.keepalive_interval_ns // _SECOND,
    "keepalive_count": lambda parameters: parameters.keepalive_count,
    "congestion": lambda parameters: parameters.congestion_control,
    "segment_size": lambda parameters: parameters.segment_size_default[0],
    "quick_ack": lambda parameters: parameters.quick_acknowledgments,
    "ttl": lambda parameters: 64,
}

#: What a connection knows better than what was set.
_LIVE: dict[str, Callable[[Endpoint], int]] = {
    "receive_buffer": lambda endpoint: endpoint.connection.receive_buffer.capacity,
    "send_buffer": lambda endpoint: endpoint.connection.sender.buffer.capacity,
    "segment_size": lambda endpoint: endpoint.connection.sender.mss,
    "quick_ack": lambda endpoint: not endpoint.connection.receiver.delayed_ack.interactive,
}
