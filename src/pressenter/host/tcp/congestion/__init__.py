"""Congestion control: how much may be under way without flooding the path, one file for each way to tell.

A new one is a class with the methods of `interface.CongestionControl` and a line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from pressenter.host.tcp.congestion.bbr import Bbr
from pressenter.host.tcp.congestion.cubic import Cubic
from pressenter.host.tcp.congestion.interface import AckSample, CongestionControl, initial_window
from pressenter.host.tcp.congestion.new_reno import NewReno

__all__ = ["AckSample", "Bbr", "CONGESTION_CONTROLS", "CongestionControl", "Cubic", "NewReno", "initial_window"]

#: By the names that Linux's tcp_congestion_control uses.
CONGESTION_CONTROLS: Mapping[str, type[CongestionControl]] = {
    control.name: control for control in (NewReno, Cubic, Bbr)
}
