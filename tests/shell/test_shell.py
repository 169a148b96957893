"""The shell of a lab host: what its commands find, and that they print as the real ones."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner

from pressenter.cli.main import main
from pressenter.shell.session import Shell
from pressenter.worlds.world import World


class Terminal:
    """A shell, and what stands on its screen."""

    def __init__(self, host: str = "laptop", **settings: str) -> None:
        self.text: list[str] = []
        self.world = World.load(settings=settings)
        self.shell = Shell(self.world, host, self.text.append)

    def __call__(self, line: str) -> str:
        del self.text[:]
        self.code = self.shell.run(line)
        return "".join(self.text)


@pytest.fixture(scope="module")
def laptop() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.world.abandon()
    terminal.world.close()


def shape(text: str) -> str:
    """A text without its numbers, names and addresses."""
    text = re.sub(r"\d+(\.\d+)*", "9", text)
    return re.sub(r"\b(localhost|www\.example\.com)\b", "NAME", text)


@pytest.mark.interop
def test_ping_prints_as_the_real_one(laptop: Terminal, program: Callable[[str], str]) -> None:
    real = subprocess.run(
        [program("ping"), "-c", "2", "-i", "0.2", "-4", "localhost"], capture_output=True, text=True, check=True
    )
    ours = laptop("ping -c 2 -i 0.2 www.example.com")
    assert laptop.code == 0
    expected = shape(re.sub(r"from localhost \(127\.0\.0\.1\)", "from 127.0.0.1", real.stdout))
    assert shape(ours) == expected


def test_ping_tells_what_is_wrong(laptop: Terminal) -> None:
    assert "From 203.0.113.1 icmp_seq=1" in laptop("ping -c 1 -t 2 93.184.215.14") and laptop.code == 1
    assert "100% packet loss" in laptop("ping -c 1 93.184.215.99")
    assert laptop("ping -c 1 nosuch.example.com") == "ping: nosuch.example.com: Name or service not known\n"
    assert "Usage: ping" in laptop("ping") and laptop.code == 2


def test_the_way_is_shown(laptop: Terminal) -> None:
    lines = laptop("traceroute -q 1 www.example.com").splitlines()
    assert lines[0] == "traceroute to www.example.com (93.184.215.14), 30 hops max, 60 byte packets"
    hops = [re.fullmatch(r" \d  (\S+) \((\S+)\)  [\d.]+ ms", line) for line in lines[1:]]
    assert [hop[1] for hop in hops if hop][:1] == ["192.168.1.1"] and len(hops) == 7
    assert hops[-1] is not None and hops[-1][1] == "93.184.215.14"


def test_dig(laptop: Terminal) -> None:
    text = laptop("dig www.example.com")
    assert "status: NOERROR" in text and re.search(r"^web\.centre\.test\.\s+\d+\s+IN\tA\t93\.184\.215\.14$", text, re.M)
    assert ";; SERVER: 192.168.1.1#53(192.168.1.1) (UDP)" in text
    assert laptop("dig +short www.example.com").split() == ["web.centre.test.", "93.184.215.14"]
    assert "status: NXDOMAIN" in laptop("dig nosuch.example.com")
    assert "\tNS\tns1.example.com." in laptop("dig @198.51.100.66 example.com NS")
    traced = laptop("dig +trace www.example.com")
    steps = re.findall(r";; Received \d+ bytes from ([\d.]+)#53\((\S+)\) in \d+ ms", traced)
    assert [name for _, name in steps] == ["a.root-servers.net", "a.gtld-servers.net", "ns1.example.com"]
    assert re.search(r"^com\.\s+518400\s+IN\tNS\ta\.gtld-servers\.net\.$", traced, re.M)
    assert "Invalid option: +what" in laptop("dig +what x") and laptop.code == 2


def test_curl(laptop: Terminal) -> None:
    page = laptop("curl http://www.example.com/")
    assert "<title>Example of a long way</title>" in page
    told = laptop("curl -v -o /dev/null http://example.com/")
    assert "> GET / HTTP/1.1" in told and "< HTTP/1.1 301 Moved Permanently" in told and "<html" not in told
    assert "Example of a long way" in laptop("curl -L http://example.com/")
    assert laptop("curl -I http://www.example.com/").startswith("HTTP/1.1 200 OK")
    assert "A secure way" in laptop("curl https://secure.example.com/") or laptop.code == 0
    assert laptop("curl http://closed.example.com/").startswith("curl: (7)") and laptop.code == 7
    assert laptop("curl http://nosuch.example.com/").startswith("curl: (6)")


def test_tables(laptop: Terminal) -> None:
    laptop("ping -c 1 192.168.1.1")
    assert "inet 192.168.1.10/24 brd 192.168.1.255 scope global eth0" in laptop("ip addr")
    assert laptop("ip a") == laptop("ip address show")
    assert "default via 192.168.1.1 dev eth0" in laptop("ip route")
    assert re.search(r"^192\.168\.1\.1 dev eth0 lladdr 02:\S+ REACHABLE$", laptop("ip neigh"), re.M)
    assert re.search(r"^\? \(192\.168\.1\.1\) at 02:\S+ \[ether\] on eth0$", laptop("arp -a"), re.M)
    assert "0.0.0.0         192.168.1.1     0.0.0.0         UG" in laptop("route -n") == laptop("netstat -rn")
    assert laptop("cat /etc/hosts").endswith("192.168.1.30\tprinter.home.arpa\n")
    assert laptop("cat /etc/resolv.conf") == "nameserver 192.168.1.1\n"
    assert "eth0" in laptop("cat /proc/interrupts") and laptop("hostname") == "laptop\n"
    assert "No such file" in laptop("cat /etc/shadow") and laptop.code == 1
    assert (
        "Usage: ip" in laptop("ip x")
        and "command not found; did you mean 'ping'" in laptop("pong")
        and laptop.code == 127
    )


def test_connections_on_a_server() -> None:
    server = Terminal("web-1")
    assert re.search(r"^tcp +0 +0 0\.0\.0\.0:80 +0\.0\.0\.0:\* +LISTEN", server("netstat -napt"), re.M)
    assert server("ss -ti").startswith("State")


def test_tcpdump_shows_what_has_passed(laptop: Terminal) -> None:
    laptop("ping -c 1 192.168.1.1")
    text = laptop("tcpdump -n -i eth0 icmp")
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{6} IP 192\.168\.1\.10 > 192\.168\.1\.1: ICMP echo request", text, re.M)
    assert "who-has 192.168.1.1 tell 192.168.1.10" in laptop("tcpdump -n arp")
    laptop("curl -o /dev/null http://www.example.com/")
    assert re.search(
        r"IP 192\.168\.1\.10\.\d+ > 93\.184\.215\.14\.80: Flags \[S\], seq \d+, win", laptop("tcpdump -n tcp")
    )
    assert "No such device" in laptop("tcpdump -i wlan9")


def test_the_command() -> None:
    run = CliRunner().invoke
    done = run(main, ["shell", "phone", "-c", "hostname", "-c", "ping -c 1 192.168.1.10"])
    assert done.exit_code == 0 and done.output.startswith("phone\nPING 192.168.1.10")
    piped = run(main, ["shell"], input="hostname\n# nothing\n'\ncat /etc/hostname\n")
    assert piped.output.split("\n")[0] == "laptop" and "No closing quotation" in piped.output
    ended = run(main, ["shell"], input="curl http://www.example.com/ | head\nexit\nhostname\n")
    assert (
        ended.output == "sh: |: here a line is one command, without pipes and redirections\n" and ended.exit_code == 2
    )
    wrong = run(main, ["shell", "latpop"])
    assert wrong.exit_code == 2 and "did you mean 'laptop'" in wrong.output
    assert run(main, ["shell", "-c", "curl http://nosuch.example.com/"]).exit_code == 6


def test_iperf3_measures_what_a_line_bears() -> None:
    """Two shells in one world: a line of 5 Mbit/s, in both directions, and what is wrong said."""
    world = World.load(settings={"links.laptop:eth0--home-switch:1.rate": "5Mbit/s"}, record=False)
    server_text: list[str] = []
    server = world.host("web-1").start(Shell(world, "web-1", server_text.append).execute("iperf3 -s"))
    client_text: list[str] = []
    client = Shell(world, "laptop", client_text.append)
    for options, streams in (("-t 3", 1), ("-t 3 -R", 1), ("-n 1M -P 2", 2)):
        del client_text[:]
        assert client.run(f"iperf3 -c 93.184.215.14 {options}") == 0
        told = "".join(client_text)
        assert "connected to 93.184.215.14 port 5201" in told and told.endswith("iperf Done.\n")
        rates = [float(rate) for rate in re.findall(r"([\d.]+) Mbits/sec +(?:receiver)", told)]
        assert len(rates) == streams + (streams > 1) and 3.5 < rates[-1] < 4.9, told
    assert not server.done() and "".join(server_text).count("Accepted connection from 203.0.113.2") == 3
    assert client.run("iperf3 -c 93.184.215.14 -p 9") == 1 and "iperf3: error - " in client_text[-1]
    assert client.run("iperf3") == 2
    world.abandon()
    world.close()


@pytest.mark.parametrize("parallel", ["many", 0, 1000, None])
def test_the_iperf3_server_refuses_what_it_cannot_do(parallel: object) -> None:
    """And says so to both ends, and goes on."""
    world = World.load(record=False)
    server_text: list[str] = []
    server = world.host("web-1").start(Shell(world, "web-1", server_text.append).execute("iperf3 -s"))

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("93.184.215.14", 5201)
        writer.write(b"c" * 36 + b"\0")
        asked = json.dumps({"tcp": True, "parallel": parallel}).encode()
        writer.write(len(asked).to_bytes(4, "big") + asked)
        answer = await reader.read()
        writer.close()
        return answer

    assert world.host("laptop").run(ask()) == b"\x09\xfe" + bytes(8)
    assert f"iperf3: error - the client asks for {parallel} streams" in "".join(server_text) and not server.done()
    world.abandon()
    world.close()
