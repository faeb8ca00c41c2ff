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


async def test_from_two_devices_to_the_paid_fee(town: Town) -> None:
    id = await town.paid()
    one = await town.file(id)
    assert (one.state, one.paid, one.delivery) == (FileState.PAID, True, "collect")
    assert one.application.conditions == {Part.GROOM: (), Part.BRIDE: ("إكمال الدراسة",)}
    assert await town.slots(id)
    assert "M-" in await town.get("family_judge", f"/marriages/{id}/review")
