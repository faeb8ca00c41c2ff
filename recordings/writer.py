"""The writer: one thread that takes packets from the event loop and puts segments on disk.

`Lane.put` is all that the loop pays for: an append to a deque. The thread drains the queue ten
times a second, so that it does not fight the loop for the interpreter at every packet. A second
thread calls fsync, at least once a second for every open file and once for each closed one, and
only then tells what happened: an event about a segment means that the segment survives a power
cut.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from recordings.segment import Segment, SegmentFile
from recordings.track import (
    Emit,
    Event,
    Interval,
    KeyframeWanted,
    SegmentClosed,
    SinkClosed,
    SinkOpened,
    Track,
    TrackFailed,
    TrackWriter,
)
from recordings.vault import Vault
from sessions.alarm import Alarm
from signaling.engine import MediaPacket

DRAIN_S = 0.1
SYNC_S = 0.8
"""Seconds between two fsyncs of an open file."""
QUEUE = 20_000
"""Packets: about 25 MB, or three seconds of twelve people."""
BATCH = 2000
"""Packets between two looks at the clock when there are many."""
DISK_FULL, WRITE_FAILED = Alarm.DISK_FULL.value, Alarm.WRITE_FAILED.value

T = TypeVar("T")
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Report:
    timestamp: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class _Open:
    at_ns: int


@dataclass(frozen=True, slots=True)
class _Close:
    reason: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """Reached when everything that was put before it is on disk."""

    done: Callable[[], None]


_Item = MediaPacket | _Report | _Open | _Close


class Lane:
    """The loop's end of one opened track."""

    __slots__ = ("_append", "_queue", "_writer", "dropped", "heard_ns", "track")

    def __init__(self, writer: "Writer", track: TrackWriter) -> None:
        self._writer = writer
        self._queue = writer.queue
        self._append = writer.queue.append
        self.track = track
        self.dropped = 0
        """Packets that the queue had no room for."""
        self.heard_ns = 0
        """Arrival of the newest packet, whatever the writer makes of it."""

    def put(self, packet: MediaPacket) -> None:
        """Take one packet. Never blocks, never raises; a full queue drops it and counts."""
        self.heard_ns = packet.arrival_ns
        if len(self._queue) >= QUEUE:
            self.dropped += 1
            self._writer.dropped += 1
            return
        self._append((self.track, packet))

    def report(self, timestamp: int, at_ns: int) -> None:
        """Take a sender report."""
        if len(self._queue) < QUEUE:
            self._append((self.track, _Report(timestamp, at_ns)))

    def close(self, reason: str, at_ns: int) -> None:
        """Nothing more comes."""
        self._append((self.track, _Close(reason, at_ns)))
        self._writer.wake()


class Writer:
    """Start it once; `emit` is called from its threads."""

    def __init__(self, vault: Vault, emit: Emit) -> None:
        self.vault = vault
        self.queue: deque[tuple[TrackWriter | None, _Item | _Mark]] = deque()
        self.dropped = 0
        """Packets of all lanes that the queue had no room for."""
        self.beat_ns = time.monotonic_ns()
        """When the writing thread last had nothing left to do."""
        self.sync_beat_ns = self.beat_ns
        """When the last fsync had returned."""
        self._emit = emit
        self._wake = threading.Event()
        self._stopping = False
        self._open: set[TrackWriter] = set()
        self._syncer = _Syncer(self, emit)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Start both threads."""
        self.vault.prepare()
        self._thread.start()
        self._syncer.thread.start()

    def stop(self) -> None:
        """Close what is open (reason `closed`), finish, and wait. Blocks."""
        self._stopping = True
        self.wake()
        self._thread.join()
        self._syncer.stop()

    def wake(self) -> None:
        """Do not wait for the next round."""
        self._wake.set()

    def open(self, track: Track, interval: Interval, ask: Callable[[], None]) -> Lane:
        """Begin to write a track."""
        writing = TrackWriter(track, interval, self.vault, ask, self._tell, self._syncer.finished)
        lane = Lane(self, writing)
        self.queue.append((writing, _Open(time.monotonic_ns())))
        return lane

    def mark(self, done: Callable[[], None]) -> None:
        """Call `done` (from a thread) when all that was put so far is on disk and told."""
        self.queue.append((None, _Mark(done)))
        self.wake()

    def stalled_for(self, now_ns: int) -> float:
        """Seconds for which the disk or the thread has not kept up; 0 when all is well."""
        late = now_ns - min(self.beat_ns, self.sync_beat_ns)
        return max(0.0, late / 1e9 - SYNC_S - DRAIN_S)

    # --- the writing thread -----------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping or self.queue:
            self._wake.wait(DRAIN_S)
            self._wake.clear()
            self._drain()
            now = time.monotonic_ns()
            for writing in list(self._open):
                self._guarded(writing, writing.tick, now)
            self._syncer.watch([(item, item.file) for item in self._open if item.file])
            self.beat_ns = time.monotonic_ns()
        for writing in list(self._open):
            self._take(writing, _Close("closed", time.monotonic_ns()))

    def _drain(self) -> None:
        for _ in range(min(len(self.queue), BATCH)):
            writing, item = self.queue.popleft()
            if writing is None:
                if isinstance(item, _Mark):
                    self._syncer.told(item)
            elif not isinstance(item, _Mark):
                self._take(writing, item)
        if self.queue:
            self.wake()

    def _take(self, writing: TrackWriter, item: _Item) -> None:
        if isinstance(item, MediaPacket):
            self._guarded(writing, writing.packet, item)
        elif isinstance(item, _Report):
            writing.report(item.timestamp, item.at_ns)
        elif isinstance(item, _Open):
            self._open.add(writing)
            at_ms = writing.interval.ms(item.at_ns)
            self._tell(writing, SinkOpened(at_ms))
        else:
            self._open.discard(writing)
            self._guarded(writing, writing.close, item.reason)
            at_ms = writing.interval.ms(item.at_ns)
            self._tell(writing, SinkClosed(at_ms, item.reason))

    def _guarded(self, writing: TrackWriter, step: Callable[[T], None], value: T) -> None:
        """A track that cannot be written fails alone, and never silently."""
        try:
            step(value)
        except OSError as error:
            _logger.error("recorder.write_failed", error=error.strerror, errno=error.errno)
            self._fail(writing, DISK_FULL, "disk_full")
        except Exception:
            _logger.exception("recorder.failed")
            self._fail(writing, WRITE_FAILED, "writer_failed")

    def _fail(self, writing: TrackWriter, code: str, reason: str) -> None:
        try:
            writing.fail(code, reason)
        except OSError:
            _logger.exception("recorder.salvage_failed")
            self._tell(writing, TrackFailed(code))

    def _tell(self, writing: TrackWriter, event: Event) -> None:
        if isinstance(event, KeyframeWanted):
            self._emit(writing, event)
        else:
            self._syncer.told((writing, event))


_Finished = tuple[TrackWriter, SegmentFile, Segment, str]
_Told = tuple[TrackWriter, Event]


class _Syncer:
    """fsync on a thread of its own; events leave through here, in order, after their fsync."""

    def __init__(self, writer: Writer, emit: Emit) -> None:
        self._writer = writer
        self._emit = emit
        self._out: deque[_Told | _Finished | _Mark] = deque()
        self._open: list[tuple[TrackWriter, SegmentFile]] = []
        self._wake = threading.Event()
        self._stopping = False
        self.thread = threading.Thread(target=self._run, name="recorder-sync", daemon=True)

    def watch(self, files: list[tuple[TrackWriter, SegmentFile]]) -> None:
        """These are open now."""
        self._open = files

    def told(self, item: _Told | _Mark) -> None:
        """Pass this on when everything before it is on disk."""
        self._out.append(item)
        self._wake.set()

    def finished(
        self, writing: TrackWriter, file: SegmentFile, segment: Segment, reason: str
    ) -> None:
        """Sync and close this file, then tell."""
        self._out.append((writing, file, segment, reason))
        self._wake.set()

    def stop(self) -> None:
        """Finish and wait."""
        self._stopping = True
        self._wake.set()
        self.thread.join()

    def _run(self) -> None:
        due = 0.0
        while not self._stopping or self._out:
            self._wake.wait(SYNC_S)
            self._wake.clear()
            while self._out:
                self._pass_on(self._out.popleft())
            if time.monotonic() >= due:
                due = time.monotonic() + SYNC_S
                for writing, file in self._open:
                    if file.dirty:
                        self._sync(writing, file)
            self._writer.sync_beat_ns = time.monotonic_ns()

    def _pass_on(self, item: _Told | _Finished | _Mark) -> None:
        if isinstance(item, _Mark):
            item.done()
        elif len(item) == 2:
            self._emit(*item)
        else:
            writing, file, segment, reason = item
            self._sync(writing, file)
            file.close()
            self._emit(writing, SegmentClosed(segment, reason))

    def _sync(self, writing: TrackWriter, file: SegmentFile) -> None:
        try:
            file.sync()
        except OSError as error:
            _logger.error("recorder.sync_failed", error=error.strerror, errno=error.errno)
            self._emit(writing, TrackFailed(DISK_FULL))
        except ValueError:
            pass  # closed meanwhile, after its own fsync
