"""``tcpdump -n``: the frames that have passed a host's ports, a line each, as tcpdump prints them."""

from __future__ import annotations

import datetime

from pressenter.shell.session import Options, Shell
from pressenter.trace.events import CapturedFrame
from pressenter.wire.address import ipv4_text, mac_text
from pressenter.wire.arp import REQUEST, parse_arp
from pressenter.wire.icmp import describe
from pressenter.wire.ipv4 import Protocol
from pressenter.wire.malformed import MalformedPacket

__all__ = ["tcpdump"]

_FLAGS = ((0x02, "S"), (0x01, "F"), (0x08, "P"), (0x04, "R"), (0x20, "U"), (0x40, "E"), (0x80, "W"), (0x10, "."))


async def tcpdump(shell: Shell, arguments: list[str]) -> int:
    """``tcpdump [-n] [-i INTERFACE] [-c COUNT] [arp|icmp|tcp|udp]``: what has passed so far."""
    options = Options("tcpdump [-n] [-i INTERFACE] [-c COUNT] [arp|icmp|tcp|udp]")
    options.add_argument("-n", action="store_true")
    options.add_argument("-i", default="")
    options.add_argument("-c", type=int, default=1_000_000)
    options.add_argument("kind", nargs="?", choices=["arp", "icmp", "tcp", "udp"])
    given = options.parse_args(arguments)
    names = [interface.name for interface in shell.host.interfaces]
    wanted = {f"{shell.host.name}:{name}" for name in names if given.i in ("", "any", name)}
    if not wanted:
        shell.print(f"tcpdump: {given.i}: No such device exists")
        return 1
    shell.print(f"listening on {given.i or names[0]}, link-type EN10MB (Ethernet), snapshot length 262144 bytes")
    frames = sorted((f for f in shell.world.recorder.frames if f.port in wanted), key=lambda frame: frame.at_ns)
    shown = 0
    for frame in frames:
        kind, line = _line(frame)
        if given.kind in (None, kind):
            moment = datetime.datetime.fromtimestamp(shell.world.epoch_seconds + frame.at_ns / 1e9, datetime.UTC)
            shell.print(f"{moment:%H:%M:%S.%f} {line}")
            shown += 1
            if shown == given.c:
                break
    shell.print(f"{shown} packets captured")
    return 0


def _line(frame: CapturedFrame) -> tuple[str, str]:
    """What it is, and its line."""
    data = frame.frame
    if data[12:14] == b"\x08\x06":
        try:
            packet = parse_arp(data[14:])
        except MalformedPacket:
            return "arp", "ARP, malformed"
        if packet.operation == REQUEST:
            return (
                "arp",
                f"ARP, Request who-has {ipv4_text(packet.target_ip)} tell {ipv4_text(packet.sender_ip)}, length 46",
            )
        return "arp", f"ARP, Reply {ipv4_text(packet.sender_ip)} is-at {mac_text(packet.sender_mac)}, length 46"
    if data[12:14] != b"\x08\x00":
        return "", f"ethertype 0x{data[12:14].hex()}, length {len(data) - 4}"
    begin = 14 + (data[14] & 15) * 4
    end = 14 + int.from_bytes(data[16:18], "big")
    source, destination, payload = ipv4_text(data[26:30]), ipv4_text(data[30:34]), data[begin:end]
    if data[23] == Protocol.ICMP:
        return "icmp", f"IP {source} > {destination}: ICMP {describe(payload[0], payload[1])}, length {len(payload)}"
    if data[23] not in (Protocol.TCP, Protocol.UDP):
        return "", f"IP {source} > {destination}: ip-proto-{data[23]} {len(payload)}"
    ends = f"{source}.{int.from_bytes(payload[:2], 'big')} > {destination}.{int.from_bytes(payload[2:4], 'big')}"
    if data[23] == Protocol.UDP:
        return "udp", f"IP {ends}: UDP, length {len(payload) - 8}"
    return "tcp", f"IP {ends}: {_segment(payload)}"


def _segment(segment: bytes) -> str:
    flags = "".join(letter for bit, letter in _FLAGS if segment[13] & bit)
    length = len(segment) - (segment[12] >> 4) * 4
    sequence, acknowledgment = int.from_bytes(segment[4:8], "big"), int.from_bytes(segment[8:12], "big")
    parts = [f"Flags [{flags or 'none'}]"]
    if length or segment[13] & 7:
        parts.append(f"seq {sequence}:{sequence + length}" if length else f"seq {sequence}")
    if segment[13] & 0x10:
        parts.append(f"ack {acknowledgment}")
    return ", ".join([*parts, f"win {int.from_bytes(segment[14:16], 'big')}", f"length {length}"])
