"""The proof can fail: nothing decodes, nothing is written, the process dies, the disk hangs."""

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import Any

import av
import pytest

from audit.service import AuditLog
from recordings import decoding, proof
from recordings.decoding import Finding
from recordings.proof import Verifier, VerifierLost, is_first_proved, judge
from recordings.recorder import SittingRecorder
from recordings.service import Desk
from recordings.vault import RawFile, Vault
from signaling.aiortc_engine import AiortcEngine
from signaling.engine import HearingSpace, PrivateSpace, SinkRefused
from signaling.ports import RecordAlarm, RecordRefused
from tests.recordings import media
from tests.recordings.conftest import Opener
from tests.recordings.room import Room, camera, microphone
from tests.recordings.test_service import flowing, holes, logged


def found(**changes: object) -> Finding:
    values: dict[str, object] = {"first_ms": 0, "decoded_ms": 2000, "frames": 50, **changes}
    return Finding("x", **values)  # type: ignore[arg-type]


def test_judging() -> None:
    assert judge(found(), 0, 6000, 6000) == ""
    assert judge(found(), 0, 6100, 6100) == "record.unproved"  # packets come, proof does not
    assert judge(found(), 0, 2000, 6100) == "record.track_silent"
    assert judge(found(error="bad"), 0, 2000, 2100) == "record.undecodable"
    assert judge(None, 1000, 1000, 4900) == ""
    assert judge(None, 1000, 4900, 5100) == "record.unproved"
    assert judge(None, 1000, 1000, 5100) == "record.track_silent"


def test_the_first_second_is_a_whole_second() -> None:
    assert is_first_proved(found(first_ms=500, decoded_ms=1500))
    assert not is_first_proved(found(first_ms=501, decoded_ms=1500))
    assert not is_first_proved(found(frames=0))
    assert not is_first_proved(found(error="bad"))
    assert not is_first_proved(None)


def test_level_and_black() -> None:
    def decoded(frames: tuple[media.Encoded, ...], name: str) -> list[object]:
        decoder = av.CodecContext.create(name, "r")
        return [f for item in frames for f in decoder.decode(av.Packet(item.data))]  # type: ignore[attr-defined]

    loud = decoded(media.opus(0.5, level=0.5), "opus")[-1]
    assert isinstance(loud, av.AudioFrame)
    assert decoding.level(loud) == pytest.approx(-9.0, abs=1.0)  # a sine of half scale
    silent = decoded(media.opus(0.5, level=0.0), "opus")[-1]
    assert isinstance(silent, av.AudioFrame)
    assert decoding.level(silent) < -80
    for black in (True, False):
        picture = decoded(media.vp8(0.5, black=black), "vp8")[-1]
        assert isinstance(picture, av.VideoFrame)
        mean, contrast = decoding.luminance(picture)
        assert (mean < decoding.BLACK_LUMA and contrast < decoding.BLACK_CONTRAST) is black


async def test_the_process_is_replaced_when_it_dies() -> None:
    verifier = Verifier()
    await verifier.open()
    pid = verifier._pid
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(VerifierLost):
        await verifier.look([])
    assert await verifier.look([]) == []
    assert verifier._pid != pid
    await verifier.close()


async def test_garbage_is_no_proof(desk: Desk, log: AuditLog, vault: Vault) -> None:
    """Frames that look right from outside (a keyframe's first bytes) and do not decode."""
    feed = camera()
    feed.frames = tuple(
        media.Encoded(item.at, item.data[:10] + b"\xff" * 40, item.keyframe)
        for item in media.vp8(1.0, every=1)
    )
    with Room("sit1", microphone(), feed) as room:
        await flowing(room)
        with pytest.raises(RecordRefused) as refused:
            await desk.start("sit1", room, "judge1")
    assert refused.value.code in ("record.undecodable", "record.track_silent")
    assert refused.value.track == ("judge1", "camera")
    assert list(vault.root.rglob("*.seg")) == []
    assert await logged(log, "sit1") == []


async def test_a_disk_that_hangs_is_an_alarm(
    open_desk: Opener, log: AuditLog, vault: Vault
) -> None:
    hang = threading.Event()
    plain_create = vault.create

    def create(path: Path) -> RawFile:
        inner = plain_create(path)

        class Slow:
            sync, truncate, close = inner.sync, inner.truncate, inner.close

            def write(self, data: memoryview) -> int | None:
                if hang.is_set():
                    released.wait(30)
                return inner.write(data)

        return Slow()

    released = threading.Event()
    vault.create = create  # type: ignore[method-assign]
    desk = await open_desk()
    alarms: list[RecordAlarm] = []
    desk.on_alarm = alarms.append
    loop = asyncio.get_running_loop()
    with Room("sit1", microphone(), camera()) as room:
        await flowing(room)
        await desk.start("sit1", room, "judge1")
        hang.set()
        try:
            began = loop.time()
            async with asyncio.timeout(7):
                while not alarms:
                    await asyncio.sleep(0.05)
            assert loop.time() - began <= 5.0
            assert alarms[0].code in ("record.writer_stalled", "record.unproved")
            assert room.detached == ["suspended"]
            with pytest.raises(RecordRefused):
                await asyncio.wait_for(desk.start("sit1", room, "judge1"), 20)
        finally:
            released.set()
        await desk.close("sit1", "judge1")
    entries = await logged(log, "sit1")
    assert [type for type, _ in entries][-1] == "rec.closed"
    assert max(holes(entries).values()) <= 200


async def test_a_private_room_cannot_be_recorded(vault: Vault) -> None:
    """The engine refuses at run time what the types do not allow."""
    engine = AiortcEngine(("127.0.0.1",), None)
    room = await engine.open("sit1", lambda _event: None)
    recorder = SittingRecorder("sit1", bytes(32), None, lambda: 0)  # type: ignore[arg-type]
    private = PrivateSpace("sit1", "consultation1", frozenset({"lawyer1", "accused1"}))
    with pytest.raises(SinkRefused):
        room.attach(private, recorder)  # type: ignore[arg-type]
    with pytest.raises(SinkRefused):
        room.attach(HearingSpace("another sitting"), recorder)
    await engine.close()


async def test_cancelling_a_start_leaves_nothing(desk: Desk, log: AuditLog, vault: Vault) -> None:
    with Room("sit1", microphone()) as room:
        await flowing(room)
        task = asyncio.create_task(desk.start("sit1", room, "judge1"))
        await asyncio.sleep(0.6)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert room.detached == ["off_record"]
        assert desk.status("sit1").state == "off"
        assert list(vault.root.rglob("*.seg")) == []
        await desk.start("sit1", room, "judge1")  # and it can start again
        await desk.close("sit1", "judge1")
    assert next(type for type, _ in await logged(log, "sit1")) == "rec.started"


async def test_cancelling_while_the_start_is_stored_ends_the_stretch(
    desk: Desk, log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    storing, go = asyncio.Event(), asyncio.Event()
    append = log.append

    async def slow(session: Any, type: str, data: Any, *, subject: str = "") -> int:
        if type == "rec.started":
            storing.set()
            await go.wait()
        return await append(session, type, data, subject=subject)

    monkeypatch.setattr(log, "append", slow)
    with Room("sit1", microphone()) as room:
        await flowing(room)
        task = asyncio.create_task(desk.start("sit1", room, "judge1"))
        await asyncio.wait_for(storing.wait(), 10)
        task.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert desk.status("sit1").state == "off"
        assert room.recorder is None
    entries = await logged(log, "sit1")
    assert [type for type, _ in entries if type.startswith("rec.st")] == [
        "rec.started",
        "rec.stopped",
    ]
    assert max(holes(entries).values()) <= 200


async def test_stopping_a_start_refuses_it(desk: Desk, log: AuditLog) -> None:
    with Room("sit1", microphone()) as room:
        await flowing(room)
        task = asyncio.create_task(desk.start("sit1", room, "judge1"))
        await asyncio.sleep(0.5)
        await desk.stop("sit1", "recess", "clerk1")
        with pytest.raises(RecordRefused) as refused:
            await task
        assert refused.value.code == "record.stopped"
        assert room.recorder is None
    assert await logged(log, "sit1") == []


def test_the_times_fit() -> None:
    """An alarm within 5 s: stale proofs, seen by the watch at its next look."""
    from recordings import faults, service

    assert proof.STALE_MS / 1000 + service.WATCH_S <= 5.0
    assert faults.STALL_S + 1.0 + service.WATCH_S <= 5.0
