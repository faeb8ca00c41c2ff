"""Exhibits: filed, marked, kept encrypted, taken back unless shown, played at their time."""

import hashlib
import io
import json
import pickle
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from auth.person import OPERATOR, Person
from errors import BadInput, Forbidden, NotFound, Refusal
from recordings.access import check
from recordings.access import store as access
from recordings.access.order import Grant, Order, Part, Use
from recordings.exhibits.drawing import NotDrawn, draw, drawn
from recordings.exhibits.exhibit import Filed
from recordings.orphans import survey
from recordings.rows import RecordRows
from sessions import store as sessions_store
from sessions.phase import Phase
from sessions.seat import SeatRole
from tests.recordings.sealed import Kept, kept
from tests.support.papers import pdf

PDF = pdf(2)
MARK = {"mark": "for one"}
NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path, NOW) as found:
        yield found


def picture(type: str = "PNG", *, exif: bytes = b"") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(out, type, exif=exif)
    return out.getvalue()


async def file(
    world: Kept, person: Person, title: str = "Contract", named: list[str] | None = None
) -> Filed:
    return await world.house.exhibits.file(person, world.sitting.id, title, PDF, named)


async def told(world: Kept, at_ms: int, type: str, **data: object) -> None:
    """Something of exhibits happened on the record's clock."""
    async with world.house.database.unit() as session:
        at = NOW + timedelta(milliseconds=at_ms)
        await sessions_store.add_event(session, world.sitting.id, at, type, None, data)


async def two_shown(world: Kept) -> tuple[Filed, Filed]:
    """An open one from 1 to 5 s, a sealed one from 9 s on."""
    claimant = world.holder("civil_hearing", SeatRole.CLAIMANT)
    one, sealed = await file(world, claimant), await file(world, claimant, "Report", [])
    await told(world, 1000, "exhibit.shown", exhibit=one.id, page=1, text="P-1 Contract")
    await told(world, 5000, "exhibit.withdrawn", exhibit=one.id)
    await told(
        world, 9000, "exhibit.shown", exhibit=sealed.id, page=1, text="P-2 Report", sealed=True
    )
    return one, sealed


def seat_of(world: Kept, role: SeatRole) -> str:
    return next(one.id for one in world.sitting.seats if one.role is role)


async def test_each_side_files_under_its_own_mark(world: Kept) -> None:
    exhibits, judge = world.house.exhibits, world.holder("civil_hearing", SeatRole.PRESIDING_JUDGE)
    clerk = world.holder("civil_hearing", SeatRole.CLERK)
    claimant = world.holder("civil_hearing", SeatRole.CLAIMANT)
    respondent = world.holder("civil_hearing", SeatRole.RESPONDENT)
    one = await file(world, claimant)
    two = await file(world, respondent, "Reply")
    three = await file(world, claimant, "Receipt")
    assert [each.mark for each in (one, two, three)] == ["P-1", "D-1", "P-2"]
    leaf = await world.last(world.sitting.id)
    assert leaf.type == "exhibit.filed"
    assert leaf.data == {
        "exhibit": three.id,
        "seat": three.seat,
        "by": claimant.id,
        "sha256": three.sha256,
    }
    kept_files = list((world.house.settings.vault / "exhibits").rglob("*.sealed"))
    assert len(kept_files) == 3
    assert not any(b"%PDF" in path.read_bytes() for path in kept_files)
    gone = await file(world, claimant, "Not this")
    await exhibits.take_back(claimant, world.sitting.id, gone.id)
    said = [each async for each in RecordRows().check(world.house.database)]
    assert not [each for each in said if "exhibit" in each or "taken_back" in each]
    orphans = await survey(world.house.database, world.house.vault)
    assert "exhibits" not in {each.sitting for each in orphans}
    found = await exhibits.listing(judge, world.sitting.id)
    titles = {each.mark: each.title for each in found.exhibits}
    assert titles == {"P-1": "Contract", "D-1": "Reply", "P-2": "Receipt"}
    assert found.may == {"seal"}
    assert "file" in (await exhibits.listing(clerk, world.sitting.id)).may
    with pytest.raises(Forbidden):
        await exhibits.file(judge, world.sitting.id, "Mine", pdf(), None)


async def test_bad_files_and_titles_are_refused_and_leave_nothing(world: Kept) -> None:
    claimant = world.holder("civil_hearing", SeatRole.CLAIMANT)
    exhibits, before = world.house.exhibits, await world.types(world.sitting.id)
    for title, data, named, code in (
        ("Contract", b"", None, "upload.empty"),
        ("Contract", b"MZ\x90\x00", None, "upload.type"),
        ("Contract", b"%PDF-1.7\n" + bytes(200), None, "upload.damaged"),
        ("Contract", pdf(201), None, "upload.pages"),
        ("\u202e \x00", pdf(), None, "exhibit.title"),
        ("x" * 161, pdf(), None, "exhibit.title_long"),
        ("Contract", pdf(), ["nobody"], "exhibit.named"),
    ):
        with pytest.raises(BadInput) as refused:
            await exhibits.file(claimant, world.sitting.id, title, data, named)
        assert refused.value.code == code
    assert await world.types(world.sitting.id) == before
    assert not list((world.house.settings.vault / "exhibits").rglob("*.sealed"))


async def test_it_is_taken_back_before_it_is_shown_and_never_after(world: Kept) -> None:
    exhibits = world.house.exhibits
    claimant = world.holder("civil_hearing", SeatRole.CLAIMANT)
    respondent = world.holder("civil_hearing", SeatRole.RESPONDENT)
    one, two = await file(world, claimant), await file(world, claimant, "Receipt")
    with pytest.raises(Forbidden) as refused:
        await exhibits.take_back(respondent, world.sitting.id, one.id)
    assert refused.value.code == "policy.not_your_exhibit"
    await exhibits.take_back(claimant, world.sitting.id, one.id)
    assert (await world.last(world.sitting.id)).type == "exhibit.taken_back"
    with pytest.raises(NotFound):
        await exhibits.take_back(claimant, world.sitting.id, one.id)
    assert (await file(world, claimant, "Again")).mark == "P-3"
    async with world.house.database.unit() as session:
        await exhibits.shown(session, world.sitting.id, two.id)
        with pytest.raises(NotFound):  # taken back in the moment in which it is shown
            await exhibits.shown(session, world.sitting.id, one.id)
    with pytest.raises(Refusal) as shown:
        await exhibits.take_back(claimant, world.sitting.id, two.id)
    assert shown.value.code == "exhibit.was_shown"
    assert [each.mark for each in await exhibits.of_sitting(world.sitting.id)] == ["P-2", "P-3"]


async def test_pages_are_pictures_for_those_to_whom_the_exhibit_is_open(world: Kept) -> None:
    exhibits, id = world.house.exhibits, world.sitting.id
    claimant = world.holder("civil_hearing", SeatRole.CLAIMANT)
    respondent = world.holder("civil_hearing", SeatRole.RESPONDENT)
    judge = world.holder("civil_hearing", SeatRole.PRESIDING_JUDGE)
    open_, sealed = await file(world, claimant), await file(world, claimant, "Report", [])
    page = await exhibits.page(respondent, id, open_.id, 2)
    assert page.startswith(b"\x89PNG")
    assert await exhibits.page(judge, id, sealed.id, 1)
    for person, exhibit, number in (
        (respondent, sealed.id, 1),
        (respondent, open_.id, 3),
        (respondent, "nothing", 1),
        (world.people["notary"], open_.id, 1),
    ):
        with pytest.raises(NotFound):
            await exhibits.page(person, id, exhibit, number)
    assert [each.title for each in (await exhibits.listing(respondent, id)).exhibits] == [
        "Contract"
    ]


async def test_the_player_shows_the_page_that_was_shown_and_no_other(world: Kept) -> None:
    house, id = world.house, world.sitting.id
    judge = world.holder("civil_hearing", SeatRole.PRESIDING_JUDGE)
    one, sealed = await two_shown(world)
    await told(world, 9500, "exhibit.admitted", exhibit=sealed.id, text="P-2 Report", sealed=True)

    viewing = await house.playback.view(judge, id)
    data = await house.playback.timeline(judge, id, viewing, "en")
    found = [(c["type"], c.get("exhibit"), c.get("page")) for c in data["chapters"]]
    assert ("exhibit.shown", one.id, 1) in found
    assert ("exhibit.shown", sealed.id, 1) in found
    assert data["exhibit_url"].startswith(f"/api/recordings/{id}/exhibits/{{exhibit}}/{{page}}?")
    assert await house.played.page(judge, id, viewing, one.id, 1)
    async with house.database.unit(write=False) as session:
        watched = [(row.track, row.start_ms) for row in await access.watched(session)]
    assert watched == [(f"exhibit-{one.id}-1", 1000)]
    [until] = [c["to_ms"] for c in data["chapters"] if c.get("exhibit") == one.id and "page" in c]
    assert until == 5000
    with pytest.raises(Forbidden):  # page 2 was never shown
        await house.played.page(judge, id, viewing, one.id, 2)

    await leave(world, respondent := world.holder("civil_hearing", SeatRole.RESPONDENT), Part())
    viewing = await house.playback.view(respondent, id)
    data = await house.playback.timeline(respondent, id, viewing, "en")
    assert one.id in str(data["chapters"])
    assert sealed.id not in str(data["chapters"])
    assert "Report" not in str(data["chapters"])
    assert await house.played.page(respondent, id, viewing, one.id, 1)
    with pytest.raises(Forbidden) as refused:
        await house.played.page(respondent, id, viewing, sealed.id, 1)
    assert refused.value.code == "exhibit.outside_scope"


async def leave(world: Kept, person: Person, part: Part) -> None:
    """The court's leave for a person to see and copy a part of the record."""
    order = Order(
        id="o1",
        sitting=world.sitting.id,
        reference="order 1",
        authority="Court",
        uses=frozenset(Use),
        part=part,
        at=NOW,
    )
    ends = NOW + timedelta(days=1)
    grant = Grant(
        id="g1", order=order.id, sitting=order.sitting, person=person.id, ends=ends, at=NOW
    )
    async with world.house.database.unit() as session:
        await check.enter(session, world.house.log, order)
        await access.add_grant(session, grant)


async def test_a_bundle_has_every_hash_and_the_files_that_the_order_opens(world: Kept) -> None:
    house, id = world.house, world.sitting.id
    claimant = world.holder("civil_hearing", SeatRole.CLAIMANT)
    respondent = world.holder("civil_hearing", SeatRole.RESPONDENT)
    one, sealed = await file(world, claimant), await file(world, claimant, "Report", [])
    gone = await file(world, claimant, "Wrong one")
    await house.exhibits.take_back(claimant, id, gone.id)
    await told(world, 9500, "exhibit.admitted", exhibit=one.id, text="P-1 Contract")
    held, _ = await house.playback.contents(id, await house.playback.scope_of(OPERATOR, id), MARK)
    listed = json.loads(held.files["documents/exhibits.json"])["exhibits"]  # type: ignore[arg-type]
    assert [(each["mark"], each["ruling"], each.get("withheld")) for each in listed] == [
        ("P-1", "admitted", None),
        ("P-2", "offered", None),
        ("P-3", "offered", "taken_back"),
    ]
    content = pickle.loads(pickle.dumps(held.files["documents/exhibits/P-1.pdf"]))
    assert b"".join(content()) == PDF
    assert hashlib.sha256(PDF).hexdigest() == listed[0]["sha256"]
    assert "documents/exhibits/P-3.pdf" not in held.files

    await leave(world, respondent, Part(0, 4000))
    scope = await house.playback.scope_of(respondent, id, use=Use.COPY)
    held, _ = await house.playback.contents(id, scope, MARK)
    listed = json.loads(held.files["documents/exhibits.json"])["exhibits"]  # type: ignore[arg-type]
    assert [each["withheld"] for each in listed] == ["outside_order", "sealed", "taken_back"]
    assert "Report" not in str(listed)
    assert not any(name.startswith("documents/exhibits/") for name in held.files)
    assert sealed.id in scope.exhibits


async def test_nothing_is_filed_when_the_sitting_is_over(world: Kept) -> None:
    async with world.house.database.unit() as session:
        await sessions_store.set_phase(session, world.sitting.id, Phase.CLOSED)
    with pytest.raises(Forbidden) as refused:
        await file(world, world.holder("civil_hearing", SeatRole.CLAIMANT))
    assert refused.value.code == "policy.over"


def test_a_picture_is_made_anew_and_a_page_fits_the_screen() -> None:
    camera = Image.Exif()
    camera[0x010F] = "Camera of the victim"
    plain = drawn(picture("JPEG", exif=camera.tobytes()), "jpeg", 1)
    assert plain.startswith(b"\xff\xd8")
    assert b"victim" not in plain
    page = Image.open(io.BytesIO(drawn(pdf(), "pdf", 1)))
    assert max(page.size) == 1400
    assert Image.open(io.BytesIO(drawn(picture(), "png", 1))).size == (300, 200)


async def test_a_file_that_cannot_be_drawn_ends_its_own_process_only() -> None:
    with pytest.raises(NotDrawn):
        await draw(b"%PDF-1.7 nothing", "pdf", 1)
    with pytest.raises(NotDrawn):
        await draw(pdf(1), "pdf", 2)
