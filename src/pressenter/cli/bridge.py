"""``pressenter bridge``: a TAP device on a switch of the world, so that the kernel's programs are in it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pressenter.cli.options import SEED, SETTINGS, SITES, WORLD

if TYPE_CHECKING:
    import asyncio

    from pressenter.bridge.real_time import RealTime
    from pressenter.worlds.world import World

__all__ = ["bridge"]

_LAST_WORDS_NS = 200_000_000  # longer than any way through the built-in world


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--tap", "name", required=True, metavar="NAME", help="Name of the TAP device; it is made if it is not there."
)
@click.option("--namespace", metavar="NAME", help="The network namespace (ip netns) that the device is in.")
@click.option("--switch", help="Where to plug it in (default: the switch at which the person's computer is).")
@click.option("--configure", is_flag=True, help="Give the device its address and route (needs root).")
@click.option(
    "--run",
    "commands",
    multiple=True,
    metavar="COMMAND",
    help="Run this in the shell of the person's computer, then end. Repeatable.",
)
@click.option("--seconds", type=float, help="How long to run (default: until Ctrl-C).")
@click.option(
    "--capture", type=click.Path(dir_okay=False, path_type=Path), help="Write what passed every port, at the end."
)
@SEED
@WORLD
@SITES
@SETTINGS
def bridge(
    name: str, namespace: str | None, switch: str | None, configure: bool, seconds: float | None, capture: Path | None,
    commands: tuple[str, ...], seed: int, world: Path | None, sites: dict[str, Path], settings: dict[str, str],
) -> None:  # fmt: skip
    """Put the Linux kernel into the world: curl, dig, ping, a browser … reach its servers through its network.

    The device is a cable to a switch of the world, which then runs as fast as the real clock.

    \b
    Example, as root:
      ip netns add lab
      pressenter bridge --tap tap0 --namespace lab --configure &
      ip netns exec lab curl -H "Host: www.example.com" http://93.184.215.14/
      pressenter bridge --tap tap0 --namespace lab --configure --run "ping -c 3 192.168.1.250"
    """
    from pressenter.bridge.kernel import BridgeError
    from pressenter.bridge.kernel import bridge as plug_in
    from pressenter.bridge.tap import Tap, TapError
    from pressenter.worlds.schema import WorldFileError
    from pressenter.worlds.world import World as WorldClass

    try:
        built = WorldClass.load(world, seed=seed, sites=sites, settings=settings, record=capture is not None)
        tap = Tap(name, namespace, large_segments=True)
        switch = switch or _home_switch(built)
        real_time, seat = plug_in(built, tap, switch)
    except (WorldFileError, TapError, BridgeError) as error:
        click.echo(f"pressenter: {error}", err=True)
        sys.exit(2)
    _configure(seat.commands(name), namespace, configure)
    click.echo(f"{name} is at {switch}: {seat.address}, gateway {seat.gateway}, name server {seat.name_server}")
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell has its background jobs ignore the first
        signal.signal(ending, signal.default_int_handler)
    end = time.monotonic() + seconds if seconds is not None else None
    code = 0
    try:
        for command in commands:
            code = _run_in_world(built, real_time, command)
        if commands:  # what the last one has said is still on its way
            arrived_ns = built.agenda.now_ns + _LAST_WORDS_NS
            real_time.run(lambda: built.agenda.now_ns >= arrived_ns)
        if not commands or end is not None:
            real_time.run(lambda: end is not None and time.monotonic() > end)
    except KeyboardInterrupt:
        click.echo()
    finally:
        built.abandon()
        tap.close()
    click.echo(f"{tap.read} frames from the kernel, {tap.written} to it, {tap.refused} that it did not take")
    if real_time.behind:
        click.echo(f"{real_time.behind} times the world was late, {real_time.latest_ns / 1e6:.1f} ms at most")
    if capture is not None:
        from pressenter.trace.pcapng import pcapng_bytes

        recorder = built.recorder
        secrets, begin = recorder.key_log(), built.epoch_seconds
        capture.write_bytes(pcapng_bytes(recorder.frames, recorder.events, epoch_seconds=begin, key_log=secrets))
        click.echo(str(capture))
    built.close()
    sys.exit(code)


def _run_in_world(world: World, real_time: RealTime, command: str) -> int:
    """A line in the shell of the person's computer, as fast as the real clock; its exit code."""
    from pressenter.shell.session import Shell

    host = world.file.browser.host
    shell = Shell(world, host, lambda text: click.echo(text, nl=False))
    task: asyncio.Task[int] = world.host(host).start(shell.execute(command))
    real_time.run(task.done)
    return task.result()


def _home_switch(world: World) -> str:
    """The switch at the other end of the person's cable."""
    person = world.file.browser.host
    for link in world.links:
        nodes = [port.node for port in link.ends]
        if person in nodes:
            return next(node for node in nodes if node != person)
    return ""


def _configure(commands: list[str], namespace: str | None, really: bool) -> None:
    """Run what gives the kernel's interface its address and route, or only say it."""
    within = f"ip netns exec {namespace} " if namespace else ""
    for command in commands:
        if really:
            _run(f"{within}{command}")
        else:
            click.echo(f"# {within}{command}")


def _run(command: str) -> None:
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode and "File exists" not in done.stderr:
        click.echo(f"pressenter: {command}: {done.stderr.strip()}", err=True)
        sys.exit(2)
