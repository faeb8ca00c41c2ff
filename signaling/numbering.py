"""One unbroken numbering out of several streams, one after the other.

Whoever receives it (a browser's slot, the recorder) sees sequence numbers, timestamps and VP8
picture numbers go on where the former stream ended (RFC 7741 section 4.2: they must not jump
backwards). The first stream may keep its own numbers.
"""

from collections.abc import Sequence
from typing import Final

from signaling import vp8
from signaling.engine import Codec
from signaling.feedback import SECOND
from signaling.packet_cache import Incoming, Run
from signaling.rtp import ahead16
from signaling.vp8 import Vp8Descriptor

SHORTEST_STEP: Final[dict[Codec, int]] = {"opus": 960, "vp8": 1500}
"""Least advance of the timestamp at a change of stream: one packet, one frame of 60 Hz."""


class Numbering:
    """How far the stream that flows now is moved, and where the numbering stands."""

    __slots__ = (
        "_codec",
        "_rate",
        "first",
        "last_at",
        "last_picture",
        "last_sequence",
        "last_timestamp",
        "last_tl0",
        "picture",
        "sequence",
        "timestamp",
        "tl0",
    )

    def __init__(self, codec: Codec, rate: int, sequence: int = 0, timestamp: int = 0) -> None:
        """Begin after these numbers. `rate`: units of the codec's clock in a second."""
        self._codec: Codec = codec
        self._rate = rate
        self.sequence = self.timestamp = self.picture = self.tl0 = 0
        """What is added to the stream's own numbers."""
        self.first = 0
        """The stream's own number of the first packet that is used; older ones are not."""
        self.last_sequence, self.last_timestamp = sequence, timestamp
        self.last_picture = self.last_tl0 = 0
        self.last_at: int | None = None

    def begin(self, packet: Incoming, sampled_apart: int | None = None) -> None:
        """Go on with another stream, from this packet. `sampled_apart`: nanoseconds from the
        last packet's sampling to this one's where both are known, else arrivals count."""
        step = SHORTEST_STEP[self._codec]
        if self.last_at is not None:
            apart = packet.arrival_ns - self.last_at
            if sampled_apart is not None and abs(sampled_apart - apart) < SECOND:
                apart = sampled_apart
            step = max(step, apart * self._rate // SECOND)
        self.first = packet.sequence
        self.sequence = self.last_sequence + 1 - packet.sequence
        self.timestamp = self.last_timestamp + step - packet.timestamp
        if packet.vp8 is not None and self.last_at is not None:
            self.picture = self.last_picture + 1 - packet.vp8.picture_id
            self.tl0 = self.last_tl0 + 1 - packet.vp8.tl0

    def keep(self, packet: Incoming) -> None:
        """The stream that flows keeps its own numbers, from this packet on."""
        self.first = packet.sequence
        self.sequence = self.timestamp = self.picture = self.tl0 = 0
        self.last_sequence = packet.sequence - 1

    def covers(self, sequence: int) -> bool:
        """Whether a number of the stream is not older than its beginning here."""
        return ahead16(sequence, self.first) >= 0

    def move(self, packet: Incoming) -> tuple[int, int] | None:
        """Sequence number and timestamp of a packet in this numbering; None for one that is
        older than the stream's beginning here."""
        number, moment, _, _, picture, at = packet
        age = (number - self.first) & 0xFFFF
        if age > 8192:
            if age >= 0x8000:
                return None
            self.first = (self.first + 4096) & 0xFFFF  # the beginning stays within half a circle
        sequence = (number + self.sequence) & 0xFFFF
        timestamp = (moment + self.timestamp) & 0xFFFFFFFF
        if 0 < (sequence - self.last_sequence) & 0xFFFF < 0x8000:
            self.last_sequence, self.last_timestamp, self.last_at = sequence, timestamp, at
            if picture is not None:
                self.last_picture = picture.picture_id + self.picture
                self.last_tl0 = picture.tl0 + self.tl0
        return sequence, timestamp

    def move_run(self, run: Run) -> Sequence[Incoming]:
        """Which packets of a run are used: all but those that are older than the stream's
        beginning here. The numbering stands after them; they move by `sequence` and `timestamp`."""
        packets = run.packets
        last = packets[-1]
        sequence = (last.sequence + self.sequence) & 0xFFFF
        if (
            run.in_order
            and (packets[0].sequence - self.first) & 0xFFFF <= 8192
            and 0 < (sequence - self.last_sequence) & 0xFFFF < 0x8000
        ):  # as a rule
            self.last_sequence, self.last_at = sequence, last.arrival_ns
            self.last_timestamp = (last.timestamp + self.timestamp) & 0xFFFFFFFF
            if last.vp8 is not None:
                self.last_picture = last.vp8.picture_id + self.picture
                self.last_tl0 = last.vp8.tl0 + self.tl0
            return packets
        return [packet for packet in packets if self.move(packet) is not None]

    def payload(self, payload: bytes, picture: Vp8Descriptor | None) -> bytes:
        """A payload with its picture numbers moved."""
        if picture is None or not (self.picture or self.tl0):
            return payload
        return vp8.rewrite(payload, picture, self.picture, self.tl0)
