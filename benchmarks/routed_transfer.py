"""Ten megabytes over three links and two routers, ours and ns-3's: ``python benchmarks/routed_transfer.py``.

Each link has 100 Mbit/s and 10 ms.  Whole processes from cold, and the run loops alone; ns-3
(``pip install ns3``) is measured if ``--ns3 PYTHON`` names a Python that has it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time

SIZE = 10_000_000
PORT = 9000

NS3 = (
    """
import time
from ns import ns
nodes = ns.NodeContainer(); nodes.Create(4)
link = ns.PointToPointHelper()
link.SetDeviceAttribute("DataRate", ns.StringValue("100Mbps"))
link.SetChannelAttribute("Delay", ns.StringValue("10ms"))
ns.InternetStackHelper().Install(nodes)
for index in range(3):
    devices = link.Install(nodes.Get(index), nodes.Get(index + 1))
    addresses = ns.Ipv4AddressHelper()
    addresses.SetBase(ns.Ipv4Address(f"10.1.{index}.0"), ns.Ipv4Mask("255.255.255.0"))
    assigned = addresses.Assign(devices)
ns.Config.SetDefault("ns3::TcpSocket::SegmentSize", ns.UintegerValue(1448))
ns.Config.SetDefault("ns3::TcpSocket::SndBufSize", ns.UintegerValue(4 << 20))
ns.Config.SetDefault("ns3::TcpSocket::RcvBufSize", ns.UintegerValue(6 << 20))
ns.Ipv4GlobalRoutingHelper.PopulateRoutingTables()
target = ns.InetSocketAddress(assigned.GetAddress(1), 9000).ConvertTo()
sender = ns.BulkSendHelper("ns3::TcpSocketFactory", target)
sender.SetAttribute("MaxBytes", ns.UintegerValue(%d))
sender.Install(nodes.Get(0)).Start(ns.Seconds(0))
sink = ns.PacketSinkHelper("ns3::TcpSocketFactory", ns.InetSocketAddress(ns.Ipv4Address.GetAny(), 9000).ConvertTo())
sinks = sink.Install(nodes.Get(3)); sinks.Start(ns.Seconds(0))
ns.Simulator.Stop(ns.Seconds(60))
began = time.perf_counter()
ns.Simulator.Run()
print(time.perf_counter() - began)
"""
    % SIZE
)


def run_ours() -> float:
    """One transfer; returns the seconds of the run loop."""
    from pressenter.host.routes import Route
    from pressenter.network.link import Link
    from pressenter.network.router import Router
    from pressenter.sim import Agenda, Randomness
    from pressenter.trace import Recorder
    from pressenter.wire.address import ipv4_bytes

    agenda = Agenda()
    recorder = Recorder(agenda, False)
    randomness = Randomness(1)
    nodes = [Router(f"n{index}", agenda, recorder, randomness, latency_ns=0) for index in range(4)]
    for index in range(3):
        ends = []
        for side in (0, 1):
            node = nodes[index + side]
            name = f"eth{index}"
            node.add_port(name, bytes((2, 0, 0, 0, index, side)), ipv4_bytes(f"10.1.{index}.{side + 1}"), 24)
            ends.append(node.ports[name])
        Link(f"l{index}", *ends, agenda, recorder, randomness, rate_bps=100_000_000, delay_ns=10_000_000,
             queue_bytes=150_000)  # fmt: skip
    for index, node in enumerate(nodes):
        for network in range(3):
            if network not in (index - 1, index):
                side = network < index
                via = nodes[index - 1 if side else index + 1]
                interface = node.interfaces[0 if side or index == 0 else -1]
                gateway = via.interfaces[-1 if side else 0].address
                node.internet.routes.add(
                    Route(ipv4_bytes(f"10.1.{network}.0"), 24, gateway, interface, interface.address)
                )
    received = [0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 20):
            received[0] += len(data)
        writer.close()

    async def send() -> None:
        _, writer = await asyncio.open_connection("10.1.2.2", PORT)
        writer.write(bytes(SIZE))
        writer.close()
        await writer.wait_closed()

    nodes[3].run(asyncio.start_server(serve, "0.0.0.0", PORT))
    began = time.perf_counter()
    nodes[0].run(send())
    agenda.run()
    seconds = time.perf_counter() - began
    assert received[0] == SIZE, received
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ns3", help="a Python that can import ns")
    parser.add_argument("--once", action="store_true", help="run ours once and print the run loop's seconds")
    arguments = parser.parse_args()
    if arguments.once:
        print(run_ours())
        return
    commands = {"ours": [sys.executable, __file__, "--once"]}
    if arguments.ns3:
        commands["ns-3"] = [arguments.ns3, "-c", NS3]
    whole: dict[str, list[float]] = {name: [] for name in commands}
    loop: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(arguments.runs):
        for name, command in commands.items():
            began = time.perf_counter()
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            whole[name].append(time.perf_counter() - began)
            loop[name].append(float(printed.split()[-1]))
    for name in commands:
        print(
            f"{name:5} whole process {statistics.median(whole[name]):.2f} s, run loop {statistics.median(loop[name]):.3f} s"
        )
    if "ns-3" in commands:
        ratios = [statistics.median(times["ours"]) / statistics.median(times["ns-3"]) for times in (whole, loop)]
        print(f"ours / ns-3: whole process {ratios[0]:.2f}, run loop {ratios[1]:.2f}")


if __name__ == "__main__":
    main()
