"""The auditor's screen: filters, paging, export with proofs, verification; and who looked."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

import auth.audit_reading.web
from audit import leaf as leaves
from audit import store as log_store
from audit.fsck import Fsck
from audit.note import parse_vkey
from audit.store import LeafRow
from audit.witnessing import Witnessing
from auth.audit_reading import query
from auth.audit_reading.query import Query
from auth.audit_reading.service import PAGE, AuditReading
from auth.demo import PASSWORD
from auth.person import Person, Role
from database import Database
from errors import BadInput, Forbidden, Refusal
from recordings.checking.kind import Trust
from recordings.checking.log_files import check_extract
from tests.auth.house import Browser, House, build
from tests.support.clock import SettableClock


def reading_of(house: House) -> AuditReading:
    verifier = parse_vkey(house.log.vkey)
    return AuditReading(
        house.database,
        house.log,
        Witnessing(house.database, house.log, house.clock),
        lambda: Fsck(house.database, verifier),
        house.clock,
        "Asia/Dubai",
    )


@pytest.fixture
def admin(house: House) -> Person:
    return house.people["admin"]


@pytest.fixture
async def reading(house: House) -> AuditReading:
    """Over a log with 120 notes of two sittings, a day apart."""
    await fill(house)
    return reading_of(house)


async def fill(house: House) -> None:
    for day, subject in ((0, "a1"), (1, "b2")):
        async with house.database.unit() as session:
            for number in range(60):
                data: dict[str, Any] = {"number": number, "by": f"person{number % 2}"}
                await house.log.append(session, f"live.note{day}", data, subject=subject)
        house.clock.now += timedelta(days=1)
    await house.log.checkpoint()


async def test_pages_follow_each_other(reading: AuditReading, admin: Person) -> None:
    asked = Query(type="live.")
    first = await reading.page(admin, asked)
    assert len(first.rows) == PAGE
    seen = [row.index for row in first.rows]
    before = first.older
    while before is not None:
        page = await reading.page(admin, asked, before)
        seen += [row.index for row in page.rows]
        before = page.older
    assert len(seen) == 120
    assert seen == sorted(seen, reverse=True)


async def test_filters(reading: AuditReading, admin: Person, house: House) -> None:
    async def count(**asked: str) -> int:
        page = await reading.page(admin, Query(**asked))
        return len(page.rows) + (page.older is not None)

    assert await count(type="live.note0", account="person1") == 30
    assert await count(subject="b2", account="person1") == 30
    assert await count(subject="c3") == 0
    assert await count(type="live") == 0
    assert await count(type="live.note%") == 0
    day = (house.clock.now - timedelta(days=1)).date().isoformat()
    page = await reading.page(admin, Query(type="live.", since=day))
    assert {row.leaf.subject for row in page.rows} == {"b2"}
    page = await reading.page(admin, Query(type="live.", until="2020-01-01"))
    assert not page.rows


@pytest.mark.parametrize(
    ("name", "text"),
    [("type", "Rec Segment"), ("subject", "a b"), ("account", 'x"y'), ("since", "yesterday")],
)
def test_filters_that_are_none(name: str, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        query.parse({name: text})
    assert refused.value.field == name


async def test_who_looks_is_looked_at(reading: AuditReading, admin: Person, house: House) -> None:
    await reading.page(admin, Query(subject="a1"))
    await reading.export(admin, Query(type="live.note0"), "csv")
    async with house.database.unit(write=False) as session:
        found = await log_store.search(session, log_store.Search(type="audit."), 10)
    told = [leaves.decode(stored.entry) for stored in found]
    assert [one.type for one in told] == ["audit.extracted", "audit.viewed"]
    assert told[1].data == {"by": admin.id, "filter": {"subject": "a1"}}
    assert told[0].data["leaves"] == 60
    assert (await reading.page(admin, Query(account=admin.id))).rows[0].by == admin


async def test_others_may_not(reading: AuditReading, house: House) -> None:
    clerk = house.people["clerk"]
    for act in (
        lambda: reading.page(clerk, Query()),
        lambda: reading.export(clerk, Query(), "csv"),
        lambda: reading.verify(clerk),
    ):
        with pytest.raises(Forbidden):
            await act()
    with pytest.raises(Forbidden):
        reading.standing(clerk)


async def test_an_export_proves_itself(
    reading: AuditReading, admin: Person, house: House, tmp_path: Path
) -> None:
    data, checkpoint = await reading.export(admin, Query(subject="a1"), "jsonl")
    path = tmp_path / "extract.jsonl"
    path.write_bytes(data)
    trust = Trust(house.log.vkey)
    found = check_extract(path, trust)
    assert found.holds, found
    assert found.facts["leaves"] == 60
    assert found.checkpoint == checkpoint.note
    lines = data.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert getattr(check_extract(path, trust).failing, "code", "") == "count"
    changed = lines[5].replace(b"number", b"NUMBER")
    path.write_bytes(b"".join([*lines[:5], changed, *lines[6:]]))
    assert getattr(check_extract(path, trust).failing, "code", "") == "inclusion"
    rows = list(
        csv.DictReader(io.StringIO((await reading.export(admin, Query(), "csv"))[0].decode()))
    )
    assert rows[0]["checkpoint"]
    assert not rows[1]["checkpoint"]
    assert json.loads(rows[-1]["data"])["by"] == "person1"


async def test_exports_that_are_refused(
    reading: AuditReading, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match=r"audit\.format"):
        await reading.export(admin, Query(), "xls")
    monkeypatch.setattr("auth.audit_reading.service.MOST_EXPORTED", 59)
    with pytest.raises(Refusal, match=r"audit\.too_many"):
        await reading.export(admin, Query(subject="a1"), "csv")


async def test_verification(reading: AuditReading, admin: Person, house: House) -> None:
    assert reading.standing(admin) is None
    await reading.verify(admin)
    with pytest.raises(Refusal, match=r"audit\.verifying"):
        await reading.verify(admin)
    await reading.verified()
    standing = reading.standing(admin)
    assert standing is not None
    assert standing.report is not None
    assert standing.report.sound
    async with house.database.unit() as session:
        await session.execute(update(LeafRow).where(LeafRow.index == 3).values(hash=b"\0" * 32))
    await reading.verify(admin)
    await reading.verified()
    standing = reading.standing(admin)
    assert standing is not None
    assert standing.report is not None
    assert not standing.report.sound


async def test_the_screen(lite: House) -> None:
    await fill(lite)
    reading = reading_of(lite)
    app = lite.app()
    auth.audit_reading.web.init_app(app, reading)
    browser = Browser(app)
    await browser.get("/en/login")
    await browser.post("/en/login", {"username": "admin", "password": PASSWORD})
    answer = await browser.get("/en/admin/audit?type=live.note0&before=40")
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "live.note0" in text
    assert "live.note1</bdi>" not in text
    for wrong in ("?type=A%20B", "?since=x", "?account=%22"):
        answer = await browser.get(f"/ar/admin/audit{wrong}")
        assert answer.status_code == 400
    answer = await browser.get("/en/admin/audit?before=99999999999999999999999")
    assert answer.status_code == 200
    answer = await browser.post("/en/admin/audit/export", {"format": "csv", "subject": "a1"})
    assert "attachment" in answer.headers["Content-Disposition"]
    assert (await browser.post("/en/admin/audit/verify", {})).status_code == 303
    await reading.verified()
    answer = await browser.get("/en/admin/audit?part=1")
    text = await answer.get_data(as_text=True)
    assert "The log is sound" in text
    assert "<html" not in text


async def test_an_auditor_has_the_log_and_no_sitting(lite: House) -> None:
    reading = reading_of(lite)
    app = lite.app()
    auth.audit_reading.web.init_app(app, reading)
    browser = Browser(app)
    await browser.get("/en/login")
    answer = await browser.post("/en/login", {"username": "auditor", "password": PASSWORD})
    assert answer.headers["Location"] == "/en/sittings"
    answer = await browser.get("/en/sittings")
    assert answer.headers["Location"] == "/en/admin/audit"
    for path in ("/en/admin/audit", "/ar/admin/audit", "/en/account", "/en/"):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        text = await answer.get_data(as_text=True)
        assert "/admin/audit" in text
        assert "/sittings" not in text, path
        assert "/records" not in text, path
    assert (await browser.post("/en/admin/audit/export", {"format": "jsonl"})).status_code == 200
    assert (await browser.post("/en/admin/audit/verify", {})).status_code == 303
    await reading.verified()
    assert (await browser.get("/en/admin/people")).status_code == 403
    assert (await browser.get("/en/sittings/book")).status_code == 403


async def test_a_judge_who_becomes_an_auditor_leaves_the_sittings(
    sqlite_database: Database, clock: SettableClock
) -> None:
    house = await build(sqlite_database, clock, demo_sittings=True)
    judge = house.people["judge"]
    found = await house.sittings.mine(judge)
    assert [*found.today, *found.upcoming]
    with pytest.raises(Forbidden, match=r"policy\.wrong_role"):
        await house.sittings.mine(replace(judge, role=Role.AUDITOR))
