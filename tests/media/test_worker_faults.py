"""Faults around a media worker, without a process: of the recorder, the system, the moment."""

import asyncio
from typing import Any

import pytest

from signaling import worker_pool
from signaling.engine import HearingSpace, MediaPacket, RoomLost, TrackId
from signaling.worker_line import WorkerLost
from signaling.worker_pool import WorkerPool
from signaling.worker_room import WorkerRoom
from signaling.worker_wire import Kind, Reader, frame, lower, packet, raw_frame
from tests.media.browser import Events
from tests.media.builders import FakeSink

TRACK = TrackId("judge", "microphone")
PACKET = MediaPacket(1, 2, False, b"sound", 3)


class Line:
    """Stands for a worker's line; whatever is asked is done."""

    def __init__(self, *_: object) -> None:
        self.up = True
        self.pid = 1
        self.asked: list[tuple[Any, ...]] = []

    async def start(self) -> None: ...
    async def close(self) -> None: ...

    async def request(self, room: int, name: str, *arguments: Any) -> None:
        self.asked.append((room, name))

    def call(self, room: int, name: str, *arguments: Any) -> None:
        self.asked.append((room, name))

    def tell(self, room: int, name: str, *arguments: Any) -> None:
        self.asked.append((room, name))


class BadSink(FakeSink):
    """A recorder's bug, of the kinds that nonsense on the line has too."""

    def write(self, packet: MediaPacket) -> None:
        raise ValueError("write")

    def clock(self, timestamp: int, ntp_ns: int) -> None:
        raise LookupError("clock")

    def close(self, reason: str) -> None:
        raise OSError("close")


class BadRecorder:
    """Fails for the camera, and on every packet of anything else but the screen."""

    def __init__(self) -> None:
        self.good = FakeSink(TrackId("judge", "screen"), "vp8")

    def open(self, track: TrackId, codec: Any, request_keyframe: object) -> FakeSink:
        if track.source == "camera":
            raise ValueError("open")
        return self.good if track.source == "screen" else BadSink(track, codec)


def bodies(data: bytes) -> tuple[int, bytes]:
    [found] = Reader().feed(data)
    return found


async def test_what_the_recorder_raises_costs_no_worker() -> None:
    """Of what reaches the line `WorkerLine` takes ValueError and LookupError for nonsense, and
    kills."""
    pool = WorkerPool(1, {})
    worker = pool._workers[0]
    line = worker.line = Line()  # type: ignore[assignment]
    events = Events()
    room = await pool.open("s", events.append)
    room.attach(HearingSpace("s"), recorder := BadRecorder())  # type: ignore[arg-type]
    for number, source in enumerate(("microphone", "camera", "screen")):
        track = TrackId("judge", source)  # type: ignore[arg-type]
        opened = frame(Kind.SINK_OPEN, room.number, number, lower(track), "opus")
        worker.heard(*bodies(opened))
    assert (room.number, "unwanted") in line.asked
    worker.heard(*bodies(frame(Kind.SINK_CLOCK, room.number, 0, 7, 8)))
    both = packet(0, PACKET) + packet(2, PACKET)
    worker.heard(*bodies(raw_frame(Kind.PACKETS, both)))
    assert recorder.good.packets == [PACKET]
    room.lost()
    assert recorder.good.reason == "disconnected"
    await asyncio.sleep(0)
    assert events.of(RoomLost)
    await pool.close()


async def test_a_room_that_is_closed_while_it_moves_is_ended_where_it_came() -> None:
    room = WorkerRoom(1, "s", lambda _: None, lambda _: None)

    class Slow(Line):
        async def request(self, number: int, name: str, *arguments: Any) -> None:
            await super().request(number, name, *arguments)
            if name == "open":
                await room.close()

    line = Slow()
    await room.move_in(line)  # type: ignore[arg-type]
    assert line.asked == [(0, "open"), (1, "close")]
    assert room.line is None


async def test_a_worker_that_the_system_refuses_is_started_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No process to be had for a moment: the place does not stay empty for good."""
    refusals = iter([OSError("no memory"), OSError("no descriptor"), WorkerLost("died at once")])
    lines: list[Line] = []

    class Refused(Line):
        async def start(self) -> None:
            lines.append(self)
            if len(lines) > 1 and (error := next(refusals, None)) is not None:
                if isinstance(error, WorkerLost):
                    pool.worker_lost(worker, self)  # type: ignore[arg-type]
                raise error

    monkeypatch.setattr(worker_pool, "WorkerLine", Refused)
    monkeypatch.setattr(worker_pool, "AGAIN_S", (0.0,))
    pool = WorkerPool(1, {})
    await pool.start()
    worker = pool._workers[0]
    lines[0].up = False
    pool.worker_lost(worker, lines[0])  # type: ignore[arg-type]
    while pool._tasks:
        await asyncio.gather(*pool._tasks)
    assert len(lines) == 5
    assert worker.up
    assert worker.line is lines[4]  # type: ignore[comparison-overlap]
    await pool.close()
