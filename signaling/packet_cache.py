"""The last packets of one published stream, to answer subscribers' NACKs without the publisher.

One cache serves all subscribers: each knows by how much its sequence numbers are shifted.
"""

from typing import NamedTuple

from signaling.vp8 import Vp8Descriptor

CAPACITY = 512
"""About 4 s of video at 1.2 Mb/s; a NACK older than that repairs nothing."""


class Incoming(NamedTuple):
    """One new media packet of a publisher, numbered as the publisher numbered it."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    vp8: Vp8Descriptor | None
    arrival_ns: int


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
