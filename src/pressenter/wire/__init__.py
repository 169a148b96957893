"""The formats on the wire, one file for each: field layout, parse, build.

Nothing in here keeps state, knows a clock, or imports any other part of
pressenter.  A parser returns a value or raises `MalformedPacket`.
"""

from pressenter.wire.malformed import MalformedPacket

__all__ = ["MalformedPacket"]
