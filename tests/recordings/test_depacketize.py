"""Loss, reordering, duplicates, wraparound: whole frames in order, and nothing garbled."""

import itertools
import random

import pytest

from recordings.depacketize import (
    OpusDepacketizer,
    ReorderBuffer,
    Unwrapper,
    Vp8Depacketizer,
    depacketizer,
    opus_duration,
    vp8_keyframe,
)
from recordings.rtpclock import TrackClock
from signaling.engine import Codec, MediaPacket
from tests.recordings import media
from tests.recordings.media import MS, SECOND


def packet(number: int, arrival_ms: int = 0) -> MediaPacket:
    return MediaPacket(number % 65536, 0, False, b"x", arrival_ms * MS)


def numbers(buffer: ReorderBuffer, *sequence: int) -> list[tuple[int, int]]:
    return [(item.packet.sequence, item.lost) for n in sequence for item in buffer.push(packet(n))]


def test_unwrapping() -> None:
    unwrap = Unwrapper(16)
    assert [unwrap(n) for n in (65534, 65535, 1, 0, 65533, 2)] == [
        65534,
        65535,
        65537,
        65536,
        65533,
        65538,
    ]


def test_reordering_waits_and_duplicates_vanish() -> None:
    buffer = ReorderBuffer(32, 400 * MS)
    assert numbers(buffer, 65534, 0, 65535, 65535, 65534, 1) == [
        (65534, 0),
        (65535, 0),
        (0, 0),
        (1, 0),
    ]
    assert buffer.late == 2


def test_a_missing_packet_is_given_up_by_count_or_by_time() -> None:
    buffer = ReorderBuffer(4, 400 * MS)
    assert numbers(buffer, 1, 3, 4, 5) == [(1, 0)]
    assert numbers(buffer, 6) == [(3, 1), (4, 0), (5, 0), (6, 0)]
    assert numbers(buffer, 2) == []  # too late
    buffer = ReorderBuffer(32, 400 * MS)
    buffer.push(packet(1, 0))
    buffer.push(packet(3, 10))
    assert buffer.expire(409 * MS) == []
    assert [(item.packet.sequence, item.lost) for item in buffer.expire(410 * MS)] == [(3, 1)]


def test_a_sender_that_begins_anew_is_noticed() -> None:
    buffer = ReorderBuffer(32, 400 * MS)
    assert numbers(buffer, 5, 6) == [(5, 0), (6, 0)]
    out = buffer.push(packet(30_000))
    assert [(item.packet.sequence, item.restarted) for item in out] == [(30_000, True)]


@pytest.mark.parametrize(
    ("payload", "duration"),
    [
        (b"", 0),
        (b"\xf8", 960),  # CELT, 20 ms, one frame
        (b"\xfc", 960),
        (b"\xf9", 1920),  # two frames
        (b"\x18", 2880),  # SILK, 60 ms
        (b"\x08", 960),
        (b"\xfb\x03", 2880),  # code 3: three frames
        (b"\xfb", 0),
        (b"\x1b\x3f", 0),  # more than 120 ms
    ],
)
def test_opus_durations(payload: bytes, duration: int) -> None:
    assert opus_duration(payload) == duration


def test_the_durations_of_a_real_encoder() -> None:
    assert {opus_duration(frame.data) for frame in media.opus(0.5)} == {960}


@pytest.mark.parametrize("codec", ["opus", "vp8"])
@pytest.mark.parametrize("seed", range(3))
def test_disorder_and_wraparound_change_nothing(codec: Codec, seed: int) -> None:
    frames = media.opus(3.0) if codec == "opus" else media.vp8(3.0)
    sender = media.Sender(codec, sequence=65_500, timestamp=2**32 - 20_000)
    packets = sender.pack(frames, SECOND)
    chance = random.Random(seed)
    order = [0, *sorted(range(1, len(packets)), key=lambda i: i + chance.uniform(0, 6))]
    made = depacketizer(codec)
    out = []
    for index in order:
        for _ in range(chance.choice((1, 1, 2))):
            out += made.push(packets[index])
    out += made.flush()
    assert [frame.data for frame in out] == [frame.data for frame in frames]
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(out)]
    assert set(steps) == {960 if codec == "opus" else 3000}
    assert not any(frame.lost or frame.restarted for frame in out)


@pytest.mark.parametrize("seed", range(5))
def test_after_a_loss_video_begins_again_at_a_keyframe(seed: int) -> None:
    frames = media.vp8(6.0, every=30)
    packets = media.Sender("vp8").pack(frames, SECOND)
    chance = random.Random(seed)
    kept = [item for item in packets if chance.random() > 0.02]
    made = Vp8Depacketizer()
    out = []
    for item in kept:
        out += made.push(item)
        out += made.expire(item.arrival_ns)
    out += made.flush()
    data = [frame.data for frame in frames]
    index = -1
    for frame in out:
        found = data.index(frame.data)
        assert found > index
        if found != index + 1:  # something is missing: only a keyframe may follow
            assert frame.keyframe
            assert frame.lost or index < 0
        index = found
    assert 0 < len(out) < len(frames)


def test_vp8_asks_for_a_keyframe_until_there_is_one() -> None:
    packets = media.Sender("vp8").pack(media.vp8(3.0, every=60), SECOND)
    made = Vp8Depacketizer()
    assert made.wants_keyframe
    start = next(i for i, item in enumerate(packets) if item.marker) + 1
    for item in packets[start : start + 10]:
        assert made.push(item) == []
    assert made.wants_keyframe


def test_keyframes_tell_their_size() -> None:
    frames = media.vp8(1.0, width=320, height=180)
    assert vp8_keyframe(frames[0].data) == (320, 180)
    assert vp8_keyframe(frames[1].data) is None
    assert vp8_keyframe(b"") is None


def test_padding_and_nonsense_are_no_frames() -> None:
    made = Vp8Depacketizer()
    frames = media.vp8(1.0)
    sender = media.Sender("vp8")
    first = sender.pack(frames[:1], SECOND)
    pad = MediaPacket(sender.sequence, 0, False, b"", SECOND)
    sender.sequence += 1
    second = sender.pack(frames[1:2], SECOND)
    out = [frame for item in [*first, pad, *second] for frame in made.push(item)]
    assert [frame.data for frame in out] == [frames[0].data, frames[1].data]
    chance = random.Random(7)
    for number in range(2000):
        payload = chance.randbytes(chance.randrange(0, 12))
        made.push(MediaPacket(number, chance.randrange(2**32), bool(number % 3), payload, SECOND))
        OpusDepacketizer().push(MediaPacket(number, 0, False, payload, SECOND))


# --- the clock of a track -------------------------------------------------------------------------


def test_without_reports_the_fastest_packet_sets_the_time() -> None:
    clock = TrackClock(48_000)
    at, _ = clock.at(0, SECOND + 50 * MS)
    assert at == SECOND + 50 * MS
    for index in range(1, 200):
        at, broken = clock.at(index * 960, SECOND + index * 20 * MS + 10 * MS)
        assert not broken
    assert at == pytest.approx(SECOND + 199 * 20 * MS + 10 * MS, abs=MS)


def test_sender_reports_bring_sound_and_picture_together_in_spite_of_drift() -> None:
    """Two crystals that are 200 ppm apart, for an hour: within 5 ms of each other."""
    ends = []
    for rate, ppm, delay in ((48_000, 120, 30), (90_000, -80, 90)):
        clock = TrackClock(rate)
        real = rate * (1 + ppm / 1e6)
        for second in range(3600):
            for part in range(5):
                now = second + part / 5
                at, broken = clock.at(round(now * real), round((100 + now) * 1e9) + delay * MS)
                assert not broken
            clock.report(round(second * real), (100 + second) * SECOND)
        ends.append(at)
    assert abs(ends[0] - ends[1]) < 5 * MS


def test_a_report_far_from_everything_is_not_believed() -> None:
    clock = TrackClock(48_000)
    clock.at(0, SECOND)
    clock.report(0, 60 * SECOND)
    assert clock.at(960, SECOND + 20 * MS) == (SECOND + 20 * MS, False)


def test_timestamps_that_jump_begin_a_new_time_line() -> None:
    clock = TrackClock(90_000)
    clock.at(0, SECOND)
    at, broken = clock.at(90_000 * 1000, SECOND + 33 * MS)
    assert (at, broken) == (SECOND + 33 * MS, True)
