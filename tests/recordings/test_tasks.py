"""The first page says what waits for the bench after a sitting."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from auth.person import Person
from recordings.minutes import minutes
from tests.auth.house import Browser
from tests.recordings.sealed import Kept, kept

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path, NOW) as made:
        yield made


async def test_minutes_and_transcripts_wait_for_whom_the_policy_names(world: Kept) -> None:
    house, sitting = world.house, world.sitting
    judge, clerk = world.bench()

    async def of(person: Person) -> list[str]:
        found = await house.tasks.of(person, await house.sittings.mine(person))
        assert all(task.path.startswith(f"/sittings/{sitting.id}/") for task in found)
        return [task.text for task in found]

    assert await of(judge) == await of(clerk) == []
    await house.minutes.begin(clerk, sitting.id, "ar")
    assert await of(judge) == ["Read and approve the minutes"]
    assert await of(clerk) == ["Finish the minutes"]
    content = minutes.written("10:00:00 فُتحت الجلسة", "", "أُجلت الجلسة")
    await house.minutes.save(clerk, sitting.id, base=1, content=content)
    await house.minutes.approve(judge, sitting.id)
    assert await of(clerk) == ["Sign the minutes"]
    assert await of(judge) == [], "the clerk signs first"
    await house.minutes.give_back(judge, sitting.id)

    made = await house.transcripts.request(clerk, sitting.id, language="ar", reason="Appeal")
    assert (await of(judge))[0] == "Decide whether a transcript is made"
    await house.transcripts.authorise(judge, sitting.id, made.id)
    assert (await of(clerk))[0] == "Choose who types a transcript"
    await house.transcripts.assign(judge, sitting.id, made.id, clerk.id)
    assert (await of(clerk))[0] == "Type a transcript"
    assert await of(judge) == ["Read and approve the minutes"]

    browser = Browser(app.create_app(house))
    await browser.sign_in(judge.username)
    words = await browser.sees("/en/sittings")
    assert f'href="/en/sittings/{sitting.id}/minutes"' in words
    assert "Read and approve the minutes" in words
