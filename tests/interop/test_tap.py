"""Our stack and the Linux kernel's over a TAP device, in a network namespace that the test makes."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pressenter.bridge import RealTime, Tap, TapError
from pressenter.network.link import Link
from pressenter.network.router import Router
from pressenter.sim import Agenda, Randomness
from pressenter.trace import Recorder
from pressenter.wire.address import address_bytes, ipv4_bytes

NAMESPACE = f"pe-test-{os.getpid()}"

pytestmark = pytest.mark.interop


@pytest.fixture
def namespace(program: Callable[[str], str]) -> Iterator[str]:
    for name in ("ip", "curl", "nstat"):
        program(name)
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        pytest.skip("making a TAP device needs root and /dev/net/tun")
    commands = [
        f"ip netns add {NAMESPACE}",
        f"ip -n {NAMESPACE} tuntap add dev tap0 mode tap",
        f"ip -n {NAMESPACE} link set tap0 up",
        f"ip -n {NAMESPACE} addr add 10.9.0.1/24 dev tap0",
        f"ip -n {NAMESPACE} addr add 2001:db8:9::1/64 dev tap0 nodad",
    ]
    try:
        for command in commands:
            subprocess.run(command.split(), check=True, capture_output=True)
        yield NAMESPACE
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False, capture_output=True)


class Ours:
    """A host of ours, a link, and the kernel at its other end."""

    def __init__(self, namespace: str) -> None:
        self.agenda = Agenda()
        recorder = Recorder(self.agenda, False)
        randomness = Randomness(1)
        self.host = Router("ours", self.agenda, recorder, randomness, latency_ns=0)
        interface = self.host.add_port("eth0", b"\x02\0\0\0\0\x02", ipv4_bytes("10.9.0.2"), 24)
        self.host.internet.forwarding = False
        self.host.internet.ipv6.enable(interface).add_address(address_bytes("2001:db8:9::2"), 64)
        self.tap = Tap("tap0", namespace)
        Link("cable", self.host.ports["eth0"], self.tap.port, self.agenda, recorder, randomness,
             rate_bps=1_000_000_000, delay_ns=1_000_000, queue_bytes=1 << 20)  # fmt: skip
        self.real_time = RealTime(self.agenda, [self.tap])

    def run(self, command: str) -> str:
        """Run a program in the namespace, and our side with it; its output."""
        words = ["ip", "netns", "exec", NAMESPACE, *command.split()]
        program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.real_time.run(lambda: program.poll() is not None)
        output, _ = program.communicate()
        assert program.returncode == 0, output
        return output


@pytest.mark.parametrize("address", ["10.9.0.2", "[2001:db8:9::2]"])
def test_curl_fetches_from_our_stack(namespace: str, address: str) -> None:
    ours = Ours(namespace)
    body = bytes(range(256)) * 2000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        writer.close()

    ours.host.run(asyncio.start_server(serve, None, 80))
    output = ours.run(f"curl -s -g --max-time 20 -o /dev/null -w %{{http_code}}:%{{size_download}} http://{address}/")
    assert output == f"200:{len(body)}"
    connection = next(iter(ours.host.tcp.endpoints.values()), None)
    assert connection is None or connection.connection.negotiation.timestamps  # the kernel offers them
    bad = subprocess.run(
        ["ip", "netns", "exec", NAMESPACE, "nstat", "-az"], capture_output=True, text=True, check=False
    )
    errors = [line.split() for line in bad.stdout.splitlines() if "CsumErrors" in line or "InErrs" in line]
    assert all(int(row[1]) == 0 for row in errors), errors


def test_a_device_that_cannot_be_had_is_told(namespace: str) -> None:
    with pytest.raises(TapError, match="there is no namespace pe-nowhere"):
        Tap("tap0", "pe-nowhere")
    first = Tap("tap0", namespace)
    with pytest.raises(TapError, match="in use by another program"):
        Tap("tap0", namespace)
    first.close()


def test_without_the_right_the_way_to_get_it_is_said(namespace: str) -> None:
    """A child gives up being root, and asks for a device."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresuid(65_534, 65_534, 65_534)
            Tap("pe-denied")
        except TapError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as told:
        words = told.read()
    assert words.startswith("no right to make the TAP device pe-denied: run as root, or let root make it for you")
    assert "ip tuntap add dev pe-denied mode tap user $USER" in words
