"""The path of a marriage file over its pages, and every bad input of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notary.marriage.application import Part
from notary.marriage.workflow import FileState
from tests.notary.marriage.pages import Town, running
from tests.support.clock import SettableClock

DAY_S = 86_400


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Town]:
    async with running(tmp_path, clock) as made:
        yield made


async def text(answer: object) -> str:
    return str(await answer.get_data(as_text=True))  # type: ignore[attr-defined]


async def test_from_two_devices_to_the_booked_officiant(town: Town) -> None:
    id = await town.submitted()
    assert id in await town.get("family_judge", "/court/marriages")
    assert id in await town.get("groom", "/marriages")
    assert "M-" in await town.get("family_judge", f"/marriages/{id}/review")
    await town.accept(id)
    await town.pay(id)
    one = await town.file(id)
    assert (one.state, one.paid, one.delivery) == (FileState.PAID, True, "collect")
    assert one.application.conditions == {Part.GROOM: (), Part.BRIDE: ("إكمال الدراسة",)}
    await town.book(id)
    one = await town.file(id)
    assert (one.state, bool(one.sitting)) == (FileState.SCHEDULED, True)
    assert id in await town.get("officiant", "/officiant/marriages")
    assert id not in await town.get("family_judge", "/officiant/marriages")
    await town.get("officiant", f"/marriages/{id}")


async def test_an_officiant_declines_and_a_guardian_withdraws(town: Town) -> None:
    """Either gives the hour free again."""
    id = await town.paid()
    await town.book(id)
    first = (await town.file(id)).sitting
    said = {"words": "أنا عمها", "relative": "uncle", "of": "bride"}
    assert await town.code("groom", f"/marriages/{id}/decline", said) == "policy.wrong_role"
    answer = await town.post("officiant", f"/marriages/{id}/decline", said)
    assert answer.status_code == 303, await text(answer)
    one = await town.file(id)
    assert (one.state, one.sitting, one.seats.get(Part.OFFICIANT)) == (FileState.PAID, "", None)
    await town.book(id)
    assert (await town.file(id)).sitting != first
    await town.post("guardian", f"/marriages/{id}/answer", {"consents": "no"})
    one = await town.file(id)
    assert (one.state, one.sitting) == (FileState.RETURNED, "")
