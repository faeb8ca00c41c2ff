"""Exhibits in the live room: who sees which, who shows one, and what the record keeps of it."""

from dataclasses import replace

import pytest

from auth.policy import RULES
from errors import Refusal
from sessions.seat import SeatRole
from signaling import facts as f
from signaling import messages as m
from signaling import record
from signaling.exhibits import FILERS
from signaling.journal import entry
from signaling.notices import notices
from signaling.ports import Exhibit
from signaling.view import Surroundings, view
from tests.signaling.rooms import Play, hearing, who

CONTRACT = Exhibit("e1", "P-1", "Contract", 3, "prosecutor", "a" * 64)
SEALED = Exhibit("e2", "D-1", "Medical report", 1, "counsel", "b" * 64, ("interpreter",))


def on_record() -> Play:
    play = hearing()
    play.on_record()
    play.room = play.room.with_exhibits((CONTRACT, SEALED))
    return play


def seen(play: Play, seat: str) -> tuple[str, int] | None:
    shown = view(play.room, who(seat), "en", Surroundings(play.now))["exhibit"]
    return (shown["mark"], shown["page"]) if shown else None


def known(play: Play, seat: str) -> list[str]:
    listed = view(play.room, who(seat), "en", Surroundings(play.now))["exhibits"]
    return [one["mark"] for one in listed]


def refused(play: Play, seat: str, command: m.Command) -> str:
    before = play.room
    with pytest.raises(Refusal) as refusal:
        play.do(seat, command)
    assert play.room == before
    return refusal.value.code


def test_everybody_in_the_hearing_sees_the_same_page_and_nobody_outside() -> None:
    play = on_record()
    play.do("judge", m.ShowExhibit(exhibit="e1", page=2))
    inside = ("judge", "clerk", "prosecutor", "accused", "counsel", "victim", "interpreter")
    assert {seen(play, seat) for seat in inside} == {("P-1", 2)}
    assert seen(play, "witness") is None  # waits in the witness room
    play.do("clerk", m.ToLobby(seats=["victim"]))
    assert seen(play, "victim") is None
    play.do("judge", m.ShowExhibit(exhibit="e1", page=3))
    assert seen(play, "accused") == ("P-1", 3)
    play.do("clerk", m.HideExhibit())
    assert seen(play, "judge") is None
    told = [entry(fact) for fact in play.facts if type(fact).__name__.startswith("Exhibit")]
    assert [one.type for one in told if one] == [
        "exhibit.shown",
        "exhibit.page",
        "exhibit.withdrawn",
    ]
    assert told[1] is not None
    assert told[1].codes == {"by": "judge", "exhibit": "e1", "page": 3, "sha256": "a" * 64}
    assert told[1].texts == {"text": "P-1 Contract"}


def test_a_sealed_exhibit_is_for_the_bench_its_side_and_those_named() -> None:
    play = on_record()
    play.do("judge", m.ShowExhibit(exhibit="e2"))
    sees = ("judge", "clerk", "counsel", "accused", "interpreter")
    assert {seen(play, seat) for seat in sees} == {("D-1", 1)}
    for seat in ("prosecutor", "victim", "counsel2"):
        assert seen(play, seat) is None, seat
        assert known(play, seat) == ["P-1"], seat
        whole = view(play.room, who(seat), "en", Surroundings(play.now))
        assert "Medical" not in str(whole)
    found = entry(next(fact for fact in play.facts if isinstance(fact, f.ExhibitShown)))
    assert found is not None
    assert found.codes["sealed"] is True


def test_nobody_sees_an_exhibit_of_a_person_who_is_hidden_from_them() -> None:
    play = on_record()
    own = replace_seat(play, "victim", screened_from=frozenset({"accused"}))
    photo = Exhibit("e3", "V-1", "Photograph", 1, "victim", "c" * 64)
    play.room = own.room.with_exhibits((photo,))
    play.do("judge", m.ShowExhibit(exhibit="e3"))
    assert seen(play, "counsel") == ("V-1", 1)
    assert seen(play, "accused") is None
    assert known(play, "accused") == []


def replace_seat(play: Play, id: str, **changes: frozenset[str]) -> Play:
    sitting = play.room.sitting
    seats = tuple(
        replace(seat, **changes) if seat.id == id else seat  # type: ignore[arg-type]
        for seat in sitting.seats
    )
    play.room = replace(play.room, sitting=replace(sitting, seats=seats))
    return play


def test_a_side_shows_by_leave_and_steers_only_what_it_shows() -> None:
    play = on_record()
    assert refused(play, "counsel", m.ShowExhibit(exhibit="e1")) == "policy.no_leave_to_show"
    assert refused(play, "counsel", m.AllowExhibits(seat="counsel", allowed=True)) == (
        "policy.not_host"
    )
    assert refused(play, "judge", m.AllowExhibits(seat="interpreter", allowed=True)) == (
        "exhibit.not_a_party"
    )
    given = play.do("clerk", m.AllowExhibits(seat="counsel", allowed=True))
    assert [(one.name, one.to) for one in notices(play.room, given)] == [
        ("exhibits_allowed", frozenset({"counsel"}))
    ]
    play.do("clerk", m.AllowExhibits(seat="prosecutor", allowed=True))
    play.do("counsel", m.ShowExhibit(exhibit="e2"))
    assert refused(play, "prosecutor", m.ShowExhibit(exhibit="e1")) == "exhibit.another_shown"
    assert refused(play, "prosecutor", m.HideExhibit()) == "exhibit.not_yours"
    assert refused(play, "prosecutor", m.ShowExhibit(exhibit="e2")) == "exhibit.unknown"
    play.do("judge", m.ShowExhibit(exhibit="e1"))  # the court takes the shared view
    assert seen(play, "prosecutor") == ("P-1", 1)
    assert refused(play, "counsel", m.ShowExhibit(exhibit="e1", page=2)) == "exhibit.another_shown"
    assert refused(play, "judge", m.ShowExhibit(exhibit="e1", page=4)) == "exhibit.page"
    assert refused(play, "judge", m.ShowExhibit(exhibit="e9")) == "exhibit.unknown"


def test_the_court_turns_what_a_side_shows_and_the_side_goes_on() -> None:
    play = on_record()
    play.do("clerk", m.AllowExhibits(seat="prosecutor", allowed=True))
    play.do("prosecutor", m.ShowExhibit(exhibit="e1"))
    play.do("judge", m.ShowExhibit(exhibit="e1", page=2))
    play.do("prosecutor", m.ShowExhibit(exhibit="e1", page=3))
    assert seen(play, "judge") == ("P-1", 3)
    assert play.do("prosecutor", m.ShowExhibit(exhibit="e1", page=3)) == []


def test_nothing_is_shown_off_record() -> None:
    play = hearing()
    play.room = play.room.with_exhibits((CONTRACT,))
    assert refused(play, "judge", m.ShowExhibit(exhibit="e1")) == "sitting.wrong_phase"
    for stop in ("off", "alarm"):
        play.on_record()
        play.do("judge", m.ShowExhibit(exhibit="e1"))
        if stop == "off":
            play.do("judge", m.OffRecord(reason="A pause"))
        else:
            play.take(record.lost(play.room, "record.black", play.now))
        assert play.room.live.showing is None
        assert isinstance(play.facts[-1], f.ExhibitHidden)


def test_the_presiding_judge_rules_and_may_come_back_to_it() -> None:
    play = on_record()
    for seat in ("clerk", "counsel", "prosecutor"):
        ruling = m.RuleExhibit(exhibit="e1", ruling="admitted")
        assert refused(play, seat, ruling) == "policy.not_host"
    play.do("judge", m.RuleExhibit(exhibit="e1", ruling="admitted"))
    listed = view(play.room, who("accused"), "en", Surroundings(play.now))["exhibits"]
    assert [(one["mark"], one["ruling"]) for one in listed] == [
        ("P-1", "admitted"),
        ("D-1", "offered"),
    ]
    play.do("judge", m.ShowExhibit(exhibit="e1"))
    play.do("judge", m.RuleExhibit(exhibit="e1", ruling="refused"))
    assert seen(play, "judge") is None  # what is refused is not on view any more
    assert play.do("judge", m.RuleExhibit(exhibit="e1", ruling="refused")) == []


def test_who_files_none_learns_of_none_before_it_is_shown() -> None:
    play = on_record()
    assert known(play, "interpreter") == []
    assert known(play, "witness") == []
    assert known(play, "judge") == ["P-1", "D-1"]
    assert known(play, "accused") == ["P-1", "D-1"]  # counsel filed for them


def test_the_policy_and_the_room_name_the_same_filers() -> None:
    seats = {SeatRole(code) for line in RULES["exhibit.file"] for code in line.seats}
    assert seats == FILERS
