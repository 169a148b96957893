"""The one error that a parser of a wire format raises."""

from __future__ import annotations

__all__ = ["MalformedPacket"]


class MalformedPacket(ValueError):
    """Bytes that are not a valid header of ``layer``; ``reason`` says what is wrong."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"malformed {layer}: {reason}")
        self.layer = layer
        self.reason = reason
