"""A publisher that begins another numbering or another time line in the middle of a call."""

from itertools import pairwise

import pytest

from signaling import rtp
from signaling.feedback import MS
from signaling.rtp import ahead16, ahead32
from tests.media.builders import (
    HEARING,
    OPUS,
    VP8,
    FakeRecorder,
    Room,
    keyframe_header,
    packet,
    picture,
)

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


def test_another_codec_in_mid_call_is_dropped_and_the_stream_goes_on() -> None:
    """What was not negotiated reaches neither a listener nor the record."""
    room = Room()
    recorder = FakeRecorder()
    room.join("judge")
    room.join("lawyer")
    room.forwarder.attach(HEARING, recorder, room.now)
    flow(room, "camera", 100, 0, 20)
    judge = room.publishers["judge"]
    (ssrc, _) = judge.upstreams[1].section.ssrcs
    for number in range(120, 140):
        data = packet(number, number * 1800, b"h264" * 20, ssrc=ssrc, payload_type=102)
        room.forwarder.receive_rtp(judge, data, room.now)
    assert room.forwarder.counters.ignored == 20
    flow(room, "camera", 120, 20 * 1800, 20)
    heard = room.heard("lawyer", "camera")
    (sink,) = recorder.of("judge", "camera")
    assert all(b"h264" not in item.payload for item in heard)
    assert all(b"h264" not in item.payload for item in sink.packets)
    assert len(heard) >= 38
    for old, new in pairwise(heard):
        assert ahead16(new.sequence, old.sequence) == 1


def test_another_resolution_in_mid_call_breaks_nothing() -> None:
    """A telephone that is turned, a browser that finds its line poor. (The record begins a segment:
    tests/recordings/test_track.py.)"""
    room = Room()
    room.join("judge")
    room.join("lawyer")
    judge = room.publishers["judge"]
    (ssrc, _) = judge.upstreams[1].section.ssrcs
    sizes = [(640, 360), (1280, 720), (360, 640)]
    for number in range(60):
        width, height = sizes[number // 20]
        payload = picture(number, key=number % 20 == 0)
        if number % 20 == 0:
            payload = payload[:6] + keyframe_header(width, height)
        data = packet(100 + number, number * 3000, payload, ssrc=ssrc, marker=True)
        room.forwarder.receive_rtp(judge, data, room.now)
        room.wait(33 * MS, step=33 * MS)
        (stream,) = judge.upstreams[1].streams
        assert (stream.width, stream.height) == (width, height)
    heard = room.heard("lawyer", "camera")
    assert len(heard) == 60
    for old, new in pairwise(heard):
        assert ahead16(new.sequence, old.sequence) == 1
        assert ahead32(new.timestamp, old.timestamp) == 3000


def test_the_record_is_told_the_packets_as_they_come() -> None:
    room = Room()
    recorder = FakeRecorder()
    room.join("judge")
    room.forwarder.attach(HEARING, recorder, room.now)
    flow(room, "camera", 40_000, 50_000, 50)
    flow(room, "camera", 20_000, 3_000_000_000, 50)
    (sink,) = recorder.of("judge", "camera")
    assert len(sink.packets) >= 95
