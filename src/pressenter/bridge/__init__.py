"""The port as a seam to the operating system: TAP devices, and a world paced by the real clock."""

from __future__ import annotations

from pressenter.bridge.real_time import RealTime
from pressenter.bridge.tap import Tap, TapError

__all__ = ["RealTime", "Tap", "TapError"]
