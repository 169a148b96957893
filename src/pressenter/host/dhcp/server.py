"""The DHCP server, as home routers run it: addresses from a range, for a time (RFC 2131 §4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pressenter.host.dhcp.broadcast import send_to_everybody
from pressenter.wire.address import UNSPECIFIED_IPV4, address_text
from pressenter.wire.dhcp import CLIENT_PORT, SERVER_PORT, DhcpMessage, MessageType, Option, build_dhcp, parse_dhcp
from pressenter.wire.malformed import MalformedPacket

if TYPE_CHECKING:
    from pressenter.host.host import Host
    from pressenter.host.interface import Interface

__all__ = ["DhcpServer"]

_SECOND = 1_000_000_000


class _Granted(NamedTuple):
    mac: bytes
    until_ns: int


class DhcpServer:
    """Grants addresses on one interface.

    Args:
        first, last: the range, packed addresses.
        seconds: how long a lease lasts.
        name_servers: what clients are told.

    Attributes:
        leases: by address, to whom and until when.
    """

    def __init__(
        self, host: Host, interface: Interface, first: bytes, last: bytes, seconds: int, name_servers: list[bytes]
    ) -> None:
        self.host = host
        self.interface = interface
        self.seconds = seconds
        self.name_servers = name_servers
        self.leases: dict[bytes, _Granted] = {}
        self._range = range(int.from_bytes(first, "big"), int.from_bytes(last, "big") + 1)
        host.udp.open(UNSPECIFIED_IPV4, SERVER_PORT).on_datagram = self._receive

    def _receive(self, payload: bytes, source: bytes, port: int) -> None:
        try:
            message = parse_dhcp(payload)
        except MalformedPacket as malformed:
            self._record("ip.drop", reason=str(malformed))
            return
        if message.operation != 1:
            return
        if message.type == MessageType.DISCOVER:
            self._offer(message)
        elif message.type == MessageType.REQUEST:
            self._grant(message)
        elif message.type == MessageType.RELEASE and self._holder(message.client_address) == message.mac:
            del self.leases[message.client_address]

    def _offer(self, message: DhcpMessage) -> None:
        address = self._choose(message.mac, message.option(Option.REQUESTED_ADDRESS))
        if address is None:
            self._record("dhcp.exhausted", mac=message.mac.hex(":"))
            return
        self._record("dhcp.offer", address=address_text(address), mac=message.mac.hex(":"))
        self._answer(message, MessageType.OFFER, address)

    def _grant(self, message: DhcpMessage) -> None:
        """RFC 2131 §4.3.2."""
        chosen = message.option(Option.SERVER)
        if chosen is not None and chosen != self.interface.address:
            return  # the client has taken another server's offer
        wanted = message.option(Option.REQUESTED_ADDRESS) or message.client_address
        holder = self._holder(wanted)
        if not self._may_grant(wanted) or holder not in (None, message.mac):
            self._answer(message, MessageType.NAK, UNSPECIFIED_IPV4)
            return
        self.leases[wanted] = _Granted(message.mac, self.host.agenda.now_ns + self.seconds * _SECOND)
        self._record("dhcp.grant", address=address_text(wanted), mac=message.mac.hex(":"), seconds=self.seconds)
        self._answer(message, MessageType.ACK, wanted)

    def _holder(self, address: bytes) -> bytes | None:
        granted = self.leases.get(address)
        if granted is None or granted.until_ns <= self.host.agenda.now_ns:
            return None
        return granted.mac

    def _choose(self, mac: bytes, wish: bytes | None) -> bytes | None:
        """RFC 2131 §4.3.1: what the client had, what it wishes, or any that is free."""
        for address, granted in self.leases.items():
            if granted.mac == mac:
                return address
        if wish is not None and self._may_grant(wish) and self._holder(wish) is None:
            return wish
        for number in self._range:
            address = number.to_bytes(4, "big")
            if self._holder(address) is None and self._may_grant(address):
                return address
        return None

    def _may_grant(self, address: bytes) -> bool:
        return int.from_bytes(address, "big") in self._range and address != self.interface.address

    def _answer(self, message: DhcpMessage, kind: int, address: bytes) -> None:
        interface = self.interface
        options = [(Option.MESSAGE_TYPE, bytes((kind,))), (Option.SERVER, interface.address)]
        if kind != MessageType.NAK:
            mask = (0xFFFFFFFF << (32 - interface.prefix_length)) & 0xFFFFFFFF
            options += [
                (Option.LEASE_SECONDS, self.seconds.to_bytes(4, "big")),
                (Option.SUBNET_MASK, mask.to_bytes(4, "big")),
                (Option.ROUTER, interface.address),
                (Option.NAME_SERVERS, b"".join(self.name_servers)),
            ]
        reply = DhcpMessage(
            2, message.transaction, message.flags, message.client_address, address, message.mac, tuple(options)
        )
        if any(message.client_address):
            try:
                self.host.udp.sockets[4, SERVER_PORT].send(build_dhcp(reply), message.client_address, CLIENT_PORT)
            except OSError as error:
                self._record("ip.drop", reason=str(error))  # an address that we have no way to
            return
        # RFC 2131 §4.1: the client has no address yet, so everybody hears the answer.
        send_to_everybody(interface, SERVER_PORT, CLIENT_PORT, reply)

    def _record(self, name: str, /, **fields: Any) -> None:
        self.host.recorder.record(self.host.name, name, interface=self.interface.name, **fields)
