"""From packets to segments without threads: cuts, holes, sizes, disk faults, time lines."""

import itertools
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recordings import cipher, keys
from recordings.segment import Segment, SegmentFile
from recordings.track import (
    Event,
    Interval,
    KeyframeWanted,
    SegmentClosed,
    SegmentOpened,
    Track,
    TrackFailed,
    TrackWriter,
    new_track,
)
from recordings.vault import RawFile, Vault
from recordings.writer import Writer
from signaling.engine import Codec, MediaPacket, TrackId
from tests.recordings import media
from tests.recordings.media import MS, SECOND

KEY = keys.new_key()
START = 100 * SECOND


class Bench:
    """One track, driven by hand; time is that of the packets."""

    def __init__(self, folder: Path, codec: Codec, track: Track | None = None) -> None:
        self.vault = Vault(folder / "vault")
        name = TrackId("seat1", "microphone" if codec == "opus" else "camera")
        self.track = track or new_track("sit1", name, codec, KEY)
        self.events: list[Event] = []
        self.asked = 0
        self.writing = TrackWriter(
            self.track,
            Interval("str1", 0, START),
            self.vault,
            lambda: None,
            lambda _, event: self.tell(event),
            self.done,
        )

    def tell(self, event: Event) -> None:
        if isinstance(event, KeyframeWanted):
            self.asked += 1
        else:
            self.events.append(event)

    def done(self, _writing: TrackWriter, file: SegmentFile, segment: Segment, why: str) -> None:
        file.sync()
        file.close()
        self.events.append(SegmentClosed(segment, why))

    def run(self, packets: list[MediaPacket]) -> None:
        """Feed in order of arrival, with a tick every 100 ms as the writer's thread has."""
        tick = START
        for packet in sorted(packets, key=lambda item: item.arrival_ns):
            while tick < packet.arrival_ns:
                self.writing.tick(tick)
                tick += 100 * MS
            self.writing.packet(packet)

    @property
    def closed(self) -> list[SegmentClosed]:
        return [event for event in self.events if isinstance(event, SegmentClosed)]

    @property
    def opened(self) -> list[SegmentOpened]:
        return [event for event in self.events if isinstance(event, SegmentOpened)]

    def webm(self, seq: int) -> bytes:
        with self.vault.path("sit1", self.track.id, seq).open("rb") as file:
            header = cipher.read_header(file)
            records = cipher.read_records(file, header, header.segment_key(KEY))
            return b"".join(record.plain for record in records)

    def check(self, folder: Path, frames: int) -> None:
        """All segments play strictly, begin with a keyframe, and hold so many frames."""
        found = 0
        for event in self.closed:
            webm = self.webm(event.segment.seq)
            path = folder / "out.webm"
            path.write_bytes(webm)
            media.strict(path)
            stamps = media.times(webm)
            assert stamps[0] == 0
            assert all(a < b for a, b in itertools.pairwise(stamps))
            length = (event.segment.end_ms - event.segment.start_ms) / 1000
            assert stamps[-1] < length < stamps[-1] + 1.6
            found += len(media.decode(webm))
        assert found == frames
        for one, two in itertools.pairwise(event.segment for event in self.closed):
            assert two.start_ms >= one.end_ms
            assert two.seq == one.seq + 1


def test_loss_reordering_and_duplicates(tmp_path: Path) -> None:
    chance = random.Random(3)
    bench = Bench(tmp_path, "opus")
    packets = media.Sender("opus", sequence=65_400, timestamp=2**32 - 9600).pack(
        media.opus(8.0), START
    )
    sent = [packets[0], *(item for item in packets[1:] if chance.random() > 0.05)]
    late = [
        item._replace(arrival_ns=item.arrival_ns + chance.randrange(0, 60) * MS)
        for item in sent[1:]
    ]
    bench.run([sent[0], *late, *chance.sample(late, 20)])
    bench.writing.close("muted")
    bench.check(tmp_path, len(sent))
    assert sum(event.segment.lost for event in bench.closed) == pytest.approx(
        len(packets) - len(sent), abs=2
    )
    assert bench.closed[-1].segment.end_ms == pytest.approx(8000, abs=60)


def test_a_change_of_size_begins_a_segment(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "vp8")
    sender = media.Sender("vp8")
    small, large = media.vp8(2.0), media.vp8(2.0, width=640, height=360)
    bench.run(sender.pack([*small, *media.shifted(large, 2.0)], START))
    bench.writing.close("camera_off")
    assert [event.reason for event in bench.closed] == ["", "camera_off"]
    bench.check(tmp_path, len(small) + len(large))
    assert bench.closed[0].segment.end_ms == bench.closed[1].segment.start_ms
    sizes = [media.decode(bench.webm(seq))[0][1] for seq in (0, 1)]
    assert [getattr(frame, "width", 0) for frame in sizes] == [320, 640]


def test_silence_closes_the_segment_so_that_nothing_lingers(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "opus")
    sender = media.Sender("opus")
    frames = media.opus(2.0)
    bench.run(sender.pack(frames, START))
    for ms in range(2000, 3200, 100):
        bench.writing.tick(START + ms * MS)
    assert [event.reason for event in bench.closed] == ["no_media"]
    bench.run(sender.pack(media.shifted(frames, 5.0), START))
    bench.writing.close("muted")
    bench.check(tmp_path, 2 * len(frames))
    assert bench.opened[1].start_ms - bench.closed[0].segment.end_ms == pytest.approx(3000, abs=30)
    assert not bench.opened[1].lost


def test_dtx_is_no_hole(tmp_path: Path) -> None:
    """Opus with DTX sends a frame every 400 ms in silence (RFC 7587 section 3.1.3)."""
    bench = Bench(tmp_path, "opus")
    frames = media.opus(10.0)
    kept = [frame for index, frame in enumerate(frames) if index < 100 or index % 20 == 0]
    sender = media.Sender("opus")
    packets = sender.pack(kept, START)
    bench.run(packets)
    bench.writing.close("muted")
    assert [event.reason for event in bench.closed] == ["", "muted"]
    assert [event.segment.lost for event in bench.closed] == [0, 0]
    bench.check(tmp_path, len(kept))


def test_a_video_loss_is_cut_out_up_to_the_next_keyframe(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "vp8")
    frames = media.vp8(9.0, every=90)
    packets = media.Sender("vp8").pack(frames, START)
    stamps = sorted({item.timestamp for item in packets})
    gone = [item for item in packets if item.timestamp != stamps[100]]  # one frame, at 3.33 s
    bench.run(gone)
    bench.writing.close("camera_off")
    # Frames 101 to 179 need the lost one; 180 is the next keyframe.
    bench.check(tmp_path, 100 + 90)
    assert [event.reason for event in bench.closed] == ["lost", "camera_off"]
    assert bench.opened[1].lost
    assert bench.opened[1].start_ms == pytest.approx(6000, abs=40)
    assert 2 <= bench.asked <= 7  # once at the start, then at most every 500 ms


def test_no_keyframe_no_segment(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "vp8")
    packets = media.Sender("vp8").pack(media.vp8(3.0, every=90), START)
    first = packets[0].timestamp
    bench.run([item for item in packets if item.timestamp != first])
    bench.writing.close("camera_off")
    assert bench.events == []
    assert bench.asked == pytest.approx(6, abs=1)


def test_a_new_time_line_begins_a_segment(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "opus")
    frames = media.opus(2.0)
    first, second = media.Sender("opus"), media.Sender("opus", 40_000, 3_000_000_000)
    bench.run(first.pack(frames, START) + second.pack(frames, START + 2 * SECOND))
    bench.writing.close("muted")
    bench.check(tmp_path, 2 * len(frames))
    assert len(bench.closed) == 2
    assert bench.closed[1].segment.end_ms == pytest.approx(4000, abs=60)


def test_what_was_sampled_before_the_record_is_not_in_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "opus")
    frames = media.opus(2.0)
    packets = media.Sender("opus").pack(frames, START - SECOND)
    bench.run([item for item in packets if item.arrival_ns >= START])
    bench.writing.close("muted")
    assert bench.opened[0].start_ms >= 0
    assert len(media.decode(bench.webm(0))) == pytest.approx(50, abs=2)


def test_sender_reports_place_the_media(tmp_path: Path) -> None:
    """The report says that the sound is 80 ms older than its arrival: it ends up there."""
    bench = Bench(tmp_path, "opus")
    sender = media.Sender("opus")
    packets = sender.pack(media.opus(6.0), START, delay_ns=80 * MS)
    for index, packet in enumerate(packets):
        if index % 50 == 10:
            bench.writing.report(sender.stamp(index / 50), START + index * 20 * MS)
        bench.writing.packet(packet)
    bench.writing.close("muted")
    assert bench.closed[-1].segment.end_ms == pytest.approx(6000, abs=3)


def test_numbering_and_time_go_on_over_openings(tmp_path: Path) -> None:
    one = Bench(tmp_path, "opus")
    frames = media.opus(2.0)
    one.run(media.Sender("opus").pack(frames, START))
    one.writing.close("disconnected")
    two = Bench(tmp_path, "opus", one.track)
    two.run(media.Sender("opus").pack(frames, START + SECOND))  # overlaps: an older connection
    two.writing.close("muted")
    assert two.closed[0].segment.seq == 1
    assert two.closed[0].segment.start_ms >= one.closed[0].segment.end_ms
    with two.vault.path("sit1", two.track.id, 1).open("rb") as file:
        assert cipher.read_header(file).previous == one.closed[0].segment.sha256


# --- a disk that fails ----------------------------------------------------------------------------


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size`: write(2) fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_keeps_what_is_whole(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    events: list[Event] = []
    writer = Writer(vault, lambda _, event: events.append(event))
    vault.prepare()
    track = new_track("sit1", TrackId("seat1", "microphone"), "opus", KEY)
    lane = writer.open(track, Interval("str1", 0, START), lambda: None)
    for packet in media.Sender("opus").pack(media.opus(6.0), START):
        lane.put(packet)
    with file_limit(25_000):
        writer._drain()
    writer.start()
    writer.stop()
    assert [event.code for event in events if isinstance(event, TrackFailed)] == [
        "record.disk_full"
    ]
    closed = [event for event in events if isinstance(event, SegmentClosed)]
    assert [(event.reason, event.segment.state) for event in closed] == [
        ("disk_full", "interrupted")
    ]
    segment = closed[0].segment
    path = vault.path("sit1", track.id, 0)
    assert path.stat().st_size == segment.size <= 25_000
    with path.open("rb") as file:
        header = cipher.read_header(file)
        records = cipher.read_records(file, header, header.segment_key(KEY))
        webm = b"".join(record.plain for record in records)
    (tmp_path / "out.webm").write_bytes(webm)
    media.strict(tmp_path / "out.webm")
    assert len(media.decode(webm)) == segment.frames > 0
    assert segment.end_ms == pytest.approx(segment.frames * 20, abs=30)


class Broken(Vault):
    """Opens files; not one byte can be written."""

    def create(self, path: Path) -> RawFile:
        inner = super().create(path)

        class Full:
            sync, truncate, close = inner.sync, inner.truncate, inner.close

            def write(self, _data: memoryview) -> int:
                raise OSError(28, "No space left on device")

        return Full()


def test_a_disk_without_room_for_the_first_byte(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "opus")
    bench.writing._vault = Broken(tmp_path / "vault")
    packets = media.Sender("opus").pack(media.opus(1.0), START)
    with pytest.raises(OSError, match="No space"):
        bench.run(packets)
    bench.writing.fail("record.disk_full", "disk_full")
    assert [type(event) for event in bench.events] == [TrackFailed]
    assert bench.track.chain.seq == 0  # the number is free: there is no such segment
    assert list(tmp_path.rglob("*.seg")) == []
