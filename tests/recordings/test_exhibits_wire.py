"""Exhibits over the wire: a browser files one, reads the list and a page; others may not."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from quart.datastructures import FileStorage

from tests.auth import wire
from tests.auth.wire import GUEST, Wire
from tests.support.papers import pdf


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Wire]:
    async with wire.running(tmp_path) as running:
        yield running


async def file(house: Wire, name: str, data: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
    """As the room's panel files: a form with a file, answered as JSON."""
    browser = await house.browser(name)
    response = await browser.client.post(
        f"/en/sittings/{house.criminal.id}/exhibits",
        form={"title": "Photograph", **fields},
        files={"file": FileStorage(io.BytesIO(data), filename="scan.png")},
        headers={"Accept": "application/json", "X-CSRF-Token": browser.token},
    )
    return response.status_code, await response.get_json()


def noise(side: int) -> bytes:
    """A picture of more than a megabyte: the application's limit for other requests."""
    out = io.BytesIO()
    Image.effect_noise((side, side), 90).save(out, "PNG")
    return out.getvalue()


async def test_an_exhibit_is_filed_read_and_taken_back(house: Wire) -> None:
    large = noise(1300)
    assert len(large) > 1_000_000
    status, answer = await file(house, "lawyer", large, sealed="1")
    assert (status, answer) == (200, {"next": f"/en/sittings/{house.criminal.id}/exhibits"})
    status, answer = await file(house, "lawyer", b"MZ\x90")
    assert (status, answer["code"], answer["field"]) == (400, "upload.type", "file")
    status, answer = await file(house, "witness", pdf())
    assert (status, answer["code"]) == (403, "policy.wrong_role")

    mine = await house.browser("lawyer")
    path = f"/sittings/{house.criminal.id}/exhibits"
    for language, words in (("en", "Take it back"), ("ar", "سحبه")):
        page = await mine.sees(f"/{language}{path}")
        assert words in page
        assert "D-1" in page
    prosecutor = await (await house.browser("prosecutor")).sees(f"/en{path}")
    assert "D-1" not in prosecutor  # sealed
    assert "P-1" in prosecutor
    assert path in await mine.sees(f"/en/sittings/{house.criminal.id}")

    sealed = (await house.house.exhibits.of_sitting(house.criminal.id))[-1]
    picture = f"/api/sittings/{house.criminal.id}/exhibits/{sealed.id}/pages/1"
    for name, expected in (("lawyer", 200), ("judge", 200), ("prosecutor", 404), (GUEST, 404)):
        answer_ = await (await house.browser(name)).client.get(picture)
        assert answer_.status_code == expected, name
    got = await mine.client.get(picture)
    assert got.content_type == "image/png"
    assert got.headers["Cache-Control"] == "no-store"
    assert max(Image.open(io.BytesIO(await got.get_data(as_text=False))).size) == 1300

    back = await mine.post(f"/en{path}/{sealed.id}/take-back")
    assert back.status_code == 303
    assert (await mine.client.get(picture)).status_code == 404


async def test_a_refused_form_is_shown_again_with_what_was_typed(house: Wire) -> None:
    browser = await house.browser("prosecutor")
    response = await browser.client.post(
        f"/ar/sittings/{house.criminal.id}/exhibits",
        form={"title": "صورة العقد", "csrf_token": browser.token},
        files={"file": FileStorage(io.BytesIO(b""), filename="nothing")},
    )
    page = await response.get_data(as_text=True)
    assert response.status_code == 400
    assert 'value="صورة العقد"' in page
    assert 'id="file-error"' in page


async def test_the_judge_seals_one_by_the_form_and_opens_it_again(house: Wire) -> None:
    status, _ = await file(house, "prosecutor", noise(40))
    assert status == 200
    one = (await house.house.exhibits.of_sitting(house.criminal.id))[-1]
    path = f"/en/sittings/{house.criminal.id}/exhibits"
    judge, lawyer = await house.browser("judge"), await house.browser("lawyer")
    picture = f"/api/sittings/{house.criminal.id}/exhibits/{one.id}/pages/1"
    assert (await lawyer.client.get(picture)).status_code == 200

    refused = await judge.post(f"{path}/{one.id}/seal", {"reason": " "})
    page = await refused.get_data(as_text=True)
    assert refused.status_code == 400
    assert f'id="seal-reason-{one.id}-error"' in page
    assert "<details" in page
    assert (await lawyer.client.get(picture)).status_code == 200
    sealed = await judge.post(f"{path}/{one.id}/seal", {"reason": "A minor is named."})
    assert sealed.status_code == 303
    assert (await lawyer.client.get(picture)).status_code == 404
    assert one.mark not in await lawyer.sees(path)
    for language, words in (("en", "Open it again"), ("ar", "فكّ ختمه")):
        page = await judge.sees(f"/{language}/sittings/{house.criminal.id}/exhibits")
        assert words in page
        assert "A minor is named." in page
    assert "A minor is named." not in await (await house.browser("prosecutor")).sees(path)
    opened = await judge.post(f"{path}/{one.id}/open", {"reason": "The name is black."})
    assert opened.status_code == 303
    assert (await lawyer.client.get(picture)).status_code == 200
