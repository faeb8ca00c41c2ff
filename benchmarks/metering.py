"""Counts what arrives at a socket without being in the server's way.

A measuring client looks at its sockets a hundred times a second, whatever comes: it takes many
datagrams with one system call and reads the kernel's own time of arrival, so that neither its
own tardiness nor waking it counts as the server's. Linux only.
"""

import socket
from dataclasses import dataclass, field
from typing import NamedTuple

from signaling.inbox import AT_ONCE, LARGEST, LinuxInbox, stamp
from signaling.udp import Datagrams


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

    _inbox = LinuxInbox()

    def __init__(self, transport: Datagrams) -> None:
        transport.pause_reading()
        transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        stamp(transport.socket)
        self._socket = transport.socket
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
        inbox, counted = self._inbox, self.counted
        data = inbox.octets
        wanted: list[Arrived] = []
        while True:
            count = inbox.read(self._socket)
            for at in range(count):
                start = at * LARGEST
                second = data[start + 1]
                media = 127 < data[start] < 192 and not 192 <= second <= 223
                if media:
                    counted.packets += second & 0x7F in self.types
                    if self.transport_id:
                        self._number(at, start)
                    if second < 128 and not self.all_media:
                        continue
                wanted.append(Arrived(inbox.copy(at), inbox.stamped(at)))
            if count < AT_ONCE:
                return wanted

    def _number(self, at: int, start: int) -> None:
        """Look for the number in the header extension, which SRTP leaves in clear."""
        data = self._inbox.octets
        if data[start] & 0x1F != 0x10 or data[start + 12] != 0xBE:
            return
        place, end = start + 16, start + 16 + 4 * data[start + 15]
        while place < end:
            head = data[place]
            if head >> 4 == self.transport_id:
                number = data[place + 1] << 8 | data[place + 2]
                self.counted.numbers.append((number, self._inbox.stamped(at)))
                return
            place += 2 + (head & 15) if head else 1
