from datetime import timedelta

import pytest

from errors import Refusal
from sessions.kinds import KINDS
from sessions.phase import Phase
from signaling import facts as f
from signaling import messages as m
from signaling import presence, record, state
from signaling.state import Place
from tests.signaling.rooms import START, Play, hearing, private, sitting


def scheduled() -> Play:
    booked = sitting(phase=Phase.SCHEDULED)
    return Play(state.start(booked, KINDS[booked.kind], START))


class TestLobby:
    def test_opens_an_hour_before(self) -> None:
        play = scheduled()
        play.now = START - timedelta(minutes=60)
        play.take(presence.open_lobby(play.room, play.now))
        assert play.room.live.phase is Phase.LOBBY
        assert presence.open_lobby(play.room, play.now) == []

    def test_too_early_says_when(self) -> None:
        play = scheduled()
        with pytest.raises(Refusal) as refused:
            presence.open_lobby(play.room, START - timedelta(minutes=61))
        assert refused.value.code == "sitting.too_early"
        assert refused.value.params["opens_at"] == "2026-11-21T08:00:00Z"

    @pytest.mark.parametrize("phase", [Phase.CANCELLED, Phase.CLOSED])
    def test_over(self, phase: Phase) -> None:
        play = Play(state.start(sitting(phase=phase), KINDS["criminal_hearing"], START))
        with pytest.raises(Refusal, match=r"sitting\.over"):
            presence.open_lobby(play.room, play.now)


class TestComingBack:
    def test_to_the_same_place_without_a_host(self) -> None:
        play = hearing()
        play.lose("counsel")
        assert play.place("counsel") is Place.HEARING
        assert not play.room.at("counsel").present
        play.wait(40).arrive("counsel")

        assert play.place("counsel") is Place.HEARING
        assert play.room.at("counsel").missed[0].why == "disconnected"
        assert play.room.at("counsel").missed_seconds == 40

    def test_to_a_private_room(self) -> None:
        play = hearing()
        private(play)
        play.lose("counsel")
        play.arrive("counsel")
        assert play.place("counsel") is Place.PRIVATE

    def test_after_leaving_one_waits_again(self) -> None:
        play = hearing()
        play.do("counsel", m.Leave())
        play.arrive("counsel")
        assert play.place("counsel") is Place.LOBBY

    def test_witness_waits_in_the_witness_room(self) -> None:
        play = hearing()
        play.do("witness", m.Leave())
        play.arrive("witness")
        assert play.place("witness") is Place.WITNESS_ROOM

    def test_the_same_page_sends_what_it_sent(self) -> None:
        play = hearing()
        play.do("counsel", m.Sources(microphone=True, camera=True))
        play.lose("counsel")
        play.arrive("counsel")
        assert play.room.at("counsel").microphone

    def test_another_page_has_declared_nothing(self) -> None:
        play = hearing()
        play.do("counsel", m.Sources(microphone=True, camera=True))
        play.arrive("counsel", client="another")
        assert not play.room.at("counsel").microphone

    def test_short_gap_is_told(self) -> None:
        play = hearing()
        since = play.now
        play.wait(6)
        facts = presence.arrive(play.room, "counsel", play.now, client="c", gone_since=since)
        assert facts == [f.MissedUntil("counsel", since, play.now, "disconnected")]

    def test_shortest_gap_is_not(self) -> None:
        play = hearing()
        since = play.now
        play.wait(1)
        assert presence.arrive(play.room, "counsel", play.now, client="c", gone_since=since) == []

    def test_the_last_seconds_before_the_loss_count(self) -> None:
        play = hearing()
        since = play.now
        play.wait(15)
        play.take(presence.lost(play.room, "counsel", since))
        play.wait(5).arrive("counsel")
        assert play.room.at("counsel").missed_seconds == 20


class TestRestart:
    def restored(self, play: Play) -> list[f.Fact]:
        live = state.load(state.snapshot(play.room.live))
        assert live == play.room.live
        play.room = play.room.with_live(live)
        return play.take(presence.restored(play.room, play.now))

    def test_on_record_is_interrupted(self) -> None:
        play = hearing()
        play.on_record()
        self.restored(play)

        assert play.room.live.phase is Phase.TECH_SUSPENDED
        assert play.room.live.record == "interrupted"
        assert not any(seat.present for seat in play.room.live.seats.values())
        assert play.place("counsel") is Place.HEARING

    def test_goes_on_by_itself_once_judge_and_clerk_are_back(self) -> None:
        play = hearing()
        play.on_record()
        self.restored(play)
        assert not record.resumable(play.room)
        play.arrive("judge")
        assert not record.resumable(play.room)
        play.arrive("clerk")
        assert record.resumable(play.room)

    def test_a_failed_proof_may_be_tried_again(self) -> None:
        play = hearing()
        play.on_record()
        self.restored(play)
        play.arrive("judge", "clerk")
        play.take([f.RecordStarting("")])
        assert not record.resumable(play.room)
        play.take(record.not_started(play.room, "record.no_tracks"))
        assert record.resumable(play.room)

    def test_not_after_a_host_decided_otherwise(self) -> None:
        play = hearing()
        play.on_record()
        self.restored(play)
        play.arrive("judge", "clerk")
        play.do("judge", m.OffRecord(reason="break"))
        assert not record.resumable(play.room)

    def test_an_alarm_needs_a_host(self) -> None:
        play = hearing()
        play.on_record()
        play.take(record.lost(play.room, "record.disk_full", play.now))
        assert not record.resumable(play.room)

    def test_killed_while_the_record_was_proved(self) -> None:
        play = hearing()
        play.do("judge", m.OnRecord())
        self.restored(play)
        assert play.room.live.record == "off"
        assert play.room.live.phase is Phase.ROLL_CALL

    def test_everybody_misses_what_lay_between(self) -> None:
        play = hearing()
        play.on_record()
        self.restored(play)
        play.wait(9).arrive("counsel")
        assert play.room.at("counsel").missed_seconds == 9
