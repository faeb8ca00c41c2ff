"""At the door and before testimony: who is not proved, the room, the oath (law.md, R-CR-22)."""

import json

import pytest

from errors import Refusal
from sessions.seat import Identity
from signaling import messages as m
from signaling.journal import entry
from signaling.state import Place, load, snapshot
from signaling.view import Surroundings, view
from tests.signaling.rooms import Play, hearing, who


def refused(play: Play, seat: str, command: m.Command) -> str:
    before = play.room
    with pytest.raises(Refusal) as found:
        play.do(seat, command)
    assert play.room == before
    return found.value.code


def shown(play: Play, viewer: str, seat: str) -> dict[str, object]:
    found = view(play.room, who(viewer), "en", Surroundings(play.now))
    return next(one for one in found["seats"] if one["id"] == seat)


def check(seat: str, result: str = "verified", document: str = "gcc_id") -> m.IdentityCheck:
    return m.IdentityCheck(seat=seat, result=result, document=document)  # type: ignore[arg-type]


def at_the_stand() -> Play:
    """On record, the witness (a guest who showed a document) called in."""
    play = hearing()
    play.do("clerk", check("witness"))
    play.do("judge", m.Admit(seats=["witness"]))
    play.on_record()
    return play


class TestNotProved:
    def not_proved(self) -> Play:
        play = hearing()
        play.do("clerk", check("witness", "not_proved"))
        return play

    def test_only_the_presiding_judge_admits_and_says_why(self) -> None:
        play = self.not_proved()
        leave = m.AdmitUnproved(seat="witness", reason="Known to the court")

        assert refused(play, "judge", m.Admit(seats=["witness"])) == "identity.not_proved"
        assert refused(play, "clerk", leave).startswith("policy.")
        assert (
            refused(play, "judge", m.AdmitUnproved(seat="witness", reason="  ")) == "reason.empty"
        )

        facts = play.do("judge", leave)
        assert play.place("witness") is Place.HEARING
        written = [found for fact in facts if (found := entry(fact)) is not None]
        assert ("identity.leave", {"reason": "Known to the court"}) in [
            (one.type, one.texts) for one in written
        ]
        assert play.do("judge", m.Floor(seat="witness"))

    def test_bench_sees_it_and_the_others_do_not(self) -> None:
        play = self.not_proved()
        play.do("judge", m.AdmitUnproved(seat="witness", reason="Known"))

        bench, party = shown(play, "judge", "witness"), shown(play, "counsel", "witness")
        assert (bench["identity"], bench["unproved"], bench["document"]) == (
            "not_proved",
            True,
            "gcc_id",
        )
        assert (party["identity"], party["unproved"], party["document"]) == ("", False, "")

    def test_cannot_swear(self) -> None:
        play = self.not_proved()
        play.do("judge", m.AdmitUnproved(seat="witness", reason="Known"))
        play.on_record()

        for result in ("taken", "affirmed"):
            oath = m.TakeOath(seat="witness", result=result)
            assert refused(play, "clerk", oath) == "oath.not_proved"
        play.do("clerk", check("witness"))
        assert play.do("clerk", m.TakeOath(seat="witness", result="taken"))

    def test_a_new_check_ends_the_leave(self) -> None:
        play = self.not_proved()
        play.do("judge", m.AdmitUnproved(seat="witness", reason="Known"))
        play.do("clerk", check("witness", "not_proved"))

        assert play.place("witness") is Place.WITNESS_ROOM
        assert not play.room.at("witness").unproved

    def test_leave_is_for_those_only(self) -> None:
        command = m.AdmitUnproved(seat="witness", reason="x")
        assert refused(hearing(), "judge", command) == "identity.no_leave_needed"

    def test_one_witness_at_a_time_all_the_same(self) -> None:
        play = self.not_proved()
        play.do("judge", m.Admit(seats=["witness2"]))

        command = m.AdmitUnproved(seat="witness", reason="x")
        assert refused(play, "judge", command) == "witness.one_at_a_time"

    def test_detainee_whom_the_officer_does_not_know(self) -> None:
        play = hearing()
        play.do("judge", m.ToLobby(seats=["accused"]))
        play.do("accused", m.Attest(identity=False, restraints_off=True))

        assert play.room.at("accused").identity is Identity.NOT_PROVED
        assert play.do("judge", m.AdmitUnproved(seat="accused", reason="x"))


class TestRoom:
    def test_asked_declared_seen(self) -> None:
        play = hearing()
        play.do("witness", m.Sources(microphone=True, camera=True))
        seen = m.RoomSeen(seat="witness", alone=True)

        play.do("clerk", m.AskRoom(seat="witness"))
        assert shown(play, "witness", "witness")["alone"] == "asked"
        assert refused(play, "clerk", seen) == "alone.not_seen"
        play.do("clerk", m.Look(seat="witness"))
        assert refused(play, "clerk", seen) == "alone.not_declared"
        play.do("witness", m.DeclareAlone())
        play.do("clerk", seen)
        assert play.room.at("witness").alone == "confirmed"

    def test_somebody_else_is_there(self) -> None:
        play = hearing()
        play.do("witness", m.Sources(microphone=True, camera=True))
        play.do("clerk", m.Look(seat="witness"))

        command = m.RoomSeen(seat="witness", alone=False)
        assert refused(play, "clerk", command) == "reason.empty"
        play.do("clerk", m.RoomSeen(seat="witness", alone=False, others="A brother"))
        assert play.room.at("witness").alone == "not_alone"

    def test_without_a_camera(self) -> None:
        assert refused(hearing(), "witness", m.DeclareAlone()) == "alone.no_camera"

    def test_others_are_not_asked(self) -> None:
        assert refused(hearing(), "clerk", m.AskRoom(seat="counsel")) == "alone.not_asked"
        assert refused(hearing(), "counsel", m.DeclareAlone()) == "alone.not_asked"

    def test_another_page_is_another_room(self) -> None:
        play = hearing()
        play.do("witness", m.Sources(microphone=True, camera=True))
        play.do("witness", m.DeclareAlone())
        play.arrive("witness", client="another")

        assert play.room.at("witness").alone == ""


class TestOath:
    @pytest.mark.parametrize("result", ["taken", "affirmed", "refused"])
    def test_is_written(self, result: str) -> None:
        play = at_the_stand()
        command = m.TakeOath(seat="witness", result=result)  # type: ignore[arg-type]
        written = entry(play.do("clerk", command)[0])

        assert written is not None
        assert (written.type, written.seat) == (f"oath.{result}", "witness")
        assert shown(play, "counsel", "witness")["oath"] == result
        assert play.do("clerk", command) == []
        assert load(snapshot(play.room.live)) == play.room.live

    def test_from_fifteen(self) -> None:
        play = at_the_stand()
        young = m.TakeOath(seat="witness", result="taken", of_age=False)

        assert refused(play, "clerk", young) == "oath.too_young"
        of_age = m.TakeOath(seat="witness", result="not_sworn")
        assert refused(play, "clerk", of_age) == "oath.of_age"
        play.do("clerk", m.TakeOath(seat="witness", result="not_sworn", of_age=False))
        assert play.room.at("witness").oath == "not_sworn"

    def test_interpreter_swears_whatever_the_age_of_witnesses(self) -> None:
        play = at_the_stand()
        rule = shown(play, "clerk", "interpreter")["oath_rule"]

        assert isinstance(rule, dict)
        assert rule["from_age"] == 0
        assert rule["ar"] != rule["en"]
        assert rule["source"]
        play.do("clerk", m.TakeOath(seat="interpreter", result="taken"))

    def test_refusals(self) -> None:
        taken = m.TakeOath(seat="witness2", result="taken")
        assert refused(hearing(), "clerk", taken) == "sitting.wrong_phase"
        assert refused(at_the_stand(), "clerk", taken) == "seat.not_here"
        assert (
            refused(at_the_stand(), "clerk", m.TakeOath(seat="victim", result="taken"))
            == "oath.none"
        )
        assert refused(at_the_stand(), "witness", taken).startswith("policy.")

    def test_no_age_is_kept(self) -> None:
        play = at_the_stand()
        play.do("clerk", m.TakeOath(seat="witness", result="not_sworn", of_age=False))
        assert "of_age" not in json.dumps(snapshot(play.room.live).decode())
