"""The recording: event types, the catalogue of events, the recorder, the exporters."""

from pressenter.trace.events import CapturedFrame, TraceEvent
from pressenter.trace.recorder import Recorder

__all__ = ["CapturedFrame", "Recorder", "TraceEvent"]
