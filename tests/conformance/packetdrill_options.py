"""TCP options between packetdrill's words and our segments."""

from __future__ import annotations

from typing import Any

from pressenter.wire import tcp
from tests.conformance.packetdrill_script import OutOfScope, ScriptError

__all__ = ["expected_options", "inbound_options", "shown_options"]

_MASK = 0xFFFFFFFF


def inbound_options(texts: list[str], isn: int) -> tcp.Options:
    """The options of a segment that the script sends; its SACK blocks count from ``isn``."""
    found: dict[str, Any] = {}
    for text in texts:
        words = text.split()
        if not words or words[0] in ("nop", "eol"):
            continue
        if words[0] == "mss":
            found["maximum_segment_size"] = int(words[1])
        elif words[0] == "wscale":
            found["window_scale"] = int(words[1])
        elif words[0] == "sackOK":
            found["sack_permitted"] = True
        elif words[0] == "sack":
            blocks = (word.split(":") for word in words[1:])
            found["sack_blocks"] = tuple(((int(a) + isn) & _MASK, (int(b) + isn) & _MASK) for a, b in blocks)
        elif words[0] == "TS":
            found["timestamp"] = (int(words[2]), int(words[4]))
        elif words[0] == "FO":
            found["fast_open"] = bytes.fromhex(words[1]) if len(words) > 1 else b""
        elif words[0].startswith("md5"):
            raise OutOfScope("TCP MD5 signatures (RFC 2385, obsolete)")
        else:
            raise ScriptError(f"option {text}")
    return tcp.Options(**found)


def expected_options(texts: list[str]) -> list[str]:
    """Options in a form that can be compared: no padding, no timestamp values but the echo's presence."""
    found = []
    for text in texts:
        words = text.split()
        if not words or words[0] in ("nop", "eol"):
            continue
        if words[0].startswith("md5"):
            raise OutOfScope("TCP MD5 signatures (RFC 2385, obsolete)")
        if words[0] == "TS":
            words = ["TS", "ecr", words[4]]
        found.append(" ".join(words))
    return sorted(found)


def shown_options(options: tcp.Options) -> list[str]:
    """A segment's options in the words of `expected_options`."""
    found = []
    if options.maximum_segment_size is not None:
        found.append(f"mss {options.maximum_segment_size}")
    if options.window_scale is not None:
        found.append(f"wscale {options.window_scale}")
    if options.sack_permitted:
        found.append("sackOK")
    if options.sack_blocks:
        found.append("sack " + " ".join(f"{a}:{b}" for a, b in options.sack_blocks))
    if options.timestamp is not None:
        found.append(f"TS ecr {options.timestamp[1]}")
    if options.fast_open is not None:
        found.append(f"FO {options.fast_open.hex()}".strip())
    return sorted(found)
