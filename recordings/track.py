"""One track of a sitting being recorded: packets in, segments on disk. Runs on the writer's thread.

A segment of about 6 s is closed at a keyframe (opus: at any packet), when the picture's size
changes, when the sender's time line breaks, when media stops, and when the sink is closed. A new
one then begins where the old one ended, or after a hole that the ledger writes into the record.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from recordings import cipher, keys
from recordings.depacketize import Frame, depacketizer
from recordings.rtpclock import RATES, TrackClock
from recordings.segment import Segment, SegmentFile
from recordings.vault import Vault
from signaling.engine import Codec, MediaPacket, RecordedTrack

MS = 1_000_000
SEGMENT_MS = 6000
KEYFRAME_AHEAD_MS = 500
"""A keyframe is asked for this long before a segment is due, and one that comes is used."""
KEYFRAME_EVERY_NS = 500 * MS
"""A publisher is asked no more often (media.md, hard check 6)."""
HOLE_MS: dict[Codec, int] = {"opus": 500, "vp8": 1500}
"""More than this without a frame is a gap. Opus with DTX sends every 400 ms (RFC 7587 section
3.1.3), a still screen in Chromium comes once a second."""
IDLE_MS: dict[Codec, int] = {"opus": 900, "vp8": 1500}
"""After this long without a packet the segment is closed, so that nothing lingers in memory. For
audio longer than the hole: a lost packet is waited for."""
FRAME_MS: dict[Codec, int] = {"opus": 20, "vp8": 33}
LONGEST_FRAME_MS = 100


@dataclass(frozen=True, slots=True)
class SinkOpened:
    """Media of the track is wanted from `at_ms` on."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class SinkClosed:
    """Nothing more comes, because of `reason` (a gap code)."""

    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class SegmentOpened:
    """A segment began. `lost`: what is missing before it was lost on the way."""

    start_ms: int
    lost: bool


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """A segment is on disk. `reason` is a gap code where media ended, empty where it goes on."""

    segment: Segment
    reason: str


@dataclass(frozen=True, slots=True)
class TrackFailed:
    """Nothing of the track is written any more, until its sink is opened anew."""

    code: str


@dataclass(frozen=True, slots=True)
class KeyframeWanted:
    """Ask the sender. `ask` belongs to the event loop."""

    ask: Callable[[], None]


Event = SinkOpened | SinkClosed | SegmentOpened | SegmentClosed | TrackFailed | KeyframeWanted


@dataclass(slots=True)
class Chain:
    """Where a track stands in its numbering; outlives sinks."""

    seq: int = 0
    previous: str = cipher.NO_PREVIOUS
    """SHA-256 of the newest segment's file."""
    end_ms: int = 0
    """End of the newest segment: the next one starts no earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What a track is. Its id keeps over reconnections and restarts (docs/evidence.md)."""

    sitting: str
    name: RecordedTrack
    codec: Codec
    key: bytes = field(repr=False)
    wrapped: bytes
    chain: Chain = field(default_factory=Chain)

    @property
    def id(self) -> str:
        """`<seat>-<source>`."""
        return track_id(self.name)


def track_id(name: RecordedTrack) -> str:
    """The id of a track in files and leaves."""
    return f"{name.seat}-{name.source}"


@dataclass(frozen=True, slots=True)
class Interval:
    """The stretch on record that is being written, and how monotonic time maps to its clock."""

    id: str
    start_ms: int
    epoch_ns: int
    """Recording time 0 on this process's monotonic clock; may be negative."""

    def ms(self, at_ns: int) -> int:
        """Milliseconds since recording time 0."""
        return (at_ns - self.epoch_ns) // MS


class TrackWriter:
    """From one opening of a sink to its closing."""

    def __init__(
        self,
        track: Track,
        interval: Interval,
        vault: Vault,
        ask: Callable[[], None],
        emit: "Emit",
        done: Callable[["TrackWriter", SegmentFile, Segment, str], None],
    ) -> None:
        """`done` takes over a file that was finished: it syncs it, closes it and tells."""
        self.track = track
        self.interval = interval
        self.file: SegmentFile | None = None
        self._vault = vault
        self._ask = KeyframeWanted(ask)
        self._emit = emit
        self._done = done
        self._frames = depacketizer(track.codec)
        self._clock = TrackClock(RATES[track.codec])
        self._asked_ns = 0
        self._heard_ns = 0
        self._end_ms = max(interval.start_ms, track.chain.end_ms)
        """End of the last frame that was kept."""
        self._last_ms = self._end_ms - 1
        self._kept_ns = 0
        self._frame_ms = FRAME_MS[track.codec]
        self._size = (0, 0)
        self._failed = False

    # --- what the writer's thread calls ---------------------------------------------------------

    def packet(self, packet: MediaPacket) -> None:
        """Take one packet."""
        self._heard_ns = packet.arrival_ns
        self._keep_all(self._frames.push(packet))
        if self._frames.wants_keyframe:
            self._ask_keyframe(packet.arrival_ns)

    def report(self, timestamp: int, at_ns: int) -> None:
        """Take a sender report."""
        self._clock.report(self._frames.timestamp(timestamp), at_ns)

    def tick(self, now_ns: int) -> None:
        """Time passes: give up on late packets, close what nothing comes for."""
        self._keep_all(self._frames.expire(now_ns))
        if self._frames.wants_keyframe and now_ns - self._heard_ns < 1000 * MS:
            self._ask_keyframe(now_ns)
        if self.file and now_ns - self._kept_ns > IDLE_MS[self.track.codec] * MS:
            self._finish(self._end_ms, "lost" if self._frames.wants_keyframe else "no_media")

    def close(self, reason: str) -> None:
        """The sink was closed."""
        self._keep_all(self._frames.flush())
        self._finish(self._end_ms, reason)

    def fail(self, code: str, reason: str) -> None:
        """Writing is impossible: keep what is on disk, take nothing more."""
        if self._failed:
            return
        self._failed = True
        file, self.file = self.file, None
        if file:
            self._salvage(file, reason)
        self._emit(self, TrackFailed(code))

    # --- frames ---------------------------------------------------------------------------------

    def _keep_all(self, frames: list[Frame]) -> None:
        for frame in frames:
            if not self._failed:
                self._keep(frame)

    def _keep(self, frame: Frame) -> None:
        if frame.restarted:
            self._clock.restart()
        at_ns, broken = self._clock.at(frame.timestamp, frame.arrival_ns)
        # Nothing was sampled after it arrived. A server that stood still reads sender reports late,
        # and by them the next seconds would lie ahead, beyond the end of the record.
        at_ns = min(at_ns, frame.arrival_ns)
        at_ms = self.interval.ms(at_ns)
        if at_ms < self.interval.start_ms:
            if self.track.codec == "opus":
                return  # sampled before the record began
            at_ms = self.interval.start_ms  # the keyframe that everything after it needs
        at_ms = max(at_ms, self._last_ms + 1)
        self._cut_before(frame, at_ms, broken or frame.restarted)
        if not self.file and not self._begin(frame, at_ms):
            return
        self._put(frame, at_ms)

    def _cut_before(self, frame: Frame, at_ms: int, broken: bool) -> None:
        """Close the open segment if `frame` cannot or should not be in it."""
        if not self.file:
            return
        missing = at_ms - self._end_ms
        if broken or missing > HOLE_MS[self.track.codec]:
            self._finish(min(self._end_ms, at_ms), "lost" if frame.lost else "no_media")
            return
        resized = frame.width and (frame.width, frame.height) != self._size
        if resized or self._due(at_ms - self.file.header.start_ms, frame):
            self._finish(at_ms, "")

    def _due(self, age: int, frame: Frame) -> bool:
        if self.track.codec == "opus":
            return age >= SEGMENT_MS
        if age < SEGMENT_MS - KEYFRAME_AHEAD_MS:
            return False
        if not frame.keyframe:
            self._ask_keyframe(frame.arrival_ns)
        return frame.keyframe

    def _put(self, frame: Frame, at_ms: int) -> None:
        file = self.file
        if file is None:
            return
        if frame.duration:
            self._frame_ms = max(1, frame.duration * 1000 // RATES[self.track.codec])
        elif 0 < at_ms - self._last_ms <= LONGEST_FRAME_MS:
            self._frame_ms = at_ms - self._last_ms
        self._last_ms = at_ms
        self._end_ms = at_ms + self._frame_ms
        self._kept_ns = frame.arrival_ns
        file.lost += frame.lost
        file.add(frame.data, at_ms, self._frame_ms, frame.keyframe)

    # --- segments -------------------------------------------------------------------------------

    def _begin(self, frame: Frame, at_ms: int) -> bool:
        if not frame.keyframe:
            self._frames.wants_keyframe = True
            self._ask_keyframe(frame.arrival_ns)
            return False
        track, chain = self.track, self.track.chain
        header = cipher.Header(
            sitting=track.sitting,
            track=track.id,
            seat=track.name.seat,
            source=track.name.source,
            codec=track.codec,
            stretch=self.interval.id,
            seq=chain.seq,
            start_ms=at_ms,
            previous=chain.previous,
            key=b64encode(track.wrapped).decode(),
            salt=cipher.new_salt(),
        )
        self._size = (frame.width, frame.height)
        path = self._vault.path(track.sitting, track.id, chain.seq)
        raw = self._vault.create(path)
        try:
            self.file = SegmentFile(raw, header, track.key, track.codec, self._size)
        except OSError:
            raw.close()
            self._vault.remove(path)
            raise
        chain.seq += 1
        self._emit(self, SegmentOpened(at_ms, bool(frame.lost)))
        return True

    def _finish(self, end_ms: int, reason: str) -> None:
        file = self.file
        if file is None:
            return
        segment = file.finish(end_ms)
        self.file = None
        self._hand_over(file, segment, reason)

    def _hand_over(self, file: SegmentFile, segment: Segment, reason: str) -> None:
        self.track.chain.previous = segment.sha256
        self.track.chain.end_ms = segment.end_ms
        self._done(self, file, segment, reason)

    def _salvage(self, file: SegmentFile, reason: str) -> None:
        """Keep what is whole; a segment without a frame never was, and its number is free."""
        segment = file.abandon()
        if segment:
            self._hand_over(file, segment, reason)
            return
        file.close()
        self.track.chain.seq = file.header.seq
        self._vault.remove(self._vault.path(self.track.sitting, self.track.id, file.header.seq))

    def _ask_keyframe(self, now_ns: int) -> None:
        if now_ns - self._asked_ns >= KEYFRAME_EVERY_NS:
            self._asked_ns = now_ns
            self._emit(self, self._ask)


Emit = Callable[[TrackWriter, Event], None]
"""How a track tells what happened; called from the writer's threads."""


def new_track(sitting: str, name: RecordedTrack, codec: Codec, sitting_key: bytes) -> Track:
    """A track with a fresh key."""
    key = keys.new_key()
    return Track(
        sitting=sitting, name=name, codec=codec, key=key, wrapped=keys.wrap(key, sitting_key)
    )
