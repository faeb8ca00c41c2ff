"""The log on both databases: transactions, gapless numbers, signing, proofs, tampering."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from audit import checkpoint, key, leaf, service, store, tile, tree
from audit.errors import LeafError, LogCorrupt, ProofError
from audit.service import AuditLog
from audit.tile import Tile
from clock import utc_now
from database import Database
from errors import NotFound

from .conftest import ORIGIN, StepClock


async def add(log: AuditLog, database: Database, count: int, subject: str = "") -> int:
    """Append `count` leaves in one unit; the index of the last."""
    async with database.unit() as session:
        for i in range(count):
            index = await log.append(session, "test.leaf", {"i": i}, subject=subject)
    return index


async def given_up(log: AuditLog, database: Database, subject: str = "") -> int:
    """Append a leaf in a unit that rolls back; the index that it would have had."""
    index = -1
    with suppress(ZeroDivisionError):
        async with database.unit() as session:
            index = await log.append(session, "test.leaf", {}, subject=subject)
            raise ZeroDivisionError
    return index


async def execute(database: Database, statement: str, **values: Any) -> None:
    async with database.unit() as session:
        await session.execute(text(statement), values)


async def test_append_and_read(log: AuditLog, database: Database) -> None:
    await add(log, database, 2, "one")
    await add(log, database, 1)
    await add(log, database, 2, "two")
    await add(log, database, 1, "one")
    found = await log.leaves("one")
    assert [item.index for item in found] == [0, 1, 5]
    parsed = [leaf.decode(item.entry) for item in found]
    assert [(item.subject, item.n) for item in parsed] == [("one", 0), ("one", 1), ("one", 2)]
    assert [item.hash for item in found] == [tree.leaf_hash(item.entry) for item in found]
    assert await log.leaves("none") == []


async def test_rolled_back_leaf_leaves_no_trace(log: AuditLog, database: Database) -> None:
    await add(log, database, 1, "one")
    assert await given_up(log, database, "one") == 1
    assert (await log.checkpoint()).size == 1
    assert await add(log, database, 1, "one") == 1
    assert [leaf.decode(item.entry).n for item in await log.leaves("one")] == [0, 1]


async def test_refused_data_leaves_no_trace(log: AuditLog, database: Database) -> None:
    with pytest.raises(LeafError):
        async with database.unit() as session:
            await log.append(session, "test.leaf", {"name": "Fatima Zahra"})
    assert (await log.checkpoint()).size == 0


async def test_concurrent_units_get_gapless_numbers(log: AuditLog, database: Database) -> None:
    async def unit(i: int) -> None:
        try:
            async with database.unit() as session:
                await log.append(session, "test.leaf", {"i": i}, subject=f"s{i % 3}")
                await asyncio.sleep(0)
                await log.append(session, "test.leaf", {"i": i}, subject=f"s{i % 3}")
                if i % 5 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    await asyncio.gather(*(unit(i) for i in range(20)))
    found = [item for name in ("s0", "s1", "s2") for item in await log.leaves(name)]
    assert sorted(item.index for item in found) == list(range(32))
    for name in ("s0", "s1", "s2"):
        counters = [leaf.decode(item.entry).n for item in await log.leaves(name)]
        assert counters == list(range(len(counters)))
    assert (await log.wait_covered(31)).size == 32


async def test_appends_and_signatures_together(log: AuditLog, database: Database) -> None:
    async def act() -> None:
        index = await add(log, database, 3)
        assert (await log.wait_covered(index)).size > index

    await asyncio.gather(*(act() for _ in range(12)))
    newest = await log.check()
    assert newest.size == 36


async def test_two_processes_sign_one_log(
    log: AuditLog, database: Database, log_key: key.LogKey
) -> None:
    other = AuditLog(database, log_key, ORIGIN, StepClock())
    for _ in range(5):
        index = await add(log, database, 1)
        both = await asyncio.gather(log.checkpoint(), other.checkpoint())
        assert both[0] == both[1]
        assert both[0].size == index + 1
    await other.check()


async def test_checkpoints(log: AuditLog, database: Database, log_key: key.LogKey) -> None:
    first = await log.newest()
    assert (first.size, first.root) == (0, tree.EMPTY_ROOT)
    await add(log, database, 3)
    second = await log.checkpoint()
    assert second.size == 3
    assert checkpoint.verified(second.note, log_key.verifier, ORIGIN) == second
    assert await log.checkpoint() == second
    assert await log.newest() == second
    assert log.vkey == log_key.vkey


async def test_wait_covered_for_a_leaf_that_is_not_there(log: AuditLog) -> None:
    with pytest.raises(LookupError):
        await log.wait_covered(0)


async def test_waiting_callers_share_a_signature(log: AuditLog, database: Database) -> None:
    index = await add(log, database, 50)
    found = await asyncio.gather(*(log.wait_covered(i) for i in range(index + 1)))
    assert len(set(found)) == 1


async def test_proofs_over_many_checkpoints(log: AuditLog, database: Database) -> None:
    signed = []
    for count in (1, 2, 5, 270, 1, 40):
        await add(log, database, count)
        signed.append(await log.checkpoint())
    for new in signed:
        for old in signed:
            if old.size <= new.size:
                path = await log.consistency(old.size, new.size)
                tree.verify_consistency(old.size, new.size, old.root, new.root, path)
        indexes = sorted({0, new.size // 2, new.size - 1})
        paths = await log.inclusions(indexes, new.size)
        for index, path in zip(indexes, paths, strict=True):
            assert path == await log.inclusion(index, new.size)
            entries = tile.unbundle(
                await log.entries(index // 256, min(256, new.size - index // 256 * 256))
            )
            hashed = tree.leaf_hash(entries[index % 256])
            tree.verify_inclusion(hashed, index, new.size, path, new.root)
        assert await log.root(new.size) == new.root
    await log.check([item.note for item in signed])


async def test_tiles_rebuild_the_root(log: AuditLog, database: Database) -> None:
    await add(log, database, 520)
    newest = await log.checkpoint()
    hashes = {t: await log.tile(*t) for t in tile.tiles(520)}
    assert set(hashes) == {Tile(0, 0), Tile(0, 1), Tile(0, 2, 8), Tile(1, 0, 2)}
    leaves = b"".join(hashes[Tile(0, i, w)] for i, w in ((0, 256), (1, 256), (2, 8)))
    nodes = {tree.Node(0, i): leaves[i * 32 : i * 32 + 32] for i in range(520)}
    nodes |= tree.extend(0, [], nodes.values())
    assert tree.root(520, nodes) == newest.root
    assert hashes[Tile(1, 0, 2)] == nodes[tree.Node(8, 0)] + nodes[tree.Node(8, 1)]
    assert len(await log.tile(0, 2, 5)) == 5 * 32


async def test_nothing_uncovered_is_served(log: AuditLog, database: Database) -> None:
    await add(log, database, 3)
    await log.checkpoint()
    await add(log, database, 300)
    for call in (
        log.tile(0, 0, 4),
        log.tile(0, 0),
        log.tile(1, 0, 1),
        log.entries(0, 4),
        log.inclusion(0, 4),
        log.consistency(1, 4),
        log.root(4),
        log.tile(63, 10**9, 1),
    ):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(ValueError, match="no leaf"):
        await log.inclusion(3, 3)


# --- a database that somebody wrote into -------------------------------------------------------

TAMPERING = {
    "a leaf rewritten": "UPDATE audit_leaves SET entry = :forged WHERE index = 7",
    "a leaf and its hash": "UPDATE audit_leaves SET entry = :forged, hash = :hash WHERE index = 7",
    "a leaf removed": "DELETE FROM audit_leaves WHERE index = 7",
    "the end cut off": "DELETE FROM audit_leaves WHERE index >= 15",
    "a node rewritten": "UPDATE audit_nodes SET hash = :hash WHERE level = 2 AND index = 1",
    "a node removed": "DELETE FROM audit_nodes WHERE level = 1 AND index = 0",
    "a checkpoint's note": "UPDATE audit_checkpoints SET note = replace(note, '20', '21')",
}
FORGED = leaf.encode(leaf.Leaf("test.leaf", utc_now(), {"i": 1_000_000}))


async def tamper(database: Database, statement: str) -> None:
    statement = statement.replace("index", '"index"')
    values = {"forged": FORGED, "hash": tree.leaf_hash(FORGED)}
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    await execute(database, statement, **used)


@pytest.mark.parametrize("what", TAMPERING)
async def test_check_finds(log: AuditLog, database: Database, what: str) -> None:
    await add(log, database, 20)
    await log.checkpoint()
    await log.check()
    await tamper(database, TAMPERING[what])
    with pytest.raises(LogCorrupt):
        await log.check()


async def test_nothing_is_signed_over_a_shorter_log(log: AuditLog, database: Database) -> None:
    await add(log, database, 20)
    await log.checkpoint()
    await tamper(database, TAMPERING["the end cut off"])
    with pytest.raises(LogCorrupt, match="has 15 leaves, 20 were signed"):
        await log.checkpoint()


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE audit_nodes SET hash = :hash WHERE level = 4", "is not the one signed"),
        ("DELETE FROM audit_nodes WHERE level = 4", "missing"),
        ("UPDATE audit_checkpoints SET note = replace(note, '20', '19')", "cannot be trusted"),
        ("DELETE FROM audit_leaves WHERE index = 20", "missing"),
    ],
)
async def test_nothing_is_signed_over_a_changed_log(
    log: AuditLog, database: Database, statement: str, complaint: str
) -> None:
    await add(log, database, 20)
    await log.checkpoint()
    await add(log, database, 2)
    await tamper(database, statement)
    with pytest.raises(LogCorrupt, match=complaint):
        await log.checkpoint()


async def rewrite(database: Database, log: AuditLog, keep: int, forged: bool) -> None:
    """What an administrator with the log's key can do: rewrite, forget, sign again."""
    if forged:
        await tamper(database, TAMPERING["a leaf and its hash"])
    else:
        await execute(database, f'DELETE FROM audit_leaves WHERE "index" >= {keep}')
    await execute(database, "DELETE FROM audit_nodes")
    await execute(database, "DELETE FROM audit_checkpoints")
    await log.checkpoint()


@pytest.mark.parametrize("forged", [True, False])
async def test_rewritten_and_signed_again_is_shown_by_an_older_checkpoint(
    log: AuditLog, database: Database, forged: bool
) -> None:
    await add(log, database, 20)
    kept = await log.checkpoint()
    await rewrite(database, log, 15, forged)
    newest = await log.check()  # the database alone looks right: this is what witnesses are for
    await add(log, database, 10)
    newest = await log.checkpoint()
    with pytest.raises(LogCorrupt, match="the first 20 leaves are not the ones signed"):
        await log.check([kept.note])
    # The party's side, with the proof that the rewritten log would give:
    path = await log.consistency(kept.size, newest.size)
    with pytest.raises(ProofError):
        tree.verify_consistency(kept.size, newest.size, kept.root, newest.root, path)


async def test_an_outside_checkpoint_of_another_key(log: AuditLog, database: Database) -> None:
    await add(log, database, 1)
    newest = await log.checkpoint()
    forged = key.generate(ORIGIN).sign(checkpoint.body(ORIGIN, 1, newest.root))
    with pytest.raises(LogCorrupt, match="cannot be trusted"):
        await log.check([forged])


async def test_another_key_does_not_take_over(log: AuditLog, database: Database) -> None:
    await add(log, database, 1)
    await log.checkpoint()
    other = AuditLog(database, key.generate(ORIGIN), ORIGIN, utc_now)
    with pytest.raises(LogCorrupt, match="cannot be trusted"):
        await other.checkpoint()


async def test_check_of_a_log_that_was_never_signed(log: AuditLog) -> None:
    with pytest.raises(LogCorrupt, match="no checkpoint"):
        await log.check()


async def test_more_leaves_than_one_chunk(
    log: AuditLog, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CHUNK", 7)
    monkeypatch.setattr(store, "BATCH", 3)
    await add(log, database, 50)
    newest = await log.checkpoint()
    hashes = [item.hash for item in await _all(database)]
    nodes = {tree.Node(0, i): value for i, value in enumerate(hashes)}
    nodes |= tree.extend(0, [], hashes)
    assert newest.root == tree.root(50, nodes)
    await log.check()


async def _all(database: Database) -> list[store.StoredLeaf]:
    async with database.unit(write=False) as session:
        return await store.entries(session, 0, 10**9)


# --- the sequencer -----------------------------------------------------------------------------


class Signed(AuditLog):
    """Says when it has signed, so that tests need not look again and again."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen: asyncio.Queue[int] = asyncio.Queue()
        self.failing = 0

    async def checkpoint(self) -> checkpoint.Checkpoint:
        if self.failing:
            self.failing -= 1
            self.seen.put_nowait(-1)
            raise OperationalError("the database is away", None, Exception())
        found = await super().checkpoint()
        self.seen.put_nowait(found.size)
        return found


@pytest.fixture
def signed(database: Database, log_key: key.LogKey) -> Signed:
    return Signed(database, log_key, ORIGIN, StepClock())


async def stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_sequencer_signs_soon_after_commits(signed: Signed, database: Database) -> None:
    await add(signed, database, 2)  # left behind by a process that was killed
    task = asyncio.create_task(signed.run())
    assert await signed.seen.get() == 2
    await add(signed, database, 3)
    async with asyncio.timeout(2):  # INTERVAL is 0.2 s; the rest is a slow machine's
        assert await signed.seen.get() == 5
    await stopped(task)
    assert await add(signed, database, 1) == 5
    assert (await signed.checkpoint()).size == 6


async def test_sequencer_rests_without_commits(
    signed: Signed, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "INTERVAL", 0.001)
    task = asyncio.create_task(signed.run())
    await signed.seen.get()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await signed.seen.get()
    await given_up(signed, database)
    assert signed.seen.empty()
    await stopped(task)


async def test_sequencer_finds_leaves_of_another_process(
    signed: Signed, database: Database, log_key: key.LogKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "INTERVAL", 0.001)
    monkeypatch.setattr(service, "IDLE", 0.05)
    task = asyncio.create_task(signed.run())
    await signed.seen.get()
    await add(AuditLog(database, log_key, ORIGIN, utc_now), database, 4)
    async with asyncio.timeout(5):
        while await signed.seen.get() != 4:
            pass
    await stopped(task)


async def test_sequencer_outlives_an_absent_database(
    signed: Signed, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "INTERVAL", 0.001)
    monkeypatch.setattr(service, "IDLE", 0.01)
    signed.failing = 2
    await add(signed, database, 1)
    task = asyncio.create_task(signed.run())
    assert [await signed.seen.get() for _ in range(3)] == [-1, -1, 1]
    await stopped(task)


async def test_sequencer_stops_on_a_corrupt_log(signed: Signed, database: Database) -> None:
    await add(signed, database, 20)
    await signed.checkpoint()
    await tamper(database, TAMPERING["the end cut off"])
    with pytest.raises(LogCorrupt):
        await signed.run()
