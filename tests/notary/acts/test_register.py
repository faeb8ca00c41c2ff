"""The register: no gap under concurrency, faults and kills; nothing erased; corrections linked."""

import asyncio
import contextlib
import os
import signal
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from database import Database
from errors import Forbidden, Refusal
from notary.register import store
from notary.register.entry import Entry, Note, Standing, parse
from notary.register.service import words_of
from settings import ROOT
from tests.notary.acts.world import World


async def enter(world: World, request: str = "r1", *, fail: bool = False) -> Entry:
    register = world.office.register
    async with world.house.database.unit() as session:
        made = await register.enter(
            session, act="declaration", request=request, notary="n1",
            content={"title_ar": "إقرار", "title_en": "Declaration", "people": [],
                     "parties": [["declarant", "فاطمة علي", "Fatima Ali"]]},
            people=[("فاطِمة عليّ", "784-1988-1"), ("Fatima Ali", "")],
        )  # fmt: skip
        if fail:
            raise RuntimeError("the unit fails after its number was given")
    return made


async def test_no_gap_when_many_enter_at_once_and_some_fail(world: World) -> None:
    async def one(n: int) -> None:
        with contextlib.suppress(RuntimeError):
            await enter(world, f"r{n}", fail=n % 3 == 0)

    await asyncio.gather(*(one(n) for n in range(30)))
    async with world.house.database.unit(write=False) as session:
        rows = await store.entries(session, "NOT", most=100, oldest_first=True)
    assert [entry.number for entry, _ in rows] == list(range(1, 21))
    assert await world.office.register.check() == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM register_entries",
        "UPDATE register_entries SET number = 99",
        "DELETE FROM register_margins",
        "UPDATE register_margins SET note = 'annulled'",
        "DELETE FROM deed_events",
    ],
)
async def test_the_database_itself_refuses_to_erase(world: World, statement: str) -> None:
    made = await enter(world)
    async with world.house.database.unit() as session:
        await world.office.register.note(session, made, Note.COMPLETED, "n1")
    await world.office.applying.begin(world.who("claimant"), "declaration")
    with pytest.raises(DBAPIError):
        async with world.house.database.unit() as session:
            await session.execute(text(statement))
    assert (await world.office.register.standing_of(made.name)) is Standing.STANDS


async def test_corrections_annulment_and_search(lite: World) -> None:
    made, register = await enter(lite), lite.office.register
    async with lite.house.database.unit() as session:
        await register.note(session, made, Note.COMPLETED, "n1")
    notary, director = lite.who("notary"), lite.who("director")
    correction = await register.correct(notary, made.name, "The year is 1988.")
    assert (correction.about, correction.number) == (made.number, made.number + 1)
    found = await register.get(notary, made.name)
    assert [one.note for one in found.margins] == ["completed", "corrected"]
    assert found.margins[1].refers_to == correction.name
    assert found.standing is Standing.STANDS
    for words in ("فاطمه", "fatima ALI", "784 1988 1", made.name):
        assert made.name in [one.entry.name for one in await register.search(notary, words=words)]
    assert not await register.search(notary, words="Salem")
    await register.annul(director, made.name, Note.ANNULLED, "Judgment 12/2027")
    assert await register.standing_of(made.name) is Standing.ANNULLED
    with pytest.raises(Refusal):
        await register.annul(director, made.name, Note.ANNULLED, "Again")
    with pytest.raises(Forbidden):
        await register.search(lite.who("claimant"), words="fatima")
    assert await register.check() == []


async def test_a_year_closes_once_and_whole(lite: World) -> None:
    made, register, director = await enter(lite), lite.office.register, lite.who("director")
    with pytest.raises(Refusal) as early:
        await register.close_year(director, 2026)
    assert early.value.code == "register.year_open"
    lite.house.clock.advance(90 * 86400)
    with pytest.raises(Refusal) as pending:
        await register.close_year(director, 2026)
    assert pending.value.code == "register.open_deeds"
    async with lite.house.database.unit() as session:
        await register.note(session, made, Note.NOT_COMPLETED, "n1")
    closed = await register.close_year(director, 2026)
    assert (closed.count, closed.digest) == (1, made.digest)
    following = await enter(lite, "r2")
    assert (following.year, following.number) == (2027, 1)


async def test_a_rewritten_row_is_found(lite: World) -> None:
    await enter(lite)
    second = await enter(lite, "r2")
    async with lite.house.database.unit() as session:
        await session.execute(text("DROP TRIGGER register_entries_no_update"))
        await session.execute(
            text("UPDATE register_entries SET notary = 'other' WHERE number = :n"),
            {"n": second.number},
        )
    assert await lite.office.register.check() == [
        f"{second.name}: its link in the chain does not fit"
    ]


VICTIM = """
import asyncio, sys
sys.path.insert(0, {root!r})
from audit import key
from audit.service import AuditLog
from auth.secret import Secret
from clock import utc_now
from database import Database
from notary.register.service import Register

async def main():
    database = Database({url!r})
    log = AuditLog(database, key.generate("t.example/log"), "t.example/log", utc_now)
    register = Register(database, log, Secret(b"0" * 32), utc_now)
    n = 0
    while True:
        async with database.unit() as session:
            await register.enter(
                session, act="a", request=f"r{{n}}", notary="n", content={{}}, people=[]
            )
        n += 1
        print(n, flush=True)

asyncio.run(main())
"""


async def test_kill_leaves_no_gap(sqlite_url: str) -> None:
    """kill -9 in the middle of entering: what was numbered is there, and nothing is missing."""
    program = VICTIM.format(root=str(ROOT), url=sqlite_url)
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        told = 0
        while told < 15:
            told = int(await process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    database = Database(sqlite_url)
    async with database.unit(write=False) as session:
        rows = await store.entries(session, "NOT", most=10_000, oldest_first=True)
    await database.close()
    numbers = [entry.number for entry, _ in rows]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 30


def test_names_are_compared_without_marks() -> None:
    assert words_of("فاطِمةُ عليّ") == words_of("فاطمه على")
    assert words_of("O'Neil JOSÉ") == ["neil", "jose"]


@pytest.mark.parametrize(
    "wrong", ["", "NOT/26/1", "NOT/2026", "../2026/1", "NOT/2026/-1", "x" * 99]
)
def test_a_wrong_number_is_none(wrong: str) -> None:
    assert parse(wrong) is None
