"""A link between two hosts of a test, and what may befall its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressenter.network.link import Link
from pressenter.worlds import units

if TYPE_CHECKING:
    from pressenter.testing.hosts import SimulatedHost
    from pressenter.testing.internet import Internet

__all__ = ["SimulatedLink"]


class SimulatedLink:
    """A cable between two hosts, or between a host and the rest of the internet.  Everything may change at any time."""

    def __init__(self, internet: Internet, link: Link) -> None:
        self._internet = internet
        self._link = link

    def __repr__(self) -> str:
        return f"<link {self._link.name}>"

    @property
    def name(self) -> str:
        """Its two ends."""
        return self._link.name

    def set(
        self, *, delay: str | None = None, rate: str | None = None, queue: str | None = None,
        loss: float | None = None, duplicate: float | None = None, reorder: float | None = None,
        corrupt: float | None = None, towards: SimulatedHost | None = None,
    ) -> None:  # fmt: skip
        """Change what is given.

        Args:
            delay, rate, queue: such as ``"60ms"``, ``"5Mbit/s"``, ``"64KiB"``, of both directions.
            loss, duplicate, reorder, corrupt: shares of the frames, from 0 to 1.
            towards: only in the direction of this host.
        """
        link = self._link
        if delay is not None:
            link.delay_ns = units.parse_duration_ns(delay)
        if rate is not None:
            link.rate_bps = units.parse_rate_bps(rate)
        if queue is not None:
            link.queue_bytes = units.parse_size_bytes(queue)
        given = {"loss": loss, "duplicate": duplicate, "reorder": reorder, "corrupt": corrupt}
        changed = {name: share for name, share in given.items() if share is not None}
        for name, share in changed.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name}: {share} is no share of the frames, from 0 to 1")
        for port, other in (link.ends, link.ends[::-1]):
            if changed and (towards is None or other.node == towards.name):
                link.set_faults(port, link.faults_of(port)._replace(**changed))  # type: ignore[arg-type]

    def cut(self, at: str | None = None, until: str | None = None) -> None:
        """Cut the cable, now or at a time of the world; what is under way is lost.

        Args:
            at, until: such as ``"2s"``; without ``until`` it stays cut until `repair`.
        """
        self._internet.at(at, self._link.cut)
        if until is not None:
            self._internet.at(until, self._link.repair)

    def repair(self, at: str | None = None) -> None:
        """Mend the cable, now or at a time."""
        self._internet.at(at, self._link.repair)
