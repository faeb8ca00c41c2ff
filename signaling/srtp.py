"""SRTP with one copy: libsrtp called in place, in memory that is used again and again.

`pylibsrtp.Session` allocates twice and copies twice for every packet; here a packet is copied once
into the memory that the system call reads. The only module that touches private names of
pylibsrtp; `tests/contracts/test_aiortc_surface.py` pins them.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

from signaling.inbox import LARGEST, Inbox

TRAILER: Final = 16 + 4 + 128
"""Most bytes that protection adds: tag, SRTCP index, key identifier."""
SIZE: Final = 1 << 15
ROOM: Final = SIZE - TRAILER
_start: Final = ffi.new("char[]", SIZE)
_data: Final = memoryview(ffi.buffer(_start))
_length: Final = ffi.new("int *")
_copy: Final = ffi.memmove
_protect: Final = lib.srtp_protect
_protect_rtcp: Final = lib.srtp_protect_rtcp
_unprotect: Final = lib.srtp_unprotect
_unprotect_rtcp: Final = lib.srtp_unprotect_rtcp


class Line(Protocol):
    """A socket."""

    dropped: int
    """Datagrams that could not be sent."""

    @property
    def send(self) -> Callable[[memoryview, tuple[Any, ...]], Any]:
        """Sends one datagram. Raises OSError."""

    def send_burst(self, data: memoryview, sizes: list[int], address: tuple[Any, ...]) -> None:
        """Send datagrams that lie one behind the other in `data`, in order."""


class Sealer:
    """Protects packets for one peer, one behind the other, and sends them together.

    All sealers write into the same memory, which therefore stays in the processor's cache: they
    must be used by one thread, and the line must be done with the packets when it returns.
    """

    __slots__ = ("_context", "_session", "address", "line", "lost")

    def __init__(self, session: Session) -> None:
        self._session = session  # owns the context
        self._context = session._srtp[0]
        self.line: Line | None = None
        """Where packets leave; None: nowhere."""
        self.address: tuple[Any, ...] = ()
        """The peer's."""
        self.lost = 0
        """Packets that could not be protected."""

    def rtcp(self, packet: bytes) -> None:
        """Protect and send an RTCP packet or compound."""
        self.one(packet, _protect_rtcp)

    def one(self, packet: bytes, protect: Any = _protect) -> None:
        """Protect and send one RTP packet."""
        line, length, size = self.line, _length, len(packet)
        if line is None:
            return
        if size > ROOM:
            raise ValueError("larger than any datagram")
        _copy(_start, packet, size)
        length[0] = size
        if protect(self._context, _start, length):
            self.lost += 1
            return
        try:
            line.send(_data[: length[0]], self.address)
        except OSError:
            line.dropped += 1

    def rtp(self, packets: Iterable[bytes]) -> None:
        """Protect RTP packets and send them together. The hot path: no call that can be
        spared."""
        line = self.line
        if line is None:
            return
        start, length, context, protect = _start, _length, self._context, _protect
        end = 0
        sizes: list[int] = []
        for packet in packets:
            size = len(packet)
            if end + size > ROOM:
                if size > ROOM:
                    raise ValueError("larger than any datagram")
                line.send_burst(_data[:end], sizes, self.address)
                end, sizes = 0, []
            at = start + end
            _copy(at, packet, size)
            length[0] = size
            if protect(context, at, length):
                self.lost += 1
                continue
            size = length[0]
            sizes.append(size)
            end += size
        if sizes:
            line.send_burst(_data[:end], sizes, self.address)


class Opener:
    """Takes the protection off a peer's packets, where they lie."""

    __slots__ = ("_context", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session  # owns the context
        self._context = session._srtp[0]

    def rtp(self, inbox: Inbox, at: int, unprotect: Any = _unprotect) -> bytes | None:
        """The packet in clear; None when it is forged, repeated or damaged."""
        length, start = _length, at * LARGEST
        length[0] = inbox.size(at)
        if unprotect(self._context, inbox.memory + start, length):
            return None
        return inbox.part[start : start + length[0]]  # type: ignore[no-any-return]

    def rtcp(self, inbox: Inbox, at: int) -> bytes | None:
        """The compound in clear; None when it is forged, repeated or damaged."""
        return self.rtp(inbox, at, _unprotect_rtcp)
