"""From filing to the shared view, through the real live rooms and a real database."""

import asyncio
from pathlib import Path

import pytest

from database import Database
from errors import Forbidden, NotFound, Refusal
from recordings.exhibits import store
from recordings.exhibits.service import Exhibits
from recordings.keys import MemoryKeyStore
from recordings.papers.files import Papers
from signaling import messages as m
from tests.auth import house as houses
from tests.recordings.conftest import STORE_KEY
from tests.signaling import world as worlds
from tests.signaling.world import World
from tests.support.clock import SettableClock
from tests.support.papers import pdf


@pytest.fixture
async def world(database: Database, clock: SettableClock, tmp_path: Path) -> World:
    """SQLite, and PostgreSQL too."""
    found = await worlds.build(await houses.build(database, clock))
    wire(found, tmp_path)
    return found


def wire(world: World, folder: Path) -> Exhibits:
    house = world.house
    made = Exhibits(
        house.database,
        house.log,
        house.secret,
        Papers(folder / "exhibits", MemoryKeyStore(STORE_KEY)),
        house.sittings,
        world.live,
        house.clock,
    )
    world.live.exhibits = made
    return made


async def test_filed_shown_turned_ruled_and_stamped(world: World) -> None:
    exhibits = world.live.exhibits
    assert isinstance(exhibits, Exhibits)
    people, id = world.house.people, world.sitting.id
    early = await exhibits.file(people["prosecutor"], id, "Photograph", pdf(2))
    world.clock.advance(1)
    hearing = await world.hearing()
    assert [one["mark"] for one in hearing["judge"].state["exhibits"]] == ["P-1"]
    late = await exhibits.file(people["lawyer"], id, "Letter", pdf(), [])
    assert [one["mark"] for one in hearing["accused"].state["exhibits"]] == ["P-1", "D-1"]
    assert [one["mark"] for one in hearing["prosecutor"].state["exhibits"]] == ["P-1"]
    await hearing["clerk"].ok(m.OnRecord())
    victim = await world.come("victim")  # waits in the lobby
    await hearing["judge"].ok(m.ShowExhibit(exhibit=early.id, page=2))
    assert hearing["counsel"].state["exhibit"]["page"] == 2
    assert victim.state["exhibit"] is None

    with pytest.raises(Refusal) as shown:
        await exhibits.take_back(people["prosecutor"], id, early.id)
    assert shown.value.code == "exhibit.was_shown"
    await hearing["judge"].ok(m.RuleExhibit(exhibit=early.id, ruling="admitted"))
    await hearing["judge"].ok(m.ShowExhibit(exhibit=late.id))
    assert hearing["prosecutor"].state["exhibit"] is None
    journal = [
        (type, data.get("page"), data.get("text")) for type, _, data in await world.journal()
    ]
    assert [one for one in journal if one[0].startswith("exhibit.")] == [
        ("exhibit.shown", 2, "P-1 Photograph"),
        ("exhibit.admitted", None, "P-1 Photograph"),
        ("exhibit.withdrawn", None, None),
        ("exhibit.shown", 1, "D-1 Letter"),
    ]
    leaves = [leaf.entry for leaf in await world.house.log.leaves(id)]
    assert not any(b"Photograph" in entry or b"Letter" in entry for entry in leaves)
    listing = await exhibits.listing(people["judge"], id)
    assert listing.rulings == {early.id: "admitted"}


async def test_a_witness_gets_the_page_that_is_shown_and_only_inside(world: World) -> None:
    exhibits = world.live.exhibits
    assert isinstance(exhibits, Exhibits)
    people, id = world.house.people, world.sitting.id
    one = await exhibits.file(people["prosecutor"], id, "Photograph", pdf(2))
    world.clock.advance(1)
    hearing = await world.hearing()
    witness = await world.come("witness2")
    await hearing["clerk"].ok(m.OnRecord())
    await hearing["clerk"].ok(m.ShowExhibit(exhibit=one.id, page=2))
    for page in (1, 2):
        with pytest.raises(Forbidden) as refused:  # in the witness room
            await exhibits.page(people["witness"], id, one.id, page)
        assert refused.value.code == "policy.exhibit_not_open"
    await hearing["judge"].ok(m.Admit(seats=["witness2"]))
    assert witness.state["exhibit"]["page"] == 2
    assert witness.state["exhibits"] == []
    assert await exhibits.page(people["witness"], id, one.id, 2)
    with pytest.raises(Forbidden):
        await exhibits.page(people["witness"], id, one.id, 1)
    assert await exhibits.page(people["officer"], id, one.id, 2)  # beside the accused
    with pytest.raises(Forbidden):
        await exhibits.page(people["officer"], id, one.id, 1)
    await hearing["judge"].ok(m.HideExhibit())
    with pytest.raises(Forbidden):
        await exhibits.page(people["witness"], id, one.id, 2)
    filer = await exhibits.page(people["prosecutor"], id, one.id, 1)
    assert filer.startswith(b"\x89PNG")


async def test_what_is_taken_back_in_the_same_moment_is_not_shown(world: World) -> None:
    exhibits = world.live.exhibits
    assert isinstance(exhibits, Exhibits)
    people, id = world.house.people, world.sitting.id
    one = await exhibits.file(people["prosecutor"], id, "Photograph", pdf())
    world.clock.advance(1)
    hearing = await world.hearing()
    await hearing["clerk"].ok(m.OnRecord())
    async with world.house.database.unit() as session:  # the room has not heard of it yet
        assert await store.take_back(session, id, one.id, world.clock())
    assert await hearing["judge"].refused(m.ShowExhibit(exhibit=one.id)) == "exhibit.unknown"
    assert hearing["judge"].state["exhibit"] is None
    with pytest.raises(NotFound):
        await exhibits.take_back(people["prosecutor"], id, one.id)


async def test_two_who_file_at_once_get_two_marks(world: World) -> None:
    exhibits = world.live.exhibits
    assert isinstance(exhibits, Exhibits)
    people, id = world.house.people, world.sitting.id
    both = [exhibits.file(people["prosecutor"], id, f"No {n}", pdf()) for n in range(2)]
    assert {one.mark for one in await asyncio.gather(*both)} == {"P-1", "P-2"}


async def test_after_a_restart_the_list_and_the_rulings_are_there(
    world: World, tmp_path: Path
) -> None:
    exhibits = world.live.exhibits
    assert isinstance(exhibits, Exhibits)
    id = world.sitting.id
    one = await exhibits.file(world.house.people["prosecutor"], id, "Photograph", pdf())
    world.clock.advance(1)
    hearing = await world.hearing()
    await hearing["clerk"].ok(m.OnRecord())
    await hearing["judge"].ok(m.ShowExhibit(exhibit=one.id))
    await hearing["judge"].ok(m.RuleExhibit(exhibit=one.id, ruling="admitted"))
    world.house.sittings.listeners.clear()
    world.start()
    wire(world, tmp_path)
    await world.live.restore()
    judge = await world.come("judge")
    assert judge.state["exhibit"] is None  # the record was interrupted
    assert [(each["mark"], each["ruling"]) for each in judge.state["exhibits"]] == [
        ("P-1", "admitted")
    ]
    assert ("exhibit.withdrawn", None) in [(type, seat) for type, seat, _ in await world.journal()]
