"""The FreeBSD TCP test suite (freebsd-net/tcp-testsuite), as packetdrill scripts."""

from __future__ import annotations

from typing import Any

from tests.conformance.packetdrill import Failure, OutOfScope, Run, run_script
from tests.conformance.packetdrill_script import Call, ScriptError, TcpPacket

__all__ = ["run", "run_null"]


def run(case: dict[str, Any]) -> tuple[str, str]:
    """Run one script: its outcome and the reason."""
    try:
        run_script(case["lines"])
    except OutOfScope as reason:
        return "out", str(reason)
    except (Failure, ScriptError) as failure:
        return "fail", str(failure)
    except Exception as error:  # a bug of ours is a failure, too
        return "fail", f"{type(error).__name__}: {error}"
    return "pass", ""


def run_null(case: dict[str, Any]) -> bool:
    """Whether a stack passes that sends nothing and whose every call fails."""
    try:
        events = Run(case["lines"]).script.events
    except ScriptError:
        return False
    return not any(
        (isinstance(event.what, TcpPacket) and not event.what.inbound) or isinstance(event.what, Call)
        for event in events
    )
