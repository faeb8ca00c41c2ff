"""A film of a real record plays everywhere, says what it is made of, and is taken by order only."""

import asyncio
import hashlib
import io
import json
import math
import subprocess
import zipfile
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

import app
from audit import leaf as leaves
from auth.demo import PASSWORD
from auth.session import Login
from clock import utc_now
from errors import BadInput, Forbidden, NotFound, Refusal
from recordings import keys
from recordings import store as records
from recordings.access.order import Part
from recordings.access.scope import Scope
from recordings.keys import KeyRefused
from recordings.manifest import Span, Stretch, Timeline
from recordings.works import assembly, credentials, grid, lettering, program, sound, work
from recordings.works.program import FPS, PLATE_MS, RATE, SAMPLES, Scene
from recordings.works.work import State
from tests.auth.house import Browser
from tests.recordings import test_playback as base
from tests.recordings.test_playback import World, record

world = base.world
ORDER = "order 7/2026"


# --- pure ----------------------------------------------------------------------------------------


def line(*spans: tuple[int, int]) -> Timeline:
    stretches = [Stretch(start, end, "recess") for start, end in spans]
    return Timeline(utc_now(), stretches, [], [])


def test_what_is_not_open_is_a_plate() -> None:
    record = line((0, 10_000), (20_000, 30_000))
    whole = Scope((Part(),))
    assert program.scenes(record, whole, 0, 30_000) == [
        Scene(0, 10_000),
        Scene(10_000, 20_000, "recess"),
        Scene(20_000, 30_000),
    ]
    sealed = Scope((Part(),), (Span(4000, 5000),))
    assert program.scenes(record, sealed, 0, 10_000) == [
        Scene(0, 4000),
        Scene(4000, 5000, "sealed"),
        Scene(5000, 10_000),
    ]
    part = Scope((Part(2000, 8000, frozenset({"j-camera"})),))
    assert program.scenes(record, part, 0, 10_000) == [
        Scene(0, 2000, "outside_order"),
        Scene(2000, 8000),
        Scene(8000, 10_000, "outside_order"),
    ]
    assert program.scenes(record, Scope(), 0, 30_000) == []
    assert program.scenes(record, whole, 12_000, 15_000) == []
    scenes = program.scenes(record, part, 0, 10_000)
    assert program.open_spans(part, "j-camera", scenes) == (Span(2000, 8000),)
    assert program.open_spans(part, "p-camera", scenes) == ()


def test_chunks_are_the_whole_film() -> None:
    scenes = [Scene(0, 95_001), Scene(95_001, 200_000, "recess")]
    assert [scene.frames for scene in scenes] == [-(-95_001 * FPS // 1000), PLATE_MS * FPS // 1000]
    found = program.chunks(scenes)
    assert sum(one.frames for one in found) == sum(scene.frames for scene in scenes)
    assert found[1].ms(0) == found[0].ms(found[0].frames)
    assert RATE == SAMPLES * FPS


@pytest.mark.parametrize("screen", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 16])
def test_tiles_neither_overlap_nor_leave_the_picture(count: int, screen: bool) -> None:
    for rtl in (False, True):
        found = grid.layout(1280, 720, count, screen=screen, rtl=rtl)
        boxes = [one.whole for one in found.tiles] + ([found.screen] if found.screen else [])
        for box in boxes:
            assert min(box.x, box.y - grid.TOP) >= 0
            assert box.x + box.width <= 1280
            assert box.y + box.height <= 720 - grid.BOTTOM
            assert not (box.x | box.y | box.width | box.height) & 1
        for at, one in enumerate(boxes):
            for two in boxes[at + 1 :]:
                apart = one.x + one.width <= two.x or two.x + two.width <= one.x
                assert apart or one.y + one.height <= two.y or two.y + two.height <= one.y


def test_arabic_is_shaped_and_set_from_the_right() -> None:
    face = lettering.font(20)
    joined = face.getlength("سلام", direction="rtl")
    alone = sum(face.getlength(one, direction="rtl") for one in "سلام")
    assert joined < alone * 0.9  # letters that are not joined are wider
    bar = lettering.line("سالم", 400, 32, rtl=True)
    rows = [bar.planes[0][at : at + 400] for at in range(0, 400 * 32, 400)]
    inked = [column for column in range(400) if any(row[column] > 120 for row in rows)]
    assert inked
    assert min(inked) > 300
    assert lettering.cut("x" * 500, 16, 100, bold=False, rtl=False).endswith("…")
    assert lettering.cut("a\u202eb", 16, 100, bold=False, rtl=False) == "ab"


def pcm(frame: av.AudioFrame) -> "array[float]":
    """The samples of a frame, without what lies behind them in its memory."""
    return array("f", bytes(frame.planes[0])[: 4 * frame.samples])


def mixed(*levels: float) -> float:
    """The loudest sample of tones of these levels, as a track of two equal channels gives them."""
    mixer = sound.Mixer([1.0] * len(levels))
    found: list[av.AudioFrame] = []
    for _ in range(4):
        wave = [math.sin(math.tau * at / 120) / sound.TWO_ALIKE for at in range(RATE)]
        found += mixer.mix([array("f", (level * one for one in wave)) for level in levels])
    found += mixer.finish()
    assert sum(frame.samples for frame in found) == 4 * RATE
    return max(max(pcm(frame)) for frame in found)


def test_voices_stay_as_loud_as_they_were_and_their_sum_below_the_limit() -> None:
    assert mixed(0.25) == pytest.approx(0.25, abs=0.001)
    assert mixed(0.25, 0.25) == pytest.approx(0.5, abs=0.001)
    assert sound.LIMIT - 0.1 < mixed(0.9, 0.9, 0.9) <= sound.LIMIT


def test_times_of_a_clip() -> None:
    found = [work.moment(text, "start") for text in ("", "90", "1:30", " 1:02:03 ")]
    assert found == [None, 90_000, 90_000, 3_723_000]
    for bad in ("x", "1:2:3:4", "-1", "1:75", "١:٣٠", "99999:59:59"):
        with pytest.raises(BadInput):
            work.moment(bad, "start")


def test_the_table_of_states() -> None:
    assert work.after(State.RUNNING, work.Step.RESTART) is State.ASKED
    for state, step in ((State.MADE, work.Step.CANCEL), (State.CANCELLED, work.Step.BEGIN)):
        with pytest.raises(Refusal):
            work.after(state, step)


def test_a_file_at_rest_is_whole_or_refused(tmp_path: Path) -> None:
    plain, sealed, key = tmp_path / "a", tmp_path / "b", keys.new_key()
    plain.write_bytes(bytes(assembly.PIECE) + b"end")
    assembly.encrypt(plain, sealed, key, "w")
    assert b"".join(assembly.decrypt(sealed, key, "w")) == plain.read_bytes()
    data = sealed.read_bytes()
    first = 4 + int.from_bytes(data[:4], "big")
    for wrong in (data[:first], data[first:], data[first:] + data[:first], data[:-1]):
        sealed.write_bytes(wrong)
        with pytest.raises(KeyRefused):
            list(assembly.decrypt(sealed, key, "w"))
    sealed.write_bytes(data)
    with pytest.raises(KeyRefused):
        list(assembly.decrypt(sealed, key, "v"))


# --- of a record ---------------------------------------------------------------------------------


async def test_a_film_is_made_taken_and_verified(world: World, tmp_path: Path) -> None:
    house, sitting = world.house, world.sittings["criminal_hearing"]
    await record(world, sitting)
    judge, works = world.people["judge"], house.works
    with pytest.raises(Forbidden) as refused:
        await works.ask(judge, sitting.id, kind="film", language="ar")
    assert refused.value.code == "policy.order_needed"
    with pytest.raises(BadInput):
        await works.ask(judge, sitting.id, kind="film", language="ar", start_ms=5, end_ms=5)
    with pytest.raises((Forbidden, NotFound)):
        await works.ask(world.people["lawyer"], sitting.id, kind="film", language="ar", order=ORDER)
    assert "work.asked" not in await world.types(sitting.id)
    asked = await works.ask(judge, sitting.id, kind="film", language="ar", order=ORDER)
    await works.make(asked)
    [made] = await works.mine(judge, sitting.id)
    assert (made.state, made.percent, made.problem) == (State.MADE, 100, "")
    assert {path.name for path in (house.settings.works / made.id).iterdir()} == {"work.sealed"}

    login = Login(id="l", person=judge, created_at=house.clock(), seen_at=house.clock())
    with pytest.raises(Forbidden) as refused:
        await works.take(login, sitting.id, made.id)
    assert refused.value.code == "policy.confirmation_needed"
    assert refused.value.params["digest"] == made.sha256
    with pytest.raises(Refusal) as refused_token:
        await works.take(login, sitting.id, made.id, "made up")
    assert refused_token.value.code == "confirmation.refused"
    data = await over_http(world, sitting.id, made.id)
    assert hashlib.sha256(data).hexdigest() == made.sha256
    assert len(data) == made.size
    path = tmp_path / "film.mp4"
    path.write_bytes(data)
    await asyncio.to_thread(check_film, path)

    leaf = await last(world, sitting.id, "work.made")
    async with house.database.unit(write=False) as session:
        rows = await records.segments(session, sitting.id)
    inputs = program.inputs_hash((row.track, row.seq, row.sha256) for row in rows)
    assert leaf["inputs"] == inputs
    assert leaf["sha256"] == made.sha256
    found = await asyncio.to_thread(credentials.read_back, path)
    assert found[credentials.INPUTS]["inputs"] == inputs
    broken = bytearray(data)
    broken[len(broken) // 2] ^= 1
    path.write_bytes(broken)
    with pytest.raises(credentials.NotSealed):
        await asyncio.to_thread(credentials.read_back, path)
    other = Login(
        id="m", person=world.people["clerk"], created_at=house.clock(), seen_at=house.clock()
    )
    with pytest.raises(NotFound):
        await works.take(other, sitting.id, made.id)
    assert (await world.types(sitting.id)).count("work.taken") == 1


def check_film(path: Path) -> None:
    """H.264 and AAC with the index in front; ffmpeg's own programs play it strictly."""
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_streams", str(path)],
        capture_output=True,
        check=True,
    )
    video, audio = json.loads(shown.stdout)["streams"]
    assert (video["codec_name"], video["width"], video["height"]) == ("h264", 1280, 720)
    assert audio["codec_name"] == "aac"
    assert float(video["duration"]) == pytest.approx(float(audio["duration"]), abs=0.1)
    told = subprocess.run(
        ["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"],
        capture_output=True,
        check=True,
    )
    assert told.stderr == b""
    with av.open(str(path)) as container:
        samples = array("f")
        for frame in container.decode(audio=0):
            samples.extend(pcm(frame))
    # Two tones of 0.25 in phase. A machine that stands still while it records loses packets, and a
    # voice decoder may overshoot for a moment after that: so not the loudest sample.
    loud = sorted(abs(one) for one in samples)[-len(samples) // 100]
    assert 0.4 < loud < 0.6


async def over_http(world: World, sitting: str, id: str) -> bytes:
    """Confirm by password as the page does, and download."""
    browser = Browser(app.create_app(world.house))
    await browser.sign_in("judge")
    page = f"/en/sittings/{sitting}/recording/works"
    shown = await browser.sees(page)
    digest = shown.split('data-digest="')[1].split('"')[0]
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
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    data = await answer.get_data(as_text=False)
    assert isinstance(data, bytes)
    listed = await (await browser.client.get(f"/api/recordings/{sitting}/works")).get_json()
    assert listed["works"][0] == {"id": id, "state": "made", "percent": 100}
    return data


async def last(world: World, sitting: str, type: str) -> dict[str, Any]:
    """The newest leaf of a type."""
    found = [leaves.decode(item.entry) for item in await world.house.log.leaves(sitting)]
    return dict(next(one for one in reversed(found) if one.type == type).data)


async def test_a_clip_voices_a_restart_and_a_cancellation(world: World) -> None:
    house, sitting = world.house, world.sittings["criminal_hearing"]
    await record(world, sitting)
    judge, works = world.people["judge"], house.works
    asked = await works.ask(
        judge, sitting.id, kind="film", language="en", order=ORDER, start_ms=500, end_ms=1500
    )
    running = asyncio.create_task(works.make(asked))
    while (await works.mine(judge, sitting.id))[0].state is not State.RUNNING:
        await asyncio.sleep(0.01)
    running.cancel()  # the house ends
    await asyncio.gather(running, return_exceptions=True)
    [stopped] = await works.mine(judge, sitting.id)
    assert stopped.state is State.RUNNING
    runner = asyncio.create_task(works.run())  # the house starts again
    try:
        clip = await until(world, sitting.id, asked.id, State.MADE)
        assert (await last(world, sitting.id, "work.made"))["start_ms"] == 500
        voices = await works.ask(judge, sitting.id, kind="voices", language="en", order=ORDER)
        voices = await until(world, sitting.id, voices.id, State.MADE)
        doomed = await works.ask(judge, sitting.id, kind="film", language="ar", order=ORDER)
        await until(world, sitting.id, doomed.id, State.RUNNING)
        await works.cancel(judge, sitting.id, doomed.id)
        await until(world, sitting.id, doomed.id, State.CANCELLED)
        with pytest.raises(Refusal):
            await works.cancel(judge, sitting.id, doomed.id)
        nothing = await works.ask(
            judge, sitting.id, kind="film", language="ar", order=ORDER, start_ms=9_000_000
        )
        nothing = await until(world, sitting.id, nothing.id, State.FAILED)
        assert nothing.problem == "work.empty"
    finally:
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)
    async with house.database.unit(write=False) as session:
        row = await house.playback.sealed(session, sitting.id)
    key = await house.playback.key(row)
    folder = house.settings.works
    assert not (folder / doomed.id).exists()
    film = b"".join(assembly.decrypt(assembly.work_path(folder / clip.id), key, clip.id))
    with av.open(io.BytesIO(film)) as container:
        assert container.streams.video[0].frames == FPS
    data = b"".join(assembly.decrypt(assembly.work_path(folder / voices.id), key, voices.id))
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert len(bundle.namelist()) == 2
        for name in bundle.namelist():
            with av.open(io.BytesIO(bundle.read(name))) as container:
                assert container.streams.audio[0].codec_context.name == "aac"
    await damaged(world, sitting.id)


async def damaged(world: World, sitting: str) -> None:
    """One flipped bit in the vault: no film is made of it."""
    house, judge = world.house, world.people["judge"]
    path = next((house.settings.vault / sitting).glob("*-microphone/00000000.seg"))
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    asked = await house.works.ask(judge, sitting, kind="film", language="en", order=ORDER)
    await house.works.make(asked)
    found = next(one for one in await house.works.mine(judge, sitting) if one.id == asked.id)
    assert (found.state, found.problem) == (State.FAILED, "recording.damaged")
    again = replace(found, state=State.ASKED)
    assert again.percent < 100


async def until(world: World, sitting: str, id: str, state: State) -> work.Work:
    """The work once it is in a state."""
    async with asyncio.timeout(60):
        while True:
            found = await world.house.works.mine(world.people["judge"], sitting)
            one = next(item for item in found if item.id == id)
            if one.state is state:
                return one
            assert one.state in (State.ASKED, State.RUNNING), one
            await asyncio.sleep(0.02)
