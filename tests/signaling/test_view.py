import json
from dataclasses import replace
from typing import Any

from signaling import messages as m
from signaling.ports import RecordStatus, TrackProof
from signaling.view import Surroundings, view
from tests.signaling.rooms import START, Play, consultation, hearing, lobby, private, who

STATUS = RecordStatus("recording", START, START, (TrackProof("judge", "microphone", True),), 1500)


def seen(play: Play, seat: str, language: str = "en") -> dict[str, Any]:
    around = Surroundings(play.now, STATUS, {"counsel": "poor"})
    found = view(play.room, who(seat), language, around)
    json.dumps(found)  # nothing but JSON values
    return found


def seats(play: Play, seat: str) -> set[str]:
    return {other["id"] for other in seen(play, seat)["seats"]}


class TestSeats:
    def test_alone_in_the_lobby(self) -> None:
        play = lobby()
        assert seats(play, "victim") == {"victim", "counsel2"}
        assert seats(play, "prosecutor") == {"prosecutor"}
        assert seats(play, "accused") == {"accused", "counsel"}

    def test_alone_in_the_witness_room(self) -> None:
        play = hearing()
        play.on_record()
        play.do("clerk", m.Note(text="secret"))
        play.do("judge", m.Floor(seat="counsel"))
        play.do("clerk", m.Agenda(step="call", state="current"))
        found = seen(play, "witness")

        assert {seat["id"] for seat in found["seats"]} == {"witness"}
        assert found["floor"] is None
        assert found["agenda"] == []
        assert found["notes"] == []
        assert found["record"]["tracks"] == []
        assert found["record"]["clock_ms"] == 0

    def test_hosts_see_everybody(self) -> None:
        assert seats(lobby(), "clerk") == set(lobby().room.live.seats)

    def test_inside_one_sees_who_is_inside(self) -> None:
        assert not seats(hearing(), "victim") & {"witness", "witness2", "expert"}

    def test_names_in_the_pages_language(self) -> None:
        play = hearing()
        arabic = {seat["id"]: seat for seat in seen(play, "victim", "ar")["seats"]}
        english = {seat["id"]: seat for seat in seen(play, "victim", "en")["seats"]}

        assert arabic["judge"]["name"] == "اسم judge"
        assert english["judge"]["name"] == "Name of judge"
        assert english["judge"]["role_title"] == "Presiding judge"


class TestSecrets:
    def test_digits_kit_and_attestation_are_for_hosts(self) -> None:
        play = hearing()
        kit = m.Kit(camera="ok", microphone="ok", speaker="ok", result="good")
        play.do("counsel", kit)
        of = {seat["id"]: seat for seat in seen(play, "prosecutor")["seats"]}
        assert of["accused"]["attestation"] is None
        assert of["counsel"]["kit"] is None
        assert of["counsel"]["line"] == ""

        bench = {seat["id"]: seat for seat in seen(play, "judge")["seats"]}
        assert bench["accused"]["attestation"]["restraints_off"] is True
        assert bench["counsel"]["kit"]["result"] == "good"
        assert bench["counsel"]["line"] == "poor"
        assert bench["witness"]["id_last4"] == "1234"

    def test_the_officer_compares_the_digits_and_the_guest_does_not_see_them(self) -> None:
        play = hearing()
        seats = tuple(replace(seat, id_last4="9876") for seat in play.room.sitting.seats)
        play.room = replace(play.room, sitting=replace(play.room.sitting, seats=seats))
        for seat, digits in (("accused", "9876"), ("witness", ""), ("counsel", "")):
            own = next(one for one in seen(play, seat)["seats"] if one["id"] == seat)
            assert own["id_last4"] == digits

    def test_private_rooms(self) -> None:
        play = hearing()
        play.do("counsel", m.PrivateInvite(seats=["accused"]))
        assert seen(play, "judge")["private"] == []
        assert seen(play, "accused")["private"][0]["state"] == "invited"

        room = seen(play, "accused")["private"][0]["id"]
        play.do("accused", m.PrivateAnswer(room=room, accept=True))
        assert seen(play, "accused")["private"][0]["state"] == "waiting_officer"
        play.do("accused", m.OfficerOut(room=room))
        assert seen(play, "judge")["private"][0]["state"] == "open"
        assert seen(play, "prosecutor")["private"] == []
        assert seen(play, "counsel")["me"]["private"] == room

    def test_notes_are_for_hosts(self) -> None:
        play = hearing()
        play.do("clerk", m.Note(text="x"))
        assert seen(play, "judge")["notes"][0]["text"] == "x"
        assert seen(play, "counsel")["notes"] == []


def test_who_is_looked_at_is_told_and_nobody_else() -> None:
    play = hearing()
    play.do("clerk", m.Look(seat="witness"))
    told = {seat for seat in play.room.live.seats if seen(play, seat)["me"]["looked_at"]}
    assert told == {"witness"}
    looks = {seat: seen(play, seat)["me"]["looks_at"] for seat in ("clerk", "judge", "witness")}
    assert looks == {"clerk": "witness", "judge": None, "witness": None}
    assert not seen(play, "witness")["me"]["hears"]
    assert {seat["id"] for seat in seen(play, "witness")["seats"]} == {"witness"}


class TestMay:
    def test_is_what_the_room_would_say(self) -> None:
        play = hearing()
        may = seen(play, "judge")["me"]["may"]
        assert {"on_record", "recess", "admit", "floor"} <= set(may)
        assert "open" not in may
        assert "private_invite" not in may

        play.lose("clerk")
        me = seen(play, "judge")["me"]
        assert "on_record" not in me["may"]
        assert me["why_not"]["on_record"]["code"] == "record.role_missing"

    def test_of_others(self) -> None:
        play = hearing()
        assert set(seen(play, "prosecutor")["me"]["may"]) == {
            "ack_missed",
            "cannot_hear",
            "hand",
            "kit",
            "leave",
            "listen",
            "private_answer",
            "private_return",
            "sources",
        } - {"private_return"}
        assert "attest" in seen(play, "accused")["me"]["may"]
        assert "private_invite" in seen(play, "accused")["me"]["may"]


def test_officer_near_the_main_space() -> None:
    play = consultation()
    found = seen(play, "client")
    assert found["private"][0]["id"] == "main"
    assert found["private"][0]["state"] == "waiting_officer"
    assert not found["me"]["hears"]
    play.do("client", m.OfficerOut(room="main"))
    assert seen(play, "client")["private"] == []
    assert seen(play, "client")["me"]["hears"]


def test_in_a_private_room_one_hears() -> None:
    play = hearing()
    private(play)
    assert seen(play, "accused")["me"]["hears"]
    assert not seen(play, "witness")["me"]["hears"]
