"""Listening: from a SYN to a connection that the application may accept (RFC 9293 §3.10.7.2, RFC 4987).

::

    SYN --> half open (SYN queue) --ACK--> waits (accept queue) --accept--> the application's
     |          | full                        | full
     |          v                             v
     |       a SYN cookie, nothing is kept   the SYN is dropped, the client tries again
     '--> nobody listens: RST
"""

from __future__ import annotations

import errno
import random
from typing import TYPE_CHECKING

from pressenter.host.ports import choose_ephemeral_port
from pressenter.host.tcp.connection import TcpConnection
from pressenter.host.tcp.endpoint import Endpoint, Listener, Quadruple
from pressenter.host.tcp.fast_open import ServerCookies
from pressenter.host.tcp.parameters import SynCookies as CookiePolicy
from pressenter.host.tcp.parameters import TcpParameters
from pressenter.host.tcp.sequence import add
from pressenter.host.tcp.states import State
from pressenter.host.tcp.syn_cookies import SynCookies
from pressenter.host.unreachable import NetworkUnreachable
from pressenter.wire.tcp import ACK, SYN, Options, Segment

if TYPE_CHECKING:
    from pressenter.host.tcp.layer import TcpLayer

__all__ = ["Acceptor"]


class Acceptor:
    """The listening ports of one host.

    Attributes:
        listeners: by port; those of one port differ in their address.
    """

    def __init__(self, layer: TcpLayer, randomness: random.Random) -> None:
        self.layer = layer
        self.listeners: dict[int, list[Listener]] = {}
        self._randomness = randomness
        key = randomness.randbytes(32)
        self._syn_cookies = SynCookies(key)
        self._fast_open = ServerCookies(key[:16])

    def listen(
        self, address: bytes, port: int, backlog: int = 128, parameters: TcpParameters | None = None
    ) -> Listener:
        """Listen on a port.  Raises OSError if it is taken."""
        if port == 0:
            port = choose_ephemeral_port(self._randomness, self.listeners)
        for other in self.listeners.get(port, ()):
            if other.address == address or not any(address) or not any(other.address):
                if len(address) == len(other.address):
                    raise OSError(errno.EADDRINUSE, f"TCP port {port} is in use on {self.layer.internet.node}")
        listener = Listener(self.layer, address, port, backlog, parameters or self.layer.parameters)
        self.listeners.setdefault(port, []).append(listener)
        return listener

    def forget_listener(self, listener: Listener) -> None:
        """A listener has closed: its half-open connections end, and its port is free."""
        remaining = [other for other in self.listeners.get(listener.port, ()) if other is not listener]
        if remaining:
            self.listeners[listener.port] = remaining
        else:
            self.listeners.pop(listener.port, None)
        for endpoint in [endpoint for endpoint in self.layer.endpoints.values() if endpoint.listener is listener]:
            if endpoint.connection.state is State.SYN_RECEIVED:
                endpoint.abort()

    def listener_for(self, quadruple: Quadruple) -> Listener | None:
        """Who listens; an exact address goes before any address."""
        found = None
        for listener in self.listeners.get(quadruple.local_port, ()):
            if listener.takes(quadruple.local_address):
                if any(listener.address):
                    return listener
                if found is None or len(listener.address) == len(quadruple.local_address):
                    found = listener
        return found

    def accept(self, quadruple: Quadruple, syn: Segment, udp_port: int | None) -> None:
        """A SYN arrives for nobody yet (RFC 9293 §3.10.7.2)."""
        listener = self.listener_for(quadruple)
        if listener is None:
            self.layer.refuse(quadruple, syn, udp_port)
            return
        if listener.is_full:
            self.layer.counters["TcpExtListenOverflows"] += 1
            self.layer.record("tcp.backlog_full", port=listener.port, backlog=listener.backlog)
            return
        parameters = listener.parameters
        full = listener.half_open >= parameters.syn_queue
        if parameters.syn_cookies is CookiePolicy.ALWAYS or (full and parameters.syn_cookies):
            self._answer_with_cookie(quadruple, syn, listener)
            return
        if full:
            self.layer.record("tcp.backlog_full", port=listener.port, backlog=parameters.syn_queue)
            return
        endpoint = self._accepted(quadruple, listener, udp_port)
        if endpoint is None:
            return
        endpoint.connection.open_passive(self.layer.now_ns, syn, self._take_fast_open(endpoint, listener, syn))
        self.layer.carry_out(endpoint)

    def _accepted(self, quadruple: Quadruple, listener: Listener, udp_port: int | None) -> Endpoint | None:
        try:
            endpoint = self.layer.new_endpoint(quadruple, listener.parameters)
        except NetworkUnreachable as error:
            self.layer.record("ip.drop", reason=str(error))
            return None
        endpoint.listener = listener
        endpoint.encapsulation = udp_port
        listener.configure(endpoint)
        listener.half_open += 1
        return endpoint

    def _take_fast_open(self, endpoint: Endpoint, listener: Listener, syn: Segment) -> bool:
        """RFC 7413 §4.1: give out a cookie, or believe one.  True if the SYN's data may be used."""
        offered = syn.options.fast_open
        if offered is None or not (listener.fast_open or self.layer.parameters.fast_open_server):
            return False
        client = endpoint.quadruple.remote_address
        if self._fast_open.is_valid(client, offered):
            return True
        endpoint.connection.negotiation.cookie_for_client = self._fast_open.make(client)
        return False

    # ---- SYN cookies --------------------------------------------------------------------------

    def _answer_with_cookie(self, quadruple: Quadruple, syn: Segment, listener: Listener) -> None:
        self.layer.counters["TcpExtSyncookiesSent"] += 1
        mss = self.layer.segment_size(quadruple)
        theirs = syn.options
        told = min(mss, theirs.maximum_segment_size or listener.parameters.segment_size_default[0])
        sequence = self._syn_cookies.make(self.layer.now_ns, _identity(quadruple), syn.sequence, told)
        timestamp = None
        if theirs.timestamp is not None and listener.parameters.timestamps:
            clock = self.layer.now_ns // 1_000_000 & 0xFFFFFFC0
            timestamp = (clock | self._syn_cookies.pack_options(theirs), theirs.timestamp[0])
        connection = TcpConnection(quadruple.local_port, quadruple.remote_port, sequence, mss, listener.parameters)
        listener.configure(Endpoint(self.layer, quadruple, connection))
        scale = connection.receiver.scale_to_offer if timestamp and theirs.window_scale is not None else None
        options = Options(mss, scale, bool(timestamp and theirs.sack_permitted), (), timestamp)
        self.layer.record("tcp.syn_cookie", port=listener.port)
        self.layer.send_segment(
            quadruple,
            Segment(
                quadruple.local_port, quadruple.remote_port, sequence, add(syn.sequence, 1), SYN | ACK,
                min(connection.receive_buffer.window, 0xFFFF), b"", options,
            ),
        )  # fmt: skip

    def accept_cookie(self, quadruple: Quadruple, segment: Segment, udp_port: int | None) -> bool:
        """An ACK that belongs to nobody: does it bring one of our cookies back?"""
        listener = self.listener_for(quadruple)
        if listener is None or not listener.parameters.syn_cookies or segment.flags & SYN or listener.is_full:
            return False
        if not self.layer.counters["TcpExtSyncookiesSent"]:
            return False
        cookie, client = add(segment.acknowledgment, -1), add(segment.sequence, -1)
        mss = self._syn_cookies.check(self.layer.now_ns, _identity(quadruple), client, cookie)
        if mss is None:
            self.layer.counters["TcpExtSyncookiesFailed"] += 1
            return False
        self.layer.counters["TcpExtSyncookiesRecv"] += 1
        endpoint = self._accepted(quadruple, listener, udp_port)
        if endpoint is None:
            return True
        options = Options(mss)
        stamp = segment.options.timestamp
        if stamp is not None and listener.parameters.timestamps:
            options = self._syn_cookies.unpack_options(stamp[1], mss, stamp)
        endpoint.connection.open_from_cookie(self.layer.now_ns, segment, cookie, options)
        self.layer.carry_out(endpoint)
        return True

    # ---- the queues ---------------------------------------------------------------------------

    def leave_queue(self, endpoint: Endpoint, listener: Listener, connected: bool) -> None:
        """A half-open connection is established, or has ended."""
        if endpoint in listener.waiting:
            if not connected:
                listener.waiting.remove(endpoint)
            return
        listener.half_open -= 1
        if not connected:
            endpoint.listener = None
        elif not listener.is_open:
            endpoint.listener = None
            endpoint.abort()
        elif listener.on_accept is not None:
            endpoint.listener = None
            self.layer.counters["TcpPassiveOpens"] += 1
            listener.on_accept(endpoint)
        else:
            self.layer.counters["TcpPassiveOpens"] += 1
            listener.waiting.append(endpoint)
            listener.on_waiting()


def _identity(quadruple: Quadruple) -> bytes:
    """Both addresses and ports as bytes, for a cookie's hash."""
    local_address, local_port, remote_address, remote_port = quadruple
    return local_address + local_port.to_bytes(2, "big") + remote_address + remote_port.to_bytes(2, "big")
