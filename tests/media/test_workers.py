"""Media workers: real processes, real sockets, killed for real."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.engine import (
    SOURCES,
    Disconnected,
    HearingSpace,
    MediaEngine,
    MediaRefused,
    MediaRoom,
    PrivateSpace,
    RoomBack,
    RoomLost,
    SinkRefused,
    TrackId,
    TrackSilent,
)
from signaling.worker_line import WorkerLine, WorkerLost
from signaling.worker_pool import WorkerPool
from signaling.worker_room import WorkerRoom
from signaling.worker_watch import Share
from tests.media.browser import Events, until
from tests.media.builders import FakeRecorder
from tests.media.peers import Peers, growing

OPTIONS = {"hosts": ("127.0.0.1",)}
HEARING = HearingSpace("s")


class Hall:
    """A room with its events and peers."""

    def __init__(self, room: WorkerRoom, events: Events) -> None:
        self.room = room
        self.events = events
        self.peers = Peers(room)
        self.names = 0

    async def fill(self) -> None:
        """The judge speaks to the lawyer. Again after a loss, as pages do."""
        self.names += 1
        await self.peers.publisher("judge", f"p{self.names}", admit=self.names == 1)
        await self.peers.subscriber("lawyer", f"s{self.names}", admit=self.names == 1)
        await growing(self.peers)

    async def event(self, kind: type, seconds: float = 10) -> object:
        async def found() -> list[object]:
            return list(self.events.of(kind))

        return (await until(found, lambda items: items, seconds))[-1]


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(2, OPTIONS)
    await pool.start()
    yield pool
    await pool.close()


@pytest.fixture
async def lone() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1, OPTIONS)
    await pool.start()
    yield pool
    await pool.close()


async def hall(pool: WorkerPool, sitting: str = "s") -> Hall:
    events = Events()
    return Hall(await pool.open(sitting, events.append), events)


def kill(room: WorkerRoom) -> int:
    assert room.line is not None
    os.kill(room.line.pid, signal.SIGKILL)
    return room.line.pid


def is_dead(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


async def test_is_a_media_engine_and_its_rooms_are_media_rooms(lone: WorkerPool) -> None:
    engine: MediaEngine = lone
    room: MediaRoom = await engine.open("s", lambda event: None)
    assert room.sitting == "s"
    assert room.live_tracks(HEARING) == frozenset()
    await room.close()
    await room.close()
    with pytest.raises(MediaRefused):
        await room.subscribe("judge", "x")


async def test_hearings_are_spread_over_the_workers(pool: WorkerPool) -> None:
    rooms = [await pool.open(f"s{number}", lambda event: None) for number in range(4)]
    pids = [room.line.pid for room in rooms if room.line]
    assert sorted(pids.count(pid) for pid in set(pids)) == [2, 2]


async def test_packets_are_recorded_in_order_until_detach_returns(lone: WorkerPool) -> None:
    one = await hall(lone)
    await one.fill()
    recorder = FakeRecorder()
    with pytest.raises(SinkRefused):
        one.room.attach(PrivateSpace("s", "p", frozenset()), recorder)  # type: ignore[arg-type]
    one.room.attach(HEARING, recorder)
    with pytest.raises(SinkRefused):
        one.room.attach(HEARING, FakeRecorder())
    assert {sink.track for sink in recorder.sinks} == one.room.live_tracks(HEARING)
    assert len(recorder.sinks) == 2
    await growing(one.peers, 200)
    one.room.detach("off_record")
    assert [sink.reason for sink in recorder.sinks] == ["off_record"] * 2
    counts = [len(sink.packets) for sink in recorder.sinks]
    assert min(counts) > 20
    for sink in recorder.sinks:
        numbers = [packet.sequence for packet in sink.packets]
        assert numbers == [(numbers[0] + at) & 0xFFFF for at in range(len(numbers))]
        arrivals = [packet.arrival_ns for packet in sink.packets]
        assert arrivals == sorted(arrivals)
        assert 0 <= time.monotonic_ns() - arrivals[-1] < 5_000_000_000
    await growing(one.peers, 100)
    assert [len(sink.packets) for sink in recorder.sinks] == counts  # a sink asserts it too
    one.room.attach(HEARING, recorder)
    assert len(recorder.sinks) == 4
    await one.peers.close()


async def test_a_refusal_changes_nothing_and_is_raised_here(lone: WorkerPool) -> None:
    one = await hall(lone)
    with pytest.raises(ValueError, match="not allowed"):
        one.room.place("judge", PrivateSpace("s", "p", frozenset({"lawyer"})))
    with pytest.raises(ValueError, match="another sitting"):
        one.room.place("judge", HearingSpace("t"))
    with pytest.raises(MediaRefused) as caught:
        await one.room.publish("judge", "p1", "v=0\r\n")
    assert caught.value.code == "media.bad_sdp"


async def test_a_withdrawn_permission_stops_the_packets(lone: WorkerPool) -> None:
    one = await hall(lone)
    await one.fill()
    one.room.permit("judge", frozenset())
    assert one.room.live_tracks(HEARING) == frozenset()
    await asyncio.sleep(0.2)  # what was on the line has arrived
    before = one.peers.counts.received
    await asyncio.sleep(0.5)
    assert one.peers.counts.received == before
    one.room.permit("judge", frozenset(SOURCES))
    await growing(one.peers)
    await one.peers.close()


async def test_withheld_tracks_reach_nobody_through_a_worker(lone: WorkerPool) -> None:
    """A protected person: those who are screened get no packet, until the tie is gone."""
    one = await hall(lone)
    await one.fill()
    tracks = frozenset(TrackId("judge", source) for source in SOURCES)
    one.room.withhold("lawyer", tracks)
    await asyncio.sleep(0.2)  # what was on the line has arrived
    before = one.peers.counts.received
    await asyncio.sleep(0.5)
    assert one.peers.counts.received == before
    one.room.withhold("lawyer", frozenset())
    await growing(one.peers)
    await one.peers.close()


async def test_a_killed_worker_takes_no_other_hearing_with_it(pool: WorkerPool) -> None:
    one, other = await hall(pool, "s"), await hall(pool, "t")
    await one.fill()
    await other.fill()
    recorder = FakeRecorder()
    one.room.attach(HEARING, recorder)
    await growing(one.peers, 100)
    first = one.room.line
    killed = time.monotonic()
    kill(one.room)
    back = await one.event(RoomBack)
    assert isinstance(back, RoomBack)
    assert time.monotonic() - killed < 5
    assert [sink.reason for sink in recorder.sinks] == ["disconnected"] * 2
    assert one.room.line is not first
    assert one.room.line is other.room.line  # at once, without waiting for a successor
    kinds = [type(event) for event in one.events]
    assert kinds.index(RoomLost) < kinds.index(TrackSilent) < kinds.index(Disconnected)
    assert kinds.index(Disconnected) < kinds.index(RoomBack)
    gone = {(event.seat, event.direction) for event in one.events.of(Disconnected)}
    assert gone == {("judge", "publish"), ("lawyer", "subscribe")}
    await one.fill()  # nobody was placed or permitted again
    assert {sink.track for sink in recorder.sinks[2:]} == one.room.live_tracks(HEARING)
    await growing(other.peers)
    assert not other.events.of(Disconnected)

    async def restarts() -> list[int]:
        return sorted(load.restarts for load in pool.loads() if load.up)

    await until(restarts, lambda found: found == [0, 1])
    await one.peers.close()
    await other.peers.close()


async def test_a_lone_worker_gets_a_successor_and_commands_count_meanwhile(
    lone: WorkerPool,
) -> None:
    one = await hall(lone)
    await one.fill()
    kill(one.room)
    await one.event(RoomLost)
    assert one.room.line is None
    one.room.place("judge", None)
    assert one.room.live_tracks(HEARING) == frozenset()
    line = one.room.report()["lawyer"]
    assert not line.connected
    assert line.unheard_for is not None
    with pytest.raises(SinkRefused):
        one.room.attach(HearingSpace("t"), FakeRecorder())
    await one.peers.close()
    one.names += 1
    await one.peers.publisher("judge", "p9", admit=False)  # waits for the successor
    await one.peers.subscriber("lawyer", "s9", admit=False)
    await asyncio.sleep(0.5)
    assert one.room.live_tracks(HEARING) == frozenset()
    before = one.peers.counts.received
    await asyncio.sleep(0.5)
    assert one.peers.counts.received == before
    one.room.place("judge", HEARING)
    await growing(one.peers)
    await one.peers.close()


async def test_a_worker_that_does_not_answer_is_dead_when_the_command_returns(
    lone: WorkerPool,
) -> None:
    one = await hall(lone)
    await one.fill()
    assert one.room.line is not None
    pid = one.room.line.pid
    os.kill(pid, signal.SIGSTOP)
    one.room.place("judge", None)
    assert is_dead(pid)
    await one.event(RoomBack)
    assert one.room.live_tracks(HEARING) == frozenset()
    await one.peers.close()


async def test_a_worker_that_hangs_unasked_is_noticed(
    lone: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.worker_line.TICK_S", 0.05)
    one = await hall(lone)
    assert one.room.line is not None
    os.kill(one.room.line.pid, signal.SIGSTOP)
    await one.event(RoomBack)


async def test_a_worker_that_the_machine_does_not_let_run_is_kept(
    lone: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped for twice the time that a hung one is given; the system says that it would
    run, if it could."""
    one = await hall(lone)
    await one.fill()
    assert one.room.line is not None
    pid = one.room.line.pid
    monkeypatch.setattr("signaling.worker_line.SILENT_S", 0.5)
    monkeypatch.setattr("signaling.worker_line.DEADLINE_S", 0.5)
    monkeypatch.setattr("signaling.worker_line.share", lambda _: Share(wants=True))
    os.kill(pid, signal.SIGSTOP)
    lets_run = asyncio.get_running_loop().call_later(1.0, os.kill, pid, signal.SIGCONT)
    await asyncio.sleep(1.2)
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(1.0, os.kill, (pid, signal.SIGCONT)).start()
    one.room.place("judge", None)  # our loop waits meanwhile
    assert one.room.live_tracks(HEARING) == frozenset()
    assert lets_run.when() < asyncio.get_running_loop().time()
    assert one.room.line is not None
    assert one.room.line.pid == pid
    await one.peers.close()


async def test_a_room_that_nobody_can_carry_is_refused(
    lone: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await hall(lone)
    monkeypatch.setattr("signaling.worker_pool.AGAIN_S", (60.0,))
    monkeypatch.setattr("signaling.worker_pool.HOME_WITHIN", 0.2)
    monkeypatch.setattr("signaling.worker_room.HOME_WITHIN", 0.2)
    kill(one.room)
    await one.event(RoomLost)
    with pytest.raises(MediaRefused) as caught:
        await lone.open("t", lambda event: None)
    assert caught.value.code == "media.no_worker"
    with pytest.raises(MediaRefused):
        await one.room.publish("judge", "p1", "v=0\r\n")


async def test_figures_come_from_the_worker(lone: WorkerPool) -> None:
    one = await hall(lone)
    await one.fill()

    async def report() -> object:
        return one.room.report().get("judge")

    await until(report, lambda line: line and getattr(line, "bitrate_up", 0) > 100)

    async def load() -> float:
        return lone.loads()[0].forwarded

    await until(load, lambda rate: rate > 50)
    (worker,) = lone.loads()
    assert worker.up
    assert 0 < worker.cpu < 1
    assert worker.rooms[0].counters["forwarded"] > 0
    await one.room.leave("judge")
    assert "judge" not in one.room.report()
    await one.peers.close()


async def test_a_worker_knows_no_secret_and_ends_with_its_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAHDAR_KEY_PASSPHRASE", "open sesame")
    ended: list[WorkerLine] = []

    class Listener:
        def heard(self, kind: int, body: bytes) -> None: ...
        def lost(self, line: WorkerLine) -> None:
            ended.append(line)

    line = WorkerLine("1", Listener())
    await line.start()
    assert b"sesame" not in Path(f"/proc/{line.pid}/environ").read_bytes()
    await line.request(0, "configure", OPTIONS)
    with pytest.raises(RuntimeError):
        line.call(7, "tracks")
    with pytest.raises(RuntimeError):
        line.call(0, "_engine_now")
    assert line._socket is not None
    line._socket.shutdown(2)  # as when the main process dies

    async def state() -> bool:
        return is_dead(line.pid)

    await until(state, lambda dead: dead)
    await line.close()
    assert ended == [line]
    with pytest.raises(WorkerLost):
        line.call(0, "configure", OPTIONS)


async def test_nothing_is_left_behind() -> None:
    pool = WorkerPool(2, OPTIONS)
    await pool.start()
    one = await hall(pool)
    await one.fill()
    await one.peers.close()
    pids = [load.pid for load in pool.loads()]
    await pool.close()
    await pool.close()
    assert all(is_dead(pid) for pid in pids)
    mine = asyncio.current_task()
    assert [task for task in asyncio.all_tasks() if task is not mine] == []
