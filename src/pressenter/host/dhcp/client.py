"""The DHCP client: how a host that joins a network gets its address (RFC 2131 §4.4).

::

    INIT --DISCOVER--> SELECTING --OFFER, REQUEST--> REQUESTING --ACK--> BOUND
      ^                                                  | NAK            | half of the lease
      |                                                  v                v
      +----------------------------------------------- INIT         RENEWING --ACK--> BOUND
      |   lease over                                                      | 7/8 of the lease
      +------------------------------------------------ REBINDING <-------'

Before it has an address the host speaks from 0.0.0.0 to everybody, and asks to be answered
likewise.  What it learns besides: the network's size, the router, the name servers.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from pressenter.host.dhcp.broadcast import send_to_everybody
from pressenter.host.routes import Route
from pressenter.sim import Entry
from pressenter.wire.address import UNSPECIFIED_IPV4, address_text
from pressenter.wire.dhcp import (
    BROADCAST,
    CLIENT_PORT,
    SERVER_PORT,
    DhcpMessage,
    MessageType,
    Option,
    build_dhcp,
    parse_dhcp,
)
from pressenter.wire.malformed import MalformedPacket

if TYPE_CHECKING:
    from pressenter.host.host import Host
    from pressenter.host.interface import Interface

__all__ = ["DhcpClient", "DhcpState", "Lease"]

_SECOND = 1_000_000_000
_FIRST_RETRY_NS = 4 * _SECOND  # RFC 2131 §4.1, doubled up to 64 s
_LONGEST_RETRY_NS = 64 * _SECOND
_REQUESTS = 4
_SHORTEST_RENEWAL_NS = 60 * _SECOND  # RFC 2131 §4.4.5


class DhcpState(enum.Enum):
    """RFC 2131 §4.4, figure 5."""

    INIT = "INIT"
    SELECTING = "SELECTING"
    REQUESTING = "REQUESTING"
    BOUND = "BOUND"
    RENEWING = "RENEWING"
    REBINDING = "REBINDING"


class Lease(NamedTuple):
    """What a server has granted.  Addresses are packed, times in seconds."""

    address: bytes
    prefix_length: int
    server: bytes
    seconds: int
    router: bytes | None
    name_servers: tuple[bytes, ...]


class DhcpClient:
    """DHCP on one interface.

    Attributes:
        state: see `DhcpState`.
        lease: what was granted, or None.
        on_bound: called with each new lease.
    """

    def __init__(self, host: Host, interface: Interface, randomness: random.Random) -> None:
        self.host = host
        self.interface = interface
        self.agenda = host.agenda
        self.state = DhcpState.INIT
        self.lease: Lease | None = None
        self.on_bound: Callable[[Lease], None] = lambda lease: None
        self._randomness = randomness
        self._transaction = 0
        self._retry_ns = _FIRST_RETRY_NS
        self._timer: Entry | None = None
        self._bound_at_ns = 0
        host.udp.open(UNSPECIFIED_IPV4, CLIENT_PORT).on_datagram = self._receive

    def start(self) -> None:
        """Look for servers."""
        self.state = DhcpState.SELECTING
        self._transaction = self._randomness.getrandbits(32)
        self._send(MessageType.DISCOVER)
        self._again(self.start)

    # ---- messages -------------------------------------------------------------------------------

    def _receive(self, payload: bytes, source: bytes, port: int) -> None:
        try:
            message = parse_dhcp(payload)
        except MalformedPacket as malformed:
            self._record("ip.drop", reason=str(malformed))
            return
        if message.transaction != self._transaction or message.mac != self.interface.mac or message.operation != 2:
            return
        if message.type == MessageType.OFFER and self.state is DhcpState.SELECTING:
            self._request(message)
        elif message.type == MessageType.ACK and self.state not in (DhcpState.SELECTING, DhcpState.BOUND):
            self._bind(message)
        elif message.type == MessageType.NAK and self.state not in (DhcpState.SELECTING, DhcpState.BOUND):
            self._record("dhcp.refused", server=address_text(source))
            self._lose()

    def _request(self, offer: DhcpMessage) -> None:
        server = offer.option(Option.SERVER)
        if server is None:
            return
        self._record("dhcp.offered", address=address_text(offer.your_address), server=address_text(server))
        self.state = DhcpState.REQUESTING
        self._retry_ns = _FIRST_RETRY_NS
        self._ask_for(offer.your_address, server, _REQUESTS)

    def _ask_for(self, address: bytes, server: bytes, tries: int) -> None:
        """Take an offer; whoever made it may be gone, so not for ever (RFC 2131 §3.1, item 5)."""
        if tries == 0:
            self._retry_ns = _FIRST_RETRY_NS
            self.start()
            return
        self._send(MessageType.REQUEST, (Option.REQUESTED_ADDRESS, address), (Option.SERVER, server))
        self._again(self._ask_for, address, server, tries - 1)

    def _bind(self, message: DhcpMessage) -> None:
        lease = _lease(message)
        if lease is None:
            return
        self._cancel()
        internet, interface = self.host.internet, self.interface
        if self.lease is None or self.lease[:2] != lease[:2] or self.lease.router != lease.router:
            internet.configure(interface, lease.address, lease.prefix_length)
            if lease.router is not None:
                internet.routes.add(Route(bytes(4), 0, lease.router, interface, lease.address))
            interface.neighbours.announce()
        self.lease, self.state = lease, DhcpState.BOUND
        self._bound_at_ns = self.agenda.now_ns
        self._record("dhcp.bound", address=address_text(lease.address), server=address_text(lease.server),
                     seconds=lease.seconds)  # fmt: skip
        self._timer = self.agenda.chore(lease.seconds * _SECOND // 2, self._renew)  # RFC 2131 §4.4.5: T1
        self.on_bound(lease)

    # ---- keeping the lease -------------------------------------------------------------------------

    def _renew(self) -> None:
        """Ask the server that granted it, straight (RFC 2131 §4.4.5)."""
        assert self.lease is not None
        self.state = DhcpState.RENEWING
        self._transaction = self._randomness.getrandbits(32)
        self._record("dhcp.renew", address=address_text(self.lease.address), server=address_text(self.lease.server))
        message = self._message(MessageType.REQUEST)._replace(client_address=self.lease.address, flags=0)
        socket = self.host.udp.sockets[4, CLIENT_PORT]
        try:
            socket.send(build_dhcp(message), self.lease.server, SERVER_PORT)
        except OSError as error:
            self._record("ip.drop", reason=str(error))
        self._again_until(self.lease.seconds * _SECOND * 7 // 8, self._renew, self._rebind)  # T2

    def _rebind(self) -> None:
        """Ask anybody."""
        assert self.lease is not None
        self.state = DhcpState.REBINDING
        message = self._message(MessageType.REQUEST)._replace(client_address=self.lease.address)
        send_to_everybody(self.interface, CLIENT_PORT, SERVER_PORT, message)
        self._again_until(self.lease.seconds * _SECOND, self._rebind, self._lose)

    def _again_until(self, end_ns: int, again: Callable[[], None], then: Callable[[], None]) -> None:
        """Ask once more after half of the time that is left until ``end_ns`` of the lease; if that is short, `then`."""
        left_ns = self._bound_at_ns + end_ns - self.agenda.now_ns
        if left_ns > 2 * _SHORTEST_RENEWAL_NS:
            self._timer = self.agenda.chore(left_ns // 2, again)
        else:
            self._timer = self.agenda.chore(left_ns, then)

    def _lose(self) -> None:
        """The address may be used no more."""
        self._cancel()
        if self.lease is not None:
            self._record("dhcp.lost", address=address_text(self.lease.address))
            self.host.internet.unconfigure(self.interface)
            self.lease = None
        self._retry_ns = _FIRST_RETRY_NS
        self.start()

    # ---- inside -------------------------------------------------------------------------------------

    def _message(self, kind: int, *options: tuple[int, bytes]) -> DhcpMessage:
        wanted = bytes((Option.SUBNET_MASK, Option.ROUTER, Option.NAME_SERVERS))
        return DhcpMessage(
            1, self._transaction, BROADCAST, UNSPECIFIED_IPV4, UNSPECIFIED_IPV4, self.interface.mac,
            ((Option.MESSAGE_TYPE, bytes((kind,))), *options, (Option.HOST_NAME, self.host.name.encode()[:63]),
             (Option.PARAMETER_LIST, wanted)),
        )  # fmt: skip

    def _send(self, kind: int, *options: tuple[int, bytes]) -> None:
        name = "dhcp.discover" if kind == MessageType.DISCOVER else "dhcp.request"
        self._record(name, mac=self.interface.mac.hex(":"))
        send_to_everybody(self.interface, CLIENT_PORT, SERVER_PORT, self._message(kind, *options))

    def _again(self, action: Callable[..., object], *arguments: Any) -> None:
        """RFC 2131 §4.1: again after 4, 8, 16, ... seconds, a little more or less."""
        self._cancel()
        jitter_ns = self._randomness.randrange(-_SECOND, _SECOND)
        self._timer = self.agenda.chore(self._retry_ns + jitter_ns, action, *arguments)
        self._retry_ns = min(self._retry_ns * 2, _LONGEST_RETRY_NS)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _record(self, name: str, /, **fields: Any) -> None:
        self.host.recorder.record(self.host.name, name, interface=self.interface.name, **fields)


def _lease(message: DhcpMessage) -> Lease | None:
    """What an ACK grants, or None if it lacks what it must tell (RFC 2131 §4.3.1, table 3)."""
    server, seconds = message.option(Option.SERVER), message.option(Option.LEASE_SECONDS)
    mask = message.option(Option.SUBNET_MASK) or b"\xff\xff\xff\0"
    if server is None or len(server) != 4 or seconds is None or len(seconds) != 4 or len(mask) != 4:
        return None
    router = message.option(Option.ROUTER)
    names = message.option(Option.NAME_SERVERS) or b""
    return Lease(
        message.your_address, int.from_bytes(mask, "big").bit_count(), server, int.from_bytes(seconds, "big"),
        router[:4] if router else None, tuple(names[start : start + 4] for start in range(0, len(names) - 3, 4)),
    )  # fmt: skip
