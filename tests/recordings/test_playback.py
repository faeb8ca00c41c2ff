"""A sealed record is seen and exported with leave only, each time in the log, and verifies."""

import asyncio
import html
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import app
import migrate
import sessions.demo
from audit import leaf as leaves
from auth.person import OPERATOR, Person
from errors import BadInput, Forbidden, NotFound, Refusal
from recordings import verify
from recordings.access import check
from recordings.access import store as access_store
from recordings.access.order import Grant, Order, Use
from sessions import store as sessions_store
from sessions.phase import Phase
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from settings import Settings
from tests.auth.house import Browser
from tests.recordings import media
from tests.recordings.room import Room, camera, microphone
from tests.recordings.test_service import flowing
from tests.support.papers import pdf

PDF = pdf(2)


@dataclass
class World:
    house: app.House
    people: dict[str, Person]
    sittings: dict[str, Sitting]

    async def types(self, sitting: str) -> list[str]:
        found = await self.house.log.leaves(sitting)
        return [leaves.decode(item.entry).type for item in found]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    settings = Settings(mode="demo", data_dir=tmp_path / "var", record_min_free_bytes=1000)
    settings.data_dir.mkdir()
    await asyncio.to_thread(migrate.upgrade, settings.database)
    house = app.House(settings)
    await house.open()
    seeded = await sessions.demo.seed_house(settings, house.database, house.accounts, house.rooms)
    await sessions.demo.seed(
        settings, house.database, house.accounts, house.rooms, house.sittings, house.clock
    )
    async with house.database.unit(write=False) as session:
        found = await sessions_store.sittings_in(session, frozenset(Phase))
    await house.desk.open()
    yield World(house, seeded.people, {one.kind: one for one in found})
    await house.desk.shutdown()
    await house.close()


async def record(world: World, sitting: Sitting) -> None:
    """Three seconds of the judge and counsel, a journal note, then sealed."""
    judge = next(seat for seat in sitting.seats if seat.role is SeatRole.PRESIDING_JUDGE)
    counsel = next(seat for seat in sitting.seats if seat.role is SeatRole.COUNSEL)
    with Room(sitting.id, microphone(judge.id), camera(judge.id), microphone(counsel.id)) as room:
        await flowing(room)
        await world.house.desk.start(sitting.id, room, judge.id)
        room.mute(room.feeds[1], "camera_off")
        async with world.house.database.unit() as session:
            await sessions_store.add_event(
                session, sitting.id, world.house.clock(), "note", None, {"text": "Exhibit 1"}
            )
        await asyncio.sleep(1.0)
        room.unmute(room.feeds[1])
        await asyncio.sleep(1.5)
        await world.house.desk.stop(sitting.id, "recess", judge.id)
        await asyncio.sleep(0.6)
        await world.house.desk.start(sitting.id, room, judge.id)
        await world.house.desk.close(sitting.id, judge.id)


async def test_a_record_is_seen_and_exported(world: World, tmp_path: Path) -> None:
    playback, sitting = world.house.playback, world.sittings["criminal_hearing"]
    judge_seat = next(seat for seat in sitting.seats if seat.role is SeatRole.PRESIDING_JUDGE)
    judge = next(one for one in world.people.values() if one.id == judge_seat.person)
    with pytest.raises(NotFound) as none:
        await playback.view(judge, sitting.id, "order 7/2026")
    assert none.value.code == "recording.none"
    prosecutor = next(seat for seat in sitting.seats if seat.role is SeatRole.PROSECUTOR)
    filer = next(one for one in world.people.values() if one.id == prosecutor.person)
    await world.house.exhibits.file(filer, sitting.id, "Contract", PDF)
    await record(world, sitting)

    _, needs_order = await playback.needs_order(judge, sitting.id)
    assert needs_order  # R-CR-10
    with pytest.raises(Forbidden) as refused:
        await playback.view(judge, sitting.id)
    assert refused.value.code == "policy.order_needed"
    with pytest.raises(BadInput):
        await playback.view(judge, sitting.id, "x" * 101)
    assert "access.viewed" not in await world.types(sitting.id)
    viewing = await playback.view(judge, sitting.id, "order 7/2026")
    assert (await world.types(sitting.id))[-1] == "access.viewed"
    entry = (await world.house.log.leaves(sitting.id))[-1].entry
    assert b"7/2026" not in entry

    data = await playback.timeline(judge, sitting.id, viewing, "en")
    json.dumps(data)
    assert len(data["stretches"]) == 2
    assert [item["reason"] for item in data["pauses"]] == ["recess"]
    assert {item["name"] for item in data["seats"]} >= {judge_seat.name_en}
    assert [item["text"] for item in data["chapters"] if item["type"] == "note"] == ["Exhibit 1"]
    reasons = {gap["reason"] for track in data["tracks"] for gap in track["gaps"]}
    assert {"camera_off", "recess"} <= reasons
    assert len(data["tracks"]) == 3
    for track in data["tracks"]:
        for piece in track["segments"]:
            flow = await playback.segment(judge, sitting.id, viewing, track["id"], piece["seq"])
            webm = b"".join([part async for part in flow])
            assert media.times(webm)[0] == 0

    other = world.people["clerk"]
    for person, asked in ((other, viewing), (judge, "nothing")):
        with pytest.raises(Forbidden):
            await playback.timeline(person, sitting.id, asked, "en")
        with pytest.raises(Forbidden):
            await playback.segment(person, sitting.id, asked, data["tracks"][0]["id"], 0)
    with pytest.raises(NotFound):
        await playback.segment(judge, sitting.id, viewing, "no-such", 0)

    out = tmp_path / "bundle.zip"
    with pytest.raises(Forbidden):
        await playback.export(OPERATOR, sitting.id, out)
    assert not out.exists()
    report = await playback.export(OPERATOR, sitting.id, out, order="order 7/2026")
    assert report.valid, report
    again = await asyncio.to_thread(verify.verify, out, world.house.log.vkey)
    assert again.status == verify.VALID
    await check_files(out, tmp_path)
    await damage_is_refused(world, judge, sitting.id, viewing, data["tracks"][0]["id"])


async def check_files(out: Path, tmp_path: Path) -> None:
    """Every media file plays strictly; the continuous ones keep the record's clock."""
    with zipfile.ZipFile(out) as bundle:
        names = [name for name in bundle.namelist() if name.endswith(".webm")]
        assert len([name for name in names if name.startswith("tracks/")]) == 3
        assert bundle.read("documents/exhibits/P-1.pdf") == PDF
        manifest = json.loads(bundle.read("bundle.json"))
        for name in names:
            path = tmp_path / name.replace("/", "_")
            path.write_bytes(bundle.read(name))
            await asyncio.to_thread(media.strict, path)
            if name.startswith("tracks/"):
                track = name.removeprefix("tracks/").removesuffix(".webm")
                mine = [item for item in manifest["segments"] if item["track"] == track]
                found = media.times(path.read_bytes())
                assert found == sorted(found)
                assert found[0] == pytest.approx(mine[0]["start_ms"] / 1000, abs=0.01)
                assert found[-1] == pytest.approx(mine[-1]["end_ms"] / 1000, abs=0.1)


async def damage_is_refused(
    world: World, judge: Person, sitting: str, viewing: str, track: str
) -> None:
    """One flipped bit in the vault: the part is refused, and no export is made of it."""
    path = world.house.settings.vault / sitting / track / "00000000.seg"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refusal) as refused:
        await world.house.playback.segment(judge, sitting, viewing, track, 0)
    assert refused.value.code == "recording.damaged"


async def test_a_protected_person_in_the_record(world: World, tmp_path: Path) -> None:
    """All but the bench get a pseudonym and no picture; bundles and chapters hold no name."""
    playback, sitting = world.house.playback, world.sittings["civil_hearing"]
    clerk, lawyer = world.people["clerk"], world.people["lawyer"]
    fatima = next(seat for seat in sitting.seats if seat.role is SeatRole.CLAIMANT)
    await hear_protected(world, sitting)
    told = {}
    for person in (clerk, lawyer):
        viewing = await playback.view(person, sitting.id)
        told[person.id] = await playback.timeline(person, sitting.id, viewing, "en")
    bench, outside = told[clerk.id], told[lawyer.id]
    assert "Sara Ali" in json.dumps(bench)
    assert "Sara Ali" not in json.dumps(outside)
    assert "سارة" not in json.dumps(outside, ensure_ascii=False)
    names = {seat["id"]: seat["name"] for seat in outside["seats"]}
    assert names["protected"] == "Witness A"
    assert names[fatima.id] == fatima.name_en
    assert [item["text"] for item in outside["chapters"] if "text" in item] == ["Witness A swears"]
    pieces = {track["source"]: track["segments"] for track in outside["tracks"]}
    assert pieces["camera"] == []
    assert pieces["microphone"]
    camera_of = next(track for track in bench["tracks"] if track["source"] == "camera")
    seen = next(track for track in outside["tracks"] if track["source"] == "camera")
    assert {gap["reason"] for gap in seen["gaps"]} == {"protected"}
    with pytest.raises(Forbidden) as refused:  # by address, past the time line
        await playback.segment(lawyer, sitting.id, viewing, camera_of["id"], 0)
    assert refused.value.code == "recording.outside_scope"

    out = tmp_path / "bundle.zip"
    assert (await playback.export(OPERATOR, sitting.id, out)).valid
    with zipfile.ZipFile(out) as bundle:
        for name in bundle.namelist():
            if not name.endswith(".webm"):
                assert b"Sara Ali" not in bundle.read(name), name
                assert "سارة علي".encode() not in bundle.read(name), name


async def hear_protected(world: World, sitting: Sitting) -> None:
    """A second of a protected witness is on record, and the lawyer has the court's leave."""
    async with world.house.database.unit() as session:
        other = next(seat for seat in sitting.seats if seat.role is SeatRole.RESPONDENT)
        protected = Seat(
            "protected",
            SeatRole.WITNESS,
            "سارة علي",
            "Sara Ali",
            None,
            screened_from=frozenset({other.id}),
        )
        await sessions_store.add_seat(session, sitting.id, protected, len(sitting.seats))
    with Room(sitting.id, microphone("protected"), camera("protected")) as room:
        await flowing(room)
        await world.house.desk.start(sitting.id, room, "")
        async with world.house.database.unit() as session:
            await sessions_store.add_event(
                session, sitting.id, world.house.clock(), "note", None, {"text": "Sara Ali swears"}
            )
        await asyncio.sleep(1.5)
        await world.house.desk.close(sitting.id, "")
    async with world.house.database.unit() as session:
        await give(session, world, sitting.id, world.people["lawyer"])


async def give(session: Any, world: World, sitting: str, person: Person) -> None:
    """The court's leave to see all of it, for a day."""
    now = world.house.clock()
    order = Order(
        id="order1",
        sitting=sitting,
        reference="leave 1",
        authority="court",
        uses=frozenset({Use.VIEW, Use.COPY}),
        by=world.people["judge"].id,
        at=now,
    )
    await check.enter(session, world.house.log, order)
    ends = now + timedelta(days=1)
    given = Grant(id="g", order=order.id, sitting=sitting, person=person.id, ends=ends, at=now)
    await access_store.add_grant(session, given)


async def test_an_open_record_is_not_shown(world: World) -> None:
    sitting = world.sittings["civil_hearing"]
    judge_seat = next(seat for seat in sitting.seats if seat.role is SeatRole.PRESIDING_JUDGE)
    judge = next(one for one in world.people.values() if one.id == judge_seat.person)
    with Room(sitting.id, microphone(judge_seat.id)) as room:
        await flowing(room)
        await world.house.desk.start(sitting.id, room, judge_seat.id)
        with pytest.raises(Refusal) as refused:
            await world.house.playback.view(judge, sitting.id)
        assert refused.value.code == "recording.not_sealed"
        await world.house.desk.close(sitting.id, judge_seat.id)
    _, needs_order = await world.house.playback.needs_order(judge, sitting.id)
    assert not needs_order
    assert await world.house.playback.view(judge, sitting.id)


async def test_the_player_over_http(world: World) -> None:
    sitting = world.sittings["criminal_hearing"]
    await record(world, sitting)
    page = f"/en/sittings/{sitting.id}/recording"
    quart = app.create_app(world.house)
    stranger = Browser(quart)
    assert (await stranger.get(page)).status_code in (302, 303, 401)
    browser = Browser(quart)
    await browser.sign_in("judge")
    asked = await browser.sees(page)
    assert 'name="order"' in asked
    assert "data-source" not in asked
    answer = await browser.post(page, {"order": ""})
    assert answer.status_code == 403
    answer = await browser.post(page, {"order": "order 7/2026"})
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 200
    address = html.unescape(text.split('data-source="')[1].split('"')[0])
    answer = await browser.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    data = await answer.get_json()
    track = data["tracks"][0]["id"]
    media_url = data["segment_url"].replace("{track}", track).replace("{seq}", "0")
    answer = await browser.client.get(media_url)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "video/webm"
    assert answer.headers["Cache-Control"] == "no-store"
    webm = await answer.get_data()
    assert isinstance(webm, bytes)
    assert media.decode(webm)
    assert (await browser.get(media_url.replace("0.webm", "99.webm"))).status_code == 404
    other = Browser(quart)
    await other.sign_in("clerk")
    for url in (address, media_url):
        assert (await other.get(url)).status_code == 403
        assert (await stranger.get(url)).status_code in (303, 401)
    assert (await browser.get(address.split("?")[0])).status_code == 403
    assert (await browser.get(f"/en/sittings/{'0' * 16}/recording")).status_code == 404
