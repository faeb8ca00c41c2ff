"""SRTP with one copy: libsrtp called in place, in buffers that are used again.

`pylibsrtp.Session` allocates twice and copies twice for every packet; here a packet is copied once
into the memory that the system call reads. The only module that touches private names of
pylibsrtp; `tests/contracts/test_aiortc_surface.py` pins them.
"""

from typing import Any

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

TRAILER = 16 + 4 + 128
"""Most bytes that protection adds: tag, SRTCP index, key identifier."""
BURST = 1 << 15
LARGEST = 2048
_copy = ffi.memmove
_protect, _protect_rtcp = lib.srtp_protect, lib.srtp_protect_rtcp
_unprotect, _unprotect_rtcp = lib.srtp_unprotect, lib.srtp_unprotect_rtcp


class Burst:
    """Protected packets for one peer, one behind the other, until they are sent."""

    __slots__ = ("_context", "_length", "_session", "_start", "data", "end", "sizes")

    def __init__(self, session: Session) -> None:
        self._session = session  # owns the context
        self._context = session._srtp[0]
        self._start = ffi.new("char[]", BURST)
        self._length = ffi.new("int *")
        self.data = memoryview(ffi.buffer(self._start))
        self.sizes: list[int] = []
        self.end = 0

    def add(self, packet: bytes, rtcp: bool) -> bool:
        """Protect a packet and keep it; False when it cannot be protected. The caller clears the
        burst before it is `full`."""
        at, length = self._start + self.end, self._length
        length[0] = size = len(packet)
        _copy(at, packet, size)
        if (_protect_rtcp if rtcp else _protect)(self._context, at, length):
            return False
        size = length[0]
        self.end += size
        self.sizes.append(size)
        return True

    @property
    def full(self) -> bool:
        """There may be no room for one more packet."""
        return self.end > BURST - LARGEST - TRAILER

    def clear(self) -> None:
        """They were sent."""
        self.end = 0
        self.sizes = []


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
