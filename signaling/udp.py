"""UDP sockets of the media plane: many packets at one wake-up, many packets in one system call.

A burst of packets of one size to one address leaves as one segmented datagram (Linux UDP_SEGMENT,
4.18 and newer): the kernel walks its stack once for all of them. Elsewhere they leave one by one.
"""

import asyncio
import errno
import logging
import socket
import struct
from functools import cache
from typing import Any, Final

from signaling.inbox import AT_ONCE, INBOX, Address, stamp
from signaling.intake import Intake
from signaling.receiver import Receiver

logger: Final = logging.getLogger(__name__)

READS: Final = 2
"""System calls before other sockets have their turn."""
RECEIVE_BUFFER: Final = 1 << 20
SEND_BUFFER: Final = 1 << 20
SOL_UDP: Final = 17
UDP_SEGMENT: Final = 103
NO_SEGMENTS: Final = {errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.EOPNOTSUPP, errno.ENOPROTOOPT}
"""Of a path that cannot take segments: a small MTU, an odd driver."""
SEGMENTS: Final = 60
"""The kernel takes 64 in one call (UDP_MAX_SEGMENTS)."""


class Datagrams(asyncio.DatagramTransport):
    """A bound socket on the running loop, in place of asyncio's transport.

    What the socket's buffer does not take is dropped and counted, as on any line: nothing is
    queued here, so a stalled peer costs no memory and delays nobody.
    """

    def __init__(self, protocol: Receiver, address: tuple[str, int]) -> None:
        """Bind. Raises OSError."""
        super().__init__()
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            self.socket.bind(address)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        except OSError:
            self.socket.close()
            raise
        self.dropped = self.failed = 0
        """Datagrams that could not be sent, and exceptions of the protocol."""
        self.send = self.socket.sendto
        """The short way out: see `signaling.srtp.Line`."""
        stamp(self.socket)
        self._segments = _can_segment(self.socket)
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self.media: Intake | None = None
        """Takes RTP and RTCP, where the connection is secured; the protocol takes the rest."""
        self._closing = False
        protocol.connection_made(self)
        self.resume_reading()

    # --- in -----------------------------------------------------------------------------------

    def resume_reading(self) -> None:
        """Hear what comes."""
        self._loop.add_reader(self.socket.fileno(), self._readable)

    def pause_reading(self) -> None:
        """Leave what comes in the socket's buffer."""
        self._loop.remove_reader(self.socket.fileno())

    def _readable(self) -> None:
        protocol = self._protocol
        for _ in range(READS):
            count = INBOX.read(self.socket)
            for at in range(count):
                media = self.media
                try:
                    if media is None or not media.take(INBOX, at):
                        protocol.take(INBOX, at)
                except Exception:
                    self._contain()
                if self._closing:
                    break
            if count < AT_ONCE or self._closing:
                break
        media = self.media
        if media is None:
            protocol.drained()
        else:
            media.drained()

    def _contain(self) -> None:
        self.failed += 1
        if self.failed < 10:
            logger.exception("a datagram could not be handled")

    # --- out ----------------------------------------------------------------------------------

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send one datagram."""
        try:
            self.socket.sendto(data, addr or ())
        except OSError:
            self.dropped += 1

    def send_burst(self, data: memoryview, sizes: list[int], address: Address) -> None:
        """Send datagrams that lie one behind the other in `data`, in order."""
        count, size = len(sizes), sizes[0]
        alike = sizes.count(size)
        whole = alike == count or (alike == count - 1 and sizes[-1] < size)
        try:
            if count == 1:
                self.socket.sendto(data, address)
                return
            if whole and self._segments and count <= SEGMENTS:
                self.socket.sendmsg((data,), _segments_of(size), 0, address)
                return
        except OSError:
            pass  # once more, and find out why
        self._send_groups(data, sizes, address)

    def _send_groups(self, data: memoryview, sizes: list[int], address: Address) -> None:
        """As many at a time as are of one size; the last of them may be shorter."""
        start = first = 0
        count = len(sizes)
        while first < count:
            size = sizes[first]
            end, after = start + size, first + 1
            if self._segments:
                most = first + SEGMENTS
                while after < count and sizes[after] == size and after < most:
                    end += size
                    after += 1
                if after < count and sizes[after] < size:  # the last may be shorter
                    end += sizes[after]
                    after += 1
            try:
                if after - first == 1:
                    self.socket.sendto(data[start:end], address)
                else:
                    self.socket.sendmsg((data[start:end],), _segments_of(size), 0, address)
            except OSError as error:
                if after - first > 1 and error.errno in NO_SEGMENTS:
                    self._segments = False
                    continue
                self.dropped += after - first
            start, first = end, after

    # --- as asyncio has it ----------------------------------------------------------------------

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`socket` and `sockname`."""
        if name == "socket":
            return self.socket
        return self.socket.getsockname() if name == "sockname" else default

    def is_closing(self) -> bool:
        """Whether `close` was called."""
        return self._closing

    def close(self) -> None:
        """Release the socket. Idempotent."""
        if not self._closing:
            self._closing = True
            self.pause_reading()
            self.socket.close()
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """See `close`."""
        self.close()


@cache
def _segments_of(size: int) -> tuple[tuple[int, int, bytes]]:
    """Ancillary data of a message that is to be cut into datagrams of this size."""
    return ((SOL_UDP, UDP_SEGMENT, struct.pack("=H", size)),)


def _can_segment(sock: socket.socket) -> bool:
    try:
        sock.getsockopt(SOL_UDP, UDP_SEGMENT)
    except OSError:
        return False
    return True
