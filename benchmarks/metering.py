"""Counts what arrives at a socket without being in the server's way.

A measuring client looks at its sockets a hundred times a second, whatever comes: it takes many
datagrams with one system call and reads the kernel's own time of arrival, so that neither its
own tardiness nor waking it counts as the server's. Linux only.
"""

import socket
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cffi import FFI  # type: ignore[import-untyped]

from signaling.udp import Datagrams

SO_TIMESTAMPNS = 35
BATCH = 128
SIZE = 2048
CONTROL = 64
_ffi = FFI()
_ffi.cdef("""
struct iovec { void *base; size_t len; };
struct msghdr { void *name; unsigned namelen; struct iovec *iov; size_t iovlen; void *control;
                size_t controllen; int flags; };
struct mmsghdr { struct msghdr hdr; unsigned len; };
int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, void *timeout);
""")
_libc = _ffi.dlopen(None)


class Arrived(NamedTuple):
    """One datagram. `at` is the kernel's wall clock, nanoseconds."""

    data: bytes
    at: int


@dataclass
class Counted:
    """RTP packets of one client, as they came."""

    packets: int = 0
    """Media: no repeats, no padding."""
    numbers: list[tuple[int, int]] = field(default_factory=list)
    """Transport-wide number and arrival of each packet, where they are numbered."""


class Meter:
    """Reads one socket in place of the event loop. One buffer serves all: no two read at once."""

    _data = _ffi.new(f"unsigned char[{BATCH * SIZE}]")
    _control = _ffi.new(f"unsigned char[{BATCH * CONTROL}]")
    _iov = _ffi.new(f"struct iovec[{BATCH}]")
    _messages = _ffi.new(f"struct mmsghdr[{BATCH}]")
    for _at in range(BATCH):
        _iov[_at].base, _iov[_at].len = _data + _at * SIZE, SIZE
        _messages[_at].hdr.iov, _messages[_at].hdr.iovlen = _iov + _at, 1
        _messages[_at].hdr.control = _control + _at * CONTROL

    def __init__(self, transport: Datagrams) -> None:
        transport.pause_reading()
        transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        transport.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._fd = transport.socket.fileno()
        self.counted = Counted()
        self.types: set[int] = set()
        """Payload types of media."""
        self.all_media = True
        """Return every packet of media, not only those that end a picture."""
        self.transport_id = 0
        """Local id of the transport-wide number in header extensions; 0: there is none."""

    def read(self) -> list[Arrived]:
        """Count what has come; the datagrams that somebody must look at: what is not RTP, and
        packets with the marker."""
        messages, data, counted = self._messages, self._data, self.counted
        wanted: list[Arrived] = []
        while True:
            for at in range(BATCH):
                messages[at].hdr.controllen = CONTROL
            count = _libc.recvmmsg(self._fd, messages, BATCH, socket.MSG_DONTWAIT, _ffi.NULL)
            if count <= 0:
                return wanted
            for at in range(count):
                start, size = at * SIZE, messages[at].len
                second = data[start + 1]
                media = 127 < data[start] < 192 and not 192 <= second <= 223
                if media:
                    counted.packets += second & 0x7F in self.types
                    if self.transport_id:
                        self._number(at, start)
                    if second < 128 and not self.all_media:
                        continue
                wanted.append(self._one(at, start, size))
            if count < BATCH:
                return wanted

    def _number(self, at: int, start: int) -> None:
        """Look for the number in the header extension, which SRTP leaves in clear."""
        data = self._data
        if data[start] & 0x1F != 0x10 or data[start + 12] != 0xBE:
            return
        place, end = start + 16, start + 16 + 4 * data[start + 15]
        while place < end:
            head = data[place]
            if head >> 4 == self.transport_id:
                number = data[place + 1] << 8 | data[place + 2]
                self.counted.numbers.append((number, self._arrival(at)))
                return
            place += 2 + (head & 15) if head else 1

    def _arrival(self, at: int) -> int:
        time: Any = _ffi.cast("int64_t *", self._control + at * CONTROL + 16)
        return int(time[0] * 1_000_000_000 + time[1])

    def _one(self, at: int, start: int, size: int) -> Arrived:
        return Arrived(_ffi.buffer(self._data + start, size)[:], self._arrival(at))
