"""On record, proved; off record; sealed. Real media, disk, database, log and verifier."""

import asyncio
import hashlib
from collections import defaultdict
from typing import Any

import pytest

from audit import leaf as leaves
from audit.service import AuditLog
from database import Database
from recordings import keys, reading, segment, store
from recordings.service import Desk
from recordings.vault import Vault
from signaling.ports import RecordAlarm, RecordRefused
from tests.recordings import media
from tests.recordings.conftest import STORE_KEY
from tests.recordings.room import Room, camera, microphone


async def logged(log: AuditLog, sitting: str) -> list[tuple[str, dict[str, Any]]]:
    found = [leaves.decode(item.entry) for item in await log.leaves(sitting)]
    return [(item.type, dict(item.data)) for item in found if item.type != "record.moved"]


async def moved(log: AuditLog, sitting: str) -> list[tuple[str, str, str, str]]:
    """Step, state after it, who and why."""
    found = [leaves.decode(item.entry) for item in await log.leaves(sitting)]
    return [
        (str(d["step"]), str(d["to"]), str(d["by"]), str(d["why"]))
        for d in (item.data for item in found if item.type == "record.moved")
    ]


async def flowing(*rooms: Room) -> None:
    """Until every feed has sent something."""
    async with asyncio.timeout(5):
        while any(not feed.sent_ns for room in rooms for feed in room.feeds):
            await asyncio.sleep(0.02)


def holes(entries: list[tuple[str, dict[str, Any]]]) -> dict[str, int]:
    """Milliseconds of the stretches that segments and gaps do not cover just once, per track."""
    stretches = []
    for type, data in entries:
        if type == "rec.started":
            stretches.append([data["start_ms"], None])
        elif type == "rec.stopped":
            stretches[-1][1] = data["end_ms"]
    wrong: dict[str, int] = defaultdict(int)
    spans = defaultdict(list)
    for type, data in entries:
        if type in ("rec.segment", "rec.gap"):
            spans[data["track"]].append((data["start_ms"], data["end_ms"]))
    for track, found in spans.items():
        for start, end in stretches:
            covered = sum(max(0, min(b, end) - max(a, start)) for a, b in found)
            wrong[track] = max(wrong[track], abs(covered - (end - start)))
    return wrong


async def test_a_sitting_goes_on_record_when_it_is_proved(
    desk: Desk, log: AuditLog, vault: Vault, records: Database, tmp_path: Any
) -> None:
    with Room("sit1", microphone(), camera(), microphone("lawyer1")) as room:
        await flowing(room)
        proof = await desk.start("sit1", room, "judge1")
        assert {(item.seat, item.source, item.ok) for item in proof.tracks} == {
            ("judge1", "microphone", True),
            ("judge1", "camera", True),
            ("lawyer1", "microphone", True),
        }
        assert desk.status("sit1").state == "recording"
        room.mute(room.feeds[2])
        await asyncio.sleep(1.5)
        room.unmute(room.feeds[2])
        await asyncio.sleep(6)
        status = desk.status("sit1")
        assert all(item.ok for item in status.tracks)
        assert status.verified_at
        await desk.stop("sit1", "recess", "judge1")
        assert desk.status("sit1").state == "off"
        await asyncio.sleep(1.0)
        await desk.start("sit1", room, "judge1")
        await desk.close("sit1", "judge1")
        await desk.close("sit1", "judge1")

    entries = await logged(log, "sit1")
    assert [type for type, _ in entries if type not in ("rec.segment", "rec.gap")] == [
        "rec.started",
        "rec.stopped",
        "rec.started",
        "rec.stopped",
        "rec.closed",
    ]
    assert max(holes(entries).values()) <= 200
    reasons = {(data["track"], data["reason"]) for type, data in entries if type == "rec.gap"}
    assert ("lawyer1-microphone", "muted") in reasons
    assert ("judge1-camera", "recess") in reasons
    await check_chain(entries, records, vault, tmp_path)


async def check_chain(
    entries: list[tuple[str, dict[str, Any]]], records: Database, vault: Vault, tmp_path: Any
) -> None:
    """Numbers, links, commitments and ciphertext hashes agree, and everything plays."""
    async with records.unit(write=False) as session:
        row = await store.get(session, "sit1")
        assert row is not None
        assert row.wrapped_key is not None
        key = keys.MemoryKeyStore(STORE_KEY).unwrap(row.wrapped_key)
        rows = {(item.track, item.seq): item for item in await store.segments(session, "sit1")}
    heads: dict[str, str] = {}
    counts: dict[str, int] = defaultdict(int)
    for data in (data for type, data in entries if type == "rec.segment"):
        track, seq = data["track"], data["seq"]
        assert seq == counts[track]
        counts[track] += 1
        assert data["prev"] == heads.get(track, segment.NO_LINK)
        heads[track] = segment.link(data)
        path = vault.path("sit1", track, seq)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == data["sha256"]
        webm = b"".join(
            reading.plain(path, key, data["sha256"], sitting="sit1", track=track, seq=seq)
        )
        salt = rows[track, seq].salt
        assert salt is not None
        assert leaves.commit(hashlib.sha256(webm).digest(), salt) == data["commitment"]
        assert len(webm) == data["bytes"]
        (tmp_path / "out.webm").write_bytes(webm)
        media.strict(tmp_path / "out.webm")
        assert len(media.decode(webm)) == rows[track, seq].frames
    closed = entries[-1][1]
    assert closed["tracks"] == {
        track: {"segments": counts[track], "head": heads[track]} for track in counts
    }


async def test_silence_from_the_start_is_refused(desk: Desk, log: AuditLog, vault: Vault) -> None:
    room = Room("sit1", microphone(), microphone("lawyer1"))
    with room:
        await flowing(room)
        dumb = room.feeds[1]
        original = room._feed

        def feed(item: Any, now: int) -> None:
            if item is dumb:
                item.sent_ns = now  # live, as far as the room knows; nothing reaches the sink
            else:
                original(item, now)

        room._feed = feed  # type: ignore[method-assign,assignment]
        with pytest.raises(RecordRefused) as refused:
            await desk.start("sit1", room, "judge1")
        assert refused.value.code == "record.track_silent"
        assert refused.value.track == ("lawyer1", "microphone")
        assert desk.status("sit1").state == "off"
        assert await logged(log, "sit1") == []
        assert list(vault.root.rglob("*.seg")) == []
        # The same sitting can start when the fault is gone; numbering begins at 0.
        dumb.at = room.feeds[0].at
        room._feed = original  # type: ignore[method-assign]
        await desk.start("sit1", room, "judge1")
        await desk.close("sit1", "judge1")
    assert max(holes(await logged(log, "sit1")).values()) <= 200


async def test_nobody_sends(desk: Desk) -> None:
    with pytest.raises(RecordRefused) as refused:
        await desk.start("sit1", Room("sit1"), "judge1")
    assert refused.value.code == "record.no_tracks"


async def test_silence_on_record_is_an_alarm_within_5_seconds(desk: Desk, log: AuditLog) -> None:
    alarms: list[RecordAlarm] = []
    desk.on_alarm = alarms.append
    with Room("sit1", microphone(), microphone("lawyer1")) as room:
        await flowing(room)
        await desk.start("sit1", room, "judge1")
        sink, room.feeds[1].sink = room.feeds[1].sink, None
        room.feeds[1].flowing = False  # the sink stays open and gets nothing
        assert sink
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(6):
            while not alarms:
                await asyncio.sleep(0.05)
        assert loop.time() - began <= 5.0
        assert alarms[0].code == "record.track_silent"
        assert [item.seat for item in alarms[0].tracks] == ["lawyer1"]
        assert room.detached == ["suspended"]
        await desk.stop("sit1", "suspended", "judge1")
        assert desk.status("sit1").state == "suspended"
    entries = await logged(log, "sit1")
    assert entries[-1][0] == "rec.stopped"
    assert entries[-1][1]["reason"] == "suspended"
    assert max(holes(entries).values()) <= 200


async def test_no_space_is_refused(open_desk: Any) -> None:
    desk = await open_desk(min_free_bytes=10**18)
    with Room("sit1", microphone()) as room:
        await flowing(room)
        with pytest.raises(RecordRefused) as refused:
            await desk.start("sit1", room, "judge1")
    assert refused.value.code == "record.disk_full"
