"""Minutes: drafted from the record, void until clerk and judge have signed, and then checked by
anybody (R-CR-24, R-CV-07)."""

import hashlib
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

import app
from audit import leaf as leaves
from auth.person import Person
from auth.session import Login
from database import Base
from errors import BadInput, Forbidden, Refusal
from notary.rows import DeedRows
from recordings.access.book import OrderDraft
from recordings.access.order import Part, Use
from recordings.manifest import Happening
from recordings.minutes import drafting, minutes
from recordings.minutes.minutes import Content, Entry, State, Step
from recordings.rows import RecordRows
from sessions import store as sessions_store
from sessions.seat import SeatRole
from tests.auth.house import Browser
from tests.recordings.sealed import Kept, kept

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path, NOW) as made:
        yield made


async def code(work: Any) -> str:
    with pytest.raises(Refusal) as refused:
        await work
    return refused.value.code


# --- pure ----------------------------------------------------------------------------------------


def test_the_table_of_states() -> None:
    assert minutes.after(State.SIGNING, Step.RETURN) is State.DRAFT
    for state, step in ((State.SIGNED, Step.RETURN), (State.DRAFT, Step.COMPLETE)):
        with pytest.raises(Refusal):
            minutes.after(state, step)


def test_what_is_typed() -> None:
    found = minutes.written("10:02:30 Opened\n\n  heard   the witness \n9:05 x", " a\n\nb ", "c")
    assert found.entries == (
        Entry("10:02:30", "Opened"),
        Entry("", "heard the witness"),
        Entry("9:05", "x"),
    )
    assert (found.decisions, found.operative) == ("a\nb", "c")
    again = minutes.written(found.proceedings(), found.decisions, found.operative)
    assert again == found == Content.of(json.loads(json.dumps(found.body())))
    for wrong in (("x" * 2001, "", ""), ("x\n" * 2001, "", ""), ("x", "y" * 20_001, "")):
        with pytest.raises(BadInput):
            minutes.written(*wrong)
    for missing in (minutes.written("", "", "c"), minutes.written("a", "", "")):
        with pytest.raises(Refusal):
            minutes.can_approve(missing)


# --- of a record ---------------------------------------------------------------------------------


async def test_a_draft_tells_the_steps_and_notes_of_the_record(world: Kept) -> None:
    sitting = world.sitting
    judge, clerk = world.bench()
    seat = next(one for one in sitting.seats if one.role is SeatRole.CLAIMANT)
    events: list[tuple[str, str | None, dict[str, Any]]] = [
        ("phase.on_record", None, {}),
        ("identity", seat.id, {"result": "verified"}),
        ("floor", seat.id, {}),
        ("note", None, {"text": "Exhibit 1 is accepted"}),
        ("missed", seat.id, {"ms": 4200, "from": "", "until": ""}),
    ]
    journal = [
        Happening(NOW + timedelta(seconds=at), type, who, data)
        for at, (type, who, data) in enumerate(events)
    ]
    found = drafting.drafted(sitting, journal, "en", "Asia/Dubai")
    assert found.entries == (
        Entry("13:00:00", "The sitting is opened and on record."),
        Entry("13:00:01", f"The identity of {seat.name_en} was checked."),
        Entry("13:00:03", "Exhibit 1 is accepted"),
        Entry("13:00:04", f"{seat.name_en} missed 4 seconds; the line was cut or away."),
    )
    arabic = drafting.drafted(sitting, journal, "ar", "Asia/Dubai")
    assert seat.name_ar in arabic.entries[1].text
    desk = world.house.minutes
    lawyer = world.holder("civil_hearing", SeatRole.COUNSEL)
    assert await code(desk.begin(lawyer, sitting.id, "en")) == "policy.leave_needed"
    async with world.house.database.unit() as session:
        data = {"text": "Exhibit 1 is accepted"}
        await sessions_store.add_event(session, sitting.id, NOW, "note", None, data)
    made = await desk.begin(clerk, sitting.id, "en")
    assert await code(desk.begin(judge, sitting.id, "en")) == "minutes.exist"
    opened = await desk.open(judge, sitting.id)
    assert [one.text for one in opened.content.entries] == ["Exhibit 1 is accepted"]
    content = minutes.written("10:00 Heard.", "", "Adjourned to hear the expert.")
    assert await desk.save(clerk, sitting.id, base=1, content=content) == 2
    assert await code(desk.save(judge, sitting.id, base=1, content=content)) == "minutes.changed"
    raw = (world.house.settings.data_dir / "mahdar.db").read_bytes()
    assert b"hear the expert" not in raw
    assert (await world.last(sitting.id)).data == {
        "minutes": made.id,
        "by": clerk.id,
        "revision": 2,
    }


async def test_signed_by_both_they_are_an_instrument_that_anybody_checks(
    world: Kept, tmp_path: Path
) -> None:
    house, sitting, desk = world.house, world.sitting, world.house.minutes
    judge, clerk = world.bench()
    await desk.begin(clerk, sitting.id, "ar")
    assert await code(desk.approve(judge, sitting.id)) == "minutes.incomplete"
    content = minutes.written("10:00:00 فُتحت الجلسة", "قررت المحكمة ضم المستند", "أُجلت الجلسة")
    await desk.save(clerk, sitting.id, base=1, content=content)
    assert await code(desk.approve(clerk, sitting.id)) == "policy.wrong_role"
    await desk.approve(judge, sitting.id)
    assert (
        await code(desk.save(clerk, sitting.id, base=2, content=content)) == "minutes.wrong_state"
    )
    first = (await desk.open(judge, sitting.id)).minutes
    await desk.give_back(judge, sitting.id)
    await desk.approve(judge, sitting.id)
    opened = await desk.open(judge, sitting.id)
    assert first is not None
    assert opened.minutes is not None
    assert opened.signing is not None
    assert opened.minutes.ceremony != first.ceremony
    assert "sign" not in opened.may
    assert await documents(world) == {}, "void, and in no bundle"

    page = f"/en/sittings/{sitting.id}/minutes"
    quart = app.create_app(house)
    early = await signed(quart, "judge", page)
    assert early == "signing.not_your_turn"
    careful = replace(clerk, assurance=replace(clerk.assurance, each_act=True))
    login = Login(id="l", person=careful, created_at=NOW, seen_at=NOW)
    with pytest.raises(Forbidden) as refused:
        await desk.sign(login, sitting.id)
    assert refused.value.code == "policy.confirmation_needed"
    assert refused.value.params["digest"] == opened.signing.digest
    assert await signed(quart, "clerk", page) == "ok"
    assert (await desk.open(judge, sitting.id)).minutes == opened.minutes
    assert await signed(quart, "judge", page) == "ok"
    done = await desk.open(clerk, sitting.id)
    assert done.minutes is not None
    assert done.signing is not None
    assert (done.minutes.state, done.signing.sealed) == (State.SIGNED, True)
    assert done.may == frozenset()
    pdf = await desk.file(judge, sitting.id)
    assert hashlib.sha256(pdf).hexdigest() == done.minutes.sha256
    entries = [leaves.decode(item.entry) for item in await house.log.leaves(sitting.id)]
    assert {"doc.rendered", "sign.applied", "minutes.signed"} <= {leaf.type for leaf in entries}
    path = tmp_path / "minutes.pdf"
    path.write_bytes(pdf)
    shown = subprocess.run(["pdfsig", str(path)], capture_output=True, text=True, check=False)
    assert shown.stdout.count("Signature is Valid") >= 3, shown.stdout
    words = subprocess.run(
        ["pdftotext", str(path), "-"], capture_output=True, text=True, check=True
    )
    assert "10:00:00" in words.stdout

    browser = Browser(quart)
    await browser.get("/en/verify")
    answer = await browser.client.post(
        "/verify/upload", data=pdf, headers={"X-CSRF-Token": browser.token}
    )
    found = await answer.get_data(as_text=True)
    assert 'data-verdict="holds"' in found, found
    assert await documents(world) == {
        "minutes/minutes.pdf": pdf,
        "minutes/minutes.json": json.dumps(content.body(), ensure_ascii=False).encode(),
    }


async def doubted(world: Kept) -> list[str]:
    """What fsck and doctor say of rows and leaves."""
    rooms = (RecordRows(), DeedRows())
    return [what for room in rooms async for what in room.check(world.house.database) if what]


async def test_rows_of_orders_minutes_and_deeds_are_held_to_the_log(world: Kept) -> None:
    sitting, database, desk = world.sitting, world.house.database, world.house.minutes
    judge, clerk = world.bench()
    order = await world.house.orders.enter(
        clerk, sitting.id, OrderDraft(reference="1", authority="Court", uses=frozenset({Use.VIEW}))
    )
    lawyer = world.holder("civil_hearing", SeatRole.COUNSEL)
    grant = await world.house.orders.give(clerk, sitting.id, order.id, lawyer.username, NOW + HOUR)
    await world.house.orders.take_back(clerk, sitting.id, grant.id)
    await desk.begin(clerk, sitting.id, "en")
    await desk.save(clerk, sitting.id, base=1, content=minutes.written("10:00 x", "", "y"))
    await desk.approve(judge, sitting.id)
    assert await doubted(world) == []
    forged = {
        "UPDATE recording_orders SET authority = 'Nobody'": f"order {order.id}",
        "UPDATE recording_grants SET person = 'x'": f"leave {grant.id}",
        "UPDATE recording_grants SET revoked_at = NULL": f"revoked {grant.id}",
        "UPDATE signing_revisions SET sha256 = 'x'": "document",
        "UPDATE minutes SET signed_at = begun_at, sha256 = 'x'": "minutes",
    }
    for statement, what in forged.items():
        async with database.unit() as session:
            await session.execute(text(statement))
        assert any(what in one for one in await doubted(world)), statement


async def test_what_is_deleted_with_all_its_rows_is_missed(world: Kept) -> None:
    """Nothing in the tables names it any more: the log does."""
    sitting, desk = world.sitting, world.house.minutes
    judge, clerk = world.bench()
    await desk.begin(clerk, sitting.id, "en")
    await desk.save(clerk, sitting.id, base=1, content=minutes.written("10:00 x", "", "y"))
    await desk.approve(judge, sitting.id)
    assert await doubted(world) == []
    address = world.house.settings.database.replace("+aiosqlite", "")
    engine = create_engine(address)  # without our pragmas: rows may be torn from others
    with engine.begin() as connection:
        for table in ("signing_revisions", "signing_signers", "signing_ceremonies"):
            connection.execute(text(f"DELETE FROM {table}"))
    found = await doubted(world)
    assert [one.rpartition(" the log has ")[0] for one in found] == [f"deed {sitting.id}:"], found
    with engine.begin() as connection:
        for rows in Base.metadata.tables.values():
            if "sitting" in rows.columns:
                connection.execute(rows.delete().where(rows.c.sitting == sitting.id))
        connection.execute(text("DELETE FROM sittings WHERE id = :id"), {"id": sitting.id})
    engine.dispose()
    assert f"sitting {sitting.id}: the log has 'sitting', the database does not" in await doubted(
        world
    )


async def documents(world: Kept) -> dict[str, bytes]:
    async with world.house.database.unit(write=False) as session:
        return await world.house.playback.minutes(session, world.sitting)


async def signed(quart: Any, name: str, page: str) -> str:
    """Sign as the page does. The demo's sessions are sure enough for every act."""
    browser = Browser(quart)
    await browser.sign_in(name)
    assert "data-confirms" in await browser.sees(page) or name == "judge"
    headers = {"X-CSRF-Token": browser.token, "Accept": "application/json"}
    answer = await browser.client.post(f"{page}/signature", form={}, headers=headers)
    return "ok" if answer.status_code == 200 else str((await answer.get_json())["code"])


async def test_others_read_signed_minutes_by_leave_for_the_whole(world: Kept) -> None:
    house, sitting, desk = world.house, world.sitting, world.house.minutes
    _, clerk = world.bench()
    lawyer: Person = world.holder("civil_hearing", SeatRole.COUNSEL)
    await desk.begin(clerk, sitting.id, "en")
    given = {"authority": "Court", "uses": frozenset({Use.VIEW})}
    part = OrderDraft(reference="1", part=Part(0, 6000), **given)  # type: ignore[arg-type]
    order = await house.orders.enter(clerk, sitting.id, part)
    await house.orders.give(clerk, sitting.id, order.id, lawyer.username, NOW + HOUR)
    with pytest.raises(Forbidden) as refused:
        await desk.open(lawyer, sitting.id)
    assert refused.value.code == "minutes.not_whole"
    whole = OrderDraft(reference="2", **given)  # type: ignore[arg-type]
    order = await house.orders.enter(clerk, sitting.id, whole)
    await house.orders.give(clerk, sitting.id, order.id, lawyer.username, NOW + HOUR)
    assert (await desk.open(lawyer, sitting.id)).minutes is None, "no draft for anybody else"
    assert await code(desk.file(lawyer, sitting.id)) == "minutes.unknown"
