"""UDP on a host: sockets by port, and errors told to them (RFC 1122 §4.1)."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable

from pressenter.host.internet import InternetLayer, ReceivedPacket
from pressenter.host.ports import choose_ephemeral_port
from pressenter.wire import ipv4
from pressenter.wire.address import ipv4_text
from pressenter.wire.icmp import IcmpMessage, IcmpType, Unreachable, describe
from pressenter.wire.ipv4 import IPv4Header
from pressenter.wire.malformed import MalformedPacket
from pressenter.wire.udp import Datagram, build_udp, parse_udp

__all__ = ["UdpLayer", "UdpSocket"]


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
        self.layer.sockets.pop(self.port, None)


class UdpLayer:
    """UDP for one host."""

    def __init__(self, internet: InternetLayer, randomness: random.Random) -> None:
        self.internet = internet
        self.sockets: dict[int, UdpSocket] = {}
        self._randomness = randomness
        internet.protocols[ipv4.Protocol.UDP] = self.receive

    def open(self, address: bytes = bytes(4), port: int = 0) -> UdpSocket:
        """A socket on a port, or on a free one by chance.  Raises OSError if it is taken."""
        if port == 0:
            port = choose_ephemeral_port(self._randomness, self.sockets)
        elif port in self.sockets:
            raise OSError(errno.EADDRINUSE, f"UDP port {port} is in use on {self.internet.node}")
        socket = self.sockets[port] = UdpSocket(self, address, port)
        return socket

    def send(self, socket: UdpSocket, payload: bytes, destination: bytes, port: int) -> None:
        """Send from a socket; called by `UdpSocket.send`."""
        if len(payload) > 65_507:
            raise OSError(errno.EMSGSIZE, f"{len(payload)} bytes do not fit a UDP datagram")
        source = socket.address if any(socket.address) else self.internet.source_for(destination)
        if self.internet.recorder.enabled:
            self.internet.recorder.record(
                self.internet.node, "udp.send", source=f"{ipv4_text(source)}:{socket.port}",
                destination=f"{ipv4_text(destination)}:{port}", length=len(payload),
            )  # fmt: skip
        data = build_udp(source, destination, Datagram(socket.port, port, payload))
        self.internet.send(source, destination, ipv4.Protocol.UDP, data)

    def receive(self, received: ReceivedPacket) -> None:
        """A datagram arrives."""
        header, recorder, node = received.header, self.internet.recorder, self.internet.node
        try:
            datagram = parse_udp(header.source, header.destination, received.payload)
        except MalformedPacket as malformed:
            recorder.record(node, "ip.drop", reason=str(malformed))
            return
        socket = self.sockets.get(datagram.destination_port)
        if socket is not None and socket.address not in (bytes(4), header.destination):
            if not self.internet.is_broadcast(header.destination):
                socket = None
        if socket is None:
            recorder.record(node, "udp.no_port", port=datagram.destination_port)
            self.internet.icmp.send_error(received.packet, IcmpType.DESTINATION_UNREACHABLE, Unreachable.PORT)
            return
        if recorder.enabled:
            recorder.record(
                node, "udp.receive", source=f"{ipv4_text(header.source)}:{datagram.source_port}",
                destination=f"{ipv4_text(header.destination)}:{datagram.destination_port}",
                length=len(datagram.payload),
            )  # fmt: skip
        socket.on_datagram(datagram.payload, header.source, datagram.source_port)

    def on_icmp_error(self, message: IcmpMessage, quoted: IPv4Header, payload: bytes) -> None:
        """RFC 1122 §4.1.3.3: pass the error to the socket that sent the datagram."""
        socket = self.sockets.get(payload[0] << 8 | payload[1])
        if socket is None:
            return
        number = errno.EHOSTUNREACH
        if (message.type, message.code) == (IcmpType.DESTINATION_UNREACHABLE, Unreachable.PORT):
            number = errno.ECONNREFUSED
        where = f"{ipv4_text(quoted.destination)}:{payload[2] << 8 | payload[3]}"
        socket.on_error(OSError(number, f"{where}: {describe(message.type, message.code)}"))
