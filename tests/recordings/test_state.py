"""Every transition of a record is in one table, stored and logged with who and why."""

import asyncio
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from audit.service import AuditLog
from database import Database
from recordings import state, store
from recordings.service import Desk
from recordings.state import TRANSITIONS, State, Step, WrongState
from recordings.vault import Vault
from settings import ROOT
from signaling.ports import RecordRefused
from tests.recordings.room import Room, microphone
from tests.recordings.test_service import flowing, logged, moved

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_the_docs_hold_the_table() -> None:
    text = (ROOT / "docs" / "recordings.md").read_text("utf-8")
    assert "\n".join(state.table()) in text


def test_on_record_is_entered_after_the_stream_check_alone() -> None:
    entries = [key for key, to in TRANSITIONS.items() if to is State.RECORDING]
    assert entries == [(State.INITIALISING, Step.PROVE)]
    assert set(state.WHEN) == set(Step)
    assert set(state.SHOWN) == set(State)


@pytest.mark.parametrize("end", [State.AVAILABLE, State.FAILED, State.NO_RECORDING])
def test_what_is_over_stays_over(end: State) -> None:
    for step in Step:
        with pytest.raises(WrongState):
            state.move(end, step, NOW, "judge1")


async def test_who_and_why_are_stored_and_logged(
    desk: Desk, log: AuditLog, records: Database
) -> None:
    with Room("sit1", microphone()) as room:
        with pytest.raises(RecordRefused):
            await desk.start("sit1", Room("sit1"), "clerk1")  # nobody sends: not even tried
        await flowing(room)
        await desk.start("sit1", room, "judge1")
        await asyncio.sleep(1.2)
        await desk.stop("sit1", "recess", "clerk1")
        await desk.start("sit1", room, "judge1")
        await desk.stop("sit1", "suspended", "recorder")
        await desk.close("sit1", "judge1")
    assert await moved(log, "sit1") == [
        ("start", "initialising", "judge1", ""),
        ("prove", "recording", "judge1", ""),
        ("stop", "standby", "clerk1", "recess"),
        ("start", "initialising", "judge1", ""),
        ("prove", "recording", "judge1", ""),
        ("alarm", "suspended", "recorder", "suspended"),
        ("stop", "standby", "judge1", "closed"),
        ("seal", "processing", "judge1", ""),
        ("finish", "available", "recorder", ""),
    ]
    async with records.unit(write=False) as session:
        found = await store.moves(session, "sit1")
        row = await store.get(session, "sit1")
    assert [item.after for item in found][-2:] == [State.PROCESSING, State.AVAILABLE]
    assert all(one.after is two.before for one, two in pairwise(found))
    assert row
    assert row.state == State.AVAILABLE
    stops = [data for type, data in await logged(log, "sit1") if type == "rec.stopped"]
    assert all(0 < data["verified_ms"] <= data["end_ms"] for data in stops)


async def test_a_sitting_that_was_never_on_record(
    desk: Desk, log: AuditLog, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room("sit1", microphone())
    with room:
        await flowing(room)
        monkeypatch.setattr(vault, "create", _full)
        with pytest.raises(RecordRefused):
            await desk.start("sit1", room, "judge1")
        await desk.close("sit1", "judge1")
    assert await moved(log, "sit1") == [
        ("start", "initialising", "judge1", ""),
        ("refuse", "standby", "recorder", "record.disk_full"),
        ("close_empty", "no_recording", "judge1", ""),
    ]
    assert await logged(log, "sit1") == []


def _full(*_: Any) -> Any:
    raise OSError(28, "No space left on device")


async def test_what_was_altered_on_disk_fails(desk: Desk, log: AuditLog, vault: Vault) -> None:
    with Room("sit1", microphone(), microphone("lawyer1")) as room:
        await flowing(room)
        await desk.start("sit1", room, "judge1")
        await asyncio.sleep(1.0)
        await desk.stop("sit1", "recess", "judge1")
        path = vault.path("sit1", "lawyer1-microphone", 0)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        await desk.close("sit1", "judge1")
    assert (await moved(log, "sit1"))[-1] == ("fail", "failed", "recorder", "recording.damaged")
    assert (await logged(log, "sit1"))[-1][0] == "rec.closed"
