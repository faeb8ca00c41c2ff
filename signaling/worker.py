"""A media worker: a process that carries hearings for the main one (`worker_pool`).

    python -m signaling.worker FD

FD is its end of a Unix socket pair. It holds an engine with its rooms and nothing else: no
database, no key, no setting but those it is told. It ends when the line does, and kills itself
when its loop hangs, so that it never carries media that nobody commands.
"""

import asyncio
import inspect
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import uvloop

from signaling.aiortc_engine import AiortcEngine
from signaling.engine import (
    Codec,
    HearingSpace,
    MediaEvent,
    MediaPacket,
    MediaRoom,
    RecordedTrack,
)
from signaling.load import LoopWatch, spare_collector
from signaling.media_room import ForwardingRoom
from signaling.worker_wire import (
    Kind,
    Reader,
    frame,
    lift,
    lower,
    lower_error,
    packet,
    raw_frame,
    values,
)

logger = logging.getLogger(__name__)

STATS_S = 0.5
BATCH_S = 0.02
BATCH = 48 * 1024
"""Bytes of recorded packets that are sent at once."""
BACKLOG = 64 << 20
"""Bytes that wait for the main process; recorded packets beyond that are dropped and counted."""
HANG_S = 30
"""A loop that does not come round for so long: the kernel ends the process (SIGALRM). The main
process sees it much sooner (`worker_watch`); this is for the case that it died as well."""
METHODS = frozenset(
    name for name, item in vars(MediaRoom).items() if inspect.isfunction(item) and name[0] != "_"
)


class _Sink:
    """The worker's end of a track that the main process records."""

    __slots__ = ("_line", "_room", "closed", "number")

    def __init__(self, line: "Worker", room: int, number: int) -> None:
        self._line, self._room, self.number = line, room, number
        self.closed = False
        """The recorder does not want it."""

    def write(self, item: MediaPacket) -> None:
        """See `TrackSink`."""
        if not self.closed:
            self._line.record(packet(self.number, item))

    def clock(self, timestamp: int, ntp_ns: int) -> None:
        """See `TrackSink`. The monotonic clock is one for all processes of the machine."""
        self._line.send(Kind.SINK_CLOCK, self._room, self.number, timestamp, ntp_ns)

    def close(self, reason: str) -> None:
        """See `TrackSink`."""
        self._line.forget(self.number)
        self._line.send(Kind.SINK_CLOSE, self._room, self.number, reason)


class _Recorder:
    """Stands for the recorder of the main process."""

    def __init__(self, line: "Worker", room: int) -> None:
        self._line, self._room = line, room

    def open(
        self, track: RecordedTrack, codec: Codec, request_keyframe: Callable[[], None]
    ) -> _Sink | None:
        """See `Recorder`. Whether it wants the track is heard later."""
        sink = self._line.new_sink(self._room, request_keyframe)
        self._line.send(Kind.SINK_OPEN, self._room, sink.number, lower(track), codec)
        return sink


class Worker(asyncio.Protocol):
    """Both ends of one line: commands in, answers, events and recorded packets out."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.dropped = 0
        """Recorded packets that the main process did not take in time."""
        self._loop = asyncio.get_running_loop()
        self._reader = Reader()
        self._transport: asyncio.WriteTransport | None = None
        self._engine: AiortcEngine | None = None
        self._rooms: dict[int, ForwardingRoom] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sinks: dict[int, tuple[_Sink, Callable[[], None]]] = {}
        self._sink_count = 0
        self._batch: list[bytes] = []
        self._batched = 0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._watch = LoopWatch()

    # --- the line --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is up."""
        self._transport = cast(asyncio.WriteTransport, transport)
        self._watch.start()
        self._tell_stats()

    def connection_lost(self, error: Exception | None) -> None:
        """The main process is gone."""
        self._transport = None
        self.ended.set()

    def data_received(self, data: bytes) -> None:
        """Commands, in order."""
        for kind, body in self._reader.feed(data):
            if kind == Kind.CALL:
                self._call(*values(body))
            elif kind == Kind.TELL:
                self._told(*values(body))

    def send(self, kind: Kind, *items: Any) -> None:
        """Send a frame behind everything that was recorded before it."""
        self.flush()
        if self._transport is not None:
            self._transport.write(frame(kind, *items))

    def record(self, data: bytes) -> None:
        """Send a recorded packet, with others."""
        self._batch.append(data)
        self._batched += len(data)
        if self._batched >= BATCH:
            self.flush()
        elif self._flush_timer is None:
            self._flush_timer = self._loop.call_later(BATCH_S, self.flush)

    def flush(self) -> None:
        """Send the batch now."""
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        if not self._batch:
            return
        batch, self._batch, self._batched = self._batch, [], 0
        if self._transport is None or self._transport.get_write_buffer_size() > BACKLOG:
            self.dropped += len(batch)
            return
        self._transport.write(raw_frame(Kind.PACKETS, b"".join(batch)))

    # --- commands --------------------------------------------------------------------------------

    def _call(self, number: int, room: int, name: str, arguments: list[Any]) -> None:
        """Plain methods are done before the next frame is read."""
        try:
            found = self._start(room, name, lift(arguments))
            if inspect.isawaitable(found):
                task = asyncio.ensure_future(self._finish(number, found))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                return
            self.send(Kind.REPLY, number, "", lower(found))
        except Exception as error:
            self._refuse(number, error)

    async def _finish(self, number: int, work: Any) -> None:
        try:
            self.send(Kind.REPLY, number, "", lower(await work))
        except Exception as error:
            self._refuse(number, error)

    def _refuse(self, number: int, error: Exception) -> None:
        name, text = lower_error(error)
        if name == "failed":
            logger.exception("a command failed")
        self.send(Kind.REPLY, number, name, text)

    def _start(self, room: int, name: str, arguments: list[Any]) -> Any:
        if room == 0:
            return self._configure(*arguments) if name == "configure" else self._open(*arguments)
        found = self._rooms.get(room)
        if found is None or name not in METHODS:
            raise KeyError(name)
        if name == "attach":
            (space,) = arguments
            return self._attach(found, room, space)
        if name == "close":
            return self._close(found, room)
        return getattr(found, name)(*arguments)

    def _configure(self, options: dict[str, Any]) -> None:
        self._engine = AiortcEngine(**options)

    @property
    def _engine_now(self) -> AiortcEngine:
        if self._engine is None:
            raise RuntimeError("not configured")
        return self._engine

    async def _open(self, room: int, sitting: str) -> None:
        def tell(event: MediaEvent) -> None:
            self.send(Kind.EVENT, room, lower(event))

        self._rooms[room] = await self._engine_now.open(sitting, tell)

    def _attach(self, found: ForwardingRoom, room: int, space: HearingSpace) -> None:
        found.attach(space, _Recorder(self, room))

    async def _close(self, found: ForwardingRoom, room: int) -> None:
        await found.close()
        self._rooms.pop(room, None)

    def _told(self, room: int, name: str, arguments: list[Any]) -> None:
        """About a sink: a keyframe is wanted, or nothing of it."""
        sink, ask = self._sinks.get(int(arguments[0]), (None, None))
        if sink is None or ask is None:
            return
        if name == "keyframe":
            ask()
        elif name == "unwanted":
            sink.closed = True

    # --- sinks -----------------------------------------------------------------------------------

    def new_sink(self, room: int, request_keyframe: Callable[[], None]) -> _Sink:
        """A sink with a number of its own."""
        self._sink_count += 1
        sink = _Sink(self, room, self._sink_count)
        self._sinks[sink.number] = sink, request_keyframe
        return sink

    def forget(self, number: int) -> None:
        """A sink is closed."""
        self._sinks.pop(number, None)

    # --- figures ---------------------------------------------------------------------------------

    def _tell_stats(self) -> None:
        """Figures, a sign of life, and the watchdog's next term."""
        signal.alarm(HANG_S)
        lag = self._watch.lag
        rooms = {
            number: [room.counters(), lower(room.report())] for number, room in self._rooms.items()
        }
        self.send(Kind.STATS, time.process_time(), lag.p99, lag.max, self.dropped, rooms)
        self._loop.call_later(STATS_S, self._tell_stats)


async def main(descriptor: int) -> None:
    """Serve the line until it ends. Nobody is told goodbye: the main process has done that, or is
    dead and its pages come back to the next one."""
    loop = asyncio.get_running_loop()
    line = socket.socket(fileno=descriptor)
    spare_collector()
    _, worker = await loop.create_unix_connection(Worker, sock=line)
    await worker.ended.wait()


if __name__ == "__main__":
    # The terminal and the service manager signal the whole group: the main process decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="media worker: %(levelname)s %(message)s")
    uvloop.run(main(int(sys.argv[1])))
