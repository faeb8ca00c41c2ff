import pytest

from errors import Refusal
from sessions.seat import Identity
from signaling import messages as m
from signaling.routing import looked_at, looks_at, space_of
from signaling.state import Place
from tests.signaling.rooms import Play, hearing, lobby


def refused(play: Play, seat: str, command: m.Command) -> str:
    before = play.room
    with pytest.raises(Refusal) as found:
        play.do(seat, command)
    assert play.room == before
    assert found.value.message
    return found.value.code


class TestAdmit:
    def test_all_leaves_out_those_who_are_called(self) -> None:
        play = hearing()

        assert play.place("counsel") is Place.HEARING
        assert {play.place(seat) for seat in ("witness", "witness2", "expert")} == {
            Place.WITNESS_ROOM
        }
        assert space_of(play.room, "witness") is None

    def test_all_leaves_out_whom_nobody_has_identified(self) -> None:
        play = lobby()
        play.do("clerk", m.Open())
        play.do("clerk", m.Admit(seats="all"))

        assert play.place("accused") is Place.LOBBY

    def test_all_with_nobody_waiting(self) -> None:
        assert refused(hearing(), "clerk", m.Admit(seats="all")) == "admit.nobody"

    def test_before_the_sitting_is_open(self) -> None:
        assert refused(lobby(), "clerk", m.Admit(seats="all")) == "sitting.wrong_phase"

    def test_guest_without_identity_check(self) -> None:
        play = hearing()

        assert refused(play, "clerk", m.Admit(seats=["witness"])) == "identity.not_checked"

        play.do(
            "clerk",
            m.IdentityCheck(
                seat="witness", result="verified", document="emirates_id", last4="1234"
            ),
        )
        play.do("clerk", m.Admit(seats=["witness"]))
        assert play.place("witness") is Place.HEARING

    def test_detainee_without_attestation(self) -> None:
        play = lobby()
        play.do("clerk", m.Open())

        assert refused(play, "clerk", m.Admit(seats=["accused"])) == "identity.not_attested"

    def test_detainee_who_is_somebody_else(self) -> None:
        play = lobby()
        play.do("clerk", m.Open())
        play.do("accused", m.Attest(identity=False, restraints_off=True))

        assert refused(play, "clerk", m.Admit(seats=["accused"])) == "identity.not_proved"

    def test_two_hosts_admit_the_same_seat(self) -> None:
        play = hearing()
        assert play.do("judge", m.Admit(seats=["witness2"]))

        assert play.do("clerk", m.Admit(seats=["witness2"])) == []

    def test_who_is_not_here(self) -> None:
        play = hearing()
        play.lose("expert")

        assert refused(play, "clerk", m.Admit(seats=["expert"])) == "seat.not_here"

    def test_unknown_seat(self) -> None:
        assert refused(hearing(), "clerk", m.Admit(seats=["nobody"])) == "seat.unknown"

    def test_one_refused_seat_keeps_all_of_the_command_out(self) -> None:
        play = hearing()

        assert refused(play, "clerk", m.Admit(seats=["expert", "witness"]))
        assert play.place("expert") is Place.WITNESS_ROOM

    @pytest.mark.parametrize("seat", ["counsel", "prosecutor", "accused", "witness"])
    def test_by_somebody_who_is_no_host(self, seat: str) -> None:
        assert refused(hearing(), seat, m.Admit(seats=["witness2"])).startswith("policy.")


class TestWitnesses:
    def test_one_at_a_time(self) -> None:
        play = hearing()
        play.do("clerk", m.IdentityCheck(seat="witness", result="verified", document="passport"))
        play.do("judge", m.Admit(seats=["witness2"]))

        assert refused(play, "judge", m.Admit(seats=["witness"])) == "witness.one_at_a_time"

        play.do("clerk", m.Heard(seat="witness2"))
        play.do("judge", m.Admit(seats=["witness"]))
        assert play.place("witness2") is Place.HEARING

    def test_two_in_one_command(self) -> None:
        play = hearing()
        play.do("clerk", m.IdentityCheck(seat="witness", result="verified", document="passport"))

        assert (
            refused(play, "judge", m.Admit(seats=["witness", "witness2"]))
            == "witness.one_at_a_time"
        )

    def test_goes_back_to_the_witness_room(self) -> None:
        play = hearing()
        play.do("judge", m.Admit(seats=["witness2"]))
        play.do("judge", m.ToLobby(seats=["witness2"]))

        assert play.place("witness2") is Place.WITNESS_ROOM

    def test_only_who_was_in_the_hearing_was_heard(self) -> None:
        play = hearing()

        assert refused(play, "clerk", m.Heard(seat="witness")) == "heard.not_admitted"
        assert refused(play, "clerk", m.Heard(seat="counsel")) == "heard.not_called"

    def test_misses_nothing_in_the_witness_room(self) -> None:
        play = hearing()
        play.do("judge", m.Admit(seats=["witness2"]))
        play.do("judge", m.ToLobby(seats=["witness2"]))
        play.wait(60).do("judge", m.Admit(seats=["witness2"]))

        assert play.room.at("witness2").missed == ()


class TestIdentity:
    def test_digits_that_differ(self) -> None:
        command = m.IdentityCheck(
            seat="witness", result="verified", document="emirates_id", last4="9999"
        )
        assert refused(lobby(), "clerk", command) == "identity.number_differs"

    def test_not_proved_in_the_hearing_goes_back_to_wait(self) -> None:
        play = hearing()
        play.do("clerk", m.Floor(seat="victim"))
        play.do("clerk", m.IdentityCheck(seat="victim", result="not_proved", document="passport"))

        assert play.room.at("victim").identity is Identity.NOT_PROVED
        assert play.place("victim") is Place.LOBBY
        assert play.room.live.floor is None


class TestLook:
    def test_at_one_who_waits_before_and_in_session(self) -> None:
        for play, seat in ((lobby(), "accused"), (hearing(), "witness")):
            assert len(play.do("clerk", m.Look(seat=seat))) == 1
            assert looks_at(play.room, "clerk") == seat
            assert looked_at(play.room, seat)
            assert space_of(play.room, seat) is None
            assert play.do("clerk", m.Look(seat=seat)) == []
            play.do("clerk", m.Look(seat=None))
            assert looks_at(play.room, "clerk") is None
            assert not looked_at(play.room, seat)
            assert play.do("clerk", m.Look(seat=None)) == []

    def test_at_one_seat_at_a_time(self) -> None:
        play = hearing()
        play.do("clerk", m.Look(seat="witness"))
        play.do("clerk", m.Look(seat="expert"))
        assert not looked_at(play.room, "witness")
        assert looked_at(play.room, "expert")

    def test_two_hosts(self) -> None:
        play = hearing()
        play.do("clerk", m.Look(seat="witness"))
        play.do("judge", m.Look(seat="witness"))
        play.do("clerk", m.Look(seat=None))
        assert looked_at(play.room, "witness")

    def test_not_at_who_is_inside_nor_oneself(self) -> None:
        assert refused(hearing(), "clerk", m.Look(seat="counsel")) == "look.not_waiting"
        assert refused(lobby(), "clerk", m.Look(seat="clerk")) == "look.not_waiting"
        assert refused(lobby(), "clerk", m.Look(seat="nobody")) == "seat.unknown"

    def test_not_at_who_is_away(self) -> None:
        play = hearing()
        play.lose("witness")
        assert refused(play, "clerk", m.Look(seat="witness")) == "seat.not_here"

    @pytest.mark.parametrize("seat", ["counsel", "witness2", "accused"])
    def test_by_somebody_who_is_no_host(self, seat: str) -> None:
        assert refused(hearing(), seat, m.Look(seat="witness")).startswith("policy.")

    @pytest.mark.parametrize(
        "end",
        [
            lambda play: (
                play.do("clerk", m.Admit(seats=["witness2"])),
                play.do("clerk", m.ToLobby(seats=["witness2"])),
            ),
            lambda play: (play.lose("witness2"), play.arrive("witness2")),
            lambda play: (play.do("witness2", m.Leave()), play.arrive("witness2")),
            lambda play: (play.lose("clerk"), play.arrive("clerk")),
            lambda play: play.arrive("clerk", client="another page"),
            lambda play: play.do("judge", m.Remove(seat="witness2", reason="x")),
            lambda play: play.do("judge", m.Close()),
        ],
    )
    def test_ends_with_the_waiting_and_does_not_begin_again(self, end: object) -> None:
        play = hearing()
        play.do("clerk", m.Look(seat="witness2"))
        end(play)  # type: ignore[operator]
        assert looks_at(play.room, "clerk") is None
        assert play.room.at("clerk").looks_at is None

    def test_a_recess_does_not_end_it(self) -> None:
        play = hearing()
        play.do("clerk", m.Look(seat="witness"))
        play.do("judge", m.Recess(minutes=5))
        assert looks_at(play.room, "clerk") == "witness"


class TestRemove:
    def test_reason_and_way_back(self) -> None:
        play = hearing()
        play.do("judge", m.Remove(seat="victim", reason="disorder"))
        assert play.place("victim") is Place.REMOVED
        assert refused(play, "victim", m.Hand(raised=True)) == "policy.removed"

        play.do("judge", m.Readmit(seat="victim"))
        play.arrive("victim")
        assert play.place("victim") is Place.LOBBY

    def test_removed_seat_does_not_come_in_by_itself(self) -> None:
        play = hearing()
        play.do("judge", m.Remove(seat="victim", reason="disorder"))

        with pytest.raises(Refusal, match=r"seat\.removed"):
            play.arrive("victim")

    def test_admission_needs_readmission(self) -> None:
        play = hearing()
        play.do("judge", m.Remove(seat="victim", reason="disorder"))

        assert refused(play, "clerk", m.Admit(seats=["victim"])) == "seat.removed"

    @pytest.mark.parametrize("seat", ["judge", "clerk"])
    def test_never_a_host(self, seat: str) -> None:
        play = hearing()

        assert refused(play, "clerk", m.Remove(seat=seat, reason="x")) == "seat.is_host"
        assert refused(play, "judge", m.ToLobby(seats=[seat])) == "seat.is_host"

    def test_what_the_removed_person_missed_is_counted(self) -> None:
        play = hearing()
        play.do("judge", m.Remove(seat="accused", reason="disorder"))
        play.wait(90).do("judge", m.Readmit(seat="accused"))
        play.arrive("accused").do("judge", m.Admit(seats=["accused"]))

        stretches = play.room.at("accused").missed
        assert sum((x.until - x.since).total_seconds() for x in stretches if x.until) == 90
        assert stretches[0].why == "removed"


class TestRollCall:
    def test_entries_must_be_so(self) -> None:
        play = hearing()
        play.lose("victim")

        assert refused(play, "clerk", m.RollCall(entries={"victim": "present"})) == "seat.not_here"
        assert (
            refused(play, "clerk", m.RollCall(entries={"prosecutor": "represented"}))
            == "roll.no_counsel"
        )
        play.do("clerk", m.RollCall(entries={"victim": "represented", "witness": "absent"}))
        assert play.room.at("victim").roll == "represented"
