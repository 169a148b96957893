"""Runs packetdrill scripts on our stack: one host, and the network played by the script, on virtual time.

The host is driven through its socket interface (`pressenter.host.sockets`) alone.  Flags, sequence
numbers, acknowledgment numbers and lengths are compared exactly; so are windows and options
where the script tells them, except the values of timestamps.  The judgement was fixed before
the first run.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Callable
from typing import Any

from pressenter.host.host import Host
from pressenter.host.interface import Interface
from pressenter.host.ipv6.interface import AddressState
from pressenter.host.ipv6.neighbour_discovery import Neighbour, Reachability
from pressenter.host.routes import Route
from pressenter.host.socket_options import TCP_NOOPT, TCP_REMOTE_UDP_ENCAPS_PORT
from pressenter.host.sockets import Socket
from pressenter.host.tcp.states import State
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire import tcp, udp
from pressenter.wire.address import address_bytes
from pressenter.wire.ethernet import EtherType, build_frame
from pressenter.wire.icmp import IcmpMessage, build_icmp
from pressenter.wire.icmpv6 import build_icmpv6
from pressenter.wire.ipv4 import Protocol, build_ipv4, parse_ipv4
from pressenter.wire.ipv6 import ICMPV6, build_ipv6, parse_ipv6
from tests.conformance.packetdrill_options import expected_options, inbound_options, shown_options
from tests.conformance.packetdrill_script import (
    Assertion,
    Call,
    Event,
    IcmpPacket,
    OutOfScope,
    ScriptError,
    Shell,
    TcpPacket,
    parse,
)
from tests.conformance.packetdrill_sysctl import set_sysctl

__all__ = ["Failure", "OutOfScope", "run_script"]

PORT = 8080
ADDRESSES = {"ipv4": ("192.168.0.1", "192.0.2.1"), "ipv6": ("fd3d:fa7b:d17d::1", "2001:db8::1")}
_FLAGS = {"S": tcp.SYN, "F": tcp.FIN, "R": tcp.RST, "P": tcp.PSH, ".": tcp.ACK, "E": tcp.ECE, "W": tcp.CWR, "U": 0x20}
_ECN = {"noecn": 0, "ect0": 2, "ect1": 1, "ce": 3}
_MAC, _PEER_MAC = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
_MASK = 0xFFFFFFFF


class Failure(Exception):
    """The stack did not do what the script says."""


class _Device:
    """A network card whose cable ends in the script."""

    def __init__(self) -> None:
        self.mac = _MAC
        self.groups: set[bytes] = set()
        self.deliver: Callable[[bytes], None] = lambda frame: None
        self.on_send: Callable[[bytes], None] = lambda frame: None

    def transmit(self, frame: bytes) -> bool:
        self.on_send(frame)
        return True


class _Sent:
    """A segment that the stack has sent, with what carried it."""

    def __init__(self, at_ns: int, packet: bytes, segment: tcp.Segment, tos: int, hops: int, ports: Any) -> None:
        self.at_ns = at_ns
        self.packet = packet
        self.segment = segment
        self.tos = tos
        self.hop_limit = hops
        self.udp = ports


class Run:
    """One run of one script."""

    def __init__(self, lines: list[str]) -> None:
        self.script = parse(lines)
        version = self.script.settings.get("ip_version", "ipv4")
        self.family = socket.AF_INET6 if version == "ipv6" else socket.AF_INET
        self.local_text, self.remote_text = ADDRESSES[version]
        self.local, self.remote = address_bytes(self.local_text), address_bytes(self.remote_text)
        self.tolerance_ns = int(self.script.settings.get("tolerance_usecs", "4000")) * 1000
        self.calls_may_fail = self.script.settings.get("non_fatal") == "syscall"
        self.agenda = Agenda()
        self.sent: list[_Sent] = []
        self.sockets: dict[int, Socket] = {}
        self.nonblocking: set[int] = set()
        self.local_isn: int | None = None
        self.local_port = PORT
        self.remote_port = PORT
        self.passive = False
        self.now_ns = 0
        self._build()

    def _build(self) -> None:
        self.device = _Device()
        self.device.on_send = self._frame_leaves
        recorder = Recorder(self.agenda, False)
        self.host = Host("host", self.agenda, recorder, Randomness(1))
        mtu = int(self.script.settings.get("mtu", "1500"))
        interface = Interface("host", "eth0", self.device, address_bytes("192.168.0.1"), 16, self.agenda, recorder, mtu)
        parameters = self.host.tcp.parameters
        parameters.sack_covers_fin = False
        parameters.quick_acknowledgments = parameters.grouped_segments = parameters.timer_wheel = False
        parameters.timeout_slop_ns, parameters.minimum_timeout_ns = 200_000_000, 30_000_000
        parameters.timer_tick_ns, parameters.sack_delay_ns = 1_000_000, 0  # FreeBSD's defaults
        internet = self.host.internet
        internet.add_interface(interface)
        if self.family == socket.AF_INET:
            internet.routes.add(Route(bytes(4), 0, address_bytes("192.168.0.2"), interface, interface.address))
            interface.neighbours.entries[address_bytes("192.168.0.2")] = (_PEER_MAC, 1 << 60)
        else:
            mine = internet.ipv6.enable(interface)
            mine.add_address(self.local, 16, AddressState.PREFERRED)
            gateway = address_bytes("fd3d:fa7b:d17d::2")
            internet.ipv6.routes.add(Route(bytes(16), 0, gateway, interface, self.local))
            neighbour = mine.neighbours.entries[gateway] = Neighbour()
            neighbour.state, neighbour.mac, neighbour.confirmed_ns = Reachability.REACHABLE, _PEER_MAC, 1 << 60

    # ---- the network --------------------------------------------------------------------------

    def _frame_leaves(self, frame: bytes) -> None:
        ethertype, packet = frame[12] << 8 | frame[13], frame[14:]
        if ethertype == EtherType.IPV4:
            four = parse_ipv4(packet)
            payload, protocol = packet[four.header_length : four.total_length], four.protocol
            tos, hops, source, destination = four.tos, four.ttl, four.source, four.destination
        elif ethertype == EtherType.IPV6:
            six = parse_ipv6(packet)
            payload, protocol = packet[40 : 40 + six.payload_length], six.next_header
            tos, hops, source, destination = six.traffic_class, six.hop_limit, six.source, six.destination
        else:
            return
        ports = None
        if protocol == Protocol.UDP:
            datagram = udp.parse_udp(source, destination, payload)
            payload, ports = datagram.payload, (datagram.source_port, datagram.destination_port)
        elif protocol != Protocol.TCP:
            return
        segment = tcp.parse_tcp(source, destination, payload)
        self.sent.append(_Sent(self.agenda.now_ns, packet, segment, tos, hops, ports))

    def _inject(self, packet: TcpPacket) -> None:
        flags = sum(_FLAGS[letter] for letter in packet.flags)
        if self.local_isn is None and flags & tcp.SYN and not flags & tcp.ACK:
            self.sent.clear()  # packetdrill knows the connection from here on, and looks at nothing before
        isn = self.local_isn or 0
        acknowledgment = (packet.ack + isn) & _MASK if packet.ack is not None and flags & tcp.ACK else packet.ack or 0
        segment = tcp.Segment(
            self.remote_port, self.local_port, (packet.start or 0) & _MASK, acknowledgment, flags,
            packet.window or 0, bytes(packet.length), inbound_options(packet.options or [], isn),
        )  # fmt: skip
        # No checksum over addresses that the script does not name: the pair of the test.
        data = tcp.build_tcp(self.remote, self.local, segment)
        protocol = Protocol.TCP
        if packet.udp is not None:
            data = udp.build_udp(self.remote, self.local, udp.Datagram(*packet.udp, data))
            protocol = Protocol.UDP
        tos = packet.tos or 0
        if packet.ecn is not None:
            tos |= _ECN[packet.ecn]
        self._deliver(protocol, data, tos)

    def _deliver(self, protocol: int, data: bytes, tos: int = 0) -> None:
        if self.family == socket.AF_INET:
            packet = build_ipv4(self.remote, self.local, protocol, data, tos=tos)
            frame = build_frame(_MAC, _PEER_MAC, EtherType.IPV4, packet)
        else:
            packet = build_ipv6(self.remote, self.local, protocol, data, traffic_class=tos)
            frame = build_frame(_MAC, _PEER_MAC, EtherType.IPV6, packet)
        self.device.deliver(frame)

    def _inject_icmp(self, icmp: IcmpPacket) -> None:
        sequence = (icmp.start + (self.local_isn or 0)) & _MASK
        quoted = tcp.build_tcp(
            self.local, self.remote, tcp.Segment(self.local_port, self.remote_port, sequence, 0, tcp.SYN, 0)
        )
        protocol = Protocol.TCP
        if icmp.udp is not None:
            quoted = udp.build_udp(self.local, self.remote, udp.Datagram(*icmp.udp, quoted))
            protocol = Protocol.UDP
        codes = {"port_unreachable": (3, 4), "host_prohibited": (10, 1), "net_prohibited": (9, 1),
                 "admin_prohibited": (13, 1), "host_unreachable": (1, 3), "net_unreachable": (0, 0),
                 "frag_needed": (4, 0), "packet_too_big": (4, 0), "addr_unreachable": (1, 3)}  # fmt: skip
        if icmp.code not in codes:
            raise ScriptError(f"ICMP code {icmp.code}")
        four, six = codes[icmp.code]
        rest = (icmp.mtu or 0).to_bytes(4, "big")
        if self.family == socket.AF_INET:
            message = IcmpMessage(3, four, rest, build_ipv4(self.local, self.remote, protocol, quoted))
            self._deliver(Protocol.ICMP, build_icmp(message))
        else:
            kind = 2 if icmp.code == "packet_too_big" else 1
            message = IcmpMessage(kind, six, rest, build_ipv6(self.local, self.remote, protocol, quoted))
            self._deliver(ICMPV6, build_icmpv6(self.remote, self.local, message))

    # ---- going through the script ----------------------------------------------------------------

    def run(self) -> None:
        """Go through all events.  Raises Failure or OutOfScope."""
        for event in self.script.events:
            if event.at_ns is not None:
                self.now_ns = self.now_ns + event.at_ns if event.relative else event.at_ns
            what = event.what
            if not (isinstance(what, TcpPacket) and not what.inbound) and self.agenda.now_ns < self.now_ns:
                self.agenda.run(self.now_ns)
            try:
                self._do(event)
            except Failure as failure:
                raise Failure(f"{event.line}: {failure}") from None

    def _do(self, event: Event) -> None:
        what = event.what
        if isinstance(what, TcpPacket):
            if what.inbound:
                self._inject(what)
                self.agenda.run(self.agenda.now_ns)
            else:
                self._expect(what, event.at_ns is None)
        elif isinstance(what, IcmpPacket):
            self._inject_icmp(what)
        elif isinstance(what, Call):
            self._call(what)
        elif isinstance(what, Shell):
            for command in what.command.split(";"):
                self._shell(command.strip())
        else:
            self._assert(what)

    def _expect(self, packet: TcpPacket, any_time: bool) -> None:
        latest_ns = self.now_ns + (3600 * 10**9 if any_time else self.tolerance_ns)
        while not self.sent:
            next_ns = self.agenda.next_ns
            if next_ns is None or next_ns > latest_ns:
                break
            self.agenda.run(next_ns)
        if not self.sent:
            raise Failure("nothing was sent")
        sent = self.sent.pop(0)
        if any_time:
            self.now_ns = sent.at_ns
        elif abs(sent.at_ns - self.now_ns) > self.tolerance_ns:
            raise Failure(
                f"{_show(sent, self.local_isn)} was sent at {sent.at_ns / 1e9:.3f} s, not {self.now_ns / 1e9:.3f} s"
            )
        self._compare(packet, sent)

    def _compare(self, packet: TcpPacket, sent: _Sent) -> None:
        segment = sent.segment
        flags = sum(_FLAGS[letter] for letter in packet.flags)
        if flags & tcp.SYN:
            new = segment.source_port != self.local_port or self.local_isn is None or packet.start is None
            if new:
                self.local_isn = (segment.sequence - (packet.start or 0)) & _MASK
            self.local_port, self.remote_port = segment.source_port, segment.destination_port
        expected = {"flags": flags, "length": packet.length}
        found = {"flags": segment.flags, "length": len(segment.payload)}
        isn = 0 if packet.absolute else self.local_isn or 0
        if packet.start is not None:
            expected["sequence"], found["sequence"] = packet.start & _MASK, (segment.sequence - isn) & _MASK
        if flags & tcp.ACK and packet.ack is not None:
            expected["ack"], found["ack"] = packet.ack, segment.acknowledgment
        if packet.window is not None:
            expected["window"], found["window"] = packet.window, segment.window
        if packet.tos is not None:
            expected["tos"], found["tos"] = packet.tos, sent.tos
        if packet.ecn is not None:
            expected["ecn"], found["ecn"] = _ECN[packet.ecn], sent.tos & 3
        if packet.hop_limit is not None:
            expected["hop limit"], found["hop limit"] = packet.hop_limit, sent.hop_limit
        expected["udp"], found["udp"] = packet.udp, sent.udp  # type: ignore[assignment]
        expected["options"], found["options"] = expected_options(packet.options or []), shown_options(segment.options)  # type: ignore[assignment]
        wrong = [f"{name} is {found[name]}, not {value}" for name, value in expected.items() if found[name] != value]
        if wrong:
            raise Failure(f"sent {_show(sent, self.local_isn)}: " + "; ".join(wrong))

    # ---- system calls -------------------------------------------------------------------------------

    def _call(self, call: Call) -> None:
        handler = getattr(self, f"_call_{call.name}", None)
        if handler is None:
            raise ScriptError(f"system call {call.name}")
        number = None
        try:
            result = handler(call)
        except OSError as error:
            result, number = -1, error.errno
        if self.calls_may_fail and call.name == "setsockopt":
            return
        name = None if number is None else errno.errorcode[number]
        wanted = "EAGAIN" if call.error == "EWOULDBLOCK" else call.error
        if result != call.result or name != wanted:
            raise Failure(f"{call.name} gave {result} {name or ''}")

    def _wait(self, call: Call, action: Callable[[], Any]) -> Any:
        """What a blocking call does: try until it can be done, or the script's patience ends."""
        descriptor = int(call.arguments[0])
        while True:
            try:
                return action()
            except BlockingIOError:
                next_ns = self.agenda.next_ns
                if descriptor in self.nonblocking or next_ns is None or next_ns > self.now_ns + self.tolerance_ns:
                    raise
                self.agenda.run(next_ns)

    def _socket(self, call: Call) -> Socket:
        return self.sockets[int(call.arguments[0])]

    def _call_socket(self, call: Call) -> int:
        descriptor = min(number for number in range(3, 100) if number not in self.sockets)
        self.sockets[descriptor] = self.host.socket(self.family, socket.SOCK_STREAM)
        self.nonblocking.discard(descriptor)
        return descriptor

    def _call_fcntl(self, call: Call) -> int:
        descriptor = int(call.arguments[0])
        if call.arguments[1] == "F_GETFL":
            return 2 | (4 if descriptor in self.nonblocking else 0)
        if "O_NONBLOCK" in call.arguments[2]:
            self.nonblocking.add(descriptor)
        else:
            self.nonblocking.discard(descriptor)
        return 0

    def _call_bind(self, call: Call) -> int:
        self._socket(call).bind((self.local_text, PORT))
        self.local_port, self.remote_port = PORT, 40_000
        return 0

    def _call_listen(self, call: Call) -> int:
        self._socket(call).listen(int(call.arguments[1]))
        return 0

    def _call_accept(self, call: Call) -> int:
        accepted, _ = self._wait(call, self._socket(call).accept)
        descriptor = min(number for number in range(3, 100) if number not in self.sockets)
        self.sockets[descriptor] = accepted
        return descriptor

    def _call_connect(self, call: Call) -> int:
        self._forget_connection()
        self._socket(call).connect((self.remote_text, PORT))
        return 0

    def _forget_connection(self) -> None:
        self.local_isn = None

    def _call_send(self, call: Call) -> int:
        return self._wait(call, lambda: self._socket(call).send(bytes(int(call.arguments[2]))))

    _call_write = _call_send

    def _call_sendto(self, call: Call) -> int:
        self._forget_connection()
        return self._socket(call).sendto(bytes(int(call.arguments[2])), (self.remote_text, PORT))

    def _call_recv(self, call: Call) -> int:
        flags = socket.MSG_PEEK if "MSG_PEEK" in call.arguments[3] else 0
        return len(self._wait(call, lambda: self._socket(call).recv(int(call.arguments[2]), flags)))

    def _call_read(self, call: Call) -> int:
        return len(self._wait(call, lambda: self._socket(call).recv(int(call.arguments[2]))))

    def _call_shutdown(self, call: Call) -> int:
        self._socket(call).shutdown(getattr(socket, call.arguments[1]))
        return 0

    def _call_close(self, call: Call) -> int:
        self.sockets.pop(int(call.arguments[0])).close()
        return 0

    def _call_setsockopt(self, call: Call) -> int:
        _, level, option, value, _ = call.arguments
        self._socket(call).setsockopt(*_option(level, option), _value(value))
        return 0

    def _call_getsockopt(self, call: Call) -> int:
        _, level, option, value, _ = call.arguments
        found = self._socket(call).getsockopt(*_option(level, option))
        if found != _value(value):
            raise Failure(f"{option} is {found}, not {value}")
        return 0

    # ---- the rest ----------------------------------------------------------------------------------

    def _assert(self, assertion: Assertion) -> None:
        (descriptor, last) = max(self.sockets.items())
        if assertion.field == "tcpi_state":
            names = {"SYN_RECV": "SYN_RECEIVED", "FIN_WAIT1": "FIN_WAIT_1", "FIN_WAIT2": "FIN_WAIT_2"}
            state = last.connection_state.value
            found = "TCPI_" + names.get(state, state)
        elif assertion.field == "tcpi_options" and last.endpoint is not None:
            negotiation = last.endpoint.connection.negotiation
            found = str(int(negotiation.timestamps) | 2 * last.endpoint.connection.sender.recovery.sack)
        else:
            raise ScriptError(f"assertion about {assertion.field}")
        if found != assertion.value:
            raise Failure(f"{assertion.field} of {descriptor} is {found}")

    def _shell(self, command: str) -> None:
        if match := re.match(r"sysctl -w (\S+)=(-?\d+)$", command):
            set_sysctl(self.host, match[1], int(match[2]))
        elif match := re.match(r"sockstat .*grep -c (\w+) \| grep (\d+)$", command):
            states = [endpoint.connection.state for endpoint in self.host.tcp.endpoints.values()]
            names = {"SYN_RCVD": "SYN_RECV"}
            found = [state for state in states if state.value == names.get(match[1], match[1])]
            if match[1] == "CLOSED":
                closed = [s for s in self.sockets.values() if s.endpoint and s.connection_state is State.CLOSED]
                found = [State.CLOSED] * len(closed)
            if len(found) != int(match[2]):
                raise Failure(f"{len(found)} connections are in {match[1]}: {[s.value for s in states]}")
        elif command.startswith("tcpdrop"):
            for endpoint in list(self.host.tcp.endpoints.values()):
                endpoint.abort()
        elif command.startswith(("setkey", "kldstat")):
            raise OutOfScope("TCP MD5 signatures (RFC 2385, obsolete) are set up by FreeBSD's setkey")
        else:
            raise ScriptError(f"shell command {command}")


_OPTION_NUMBERS = {
    "TCP_NOOPT": TCP_NOOPT, "TCP_REMOTE_UDP_ENCAPS_PORT": TCP_REMOTE_UDP_ENCAPS_PORT, "IPV6_UNICAST_HOPS": 16,
    "IPV6_TCLASS": 67, "TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 6, "TCP_FASTOPEN": 23,
}  # fmt: skip
_VALUES = {"IPTOS_DSCP_CS1": 0x20, "IPTOS_DSCP_CS7": 0xE0}


def _option(level: str, option: str) -> tuple[int, int]:
    number = _OPTION_NUMBERS.get(option, getattr(socket, option, None))
    if number is None:
        if option.startswith(("TCP_RACK", "TCP_FUNCTION", "IPV6_USE_MIN_MTU", "TCP_MD5SIG")):
            raise OutOfScope(f"the socket option {option} is FreeBSD's own")
        raise ScriptError(f"socket option {option}")
    return getattr(socket, level), number


def _value(text: str) -> int:
    text = text.strip("[]")
    if text in _VALUES:
        return _VALUES[text]
    return getattr(errno, text) if text.startswith("E") else int(text, 0)


def _show(sent: _Sent, isn: int | None) -> str:
    segment = sent.segment
    start = (segment.sequence - (isn or 0)) & _MASK
    letters = "".join(letter for letter, bit in _FLAGS.items() if segment.flags & bit)
    return (
        f"> {letters} {start}:{start + len(segment.payload)}({len(segment.payload)}) ack {segment.acknowledgment}"
        f" win {segment.window} {shown_options(segment.options)}"
    )


def run_script(lines: list[str]) -> None:
    """Run one script.  Raises Failure if the stack does otherwise, OutOfScope, or ScriptError."""
    Run(lines).run()
