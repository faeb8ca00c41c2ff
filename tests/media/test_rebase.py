"""A publisher that begins another numbering or another time line in the middle of a call."""

from itertools import pairwise

import pytest

from signaling import rtp
from signaling.feedback import MS
from signaling.rtp import ahead16, ahead32
from tests.media.builders import HEARING, OPUS, VP8, FakeRecorder, Room, packet, picture

SECOND_OF = {"microphone": 48_000, "camera": 90_000}


def flow(room: Room, source: str, sequence: int, timestamp: int, count: int) -> None:
    """Packets 20 ms apart, each a keyframe."""
    judge = room.publishers["judge"]
    index = 0 if source == "microphone" else 1
    step = SECOND_OF[source] // 50
    for number in range(count):
        payload = b"sound" if index == 0 else picture(sequence + number, key=True)
        data = packet(
            sequence + number,
            timestamp + number * step,
            payload,
            ssrc=judge.upstreams[index].section.ssrcs[0],
            payload_type=VP8 if index else OPUS,
        )
        room.forwarder.receive_rtp(judge, data, room.now)
        room.wait(20 * MS, step=20 * MS)


@pytest.mark.parametrize("source", ["microphone", "camera"])
@pytest.mark.parametrize(
    ("sequence", "timestamp"),
    [(150, 3_000_000_000), (20_000, 100_000), (60_000, 7)],
    ids=["another time line", "another numbering, backwards", "both"],
)
def test_the_listener_gets_one_unbroken_stream(source: str, sequence: int, timestamp: int) -> None:
    room = Room()
    room.join("judge")
    room.join("lawyer")
    flow(room, source, 40_100, 50_000, 50)
    before = len(room.heard("lawyer", source))  # type: ignore[arg-type]
    if sequence == 150:
        sequence = 40_150
    flow(room, source, sequence, timestamp, 50)
    heard: list[rtp.RtpPacket] = room.heard("lawyer", source)  # type: ignore[arg-type]
    assert len(heard) - before >= 45
    for old, new in pairwise(heard):
        assert ahead16(new.sequence, old.sequence) == 1
        assert 0 < ahead32(new.timestamp, old.timestamp) < SECOND_OF[source]


def test_the_record_is_told_the_packets_as_they_come() -> None:
    room = Room()
    recorder = FakeRecorder()
    room.join("judge")
    room.forwarder.attach(HEARING, recorder, room.now)
    flow(room, "camera", 40_000, 50_000, 50)
    flow(room, "camera", 20_000, 3_000_000_000, 50)
    (sink,) = recorder.of("judge", "camera")
    assert len(sink.packets) >= 95
