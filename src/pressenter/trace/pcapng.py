"""Captures as pcapng files, for Wireshark and its kin (draft-ietf-opsawg-pcapng).

A file is a row of blocks: a section header, one interface description for each port,
the TLS secrets, and an enhanced packet block for each frame.  Every block has its type
and its length in front and its length again behind, so that it can be read from either
end; options are numbered values padded to 32 bits.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from pressenter.trace.causes import Explainer
from pressenter.trace.events import CapturedFrame, TraceEvent

__all__ = ["pcapng_bytes"]

_SECTION_HEADER = 0x0A0D0D0A
_INTERFACE_DESCRIPTION = 1
_ENHANCED_PACKET = 6
_DECRYPTION_SECRETS = 10
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_LINKTYPE_ETHERNET = 1
_TLS_KEY_LOG = 0x544C534B

# Options (§3.5, §4.2, §4.3)
_COMMENT = 1
_USER_APPLICATION = 4
_IF_NAME = 2
_IF_TIMESTAMP_RESOLUTION = 9
_IF_FCS_LENGTH = 13
_EPB_FLAGS = 2
_INBOUND, _OUTBOUND = 1, 2
_FCS_LENGTH = 4


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _section_header(comment: str) -> bytes:
    options = _option(_COMMENT, comment.encode()) + _option(_USER_APPLICATION, b"pressenter") + bytes(4)
    return _block(_SECTION_HEADER, struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, -1) + options)


def _interface(name: str) -> bytes:
    options = (
        _option(_IF_NAME, name.encode())
        + _option(_IF_TIMESTAMP_RESOLUTION, b"\x09")  # nanoseconds
        + _option(_IF_FCS_LENGTH, bytes([_FCS_LENGTH]))
        + bytes(4)
    )
    return _block(_INTERFACE_DESCRIPTION, struct.pack("<HHI", _LINKTYPE_ETHERNET, 0, 0) + options)


def _secrets(key_log: str) -> bytes:
    data = key_log.encode()
    return _block(_DECRYPTION_SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(data)) + data + bytes(-len(data) % 4))


def _packet(interface: int, at_ns: int, frame: CapturedFrame, comment: str) -> bytes:
    data = frame.frame
    flags = (_OUTBOUND if frame.outbound else _INBOUND) | _FCS_LENGTH << 5
    options = _option(_COMMENT, comment.encode()) if comment else b""
    options += _option(_EPB_FLAGS, struct.pack("<I", flags)) + bytes(4)
    head = struct.pack("<IIIII", interface, at_ns >> 32, at_ns & 0xFFFFFFFF, len(data), len(data))
    return _block(_ENHANCED_PACKET, head + data + bytes(-len(data) % 4) + options)


def pcapng_bytes(
    frames: Iterable[CapturedFrame],
    events: Sequence[TraceEvent],
    *,
    epoch_seconds: float,
    key_log: str = "",
    title: str = "",
    ports: Sequence[str] | None = None,
    language: str = "en",
) -> bytes:
    """A capture of frames in the order of time.

    Args:
        events: the recording, for the comments: why a frame was sent.
        epoch_seconds: the wall clock at virtual time 0, seconds since 1970.
        key_log: TLS secrets in SSLKEYLOGFILE format.
        ports: only what passed these; without it, every port.
    """
    explainer = Explainer(events, language)
    chosen = [frame for frame in frames if ports is None or frame.port in ports]
    chosen.sort(key=lambda frame: frame.at_ns)
    numbers: dict[str, int] = {}
    for frame in chosen:
        numbers.setdefault(frame.port, len(numbers))
    blocks = [_section_header(title)]
    blocks += [_interface(name) for name in numbers]
    if key_log:
        blocks.append(_secrets(key_log))
    epoch_ns = round(epoch_seconds) * 1_000_000_000
    for frame in chosen:
        why = explainer.explain(frame.event)
        comment = "; ".join(part for part in (frame.comment, f"event {frame.event}", why) if part)
        blocks.append(_packet(numbers[frame.port], epoch_ns + frame.at_ns, frame, comment))
    return b"".join(blocks)
