"""The recorder of one sitting, on the event loop: sinks out, facts in.

The media room opens sinks here and writes packets into them; the writer's threads tell what
became of them; ledgers turn that into facts for the database and the log. While a start is not
proved yet, what the writer tells is held back, and dropped if it fails.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from audit.leaf import commit
from recordings import segment as segments
from recordings.decoding import Job
from recordings.segment import NO_LINK, Segment
from recordings.timeline import Gap, Ledger
from recordings.track import (
    Event,
    Interval,
    KeyframeWanted,
    SegmentClosed,
    SegmentOpened,
    SinkClosed,
    SinkOpened,
    Track,
    TrackFailed,
    TrackWriter,
    new_track,
)
from recordings.writer import Lane, Writer
from signaling.engine import Codec, MediaPacket, RecordedTrack

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment is on disk; `data` is its leaf."""

    segment: Segment
    salt: bytes
    data: dict[str, str | int]
    link: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Why nothing is wanted of a track now; None: it is open."""

    track: str
    reason: str | None


Fact = Track | Kept | Gap | Idle
"""What is to be stored, in the order in which it happened."""


class Sink:
    """A `TrackSink`. `write` is the lane's own method: nothing stands between."""

    __slots__ = ("_closed", "_lane", "write")

    def __init__(self, lane: Lane, closed: Callable[[str], None]) -> None:
        self._lane = lane
        self._closed = closed
        self.write: Callable[[MediaPacket], None] = lane.put

    def clock(self, timestamp: int, ntp_ns: int) -> None:
        """A sender report."""
        self._lane.report(timestamp, ntp_ns)

    def close(self, reason: str) -> None:
        """No packet follows. A second close does nothing."""
        closed, self._closed = self._closed, _nothing
        self.write = _ignore
        closed(reason)


def _ignore(_packet: MediaPacket) -> None:
    """What comes after the end is not of the record."""


def _nothing(_reason: str) -> None:
    """Closed already."""


@dataclass(slots=True)
class OpenTrack:
    """A track whose sink is open."""

    id: str
    """Unique to this opening."""
    track: Track
    lane: Lane
    opened_ms: int


class SittingRecorder:
    """A `Recorder`. All methods belong to the event loop."""

    def __init__(self, sitting: str, key: bytes, writer: Writer, now_ns: Callable[[], int]) -> None:
        self.sitting = sitting
        self.facts: list[Fact] = []
        self.open_tracks: dict[RecordedTrack, OpenTrack] = {}
        self.failed: dict[RecordedTrack, str] = {}
        """Tracks that cannot be written, with the code of why."""
        self._key = key
        self._writer = writer
        self._now_ns = now_ns
        self._interval: Interval | None = None
        self._tracks: dict[RecordedTrack, Track] = {}
        self._ledgers: dict[str, Ledger] = {}
        self._links: dict[str, str] = {}
        self._stored: set[str] = set()
        self._held: list[tuple[TrackWriter, Event]] | None = None
        self._before: dict[RecordedTrack, tuple[int, str, int]] = {}
        self._opened = 0

    def restore(self, track: Track, ledger: Ledger, link: str) -> None:
        """A track of an earlier stretch, as the database has it."""
        self._tracks[track.name] = track
        self._ledgers[track.id] = ledger
        self._links[track.id] = link
        self._stored.add(track.id)

    # --- stretches --------------------------------------------------------------------------------

    def begin(self, interval: Interval) -> None:
        """Take packets, and hold back what becomes of them until `accept` or `reject`."""
        self._interval = interval
        self._held = []
        self._before = {
            name: (item.chain.seq, item.chain.previous, item.chain.end_ms)
            for name, item in self._tracks.items()
        }
        self.failed = {}

    def accept(self) -> None:
        """The start is proved: what was held back counts."""
        if self._interval is None:
            return
        for ledger in self._ledgers.values():
            self.facts += ledger.begin(self._interval.start_ms)
        held, self._held = self._held or [], None
        for writing, event in held:
            self._apply(writing, event)

    def reject(self) -> list[tuple[str, int]]:
        """The start failed. Returns (track, seq) of all files it wrote: they are to be deleted.

        Only after the writer has told everything (`Writer.mark`).
        """
        self._interval, self._held = None, None
        written = []
        for name, track in list(self._tracks.items()):
            seq, previous, end_ms = self._before.get(name, (0, NO_LINK, 0))
            written += [(track.id, number) for number in range(seq, track.chain.seq)]
            chain = track.chain
            chain.seq, chain.previous, chain.end_ms = seq, previous, end_ms
            if track.id not in self._stored:
                del self._tracks[name]
        return written

    def end(self, at_ms: int, reason: str, fault: str) -> None:
        """The stretch is over; all its sinks are closed and the writer has told everything."""
        self._interval = None
        for ledger in self._ledgers.values():
            self.facts += ledger.end(at_ms, reason, fault=fault)

    # --- what the media room calls ----------------------------------------------------------------

    def open(
        self, track: RecordedTrack, codec: Codec, request_keyframe: Callable[[], None]
    ) -> Sink | None:
        """A sink for a track of the hearing; None while nothing is on record."""
        interval = self._interval
        if interval is None:
            return None
        known = self._tracks.get(track)
        if known is None or known.codec != codec:
            known = new_track(self.sitting, track, codec, self._key)
            self._tracks[track] = known
        lane = self._writer.open(known, interval, request_keyframe)
        self._opened += 1
        name = f"{self.sitting}/{known.id}/{interval.id}/{self._opened}"
        now = interval.ms(self._now_ns())
        self.open_tracks[track] = opened = OpenTrack(name, known, lane, now)
        self.failed.pop(track, None)

        def closed(reason: str) -> None:
            lane.close(reason, self._now_ns())
            if self.open_tracks.get(track) is opened:
                del self.open_tracks[track]

        return Sink(lane, closed)

    # --- what the writer tells --------------------------------------------------------------------

    def told(self, writing: TrackWriter, event: Event) -> None:
        """Take an event of the writer."""
        if isinstance(event, KeyframeWanted):
            event.ask()
        elif isinstance(event, TrackFailed):
            self.failed[writing.track.name] = event.code
        elif self._held is not None:
            self._held.append((writing, event))
        else:
            self._apply(writing, event)

    def _apply(self, writing: TrackWriter, event: Event) -> None:
        track = writing.track
        ledger = self._known(track)
        match event:
            case SinkOpened(at_ms):
                ledger.sink_opened(at_ms)
                self.facts.append(Idle(track.id, None))
            case SinkClosed(at_ms, reason):
                self.facts += ledger.sink_closed(at_ms, reason)
                self.facts.append(Idle(track.id, reason))
            case SegmentOpened(start_ms, lost):
                self.facts += ledger.segment_opened(start_ms, lost)
            case SegmentClosed(segment, reason):
                ledger.segment_closed(segment.end_ms, reason)
                self.facts.append(self._kept(track, segment))

    def _known(self, track: Track) -> Ledger:
        if track.id not in self._stored:
            self._stored.add(track.id)
            self._ledgers[track.id] = Ledger(track.id)
            self.facts.append(track)
        return self._ledgers[track.id]

    def _kept(self, track: Track, segment: Segment) -> Kept:
        kept = keep(
            segment,
            track.name.seat,
            track.name.source,
            track.codec,
            self._links.get(track.id, NO_LINK),
        )
        self._links[track.id] = kept.link
        return kept

    # --- what the verifier is asked ---------------------------------------------------------------

    def jobs(self, epoch: float = 0.0) -> list[Job]:
        """The newest segment of every open track that has one. `epoch`: see `Job`."""
        vault = self._writer.vault
        return [
            Job(
                item.id,
                vault.now_at(vault.path(self.sitting, item.track.id, file.header.seq)),
                self.sitting,
                item.track.id,
                file.header.seq,
                item.track.key,
                epoch,
            )
            for item in self.open_tracks.values()
            if (file := item.lane.track.file) is not None
        ]


def keep(segment: Segment, seat: str, source: str, codec: str, link: str) -> Kept:
    """The fact of a closed segment; `link` is the `link` of the one before in its track."""
    salt = secrets.token_bytes(SALT_BYTES)
    commitment = commit(segment.plain_sha256, salt)
    data = segments.leaf(segment, seat, source, codec, commitment, link)
    return Kept(segment, salt, data, segments.link(data))
