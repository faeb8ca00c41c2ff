"""Whoever left, was removed or was signed out, and comes back: the media room has forgotten the
seat meanwhile, and must know again what may flow there and what never may."""

from dataclasses import replace

import pytest

from signaling import messages as m
from signaling.engine import SOURCES, HearingSpace, TrackId
from tests.signaling.test_rights import settled
from tests.signaling.world import Visitor, World

HIDDEN = frozenset(TrackId("witness2", source) for source in SOURCES)
HEARING = HearingSpace("sitting1")


async def with_a_protected_witness(world: World) -> dict[str, Visitor]:
    """Counsel may never see nor hear the second witness."""
    people = await world.hearing()
    room = world.live._rooms[world.sitting.id]
    booked = room.room.sitting
    seats = tuple(
        replace(seat, screened_from=frozenset({"counsel"})) if seat.id == "witness2" else seat
        for seat in booked.seats
    )
    await room.moved(replace(booked, seats=seats))
    assert world.media.withheld["counsel"] == HIDDEN
    return people


async def leave(world: World, people: dict[str, Visitor]) -> None:
    await people["counsel"].ok(m.Leave())


async def removed(world: World, people: dict[str, Visitor]) -> None:
    await people["judge"].ok(m.Remove(seat="counsel", reason="disorder"))
    await people["judge"].ok(m.Readmit(seat="counsel"))


@pytest.mark.parametrize("away", [leave, removed])
async def test_a_protected_witness_stays_withheld(world: World, away: object) -> None:
    people = await with_a_protected_witness(world)
    await away(world, people)  # type: ignore[operator]
    assert ("leave", "counsel") in world.calls
    assert world.media.withheld["counsel"] == HIDDEN, "before anybody connects"

    counsel = await world.come("counsel", "page-again")
    await people["clerk"].ok(m.Admit(seats=["counsel"]))
    await counsel.ok(m.Sources(microphone=True, camera=True))
    assert world.media.spaces["counsel"] == HEARING
    assert world.media.withheld["counsel"] == HIDDEN
    assert world.media.permits["counsel"] == {"microphone", "camera"}


async def test_who_was_signed_out_is_heard_again_in_the_same_place(world: World) -> None:
    people = await with_a_protected_witness(world)
    person = people["counsel"].page.who.person
    await world.house.accounts.sign_out_everywhere(person)
    await settled(world)
    assert people["counsel"].socket.of("bye")

    counsel = await world.come("counsel", "page-again")
    await counsel.ok(m.Sources(microphone=True, camera=True))
    assert counsel.state["me"]["place"] == "hearing"
    assert world.media.spaces["counsel"] == HEARING
    assert world.media.permits["counsel"] == {"microphone", "camera"}
    assert world.media.withheld["counsel"] == HIDDEN
