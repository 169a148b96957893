"""``pressenter bridge``: the kernel's own programs in the built-in world, through a TAP device in a namespace."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests import bridge_soak

pytestmark = pytest.mark.interop

NAMESPACE = f"pe-bridge-{os.getpid()}"


def inside(command: str, check: bool = True) -> str:
    """Run a program of the operating system in the namespace; its output."""
    words = ["ip", "netns", "exec", NAMESPACE, *command.split()]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def _right_to_make_a_device() -> None:
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        pytest.skip("making a TAP device needs root and /dev/net/tun")


@pytest.fixture(scope="module")
def bridged(program: Callable[[str], str]) -> Iterator[subprocess.Popen[str]]:
    """A bridge that runs."""
    for name in ("ip", "curl", "dig", "ping", "traceroute"):
        program(name)
    told: list[str] = []
    with bridge_soak.bridged(NAMESPACE, told) as process:
        yield process
    assert "frames from the kernel" in told[0] and "Traceback" not in told[0]


def test_ping_finds_router_and_server(bridged: object) -> None:
    assert "0% packet loss" in inside("ping -c 3 -i 0.3 192.168.1.1")
    found = re.search(r"min/avg/max/mdev = ([\d.]+)/", inside("ping -c 2 -i 0.3 93.184.215.14"))
    assert found is not None and float(found[1]) > 19  # Beijing to Guangzhou and back, 1,967 km of fibre


def test_dig_asks_the_labs_name_servers(bridged: object) -> None:
    assert inside("dig +short www.example.com").split() == ["web.centre.test.", "93.184.215.14"]
    assert "NXDOMAIN" in inside("dig nosuch.example.com")


def test_curl_fetches_a_page_by_its_name(bridged: object) -> None:
    page = inside("curl -s --max-time 20 http://www.example.com/")
    assert "<title>Example of a long way</title>" in page
    status = inside("curl -s -o /dev/null -w %{http_code}:%{redirect_url} --max-time 20 http://example.com/")
    assert status == "301:http://www.example.com/"


def test_traceroute_shows_the_way(bridged: object) -> None:
    way = re.findall(r"^ *\d+ +(\S+)", inside("traceroute -n -q 1 -w 2 93.184.215.14"), re.M)
    assert way == [
        "192.168.1.1", "203.0.113.1", "198.51.100.2", "192.0.2.2", "203.0.113.66", "203.0.113.78", "93.184.215.14",
    ]  # fmt: skip


def test_the_kernel_finds_no_wrong_checksum(bridged: object) -> None:
    inside("curl -s -o /dev/null --max-time 20 http://www.example.com/route.png")
    errors = [line.split() for line in inside("nstat -az").splitlines() if "CsumErrors" in line or "InErrs" in line]
    assert errors and all(int(row[1]) == 0 for row in errors), errors


def test_chromium_shows_the_labs_page(bridged: object, program: Callable[[str], str], tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    chromium = [
        program("chromium"), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=800,600", "--hide-scrollbars", "--force-device-scale-factor=1",
    ]  # fmt: skip
    page = inside(" ".join([*chromium, "--dump-dom", "http://www.example.com/"]))
    assert "<title>Example of a long way</title>" in page
    inside(" ".join([*chromium, f"--screenshot={picture}", "http://www.example.com/"]))
    with Image.open(picture) as image:
        colours = image.convert("RGB").getcolors(1 << 20)
        assert image.size == (800, 600) and colours is not None and len(colours) > 100  # text and a picture, not a void


def test_curl_in_a_loop_leaves_nothing_behind(program: Callable[[str], str]) -> None:
    """A sample of ``python tests/bridge_soak.py``."""
    program("curl")
    result = bridge_soak.soak(4)
    assert result.fetches > 10 and result.complaints() == []


def test_iperf3_in_both_directions_and_roles(program: Callable[[str], str]) -> None:
    program("iperf3")
    name = f"{NAMESPACE}-i"
    subprocess.run(["ip", "netns", "add", name], check=True)
    inside_it = ["ip", "netns", "exec", name, "iperf3"]
    server = subprocess.Popen([*inside_it, "-s"], stdout=subprocess.PIPE, text=True)
    commands = [
        "iperf3 -c 192.168.1.250 -n 5M", "iperf3 -c 192.168.1.250 -n 5M -R -P 2", "iperf3 -s -1", "iperf3 -s -1",
        "iperf3 -s -1",
    ]  # fmt: skip
    bridge = [sys.executable, "-m", "pressenter", "bridge", "--tap", "tap0", "--namespace", name, "--configure"]
    process = subprocess.Popen(
        [*bridge, *(part for command in commands for part in ("--run", command))],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines: list[str] = []
        answers: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Server listening"):
                options = ("-n 5M", "-n 5M -R -P 2", "-u -t 1")[len(answers)].split()
                client = [*inside_it, "-c", "192.168.1.10", "--json", *options]
                answers.append(subprocess.run(client, capture_output=True, text=True, check=False, timeout=60).stdout)
        assert process.wait(30) == 0
    finally:
        process.kill()
        server.kill()
        server.wait()
        subprocess.run(["ip", "netns", "del", name], check=False)
    told = "".join(lines)
    assert told.count("iperf Done.") == 2 and told.count("Accepted connection from 192.168.1.250") == 3
    up, down, datagrams = map(json.loads, answers)
    for answer in (up, down):
        assert answer["end"]["sum_received"]["bytes"] > 2_000_000, answer.get("error")
    assert "only TCP is measured here" in told and "error" in datagrams


@pytest.fixture
def nginx(program: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """A namespace in which nginx serves; its name."""
    path = program("nginx")
    name = f"{NAMESPACE}-n"
    subprocess.run(["ip", "netns", "add", name], check=True)
    (tmp_path / "index.html").write_text("<title>From the kernel</title>" + "x" * 100_000)
    tmp_path.chmod(0o755)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; user root; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
        f"http {{ access_log off; server {{ listen 80; root {tmp_path}; }} }}\n"
    )
    server = subprocess.Popen(["ip", "netns", "exec", name, path, "-c", str(tmp_path / "nginx.conf")])
    try:
        yield name
    finally:
        server.terminate()
        server.wait()
        subprocess.run(["ip", "netns", "del", name], check=False)


def test_the_labs_programs_reach_nginx_on_the_kernel(nginx: str) -> None:
    commands = [
        "ping -c 2 -i 0.2 192.168.1.250",
        "traceroute -n -q 1 192.168.1.250",
        "curl http://192.168.1.250/",
        "ip neigh",
    ]
    options = [part for command in commands for part in ("--run", command)]
    done = subprocess.run(
        [sys.executable, "-m", "pressenter", "bridge", "--tap", "tap0", "--namespace", nginx, "--configure", *options],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 received, 0% packet loss" in done.stdout and " 1  192.168.1.250" in done.stdout
    assert "<title>From the kernel</title>" in done.stdout and "x" * 100_000 in done.stdout
    assert re.search(r"^192\.168\.1\.250 dev eth0 lladdr \S+ REACHABLE$", done.stdout, re.M)


def test_whoever_ends_it_gets_what_passed(program: Callable[[str], str], tmp_path: Path) -> None:
    """Ended by ``kill``, in the background of a script, where SIGINT is ignored: the capture is written all the same."""
    program("ip")
    for name in ("INT", "TERM"):
        told = tmp_path / f"{name}.txt"
        script = (
            f"{sys.executable} -m pressenter bridge --tap pe-kill --capture {tmp_path}/{name}.pcapng"
            f' --run "ping -c 1 192.168.1.1" --run "sleep 100" > {told} 2>&1 &'
            f" for n in $(seq 300); do grep -q received {told} && break; sleep 0.1; done; kill -{name} $!; wait $!"
        )
        subprocess.run(["sh", "-c", script], check=False, timeout=60)
        assert "1 received, 0% packet loss" in told.read_text() and "frames from the kernel" in told.read_text()
        assert (tmp_path / f"{name}.pcapng").stat().st_size > 1000


def test_what_is_wrong_is_said() -> None:
    def run(*options: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "pressenter", "bridge", *options], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    assert run("--tap", "tap9", "--namespace", "pe-nowhere")[0] == 2
    code, words = run("--tap", "tap9", "--switch", "home-swich", "--seconds", "0.1")
    assert code == 2 and "did you mean 'home-switch'" in words
