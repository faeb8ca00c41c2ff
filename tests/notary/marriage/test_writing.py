"""Officiant and spouse write in the private room: only the two read it, and nothing is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from audit import store as leaves
from errors import BadInput, Forbidden, NotFound, Refusal
from notary.marriage.application import Part
from notary.marriage.scene import Scene, take
from tests.notary.marriage.conftest import Court
from tests.notary.marriage.sitting import PARTS, World, make

ASKED = ("free", "alone", "content")
WORDS = "لا يضغط علي أحد zahra-7731"


@pytest.fixture
def world(lite: Court, tmp_path: Path) -> World:
    return make(lite, tmp_path)


async def refused(call: Any, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        await call
    assert caught.value.code == code, caught.value.code


async def scene(world: World) -> Scene:
    async with world.court.core.database.unit(write=False) as session:
        return await take(session, world.live, await world.file())


async def read(world: World, part: Part) -> list[str]:
    """What this person's page shows of it now."""
    now = await scene(world)
    lines = world.services.writing.lines(now.one, now, part)
    return [line.question or line.words for line in lines]


async def alone(world: World) -> None:
    """The bride is with the officiant in the private room."""
    await world.open()
    await world.verify(*PARTS[:-1])
    world.see(private=(world.seats(Part.BRIDE, Part.OFFICIANT),))


async def everything_stored(world: World) -> str:
    """Every row of every table."""
    found = []
    async with world.court.core.database.unit(write=False) as session:
        names = await session.scalars(text("select name from sqlite_master where type = 'table'"))
        for name in list(names):
            rows = await session.execute(text(f'select * from "{name}"'))
            found += [str(row) for row in rows]
    return "\n".join(found)


async def test_both_read_it_and_nobody_else(world: World) -> None:
    await alone(world)
    work, officiant = world.services.writing, world.officiant
    bride = world.court.who(Part.BRIDE)
    await work.write(officiant, world.id, "", "free")
    await work.write(bride, world.id, WORDS)
    await work.write(officiant, world.id, "And the dower?")
    for part in (Part.BRIDE, Part.OFFICIANT):
        assert await read(world, part) == ["free", WORDS, "And the dower?"]
    for part in (Part.GROOM, Part.GUARDIAN, Part.WITNESS_1, Part.WITNESS_2):
        assert await read(world, part) == []
        await refused(
            work.write(world.court.who(part), world.id, "Say yes."), "marriage.not_private_now"
        )
    with pytest.raises((Forbidden, NotFound)):
        await work.write(world.court.clerk, world.id, "Say yes.")
    assert "zahra-7731" not in await everything_stored(world)


async def test_the_conclusion_says_that_it_was_written_and_keeps_no_word(world: World) -> None:
    await alone(world)
    work, bride = world.services.writing, world.court.who(Part.BRIDE)
    await work.write(world.officiant, world.id, "", "free")
    await work.write(bride, world.id, WORDS)
    conducting = world.services.conducting
    await conducting.consent(world.officiant, world.id, Part.BRIDE, True, ASKED)
    assert await read(world, Part.OFFICIANT) == await read(world, Part.BRIDE) == []
    async with world.court.core.database.unit(write=False) as session:
        stored = await leaves.of_subject(session, world.id)
    said = [json.loads(one.entry) for one in stored]
    consent = next(one for one in said if one["t"].endswith("majlis.consent.given"))
    assert (consent["d"]["asked"], consent["d"]["written"]) == (list(ASKED), True)
    assert "zahra-7731" not in await everything_stored(world)
    # The groom speaks: nothing says that he wrote.
    await world.consent(Part.GROOM)
    async with world.court.core.database.unit(write=False) as session:
        last = json.loads((await leaves.of_subject(session, world.id))[-1].entry)
    assert "written" not in last["d"]


@pytest.mark.parametrize("ends", ["room", "page", "guardian"])
async def test_it_is_gone_with_the_private_room(world: World, ends: str) -> None:
    """Also when another page holds her seat, or somebody else is let in: nobody knows who reads."""
    await alone(world)
    work, bride = world.services.writing, world.court.who(Part.BRIDE)
    await work.write(bride, world.id, WORDS)
    before = world.live.sight((await world.file()).sitting)
    assert before is not None
    if ends == "room":
        world.see(private=())
    elif ends == "page":
        world.see(pages={**before.pages, world.seat(Part.BRIDE): "another-page"})
    else:
        world.see(private=(world.seats(Part.BRIDE, Part.OFFICIANT, Part.GUARDIAN),))
        assert await read(world, Part.BRIDE) == []
        await refused(work.write(bride, world.id, WORDS), "marriage.not_private_now")
    now = world.live.sight((await world.file()).sitting)
    assert now is not None
    work.saw(now)
    if ends != "guardian":  # what was hidden while a third was there is shown to the two again
        world.see(private=before.private, pages=before.pages)
        assert await read(world, Part.BRIDE) == []
        assert await read(world, Part.OFFICIANT) == []


async def test_what_is_refused(world: World) -> None:
    await world.book()
    work, bride = world.services.writing, world.court.who(Part.BRIDE)
    await refused(work.write(bride, world.id, WORDS), "marriage.not_private_now")  # not open
    await world.services.conducting.open(world.officiant, world.id)
    await refused(work.write(bride, world.id, WORDS), "marriage.not_private_now")  # in the lobby
    world.see(private=(world.seats(Part.BRIDE, Part.OFFICIANT),))
    for words, question in ((" ", ""), ("", "unknown"), ("x" * 501, "")):
        with pytest.raises(BadInput):
            await work.write(world.officiant, world.id, words, question)
    with pytest.raises(BadInput):  # she answers; the officiant asks
        await work.write(bride, world.id, "", "free")
    for _ in range(60):
        await work.write(bride, world.id, WORDS)
    await refused(work.write(bride, world.id, WORDS), "marriage.too_much")
