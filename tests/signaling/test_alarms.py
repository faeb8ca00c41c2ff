"""Alarms of the record and missed seconds: told to hosts, taken note of, in journal and log."""

import pytest

from audit.leaf import decode
from errors import Refusal
from sessions.alarm import DOUBTS, LABELS, LOST, Alarm
from sessions.kinds import KINDS
from signaling import facts as f
from signaling import messages as m
from signaling import record
from signaling.engine import HearingSpace, PrivateSpace, Speaking
from signaling.journal import entry
from signaling.ports import RecordAlarm, TrackProof
from tests.signaling.rooms import hearing
from tests.signaling.test_service import settle
from tests.signaling.world import World

BLACK = (TrackProof("counsel", "camera", True, "record.black", luma=17),)


class TestPolicy:
    @pytest.mark.parametrize("code", KINDS)
    def test_what_is_lost_suspends_every_kind(self, code: str) -> None:
        assert KINDS[code].suspends >= LOST

    def test_a_kind_decides_the_rest(self) -> None:
        assert Alarm.SPEECH_MISSING in KINDS["criminal_hearing"].suspends
        assert Alarm.SPEECH_MISSING not in KINDS["civil_hearing"].suspends
        assert Alarm.BLACK in DOUBTS - KINDS["criminal_hearing"].suspends

    def test_every_alarm_has_words(self) -> None:
        assert set(Alarm) <= set(LABELS)


class TestWarning:
    async def test_goes_on_and_is_noted_once(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        world.live.on_alarm(RecordAlarm("sitting1", "record.black", BLACK, suspends=False))
        await settle(world.live)

        state = people["judge"].state
        assert (state["phase"], state["record"]["state"]) == ("on_record", "recording")
        [alarm] = state["record"]["alarms"]
        assert alarm["tracks"] == [{"seat": "counsel", "source": "camera"}]
        assert (alarm["suspends"], alarm["noted_by"]) == (False, "")
        assert "record_warning" in people["clerk"].socket.events()
        assert people["counsel"].state["record"]["alarms"] == []
        assert "record_warning" not in people["counsel"].socket.events()

        await people["clerk"].ok(m.NoteAlarm(alarm=1))
        await people["judge"].ok(m.NoteAlarm(alarm=1))
        [alarm] = people["judge"].state["record"]["alarms"]
        assert alarm["noted_by"] == "clerk"
        assert await people["counsel"].refused(m.NoteAlarm(alarm=1)) == "policy.not_host"
        assert await people["judge"].refused(m.NoteAlarm(alarm=2)) == "record.no_alarm"
        journal = [item for item in await world.journal() if item[0].startswith("recording.")]
        codes = {"alarm": 1, "code": "record.black", "tracks": ["counsel-camera"]}
        assert ("recording.warning", None, codes) in journal
        assert len([item for item in journal if item[0] == "recording.noted"]) == 1
        leaves = await world.house.log.leaves("sitting1")
        kinds = {decode(item.entry).type for item in leaves}
        assert {"live.recording.warning", "live.recording.noted"} <= kinds

    async def test_the_kind_s_policy_reaches_the_desk(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        assert world.desk.suspends == KINDS["criminal_hearing"].suspends

    async def test_the_desk_hears_who_speaks_on_the_floor_alone(self, world: World) -> None:
        await world.hearing()
        world.media.on_event(Speaking(HearingSpace("sitting1"), ("judge",)))
        world.media.on_event(Speaking(PrivateSpace("sitting1", "p", frozenset()), ("counsel",)))
        assert [call for call in world.calls if call[0] == "desk.speaking"] == [
            ("desk.speaking", "judge")
        ]

    async def test_measurements_do_not_send_the_whole_state(self, world: World) -> None:
        people = await world.hearing()
        await people["judge"].ok(m.OnRecord())
        before = len(people["judge"].socket.of("state"))
        world.desk.level_db = -20
        await world.live.tick()
        assert len(people["judge"].socket.of("state")) == before
        [status] = people["judge"].socket.of("record")
        assert status["record"]["tracks"][0]["level_db"] == -20

    def test_off_record_there_is_nothing_to_warn_of(self) -> None:
        assert record.warned(hearing().room, "record.black", ()) == []

    def test_the_newest_are_kept(self) -> None:
        play = hearing()
        play.on_record()
        for _ in range(60):
            play.take(record.warned(play.room, "record.black", ()))
        assert [item.id for item in play.room.live.alarms][-1] == 60
        assert len(play.room.live.alarms) == 50


class TestAbsences:
    def test_a_host_notes_what_was_missed_and_what_is(self) -> None:
        play = hearing()
        play.on_record()
        play.lose("counsel")
        play.wait(40).arrive("counsel")
        play.wait(5).lose("counsel")
        play.wait(7)
        [noted] = play.do("clerk", m.NoteAbsence(seat="counsel"))
        assert isinstance(noted, f.AbsenceNoted)
        assert (noted.stretches, noted.ms) == (2, 47_000)
        found = entry(noted)
        assert found
        assert (found.type, found.seat) == ("missed.noted", "counsel")
        assert found.codes == {"by": "clerk", "stretches": 2, "ms": 47_000}
        assert play.do("judge", m.NoteAbsence(seat="counsel")) == []

        play.wait(3).arrive("counsel")
        one, two = play.room.at("counsel").absences
        assert (one.noted_by, two.noted_by) == ("clerk", "clerk")
        assert two.until is not None
        assert (two.until - two.since).total_seconds() == 10

    def test_the_person_s_own_reading_does_not_note_it(self) -> None:
        play = hearing()
        play.lose("counsel")
        play.wait(40).arrive("counsel")
        play.do("counsel", m.AckMissed())
        [absence] = play.room.at("counsel").absences
        assert absence.noted_by == ""
        with pytest.raises(Refusal, match=r"policy\.not_host"):
            play.do("counsel", m.NoteAbsence(seat="counsel"))
