"""SRTP with one copy: libsrtp called in place, in buffers that are used again.

`pylibsrtp.Session` allocates twice and copies twice for every packet; here a packet is copied once
into the memory that the system call reads. The only module that touches private names of
pylibsrtp; `tests/contracts/test_aiortc_surface.py` pins them.
"""

from collections.abc import Callable
from typing import Any

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

TRAILER = 16 + 4 + 128
"""Most bytes that protection adds: tag, SRTCP index, key identifier."""
SIZE = 1 << 15
ROOM = SIZE - TRAILER
LARGEST = 2048
"""Bytes of a datagram that is opened."""
_copy = ffi.memmove
_protect, _protect_rtcp = lib.srtp_protect, lib.srtp_protect_rtcp
_unprotect, _unprotect_rtcp = lib.srtp_unprotect, lib.srtp_unprotect_rtcp


class Burst:
    """Protected packets for one peer, one behind the other, until they are sent together."""

    __slots__ = (
        "_context", "_data", "_end", "_flush", "_length", "_session", "_sizes", "_start", "_wake",
        "lost",
    )  # fmt: skip

    def __init__(
        self, session: Session, wake: Callable[[], object], flush: Callable[[], None]
    ) -> None:
        """`wake` is called for the first packet of each burst, `flush` when it is full: it must
        `take` the burst at once."""
        self._session = session  # owns the context
        self._context = session._srtp[0]
        self._start = ffi.new("char[]", SIZE)
        self._length = ffi.new("int *")
        self._wake, self._flush = wake, flush
        self._data = memoryview(ffi.buffer(self._start))
        self._sizes: list[int] = []
        self._end = 0
        self.lost = 0
        """Packets that could not be protected."""

    def rtp(self, packet: bytes) -> None:
        """Protect and keep an RTP packet. The hot path: no call that can be spared."""
        end, length = self._end, self._length
        size = len(packet)
        if end + size > ROOM:
            end = self._make_room(size)
        length[0] = size
        at = self._start + end
        _copy(at, packet, size)
        if _protect(self._context, at, length):
            self.lost += 1
            return
        size = length[0]
        self._sizes.append(size)
        self._end = end + size
        if not end:
            self._wake()

    def rtcp(self, packet: bytes) -> None:
        """Protect and keep an RTCP packet or compound."""
        end, length = self._end, self._length
        size = len(packet)
        if end + size > ROOM:
            end = self._make_room(size)
        length[0] = size
        at = self._start + end
        _copy(at, packet, size)
        if _protect_rtcp(self._context, at, length):
            self.lost += 1
            return
        size = length[0]
        self._sizes.append(size)
        self._end = end + size
        if not end:
            self._wake()

    def _make_room(self, size: int) -> int:
        if size > ROOM:
            raise ValueError("larger than any datagram")
        self._flush()
        return self._end

    def take(self) -> tuple[memoryview, list[int]]:
        """The packets and the size of each; valid until the next packet is kept."""
        data, sizes = self._data[: self._end], self._sizes
        self._end, self._sizes = 0, []
        return data, sizes


class Opener:
    """Takes the protection off a peer's packets."""

    __slots__ = ("_buffer", "_context", "_data", "_length", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session  # owns the context
        self._context = session._srtp[0]
        self._data = ffi.new("char[]", LARGEST)
        self._buffer = ffi.buffer(self._data)
        self._length = ffi.new("int *")

    def rtp(self, packet: bytes) -> bytes | None:
        """The packet in clear; None when it is forged, repeated or damaged."""
        return self._open(packet, _unprotect)

    def rtcp(self, packet: bytes) -> bytes | None:
        """The compound in clear; None when it is forged, repeated or damaged."""
        return self._open(packet, _unprotect_rtcp)

    def _open(self, packet: bytes, unprotect: Any) -> bytes | None:
        size = len(packet)
        if size > LARGEST:
            return None
        length = self._length
        length[0] = size
        _copy(self._data, packet, size)
        if unprotect(self._context, self._data, length):
            return None
        return self._buffer[: length[0]]  # type: ignore[no-any-return]
