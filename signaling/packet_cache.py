"""The last packets of one published stream, to answer subscribers' NACKs without the publisher.

One cache serves all subscribers: each knows by how much its sequence numbers are shifted.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from signaling.vp8 import Vp8Descriptor

CAPACITY: Final = 512
"""About 4 s of video at 1.2 Mb/s; a NACK older than that repairs nothing."""


OVERHEAD: Final = 64
"""Bytes that a payload travels with: RTP header, extension, SRTP tag, UDP and IPv4."""


class Incoming(NamedTuple):
    """One new media packet of a publisher, numbered as the publisher numbered it."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    vp8: Vp8Descriptor | None
    arrival_ns: int


class Run:
    """Packets of one stream that came together, and what all who forward them need to know."""

    __slots__ = ("in_order", "octets", "packets", "sizes")

    def __init__(self, packets: Sequence[Incoming]) -> None:
        """`packets`: at least one, as they came."""
        self.packets = packets
        self.octets = sum([len(packet.payload) for packet in packets])
        """Of all payloads."""
        self.sizes = [len(packet.payload) + OVERHEAD for packet in packets]
        """Bytes of each packet on the line."""
        self.in_order = all(
            (after.sequence - before.sequence) & 0xFFFF < 0x8000
            and (after.vp8 is None) == (before.vp8 is None)
            for before, after in pairwise(packets)
        )
        """They came as they were sent, and all of them tell of their picture or none does."""


class PacketCache:
    """A ring indexed by sequence number."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        if capacity & (capacity - 1):
            raise ValueError("capacity must be a power of two")
        self._mask = capacity - 1
        self._ring: list[Incoming | None] = [None] * capacity

    def put(self, packet: Incoming) -> None:
        """Remember a packet; it displaces the one `capacity` numbers earlier."""
        self._ring[packet.sequence & self._mask] = packet

    def get(self, sequence: int) -> Incoming | None:
        """The packet with that 16 bit number, if it is still here."""
        packet = self._ring[sequence & self._mask]
        return packet if packet is not None and packet.sequence == sequence else None
