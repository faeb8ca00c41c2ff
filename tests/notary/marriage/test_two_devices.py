"""Bad input: a person admitted twice from two devices. The real live room, by its messages."""

import asyncio
from pathlib import Path

import pytest

from errors import Refusal
from notary.marriage.application import Part
from signaling import messages as m
from signaling.page import TAKEN_OVER
from tests.notary.marriage.conftest import PEOPLE, Court
from tests.notary.marriage.sitting import PARTS, make
from tests.signaling.world import World as Room


async def test_a_person_admitted_twice_is_refused(lite: Court, tmp_path: Path) -> None:
    world = make(lite, tmp_path)
    await world.book()
    assert world.sitting is not None
    room = Room(lite.house, world.sitting)
    world.live.sight = room.live.sight  # type: ignore[method-assign]
    room.live.watch(world.services.watching.saw)
    watching = asyncio.create_task(world.services.watching.run())
    try:
        officiant = await room.come("officiant", username="officiant")
        await officiant.ok(m.Open())
        tablet = await room.come("groom", "tablet", username="groom")
        for part in PARTS[1:-1]:
            await room.come(PEOPLE[part], username=PEOPLE[part])
        await world.services.conducting.open(world.officiant, world.id)
        await world.verify(*PARTS[:-1])
        before = (await world.file()).majlis
        assert before is not None
        assert before.verified == set(PARTS)

        # The same account again, from a telephone: one seat, one page. The first page is told, and
        # nothing of it is taken any more.
        await room.come("groom", "telephone", username="groom")
        assert tablet.socket.sent[-1] == {"type": "bye", "reason": "taken_over"}
        assert tablet.socket.code == TAKEN_OVER
        assert await tablet.refused(m.Hand(raised=True)) == "protocol.taken_over"
        assert list(room.live.sight(world.sitting.id).pages.values()).count("telephone") == 1  # type: ignore[union-attr]

        # Who holds the telephone was not verified: the majlis does not begin with this person.
        await world.services.conducting.look(await world.file())
        after = (await world.file()).majlis
        assert after is not None
        assert after.verified == set(PARTS) - {Part.GROOM}
        with pytest.raises(Refusal) as caught:
            await world.services.conducting.unite(world.officiant, world.id)
        assert caught.value.code == "marriage.not_verified"
        await world.verify(Part.GROOM)
        again = (await world.file()).majlis
        assert again is not None
        assert again.verified == set(PARTS)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await room.live.close()
