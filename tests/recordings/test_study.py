"""Levels are measured from what is sealed; notes are their owner's alone."""

import math
from base64 import b64decode

import pytest

import app
from errors import BadInput, Forbidden, NotFound
from recordings import envelope
from recordings.access.order import Part
from recordings.access.scope import Scope
from recordings.keys import KeyRefused, new_key
from recordings.manifest import Span
from recordings.study import levels, store
from tests.auth.house import Browser
from tests.recordings import test_playback as base
from tests.recordings.test_playback import World, record

world = base.world


def test_speech_is_louder_than_the_quiet_of_its_own_track() -> None:
    quiet, loud = levels.coded(-70), levels.coded(-20)
    track = bytes([0] * 5 + [quiet] * 20 + [loud] * 10 + [quiet] * 3 + [loud] * 5 + [quiet] * 20)
    step = levels.STEP_MS
    assert levels.speech(track) == [Span(25 * step, 43 * step)]  # the breath is bridged
    assert levels.speech(bytes([quiet] * 50)) == []
    assert levels.speech(bytes(50)) == []
    always = bytes([loud] * 50)
    assert levels.speech(always) == [Span(0, 50 * step)]
    hum = bytes([levels.coded(-45)] * 30 + [loud] * 10 + [levels.coded(-45)] * 30)
    assert [(one.start_ms, one.end_ms) for one in levels.speech(hum)] != []
    assert levels.speech(bytes([quiet] * 20 + [loud] + [quiet] * 20)) == []  # a knock


def test_levels_are_coded_and_thinned() -> None:
    assert levels.coded(0) == 255
    assert levels.coded(-200) == 1
    assert levels.decibels(levels.coded(-31.5)) == -31.5
    long = bytes([3] * 9000 + [200] + [3] * 999)
    thin, step = levels.thinned(long)
    assert len(thin) <= levels.MOST_POINTS
    assert step == levels.STEP_MS * 3
    assert max(thin) == 200
    assert levels.thinned(b"\1\2") == (b"\1\2", levels.STEP_MS)


def test_levels_outside_the_scope_are_not_told() -> None:
    scope = Scope((Part(start_ms=400, end_ms=1000),), (Span(600, 800),))
    assert levels.within(b"\5\6\7\x08\x09\x0a", 200, "j-microphone", scope) == bytes(
        [0, 0, 7, 0, 9, 0]
    )
    assert levels.within(b"\5\6", 200, "t", Scope((Part(),))) == b"\5\6"


def test_an_envelope_opens_for_its_own_purpose_and_binding_only() -> None:
    key = new_key()
    sealed = envelope.seal(key, "annotation", "s|p", b"words")
    assert envelope.unseal(key, "annotation", "s|p", sealed) == b"words"
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong in (
        (new_key(), "annotation", "s|p", sealed),
        (key, "levels", "s|p", sealed),
        (key, "annotation", "s|q", sealed),
        (key, "annotation", "s|p", flipped),
        (key, "annotation", "s|p", b""),
    ):
        with pytest.raises(KeyRefused):
            envelope.unseal(*wrong)


async def test_levels_and_notes_of_a_record(world: World) -> None:
    house, sitting = world.house, world.sittings["criminal_hearing"]
    await record(world, sitting)
    assert await house.study.measure() == 2  # the judge's and counsel's microphones
    assert await house.study.measure() == 0
    judge, clerk = world.people["judge"], world.people["clerk"]
    viewing = await house.playback.view(judge, sitting.id, "order 7/2026")
    found = (await house.study.levels(judge, sitting.id, viewing))["tracks"]
    assert len(found) == 2
    data = await house.playback.timeline(judge, sitting.id, viewing, "en")
    assert "/levels?" in data["levels_url"]
    assert "/marks?" in data["marks_url"]
    spoken = {track["id"]: track["segments"] for track in data["tracks"]}
    for track in found:
        codes = b64decode(track["levels"])
        loud = [index for index, code in enumerate(codes) if code]
        tone = 20 * math.log10(0.25 / math.sqrt(2))  # room.microphone
        assert max(levels.decibels(codes[at]) for at in loud) == pytest.approx(tone, abs=3)
        first = spoken[track["id"]][0]["start_ms"]
        assert abs(loud[0] * levels.STEP_MS - first) <= levels.STEP_MS
        assert track["speech"]
    with pytest.raises(Forbidden):
        await house.study.levels(clerk, sitting.id, viewing)

    study = house.study
    note = await study.mark(judge, sitting.id, viewing, 1500, "  Compare with page 3 ")
    await study.mark(judge, sitting.id, viewing, 500, "")
    assert [one.text for one in await study.marks(judge, sitting.id, viewing)] == [
        "",
        "Compare with page 3",
    ]
    async with house.database.unit(write=False) as session:
        rows = await store.marks(session, sitting.id, judge.id)
    assert all(b"Compare" not in row.sealed for row in rows)
    await study.change(judge, sitting.id, viewing, note.id, "page 4")
    with pytest.raises(BadInput):
        await study.change(judge, sitting.id, viewing, note.id, "x" * 4001)
    theirs = await house.playback.view(clerk, sitting.id, "order 7/2026")
    assert (await house.playback.timeline(clerk, sitting.id, theirs, "en"))["marks_url"] == ""
    with pytest.raises(Forbidden):
        await study.marks(clerk, sitting.id, theirs)
    with pytest.raises(NotFound):
        await study.remove(judge, sitting.id, viewing, "0" * 16)
    await study.remove(judge, sitting.id, viewing, note.id)
    assert len(await study.marks(judge, sitting.id, viewing)) == 1
    assert "page 4" not in str(await world.types(sitting.id))
    await over_http(world, data["marks_url"], data["levels_url"])


async def over_http(world: World, marks: str, levels_url: str) -> None:
    """The same addresses as the page calls them; rubbish is refused."""
    browser = Browser(app.create_app(world.house))
    await browser.sign_in("judge")
    await browser.get("/en/account")
    headers = {"X-CSRF-Token": browser.token, "Accept": "application/json"}
    answer = await browser.client.post(marks, json={"at_ms": 3, "text": "x"}, headers=headers)
    assert answer.status_code == 200
    made = await answer.get_json()
    path, query = marks.split("?")
    wrong: tuple[object, ...] = ({"at_ms": "x"}, {"at": 1}, [], {"at_ms": -1})
    for body in wrong:
        answer = await browser.client.post(marks, json=body, headers=headers)
        assert answer.status_code in (400, 422), body
    answer = await browser.client.delete(f"{path}/{made['id']}?{query}", headers=headers)
    assert answer.status_code == 200
    assert (await browser.client.get(levels_url)).status_code == 200
    assert (await browser.client.get(levels_url.split("?")[0])).status_code == 403
