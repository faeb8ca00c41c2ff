"""The presiding judge seals an exhibit after it was filed, or opens it: every view follows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit import leaf as leaves
from auth.session import Login
from database import Database
from errors import BadInput, Forbidden, NotFound, Refusal
from recordings.access import check
from recordings.access.order import Part, Use
from recordings.exhibits.service import Exhibits
from recordings.manifest import Happening
from recordings.minutes import drafting
from recordings.rows import RecordRows
from recordings.works import store as works_store
from recordings.works.work import State
from sessions.seat import SeatRole
from signaling import messages as m
from tests.auth import house as houses
from tests.recordings.sealed import Kept, kept
from tests.recordings.test_exhibits import file, leave, told
from tests.recordings.test_exhibits_live import wire
from tests.signaling import world as worlds
from tests.signaling.world import Visitor, World
from tests.support.clock import SettableClock
from tests.support.papers import pdf

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path, NOW) as found:
        yield found


@pytest.fixture
async def live(database: Database, clock: SettableClock, tmp_path: Path) -> World:
    """SQLite, and PostgreSQL too."""
    found = await worlds.build(await houses.build(database, clock))
    wire(found, tmp_path)
    return found


def shown(visitor: Visitor) -> str | None:
    """The mark of the exhibit that a page shows."""
    now = visitor.state["exhibit"]
    return str(now["mark"]) if now else None


async def test_the_room_follows_at_once(live: World) -> None:
    exhibits = live.live.exhibits
    assert isinstance(exhibits, Exhibits)
    people, id = live.house.people, live.sitting.id
    one = await exhibits.file(people["prosecutor"], id, "Photograph", pdf())
    live.clock.advance(1)
    hearing = await live.hearing()
    await hearing["clerk"].ok(m.OnRecord())
    await hearing["judge"].ok(m.ShowExhibit(exhibit=one.id))
    counsel, accused = hearing["counsel"], hearing["accused"]
    assert shown(counsel) == shown(accused) == "P-1"

    await exhibits.seal(people["judge"], id, one.id, ["accused"], "A minor is named in it")
    assert shown(counsel) is None
    assert counsel.state["exhibits"] == []
    for name in ("accused", "prosecutor", "judge", "clerk"):
        assert shown(hearing[name]) == "P-1", name
    with pytest.raises(NotFound):
        await exhibits.page(people["lawyer"], id, one.id, 1)
    assert (await exhibits.listing(people["judge"], id)).sealings[0].reason.startswith("A minor")
    assert (await exhibits.listing(people["prosecutor"], id)).sealings == ()

    await exhibits.seal(people["judge"], id, one.id, None, "The name was blackened")
    assert shown(counsel) == "P-1"
    assert await exhibits.page(people["lawyer"], id, one.id, 1)
    found = [leaves.decode(leaf.entry) for leaf in await live.house.log.leaves(id)]
    said = [(one.type, one.data or {}) for one in found if "seal" in one.type]
    told = [(type, data.get("seats")) for type, data in said]
    assert told == [("exhibit.sealed", ["accused"]), ("exhibit.unsealed", None)]
    assert not any("minor" in str(one.data) or "blackened" in str(one.data) for one in found)


async def test_only_the_presiding_judge_with_a_reason_and_no_other(world: Kept) -> None:
    exhibits, id = world.house.exhibits, world.sitting.id
    judge, clerk = world.bench()
    claimant = world.holder("civil_hearing", SeatRole.CLAIMANT)
    one = await file(world, claimant)
    before = await world.types(id)
    for person in (clerk, claimant):
        with pytest.raises(Forbidden):
            await exhibits.seal(person, id, one.id, [], "Because")
    with pytest.raises(BadInput) as wrong:
        await exhibits.seal(judge, id, one.id, [], "  ")
    assert (wrong.value.code, wrong.value.field) == ("recording.text", "reason")
    with pytest.raises(BadInput) as nobody:
        await exhibits.seal(judge, id, one.id, ["nobody"], "Because")
    assert nobody.value.code == "exhibit.named"
    with pytest.raises(Refusal) as is_open:
        await exhibits.seal(judge, id, one.id, None, "Because")
    assert is_open.value.code == "exhibit.is_open"
    with pytest.raises(NotFound):
        await exhibits.seal(judge, id, "unknown", [], "Because")
    assert await world.types(id) == before
    await exhibits.seal(judge, id, one.id, [], "Because")
    with pytest.raises(Refusal) as again:
        await exhibits.seal(judge, id, one.id, [], "Because")
    assert again.value.code == "exhibit.is_sealed"
    said = [each async for each in RecordRows().check(world.house.database)]
    assert not [each for each in said if "exhibit" in each]


async def test_players_films_and_minutes_follow(world: Kept) -> None:
    house, id = world.house, world.sitting.id
    judge, _ = world.bench()
    respondent = world.holder("civil_hearing", SeatRole.RESPONDENT)
    one = await file(world, world.holder("civil_hearing", SeatRole.CLAIMANT), "Report")
    await told(world, 1000, "exhibit.shown", exhibit=one.id, page=1, text="P-1 Report")
    await leave(world, respondent, Part())
    viewing = await house.playback.view(respondent, id)
    assert await house.played.page(respondent, id, viewing, one.id, 1)
    film = await house.works.ask(judge, id, kind="film", language="en")
    async with house.database.unit() as session:
        await works_store.move(session, film.id, film.state, State.MADE, sha256="0" * 64)

    await house.exhibits.seal(judge, id, one.id, [], "A minor is named in it")
    with pytest.raises(Forbidden):
        await house.played.page(respondent, id, viewing, one.id, 1)
    data = await house.playback.timeline(respondent, id, viewing, "en")
    assert "Report" not in str(data["chapters"])
    scope = await house.playback.scope_of(respondent, id, use=Use.COPY)
    held, _ = await house.playback.contents(id, scope, {"mark": "for one"})
    assert not [name for name in held.files if name.startswith("documents/exhibits/")]
    login = Login(id="l", person=judge, created_at=house.clock(), seen_at=house.clock())
    with pytest.raises(Refusal) as narrowed:  # the film shows it, even to the judge
        await house.works.take(login, id, film.id)
    assert narrowed.value.code == "work.narrowed"
    made = await house.works.ask(respondent, id, kind="bundle", language="en")
    async with house.database.unit(write=False) as session:
        kept_scope = await works_store.scope(session, made.id)
        now = await check.scope_of(session, respondent, world.sitting, NOW, use=Use.COPY)
    assert kept_scope.exhibits == {one.id}  # a bundle that is made later holds it back too
    assert now.opens(kept_scope)
    happened = Happening(NOW, "exhibit.shown", None, {"exhibit": one.id, "text": "P-1 Report"})
    closed = frozenset({one.id})
    drafted = drafting.drafted(world.sitting, [happened], "en", "Asia/Dubai", closed)
    assert "Report" not in str(drafted)
    assert "Report" in str(drafting.drafted(world.sitting, [happened], "en", "Asia/Dubai"))
