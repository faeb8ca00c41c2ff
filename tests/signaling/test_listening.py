"""Who hears nothing is noticed by the media itself, while the socket still looks alive."""

from dataclasses import replace

from signaling import messages as m
from signaling.engine import TrackId, TrackSilent
from tests.signaling.fakes import line
from tests.signaling.test_service import settle
from tests.signaling.world import World


def hears(world: World, seat: str, unheard_for: float) -> None:
    world.media.lines[seat] = replace(line(), unheard_for=unheard_for)


async def seconds(world: World, number: int, **unheard: float) -> None:
    """Time goes on; of these seats nothing was heard for so long at its beginning."""
    for past in range(1, number + 1):
        world.clock.advance(1)
        for seat, before in unheard.items():
            hears(world, seat, before + past)
        await world.live.tick()


def of(types: set[str], journal: list[tuple[str, str | None, dict[str, object]]]) -> list[str]:
    return [type for type, _, _ in journal if type in types]


CUTS = {"line.cut", "line.back", "missed", "seat.left", "seat.joined"}


async def test_a_cut_is_noticed_told_and_its_seconds_written_down(world: World) -> None:
    people = await world.hearing()
    hears(world, "counsel", 0.2)
    await world.live.tick()
    before = len(await world.journal())
    began = world.clock.now

    await seconds(world, 2, counsel=0.0)
    assert of(CUTS, (await world.journal())[before:]) == ["line.cut"]
    assert "line_cut" in people["judge"].socket.events()
    assert people["counsel"].state["me"]["missing_since"].startswith(f"{began:%Y-%m-%dT%H:%M:%S}")
    seen = {seat["id"]: seat for seat in people["judge"].state["seats"]}
    assert seen["counsel"]["missing_since"]
    others = {seat["id"]: seat for seat in people["accused"].state["seats"]}
    assert others["counsel"]["missing_since"] is None

    await seconds(world, 8, counsel=2.0)
    hears(world, "counsel", 0.0)
    await world.live.tick()
    journal = (await world.journal())[before:]
    assert of(CUTS, journal) == ["line.cut", "line.back", "missed"]
    assert journal[-1][2] | {"from": "", "until": ""} == {
        "from": "",
        "until": "",
        "ms": 10_000,
        "why": "disconnected",
    }
    (stretch,) = people["counsel"].state["me"]["missed"]
    assert stretch["seconds"] == 10
    assert people["counsel"].state["me"]["missing_since"] is None
    assert "missed" in people["judge"].socket.events()

    await people["counsel"].ok(m.AckMissed())
    assert people["counsel"].state["me"]["missed"] == []
    seen = {seat["id"]: seat for seat in people["judge"].state["seats"]}
    assert seen["counsel"]["missed_seconds"] == 10


async def test_a_cut_with_the_socket_counts_once_and_from_the_last_sign(world: World) -> None:
    """The line dies, the socket with it; the page comes back, and its media after it."""
    people = await world.hearing()
    hears(world, "counsel", 0.0)
    await world.live.tick()
    people["counsel"].gone()
    await seconds(world, 20, counsel=0.0)
    assert not world.live._rooms["sitting1"].room.at("counsel").present

    back = await world.come("counsel")
    assert back.state["me"]["missing_since"], "no media yet"
    await seconds(world, 1, counsel=20.0)
    hears(world, "counsel", 0.0)
    await world.live.tick()
    found = [data for type, _, data in await world.journal() if type == "missed"]
    assert [item["ms"] for item in found] == [21_000]


async def test_a_short_cut_of_everything_counts_from_the_last_sign(world: World) -> None:
    people = await world.hearing()
    hears(world, "counsel", 0.0)
    await world.live.tick()
    people["counsel"].gone()
    await seconds(world, 10, counsel=0.0)
    back = await world.come("counsel")
    hears(world, "counsel", 0.0)
    await world.live.tick()
    (stretch,) = back.state["me"]["missed"]
    assert stretch["seconds"] == 10


async def test_a_silent_line_in_the_lobby_or_in_recess_misses_nothing(world: World) -> None:
    people = await world.hearing()
    hears(world, "counsel", 0.0)
    await people["judge"].ok(m.Recess(minutes=5))
    await seconds(world, 10, counsel=0.0)
    assert "line.cut" not in of(CUTS, await world.journal())
    await people["judge"].ok(m.Resume())
    await seconds(world, 1, counsel=10.0)
    assert "line.cut" not in of(CUTS, await world.journal()), "it counts from the resumption"
    await seconds(world, 2, counsel=11.0)
    await people["judge"].ok(m.Recess(minutes=5))
    await world.live.tick()
    found = [data for type, _, data in await world.journal() if type == "missed"]
    assert [item["ms"] for item in found] == [3_000]
    assert not world.live._rooms["sitting1"].room.at("counsel").cut


async def test_a_page_without_media_is_not_called_cut(world: World) -> None:
    await world.hearing()
    for _ in range(30):
        world.clock.advance(1)
        await world.live.tick()
    assert "line.cut" not in of(CUTS, await world.journal())


async def test_silence_of_a_track_is_in_the_journal_at_once(world: World) -> None:
    people = await world.hearing()
    world.media.on_event(TrackSilent(TrackId("counsel", "microphone")))
    await settle(world.live)
    journal = await world.journal()
    assert ("media.silent", "counsel", {"source": "microphone"}) in journal
    assert "media_silent" in people["judge"].socket.events()
    assert "media_silent" in people["counsel"].socket.events()
