from dataclasses import replace
from datetime import timedelta

import pytest

from sessions.phase import FINAL, LIVE, Phase
from sessions.sitting import Offence
from signaling import conducting, record
from signaling import facts as f
from signaling import messages as m
from signaling.engine import HearingSpace, PrivateSpace
from signaling.routing import route, space_of
from signaling.state import Place
from tests.signaling.rooms import (
    START,
    Play,
    consultation,
    hearing,
    lobby,
    private,
    proof,
)
from tests.signaling.test_hosting import refused

ADJOURN = m.Adjourn(to=START + timedelta(days=7), reason="expert report")
STEPS: dict[str, m.Command] = {
    "open": m.Open(),
    "on_record": m.OnRecord(),
    "off_record": m.OffRecord(reason="sidebar"),
    "recess": m.Recess(minutes=10),
    "resume": m.Resume(),
    "adjourn": ADJOURN,
    "reserve": m.Reserve(),
    "close": m.Close(),
}


def at(phase: Phase) -> Play:
    if phase is Phase.LOBBY:
        return lobby()
    play = hearing()
    if phase is Phase.RECESS:
        play.do("judge", m.Recess(minutes=10))
    elif phase is not Phase.ROLL_CALL:
        play.on_record()
        if phase is Phase.OFF_RECORD:
            play.do("judge", STEPS["off_record"])
        elif phase is Phase.TECH_SUSPENDED:
            play.take(record.lost(play.room, "record.disk_full", play.now))
    assert play.room.live.phase is phase
    return play


# Written by hand from law.md 1.5, not from the table: what a host can do in each phase.
POSSIBLE = {
    Phase.LOBBY: {"open", "adjourn"},
    Phase.ROLL_CALL: {"on_record", "recess", "adjourn", "close"},
    Phase.ON_RECORD: {"off_record", "recess", "adjourn", "reserve", "close"},
    Phase.OFF_RECORD: {"on_record", "recess", "adjourn", "reserve", "close"},
    Phase.RECESS: {"resume", "adjourn", "reserve", "close"},
    Phase.TECH_SUSPENDED: {"on_record", "off_record", "recess", "adjourn", "close"},
}


@pytest.mark.parametrize("phase", sorted(LIVE))
@pytest.mark.parametrize("name", STEPS)
def test_steps_by_phase(phase: Phase, name: str) -> None:
    play = at(phase)
    if name in POSSIBLE[phase]:
        assert play.do("judge", STEPS[name])
    else:
        assert refused(play, "judge", STEPS[name]) == "sitting.wrong_phase"


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(
    "seat", ["prosecutor", "counsel", "accused", "victim", "interpreter", "witness", "expert"]
)
def test_steps_are_for_hosts(seat: str, name: str) -> None:
    assert refused(at(Phase.OFF_RECORD), seat, STEPS[name]).startswith("policy.")


@pytest.mark.parametrize("name", ["adjourn", "close"])
def test_nothing_follows_the_end(name: str) -> None:
    play = hearing()
    play.do("judge", STEPS[name])
    assert play.room.live.phase in FINAL

    for command in (*STEPS.values(), m.Hand(raised=True), m.Note(text="x")):
        assert refused(play, "clerk", command) == "sitting.over"


class TestOnRecord:
    def test_only_a_proof_leads_to_it(self) -> None:
        play = hearing()
        facts = play.do("judge", m.OnRecord())

        assert facts == [f.RecordStarting("judge")]
        assert play.room.live.phase == "roll_call"
        play.take(record.proven(play.room, "judge", proof(), play.now))
        assert play.room.live.phase == "on_record"
        assert play.room.live.record == "recording"

    def test_a_proof_of_nothing_is_none(self) -> None:
        play = hearing()
        play.do("judge", m.OnRecord())
        from dataclasses import replace

        with pytest.raises(ValueError, match="of nothing"):
            record.proven(play.room, "judge", replace(proof(), tracks=()), play.now)

    def test_second_host_while_it_is_proved(self) -> None:
        play = hearing()
        play.do("judge", m.OnRecord())

        for name in ("on_record", "recess", "close", "adjourn"):
            assert refused(play, "clerk", STEPS[name]) == "record.starting"

    def test_refused_start_changes_nothing_else(self) -> None:
        play = hearing()
        play.do("judge", m.OnRecord())
        play.take(record.not_started(play.room, "record.disk_full"))

        assert play.room.live.phase is Phase.ROLL_CALL
        assert play.room.live.record == "off"
        assert play.do("clerk", m.OnRecord())

    @pytest.mark.parametrize("seat", ["judge", "clerk"])
    def test_not_without_judge_and_clerk(self, seat: str) -> None:
        play = hearing()
        play.lose(seat)
        other = "clerk" if seat == "judge" else "judge"

        assert refused(play, other, m.OnRecord()) == "record.role_missing"

    def test_never_in_a_consultation(self) -> None:
        assert refused(consultation(), "counsel", m.OnRecord()).startswith("policy.")

    def test_alarm_suspends(self) -> None:
        play = hearing()
        play.on_record()
        play.take(record.lost(play.room, "record.track_silent", play.now))

        assert play.room.live.phase is Phase.TECH_SUSPENDED
        assert play.room.live.record == "suspended"
        assert record.lost(play.room, "record.track_silent", play.now) == []

    def test_epoch_stays(self) -> None:
        play = hearing()
        play.on_record()
        play.wait(60).do("judge", STEPS["off_record"])
        play.wait(60).on_record()

        assert play.room.live.epoch == START
        assert play.room.clock_ms(play.now) == 120_000


class TestPlaces:
    def test_hosts_enter_when_it_opens(self) -> None:
        play = lobby()
        play.do("clerk", m.Open())

        assert play.place("judge") is Place.HEARING
        assert play.place("prosecutor") is Place.LOBBY

    def test_host_who_comes_later(self) -> None:
        play = hearing()
        play.do("judge", m.Leave())
        assert play.room.live.phase is Phase.ROLL_CALL
        play.arrive("judge")

        assert play.place("judge") is Place.HEARING

    def test_recess_has_no_media_and_keeps_places(self) -> None:
        play = hearing()
        play.on_record()
        play.do("judge", m.Recess(minutes=10))
        assert {space_of(play.room, seat.id) for seat in play.room.sitting.seats} == {None}

        play.do("judge", m.Resume())
        assert space_of(play.room, "counsel") == HearingSpace("s1")
        assert play.room.live.phase is Phase.OFF_RECORD

    def test_lobby_has_no_media(self) -> None:
        play = lobby()
        assert {space_of(play.room, seat.id) for seat in play.room.sitting.seats} == {None}

    def test_last_host_leaving_does_not_end_the_sitting(self) -> None:
        play = hearing()
        play.do("judge", m.Leave())
        play.do("clerk", m.Leave())

        assert play.room.live.phase is Phase.ROLL_CALL
        assert space_of(play.room, "counsel") == HearingSpace("s1")


class TestConsultationKind:
    def test_main_space_cannot_be_recorded(self) -> None:
        play = consultation()

        assert isinstance(space_of(play.room, "counsel"), PrivateSpace)

    def test_client_hears_once_the_officer_cannot(self) -> None:
        play = consultation()
        assert play.place("client") is Place.HEARING
        assert space_of(play.room, "client") is None

        play.do("client", m.OfficerOut(room="main"))
        assert space_of(play.room, "client") == space_of(play.room, "counsel")

    def test_another_page_in_the_detention_room_starts_again(self) -> None:
        play = consultation()
        play.do("client", m.OfficerOut(room="main"))
        play.arrive("client", client="another")

        assert space_of(play.room, "client") is None

    def test_no_private_room_beside_it(self) -> None:
        code = refused(consultation(), "counsel", m.PrivateInvite(seats=["client"]))
        assert code == "policy.no_private_consultation"


class TestMicrophones:
    def sending(self) -> Play:
        play = hearing()
        for seat in ("judge", "counsel", "accused"):
            play.do(seat, m.Sources(microphone=True, camera=True))
        return play

    def test_mute_stops_the_microphone_at_the_server(self) -> None:
        play = self.sending()
        play.do("clerk", m.Mute(seat="counsel"))

        assert route(play.room, "counsel").sources == {"camera"}

    def test_muted_seat_unmutes_itself(self) -> None:
        play = self.sending()
        play.do("clerk", m.Mute(seat="counsel"))
        play.do("counsel", m.Sources(microphone=True, camera=True))

        assert "microphone" in route(play.room, "counsel").sources

    def test_locked_seat_cannot(self) -> None:
        play = self.sending()
        play.do("clerk", m.Mute(seat="counsel", lock=True))

        assert refused(play, "counsel", m.Sources(microphone=True, camera=True)) == "seat.locked"
        play.do("judge", m.Unlock(seat="all"))
        assert "microphone" not in route(play.room, "counsel").sources
        play.do("counsel", m.Sources(microphone=True, camera=True))
        assert "microphone" in route(play.room, "counsel").sources

    def test_all_leaves_out_hosts(self) -> None:
        play = self.sending()
        play.do("clerk", m.Mute(seat="all", lock=True))

        assert "microphone" in route(play.room, "judge").sources
        assert play.room.at("accused").locked

    def test_never_the_presiding_judge(self) -> None:
        assert refused(self.sending(), "clerk", m.Mute(seat="judge")) == "mute.presiding"

    def test_lock_of_the_hearing_does_not_reach_into_a_private_room(self) -> None:
        play = self.sending()
        play.do("clerk", m.Mute(seat="counsel", lock=True))
        private(play)
        play.do("counsel", m.Sources(microphone=True, camera=True))
        assert "microphone" in route(play.room, "counsel").sources

        play.do("counsel", m.PrivateReturn())
        assert "microphone" not in route(play.room, "counsel").sources

    def test_what_is_not_declared_is_not_forwarded(self) -> None:
        assert route(hearing().room, "judge").sources == frozenset()

    def test_screen_by_leave(self) -> None:
        play = self.sending()
        sharing = m.Sources(microphone=True, camera=True, screen=True)
        assert refused(play, "counsel", sharing) == "screen.not_allowed"

        play.do("judge", m.AllowScreen(seat="counsel", allowed=True))
        play.do("counsel", sharing)
        assert "screen" in route(play.room, "counsel").sources
        play.do("judge", m.AllowScreen(seat="counsel", allowed=False))
        assert "screen" not in route(play.room, "counsel").sources


class TestFloorAndHands:
    def test_floor_lowers_the_hand(self) -> None:
        play = hearing()
        play.do("counsel", m.Hand(raised=True))
        play.do("judge", m.Floor(seat="counsel"))

        assert play.room.live.floor == "counsel"
        assert play.room.at("counsel").hand is None

    def test_floor_only_inside(self) -> None:
        assert refused(hearing(), "judge", m.Floor(seat="witness2")) == "seat.not_here"

    def test_hand_keeps_its_time(self) -> None:
        play = hearing()
        play.do("counsel", m.Hand(raised=True))
        assert play.wait(5).do("counsel", m.Hand(raised=True)) == []

    def test_floor_ends_when_the_seat_leaves(self) -> None:
        play = hearing()
        play.do("judge", m.Floor(seat="counsel"))
        play.do("counsel", m.Leave())

        assert play.room.live.floor is None


class TestRest:
    def test_agenda_has_one_current_step(self) -> None:
        play = hearing()
        play.do("clerk", m.Agenda(step="call", state="current"))
        play.wait(5).do("clerk", m.Agenda(step="identity", state="current"))

        assert play.room.live.agenda["call"].state == "done"
        assert refused(play, "clerk", m.Agenda(step="no", state="done")) == "agenda.unknown"

    def test_notes_are_the_clerks(self) -> None:
        play = hearing()
        play.do("clerk", m.Note(text="  the charge is read "))

        assert play.room.live.notes[0].text == "the charge is read"
        assert refused(play, "clerk", m.Note(text="  ")) == "note.empty"
        assert refused(play, "counsel", m.Note(text="x")).startswith("policy.")

    def test_publicity(self) -> None:
        play = hearing()
        play.do("judge", m.Publicity(public=False, reason="decency"))
        assert not play.room.live.public
        assert play.do("judge", m.Publicity(public=False, reason="again")) == []

    def test_adjourn_to_the_past(self) -> None:
        play = hearing()
        assert refused(play, "judge", m.Adjourn(to=START, reason="x")) == "adjourn.past"

    def test_delay(self) -> None:
        play = lobby()
        play.do("clerk", m.Delay(minutes=10))
        assert play.room.live.delay is not None
        assert play.room.live.delay.until == START + timedelta(minutes=10)
        play.do("clerk", m.Delay(minutes=0))
        assert play.room.live.delay is None

    def test_attestation_is_the_officers(self) -> None:
        attest = m.Attest(identity=True, restraints_off=True)
        for seat in ("judge", "clerk", "counsel"):
            assert refused(lobby(), seat, attest).startswith("policy.")

    def test_cannot_hear(self) -> None:
        play = hearing()
        play.do("accused", m.CannotHear(on=True))
        assert play.room.at("accused").cannot_hear


def test_a_capital_felony_is_not_heard_without_counsel_for_every_accused() -> None:
    play = hearing()
    seats = tuple(seat for seat in play.room.sitting.seats if seat.id != "counsel")
    sitting = replace(play.room.sitting, offence=Offence.FELONY_CAPITAL, seats=seats)
    play.room = replace(play.room, sitting=sitting)
    assert refused(play, "judge", m.OnRecord()) == "record.undefended"


class TestActs:
    """Kinds whose agenda follows the act that is done in the sitting."""

    def test_the_agenda_takes_only_what_differs(self) -> None:
        play = hearing()
        facts = conducting.follow(play.room, "clerk", {"call": "done", "identity": "current"})
        assert [(fact.step, fact.state) for fact in facts if isinstance(fact, f.AgendaSet)] == [
            ("call", "done"),
            ("identity", "current"),
        ]

    def test_no_host_moves_it_by_hand(self) -> None:
        play = hearing()
        play.room = replace(play.room, kind=replace(play.room.kind, agenda_by_act=True))
        assert refused(play, "clerk", m.Agenda(step="call", state="done")) == "agenda.by_act"
