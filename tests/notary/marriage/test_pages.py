"""The path of a marriage file over its pages, and every bad input of it."""

import re
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


async def test_a_bride_who_knows_no_arabic_and_a_groom_who_is_mute(town: Town) -> None:
    id = await town.gather()
    page = await town.get("bride", f"/marriages/{id}/people")
    assert "Urdu" in page
    needs = {"needs.bride": "ur", "needs.groom": "writing"}
    assert (await town.save("bride", id, "people", **needs)).status_code == 303
    assert (await town.post("bride", f"/marriages/{id}/submit")).status_code == 303
    refused = await town.api("family_judge", f"/api/marriages/{id}/approve", {})
    assert "R-MR-21" in await text(refused)
    assert f"/marriages/{id}/interpreters" in await town.get("clerk", f"/marriages/{id}/review")

    place = f"/marriages/{id}/interpreters"
    page = await town.get("clerk", place)
    account = re.search(r'<option value="(\w+)"', page.split('name="ur.account"')[1])
    assert account is not None
    typed = {
        "language": "ur", "ur.account": account[1], "ur.document": "passport",
        "ur.number": "", "ur.relation_to_groom": "none", "ur.relation_to_bride": "none",
    }  # fmt: skip
    wrong = await town.post("clerk", place, typed)
    assert wrong.status_code == 400
    assert 'id="ur.number"' in await text(wrong)
    assert (await town.post("clerk", place, typed | {"ur.number": "N1234567"})).status_code == 303
    assert "N1234567" in await town.get("clerk", place)
    await town.accept(id)
    await town.pay(id)
    await town.book(id)
    assert "/interpreters" in await town.get("officiant", f"/marriages/{id}")
    sitting = (await town.file(id)).sitting
    assert sitting
    # The interpreter sees the state and who takes part, and nothing of the application.
    mine = await town.get("interpreter", f"/marriages/{id}")
    assert "784-1990-1111111-1" not in mine
