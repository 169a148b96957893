"""What the two ends agree on in their SYNs, and the options of every later segment.

Each end offers in its SYN what it can; what both have offered is used:

===================  ==========================================================  ==============
option               what it is for                                              specification
===================  ==========================================================  ==============
maximum segment      how much payload a segment to us may hold                   RFC 9293 §3.7.1
window scale         windows beyond 64 KiB: a shift for every later window       RFC 7323 §2
SACK permitted       tell what has arrived behind a gap                          RFC 2018
timestamps           measure every round trip; tell old segments from new        RFC 7323 §3, §5
fast open            a cookie, so that the next SYN may carry data               RFC 7413
ECN (two flags)      a queue may mark packets instead of dropping them           RFC 3168 §6.1.1
===================  ==========================================================  ==============

A SYN that is not answered may have been dropped for what it offers; so the last of them
offer nothing but the segment size.
"""

from __future__ import annotations

from pressenter.host.tcp.parameters import Ecn, TcpParameters
from pressenter.host.tcp.receiver import MAXIMUM_SCALE, Receiver
from pressenter.host.tcp.sender import Sender
from pressenter.wire.large_segment import LARGEST_PACKET
from pressenter.wire.tcp import ACK, CWR, ECE, NO_OPTIONS, SYN, Options, Segment

__all__ = ["Negotiation"]

_TIMESTAMPS_LENGTH = 12
SMALLEST_SEGMENT_SIZE = 88  # Linux's TCP_MIN_MSS: a peer may not ask for crumbs
_MASK = 0xFFFFFFFF


class Negotiation:
    """The options of one connection.

    Attributes:
        segment_size: the MSS that we tell.
        timestamps: both ends send them.
        send_scale: the shift of the peer's windows.
        headers: bytes of IP and TCP header without options.
        options_length: bytes of options in every segment with data.
        offers_options: False for a SYN with none at all (TCP_NOOPT).
        large_segments: the device cuts up segments larger than its MTU.
        fast_open: the cookie that our SYN carries, ``b""`` if it asks for one, None without.
        cookie_for_client: what our SYN and ACK gives out.
        clock_offset: what our timestamps begin with.
        now_ns: the time of the call that is being served.
    """

    __slots__ = (
        "_agrees_to_ecn", "_asks", "_ecn_asked", "_offered_scale", "_parameters", "_sack", "clock_offset",
        "cookie_for_client", "fast_open",
        "headers", "large_segments", "now_ns", "offers_options", "options_length", "segment_size",
        "send_scale", "timestamps",
    )  # fmt: skip

    def __init__(self, parameters: TcpParameters, mss: int, headers: int, clock_offset: int) -> None:
        self._parameters = parameters
        self.segment_size = mss
        self.headers = headers
        self.clock_offset = clock_offset
        self.now_ns = 0
        self.timestamps = parameters.timestamps
        self.send_scale = 0
        self.options_length = 0
        self.offers_options = True
        self.large_segments = False
        self.fast_open: bytes | None = None
        self.cookie_for_client: bytes | None = None
        self._sack = parameters.sack
        self._offered_scale: int | None = None
        self._asks = False
        self._ecn_asked = False
        self._agrees_to_ecn = False

    @property
    def early_data_room(self) -> int:
        """How much data our SYN may carry beside its options."""
        cookie = self.fast_open or b""
        options = 4 + 4 + 12 * self.timestamps + 4 * (self._sack and not self.timestamps) + 2 + len(cookie)
        return self.segment_size - (options + 3) // 4 * 4

    def offer(self, receiver: Receiver, *, asks: bool, cookie: bytes | None = None) -> None:
        """Prepare what our SYN offers.  ``asks``: it is the first of the two SYNs."""
        self._asks = asks
        self.fast_open = cookie
        self._offered_scale = receiver.scale_to_offer if self._parameters.window_scaling else None
        self._ecn_asked = asks and self._parameters.ecn is Ecn.ASK_AND_ANSWER

    def answer(self, now_ns: int, syn: Segment, sender: Sender, receiver: Receiver) -> None:
        """The peer's SYN has come: settle what both use."""
        if not self._asks:
            self.offer(receiver, asks=False)
        theirs = syn.options if self.offers_options else Options(syn.options.maximum_segment_size)
        if theirs.window_scale is not None and self._offered_scale is not None:
            # RFC 7323 §2.2: only if both offer it
            self.send_scale = min(theirs.window_scale, MAXIMUM_SCALE)
            receiver.scale = self._offered_scale
        else:
            self._offered_scale = None
        self.timestamps = self.timestamps and theirs.timestamp is not None
        if self.timestamps and theirs.timestamp is not None:
            receiver.timestamp = theirs.timestamp[0]
            self.options_length = _TIMESTAMPS_LENGTH
        self._sack = self._sack and theirs.sack_permitted
        default = self._parameters.segment_size_default[self.headers > 40]
        mss = min(self.segment_size, max(theirs.maximum_segment_size or default, SMALLEST_SEGMENT_SIZE))
        # RFC 6691 §2: the MSS counts no options, so what is left for data is less.
        # Only segments that fill the MTU are cut from large ones.
        at_once = LARGEST_PACKET - self.headers if self.large_segments and mss == self.segment_size else 0
        sender.agree_on_segment_size(mss - self.options_length, at_once - self.options_length)
        sender.recovery.sack = receiver.sack = self._sack
        receiver.mss = self.segment_size - self.options_length
        if receiver.right_sizing.enabled:
            receiver.align_buffer(mss)
        self._settle_ecn(syn, sender)

    def _settle_ecn(self, syn: Segment, sender: Sender) -> None:
        """RFC 3168 §6.1.1: a SYN asks with both flags, a SYN and ACK agrees with one."""
        both = syn.flags & (ECE | CWR)
        if syn.flags & ACK:
            sender.ecn = self._ecn_asked and both == ECE
        else:
            sender.ecn = self._agrees_to_ecn = self._parameters.ecn is not Ecn.OFF and both == ECE | CWR

    def syn_header(self, now_ns: int, receiver: Receiver, answer: bool, retry: int) -> tuple[int, Options]:
        """Flags and options of our SYN; ``answer``: it acknowledges the peer's."""
        flags = SYN | ACK if answer else SYN
        if answer:
            flags |= ECE if self._agrees_to_ecn else 0
        elif self._ecn_asked:
            # RFC 3168 §6.1.1.1: a middlebox may drop SYNs that ask; so ask no more after some
            self._ecn_asked = retry <= self._parameters.ecn_syn_retries
            flags |= ECE | CWR if self._ecn_asked else 0
        if not self.offers_options:
            return flags, NO_OPTIONS
        timestamp = None
        if self.timestamps:
            timestamp = (self.clock(now_ns), receiver.timestamp or 0)
        return flags, Options(
            self.segment_size, self._offered_scale, self._sack, (), timestamp,
            self.cookie_for_client if answer else None if retry else self.fast_open,
        )  # fmt: skip

    # ---- every later segment ------------------------------------------------------------------

    def options(self, now_ns: int, receiver: Receiver) -> Options:
        """The options of a segment with ACK."""
        if self.timestamps:
            blocks = receiver.sack_blocks(3)
            return Options(None, None, False, blocks, (self.clock(now_ns), receiver.timestamp or 0))
        blocks = receiver.sack_blocks()
        return Options(sack_blocks=blocks) if blocks else NO_OPTIONS

    def clock(self, now_ns: int) -> int:
        """Our timestamp: milliseconds from an offset by chance (RFC 7323 §5.4)."""
        return (now_ns // 1_000_000 + self.clock_offset) & _MASK

    def clock_of(self, echo: int | None) -> int | None:
        """What our millisecond clock showed when it gave out a timestamp that comes back."""
        return None if not echo else (echo - self.clock_offset) & _MASK

    def time_of(self, now_ns: int, echo: int | None) -> int | None:
        """When we sent a timestamp that comes back, to the millisecond; None if that makes no sense."""
        if not echo:
            return None
        passed = (self.clock(now_ns) - echo) & _MASK
        return now_ns - max(passed, 1) * 1_000_000 if passed < 1 << 30 else None
