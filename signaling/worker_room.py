"""A media room that lives in a worker: implements `signaling.engine.MediaRoom`.

It knows what was commanded, so that the room can be opened again on another worker when its own
dies: same seats, places and permissions, without a word of the live room. While it has no worker
no media flows, and a plain command is true at once.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import structlog

from signaling.engine import (
    Codec,
    Connected,
    Disconnected,
    HearingSpace,
    LineReport,
    MediaEvent,
    MediaPacket,
    MediaRefused,
    RecordedTrack,
    Recorder,
    RoomBack,
    RoomLost,
    SinkRefused,
    Source,
    Space,
    TrackId,
    TrackSilent,
    TrackSink,
    TrackStarted,
    Wish,
)
from signaling.load import RoomLoad
from signaling.telling import Teller
from signaling.worker_line import WorkerLine, WorkerLost
from signaling.worker_wire import Kind, lift, values

_logger = structlog.get_logger(__name__)

HOME_WITHIN = 15.0
"""Seconds that an offer waits for a room that is being moved."""
KEPT = 3
"""Connections of a seat and direction that are remembered: `media_room.MAX_LINKS`."""
OF_ROOM = frozenset({"floor"})
"""Commands of which a room has one, not one for each seat."""
LOST = "disconnected"
"""The gap code of media that a worker took with it."""


class WorkerRoom:
    """One sitting's media, wherever it runs. Belongs to the loop that opened it."""

    def __init__(
        self,
        number: int,
        sitting: str,
        on_event: Callable[[MediaEvent], None],
        on_close: Callable[["WorkerRoom"], None],
    ) -> None:
        self.number = number
        self.sitting = sitting
        self.line: WorkerLine | None = None
        self.sinks: dict[int, TrackSink] = {}
        self.load = RoomLoad(sitting, 0)
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._emit = Teller(sitting, on_event).emit
        self._on_close = on_close
        self._commanded: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._recorder: Recorder | None = None
        self._space: HearingSpace | None = None
        self._connections: dict[tuple[str, str], list[str]] = {}
        self._live: set[TrackId] = set()
        self._report: dict[str, LineReport] = {}
        self._signs: dict[str, float] = {}
        """Last sign of each seat's subscribe connection, on any worker, monotonic seconds."""
        self._at_home = asyncio.Event()
        self._lost_at: float | None = None

    # --- MediaRoom: negotiation ------------------------------------------------------------------

    async def publish(self, seat: str, connection: str, offer: str) -> str:
        """See `MediaRoom.publish`."""
        answer: str = await self._request("publish", seat, connection, offer)
        self._know(seat, "publish", connection)
        return answer

    async def subscribe(self, seat: str, connection: str) -> str:
        """See `MediaRoom.subscribe`."""
        offer: str = await self._request("subscribe", seat, connection)
        self._know(seat, "subscribe", connection)
        return offer

    async def subscribed(self, seat: str, connection: str, answer: str) -> None:
        """See `MediaRoom.subscribed`."""
        await self._request("subscribed", seat, connection, answer)

    # --- MediaRoom: plain methods, each one line -------------------------------------------------

    def place(self, seat: str, space: Space | None, reason: str | None = None) -> None:
        """See `MediaRoom.place`."""
        self._command("place", seat, space, reason)
        if space is not None:
            self._hide(seat)

    def permit(self, seat: str, sources: frozenset[Source], reason: str = "muted") -> None:
        """See `MediaRoom.permit`."""
        self._command("permit", seat, sources, reason)

    def show(self, seat: str, shown: str | None) -> None:
        """See `MediaRoom.show`."""
        self._command("show", seat, shown)

    def watch(
        self, seat: str, wishes: Mapping[TrackId, Wish] | None, audio_only: bool = False
    ) -> None:
        """See `MediaRoom.watch`."""
        self._command("watch", seat, wishes, audio_only)

    def floor(self, seat: str | None) -> None:
        """See `MediaRoom.floor`. One for the room: a later one stands in its place."""
        self._command("floor", seat)

    def tune(self, seat: str, speaks: str, listens: str) -> None:
        """See `MediaRoom.tune`."""
        self._command("tune", seat, speaks, listens)

    def withhold(self, seat: str, tracks: frozenset[TrackId]) -> None:
        """See `MediaRoom.withhold`."""
        self._command("withhold", seat, tracks)

    def live_tracks(self, space: Space) -> frozenset[RecordedTrack]:
        """See `MediaRoom.live_tracks`."""
        found: frozenset[RecordedTrack] = self._question(frozenset(), "live_tracks", space)
        return found

    def tracks(self) -> dict[TrackId, Codec]:
        """See `MediaRoom.tracks`."""
        found: dict[TrackId, Codec] = self._question({}, "tracks")
        return found

    def report(self) -> dict[str, LineReport]:
        """See `MediaRoom.report`: as the worker said it last, at most half a second ago.

        Who heard the sitting through a worker that died has heard nothing since.
        """
        now = time.monotonic()
        return {
            seat: replace(line, unheard_for=now - self._signs[seat])
            if seat in self._signs
            else line
            for seat, line in self._report.items()
        }

    # --- MediaRoom: the recorder -----------------------------------------------------------------

    def attach(self, space: HearingSpace, recorder: Recorder) -> None:
        """See `MediaRoom.attach`. Checked here, and again where the media flows."""
        if type(space) is not HearingSpace or space.sitting != self.sitting:
            raise SinkRefused("only the hearing of this sitting can be recorded")
        if self._recorder is not None:
            raise SinkRefused("a recorder is attached already")
        self._recorder, self._space = recorder, space
        try:
            self._question(None, "attach", space)
        except BaseException:
            self._recorder = self._space = None
            raise

    def detach(self, reason: str) -> None:
        """See `MediaRoom.detach`. What was on the line before the answer is written first."""
        if self._recorder is None:
            return
        try:
            self._question(None, "detach", reason)
        finally:
            self._recorder = self._space = None
            self._close_sinks(reason)

    # --- MediaRoom: leaving ----------------------------------------------------------------------

    async def leave(self, seat: str) -> None:
        """See `MediaRoom.leave`."""
        self._forget(seat)
        line = self.line
        if line is not None:
            with suppress(WorkerLost):  # then nothing of the seat is left
                await line.request(self.number, "leave", seat)
        self._report.pop(seat, None)
        self._signs.pop(seat, None)

    async def close(self) -> None:
        """See `MediaRoom.close`."""
        if self.closed:
            return
        self.closed = True
        line = self.line
        try:
            if line is not None:
                await line.request(self.number, "close")
        except WorkerLost:
            pass
        finally:
            self.line = None
            self._close_sinks("closed")
            self._recorder = None
            self._at_home.set()
            self._on_close(self)

    # --- asking the worker -----------------------------------------------------------------------

    def _command(self, name: str, *arguments: Any) -> None:
        """Do it there, and remember the last one of each seat (`OF_ROOM`: of the room). Raises
        what the method does, having changed nothing."""
        self._question(None, name, *arguments)
        key = name, "" if name in OF_ROOM else arguments[0]
        self._commanded.pop(key, None)
        self._commanded[key] = arguments

    def _question(self, otherwise: Any, name: str, *arguments: Any) -> Any:
        """`otherwise`: what is true while the room has no worker."""
        line = self.line
        if line is None:
            return otherwise
        try:
            return line.call(self.number, name, *arguments)
        except WorkerLost:
            return otherwise

    async def _request(self, name: str, *arguments: Any) -> Any:
        """Ask, on another worker if this one is lost meanwhile."""
        try:
            async with asyncio.timeout(HOME_WITHIN):
                while True:
                    await self._at_home.wait()
                    line = self.line
                    if self.closed or line is None:
                        raise MediaRefused("media.closed")
                    try:
                        return await line.request(self.number, name, *arguments)
                    except WorkerLost:
                        continue
        except TimeoutError:
            raise MediaRefused("media.no_worker") from None

    # --- what is remembered ----------------------------------------------------------------------

    def _hide(self, seat: str) -> None:
        """A seat in a space is shown to nobody apart from it, nor when it leaves it again."""
        for key, (_, *rest) in list(self._commanded.items()):
            if key[0] == "show" and rest == [seat]:
                del self._commanded[key]

    def _forget(self, seat: str) -> None:
        self._hide(seat)
        for key in [key for key in self._commanded if key[1] == seat]:
            del self._commanded[key]
        for way in ("publish", "subscribe"):
            self._connections.pop((seat, way), None)
        self._live = {track for track in self._live if track.seat != seat}

    def _know(self, seat: str, way: str, connection: str) -> None:
        known = self._connections.setdefault((seat, way), [])
        known.append(connection)
        del known[:-KEPT]

    # --- coming and going of workers -------------------------------------------------------------

    async def move_in(self, line: WorkerLine) -> None:
        """Open the room on a worker and command everything again. Raises WorkerLost.

        From the answer to `open` on nothing is awaited, so that no command comes between.
        """
        await line.request(0, "open", self.number, self.sitting)
        if self.closed:  # meanwhile: nobody else would end the room there
            await line.request(self.number, "close")
            return
        for (name, seat), arguments in list(self._commanded.items()):
            try:
                line.call(self.number, name, *arguments)
            except ValueError:
                _logger.error("media.command_refused", sitting=self.sitting, method=name)
                del self._commanded[name, seat]
        self.line = line
        if self._recorder is not None and self._space is not None:
            line.call(self.number, "attach", self._space)
        if self._lost_at is not None:
            self._emit(RoomBack(time.monotonic() - self._lost_at))
            self._lost_at = None
        self._at_home.set()

    def lost(self) -> None:
        """The worker is gone: all connections, and what they carried."""
        self.line = None
        self._at_home.clear()
        self._close_sinks(LOST)
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            self._emit(RoomLost())
        for track in sorted(self._live):
            self._emit(TrackSilent(track))
        for (seat, way), known in self._connections.items():
            for connection in known:
                self._emit(Disconnected(seat, connection, way))  # type: ignore[arg-type]
        seats = {*self._report, *(seat for seat, _ in self._connections)}
        for seat, way in self._connections:
            if way == "subscribe":
                self._signs.setdefault(seat, time.monotonic())
        self._live.clear()
        self._connections.clear()
        self._report = {seat: LineReport(False, None, 0.0, 0.0, None, 0, 0, None) for seat in seats}

    # --- what the worker says --------------------------------------------------------------------

    def heard(self, kind: int, body: bytes) -> None:
        """A frame about this room."""
        _, *rest = values(body)
        match kind:
            case Kind.EVENT:
                self._happened(lift(rest[0]))
            case Kind.SINK_OPEN:
                self._open_sink(rest[0], lift(rest[1]), rest[2])
            case Kind.SINK_CLOCK:
                sink = self.sinks.get(rest[0])
                if sink is not None:
                    sink.clock(rest[1], rest[2])
            case Kind.SINK_CLOSE:
                sink = self.sinks.pop(rest[0], None)
                if sink is not None:
                    sink.close(rest[1])

    def measured(self, counters: dict[str, int], report: dict[str, LineReport]) -> None:
        """The worker's figures."""
        self._report = report
        now = time.monotonic()
        for seat, line in report.items():
            if line.unheard_for is not None:
                self._signs[seat] = now - line.unheard_for
        self.load = RoomLoad(self.sitting, len(report), counters)

    def _open_sink(self, number: int, track: RecordedTrack, codec: Codec) -> None:
        line, recorder = self.line, self._recorder
        if line is None or recorder is None:
            return
        ask = _Ask(line, self.number, number)
        sink = None
        with _contained(self.sitting):
            sink = recorder.open(track, codec, ask)
        if sink is None:
            line.tell(self.number, "unwanted", number)
        else:
            self.sinks[number] = _Contained(sink, self.sitting)

    def _close_sinks(self, reason: str) -> None:
        sinks, self.sinks = self.sinks, {}
        for sink in sinks.values():
            sink.close(reason)

    def _happened(self, event: MediaEvent) -> None:
        match event:
            case Connected(seat, connection, way):
                if connection not in self._connections.get((seat, way), []):
                    self._know(seat, way, connection)
            case Disconnected(seat, connection, way):
                known = self._connections.get((seat, way), [])
                if connection in known:
                    known.remove(connection)
            case TrackStarted(track):
                self._live.add(track)
            case TrackSilent(track):
                self._live.discard(track)
        self._emit(event)


@contextmanager
def _contained(sitting: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        _logger.exception("media.recorder_failed", sitting=sitting)


class _Contained:
    """A track that is recorded. What the recorder raises is its own failure: it must not be taken
    for nonsense of the worker, which would cost all its hearings their media (`WorkerLine`)."""

    __slots__ = ("_sink", "_sitting")

    def __init__(self, sink: TrackSink, sitting: str) -> None:
        self._sink, self._sitting = sink, sitting

    def write(self, packet: MediaPacket) -> None:
        """See `TrackSink`."""
        try:
            self._sink.write(packet)
        except Exception:
            _logger.exception("media.recorder_failed", sitting=self._sitting)

    def clock(self, timestamp: int, ntp_ns: int) -> None:
        """See `TrackSink`."""
        with _contained(self._sitting):
            self._sink.clock(timestamp, ntp_ns)

    def close(self, reason: str) -> None:
        """See `TrackSink`."""
        with _contained(self._sitting):
            self._sink.close(reason)


class _Ask:
    """A recorder's wish for a keyframe, of one sink of one worker."""

    __slots__ = ("_line", "_room", "_sink")

    def __init__(self, line: WorkerLine, room: int, sink: int) -> None:
        self._line, self._room, self._sink = line, room, sink

    def __call__(self) -> None:
        if self._line.up:
            self._line.tell(self._room, "keyframe", self._sink)
