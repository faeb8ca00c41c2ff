"""The administrator's pages, over HTTP."""

import io
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage

from auth.demo import PASSWORD
from tests.auth.house import Browser, House

CSV = "username,role,name_ar,name_en,language,organisation\nnew.judge,judge,قاض,Judge,ar,dxb\n"


@pytest.fixture
async def browser(lite: House) -> Browser:
    found = Browser(lite.app())
    await found.get("/en/login")
    await found.post("/en/login", {"username": "admin", "password": PASSWORD})
    await found.get("/en/admin/people")
    return found


async def text(response: Any) -> str:
    found: str = await response.get_data(as_text=True)
    return found


COURT = {"code": "dxb", "sort": "court", "name_ar": "محكمة دبي", "name_en": "Dubai Court"}


async def test_an_organisation_and_a_file_of_its_people(browser: Browser) -> None:
    assert (await browser.post("/en/admin/organisations", COURT)).status_code == 303
    page = await text(await browser.get("/ar/admin/organisations"))
    assert "محكمة دبي" in page
    again = await browser.post("/en/admin/organisations", COURT)
    assert again.status_code == 400
    assert "This code is taken" in await text(again)

    looked = await browser.post("/en/admin/people/import", {"text": CSV})
    page = await text(looked)
    assert looked.status_code == 200
    assert "1 account would be opened" in page
    assert "Dubai Court" in page
    assert "new.judge" not in await text(await browser.get("/en/admin/people"))
    done = await browser.post("/en/admin/people/import", {"text": CSV, "confirm": "1"})
    assert done.status_code == 303
    assert "new.judge" in await text(await browser.get("/en/admin/people"))


async def test_a_file_with_faults_names_the_lines(browser: Browser) -> None:
    file = FileStorage(io.BytesIO(CSV.encode()), "people.csv", "file", "text/csv")
    looked = await browser.client.post(
        "/en/admin/people/import", form={"csrf_token": browser.token}, files={"file": file}
    )
    page = await text(looked)
    assert looked.status_code == 400
    assert "There is no such organisation." in page
    assert "Open these accounts" not in page
    refused = await browser.post("/ar/admin/people/import", {"text": CSV, "confirm": "1"})
    assert refused.status_code == 409


async def test_roles_and_places(browser: Browser, lite: House) -> None:
    await browser.post("/en/admin/organisations", COURT)
    judge = lite.people["judge"].id
    page = await text(await browser.get("/en/admin/people"))
    organisation = page.split("Dubai Court</option>")[0].rsplit('value="', 1)[1].split('"')[0]
    path = f"/en/admin/people/{judge}"
    assert (await browser.post(f"{path}/organisation", {"organisation": "x"})).status_code == 400
    moved = await browser.post(f"{path}/organisation", {"organisation": organisation})
    assert moved.status_code == 303
    assert (await browser.post(f"{path}/role", {"role": "king"})).status_code == 400
    assert (await browser.post(f"{path}/role", {"role": "clerk"})).status_code == 303
    # A court is no place that follows a person into another office.
    assert "Dubai Court</bdi></summary>" not in await text(await browser.get("/en/admin/people"))


async def test_four_eyes_on_the_page(browser: Browser) -> None:
    new = {"role": "administrator", "password": PASSWORD, "name_ar": "", "language": "en"}
    first = await browser.post("/en/admin/people", new | {"username": "a2", "name_en": "Two"})
    assert first.status_code == 303
    await browser.post("/en/admin/people", new | {"username": "a3", "name_en": "Three"})
    page = await text(await browser.get("/en/admin/proposals"))
    assert "Open an administrator's account" in page.replace("&#39;", "'")
    waiting = page.split("/admin/proposals/")[1].split('"')[0]
    own = await browser.post(f"/en/admin/proposals/{waiting}", {"agree": "1"})
    assert own.status_code == 409
    assert "Another administrator must agree to this." in await text(own)
