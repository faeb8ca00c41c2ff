"""A protected witness: those who are screened get neither packets nor the name."""

import json
from dataclasses import replace

import pytest

from sessions.kinds import KINDS
from sessions.pseudonym import pseudonym
from signaling import messages as m
from signaling import state
from signaling.effects import enter
from signaling.engine import TrackId
from signaling.notices import notices
from signaling.routing import routes
from signaling.view import Surroundings, view
from tests.signaling.fakes import FakeMediaRoom
from tests.signaling.rooms import START, Play, sitting, who
from tests.signaling.world import World

PROTECTED, SCREENED = "witness2", ("accused", "victim")
ALL = frozenset(TrackId(PROTECTED, source) for source in ("microphone", "camera", "screen"))


def protected() -> Play:
    """The second witness is screened from the accused and the victim, and gives evidence."""
    booked = sitting()
    seats = tuple(
        replace(seat, screened_from=frozenset(SCREENED)) if seat.id == PROTECTED else seat
        for seat in booked.seats
    )
    booked = replace(booked, seats=seats)
    play = Play(state.start(booked, KINDS[booked.kind], START))
    play.arrive(*(seat.id for seat in seats))
    play.do("accused", m.Attest(identity=True, restraints_off=True))
    play.do("clerk", m.Open())
    play.do("clerk", m.Admit(seats="all"))
    play.do("judge", m.Admit(seats=[PROTECTED]))
    play.do(PROTECTED, m.Sources(microphone=True, camera=True))
    play.do("judge", m.Floor(seat=PROTECTED))
    return play


def told(play: Play, viewer: str, language: str) -> str:
    """Everything that a page is sent of the state and of what happened, as text."""
    shown = view(play.room, who(viewer), language, Surroundings(play.now))
    said = [one.params for one in notices(play.room, play.facts) if viewer in one.to]
    return json.dumps([shown, said], ensure_ascii=False)


@pytest.mark.parametrize("viewer", SCREENED)
def test_the_name_is_in_nothing_that_a_screened_page_is_sent(viewer: str) -> None:
    play = protected()
    for language, name in (("en", "Witness A"), ("ar", "الشاهد أ")):
        text = told(play, viewer, language)
        assert f"Name of {PROTECTED}" not in text
        assert f"اسم {PROTECTED}" not in text
        assert name in text


@pytest.mark.parametrize("viewer", ["judge", "clerk", "counsel", "prosecutor"])
def test_all_others_see_the_name(viewer: str) -> None:
    assert f"Name of {PROTECTED}" in told(protected(), viewer, "en")


def test_media_is_withheld_from_the_screened_alone() -> None:
    play = protected()
    for seat, route in routes(play.room).items():
        assert route.withheld == (ALL if seat in SCREENED else frozenset()), seat


def test_a_new_media_room_is_told_first() -> None:
    media = FakeMediaRoom("s1", lambda _event: None, [])
    enter(media, protected().room)
    assert media.withheld == dict.fromkeys(SCREENED, ALL)


def test_the_bench_is_never_screened() -> None:
    play = protected()
    seat = replace(play.room.seat(PROTECTED), screened_from=frozenset({"judge"}))
    seats = tuple(seat if one.id == PROTECTED else one for one in play.room.sitting.seats)
    play.room = state.Room(replace(play.room.sitting, seats=seats), play.room.kind, play.room.live)
    assert routes(play.room)["judge"].withheld == frozenset()
    assert f"Name of {PROTECTED}" in told(play, "judge", "en")


def test_letters_go_by_role() -> None:
    booked = protected().room.sitting
    seats = tuple(
        replace(seat, screened_from=frozenset({"accused"}))
        if seat.id in ("witness", PROTECTED, "expert")
        else seat
        for seat in booked.seats
    )
    booked = replace(booked, seats=seats)
    names = [pseudonym(booked, seat, "en") for seat in seats if seat.screened_from]
    assert names == ["Witness A", "Witness B", "Expert A"]


async def test_ties_that_change_in_a_running_sitting_count_at_once(world: World) -> None:
    """The booking side screens a person from somebody who is in already: before anybody is told."""
    people = await world.hearing()
    await world.come("witness2")
    await people["clerk"].ok(
        m.IdentityCheck(seat="witness2", result="verified", document="passport", last4="1234")
    )
    await people["clerk"].ok(m.Admit(seats=["witness2"]))
    room = world.live._rooms[world.sitting.id]
    booked = room.room.sitting
    assert "counsel" not in world.media.withheld
    seats = tuple(
        replace(seat, screened_from=frozenset({"counsel"})) if seat.id == "witness2" else seat
        for seat in booked.seats
    )
    await room.moved(replace(booked, seats=seats))
    assert world.media.withheld["counsel"] == ALL
    shown = next(one for one in people["counsel"].state["seats"] if one["id"] == "witness2")
    assert shown["screened"]
    assert shown["name"] == "الشاهد أ"
    await room.moved(booked)
    assert world.media.withheld["counsel"] == frozenset()
