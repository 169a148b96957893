"""A TAP device: Ethernet frames to and from the Linux kernel (Linux's Documentation/networking/tuntap.rst).

What the kernel sends out of the interface is read from a file, and what is written to the file
the kernel receives.  Frames there have no FCS; on our links they have.

A header before each frame (IFF_VNET_HDR: ``struct virtio_net_hdr`` of VIRTIO 1.2 §5.1.6) lets
large segments through whole (see ``wire/large_segment.py``)::

     0       1          2               4            6            8              10
    | flags | gso_type | header length | gso_size   | csum_start | csum_offset  | frame ...

``gso_size`` is how much data each piece of a large segment carries.  The kernel leaves checksums
undone, as for a card that does them (VIRTIO_NET_HDR_F_NEEDS_CSUM): here they are made right,
since on our links everybody can see them.  What we send has its right checksum, which the kernel
verifies.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pressenter.wire.checksum import internet_checksum
from pressenter.wire.ethernet import FCS_LENGTH, add_fcs, fcs_is_right
from pressenter.wire.large_segment import is_large, segment_bytes, split
from pressenter.wire.port import Port

__all__ = ["Tap", "TapError"]

_TUN_DEVICE = "/dev/net/tun"
_TUNSETIFF = 0x400454CA
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000
_IFF_VNET_HDR = 0x4000
_TUNSETOFFLOAD = 0x400454D0
_TUN_F_CSUM = 0x01
_TUN_F_TSO4 = 0x02
_VIRTIO_NET_HEADER = struct.Struct("=BBHHHH")
_NEEDS_CHECKSUM = 1
_GSO_NONE, _GSO_TCPV4 = 0, 1
_GSO_ECN = 0x80
_NOTHING_OFFLOADED = bytes(_VIRTIO_NET_HEADER.size)
_CLONE_NEWNET = 0x40000000
_LONGEST_READ = _VIRTIO_NET_HEADER.size + 14 + 65_536


class TapError(Exception):
    """A TAP device could not be had; the message says why, and what to do."""


class Tap:
    """One TAP device, and the port that a link of the world is plugged into.

    Args:
        name: of the interface; it is made if it is not there.
        namespace: the network namespace (``ip netns``) that it is in, or None for this process's own.
        node, port: the names of the port in the world.
        large_segments: take large segments from the kernel whole (it always takes ours).

    Attributes:
        port: frames for it go to the kernel, and those from the kernel leave by it.
        read, written, refused: frames, and those that the kernel would not take.
    """

    def __init__(
        self,
        name: str,
        namespace: str | None = None,
        node: str = "kernel",
        port: str = "",
        *,
        large_segments: bool = False,
    ) -> None:
        self.name = name
        self.port = Port(node, port or name, self._to_kernel)
        self.read = self.written = self.refused = 0
        try:
            with _inside(namespace):
                self._file = os.open(_TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK)
                flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
                fcntl.ioctl(self._file, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
                fcntl.ioctl(self._file, _TUNSETOFFLOAD, _TUN_F_CSUM | _TUN_F_TSO4 if large_segments else 0)
        except OSError as error:
            raise TapError(_advice(name, namespace, error)) from error

    def fileno(self) -> int:
        """The file's descriptor, to wait for it."""
        return self._file

    def take_frames(self, most: int = 64) -> int:
        """Put frames that the kernel has sent onto the link; returns how many there were."""
        for count in range(most):
            try:
                read = os.read(self._file, _LONGEST_READ)
            except BlockingIOError:
                return count
            self.read += 1
            self._from_kernel(read)
        return most

    def _from_kernel(self, read: bytes) -> None:
        flags, kind, _, size, start, offset = _VIRTIO_NET_HEADER.unpack_from(read)
        frame = read[_VIRTIO_NET_HEADER.size :]
        if flags & _NEEDS_CHECKSUM:
            place = start + offset  # where now stands the sum of the pseudo header
            checksum = internet_checksum(frame[start:]).to_bytes(2, "big")
            frame = b"".join((frame[:place], checksum, frame[place + 2 :]))
        frame = add_fcs(frame.ljust(60, b"\0"))
        if kind & ~_GSO_ECN != _GSO_NONE and not (is_large(frame) and size == segment_bytes(frame)):
            for piece in split(frame, size):  # its pieces do not fill an MTU: they go one by one
                self.port.transmit(piece)
        else:
            self.port.transmit(frame)

    def close(self) -> None:
        """Let the device go; one that was made here is gone with it."""
        os.close(self._file)

    def _to_kernel(self, frame: bytes) -> None:
        if not fcs_is_right(frame):
            self.refused += 1  # damaged on the way: a network card would drop it, too
            return
        try:
            header = _NOTHING_OFFLOADED
            if is_large(frame):
                header = _VIRTIO_NET_HEADER.pack(0, _GSO_TCPV4, 0, segment_bytes(frame), 0, 0)
            os.write(self._file, header + frame[:-FCS_LENGTH])
            self.written += 1
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EIO, errno.EINVAL):
                raise
            self.refused += 1  # the interface is down, or its queue is full


def _advice(name: str, namespace: str | None, error: OSError) -> str:
    where = f" in namespace {namespace}" if namespace else ""
    if error.errno in (errno.EPERM, errno.EACCES):
        return (
            f"no right to make the TAP device {name}{where}: run as root, or let root make it for you:"
            f" ip tuntap add dev {name} mode tap user $USER"
        )
    if error.errno == errno.EBUSY:
        return f"the TAP device {name}{where} is in use by another program"
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        missing = f"namespace {namespace}" if namespace and not _namespace(namespace).exists() else _TUN_DEVICE
        return f"there is no {missing}: `ip netns add` makes a namespace, `modprobe tun` the device"
    return f"the TAP device {name}{where}: {error.strerror}"


def _namespace(name: str) -> Path:
    return Path("/run/netns") / name


@contextmanager
def _inside(namespace: str | None) -> Iterator[None]:
    """This thread in another network namespace, for as long as the block lasts."""
    if namespace is None:
        yield
        return
    library = ctypes.CDLL(None, use_errno=True)

    def enter(path: Path | str) -> None:
        handle = os.open(path, os.O_RDONLY)
        try:
            if library.setns(handle, _CLONE_NEWNET) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(handle)

    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        enter(_namespace(namespace))
        yield
    finally:
        library.setns(home, _CLONE_NEWNET)
        os.close(home)
