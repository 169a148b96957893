"""``iperf3``: how much passes between two hosts, as a client or a server of the real one's protocol.

The two ends talk over a control connection, whose first 37 bytes, the cookie, name the test; each
stream of data is a connection of its own that begins with the same cookie.  The control
connection carries states, a byte each (``iperf_api.h``), and JSON with its length before it::

    client                                server
      | cookie                              |
      |<--------- PARAM_EXCHANGE -----------|
      | parameters (JSON)                   |
      |<--------- CREATE_STREAMS -----------|
      | one connection for each stream      |
      |<------ TEST_START, TEST_RUNNING ----|
      |  . . . data in one direction . . .  |
      | TEST_END                            |
      |<--------- EXCHANGE_RESULTS ---------|
      | results (JSON) -------> <---------- |
      |<--------- DISPLAY_RESULTS ----------|
      | IPERF_DONE                          |
"""

from __future__ import annotations

import asyncio
import enum
import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from pressenter.shell.session import Options, Shell

__all__ = ["iperf3"]

_PORT = 5201
_COOKIE_LENGTH = 37  # 36 characters and a NUL
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_BLOCK = 128 * 1024
_LONGEST_JSON = 1 << 20
_MOST_STREAMS = 128  # iperf's MAX_STREAMS
_LINE = ("- " * 25).rstrip()
_HEADING = "[ ID] Interval           Transfer     Bitrate"


class _State(enum.IntEnum):
    """What one end tells the other, as a signed byte."""

    TEST_START = 1
    TEST_RUNNING = 2
    TEST_END = 4
    PARAM_EXCHANGE = 9
    CREATE_STREAMS = 10
    SERVER_TERMINATE = 11
    CLIENT_TERMINATE = 12
    EXCHANGE_RESULTS = 13
    DISPLAY_RESULTS = 14
    IPERF_DONE = 16
    ACCESS_DENIED = -1
    SERVER_ERROR = -2


class _TestError(Exception):
    """The test cannot go on; the message says why."""


class _Stream:
    """One connection of a test.

    Attributes:
        identifier: 1, 3, 4, … on both ends.
        sent, received: bytes of data.
    """

    def __init__(self, identifier: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.identifier = identifier
        self.reader = reader
        self.writer = writer
        self.sent = self.received = 0
        self._task: asyncio.Task[None] | None = None

    def connected(self, number: int) -> str:
        """The line that tells where it goes."""
        local, remote = (self.writer.get_extra_info(name)[:2] for name in ("sockname", "peername"))
        return f"[{_row(number)}] local {local[0]} port {local[1]} connected to {remote[0]} port {remote[1]}"

    def begin(self, sends: bool, most: int | None = None) -> None:
        """Send, until `end` or ``most`` bytes, or take what comes."""
        self._task = asyncio.ensure_future(self._send(most) if sends else self._receive())

    async def _send(self, most: int | None) -> None:
        block = bytes(_BLOCK)
        while most is None or self.sent < most:
            self.writer.write(block)
            self.sent += len(block)
            await self.writer.drain()

    async def _receive(self) -> None:
        while data := await self.reader.read(1 << 20):
            self.received += len(data)

    def end(self) -> None:
        """No more data."""
        if self._task is not None:
            self._task.cancel()
        self.writer.close()

    @property
    def bytes(self) -> int:
        """What passed, in the direction of the test."""
        return self.sent or self.received


class _Rows:
    """The table that both ends print."""

    def __init__(self, shell: Shell, streams: Sequence[_Stream]) -> None:
        self._shell = shell
        self._streams = streams
        self._loop = asyncio.get_running_loop()
        self._begin = self._before = self._loop.time()
        self._bytes = [0] * len(streams)
        self._ticking: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """A row each second, until `finish`."""
        self._shell.print(_HEADING)
        self._ticking = asyncio.ensure_future(self._tick())

    @property
    def seconds(self) -> float:
        """How long the test has gone on."""
        return self._loop.time() - self._begin

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._before + 1.0 - self._loop.time())
            self._interval()

    def _interval(self) -> None:
        now = self._loop.time()
        for number, stream in enumerate(self._streams):
            passed = stream.bytes - self._bytes[number]
            self._bytes[number] = stream.bytes
            self.row(_row(number), self._before - self._begin, now - self._begin, passed)
        self._before = now

    def row(self, name: str, begin: float, end: float, count: int, end_name: str = "") -> None:
        """One row: bytes between two times."""
        rate = count * 8 / (end - begin) if end > begin else 0.0
        self._shell.print(
            f"[{name}] {begin:6.2f}-{end:<6.2f} sec  {_unit(count, 1024, 'Bytes')}  {_unit(rate, 1000, 'bits/sec')}"
            f"{'':18}{end_name}".rstrip()
        )

    def finish(self, sent: Sequence[int], received: Sequence[int]) -> None:
        """The sums of the whole test, of both ends."""
        if self._ticking is not None:
            self._ticking.cancel()
        if self._loop.time() - self._before > 0.1:
            self._interval()
        self._shell.print(f"{_LINE}\n{_HEADING}")
        taken = self.seconds
        for number in range(len(self._streams)):
            self.row(_row(number), 0.0, taken, sent[number], "sender")
            self.row(_row(number), 0.0, taken, received[number], "receiver")
        if len(self._streams) > 1:
            self.row("SUM", 0.0, taken, sum(sent), "sender")
            self.row("SUM", 0.0, taken, sum(received), "receiver")


def _row(number: int) -> str:
    return f"{5 + 2 * number:3}"  # the real one prints the number of the socket


def _unit(amount: float, thousand: int, name: str) -> str:
    """Three digits and a unit, as the real one has it."""
    prefixes = ["", "K", "M", "G", "T"]
    while amount >= thousand and len(prefixes) > 1:
        amount /= thousand
        del prefixes[0]
    digits = 2 if amount < 9.995 else 1 if amount < 99.95 else 0
    return f"{amount:4.{digits}f} {prefixes[0]}{name}"


class _Control(NamedTuple):
    """The control connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def tell(self, state: _State) -> None:
        self.writer.write(state.to_bytes(1, "big", signed=True))

    async def hear(self) -> _State:
        number = int.from_bytes(await self.reader.readexactly(1), "big", signed=True)
        try:
            return _State(number)
        except ValueError:
            raise _TestError(f"the other end tells an unknown state, {number}") from None

    async def expect(self, *wanted: _State) -> None:
        for state in wanted:
            heard = await self.hear()
            if heard == _State.ACCESS_DENIED:
                raise _TestError("the server is busy running a test. try again later")
            if heard != state:
                raise _TestError(f"the other end is in state {heard.name}, not {state.name}")

    def send(self, value: dict[str, Any]) -> None:
        text = json.dumps(value).encode()
        self.writer.write(len(text).to_bytes(4, "big") + text)

    async def receive(self) -> dict[str, Any]:
        length = int.from_bytes(await self.reader.readexactly(4), "big")
        if length > _LONGEST_JSON:
            raise _TestError(f"the other end sends {length} bytes of JSON")
        try:
            value = json.loads(await self.reader.readexactly(length))
        except ValueError as error:
            raise _TestError(f"the other end sends what is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise _TestError("the other end sends JSON that is no object")
        return value


def _results(streams: Sequence[_Stream], seconds: float) -> dict[str, Any]:
    return {
        "cpu_util_total": 0.0, "cpu_util_user": 0.0, "cpu_util_system": 0.0, "sender_has_retransmits": 0,
        "streams": [
            {"id": stream.identifier, "bytes": stream.bytes, "retransmits": -1, "jitter": 0, "errors": 0,
             "packets": 0, "start_time": 0, "end_time": seconds}
            for stream in streams
        ],
    }  # fmt: skip


def _other_bytes(results: dict[str, Any], streams: Sequence[_Stream]) -> list[int]:
    """What the other end has counted for each stream."""
    rows = results.get("streams")
    found = {row.get("id"): row.get("bytes") for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}
    counts = [found.get(stream.identifier) for stream in streams]
    return [count if isinstance(count, int) else 0 for count in counts]


def _stream_identifier(number: int) -> int:
    return 1 if number == 0 else number + 2  # iperf_add_stream skips 2


# ---- the server -------------------------------------------------------------------------------


class _Server:
    """Waits for tests on a port; one at a time."""

    def __init__(self, shell: Shell, once: bool) -> None:
        self._shell = shell
        self._once = once
        self._cookie = b""
        self._arrivals: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self.over = asyncio.Event()

    async def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A control connection, or a stream of the test that runs."""
        try:
            cookie = await reader.readexactly(_COOKIE_LENGTH)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()
            return
        if not self._cookie:
            self._cookie = cookie
            await self._control(_Control(reader, writer))
        elif cookie == self._cookie:
            self._arrivals.put_nowait((reader, writer))
        else:
            _Control(reader, writer).tell(_State.ACCESS_DENIED)
            writer.close()

    async def _control(self, control: _Control) -> None:
        host, port = control.writer.get_extra_info("peername")[:2]
        self._shell.print(f"Accepted connection from {host}, port {port}")
        streams: list[_Stream] = []
        try:
            await self._test(control, streams)
        except (_TestError, asyncio.IncompleteReadError, OSError) as error:
            what = "the client has closed" if isinstance(error, asyncio.IncompleteReadError) else error
            self._shell.print(f"iperf3: error - {what}")
        finally:
            for stream in streams:
                stream.end()
            control.writer.close()
            self._cookie = b""
            if self._once:
                self.over.set()

    async def _test(self, control: _Control, streams: list[_Stream]) -> None:
        control.tell(_State.PARAM_EXCHANGE)
        parameters = await control.receive()
        parallel = parameters.get("parallel", 1)
        wrong = ""
        if not parameters.get("tcp") or parameters.get("bidirectional"):
            wrong = "only TCP is measured here, in one direction"
        elif not isinstance(parallel, int) or not 1 <= parallel <= _MOST_STREAMS:
            wrong = f"the client asks for {parallel} streams; there can be 1 to {_MOST_STREAMS}"
        if wrong:
            control.tell(_State.SERVER_ERROR)
            control.writer.write(bytes(8))  # no number of its own, no errno
            raise _TestError(wrong)
        control.tell(_State.CREATE_STREAMS)
        for number in range(parallel):
            streams.append(_Stream(_stream_identifier(number), *await self._arrivals.get()))
            self._shell.print(streams[-1].connected(number))
        control.tell(_State.TEST_START)
        control.tell(_State.TEST_RUNNING)
        rows = _Rows(self._shell, streams)
        rows.begin()
        sends = bool(parameters.get("reverse"))
        theirs = [0] * len(streams)
        for stream in streams:
            stream.begin(sends)
        try:
            await control.expect(_State.TEST_END)
            if sends:
                for stream in streams:
                    stream.end()
            control.tell(_State.EXCHANGE_RESULTS)
            theirs = _other_bytes(await control.receive(), streams)
            control.send(_results(streams, rows.seconds))
            control.tell(_State.DISPLAY_RESULTS)
        finally:
            ours = [stream.bytes for stream in streams]
            rows.finish(*((ours, theirs) if sends else (theirs, ours)))
        await control.expect(_State.IPERF_DONE)


async def _serve(shell: Shell, port: int, once: bool) -> int:
    server = _Server(shell, once)
    listener = await asyncio.start_server(server.on_connection, None, port)
    rule = "-" * 59
    shell.print(f"{rule}\nServer listening on {port}\n{rule}")
    async with listener:
        await server.over.wait()
    return 0


# ---- the client -------------------------------------------------------------------------------


class _Wanted(NamedTuple):
    """What the client asks for."""

    host: str
    port: int
    seconds: float
    most: int | None
    parallel: int
    reverse: bool

    def parameters(self) -> dict[str, Any]:
        """As the protocol has them."""
        return {
            "tcp": True, "omit": 0, "time": 0 if self.most else math.ceil(self.seconds), "num": self.most or 0,
            "blockcount": 0, "parallel": self.parallel, "len": _BLOCK, "pacing_timer": 1000, "client_version": "3.12",
        } | ({"reverse": True} if self.reverse else {})  # fmt: skip


async def _measure(shell: Shell, wanted: _Wanted) -> None:
    shell.print(f"Connecting to host {wanted.host}, port {wanted.port}")
    draw = shell.world.randomness.stream(f"iperf3/{shell.host.name}/{shell.next_identifier()}")
    cookie = "".join(draw.choices(_ALPHABET, k=_COOKIE_LENGTH - 1)).encode() + b"\0"
    control = _Control(*await asyncio.open_connection(wanted.host, wanted.port))
    streams: list[_Stream] = []
    try:
        control.writer.write(cookie)
        await control.expect(_State.PARAM_EXCHANGE)
        control.send(wanted.parameters())
        await control.expect(_State.CREATE_STREAMS)
        if wanted.reverse:
            shell.print(f"Reverse mode, remote host {wanted.host} is sending")
        for number in range(wanted.parallel):
            stream = _Stream(_stream_identifier(number), *await asyncio.open_connection(wanted.host, wanted.port))
            stream.writer.write(cookie)
            streams.append(stream)
            shell.print(stream.connected(number))
        await control.expect(_State.TEST_START, _State.TEST_RUNNING)
        await _run(shell, wanted, control, streams)
    finally:
        for stream in streams:
            stream.end()
        control.writer.close()


async def _run(shell: Shell, wanted: _Wanted, control: _Control, streams: list[_Stream]) -> None:
    """The test itself, and what both ends have counted."""
    rows = _Rows(shell, streams)
    rows.begin()
    for stream in streams:
        stream.begin(not wanted.reverse, wanted.most)
    if wanted.most is None:
        await asyncio.sleep(wanted.seconds)
    else:
        while sum(stream.bytes for stream in streams) < wanted.most:
            await asyncio.sleep(0.01)
    control.tell(_State.TEST_END)
    if not wanted.reverse:
        for stream in streams:
            stream.end()
    await control.expect(_State.EXCHANGE_RESULTS)
    control.send(_results(streams, rows.seconds))
    theirs = _other_bytes(await control.receive(), streams)
    await control.expect(_State.DISPLAY_RESULTS)
    ours = [stream.bytes for stream in streams]
    rows.finish(*((theirs, ours) if wanted.reverse else (ours, theirs)))
    control.tell(_State.IPERF_DONE)
    shell.print("\niperf Done.")


def _byte_count(text: str) -> int:
    """``10M`` and its like, in units of 1,024."""
    power = "KMGT".find(text[-1:].upper()) + 1
    return int(float(text[:-1] if power else text) * 1024**power)


async def iperf3(shell: Shell, arguments: list[str]) -> int:
    """How much passes: ``-s`` waits for a client (``-1``: for one), ``-c HOST`` measures (iperf 3)."""
    options = Options("iperf3 -s [-1] [-p PORT] | iperf3 -c HOST [-p PORT] [-t SECONDS | -n BYTES] [-P STREAMS] [-R]")
    role = options.add_mutually_exclusive_group(required=True)
    role.add_argument("-s", action="store_true")
    role.add_argument("-c", metavar="HOST")
    options.add_argument("-1", dest="once", action="store_true")
    options.add_argument("-p", type=int, default=_PORT)
    options.add_argument("-t", type=float, default=10.0)
    options.add_argument("-n", type=_byte_count)
    options.add_argument("-P", type=int, default=1, dest="parallel")
    options.add_argument("-R", action="store_true")
    given = options.parse_args(arguments)
    if given.s:
        return await _serve(shell, given.p, given.once)
    try:
        await _measure(shell, _Wanted(given.c, given.p, given.t, given.n, max(given.parallel, 1), given.R))
    except (_TestError, asyncio.IncompleteReadError, OSError) as error:
        what = str(error)
        if isinstance(error, asyncio.IncompleteReadError):
            what = "control socket has closed unexpectedly"
        elif isinstance(error, OSError) and error.strerror:
            what = error.strerror.lower()
        shell.print(f"iperf3: error - {what}")
        return 1
    return 0
