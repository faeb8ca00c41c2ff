"""The pages of sittings, through Quart's test client, with the real templates."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from database import Database
from tests.auth.house import Browser, House, build
from tests.support.clock import SettableClock


@pytest.fixture
async def court(sqlite_database: Database, clock: SettableClock) -> House:
    return await build(sqlite_database, clock, demo_sittings=True)


def civil_form(house: House, hours: float = 48, **changes: str) -> dict[str, str]:
    people = house.people
    local = house.at(hours).astimezone(ZoneInfo(house.sittings.zone))
    return {
        "kind": "civil_hearing",
        "case_number": "77/2026",
        "case_title": "Al Balushi v Kumar",
        "languages": "ar",
        "date": f"{local:%Y-%m-%d}",
        "time": f"{local:%H:%M}",
        "duration": "60",
        "seat_judge_role": "presiding_judge",
        "seat_judge_person": people["judge"].id,
        "seat_clerk_role": "clerk",
        "seat_clerk_person": people["clerk"].id,
        "seat_prosecutor_role": "prosecutor",
        "seat_prosecutor_person": "",
        "seat_p0_role": "claimant",
        "seat_p0_person": people["claimant"].id,
        "seat_p0lawyer_role": "counsel",
        "seat_p0lawyer_represents": "p0",
        "seat_p0lawyer_person": people["lawyer"].id,
        "seat_p1_role": "respondent",
        "seat_p1_person": "",
        "seat_p1_name_en": "Rajesh <b>Kumar</b>",
        "seat_p1_identity_number": "784-1990-1111111-1",
        "seat_o0_role": "witness",
        "seat_o0_person": "",
        **changes,
    }


async def test_a_stranger_is_sent_to_sign_in_and_comes_back(court: House) -> None:
    browser = Browser(court.app())
    answer = await browser.get("/en/sittings?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/en/login?next=/en/sittings?x%3D1"
    await browser.get(answer.headers["Location"])
    answer = await browser.post(
        "/en/login",
        {"username": "clerk", "password": "open-the-record", "next": "/en/sittings?x=1"},
    )
    assert answer.headers["Location"] == "/en/sittings?x=1"


async def test_a_stranger_never_leaves_the_site_after_signing_in(court: House) -> None:
    browser = Browser(court.app())
    await browser.get("/en/login")
    answer = await browser.post(
        "/en/login",
        {"username": "clerk", "password": "open-the-record", "next": "//evil.example/"},
    )
    assert answer.headers["Location"] == "/en/sittings"


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("username", ["judge", "clerk", "lawyer", "officer", "witness", "admin"])
async def test_everybody_has_a_list(court: House, username: str, language: str) -> None:
    browser = Browser(court.app())
    await browser.sign_in(username)
    text = await browser.sees(f"/{language}/sittings")
    assert ("2026/1184" in text) is (username != "admin")


async def test_the_clerk_books_from_the_form(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("clerk")
    await browser.sees("/en/sittings/book")
    answer = await browser.post("/en/sittings/book", civil_form(court))
    assert answer.status_code == 303, await answer.get_data(as_text=True)
    text = await browser.sees(answer.headers["Location"])
    assert "Al Balushi v Kumar" in text
    assert "Rajesh &lt;b&gt;Kumar&lt;/b&gt;" in text
    assert "1111111" not in text


async def test_an_interpreter_is_booked_with_languages(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("clerk")
    await browser.sees("/en/sittings/book")
    form = civil_form(
        court,
        languages="en",
        court_language="en",
        seat_o0_role="interpreter",
        seat_o0_person=court.people["interpreter"].id,
        seat_o0_language="ur",
        seat_o0_language2="ur",
    )
    answer = await browser.post("/en/sittings/book", form)
    assert answer.status_code == 400
    assert "Choose two different languages" in await answer.get_data(as_text=True)
    answer = await browser.post("/en/sittings/book", {**form, "seat_o0_language2": "sgn"})
    assert answer.status_code == 303
    text = await browser.sees(answer.headers["Location"])
    assert "(Urdu, Sign language)" in text


async def test_all_mistakes_are_shown_at_once_and_nothing_typed_is_lost(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("clerk")
    await browser.sees("/en/sittings/book")
    wrong = civil_form(
        court, case_number="", date="", duration="x", seat_p1_identity_number="1", seat_p0_role="?"
    )
    answer = await browser.post("/en/sittings/book", wrong)
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 400
    for sentence in (
        "Write the case number.",
        "Choose a date and a time.",
        "Choose how long the sitting is.",
        "Write the identity or passport number",
        "Choose a role.",
        "Choose whom this lawyer represents.",
    ):
        assert sentence in text, sentence
    assert "Al Balushi v Kumar" in text
    assert "Rajesh &lt;b&gt;Kumar" in text


async def test_a_taken_judge_is_named_with_the_next_free_time(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("clerk")
    await browser.sees("/en/sittings/book")
    assert (await browser.post("/en/sittings/book", civil_form(court))).status_code == 303
    answer = await browser.post("/en/sittings/book", civil_form(court))
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Khalid Rashid Al Kaabi" in text
    free = court.at(49).astimezone(ZoneInfo(court.sittings.zone))
    assert f"{free:%I:%M}".lstrip("0") in text


async def test_lead_times_are_warnings(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("clerk")
    await browser.sees("/en/sittings/book")
    form = civil_form(
        court,
        hours=20,
        kind="criminal_hearing",
        offence="felony",
        seat_p0_role="accused",
        seat_p1_role="victim",
        seat_prosecutor_person=court.people["prosecutor"].id,
    )
    answer = await browser.post("/en/sittings/book", form)
    assert answer.status_code == 303, await answer.get_data(as_text=True)
    flashed = answer.headers.getlist("Set-Cookie")
    assert any("felony" in one or "summons" in one for one in flashed), flashed


async def test_reschedule_and_cancel(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("clerk")
    sitting = (await court.sittings.mine(court.people["clerk"])).today[0].sitting
    page = f"/en/sittings/{sitting.id}"
    await browser.sees(page)
    answer = await browser.post(f"{page}/reschedule", {"date": "", "time": "9", "duration": "60"})
    assert answer.status_code == 400
    assert "Choose a date and a time." in await answer.get_data(as_text=True)
    local = (sitting.starts_at + timedelta(days=3)).astimezone(ZoneInfo(court.sittings.zone))
    answer = await browser.post(
        f"{page}/reschedule",
        {"date": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}", "duration": "45"},
    )
    assert answer.status_code == 303
    answer = await browser.post(f"{page}/cancel", {"reason": "  "})
    assert answer.status_code == 400
    assert "Write the reason." in await answer.get_data(as_text=True)
    assert (await browser.post(f"{page}/cancel", {"reason": "Settled"})).status_code == 303
    text = await browser.sees(page)
    assert "Settled" in text
    assert "Reschedule" not in text


async def test_a_guest_comes_in_by_the_link_and_only_once(court: House) -> None:
    app = court.app()
    clerk, guest, other = Browser(app), Browser(app), Browser(app)
    await clerk.sign_in("clerk")
    sitting = (await court.sittings.mine(court.people["clerk"])).today[0].sitting
    seat = next(one for one in sitting.seats if not one.person and not one.room)
    await clerk.sees(f"/en/sittings/{sitting.id}")
    answer = await clerk.post(f"/en/sittings/{sitting.id}/invitations", {"seat": seat.id})
    assert answer.status_code == 200
    text = await answer.get_data(as_text=True)
    assert "no-store" in answer.headers["Cache-Control"]
    path = text.split('value="http://localhost:8000')[1].split('"')[0]
    assert path not in await clerk.sees(f"/en/sittings/{sitting.id}")

    answer = await guest.get(path)
    assert answer.status_code == 303
    assert path.split("/")[-1] not in answer.headers["Location"]
    assert "George Mathew" in await guest.sees("/en/invitation")
    answer = await guest.post("/en/invitation")
    assert answer.headers["Location"] == f"/en/sittings/{sitting.id}/room"
    await guest.get(path)
    answer = await guest.get("/en/invitation")
    assert answer.headers["Location"] == f"/en/sittings/{sitting.id}/room"

    seen = await guest.sees(f"/en/sittings/{sitting.id}")
    assert "Samir Hassan Abdullah" not in seen  # the other witness
    assert "Khalid Rashid Al Kaabi" in seen
    assert (await guest.get("/en/account")).status_code == 403

    await other.get(path)
    answer = await other.get("/en/invitation")
    assert answer.status_code == 410
    assert "already used in another browser" in await answer.get_data(as_text=True)


async def test_a_sitting_of_others_is_not_found(court: House) -> None:
    sitting = (await court.sittings.mine(court.people["clerk"])).today[0].sitting
    browser = Browser(court.app())
    await browser.sign_in("claimant")
    assert (await browser.get(f"/en/sittings/{sitting.id}")).status_code == 404
    await browser.sign_in("admin")
    assert (await browser.get(f"/en/sittings/{sitting.id}")).status_code == 404


async def test_the_administrator_keeps_rooms(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("admin")
    await browser.sees("/en/admin/rooms")
    names = {
        "name_ar": "غرفة 2",
        "name_en": "Room 2",
        "facility_ar": "منشأة الواحة الإصلاحية",
        "facility_en": "Al Waha Correctional Facility",
    }
    assert (await browser.post("/en/admin/rooms", names)).status_code == 303
    assert "Room 2" in await browser.sees("/en/admin/rooms")
    assert len(await court.rooms.facilities(court.people["admin"])) == 1
    rooms = await court.rooms.all(court.people["admin"])
    made = next(room for room in rooms if room.name_en == "Room 2")
    path = f"/en/admin/rooms/{made.id}/officers"
    officer = {"officer": court.people["officer"].id}
    assert (await browser.post(path, officer)).status_code == 303
    assert (await browser.post(path, {"officer": "nobody"})).status_code == 400
    await browser.sign_in("clerk")
    assert (await browser.get("/en/admin/rooms")).status_code == 403


async def test_a_witness_is_added_with_a_link(court: House) -> None:
    browser = Browser(court.app())
    await browser.sign_in("clerk")
    sitting = (await court.sittings.mine(court.people["clerk"])).today[0].sitting
    path = f"/en/sittings/{sitting.id}/witnesses"
    await browser.sees(f"/en/sittings/{sitting.id}")
    answer = await browser.post(path, {"role": "witness", "name_en": "Late Witness"})
    assert answer.status_code == 400
    form = {"role": "witness", "name_en": "Late Witness", "identity_number": "QQ4321"}
    answer = await browser.post(path, form)
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "Late Witness" in text
    assert "http://localhost:8000/invitation/" in text
    assert "no-store" in answer.headers["Cache-Control"]
    assert (await browser.post(path, {**form, "role": "presiding_judge"})).status_code == 409
    await browser.sign_in("lawyer")
    await browser.sees(f"/en/sittings/{sitting.id}")
    assert (await browser.post(path, form)).status_code == 403
