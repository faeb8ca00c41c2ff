"""The thin path: packets -> encrypted segment on disk -> read back and decode."""

import threading
import time
from pathlib import Path

import pytest

from recordings import keys, reading
from recordings.track import Event, Interval, SegmentClosed, Track, new_track
from recordings.vault import Vault
from recordings.writer import Writer
from signaling.engine import Codec, TrackId
from tests.recordings import media

SITTING_KEY = keys.new_key()


def interval() -> Interval:
    return Interval("str1", 0, time.monotonic_ns())


def make(codec: Codec) -> Track:
    name = TrackId("seat1", "microphone" if codec == "opus" else "camera")
    return new_track("sit1", name, codec, SITTING_KEY)


@pytest.mark.parametrize("codec", ["opus", "vp8"])
def test_packets_become_segments_that_decode(codec: Codec, tmp_path: Path) -> None:
    events: list[Event] = []
    writer = Writer(Vault(tmp_path / "vault"), lambda _, event: events.append(event))
    writer.start()
    stretch = interval()
    track = make(codec)
    lane = writer.open(track, stretch, lambda: None)
    frames = media.opus(13.0) if codec == "opus" else media.vp8(13.0)
    for packet in media.Sender(codec).pack(frames, stretch.epoch_ns):
        lane.put(packet)
    lane.close("off_record", stretch.epoch_ns + 13 * media.SECOND)
    done = threading.Event()
    writer.mark(done.set)
    assert done.wait(10)
    writer.stop()

    closed = [event for event in events if isinstance(event, SegmentClosed)]
    assert len(closed) == 3
    assert [event.reason for event in closed] == ["", "", "off_record"]
    total = 0
    for event in closed:
        segment = event.segment
        path = writer.vault.path("sit1", track.id, segment.seq)
        webm = b"".join(
            reading.plain(path, SITTING_KEY, segment.sha256, seq=segment.seq, track=track.id)
        )
        assert len(webm) == segment.plain_size
        (tmp_path / "out.webm").write_bytes(webm)
        media.strict(tmp_path / "out.webm")
        total += len(media.decode(webm))
        assert b"webm" not in path.read_bytes()
    assert total == len(frames)
    assert closed[0].segment.end_ms == closed[1].segment.start_ms
    assert closed[-1].segment.end_ms - closed[0].segment.start_ms == pytest.approx(13000, abs=40)
