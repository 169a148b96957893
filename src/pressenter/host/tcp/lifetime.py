"""How long a connection may live: while it opens, while nothing happens, and after its end.

===================  ================================================  ====================
limit                begins with                                       specification
===================  ================================================  ====================
opening              the first SYN; off unless the host sets it         RFC 9293 §3.9.1.1
keepalive            silence; probes then ask whether the peer lives    RFC 9293 §3.8.4
user timeout         data that is not acknowledged                      RFC 5482
orphan               FIN-WAIT-2 without an application                  (Linux's tcp_fin_timeout)
TIME-WAIT            the last acknowledgment                            RFC 9293 §3.6.1
===================  ================================================  ====================
"""

from __future__ import annotations

from pressenter.host.tcp.parameters import TcpParameters

__all__ = ["Lifetime"]


class Lifetime:
    """Deadlines of one connection, in nanoseconds of virtual time; None if they are off.

    Attributes:
        keepalive: SO_KEEPALIVE.
        idle_ns, interval_ns, count: how long silence may last, and how it is probed.
        user_timeout_ns: how long data may stay unacknowledged.
        heard_ns: when the peer was heard last, or 0.
    """

    __slots__ = (
        "_unanswered", "count", "heard_ns", "idle_ns", "interval_ns", "keepalive", "keepalive_at_ns",
        "opening_until_ns", "orphan_until_ns", "parameters", "time_wait_until_ns", "user_timeout_ns",
    )  # fmt: skip

    def __init__(self, parameters: TcpParameters) -> None:
        self.parameters = parameters
        self.keepalive = False
        self.idle_ns = parameters.keepalive_idle_ns
        self.interval_ns = parameters.keepalive_interval_ns
        self.count = parameters.keepalive_count
        self.user_timeout_ns = parameters.user_timeout_ns
        self.opening_until_ns: int | None = None
        self.keepalive_at_ns: int | None = None
        self.orphan_until_ns: int | None = None
        self.time_wait_until_ns: int | None = None
        self.heard_ns = 0
        self._unanswered = 0

    @property
    def deadline_ns(self) -> int | None:
        """The earliest of all."""
        earliest = self.keepalive_at_ns
        for deadline in (self.opening_until_ns, self.orphan_until_ns, self.time_wait_until_ns):
            if deadline is not None and (earliest is None or deadline < earliest):
                earliest = deadline
        return earliest

    def begin_opening(self, now_ns: int) -> None:
        """The first SYN is sent."""
        if self.parameters.connect_timeout_ns is not None:
            self.opening_until_ns = now_ns + self.parameters.connect_timeout_ns

    def opened(self, now_ns: int) -> None:
        """The connection is established."""
        self.opening_until_ns = None
        self.heard(now_ns)
        self.watch(now_ns)

    def watch(self, now_ns: int) -> None:
        """Begin to watch for silence, or stop, as `keepalive` says."""
        self.keepalive_at_ns = max(now_ns, self.heard_ns + self.idle_ns) if self.keepalive else None

    def heard(self, now_ns: int) -> None:
        """The peer lives.  The deadline is moved when it strikes, not with every segment."""
        self.heard_ns = now_ns
        self._unanswered = 0

    def keepalive_is_due(self, now_ns: int) -> bool:
        """Whether to probe now; sets the next deadline."""
        quiet_until_ns = self.heard_ns + self.idle_ns
        if self._unanswered == 0 and quiet_until_ns > now_ns:
            self.keepalive_at_ns = quiet_until_ns
            return False
        self._unanswered += 1
        self.keepalive_at_ns = now_ns + self.interval_ns
        return True

    def postpone_keepalive(self, now_ns: int) -> None:
        """Data is on its way, so nothing is asked now."""
        self._unanswered = 0
        self.keepalive_at_ns = now_ns + self.idle_ns

    def is_dead(self) -> bool:
        """Whether enough probes have gone unanswered."""
        return self._unanswered >= self.count

    def user_has_waited_enough(self, now_ns: int, stalled_since_ns: int | None) -> bool:
        """RFC 5482: data was not acknowledged for the user timeout."""
        limit_ns = self.user_timeout_ns
        return limit_ns is not None and stalled_since_ns is not None and now_ns - stalled_since_ns >= limit_ns

    def stop(self) -> None:
        """No deadline is left behind."""
        self.opening_until_ns = self.keepalive_at_ns = self.orphan_until_ns = self.time_wait_until_ns = None
