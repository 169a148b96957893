"""Two flows share a bottleneck: ``python benchmarks/shared_bottleneck.py docs/congestion.png``.

One link of 20 Mbit/s with a round trip of 40 ms and a queue of one and a half bandwidth-delay
products; the second flow begins after 15 s.  Drawn are the congestion windows and what
arrives, with Jain's fairness index of the last 20 s.  Needs matplotlib.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.networks import Cable

CONTROLS = ("reno", "cubic", "bbr")
RATE_BPS = 20_000_000
ROUND_TRIP_NS = 40_000_000
SECONDS = 60
LATER = 15
STEP_NS = 200_000_000


def measure(control: str) -> dict[str, Any]:
    """Windows in segments and arrivals in Mbit/s of both flows, by time."""
    product = RATE_BPS * ROUND_TRIP_NS // 8_000_000_000
    cable = Cable(rate_bps=RATE_BPS, delay_ns=ROUND_TRIP_NS // 2, queue_bytes=product * 3 // 2, record=False)
    for host in (cable.left, cable.right):
        host.tcp.parameters.congestion_control = control
    arrived = {9001: 0, 9002: 0}

    async def sink(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        while data := await reader.read(1 << 16):
            arrived[port] += len(data)

    async def flow(port: int, after: float) -> None:
        await asyncio.sleep(after)
        _, writer = await asyncio.open_connection("10.0.0.2", port)
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()

    for port in arrived:
        cable.right.run(asyncio.start_server(sink, "0.0.0.0", port))
    cable.left.start(flow(9001, 0.5))
    cable.left.start(flow(9002, LATER))
    times: list[float] = []
    windows: dict[int, list[float]] = {port: [] for port in arrived}
    rates: dict[int, list[float]] = {port: [] for port in arrived}
    before = dict(arrived)
    for step in range(1, SECONDS * 1_000_000_000 // STEP_NS):
        cable.agenda.run(step * STEP_NS)
        times.append(step * STEP_NS / 1e9)
        current = {q.remote_port: e.connection for q, e in cable.left.tcp.endpoints.items()}
        for port in arrived:
            connection = current.get(port)
            windows[port].append(connection.congestion.window / connection.sender.mss if connection else 0.0)
            rates[port].append((arrived[port] - before[port]) * 8 / STEP_NS * 1000)
            before[port] = arrived[port]
    last = [sum(rates[port][-100:]) / 100 for port in arrived]
    fairness = sum(last) ** 2 / (2 * sum(rate**2 for rate in last))
    return {"times": times, "windows": windows, "rates": rates, "last": last, "fairness": fairness}


def main() -> None:
    """Measure, print, and draw if a file is named."""
    logging.disable()  # the flows are cut off in the middle
    results = {control: measure(control) for control in CONTROLS}
    for control, result in results.items():
        shares = " and ".join(f"{rate:.2f}" for rate in result["last"])
        print(f"{control:6} last 20 s: {shares} Mbit/s, Jain's index {result['fairness']:.3f}")
    if len(sys.argv) < 2:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(CONTROLS), 2, figsize=(11, 8), sharex=True, constrained_layout=True)
    for row, (control, result) in zip(axes, results.items(), strict=True):
        for port, colour in ((9001, "#1f6fb4"), (9002, "#d1622b")):
            name = "first flow" if port == 9001 else "second flow"
            row[0].plot(result["times"], result["windows"][port], color=colour, label=name, linewidth=1.3)
            smooth = [
                sum(result["rates"][port][max(0, i - 4) : i + 1]) / min(i + 1, 5) for i in range(len(result["times"]))
            ]
            row[1].plot(result["times"], smooth, color=colour, label=name, linewidth=1.3)
        row[0].set_ylabel(f"{control}\nwindow, segments")
        row[1].set_ylabel("arrives, Mbit/s")
        row[1].set_ylim(0, RATE_BPS / 1e6 * 1.05)
        row[1].set_title(f"Jain's index of the last 20 s: {result['fairness']:.3f}", fontsize=9, loc="right")
        for axis in row:
            axis.grid(alpha=0.25)
            axis.axvline(LATER, color="grey", linewidth=0.7, linestyle=":")
    axes[0][0].legend(loc="upper right", frameon=False)
    for axis in axes[-1]:
        axis.set_xlabel("seconds of virtual time")
    figure.suptitle("Two flows share 20 Mbit/s; round trip 40 ms, queue 1.5 times what the path holds")
    figure.savefig(sys.argv[1], dpi=90)


if __name__ == "__main__":
    main()
