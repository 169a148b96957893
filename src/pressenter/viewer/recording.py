"""A recording as one JSON document: what the viewer reads.

Columns, not rows: an event is the same place in several lists, so that a hundred thousand of them take
little room and are parsed at once.  A frame that passes twenty ports is kept once for each form that it
has on its way, and what it carries only once: routers change headers, not data.  The words for events travel
along, so that the viewer needs no catalogue of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from pressenter.machine.screen_recording import Patch
from pressenter.trace.catalogue import CATALOGUE
from pressenter.trace.events import BEGIN, END, CapturedFrame, TraceEvent
from pressenter.trace.steps import STEPS
from pressenter.wire.ipv4 import Protocol

__all__ = ["VERSION", "Recording", "event_columns", "frame_columns", "picture_rows", "words"]

#: Of the document's form; a viewer refuses others.
VERSION = 1
_PHASES = {BEGIN: 1, END: 2}
_FCS_LENGTH = 4
_WORTH_SHARING = 128  # bytes of a frame


class Recording(NamedTuple):
    """Everything that a viewer shows.

    Attributes:
        about: title, address, seed and the like; any plain values.
        topology: the map (`pressenter.worlds.topology`), or None where there is no world.
        pictures: changes of the screen.
        pages: what is inside of the pages that were shown (`pressenter.browser.inspection`).
        screen: width and height in pixels.
    """

    about: Mapping[str, Any]
    events: Sequence[TraceEvent]
    frames: Sequence[CapturedFrame]
    topology: Mapping[str, Any] | None = None
    pictures: Sequence[Patch] = ()
    pages: Sequence[Mapping[str, Any]] = ()
    screen: tuple[int, int] = (0, 0)

    def to_json(self) -> bytes:
        """The document."""
        return msgspec.json.encode(
            {
                "version": VERSION, "about": self.about, **words(), "topology": self.topology,
                "events": event_columns(self.events), "frames": frame_columns(self.frames),
                "pictures": picture_rows(self.pictures), "pages": self.pages, "screen": self.screen,
            }
        )  # fmt: skip


def words() -> dict[str, Any]:
    """The steps and the meanings of events, in both languages."""
    return {
        "steps": [step._asdict() for step in STEPS],
        "catalogue": {
            name: {"step": m.step, "en": m.en, "zh": m.zh, "clause": m.clause, "told": m.told}
            for name, m in CATALOGUE.items()
        },
    }  # fmt: skip


def event_columns(events: Iterable[TraceEvent]) -> dict[str, Any]:
    """Events as lists of their parts; ``node`` and ``name`` are numbers into ``nodes`` and ``names``."""
    nodes: dict[str, int] = {}
    names: dict[str, int] = {}
    columns: dict[str, list[Any]] = {part: [] for part in ("id", "at", "node", "name", "phase", "cause", "fields")}
    for event in events:
        columns["id"].append(event.id)
        columns["at"].append(event.at_ns)
        columns["node"].append(nodes.setdefault(event.node, len(nodes)))
        columns["name"].append(names.setdefault(event.name, len(names)))
        columns["phase"].append(_PHASES.get(event.phase, 0))
        columns["cause"].append(event.cause)
        columns["fields"].append(event.fields)
    return {"nodes": list(nodes), "names": list(names), **columns}


def frame_columns(frames: Iterable[CapturedFrame]) -> dict[str, Any]:
    """Frames in the order of time, as lists.

    ``data`` is a number into ``forms``.  A form is the length of the part that is its own (headers, and at the end
    the frame check sequence) and the number of the body that stands between these (-1: none), whose lengths are in
    ``bodies``; the bytes of both are joined, in base64.
    """
    ports: dict[str, int] = {}
    known: dict[bytes, int] = {}
    columns: dict[str, list[Any]] = {part: [] for part in ("at", "port", "out", "event", "data")}
    for frame in sorted(frames, key=lambda frame: frame.at_ns):
        columns["at"].append(frame.at_ns)
        columns["port"].append(ports.setdefault(frame.port, len(ports)))
        columns["out"].append(int(frame.outbound))
        columns["event"].append(frame.event)
        columns["data"].append(known.setdefault(frame.frame, len(known)))
    bodies: dict[bytes, int] = {}
    forms: list[tuple[int, int]] = []
    own: list[bytes] = []
    for data in known:
        begin = _body_begins(data)
        body = data[begin:-_FCS_LENGTH] if begin else b""
        own.append(data[:begin] + data[-_FCS_LENGTH:] if body else data)
        forms.append((len(own[-1]), bodies.setdefault(body, len(bodies)) if body else -1))
    return {
        "ports": list(ports), **columns, "forms": forms, "bytes": _base64(b"".join(own)),
        "bodies": [len(body) for body in bodies], "body_bytes": _base64(b"".join(bodies)),
    }  # fmt: skip


def _body_begins(frame: bytes) -> int:
    """Where the data of a TCP segment in IPv4 begins; 0 for other frames, and where there is little."""
    if len(frame) < _WORTH_SHARING or frame[12:14] != b"\x08\x00" or frame[23] != Protocol.TCP:
        return 0
    transport = 14 + (frame[14] & 0x0F) * 4
    begin = transport + (frame[transport + 12] >> 4) * 4 if transport + 12 < len(frame) else 0
    return begin if begin < len(frame) - _FCS_LENGTH else 0


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def picture_rows(pictures: Iterable[Patch]) -> list[list[Any]]:
    """Event, x, y, width, height, and the file in base64."""
    return [[*picture[:5], _base64(picture.png)] for picture in pictures]
