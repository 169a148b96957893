"""tshark reads what we wrote, and finds nothing wrong with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import pressenter

pytestmark = pytest.mark.interop

#: Verify everything that can be verified.
_CHECKS = ["eth.check_fcs", "ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"]
_SERIOUS = "_ws.malformed || _ws.expert.severity == error || eth.fcs.status == Bad || ip.checksum.status == Bad \
|| tcp.checksum.status == Bad || udp.checksum.status == Bad || icmp.checksum.status == Bad"


@pytest.fixture
def tshark(program: Callable[[str], str], tmp_path: Path) -> Callable[..., list[str]]:
    path = program("tshark")

    def run(capture: bytes, *arguments: str) -> list[str]:
        (tmp_path / "x.pcapng").write_bytes(capture)
        options = [item for check in _CHECKS for item in ("-o", f"{check}:TRUE")]
        command = [path, "-r", str(tmp_path / "x.pcapng"), *options, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    return run


def test_no_packet_is_malformed_and_every_checksum_is_right(
    journey: pressenter.Journey, secure_journey: pressenter.Journey, tshark
) -> None:
    for made in (journey, secure_journey):
        capture = made.capture()
        assert len(tshark(capture, "-T", "fields", "-e", "frame.number")) == len(made.packets)
        # A packet passes many ports, which looks like a retransmission to whoever takes them for one:
        # sequences are analysed port by port, in a test of their own.
        packet_by_packet = ["-o", "tcp.analyze_sequence_numbers:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE"]
        assert tshark(capture, *packet_by_packet, "-Y", _SERIOUS) == []
        assert set(tshark(capture, "-T", "fields", "-e", "eth.fcs.status")) == {"1"}  # every FCS verified and good


def test_the_checks_above_can_fail(journey: pressenter.Journey, tshark) -> None:
    capture = bytearray(journey.capture(["laptop:eth0"]))
    where = capture.index(b"GET / HTTP/1.1")
    capture[where + 1] ^= 1
    assert tshark(bytes(capture), "-Y", _SERIOUS)


def test_at_no_port_does_tcp_analysis_find_an_error(journey: pressenter.Journey, tshark) -> None:
    ports = sorted({frame.port for frame in journey.packets})
    assert len(ports) > 30
    for port in ports:
        capture = journey.capture([port])
        assert tshark(capture, "-Y", f"(tcp.analysis.flags && !tcp.analysis.window_update) || {_SERIOUS}") == [], port


def test_under_loss_tshark_sees_what_we_recorded(tshark) -> None:
    from tests.test_journey import world_with

    made = pressenter.go("www.example.com", world=world_with(3, loss=0.08))
    retransmissions = [e for e in made.events if e.name == "tcp.retransmit"]
    assert retransmissions
    found = tshark(made.capture(["laptop:eth0", "web-1:eth0"]), "-Y", "tcp.analysis.flags")
    assert found


def test_names_of_ports_comments_and_directions(journey: pressenter.Journey, tshark) -> None:
    rows = tshark(
        journey.capture(), "-T", "fields", "-e", "frame.interface_name", "-e", "frame.comment",
        "-e", "frame.packet_flags_direction",
    )  # fmt: skip
    names = {row.split("\t")[0] for row in rows}
    assert {"laptop:eth0", "home-switch:1", "home-router:wan", "exchange:2", "web-1:eth0"} <= names
    asked = [row for row in rows if "laptop: asks 192.168.1.1 for www.example.com. A" in row]
    assert asked and all("event " in row for row in asked)
    assert {row.split("\t")[2] for row in rows} == {"0x00000001", "0x00000002"} or {
        row.split("\t")[2] for row in rows
    } == {"1", "2"}


def test_tls_is_decrypted_with_the_embedded_keys(secure_journey: pressenter.Journey, tshark) -> None:
    capture = secure_journey.capture(["laptop:eth0"])
    found = tshark(capture, "-Y", "tls && http", "-T", "fields", "-e", "http.request.uri", "-e", "http.response.code")
    assert [row.split("\t") for row in found] == [["/", ""], ["", "200"]]
    versions = tshark(
        capture, "-Y", "tls.handshake.type == 2", "-T", "fields", "-e", "tls.handshake.extensions.supported_version"
    )
    assert versions == ["0x0304"]  # TLS 1.3


def test_dns_and_arp_are_what_tshark_says_they_are(journey: pressenter.Journey, tshark) -> None:
    capture = journey.capture(["resolver:eth0"])
    asked = tshark(capture, "-Y", "dns.flags.response == 0 && ip.src == 198.51.100.66", "-T", "fields", "-e", "ip.dst")
    assert len(asked) == 6
    aliases = tshark(capture, "-Y", "dns.cname", "-T", "fields", "-e", "dns.cname")
    assert any("web.centre.test" in row for row in aliases)
    arp = tshark(journey.capture(["laptop:eth0"]), "-Y", "arp", "-T", "json")
    packets = json.loads("\n".join(arp))
    assert packets[0]["_source"]["layers"]["arp"]["arp.isgratuitous"] == "1"
