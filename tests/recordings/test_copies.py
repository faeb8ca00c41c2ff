"""Evidence bundles from the record's page: by order, marked, and without what is not open."""

import asyncio
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import app
from audit import leaf as leaves
from auth.assurance import PROFILES, Level, Method, of
from auth.demo import PASSWORD
from auth.session import Login
from database import Database
from errors import BadInput, Forbidden, Refusal
from recordings import rewrap, verify
from recordings.access.acts import Actor
from recordings.access.book import OrderDraft
from recordings.access.order import Part, Use
from recordings.access.scope import PROTECTED, SEALED, Scope
from recordings.checking.bundle import check
from recordings.checking.kind import Trust
from recordings.manifest import Span
from recordings.works import assembly
from recordings.works.work import State, Work
from tests.auth.house import Browser
from tests.recordings import test_playback as base
from tests.recordings.evidence import (
    Recorded,
    exported,
    failed,
    hold,
    pack,
    recorder,
    relist,
    sealed,
    unpack,
)
from tests.recordings.test_playback import World, hear_protected, record

world = base.world
ORDER = "order 7/2026"


# --- the format ----------------------------------------------------------------------------------


@pytest.fixture
async def recorded(sqlite_database: Database) -> Recorded:
    made = recorder(sqlite_database)
    await hold(made)
    return made


def withholding(made: Recorded, track: str) -> list[Any]:
    return [
        replace(one, withheld=PROTECTED, salt=None) if one.track == track else one
        for one in made.segments
    ]


async def test_what_is_withheld_is_named_and_verifies(recorded: Recorded, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    mark = "Confidential. For سالم, 2026-11-22"
    held = withholding(recorded, "s2-camera")
    report = await exported(recorded, out, segments=held, copy={"mark": mark})
    assert report.valid
    assert (report.withheld, report.withheld_tracks) == ({PROTECTED: 2}, ["s2-camera"])
    assert report.copy == mark
    said = "\n".join(verify.summary(report))
    assert "WITHHELD: 2 protected" in said
    assert "COPY: Confidential." in said
    files = unpack(out)
    assert not [name for name in files if name.startswith("media/s2-camera")]
    leaf = json.loads(files["log/leaves.jsonl"].splitlines()[-1])
    assert leaf["d"]["withheld"] == 2

    # Nobody can call withheld what the log does not, nor the reverse.
    manifest = json.loads(files["bundle.json"])
    item = next(one for one in manifest["segments"] if "withheld" in one)
    item["withheld"] = SEALED
    pack(files | {"bundle.json": verify.canonical(manifest)}, out)
    assert "export_leaf" in failed(verify.verify(out, recorded.log.vkey))
    for change in ({"withheld": "Bad reason"}, {"path": "media/s2-camera/00000.webm"}):
        manifest = json.loads(files["bundle.json"])
        next(one for one in manifest["segments"] if "withheld" in one).update(change)
        pack(relist(files | {"bundle.json": verify.canonical(manifest)}), out)
        assert "canonical" in failed(verify.verify(out, recorded.log.vkey))


async def test_the_log_counts_what_is_withheld(recorded: Recorded, tmp_path: Path) -> None:
    """An exporter that withholds in silence: its leaf names no number."""
    out = tmp_path / "out.zip"
    await sealed(recorded, out, segments=withholding(recorded, "s2-camera"))
    report = verify.verify(out, recorded.log.vkey)
    assert failed(report) == ["export_leaf"]


def test_a_work_is_given_out_only_while_all_of_it_is_open() -> None:
    whole = Scope((Part(),))
    part = Scope((Part(0, 5000),))
    hidden = replace(whole, hidden=frozenset({"w-camera"}))
    shut = replace(whole, sealed=(Span(0, 10),))
    assert whole.opens(whole)
    assert whole.opens(hidden)
    assert whole.opens(shut)
    for now, made in ((whole, Scope()), (part, whole), (hidden, whole), (shut, whole)):
        assert not now.opens(made)


def test_plaintext_of_a_killed_process_is_swept(tmp_path: Path) -> None:
    works, other = tmp_path / "works", tmp_path / "other"
    work = works / "w1"
    for folder in (work, other / "w1"):
        folder.mkdir(parents=True)
    in_memory = assembly.scratch(work, 0)
    on_disk = assembly.scratch(work, 1 << 60)
    elsewhere = assembly.scratch(other / "w1", 0)
    left = [one.__enter__() for one in (in_memory, on_disk, elsewhere)]
    assert left[0].parent == assembly.SHARED_MEMORY
    assert left[1].parent == work
    for folder in left:
        (folder / "plain").write_bytes(b"what was said")
    (work / "work.part").write_bytes(b"half")
    assert assembly.sweep(works) == 2
    assert [folder.exists() for folder in left] == [False, False, True]
    assert list(work.iterdir()) == []
    elsewhere.__exit__(None, None, None)


# --- of a record ---------------------------------------------------------------------------------


async def make(world: World, work: Work) -> Work:
    await world.house.works.make(work)
    person = next(one for one in world.people.values() if one.id == work.owner)
    found = await world.house.works.mine(person, work.sitting)
    return next(one for one in found if one.id == work.id)


async def test_a_bundle_without_a_protected_person(world: World, tmp_path: Path) -> None:
    house, sitting = world.house, world.sittings["civil_hearing"]
    await hear_protected(world, sitting)
    lawyer, clerk = world.people["lawyer"], world.people["clerk"]
    with pytest.raises(BadInput) as refused:
        await house.works.ask(lawyer, sitting.id, kind="bundle", language="en", start_ms=500)
    assert refused.value.code == "work.bundle_whole"
    asked = await house.works.ask(lawyer, sitting.id, kind="bundle", language="en")
    made = await make(world, asked)
    assert (made.state, made.percent, made.problem) == (State.MADE, 100, "")
    assert {path.name for path in (house.settings.works / made.id).iterdir()} == {"work.sealed"}
    out = tmp_path / "bundle.zip"
    out.write_bytes(await download(world, sitting.id, made.id, "lawyer"))
    report = await asyncio.to_thread(verify.verify, out, house.log.vkey)
    assert report.valid, report
    assert set(report.withheld) == {PROTECTED}
    assert report.withheld_tracks == ["protected-camera"]
    assert lawyer.name_en in report.copy
    with zipfile.ZipFile(out) as bundle:
        names = bundle.namelist()
        assert "tracks/protected-microphone.webm" in names
        assert not [name for name in names if "protected-camera" in name]
        text = bundle.read("documents/copy.txt").decode()
        assert report.copy in text
        assert "picture of a protected person" in text
        for name in names:
            data = bundle.read(name)
            assert b"Sara Ali" not in data, name
            assert "سارة علي".encode() not in data, name
        assert lawyer.name_en.encode() in bundle.read("tracks/protected-microphone.webm")
    told = [leaves.decode(item.entry) for item in await house.log.leaves(sitting.id)]
    by = {leaf.type: leaf.data for leaf in told}
    assert by["work.made"]["withheld"] == sum(report.withheld.values())
    assert by["work.made"]["sha256"] == made.sha256
    assert by["work.taken"]["by"] == lawyer.id

    # The bench has all of it, and can ask for a copy to hand on.
    for without in (False, True):
        asked = await house.works.ask(
            clerk, sitting.id, kind="bundle", language="ar", without_protected=without
        )
        made = await make(world, asked)
        out.write_bytes(await download(world, sitting.id, made.id, "clerk"))
        report = await asyncio.to_thread(verify.verify, out, house.log.vkey)
        assert report.valid
        assert bool(report.withheld) is without

    # What is sealed after it was made is not given out with it.
    sure = of(PROFILES["demo"], Method.PASSWORD, Level.HIGH, house.clock())
    judge = replace(world.people["judge"], assurance=sure)
    [theirs] = await house.works.mine(lawyer, sitting.id)
    await house.orders.seal(judge, sitting.id, 0, 500, "A minor speaks")
    login = Login(id="l", person=lawyer, created_at=house.clock(), seen_at=house.clock())
    with pytest.raises(Refusal) as narrowed:
        await house.works.take(login, sitting.id, theirs.id)
    assert narrowed.value.code == "work.narrowed"


async def test_by_order_only_with_progress_and_cancel(world: World) -> None:
    house, sitting = world.house, world.sittings["criminal_hearing"]
    await record(world, sitting)
    judge = world.people["judge"]
    with pytest.raises(Forbidden) as refused:
        await house.works.ask(judge, sitting.id, kind="bundle", language="en")
    assert refused.value.code == "policy.order_needed"  # R-CR-10
    asked = await house.works.ask(judge, sitting.id, kind="bundle", language="en", order=ORDER)
    running = asyncio.create_task(house.works.make(asked))
    while (await house.works.mine(judge, sitting.id))[0].total == 0:
        await asyncio.sleep(0.01)
    await house.works.cancel(judge, sitting.id, asked.id)
    await running
    [cancelled] = await house.works.mine(judge, sitting.id)
    assert cancelled.state is State.CANCELLED
    assert not (house.settings.works / asked.id).exists()
    assert not list(assembly.SHARED_MEMORY.glob(f"{assembly._prefix(house.settings.works)}*"))
    assert "evidence.exported" not in await world.types(sitting.id)

    asked = await house.works.ask(judge, sitting.id, kind="bundle", language="en", order=ORDER)
    made = await make(world, asked)
    data = await download(world, sitting.id, made.id, "judge")
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        leaf = bundle.read("log/leaves.jsonl").splitlines()[-1]
        assert json.loads(leaf)["t"] == "evidence.exported"
        assert ORDER.encode() not in b"".join(
            bundle.read(name) for name in bundle.namelist() if not name.endswith(".webm")
        )


async def destroy(world: World, sitting: str) -> str:
    """By an order, two persons; its reference."""
    house, reference = world.house, "15/2026 (ج)"
    sure = of(PROFILES["demo"], Method.PASSWORD, Level.HIGH, house.clock())
    clerk, judge = (replace(world.people[name], assurance=sure) for name in ("clerk", "judge"))
    draft = OrderDraft(reference=reference, authority="محكمة", uses=frozenset({Use.DELETE}))
    order = await house.orders.enter(clerk, sitting, draft)
    one = await house.custody.propose_destruction(Actor(clerk), sitting, order.id)
    await house.custody.decide_destruction(Actor(judge), sitting, one.id, agree=True)
    return reference


async def test_the_bundle_of_a_destroyed_record(world: World, tmp_path: Path) -> None:
    """By order, as of any record: it explains the destruction, and verifies."""
    house, sitting = world.house, world.sittings["criminal_hearing"]
    await record(world, sitting)
    judge = world.people["judge"]

    async def asked(kind: str = "bundle", order: str = ORDER) -> Work:
        return await house.works.ask(judge, sitting.id, kind=kind, language="ar", order=order)

    before = await make(world, await asked())
    reference = await destroy(world, sitting.id)
    browser = Browser(app.create_app(house))
    await browser.sign_in("judge")
    page = await browser.sees(f"/ar/sittings/{sitting.id}/custody")
    assert f"/sittings/{sitting.id}/recording/works" in page
    page = await browser.sees(f"/en/sittings/{sitting.id}/recording/works")
    assert "This record is destroyed" in page
    assert 'value="bundle"' in page
    assert 'value="film"' not in page
    player = f"/en/sittings/{sitting.id}/recording"
    answer = await browser.post(player, {"order": ORDER})
    for page in (await browser.sees(player), await answer.get_data(as_text=True)):
        assert "Destroyed on" in page
        assert reference in page
        assert 'id="player"' not in page
        assert "player.js" not in page
    assert "Sound and picture were destroyed by order of the court" in page
    login = Login(id="l", person=judge, created_at=house.clock(), seen_at=house.clock())
    for refused, wanted in (
        (asked("film"), "recording.erased"),
        (asked(order=""), "policy.order_needed"),
        (house.works.take(login, sitting.id, before.id), "recording.erased"),
    ):
        with pytest.raises(Refusal) as caught:
            await refused
        assert caught.value.code == wanted

    made = await make(world, await asked())
    assert (made.state, made.problem) == (State.MADE, "")
    await rewrap.rotate(house.database, house.log, house.keyring, "operator")
    out = tmp_path / "bundle.zip"
    out.write_bytes(await download(world, sitting.id, made.id, "judge"))
    report = await asyncio.to_thread(verify.verify, out, house.log.vkey)
    assert report.valid, report
    assert "by order" in report.destroyed
    with zipfile.ZipFile(out) as bundle:
        assert not [name for name in bundle.namelist() if name.endswith(".webm")]
        text = bundle.read("documents/copy.txt").decode()
        manifest = json.loads(bundle.read("bundle.json"))
    assert manifest["segments"]
    for said in (reference, "محكمة", "were destroyed by order", "أُتلف", report.copy):
        assert said in text, text
    assert "Nothing of the record is withheld" not in text
    found = await asyncio.to_thread(check, out, Trust(house.log.vkey))
    assert found.facts["destroyed"] == report.destroyed
    assert all(step.ok is not False for step in found.steps)


async def download(world: World, sitting: str, id: str, name: str) -> bytes:
    """Confirm by password as the page does, and download."""
    browser = Browser(app.create_app(world.house))
    await browser.sign_in(name)
    page = f"/en/sittings/{sitting}/recording/works"
    shown = await browser.sees(page)
    digest = shown.split(f'data-object="{id}" data-digest="')[1].split('"')[0]
    headers = {"X-CSRF-Token": browser.token, "Accept": "application/json"}
    body = {"act": "recording.export", "object": id, "digest": digest}
    answer = await browser.client.post("/api/authorise", json=body, headers=headers)
    question = await answer.get_json()
    proof = {"method": "password", "answer": {"password": PASSWORD}}
    answer = await browser.client.post(
        f"/api/authorise/{question['id']}", json=proof, headers=headers
    )
    token = (await answer.get_json())["authorisation"]
    answer = await browser.post(f"{page}/{id}/file", {"authorisation": token})
    data = await answer.get_data(as_text=False)
    assert isinstance(data, bytes)
    assert answer.status_code == 200, data[:2000]
    return data
