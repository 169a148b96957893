"""TCP on lines as bad as one likes: ``python tests/soak.py --seeds 1000``.

Each seed is a world of its own: two hosts, a link that loses up to 30 % of the frames, duplicates,
reorders and damages them, now and then a middlebox that removes TCP options, a congestion control
by chance, and several connections that send both ways at once.  What must hold: the bytes
arrive intact or the error is clean; an hour of virtual time later nothing is left: no timer, no
connection.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pressenter.host.tcp.congestion import CONGESTION_CONTROLS
from pressenter.host.tcp.parameters import Ecn
from pressenter.network.link import Faults
from pressenter.wire.checksum import internet_checksum, pseudo_header_sum
from pressenter.wire.ethernet import add_fcs
from pressenter.wire.port import Port
from pressenter.wire.tcp import NO_OPTIONS, build_tcp, parse_tcp
from tests.networks import Cable

__all__ = ["soak"]

_PATIENCE_SECONDS = 1800
_HOUR_NS = 3600 * 1_000_000_000
_CLEAN = (ConnectionError, TimeoutError, OSError)


class OptionStripper:
    """A middlebox before a port: it removes every option from TCP segments, also from SYNs."""

    def __init__(self, port: Port) -> None:
        self.medium = port.medium
        assert self.medium is not None
        port.medium = self

    def transmit(self, port: Port, frame: bytes, delay_ns: int = 0) -> int:
        assert self.medium is not None
        if frame[12:14] == b"\x08\x00" and frame[23] == 6:
            source, destination = frame[26:30], frame[30:34]
            total = int.from_bytes(frame[16:18], "big")
            segment = parse_tcp(source, destination, frame[34 : 14 + total])
            if segment.options != NO_OPTIONS:
                bare = build_tcp(source, destination, segment._replace(options=NO_OPTIONS))
                offset = frame[34 + 12] >> 4
                # As long as it was: the options become NOPs, so that nothing else need change.
                padded = bytearray(frame[34 : 14 + total])
                padded[20 : offset * 4] = b"\x01" * (offset * 4 - 20)
                padded[16:18] = b"\0\0"
                checksum = internet_checksum(bytes(padded), pseudo_header_sum(source, destination, 6, len(padded)))
                padded[16:18] = checksum.to_bytes(2, "big")
                assert len(bare) <= len(padded)
                frame = add_fcs(frame[:34] + bytes(padded) + frame[14 + total : -4])
        return self.medium.transmit(port, frame, delay_ns)


def soak(seed: int, worst_loss: float = 0.3) -> dict[str, object]:
    """One world; returns what happened.  Raises AssertionError if something that must hold does not."""
    chance = random.Random(seed)
    faults = Faults(
        loss=chance.choice((0, 0.01, chance.uniform(0, worst_loss))),
        duplicate=chance.choice((0, 0.02, 0.2)),
        reorder=chance.choice((0, 0.05, 0.3)),
        corrupt=chance.choice((0, 0.01, 0.05)),
        reorder_delay_ns=chance.choice((100_000, 5_000_000, 80_000_000)),
    )
    cable = Cable(
        seed=seed, rate_bps=chance.choice((1_000_000, 20_000_000, 1_000_000_000)),
        delay_ns=chance.choice((50_000, 5_000_000, 100_000_000)), queue_bytes=chance.choice((20_000, 200_000, 1 << 20)),
        mtu=chance.choice((576, 1500, 9000)), faults=faults, record=False,
    )  # fmt: skip
    if chance.random() < 0.3:
        OptionStripper(cable.left.ports["eth0"])
        OptionStripper(cable.right.ports["eth0"])
    for host in (cable.left, cable.right):
        parameters = host.tcp.parameters
        parameters.congestion_control = chance.choice(sorted(CONGESTION_CONTROLS))
        parameters.rack = chance.random() < 0.8
        parameters.sack = chance.random() < 0.8
        parameters.timestamps = chance.random() < 0.8
        parameters.ecn = chance.choice(list(Ecn))
    sizes = [chance.choice((0, 1, 1000, 30_000, 200_000)) for _ in range(chance.randint(1, 4))]
    outcome = {"seed": seed, "faults": faults, "sizes": sizes, "whole": 0, "failed": 0}

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Who only listens learns of a peer that is gone by asking.
        line = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 600)
        try:
            while data := await reader.read(8192):
                writer.write(data)
                await writer.drain()
        except _CLEAN:
            pass
        finally:
            writer.close()

    async def ask(size: int) -> None:
        sent = random.Random(size).randbytes(size)
        writer = None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                reader, writer = await asyncio.open_connection("10.0.0.2", 9000)
                writer.write(sent)
                writer.write_eof()
                got = await reader.read(-1)
                writer.close()
        except _CLEAN:
            if writer is not None:
                writer.transport.abort()
            outcome["failed"] = int(str(outcome["failed"])) + 1
            return
        assert got == sent, f"seed {seed}: {len(got)} bytes of {len(sent)} came back, or others"
        outcome["whole"] = int(str(outcome["whole"])) + 1

    async def everything() -> None:
        await asyncio.gather(*(ask(size) for size in sizes))

    server = cable.right.run(asyncio.start_server(echo, "0.0.0.0", 9000))
    cable.left.start(everything())
    cable.agenda.run(_HOUR_NS)
    server.close()
    cable.agenda.run(2 * _HOUR_NS)  # what an aborted peer has not heard of ends by its own timers
    assert outcome["whole"] + outcome["failed"] == len(sizes), f"seed {seed}: somebody still waits"  # type: ignore[operator]
    for host in (cable.left, cable.right):
        assert not host.tcp.endpoints, f"seed {seed}: {host.name} keeps {[str(q) for q in host.tcp.endpoints]}"
    assert cable.agenda.next_ns is None, f"seed {seed}: a timer is left"
    return outcome


def main() -> None:
    """Soak for as many seeds as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    arguments = parser.parse_args()
    whole = failed = 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        outcome = soak(seed)
        whole += int(str(outcome["whole"]))
        failed += int(str(outcome["failed"]))
        if sys.stdout.isatty():
            print(f"\rseed {seed}", end="", flush=True)
    print(
        f"\r{arguments.seeds} worlds: {whole} transfers whole, {failed} ended with a clean error, nothing left behind"
    )


if __name__ == "__main__":
    main()
