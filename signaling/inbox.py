"""Datagrams as the system hands them over: as many as have come, with one system call.

All sockets are read into the same memory, which stays in the processor's cache: it is used by one
thread, and what was read is worked on before the next socket is. (`cffi` comes with pylibsrtp.)
"""

import socket
import sys
import time
from typing import Any, Final

from cffi import FFI  # type: ignore[import-untyped]

LARGEST: Final = 2048
"""Bytes of a datagram that are read; media fits in 1500."""
AT_ONCE: Final = 32
"""Datagrams that one system call takes."""
LATEST_NS: Final = 1_000_000_000
"""More cannot have been waited; the wall clock, which the stamp is of, was set meanwhile."""
SO_TIMESTAMPNS: Final = 35
"""Linux: what is received carries the moment at which the system took it from the network."""
_NAME: Final = 28
_CONTROL: Final = 64
_ffi: Final = FFI()
_ffi.cdef(f"""
struct iovec {{ void *base; size_t len; }};
struct msghdr {{ void *name; unsigned namelen; struct iovec *iov; size_t iovlen; void *control;
                 size_t controllen; int flags; }};
struct mmsghdr {{ struct msghdr hdr; unsigned len; }};
struct stamp {{ size_t len; int level; int kind; int64_t seconds; int64_t rest;
                char more[{_CONTROL - 32}]; }};
int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout);
""")
MESSAGE: Final = _ffi.sizeof("struct mmsghdr")

Address = tuple[Any, ...]


def stamp(sock: socket.socket) -> None:
    """Ask the system for the moment at which each datagram comes; without it none has waited."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return


class Inbox:
    """What was read last. This class reads one datagram at a time, on any system."""

    def __init__(self) -> None:
        self.memory: Any = _ffi.new(f"unsigned char[{AT_ONCE * LARGEST}]")
        """Datagram `at` begins at `at * LARGEST`."""
        self.part = _ffi.buffer(self.memory)
        """The same; a slice is a copy."""
        self.octets = memoryview(self.part)
        """The same, as numbers."""
        self.now = 0
        """When it was read, monotonic nanoseconds."""
        self._size = 0
        self._address: Address = ()

    def read(self, sock: socket.socket) -> int:
        """Take what has come, at most `AT_ONCE`; how many datagrams that are."""
        try:
            self._size, self._address = sock.recvfrom_into(self.octets, LARGEST)
        except OSError:
            return 0  # nothing left; an ICMP error concerns a peer that has its own timeouts
        self.now = time.monotonic_ns()
        return 1

    def put(self, data: bytes, address: Address) -> None:
        """Hold this datagram, number 0, as if it had been read now."""
        self._size = min(len(data), LARGEST)
        self.octets[: self._size] = data[: self._size]
        self._address, self.now = address, time.monotonic_ns()

    def size(self, at: int) -> int:
        """Bytes of a datagram."""
        return self._size

    def address(self, at: int) -> Address:
        """Where a datagram comes from, as `socket` has it."""
        return self._address

    def arrival(self, at: int) -> int:
        """When a datagram came to this machine, monotonic nanoseconds; when it was read, where
        the system does not tell."""
        return self.now

    def copy(self, at: int) -> bytes:
        """A datagram."""
        start = at * LARGEST
        return bytes(self.part[start : start + self.size(at)])


class LinuxInbox(Inbox):
    """Takes many at a time (recvmmsg)."""

    def __init__(self) -> None:
        super().__init__()
        self._names = _ffi.new(f"unsigned char[{AT_ONCE * _NAME}]")
        self._stamps = _ffi.new(f"struct stamp[{AT_ONCE}]")
        self._iov = _ffi.new(f"struct iovec[{AT_ONCE}]")
        self._messages = _ffi.new(f"struct mmsghdr[{AT_ONCE}]")
        for at in range(AT_ONCE):
            self._iov[at].base, self._iov[at].len = self.memory + at * LARGEST, LARGEST
            header = self._messages[at].hdr
            header.name, header.namelen = self._names + at * _NAME, _NAME
            header.iov, header.iovlen = self._iov + at, 1
            header.control, header.controllen = self._stamps + at, _CONTROL
        self._sizes = [_ffi.addressof(self._messages[at], "len") for at in range(AT_ONCE)]
        self._headers = memoryview(_ffi.buffer(self._messages))
        self._fresh = bytes(self._headers)
        """The headers before a call, which overwrites those that it uses."""
        self._receive = _ffi.dlopen(None).recvmmsg
        self._apart = 0
        """From the wall clock to the monotonic one."""
        self._used = 0

    def read(self, sock: socket.socket) -> int:
        """See `Inbox`."""
        self._headers[: self._used] = self._fresh[: self._used]
        count: int = self._receive(
            sock.fileno(), self._messages, AT_ONCE, socket.MSG_DONTWAIT, _ffi.NULL
        )
        count = max(0, count)
        self._used = count * MESSAGE
        self.now = time.monotonic_ns()
        self._apart = self.now - time.time_ns()
        self._address = ()
        return count

    def size(self, at: int) -> int:
        """See `Inbox`."""
        return self._size if self._address else int(self._sizes[at][0])

    def address(self, at: int) -> Address:
        """See `Inbox`."""
        if self._address:
            return self._address
        name = bytes(_ffi.buffer(self._names + at * _NAME, _NAME))
        port = int.from_bytes(name[2:4])
        if int.from_bytes(name[:2], sys.byteorder) == socket.AF_INET:
            return socket.inet_ntop(socket.AF_INET, name[4:8]), port
        flow, scope = int.from_bytes(name[4:8]), int.from_bytes(name[24:28], sys.byteorder)
        return socket.inet_ntop(socket.AF_INET6, name[8:24]), port, flow, scope

    def arrival(self, at: int) -> int:
        """See `Inbox`."""
        if self._address:
            return self.now
        came = self.stamped(at) + self._apart
        return came if 0 < self.now - came < LATEST_NS else self.now

    def stamped(self, at: int) -> int:
        """When a datagram came, nanoseconds of the wall clock; 0 where the socket does not
        tell."""
        stamp = self._stamps[at]
        known = stamp.kind == SO_TIMESTAMPNS
        return int(stamp.seconds * 1_000_000_000 + stamp.rest) if known else 0


INBOX = LinuxInbox() if sys.platform == "linux" else Inbox()
"""The memory of this process's event loop."""
