"""UDP on a host: sockets by port, and errors told to them (RFC 1122 §4.1)."""

from __future__ import annotations

import errno
import random
import typing
from collections.abc import Callable

from pressenter.host.internet import InternetLayer
from pressenter.host.ports import choose_ephemeral_port
from pressenter.host.received import ReceivedPacket
from pressenter.host.transport_errors import TransportError
from pressenter.wire.address import endpoint_text
from pressenter.wire.icmp import IcmpType, Unreachable
from pressenter.wire.icmpv6 import Icmpv6Type
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.malformed import MalformedPacket
from pressenter.wire.udp import Datagram, build_udp, parse_udp

__all__ = ["Tunnel", "UdpLayer", "UdpSocket"]


class Tunnel(typing.Protocol):
    """Another transport protocol whose packets come as datagrams to one port (`tcp.encapsulation`)."""

    def receive(self, source: bytes, destination: bytes, source_port: int, payload: bytes, tos: int) -> None:
        """A datagram arrives on the port."""

    def on_icmp_error(self, error: TransportError) -> None:
        """An error about a datagram of ours."""


class UdpSocket:
    """A bound port.

    Attributes:
        on_datagram: called with (payload, source address, source port).
        on_error: called with an OSError when an ICMP error about our datagram arrives.
    """

    def __init__(self, layer: UdpLayer, address: bytes, port: int) -> None:
        self.layer = layer
        self.address = address
        self.port = port
        self.on_datagram: Callable[[bytes, bytes, int], None] = lambda payload, address, port: None
        self.on_error: Callable[[OSError], None] = lambda error: None

    def send(self, payload: bytes, destination: bytes, port: int) -> None:
        """Send a datagram.  Raises OSError if there is no route or it is too long."""
        self.layer.send(self, payload, destination, port)

    def close(self) -> None:
        """Free the port."""
        self.layer.sockets.pop((len(self.address), self.port), None)


class UdpLayer:
    """UDP for one host."""

    def __init__(self, internet: InternetLayer, randomness: random.Random) -> None:
        self.internet = internet
        self.sockets: dict[tuple[int, int], UdpSocket] = {}
        self.tunnels: dict[int, Tunnel] = {}
        self._randomness = randomness
        internet.protocols[Protocol.UDP] = self.receive

    def open(self, address: bytes = bytes(4), port: int = 0) -> UdpSocket:
        """A socket on a port, or on a free one by chance.  Raises OSError if it is taken."""
        if port == 0:
            port = choose_ephemeral_port(self._randomness, {port for _, port in self.sockets})
        elif (len(address), port) in self.sockets or port in self.tunnels:
            raise OSError(errno.EADDRINUSE, f"UDP port {port} is in use on {self.internet.node}")
        socket = self.sockets[len(address), port] = UdpSocket(self, address, port)
        return socket

    def is_taken(self, port: int) -> bool:
        """Whether a socket of either family has this port."""
        return (4, port) in self.sockets or (16, port) in self.sockets

    def send(self, socket: UdpSocket, payload: bytes, destination: bytes, port: int) -> None:
        """Send from a socket; called by `UdpSocket.send`."""
        if len(payload) > 65_507:
            raise OSError(errno.EMSGSIZE, f"{len(payload)} bytes do not fit a UDP datagram")
        own = socket.address
        source = own if any(own) and len(own) == len(destination) else self.internet.source_for(destination)
        if self.internet.recorder.enabled:
            self.internet.recorder.record(
                self.internet.node, "udp.send", source=endpoint_text(source, socket.port),
                destination=endpoint_text(destination, port), length=len(payload),
            )  # fmt: skip
        data = build_udp(source, destination, Datagram(socket.port, port, payload))
        self.internet.send(source, destination, Protocol.UDP, data)

    def receive(self, received: ReceivedPacket) -> None:
        """A datagram arrives."""
        recorder, node = self.internet.recorder, self.internet.node
        try:
            datagram = parse_udp(received.source, received.destination, received.payload)
        except MalformedPacket as malformed:
            recorder.record(node, "ip.drop", reason=str(malformed))
            return
        tunnel = self.tunnels.get(datagram.destination_port)
        if tunnel is not None:
            tunnel.receive(received.source, received.destination, datagram.source_port, datagram.payload, received.tos)
            return
        socket = self._socket_for(received, datagram.destination_port)
        if socket is None and received.broadcast:
            return  # RFC 1122 §4.1.3.1: what is for everybody need not interest us
        if socket is None:
            recorder.record(node, "udp.no_port", port=datagram.destination_port)
            self._tell_no_port(received.packet)
            return
        if recorder.enabled:
            recorder.record(
                node, "udp.receive", source=endpoint_text(received.source, datagram.source_port),
                destination=endpoint_text(received.destination, datagram.destination_port),
                length=len(datagram.payload),
            )  # fmt: skip
        socket.on_datagram(datagram.payload, received.source, datagram.source_port)

    def _socket_for(self, received: ReceivedPacket, port: int) -> UdpSocket | None:
        """A socket of the packet's family, or an IPv6 socket that takes both (RFC 3493 §3.7)."""
        for length in (len(received.destination), 16):
            socket = self.sockets.get((length, port))
            if socket is not None and (
                not any(socket.address) or socket.address == received.destination or received.broadcast
            ):
                return socket
        return None

    def _tell_no_port(self, packet: bytes) -> None:
        if packet[0] >> 4 == 6:
            self.internet.ipv6.icmp.send_error(packet, Icmpv6Type.DESTINATION_UNREACHABLE, 4)
        else:
            self.internet.icmp.send_error(packet, IcmpType.DESTINATION_UNREACHABLE, Unreachable.PORT)

    def on_icmp_error(self, error: TransportError) -> None:
        """RFC 1122 §4.1.3.3: pass the error to the socket that sent the datagram."""
        payload = error.payload
        port = payload[0] << 8 | payload[1]
        if port in self.tunnels:
            self.tunnels[port].on_icmp_error(error)
            return
        socket = self.sockets.get((len(error.source), port)) or self.sockets.get((16, port))
        if socket is None or error.error is None:
            return
        where = endpoint_text(error.destination, payload[2] << 8 | payload[3])
        socket.on_error(OSError(error.error.errno, f"{where}: {error.error.strerror}"))
