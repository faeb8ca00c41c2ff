"""The whole log checked: what is sound is sound, and each kind of tampering is named."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from audit.fsck import MOST, Fsck, Report
from audit.key import LogKey
from audit.note import parse_vkey
from audit.service import AuditLog
from audit.store import CheckpointRow, CosignatureRow, LeafRow, NodeRow, TimestampRow
from database import Database
from tests.support.anchors import AskedAnchors, anchors

from .conftest import ORIGIN, StepClock
from .test_service import add


@pytest.fixture
async def anchored(database: Database, log_key: LogKey) -> AskedAnchors:
    """A log of 280 leaves with a cosigned and time-stamped checkpoint, and 3 leaves after it."""
    clock = StepClock()
    log = AuditLog(database, log_key, ORIGIN, clock)
    await add(log, database, 260)
    await log.checkpoint()
    await add(log, database, 20)
    await log.checkpoint()
    found = anchors(database, log, lambda: clock.now)
    await found.witnessing.ask_all()
    await found.timestamping.stamp()
    await add(log, database, 3)
    return found


def fsck(anchored: AskedAnchors, *, known: bool = True, rows: Any = ()) -> Fsck:
    log = anchored.witnessing.log
    verifiers = list(anchored.witnessing.verifiers.values()) if known else []
    roots = list(anchored.timestamping.source.roots) if known else []
    vkey = parse_vkey(log.vkey)
    return Fsck(anchored.witnessing.database, vkey, verifiers, roots, rows)


async def test_a_sound_log(anchored: AskedAnchors) -> None:
    told: list[tuple[str, int, int]] = []
    report = await fsck(anchored).run(tell=lambda *said: told.append(said))
    assert report.sound, report.faults
    assert (report.size, report.unsigned, report.checkpoints) == (280, 3, 2)
    assert (report.cosignatures, report.timestamps) == (1, 1)
    assert not report.notes
    assert {said[0] for said in told} >= {"tree", "leaves", "tiles", "cosignatures", "timestamps"}
    assert ("tree", 280, 280) in told


async def test_what_nobody_can_check_is_said(anchored: AskedAnchors) -> None:
    report = await fsck(anchored, known=False).run()
    assert report.sound
    assert len(report.notes) == 2


async def _entry(session: AsyncSession) -> None:
    await session.execute(
        update(LeafRow).where(LeafRow.index == 7).values(entry=b'{"v":1}', hash=b"\0" * 32)
    )


async def _column(session: AsyncSession) -> None:
    await session.execute(update(LeafRow).where(LeafRow.index == 7).values(type="other.type"))


async def _extra_node(session: AsyncSession) -> None:
    session.add(NodeRow(level=9, index=7, hash=b"\0" * 32))


async def _root(session: AsyncSession) -> None:
    await session.execute(update(CheckpointRow).where(CheckpointRow.size == 260).values(root=b"x"))


async def _line(session: AsyncSession) -> None:
    row = await session.get(CosignatureRow, (280, next(iter(await _witness(session)))))
    assert row is not None
    head, _, tail = row.line.rpartition(" ")
    row.line = f"{head} {tail[:20]}{'A' if tail[20] != 'A' else 'B'}{tail[21:]}"


async def _witness(session: AsyncSession) -> set[str]:
    rows = await session.execute(text("SELECT witness FROM audit_cosignatures"))
    return {row[0] for row in rows}


async def _token(session: AsyncSession) -> None:
    row = await session.get(TimestampRow, (280, "internal"))
    assert row is not None
    changed = bytearray(row.token)
    changed[len(changed) // 2] ^= 1
    row.token = bytes(changed)


async def _cut(session: AsyncSession) -> None:
    await session.execute(delete(LeafRow).where(LeafRow.index >= 270))


TAMPERING = {
    "leaves": _column,
    "tree": _entry,
    "tiles": _extra_node,
    "tree of checkpoints": _root,
    "cosignatures": _line,
    "timestamps": _token,
    "tree that was cut": _cut,
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_named(anchored: AskedAnchors, what: str) -> None:
    async with anchored.witnessing.database.unit() as session:
        await TAMPERING[what](session)
    report = await fsck(anchored).run()
    assert what.split()[0] in {fault.step for fault in report.faults}


async def test_a_checkpoint_that_somebody_kept(
    anchored: AskedAnchors, log_key: LogKey, tmp_path: Path, sqlite_template: Path
) -> None:
    """With the real key the log is written anew: only what others hold shows it."""
    (tmp_path / "other.db").write_bytes(sqlite_template.read_bytes())
    other = Database(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    clock = StepClock()
    clock()  # its leaves have other times
    log = AuditLog(other, log_key, ORIGIN, clock)
    await add(log, other, 40)
    forged = (await log.checkpoint()).note
    assert (await fsck(anchored).run()).sound
    report = await fsck(anchored).run([forged])
    assert [fault.step for fault in report.faults] == ["tree"]
    kept = await anchored.witnessing.newest()
    report = await Fsck(other, parse_vkey(log.vkey)).run([kept.note])
    assert "it was cut" in report.faults[0].what
    await other.close()


async def test_rows_of_other_rooms(anchored: AskedAnchors) -> None:
    class Rows:
        async def check(self, database: Database) -> AsyncIterator[str]:
            for number in range(MOST + 5):
                yield ""
                yield f"row {number} has no leaf"

    report: Report = await fsck(anchored, rows=[Rows()]).run()
    assert (report.rows, len(report.faults), report.more) == (2 * MOST + 10, MOST, 5)
    assert not report.sound


async def test_a_log_that_was_never_signed(database: Database, log_key: LogKey) -> None:
    report = await Fsck(database, log_key.verifier).run()
    assert [fault.what for fault in report.faults] == ["the log has no checkpoint"]
