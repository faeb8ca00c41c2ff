"""What is kept and yet not right: silence of who speaks, black pictures, drifting clocks."""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from recordings import keys, proof
from recordings.decoding import Finding, Job
from recordings.proof import doubt
from recordings.service import Desk
from recordings.speech import Speech
from recordings.track import Interval, new_track
from recordings.vault import Vault
from recordings.writer import Writer
from sessions.alarm import LOST, Alarm
from signaling.engine import TrackId
from signaling.ports import RecordAlarm
from tests.recordings import media
from tests.recordings.room import Room, camera, microphone
from tests.recordings.test_service import flowing

GOOD = Finding("x", decoded_ms=4000, frames=50, loud_ms=4000, luma=120, age_ms=700)


def test_what_is_odd() -> None:
    assert doubt(None, "camera", 9000) == ""
    assert doubt(GOOD, "camera", 0) == ""
    assert doubt(GOOD, "microphone", proof.SPOKEN_MS - 1) == ""
    assert doubt(GOOD, "microphone", proof.SPOKEN_MS) == Alarm.SPEECH_MISSING
    dark = replace(GOOD, luma=17, black_ms=proof.BLACK_MS)
    assert doubt(dark, "camera", 0) == Alarm.BLACK
    assert doubt(dark, "screen", 0) == ""  # a dark page is no fault
    assert doubt(replace(dark, black_ms=proof.BLACK_MS - 1), "camera", 0) == ""
    for age, odd in ((-400, False), (-600, True), (2900, False), (3100, True)):
        assert (doubt(replace(GOOD, age_ms=age), "camera", 0) == Alarm.CLOCK_DRIFT) is odd


def test_speech_is_counted_on_the_record_s_clock() -> None:
    speech = Speech()
    speech.told(["a"], 1500)  # told half a second later: since 1000
    speech.told(["a", "b"], 2500)
    assert speech.spoken_ms("a", 0, 2000) == 1000
    speech.told(["b"], 3500)
    assert speech.spoken_ms("a", 0, 9000) == 2000
    assert speech.spoken_ms("a", 2500, 9000) == 500
    assert speech.spoken_ms("b", 0, 5000) == 3000
    assert speech.spoken_ms("nobody", 0, 5000) == 0
    speech.told([], 200_000)
    assert speech.spoken_ms("b", 0, 300_000) == 199_500 - 2000


async def alarm(desk: Desk, room: Room, suspends: frozenset[Alarm], wait: float = 7) -> RecordAlarm:
    """The first alarm of a record that has just begun."""
    alarms: list[RecordAlarm] = []
    desk.on_alarm = alarms.append
    await flowing(room)
    await desk.start("sit1", room, "judge1", suspends)
    async with asyncio.timeout(wait):
        while not alarms:
            await asyncio.sleep(0.05)
    return alarms[0]


async def test_silence_of_who_speaks_suspends_where_the_kind_says_so(desk: Desk) -> None:
    with Room("sit1", microphone(), microphone("lawyer1", level=0.0)) as room:
        desk.speaking("sit1", ("lawyer1", "judge1"))
        found = await alarm(desk, room, LOST | {Alarm.SPEECH_MISSING})
        assert (found.code, found.suspends) == (Alarm.SPEECH_MISSING, True)
        assert [item.seat for item in found.tracks] == ["lawyer1"]
        assert room.detached == ["suspended"]
        await desk.close("sit1", "judge1")


async def test_silence_of_who_does_not_speak_is_no_alarm(desk: Desk) -> None:
    with Room("sit1", microphone(), microphone("lawyer1", level=0.0)) as room:
        desk.speaking("sit1", ("judge1",))
        with pytest.raises(TimeoutError):
            await alarm(desk, room, LOST, wait=8)
        await desk.close("sit1", "judge1")


async def test_a_black_picture_warns_once_and_the_record_goes_on(desk: Desk) -> None:
    with Room("sit1", microphone(), camera("judge1", black=True)) as room:
        found = await alarm(desk, room, LOST)
        assert (found.code, found.suspends) == (Alarm.BLACK, False)
        [track] = found.tracks
        assert (track.ok, track.luma) == (True, 16)
        alarms: list[RecordAlarm] = []
        desk.on_alarm = alarms.append
        await asyncio.sleep(2)
        assert alarms == []
        status = desk.status("sit1")
        assert status.state == "recording"
        sound = next(item for item in status.tracks if item.source == "microphone")
        assert sound.level_db is not None
        assert -25 < sound.level_db < -10
        assert sound.verified_at is not None
        await desk.close("sit1", "judge1")


def test_age_is_by_the_wall_clock(tmp_path: Path) -> None:
    """A clock of the media that left the wall clock shows, whatever our own clock says."""
    from recordings import decoding

    writer = Writer(Vault(tmp_path), lambda _writing, _event: None)
    writer.start()
    stretch = Interval("str1", 0, time.monotonic_ns())
    track = new_track("sit1", TrackId("seat1", "microphone"), "opus", keys.new_key())
    lane = writer.open(track, stretch, lambda: None)
    for packet in media.Sender("opus").pack(media.opus(4.0), stretch.epoch_ns):
        lane.put(packet)
    lane.close("off_record", time.monotonic_ns())
    writer.stop()
    path = writer.vault.path("sit1", track.id, 0)
    now = time.time()
    for ahead in (0.0, 5.0):
        decoding.look([])
        os.utime(path, (now, now))
        job = Job("a", path, "sit1", track.id, 0, track.key, now - 4.7 + ahead)
        [finding] = decoding.look([job])
        assert finding.age_ms == pytest.approx(700 - ahead * 1000, abs=60)
        assert (doubt(finding, "microphone", 0) == Alarm.CLOCK_DRIFT) is bool(ahead)
    decoding.look([])
